"""A generator that pushes text → sentences that may be sent already, as something a caller can loop over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as PythonGenerator
from dataclasses import replace
from queue import SimpleQueue

from support_agent.gate.echoes import only_echoes
from support_agent.gate.entities import clashes
from support_agent.gate.generation_signals import MAX_LOOP_SHARE
from support_agent.gate.support import SupportChecker, carried_start, citations_of
from support_agent.generation.endings import clean_draft, loop_share
from support_agent.generation.generator import Generator
from support_agent.generation.prompt import Prompt
from support_agent.records import Citation, Draft, Passage, Reply, Turn
from support_agent.sentences import split_sentences
from support_agent.triage.follow_up import may_be_told_again
from support_agent.triage.readable import clean


class ReplyStream:
    """The pieces of a reply as they pass the gate; ``"".join(stream)`` equals ``stream.reply.as_sent``.

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

    Leaving the loop early stops the generator at its next piece, and so does a text that ``is_lost``. What the
    generator raises is raised here.
    """

    def __init__(self, generator: Generator, prompt: Prompt, is_lost: Callable[[str], bool] = lambda _: False) -> None:
        self._generator = generator
        self._prompt = prompt
        self._is_lost = is_lost
        self._written = ""
        self._dropped = False
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
            draft = self._generator.generate([self._prompt], on_text=self._push)[0]
            self.draft = replace(draft, finish="dropped") if self._dropped else draft
        except Exception as problem:  # noqa: BLE001 - carried over to the reading thread and raised there
            self._problem = problem
        finally:
            self._queue.put(None)

    def _push(self, piece: str) -> bool:
        self._queue.put(piece)
        self._written += piece
        self._dropped = self._dropped or self._is_lost(self._written)
        return self._dropped or self._stopped.is_set()


class SentenceGate:
    """Lets a sentence through once the next one has begun, a passage carries it, and it answers what was asked.

    ``sent`` is all that was let through, ``citations`` what carries it. It only grows: where cleaning would change what
    is already sent, nothing more comes. What may still become a reply of the turns before waits for what follows.
    """

    def __init__(self, passages: Sequence[Passage], question: str = "", history: Sequence[Turn] = ()) -> None:
        self._history = history
        self._checker = SupportChecker(passages, question)
        self._passages = {passage.passage_id: passage for passage in passages}
        self._question = question
        self._written = ""
        self._complete = 0
        self._open = True
        self.sent = ""
        self.citations: tuple[Citation, ...] = ()

    def push(self, piece: str) -> str:
        """Take a piece of draft; return what may be sent now, often nothing."""
        self._written += piece
        sentences = split_sentences(self._written)[:-1] if self._open else []
        if len(sentences) <= self._complete:
            return ""
        self._complete = len(sentences)
        checked = self._checker.check_all(clean(clean_draft("".join(sentences), "stop")))
        kept = carried_start(checked)
        # Once a sentence was refused, or the text goes in circles, nothing that comes later is sent.
        looping = loop_share(self._written) > MAX_LOOP_SHARE
        self._open = not looping and all(sentence.fits for sentence in checked)
        while kept and not kept[-1].citation:
            kept.pop()  # a "Yes." goes out with the sentence it belongs to
        text = "".join(sentence.text for sentence in kept).strip()
        citations = citations_of(kept)
        if looping or not text.startswith(self.sent) or may_be_told_again(text, self._history):
            return ""
        if self._is_beside_the_point(text, citations):
            return ""
        added = text[len(self.sent) :]
        self.sent, self.citations = text, citations
        return added

    def _is_beside_the_point(self, text: str, citations: Sequence[Citation]) -> bool:
        """Whether what is written so far speaks of another version or place than was asked about, or only echoes."""
        titles = "\n".join(self._passages[citation.passage_id].title for citation in citations)
        return bool(clashes(self._question, titles, text)) or only_echoes(self._question, text)
