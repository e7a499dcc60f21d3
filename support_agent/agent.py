"""The agent: the only file that knows the order of a ticket's way.

Ticket → words → meaning → retrieval → early signals → draft → late signals → Reply, and between them the gate, which
may end the way. A step that fails makes the reply a hand-off with its reason; no exception of a step reaches the
caller, and no ticket is dropped. A hand-off carries a suggestion, and what is measured for evidence is such a hand-off:
there is no second way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Generator as PythonGenerator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ConfigError
from support_agent.journey import Journey, milliseconds_since
from support_agent.records import Reason, Reply, Route, Ticket, in_one_message
from support_agent.replying import ReplyWriter, continue_from, wants_suggestion
from support_agent.sentences import split_sentences

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.gate import Decision
    from support_agent.generation.generator import Generator
    from support_agent.models import OnProgress
    from support_agent.protocols import Retriever
    from support_agent.streaming import ReplyStream, SentenceGate

logger = logging.getLogger(__name__)


class Agent:
    """Answers tickets from one index with one generator.

    Use ``Agent.load``; the constructor takes the parts, for tests and for those who bring their own.
    """

    def __init__(self, index: Retriever, generator: Generator, config: Config) -> None:
        from support_agent.evidence.opening import open_gate
        from support_agent.gate.texts import ReplyTime, load_texts
        from support_agent.triage.meaning import Meaning
        from support_agent.triage.spelling import Spelling
        from support_agent.versions import versions_of

        self.index = index
        self.generator = generator
        self.config = config
        self.gate = open_gate(index, generator, config)
        self.meaning = Meaning(index.embedder, index.subject.scope)
        self.spelling = Spelling(index.passages, index.subject.names)
        self.texts = load_texts(Path(config.texts) if config.texts else None, ReplyTime.of(config))
        self.versions: Mapping[str, str] = versions_of(index, generator, config, self.texts, self.gate)
        first, edge = next(iter(config.languages), "en"), index.subject.nearness.edge
        self._replies = ReplyWriter(self.texts, first, self.versions, edge)

    @classmethod
    def load(
        cls,
        config: str | Path | Config | None = None,
        *,
        profile: str | None = None,
        on_progress: OnProgress | None = None,
        **overrides: Any,
    ) -> Agent:
        """Open index and generator.

        Args:
            config: a TOML file, or a Config; without one ``$SUPPORT_AGENT_CONFIG`` or ``support_agent.toml`` here.
            profile: a named set of settings below all others but the defaults, such as ``"llama2-7b"``.
            on_progress: told of every download, for a progress bar.
            overrides: settings by name, such as ``generator="extractive"`` or ``index="my_docs"``.

        Raises:
            ConfigError: a setting is unknown or does not fit.
            ModelFileError: a model file is missing and cannot be fetched.
            IndexFolderError: the index is missing, damaged, or made with another embedder.
            CalibrationError: the calibration that the settings name cannot be read.
        """
        from support_agent.config import Config, load_config
        from support_agent.generation import open_generator
        from support_agent.retrieval import Index, find_index
        from support_agent.triage import triage_ticket

        if isinstance(config, Config):
            if overrides or profile:
                raise ConfigError("Give either a Config or single settings, not both: use config.model_copy(update=…).")
            settings = config
        else:
            settings = load_config(config, profile=profile, **overrides).config
        # Reads the language model and compiles the patterns: what a full disk stops is the start, not the first ticket.
        triage_ticket(Ticket("What language is this?"), settings)
        folder = find_index(settings.index)
        index = Index.open(folder, offline=settings.offline, threads=settings.threads, on_progress=on_progress)
        return cls(index, open_generator(settings, on_progress=on_progress), settings)

    def ask(self, ticket: Ticket | str) -> Reply:
        """Answer one ticket. Never raises for what is in the ticket; TypeError where it is neither text nor Ticket."""
        return self._answer_batch([_as_ticket(ticket)])[0]

    def ask_many(self, tickets: Iterable[Ticket | str]) -> Iterator[Reply]:
        """Answer tickets in order, ``batch_size`` at a time: embedded together and generated together."""
        waiting = iter(tickets)
        while batch := [_as_ticket(ticket) for ticket in islice(waiting, self.config.batch_size)]:
            yield from self._answer_batch(batch)

    def stream(self, ticket: Ticket | str) -> ReplyStream:
        """Answer one ticket sentence by sentence; each is carried by a passage before it is yielded.

        With a calibration the whole draft is judged before its first sentence is let out, since the promise is about
        whole answers. Without one (``calibration = "none"``) sentences go out as a passage carries them, and what only
        the whole draft shows comes too late: the reply then goes to a human, and its text says so after them.
        """
        from support_agent.streaming import ReplyStream

        return ReplyStream(self._stream(Journey(_as_ticket(ticket), self.gate)))

    def _stream(self, journey: Journey) -> PythonGenerator[str, None, Reply]:
        from support_agent.streaming import SentenceGate

        if self.gate.certified:
            whole = self._answer_batch([journey.ticket])[0]
            yield from split_sentences(whole.as_sent)
            return whole
        self._prepare([journey])
        if journey.parts:
            self._finish([journey])
        elif journey.reply is None:
            self._guarded("generation", journey, self._write_prompt)
        if journey.reply is not None:
            yield journey.reply.as_sent
            return self._replies.timed(journey)
        try:
            gate = SentenceGate(journey.passages, journey.triaged.text, journey.ticket.history)
        except Exception:
            logger.exception("the passages of ticket %s cannot be read", journey.ticket.ticket_id)
            self._close(journey, Route.HUMAN, (Reason.INTERNAL_ERROR,))
            reply = self._replies.timed(journey)
            yield reply.as_sent
            return reply
        yield in_one_message(self._replies.notice(journey, ()), "")
        started = time.perf_counter()
        yield from self._write_sentences(journey, gate)
        journey.timings_ms["generation"] += milliseconds_since(started)
        if journey.reply is None:
            self._guarded("gate_after", journey, self._look_at_draft)
        reply = continue_from(gate.sent, gate.citations, self._replies.timed(journey))
        yield reply.text[len(gate.sent) :]
        return reply

    def _write_sentences(self, journey: Journey, gate: SentenceGate) -> Iterator[str]:
        """Yield the sentences that pass the gate while the draft is written.

        When the generator fails, the best passage's words serve if nothing was sent yet, else the ticket is closed.
        """
        from support_agent.generation.attempts import log_failure
        from support_agent.streaming import DraftStream

        writing = DraftStream(self.generator, journey.prompted, journey.is_lost)
        try:
            for piece in writing:
                if allowed := gate.push(piece):
                    yield allowed
            journey.draft = writing.draft
        except Exception as problem:  # noqa: BLE001 - a generator is foreign code; the ticket must come out all the same
            log_failure(problem)
            if gate.sent:
                self._close(journey, Route.HUMAN, (Reason.GENERATOR_FAILED,))
            else:
                self._guarded("generation", journey, self._stand_in)

    def _answer_batch(self, tickets: Sequence[Ticket]) -> list[Reply]:
        journeys = [Journey(ticket, self.gate) for ticket in tickets]
        self._prepare(journeys)
        self._finish(journeys)
        return [self._replies.timed(journey) for journey in journeys]

    def _finish(self, journeys: Sequence[Journey]) -> None:
        """Everything from the draft on, each step for all that are still on their way."""
        from support_agent.parts import join

        self._generate(_open(journeys))
        for journey in _open(journeys):
            self._guarded("gate_after", journey, self._look_at_draft)
        for journey in journeys:
            if journey.parts:
                self._guarded("gate_after", journey, partial(join, writer=self._replies))

    def _prepare(self, journeys: Sequence[Journey]) -> None:
        """Everything that costs no generator call."""
        for journey in journeys:
            self._guarded("triage", journey, self._read_words)
        self._in_one_call("meaning", _open(journeys), self._read_meaning)
        searched = [journey for journey in journeys if journey.reply is None or wants_suggestion(journey.reply)]
        self._in_one_call("retrieval", searched, self._retrieve)
        for journey in _open(journeys):
            self._guarded("gate_before", journey, self._look_at_passages)

    def _read_words(self, journey: Journey) -> None:
        from support_agent.triage import triage_ticket
        from support_agent.triage.follow_up import readable_history

        journey.ticket = readable_history(journey.ticket)
        journey.triage = self.spelling.corrected(triage_ticket(journey.ticket, self.config))
        self._take(journey, journey.gate.on_words(journey.triage))

    def _in_one_call(self, stage: str, journeys: Sequence[Journey], step: Callable[[Sequence[Journey]], None]) -> None:
        """One call for all; when it fails, each alone, so that only the ticket it fails on is handed over."""
        if not journeys:
            return
        started = time.perf_counter()
        try:
            step(journeys)
        except Exception:
            logger.exception("%s failed for a batch of %d", stage, len(journeys))
            if len(journeys) == 1:
                if journeys[0].reply is None:
                    self._close(journeys[0], Route.HUMAN, (Reason.INTERNAL_ERROR,))
                return
            for journey in journeys:
                self._in_one_call(stage, [journey], step)
            return
        share_ms = milliseconds_since(started) / len(journeys)
        for journey in journeys:
            journey.timings_ms[stage] = share_ms

    def _read_meaning(self, journeys: Sequence[Journey]) -> None:
        tickets = [(journey.ticket, journey.triaged) for journey in journeys]
        queries = [self.index.subject.query(triage.search_text) for _, triage in tickets]
        read = self.meaning.read(tickets, beside=queries)
        for journey, triage in zip(journeys, read, strict=True):
            journey.triage = triage
            self._take(journey, journey.gate.on_ticket(triage))

    def _retrieve(self, journeys: Sequence[Journey]) -> None:
        from support_agent.parts import questions_of, travel_apart

        asked = [questions_of(journey) for journey in journeys]
        texts = [[journey.triaged.search_text, *own] for journey, own in zip(journeys, asked, strict=True)]
        found = iter(self.index.search([text for one in texts for text in one], self.config.passages))
        for journey, own in zip(journeys, asked, strict=True):
            journey.passages = next(found)
            apart = list(islice(found, len(own)))
            journey.parts = travel_apart(journey, own, apart, self.index.subject.nearness)

    def _look_at_passages(self, journey: Journey) -> None:
        from support_agent.gate.given import Found
        from support_agent.gate.measure import measure_passages, values_of
        from support_agent.triage.follow_up import asked_back

        text = journey.triaged.search_text
        journey.early = early = measure_passages(Found(text, journey.passages, self.index.subject.nearness))
        values, again = values_of(journey.signals), asked_back(journey.ticket.history)
        self._take(journey, journey.gate.on_passages(text, early, values, asked_back=again))

    def _look_at_draft(self, journey: Journey) -> None:
        from support_agent.gate import Decision
        from support_agent.gate.measure import measure_draft, measure_own_text, values_of
        from support_agent.triage.follow_up import told_before

        text, draft, passages = journey.triaged.text, journey.written, journey.passages
        # Only where proof is asked for may a quote stand in for a draft.
        measure = measure_draft if journey.gate.certified else measure_own_text
        journey.late = late = measure(text, draft, passages)
        decision = journey.gate.on_draft(text, draft, late, passages, values_of(journey.signals))
        if decision.route is Route.ANSWER and told_before(decision.text, journey.ticket.history):
            decision = Decision(Route.HUMAN, (Reason.REPEATED,), decision.signals, confidence=decision.confidence)
        self._take(journey, decision)

    def _take(self, journey: Journey, decision: Decision) -> None:
        """Note what the gate decided, and end the ticket's way where that is a route."""
        journey.decision = decision
        journey.decided = (*journey.decided, *decision.signals)
        if decision.route is not None:
            self._close(journey, decision.route, decision.reasons)

    def _generate(self, journeys: Sequence[Journey]) -> None:
        """Write all drafts together; the best passage's words serve where the generator fails."""
        from support_agent.generation.attempts import try_to_write

        for journey in journeys:
            self._guarded("generation", journey, self._write_prompt)
        prompted = _open(journeys)
        started = time.perf_counter()
        drafts = try_to_write(
            self.generator, [journey.prompted for journey in prompted], [journey.is_lost for journey in prompted]
        )
        share_ms = milliseconds_since(started) / max(1, len(prompted))
        for journey, draft in zip(prompted, drafts, strict=True):
            journey.draft = draft
            journey.timings_ms["generation"] += share_ms
            if draft is None:
                self._guarded("generation", journey, self._stand_in)

    def _write_prompt(self, journey: Journey) -> None:
        from support_agent.gate.lost import LostDraft
        from support_agent.generation.prompt import write_prompt
        from support_agent.triage.follow_up import spoken_of

        # What was handed over is a person's now; orders for the model may stand in it.
        history = [turn for turn in spoken_of(journey.ticket.history) if turn.route is not Route.HUMAN]
        journey.prompt = write_prompt(journey.triaged.text, journey.passages, history)
        journey.is_lost = LostDraft(journey.triaged.text, journey.passages)

    def _stand_in(self, journey: Journey) -> None:
        """The best passage's own words, unless a promise is kept: it was measured with the generator that failed."""
        from support_agent.generation.extractive import ExtractiveGenerator

        if self.gate.certified:
            self._close(journey, Route.HUMAN, (Reason.GENERATOR_DOWN,))
            return
        journey.notes.append(Reason.GENERATOR_DOWN)
        journey.draft = ExtractiveGenerator().generate([journey.prompted])[0]

    def _close(self, journey: Journey, route: Route, reasons: tuple[Reason, ...]) -> None:
        self._replies.close(journey, route, reasons)

    def _guarded(self, stage: str, journey: Journey, step: Callable[[Journey], None]) -> None:
        """Run a step of one ticket; whatever it raises becomes a hand-off with the reason ``internal_error``."""
        started = time.perf_counter()
        try:
            step(journey)
        except Exception:
            logger.exception("%s failed for ticket %s", stage, journey.ticket.ticket_id)
            journey.decision = None
            self._close(journey, Route.HUMAN, (Reason.INTERNAL_ERROR,))
        journey.timings_ms[stage] = journey.timings_ms.get(stage, 0.0) + milliseconds_since(started)


def _open(journeys: Sequence[Journey]) -> list[Journey]:
    """Those that have not ended; in place of a ticket of several questions, the journeys of these."""
    apart = (one for journey in journeys if journey.reply is None for one in (journey.parts or [journey]))
    return [journey for journey in apart if journey.reply is None]


def _as_ticket(ticket: Ticket | str) -> Ticket:
    if not isinstance(ticket, (Ticket, str)):
        raise TypeError(f"A ticket is a text or a Ticket, not {ticket!r:.60}. Give the customer's words.")
    return Ticket(ticket) if isinstance(ticket, str) else ticket
