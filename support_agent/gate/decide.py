"""What follows from what was measured, under the policy in force: pure functions, one for each look at a ticket.

Some signals decide alone. The others are combined into the probability that the answer is right, and the policy's
threshold decides. Without a promise a draft goes out where its own sentences are carried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_agent.gate.combiner import Combiner
from support_agent.gate.measure import Late, Sendable, early_reasons, known_late
from support_agent.gate.support import citations_of
from support_agent.records import COURTESIES, Citation, Draft, Passage, Reason, Route, Signal, Triage
from support_agent.spreadsheet import BOUND

# Only without a promise: a floor by hand, for owners who answer without one.
_MIN_MEAN_LOG_PROB = -1.5
_REASONS_SHOWN = 2


@dataclass(frozen=True)
class Policy:
    """What the owner has in force.

    With a ``combiner`` nothing is sent without proof: answers of at least ``threshold`` (0–1) are, in ``languages``
    (empty: in all), unless ``closed`` says why nothing at all may be, not even a question back; the rest are
    suggestions. A draft is written from the score ``draft_from`` (0–1) on; below it the best passage is suggested.
    Without a combiner answers go out on the words' own evidence, unless the nearest passage is further off than
    ``min_cosine`` (−1 to 1).
    """

    combiner: Combiner | None = None
    threshold: float = 1.0
    languages: frozenset[str] = frozenset()
    min_cosine: float = -1.0
    closed: Reason | None = None
    draft_from: float = 0.0


@dataclass(frozen=True)
class Decision:
    """``route`` is None while nothing speaks against going on; of ``reasons`` the first decided.

    ``text`` and ``citations`` are what may be sent, and are empty unless the route is answer; ``suggestion`` is what a
    person may send instead. ``confidence`` is 0–1, high = surer.
    """

    route: Route | None = None
    reasons: tuple[Reason, ...] = ()
    signals: tuple[Signal, ...] = ()
    text: str = ""
    citations: tuple[Citation, ...] = ()
    confidence: float = 0.0
    suggestion: str = ""


# Nothing that a ticket's meaning adds is graver than these, or it has no meaning to read.
_DECIDED_BY_WORDS = frozenset(
    {
        *COURTESIES,
        Reason.DANGER_SELF_HARM,
        Reason.DANGER_VIOLENCE,
        Reason.AUTO_REPLY,  # what a machine wrote has no meaning to be answered
        Reason.NOT_SOLVED,
        Reason.TOO_LONG,
        Reason.EMPTY,
        Reason.UNREADABLE,
        Reason.ASKED_BACK_ALREADY,
    }
)


def on_words(triage: Triage) -> Decision:
    """Decide on what a ticket's words alone say, before anything of it is embedded.

    Other reasons wait for the meaning: danger may stand beside a cancelled account, and anger beside a language.
    """
    if triage.reasons and triage.reasons[0] in _DECIDED_BY_WORDS:
        return Decision(triage.route, triage.reasons)
    return Decision()


def on_ticket(triage: Triage, policy: Policy) -> Decision:
    """Decide on a ticket's words and meaning, and on whether the promise covers its language.

    Scope decides only without a proof: it takes 57 % of customers' own questions about lamini_docs for strangers. With
    one, retrieval's signals tell strangers at least as well, and what they miss is part of the error that is proven.
    """
    reasons = tuple(one for one in triage.reasons if not (policy.combiner and one is Reason.OUT_OF_SCOPE))
    if reasons:
        return Decision(reasons[0].route, reasons)
    if policy.languages and triage.language not in {"und", *policy.languages}:
        return Decision(Route.HUMAN, (Reason.LANGUAGE,))
    return Decision()


def on_passages(
    signals: Sequence[Signal], values: Mapping[str, float], policy: Policy, *, asked_back: bool
) -> Decision:
    """Decide on what retrieval found; costs no generator call.

    Args:
        signals: the early ones.
        values: by name, of these and of all that were measured before.
        asked_back: whether the customer has just been asked back.
    """
    if policy.combiner is None and not values["retrieval_score"] >= policy.min_cosine:
        return Decision(Route.HUMAN, (Reason.NO_PASSAGE,))
    if not policy.closed and (unclear := early_reasons(signals)):
        again = asked_back and unclear[0].route is Route.CLARIFY
        reasons = (Reason.ASKED_BACK_ALREADY,) if again else unclear
        return Decision(reasons[0].route, reasons)
    return hopeless(policy, values) if policy.combiner else Decision()


def on_draft(
    draft: Draft, late: Late, passages: Sequence[Passage], values: Mapping[str, float], policy: Policy
) -> Decision:
    """Decide on a draft: sent whole, up to the first sentence that nothing carries, or not at all.

    With a combiner the best passage's own words stand in for a draft that cannot be sent, if they are sure enough.

    Args:
        values: by name, of every signal of the ticket.
    """
    if policy.combiner is None:
        return _without_promise(draft, late.own, passages, values)
    if late.best.held:
        return Decision(Route.HUMAN, late.own.held)
    confidence = policy.combiner.probability(values)
    if policy.closed or confidence < policy.threshold:
        reasons = _not_sent(policy.combiner, values, policy)
        return Decision(Route.HUMAN, reasons, confidence=confidence, suggestion=late.best.checked.sent)
    quoted = (Reason.QUOTED, *late.own.held) if late.quote else ()
    return _answered(late.best, quoted, confidence)


def hopeless(policy: Policy, values: Mapping[str, float]) -> Decision:
    """Hand over what would stay below the score that is worth a draft, even with one carried word for word."""
    if policy.combiner is None:
        return Decision()
    highest = policy.combiner.highest(values, known_late())
    signal = Signal(BOUND, highest, policy.draft_from, highest < policy.draft_from)
    if not signal.fired:
        return Decision(signals=(signal,))
    return Decision(Route.HUMAN, _not_sent(policy.combiner, values, policy), (signal,), confidence=highest)


def _not_sent(combiner: Combiner, values: Mapping[str, float], policy: Policy) -> tuple[Reason, ...]:
    """Why a text that could be offered is a suggestion."""
    return (policy.closed,) if policy.closed else (Reason.LOW_CONFIDENCE, *_against(combiner, values))


def _without_promise(draft: Draft, own: Sendable, passages: Sequence[Passage], values: Mapping[str, float]) -> Decision:
    unsure = values.get("mean_log_prob", 0.0) < _MIN_MEAN_LOG_PROB
    if reasons := (*own.held, *([Reason.LOW_LOG_PROB] if unsure else [])):
        return Decision(Route.HUMAN, reasons)
    return _answered(own, (), _order(draft, own, passages))


def _answered(found: Sendable, reasons: tuple[Reason, ...], confidence: float) -> Decision:
    removed = (Reason.SENTENCES_REMOVED,) if found.checked.dropped else ()
    citations = citations_of(found.checked.kept)
    return Decision(Route.ANSWER, (*reasons, *removed), (), found.checked.sent, citations, confidence)


def _against(combiner: Combiner, values: Mapping[str, float]) -> tuple[Reason, ...]:
    """The signals that pulled the confidence down most."""
    pulls = sorted(combiner.contributions(values).items(), key=lambda pull: pull[1])
    known = {str(reason): reason for reason in Reason}
    weak = (f"weak_{name}" for name, pull in pulls[:_REASONS_SHOWN] if pull < 0)
    return tuple(known.get(code, Reason.WEAK_SIGNAL) for code in weak)


def _order(draft: Draft, own: Sendable, passages: Sequence[Passage]) -> float:
    """Best cosine × mean support × exp(mean log-prob), each 0–1: an order among answers, not a probability."""
    nearness = max(0.0, min(1.0, max(passage.score for passage in passages)))
    likelihood = math.exp(draft.mean_log_prob) if draft.mean_log_prob is not None else 1.0
    return round(nearness * sum(own.checked.support) / len(own.checked.support) * likelihood, 4)
