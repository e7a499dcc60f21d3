import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig

from finetune.answer_trainer import TrainingProgress
from finetune.checkpoints import work_folder
from finetune.merge import find_pair, merge_to_folder
from finetune.recipe import Recipe
from finetune.train import Listeners, replace, resume, run
from support_agent.config import Config
from support_agent.errors import ConfigError, DocumentError, ModelFileError, TrainingError
from support_agent.generation import open_generator
from support_agent.generation.prompt import prompt_version, write_prompt
from support_agent.retrieval import HashingEmbedder, build_index, read_sources


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text("utf-8")))


@pytest.fixture
def adapter(recipe: Recipe, tmp_path: Path) -> Path:
    return run(recipe, tmp_path / "adapter", offline=True)


def test_training_lowers_the_loss_and_says_what_was_done(adapter: Path, recipe: Recipe) -> None:
    facts = manifest(adapter)
    curve = [loss for _, loss in facts["result"]["curve"]]
    assert curve[-1] < curve[0] - 0.05
    assert facts["result"]["steps"] == 6
    assert facts["prompt_version"] == prompt_version()
    assert facts["recipe"] == recipe.model_dump(mode="json")
    assert sorted(path.name for path in adapter.iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
    assert not work_folder(adapter).exists()


def test_a_qwen2_is_trained_and_merged_and_keeps_its_biases(recipe: Recipe, tiny_qwen2: Path, tmp_path: Path) -> None:
    ours = recipe.model_copy(update={"base": str(tiny_qwen2)})
    adapter = run(ours, tmp_path / "adapter", offline=True)
    curve = [loss for _, loss in manifest(adapter)["result"]["curve"]]
    assert curve[-1] < curve[0] - 0.05
    merge_to_folder(find_pair(str(adapter), offline=True), tmp_path / "merged", offline=True)
    before, after = (load_file(folder / "model.safetensors") for folder in (tiny_qwen2, tmp_path / "merged"))
    changed = {name.rpartition("self_attn.")[2] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"q_proj.weight", "v_proj.weight"}


def test_card_names_base_data_recipe_curve_and_scores(adapter: Path, recipe: Recipe) -> None:
    card = (adapter / "README.md").read_text("utf-8")
    assert [
        word for word in (recipe.base, manifest(adapter)["data_sha256"], "| rank | `8` |", "█") if word not in card
    ] == []


def test_adapter_writes_the_same_text_after_it_is_loaded_again(adapter: Path, tiny_base: Path) -> None:
    prompts = [write_prompt("How do I do task 3?", []), write_prompt("Who are you?", [])]
    settings = Config(generator="transformers", model=str(tiny_base), adapter=str(adapter), max_new_tokens=20)
    first, second = (open_generator(settings).generate(prompts) for _ in range(2))
    bare = open_generator(settings.model_copy(update={"adapter": "none"})).generate(prompts)
    assert first == second
    assert [draft.text for draft in first] != [draft.text for draft in bare]


def test_development_rows_are_measured_with_and_without_the_adapter(recipe: Recipe, tmp_path: Path) -> None:
    held = recipe.model_copy(update={"dev_share": 0.3})
    result = manifest(run(held, tmp_path / "adapter", offline=True))["result"]
    assert result["dev_rows"] > 0
    assert result["dev_perplexity"] < result["dev_perplexity_base"]


def test_same_seed_gives_the_same_weights(adapter: Path, recipe: Recipe, tmp_path: Path) -> None:
    again = run(recipe, tmp_path / "again", offline=True)
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (adapter, again))
    assert all(torch.equal(one[name], other[name]) for name in one)


KILLED = """
import os, signal, sys
from pathlib import Path
from finetune.recipe import Recipe
from finetune.train import Listeners, run
def kill(progress):
    if progress.step == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
run(Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2]), offline=True, listeners=Listeners(on_training=kill))
"""


