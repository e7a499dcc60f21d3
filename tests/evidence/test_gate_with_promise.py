"""The agent under a promise, without one, and with one that something has changed for."""

from dataclasses import replace
from pathlib import Path

import pytest

import support_agent
from support_agent import Agent, Draft, GenerationError, Route, Ticket, Turn
from support_agent.config import Config
from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.ladder import Look, Plan, Promise
from support_agent.evidence.opening import calibrated_parts, evidence_folder, gate_of, own_calibration
from support_agent.evidence.store import FILE
from support_agent.gate.combiner import Combiner
from support_agent.generation.scripted import ScriptedGenerator

from ..conftest import WordIndex

KEY = "How do I get an API key?"
FIRST_SENTENCE = "You can generate an API key in the API tab at app.lamini.ai."
KEY_TEXT = "You can generate an API key in the API tab at app.lamini.ai. Keep it secret."
CASTLE = "Which key opens bananas, purple monkeys and the old castle?"
CASTLES = [f"Which key opens castle {number}?" for number in range(150)]
ANOTHER_MODEL = Path(support_agent.__file__).parent / "adapters" / "smollm2-135m-lamini-docs"
# Sure of answers whose words stand in the passages.
RANKING = Combiner(("retrieval_score", "mean_support"), (0.5, 0.9), (0.1, 0.1), (1.0, 0.1), 0.0)
BY_SUPPORT = Combiner(("mean_support",), (0.99,), (0.01,), (1.0,), 0.0)
SETTINGS = Config(generator="scripted")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is certified, by anybody."""
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "own"))
    monkeypatch.setattr("support_agent.shelves.Shelf.shipped", lambda shelf: tmp_path / "shipped" / shelf.kind)
    return tmp_path / "own"


def promise(parts: dict[str, str], threshold: float = 0.5) -> Calibration:
    return Calibration(
        parts=parts,
        combiner=RANKING,
        plan=Plan(Promise(), (threshold,), 0),
        look=Look(0, 0, 60, 1, 0.0175, True, 0.5, 100),
        upper=0.095,
        coverage=0.5,
        readers=("person",),
        reference_scores=tuple(place / 100 for place in range(100)),
        languages=("en",),
        made="2026-01-01",
    )


def parts(generator: ScriptedGenerator, settings: Config = SETTINGS, /, **changed: str) -> dict[str, str]:
    return {**calibrated_parts(WordIndex.version, generator, settings), **changed}


def agent_with(generator: ScriptedGenerator, /, **changed: str) -> Agent:
    """An agent for which a promise was made, unless something has changed."""
    write_calibration(own_calibration(SETTINGS), promise(parts(generator, **changed)))
    return Agent(WordIndex(), generator, SETTINGS)


def agent_without(generator: ScriptedGenerator) -> Agent:
    return Agent(WordIndex(), generator, SETTINGS)


class TestInForce:
    def test_answers_above_the_threshold_with_the_probability_as_confidence(self) -> None:
        reply = agent_with(ScriptedGenerator()).ask(KEY)
        assert reply.route is Route.ANSWER
        assert reply.confidence > 0.5
        assert reply.suggestion == ""

    def test_suggests_below_the_threshold_and_names_what_pulled_it_down(self) -> None:
        reply = agent_with(ScriptedGenerator()).ask(CASTLE)
        assert (reply.route, reply.reasons) == (Route.HUMAN, ("low_confidence", "weak_signal"))
        assert reply.suggestion == KEY_TEXT

    def test_what_would_have_been_sent_is_suggested_and_not_sent(self) -> None:
        loose = "You can generate an API key in the API tab at app.lamini.ai, gladly."
        agent = agent_with(ScriptedGenerator({KEY: loose}))
        agent.gate.policy = replace(agent.gate.policy, combiner=BY_SUPPORT)
        reply = agent.ask(KEY)
        assert (reply.route, reply.suggestion) == (Route.HUMAN, loose)
        assert loose not in reply.text

    def test_a_score_that_is_no_number_is_not_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        agent = agent_with(ScriptedGenerator())
        found = [replace(passage, score=float("nan")) for passage in agent.index.search([KEY], 3)[0]]
        monkeypatch.setattr(agent.index, "search", lambda texts, k: [found])
        assert agent.ask(KEY).route is Route.HUMAN

    def test_a_language_of_which_nothing_is_promised_goes_to_a_human(self) -> None:
        generator = ScriptedGenerator()
        agent = agent_with(generator)
        agent.gate = gate_of(replace(promise({}), languages=("de",)))
        assert (agent.ask(KEY).reasons, generator.calls) == (("language",), 0)

    def test_a_promise_of_no_language_answers_in_none(self) -> None:
        agent = agent_with(ScriptedGenerator())
        agent.gate = gate_of(replace(promise({}), languages=()))
        assert agent.ask(KEY).reasons == ("language",)

    def test_a_draft_that_cannot_be_sent_is_replaced_by_the_best_passage(self) -> None:
        reply = agent_with(ScriptedGenerator({KEY: "Call us at 555-0100."})).ask(KEY)
        assert (reply.route, reply.reasons) == (Route.ANSWER, ("quoted", "unsupported"))
        assert (reply.text, reply.draft) == (KEY_TEXT, "Call us at 555-0100.")

    def test_a_generator_that_is_down_is_not_stood_in_for(self) -> None:
        reply = agent_with(ScriptedGenerator({KEY: GenerationError("no server")})).ask(KEY)
        assert (reply.route, reply.reasons) == (Route.HUMAN, ("generator_down",))
        assert reply.suggestion == KEY_TEXT

    def test_a_stream_judges_the_whole_draft_before_its_first_sentence(self) -> None:
        draft = Draft("Keep it secret. Bananas grow in forests. So do palms. And ferns.", "scripted")
        stream = agent_with(ScriptedGenerator({KEY: draft})).stream(KEY)
        text = "".join(stream)
        assert stream.reply is not None
        assert (text, stream.reply.text) == (stream.reply.as_sent, KEY_TEXT)

    def test_what_no_draft_could_save_costs_no_generator_call(self) -> None:
        generator = ScriptedGenerator()
        reply = agent_with(generator).ask(CASTLE)
        assert (reply.reasons[0], generator.calls) == ("low_confidence", 0)
        assert 0 < reply.confidence < 0.5

    def test_what_a_draft_might_save_gets_one(self) -> None:
        question = "Which key opens the castle tab?"
        generator = ScriptedGenerator({question: "Bananas."})
        agent = agent_with(generator)
        supported = Combiner(("retrieval_score", "mean_support"), (0.5, 0.9), (0.1, 0.1), (0.0, 5.0), 0.0)
        agent.gate.policy = replace(agent.gate.policy, combiner=supported)
        assert (agent.ask(question).route, generator.calls) == (Route.ANSWER, 1)

    def test_a_draft_is_written_too_where_the_next_wider_rung_would_answer(self) -> None:
        generator = ScriptedGenerator()
        agent = agent_with(generator)
        made = promise({})
        agent.gate = gate_of(replace(made, plan=Plan(Promise(), (0.5, 0.001), 0)))
        assert (agent.ask(CASTLE).route, generator.calls) == (Route.HUMAN, 1)

    def test_every_reply_carries_its_tickets_random_number(self) -> None:
        assert agent_with(ScriptedGenerator()).ask(KEY).sample == Ticket(KEY).sample

    def test_a_second_unclear_question_goes_to_a_human(self) -> None:
        asked_back = Turn("the plan?", "Which one?", Route.CLARIFY)
        reply = agent_with(ScriptedGenerator()).ask(Ticket("the plan?", history=(asked_back,)))
        assert (reply.route, reply.reasons) == (Route.HUMAN, ("asked_back_already",))


class TestWatched:
    def test_traffic_that_gets_worse_withdraws_the_promise_for_good(self) -> None:
        agent = agent_with(ScriptedGenerator())
        assert agent.ask(KEY).route is Route.ANSWER
        replies = list(agent.ask_many(CASTLES))
        assert {reply.reasons for reply in replies[-100:]} == {("promise_withdrawn",)}
        assert agent.ask(KEY).reasons == ("promise_withdrawn",)

    def test_what_is_no_longer_sent_is_still_suggested(self) -> None:
        agent = agent_with(ScriptedGenerator())
        list(agent.ask_many(CASTLES))
        assert agent.ask(KEY).suggestion == FIRST_SENTENCE

    def test_a_promise_that_was_withdrawn_stays_so_after_a_restart(self) -> None:
        list(agent_with(ScriptedGenerator()).ask_many(CASTLES))
        assert agent_with(ScriptedGenerator()).ask(KEY).reasons == ("promise_withdrawn",)

    def test_one_question_asked_by_everybody_withdraws_no_promise(self) -> None:
        agent = agent_with(ScriptedGenerator())
        replies = list(agent.ask_many(Ticket(KEY, ticket_id=str(number)) for number in range(150)))
        assert {reply.route for reply in replies} == {Route.ANSWER}

    def test_tickets_that_only_measure_withdraw_no_promise(self) -> None:
        agent = agent_with(ScriptedGenerator())
        agent.gate.watch = None
        assert {reply.reasons[0] for reply in agent.ask_many(CASTLES)} == {"low_confidence"}

    def test_a_watch_that_cannot_be_kept_is_said_and_the_promise_stands(self, caplog: pytest.LogCaptureFixture) -> None:
        evidence_folder(SETTINGS).mkdir(parents=True)
        (evidence_folder(SETTINGS) / FILE).write_bytes(b"no database" * 1000)
        assert agent_with(ScriptedGenerator()).ask(KEY).route is Route.ANSWER
        assert "The watch over the promise ends with this process" in caplog.text


class TestNotInForce:
    def test_without_a_promise_everything_is_a_suggestion(self) -> None:
        agent = agent_without(ScriptedGenerator())
        reply = agent.ask(KEY)
        assert (reply.route, reply.reasons) == (Route.HUMAN, ("not_proven_yet",))
        assert reply.suggestion == FIRST_SENTENCE
        assert reply.confidence > 0
        assert reply.versions["calibration"] == "not_proven_yet"
        assert "support-agent certify" in agent.gate.in_words

    @pytest.mark.parametrize("part", ["index", "generator", "prompt", "passages", "max_new_tokens", "signals"])
    def test_a_promise_for_another_part_makes_everything_a_suggestion(self, part: str) -> None:
        agent = agent_with(ScriptedGenerator(), **{part: "another"})
        reply = agent.ask(KEY)
        assert (reply.route, reply.reasons) == (Route.HUMAN, ("renewal_due",))
        assert reply.suggestion
        assert reply.versions["calibration"] == "renewal_due"
        assert f"The promise was made with the {part} another" in agent.gate.in_words

    def test_a_damaged_promise_is_not_stood_in_for_by_a_shipped_one(self, tmp_path: Path) -> None:
        generator = ScriptedGenerator()
        write_calibration(tmp_path / "shipped/calibrations/lamini_docs/a.json", promise(parts(generator)))
        assert agent_without(generator).ask(KEY).route is Route.ANSWER
        own_calibration(SETTINGS).parent.mkdir(parents=True, exist_ok=True)
        own_calibration(SETTINGS).write_text("{", "utf-8")
        agent = agent_without(generator)
        assert agent.ask(KEY).reasons == ("not_proven_yet",)
        assert f"{own_calibration(SETTINGS)} is not a calibration" in agent.gate.in_words
        assert agent.gate.in_words.endswith("Or delete the file.")

    def test_an_own_promise_goes_before_a_shipped_one(self, tmp_path: Path) -> None:
        generator = ScriptedGenerator()
        write_calibration(tmp_path / "shipped/calibrations/lamini_docs/a.json", promise(parts(generator), 0.001))
        assert agent_without(generator).ask(CASTLE).route is Route.ANSWER
        assert agent_with(generator).ask(CASTLE).reasons[0] == "low_confidence"

    def test_a_damaged_promise_of_another_index_or_generator_closes_no_gate(self, own_folder: Path) -> None:
        agent_with(ScriptedGenerator())
        (own_folder / "another").mkdir()
        for place in ("another/scripted.json", "lamini_docs/extractive.json"):
            (own_folder / place).write_text("{", "utf-8")
        assert agent_without(ScriptedGenerator()).ask(KEY).route is Route.ANSWER

    def test_promises_for_two_folders_of_one_name_are_told_apart(self, tmp_path: Path) -> None:
        generator = ScriptedGenerator()
        one, other = (SETTINGS.model_copy(update={"index": str(tmp_path / at / "shop")}) for at in ("here", "there"))
        for settings in (one, other):
            Path(settings.index).mkdir(parents=True)
            (Path(settings.index) / "manifest.json").write_text("{}", "utf-8")
        write_calibration(own_calibration(one), promise(parts(generator, one)))
        assert Agent(WordIndex(), generator, one).ask(KEY).route is Route.ANSWER
        assert Agent(WordIndex(), generator, other).ask(KEY).reasons == ("not_proven_yet",)

    def test_a_promise_is_for_the_models_that_ship_with_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = parts(ScriptedGenerator())
        monkeypatch.setattr("support_agent.shelves.Shelf.known", lambda shelf: {"another": ANOTHER_MODEL})
        assert parts(ScriptedGenerator()) != before

    def test_without_a_calibration_asked_for_answers_go_out_and_the_log_says_so(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        reply = Agent(WordIndex(), ScriptedGenerator(), Config(generator="scripted", calibration="none")).ask(KEY)
        assert reply.route is Route.ANSWER
        assert "Answers go out without a promise" in caplog.text


class TestNamedFile:
    def named(self, tmp_path: Path) -> Config:
        return Config(generator="scripted", calibration=str(tmp_path / "mine.json"))

    def test_a_promise_that_the_settings_name_is_in_force(self, tmp_path: Path) -> None:
        generator = ScriptedGenerator()
        write_calibration(tmp_path / "mine.json", promise(parts(generator)))
        assert Agent(WordIndex(), generator, self.named(tmp_path)).ask(KEY).route is Route.ANSWER

    def test_one_for_another_part_waits_for_its_renewal(self, tmp_path: Path) -> None:
        generator = ScriptedGenerator()
        write_calibration(tmp_path / "mine.json", promise(parts(generator, index="another")))
        assert Agent(WordIndex(), generator, self.named(tmp_path)).ask(KEY).reasons == ("renewal_due",)

    def test_one_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(CalibrationError, match=r"There is no calibration at .*mine\.json"):
            Agent(WordIndex(), ScriptedGenerator(), self.named(tmp_path))
