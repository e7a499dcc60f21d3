"""Signals → route: the gate of one agent, with its calibration.

Three looks at a ticket, each a Decision: ``first`` at its embedding, ``before`` generation at what was found for it,
``after`` at its draft. What its words alone decide was decided by triage. Knows nothing of how a draft was made or
where labels came from.

Some signals decide alone (anger, a question from elsewhere, nothing that could be sent). All others are combined into
the probability that the answer is right, and the calibration's threshold decides. Without a calibration that fits,
nothing is answered.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence

from support_agent.config import Config
from support_agent.gate.calibration import Calibration
from support_agent.gate.clarity import clarity_signal
from support_agent.gate.combined import LATE
from support_agent.gate.combiner import Combiner
from support_agent.gate.decision import Decision
from support_agent.gate.drift import DriftWatch
from support_agent.gate.retrieval_signals import retrieval_signals
from support_agent.gate.sendable import Sendable, own_text, own_text_or_quote
from support_agent.gate.support import citations_of
from support_agent.gate.support_signals import CheckedDraft
from support_agent.records import Draft, Passage, Route, Signal, Ticket, Triage, Turn
from support_agent.triage.follow_up import asked_back
from support_agent.triage.meaning import Meaning

logger = logging.getLogger(__name__)

# Only without a calibration: a floor by hand, for owners who answer without a promise.
_MIN_MEAN_LOG_PROB = -1.5
_REASONS_SHOWN = 2


class Gate:
    """Decides on the tickets of one agent; threads may share it."""

    def __init__(
        self,
        config: Config,
        calibration: Calibration | None = None,
        *,
        refusal: str = "",
        meaning: Meaning | None = None,
    ) -> None:
        """Take a calibration that was found to fit.

        Args:
            refusal: why none fits, in a sentence; everything then goes to a human. Without calibration and refusal
                the owner has chosen to answer without a promise.
            meaning: reads scope and frustration; without it there are no such signals.
        """
        self._config = config
        self._meaning = meaning
        self.calibration = calibration
        self.refusal = refusal
        self._drift = _watch(calibration) if calibration else None

    @property
    def version(self) -> str:
        """The calibration's hash, or why there is none."""
        if self.calibration:
            return self.calibration.version
        return "refused" if self.refusal else "none"

    @property
    def promises(self) -> bool:
        """Whether answers are held to a certified error rate: whole drafts only are then let out."""
        return self.calibration is not None

    def unwatch(self) -> None:
        """Stop watching for drift: tickets that only measure the agent are no traffic, and must not end its promise."""
        self._drift = None

    def first(self, tickets: Sequence[tuple[Ticket, Triage]]) -> list[Decision]:
        """Decide on what tickets mean, all with one call of the embedder, and on whether a promise covers them."""
        found = self._meaning.signals(tickets) if self._meaning and tickets else [()] * len(tickets)
        decisions = []
        for (_, triage), signals in zip(tickets, found, strict=True):
            reasons = deciding_reasons(signals) or self._not_covered(triage.language)
            decisions.append(Decision(Route.HUMAN if reasons else None, reasons, signals))
        return decisions

    def search_text(self, triage: Triage) -> str:
        """What to search with: the ticket's own search text, with the product's name where it names none."""
        return self._meaning.named(triage.search_text) if self._meaning else triage.search_text

    def before(
        self, text: str, passages: Sequence[Passage], known: Sequence[Signal], history: Sequence[Turn] = ()
    ) -> Decision:
        """Decide on what retrieval found; costs no generator call.

        Args:
            text: the text that was searched with.
            known: signals of the ticket's own words.
        """
        clarity = clarity_signal(text, passages)
        signals = (*retrieval_signals(passages), clarity)
        if closed := self._closed():
            return Decision(Route.HUMAN, (closed,), signals)
        if self.calibration is None and self._nothing_near(passages):
            return Decision(Route.HUMAN, ("no_passage",), signals)
        if clarity.fired:
            again = asked_back(history)
            return Decision(
                Route.HUMAN if again else Route.CLARIFY, ("asked_back_already" if again else "ambiguous",), signals
            )
        if self.calibration is None:
            return Decision(None, (), signals)
        return self._hopeless(self.calibration, text, {one.name: one.value for one in (*known, *signals)}, signals)

    def after(self, text: str, draft: Draft, passages: Sequence[Passage], known: Sequence[Signal]) -> Decision:
        """Decide on a draft: whole, up to the first sentence that nothing carries, or not at all.

        With a calibration the best passage's own words stand in for a draft that cannot be sent, if they are sure
        enough.

        Args:
            text: what the customer asked.
            known: every signal measured before the draft was written.
        """
        if self.calibration is None:
            return _without_promise(text, draft, passages)
        found = own_text_or_quote(text, draft, passages)
        if found.nothing:
            return Decision(Route.HUMAN, found.held, found.signals)
        values = {signal.name: signal.value for signal in (*known, *found.signals)}
        confidence, reasons = self._judge(self.calibration, values, text)
        if reasons:
            held = found.checked.sent
            return Decision(Route.HUMAN, reasons, found.signals, confidence=confidence, held_text=held)
        return _answered(found, confidence)

    def _not_covered(self, language: str) -> tuple[str, ...]:
        """A language that none of the calibrated questions was in: the promise was not measured for it."""
        if self.calibration is None or language == "und":
            return ()
        known = {row.group for row in self.calibration.tables.get("language", ())}
        return ("language",) if known and language not in known else ()

    def _nothing_near(self, passages: Sequence[Passage]) -> bool:
        return max((passage.score for passage in passages), default=-1.0) < self._config.min_retrieval_score

    def _closed(self) -> str:
        """Why nothing at all may be answered, as a reason code; empty while something may."""
        if self.refusal:
            return "not_calibrated"
        if self.calibration and self.calibration.certificate.threshold is None:
            return "no_promise"
        return "promise_withdrawn" if self._drift and self._drift.withdrawn else ""

    def _hopeless(
        self, calibration: Calibration, text: str, values: Mapping[str, float], signals: tuple[Signal, ...]
    ) -> Decision:
        """Hand over what not even a draft that its passage carries whole would lift to the threshold."""
        highest, threshold = calibration.combiner.highest(values, LATE), calibration.certificate.threshold
        signals = (*signals, Signal("highest_confidence", highest, threshold, threshold is None or highest < threshold))
        if not signals[-1].fired:
            return Decision(None, (), signals)
        if self._drift:
            self._drift.see(highest, text)
        return Decision(
            Route.HUMAN, ("low_confidence", *_against(calibration.combiner, values)), signals, confidence=highest
        )

    def _judge(self, calibration: Calibration, values: Mapping[str, float], text: str) -> tuple[float, tuple[str, ...]]:
        """The probability that the answer is right, and why it is not enough, if it is not."""
        confidence = calibration.combiner.probability(values)
        if self._drift:
            self._drift.see(confidence, text)
        threshold = calibration.certificate.threshold
        if closed := self._closed():
            return confidence, (closed,)
        if threshold is None or confidence < threshold:
            return confidence, ("low_confidence", *_against(calibration.combiner, values))
        return confidence, ()


