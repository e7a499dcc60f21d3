"""The models of an embedder are found by its fingerprint, the user's own first; without any the log says so."""

from pathlib import Path

import pytest

from support_agent.shelves import SIGNALS
from support_agent.triage.signal_folders import folder_for, folder_name

FINGERPRINT = "0123456789abcdef"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPPORT_AGENT_SIGNALS", str(tmp_path))
    return tmp_path


def put(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    (root / name / "manifest.json").write_text("{}", "utf-8")
    return root / name


def test_an_own_folder_is_found_by_the_fingerprint_and_others_are_passed(own: Path) -> None:
    put(own, "other-ffffffffffff")
    wanted = put(own, folder_name("mine", FINGERPRINT))

    assert folder_for(FINGERPRINT) == wanted


def test_an_own_folder_comes_before_a_shipped_one(own: Path) -> None:
    shipped = next(iter(SIGNALS.shipped().iterdir()))
    digits = shipped.name.rpartition("-")[2]
    wanted = put(own, f"mine-{digits}")

    assert folder_for(f"{digits}ff") == wanted


def test_without_models_the_log_says_how_to_make_them(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert folder_for(FINGERPRINT) is None
    assert "support-agent signals retrain --embedder NAME" in caplog.text


@pytest.mark.parametrize(
    ("embedder", "name"),
    [("all-minilm-l6-v2", "all-minilm-l6-v2"), ("hub/some model", "some-model"), ("/", "embedder")],
    ids=["a name", "a hub name", "nothing to be called by"],
)
def test_a_folder_is_called_after_its_embedder(embedder: str, name: str) -> None:
    assert folder_name(embedder, FINGERPRINT) == f"{name}-0123456789ab"
