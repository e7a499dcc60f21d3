"""The hub mirror against a server on the loopback address."""

import pytest

from support_agent.errors import ModelFileError
from support_agent.models import HubMirror, MirrorError, ModelFile, ensure_entry
from support_agent.models.hub import why_refused, why_unreachable


def test_fetches_files_from_the_address_in_hf_endpoint(entry, hub, tiny, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    folder = ensure_entry(tiny.entry(HubMirror("owner/repo", "main")))
    assert (folder / "weights.bin").read_bytes() == tiny.weights
    assert hub.paths == ["/owner/repo/resolve/main/sub/config.json", "/owner/repo/resolve/main/weights.bin"]


def test_goes_on_by_range_after_a_cut_connection(hub, tiny, tmp_path) -> None:
    hub.cut_after = [100_000, 300_000]
    fetched = tiny.hub(hub).fetch(tiny.pin("weights.bin", tiny.weights), tmp_path, lambda *_: None)
    assert fetched.read_bytes() == tiny.weights
    assert [byte_range for _, byte_range, _ in hub.asked] == [None, "bytes=100000-", "bytes=400000-"]


def test_a_later_run_goes_on_where_a_given_up_one_ended(hub, tiny, entry) -> None:
    hub.cut_after = [2**20, 100_000, 0]
    with pytest.raises(ModelFileError, match="the connection broke"):
        ensure_entry(entry)
    hub.asked.clear()
    ensure_entry(entry)
    assert hub.asked == [("/owner/repo/resolve/main/weights.bin", "bytes=100000-", None)]


def test_starts_again_where_the_server_sends_no_ranges(hub, tiny, tmp_path) -> None:
    hub.cut_after = [100_000]
    hub.ignores_ranges = True
    fetched = tiny.hub(hub).fetch(tiny.pin("weights.bin", tiny.weights), tmp_path, lambda *_: None)
    assert fetched.read_bytes() == tiny.weights


def test_a_file_that_changed_since_the_cut_is_refused_and_the_next_pull_starts_again(hub, tiny, entry) -> None:
    hub.files["weights.bin"] = bytes(len(tiny.weights))
    hub.cut_after = [2**20, 100_000, 0]
    with pytest.raises(ModelFileError, match="the connection broke"):
        ensure_entry(entry)
    hub.files["weights.bin"] = tiny.weights
    with pytest.raises(ModelFileError, match=r"its weights\.bin has sha256"):
        ensure_entry(entry)
    assert (ensure_entry(entry) / "weights.bin").read_bytes() == tiny.weights


def test_a_file_without_a_hash_is_never_resumed(hub, tiny, tmp_path) -> None:
    hub.cut_after = [100_000]
    fetched = tiny.hub(hub).fetch(ModelFile("weights.bin"), tmp_path, lambda *_: None)
    assert fetched.read_bytes() == tiny.weights
    assert [byte_range for _, byte_range, _ in hub.asked] == [None, None]


def test_a_left_over_longer_than_the_file_is_fetched_anew(hub, tiny, tmp_path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "weights.bin").write_bytes(tiny.weights + b"x")
    fetched = tiny.hub(hub).fetch(tiny.pin("weights.bin", tiny.weights), tmp_path, lambda *_: None)
    assert fetched.read_bytes() == tiny.weights


@pytest.mark.parametrize("status", [401, 403], ids=str)
def test_a_gated_model_says_how_to_get_access(hub, tiny, cache, status) -> None:
    hub.status = status
    with pytest.raises(ModelFileError, match=r"accept the licence, make a read token, `export HF_TOKEN=…`") as error:
        ensure_entry(tiny.entry(tiny.hub(hub, gated=True)))
    assert "https://huggingface.co/owner/repo" in str(error.value)
    assert "`support-agent models pull tiny` again" in str(error.value)
    assert "SUPPORT_AGENT_MODELS=FOLDER" in str(error.value)


def test_a_token_without_access_is_told_apart_from_no_token(hub, tiny, cache, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.status = 403
    with pytest.raises(ModelFileError, match="HF_TOKEN given may not read it") as error:
        ensure_entry(tiny.entry(tiny.hub(hub, gated=True)))
    assert "hf_secret" not in str(error.value)


def test_the_token_is_not_handed_on_to_another_host(hub, other_host, entry, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.redirect_to = other_host.endpoint
    ensure_entry(entry)
    assert {token for _, _, token in hub.asked} == {"Bearer hf_secret"}
    assert {token for _, _, token in other_host.asked} == {None}


def test_an_address_where_nobody_listens_is_not_reachable(hub, tiny, entry) -> None:
    hub.shutdown()
    hub.server_close()
    with pytest.raises(ModelFileError, match="not reachable"):
        ensure_entry(entry)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"answer_s": 0.2}, "no answer within 0.2 s"), ({"stall_s": 0.2}, "the connection broke")],
    ids=["no-head", "socket"],
)
def test_a_server_that_says_nothing_is_given_up(hub, tiny, tmp_path, limits, reason) -> None:
    hub.silent_s = 1.0
    with pytest.raises(MirrorError, match=reason):
        tiny.hub(hub, **limits).fetch(tiny.pin("weights.bin", tiny.weights), tmp_path, lambda *_: None)


def test_is_not_asked_when_hf_hub_offline_is_set(hub, tiny, entry, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelFileError, match="HF_HUB_OFFLINE is set"):
        ensure_entry(entry)
    assert hub.asked == []


def test_a_page_that_is_no_hub_is_not_taken_for_a_file(hub, entry) -> None:
    del hub.headers["X-Repo-Commit"]
    with pytest.raises(ModelFileError, match="is not a model hub"):
        ensure_entry(entry)


def test_a_file_of_another_size_is_refused_before_it_is_downloaded(hub, tiny, entry) -> None:
    hub.files["weights.bin"] = tiny.weights + b"x"
    with pytest.raises(ModelFileError, match=r"has 1,024,001 bytes instead of 1,024,000"):
        ensure_entry(entry)


def test_a_server_error_is_named(hub, entry) -> None:
    hub.status = 503
    with pytest.raises(ModelFileError, match="HTTP 503"):
        ensure_entry(entry)


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_hub_that_answers_at_all_is_reachable(hub, cache, monkeypatch, status) -> None:
    hub.status = status
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert why_unreachable() == ""


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://[", "nothing"])
def test_a_hub_that_does_not_answer_is_unreachable_at_once(cache, monkeypatch, endpoint) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert "the model hub is not reachable" in why_unreachable()


def test_a_silent_hub_is_given_up(hub, cache, monkeypatch) -> None:
    hub.silent_s = 2.0
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert "no answer within 0.2 s" in why_unreachable(answer_s=0.2)


def test_why_a_repository_is_refused_is_told_in_a_clause(hub, cache, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert why_refused("owner/repo") == "HTTP 404, it has no config.json at revision main"
    hub.files["config.json"] = b"{}"
    assert why_refused("owner/repo") == ""
