"""What an agent did with every ticket of a golden set, as rows of outcomes.jsonl; which are right, judging.py knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support_agent.artefacts import write_bytes
from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GoldenSet
from support_agent.jsonl import read_rows
from support_agent.protocols import Answerer
from support_agent.records import Reply, Route

# Reasons that hold for every ticket of a run alike: nothing is proven, or something has changed since.
_CLOSED = ("not_proven_yet", "renewal_due")


@dataclass(frozen=True)
class CheckedCitation:
    """A citation of a reply; ``verbatim`` says whether its quote stands in the passage, None where that is unknown."""

    passage_id: str
    score: float
    quote: str
    verbatim: bool | None


@dataclass(frozen=True)
class Outcome:
    """What became of one golden ticket.

    ``tokens`` counts those generated at each stage that generates, where the backend counts them. ``suggestion`` is
    what a person who takes over may send.
    """

    id: str
    route: str
    confidence: float
    text: str
    reasons: tuple[str, ...]
    citations: tuple[CheckedCitation, ...]
    evidence: tuple[str, ...]
    signals: Mapping[str, float]
    fired: tuple[str, ...]
    language: str
    draft: str
    timings_ms: Mapping[str, float]
    suggestion: str = ""
    tokens: Mapping[str, int] = field(default_factory=dict)


def ask_golden(
    agent: Answerer,
    golden: GoldenSet,
    passages: Mapping[str, str],
    on_done: Callable[[int, int], None] = lambda done, all_of: None,
) -> list[Outcome]:
    """Ask the agent every ticket of a golden set.

    Args:
        passages: id → text of the passages that may be cited, to hold quotes against; may be empty.
        on_done: told after each ticket how many are done, and of how many.
    """
    outcomes = []
    for reply in agent.ask_many(ticket.ticket() for ticket in golden.tickets):
        outcomes.append(_outcome(reply, passages))
        on_done(len(outcomes), len(golden.tickets))
    if [outcome.id for outcome in outcomes] != [ticket.id for ticket in golden.tickets]:
        raise EvaluationError(
            f"The agent gave {len(outcomes)} replies for {len(golden.tickets)} tickets, or in disorder."
        )
    return outcomes


def closed_gate(replies: Sequence[Outcome | Reply]) -> str:
    """What a reader must know first where a closed gate answered nothing; empty where something was answered."""
    from support_agent.records import Reason

    closed = [reason for reply in replies for reason in reply.reasons[:1] if reason in _CLOSED]
    if not closed or any(reply.route == Route.ANSWER for reply in replies):
        return ""
    return (
        f"The gate is closed: {len(closed):,} of {len(replies):,} tickets went to a person for that alone, and the "
        f"figures speak of nothing else. {Reason[closed[0].upper()].staff} To measure without a promise, "
        "give --calibration none."
    )


def write_outcomes(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write one JSON object a line, in order."""
    lines = (json.dumps(asdict(outcome), ensure_ascii=False) + "\n" for outcome in outcomes)
    write_bytes(path, "".join(lines).encode("utf-8", "backslashreplace"))


def read_outcomes(path: Path) -> list[Outcome]:
    """Read what ``write_outcomes`` wrote.

    Raises:
        EvaluationError: the file cannot be read, or a row is not an outcome.
    """
    return [row.read(Outcome) for row in read_rows(path, EvaluationError)]


def _outcome(reply: Reply, passages: Mapping[str, str]) -> Outcome:
    citations = [
        CheckedCitation(c.passage_id, c.score, c.quote, _stands_in(c.quote, passages.get(c.passage_id)))
        for c in reply.citations
    ]
    return Outcome(
        id=reply.ticket_id,
        route=str(reply.route),
        confidence=reply.confidence,
        text=reply.text,
        reasons=tuple(map(str, reply.reasons)),
        citations=tuple(citations),
        evidence=tuple(passage.passage_id for passage in reply.evidence),
        signals={signal.name: signal.value for signal in reply.signals},
        fired=tuple(signal.name for signal in reply.signals if signal.fired),
        language=reply.language,
        draft=reply.draft,
        timings_ms=dict(reply.timings_ms),
        suggestion=reply.suggestion,
        tokens={"generation": reply.draft_tokens} if reply.draft_tokens else {},
    )


def _stands_in(quote: str, passage: str | None) -> bool | None:
    """Whether the quote stands in the passage word for word, line breaks aside."""
    return None if passage is None else " ".join(quote.split()) in " ".join(passage.split())
