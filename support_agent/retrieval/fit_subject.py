"""Passages → what the index is about: names, product, scope model, scale of nearness.

Fitted whenever an index is written, from questions or from documents. With the default embedder it takes some 15 s,
nearly all for embedding the 3,000 texts about something else; nothing is asked of a generator.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from support_agent.records import Passage
from support_agent.retrieval.embedders import encode_queries
from support_agent.retrieval.fit_scope import FEWEST, ScopeFit, fit_scope
from support_agent.retrieval.pairs import SUFFIXES as PAIR_FILES
from support_agent.retrieval.subject import Nearness, Subject
from support_agent.sentences import split_sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval.embedders import Embedder

_T = TypeVar("_T")

_OUTLIERS = Path(__file__).parent / "outliers"
# A name stands in this share of the own texts, is written with a capital inside a sentence this often, and is this many
# times rarer elsewhere.
_NAME_SHARE, _CAPITAL_SHARE, _RARER = 0.15, 0.8, 10
# Beyond this share of capitals among the words inside sentences, a capital is no sign of a name.
_TELLING_CAPITALS = 0.4
_QUESTION = re.compile(
    r"^\W*(?:how|what|why|where|when|who|which|can|could|do|does|did|is|are|will|would|should|may|if)\b|[?？؟]\W*$",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"(?<=[\w,;:] )\w{2,}")
# Nearness is measured on so many texts of each kind, evenly taken.
_MEASURED = 300
_NEAREST_STRANGERS = 0.05
# Where the own texts are headings and no questions: TechQA's technotes then keep 98 % of 384 real questions and let
# 1.0 % of 600 CLINC150 out-of-scope texts pass; by the headings' own scores alone they would keep 63 %.
_LET_PASS = 0.01
# The scope model is fitted to so many own texts, evenly taken: more tell it nothing new.
_MOST_OWN = 3_000


def fit_subject(
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    refused: Sequence[str],
    embedder: Embedder,
    *,
    product: str | None = None,
) -> Subject:
    """What an index of these passages is about.

    Args:
        vectors: the passages', shape ``(passages, dimension)``.
        refused: questions that the owner's own rows refuse: they are about something else.
        product: the name of the product, "" for none; found among the passages when None.
    """
    own = own_texts(passages)
    texts, elsewhere = list(own.values()), shipped_outliers()
    # Refused questions often hold the product's name, so that it is looked for without them.
    found = find_names(texts, elsewhere)
    if product is None:
        names, name = found, find_product(texts, found)
    else:
        names, name = tuple(sorted({*found, product.casefold()} - {""})), product
    subject = Subject(names=names, product=name, named=product is not None)
    let_pass = None if _are_questions(texts) else _LET_PASS
    fit = _scope(texts, [*elsewhere, *refused], embedder, names, let_pass)
    return replace(
        subject,
        scope=fit.model if fit else None,
        nearness=_nearness(passages, vectors, own, subject, embedder),
        left_out={key: round(score, 4) for key, score in zip(own, fit.own_scores, strict=True)} if fit else {},
    )


def texts_to_embed(passages: Sequence[Passage], refused: Sequence[str]) -> int:
    """How many texts ``fit_subject`` embeds, for a progress bar."""
    own, others = len(own_texts(passages)), shipped_outliers()
    if own < FEWEST:
        return 0
    return own + len(others) + len(refused) + len(_evenly(others, _MEASURED)) + len(_evenly(range(own), _MEASURED))


def own_texts(passages: Sequence[Passage]) -> dict[str, str]:
    """Passage id → a text that stands for what a customer would ask of it.

    Of a pair its question; of a document's passage its last heading and its first sentence.
    """
    return {one.passage_id: _own_text(one) for one in _evenly([one for one in passages if one.title], _MOST_OWN)}


def is_pair(passage: Passage) -> bool:
    """Whether the title is a question that the text answers, rather than a heading."""
    return Path(passage.source).suffix.lower() in PAIR_FILES


def _own_text(passage: Passage) -> str:
    if is_pair(passage):
        return passage.title
    heading = passage.title.rpartition(" > ")[2]
    return f"{heading}. {next(iter(split_sentences(passage.text)), '').strip()}"


def shipped_outliers() -> list[str]:
    """Some 3,000 texts about anything but a company's own product; sources and licences stand in ATTRIBUTION.md."""
    return [line for file in sorted(_OUTLIERS.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]


def find_names(own: Sequence[str], outliers: Sequence[str]) -> tuple[str, ...]:
    """Words of 15 % or more of the own texts, written with a capital inside a sentence.

    A word that stands in outliers too must be ten times rarer there: refused questions often hold the product's name.
    None are found in a few texts, nor where a capital tells nothing: in title case, or in German.
    """
    if len(own) < FEWEST or _capital_share(own) > _TELLING_CAPITALS:
        return ()
    asked, elsewhere = _holding(own), _holding(outliers)
    inside, capitals = Counter[str](), Counter[str]()
    for text in own:
        words = set(_INSIDE.findall(text))
        inside.update({word.casefold() for word in words})
        capitals.update({word.casefold() for word in words if word[0].isupper()})
    return tuple(
        sorted(
            word
            for word, count in capitals.items()
            if count >= _CAPITAL_SHARE * inside[word]
            and asked[word] >= _NAME_SHARE * len(own)
            and elsewhere[word] * len(own) * _RARER <= asked[word] * len(outliers)
        )
    )


def find_product(own: Sequence[str], names: Sequence[str]) -> str:
    """The name that most of the own texts hold, if half of them do; else "" for none."""
    if not names:
        return ""
    asked = _holding(own)
    commonest = max(names, key=lambda name: (asked[name], name))
    return commonest if 2 * asked[commonest] >= len(own) else ""


def _capital_share(texts: Sequence[str]) -> float:
    words: list[str] = [word for text in texts for word in _INSIDE.findall(text)]
    return sum(word[0].isupper() for word in words) / max(1, len(words))


def _are_questions(texts: Sequence[str]) -> bool:
    """Whether most of the texts are questions, in any language that marks them, or begin like English ones."""
    return 2 * sum(bool(_QUESTION.search(text)) for text in texts) >= len(texts)


def _holding(texts: Sequence[str]) -> Counter[str]:
    """In how many texts each word stands."""
    return Counter(word for text in texts for word in set(re.findall(r"\w+", text.casefold())))


def _scope(
    own: Sequence[str], outliers: Sequence[str], embedder: Embedder, names: Sequence[str], let_pass: float | None
) -> ScopeFit | None:
    if len(own) < FEWEST:
        return None
    return fit_scope(own, outliers, embedder, names=names, let_pass=let_pass)


def _nearness(
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    own: dict[str, str],
    subject: Subject,
    embedder: Embedder,
) -> Nearness:
    """The index's scale of cosines; the usual one where there are too few texts."""
    import numpy as np

    strangers = _evenly(shipped_outliers(), _MEASURED)
    asked = _evenly([(at, own[one.passage_id]) for at, one in enumerate(passages) if one.passage_id in own], _MEASURED)
    if len(asked) < FEWEST:
        return subject.nearness
    far = (encode_queries(embedder, [subject.query(text) for text in strangers]) @ vectors.T).max(axis=1)
    cosines = encode_queries(embedder, [subject.query(text) for _, text in asked]) @ vectors.T
    titles = np.array([passage.title for passage in passages])
    for row, (at, _) in enumerate(asked):
        cosines[row, titles == passages[at].title] = -1.0
    far, edge, near = np.median(far), np.quantile(far, 1 - _NEAREST_STRANGERS), np.median(cosines.max(axis=1))
    return Nearness(*(round(float(cosine), 4) for cosine in (far, edge, near)))


def _evenly(rows: Sequence[_T], most: int) -> list[_T]:
    step = max(1, -(-len(rows) // most))
    return list(rows[::step])
