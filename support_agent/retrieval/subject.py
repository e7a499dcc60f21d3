"""What an index is about: fitted when it is built (fit_subject.py), kept in its folder, and read with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from support_agent.triage.scope import ScopeModel

# A capital inside a sentence with small letters after it, or inside a word; not "API" and not "I".
_OTHER_NAME = re.compile(r"(?<=[\w,;:)'’-] )[A-Z]+[a-z]\w*|\b\w*[a-z][A-Z]\w*")
_LEAST_STEP = 0.1


@dataclass(frozen=True)
class Nearness:
    """The scale of an index's cosines, which differs with its embedder and its texts.

    Each is a cosine (−1 to 1) of the nearest passage: ``far`` for a question about anything else, in the median;
    ``edge`` for the nearest 5 % of these; ``near`` for a question of the index's own, its own passage aside.
    """

    far: float
    edge: float
    near: float

    @property
    def step(self) -> float:
        """From far to near in cosines, but never so fine that of a few like texts every hundredth is a difference."""
        return max(_LEAST_STEP, self.near - self.far)


# For an index that is too small to measure its own: MiniLM's on lamini_docs is 0.51 and 0.79.
_USUAL = Nearness(far=0.45, edge=0.45, near=0.75)

# From so many own texts on a scope model is sure of strangers.
_MANY = 100


@dataclass(frozen=True)
class Subject:
    """What an index is about.

    ``names`` are those of the product, small letters, deleted before scope is measured; ``product`` is the name that a
    ticket is searched with where it names nothing, "" for none. ``named`` says that the owner gave it. ``scope`` tells
    tickets about it from others, None where there are too few texts. ``left_out`` holds the scope (0–1) of a question
    of the index by a model that has not seen it, by passage id.
    """

    names: tuple[str, ...] = ()
    product: str = ""
    named: bool = False
    scope: ScopeModel | None = None
    nearness: Nearness = _USUAL
    left_out: Mapping[str, float] = field(default_factory=dict)

    @property
    def floor(self) -> float:
        """Below this cosine no passage is about a ticket.

        Where the scope model rests on many texts it tells strangers, and their median is floor enough.
        """
        sure_of_scope = self.scope is not None and len(self.left_out) >= _MANY
        return self.nearness.far if sure_of_scope else self.nearness.edge

    def query(self, text: str) -> str:
        """What to search with: customers seldom name what they write about, the index's questions mostly do.

        Of the 119 lamini_docs test questions that name the product, the best cosine is 0.80 in the median, 0.65 without
        the name and 0.80 with it in front. Whoever names something else ("OpenAI") is taken at their word.
        """
        product = self.product
        if not product or re.search(rf"\b{re.escape(product)}", text, re.IGNORECASE) or _OTHER_NAME.search(text):
            return text
        return f"{product}: {text}"

    def to_json(self) -> bytes:
        """What ``from_json`` reads."""
        plain = {
            "names": list(self.names),
            "product": self.product,
            "named": self.named,
            "scope": self.scope.to_dict() if self.scope else None,
            "nearness": asdict(self.nearness),
            "left_out": dict(self.left_out),
        }
        return (json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> Subject:
        """The subject that ``to_json`` wrote.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is something else.
        """
        plain: dict[str, Any] = json.loads(data)
        return cls(
            names=tuple(map(str, plain["names"])),
            product=str(plain["product"]),
            named=bool(plain["named"]),
            scope=ScopeModel.from_dict(plain["scope"]) if plain["scope"] else None,
            nearness=_read_nearness(plain["nearness"]),
            left_out={str(name): float(score) for name, score in plain["left_out"].items()},
        )


def _read_nearness(plain: Mapping[str, Any]) -> Nearness:
    cosines = [float(plain[name]) for name in ("far", "edge", "near")]
    if not all(-1 <= cosine <= 1 for cosine in cosines):
        raise ValueError(f"{plain!r:.80} is no scale of cosines")
    return Nearness(*cosines)
