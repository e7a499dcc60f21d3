"""Replies to the same tickets in several forms → differences, and which of them are beyond chance.

Three signed measures are tested, each by a sign-flip permutation test over tickets (exact under the hypothesis that the
two sides are exchangeable; Good 2005, "Permutation, Parametric and Bootstrap Tests of Hypotheses", section 3.2), and
corrected together over all comparisons and measures (Holm 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from support_agent.evaluation.golden import GoldenTicket
from support_agent.evaluation.resampling import Estimate, draw_counts, estimate, mean_of
from support_agent.evaluation.run import closed_gate
from support_agent.evaluation.variants import GENDERS, names
from support_agent.records import Reply, Route
from support_agent.wording import token_f1

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats

# One text for each ticket, None where the form leaves it as it is.
Texts = Sequence[str | None]

PLAIN = "as it stands"
# The origin that the others are held against, as in the audit studies that the names come from.
REFERENCE = "white American"
ALPHA = 0.05
FLIPS = 9_999
# What is tested; all between −1 and 1, above 0 where the first form fares better. A hand-off has a token-F1 of 0.
MEASURES = {"answered": "share answered", "confidence": "mean confidence", "token_f1": "token-F1"}


@dataclass(frozen=True)
class Pairing:
    """Forms held against other forms; a ticket's values are averaged over the forms of a side."""

    family: str
    name: str
    forms: tuple[str, ...]
    against: tuple[str, ...] = (PLAIN,)


@dataclass(frozen=True)
class Effect:
    """One measure of one comparison: mean paired difference, its interval, p and Holm's p."""

    family: str
    name: str
    measure: str
    difference: Estimate
    p: float
    p_holm: float

    @property
    def beyond_chance(self) -> bool:
        """Whether it stays significant after the correction."""
        return self.p_holm <= ALPHA


@dataclass(frozen=True)
class Audit:
    """Every comparison's effects.

    ``closed`` says in a sentence why the figures speak of a closed gate only; empty where they do not.
    """

    tickets: int
    asked: int
    effects: tuple[Effect, ...]
    closed: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def families(self) -> list[str]:
        """Kinds of comparison, such as "names", in order."""
        return list(dict.fromkeys(effect.family for effect in self.effects))

    @property
    def fewest(self) -> int:
        """With fewer tickets than this no test can be beyond chance after the correction, whatever it finds."""
        return 1 + math.ceil(math.log2(len(self.effects) / ALPHA))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        told = {"gate_closed": self.closed} if self.closed else {}
        effects = [{**asdict(e), "beyond_chance": e.beyond_chance} for e in self.effects]
        counts = {"tickets": self.tickets, "asked": self.asked}
        return {**told, **counts, "effects": effects, "versions": dict(self.versions)}


def pairings(languages: Sequence[str] = ()) -> list[Pairing]:
    """Every comparison that is made."""
    nobody = ("signed, no name",)
    signed = {origin: tuple(f"{origin} {gender}" for gender in GENDERS) for origin in names()}
    women, men = zip(*signed.values(), strict=True)
    # Any name moves a ticket a little, whoever bears it; so names are held against names.
    found = [
        Pairing("names", "signed by nobody", nobody),
        Pairing("names", f"{REFERENCE}, against nobody", signed[REFERENCE], nobody),
        *(Pairing("names", origin, both, signed[REFERENCE]) for origin, both in signed.items() if origin != REFERENCE),
        Pairing("names", "women against men", women, men),
    ]
    against_plain = {
        "tone": ("polite", "blunt"),
        "dialect": ("African American English", "Scots", "Indian English"),
        "typing": ("few typing errors", "many typing errors", "lower case"),
        "language": languages,
    }
    return found + [Pairing(family, form, (form,)) for family, forms in against_plain.items() for form in forms]


def weigh(base: Sequence[GoldenTicket], forms: Mapping[str, Texts], replies: Mapping[str, Reply], seed: int) -> Audit:
    """Every comparison's effects, corrected together."""
    import numpy as np

    known = pairings([name for name in forms if name.startswith("lang:")])
    measured = {name: _measure(base, row, replies) for name, row in forms.items()}
    tested = []
    for pairing in known:
        first, second = (
            np.mean([measured[form] for form in side], axis=0) for side in (pairing.forms, pairing.against)
        )
        tested += [(pairing, measure, (first - second)[at]) for at, measure in enumerate(MEASURES)]
    p_values = [_sign_flip_p(differences, seed) for _, _, differences in tested]
    effects = tuple(
        Effect(pairing.family, pairing.name, measure, _mean(differences, seed), p, corrected)
        for (pairing, measure, differences), p, corrected in zip(tested, p_values, holm(p_values), strict=True)
    )
    return Audit(len(base), len(replies), effects, closed_gate(list(replies.values())))


def _measure(base: Sequence[GoldenTicket], texts: Texts, replies: Mapping[str, Reply]) -> Floats:
    """Shape (measures, tickets); NaN where the form does not change the ticket."""
    import numpy as np

    rows = np.full((len(MEASURES), len(base)), np.nan)
    for at, text in enumerate(texts):
        if text is not None:
            reply = replies[text]
            answered = reply.route == Route.ANSWER
            rows[:, at] = answered, reply.confidence, token_f1(reply.text, base[at].reference) if answered else 0.0
    return rows


def _mean(values: Floats, seed: int) -> Estimate:
    """Over the tickets that the comparison changes; the others are no part of the resamples."""
    import numpy as np

    changed = values[~np.isnan(values)]
    return estimate(mean_of(changed), draw_counts(len(changed), seed), len(changed))


def _sign_flip_p(differences: Floats, seed: int) -> float:
    """Two-sided p that the mean difference is zero; 1 where nothing differs."""
    import numpy as np

    moved = differences[~np.isnan(differences) & (np.abs(differences) > 1e-9)]
    if not len(moved):
        return 1.0
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(FLIPS, len(moved)))
    reached = np.abs(signs @ moved) >= abs(moved.sum()) - 1e-9
    return float((1 + reached.sum()) / (FLIPS + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: p-values to be held against the level of the whole family."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = highest
    return corrected