@pytest.mark.parametrize("step", [1, 3, 5])
def test_killed_run_ends_on_the_same_loss_when_resumed(
    recipe: Recipe, adapter: Path, tmp_path: Path, step: int
) -> None:
    folder = tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, recipe.model_dump_json(), str(folder), str(step)],
        check=False,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -9, done.stderr.decode()
    assert not folder.exists()
    seen: list[TrainingProgress] = []
    resume(recipe, folder, offline=True, listeners=Listeners(on_training=seen.append))
    assert len(seen) == 6 - manifest(folder)["result"]["resumed_at_step"]
    ours, uninterrupted = (dict(manifest(one)["result"]["curve"]) for one in (folder, adapter))
    assert ours == pytest.approx(uninterrupted, abs=1e-4)


def test_stopped_run_is_neither_overwritten_nor_resumed_with_another_recipe(recipe: Recipe, tmp_path: Path) -> None:
    def stop(progress: TrainingProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "adapter", offline=True, listeners=Listeners(on_training=stop))
    with pytest.raises(TrainingError, match="Add --resume"):
        run(recipe, tmp_path / "adapter", offline=True)
    with pytest.raises(TrainingError, match="rank = 8, not 4"):
        resume(recipe.model_copy(update={"rank": 4}), tmp_path / "adapter", offline=True)


def test_passages_of_the_index_stand_in_the_prompts_and_held_rows_do_not(
    recipe: Recipe, rows_file: Path, tmp_path: Path
) -> None:
    build_index(tmp_path / "index", read_sources([rows_file]), HashingEmbedder())
    with_passages = recipe.model_copy(
        update={"mode": "retrieval", "data": str(tmp_path / "index"), "index": str(tmp_path / "index")}
        | {"dev_share": 0.3, "epochs": 1.5, "own_passage_share": 0.5}
    )
    facts = manifest(run(with_passages, tmp_path / "adapter", offline=True))
    assert facts["result"]["examples"] == round(1.5 * facts["result"]["rows"])
    assert facts["result"]["rows"] + facts["result"]["dev_rows"] == 24


def test_an_index_that_was_rebuilt_is_noticed_on_resume(recipe: Recipe, rows_file: Path, tmp_path: Path) -> None:
    def stop(progress: TrainingProgress) -> None:
        raise KeyboardInterrupt

    build_index(tmp_path / "index", read_sources([rows_file]), HashingEmbedder())
    with_passages = recipe.model_copy(update={"mode": "retrieval", "index": str(tmp_path / "index")})
    with pytest.raises(KeyboardInterrupt):
        run(with_passages, tmp_path / "adapter", offline=True, listeners=Listeners(on_training=stop))
    (tmp_path / "more.csv").write_text("question,answer\nHow do I do task 99?,With patience.\n")
    build_index(tmp_path / "index", read_sources([rows_file, tmp_path / "more.csv"]), HashingEmbedder())
    with pytest.raises(TrainingError, match="was begun with examples_sha256"):
        resume(with_passages, tmp_path / "adapter", offline=True)


def test_batches_that_are_accumulated_are_one_larger_batch(recipe: Recipe, tmp_path: Path) -> None:
    halves = recipe.model_copy(update={"batch_size": 4, "gradient_accumulation": 2})
    whole, split = (manifest(run(one, tmp_path / str(at), offline=True)) for at, one in enumerate((recipe, halves)))
    assert dict(split["result"]["curve"]) == pytest.approx(dict(whole["result"]["curve"]), abs=1e-3)


def test_a_run_that_is_going_on_is_left_alone(recipe: Recipe, tmp_path: Path) -> None:
    def again(progress: TrainingProgress) -> None:
        for start in (run, resume, replace):
            with pytest.raises(TrainingError, match="Another process is training"):
                start(recipe, tmp_path / "adapter", offline=True)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "adapter", offline=True, listeners=Listeners(on_training=again))


def test_a_base_that_fills_masks_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=10
    ).save_pretrained(tmp_path / "bert")
    with pytest.raises(TrainingError, match="fills masks and writes no answers"):
        run(recipe.model_copy(update={"base": str(tmp_path / "bert")}), tmp_path / "adapter", offline=True)


def test_the_root_of_the_disk_is_no_adapter(recipe: Recipe) -> None:
    with pytest.raises(TrainingError, match="cannot be an adapter's folder"):
        run(recipe, Path("/"), offline=True)


