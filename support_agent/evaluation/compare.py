"""Two results of one golden set → what got better and what got worse, with paired bootstrap intervals.

A slice is worse when its share dealt with rightly fell, or its share answered wrongly rose, by more than chance among
its tickets explains. Two things must say so: the 95 % interval of the difference lies on the bad side of zero, and the
exact sign test on the tickets that changed (McNemar 1947, one-sided) gives at most 5 % to so lopsided a change, were
either way as likely. The interval alone is no judge of few tickets: where every ticket fell, every resample fell. The
test alone says nothing of the size of the set. Five tickets that all fell are the fewest that count; a slice in which
fewer changed is said to hold too few to tell. Every slice is looked at by itself: with many slices, one in forty is
worse by chance wherever answers vary by chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from support_agent.errors import EvaluationError
from support_agent.evaluation.defaults import SEED
from support_agent.evaluation.resampling import FEWEST_FOR_INTERVAL, NAN, draw_counts, interval, plain
from support_agent.evaluation.results import Result
from support_agent.evaluation.scores import SCORES, statistics

OVERALL = "all tickets"
DECISIVE = ("right", "wrong_answer")
# Share of slices that may be called better or worse where a change is as likely either way.
ALPHA = 0.05
TOO_FEW = "changed, too few to tell"
# All tickets have them in both runs, as yes or no, so that the tickets that changed can be counted.
_YES_NO = ("right", "answered", "wrong_answer", "false_alarm", "generated")

Tickets = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Difference:
    """Second run minus first in one score of one slice.

    ``verdict`` is better, worse, same (for all we know), or TOO_FEW; low and high are None under five tickets.
    """

    slice: str
    score: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    n: int
    verdict: str

    @property
    def is_for_the_worse(self) -> bool:
        """Which way the score went, whether or not by chance."""
        return ((self.difference or 0.0) < 0) == SCORES[self.score][1]


@dataclass(frozen=True)
class Moved:
    """A ticket that took another route, and whether each was right."""

    id: str
    first_route: str
    second_route: str
    first_right: bool
    second_right: bool


@dataclass(frozen=True)
class Comparison:
    """Everything that differs between two runs."""

    differences: tuple[Difference, ...]
    moved: tuple[Moved, ...]

    def worse_slices(self, names: Sequence[str] = ()) -> list[str]:
        """Slices that got worse; of those named, or of all where none is."""
        return self._slices(names, lambda d: d.verdict == "worse")

    def untold_slices(self, names: Sequence[str] = ()) -> list[str]:
        """Slices that changed for the worse in too few tickets to tell; of those named, or of all where none is."""
        worse = self.worse_slices()
        return self._slices(names, lambda d: d.verdict == TOO_FEW and d.is_for_the_worse and d.slice not in worse)

    def _slices(self, names: Sequence[str], chosen: Callable[[Difference], bool]) -> list[str]:
        found = dict.fromkeys(d.slice for d in self.differences if d.score in DECISIVE and chosen(d))
        return [name for name in found if not names or name in names]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "differences": [asdict(d) for d in self.differences],
            "moved": [asdict(ticket) for ticket in self.moved],
        }


def compare(first: Result, second: Result, seed: int = SEED) -> Comparison:
    """Compare two runs; both are resampled together, ticket by ticket.

    Raises:
        EvaluationError: they are of two golden sets, or judged in two ways.
    """
    _check_comparable(first, second)
    before, after = first.scores["tickets"], second.scores["tickets"]
    slices = {OVERALL: range(len(before))} | {
        name: [at for at, ticket in enumerate(before) if name in ticket["tags"]] for name in first.golden.slices
    }
    differences: list[Difference] = []
    for name, rows in slices.items():
        differences += _compare_slice(name, [before[at] for at in rows], [after[at] for at in rows], seed)
    moved = tuple(
        Moved(a["id"], a["route"], b["route"], bool(a["values"]["right"]), bool(b["values"]["right"]))
        for a, b in zip(before, after, strict=True)
        if a["route"] != b["route"]
    )
    return Comparison(tuple(differences), moved)


def check_slices(result: Result, names: Sequence[str]) -> None:
    """Refuse a slice that the set does not have: it would never be worse.

    Raises:
        EvaluationError: it lists those that there are.
    """
    known = (OVERALL, *result.golden.slices)
    for name in names:
        if name not in known:
            raise EvaluationError(f"The golden set has no slice {name!r}; it has: {', '.join(known)}.")


def _check_comparable(first: Result, second: Result) -> None:
    if first.golden.sha256 != second.golden.sha256:
        raise EvaluationError(
            f"{first.folder} and {second.folder} are runs of two golden sets ({first.golden.sha256[:12]}…, "
            f"{second.golden.sha256[:12]}…), so they cannot be compared. Run one of them again on the other's set."
        )
    if first.scores["judge"] != second.scores["judge"]:
        raise EvaluationError(
            f"{first.folder} and {second.folder} were judged in two ways ({first.scores['judge']}, "
            f"{second.scores['judge']}). Give both the same --right-f1 and --labels: support-agent eval score."
        )


def _compare_slice(name: str, first: Tickets, second: Tickets, seed: int) -> list[Difference]:
    import numpy as np

    counts = draw_counts(len(first), seed)
    one = np.ones((1, len(first)))
    ours, theirs = _statistics(first), _statistics(second)
    found = []
    for score in (score for score in SCORES if score in ours and score in theirs):
        (before, n), (after, m) = ours[score], theirs[score]
        was, now = float(before(one)[0]), float(after(one)[0])
        enough = min(n, m) >= FEWEST_FOR_INTERVAL
        low, high = interval(after(counts) - before(counts)) if enough else (NAN, NAN)
        verdict = _verdict(now - was, low, high, SCORES[score][1])
        if verdict in ("better", "worse") and score in _YES_NO and sign_test(*_changed(score, first, second)) > ALPHA:
            verdict = TOO_FEW
        found.append(
            Difference(name, score, plain(was), plain(now), plain(now - was), plain(low), plain(high), n, verdict)
        )
    return found


def _statistics(tickets: Tickets) -> Mapping[str, Any]:
    import numpy as np

    names = dict.fromkeys(name for ticket in tickets for name in ticket["values"])
    values = {name: np.array([ticket["values"].get(name, NAN) for ticket in tickets], dtype=float) for name in names}
    confidence, loss = (np.array([ticket[key] for ticket in tickets], dtype=float) for key in ("confidence", "loss"))
    return statistics(values, confidence, loss)


def _changed(score: str, first: Tickets, second: Tickets) -> tuple[int, int]:
    """How many tickets have more of the score than before, and how many less."""
    pairs = [(a["values"].get(score), b["values"].get(score)) for a, b in zip(first, second, strict=True)]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    return sum(b > a for a, b in known), sum(b < a for a, b in known)


def sign_test(rose: int, fell: int) -> float:
    """The chance that so many of the changed tickets, or more, go the way that most went, were both as likely."""
    changed, most = rose + fell, max(rose, fell)
    return min(1.0, sum(math.comb(changed, k) for k in range(most, changed + 1)) * 0.5**changed)


def _verdict(difference: float, low: float, high: float, more_is_better: bool) -> str:
    if low > 1e-9 or high < -1e-9:
        return "better" if (low > 0) == more_is_better else "worse"
    without_interval = low != low
    return TOO_FEW if without_interval and abs(difference) > 1e-9 else "same"
