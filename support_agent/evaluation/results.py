"""A result folder: what a run asked, what came out, and how it scored, each file under its hash.

golden.jsonl     the golden set, byte for byte
outcomes.jsonl   one row a ticket
scores.json      every score with its interval, and what each ticket was worth
manifest.json    the set's sha256, the agent's versions, the package's version, the hash of each file
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.artefacts import MANIFEST, read_manifest, write_bytes, write_json, write_manifest
from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GOLDEN_FILE, GoldenSet, read_golden
from support_agent.evaluation.run import Outcome, read_outcomes, write_outcomes

KIND = "support-agent evaluation"
OUTCOMES, SCORES_FILE = "outcomes.jsonl", "scores.json"
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
    for leftover in [path for path in folder.iterdir() if _LEFTOVER.fullmatch(path.name)]:
        leftover.unlink()
    write_bytes(folder / GOLDEN_FILE, golden_bytes)
    write_outcomes(folder / OUTCOMES, outcomes)
    write_json(folder / SCORES_FILE, scores)
    write_manifest(folder, {**facts, "kind": KIND}, [GOLDEN_FILE, OUTCOMES, SCORES_FILE])


def check_free(folder: Path) -> None:
    """Refuse a folder in which something other than a result stands; called before the agent's work is done.

    Raises:
        EvaluationError: it does.
    """
    if folder.exists() and not folder.is_dir():
        raise EvaluationError(f"{folder} is a file. Name a folder.")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    # Names alone tell nothing: a golden.jsonl may be the only copy of somebody's work.
    ours = _OURS if _kind_of(folder) == KIND else set()
    foreign = [name for name in names if name not in ours and not _LEFTOVER.fullmatch(name)]
    if foreign:
        raise EvaluationError(
            f"{folder} holds {foreign[0]!r}, which is no part of a result. Move it away, or name another folder."
        )


def check_page(page: Path | None, folder: Path | None = None) -> None:
    """Refuse a page that could not be written, or would stand in the result folder: nobody could score that again.

    Raises:
        EvaluationError: the path is a folder, or lies in the result folder.
    """
    if page is None:
        return
    if page.is_dir():
        raise EvaluationError(f"--report {page} is a folder. Name a file, such as {page / 'page.html'}.")
    if folder is not None and page.resolve().is_relative_to(folder.resolve()):
        beside = folder.with_name(f"{folder.name or 'page'}.html")
        raise EvaluationError(
            f"--report {page} lies in the result folder {folder}, which holds the result and nothing else. "
            f"Name a file outside it, such as {beside}."
        )


def default_folder(name: str, golden: GoldenSet) -> Path:
    """Where a run goes for which no folder was named: ``runs/`` and the set's name; an older run of it is replaced.

    Raises:
        EvaluationError: there is a run of another set of this name.
    """
    folder = Path("runs") / name
    if not (folder / MANIFEST).is_file():
        return folder
    mend = "Give --output another folder, or delete that one."
    earlier = str(read_manifest(folder, EvaluationError, mend).get("set_sha256", ""))
    if earlier != golden.sha256:
        both = f"{earlier[:12]}…, this one is {golden.sha256[:12]}…"
        raise EvaluationError(f"{folder} holds a run of another golden set ({both}). {mend}")
    return folder


_OURS = {GOLDEN_FILE, OUTCOMES, SCORES_FILE, MANIFEST}
_UNFINISHED = "unfinished"
# The temporary names of artefacts.atomic_write, which a killed process leaves behind.
_LEFTOVER = re.compile(rf"\.(?:{'|'.join(map(re.escape, sorted(_OURS)))})\.[0-9a-f]{{8}}\.part")


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
    manifest = read_manifest(folder, EvaluationError, _MEND)
    if manifest.get("kind") != KIND:
        raise EvaluationError(f"{folder} holds a {manifest.get('kind', 'folder')}, not a {KIND}. {_MEND}")
    if manifest.get(_UNFINISHED):
        raise EvaluationError(f"{folder} holds a result that was not written to its end. {_MEND}")
    golden = read_golden(folder / GOLDEN_FILE)
    try:
        scores = json.loads((folder / SCORES_FILE).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise EvaluationError(f"{folder / SCORES_FILE} cannot be read ({problem}). {_MEND}") from problem
    return Result(folder, golden, tuple(read_outcomes(folder / OUTCOMES)), scores, manifest)
