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
from support_agent.evidence.ladder import Look, Plan, Promise, percent
from support_agent.gate.combiner import Combiner
from support_agent.wording import were

FORMAT = 4
MEND = "Run `support-agent certify`, with the settings that it was made with, to make it anew."


@dataclass(frozen=True)
class Calibration:
    """What the gate decides by, and what it rests on.

    Mappings hold plain JSON values only.

    Attributes:
        parts: name and version of everything the answers depend on (index, generator, prompt, …); see ``mismatch``.
        combiner: signals → score, the ranking.
        plan: which rungs are tested for which promise.
        look: the test that holds, with its labels as they count now; its rung is in force.
        upper: one-sided upper bound (0–1) of the share of wrong answers, at the level that the test spent.
        coverage: of the unlabelled tickets, the share (0–1) that the rung answers.
        readers: what kinds of readers gave the labels, "person" or "model"; "" for unknown.
        reference_scores: of unlabelled tickets, ascending; what the watch holds live scores against.
        languages: ISO 639-1 codes of the labelled tickets; in others nothing is promised.
        made: when, ISO 8601.
    """

    parts: Mapping[str, str]
    combiner: Combiner
    plan: Plan
    look: Look
    upper: float
    coverage: float
    readers: tuple[str, ...]
    reference_scores: tuple[float, ...]
    languages: tuple[str, ...]
    made: str
    format: int = FORMAT

    def __post_init__(self) -> None:
        look, rungs = self.look, self.plan.rungs
        rates = (*self.reference_scores, *rungs, self.coverage, self.upper, look.level)
        if not all(0 <= rate <= 1 for rate in rates) or not 0 <= look.rung < len(rungs):
            raise CalibrationError(f"The calibration holds numbers that cannot be. {MEND}")
        if not 0 <= look.wrong <= look.labels:
            raise CalibrationError(f"The calibration has more wrong labels than labels. {MEND}")

    @property
    def threshold(self) -> float:
        """The score from which answers are sent, 0–1."""
        return self.plan.rungs[self.look.rung]

    @cached_property
    def version(self) -> str:
        """12 hex digits of all it holds but ``made``: the same labels and parts give the same version."""
        facts = {key: value for key, value in self.to_dict().items() if key != "made"}
        return sha256_bytes(_rendered(facts))[:12]

    @property
    def watched(self) -> str:
        """12 hex digits of the plan and the rung in force: what the watch is over, also after a renewal."""
        return sha256_bytes(_rendered({"plan": asdict(self.plan), "rung": self.look.rung}))[:12]

    def in_words(self) -> str:
        """What is promised, what it rests on, and who read."""
        kinds = {"person": "people", "model": "language models"}
        readers = " and ".join(kinds.get(kind, "readers") for kind in self.readers) or "readers"
        return (
            f"While tickets stay as they are: {self.plan.promise}, like questions counted once. "
            f"Sent is what scores {self.threshold:.3f} or more, "
            f"{percent(self.coverage)} of tickets; of {self.look.labels:,} such answers that {readers} read, "
            f"{were(self.look.wrong)} wrong (upper bound {percent(self.upper)})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dictionaries and numbers, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain |= {"combiner": self.combiner.to_dict(), "plan": asdict(self.plan), "look": asdict(self.look)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

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
        plan = plain["plan"]
        parsed = {
            "combiner": Combiner.from_dict(plain["combiner"]),
            "plan": Plan(**{**plan, "promise": Promise(**plan["promise"]), "rungs": tuple(plan["rungs"])}),
            "look": Look(**plain["look"]),
            **{name: tuple(plain[name]) for name in ("readers", "reference_scores", "languages")},
        }
        return cls(**{**plain, **parsed})


def mismatch(calibration: Calibration, parts: Mapping[str, str], renew: str = "support-agent renew") -> str | None:
    """One sentence naming the first part that is not the one calibrated for; None when all are the same.

    Args:
        renew: the command that renews it.
    """
    for name in sorted(calibration.parts.keys() | parts.keys()):
        made_for, found = calibration.parts.get(name), parts.get(name)
        if found != made_for:
            other = f"not for {_short(found)}" if found else f"and there is no {name} now"
            return (
                f"The promise was made with the {name} {_short(made_for or 'nobody knows which')}, {other}: "
                f"`{renew}` asks the read tickets again and states it anew."
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
