"""Which folder an index's name means."""

from pathlib import Path

import pytest

from support_agent.errors import ConfigError, IndexFolderError
from support_agent.retrieval import find_index
from support_agent.retrieval.folders import mend
from support_agent.shelves import INDEXES


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "own"))
    return tmp_path / "own"


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_the_shipped_index_is_found_by_name(own: Path) -> None:
    assert INDEXES.is_shipped(find_index("lamini_docs"))


def test_an_own_index_hides_a_shipped_one(own: Path) -> None:
    folder = made(own / "lamini_docs")

    assert find_index("lamini_docs") == folder
    assert not INDEXES.is_shipped(folder)


def test_a_path_is_taken_as_it_is(own: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "elsewhere" / "faq")

    assert find_index(folder) == folder


def test_an_unknown_name_lists_those_that_are_known(own: Path) -> None:
    made(own / "faq")

    with pytest.raises(IndexFolderError, match="no index 'fag'; known are: faq, lamini_docs.*index build"):
        find_index("fag")


def test_a_folder_without_a_manifest_is_no_index(own: Path) -> None:
    (own / "half").mkdir(parents=True)

    assert "half" not in INDEXES.known()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "-x"])
def test_a_name_that_leaves_the_folder_is_refused(own: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name an index"):
        INDEXES.place(name)


def test_an_index_in_ones_own_folder_is_mended_by_name(own: Path) -> None:
    assert mend(own / "faq").endswith("index build faq FILES…")


def test_an_index_elsewhere_is_mended_where_it_stands(own: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my indexes" / "faq"

    assert mend(folder).endswith(f"index build faq FILES… --output '{folder}'")
