"""Is a promise kept? Whole courses by simulation: arrival → plan → reading by random number → tests → renewal → truth.

    python tests/benchmarks/certificate_simulation.py [--courses 2000] [--setting NAME] [--seed 0]

Tickets come from a known law, so that the true share of wrong answers above every score is known. A course is broken
when what is in force at its end is wrong more often than promised. "useless scores" is the hardest law: a little more
than promised is wrong at every score, so that anything in force is broken. The watch is tried too: how often it
withdraws while answers are wrong exactly as often as promised, and after how many readings when they are wrong twice as
often.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from support_agent.clusters import group_numbers
from support_agent.evidence.drift import Drift
from support_agent.evidence.ladder import Look, Plan, Promise, make_plan
from support_agent.evidence.records import KnownTicket, Offer, Verdict
from support_agent.evidence.standing import Sampled, label, next_test, stand
from support_agent.evidence.watch import WITHDRAW, SpotChecks
from support_agent.intervals import clopper_pearson
from support_agent.records import Ticket

PROMISE = Promise(0.10, 0.05)
ARRIVE, PORTIONS = 800, 5
TRUTH = 100_000
# Of the watch over scores: those a promise was planned on, and live ones.
REFERENCE, LIVE = 300, 1_000


@dataclass(frozen=True)
class Law:
    """Chance that an answer of score s (0–1, uniform) is wrong: from ``surest`` at 1 to ``unsure`` at 0, in a line."""

    surest: float
    unsure: float

    def wrong(self, score: np.ndarray) -> np.ndarray:
        return self.unsure + (self.surest - self.unsure) * score


USELESS, TELLING = Law(0.105, 0.105), Law(0.01, 0.30)
Course = Callable[[np.random.Generator], float | None]


def main() -> None:
    """Print one line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--courses", type=int, default=2000)
    parser.add_argument("--setting", choices=SETTINGS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{PROMISE}; {given.courses:,} courses each; share in force, share broken")
    for name in given.setting or SETTINGS:
        source = np.random.default_rng([given.seed, list(SETTINGS).index(name)])
        risks = [SETTINGS[name](source) for _ in range(given.courses)]
        broken = sum(risk is not None and risk > PROMISE.max_error for risk in risks)
        low, high = clopper_pearson(broken, given.courses)
        force = np.mean([risk is not None for risk in risks])
        print(f"  {name:44s} {force:.3f}   {broken / given.courses:.4f} [{low:.4f}, {high:.4f}]", flush=True)
    report_watch(given.courses, np.random.default_rng([given.seed, 99]))
    report_drift(given.courses, np.random.default_rng([given.seed, 98]))


def once(law: Law, *, decimals: int = 6, start: int | None = None) -> Course:
    """All tickets arrive, then all that is due is read; the first climb begins at the rung ``start``."""

    def course(source: np.random.Generator) -> float | None:
        score = source.random(ARRIVE).round(decimals)
        rows, truth = tickets(score, source.random(ARRIVE) < law.wrong(score), source)
        plan = make_plan([one.score for one in rows], PROMISE)
        plan = plan if start is None else replace(plan, start=start)
        looks, rows = read_all(plan, [], rows, truth)
        return risk_of(law, plan, stand(plan, looks, rows).look, decimals)

    return course


def in_portions(law: Law) -> Course:
    """Tickets arrive in portions; after each, what is due is read: later ones come between by their random numbers."""

    def course(source: np.random.Generator) -> float | None:
        score = source.random(ARRIVE)
        every, truth = tickets(score, source.random(ARRIVE) < law.wrong(score), source)
        plan = make_plan([one.score for one in every[: ARRIVE // PORTIONS]], PROMISE)
        looks: list[Look] = []
        read: dict[int, bool | None] = {}
        for portion in range(1, PORTIONS + 1):
            here = [replace(one, right=read.get(one.known.number)) for one in every[: portion * ARRIVE // PORTIONS]]
            looks, here = read_all(plan, looks, here, truth)
            read = {one.known.number: one.right for one in here}
        return risk_of(law, plan, stand(plan, looks, here).look)

    return course


def copies(law: Law) -> Course:
    """Every ticket comes once to many times in nearly the same words; a copy is as right as the first."""

    def course(source: np.random.Generator) -> float | None:
        groups = np.repeat(np.arange(ARRIVE), source.geometric(0.6, ARRIVE))[:ARRIVE]
        # One score and one fate for all copies of a ticket.
        score = source.random(ARRIVE)[groups]
        wrong = source.random(ARRIVE)[groups] < law.wrong(score)
        texts = [f"{'please ' * (at % 3)}word{n} thing{n} place{n}" for at, n in enumerate(groups)]
        kept: dict[int, int] = {}
        for at, group in enumerate(group_numbers(texts)):
            kept.setdefault(group, at)
        first = list(kept.values())
        rows, truth = tickets(score[first], wrong[first], source)
        plan = make_plan([one.score for one in rows], PROMISE)
        looks, rows = read_all(plan, [], rows, truth)
        return risk_of(law, plan, stand(plan, looks, rows).look)

    return course


def renewed(before: Law, after: Law, *, mended: bool) -> Course:
    """A promise is proven; then a third of the answers change, are read again, and the promise is stated anew.

    With ``mended`` the team changes just what readers found wrong: nothing else gets better.
    """

    def course(source: np.random.Generator) -> float | None:
        score = source.random(ARRIVE)
        wrong = source.random(ARRIVE) < before.wrong(score)
        rows, truth = tickets(score, wrong, source)
        plan = make_plan([one.score for one in rows], PROMISE)
        looks, rows = read_all(plan, [], rows, truth)
        changed = {one.known.number for one in rows if source.random() < 1 / 3}
        then = {number: bool(source.random() < after.wrong(score[number - 1])) for number in changed}
        if mended:
            changed = {one.known.number for one in rows if one.right is False}
            then = dict.fromkeys(changed, False)
        again = []
        for one in rows:
            said = [Verdict("", "old", "right" if one.right else "wrong")] if one.right is not None else []
            if one.known.number in changed and said:
                said.append(Verdict("", "new", "wrong" if then[one.known.number] else "right"))
                again.append(replace(one, right=label(said, "new")))
            else:
                again.append(one)
        look = stand(plan, looks, again).look
        share = 0.0 if mended else 1 / 3
        ends = zip(as_pair(before), as_pair(after), strict=True)
        mixed = Law(*((1 - share) * old + share * new for old, new in ends))
        return risk_of(mixed, plan, look)

    return course


def as_pair(law: Law) -> tuple[float, float]:
    """Its two ends."""
    return law.surest, law.unsure


def tickets(
    score: np.ndarray, wrong: np.ndarray, source: np.random.Generator
) -> tuple[list[Sampled], Mapping[int, bool]]:
    """Tickets that nobody has read, in the order of arrival; and which answers are right, by number."""
    known = [KnownTicket(Ticket(str(source.integers(1 << 62))), number) for number in range(1, len(score) + 1)]
    rows = [Sampled(one, Offer("", "", value), value, None) for one, value in zip(known, score.tolist(), strict=True)]
    return rows, {one.number: not bad for one, bad in zip(known, wrong.tolist(), strict=True)}


def read_all(
    plan: Plan, looks: list[Look], rows: list[Sampled], truth: Mapping[int, bool]
) -> tuple[list[Look], list[Sampled]]:
    """Read whatever is due, until no test is left or tickets are wanting."""
    looks = list(looks)
    while True:
        while look := next_test(plan, looks, rows):
            looks.append(look)
        state = stand(plan, looks, rows)
        if not state.to_read or state.tickets > 0:
            return looks, rows
        waiting = {one.known.number for one in state.to_read}
        rows = [replace(one, right=truth[one.known.number]) if one.known.number in waiting else one for one in rows]


def risk_of(law: Law, plan: Plan, look: Look | None, decimals: int = 6) -> float | None:
    """True share of wrong answers of what is in force; None where nothing is."""
    if look is None:
        return None
    score = np.linspace(0, 1, TRUTH).round(decimals)
    return float(law.wrong(score[score >= plan.rungs[look.rung]]).mean())


def report_watch(courses: int, source: np.random.Generator) -> None:
    """How often spot checks withdraw a promise that is kept, and how soon one that is not."""
    for error in (PROMISE.max_error, 2 * PROMISE.max_error, 3 * PROMISE.max_error):
        until = [withdrawn_after(error, source) for _ in range(courses)]
        found = [count for count in until if count]
        low, high = clopper_pearson(len(found), courses)
        soon = f", after {int(np.median(found))} readings in the median" if found else ""
        share = f"{len(found) / courses:.4f} [{low:.4f}, {high:.4f}]"
        print(f"  spot checks, {error:.0%} wrong: withdrawn within 1,000 readings {share}{soon}")


def report_drift(courses: int, source: np.random.Generator) -> None:
    """How often scores withdraw a promise while traffic stays as it is, and how soon once it gets worse."""
    for shift in (0.0, 0.15):
        until = []
        for _ in range(courses):
            drift = Drift.begin(source.random(REFERENCE).tolist(), 0.5)
            scores = np.clip(source.random(LIVE) - shift, 0, 1).tolist()
            until.append(next((at for at, score in enumerate(scores, 1) if worse(drift, score)), None))
        found = [count for count in until if count]
        share = (
            f"{len(found) / courses:.4f} [{', '.join(f'{end:.4f}' for end in clopper_pearson(len(found), courses))}]"
        )
        soon = f", after {int(np.median(found))} tickets in the median" if found else ""
        print(f"  scores {shift:.2f} lower: withdrawn within {LIVE:,} tickets {share}{soon}")


def worse(drift: Drift, score: float) -> bool:
    """Whether the bet on lower scores withdraws with this one."""
    drift.play(score)
    return drift.wealth >= 2 / WITHDRAW


def withdrawn_after(error: float, source: np.random.Generator) -> int | None:
    """Readings until the watch withdraws, None within 1,000."""
    checks = SpotChecks(PROMISE.max_error)
    for count, wrong in enumerate((source.random(1_000) < error).tolist(), start=1):
        checks.play(wrong)
        if checks.wealth >= 2 / WITHDRAW:
            return count
    return None


SETTINGS: Mapping[str, Course] = {
    "useless scores, all at once": once(USELESS),
    "telling scores, all at once": once(TELLING),
    "useless scores, two climbs": once(USELESS, start=2),
    "telling scores, two climbs": once(TELLING, start=2),
    "useless scores, tied (one decimal)": once(USELESS, decimals=1),
    "telling scores, tied (one decimal)": once(TELLING, decimals=1),
    "useless scores, arriving in portions": in_portions(USELESS),
    "telling scores, in portions, widening": in_portions(TELLING),
    "useless scores, near-duplicates": copies(USELESS),
    "telling scores, near-duplicates": copies(TELLING),
    "renewal: a third changed for the worse": renewed(Law(0.05, 0.05), Law(0.22, 0.22), mended=False),
    "renewal: just what was read as wrong mended": renewed(USELESS, USELESS, mended=True),
}

if __name__ == "__main__":
    main()
