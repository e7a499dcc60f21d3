import json
import shutil
from pathlib import Path

import pytest

from finetune.cross_fit import cross_fit
from finetune.examples import split_folds
from finetune.recipe import Recipe, load_recipe
from finetune.train import run
from support_agent.errors import ConfigError, TrainingError
from support_agent.records import Passage


def row(number: int, question: str) -> Passage:
    return Passage(str(number), question, "Yes.", "rows")


def test_folds_hold_every_row_once_and_near_duplicates_together() -> None:
    rows = [row(n, f"How does part {n} of device {n} work?") for n in range(20)]
    twins = [row(20, "Where is the blue reset button?"), row(21, "Where is the blue reset button please?")]
    folds = split_folds([*rows, *twins], 2, seed=0)
    assert sorted(one.passage_id for fold in folds for one in fold) == sorted(str(n) for n in range(22))
    assert [len({one.passage_id for one in fold} & {"20", "21"}) for fold in folds] in ([2, 0], [0, 2])


def test_each_fold_is_left_out_by_its_own_adapter(recipe: Recipe, tmp_path: Path) -> None:
    short = Recipe(**{**recipe.model_dump(), "epochs": 0.5})
    made = cross_fit(short, 2, tmp_path / "folds", offline=True)
    held = [json.loads((folder / "manifest.json").read_text())["held_out"] for folder in made]
    assert sorted(held[0] + held[1]) == sorted(f"rows:{n}" for n in range(1, 25))
    assert [folder.name for folder in cross_fit(short, 2, tmp_path / "folds", offline=True)] == ["fold-0", "fold-1"]


def test_a_fold_of_another_recipe_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    run(Recipe(**{**recipe.model_dump(), "epochs": 0.5}), tmp_path / "once", offline=True)
    shutil.move(tmp_path / "once", tmp_path / "folds" / "fold-0")
    with pytest.raises(TrainingError, match="made with another recipe"):
        cross_fit(recipe, 2, tmp_path / "folds", offline=True)


@pytest.mark.parametrize("changes", [{"folds": 1}, {"folds": 2, "fold": 2}, {"fold": 1}], ids=["one", "beyond", "none"])
def test_a_fold_must_be_one_of_several(changes: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="folds is 0 or at least 2"):
        load_recipe("smoke", changes)
