"""A row of a calibration and a live ticket of the same text must be measured alike, or the promise is about neither."""

import pytest
from support_agent.gate.calibrating.drafted_rows import DraftedRow
from support_agent.gate.calibrating.measured_rows import MeasuredRow, measure_rows
from support_agent.gate.combined import COMBINED, EARLY

from support_agent.config import Config
from support_agent.evidence.calibration import Calibration
from support_agent.evidence.certificate import Certificate
from support_agent.gate.combiner import Combiner
from support_agent.gate.gate import Gate
from support_agent.records import Draft, Route, Signal, Ticket
from support_agent.retrieval import HashingEmbedder
from support_agent.retrieval.fit_scope import fit_scope, shipped_outliers
from support_agent.triage import triage_ticket
from support_agent.triage.meaning import Meaning

from ...conftest import PASSAGES, WordIndex

SETTINGS = Config(generator="scripted")
EMBEDDER = HashingEmbedder()
NAMES = COMBINED
ZEROS, ONES = (0.0,) * len(NAMES), (1.0,) * len(NAMES)
# Lets everything out that a signal alone does not hold back.
OPEN = Calibration(
    about="supported",
    parts={},
    labels={},
    combiner=Combiner(NAMES, ZEROS, ONES, ZEROS, 0.0),
    certificate=Certificate(0.1, 0.05, 1, 1, 0.1, (), threshold=0.1),
    tables={},
    reference_scores=(0.5,),
    made="2026-01-01",
)
CASES = {
    "own words": ("How do I get an API key?", "You can generate an API key in the API tab at app.lamini.ai."),
    "quoted": ("How do I get an API key?", "Call us at 555-0100."),
    "sentences removed": ("How do I get an API key?", "Keep it secret. Bananas grow in forests."),
    "nothing to send": ("Who won the cup in 1998?", "France won it."),
    "empty draft": ("What is the Enterprise plan?", ""),
    "loop": ("What is the Enterprise plan?", "It has support. " * 20),
    "asks for a human": ("Let me talk to a human please", "The Enterprise plan is for large teams."),
    "angry": ("WHERE IS MY F***ING KEY???!!! This is the worst service ever", "Keep it secret."),
    "ambiguous": ("plan", "The Enterprise plan is for large teams. It has support."),
    "another language": ("Wie bekomme ich denn bitte einen Schlüssel für die Schnittstelle?", "Keep it secret."),
}


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    things = "key plan API team tab cost month seat".split()
    own = [f"How do I {verb} the {thing}?" for verb in ("add", "get", "drop") for thing in things]
    return Meaning(EMBEDDER, fit_scope(own, shipped_outliers()[:60], EMBEDDER).model)


def measured(question: str, draft: Draft, meaning: Meaning) -> MeasuredRow:
    passages = tuple(WordIndex().search([question], 3)[0])
    row = DraftedRow("rows:1", question, "That.", passages, draft, "1")
    return measure_rows([row], meaning, SETTINGS, {})[0]


def values(signals: tuple[Signal, ...]) -> dict[str, float]:
    return {signal.name: signal.value for signal in signals}


@pytest.mark.parametrize(("question", "text"), CASES.values(), ids=CASES.keys())
def test_a_row_is_measured_as_the_gate_measures_the_same_ticket(question: str, text: str, meaning: Meaning) -> None:
    draft = Draft(text, "scripted", tokens=9, sum_log_prob=-1.8, min_log_prob=-0.9)
    row = measured(question, draft, meaning)
    gate = Gate(SETTINGS, OPEN, meaning=meaning)
    ticket, passages = Ticket(question), row.drafted.passages
    triage = triage_ticket(ticket, SETTINGS)
    first = gate.first([(ticket, triage)])[0]
    known = (*triage.signals, *first.signals)
    before = gate.before(triage.search_text, passages, known)
    after = gate.after(triage.text, draft, passages, (*known, *before.signals))
    live = {name: value for name, value in values((*known, *before.signals)).items() if name != "highest_confidence"}
    assert {name: row.early.get(name) for name in live} == live
    assert row.values == {**row.early, **live, **values(after.signals)}
    routes = {triage.route, first.route, before.route, after.route} - {None, Route.ANSWER}
    assert bool(row.held) is bool(routes)
    assert row.held or row.sent == after.text


@pytest.mark.parametrize("name", EARLY)
def test_every_signal_that_is_combined_before_generation_is_measured(name: str, meaning: Meaning) -> None:
    assert name in measured("How do I get an API key?", Draft("Keep it secret.", "scripted"), meaning).early


def test_the_scope_of_a_row_is_that_of_a_model_that_has_not_seen_it(meaning: Meaning) -> None:
    row = DraftedRow("rows:1", "How do I get a key?", "That.", tuple(PASSAGES), Draft("Keep it secret.", "s"), "1")
    strange = Signal("scope", 0.01, 0.5, True)
    made = measure_rows([row], meaning, SETTINGS, {"rows:1": strange})[0]
    assert (made.early["scope"], made.held[0]) == (0.01, "out_of_scope")
