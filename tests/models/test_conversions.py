"""Folders that are made of a model's files: once, whole, and again when they are damaged."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from support_agent.errors import ModelFileError
from support_agent.models import converted_folder


class Converter:
    """Writes one file and counts how often it was asked to."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, place: Path) -> None:
        self.runs += 1
        (place / "out").write_bytes(b"converted")


@pytest.fixture
def converter(cache: Path) -> Converter:
    return Converter()


def test_is_made_once(converter: Converter) -> None:
    assert converted_folder("tiny", "abc", "1", converter) == converted_folder("tiny", "abc", "1", converter)
    assert converter.runs == 1


@pytest.mark.parametrize(("source", "recipe"), [("abc", "2"), ("abd", "1")], ids=["recipe", "source"])
def test_is_made_anew_for_another(converter: Converter, source: str, recipe: str) -> None:
    assert converted_folder("tiny", source, recipe, converter) != converted_folder("tiny", "abc", "1", converter)


def test_a_damaged_folder_is_warned_about_and_made_again(
    converter: Converter, caplog: pytest.LogCaptureFixture
) -> None:
    file = converted_folder("tiny", "abc", "1", converter) / "out"
    file.write_bytes(b"convertec")
    with caplog.at_level(logging.WARNING):
        converted_folder("tiny", "abc", "1", converter)
    assert (file.read_bytes(), converter.runs) == (b"converted", 2)
    assert f"{file} has sha256" in caplog.text
    assert "It is made again now." in caplog.text


def test_the_folder_of_a_faster_process_is_taken(converter: Converter, cache: Path) -> None:
    def slow(place: Path) -> None:
        converted_folder("tiny", "abc", "1", converter)
        converter(place)

    folder = converted_folder("tiny", "abc", "1", slow)
    assert (folder / "out").read_bytes() == b"converted"
    assert list((cache / "converted").iterdir()) == [folder]


def test_leaves_nothing_behind_when_the_making_fails(cache: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        converted_folder("tiny", "abc", "1", lambda _: 1 // 0)
    assert list((cache / "converted").iterdir()) == []


def test_says_where_it_cannot_write(converter: Converter, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelFileError, match=r"converted/tiny-\w+ cannot be written: .*SUPPORT_AGENT_CACHE"):
        converted_folder("tiny", "abc", "1", converter)


def test_a_folder_with_an_unlisted_file_is_made_again(
    converter: Converter, unlist: Callable[[Path, str], None]
) -> None:
    unlist(converted_folder("tiny", "abc", "1", converter), "out")
    converted_folder("tiny", "abc", "1", converter)
    assert converter.runs == 2
