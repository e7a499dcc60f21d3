import stat
from pathlib import Path

import pytest

from support_agent.artefacts import atomic_write, read_manifest, write_bytes, write_manifest
from support_agent.errors import IndexFolderError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bytes(tmp_path / "a.bin", b"abc")
    write_manifest(tmp_path, {"made_by": "test"}, ["a.bin"])
    return tmp_path


def test_a_whole_folder_is_read(folder: Path) -> None:
    assert read_manifest(folder, IndexFolderError, "Mend it.")["made_by"] == "test"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"abd", "changed or damaged"), (b"ab", "truncated or foreign"), (None, "is missing")],
    ids=["flipped", "truncated", "missing"],
)
def test_a_damaged_file_is_refused_with_what_to_do(folder: Path, data: bytes | None, words: str) -> None:
    (folder / "a.bin").unlink()
    if data is not None:
        (folder / "a.bin").write_bytes(data)
    with pytest.raises(IndexFolderError, match=f"{words}.*Mend it."):
        read_manifest(folder, IndexFolderError, "Mend it.")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"old")
    with pytest.raises(RuntimeError), atomic_write(tmp_path / "a.bin") as file:
        file.write(b"new")
        raise RuntimeError
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.bin", b"old")]


@pytest.mark.parametrize("manifest", ["{", "[]", '{"files": {"a": 3}}', "\xff"], ids=["cut", "list", "odd", "bytes"])
def test_an_unreadable_manifest_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_bytes(manifest.encode("latin-1"))
    with pytest.raises(IndexFolderError, match="cannot be read"):
        read_manifest(folder, IndexFolderError, "Mend it.")


def test_an_old_files_permissions_are_kept(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"old")
    (tmp_path / "a.bin").chmod(0o640)
    write_bytes(tmp_path / "a.bin", b"new")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_a_new_files_permissions_are_those_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "plain").stat().st_mode
