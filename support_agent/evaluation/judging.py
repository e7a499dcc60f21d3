"""Golden tickets and outcomes → what was right, ticket by ticket; averages are taken by scores.py.

What is right: a ticket to be answered was answered, and the answer is right. Any other was not answered; where the set
names its route, it went just there. An unanswerable ticket with a reference (a near-match trap) is right either way:
not answered, or answered as the reference says.

When an answer is right: a reader said so; else its token-F1 with the reference reaches the judge's threshold, which is
a measure of an evaluation and no judge of meaning; without a reference, it cites a relevant passage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.evaluation.defaults import RIGHT_F1
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.resampling import NAN
from support_agent.evaluation.run import Outcome
from support_agent.evidence.labels import Labels
from support_agent.records import About, Route
from support_agent.wording import token_f1

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats

DEPTHS = (1, 3, 5, 10)


@dataclass(frozen=True)
class AnswerJudge:
    """How an answer is held to be right: readers' labels, else token-F1 of at least ``right_f1``."""

    right_f1: float = RIGHT_F1
    labels: Labels | None = None
    about: About = "supported"

    def said(self, golden: GoldenTicket, outcome: Outcome) -> bool | None:
        """What a reader said of the text that was sent, or would have been; None where nobody read it."""
        label = self.labels.find(golden.id, golden.question, candidate(outcome)) if self.labels else None
        return label.on(self.about) if label else None

    def is_right(self, golden: GoldenTicket, outcome: Outcome) -> bool:
        """Whether what was sent, or would have been sent, says what is right.

        An answer to a ticket whose one right route is another is wrong, however true.
        """
        if golden.route not in ("", Route.ANSWER):
            return False
        if (said := self.said(golden, outcome)) is not None:
            return said
        if golden.reference:
            return token_f1(candidate(outcome), golden.reference) >= self.right_f1
        return any(citation.passage_id in golden.relevant_ids for citation in outcome.citations)

    def can_tell(self, golden: GoldenTicket, outcome: Outcome) -> bool:
        """Whether there is a text to judge, and something to hold it against: a held text's citations are not kept."""
        if not candidate(outcome).strip():
            return False
        if outcome.route == Route.ANSWER or golden.expected != Route.ANSWER:
            return True
        return bool(golden.reference) or self.said(golden, outcome) is not None

    def to_dict(self) -> dict[str, object]:
        """What two runs must share to be comparable."""
        if self.labels is None:
            return {"right_f1": self.right_f1, "verdicts": 0, "verdicts_sha256": ""}
        given = {"verdicts": self.labels.said(self.about), "verdicts_sha256": self.labels.sha256, "about": self.about}
        return {"right_f1": self.right_f1, **given}


@dataclass(frozen=True)
class Judged:
    """Every ticket's numbers.

    ``values``: score → one number a ticket, NaN where the score does not apply. ``confidence`` and ``loss`` (1 = wrong)
    speak of the text that was sent, or that would have been sent had the confidence sufficed; ``written`` says whether
    there is such a text. Without one nothing is judged: as no threshold can answer the ticket, it ranks last and counts
    as wrong in the curves. ``labelled`` counts the texts that somebody has read.
    """

    values: Mapping[str, Floats]
    confidence: Floats
    loss: Floats
    written: Floats
    labelled: int


def candidate(outcome: Outcome) -> str:
    """The text that was sent as an answer, else the one that would have been; empty where nothing could be sent.

    Never the raw draft: what is sent has been cut, or is a passage's quote, and the confidence is that text's.
    """
    return outcome.text if outcome.route == Route.ANSWER else outcome.suggestion


def judge_all(golden: GoldenSet, outcomes: Sequence[Outcome], judge: AnswerJudge) -> Judged:
    """Judge every outcome."""
    import numpy as np

    pairs = list(zip(golden.tickets, outcomes, strict=True))
    rows = [_judge(ticket, outcome, judge) for ticket, outcome in pairs]
    names = dict.fromkeys(name for row in rows for name in row)
    values = {name: np.array([row.get(name, NAN) for row in rows]) for name in names}
    written = np.array([judge.can_tell(*pair) for pair in pairs], dtype=float)
    right = np.array([judge.is_right(*pair) for pair in pairs], dtype=float)
    confidence = np.array([outcome.confidence for outcome in outcomes])
    labelled = sum(bool(candidate(pair[1])) and judge.said(*pair) is not None for pair in pairs)
    return Judged(values, confidence * written, 1 - right * written, written, labelled)


def _judge(golden: GoldenTicket, outcome: Outcome, judge: AnswerJudge) -> dict[str, float]:
    """The scores that apply to a ticket."""
    answered, wanted = outcome.route == Route.ANSWER, golden.expected == Route.ANSWER
    right = judge.is_right(golden, outcome) if answered else _rightly_not_answered(golden, outcome.route)
    found = {"right": right, "answered": answered, "wrong_answer": answered and not right}
    found["generated"] = bool(outcome.draft)
    found |= {"false_alarm": not answered} if wanted else {"abstention_recall": not answered or right}
    found |= {"risk": not right} if answered else {"abstention_precision": not wanted}
    return {
        **{name: float(value) for name, value in found.items()},
        **_answer_scores(golden, outcome),
        **_retrieval_scores(golden, outcome),
        **_citations(golden, outcome),
    }


def _rightly_not_answered(golden: GoldenTicket, route: str) -> bool:
    return route == golden.route if golden.route else not golden.answerable


def _answer_scores(golden: GoldenTicket, outcome: Outcome) -> dict[str, float]:
    """Of the sent text, where an answer was wanted and there is a reference."""
    if golden.expected != Route.ANSWER or not golden.reference:
        return {}
    if outcome.route != Route.ANSWER:
        return {"token_f1_all": 0.0}
    f1 = token_f1(outcome.text, golden.reference)
    same = outcome.text.split() == golden.reference.split()
    return {"token_f1": f1, "token_f1_all": f1, "exact": float(same)}


def _retrieval_scores(golden: GoldenTicket, outcome: Outcome) -> dict[str, float]:
    """recall@k and the reciprocal rank, where relevant passages are known and there was a search."""
    if not golden.relevant_ids or not outcome.evidence:
        return {}
    relevant = set(golden.relevant_ids)
    ranks = [rank for rank, passage_id in enumerate(outcome.evidence, start=1) if passage_id in relevant]
    depths = [k for k in DEPTHS if k <= len(outcome.evidence)]
    recalls = {f"recall@{k}": sum(rank <= k for rank in ranks) / len(relevant) for k in depths}
    return {**recalls, "mrr": 1 / ranks[0] if ranks else 0.0}


def _citations(golden: GoldenTicket, outcome: Outcome) -> dict[str, float]:
    """The share of an answer's citations that are right: of a relevant passage, else word for word in theirs."""
    checks = [
        cited.passage_id in golden.relevant_ids if golden.relevant_ids else cited.verbatim
        for cited in outcome.citations
    ]
    known = [check for check in checks if check is not None]
    if outcome.route != Route.ANSWER or not known:
        return {}
    return {"citation_precision": sum(known) / len(known)}
