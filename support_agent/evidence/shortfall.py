"""Too few tickets to plan on → one message that says what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from support_agent.errors import CalibrationError
from support_agent.evidence.ladder import Promise
from support_agent.evidence.records import KnownTicket, Unoffered
from support_agent.evidence.standing import sampled
from support_agent.evidence.store import Store
from support_agent.gate.combiner import shipped
from support_agent.records import Ticket


def check_enough(
    store: Store,
    parts: str,
    promise: Promise,
    since: int,
    given: Sequence[Ticket],
    unoffered: Mapping[str, Unoffered],
) -> None:
    """Refuse a plan on fewer tickets than the promise takes readings.

    Args:
        since: only tickets that came after this number count.
        given: past tickets of a file, as often as they stand in it.
        unoffered: by ticket, why there is no text that could prove something.

    Raises:
        CalibrationError: they are too few; it counts what became of the others.
    """
    counted = {one.known.key for one in sampled(store, parts, shipped(), since=since)}
    needed = promise.looks[0]
    if len(counted) >= needed:
        return
    known = [one for one in store.tickets() if one.drawn and one.number > since]
    repeated = len(given) - len({one.words_key for one in given})
    offers = store.offers(parts)
    without = [one for one in known if not (one.key in offers and offers[one.key].sent)]
    near = len(known) - len(counted) - len(without)
    raise CalibrationError(
        f"Too few tickets with a suggestion to plan on ({len(counted):,}): a promise of {promise} takes at least "
        f"{needed:,} readings, {needed - len(counted):,} more. {_others(repeated + near, without, unoffered)}"
        "Let more tickets come in, or give more past ones with --tickets."
    )


def _others(near: int, without: Iterable[KnownTicket], unoffered: Mapping[str, Unoffered]) -> str:
    """What became of the tickets that do not count, by kind; empty where all count."""
    why = [unoffered.get(one.key, Unoffered(decided=False, reason="")) for one in without]
    kinds = {
        "nearly the same as another one": (near, ""),
        "without a suggestion": _by_reason(one.reason for one in why if not one.decided),
        "decided by something else than a score": _by_reason(one.reason for one in why if one.decided),
    }
    told = [f"{name}, {count:,}{reasons}" for name, (count, reasons) in kinds.items() if count]
    return f"The others are {'; '.join(told)}. " if told else ""


def _by_reason(reasons: Iterable[str]) -> tuple[int, str]:
    """How many, and of which reasons, the commonest first."""
    counts = Counter(reasons)
    named = ", ".join(f"{name} {count:,}" for name, count in counts.most_common() if name)
    return counts.total(), f" ({named})" if named else ""
