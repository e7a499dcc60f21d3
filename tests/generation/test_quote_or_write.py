"""A short passage is quoted without a call; of a long one the model writes."""

from collections.abc import Callable

import pytest

from support_agent.generation.generator import StoppableGenerator
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.generation.quote_or_write import QUOTED_CHARS, QuoteOrWrite, quotes
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Passage

SHORT = Passage("1", "Where is the key?", "Open Settings. The key is in the tab Keys.", "faq")
LONG = Passage("2", "How does it all work?", "It works in many steps. " * 60, "faq")
ANSWER = "It works in many steps."


def prompt(*passages: Passage) -> Prompt:
    return write_prompt("How?", passages)


@pytest.fixture
def writer() -> ScriptedGenerator:
    return ScriptedGenerator({"How?": ANSWER})


@pytest.mark.parametrize(
    ("passages", "quoted"),
    [
        ([SHORT, LONG], True),
        ([LONG, SHORT], False),
        ([Passage("3", "", "a" * QUOTED_CHARS + "\n", "faq")], True),
        ([Passage("3", "", "a" * (QUOTED_CHARS + 1), "faq")], False),
        ([], False),
    ],
    ids=["best-is-short", "best-is-long", "at-the-limit", "over-it", "nothing-found"],
)
def test_the_length_of_the_best_passage_decides(passages: list[Passage], quoted: bool) -> None:
    assert quotes(passages) is quoted


def test_a_quote_costs_no_call(writer: ScriptedGenerator) -> None:
    assert [one.text for one in QuoteOrWrite(writer).generate([prompt(SHORT, LONG)])] == [SHORT.text]
    assert writer.calls == 0


def test_drafts_come_in_the_order_of_the_prompts(writer: ScriptedGenerator) -> None:
    prompts = [prompt(SHORT), prompt(LONG), prompt(SHORT), prompt(LONG)]
    drafts = QuoteOrWrite(writer).generate(prompts)
    assert [one.text for one in drafts] == [SHORT.text, ANSWER, SHORT.text, ANSWER]
    assert [one.backend for one in drafts] == ["extractive", "scripted"] * 2
    assert writer.calls == 2


def test_what_is_lost_is_the_writers_to_stop(writer: ScriptedGenerator) -> None:
    both: QuoteOrWrite = QuoteOrWrite(writer)
    assert isinstance(both, StoppableGenerator)
    drafts = both.generate_until([prompt(SHORT), prompt(LONG)], [lambda _: True, lambda text: len(text) > 3])
    assert [(one.text, one.finish) for one in drafts] == [(SHORT.text, "stop"), ("It works", "dropped")]


def test_a_writer_that_cannot_stop_writes_to_the_end(writer: ScriptedGenerator) -> None:
    class Plain:
        name, version, generate = "plain", "1", writer.generate

    drafts = QuoteOrWrite(Plain()).generate_until([prompt(LONG)], [lambda _: True])
    assert [one.text for one in drafts] == [ANSWER]


@pytest.mark.parametrize(("passage", "text"), [(SHORT, SHORT.text), (LONG, ANSWER)], ids=["quoted", "written"])
def test_either_is_shown_as_it_comes(
    writer: ScriptedGenerator, collector: tuple[list[str], Callable[[str], bool]], passage: Passage, text: str
) -> None:
    QuoteOrWrite(writer).generate([prompt(passage)], on_text=collector[1])
    assert "".join(collector[0]).strip() == text


def test_the_rule_is_part_of_the_version(writer: ScriptedGenerator) -> None:
    both = QuoteOrWrite(writer)
    assert (both.name, both.version) == ("scripted", f"scripted quotes {QUOTED_CHARS}")
