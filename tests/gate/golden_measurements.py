"""The golden measurements: every signal of some eighty tickets with their passages and drafts.

    python -m tests.gate.golden_measurements     # measures them anew, after a change that is meant

The table's hash is the version of the signals: a promise that was made with others no longer holds. Its inputs are our
own; vectors are drawn from each text's hash, so that no model is needed and every machine gets the same.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support_agent.artefacts import write_bytes
from support_agent.config import Config
from support_agent.gate.given import Found
from support_agent.gate.measure import GOLDEN, early_reasons, measure_draft, measure_passages
from support_agent.records import Draft, Passage, Route, Signal, Ticket, Turn
from support_agent.retrieval import Index, build_index
from support_agent.retrieval.documents import Source
from support_agent.retrieval.subject import Nearness
from support_agent.triage import triage_ticket
from support_agent.triage.follow_up import readable_history
from support_agent.triage.meaning import Meaning
from support_agent.triage.scope import ScopeModel
from support_agent.triage.spelling import Spelling

SETTINGS = Config(languages=("en",), max_ticket_chars=400)
NEARNESS = Nearness(far=0.3, edge=0.4, near=0.8)
DIMENSION = 384
# all-MiniLM-L6-v2, for which models of the signals ship.
MADE_FOR = "77d3a681d5498e3654161a4ad39c6d174692061fcaf5546e407af9ea0465d169"


class SeededEmbedder:
    """A vector for each text, drawn from its hash; known to the heads as the embedder they were made for."""

    name = "seeded"
    dimension = DIMENSION

    def __init__(self) -> None:
        self.fingerprint = MADE_FOR

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [numbers(text, DIMENSION) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32).reshape(-1, DIMENSION)


def numbers(text: str, count: int) -> NDArray[np.float64]:
    """So many numbers between −1 and 1, by the text's hash: the same with every release of every library."""
    return np.frombuffer(hashlib.shake_256(text.encode()).digest(count), dtype=np.uint8) / 127.5 - 1


def scope_model(embedder: SeededEmbedder) -> ScopeModel:
    """One of fixed numbers, for a shop of bicycles."""
    own = numbers("own", 160).reshape(20, 8).astype(np.float32)
    words = {"bik": 2.0, "brak": 1.5, "order": 0.8, "return": 0.7, "pizza": -2.5, "weather": -2.0, "poem": -2.0}
    return ScopeModel(
        embedder=embedder.fingerprint,
        names=("velo",),
        threshold=0.4,
        mean=np.zeros(DIMENSION, dtype=np.float32),
        axes=np.linalg.qr(numbers("axes", 8 * DIMENSION).reshape(DIMENSION, 8))[0].astype(np.float32),
        own=own / np.linalg.norm(own, axis=1, keepdims=True),
        weights=(0.3 * numbers("weights", 12)).astype(np.float32),
        bias=0.1,
        words=words,
    )


def shop_index(rows: Sequence[dict[str, Any]], embedder: SeededEmbedder) -> Index:
    """A real index of every passage that the rows name, about the product Velo."""
    named = {one["passage_id"]: one for row in rows for one in row["passages"]}
    passages = tuple(Passage(key, one["title"], one["text"], "shop.csv") for key, one in sorted(named.items()))
    with tempfile.TemporaryDirectory() as folder:
        build_index(Path(folder), [Source("shop.csv", "0" * 64, passages)], embedder, product="Velo")
        return Index.open(Path(folder), embedder=embedder)


def measured(row: dict[str, Any], meaning: Meaning, index: Index, spelling: Spelling) -> dict[str, Any]:
    """A row with its measurements, four decimals each."""
    history = tuple(Turn(turn["ticket"], turn["reply"], Route(turn["route"])) for turn in row.get("history", ()))
    ticket = readable_history(Ticket(row["ticket"], history=history))
    [triage] = meaning.read([(ticket, spelling.corrected(triage_ticket(ticket, SETTINGS)))])
    passages = [Passage(**passage, source="shop.csv") for passage in row["passages"]]
    early = measure_passages(Found(triage.search_text, passages, NEARNESS))
    late = measure_draft(triage.text, Draft(backend="golden", **row["draft"]), passages)
    signals = (*triage.signals, *early, *late.own.signals)
    return {
        **row,
        "searched": index.subject.query(triage.search_text),
        "found": [
            [one.passage_id, round(one.score, 4), round(one.lead, 4), round(one.word_score, 4)]
            for one in index.search([triage.search_text], 3)[0]
        ],
        "language": triage.language,
        "signals": _values(signals),
        "quote": _values(late.quote.signals) if late.quote else {},
        "fired": [signal.name for signal in signals if signal.fired],
        "held": [*map(str, triage.reasons), *early_reasons(early), *late.own.held],
        "carried": late.own.checked.sent,
        "sent": late.best.checked.sent,
    }


def _values(signals: Sequence[Signal]) -> dict[str, float]:
    return {signal.name: round(signal.value, 4) for signal in signals}


def make_anew() -> list[dict[str, Any]]:
    """Every row of the table, measured now."""
    embedder = SeededEmbedder()
    rows = [json.loads(line) for line in GOLDEN.read_text("utf-8").rstrip("\n").split("\n")]
    meaning, index = Meaning(embedder, scope_model(embedder)), shop_index(rows, embedder)
    spelling = Spelling(index.passages, index.subject.names)
    return [measured(row, meaning, index, spelling) for row in rows]


if __name__ == "__main__":
    write_bytes(GOLDEN, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in make_anew()).encode())
