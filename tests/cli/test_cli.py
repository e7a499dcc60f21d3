import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent import Agent
from support_agent.cli import app, main
from support_agent.generation.extractive import ExtractiveGenerator

ROWS = [
    {"question": "How do I get an API key?", "answer": "Open the API tab at app.example.com. Keep the key secret."},
    {"question": "What is the Enterprise plan?", "answer": "The Enterprise plan is for large teams."},
    {"question": "How much does the Enterprise plan cost?", "answer": "The Enterprise plan costs $99 a month."},
]

NOTICE = "This reply comes from an AI assistant. If you would rather have a person, just say so."


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A folder with an index of three rows, made through the command line, and settings that use no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    Path("rows.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    Path("support_agent.toml").write_text(
        'index = "shop"\ngenerator = "extractive"\ncalibration = "none"\nmin_retrieval_score = 0.2\npassages = 2\n'
    )
    runner = CliRunner()
    made = runner.invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
    assert made.exit_code == 0, made.output
    return runner


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom support_agent.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = 'torch transformers faiss langchain langchain_core sqlalchemy openvino bm25s datasets'.split()\n"
        "print('heavy:', [name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stdout
    for command in (
        "ask",
        "chat",
        "batch",
        "learn",
        "certify",
        "renew",
        "index",
        "models",
        "config",
        "doctor",
        "finetune",
    ):
        assert f" {command} " in done.stdout


def test_ask_prints_the_answer_on_stdout_and_its_sources_on_stderr(shop: CliRunner) -> None:
    done = shop.invoke(app, ["ask", "How do I get an API key?"])
    assert done.exit_code == 0
    assert done.stdout == f"{NOTICE}\n\nOpen the API tab at app.example.com. Keep the key secret.\n"
    assert "[rows:1" in done.stderr
    assert "route answer" in done.stderr


def test_ask_reads_standard_input(shop: CliRunner) -> None:
    done = shop.invoke(app, ["ask", "-"], input="I want to speak to a human\n")
    assert done.stdout == f"{NOTICE}\n\nOf course. Your message goes to a person on our team.\n"


def test_json_is_one_object_with_the_promised_fields(shop: CliRunner) -> None:
    done = shop.invoke(app, ["ask", "--json", "How do I get an API key?"])
    reply = json.loads(done.stdout)
    promised = "ticket_id route text confidence reasons citations language signals timings_ms versions".split()
    assert set(promised) <= set(reply)
    assert set(reply["citations"][0]) == {"passage_id", "score", "quote"}


def test_chat_keeps_the_subject_of_the_turn_before(shop: CliRunner) -> None:
    done = shop.invoke(app, ["chat"], input="What is the Enterprise plan?\nand how much does that cost?\n\n")
    assert "The Enterprise plan costs $99 a month." in done.stdout


def test_batch_answers_a_ticket_file(shop: CliRunner) -> None:
    Path("in.csv").write_text("id,question\n1,How do I get an API key?\n2,I want to speak to a human\n3,\n")
    done = shop.invoke(app, ["batch", "in.csv", "-o", "out.csv"])
    assert done.exit_code == 0, done.output
    assert [row["sa_route"] for row in csv.DictReader(Path("out.csv").read_text().splitlines(keepends=True))] == [
        "answer",
        "human",
        "clarify",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "hi", "--index", "nowhere"], "nowhere"),
        (["ask", "hi", "--config", "nowhere.toml"], "nowhere.toml is not there"),
        (["ask", "hi", "--generator", "gpt"], "'generator'"),
        (["batch", "nowhere.csv", "-o", "out.csv"], "nowhere.csv"),
        (["index", "build", "x", "nowhere.jsonl"], "nowhere.jsonl"),
        (["models", "pull", "nowhere"], "nowhere"),
    ],
    ids=["index", "config file", "setting", "batch", "source file", "model"],
)
def test_a_foreseen_error_is_one_sentence_and_exit_code_1(
    shop: CliRunner,
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


@pytest.mark.parametrize(
    "arguments", [["ask"], ["nothing"], ["batch", "in.csv"]], ids=["argument", "command", "option"]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_config_show_prints_toml_that_can_be_used_again(shop: CliRunner) -> None:
    done = shop.invoke(app, ["config", "show"])
    Path("again.toml").write_text(done.stdout)
    again = shop.invoke(app, ["config", "show", "--json", "--config", "again.toml"])
    first = shop.invoke(app, ["config", "show", "--json"])
    assert json.loads(again.stdout)["settings"] == json.loads(first.stdout)["settings"]


def test_doctor_says_what_would_run_and_finds_the_index_whole(shop: CliRunner) -> None:
    done = shop.invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert f"extractive: {ExtractiveGenerator.version}, opened in" in done.stdout
    assert "all as listed" in done.stdout


def test_doctor_finds_that_the_settings_cannot_run(shop: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_GENERATOR", "openvino")
    monkeypatch.setenv("SUPPORT_AGENT_MODEL", "nonsense")
    done = shop.invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "'nonsense'" in done.stderr


def test_doctor_names_a_damaged_index(shop: CliRunner) -> None:
    passages = next(Path("indexes/shop").rglob("passages.jsonl"))
    passages.write_bytes(passages.read_bytes().replace(b"$99", b"$98"))
    done = shop.invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "changed or damaged" in done.stderr


@pytest.mark.parametrize(
    ("raised", "code", "word"),
    [(KeyboardInterrupt(), 130, "Stopped."), (OSError(28, "No space left on device", "a.txt"), 1, "a.txt cannot be")],
    ids=["Ctrl-C", "full disk"],
)
def test_a_command_that_is_ended_says_one_word(
    raised: BaseException,
    code: int,
    word: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shop: CliRunner,
) -> None:
    def end(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(Agent, "load", end)
    monkeypatch.setattr(sys, "argv", ["support-agent", "ask", "hi"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == code
    assert word in capsys.readouterr().err


def test_a_generator_that_is_down_is_said_on_stderr(shop: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_GENERATOR", "chat_model")
    monkeypatch.setenv("SUPPORT_AGENT_MODEL", "openai:none")
    monkeypatch.setenv("SUPPORT_AGENT_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    Path("in.csv").write_text("question\nHow do I get an API key?\n")
    done = shop.invoke(app, ["batch", "in.csv", "-o", "out.csv"])
    assert done.exit_code == 0, done.output
    assert "because the generator failed: 1" in done.stderr
