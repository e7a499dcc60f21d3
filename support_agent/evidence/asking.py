"""Tickets put before an agent that sends nothing, and what it offers for each kept as evidence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.agent import Agent
from support_agent.errors import BatchError, CalibrationError
from support_agent.evidence.kept_drafts import KeepingGenerator
from support_agent.evidence.opening import AUTO, own_calibration, suggesting_gate
from support_agent.evidence.records import Offer, Unoffered
from support_agent.evidence.store import Store
from support_agent.gate.measure import combined
from support_agent.generation import open_generator
from support_agent.generation.extractive import QUOTING
from support_agent.records import Reply, Route, Ticket
from support_agent.retrieval import Index, find_index
from support_agent.spreadsheet import text_hash
from support_agent.tables import read_layout, read_rows
from support_agent.wording import counted

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress

OnAsked = Callable[[int, int], None]

logger = logging.getLogger(__name__)


def open_suggesting(config: Config, on_progress: OnProgress | None) -> Agent:
    """An agent that sends nothing and suggests all it can, and keeps the drafts that cost time."""
    folder = find_index(config.index)
    index = Index.open(folder, offline=config.offline, threads=config.threads, on_progress=on_progress)
    writer = open_generator(config, on_progress=on_progress)
    if writer.name != QUOTING:
        drafts = own_calibration(config).with_suffix(".drafts.jsonl")
        writer = KeepingGenerator(writer, drafts, config.max_new_tokens)
    agent = Agent(index, writer, config.model_copy(update={"calibration": AUTO}))
    agent.gate = suggesting_gate()
    return agent


def ask_all(agent: Agent, store: Store, tickets: Sequence[Ticket], on_asked: OnAsked | None) -> dict[str, Unoffered]:
    """Ask tickets that the store knows, and keep what is offered, a batch at a time; by ticket, why nothing was."""
    size, unoffered = agent.config.batch_size, {}
    for start in range(0, len(tickets), size):
        batch = tickets[start : start + size]
        replies = list(agent.ask_many(batch))
        store.set_languages({one.words_key: reply.language for one, reply in zip(batch, replies, strict=True)})
        store.add_offers(agent.versions["parts"], map(_offer, batch, replies))
        pairs = zip(batch, replies, strict=True)
        unoffered.update({one.words_key: _unoffered(reply) for one, reply in pairs if not _is_offered(reply)})
        if on_asked:
            on_asked(start + len(batch), len(tickets))
    return unoffered


def _is_offered(reply: Reply) -> bool:
    """Whether there is a text that could prove something; not where a signal alone decided."""
    return bool(reply.suggestion and reply.confidence)


def _unoffered(reply: Reply) -> Unoffered:
    return Unoffered(
        decided=bool(reply.suggestion) or reply.route is not Route.HUMAN, reason=str(next(iter(reply.reasons), ""))
    )


def _offer(ticket: Ticket, reply: Reply) -> Offer:
    """What was offered; nothing where a signal alone decided, or there was nothing to offer."""
    if not _is_offered(reply):
        return Offer(ticket.words_key, "", 0.0)
    values = {signal.name: signal.value for signal in reply.signals}
    return Offer(
        key=ticket.words_key,
        sent=reply.suggestion,
        score=reply.confidence,
        signals={name: values[name] for name in combined() if name in values},
        passages={one.passage_id: text_hash(one) for one in reply.evidence},
    )


def read_past_tickets(path: Path, mapping: Mapping[str, str] | None) -> list[Ticket]:
    """The tickets of a CSV; rows that cannot be trusted, and the company's own, are left out with a warning."""
    from support_agent.batch.formats import find_columns  # the batch writes what is read here, and reads none of it

    layout = read_layout(path, BatchError)
    columns = find_columns(path, layout.header, mapping or {})
    rows = [row for row in read_rows(layout) if not columns.is_our_own(row)]
    sound = [columns.ticket(row) for row in rows if not row.fault]
    if len(sound) < len(rows):
        logger.warning("%s: left out as malformed: %s.", path, counted(len(rows) - len(sound), "row"))
    if not sound:
        raise CalibrationError(f"{path} holds no tickets.")
    return sound
