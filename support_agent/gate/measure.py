"""What is measured of a ticket: early of its passages, late of its draft. Pure functions; decide.py says what follows.

The agent calls them for every ticket alike, live or asked for evidence. A new signal is a function in a file of
its own, a line in ``EARLY`` or ``LATE``, and a row in ``golden.jsonl``, the table of golden measurements: its hash is
the version of all signals, and a promise made with other signals does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from support_agent.gate.clarity import ambiguous_words, open_choices
from support_agent.gate.generation_signals import cut_off, loop_share, mean_log_prob
from support_agent.gate.given import Found, Written
from support_agent.gate.retrieval_signals import (
    HIGHEST,
    LOWEST,
    lead,
    nearness,
    other_language,
    retrieval_score,
    word_rank,
)
from support_agent.gate.support import CheckedDraft, check_draft, check_quote, is_quote
from support_agent.gate.support_signals import (
    echo,
    empty_draft,
    limits_dropped,
    mean_support,
    opposites,
    other_entities,
    unsupported_share,
)
from support_agent.generation.extractive import QUOTING, extract
from support_agent.records import Draft, Passage, Reason, Signal

GOLDEN = Path(__file__).parent / "golden.jsonl"
_Given = TypeVar("_Given")


@dataclass(frozen=True)
class Measure(Generic[_Given]):
    """How one signal is measured.

    ``combined`` is its least and greatest value where it goes into the confidence; ``holds`` the reason for which it
    alone keeps a draft from being sent when it fires.
    """

    of: Callable[[_Given], Signal | None]
    combined: tuple[float, float] | None = None
    holds: Reason | None = None


# What each combined signal is worth, on customers' words to several knowledge bases: tests/benchmarks/fit_ranking.py.
EARLY: tuple[Measure[Found], ...] = (
    Measure(retrieval_score),
    Measure(nearness, combined=(LOWEST, HIGHEST)),
    Measure(lead, combined=(LOWEST, HIGHEST)),
    Measure(word_rank, combined=(0.0, 1.0)),
    Measure(other_language, holds=Reason.LANGUAGE),
    Measure(ambiguous_words, holds=Reason.AMBIGUOUS),
    Measure(open_choices, holds=Reason.AMBIGUOUS),
)
"""Known before a draft is written."""

LATE: tuple[Measure[Written], ...] = (
    Measure(empty_draft, holds=Reason.EMPTY_DRAFT),
    Measure(loop_share, holds=Reason.LOOP),
    Measure(cut_off, holds=Reason.CUT_OFF),
    Measure(mean_log_prob),
    Measure(opposites, holds=Reason.OPPOSITE),
    Measure(other_entities, holds=Reason.OTHER_ENTITY),
    Measure(limits_dropped, holds=Reason.LIMIT_DROPPED),
    Measure(echo, holds=Reason.ECHO),
    Measure(unsupported_share, holds=Reason.UNSUPPORTED),
    Measure(mean_support, combined=(0.0, 1.0)),
)
"""Known after it; of those that hold a draft back, the graver first."""


@dataclass(frozen=True)
class Sendable:
    """A text that might be sent: its sentences, its signals, and the reasons that alone forbid it."""

    checked: CheckedDraft
    signals: tuple[Signal, ...]
    held: tuple[Reason, ...]


@dataclass(frozen=True)
class Late:
    """A draft's own text, and where that is held back the best passage's own words, if these may be sent."""

    own: Sendable
    quote: Sendable | None = None

    @property
    def best(self) -> Sendable:
        """The quote where there is one, else the draft's own text."""
        return self.quote or self.own


def measure_passages(found: Found) -> tuple[Signal, ...]:
    """Every early signal."""
    return _measured(EARLY, found)


def measure_own_text(question: str, draft: Draft, passages: Sequence[Passage]) -> Late:
    """Every late signal of the draft's own text."""
    quoted = passages and is_quote(draft.text, passages[0])
    own = check_quote(draft.text, passages[0]) if quoted else check_draft(question, draft, passages)
    signals = _measured(LATE, Written(draft, own, question, passages))
    return Late(Sendable(own, signals, _reasons(LATE, signals)))


def measure_draft(question: str, draft: Draft, passages: Sequence[Passage]) -> Late:
    """Every late signal, of the draft's own text and of the quote that may stand in for it."""
    late = measure_own_text(question, draft, passages)
    if not late.own.held:
        return late
    quote = measure_quote(question, passages)
    return Late(late.own, quote) if not quote.held else late


def measure_quote(question: str, passages: Sequence[Passage]) -> Sendable:
    """The best passage's own words: what is offered where no draft is worth writing, or none can be sent."""
    words = Draft(extract(question, passages), QUOTING)
    checked = check_quote(words.text, passages[0]) if passages else CheckedDraft((), ())
    signals = _measured(LATE, Written(words, checked, question, passages))
    return Sendable(checked, signals, _reasons(LATE, signals))


def early_reasons(signals: Sequence[Signal]) -> tuple[Reason, ...]:
    """Reasons of the early signals that fired and decide alone, in the order of the table."""
    return _reasons(EARLY, signals)


def _reasons(measures: Sequence[Measure[_Given]], signals: Sequence[Signal]) -> tuple[Reason, ...]:
    fired = {signal.name for signal in signals if signal.fired}
    return tuple(dict.fromkeys(one.holds for one in measures if one.holds and _name(one) in fired))


def values_of(signals: Sequence[Signal]) -> dict[str, float]:
    """Value by name."""
    return {signal.name: signal.value for signal in signals}


def combined() -> tuple[str, ...]:
    """The names of the signals that go into the confidence."""
    early = (_name(one) for one in EARLY if one.combined)
    return (*early, *known_late())


def known_late() -> dict[str, tuple[float, float]]:
    """Of the combined signals those that only a draft can tell, each with its least and greatest value."""
    return {_name(one): one.combined for one in LATE if one.combined}


def signals_version() -> str:
    """Changes with any signal: the hash of the golden measurements, and of the models made for any embedder."""
    from support_agent.artefacts import MANIFEST, sha256_file
    from support_agent.shelves import SIGNALS

    models = [folder / MANIFEST for _, folder in sorted(SIGNALS.known().items())]
    return ":".join(sha256_file(file)[:12] for file in (GOLDEN, *models))


def _measured(measures: Sequence[Measure[_Given]], given: _Given) -> tuple[Signal, ...]:
    return tuple(signal for one in measures if (signal := one.of(given)) is not None)


def _name(measure: Measure[_Given]) -> str:
    """A signal is called what its function is called."""
    return str(measure.of.__name__)
