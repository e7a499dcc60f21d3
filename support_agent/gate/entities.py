"""What a question names (versions, codes, places, plans, currencies), and whether what is sent speaks of another.

A name that a passage simply lacks says little: customers tell their order number and their dog's name. It counts where
the passage has another of its kind: E1206 for E1207, Acme 2.0 for Acme 3.0, Norway for Denmark. A sentence that says
"only" or "all" speaks of the others too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support_agent.gate.polarity import word_list
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

_TABLE = Path(__file__).parent / "tables" / "alternatives.toml"
_COVERED = "covered"
# "E1205", "ORA-00942", "GPT-4", "Acme 2.0", "version 2.1"; not what is counted, measured or paid.
_NUMBERED = re.compile(
    r"(?<![\w.$€£/@#-])([^\W\d_]{1,24})(?:[-_ ]?)[vV]?(\d+(?:[.-]\d+)*(?:\.[xX*])?[a-z]?)(?![\w%])(?![.,]\d|\s?[%$€£°])"
)
# Letters and three digits or more: "E1207", "ORA-00942"; not a file's name.
_CODE = re.compile(
    r"(?:(?<!\w)(?P<before>\w++)[\s#:]{1,3})?(?<![\w./@#$=-])(?P<code>[^\W\d_]{1,5}-?\d{3,}[A-Z]?)(?![\w/@=-]|\.\w)"
)
# Of a longer ticket, only the codes of what it asks count; a short one asks with all it says.
_SHORT = 25
_ASKING = re.compile(
    r"\W*(?:(?:and|so|but|also|please|hi|hello)\W+)*(?:who|what|when|where|why|which|how|is|are|was|were|do|does|did|"
    r"can|could|will|would|should|may|has|have|am|wie|wo|wann|warum|welche|kann|qué|cómo|cuánto|dónde)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_][\w.+#'’-]*")
# "step 5", "page 2", "order 1234": which one a customer means is theirs to say.
_OWN_NUMBERS = frozenset(
    "step page line chapter section figure table port number order ticket invoice case item option least most about "
    "than approx day week month year january february march april june july august september october november "
    "december jan feb mar apr jun jul aug sep sept oct nov dec question point part top first last next past room floor "
    "row column bestellung rechnung auftrag seite pedido factura commande".split()
)
_RANGE_AFTER = re.compile(
    r"\s*(?:\+|[-–]\s*v?\d|(?:or|and|to|oder|und|o|y|ou) (?:any )?(?:\w+ )?(?:higher|later|newer|above|greater|up|"
    r"lower|earlier|older|below|onwards?|after|before|v?\d[\d.]*|höher|neuer|ältere?|superior(?:es)?|posterior(?:es)?|"
    r"plus)|or$)",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(
    r"(?:at least|minimum|from|since|between|before|prior to|up to|starting with|newer than|older than|later than|ab|"
    r"seit|mindestens|desde|[<>=≥≤]+)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clash:
    """What the question names, and what the passage has in its place."""

    asked: str
    offered: str


def clashes(question: str, title: str, text: str) -> tuple[Clash, ...]:
    """Where the question names one thing and the passage another of the same kind, and not this one.

    A code that a sentence asks about counts too where the passage holds no code of that sentence at all.
    """
    whole = f"{title}\n{text}"
    return (
        *_other_numbers(question, whole),
        *_other_members(question, title, text),
        *_other_names(question, title, text),
        *_missing_codes(question, whole),
    )


def names_another(question: str, title: str, name: str) -> bool:
    """Whether the question names something of the kind of this name, which is part of the title, or in its place."""
    kin = [group for group in _groups().values() if group.held(name)]
    place = next((place for place, word in _placed(title) if word in _TOKEN.findall(name)), None)
    known = set(content_words(title))
    in_place = any(one == place and set(content_words(word)) - known for one, word in _placed(question))
    return in_place or bool(_numbers(question)) or any(group.held(question) for group in kin)


def _other_numbers(question: str, known: str) -> Iterator[Clash]:
    theirs = _numbers(known)
    for head, asked in _numbers(question).items():
        offered = theirs.get(head, frozenset())
        alike = {one for one in offered if any(_same_shape(one, other) for other in asked)}
        if alike and "" not in offered and not any(_fits(one, other) for one in asked for other in offered):
            yield Clash(f"{head} {min(asked)}", f"{head} {min(alike)}")


def _numbers(text: str) -> dict[str, frozenset[str]]:
    """The numbers of each name or letter code; "" among them where one is the end of a range."""
    found: dict[str, set[str]] = {}
    for one in _NUMBERED.finditer(text):
        head = one.group(1).casefold()
        if head in _OWN_NUMBERS or not content_words(head):
            continue
        numbers = found.setdefault(head, set())
        numbers.add(one.group(2).casefold())
        if _RANGE_AFTER.match(text, one.end()) or _RANGE_BEFORE.search(text, max(0, one.start() - 24), one.start()):
            numbers.add("")
    return {head: frozenset(numbers) for head, numbers in found.items()}


def _same_shape(one: str, other: str) -> bool:
    """Whether both are versions, both years, both codes: their first numbers are about as long."""
    return abs(len(re.split(r"[.-]", one)[0]) - len(re.split(r"[.-]", other)[0])) <= 1


def _fits(one: str, other: str) -> bool:
    """Whether they are the same, or one a release of the other."""
    one, other = (re.sub(r"\.[x*]$", "", number) for number in (one, other))
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _missing_codes(question: str, known: str) -> Iterator[Clash]:
    """A code that is asked about, where none of its sentence's codes stands in what is known."""
    told = {code: _squeezed(code) in _squeezed(known) for code in _codes(question)}
    each = [_codes(one) for one in split_sentences(question) if _asks(one)]
    if not any(told.values()) and len(question.split()) <= _SHORT:
        each.append(list(told))
    missing = [code for codes in each for code in codes[:1] if not any(map(told.get, codes))]
    yield from (Clash(code, "") for code in missing[:1])


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _codes(text: str) -> list[str]:
    """Codes, but for numbers that are the customer's own ("order A1234")."""
    found = _CODE.finditer(text)
    return [one["code"] for one in found if (one["before"] or "").casefold() not in {*_OWN_NUMBERS, "my"}]


