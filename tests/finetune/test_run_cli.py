import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from finetune.cli.run import parsed_changes
from support_agent.cli import app

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_ADAPTERS", str(tmp_path / "adapters"))


def test_recipes_are_listed_with_what_they_train() -> None:
    done = RUNNER.invoke(app, ["finetune", "recipes", "--json"])
    recipes = json.loads(done.stdout)["recipes"]
    assert recipes["llama2-7b-12gb"]["target_modules"] == ["q_proj", "v_proj"]


def test_smoke_recipe_makes_an_own_adapter_that_is_known_by_name() -> None:
    done = RUNNER.invoke(app, ["finetune", "run", "smoke", "--set", "epochs=1", "--offline"])
    assert done.exit_code == 0, done.output
    assert "smoke is in" in done.stdout
    assert "perplexity on" in done.stdout
    assert "step 8/8" in done.stderr
    listed = json.loads(RUNNER.invoke(app, ["adapters", "list", "--json"]).stdout)["adapters"]
    assert {"name": "smoke", "base": "tiny-random-llama", "place": "own"}.items() <= next(
        one for one in listed if one["name"] == "smoke"
    ).items()


def test_an_adapter_is_replaced_only_when_asked(tmp_path: Path) -> None:
    command = ["finetune", "run", "smoke", "--set", "epochs=0.3", "--set", "dev_share=0.0", "-o", "mine", "--offline"]
    assert RUNNER.invoke(app, command).exit_code == 0
    first = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    refused = RUNNER.invoke(app, command)
    assert "is there already" in str(refused.exception)
    assert RUNNER.invoke(app, [*command, "--force", "--set", "seed=1"]).exit_code == 0
    assert json.loads((tmp_path / "mine" / "manifest.json").read_text())["files"] != first["files"]


def test_what_is_no_adapter_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mother.txt").write_text("dear")
    done = RUNNER.invoke(app, ["finetune", "run", "smoke", "-o", "letters", "--force"])
    assert "is no adapter, so it is not replaced" in str(done.exception)
    assert (tmp_path / "letters" / "mother.txt").exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("rank=16", ("rank", 16)),
        ("learning_rate=5e-4", ("learning_rate", 5e-4)),
        ("mode=plain", ("mode", "plain")),
        ('target_modules=["q_proj"]', ("target_modules", ["q_proj"])),
        ("base=org/name", ("base", "org/name")),
    ],
)
def test_a_change_is_read_as_toml_or_as_text(change: str, expected: tuple[str, object]) -> None:
    assert parsed_changes([change]) == dict([expected])


@pytest.mark.parametrize("options", [["--set", "rank"], ["--resume", "--force"]], ids=["no value", "resume and force"])
def test_wrong_usage_is_told_apart(options: list[str]) -> None:
    assert RUNNER.invoke(app, ["finetune", "run", "smoke", *options]).exit_code == 2
