"""Opening and searching an index folder: what it finds, and what it refuses."""

import json
import math
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support_agent.artefacts import write_manifest
from support_agent.errors import IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval import Embedder, HashingEmbedder, Index, build_index
from support_agent.retrieval.building import embedded_text
from support_agent.retrieval.documents import Source
from support_agent.retrieval.folders import facts_hash

from .conftest import source_of

FILES = [
    "manifest.json",
    "vectors.faiss",
    "passages.jsonl",
    "left_out.jsonl",
    "subject.json",
    "bm25/data.csc.index.npy",
    "bm25/indices.csc.index.npy",
    "bm25/indptr.csc.index.npy",
    "bm25/params.index.json",
    "bm25/vocab.index.json",
]
SHARED_WORDS = st.lists(st.sampled_from("account plan key limit export team invoice".split()), min_size=3, max_size=3)


def in_folder(folder: Path, name: str) -> Path:
    return next(path for path in folder.rglob("*") if path.as_posix().endswith(name))


def opened(folder: Path) -> Index:
    return Index.open(folder, embedder=HashingEmbedder())


def test_finds_the_passage_that_shares_meaning_and_words(folder: Path) -> None:
    [found] = opened(folder).search(["what is the cost of the pro plan"], 2)

    assert found[0].passage_id == "faq:2"


def test_orders_passages_by_their_cosine(folder: Path) -> None:
    [found] = opened(folder).search(["export my data from settings"], 4)

    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_words_have_no_vote_on_the_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = opened(folder)
    monkeypatch.setattr(index.words, "rank", lambda text, depth: [3, 2])

    [found] = index.search(["How do I reset my password?"], 4)

    assert found[0].passage_id == "faq:1"
    assert {one.passage_id: one.word_score for one in found} == {"faq:1": 0, "faq:2": 0, "faq:3": 0.5, "faq:4": 1}


def test_scores_are_the_cosine_of_ticket_and_passage(folder: Path) -> None:
    embedder = HashingEmbedder()

    [found] = opened(folder).search(["reset password"], 1)

    ticket, passage = embedder.encode(["reset password", embedded_text(found[0])])
    assert found[0].score == pytest.approx(float(ticket @ passage), abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(SHARED_WORDS, min_size=2, max_size=8), SHARED_WORDS)
def test_the_order_is_that_of_the_cosines_whatever_words_are_shared(bodies: list[list[str]], asked: list[str]) -> None:
    rows = [(f"subject{n}", " ".join([*words, f"own{n}"])) for n, words in enumerate(bodies)]

    found = found_in(rows, " ".join(asked), HashingEmbedder())

    assert len(found) == len(rows)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_word_score_is_one_over_the_rank_by_words_alone(folder: Path) -> None:
    index = opened(folder)
    first, second = index.words.rank("settings password", 9)

    [found] = index.search(["settings password"], 4)

    scores = {one.passage_id: one.word_score for one in found}
    assert (scores[index.passages[first].passage_id], scores[index.passages[second].passage_id]) == (1.0, 0.5)
    assert sorted(scores.values()) == [0.0, 0.0, 0.5, 1.0]


class StatedEmbedder:
    """The vector of a text that says "near 0.7" has the cosine 0.7 with that of every text that names no number."""

    name = "stated"
    fingerprint = "f" * 64
    dimension = 2

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        cosines = [float((re.findall(r"near (\d\.\d+)", text) or [1])[-1]) for text in texts]
        return np.array([[cosine, math.sqrt(1 - cosine**2)] for cosine in cosines], dtype=np.float32).reshape(-1, 2)


def found_in(rows: Sequence[tuple[str, str]], asked: str, embedder: Embedder, k: int = 9) -> list[Passage]:
    with tempfile.TemporaryDirectory() as place:
        build_index(Path(place), [source_of(rows)], embedder, product="")
        [found] = Index.open(Path(place), embedder=embedder).search([asked], k)
    return found


PRESS_RENEW = "Open Settings, choose Keys, press Renew and wait a minute until the new key shows."
LEADS = {
    "another follows": ([("A", "one near 0.9"), ("B", "two near 0.7")], [0.2, 1.0]),
    "nothing else": ([("A", "one near 0.9")], [1.0]),
    "as near": ([("A near 0.9", "one"), ("B near 0.9", "two")], [0.0, 1.0]),
    "one title": ([("A", "one near 0.9"), ("A", "two near 0.8"), ("B", "three near 0.5")], [0.4, 0.3, 1.0]),
    "one title for all": ([("A", "one near 0.9"), ("A", "two near 0.8")], [1.0, 1.0]),
    "one text": (
        [("A", f"{PRESS_RENEW} near 0.9"), ("B", f"{PRESS_RENEW} near 0.8"), ("C", "No. near 0.6")],
        [0.3, 0.2, 1.0],
    ),
    "a part of the text": (
        [("A", f"{PRESS_RENEW} near 0.9"), ("B", "Press Renew. near 0.8"), ("C", "No. near 0.6")],
        [0.1, 0.2, 1.0],
    ),
}