def _asks(sentence: str) -> bool:
    return sentence.rstrip().endswith("?") or bool(_ASKING.match(sentence))


def _other_names(question: str, title: str, text: str) -> Iterator[Clash]:
    """Another name behind the same two words: "delete my Facebook account", "delete my Twitter account"."""
    if _is_title_case(title):
        return  # a capital tells nothing there
    known = {word.casefold() for word in _TOKEN.findall(f"{title} {text}")}
    asked = {word.casefold() for word in _TOKEN.findall(question)}
    slots = {place: name for place, name in _placed(title) if name[0].isupper() and name.casefold() not in asked}
    small = question.islower()
    for place, name in _placed(question):
        named = name[0].isupper() or small
        if place in slots and named and name.casefold() not in known and content_words(name):
            yield Clash(name, slots[place])


def _is_title_case(title: str) -> bool:
    """Whether most words are written with a capital, and no word of content behind the first with a small letter."""
    words = _TOKEN.findall(title)
    small = any(word[0].islower() and content_words(word) for word in words[1:])
    return not small and sum(word[0].isupper() for word in words) > len(words) / 2


def _placed(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Every word with the two before it, where no punctuation stands between them."""
    for part in re.split(r"[^\w\s+#'’.-]|[.!?]+(?:\s|$)", text):
        words = _TOKEN.findall(part)
        threes = zip(words, words[1:], words[2:], strict=False)
        yield from (((one.casefold(), two.casefold()), name) for one, two, name in threes)


def _other_members(question: str, title: str, text: str) -> Iterator[Clash]:
    for group in _groups().values():
        if asked := group.held(question):
            offered = group.held(f"{title}\n{text}")
            if offered and not asked & offered and not group.covers(title, text):
                yield Clash(min(asked), min(offered))


@dataclass(frozen=True)
class _Group:
    members: Mapping[str, re.Pattern[str]]
    covered: re.Pattern[str] | None

    def held(self, text: str) -> frozenset[str]:
        """The members that a text names."""
        return frozenset(name for name, pattern in self.members.items() if pattern.search(text))

    def covers(self, title: str, text: str) -> bool:
        """Whether the passage speaks of the members that it does not name too."""
        if self.covered and self.covered.search(f"{title}\n{text}"):
            return True
        speaking = (one for one in split_sentences(text) if self.held(one))
        return any(word_list(name).search(one) for one in speaking for name in ("only", "unless", "every"))


@cache
def _groups() -> Mapping[str, _Group]:
    groups = {}
    for name, members in tomllib.loads(_TABLE.read_text("utf-8")).items():
        compiled = {member: _whole(words) for member, words in members.items()}
        covered = compiled.pop(_COVERED, None)
        groups[name] = _Group(compiled, covered)
    return groups


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)".replace(" ?", r"\s*").replace(" ", r"\s+"), re.IGNORECASE)
