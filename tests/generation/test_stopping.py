"""What of a draft is shown while it is written."""

from collections.abc import Callable

import pytest

from support_agent.generation.prompt import STOP_STRINGS
from support_agent.generation.stopping import Shown, before_stop

Collector = tuple[list[str], Callable[[str], bool]]


@pytest.mark.parametrize(
    ("texts", "pieces"),
    [
        (["Put", "Put it"], ["Put", " it"]),
        (["caf\ufffd", "café"], ["caf", "é"]),
        (["Put", "Pot"], ["Put"]),
        ([f"Put{STOP_STRINGS[0][:-1]}"], ["Put"]),
        ([f"Put{STOP_STRINGS[0]} and more"], ["Put"]),
    ],
    ids=["growing", "half a character", "rewritten", "stop string begun", "stop string"],
)
def test_shows_what_is_new_and_sure(collector: Collector, texts: list[str], pieces: list[str]) -> None:
    seen, on_text = collector
    shown = Shown(on_text)
    for text in texts:
        shown.show(text)
    assert seen == pieces


def test_shows_the_rest_of_the_finished_draft(collector: Collector) -> None:
    seen, on_text = collector
    shown = Shown(on_text)
    shown.show(f"One{STOP_STRINGS[0][:1]}")
    shown.finish("One, two")
    assert "".join(seen) == "One, two"


def test_shows_no_more_once_the_caller_has_ended_it() -> None:
    seen: list[str] = []
    shown = Shown(lambda piece: bool(seen.append(piece)) or True)
    assert [shown.show("One"), shown.show("One two")] == [True, True]
    assert (seen, shown.text) == (["One"], "One")


def test_a_draft_ends_before_the_first_stop_string() -> None:
    assert before_stop(f"One{STOP_STRINGS[-1]}two{STOP_STRINGS[0]}") == "One"
