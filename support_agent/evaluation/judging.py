"""Golden tickets and outcomes → what was right, ticket by ticket.

Comes in: what should become of each ticket, what did, and verdicts of people where there are any. Goes out: one number
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
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_bytes
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.jsonl import read_rows
from support_agent.evaluation.resampling import NAN
from support_agent.evaluation.run import Outcome
from support_agent.records import Route
from support_agent.wording import token_f1

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats

RIGHT_F1 = 0.5
DEPTHS = (1, 3, 5, 10)


@dataclass(frozen=True)
class Verdict:
    """A person's word on an answer; with ``text`` only on that very answer."""

    right: bool
    text: str | None = None


@dataclass(frozen=True)
class Judge:
    """How an answer is held to be right: verdicts by ticket id, else token-F1 of at least ``right_f1``."""

    right_f1: float = RIGHT_F1
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    verdicts_sha256: str = ""

    def is_right(self, golden: GoldenTicket, outcome: Outcome) -> bool:
        """Whether the answer, or the draft that was held back, says what is right."""
        text = candidate(outcome)
        verdict = self.verdicts.get(golden.id)
        if verdict and verdict.text in (None, text):
            return verdict.right
        if golden.reference:
            return token_f1(text, golden.reference) >= self.right_f1
        return any(citation.passage_id in golden.relevant_ids for citation in outcome.citations)

    def to_dict(self) -> dict[str, object]:
        """What two runs must share to be comparable."""
        return {"right_f1": self.right_f1, "verdicts": len(self.verdicts), "verdicts_sha256": self.verdicts_sha256}


@dataclass(frozen=True)
class Judged:
    """Every ticket's numbers.

    ``values``: score → one number a ticket. ``confidence`` and ``loss`` (1 = wrong) speak of what was or would have
    been sent; ``written`` says whether there was such a text. Without one the ticket ranks last and counts as wrong.
    """

    values: Mapping[str, Floats]
    confidence: Floats
    loss: Floats
    written: Floats


def read_verdicts(path: Path) -> tuple[dict[str, Verdict], str]:
    """Read ``{"id", "right", "text"}`` rows, the text optional; also the file's sha256.

    Raises:
        EvaluationError: with file and line: a key is missing or of another type, or an id stands twice.
    """
    verdicts: dict[str, Verdict] = {}
    for row in read_rows(path):
        name = row.text("id")
        if name in verdicts:
            raise row.error(f"the id {name!r} stands there twice")
        verdicts[name] = Verdict(row.flag("right"), row.text("text") if "text" in row.values else None)
    return verdicts, sha256_bytes(path.read_bytes())


def candidate(outcome: Outcome) -> str:
    """The text that was sent as an answer, else the draft that was held back; empty where none was written."""
    return outcome.text if outcome.route == Route.ANSWER else outcome.draft


def judge_all(
    golden: GoldenSet,
    outcomes: Sequence[Outcome],
    judge: Judge,
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
    written = np.array([bool(candidate(outcome).strip()) for outcome in outcomes], dtype=float)
    agrees = np.array([_candidate_is_right(ticket, outcome, judge) for ticket, outcome in pairs], dtype=float)
    confidence = np.array([outcome.confidence for outcome in outcomes]) * written
    return Judged(values, confidence, 1 - agrees * written, written)


def _judge(golden: GoldenTicket, outcome: Outcome, judge: Judge) -> dict[str, float]:
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


def _candidate_is_right(golden: GoldenTicket, outcome: Outcome, judge: Judge) -> bool:
    """An answer to a ticket whose one right route is another is wrong, however true."""
    if golden.route not in ("", Route.ANSWER):
        return False
    judgeable = golden.reference or golden.relevant_ids or golden.id in judge.verdicts
    return bool(judgeable) and judge.is_right(golden, outcome)


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
