"""Watches a promise in force, across processes: reads more when something moves, withdraws when it no longer holds.

Two signs, each a fair game while nothing has changed, so that its wealth reaches 1 / false_alarm with that probability
at most, however long the watch (Ville's inequality):

- the scores of live tickets against those that the promise was planned on (drift.py);
- the verdicts on answers that were sent and drawn for reading: a bet on "more than ``max_error`` of them are wrong"
  multiplies by 1 + stake · (wrong − max_error) (Waudby-Smith and Ramdas 2024, section 4).

At the lower bar the reading rate rises; at the higher one the promise is withdrawn, until it is renewed or certified
anew. The state lies in the evidence file: every process goes on where the last one stopped.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

from support_agent.errors import CalibrationError
from support_agent.evidence.drift import Drift
from support_agent.evidence.store import Store, decoded
from support_agent.wording import content_words, counted

# Probability of ever raising the reading rate, and of ever withdrawing, while nothing has changed; each sign has half.
RAISE, WITHDRAW = 0.05, 0.001
# Of the answers that are sent, the share to be read: those with the lowest random numbers.
CALM_RATE, RAISED_RATE = 0.10, 0.50
_STAKES = (0.25, 0.5, 1.0)

logger = logging.getLogger(__name__)


@dataclass
class SpotChecks:
    """A bet on verdicts; ``wealth`` begins at 1 and grows when more than ``max_error`` (0–1) are wrong."""

    max_error: float
    won: list[float] = field(default_factory=lambda: [1.0] * len(_STAKES))
    read: int = 0
    wrong: int = 0

    @property
    def wealth(self) -> float:
        """The mean of the bets' wealths."""
        return math.fsum(self.won) / len(self.won)

    def play(self, wrong: bool) -> None:
        """Bet on one verdict."""
        self.read += 1
        self.wrong += wrong
        odds = float(wrong) - self.max_error
        # A stake of 1 loses all where the promise is 100 %; a promise is below that.
        self.won = [own * (1 + stake * odds) for own, stake in zip(self.won, _STAKES, strict=True)]


@dataclass
class State:
    """What a watch has seen, for one promise (``Calibration.watched``).

    ``withdrawn`` says why the promise was withdrawn for good; ``refuted`` that the labels it rests on no longer prove
    it, which mended labels undo.
    """

    promise: str
    drift: Drift
    checks: SpotChecks
    withdrawn: str = ""
    refuted: bool = False

    @property
    def raised(self) -> bool:
        """Whether more answers are to be read than usual."""
        return max(self.drift.wealth, self.checks.wealth) >= 2 / RAISE

    @property
    def reading_rate(self) -> float:
        """Of the answers that are sent, the share (0–1) to be read: those whose random number is below it."""
        return RAISED_RATE if self.raised else CALM_RATE

    def in_words(self) -> str:
        """What the watch has seen, for the log, the CLI or a page."""
        read = counted(self.checks.read, "sent answer")
        seen = f"{counted(self.drift.seen, 'different ticket')} seen, {read} read"
        if self.withdrawn:
            return f"The promise was withdrawn: {self.withdrawn} ({seen}). New tickets may prove it anew."
        if self.refuted:
            return f"The labels that the promise rests on no longer prove it ({seen})."
        if self.raised:
            return f"Something moves ({seen}): read {RAISED_RATE:.0%} of the answers that are sent."
        return f"Nothing speaks against the promise ({seen}); read {CALM_RATE:.0%} of the answers that are sent."


