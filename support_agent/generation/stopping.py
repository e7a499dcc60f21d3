"""Text as it is written → how much of it is the draft's, shown piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from support_agent.generation.prompt import STOP_STRINGS


class Shown:
    """What of one draft the caller has been shown while it is written."""

    def __init__(self, on_text: Callable[[str], bool]) -> None:
        self.text = ""
        self.ended_by_caller = False
        self._on_text = on_text

    def show(self, text: str) -> bool:
        """Show what is new in ``text``, the draft so far; True once the caller wants no more."""
        # The last character may still lack bytes, and a stop string may have begun.
        text = text.rstrip("\ufffd")
        safe = text[: _stop_string_start(text)]
        if not self.ended_by_caller:
            self.ended_by_caller = self._show_rest(safe)
        return self.ended_by_caller

    def finish(self, text: str) -> None:
        """Show the rest of ``text``, the finished draft."""
        self._show_rest(text)

    def _show_rest(self, text: str) -> bool:
        if len(text) <= len(self.text) or not text.startswith(self.text):
            return False
        piece, self.text = text[len(self.text) :], text
        return self._on_text(piece)


def before_stop(text: str) -> str:
    """``text`` up to the first stop string in it."""
    return text[: _first_stop(text)]


def _stop_string_start(text: str) -> int:
    """Where a stop string begins in ``text``, or might begin at its end: what stands before may be shown already."""
    starts = [_first_stop(text)]
    for stop in STOP_STRINGS:
        starts += [len(text) - size for size in range(1, len(stop)) if text.endswith(stop[:size])]
    return min(starts)


def _first_stop(text: str) -> int:
    return min((at for stop in STOP_STRINGS if (at := text.find(stop)) >= 0), default=len(text))
