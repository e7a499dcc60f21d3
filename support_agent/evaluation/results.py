"""A result folder: what a run asked, what came out, and how it scored, each file under its hash.

golden.jsonl     the golden set, byte for byte
outcomes.jsonl   one row a ticket
scores.json      every score with its interval, and what each ticket was worth
manifest.json    the set's sha256, the agent's versions, the package's version, the hash of each file
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.artefacts import MANIFEST, check_listed, read_manifest, write_bytes, write_json, write_manifest
from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GOLDEN_FILE, GoldenSet, read_golden
from support_agent.evaluation.run import Outcome, read_outcomes, write_outcomes

KIND = "support-agent evaluation"
OUTCOMES, SCORES_FILE = "outcomes.jsonl", "scores.json"
_UNFINISHED = "unfinished"
_MEND = "Run `support-agent eval run` again."


@dataclass(frozen=True)
class Result:
    """A result folder, opened."""

    folder: Path
    golden: GoldenSet
    outcomes: tuple[Outcome, ...]
    scores: Mapping[str, Any]
    manifest: Mapping[str, Any]


def write_result(
    folder: Path,
    golden_bytes: bytes,
    outcomes: Sequence[Outcome],
    scores: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> None:
    """Write a result folder; one that stood there before is replaced.

    The manifest comes first, as that of an unfinished result, so that what an interrupted write leaves behind is known
    to be ours; and last, with the hashes.

    Args:
        golden_bytes: the golden set's file.
        facts: what else the manifest says, such as the agent's versions.

    Raises:
        EvaluationError: the folder holds something else.
    """
    check_free(folder)
    write_json(folder / MANIFEST, {**facts, "kind": KIND, _UNFINISHED: True, "files": {}})
    write_bytes(folder / GOLDEN_FILE, golden_bytes)
    write_outcomes(folder / OUTCOMES, outcomes)
    write_json(folder / SCORES_FILE, scores)
    write_manifest(folder, {**facts, "kind": KIND}, [GOLDEN_FILE, OUTCOMES, SCORES_FILE])


def check_free(folder: Path) -> None:
    """Refuse a folder that holds something and no result; what lies beside a result is left as it is.

    Raises:
        EvaluationError: it does, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise EvaluationError(f"{folder} is a file. Name a folder.")
    # Hidden files may be what a killed write left. A golden.jsonl may be the only copy of somebody's work.
    names = sorted(path.name for path in folder.glob("[!.]*")) if folder.is_dir() else []
    if names and _kind_of(folder) != KIND:
        raise EvaluationError(f"{folder} holds {names[0]!r} and no result. Move it away, or name another folder.")


def check_page(page: Path | None) -> None:
    """Refuse a page that could not be written.

    Raises:
        EvaluationError: the path is a folder.
    """
    if page and page.is_dir():
        raise EvaluationError(f"--report {page} is a folder. Name a file, such as {page / 'page.html'}.")


def default_folder(name: str, golden: GoldenSet) -> Path:
    """Where a run goes for which no folder was named: ``runs/`` and the set's name; an older run of it is replaced.

    Raises:
        EvaluationError: there is a run of another set of this name.
    """
    folder = Path("runs") / name
    if not (folder / MANIFEST).is_file():
        return folder
    mend = "Give --output another folder, or delete that one."
    earlier = str(read_manifest(folder, EvaluationError, mend, reads=()).get("set_sha256", ""))
    if earlier != golden.sha256:
        both = f"{earlier[:12]}…, this one is {golden.sha256[:12]}…"
        raise EvaluationError(f"{folder} holds a run of another golden set ({both}). {mend}")
    return folder


def _kind_of(folder: Path) -> object:
    """What the folder's manifest says it is; None where there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest.get("kind") if isinstance(manifest, dict) else None


def read_result(folder: Path) -> Result:
    """Open a result folder.

    Raises:
        EvaluationError: it is missing, of another kind, or a file is not what the manifest says.
    """
    if not folder.is_dir():
        raise EvaluationError(
            f"There is no folder {folder}. Name the result folder of an earlier `support-agent eval run`."
        )
    manifest = read_manifest(folder, EvaluationError, _MEND, reads=())
    if manifest.get("kind") != KIND:
        raise EvaluationError(f"{folder} holds a {manifest.get('kind', 'folder')}, not a {KIND}. {_MEND}")
    if manifest.get(_UNFINISHED):
        raise EvaluationError(f"{folder} holds a result that was not written to its end. {_MEND}")
    check_listed(manifest, folder, (GOLDEN_FILE, OUTCOMES, SCORES_FILE), EvaluationError, _MEND)
    golden = read_golden(folder / GOLDEN_FILE)
    try:
        scores = json.loads((folder / SCORES_FILE).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise EvaluationError(f"{folder / SCORES_FILE} cannot be read ({problem}). {_MEND}") from problem
    return Result(folder, golden, tuple(read_outcomes(folder / OUTCOMES)), scores, manifest)
