import json

import pytest

from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.judge import (
    Answered,
    check_judge,
    fit_judge,
    judged,
    judges_as_json,
    measures,
    shipped_judges,
)
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


def test_the_shipped_judge_of_support_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(CalibrationError, match=r"kappa 0\.13\)\. Label them \(--to-read"):
        check_judge("supported", shipped_judges()[0])


def test_the_shipped_judge_of_agreement_may_label() -> None:
    assert check_judge("agrees", shipped_judges()[0]).about == "agrees"


def test_a_judge_is_refused_for_an_embedder_that_it_does_not_know() -> None:
    with pytest.raises(CalibrationError, match=f"not the index's {HashingEmbedder.fingerprint[:12]}.*--to-read"):
        judged([], "agrees", HashingEmbedder())
