"""A generator that keeps its drafts in a file, so that a long run can be stopped and continued."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from support_agent.artefacts import sha256_bytes
from support_agent.errors import CalibrationError
from support_agent.generation.generator import Generator
from support_agent.generation.prompt import Prompt, prompt_version
from support_agent.jsonl import read_finished_rows
from support_agent.records import Draft

# The key of a kept draft: the version of the generator that wrote it, and the hash of what it was asked.
_Key = tuple[str, str]


class KeepingGenerator:
    """Writes what the file does not hold yet; a draft in it counts for the same generator and the very same prompt.

    Args:
        file: JSONL; a last line that was cut off is passed over and written anew.

    Raises:
        CalibrationError: a line of the file is no draft.
    """

    def __init__(self, generator: Generator, file: Path, max_new_tokens: int) -> None:
        self.name, self.version = generator.name, generator.version
        self._generator = generator
        self._file = file
        self._max_new_tokens = max_new_tokens
        self._kept = read_kept(file)

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """One draft for each prompt; new ones are in the file when this returns."""
        keys = [(self.version, self._asked(prompt)) for prompt in prompts]
        new = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in self._kept}
        if new:
            written = dict(zip(new, self._generator.generate(list(new.values())), strict=True))
            _append(self._file, written)
            self._kept.update(written)
        return [self._kept[key] for key in keys]

    def _asked(self, prompt: Prompt) -> str:
        """Hex sha256 of all that a generator is given: with the same, it writes the same."""
        said = [[message.role, message.content] for message in prompt.messages]
        return sha256_bytes(json.dumps([prompt_version(), self._max_new_tokens, said]).encode())


def read_kept(file: Path) -> dict[_Key, Draft]:
    """Every draft of a file; none where it is not there.

    Raises:
        CalibrationError: a line is no draft.
    """
    kept: dict[_Key, Draft] = {}
    for row in read_finished_rows(file, CalibrationError) if file.exists() else ():
        try:
            kept[row.values["generator"], row.values["asked"]] = Draft(**row.values["draft"])
        except (TypeError, KeyError) as problem:
            raise row.error(f"no draft ({problem!r}). Delete the file to draft anew") from problem
    return kept


def _append(file: Path, drafts: dict[_Key, Draft]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = file.read_bytes() if file.exists() else b""
    rows = ({"generator": by, "asked": asked, "draft": asdict(draft)} for (by, asked), draft in drafts.items())
    with file.open("ab") as lines:
        if text and not text.endswith(b"\n"):
            lines.truncate(text.rfind(b"\n") + 1)
        lines.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
