"""The gate of one agent: its policy, and the watch that withdraws a promise when traffic gets worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import support_agent.gate.decide as decide
from support_agent.gate.decide import Decision, Policy
from support_agent.gate.measure import Late
from support_agent.records import Draft, Passage, Reason, Signal, Triage


class Watch(Protocol):
    """What a gate needs of a watch over live scores (``support_agent.evidence.watch``)."""

    @property
    def withdrawn(self) -> bool:
        """Whether the promise no longer stands."""
        ...

    def see(self, score: float, text: str = "") -> None:
        """Take in the score of one live ticket, and its text, so that copies count once."""
        ...


@dataclass
class Gate:
    """Decides on the tickets of one agent; threads may share it.

    ``version`` is the calibration's hash, "none", or why nothing is sent; ``in_words`` says what is promised, or why
    nothing may be answered.
    """

    policy: Policy = field(default_factory=Policy)
    watch: Watch | None = None
    version: str = "none"
    in_words: str = ""

    @property
    def certified(self) -> bool:
        """Whether nothing is sent without proof: whole drafts only are then let out."""
        return self.policy.combiner is not None

    def on_words(self, triage: Triage) -> Decision:
        """See ``decide.on_words``."""
        return decide.on_words(triage)

    def on_ticket(self, triage: Triage) -> Decision:
        """See ``decide.on_ticket``."""
        return decide.on_ticket(triage, self.policy)

    def on_passages(
        self, text: str, signals: Sequence[Signal], values: Mapping[str, float], *, asked_back: bool
    ) -> Decision:
        """See ``decide.on_passages``; ``text`` is the one that was searched with."""
        decision = decide.on_passages(signals, values, self._in_force(), asked_back=asked_back)
        if Reason.LOW_CONFIDENCE in decision.reasons:
            self._see(decision, text)
        return decision

    def on_draft(
        self, text: str, draft: Draft, late: Late, passages: Sequence[Passage], values: Mapping[str, float]
    ) -> Decision:
        """See ``decide.on_draft``; ``text`` is what the customer asked."""
        decision = decide.on_draft(draft, late, passages, values, self._in_force())
        if self.certified and not late.best.held:
            self._see(decision, text)
            # This very ticket may be the one that ends the promise.
            return decide.on_draft(draft, late, passages, values, self._in_force())
        return decision

    def _see(self, decision: Decision, text: str) -> None:
        if self.watch:
            self.watch.see(decision.confidence, text)

    def _in_force(self) -> Policy:
        """The policy, closed once the watch has withdrawn its promise."""
        withdrawn = self.watch is not None and self.watch.withdrawn
        return replace(self.policy, closed=Reason.PROMISE_WITHDRAWN) if withdrawn else self.policy
