"""Tickets' texts → the signals that need an embedding: scope, frustration, hard routes. One call of the embedder for all.

Costs 5 ms for a ticket alone, less in a batch. Knows no passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from support_agent.records import Signal, Ticket, Triage
from support_agent.triage import frustration, learned_routes
from support_agent.triage.readable import clean
from support_agent.triage.scope import ScopeModel, delete_names, scope_signal, with_product

if TYPE_CHECKING:
    from support_agent.retrieval.embedders import Embedder

# Anger of earlier turns fades; older ones would add next to nothing.
_TURNS_READ = 3


class Meaning:
    """Reads tickets by their embedding.

    Without a scope model (it belongs to a calibration) there is no scope signal; for an embedder that the shipped
    frustration model does not know, only its cues speak, and of the hard routes only the patterns.
    """

    def __init__(self, embedder: Embedder, scope: ScopeModel | None = None) -> None:
        self._embedder = embedder
        self._scope = scope if scope and scope.embedder == embedder.fingerprint else None
        self._frustration = frustration.shipped(embedder.fingerprint)
        self._hard_routes = learned_routes.shipped(embedder.fingerprint)

    def named(self, text: str) -> str:
        """The text with the product's name in front where it holds none; as it is without a scope model."""
        return with_product(text, self._scope.product) if self._scope else text

    def signals(self, tickets: Sequence[tuple[Ticket, Triage]]) -> list[tuple[Signal, ...]]:
        """Scope, hard routes and frustration of each ticket, in order."""
        names = self._scope.names if self._scope else ()
        asked = [delete_names(triage.search_text, names) for _, triage in tickets]
        said = [_turns(ticket, triage) for ticket, triage in tickets]
        texts = list(dict.fromkeys([*asked, *(turn for turns in said for turn in turns)]))
        vectors = dict(zip(texts, self._embedder.encode(texts), strict=True)) if texts else {}
        found = []
        for question, turns in zip(asked, said, strict=True):
            earlier = [frustration.turn_value(self._frustration, turn, vectors[turn]) for turn in turns[:-1]]
            anger = frustration.frustration_signal(self._frustration, turns[-1], vectors[turns[-1]], earlier)
            scope = (scope_signal(self._scope, question, vectors[question]),) if self._scope else ()
            hard = self._hard_routes.signals(vectors[turns[-1]]) if self._hard_routes else ()
            found.append((*scope, *hard, anger))
        return found


def _turns(ticket: Ticket, triage: Triage) -> list[str]:
    """What the customer wrote, the ticket itself last."""
    return [*(clean(turn.ticket) for turn in ticket.history[-_TURNS_READ:]), triage.text]
