"""Where a promise stands: tickets, offers and verdicts → what is proven, what is due, what is to be read next.

Pure, but that ``sampled`` reads the evidence file and ``take_looks`` notes its tests there. A ticket counts once among
its near-duplicates, the first that came. A text counts as right when all who read it say so. A ticket of which any text
was ever read as not right counts as wrong for good: a change may have been made just for it, and would prove nothing of
the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from support_agent.clusters import group_numbers
from support_agent.evidence.ladder import (
    SHARES,
    Due,
    Look,
    Plan,
    allowed,
    holds,
    labels_needed,
    next_looks,
    percent,
    upper,
)
from support_agent.evidence.records import KnownTicket, Offer, Verdict
from support_agent.evidence.store import Store
from support_agent.wording import counted, in_one_line, were

if TYPE_CHECKING:
    from support_agent.gate.combiner import Combiner

RIGHT, PARTLY, WRONG = "right", "partly", "wrong"
# Fewer labels say nothing of a rate.
_FEW = 20


@dataclass(frozen=True)
class Sampled:
    """A ticket with what is offered for it now; ``right`` is None until somebody has read that text.

    ``changed`` says that another text was read, and this one was not.
    """

    known: KnownTicket
    offer: Offer
    score: float
    right: bool | None
    changed: bool = False


def sampled(
    store: Store, parts: str, combiner: Combiner, scores: Mapping[str, float] | None = None, since: int = 0
) -> list[Sampled]:
    """Every ticket that the agent of these parts had an offer for, one of each near-duplicate group, in arrival order.

    Args:
        scores: of the tickets that the combiner was fitted on, by one that has not seen them.
        since: only tickets that came after this number, and are no near-duplicates of one before.
    """
    offers, said = store.offers(parts), _by_ticket(store.verdicts())
    every = [one for one in store.tickets() if one.drawn]
    first: dict[int, KnownTicket] = {}
    for group, one in zip(group_numbers([one.ticket.body for one in every]), every, strict=True):
        if group not in first and (one.number <= since or (one.key in offers and offers[one.key].sent)):
            first[group] = one
    counted = [one for one in first.values() if one.number > since]
    rows = []
    for one in counted:
        offer = offers[one.key]
        score = (scores or {}).get(one.key)
        if score is None:
            score = combiner.probability(offer.signals) if offer.signals else offer.score
        words = said.get(one.key, ())
        right = label(words, offer.sent)
        rows.append(Sampled(one, offer, score, right, changed=bool(words) and right is None))
    return rows


def label(verdicts: Sequence[Verdict], sent: str) -> bool | None:
    """What counts for a text, of all that was said of its ticket."""
    text = in_one_line(sent)
    if all(in_one_line(one.sent) != text for one in verdicts):
        return None
    return all(one.verdict == RIGHT for one in verdicts)


def region(rows: Sequence[Sampled], rung: float) -> list[Sampled]:
    """The tickets of a rung, in the order in which they are to be read."""
    return sorted((one for one in rows if one.score >= rung), key=lambda one: (one.known.sample, one.known.number))


def take_looks(store: Store, plan: Plan, rows: Sequence[Sampled]) -> list[Look]:
    """Take every test that is due and whose tickets are all read; all that were ever taken."""
    looks = store.looks()
    while look := next_test(plan, looks, rows):
        store.add_look(look, plan)
        looks.append(look)
    return looks


def next_test(plan: Plan, looks: Sequence[Look], rows: Sequence[Sampled]) -> Look | None:
    """The next test that can be taken, taken; None where there is none, or a ticket of each is not read yet."""
    for due in next_looks(plan, looks):
        first = region(rows, plan.rungs[due.rung])[: due.labels]
        if len(first) == due.labels and all(one.right is not None for one in first):
            level, wrong = plan.level(due.climb, due.labels), sum(not one.right for one in first)
            return Look(
                climb=due.climb,
                rung=due.rung,
                labels=due.labels,
                wrong=wrong,
                level=level,
                passed=holds(wrong, due.labels, plan.promise.max_error, level),
                until=first[-1].known.sample,
                last=max(one.known.number for one in rows),
            )
    return None


@dataclass(frozen=True)
class Standing:
    """Where a promise stands.

    ``look`` is the test that holds, counted anew on what is offered now; ``to_read`` are tickets whose reading brings
    the promise on, the first first; ``read`` of the ``due`` labels are there, ``wrong`` of them wrong; ``tickets``
    further ones must arrive before the test can be taken. ``renewing`` says that tickets of a test that was passed have
    to be read again.
    """

    plan: Plan
    look: Look | None
    due: Due | None
    read: int
    wrong: int
    to_read: tuple[Sampled, ...]
    tickets: int
    coverage: float
    renewing: bool = False

    def in_words(self) -> str:
        """For the owner, in a sentence or two."""
        return " ".join(part for part in (self._proven(), self._next()) if part)

    def _proven(self) -> str:
        if self.look is None:
            return f"Not proven yet: {self.plan.promise}."
        return (
            f"Proven: {self.plan.promise}, for {_top(self.plan, self.look.rung)}: of {self.look.labels:,} that were "
            f"read {were(self.look.wrong)} wrong (upper bound {percent(upper(self.look))})."
        )

    def _next(self) -> str:
        if self.renewing and self.due:
            return self._why_to_read(_top(self.plan, self.due.rung))
        if self.due is None:
            return "All that was planned is tested." if self.look else self._hopeless()
        level = self.plan.level(self.due.climb, self.due.labels)
        where = f"{self.read:,} of {self.due.labels:,} labels in {_top(self.plan, self.due.rung)}, {self.wrong:,} wrong"
        spare = allowed(self.due.labels, self.plan.promise.max_error, level)
        goal = f"{percent(self.plan.promise.max_error)} is proven at {self.due.labels:,} with at most {spare} wrong"
        if spare < 0:
            goal = f"so few prove nothing, and the test is repeated on more than {self.due.labels:,}"
        waits = f"; {counted(self.tickets, 'more ticket')} must come in first" if self.tickets else ""
        return f"{where}: {goal}{self._outlook(level)}{waits}."

    def _why_to_read(self, proven: str) -> str:
        """What has moved since the test, so that answers are to be read though those that were read are the same."""
        changed = sum(one.changed for one in self.to_read)
        came = len(self.to_read) - changed
        told = [f"{changed:,} with another text than the one that was read"] if changed else []
        if came:
            tickets = "a ticket" if came == 1 else "tickets"
            told.append(f"{came:,} to {tickets} that came into {proven} and that nobody has read")
        return f"Read {counted(len(self.to_read), 'answer')} to keep what was proven: {', and '.join(told)}."

    def _outlook(self, level: float) -> str:
        """What a promise twice as strict would take, at the rate seen."""
        if self.read < _FEW:
            return ""
        strict = self.plan.promise.max_error / 2
        needed = labels_needed(self.wrong / self.read, strict, level)
        return f"; at this rate {percent(strict)} {f'needs about {needed:,}' if needed else 'is out of reach'}"

    def _hopeless(self) -> str:
        return (
            "The planned tests are taken and none stands: answers are wrong too often for this promise. Another "
            "promise (--max-error), or new tickets once something is better (--anew), begin a new plan."
        )


def stand(plan: Plan, looks: Sequence[Look], rows: Sequence[Sampled]) -> Standing:
    """Where the promise stands on what is offered now; takes no test."""
    passed = sorted((look for look in looks if look.passed), key=lambda look: (-look.rung, -look.labels))
    counted = [_again(plan, look, rows) for look in passed]
    look = next((now for now, unread in counted if _still(plan, now)), None)
    coverage = _share(rows, plan.rungs[look.rung]) if look else 0.0
    # What would bring back more than holds now comes first.
    widest = passed[0] if passed else None
    if widest and (look is None or look.rung < widest.rung):
        unread = counted[0][1]
        if unread:
            now = counted[0][0]
            again = Due(widest.climb, widest.rung, widest.labels)
            return Standing(plan, look, again, now.labels - len(unread), 0, tuple(unread), 0, coverage, renewing=True)
    dues = next_looks(plan, looks)
    if not dues:
        return Standing(plan, look, None, 0, 0, (), 0, coverage)
    # Where the first climb waits for tickets, the second may go on.
    enough = (due for due in dues if len(region(rows, plan.rungs[due.rung])) >= due.labels)
    due = next(enough, dues[0])
    first = region(rows, plan.rungs[due.rung])[: due.labels]
    read = [one for one in first if one.right is not None]
    return Standing(
        plan=plan,
        look=look,
        due=due,
        read=len(read),
        wrong=sum(not one.right for one in read),
        to_read=tuple(one for one in first if one.right is None),
        tickets=due.labels - len(first),
        coverage=coverage,
    )


def tested(plan: Plan, look: Look, rows: Sequence[Sampled]) -> list[Sampled]:
    """The tickets of a test, as they are answered and read now."""
    then = [one for one in rows if one.known.number <= look.last and one.known.sample <= look.until]
    return region(then, plan.rungs[look.rung])


def _again(plan: Plan, look: Look, rows: Sequence[Sampled]) -> tuple[Look, list[Sampled]]:
    """A test on the same tickets as they are answered now, and those that nobody has read; these count as wrong."""
    inside = tested(plan, look, rows)
    unread = [one for one in inside if one.right is None]
    return replace(look, labels=len(inside), wrong=sum(not one.right for one in inside)), unread


def _still(plan: Plan, look: Look) -> bool:
    return holds(look.wrong, look.labels, plan.promise.max_error, look.level)


def _by_ticket(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for one in verdicts:
        found.setdefault(one.key, []).append(one)
    return found


def _share(rows: Sequence[Sampled], rung: float) -> float:
    return sum(one.score >= rung for one in rows) / max(1, len(rows))


def _top(plan: Plan, rung: int) -> str:
    """The rung as people say it: with ties or few tickets there are fewer rungs than shares."""
    share = SHARES[rung] if len(plan.rungs) == len(SHARES) else None
    return f"the surest {share:.0%} of tickets" if share else f"what scores {plan.rungs[rung]:.3f} or more"
