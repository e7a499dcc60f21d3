"""Answer, reference and passages → was the answer right? Two judges, for use where nobody has read the answers.

``supported``: everything it says stands in the passages it was written from. ``agrees``: it answers the question as the
reference does and contradicts it nowhere. Each is a logistic regression over a few measures of likeness, fitted to
answers that were read and labelled; how often it agrees with those labels is stored with it and reported.

Knows nothing of the gate: a judge that saw the gate's own signals would find them right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.labels import Labels
from support_agent.gate.calibrating.measured_rows import MeasuredRow
from support_agent.gate.combiner import Combiner, cross_fit, fit
from support_agent.records import Passage
from support_agent.sentences import split_sentences
from support_agent.wording import facts, is_negated, known_facts

if TYPE_CHECKING:
    from support_agent.retrieval.embedders import Embedder

About = Literal["supported", "agrees"]
SHIPPED = Path(__file__).parent / "judges.json"
# Cohen's kappa below which a judge's labels are not worth a promise ("fair" at best, Landis and Koch 1977).
LEAST_KAPPA = 0.4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Answered:
    """An answer as a customer would get it, with what it is held against."""

    question: str
    sent: str
    reference: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Judge:
    """Says whether an answer is right; ``agreement`` is how well it did that on labelled answers it had not seen."""

    about: About
    combiner: Combiner
    agreement: dict[str, float]

    def verdicts(self, answers: Sequence[Answered], embedder: Embedder) -> list[bool]:
        """One verdict for each answer."""
        return [self.combiner.probability(one) >= 0.5 for one in measures(self.about, answers, embedder)]


def check_judge(about: About, embedder: str) -> Judge:
    """The shipped judge of this kind, if it may label answers; to be asked before hours are spent on drafts.

    Args:
        embedder: fingerprint of the index's embedder; the judge knows the likenesses of one alone.

    Raises:
        CalibrationError: it agrees with readers hardly better than chance, or knows another embedder.
    """
    fitted_with, judges = shipped_judges()
    judge = judges[about]
    kappa = judge.agreement["kappa"]
    if kappa < LEAST_KAPPA:
        raise CalibrationError(
            f"Nobody has labelled the answers, and the judge of {about!r} agrees with readers hardly better than "
            f"chance (kappa {kappa:.2f}). Label them (--to-read, then --labels), or say --about agrees."
        )
    if embedder != fitted_with:
        raise CalibrationError(
            f"Nobody has labelled the answers, and the judge knows the embedder {fitted_with[:12]}, not the index's "
            f"{embedder[:12]}. Label the answers (--to-read, then --labels)."
        )
    return judge


def judged(rows: Sequence[MeasuredRow], about: About, embedder: Embedder) -> Labels:
    """The shipped judge's label for every answer that might be sent.

    Raises:
        CalibrationError: see ``check_judge``.
    """
    judge = check_judge(about, embedder.fingerprint)
    waiting = [row for row in rows if not row.held]
    drafted = [row.drafted for row in waiting]
    answers = [
        Answered(one.question, row.sent, one.reference, one.passages) for one, row in zip(drafted, waiting, strict=True)
    ]
    verdicts = judge.verdicts(answers, embedder)
    right = {one.row_id: verdict for one, verdict in zip(drafted, verdicts, strict=True)}
    return Labels(right, {"source": "reference", "judge_agreement": judge.agreement})


def measures(about: About, answers: Sequence[Answered], embedder: Embedder) -> list[dict[str, float]]:
    """What the judge of this kind goes by, for each answer."""
    take = {"supported": _of_support, "agrees": _of_agreement}[about]
    texts = sorted({text for answer in answers for text in _texts(answer)})
    vectors = dict(zip(texts, embedder.encode(texts), strict=True)) if texts else {}
    return [take(answer, vectors) for answer in answers]


def fit_judge(
    about: About, answers: Sequence[Answered], right: Sequence[bool], groups: Sequence[int], embedder: Embedder
) -> Judge:
    """Fit a judge to labels, and measure it on folds it has not seen."""
    rows = measures(about, answers, embedder)
    names = sorted(rows[0])
    guesses = [probability >= 0.5 for probability in cross_fit(rows, right, groups, names)]
    return Judge(about, fit(rows, right, names), _agreement(guesses, right))


@cache
def shipped_judges() -> tuple[str, dict[str, Judge]]:
    """The fingerprint of the embedder that the shipped judges know, and the judges by what they judge."""
    plain = json.loads(SHIPPED.read_text("utf-8"))
    return plain["made_from"]["embedder"], {about: _from_dict(about, one) for about, one in plain["judges"].items()}


def judges_as_json(judges: Sequence[Judge], made_from: dict[str, Any]) -> str:
    """What stands in ``judges.json``."""
    plain = {one.about: {"combiner": one.combiner.to_dict(), "agreement": one.agreement} for one in judges}
    return json.dumps({"made_from": made_from, "judges": plain}, indent=1, sort_keys=True) + "\n"


def _from_dict(about: str, plain: dict[str, Any]) -> Judge:
    kind: About = "supported" if about == "supported" else "agrees"
    return Judge(kind, Combiner.from_dict(plain["combiner"]), plain["agreement"])


def _agreement(guesses: Sequence[bool], right: Sequence[bool]) -> dict[str, float]:
    """Share of equal verdicts, Cohen's kappa, and how often each kind of verdict is true."""
    count = len(right)
    equal = sum(guess == label for guess, label in zip(guesses, right, strict=True)) / count
    said, true = sum(guesses) / count, sum(right) / count
    by_chance = said * true + (1 - said) * (1 - true)
    both = sum(guess and label for guess, label in zip(guesses, right, strict=True))
    return {
        "n": count,
        "accuracy": round(equal, 4),
        "kappa": round((equal - by_chance) / (1 - by_chance), 4) if by_chance < 1 else 0.0,
        "right_when_said_right": round(both / max(1, sum(guesses)), 4),
        "said_right_when_right": round(both / max(1, sum(right)), 4),
    }


