"""On the real embedded model: its files are part of the documented test set-up."""

import copy
import hashlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_agent import artefacts
from support_agent.config import Config
from support_agent.errors import ConfigError, GenerationError, ModelFileError
from support_agent.generation import openvino
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.models import cache_folder
from support_agent.records import Draft, Passage


@pytest.fixture(scope="module")
def drafts(smollm2: OpenVinoGenerator, prompts: list[Prompt]) -> list[Draft]:
    return smollm2.generate(prompts)


def test_copies_what_a_passage_says(drafts: list[Draft]) -> None:
    assert "Authorization: Bearer <KEY>" in drafts[0].text


def test_a_batch_writes_what_each_prompt_gets_alone(
    smollm2: OpenVinoGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    assert [draft.text for draft in drafts] == [smollm2.generate([prompt])[0].text for prompt in prompts]


def test_log_probabilities_are_those_of_the_written_tokens(smollm2: OpenVinoGenerator, drafts: list[Draft]) -> None:
    """Prompt lookup must not hide the tokens it guessed right: without it the same draft has the same sum."""
    prompt = write_prompt("How do I include my API key?", [Passage("1", "Key?", "Put the key in the header.", "docs")])
    with_lookup = smollm2.generate([prompt])[0]
    other = copy.copy(smollm2)  # the same engine, asked in another way
    end_token = smollm2._settings.eos_token_id
    other._settings = openvino._generation_config(48, end_token, guessed_tokens=1, matched_tokens=40)
    without_lookup = other.generate([prompt])[0]
    assert with_lookup.text == without_lookup.text
    assert with_lookup.sum_log_prob == pytest.approx(without_lookup.sum_log_prob, rel=0.05)


def test_says_which_drafts_were_cut_off(drafts: list[Draft]) -> None:
    assert {draft.finish for draft in drafts} == {"stop", "length"}


def test_a_cut_off_draft_has_all_its_tokens(drafts: list[Draft]) -> None:
    assert {draft.tokens for draft in drafts if draft.finish == "length"} == {48}


def test_no_end_mark_is_left_in_a_draft(drafts: list[Draft]) -> None:
    assert not any("<|im_end|>" in draft.text for draft in drafts)


@pytest.fixture
def stop_string(drafts: list[Draft], monkeypatch: pytest.MonkeyPatch) -> str:
    """The middle of the second draft, taken for a mark with which a model goes on after its answer."""
    middle = len(drafts[1].text) // 2
    stop = drafts[1].text[middle : middle + 12]
    monkeypatch.setattr("support_agent.generation.stopping.STOP_STRINGS", (stop,))
    return stop


def test_a_draft_ends_where_it_writes_a_stop_string_and_the_others_go_on(
    smollm2: OpenVinoGenerator, prompts: list[Prompt], drafts: list[Draft], stop_string: str
) -> None:
    written = smollm2.generate(prompts[:2])
    assert [draft.text for draft in written] == [drafts[0].text, drafts[1].text.partition(stop_string)[0]]
    assert written[1].finish == "stop"
    assert written[1].tokens < drafts[1].tokens


def test_a_stop_string_is_not_streamed(
    smollm2: OpenVinoGenerator,
    prompts: list[Prompt],
    stop_string: str,
    collector: tuple[list[str], Callable[[str], bool]],
) -> None:
    [draft] = smollm2.generate(prompts[1:2], on_text=collector[1])
    assert "".join(collector[0]) == draft.text
    assert stop_string not in draft.text


@pytest.mark.parametrize("at", range(4))
def test_the_stream_joined_is_the_draft(
    smollm2: OpenVinoGenerator,
    prompts: list[Prompt],
    drafts: list[Draft],
    collector: tuple[list[str], Callable[[str], bool]],
    at: int,
) -> None:
    pieces, on_text = collector
    assert smollm2.generate([prompts[at]], on_text=on_text)[0].text == drafts[at].text
    assert "".join(pieces) == drafts[at].text


def test_letters_of_several_bytes_are_streamed_whole(
    smollm2: OpenVinoGenerator, collector: tuple[list[str], Callable[[str], bool]]
) -> None:
    text = "日本語 🎉 naïve café 日本語 🎉"
    prompt = write_prompt("Say it.", [Passage("1", "Say it.", text, "docs")] * 3)
    smollm2.generate([prompt], on_text=collector[1])
    assert "🎉" in "".join(collector[0])
    assert not any("\ufffd" in piece for piece in collector[0])


def test_a_draft_that_is_lost_ends_there_and_the_others_go_on(
    smollm2: OpenVinoGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    written = smollm2.generate_until(prompts[:2], [lambda _: False, lambda text: len(text) > 20])
    assert written[0] == drafts[0]
    assert written[1].finish == "dropped"
    assert drafts[1].text.startswith(written[1].text)
    assert written[1].tokens < drafts[1].tokens
    assert smollm2.generate(prompts[2:3]) == drafts[2:3]


def test_ends_the_draft_when_asked_to(smollm2: OpenVinoGenerator, prompts: list[Prompt]) -> None:
    pieces: list[str] = []
    draft = smollm2.generate(prompts[:1], on_text=lambda piece: bool(pieces.append(piece)) or len(pieces) == 3)[0]
    assert draft.text == "".join(pieces)
    assert (len(pieces), draft.finish) == (3, "length")


def test_a_draft_ended_early_does_not_disturb_the_next(
    smollm2: OpenVinoGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    smollm2.generate(prompts[1:2], on_text=lambda _: True)
    assert smollm2.generate(prompts[:1])[0].text == drafts[0].text


def test_a_caller_that_fails_while_it_is_told_does_not_disturb_the_next(
    smollm2: OpenVinoGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    def fail(_: str) -> bool:
        raise KeyError("caller")

    with pytest.raises(KeyError):
        smollm2.generate(prompts[1:2], on_text=fail)
    assert smollm2.generate(prompts[:1])[0].text == drafts[0].text


def test_passages_too_long_for_the_context_are_left_out(smollm2: OpenVinoGenerator) -> None:
    passages = [Passage("1", "Key?", "Put the key in the header.", "docs"), Passage("2", "", "word " * 9000, "docs")]
    draft = smollm2.generate([write_prompt("Where do I put the key?", passages)])[0]
    assert "header" in draft.text


def test_refuses_a_ticket_longer_than_the_context(smollm2: OpenVinoGenerator) -> None:
    with pytest.raises(GenerationError, match="max_ticket_chars"):
        smollm2.generate([write_prompt("word " * 9000, [])])


def test_no_prompts_give_no_drafts(smollm2: OpenVinoGenerator) -> None:
    assert smollm2.generate([]) == []


def test_openvino_reports_nothing_home(smollm2: OpenVinoGenerator) -> None:
    assert smollm2.version
    assert sys.modules["openvino_telemetry"] is None


def test_the_engine_that_is_open_is_shared(smollm2: OpenVinoGenerator) -> None:
    assert OpenVinoGenerator.open(Config(adapter="none", max_new_tokens=48, threads=2)) is smollm2


def test_a_start_reads_the_model_file_once_to_hash_it(
    monkeypatch: pytest.MonkeyPatch, smollm2: OpenVinoGenerator
) -> None:
    """As it stands in the cache, with the shipped adapter: found, checked, held against the adapter, named."""
    hashed: list[str] = []
    digest: Callable[..., Any] = hashlib.file_digest

    def counted(file: Any, kind: str) -> Any:
        hashed.append(Path(file.name).name)
        return digest(file, kind)

    artefacts._sha256_of.cache_clear()
    monkeypatch.setattr(hashlib, "file_digest", counted)
    monkeypatch.setattr(OpenVinoGenerator, "__init__", lambda *_, **__: None)
    OpenVinoGenerator.open(Config())
    assert hashed.count("SmolLM2-135M-Instruct.Q4_1.gguf") == 1
    assert max(Counter(hashed).values()) == 1


def test_says_that_an_adapter_is_not_there() -> None:
    with pytest.raises(ConfigError, match="There is no adapter 'some-adapter'"):
        OpenVinoGenerator.open(Config(adapter="some-adapter"))


def test_explains_a_model_that_is_no_gguf_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="takes a GGUF file"):
        OpenVinoGenerator.open(Config(model=str(tmp_path)))


@pytest.mark.usefixtures("own_cache")
def test_refuses_a_damaged_gguf_file(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF and then nothing")
    with pytest.raises(ModelFileError, match=r"bad\.gguf"):
        OpenVinoGenerator.open(Config(model=str(tmp_path)))


def test_refuses_to_write_more_than_the_context(smollm2: OpenVinoGenerator) -> None:
    folder = next((cache_folder() / "converted").glob("SmolLM2-135M-Instruct.Q4_1-openvino-*"))
    with pytest.raises(ConfigError, match="max_new_tokens is 8,192"):
        OpenVinoGenerator(folder, max_new_tokens=8192)
