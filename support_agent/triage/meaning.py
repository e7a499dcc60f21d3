"""What tickets mean: the signals that need an embedding, for many tickets with one call of the embedder.

Scope, frustration and the hard routes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from support_agent.records import Signal, Ticket, Triage
from support_agent.retrieval.embedders import encode_queries
from support_agent.triage import deciding_reasons, frustration, in_order, learned_routes
from support_agent.triage.readable import clean
from support_agent.triage.scope import ScopeModel, delete_names, scope_signal
from support_agent.triage.windows import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval.embedders import Embedder

    Vectors = Mapping[str, NDArray[np.float32]]

_logger = logging.getLogger(__name__)

# Anger of earlier turns fades; older ones would add next to nothing.
_TURNS_READ = 3


class Meaning:
    """Reads tickets by their embedding.

    Without a scope model there is no scope signal; for an embedder for which no models of the signals were made, only
    the cues of frustration speak, and of the hard routes only the patterns.
    """

    def __init__(self, embedder: Embedder, scope: ScopeModel | None = None) -> None:
        self._embedder = embedder
        if scope and scope.embedder != embedder.fingerprint:
            _logger.warning("The index's scope model is for another embedder than %s: no scope is read.", embedder.name)
            scope = None
        self._scope = scope
        self._frustration = frustration.model_for(embedder.fingerprint)
        self._hard_routes = learned_routes.heads_for(embedder.fingerprint)

    def read(self, tickets: Sequence[tuple[Ticket, Triage]], beside: Sequence[str] = ()) -> list[Triage]:
        """Each ticket's triage with the signals of its meaning, and the reasons that they give.

        Args:
            beside: texts that are embedded in the same call, for whoever asks the embedder for them next.
        """
        names = self._scope.names if self._scope else ()
        asked = [delete_names(triage.search_text, names) for _, triage in tickets]
        said = [[_with_parts(turn) for turn in _turns(ticket, triage)] for ticket, triage in tickets]
        parts = (part for turns in said for parts in turns for part in parts)
        texts = list(dict.fromkeys([*asked, *parts, *beside]))
        vectors = dict(zip(texts, encode_queries(self._embedder, texts), strict=True)) if texts else {}
        return [
            _with(triage, self._signals(question, turns, vectors))
            for (_, triage), question, turns in zip(tickets, asked, said, strict=True)
        ]

    def _signals(self, question: str, turns: list[list[str]], vectors: Vectors) -> tuple[Signal, ...]:
        """Scope of the question, hard routes of the last turn, frustration of all."""
        import numpy as np

        rows = [np.array([vectors[part] for part in parts]) for parts in turns]
        texts = [parts[0] for parts in turns]
        model = self._frustration
        earlier = [frustration.turn_value(model, text, row) for text, row in zip(texts[:-1], rows[:-1], strict=True)]
        scope = (scope_signal(self._scope, question, vectors[question]),) if self._scope else ()
        hard = self._hard_routes.signals(rows[-1]) if self._hard_routes else ()
        return (*scope, *hard, frustration.frustration_signal(model, texts[-1], rows[-1], earlier))


def _with(triage: Triage, found: tuple[Signal, ...]) -> Triage:
    reasons = in_order((*triage.reasons, *deciding_reasons(found)))
    return replace(triage, signals=(*triage.signals, *found), reasons=reasons)


def _turns(ticket: Ticket, triage: Triage) -> list[str]:
    """What the customer wrote, the ticket itself last."""
    return [*(clean(turn.ticket) for turn in ticket.history[-_TURNS_READ:]), triage.text]


def _with_parts(turn: str) -> list[str]:
    """A turn, then the parts of it that are read on their own."""
    return [turn, *windows(turn)]
