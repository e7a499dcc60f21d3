from dataclasses import replace

import pytest

from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.judging import AnswerJudge, judge_all
from support_agent.evaluation.run import Outcome
from support_agent.evaluation.scores import score
from support_agent.evidence.labels import Label, Labels

from .conftest import make_golden, make_outcome


def labels(*said: tuple[str, str | None, bool]) -> Labels:
    """Of each ticket's id, the text that was read (None for whatever was sent), and whether it is right."""
    return Labels(tuple(Label(ticket_id, "", text, right, right) for ticket_id, text, right in said))


def values(golden: GoldenSet, outcomes: list[Outcome], judge: AnswerJudge | None = None) -> dict[str, float]:
    found = score(golden, outcomes, judge or AnswerJudge())["overall"]["scores"]
    return {name: entry["value"] for name, entry in found.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("right", 2 / 5),  # a and e
        ("answered", 3 / 5),
        ("risk", 1 / 3),  # c of a, c, e
        ("wrong_answer", 1 / 5),
        ("false_alarm", 1 / 2),  # b of a, b
        ("abstention_precision", 1 / 2),  # d of b, d
        ("abstention_recall", 2 / 3),  # c of c, d, e was answered wrongly
        ("token_f1", 1.0),
        ("token_f1_all", 1 / 2),
        ("exact", 1.0),
        ("citation_precision", 1 / 2),
        ("recall@1", 0.0),
        ("recall@3", 1.0),
        ("mrr", 1 / 2),
        ("generated", 4 / 5),
        ("augrc", (0 + 0 + 0.5 + 1 + 1.5) / 25),  # a, e, c wrong, b right as suggested, d without a text
        ("coverage@5%", 2 / 5),
        ("coverage@20%", 2 / 5),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scores_by_hand(golden: GoldenSet, outcomes: list[Outcome], name: str, value: float) -> None:
    assert values(golden, outcomes)[name] == pytest.approx(value, abs=1e-6)


def test_slices_hold_their_own_tickets(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    slices = score(golden, outcomes, AnswerJudge())["slices"]
    assert {name: (table["n"], table["scores"]["right"]["value"]) for name, table in slices.items()} == {
        "own": (2, 0.5),
        "far": (1, 0.0),
        "danger": (1, 0.0),
        "trap": (1, 1.0),
    }


def test_routes_are_counted_by_what_was_wanted(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    routes = score(golden, outcomes, AnswerJudge())["routes"]
    assert routes["answer"] == {"answer": 1, "clarify": 0, "human": 1}
    assert routes["human"] == {"answer": 2, "clarify": 1, "human": 0}


@pytest.mark.parametrize(
    ("ticket", "outcome", "right"),
    [
        pytest.param({}, {"route": "human"}, 1.0, id="handed over"),
        pytest.param({}, {"route": "clarify"}, 1.0, id="asked back"),
        pytest.param({"route": "human"}, {"route": "clarify"}, 0.0, id="asked back where a person was wanted"),
        pytest.param({"route": "clarify"}, {"route": "clarify"}, 1.0, id="asked back as wanted"),
        pytest.param({}, {"route": "answer", "text": "x"}, 0.0, id="answered"),
        pytest.param(
            {"reference": "x y"}, {"route": "answer", "text": "x y"}, 1.0, id="answered as the reference says"
        ),
        pytest.param(
            {"reference": "x", "route": "human"},
            {"route": "answer", "text": "x"},
            0.0,
            id="true, but a person was wanted",
        ),
    ],
)
def test_what_is_right_for_an_unanswerable_ticket(
    ticket: dict[str, str], outcome: dict[str, str], right: float
) -> None:
    golden = make_golden([GoldenTicket("a", "?", answerable=False, **ticket)])  # type: ignore[arg-type]
    assert judge_all(golden, [make_outcome("a", **outcome)], AnswerJudge()).values["right"].tolist() == [right]


def test_without_a_reference_a_relevant_citation_makes_an_answer_right(
    golden: GoldenSet, outcomes: list[Outcome]
) -> None:
    asked = make_golden([GoldenTicket("a", "Where?", answerable=True, relevant_ids=("p:1",))])
    assert values(asked, outcomes[:1])["right"] == 1.0


def test_a_readers_label_outranks_the_reference(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    judge = AnswerJudge(labels=labels(("a", None, False)))
    assert values(golden, outcomes, judge)["right"] == pytest.approx(1 / 5)


def test_a_label_on_another_text_is_not_used(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    judge = AnswerJudge(labels=labels(("a", "In Berlin.", False)))
    assert values(golden, outcomes, judge)["right"] == pytest.approx(2 / 5)


def test_a_run_that_answers_nothing_has_no_risk(golden: GoldenSet) -> None:
    silent = [make_outcome(ticket.id) for ticket in golden.tickets]
    found = values(golden, silent)
    assert "risk" not in found
    assert found["abstention_recall"] == 1.0
    assert found["augrc"] == 0.5


def test_the_same_outcomes_score_the_same(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    assert score(golden, outcomes, AnswerJudge()) == score(golden, outcomes, AnswerJudge())


@pytest.mark.parametrize(
    ("fields", "written", "loss"),
    [
        pytest.param({"draft": "yes", "suggestion": ""}, 0.0, 1.0, id="a right draft that could not be sent"),
        pytest.param({"draft": "no no no", "suggestion": "yes"}, 1.0, 0.0, id="a right quote in its place"),
        pytest.param({"draft": "yes", "suggestion": "no"}, 1.0, 1.0, id="a right draft cut to a wrong text"),
    ],
)
def test_a_ticket_that_was_handed_over_is_judged_on_its_suggestion(
    fields: dict[str, str], written: float, loss: float
) -> None:
    golden = make_golden([GoldenTicket("a", "?", True, reference="yes")])
    judged = judge_all(golden, [make_outcome("a", confidence=0.4, **fields)], AnswerJudge())
    assert (judged.written.tolist(), judged.loss.tolist()) == ([written], [loss])
    assert judged.confidence.tolist() == [0.4 * written]


def test_a_suggestion_with_nothing_to_hold_it_against_is_not_judged() -> None:
    golden = make_golden([GoldenTicket("a", "?", True, relevant_ids=("p:1",))])
    assert judge_all(golden, [make_outcome("a", suggestion="yes")], AnswerJudge()).written.tolist() == [0.0]


def test_a_score_says_how_many_texts_were_read(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    read = labels(("a", "In Palo Alto.", True), ("b", "It is free.", False), ("c", "Rome.", True))
    assert score(golden, outcomes, AnswerJudge(labels=read))["labelled"] == 2


def test_a_score_of_four_tickets_has_no_interval_and_one_of_five_has(
    golden: GoldenSet, outcomes: list[Outcome]
) -> None:
    found = score(golden, outcomes, AnswerJudge())["overall"]["scores"]
    assert (found["abstention_recall"]["n"], found["abstention_recall"]["low"]) == (3, None)
    assert found["right"]["n"] == 5
    assert found["right"]["low"] < found["right"]["high"]


def test_tokens_are_counted_over_the_tickets_that_generated(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    counted = [replace(one, tokens={"generation": tokens}) for one, tokens in zip(outcomes[:2], (30, 70), strict=True)]
    found = score(golden, [*counted, *outcomes[2:]], AnswerJudge())["tokens"]
    assert found == [{"stage": "generation", "p50": 30.0, "p95": 70.0, "n": 2}]