class Watch:
    """The watch over one promise in force. Without a store its state ends with the process.

    Args:
        promise: what is watched (``Calibration.watched``); each promise has a state of its own.
        reference_scores, threshold, max_error: of the promise.
    """

    def __init__(
        self,
        promise: str,
        reference_scores: Sequence[float],
        threshold: float,
        max_error: float,
        store: Store | None = None,
    ) -> None:
        self._promise, self._reference, self._threshold, self._max_error = (
            promise,
            reference_scores,
            threshold,
            max_error,
        )
        self._store = store
        self.state = self._read() if store else self._begin()
        self._own_words: set[str] = set()

    def _begin(self) -> State:
        return State(self._promise, Drift.begin(self._reference, self._threshold), SpotChecks(self._max_error))

    @property
    def withdrawn(self) -> bool:
        """Whether the promise does not stand, for good or as its labels are now."""
        return bool(self.state.withdrawn) or self.state.refuted

    def see(self, score: float, text: str = "") -> None:
        """Take in the score of one live ticket; one that is not a number counts as 0, the least sure.

        Args:
            text: the ticket's; one whose content words were seen before counts for nothing.
        """
        words = sha256(" ".join(sorted(set(content_words(text)))).encode()).hexdigest()[:24] if text else ""
        self._change(partial(_play_score, score), words)

    def check(self, wrongs: Sequence[bool], answers: Sequence[str] = ()) -> None:
        """Take in verdicts on answers that were sent and drawn for reading: True for a wrong one.

        Args:
            answers: whose verdicts they are; each answer counts once.
        """
        for at, wrong in enumerate(wrongs):
            self._change(partial(_play_check, wrong), f"read {answers[at]}" if answers else "")

    def note_refuted(self, refuted: bool) -> None:
        """Note whether the labels that the promise rests on still prove it; every process sees it."""
        if refuted != self.state.refuted:
            self._change(partial(_set_refuted, refuted))

    def in_words(self) -> str:
        """See ``State.in_words``."""
        return self.state.in_words()

    def _change(self, change: Callable[[State], None], words: str = "") -> None:
        if self._store is None:
            if not words or words not in self._own_words:
                self._own_words.add(words)
                self._apply(self.state, change)
            return
        try:
            with self._store.transaction() as connection:
                state = self._read(connection)
                if words and self._saw(connection, words):
                    self.state = state
                    return
                self._apply(state, change)
                connection.execute("INSERT OR REPLACE INTO watch VALUES (?, ?)", (self._promise, _to_json(state)))
                self.state = state
        except CalibrationError as problem:
            # A ticket is answered all the same; what is seen from here on ends with this process.
            logger.warning("The watch over the promise cannot be kept: %s", problem)
            self._store = None
            self._change(change, words)

    def _apply(self, state: State, change: Callable[[State], None]) -> None:
        if state.withdrawn:
            return
        raised = state.raised
        change(state)
        if state.drift.wealth >= 2 / WITHDRAW:
            state.withdrawn = f"tickets score {state.drift.mean:.2f} in the mean, worse than those it was planned on"
        elif state.checks.wealth >= 2 / WITHDRAW:
            state.withdrawn = f"{state.checks.wrong:,} of {state.checks.read:,} sent answers were found wrong"
        if state.withdrawn or state.raised != raised:
            logger.warning("%s", state.in_words())

    def _read(self, connection: Any = None) -> State:
        fresh = self._begin()
        if self._store is None:
            return fresh
        if connection is None:
            with self._store.transaction() as opened:
                return self._read(opened)
        row = connection.execute("SELECT state FROM watch WHERE promise = ?", (self._promise,)).fetchone()
        if not row:
            return fresh
        with decoded(self._store.path):
            return _from_json(row[0])

    def _saw(self, connection: Any, words: str) -> bool:
        """Whether a ticket of these words was counted before; from now on it was."""
        added = connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (self._promise, words))
        return bool(added.rowcount == 0)


def _play_score(score: float, state: State) -> None:
    state.drift.play(score)


def _play_check(wrong: bool, state: State) -> None:
    state.checks.play(wrong)


def _set_refuted(refuted: bool, state: State) -> None:
    state.refuted = refuted


def _to_json(state: State) -> str:
    return json.dumps(asdict(state))


def _from_json(text: str) -> State:
    plain = json.loads(text)
    return State(
        plain["promise"],
        Drift.from_dict(plain["drift"]),
        SpotChecks(**plain["checks"]),
        str(plain["withdrawn"]),
        bool(plain["refuted"]),
    )
