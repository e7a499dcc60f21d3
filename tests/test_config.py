from pathlib import Path
from typing import Any

import pytest

from support_agent import Agent
from support_agent.config import PROFILES, Config, load_config
from support_agent.errors import ConfigError


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_overrides_win_over_environment_over_file_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("support_agent.toml").write_text('passages = 5\nbatch_size = 5\nindex = "file"\n')
    monkeypatch.setenv("SUPPORT_AGENT_BATCH_SIZE", "7")
    monkeypatch.setenv("SUPPORT_AGENT_INDEX", "environment")
    loaded = load_config(index="override")
    config = loaded.config
    assert (config.passages, config.batch_size, config.index, config.max_new_tokens) == (5, 7, "override", 200)
    assert loaded.sources == {"passages": "support_agent.toml", "batch_size": "environment", "index": "override"}


WRITES, QUOTES = "openvino", "extractive"


@pytest.mark.parametrize(
    ("settings", "generator"),
    [
        ({}, QUOTES),
        ({"index": "shop"}, QUOTES),
        ({"index": "shop", "generator": "auto"}, QUOTES),
        ({"index": "shop", "adapter": "none"}, QUOTES),
        ({"index": "shop", "adapter": "auto"}, QUOTES),
        ({"index": "shop", "model": "smollm2-135m-instruct"}, WRITES),
        ({"index": "shop", "adapter": "mine"}, WRITES),
        ({"index": "shop", "generator": "transformers"}, "transformers"),
        ({"generator": "extractive"}, QUOTES),
    ],
    ids=str,
)
def test_a_model_writes_where_one_or_an_adapter_is_named(settings: dict[str, str], generator: str) -> None:
    assert Config(**settings).generator == generator
    assert load_config(**settings).config.generator == generator


def test_a_model_that_is_named_anywhere_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("support_agent.toml").write_text('index = "shop"\n')
    assert load_config().config.generator == QUOTES
    monkeypatch.setenv("SUPPORT_AGENT_MODEL", "smollm2-135m-instruct")
    assert load_config().config.generator == WRITES


def test_a_configuration_that_was_read_is_read_again_as_it_was() -> None:
    config = Config(index="shop")
    assert Config(**config.model_dump()) == config


def test_an_unknown_key_is_named_with_its_file_and_the_nearest_one() -> None:
    Path("support_agent.toml").write_text("pasages = 5\n")
    with pytest.raises(ConfigError, match=r"no setting 'pasages' \(from support_agent.toml\). Did you mean 'passages'"):
        load_config()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("passages = 0\n", "'passages'"),
        ('generator = "gpt"\n', "'generator'"),
        ("passages = \n", "not a readable TOML file"),
        ("\xff\xfe", "not a readable TOML file"),
    ],
    ids=["out of range", "unknown generator", "not TOML", "not UTF-8"],
)
def test_a_value_that_does_not_fit_is_one_sentence(toml: str, words: str) -> None:
    Path("support_agent.toml").write_bytes(toml.encode("latin-1"))
    with pytest.raises(ConfigError, match=words):
        load_config()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SUPPORT_AGENT_PASAGES", "9", "Did you mean 'passages'"),
        ("SUPPORT_AGENT_LANGUAGES", "en,de", "must be a JSON list"),
        ("SUPPORT_AGENT_PASSAGES", "abc", "'passages' \\(from environment\\)"),
    ],
    ids=["unknown", "not a list", "not a number"],
)
def test_an_environment_variable_that_does_not_fit_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=words):
        load_config()


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nowhere.toml is not there"):
        load_config("nowhere.toml")


def test_a_profile_wins_over_the_defaults_and_loses_to_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("support_agent.toml").write_text('model = "mine"\n')
    monkeypatch.setenv("SUPPORT_AGENT_PASSAGES", "2")
    loaded = load_config(profile="llama2-7b", adapter="none")
    config = loaded.config
    assert (config.generator, config.model, config.adapter) == ("transformers", "mine", "none")
    assert loaded.sources == {
        "generator": "profile llama2-7b",
        "model": "support_agent.toml",
        "adapter": "override",
        "passages": "environment",
    }


@pytest.mark.parametrize("place", ["override", "environment", "file"])
def test_every_source_may_name_a_profile(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("named.toml").write_text('profile = "llama2-7b"\n')
    monkeypatch.setenv("NOTHING" if place != "environment" else "SUPPORT_AGENT_PROFILE", "llama2-7b")
    named = {"override": {"profile": "llama2-7b"}, "environment": {}, "file": {"path": "named.toml"}}[place]
    assert load_config(**named).config.model == "llama-2-7b"


@pytest.mark.parametrize("value", ['"gpt-5"', "3", '["llama2-7b"]'], ids=["unknown", "number", "list"])
def test_an_unknown_profile_is_an_error_that_lists_them(value: str) -> None:
    Path("support_agent.toml").write_text(f"profile = {value}\n")
    with pytest.raises(
        ConfigError, match=r"no profile .* \(from support_agent.toml\); there are: tiny, standard, llama2-7b"
    ):
        load_config()


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_a_valid_configuration(name: str) -> None:
    assert Config(**PROFILES[name]).model_dump() == load_config(profile=name).config.model_dump()


def test_a_profile_beside_a_whole_config_is_refused() -> None:
    with pytest.raises(ConfigError, match="not both"):
        Agent.load(Config(), profile="llama2-7b")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ({}, "support-agent renew"),
        ({"index": "shop", "offline": True}, "support-agent renew --index shop"),
        ({"index": "my shop"}, "support-agent renew --index 'my shop'"),
        ({"profile": "tiny", "adapter": "none"}, "support-agent renew --profile tiny --adapter none"),
        (
            {"path": "other.toml", "generator": "scripted"},
            "support-agent renew --config other.toml --generator scripted",
        ),
    ],
    ids=["nothing named", "index", "a name with a space", "profile", "file"],
)
def test_a_hint_names_the_options_that_led_to_the_settings(arguments: dict[str, Any], command: str) -> None:
    Path("other.toml").write_text('index = "of the file"')
    settings = load_config(**arguments).config
    assert settings.command("renew") == command
    assert settings.model_copy(update={"calibration": "auto"}).command("renew") == command
