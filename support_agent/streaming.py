"""A generator that pushes text → something a caller can loop over.

Knows neither gate nor ticket.
"""

from __future__ import annotations

import threading
from collections.abc import Generator as PythonGenerator
from collections.abc import Iterator
from queue import SimpleQueue

from support_agent.generation.generator import Generator
from support_agent.generation.prompt import Prompt
from support_agent.records import Draft, Reply


class ReplyStream:
    """The pieces of a reply as they pass the gate; ``"".join(stream)`` equals ``stream.reply.text``.

    ``reply`` is there once the stream has been read to its end.
    """

    def __init__(self, pieces: PythonGenerator[str, None, Reply]) -> None:
        self._pieces = pieces
        self.reply: Reply | None = None

    def __iter__(self) -> Iterator[str]:
        reply = yield from self._pieces
        self.reply = reply or self.reply  # looped over again, it has nothing more to give


class DraftStream:
    """Runs a generator in a thread and yields its text piece by piece; ``draft`` is there at the end.

    Leaving the loop early stops the generator at its next piece. What the generator raises is raised here.
    """

    def __init__(self, generator: Generator, prompt: Prompt) -> None:
        self._generator = generator
        self._prompt = prompt
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._stopped = threading.Event()
        self._problem: Exception | None = None
        self.draft: Draft | None = None

    def __iter__(self) -> Iterator[str]:
        writer = threading.Thread(target=self._write, daemon=True)
        writer.start()
        try:
            while (piece := self._queue.get()) is not None:
                yield piece
        finally:
            self._stopped.set()
            writer.join()
        if self._problem is not None:
            raise self._problem

    def _write(self) -> None:
        try:
            self.draft = self._generator.generate([self._prompt], on_text=self._push)[0]
        except Exception as problem:  # noqa: BLE001 - carried over to the reading thread and raised there
            self._problem = problem
        finally:
            self._queue.put(None)

    def _push(self, piece: str) -> bool:
        self._queue.put(piece)
        return self._stopped.is_set()
