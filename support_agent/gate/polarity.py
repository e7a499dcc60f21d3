"""What a sentence affirms and what it denies, and whether a passage says the opposite. English grammar, crudely.

A clause's content words are affirmed unless they stand where a word of ``tables/meaning.toml`` denies them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from support_agent.sentences import split_sentences
from support_agent.wording import content_words

_TABLE = Path(__file__).parent / "tables" / "meaning.toml"
# Up to this share of a clause's words another clause speaks of something else.
_SAME_MATTER = 0.5
_NO_BLANKS = re.compile(r"[\u3040-\u9fff]")
# Where one clause ends and another begins; a comma alone does not, since lists are full of them.
_CLAUSE_ENDS = re.compile(
    r"[;:—–\n]|\.\.\.|\s-\s"
    r"|,?\s(?=(?:but|however|although|though|while|whereas|yet|so|because|since|unless|aber|jedoch|sondern|pero|sino|mais|"
    r"ma|mas|maar)\b)"
    r"|,\s(?=(?:we|you|it|they|he|she|this|these|those)\s)"
    r"|,?\s(?=(?:and|or|und|y|et)\s(?:we|you|it|they|he|she|i|this|that|these|there|wir|sie|es|er)\b)",
    re.IGNORECASE,
)
# What is denied outside of it is not denied inside, and the other way round: "stop a job that you no longer need".
_ASIDES = re.compile(r",?\s(?=(?:that|which|who|whose|where|when|if|dass|que|qui|che)\s)", re.IGNORECASE)
# "You do not need a key to export": the export is not denied.
_NEEDED_FOR = re.compile(r"\b(?:need|require)\w*\s(?!to\b)(?:\S+\s)*?(?=(?:in order )?(?:to|for)\s)", re.IGNORECASE)
# What is quoted, written as code, an address: the words there deny nothing; nor does Python's None.
_NO_WORDS = re.compile(r"`[^`]*`|\"[^\"\n]*\"|“[^”\n]*”|\S+@\S+|(?<=\w )None\b")
_YES_NO_QUESTION = re.compile(
    r"[\W_]*(?:(?:and|but|so|also|hi|hello|hey|then|or|to be sure|quick question)\W+)*"
    r"(?:(?:is|are|was|were|am|do|does|did|can|could|will|would|should|may|might|must|has|have|had)(?:n['’]?t)?\s"
    r"|(?:kann|können|könnt|darf|dürfen|ist|sind|gibt|habt|haben|hat|muss|wird|werden|liefert|verkauft)\s"
    r"|¿?(?:puedo|puede|pueden|es|son|hay|tienen?|hacen|envían|est[áa]n?|ofrecen)\s|est-ce\s|peut-on\s|puis-je\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """A clause's content words, those of them that it denies, and whether it says that nothing is known."""

    words: frozenset[str]
    denied: frozenset[str]
    unknown: bool


@cache
def word_list(name: str) -> re.Pattern[str]:
    """The words of one list of the table, of all languages."""
    listed = [word for words in tomllib.loads(_TABLE.read_text("utf-8"))[name].values() for word in words]
    spaced = [word for word in listed if not _NO_BLANKS.search(word)]
    joined = "|".join(word for word in listed if _NO_BLANKS.search(word))
    words = rf"(?<![\w'’])(?:{'|'.join(spaced)})(?![\w])".replace(" ", r"\s+")
    return re.compile(f"{words}|{joined}" if joined else words, re.IGNORECASE)


def first_word(text: str) -> str:
    """ "yes" or "no" where the text begins by saying so, else ""."""
    for name, said in (("yes", "yes"), ("denial", "no")):
        found = word_list(name).match(text.lstrip(" *_>\"'"))
        if found and re.match(r"\s*[*_]*(?:[,.!;:–—-]|\Z)", text.lstrip(" *_>\"'")[found.end() :]):
            return said
    return ""


def is_unanswered(title: str, text: str) -> bool:
    """Whether the title asks what "yes" or "no" answers, and the text begins with neither: it may say either."""
    return is_yes_no_question(title) and not first_word(text)


def without_first_word(text: str) -> str:
    """The text without a "Yes," or "No," at its beginning."""
    return re.sub(r"^\W*[^,.!;:–—-]+[,.!;:–—-]\s*", "", text, count=1) if first_word(text) else text