def _texts(answer: Answered) -> list[str]:
    return [answer.question, answer.sent, answer.reference, *_sentences(answer.sent), *_passage_sentences(answer)]


def _of_support(answer: Answered, vectors: Any) -> dict[str, float]:
    """Each sentence's likeness with the nearest sentence of a passage; bigrams and facts that no passage holds."""
    held = _passage_sentences(answer)
    said = _sentences(answer.sent)
    nearest = [max((float(vectors[one] @ vectors[two]) for two in held), default=0.0) for one in said]
    whole = " ".join(f"{passage.title} {passage.text}" for passage in answer.passages)
    pairs = _pairs(answer.sent)
    return {
        "least_likeness": min(nearest, default=0.0),
        "mean_likeness": sum(nearest) / len(nearest) if nearest else 0.0,
        "strange_pairs": len(pairs - _pairs(whole)) / max(1, len(pairs)),
        "strange_facts": float(len(facts(answer.sent) - known_facts(whole))),
        "sentences": float(len(nearest)),
    }


def _of_agreement(answer: Answered, vectors: Any) -> dict[str, float]:
    """Likeness with the reference by words and meaning, beside the reference's own likeness with the question."""
    ours, theirs = _words(answer.sent), _words(answer.reference)
    shared = len(ours & theirs)
    sent, reference, question = (vectors[text] for text in (answer.sent, answer.reference, answer.question))
    return {
        "precision": shared / max(1, len(ours)),
        "recall": shared / max(1, len(theirs)),
        "pairs_shared": len(_pairs(answer.sent) & _pairs(answer.reference)) / max(1, len(_pairs(answer.reference))),
        "likeness": float(sent @ reference),
        "on_question": float(sent @ question),
        "strange_facts": float(len(facts(answer.sent) - known_facts(answer.reference))),
        "denial": float(is_negated(_opening(answer.sent)) != is_negated(_opening(answer.reference))),
    }


def _opening(text: str) -> str:
    return next(iter(split_sentences(text)), "")


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in split_sentences(text) if sentence.strip()]


def _passage_sentences(answer: Answered) -> list[str]:
    return [sentence for passage in answer.passages for sentence in _sentences(passage.text)]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = _WORD.findall(text.casefold())
    return frozenset(pairwise(words))
