"""How a promise is proven: rungs climbed from strict to wide, each by exact binomial tests at planned looks.

A rung is a score from which answers would be sent; its tickets are its region. Labels of a region, read in the order of
the tickets' permanent random numbers, are a uniform sample of it, so that the number of wrong ones among the first n is
binomial. A look tests "more than ``max_error`` of the region are wrong" once, on the first n; delta is shared among the
looks. A wider rung is tested only after the one before holds (fixed-sequence testing, Angelopoulos et al. 2021, arXiv
2110.01052, 3.3), so that every rung may use the whole of it.

Where to begin is told by the ranking's own probabilities, which need no label. Since they may be wrong on a knowledge
base they have not seen, a part of delta is kept for a second climb, from the strictest rung, beside the first.

tests/benchmarks/certificate_simulation.py tries all of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from support_agent.errors import CalibrationError
from support_agent.intervals import upper_bound

SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Of recent tickets, the part that a rung would answer, strictest first."""
# Labels at the looks, in units of 1 / max_error: 60, 100, 200 and 400 for 10 %, and the part of delta that each spends.
# The first passes with one wrong answer; sooner, none may be wrong at all.
LOOKS = (6, 10, 20, 40)
SPENT = (0.46, 0.27, 0.17, 0.10)
# Delta of the climb from where the ranking says, and of the one from the strictest rung. With 100 readings StackFAQ is
# covered to 62 %, and TechQA certified at 20 % in 82 of 100 courses; with 0.8 and 0.2 to 68 % and in 60; from the
# strictest rung alone to 37 % and in 78 (tests/benchmarks/promise_on_kb.py, rankings fitted elsewhere).
FIRST_CLIMB, SECOND_CLIMB = 0.6, 0.4
# The climb begins at the widest rung whose answers the ranking thinks wrong at most this often, as part of max_error.
HOPEFUL = 0.5
_MOST_LABELS = 100_000


