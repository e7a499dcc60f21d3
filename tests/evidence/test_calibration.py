import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, mismatch, read_calibration, write_calibration
from support_agent.evidence.certificate import Certificate
from support_agent.evidence.group_table import GroupRow
from support_agent.gate.combiner import Combiner
from support_agent.shelves import CALIBRATIONS

CALIBRATION = Calibration(
    about="supported",
    parts={"index": "6f8f00112233", "generator": "smollm2:ab12"},
    labels={"read": 3, "kinds": ["model"], "drafted_by": ["a", "b"]},
    combiner=Combiner(("score", "gap"), (0.5, 0.1), (0.2, 0.05), (1.5, -0.7), 0.3),
    certificate=Certificate(0.1, 0.05, 3, 3, 0.2, labels_needed=120),
    tables={"language": (GroupRow("en", 3, 2, 0, 0.666667, 0.0, 0.0, 0.84, False),)},
    reference_scores=(0.1, 0.7, 0.9),
    made="2026-01-02T03:04:05Z",
    languages=("en", "und"),
)
PARTS = {"index": "6f8f00112233", "generator": "smollm2:ab12"}
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
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.booleans() | NUMBERS),
)
def test_any_numbers_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    scores: list[float],
    numbers: tuple[float, float, float],
    labels: dict[str, object],
) -> None:
    combiner = Combiner(("score",), numbers[:1], (0.5,), numbers[1:2], numbers[2])
    calibration = replace(CALIBRATION, reference_scores=tuple(scores), combiner=combiner, labels=labels)
    path = tmp_path_factory.mktemp("any") / "calibration.json"
    write_calibration(path, calibration)
    assert read_calibration(path) == calibration


@pytest.mark.parametrize(
    "change",
    [{"threshold": -1.0}, {"max_error": 7.0}, {"answered": 2, "wrong": 3}],
    ids=["threshold", "promise", "wrong"],
)
def test_a_certificate_that_cannot_be_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(CalibrationError, match="numbers that cannot be"):
        replace(CALIBRATION.certificate, **change)  # type: ignore[arg-type]


def test_a_calibration_that_names_no_parts_fits_nothing() -> None:
    assert "made for the generator nobody knows which" in str(mismatch(replace(CALIBRATION, parts={}), PARTS))


def test_without_a_threshold_or_languages_it_is_read_too(tmp_path: Path) -> None:
    bare = replace(CALIBRATION, languages=(), certificate=replace(CALIBRATION.certificate, labels_needed=None))
    write_calibration(tmp_path / "calibration.json", bare)
    assert read_calibration(tmp_path / "calibration.json") == bare


@given(place=st.integers(0, 10**6), change=st.integers(1, 255))
def test_a_changed_byte_is_refused(tmp_path_factory: pytest.TempPathFactory, place: int, change: int) -> None:
    path = tmp_path_factory.mktemp("changed") / "calibration.json"
    write_calibration(path, CALIBRATION)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= change
    path.write_bytes(data)
    with pytest.raises(CalibrationError, match="support-agent calibrate"):
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
    with pytest.raises(CalibrationError, match="There is no calibration at .*Run `support-agent calibrate`"):
        read_calibration(tmp_path / "calibration.json")


def test_another_format_is_refused() -> None:
    with pytest.raises(CalibrationError, match="format 2; this version reads 3"):
        Calibration.from_dict({**CALIBRATION.to_dict(), "format": 2})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"about": "liked"}, "not about 'liked'"),
        ({"reference_scores": (0.1, float("nan"))}, "between 0 and 1"),
    ],
    ids=["about", "score"],
)
def test_a_calibration_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        replace(CALIBRATION, **change)  # type: ignore[arg-type]


def test_a_label_fact_that_json_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="JSON cannot store"):
        write_calibration(tmp_path / "calibration.json", replace(CALIBRATION, labels={"agreement": float("nan")}))


def test_the_same_calibration_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_calibration(tmp_path / "again.json", read_calibration(path))
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_the_version_does_not_hang_on_when_it_was_made() -> None:
    assert replace(CALIBRATION, made="2027-01-01T00:00:00Z").version == CALIBRATION.version


def test_another_threshold_is_another_version() -> None:
    other = replace(CALIBRATION, certificate=replace(CALIBRATION.certificate, threshold=0.7))
    assert other.version != CALIBRATION.version
    assert len(other.version) == 12


def test_the_same_parts_match() -> None:
    assert mismatch(CALIBRATION, PARTS) is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"index": "ffff"},
            "This calibration was made for the index 6f8f00112233, not for ffff: run `support-agent calibrate`.",
        ),
        (
            {"generator": ""},
            "This calibration was made for the generator smollm2:ab12, and there is no generator now: run "
            "`support-agent calibrate`.",
        ),
    ],
    ids=["another index", "no generator"],
)
def test_another_part_is_named(change: dict[str, str], sentence: str) -> None:
    assert mismatch(CALIBRATION, {**PARTS, **change}) == sentence


def test_serving_imports_neither_scikit_learn_nor_scipy(path: Path) -> None:
    program = (
        "import json, sys; from pathlib import Path\n"
        "from support_agent.evidence.calibration import read_calibration\n"
        "from support_agent.evidence.drift import DriftWatch\n"
        f"calibration = read_calibration(Path({str(path)!r}))\n"
        "watch = DriftWatch(calibration.reference_scores)\n"
        "watch.see(calibration.combiner.probability({'score': 0.4}))\n"
        "print(json.dumps(sorted({'sklearn', 'scipy', 'torch'} & set(sys.modules))))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []


def test_another_language_is_another_version() -> None:
    assert replace(CALIBRATION, languages=("en",)).version != CALIBRATION.version


@pytest.mark.parametrize(
    ("labels", "readers"),
    [
        ({"kinds": ["person"]}, "by people"),
        ({"kinds": ["model"]}, "by language models"),
        ({"kinds": ["model", "person"]}, "by language models and by people"),
        ({"kinds": [""]}, "by readers"),
        ({}, "by readers"),
    ],
    ids=["people", "models", "both", "not said", "older"],
)
def test_the_brief_words_are_the_promise_what_right_means_and_who_labelled(
    labels: dict[str, object], readers: str
) -> None:
    certified = CALIBRATION.certificate.in_words()
    made = replace(CALIBRATION, labels=labels)
    assert made.in_brief() == f"{certified} Right means carried by the passages, labelled {readers}."


def test_a_promise_about_agreement_says_so() -> None:
    assert "Right means in agreement with the reference" in replace(CALIBRATION, about="agrees").in_words()


def test_the_words_say_how_many_were_held_back_how_many_have_a_label_and_how_many_were_set_aside() -> None:
    facts = {"rows": 1000, "held": 30, "labelled": 270, "set_aside": 40}
    words = replace(CALIBRATION, labels=facts).in_words()
    assert "30 of 1,000 questions were held back by a single signal, and 270 of the others have a label." in words
    assert "40 labels helped to choose the signals and certify nothing." in words


def test_the_shipped_calibration_is_small_and_says_who_read() -> None:
    shipped = CALIBRATIONS.shipped() / "lamini_docs" / "smollm2-135m.json"
    assert "labelled by language models" in read_calibration(shipped).in_brief()
    assert shipped.stat().st_size < 30_000
