from dataclasses import replace

import pytest

from support_agent import Passage, Ticket
from support_agent.evidence.left_out import LeftOutTicket, left_out_tickets
from support_agent.generation.scripted import ScriptedGenerator

from ..conftest import PASSAGES, make_agent

ROWS = [Passage(f"rows:{n}", f"How do I do task {n}?", f"Press key {n}.", "rows.csv") for n in range(3)]
COPY = replace(ROWS[0], passage_id="rows:9")


def test_a_row_is_asked_without_its_own_passage() -> None:
    assert left_out_tickets(ROWS, {}) == [
        LeftOutTicket(Ticket(row.title, ticket_id=row.passage_id), (row.passage_id,), None) for row in ROWS
    ]


def test_a_row_that_stands_twice_is_hidden_twice() -> None:
    hidden = [one.without for one in left_out_tickets([*ROWS, COPY], {})]
    assert hidden[0] == hidden[3] == ("rows:0", "rows:9")
    assert hidden[1] == ("rows:1",)


@pytest.mark.parametrize("change", [{"title": "How?"}, {"text": "Press it."}], ids=["question", "answer"])
def test_a_row_with_other_words_is_no_copy(change: dict[str, str]) -> None:
    other = replace(COPY, **change)
    assert left_out_tickets([*ROWS, other], {})[0].without == ("rows:0",)


def test_a_row_knows_the_scope_that_a_model_without_it_gave() -> None:
    assert [one.scope for one in left_out_tickets(ROWS, {"rows:1": 0.25, "elsewhere": 0.5})] == [None, 0.25, None]


def test_of_some_rows_the_copies_among_all_are_hidden() -> None:
    (only,) = left_out_tickets([*ROWS, COPY], {}, of=[COPY])
    assert (only.ticket.ticket_id, only.without) == ("rows:9", ("rows:0", "rows:9"))


def test_a_measured_row_has_none_of_what_was_left_out() -> None:
    ticket = LeftOutTicket(Ticket(PASSAGES[0].title), ("docs:1", "docs:3"))
    (row,) = make_agent(ScriptedGenerator()).measure([ticket])
    assert [passage.passage_id for passage in row.passages] == ["docs:2"]