@dataclass(frozen=True)
class Promise:
    """What the owner wants kept: at most ``max_error`` of the answers wrong, with confidence 1 − ``delta``."""

    max_error: float = 0.10
    delta: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what no labels could keep."""
        if not (0 < self.max_error < 1 and 0 < self.delta < 1):
            raise CalibrationError(f"A promise's max_error ({self.max_error}) and delta ({self.delta}) lie in 0–1.")

    @property
    def looks(self) -> tuple[int, ...]:
        """After how many labels a rung is tested."""
        return tuple(math.ceil(count / self.max_error) for count in LOOKS)

    def __str__(self) -> str:
        """What is promised, in words."""
        return f"at most {percent(self.max_error)} of the answers wrong, with {percent(1 - self.delta)} confidence"


@dataclass(frozen=True)
class Look:
    """One test that was taken: of ``rung`` (its place), on its first ``labels``, ``wrong`` of them wrong.

    ``until`` is the highest random number among those; tickets that arrived later than ticket number ``last`` were not
    in it. ``level`` is what was spent on it.
    """

    climb: int
    rung: int
    labels: int
    wrong: int
    level: float
    passed: bool
    until: float
    last: int


@dataclass(frozen=True)
class Plan:
    """What is tested, in which order; fixed from unlabelled scores before the first look.

    ``rungs`` are scores (0–1), the strictest first; ``start`` is the place of the one where the first climb begins. Its
    tickets are those that came after ticket number ``since``. ``earlier`` plans were made of the same tickets; each
    halves what a plan may spend, so that planning anew until something passes gains nothing.
    """

    promise: Promise
    rungs: tuple[float, ...]
    start: int
    since: int = 0
    earlier: int = 0

    def climbs(self) -> tuple[tuple[int, ...], ...]:
        """Places of the rungs of each climb, in order."""
        every = range(len(self.rungs))
        return tuple(every[self.start :]), tuple(every[: self.start])

    def level(self, climb: int, labels: int) -> float:
        """What a look after so many labels may spend."""
        share = FIRST_CLIMB if climb == 0 else SECOND_CLIMB
        if self.start == 0:
            share = 1.0  # the second climb has nothing to climb
        return share * self.promise.delta * SPENT[self.promise.looks.index(labels)] * 0.5**self.earlier


@dataclass(frozen=True)
class Due:
    """The next test: of ``rung``, on its first ``labels`` tickets."""

    climb: int
    rung: int
    labels: int


def make_plan(scores: Sequence[float], promise: Promise, since: int = 0, earlier: int = 0) -> Plan:
    """Rungs from unlabelled scores of the tickets that came after ticket number ``since``.

    Raises:
        CalibrationError: fewer tickets than the first look of the widest rung needs labels.
    """
    ordered = sorted(scores, reverse=True)
    if len(ordered) < promise.looks[0]:
        raise CalibrationError(
            f"Too few tickets with a suggestion to plan on ({len(ordered):,}): a promise of {promise} takes at least "
            f"{promise.looks[0]:,} readings."
        )
    at = [max(0, math.ceil(share * len(ordered)) - 1) for share in SHARES]
    rungs = tuple(dict.fromkeys(ordered[place] for place in at))
    thought = [_mean(1 - score for score in ordered if score >= rung) for rung in rungs]
    hopeful = [place for place, error in enumerate(thought) if error <= HOPEFUL * promise.max_error]
    return Plan(promise, rungs, max(hopeful, default=0), since, earlier)


def next_looks(plan: Plan, looks: Sequence[Look]) -> list[Due]:
    """The test that is due on each climb, the first climb's before; none on a climb that has ended.

    A climb ends at the first rung that fails its last look. The second climb is over once the first has proven a rung:
    every rung of the first is wider than those of the second.
    """
    taken = {(look.climb, look.rung, look.labels): look.passed for look in looks}
    first, second = (_due(plan, climb, rungs, taken) for climb, rungs in enumerate(plan.climbs()))
    ahead = any(look.passed and look.climb == 0 for look in looks)
    return [due for due in (first, None if ahead else second) if due]


def _due(plan: Plan, climb: int, rungs: Sequence[int], taken: Mapping[tuple[int, int, int], bool]) -> Due | None:
    for rung in rungs:
        results = {labels: taken.get((climb, rung, labels)) for labels in plan.promise.looks}
        if not any(results.values()):
            left = [labels for labels, passed in results.items() if passed is None]
            return Due(climb, rung, left[0]) if left else None
    return None


def proven(looks: Sequence[Look]) -> Look | None:
    """The last look that passed at the widest rung that holds, if any does."""
    passed = [look for look in looks if look.passed]
    return max(passed, key=lambda look: (look.rung, look.labels), default=None)


def holds(wrong: int, labels: int, max_error: float, level: float) -> bool:
    """Whether so few wrong ones reject "more than ``max_error`` are wrong" at this level."""
    from scipy.stats import binom

    return labels > 0 and bool(binom.cdf(wrong, labels, max_error) <= level)


def allowed(labels: int, max_error: float, level: float) -> int:
    """The most wrong ones with which a look passes; −1 where not even none do."""
    wrong = -1
    while wrong < labels and holds(wrong + 1, labels, max_error, level):
        wrong += 1
    return wrong


def labels_needed(rate: float, max_error: float, level: float) -> int | None:
    """About how many labels would prove it, were ``rate`` the share of wrong answers; None where it is too high."""
    if rate >= max_error:
        return None
    labels = 1
    while not holds(round(rate * labels), labels, max_error, level):
        labels += 1 + labels // 50
        if labels > _MOST_LABELS:
            return None
    return labels


def upper(look: Look) -> float:
    """One-sided upper bound of the share of wrong answers, at the level that the look spent."""
    return upper_bound(look.wrong, look.labels, look.level)


def percent(share: float) -> str:
    """Such as "10 %"."""
    return f"{100 * share:.3g} %"


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return math.fsum(numbers) / len(numbers) if numbers else 0.0
