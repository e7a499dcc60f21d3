from dataclasses import replace
from pathlib import Path

import pytest

import support_agent
from support_agent import Agent, Draft, GenerationError, Route, Ticket, Turn
from support_agent.config import Config
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.certificate import Certificate
from support_agent.evidence.opening import calibrated_parts, gate_of, own_calibration
from support_agent.gate.combiner import Combiner
from support_agent.generation.scripted import ScriptedGenerator

from ..conftest import WordIndex

KEY = "How do I get an API key?"
ANOTHER_MODEL = Path(support_agent.__file__).parent / "adapters" / "smollm2-135m-lamini-docs"


def certificate(threshold: float | None) -> Certificate:
    return Certificate(max_error=0.1, delta=0.05, labels=100, independent=100, best_rate=0.05, threshold=threshold)


def calibration(parts: dict[str, str], threshold: float | None = 0.5) -> Calibration:
    """Sure of answers whose words stand in the passages."""
    combiner = Combiner(("retrieval_score", "mean_support"), (0.5, 0.9), (0.1, 0.1), (1.0, 0.1), 0.0)
    return Calibration(
        about="supported",
        parts=parts,
        labels={"kinds": ["person"]},
        combiner=combiner,
        certificate=certificate(threshold),
        tables={},
        reference_scores=tuple(place / 100 for place in range(100)),
        made="2026-01-01",
    )


def agent_with(
    tmp_path: Path, generator: ScriptedGenerator, changed: dict[str, str] | None = None, threshold: float | None = 0.5
) -> Agent:
    index, settings = WordIndex(), Config(generator="scripted", calibration=str(tmp_path / "calibration.json"))
    parts = {**calibrated_parts(index.version, generator, settings), **(changed or {})}
    write_calibration(tmp_path / "calibration.json", calibration(parts, threshold))
    return Agent(index, generator, settings)


def test_answers_above_the_threshold_with_the_probability_as_confidence(tmp_path: Path) -> None:
    reply = agent_with(tmp_path, ScriptedGenerator()).ask(KEY)
    assert reply.route is Route.ANSWER
    assert reply.confidence > 0.5


def test_hands_over_below_the_threshold_and_names_what_pulled_it_down(tmp_path: Path) -> None:
    reply = agent_with(tmp_path, ScriptedGenerator()).ask("Which key opens bananas, purple monkeys and the old castle?")
    assert (reply.route, reply.reasons) == (Route.HUMAN, ("low_confidence", "weak_retrieval_score"))


def test_a_hand_over_keeps_what_would_have_been_sent(tmp_path: Path) -> None:
    loose = "You can generate an API key in the API tab at app.lamini.ai, gladly."
    agent = agent_with(tmp_path, ScriptedGenerator({KEY: loose}))
    by_support = Combiner(("mean_support",), (0.99,), (0.01,), (1.0,), 0.0)
    agent.gate.policy = replace(agent.gate.policy, combiner=by_support)
    reply = agent.ask(KEY)
    assert (reply.route, reply.held_text) == (Route.HUMAN, loose)
    assert loose not in reply.text


def test_a_score_that_is_no_number_is_not_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = agent_with(tmp_path, ScriptedGenerator())
    found = [replace(passage, score=float("nan")) for passage in agent.index.search([KEY], 3)[0]]
    monkeypatch.setattr(agent.index, "search", lambda texts, k, without: [found])
    assert agent.ask(KEY).route is Route.HUMAN


def test_a_language_that_was_not_calibrated_goes_to_a_human(tmp_path: Path) -> None:
    generator = ScriptedGenerator()
    agent = agent_with(tmp_path, generator)
    agent.gate = gate_of(replace(calibration({}), languages=("de",)))
    assert (agent.ask(KEY).reasons, generator.calls) == (("language",), 0)


def test_a_draft_that_cannot_be_sent_is_replaced_by_the_best_passage(tmp_path: Path) -> None:
    reply = agent_with(tmp_path, ScriptedGenerator({KEY: "Call us at 555-0100."})).ask(KEY)
    assert (reply.route, reply.reasons) == (Route.ANSWER, ("quoted", "unsupported"))
    assert reply.text == "You can generate an API key in the API tab at app.lamini.ai. Keep it secret."
    assert reply.draft == "Call us at 555-0100."