def test_there_must_be_a_run_to_resume(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run to continue"):
        resume(recipe, tmp_path / "adapter", offline=True)


def test_a_folder_that_is_taken_is_left_alone(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    with pytest.raises(TrainingError, match="is there already"):
        run(recipe, tmp_path / "adapter", offline=True)


def test_loss_that_is_not_a_number_stops_the_run(recipe: Recipe, tiny_base: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_base, broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"] = weights["model.norm.weight"] * float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="not a number any more at step 1 .* Lower learning_rate"):
        run(recipe.model_copy(update={"base": str(broken)}), tmp_path / "adapter", offline=True)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"base": "nowhere/at-all"}, ModelFileError, "nowhere/at-all has no configuration"),
        ({"target_modules": ("query",)}, ConfigError, "some of its linear layers: q_proj"),
        ({"max_tokens": 4096}, TrainingError, "reads 2,048. Lower it"),
        ({"max_tokens": 32}, TrainingError, "longer than max_tokens = 32. Raise it"),
        ({"data": "nowhere.csv"}, DocumentError, "nowhere.csv cannot be read"),
    ],
    ids=["no base", "no such layer", "longer than the context", "all rows too long", "no data"],
)
def test_what_cannot_be_trained_is_one_sentence(
    recipe: Recipe, tmp_path: Path, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(recipe.model_copy(update=change), tmp_path / "adapter", offline=True)


def test_rows_without_their_columns_are_one_sentence(recipe: Recipe, rows_file: Path, tmp_path: Path) -> None:
    rows_file.write_text("q,a\nWhat?,That.\n")
    with pytest.raises(DocumentError, match="no column for the question among 'q', 'a'"):
        run(recipe, tmp_path / "adapter", offline=True)


def test_empty_refused_and_doubled_rows_are_left_out_and_named(
    recipe: Recipe, rows_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    extra = [
        "What?,",
        "Who won?,Let's keep the discussion relevant to our product.",
        "How do I do task 0?,Press the blue key.",
    ]
    rows_file.write_text("\n".join([rows_file.read_text("utf-8"), *extra]), "utf-8")
    result = manifest(run(recipe, tmp_path / "adapter", offline=True))["result"]
    assert result["rows"] == 24
    assert result["left_out"] == {"empty": 1, "refusal": 1, "duplicate": 1}
    assert "rows:25 is left out (empty)" in caplog.text


def test_row_longer_than_max_tokens_is_left_out_and_named(
    recipe: Recipe, rows_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows_file.write_text(f"{rows_file.read_text('utf-8')}\nHow long?,{'very ' * 400}long.", "utf-8")
    result = manifest(run(recipe, tmp_path / "adapter", offline=True))["result"]
    assert result["left_out"] == {"too long": 1}
    assert "rows:25 is longer than max_tokens" in caplog.text


FULL = """
import resource, sys
from pathlib import Path
from finetune.recipe import Recipe
from finetune.train import run
from support_agent.errors import TrainingError
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    run(Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2]), offline=True)
except TrainingError as problem:
    print(problem)
"""


def test_a_disk_too_full_is_one_sentence(recipe: Recipe, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, recipe.model_dump_json(), str(tmp_path / "adapter")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "continue with --resume" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


FOUR_BIT = """
import json, sys
from pathlib import Path
from finetune.recipe import Recipe
from finetune.train import run
folder = run(Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2]), offline=True)
"""


def test_four_bit_base_really_trains_on_a_cpu(recipe: Recipe, tmp_path: Path) -> None:
    """In a process of its own: bitsandbytes trains nothing on a CPU once a model was used there before."""
    in_4_bit = recipe.model_copy(update={"method": "qlora", "precision": "bf16", "gradient_checkpointing": True})
    subprocess.run(
        [sys.executable, "-c", FOUR_BIT, in_4_bit.model_dump_json(), str(tmp_path / "adapter")],
        check=True,
        capture_output=True,
    )
    curve = [loss for _, loss in manifest(tmp_path / "adapter")["result"]["curve"]]
    assert curve[-1] < curve[0] - 0.05
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert all(tensor.abs().max() > 0 for tensor in weights.values())