# Signal of a ticket's meaning → the reason for which it alone hands the ticket over, the graver first.
_MEANT = {
    "learned_danger_self_harm": "danger_self_harm",
    "learned_danger_violence": "danger_violence",
    "learned_danger_legal": "danger_legal",
    "learned_asks_for_human": "asked_for_human",
    "learned_abuse": "abuse",
    "learned_injection": "injection",
    "frustration": "frustrated",
    "scope": "out_of_scope",
}


def _watch(calibration: Calibration) -> DriftWatch:
    threshold = calibration.certificate.threshold
    return DriftWatch(calibration.reference_scores, 1.0 if threshold is None else threshold)


def deciding_reasons(signals: Sequence[Signal]) -> tuple[str, ...]:
    """Reasons of the signals of a ticket's meaning that decide alone, the graver first."""
    fired = {signal.name for signal in signals if signal.fired}
    return tuple(reason for name, reason in _MEANT.items() if name in fired)


def _without_promise(text: str, draft: Draft, passages: Sequence[Passage]) -> Decision:
    found = own_text(text, draft, passages)
    log_prob = next((signal.value for signal in found.signals if signal.name == "mean_log_prob"), 0.0)
    reasons = (*found.held, *(["low_log_prob"] if log_prob < _MIN_MEAN_LOG_PROB else []))
    if reasons:
        return Decision(Route.HUMAN, reasons, found.signals)
    return _answered(found, _order(draft, found.checked, passages))


def _answered(found: Sendable, confidence: float) -> Decision:
    reasons = ["quoted", *found.held] if found.quoted else []
    if found.checked.dropped:
        reasons.append("sentences_removed")
    citations = citations_of(found.checked.kept)
    return Decision(Route.ANSWER, tuple(reasons), found.signals, found.checked.sent, citations, confidence)


def _against(combiner: Combiner, values: Mapping[str, float]) -> tuple[str, ...]:
    """The signals that pulled the confidence down most, as reason codes."""
    pulls = sorted(combiner.contributions(values).items(), key=lambda pull: pull[1])
    return tuple(f"weak_{name}" for name, pull in pulls[:_REASONS_SHOWN] if pull < 0)


def _order(draft: Draft, checked: CheckedDraft, passages: Sequence[Passage]) -> float:
    """Best cosine × mean support × exp(mean log-prob), each 0–1: an order among answers, not a probability."""
    scores = [sentence.citation.score for sentence in checked.kept if sentence.citation]
    nearness = max(0.0, min(1.0, max(passage.score for passage in passages)))
    likelihood = math.exp(draft.mean_log_prob) if draft.mean_log_prob is not None else 1.0
    return round(nearness * sum(scores) / len(scores) * likelihood, 4)