@pytest.mark.parametrize(("rows", "leads"), LEADS.values(), ids=LEADS.keys())
def test_the_lead_is_over_the_next_passage_that_says_something_else(
    rows: list[tuple[str, str]], leads: list[float]
) -> None:
    found = found_in(rows, "What?", StatedEmbedder())

    assert [one.lead for one in found] == pytest.approx(leads, abs=1e-6)


def test_the_lead_is_the_same_however_few_passages_are_asked_for() -> None:
    rows = [("A", "one near 0.9"), ("B", "two near 0.7"), ("C", "three near 0.4")]

    one, three = (found_in(rows, "What?", StatedEmbedder(), k) for k in (1, 3))

    assert one == three[:1]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 99)), min_size=1, max_size=8))
def test_a_lead_is_never_below_zero_and_the_last_has_the_whole(placed: list[tuple[str, int]]) -> None:
    rows = [(title, f"own{n} near {cosine / 100:.2f}") for n, (title, cosine) in enumerate(placed)]

    found = found_in(rows, "What?", StatedEmbedder())

    assert min(one.lead for one in found) >= 0
    assert found[-1].lead == 1.0


def test_searching_together_gives_what_searching_alone_gives(folder: Path) -> None:
    index, texts = opened(folder), ["reset password", "browsers", "", "export"]

    assert index.search(texts, 3) == [index.search([text], 3)[0] for text in texts]


@pytest.mark.parametrize("text", ["", "the of and", "?!", "qqqqq", "\ud800", "日本語", "word " * 5000])
def test_a_ticket_without_a_known_word_still_gets_passages(folder: Path, text: str) -> None:
    [found] = opened(folder).search([text], 2)

    assert len(found) == 2


@pytest.mark.parametrize(("k", "expected"), [(0, 0), (-1, 0), (3, 3), (4, 4), (500, 4)])
def test_gives_no_more_passages_than_asked_for_and_than_there_are(folder: Path, k: int, expected: int) -> None:
    [found] = opened(folder).search(["settings"], k)

    assert len(found) == expected


def test_no_tickets_find_nothing(folder: Path) -> None:
    assert opened(folder).search([], 3) == []


def test_an_index_without_a_single_indexable_word_can_be_searched(tmp_path: Path) -> None:
    source = Source("a.csv", "0", (Passage("a:1", "the", "of", "a.csv"),))
    build_index(tmp_path / "a", [source], HashingEmbedder())

    assert len(opened(tmp_path / "a").search(["the"], 3)[0]) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(SHARED_WORDS, min_size=1, max_size=8))
def test_every_passage_is_first_for_its_own_text(bodies: list[list[str]]) -> None:
    passages = tuple(
        Passage(f"p:{n}", f"subject{n} number{n}", " ".join([*words, f"own{n}"]), "p.csv")
        for n, words in enumerate(bodies)
    )
    with tempfile.TemporaryDirectory() as place:
        build_index(Path(place), [Source("p.csv", "0", passages)], HashingEmbedder())
        found = opened(Path(place)).search([embedded_text(passage) for passage in passages], 1)

    assert [one[0].passage_id for one in found] == [passage.passage_id for passage in passages]
    assert all(one[0].score == pytest.approx(1.0, abs=1e-5) for one in found)


def test_a_graph_index_finds_what_a_flat_one_finds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    rows = [" ".join(f"w{word}" for word in rng.integers(0, 500, 12)) for _ in range(300)]
    passages = tuple(Passage(f"p:{n}", text, text, "p.csv") for n, text in enumerate(rows))
    build_index(folder / "flat", [Source("p.csv", "0", passages)], HashingEmbedder())
    monkeypatch.setattr("support_agent.retrieval.building.FLAT_LIMIT", 100)
    build_index(folder / "graph", [Source("p.csv", "0", passages)], HashingEmbedder())
    flat, graph = opened(folder / "flat"), opened(folder / "graph")

    assert (flat.manifest["factory"], graph.manifest["factory"]) == ("Flat", "HNSW32,Flat")
    found = [[one[0].passage_id for one in index.search(rows[:50], 1)] for index in (flat, graph)]
    assert found[0] == found[1]


def test_files_are_all_tried_below(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert {name.split("/", 1)[1] if name.startswith("data-") else name for name in names} == set(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98], ids=["start", "middle", "end"])
def test_a_flipped_byte_is_refused_with_the_command_that_mends_it(folder: Path, name: str, place: float) -> None:
    path = in_folder(folder, name)
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 1
    path.write_bytes(data)

    with pytest.raises(IndexFolderError, match="support-agent index build faq FILES"):
        opened(folder)