@pytest.mark.parametrize("part", ["index", "generator", "prompt", "passages", "max_new_tokens", "signals"])
def test_a_calibration_for_another_part_hands_everything_over_without_generating(tmp_path: Path, part: str) -> None:
    generator = ScriptedGenerator()
    reply = agent_with(tmp_path, generator, {part: "another"}).ask(KEY)
    assert (reply.route, reply.reasons, generator.calls) == (Route.HUMAN, ("not_calibrated",), 0)
    assert reply.evidence[0].passage_id == "docs:1"
    assert reply.versions["calibration"] == "refused"


def test_no_calibration_at_all_hands_everything_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path))
    generator = ScriptedGenerator()
    agent = Agent(WordIndex(), generator, Config(generator="scripted"))
    assert (agent.ask(KEY).reasons, generator.calls) == (("not_calibrated",), 0)
    assert "support-agent calibrate" in agent.gate.in_words


def test_own_calibrations_are_found_by_what_they_were_made_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path))
    index, generator, settings = WordIndex(), ScriptedGenerator(), Config(generator="scripted")
    parts = calibrated_parts(index.version, generator, settings)
    write_calibration(tmp_path / "lamini_docs" / "a.json", calibration({**parts, "index": "other"}))
    write_calibration(tmp_path / "lamini_docs" / "b.json", calibration(dict(parts)))
    assert Agent(index, generator, settings).ask(KEY).route is Route.ANSWER


def test_a_damaged_own_calibration_is_not_stood_in_for_by_a_weaker_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path))
    index, generator, settings = WordIndex(), ScriptedGenerator(), Config(generator="scripted")
    parts = calibrated_parts(index.version, generator, settings)
    write_calibration(tmp_path / "lamini_docs" / "weaker.json", calibration(dict(parts)))
    (tmp_path / "lamini_docs" / "strict.json").write_text("{", "utf-8")
    agent = Agent(index, generator, settings)
    assert agent.ask(KEY).reasons == ("not_calibrated",)
    assert "strict.json" in agent.gate.in_words


def test_a_damaged_calibration_of_another_index_closes_no_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path))
    index, generator, settings = WordIndex(), ScriptedGenerator(), Config(generator="scripted")
    parts = dict(calibrated_parts(index.version, generator, settings))
    write_calibration(tmp_path / "lamini_docs" / "mine.json", calibration(parts))
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "broken.json").write_text("{", "utf-8")
    (tmp_path / "broken.json").write_text("{", "utf-8")
    assert Agent(index, generator, settings).ask(KEY).route is Route.ANSWER


def test_calibrations_of_two_folders_of_one_name_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "own"))
    index, generator = WordIndex(), ScriptedGenerator()
    one, other = (Config(generator="scripted", index=str(tmp_path / place / "shop")) for place in ("here", "there"))
    for settings in (one, other):
        Path(settings.index).mkdir(parents=True)
        (Path(settings.index) / "manifest.json").write_text("{}", "utf-8")
    write_calibration(own_calibration(one), calibration(dict(calibrated_parts(index.version, generator, one))))
    assert Agent(index, generator, one).ask(KEY).route is Route.ANSWER
    assert Agent(index, generator, other).ask(KEY).reasons == ("not_calibrated",)


def test_an_own_calibration_goes_before_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(own))
    monkeypatch.setattr("support_agent.shelves.Shelf.shipped", lambda shelf: shipped)
    index, generator, settings = WordIndex(), ScriptedGenerator(), Config(generator="scripted")
    parts = dict(calibrated_parts(index.version, generator, settings))
    write_calibration(shipped / "lamini_docs" / "a.json", replace(calibration(parts, None), made="2026-02-01"))
    assert Agent(index, generator, settings).ask(KEY).reasons == ("no_promise",)
    write_calibration(own / "lamini_docs" / "b.json", calibration(parts))
    assert Agent(index, generator, settings).ask(KEY).route is Route.ANSWER


def test_the_calibration_that_was_made_last_is_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path))
    index, generator, settings = WordIndex(), ScriptedGenerator(), Config(generator="scripted")
    parts = dict(calibrated_parts(index.version, generator, settings))
    write_calibration(tmp_path / "lamini_docs" / "a.json", replace(calibration(parts, None), made="2026-02-01"))
    write_calibration(tmp_path / "lamini_docs" / "b.json", calibration(parts))
    assert Agent(index, generator, settings).ask(KEY).reasons == ("no_promise",)


