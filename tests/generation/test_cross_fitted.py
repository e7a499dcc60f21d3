import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support_agent.artefacts import write_manifest
from support_agent.config import Config
from support_agent.errors import CalibrationError
from support_agent.generation.cross_fitted import Drafter, drafting_facts, who_drafts
from support_agent.generation.find_model import base_fingerprint
from support_agent.generation.prompt import prompt_version
from support_agent.records import Passage

ROWS = [Passage(f"rows:{number}", f"What is {number}?", f"It is {number}.", "rows.csv") for number in range(4)]
RECIPE = {"rank": 8, "data": "mine", "folds": 2, "fold": 0}
BASE = "meta/no-such-model"


def adapter(folder: Path, held: Sequence[str] = (), **facts: Any) -> Path:
    """An adapter's folder as `finetune` leaves it, without weights that say anything."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": BASE}), "utf-8")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    made_for = {"base": BASE, "base_fingerprint": base_fingerprint(BASE, offline=True)}
    manifest = {**made_for, "prompt_version": prompt_version(), "held_out": list(held), "recipe": RECIPE, **facts}
    write_manifest(folder, manifest, ["adapter_config.json", "adapter_model.safetensors"])
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    serving = adapter(tmp_path / "serving", recipe={"rank": 8, "data": "lamini_docs"})
    return Config(generator="transformers", model=BASE, adapter=str(serving), offline=True)


def test_each_row_is_drafted_by_the_adapter_that_has_not_learned_it(tmp_path: Path, settings: Config) -> None:
    folds = [adapter(tmp_path / "folds" / "fold-0", ["rows:0", "rows:2"])]
    folds += [adapter(tmp_path / "folds" / "fold-1", ["rows:1", "rows:3"], recipe={**RECIPE, "fold": 1})]
    drafters = who_drafts(settings, ROWS, tmp_path / "folds")
    assert [one.config.adapter for one in drafters] == [str(folder) for folder in folds]
    assert [one.rows for one in drafters] == [[ROWS[0], ROWS[2]], [ROWS[1], ROWS[3]]]


def test_without_folds_the_settings_draft_and_it_is_said_what_that_means(
    settings: Config, caplog: pytest.LogCaptureFixture
) -> None:
    assert who_drafts(settings, ROWS, None) == [Drafter(settings, ROWS)]
    assert "may have learned these very rows" in caplog.text


@pytest.mark.parametrize(
    ("held", "facts", "words"),
    [
        (["rows:0", "rows:1", "rows:2"], {}, "left out rows:3: it was made from other rows"),
        (["rows:3"], {}, "left out rows:0 and 2 others"),
        ([row.passage_id for row in ROWS], {"base": "b", "base_fingerprint": "ab"}, f"made for b, not for the {BASE}"),
        ([row.passage_id for row in ROWS], {"recipe": {**RECIPE, "rank": 16}}, "another recipe than .*: rank 16 and 8"),
    ],
    ids=["one row missing", "three missing", "another base", "another recipe"],
)
def test_folds_that_do_not_fit_are_refused(
    tmp_path: Path, settings: Config, held: list[str], facts: dict[str, Any], words: str
) -> None:
    adapter(tmp_path / "folds" / "fold-0", held, **facts)
    with pytest.raises(CalibrationError, match=words):
        who_drafts(settings, ROWS, tmp_path / "folds")


def test_folds_of_two_runs_are_refused(tmp_path: Path, settings: Config) -> None:
    adapter(tmp_path / "folds" / "fold-0", [row.passage_id for row in ROWS])
    adapter(tmp_path / "folds" / "fold-1", ["rows:1"])
    with pytest.raises(CalibrationError, match="folds of two runs"):
        who_drafts(settings, ROWS, tmp_path / "folds")


@pytest.mark.parametrize(
    ("manifest", "words"), [(None, "has no manifest.json"), ("{", "cannot be read")], ids=["missing", "broken"]
)
def test_a_fold_whose_manifest_cannot_be_read_is_named(
    tmp_path: Path, settings: Config, manifest: str | None, words: str
) -> None:
    file = adapter(tmp_path / "folds" / "fold-0") / "manifest.json"
    file.unlink() if manifest is None else file.write_text(manifest, "utf-8")
    with pytest.raises(CalibrationError, match=f"fold-0.* {words}.*finetune cross-fit"):
        who_drafts(settings, ROWS, tmp_path / "folds")


def test_a_fold_with_a_changed_byte_is_refused(tmp_path: Path, settings: Config) -> None:
    (adapter(tmp_path / "folds" / "fold-0") / "adapter_model.safetensors").write_bytes(b"weighty")
    with pytest.raises(CalibrationError, match="changed or damaged"):
        who_drafts(settings, ROWS, tmp_path / "folds")


def test_a_folder_without_folds_says_who_makes_them(tmp_path: Path, settings: Config) -> None:
    with pytest.raises(CalibrationError, match="holds no fold-0, fold-1, …: `finetune cross-fit` makes them"):
        who_drafts(settings, ROWS, tmp_path)


def test_folds_are_refused_where_no_adapter_serves(tmp_path: Path) -> None:
    adapter(tmp_path / "folds" / "fold-0", [row.passage_id for row in ROWS])
    with pytest.raises(CalibrationError, match="The settings use no adapter"):
        who_drafts(Config(generator="extractive"), ROWS, tmp_path / "folds")


def test_the_facts_say_who_drafted_and_whether_that_adapter_may_have_learned_the_rows(settings: Config) -> None:
    assert drafting_facts(settings, None, ["b", "a", "b"]) == {
        "drafted_by": ["a", "b"],
        "cross_fitted": False,
        "adapter_may_have_learned_the_rows": True,
    }
    assert drafting_facts(settings, Path("folds"), [])["adapter_may_have_learned_the_rows"] is False
    assert drafting_facts(Config(generator="extractive"), None, [])["adapter_may_have_learned_the_rows"] is False
