"""``support-agent learn``, ``certify`` and ``renew``, really invoked: 60 answers, the generator without a model."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support_agent.cli import app, main
from support_agent.evidence.opening import own_calibration
from support_agent.evidence.store import FILE

from ..evidence.conftest import SHOP, copy_of, working_in
from ..evidence.shop import QUESTIONS, build_shop, fill_in, read_csv, write_csv, write_rows, write_tickets

READ = Path("past.to-read.csv")
SETTINGS = 'index = "shop"\ngenerator = "extractive"\n'


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which past tickets were asked: what is to be read stands beside them."""
    folder = tmp_path_factory.mktemp("shop")
    build_shop(folder / "indexes")
    with working_in(folder):
        Path("support_agent.toml").write_text(SETTINGS, "utf-8")
        write_tickets(Path("past.csv"))
        run("certify", "--tickets", "past.csv", "--max-error", "0.5")
    return folder


@pytest.fixture(scope="module")
def certified_once(asked_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all that was to be read found right, and certified."""
    folder = copy_of(asked_once, tmp_path_factory.mktemp("certified") / "shop")
    with working_in(folder):
        fill_in(READ)
        run("learn", READ)
        run("certify")
    return folder


@pytest.fixture
def asked(asked_once: Path, tmp_path: Path) -> Iterator[None]:
    with working_in(copy_of(asked_once, tmp_path / "shop")):
        yield


@pytest.fixture
def certified(certified_once: Path, tmp_path: Path) -> Iterator[None]:
    with working_in(copy_of(certified_once, tmp_path / "shop")):
        yield


def run(*arguments: str | Path, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def run_json(*arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--json")[0])


def ask(question: str) -> Any:
    return run_json("ask", question)


@pytest.mark.usefixtures("asked")
class TestCertify:
    def test_it_says_beforehand_how_much_is_to_be_read(self, tmp_path: Path) -> None:
        shutil.rmtree("calibrations")
        stderr = run("certify", "--tickets", "past.csv", "--max-error", "0.5", "-o", "other.csv")[1]
        assert (
            "For at most 50 % of the answers wrong, with 95 % confidence, 12 answers are to be read at least" in stderr
        )

    def test_the_words_beforehand_are_of_the_promise_that_is_planned_on(self) -> None:
        stderr = run("certify", "--tickets", "past.csv", "-o", "other.csv")[1]
        assert "For at most 50 % of the answers wrong" in stderr

    def test_what_is_to_be_read_stands_beside_the_tickets(self) -> None:
        assert len(read_csv(READ)) == 12

    def test_a_file_of_verdicts_is_never_written_over(self) -> None:
        fill_in(READ)
        before = READ.read_bytes()
        stderr = run("certify", "--tickets", "past.csv")[1]
        assert "12 answers to read: past.to-read-2.csv. Fill in verdict there, then: support-agent learn past" in stderr
        assert READ.read_bytes() == before

    def test_that_nothing_is_proven_yet_is_an_ordinary_outcome(self) -> None:
        stdout, stderr = run("certify")
        assert stdout.startswith(
            "Not proven yet: at most 50 % of the answers wrong, with 95 % confidence. 0 of 12 labels"
        )
        assert "Nothing is in force: every ticket goes to a person, with a suggestion." in stdout
        assert "12 answers to read next; this writes them: support-agent certify --to-read FILE" in stderr
        assert ask(QUESTIONS[0])["reasons"] == ["not_proven_yet"]

    def test_json_is_one_object(self) -> None:
        facts = run_json("certify")
        assert facts["written"] is None
        assert (facts["in_force"]["since"], facts["in_force"]["score"]) == (None, None)
        assert facts["standing"]["look"] is None
        assert len(facts["standing"]["to_read"]) == 12
        assert facts["standing"]["words"].startswith("Not proven yet")

    def test_its_former_name_works(self) -> None:
        assert run("calibrate")[0] == run("certify")[0]


@pytest.mark.usefixtures("asked")
class TestLearn:
    def test_it_says_what_was_new_and_where_the_promise_stands(self) -> None:
        stdout, stderr = run("learn", fill_in(READ))
        first, second, *_ = stdout.split("\n")
        assert first == "past.to-read.csv: 12 tickets, 12 new labels"
        assert second.startswith("Proven: ")
        assert "Put it in force: support-agent certify" in stderr
        assert "0 new labels, 12 known before" in run("learn", READ)[0]

    def test_a_row_that_cannot_be_used_is_named_and_is_exit_code_3(self) -> None:
        first, *others = read_csv(fill_in(READ))
        write_csv(READ, [{**first, "verdict": "maybe"}, *others])
        stdout, stderr = run("learn", READ, code=3)
        assert "11 new labels" in stdout
        assert (
            "past.to-read.csv, line 2: 'maybe' is no verdict, so that the answer counts as not read. Write right"
            in stderr
        )

    def test_what_the_reader_should_know_is_said_on_stderr(self) -> None:
        first, *others = read_csv(fill_in(READ))
        write_csv(READ, [first, *others, {**first, "verdict": "wrong"}])
        assert "line 2 says right and past.to-read.csv, line 14 wrong of the same answer" in run("learn", READ)[1]

    def test_json_is_one_object(self) -> None:
        facts = run_json("learn", fill_in(READ))
        assert (facts["tickets"], facts["labels"], facts["known"], facts["problems"], facts["notes"]) == (
            12,
            12,
            0,
            [],
            [],
        )
        assert facts["standing"]["look"]["labels"] == 12

    def test_who_read_stands_in_the_promise(self) -> None:
        run("learn", fill_in(READ), "--kind", "model", "--reader", "Ann")
        run("certify")
        assert "that language models read" in run("doctor")[0]

    def test_while_too_few_tickets_are_known_it_says_so(self) -> None:
        shutil.rmtree("calibrations")
        assert "Too few tickets are known to plan a promise on" in run("learn", fill_in(READ))[0]

    def test_a_kind_of_reader_that_there_is_not_is_a_usage_error(self) -> None:
        assert CliRunner().invoke(app, ["learn", str(READ), "--kind", "oracle"]).exit_code == 2

    @pytest.mark.parametrize("command", ["learn", "certify"])
    def test_a_role_that_there_is_not_is_a_usage_error(self, command: str) -> None:
        given = {"learn": [str(READ)], "certify": ["--tickets", "past.csv"]}[command]
        assert CliRunner().invoke(app, [command, *given, "--map", "body=text"]).exit_code == 2


OTHER = ["--index", "shop", "--generator", "extractive"]
IN_OTHER = "--index shop --generator extractive"


class TestHints:
    """A command that is printed, run as it stands, is about the same index."""

    @pytest.fixture(autouse=True)
    def _no_settings_file(self, asked: None) -> None:
        Path("support_agent.toml").unlink()

    def test_what_learn_says_to_do_next(self) -> None:
        assert f"Put it in force: support-agent certify {IN_OTHER}\n" in run("learn", fill_in(READ), *OTHER)[1]

    def test_how_what_is_to_be_read_comes_back(self) -> None:
        stderr = run("certify", *OTHER, "-o", "the rest.csv")[1]
        assert f"Fill in verdict there, then: support-agent learn 'the rest.csv' {IN_OTHER}\n" in stderr

    def test_how_what_is_to_be_read_is_written(self) -> None:
        assert f"this writes them: support-agent certify --to-read FILE {IN_OTHER}\n" in run("certify", *OTHER)[1]

    def test_the_settings_file_and_the_profile(self) -> None:
        Path("mine.toml").write_text(SETTINGS, "utf-8")
        run("learn", fill_in(READ), "--config", "mine.toml")
        more = write_rows(Path("more.jsonl"), [{"question": "Is there a fax?", "answer": "There is none."}])
        run("certify", "--config", "mine.toml")
        run("index", "add", "shop", more)
        done = CliRunner().invoke(app, ["certify", "--config", "mine.toml"])
        assert "run `support-agent renew --config mine.toml` first" in str(done.exception)

    def test_a_promise_that_there_is_not(self) -> None:
        shutil.rmtree("calibrations")
        for command in ("renew", "certify"):
            done = CliRunner().invoke(app, [command, *OTHER])
            assert f"support-agent certify --tickets past.csv {IN_OTHER}" in str(done.exception)


@pytest.mark.usefixtures("certified")
class TestInForce:
    def test_certify_says_what_is_in_force(self) -> None:
        _, second, *_ = run("certify")[0].splitlines()
        assert second.startswith("In force since ")
        assert re.search(r"answers that score 0\.\d+ or more are sent, for \d+ % of tickets\.$", second)
        facts = run_json("certify")["in_force"]
        assert (facts["words"], 0 < facts["score"] < 1, 0 < facts["share"] < 1) == (second, True, True)

    def test_answers_are_sent_and_the_promise_is_said(self) -> None:
        assert run("certify")[0].startswith("Proven: at most 50 % of the answers wrong, with 95 % confidence, for ")
        routes = {ask(question)["route"] for question in QUESTIONS[:8]}
        assert "answer" in routes
        assert "of 12 such answers that people read, 0 were wrong" in run("doctor")[0]

    def test_adding_to_the_index_asks_for_the_renewal(self) -> None:
        more = write_rows(Path("more.jsonl"), [{"question": "Is there a fax?", "answer": "There is none."}])
        assert "What was promised waits for: support-agent renew --index shop" in run("index", "add", "shop", more)[1]
        assert ask(QUESTIONS[0])["reasons"] == ["renewal_due"]
        stdout, _ = run("renew")
        assert "of 12 labelled answers 12 came out the same" in stdout
        assert "Proven: " in stdout
        assert "renewal_due" not in ask(QUESTIONS[0])["reasons"]

    def test_adding_what_is_known_already_asks_for_nothing(self) -> None:
        assert "renew" not in run("index", "add", "shop", Path("indexes/rows.jsonl"))[1]

    def test_the_renewal_may_be_done_with_the_adding(self) -> None:
        more = write_rows(Path("more.jsonl"), [{"question": "Is there a fax?", "answer": "There is none."}])
        stdout, stderr = run("index", "add", "shop", more, "--renew")
        assert "Proven: " in stdout
        assert "waits for" not in stderr
        assert "renewal_due" not in ask(QUESTIONS[0])["reasons"]

    def test_renewed_json_is_one_object(self) -> None:
        assert run_json("renew")["standing"]["renewing"] is False

    def test_a_promise_begun_anew_needs_new_tickets(self) -> None:
        done = CliRunner().invoke(app, ["certify", "--anew"])
        assert "No new ticket has come since" in str(done.exception)


@pytest.mark.usefixtures("asked")
class TestNotPossible:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["learn", "nowhere.csv"], "nowhere.csv is not there"),
            (["learn", "past.csv"], "past.csv has no column 'verdict'"),
            (["certify", "--tickets", "nowhere.csv"], "nowhere.csv is not there"),
            (["certify", "--to-read", "past.to-read.csv"], "past.to-read.csv is there already, and may hold verdicts"),
            (["renew", "--generator", "scripted", "--index", "nowhere"], "nowhere"),
        ],
        ids=["no file", "no verdicts", "no tickets", "verdicts at stake", "no index"],
    )
    def test_a_foreseen_error_is_one_sentence_and_exit_code_1(
        self,
        arguments: list[str],
        words: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["support-agent", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        error = capsys.readouterr().err
        assert stopped.value.code == 1
        assert words in error
        assert "Traceback" not in error

    def test_a_damaged_evidence_file_is_one_sentence(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = own_calibration(SHOP).with_name(FILE)
        file.write_bytes(b"no database" * 1000)
        file.with_name(f"{FILE}-wal").unlink(missing_ok=True)
        monkeypatch.setattr(sys, "argv", ["support-agent", "certify"])
        with pytest.raises(SystemExit):
            main()
        error = capsys.readouterr().err
        assert f"{FILE} is damaged or not a file of this program" in error
        assert "Traceback" not in error

    @pytest.mark.parametrize("given", [["--max-error", "0"], ["--max-error", "1.5"], ["--delta", "0.9"]])
    def test_a_promise_that_cannot_be_is_a_usage_error(self, given: list[str]) -> None:
        assert CliRunner().invoke(app, ["certify", *given]).exit_code == 2

    def test_a_test_that_cannot_pass_is_not_said_to_pass_with_fewer_than_none_wrong(self) -> None:
        assert "-1 wrong" not in run("certify", "--delta", "0.0001")[0]
