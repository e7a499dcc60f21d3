import json

import pytest

from support_agent.gate.calibrating.judge import Answered, fit_judge, judges_as_json, measures
from support_agent.records import Passage
from support_agent.retrieval import HashingEmbedder

KEY = Passage(
    "rows:1", "How do I get a key?", "Open the API tab and press Generate. The key is shown once.", "rows.csv"
)
ASKED = "How do I get a key?"


def answered(sent: str, reference: str = "Open the API tab and press Generate.") -> Answered:
    return Answered(ASKED, sent, reference, (KEY,))


GOOD, BAD = answered("Open the API tab and press Generate."), answered("Write to sales and wait 14 days.")


@pytest.mark.parametrize("about", ["supported", "agrees"])
def test_a_judge_learns_to_tell_what_is_right(about: str) -> None:
    answers = [GOOD, BAD] * 20
    judge = fit_judge(about, answers, [True, False] * 20, list(range(40)), HashingEmbedder())  # type: ignore[arg-type]
    assert judge.verdicts([GOOD, BAD], HashingEmbedder()) == [True, False]
    assert judge.agreement == {
        "n": 40,
        "accuracy": 1.0,
        "kappa": 1.0,
        "right_when_said_right": 1.0,
        "said_right_when_right": 1.0,
    }


def test_support_does_not_look_at_the_reference_nor_agreement_at_the_passages() -> None:
    other = answered(GOOD.sent, reference="Something else entirely.")
    bare = Answered(ASKED, GOOD.sent, GOOD.reference, ())
    embedder = HashingEmbedder()
    assert measures("supported", [GOOD], embedder) == measures("supported", [other], embedder)
    assert measures("agrees", [GOOD], embedder) == measures("agrees", [bare], embedder)


def test_judges_are_stored_with_what_they_were_made_from() -> None:
    judge = fit_judge("agrees", [GOOD, BAD] * 20, [True, False] * 20, list(range(40)), HashingEmbedder())
    plain = json.loads(judges_as_json([judge], {"labels_sha256": "ab"}))
    assert plain["made_from"] == {"labels_sha256": "ab"}
    assert plain["judges"]["agrees"]["agreement"]["n"] == 40