@lru_cache(maxsize=256)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a text that hold content words."""
    parts = [part for sentence in split_sentences(text) for part in _CLAUSE_ENDS.split(without_first_word(sentence))]
    read = (_read(aside, part) for part in parts for aside in _ASIDES.split(part))
    return tuple(clause for clause in read if clause.words)


def denies(text: str) -> bool:
    """Whether a text denies anything, be it by its first word; "not only" and "whether or not" deny nothing."""
    words = word_list("harmless").sub(" ", _NO_WORDS.sub(" ", text))
    said = first_word(text) == "no" or any(word_list(name).search(words) for name in ("deny", "without", "refuse"))
    return said or any(clause.denied or clause.unknown for clause in clauses(text))


def is_opposite(sentence: str, title: str, text: str) -> bool:
    """Whether a passage denies what the sentence affirms, affirms what it denies, or says that nothing is known.

    "Yes" and "No" at the beginning of the passage's text speak of the question in its title.
    """
    said, known = first_word(sentence), first_word(text)
    if said and known and said != known:
        return True
    return bool(known and _answers_otherwise(sentence, title, text)) or any(
        _is_against(clause, clauses(text)) for clause in clauses(sentence)
    )


def _answers_otherwise(sentence: str, title: str, text: str) -> bool:
    """Whether it affirms what the title asks where the text begins with "No", or denies it where that says "Yes".

    Where a sentence of the text holds as many of its words, that sentence is what counts.
    """
    one = _read(without_first_word(sentence), "")
    told = max((len(one.words & frozenset(content_words(known))) for known in split_sentences(text)), default=0)
    for asked in filter(is_yes_no_question, split_sentences(title)):
        shared = one.words & frozenset(content_words(asked))
        if len(shared) > max(told, _SAME_MATTER * len(one.words)) and not word_list("deny").search(asked):
            return (not shared & one.denied) == (first_word(text) == "no")
    return False


def is_yes_no_question(sentence: str) -> bool:
    """Whether it begins as an English question does that "yes" or "no" answers, or German, Spanish and the like."""
    return bool(_YES_NO_QUESTION.match(sentence))


def _is_against(clause: Clause, known: Sequence[Clause]) -> bool:
    """Whether the clause that shares most words with it, of equals the shortest, speaks against it.

    Not where another clause bears out the very words that they differ in, with a word that the first one lacks.
    """
    best = max(
        known,
        key=lambda other: (len(clause.words & other.words), -len(other.words), _conflict(clause, other)),
        default=None,
    )
    if best is None or len(clause.words & best.words) <= _SAME_MATTER * len(clause.words):
        return False
    return _conflict(clause, best) and not any(_bears_out(clause, other, best) for other in known)


def _bears_out(clause: Clause, other: Clause, best: Clause) -> bool:
    differing = (clause.denied ^ best.denied) & clause.words & best.words
    own = (clause.words & other.words) - best.words
    return bool(differing and own) and differing <= other.words and not _conflict(clause, other)


def _conflict(one: Clause, other: Clause) -> bool:
    """Whether some of the words that both hold are denied by one of them, and none by both."""
    if other.unknown and not one.unknown:
        return True
    shared = one.words & other.words
    ours, theirs = shared & one.denied, shared & other.denied
    return bool(ours | theirs) and not ours & theirs


def _read(clause: str, sentence: str) -> Clause:
    unknown = bool(word_list("unknown").search(sentence))
    clause = word_list("harmless").sub(" ", clause)
    words = frozenset(content_words(word_list("without").sub(" ", word_list("deny").sub(" ", clause))))
    denied = words if word_list("refuse").search(clause) else _after("deny", clause)
    return Clause(words, (denied ^ _after("without", clause)) & words, unknown)


def _after(name: str, clause: str) -> frozenset[str]:
    """The content words that stand only after a word of the list, or all where none stand after it."""
    found = word_list(name).search(clause)
    if not found:
        return frozenset()
    before, behind = clause[: found.start()], clause[found.end() :].lstrip()
    if needed := _NEEDED_FOR.match(behind):
        behind = needed.group()
    return frozenset(content_words(behind)) - frozenset(content_words(before)) or frozenset(content_words(clause))
