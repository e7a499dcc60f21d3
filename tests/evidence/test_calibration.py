import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, mismatch, read_calibration, write_calibration
from support_agent.evidence.ladder import Look, Plan, Promise
from support_agent.gate.combiner import Combiner

PARTS = {"index": "6f8f00112233", "generator": "smollm2:ab12"}
CALIBRATION = Calibration(
    parts=PARTS,
    combiner=Combiner(("nearness", "lead"), (0.5, 0.1), (0.2, 0.05), (1.5, -0.7), 0.3),
    plan=Plan(Promise(0.1, 0.05), (0.9, 0.8, 0.7), 1),
    look=Look(0, 1, 60, 1, 0.014, True, 0.25, 300),
    upper=0.095,
    coverage=0.35,
    readers=("person",),
    reference_scores=(0.1, 0.7, 0.9),
    languages=("de", "en"),
    made="2026-01-02T03:04:05+00:00",
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_calibration(tmp_path / "calibration.json", CALIBRATION)
    return tmp_path / "calibration.json"


def test_what_is_written_is_read(path: Path) -> None:
    assert read_calibration(path) == CALIBRATION


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), max_size=5),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.lists(st.floats(0, 1), min_size=2, max_size=5),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_numbers_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    scores: list[float],
    numbers: tuple[float, float, float],
    rungs: list[float],
    index: str,
) -> None:
    made = replace(
        CALIBRATION,
        reference_scores=tuple(scores),
        combiner=Combiner(("nearness",), numbers[:1], (0.5,), numbers[1:2], numbers[2]),
        plan=Plan(Promise(0.1, 0.05), tuple(rungs), 0),
        parts={"index": index},
    )
    path = tmp_path_factory.mktemp("any") / "calibration.json"
    write_calibration(path, made)
    assert read_calibration(path) == made


def test_the_rung_in_force_is_where_answers_begin() -> None:
    assert CALIBRATION.threshold == 0.8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference_scores": (0.1, float("nan"))}, "numbers that cannot be"),
        ({"coverage": 1.5}, "numbers that cannot be"),
        ({"upper": 1.1}, "numbers that cannot be"),
        ({"plan": Plan(Promise(), (7.0, 0.8), 0)}, "numbers that cannot be"),
        ({"look": replace(CALIBRATION.look, rung=3)}, "numbers that cannot be"),
        ({"look": replace(CALIBRATION.look, rung=-1)}, "numbers that cannot be"),
        ({"look": replace(CALIBRATION.look, level=-0.1)}, "numbers that cannot be"),
        ({"look": replace(CALIBRATION.look, wrong=61)}, "more wrong labels than labels"),
        ({"look": replace(CALIBRATION.look, wrong=-1)}, "more wrong labels than labels"),
    ],
    ids=[
        "score",
        "coverage",
        "upper bound",
        "rung",
        "no such rung",
        "rung before the first",
        "level",
        "wrong",
        "fewer than none wrong",
    ],
)
def test_a_calibration_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(CalibrationError, match=f"{words}.* Run `support-agent certify`"):
        replace(CALIBRATION, **change)  # type: ignore[arg-type]


@given(place=st.integers(0, 10**6), change=st.integers(1, 255))
def test_a_changed_byte_is_refused(tmp_path_factory: pytest.TempPathFactory, place: int, change: int) -> None:
    path = tmp_path_factory.mktemp("changed") / "calibration.json"
    write_calibration(path, CALIBRATION)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= change
    path.write_bytes(data)
    with pytest.raises(CalibrationError, match="support-agent certify"):
        read_calibration(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a calibration"),
        (b"[]", "not a calibration"),
        (b"{}", "not a calibration"),
        (b'{"sha256": "00"}', "changed or damaged"),
        (b"[" * 100_000, "not a calibration"),
    ],
    ids=["empty", "list", "no hash", "wrong hash", "deep"],
)
def test_a_foreign_file_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "calibration.json").write_bytes(data)
    with pytest.raises(CalibrationError, match=words):
        read_calibration(tmp_path / "calibration.json")


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="There is no calibration at .*Run `support-agent certify`"):
        read_calibration(tmp_path / "calibration.json")


def test_another_format_is_refused_before_anything_else_of_it_is_read() -> None:
    with pytest.raises(CalibrationError, match="format 3; this version reads 4. Run `support-agent certify`"):
        Calibration.from_dict({"format": 3, "certificate": {}})


