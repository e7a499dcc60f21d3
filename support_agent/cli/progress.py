"""What is going on, shown on stderr: downloads, and work that can be counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress
    from rich.console import Console

    from support_agent.models import OnProgress, Progress


@contextmanager
def download_progress() -> Iterator[OnProgress]:
    """A bar for each file fetched; where stderr is no terminal, one line for each instead.

    Nothing is shown before the first byte, so it may stand around what mostly fetches nothing.
    """
    downloads = _Downloads()
    try:
        yield downloads.show
    finally:
        downloads.bars.stop()


@contextmanager
def counted_progress(noun: str, *, line_every_s: float | None = None) -> Iterator[Counted]:
    """A bar for steps that are counted, begun with the first of them.

    Args:
        noun: what is counted, such as "tickets".
        line_every_s: where stderr is no terminal, print a line at most so often; without it nothing is printed there.
    """
    counted = Counted(noun, line_every_s)
    try:
        yield counted
    finally:
        counted.bar.stop()


class Counted:
    """How far something is that ``counted_progress`` shows."""

    def __init__(self, noun: str, line_every_s: float | None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

        words = TextColumn("{task.description}")
        self.bar = _bars(TextColumn(noun), BarColumn(20), MofNCompleteColumn(), words, TimeRemainingColumn())
        self._task = self.bar.add_task("", total=None)
        self._noun, self._line_every_s, self._last_s = noun, line_every_s, float("-inf")
        self.done = 0

    def show(self, done: int, total: int | None = None, words: str = "") -> None:
        """So many of ``total`` are done; ``words`` stand beside the count."""
        self.done = done
        self.bar.update(self._task, completed=done, total=total, description=words)
        self.bar.start()
        if self.bar.console.is_terminal or self._line_every_s is None:
            return
        if monotonic() - self._last_s >= self._line_every_s or done == total:
            self._last_s = monotonic()
            self.say(f"{self._noun} {done}/{total or '?'}  {words}".rstrip())

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        _say(self.bar.console, line)


class _Downloads:
    def __init__(self) -> None:
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.table import Column

        # A long file name must leave the bar its place on 80 columns.
        name = TextColumn("{task.description}", table_column=Column(max_width=34, no_wrap=True, overflow="ellipsis"))
        self.bars = _bars(name, BarColumn(20), DownloadColumn(), TimeRemainingColumn())
        self._tasks: dict[tuple[str, str], rich.progress.TaskID] = {}

    def show(self, progress: Progress) -> None:
        """Print the note, or move the file's bar; the first time the file is met, off a terminal, print its name."""
        from support_agent.cli.printing import size_in_words

        if progress.note:
            _say(self.bars.console, progress.note)
            return
        key = (progress.source, progress.file)
        if key not in self._tasks:
            self.bars.start()
            self._tasks[key] = self.bars.add_task(progress.file, total=None)
            if not self.bars.console.is_terminal:
                size = size_in_words(progress.total_bytes)
                _say(self.bars.console, f"fetching {progress.file} ({size}) from {progress.source}")
        self.bars.update(self._tasks[key], completed=progress.done_bytes, total=progress.total_bytes)
        if self.bars.finished:
            self.bars.stop()  # what the files are for may draw a bar of its own


def _bars(*columns: rich.progress.ProgressColumn) -> rich.progress.Progress:
    """Bars on stderr that show only on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
