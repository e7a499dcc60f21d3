"""The jobs beside asking one ticket, called from Python."""

import csv
from pathlib import Path

import pytest

from support_agent import Agent, BatchError, DocumentError, IndexFolderError, add_to_index, answer_csv, build_index
from support_agent.retrieval import HashingEmbedder, Index

PAIRS = "question,answer\nCan I export?,Yes as CSV.\nWhere is it?,Under Settings.\n"


@pytest.fixture
def faq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "own"))
    path = tmp_path / "faq.csv"
    path.write_text(PAIRS)
    return path


def open_agent(index: str) -> Agent:
    return Agent.load(index=index, generator="extractive", calibration="none", min_retrieval_score=0.2)


def test_an_index_is_built_by_name_and_asked(faq: Path) -> None:
    built = build_index("shop", [str(faq)], embedder="hashing")
    assert (built.folder, built.passages) == (faq.parent / "own" / "shop", 2)
    assert open_agent("shop").ask("Can I export?").text == "Yes as CSV."


def test_an_index_is_built_in_a_folder_with_an_open_embedder(faq: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    built = build_index(
        tmp_path / "here", [faq], embedder=HashingEmbedder(), on_step=lambda done, of: steps.append((done, of))
    )
    assert (built.folder / "manifest.json").is_file()
    assert steps == [(2, 2)]


def test_an_index_takes_the_name_of_its_product(faq: Path) -> None:
    built = build_index("shop", [faq], embedder="hashing", product="Acme")
    assert Index.open(built.folder).subject.product == "Acme"


def test_files_are_added_by_name(faq: Path, tmp_path: Path) -> None:
    build_index("shop", [faq], embedder="hashing")
    (tmp_path / "more.jsonl").write_text('{"question": "Is there an app?", "answer": "Yes."}\n')
    built = add_to_index("shop", [tmp_path / "more.jsonl"])
    assert (built.new, built.passages) == (1, 3)


def test_a_bad_file_or_name_is_an_error(faq: Path) -> None:
    with pytest.raises(DocumentError, match="of no kind"):
        build_index("shop", ["faq.xls"])
    with pytest.raises(IndexFolderError, match="no index 'nowhere'"):
        add_to_index("nowhere", [faq])


def test_a_ticket_file_is_answered(faq: Path, tmp_path: Path) -> None:
    build_index("shop", [faq], embedder="hashing")
    (tmp_path / "in.csv").write_text("nr,mail\n1,Can I export?\n2,I want to speak to a human\n")
    summary = answer_csv("in.csv", "out.csv", agent=open_agent("shop"), mapping={"text": "mail"})
    assert (summary.rows, summary.counts.answered, summary.counts.human) == (2, 1, 1)
    with Path("out.csv").open(newline="") as file:
        assert [row["sa_route"] for row in csv.DictReader(file)] == ["answer", "human"]


def test_no_agent_is_opened_for_a_file_that_cannot_be_read(faq: Path) -> None:
    Path("support_agent.toml").write_text('index = "nowhere"')
    with pytest.raises(BatchError, match="is not there"):
        answer_csv("nowhere.csv", "out.csv")
