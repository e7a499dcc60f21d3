"""Making an index folder, adding to it, and being stopped on the way."""

import json
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_agent.errors import DocumentError, IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval import HashingEmbedder, Index, add_to_index, build_index
from support_agent.retrieval.documents import Source
from support_agent.retrieval.folders import read_left_out

NEW = Source("new.csv", "1" * 64, (Passage("new:1", "Is there a mobile app?", "Yes, for Android.", "new.csv"),))
ENDLESS = """
import sys
from pathlib import Path
from support_agent.records import Passage
from support_agent.retrieval import HashingEmbedder, build_index
from support_agent.retrieval.documents import Source
turn = 0
while True:
    turn += 1
    rows = tuple(Passage(f"p:{n}", f"title {n}", f"turn {turn} text {n}", "p.csv") for n in range(15))
    build_index(Path(sys.argv[1]), [Source("p.csv", "0", rows)], HashingEmbedder())
    print(turn, flush=True)
"""


class CountingEmbedder(HashingEmbedder):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts):  # type: ignore[no-untyped-def]
        self.seen.extend(texts)
        return super().encode(texts)


def opened(folder: Path) -> Index:
    return Index.open(folder, embedder=HashingEmbedder())


def test_manifest_says_what_the_index_was_made_of(folder: Path) -> None:
    manifest = opened(folder).manifest

    assert manifest["counts"] == {"passages": 4, "left_out": {"duplicate": 1, "empty": 1, "refusal": 1}}
    assert manifest["sources"] == [{"file": "faq.csv", "sha256": "0" * 64, "rows": 7}]
    assert manifest["embedder"]["name"] == "hashing"


def test_nothing_vanishes_silently(folder: Path) -> None:
    index = opened(folder)
    left_out = read_left_out(folder, index.manifest)

    assert {one.passage.passage_id: one.reason for one in left_out} == {
        "faq:5": "refusal",
        "faq:6": "empty",
        "faq:7": "duplicate",
    }


def test_building_again_gives_the_same_but_for_the_date(folder: Path, tmp_path: Path) -> None:
    index = opened(folder)
    rows = [*index.passages, *(one.passage for one in read_left_out(folder, index.manifest))]
    build_index(tmp_path / "again", [Source("faq.csv", "0" * 64, tuple(rows))], HashingEmbedder())

    dated = {"made", "facts_sha256"}
    again = opened(tmp_path / "again").manifest
    assert {k: v for k, v in again.items() if k not in dated} == {
        k: v for k, v in index.manifest.items() if k not in dated
    }


def test_tells_how_far_it_is(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    rows = tuple(Passage(f"p:{n}", f"title {n}", f"text {n}", "p.csv") for n in range(300))

    build_index(
        tmp_path,
        [Source("p.csv", "0", rows)],
        HashingEmbedder(),
        on_step=lambda done, total: steps.append((done, total)),
    )

    assert steps[0] == (256, steps[0][1])
    assert steps[-1][0] == steps[-1][1] > 300
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})


def test_sources_that_stand_in_the_folder_are_left_alone(folder: Path) -> None:
    (folder / "rows.csv").write_text("question,answer\n")

    build_index(folder, [NEW], HashingEmbedder())

    assert (folder / "rows.csv").read_text() == "question,answer\n"


def test_the_old_data_is_gone_after_a_rebuild(folder: Path) -> None:
    build_index(folder, [NEW], HashingEmbedder())

    assert len(list(folder.glob("data-*"))) == 1


def test_a_damaged_index_is_mended_by_building_the_same_again(folder: Path) -> None:
    build_index(folder, [NEW], HashingEmbedder())
    next(folder.rglob("vectors.faiss")).write_bytes(b"damaged")

    build_index(folder, [NEW], HashingEmbedder())

    assert [one.passage_id for one in opened(folder).passages] == ["new:1"]


def test_adding_embeds_only_what_is_new(folder: Path) -> None:
    embedder = CountingEmbedder()

    add_to_index(Index.open(folder, embedder=embedder), [NEW])

    assert embedder.seen == ["Is there a mobile app?\nYes, for Android."]


def test_what_was_added_is_found_and_the_old_stays(folder: Path) -> None:
    built = add_to_index(opened(folder), [NEW])
    index = opened(folder)

    assert (built.new, built.passages) == (1, 5)
    assert index.search(["Is there a mobile app?"], 1)[0][0].passage_id == "new:1"
    assert index.search(["How do I reset my password?"], 1)[0][0].passage_id == "faq:1"


def test_adding_keeps_the_sources_and_what_was_left_out(folder: Path) -> None:
    add_to_index(opened(folder), [NEW])
    manifest = opened(folder).manifest

    assert [source["file"] for source in manifest["sources"]] == ["faq.csv", "new.csv"]
    assert manifest["counts"]["left_out"] == {"duplicate": 1, "empty": 1, "refusal": 1}


def test_adding_the_same_again_changes_nothing(folder: Path) -> None:
    add_to_index(opened(folder), [NEW])
    before = opened(folder).version

    built = add_to_index(opened(folder), [NEW])

    assert (built.new, opened(folder).version) == (0, before)


def test_other_words_under_a_known_id_are_refused(folder: Path) -> None:
    changed = Source("faq.csv", "2", (Passage("faq:1", "How do I reset my password?", "Ask us.", "faq.csv"),))

    with pytest.raises(DocumentError, match=r"'faq:1' but different words.*build the index again"):
        add_to_index(opened(folder), [changed])


def test_an_index_of_nothing_is_refused(tmp_path: Path) -> None:
    only = Source("a.csv", "0", (Passage("a:1", "", "", "a.csv"),))

    with pytest.raises(DocumentError, match="nothing to index: 1 empty"):
        build_index(tmp_path / "a", [only], HashingEmbedder())


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    """No file of this process may grow further: the kernel then refuses a write as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_the_old_index_stays(folder: Path) -> None:
    before = opened(folder).version
    too_large = re.escape(str(folder)) + r" may not grow further: a file-size limit is reached.*--output"

    with file_size_limit(1000), pytest.raises(IndexFolderError, match=too_large):
        build_index(folder, [NEW], HashingEmbedder())

    assert opened(folder).version == before
    assert not list(folder.glob(".building-*"))


@contextmanager
def endless_builds(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that builds in ``folder`` again and again; two builds are done when this yields."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-c", ENDLESS, folder], stdout=pipe, stderr=nowhere, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        yield process


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
@pytest.mark.parametrize("after_s", [0.003, 0.011, 0.024])
def test_a_stopped_build_leaves_a_whole_index(tmp_path: Path, after_s: float, stop: signal.Signals) -> None:
    folder = tmp_path / "stopped"
    with endless_builds(folder) as process:
        time.sleep(after_s)
        process.send_signal(stop)

    index = opened(folder)

    turns = {json.dumps(passage.text.split()[1]) for passage in index.passages}
    assert (len(index.passages), len(turns)) == (15, 1)