def test_a_promise_that_no_threshold_keeps_hands_everything_over(tmp_path: Path) -> None:
    generator = ScriptedGenerator()
    reply = agent_with(tmp_path, generator, threshold=None).ask(KEY)
    assert (reply.reasons, generator.calls) == (("no_promise",), 0)


def test_a_generator_that_is_down_is_not_stood_in_for_where_a_promise_is_kept(tmp_path: Path) -> None:
    reply = agent_with(tmp_path, ScriptedGenerator({KEY: GenerationError("no server")})).ask(KEY)
    assert (reply.route, reply.reasons) == (Route.HUMAN, ("generator_down",))


CASTLES = [f"Which key opens castle {number}?" for number in range(600)]


def test_traffic_that_gets_worse_withdraws_the_promise_for_good(tmp_path: Path) -> None:
    generator = ScriptedGenerator()
    agent = agent_with(tmp_path, generator)
    assert agent.ask(KEY).route is Route.ANSWER
    replies = list(agent.ask_many(CASTLES))
    assert {reply.reasons for reply in replies[-100:]} == {("promise_withdrawn",)}
    assert agent.ask(KEY).reasons == ("promise_withdrawn",)
    assert generator.calls < 500


def test_one_question_asked_by_everybody_withdraws_no_promise(tmp_path: Path) -> None:
    agent = agent_with(tmp_path, ScriptedGenerator())
    replies = list(agent.ask_many(Ticket(KEY, ticket_id=str(number)) for number in range(600)))
    assert {reply.route for reply in replies} == {Route.ANSWER}


def test_tickets_that_only_measure_withdraw_no_promise(tmp_path: Path) -> None:
    agent = agent_with(tmp_path, ScriptedGenerator())
    agent.gate.watch = None
    assert {reply.reasons[0] for reply in agent.ask_many(CASTLES)} == {"low_confidence"}


def test_a_calibration_is_for_the_models_that_ship_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, generator = Config(generator="scripted"), ScriptedGenerator()
    before = calibrated_parts(WordIndex.version, generator, settings)
    monkeypatch.setattr("support_agent.triage.learned_routes.SHIPPED", ANOTHER_MODEL)
    assert calibrated_parts(WordIndex.version, generator, settings) != before


def test_a_stream_judges_the_whole_draft_before_its_first_sentence(tmp_path: Path) -> None:
    draft = Draft("Keep it secret. Bananas grow in forests. So do palms. And ferns.", "scripted")
    stream = agent_with(tmp_path, ScriptedGenerator({KEY: draft})).stream(KEY)
    text = "".join(stream)
    assert stream.reply is not None
    assert text == stream.reply.text == "You can generate an API key in the API tab at app.lamini.ai. Keep it secret."


def test_a_second_unclear_question_goes_to_a_human(agent: Agent) -> None:
    asked_back = Turn("the plan?", "Which one?", Route.CLARIFY)
    reply = agent.ask(Ticket("the plan?", history=(asked_back,)))
    assert (reply.route, reply.reasons) == (Route.HUMAN, ("asked_back_already",))


def test_what_no_draft_could_save_costs_no_generator_call(tmp_path: Path) -> None:
    generator = ScriptedGenerator()
    reply = agent_with(tmp_path, generator).ask("Which key opens bananas, purple monkeys and the old castle?")
    assert (reply.reasons, generator.calls) == (("low_confidence", "weak_retrieval_score"), 0)
    assert reply.confidence < 0.5


def test_what_a_draft_might_save_gets_one(tmp_path: Path) -> None:
    generator = ScriptedGenerator({"Which key opens the castle tab?": "Bananas."})
    agent = agent_with(tmp_path, generator)
    supported = Combiner(("retrieval_score", "mean_support"), (0.5, 0.9), (0.1, 0.1), (0.0, 5.0), 0.0)
    agent.gate.policy = replace(agent.gate.policy, combiner=supported)
    assert (agent.ask("Which key opens the castle tab?").route, generator.calls) == (Route.ANSWER, 1)