def test_a_changed_fact_in_the_manifest_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"passages": 4', '"passages": 5'))

    with pytest.raises(IndexFolderError, match="changed or damaged"):
        opened(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(folder: Path, name: str) -> None:
    path = in_folder(folder, name)
    path.write_bytes(path.read_bytes()[:-7])

    with pytest.raises(IndexFolderError, match="index build"):
        opened(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    in_folder(folder, name).unlink()

    with pytest.raises(IndexFolderError, match="index build"):
        opened(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index folder"):
        opened(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("key", "value"), [("kind", "support-agent adapter"), ("format", 99)], ids=["kind", "later format"]
)
def test_a_foreign_manifest_is_refused(folder: Path, key: str, value: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    with pytest.raises(IndexFolderError, match="this version reads"):
        opened(folder)


def test_a_foreign_embedder_is_refused_with_the_command_that_mends_it(folder: Path) -> None:
    stranger = HashingEmbedder()
    stranger.fingerprint = "f" * 64

    with pytest.raises(
        IndexFolderError, match=r"cannot be compared.*index build faq FILES… --output .* --embedder hashing"
    ):
        Index.open(folder, embedder=stranger)


def test_opens_the_embedder_that_the_manifest_names(folder: Path) -> None:
    assert Index.open(folder).embedder.name == "hashing"


def test_version_changes_with_the_index(folder: Path) -> None:
    before = opened(folder).version
    source = Source("b.csv", "0", (Passage("b:1", "New?", "Yes, new.", "b.csv"),))
    build_index(folder, [source], HashingEmbedder())

    assert opened(folder).version != before


FOREIGN_FACTS = {
    "no embedder": {"embedder": None},
    "embedder without a name": {"embedder": {"fingerprint": "a", "dimension": 512}},
    "data outside": {"data": "../../../etc"},
    "data the parent": {"data": ".."},
    "data a number": {"data": 3},
    "counts of words": {"counts": {"passages": "many", "left_out": {}}},
    "sources a word": {"sources": ["faq.csv"]},
}
FOREIGN_FILES = {
    "passages not JSON": ("passages.jsonl", b"{\n"),
    "passages with other keys": ("passages.jsonl", b'{"question": "a"}\n'),
    "passages of numbers": ("passages.jsonl", b'{"passage_id": 1, "title": 2, "text": 3, "source": 4}\n'),
    "passages a list": ("passages.jsonl", b"[1]\n"),
    "passages not UTF-8": ("passages.jsonl", b"\xff\n"),
    "too few passages": ("passages.jsonl", b""),
    "words not JSON": ("bm25/vocab.index.json", b"{"),
    "words a list": ("bm25/vocab.index.json", b"[]"),
    "words beyond the end": ("bm25/vocab.index.json", b'{"settings": 99999}'),
    "parameters empty": ("bm25/params.index.json", b"{}"),
    "parameters unknown": ("bm25/params.index.json", b'{"what": 1}'),
    "array broken": ("bm25/indices.csc.index.npy", b"nothing"),
    "vectors broken": ("vectors.faiss", b"nothing"),
}


def with_hashes(folder: Path, **facts: object) -> None:
    """Write the manifest anew, so that every hash agrees with what is there."""
    old = json.loads((folder / "manifest.json").read_text())
    new = {**{key: value for key, value in old.items() if key not in ("files", "facts_sha256")}, **facts}
    stated = facts_hash({**new, "files": old["files"]})
    write_manifest(folder, {**new, "facts_sha256": stated}, list(old["files"]))


@pytest.mark.parametrize("facts", FOREIGN_FACTS.values(), ids=FOREIGN_FACTS.keys())
def test_facts_that_do_not_fit_are_refused_though_their_hash_agrees(folder: Path, facts: dict[str, object]) -> None:
    with_hashes(folder, **facts)

    with pytest.raises(IndexFolderError, match="do not fit.*index build faq FILES"):
        Index.open(folder)


@pytest.mark.parametrize(("name", "content"), FOREIGN_FILES.values(), ids=FOREIGN_FILES.keys())
def test_a_file_that_does_not_fit_is_refused_though_its_hash_agrees(folder: Path, name: str, content: bytes) -> None:
    in_folder(folder, name).write_bytes(content)
    with_hashes(folder)

    with pytest.raises(IndexFolderError, match="index build faq FILES"):
        Index.open(folder)


def test_vectors_of_another_length_than_the_embedders_are_refused(folder: Path) -> None:
    short = HashingEmbedder()
    short.dimension = 256

    with pytest.raises(IndexFolderError, match="vectors of 512 dimensions, but hashing makes 256"):
        Index.open(folder, embedder=short)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_manifest_that_leaves_out_a_file_that_is_read_is_refused(
    folder: Path, unlist: Callable[[Path, str], None], name: str
) -> None:
    unlist(folder, in_folder(folder, name).relative_to(folder).as_posix())

    with pytest.raises(IndexFolderError, match="does not list|was changed or damaged"):
        opened(folder)
