"""The shipped index: what it may hold, and that it is whole."""

import json
from pathlib import Path

import pytest

from support_agent.artefacts import sha256_file
from support_agent.retrieval import Index, is_refusal
from support_agent.retrieval.folders import read_index_manifest, read_left_out, read_passages
from support_agent.shelves import INDEXES

FOLDER = INDEXES.shipped() / "lamini_docs"


def rows(split: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (FOLDER / f"{split}.jsonl").read_text("utf-8").splitlines()]


def labelled_refusals() -> set[tuple[str, int]]:
    return {(row["split"], row["index"]) for row in json.loads((FOLDER / "refusal_rows.json").read_text())}


def test_the_refusal_pattern_finds_exactly_the_labelled_rows() -> None:
    found = {
        (split, number)
        for split in ("train", "test")
        for number, row in enumerate(rows(split))
        if is_refusal(row["answer"])
    }

    assert len(found) == 95
    assert found == labelled_refusals()


def test_the_split_is_kept() -> None:
    assert (len(rows("train")), len(rows("test"))) == (1260, 140)


def test_every_train_row_is_indexed_or_left_out_with_a_reason() -> None:
    manifest = read_index_manifest(FOLDER)

    assert manifest["counts"] == {"passages": 1172, "left_out": {"empty": 1, "refusal": 87}}
    assert len(read_passages(FOLDER, manifest)) + len(read_left_out(FOLDER, manifest)) == 1260


def test_no_test_row_is_indexed() -> None:
    indexed = {(one.title, one.text) for one in read_passages(FOLDER, read_index_manifest(FOLDER))}
    trained = {row["question"].strip() for row in rows("train")}
    test_only = {row["question"].strip() for row in rows("test")} - trained

    assert len(test_only) == 138
    assert not test_only & {title for title, _ in indexed}
    assert not {(row["question"].strip(), row["answer"].strip()) for row in rows("test")} & indexed


def test_the_manifest_names_the_file_that_was_read() -> None:
    [source] = read_index_manifest(FOLDER)["sources"]

    assert source == {"file": "train.jsonl", "rows": 1260, "sha256": sha256_file(FOLDER / "train.jsonl")}


def test_no_shipped_file_is_large() -> None:
    assert max(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 5_000_000


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I set up my Lamini API key?", "API key"),
        ("Does Lamini support German?", "language"),
    ],
)
def test_finds_what_is_asked_for(question: str, words: str) -> None:
    [found] = Index.open(Path(FOLDER), threads=1).search([question], 1)

    assert words in found[0].text
    assert found[0].score > 0.5
