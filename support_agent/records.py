"""What passes between the rooms: frozen records, in the order a ticket meets them.

Ticket → Triage → Passages → Draft → Reply.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

About = Literal["supported", "agrees"]
"""What makes an answer right: the passages carry it, or it agrees with the known answer."""


class Route(StrEnum):
    """Where a reply goes. The text a customer sees is chosen from it."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    HUMAN = "human"


class Reason(StrEnum):
    """Why a reply took its route: a code, the ``route`` it asks for, and one sentence for ``staff``."""

    route: Route
    staff: str

    def __new__(cls, code: str, route: Route, staff: str) -> Reason:
        """Keep route and sentence beside the code."""
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.route, reason.staff = route, staff
        return reason

    DANGER_SELF_HARM = "danger_self_harm", Route.HUMAN, "The customer may harm themselves."
    DANGER_VIOLENCE = "danger_violence", Route.HUMAN, "The ticket threatens violence or speaks of it."
    DANGER_PRODUCT = (
        "danger_product",
        Route.HUMAN,
        "A product is said to burn, smoke, shock or leak, or to have hurt somebody: an urgent safety report.",
    )
    DANGER_THIRD_PERSON = "danger_third_person", Route.HUMAN, "Somebody other than the customer may be in danger."
    MINOR = "minor", Route.HUMAN, "A child uses the service, or a child's data or safety is the matter."
    BEREAVEMENT = "bereavement", Route.HUMAN, "Somebody has died, and their account or order must be settled."
    SECURITY_REPORT = "security_report", Route.HUMAN, "The ticket reports a leak, a break-in or a hole in security."
    OUTAGE_REPORT = "outage_report", Route.HUMAN, "The ticket reports that the service is down."
    DANGER_LEGAL = "danger_legal", Route.HUMAN, "The ticket threatens or announces legal steps."
    AUTO_REPLY = "auto_reply", Route.HUMAN, "A machine wrote this (absence, bounce, mailing list): nothing is sent."
    LEGAL_NOTICE = (
        "legal_notice",
        Route.HUMAN,
        "The ticket is a legal notice or an authority's request: mind its deadline.",
    )
    PRIVACY_REQUEST = (
        "privacy_request",
        Route.HUMAN,
        "The customer uses a right over their data (access, erasure, …): mind the statutory deadline.",
    )
    MEDICAL_ADVICE = "medical_advice", Route.HUMAN, "The customer asks for medical advice."
    FINANCIAL_ADVICE = "financial_advice", Route.HUMAN, "The customer asks for financial or tax advice."
    REFUND = "refund", Route.HUMAN, "The customer wants money back, or disputes a charge."
    BILLING = "billing", Route.HUMAN, "The customer wants something done to their own account or bill."
    ACCESSIBILITY = "accessibility", Route.HUMAN, "The customer cannot use the service with a disability."
    ASKED_FOR_HUMAN = "asked_for_human", Route.HUMAN, "The customer asks for a person."
    ASKED_IF_BOT = "asked_if_bot", Route.ANSWER, "The customer asks whether a machine answers: it said yes."
    NOT_SOLVED = "not_solved", Route.HUMAN, "The customer says that what they were told did not help."
    REPEATED = "repeated", Route.HUMAN, "The customer was told the same before, in the same words."
    SOLVED = "solved", Route.ANSWER, "The customer says that it worked."
    THANKS = "thanks", Route.ANSWER, "The customer says thank you, and asks nothing."
    FAREWELL = "farewell", Route.ANSWER, "The customer says goodbye, and asks nothing."
    GREETING = "greeting", Route.ANSWER, "The customer has said nothing yet but hello: they were asked what they need."
    ACKNOWLEDGED = "acknowledged", Route.ANSWER, "The customer says that they have understood."
    ABUSE = "abuse", Route.HUMAN, "The ticket insults somebody."
    INJECTION = "injection", Route.HUMAN, "The ticket carries orders for the model."
    TOO_LONG = "too_long", Route.HUMAN, "The ticket is longer, or asks more, than is answered automatically."
    EMPTY = "empty", Route.CLARIFY, "The ticket holds no text."
    UNREADABLE = "unreadable", Route.CLARIFY, "The ticket's text cannot be read."
    LANGUAGE = "language", Route.HUMAN, "No answer in the ticket's language is sent automatically."
    FRUSTRATED = "frustrated", Route.HUMAN, "The customer is upset with us."
    OUT_OF_SCOPE = "out_of_scope", Route.HUMAN, "The question is not about what the knowledge base holds."
    NO_PASSAGE = "no_passage", Route.HUMAN, "No passage of the knowledge base is about this."
    AMBIGUOUS = "ambiguous", Route.CLARIFY, "The question fits several passages with different answers."
    ASKED_BACK_ALREADY = "asked_back_already", Route.HUMAN, "The question is still unclear after one question back."
    NOT_PROVEN_YET = "not_proven_yet", Route.HUMAN, "Nothing is proven for this knowledge base yet: people send."
    RENEWAL_DUE = "renewal_due", Route.HUMAN, "Something has changed since the promise was made: run the renewal."
    PROMISE_WITHDRAWN = "promise_withdrawn", Route.HUMAN, "Tickets look worse than those the promise was measured on."
    PART_OPEN = "part_open", Route.HUMAN, "Of several questions some could not be answered: see the suggestion."
    LOW_CONFIDENCE = "low_confidence", Route.HUMAN, "The answer scores below what is proven."
    # What pulled a low confidence down most, by the signal's name.
    WEAK_NEARNESS = "weak_nearness", Route.HUMAN, "No passage is close to the question."
    WEAK_LEAD = "weak_lead", Route.HUMAN, "Other passages are as close to the question, and say something else."
    WEAK_WORD_RANK = "weak_word_rank", Route.HUMAN, "Meaning and words find different passages."
    WEAK_MEAN_SUPPORT = "weak_mean_support", Route.HUMAN, "The passages hold few words of the answer."
    WEAK_SIGNAL = "weak_signal", Route.HUMAN, "A signal speaks against the answer."
    EMPTY_DRAFT = "empty_draft", Route.HUMAN, "The generator wrote nothing that could be sent."
    CUT_OFF = "cut_off", Route.HUMAN, "The generator's text was cut off at its longest length."
    LOOP = "loop", Route.HUMAN, "The generator repeated itself."
    OPPOSITE = "opposite", Route.HUMAN, "The draft says the opposite of the passage that it rests on."
    OTHER_ENTITY = "other_entity", Route.HUMAN, "The question names a version, code, place or plan; the text, another."
    LIMIT_DROPPED = "limit_dropped", Route.HUMAN, "The draft says more than its passage: a limit of it is left out."
    ECHO = "echo", Route.HUMAN, "The draft only says again what the customer wrote."
    UNSUPPORTED = "unsupported", Route.HUMAN, "The passages do not carry what the generator wrote."
    LOW_LOG_PROB = "low_log_prob", Route.HUMAN, "The generator was unsure of its own words."
    QUOTED = "quoted", Route.ANSWER, "The draft could not be sent; the best passage's own words were."
    SENTENCES_REMOVED = "sentences_removed", Route.ANSWER, "The answer ends where no passage carries the draft."
    GENERATOR_DOWN = "generator_down", Route.HUMAN, "The generator failed; without a promise the best passage is sent."
    GENERATOR_FAILED = "generator_failed", Route.HUMAN, "The generator failed in the middle of its answer."
    INTERNAL_ERROR = "internal_error", Route.HUMAN, "Something failed while the ticket was answered; the log says what."


