import hashlib
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_agent.artefacts import atomic_write, read_manifest, sha256_file, write_bytes, write_manifest
from support_agent.errors import IndexFolderError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bytes(tmp_path / "a.bin", b"abc")
    write_manifest(tmp_path, {"made_by": "test"}, ["a.bin"])
    return tmp_path


def test_a_whole_folder_is_read(folder: Path) -> None:
    assert read_manifest(folder, IndexFolderError, "Mend it.", reads=["a.bin"])["made_by"] == "test"


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
        read_manifest(folder, IndexFolderError, "Mend it.", reads=())


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
        read_manifest(folder, IndexFolderError, "Mend it.", reads=())


def test_an_old_files_permissions_are_kept(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"old")
    (tmp_path / "a.bin").chmod(0o640)
    write_bytes(tmp_path / "a.bin", b"new")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_a_new_files_permissions_are_those_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("reads", [["a.bin", "b.bin"], None], ids=["named", "whatever stands there"])
def test_a_file_that_is_read_and_not_listed_is_refused(folder: Path, reads: list[str] | None) -> None:
    (folder / "b.bin").write_bytes(b"unlisted")
    with pytest.raises(IndexFolderError, match=r"does not list b\.bin, so it cannot be trusted\. Mend it\."):
        read_manifest(folder, IndexFolderError, "Mend it.", reads=reads)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read to be hashed, in order."""
    names: list[str] = []
    digest: Callable[..., Any] = hashlib.file_digest

    def counted(file: Any, kind: str) -> Any:
        names.append(Path(file.name).name)
        return digest(file, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return names


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has not changed for long."""
    monkeypatch.setattr("support_agent.artefacts._SETTLED_NS", -1)
    (tmp_path / "weights").write_bytes(b"abc")
    return tmp_path / "weights"


def test_a_file_is_hashed_once_a_process(old: Path, hashed: list[str]) -> None:
    assert sha256_file(old) == sha256_file(old) == hashlib.sha256(b"abc").hexdigest()
    assert hashed == ["weights"]


def test_a_file_that_has_changed_is_hashed_again_even_with_its_old_time_and_size(old: Path) -> None:
    sha256_file(old)
    before = old.stat()
    time.sleep(0.05)  # more than a tick of the file system's clock
    old.write_bytes(b"abd")
    os.utime(old, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sha256_file(old) == hashlib.sha256(b"abd").hexdigest()


def test_a_file_written_just_now_is_hashed_every_time(tmp_path: Path, hashed: list[str]) -> None:
    (tmp_path / "new").write_bytes(b"abc")
    sha256_file(tmp_path / "new")
    (tmp_path / "new").write_bytes(b"abd")
    assert sha256_file(tmp_path / "new") == hashlib.sha256(b"abd").hexdigest()
    assert hashed == ["new", "new"]
