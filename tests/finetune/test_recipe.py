import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from finetune.recipe import Recipe, load_recipe, shipped_recipes
from support_agent.errors import ConfigError


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipe_parses_is_short_and_explains_every_key(name: str) -> None:
    load_recipe(name)
    lines = files("finetune").joinpath("recipes", f"{name}.toml").read_text("utf-8").splitlines()
    keys = [line for line in lines if re.match(r"\w+ = ", line)]
    assert 5 < len(keys) <= 20
    assert not [line for line in keys if "  # " not in line]


def test_the_recipes_of_the_readme_are_there() -> None:
    assert shipped_recipes() == [
        "llama2-7b-12gb",
        "llama2-7b-alllinear-12gb",
        "qwen2.5-0.5b-cpu",
        "smoke",
        "smollm2-cpu",
    ]


def test_the_seeds_recipe_is_rank_8_on_q_and_v_in_4_bit() -> None:
    recipe = load_recipe("llama2-7b-12gb")
    assert (recipe.rank, recipe.target_modules, recipe.method) == (8, ("q_proj", "v_proj"), "qlora")


def test_a_change_wins_over_the_file() -> None:
    assert load_recipe("smoke", {"rank": 4}).rank == 4


def test_rows_of_ones_own_in_a_file_need_an_index_of_their_own() -> None:
    with pytest.raises(ConfigError, match=r"the file rows\.csv, .* add --set index=NAME, or .* --set mode=plain"):
        load_recipe("smollm2-cpu", {"data": "rows.csv"})


@pytest.mark.parametrize(
    ("changes", "index"),
    [
        ({"data": "rows.csv", "index": "shop"}, "shop"),
        ({"data": "rows.csv", "mode": "plain"}, ""),
        ({"data": "shop"}, "shop"),
    ],
    ids=["an index is named", "no passages are shown", "the rows are an index"],
)
def test_other_rows_take_neither_index_nor_attribution_of_the_recipes_own(changes: dict[str, Any], index: str) -> None:
    recipe = load_recipe("smollm2-cpu", changes)
    assert (recipe.index, recipe.attribution) == (index, "")


def test_the_recipes_own_rows_keep_index_and_attribution() -> None:
    recipe = load_recipe("smollm2-cpu", {"data": "lamini_docs", "rank": 4})
    assert (recipe.index, recipe.attribution[:11]) == ("lamini_docs", "lamini_docs")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rank = ", "not readable TOML"),
        ('base = "x"\nranks = 8', "'ranks' that is not known. Known are: base, data"),
        ("rank = 8", "has no 'base'. Add it"),
        ('base = "x"\nrank = 0', "rank = 0 does not fit"),
    ],
    ids=["not TOML", "unknown key", "no base", "bad value"],
)
def test_a_bad_recipe_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_recipe(str(tmp_path / "bad.toml"))


def test_a_recipe_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(ConfigError, match="one of llama2-7b-12gb"):
        load_recipe("nonesuch")


def test_every_key_has_a_description() -> None:
    assert all(field.description for field in Recipe.model_fields.values())


@pytest.mark.parametrize(
    "change",
    [{"epochs": float("inf")}, {"seed": 2**32}, {"alpha": float("nan")}, {"base": ""}, {"batch_size": 10**20}],
    ids=str,
)
def test_values_that_no_run_can_bear_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="does not fit"):
        load_recipe("smoke", change)