def test_what_json_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="JSON cannot store"):
        write_calibration(tmp_path / "calibration.json", replace(CALIBRATION, parts={"index": float("nan")}))  # type: ignore[dict-item]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CalibrationError, match="cannot be written to .*calibration.json"):
        write_calibration(tmp_path / "file" / "calibration.json", CALIBRATION)


def test_the_same_calibration_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_calibration(tmp_path / "again.json", read_calibration(path))
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_the_version_does_not_hang_on_when_it_was_made() -> None:
    assert replace(CALIBRATION, made="2027-01-01T00:00:00Z").version == CALIBRATION.version


@pytest.mark.parametrize(
    "change",
    [
        {"look": replace(CALIBRATION.look, rung=0)},
        {"look": replace(CALIBRATION.look, wrong=0)},
        {"languages": ("en",)},
        {"parts": {**PARTS, "index": "ffff"}},
        {"reference_scores": (0.1, 0.7)},
    ],
    ids=["rung", "labels", "languages", "parts", "reference"],
)
def test_what_else_differs_makes_another_version(change: dict[str, object]) -> None:
    other = replace(CALIBRATION, **change)  # type: ignore[arg-type]
    assert other.version != CALIBRATION.version
    assert len(other.version) == 12


@pytest.mark.parametrize(
    "change",
    [{"parts": {**PARTS, "index": "ffff"}}, {"look": replace(CALIBRATION.look, wrong=0)}, {"reference_scores": ()}],
    ids=["parts", "labels", "reference"],
)
def test_a_renewed_promise_is_watched_on(change: dict[str, object]) -> None:
    assert replace(CALIBRATION, **change).watched == CALIBRATION.watched  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"look": replace(CALIBRATION.look, rung=0)},
        {"plan": replace(CALIBRATION.plan, promise=Promise(0.2, 0.05))},
        {"plan": replace(CALIBRATION.plan, since=300)},
    ],
    ids=["another rung", "another promise", "on new tickets"],
)
def test_another_promise_is_watched_anew(change: dict[str, object]) -> None:
    assert replace(CALIBRATION, **change).watched != CALIBRATION.watched  # type: ignore[arg-type]


def test_the_same_parts_match() -> None:
    assert mismatch(CALIBRATION, PARTS) is None


@pytest.mark.parametrize(
    ("made_for", "found", "sentence"),
    [
        (
            PARTS,
            {**PARTS, "index": "ffff"},
            "The promise was made with the index 6f8f00112233, not for ffff: `support-agent renew` asks the read "
            "tickets again and states it anew.",
        ),
        (PARTS, {**PARTS, "generator": ""}, "the generator smollm2:ab12, and there is no generator now: "),
        ({}, PARTS, "the generator nobody knows which, not for smollm2:ab12: "),
        (PARTS, {**PARTS, "prompt": "x" * 50}, f"the prompt nobody knows which, not for {'x' * 39}…: "),
    ],
    ids=["another index", "no generator", "no parts", "a new part"],
)
def test_another_part_is_named(made_for: Mapping[str, str], found: Mapping[str, str], sentence: str) -> None:
    assert sentence in str(mismatch(replace(CALIBRATION, parts=made_for), found))


@pytest.mark.parametrize(
    ("kinds", "readers"),
    [
        (("person",), "that people read"),
        (("model",), "that language models read"),
        (("model", "person"), "that language models and people read"),
        (("",), "that readers read"),
        ((), "that readers read"),
    ],
    ids=["people", "models", "both", "not said", "nobody"],
)
def test_the_words_are_the_promise_what_is_sent_and_who_read(kinds: tuple[str, ...], readers: str) -> None:
    assert replace(CALIBRATION, readers=kinds).in_words() == (
        "While tickets stay as they are: at most 10 % of the answers wrong, with 95 % confidence, like questions "
        "counted once. Sent is what scores "
        f"0.800 or more, 35 % of tickets; of 60 such answers {readers}, 1 was wrong (upper bound 9.5 %)."
    )


def test_serving_imports_neither_scikit_learn_nor_scipy(path: Path) -> None:
    program = (
        "import json, sys; from pathlib import Path\n"
        "from support_agent.evidence.calibration import read_calibration\n"
        "from support_agent.evidence.opening import gate_of\n"
        f"calibration = read_calibration(Path({str(path)!r}))\n"
        "gate = gate_of(calibration)\n"
        "gate.watch.see(calibration.combiner.probability({'nearness': 0.4}), 'Where is it?')\n"
        "print(json.dumps(sorted({'sklearn', 'scipy', 'torch'} & set(sys.modules))))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
