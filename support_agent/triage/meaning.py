"""What tickets mean: the signals that need an embedding, for many tickets with one call of the embedder.

Scope, frustration and the hard routes. Costs 5 ms for a ticket alone, less in a batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from support_agent.records import Signal, Ticket, Triage
from support_agent.retrieval.embedders import encode_queries
from support_agent.triage import deciding_reasons, frustration, in_order, learned_routes
from support_agent.triage.readable import clean
from support_agent.triage.scope import ScopeModel, delete_names, scope_signal

if TYPE_CHECKING:
    from support_agent.retrieval.embedders import Embedder

_logger = logging.getLogger(__name__)

# Anger of earlier turns fades; older ones would add next to nothing.
_TURNS_READ = 3


class Meaning:
    """Reads tickets by their embedding.

    Without a scope model there is no scope signal; for an embedder that the shipped frustration model does not know,
    only its cues speak, and of the hard routes only the patterns.
    """

    def __init__(self, embedder: Embedder, scope: ScopeModel | None = None) -> None:
        self._embedder = embedder
        if scope and scope.embedder != embedder.fingerprint:
            _logger.warning("The index's scope model is for another embedder than %s: no scope is read.", embedder.name)
            scope = None
        self._scope = scope
        self._frustration = frustration.shipped(embedder.fingerprint)
        self._hard_routes = learned_routes.shipped(embedder.fingerprint)

    def read(self, tickets: Sequence[tuple[Ticket, Triage]]) -> list[Triage]:
        """Each ticket's triage with the signals of its meaning, and the reasons that they give."""
        names = self._scope.names if self._scope else ()
        asked = [delete_names(triage.search_text, names) for _, triage in tickets]
        said = [_turns(ticket, triage) for ticket, triage in tickets]
        texts = list(dict.fromkeys([*asked, *(turn for turns in said for turn in turns)]))
        vectors = dict(zip(texts, encode_queries(self._embedder, texts), strict=True)) if texts else {}
        read = []
        for (_, triage), question, turns in zip(tickets, asked, said, strict=True):
            earlier = [frustration.turn_value(self._frustration, turn, vectors[turn]) for turn in turns[:-1]]
            anger = frustration.frustration_signal(self._frustration, turns[-1], vectors[turns[-1]], earlier)
            scope = (scope_signal(self._scope, question, vectors[question]),) if self._scope else ()
            hard = self._hard_routes.signals(vectors[turns[-1]]) if self._hard_routes else ()
            read.append(_with(triage, (*scope, *hard, anger)))
        return read


def _with(triage: Triage, found: tuple[Signal, ...]) -> Triage:
    reasons = in_order((*triage.reasons, *deciding_reasons(found)))
    return replace(triage, signals=(*triage.signals, *found), reasons=reasons)


def _turns(ticket: Ticket, triage: Triage) -> list[str]:
    """What the customer wrote, the ticket itself last."""
    return [*(clean(turn.ticket) for turn in ticket.history[-_TURNS_READ:]), triage.text]
