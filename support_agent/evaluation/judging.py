"""Golden tickets and outcomes → what was right, ticket by ticket.

Comes in: what should become of each ticket, what did, and readers' labels where there are any. Goes out: one number
a ticket and score, NaN where the score does not apply. Does not know averages: scores.py takes them.

What is right: a ticket to be answered was answered, and the answer is right. Any other was not answered; where the set
names its route, it went just there. An unanswerable ticket with a reference (a near-match trap) is right either way:
not answered, or answered as the reference says.

When an answer is right: a person said so; else its token-F1 with the reference reaches the judge's threshold; without a
reference, it cites a relevant passage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.labels import AnswerLabels
from support_agent.evaluation.resampling import NAN
from support_agent.evaluation.run import Outcome
from support_agent.records import Route
from support_agent.wording import token_f1

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats

RIGHT_F1 = 0.5
DEPTHS = (1, 3, 5, 10)


@dataclass(frozen=True)
class AnswerJudge:
    """How an answer is held to be right: readers' labels, else token-F1 of at least ``right_f1``."""

    right_f1: float = RIGHT_F1
    labels: AnswerLabels = field(default_factory=AnswerLabels)

    def is_right(self, golden: GoldenTicket, outcome: Outcome) -> bool:
        """Whether what was sent, or would have been sent, says what is right."""
        text = candidate(outcome)
        said = self.labels.on(golden, text)
        if said is not None:
            return said
        if golden.reference:
            return token_f1(text, golden.reference) >= self.right_f1
        return any(citation.passage_id in golden.relevant_ids for citation in outcome.citations)

    def can_tell(self, golden: GoldenTicket, outcome: Outcome) -> bool:
        """Whether there is a text to judge, and something to hold it against: a held text's citations are not kept."""
        text = candidate(outcome)
        if not text.strip() or outcome.route == Route.ANSWER or golden.expected != Route.ANSWER:
            return bool(text.strip())
        return bool(golden.reference) or self.labels.on(golden, text) is not None

    def to_dict(self) -> dict[str, object]:
        """What two runs must share to be comparable."""
        return {"right_f1": self.right_f1, **self.labels.to_dict()}


@dataclass(frozen=True)
class Judged:
    """Every ticket's numbers.

    ``values``: score → one number a ticket. ``confidence`` and ``loss`` (1 = wrong) speak of the text that was sent, or
    that would have been sent had the confidence sufficed; ``written`` says whether there is such a text. Without one
    nothing is judged: the ticket takes no part in the calibration error, and as no threshold can answer it, it ranks
    last and counts as wrong in the curves. ``labelled`` counts the texts that a person has read.
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
    return outcome.text if outcome.route == Route.ANSWER else outcome.held_text


def judge_all(
    golden: GoldenSet,
    outcomes: Sequence[Outcome],
    judge: AnswerJudge,
    similarity: Callable[[Sequence[tuple[str, str]]], Sequence[float]] | None = None,
) -> Judged:
    """Judge every outcome.

    Args:
        similarity: pairs of (sent text, reference) → cosine; left out of the scores where None.
    """
    import numpy as np

    pairs = list(zip(golden.tickets, outcomes, strict=True))
    rows = [_judge(ticket, outcome, judge) for ticket, outcome in pairs]
    values = {
        name: np.array([row.get(name, NAN) for row in rows]) for name in dict.fromkeys(k for r in rows for k in r)
    }
    if similarity:
        values["similarity"] = _similarities(pairs, values["token_f1"], similarity)
    written = np.array([judge.can_tell(ticket, outcome) for ticket, outcome in pairs], dtype=float)
    agrees = np.array([_candidate_is_right(ticket, outcome, judge) for ticket, outcome in pairs], dtype=float)
    confidence = np.array([outcome.confidence for outcome in outcomes]) * written
    texts = ((ticket, candidate(outcome)) for ticket, outcome in pairs)
    labelled = sum(bool(text) and judge.labels.on(ticket, text) is not None for ticket, text in texts)
    return Judged(values, confidence, 1 - agrees * written, written, labelled)


def _judge(golden: GoldenTicket, outcome: Outcome, judge: AnswerJudge) -> dict[str, float]:
    """The scores that apply to a ticket."""
    answered = outcome.route == Route.ANSWER
    right = _candidate_is_right(golden, outcome, judge) if answered else _rightly_not_answered(golden, outcome.route)
    found = {"right": float(right), "answered": float(answered), "wrong_answer": float(answered and not right)}
    found["generated"] = float(bool(outcome.draft))
    wanted = golden.expected == Route.ANSWER
    if wanted:
        found["false_alarm"] = float(not answered)
    else:
        found["abstention_recall"] = float(not answered or right)
    if answered:
        found["risk"] = float(not right)
    else:
        found["abstention_precision"] = float(not wanted)
    return {
        **found,
        **_answer_scores(golden, outcome),
        **_retrieval_scores(golden, outcome),
        **_citations(golden, outcome),
    }


def _candidate_is_right(golden: GoldenTicket, outcome: Outcome, judge: AnswerJudge) -> bool:
    """An answer to a ticket whose one right route is another is wrong, however true."""
    if golden.route not in ("", Route.ANSWER):
        return False
    return judge.is_right(golden, outcome)


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
    if golden.relevant_ids:
        checks: list[bool | None] = [cited.passage_id in golden.relevant_ids for cited in outcome.citations]
    else:
        checks = [cited.verbatim for cited in outcome.citations]
    known = [check for check in checks if check is not None]
    if outcome.route != Route.ANSWER or not known:
        return {}
    return {"citation_precision": sum(known) / len(known)}


def _similarities(
    pairs: Sequence[tuple[GoldenTicket, Outcome]],
    answered: Floats,
    similarity: Callable[[Sequence[tuple[str, str]]], Sequence[float]],
) -> Floats:
    import numpy as np

    chosen = [at for at, value in enumerate(answered) if value == value]
    found = np.full(len(pairs), NAN)
    if chosen:
        found[chosen] = similarity([(pairs[at][1].text, pairs[at][0].reference) for at in chosen])
    return found