COURTESIES = frozenset(
    {
        Reason.ASKED_IF_BOT,
        Reason.SOLVED,
        Reason.THANKS,
        Reason.FAREWELL,
        Reason.GREETING,
        Reason.ACKNOWLEDGED,
    }
)
"""Answers that send no knowledge: they need no promise, and nobody's word on one is evidence."""


@dataclass(frozen=True)
class Turn:
    """One earlier exchange of the same conversation: what the customer wrote, what was sent back, by which route."""

    ticket: str
    reply: str
    route: Route = Route.ANSWER


@dataclass(frozen=True)
class Ticket:
    """What a customer wrote.

    ``ticket_id`` is the helpdesk's own; without one it is a hash of text and history, so that the same ticket has the
    same id. ``history`` holds the earlier turns of the conversation, oldest first. ``headers`` are those of the mail,
    name and value, where the helpdesk passes them on: they say whether a machine wrote it.
    """

    text: str
    subject: str = ""
    ticket_id: str = ""
    history: tuple[Turn, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.ticket_id:
            object.__setattr__(self, "ticket_id", self.words_key[:16])

    @property
    def words_key(self) -> str:
        """Hex sha256 of subject, text and history: the same for tickets that are answered alike, whoever sent them."""
        turns = "".join(f"\0{turn.ticket}\0{turn.reply}\0{turn.route}" for turn in self.history)
        return hashlib.sha256(f"{self.subject}\0{self.text}{turns}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def sample(self) -> float:
        """Its permanent random number (0–1): a hash, so that it is the same on every machine and needs no memory."""
        drawn = hashlib.sha256(f"sample\0{self.words_key}".encode()).digest()
        return round(int.from_bytes(drawn[:7], "big") / 2**56, 9)

    @property
    def body(self) -> str:
        """Subject and text as one, the subject first unless every word of it stands in the text already."""
        subject, text = self.subject.strip(), self.text.strip()
        if set(subject.casefold().split()) <= set(re.findall(r"[^\s.,:;!?]+", text.casefold())):
            return text
        return f"{subject}\n\n{text}" if text else subject


@dataclass(frozen=True)
class Signal:
    """One measurement that a decision may rest on.

    ``value`` is compared with ``threshold`` by the file that makes the signal; ``fired`` says that it speaks against
    answering. ``threshold`` is None for a signal that is only reported.
    """

    name: str
    value: float
    threshold: float | None
    fired: bool


@dataclass(frozen=True)
class Removed:
    """What was taken off a ticket for reading: its ``kind`` ("quote", "signature", …), and its text as it stood."""

    kind: str
    text: str


@dataclass(frozen=True)
class Triage:
    """A ticket's text made readable, and what its words alone decide.

    ``text`` is what the customer wrote, without what a mail carries besides; that stands in ``removed``.
    ``search_text`` is the text to retrieve with: in a conversation it carries the subject of the turns before.
    ``reasons`` is empty unless the ticket goes to a human (or back with a question) whatever retrieval may find.
    """

    text: str
    search_text: str
    language: str
    signals: tuple[Signal, ...] = ()
    reasons: tuple[Reason, ...] = ()
    removed: tuple[Removed, ...] = ()

    @property
    def route(self) -> Route | None:
        """The route that the first of the reasons asks for."""
        return self.reasons[0].route if self.reasons else None


@dataclass(frozen=True)
class Passage:
    """A piece of the company's own knowledge.

    ``title`` is the question of a question/answer pair or the heading path of a document; ``text`` is what may be
    said to a customer. ``score`` is the cosine between ticket and passage (−1 to 1, high = closer), ``lead`` by how
    much it is above that of the next passage that says something else, and ``word_score`` 1 / the passage's rank by
    words alone (0–1; 0 where the words do not find it).
    """

    passage_id: str
    title: str
    text: str
    source: str
    score: float = 0.0
    lead: float = 0.0
    word_score: float = 0.0


@dataclass(frozen=True)
class Draft:
    """What a generator wrote, before the gate has read it.

    ``sum_log_prob`` is the summed natural-log probability of the ``tokens`` generated tokens and ``min_log_prob`` that
    of the least likely of them, None where the backend gives none. ``finish`` is "stop" when the model ended by itself,
    "length" when it was cut off, and "dropped" when it was stopped because nothing of it could be sent any more.
    """

    text: str
    backend: str
    finish: str = "stop"
    tokens: int = 0
    sum_log_prob: float | None = None
    min_log_prob: float | None = None

    @property
    def mean_log_prob(self) -> float | None:
        """Natural-log probability per generated token (≤ 0, high = surer), None where the backend gives none."""
        if self.sum_log_prob is None or self.tokens == 0:
            return None
        return self.sum_log_prob / self.tokens


def in_one_message(notice: str, text: str) -> str:
    """The notice as a paragraph of its own before the text; the text alone where there is none."""
    return f"{notice}\n\n{text}" if notice else text


@dataclass(frozen=True)
class Citation:
    """Which passage carries a sentence of the answer. ``score`` is 0–1, high = better carried."""

    passage_id: str
    score: float
    quote: str


@dataclass(frozen=True)
class Reply:
    """What comes out of the agent for one ticket, for every route.

    ``text`` is what the customer is told, and ``notice`` what stands before it in the first message of a conversation:
    that a machine answers. ``confidence`` is 0–1, high = surer, and 0 where a signal alone decided.
    ``reasons`` decided the route, the first of them most. ``draft`` is the generator's own text, kept for the human
    side and never sent as it is; ``draft_tokens`` is how many tokens were generated for it, 0 where the backend does
    not count them. ``suggestion`` is what a person who takes over may send, the best text that could be offered; empty
    where the text was sent or nothing could be offered. ``evidence`` holds the passages that were found, best first,
    with their text. ``sample`` is the ticket's permanent random number (0–1): who reads answers in the order of it
    reads a fair sample. ``versions`` are the hashes that make the reply repeatable: model, index, prompt, package.
    """

    ticket_id: str
    route: Route
    text: str
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    citations: tuple[Citation, ...] = ()
    language: str = "und"
    signals: tuple[Signal, ...] = ()
    draft: str = ""
    evidence: tuple[Passage, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    suggestion: str = ""
    sample: float = 0.0
    draft_tokens: int = 0
    notice: str = ""

    def __str__(self) -> str:
        return self.as_sent

    @property
    def as_sent(self) -> str:
        """What a channel sends: the notice, where there is one, and the text."""
        return in_one_message(self.notice, self.text)

    def to_dict(self) -> dict[str, Any]:
        """The reply as plain lists and dictionaries, ready for ``json.dumps``."""
        plain = asdict(self)
        plain["route"], plain["reasons"] = str(self.route), [str(reason) for reason in self.reasons]
        return plain
