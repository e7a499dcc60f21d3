"""The calibration: what the gate decides by, as one JSON file that says what it was made for and what it rests on.

Reading it needs no scikit-learn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from support_agent.artefacts import sha256_bytes, write_bytes
from support_agent.errors import CalibrationError
from support_agent.evidence.certificate import Certificate
from support_agent.evidence.group_table import GroupRow
from support_agent.gate.combiner import Combiner

FORMAT = 3
# What "right" may mean: carried by the passages, or agreeing with the reference answer.
ABOUTS = ("supported", "agrees")
MEND = "Run `support-agent calibrate` to make it anew."


@dataclass(frozen=True)
class Calibration:
    """What the gate decides by, and what it rests on.

    Mappings hold plain JSON values only.

    Attributes:
        about: what the promise counts as right: "supported" by the passages, or "agrees" with the reference.
        parts: name and version of everything the scores depend on (index, generator, prompt, …); see ``mismatch``.
        labels: facts about the labels and the drafts: how many, their file's sha256, what kind of readers, who drafted.
        combiner: signals -> probability that the answer is right.
        certificate: the threshold on that probability, or that there is none.
        tables: by language, by topic, …: a row for each group.
        reference_scores: ``combiner``'s own scores of the labelled rows, one of each near-duplicate group, ascending;
            what the drift watch holds live scores against. Out-of-fold scores follow another law than served ones.
        made: when, ISO 8601.
        languages: ISO 639-1 codes of the labelled questions; in others nothing is promised.
    """

    about: str
    parts: Mapping[str, str]
    labels: Mapping[str, Any]
    combiner: Combiner
    certificate: Certificate
    tables: Mapping[str, tuple[GroupRow, ...]]
    reference_scores: tuple[float, ...]
    made: str
    languages: tuple[str, ...] = ()
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.about not in ABOUTS:
            raise CalibrationError(f"A calibration is about {' or '.join(ABOUTS)}, not about {self.about!r}. {MEND}")
        if any(not 0 <= score <= 1 for score in self.reference_scores):
            raise CalibrationError(f"The calibration's reference scores must lie between 0 and 1. {MEND}")

    @cached_property
    def version(self) -> str:
        """12 hex digits of all it holds but ``made``: the same labels and parts give the same version."""
        facts = {key: value for key, value in self.to_dict().items() if key != "made"}
        return sha256_bytes(_rendered(facts))[:12]

    def in_brief(self) -> str:
        """The promise, what right means, and who labelled."""
        means = {"supported": "carried by the passages", "agrees": "in agreement with the reference"}[self.about]
        kinds = {"person": "by people", "model": "by language models"}
        readers = " and ".join(kinds.get(kind, "by readers") for kind in self.labels.get("kinds", ())) or "by readers"
        return f"{self.certificate.in_words()} Right means {means}, labelled {readers}."

    def in_words(self) -> str:
        """What is promised of all tickets, what right means, and where labels and drafts are from, for the owner."""
        return " ".join(part for part in (self.in_brief(), self._of_all(), self._drafts()) if part)

    def _of_all(self) -> str:
        every, held, labelled = (int(self.labels.get(key, 0)) for key in ("rows", "held", "labelled"))
        if not every:
            return ""
        some = f", and {labelled:,} of the others have a label" if labelled < every - held else ""
        aside = int(self.labels.get("set_aside", 0))
        chosen = f" {aside:,} labels helped to choose the signals and certify nothing." if aside else ""
        return f"{held:,} of {every:,} questions were held back by a single signal{some}.{chosen}"

    def _drafts(self) -> str:
        if not self.labels.get("adapter_may_have_learned_the_rows"):
            return ""
        return (
            "The adapter that wrote the drafts may have learned these very questions, so that new ones may fare worse: "
            "--cross-fitted mends that."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dictionaries and numbers, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain |= {"combiner": self.combiner.to_dict(), "certificate": asdict(self.certificate)}
        plain |= {"reference_scores": list(self.reference_scores), "languages": list(self.languages)}
        plain["tables"] = {name: [asdict(row) for row in rows] for name, rows in self.tables.items()}
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Calibration:
        """The calibration that ``to_dict`` wrote.

        Raises:
            CalibrationError: it has another format.
        """
        if plain.get("format") != FORMAT:
            raise CalibrationError(
                f"The calibration has format {plain.get('format')}; this version reads {FORMAT}. {MEND}"
            )
        parsed = {
            "combiner": Combiner.from_dict(plain["combiner"]),
            "certificate": Certificate(**plain["certificate"]),
            "reference_scores": tuple(plain["reference_scores"]),
            "languages": tuple(plain["languages"]),
            "tables": {name: tuple(GroupRow(**row) for row in rows) for name, rows in plain["tables"].items()},
        }
        return cls(**{**plain, **parsed})


def mismatch(calibration: Calibration, parts: Mapping[str, str]) -> str | None:
    """One sentence naming the first part that is not the one calibrated for; None when all are the same."""
    for name in sorted(calibration.parts.keys() | parts.keys()):
        made_for, found = calibration.parts.get(name), parts.get(name)
        if found != made_for:
            other = f"not for {_short(found)}" if found else f"and there is no {name} now"
            return (
                f"This calibration was made for the {name} {_short(made_for or 'nobody knows which')}, {other}: run "
                "`support-agent calibrate`."
            )
    return None


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file, whole or not at all, with the sha256 of its content inside.

    Raises:
        CalibrationError: it cannot be written, or holds something that JSON does not have.
    """
    facts = calibration.to_dict()
    try:
        write_bytes(path, _rendered({**facts, "sha256": sha256_bytes(_rendered(facts))}))
    except (TypeError, ValueError) as problem:
        raise CalibrationError(f"The calibration holds something that JSON cannot store ({problem}).") from problem
    except OSError as problem:
        raise CalibrationError(f"The calibration cannot be written to {path}: {problem.strerror}.") from problem


def read_calibration(path: Path) -> Calibration:
    """Read the file; every byte of it must be as it was written.

    Raises:
        CalibrationError: it is missing, was changed or damaged, or has another format.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise CalibrationError(f"There is no calibration at {path} ({problem.strerror}). {MEND}") from problem
    try:
        document: dict[str, Any] = json.loads(data)
        stated = document.pop("sha256")
        # Also against the bytes: a changed space would leave the parsed content, and so its hash, the same.
        whole = stated == sha256_bytes(_rendered(document)) and data == _rendered({**document, "sha256": stated})
        if whole:
            return Calibration.from_dict(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise CalibrationError(
            f"{path} is not a calibration of this version, or was changed ({problem}). {MEND}"
        ) from problem
    raise CalibrationError(f"{path} was changed or damaged since it was written: its sha256 differs. {MEND}")


def _rendered(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _short(version: str) -> str:
    return version if len(version) <= 40 else f"{version[:39]}…"
