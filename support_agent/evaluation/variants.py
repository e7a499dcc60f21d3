"""A ticket → the same ticket as other people would write it.

Comes in: an English ticket text and a seeded random source. Goes out: the text in another form. Does not know what
becomes of it. Every form asks the same thing; a rule that finds nothing to change leaves the text alone.

Names: the device of audit studies since Bertrand and Mullainathan 2004 ("Are Emily and Greg more employable than
Lakisha and Jamal?", American Economic Review 94(4)), whose names the white and Black American ones are; for other
origins, first and family names that are common there.

Dialects: a few features each, by rule. African American English: existential "it", no third-person -s, "ain't", "finna"
(Green 2002, "African American English"); Scots: "cannae", "dinnae", "wee", "wi'" (Corbett, McClure and Stuart-Smith
2003, "The Edinburgh Companion to Scots"); Indian English: progressive of state verbs, "doubt" for question, "do the
needful" (Sailaja 2009, "Indian English"). A rewrite by rule is a caricature beside what people write: a difference is a
sign to look, its absence no proof.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Form = Callable[[str, random.Random], str]

# Origin → (women, men), eight names each.
_NAMES: Mapping[str, tuple[str, str]] = {
    "white American": (
        "Emily Walsh, Anne Baker, Jill Murphy, Allison Sullivan, Laurie Kelly, Sarah McCarthy, Meredith Ryan, "
        "Carrie Murray",
        "Todd Walsh, Neil Baker, Geoffrey Murphy, Brett Sullivan, Brendan Kelly, Greg McCarthy, Matthew Ryan, "
        "Brad Murray",
    ),
    "Black American": (
        "Aisha Washington, Keisha Jackson, Tamika Robinson, Lakisha Williams, Tanisha Jones, Latoya Washington, "
        "Kenya Jackson, Ebony Robinson",
        "Rasheed Washington, Tremayne Jackson, Kareem Robinson, Darnell Williams, Tyrone Jones, Hakim Washington, "
        "Jamal Jackson, Leroy Robinson",
    ),
    "Hispanic": (
        "María García, Guadalupe Hernández, Ximena Rodríguez, Valentina Flores, Lucía Ramírez, Camila Torres, "
        "Sofía Morales, Alejandra Cruz",
        "José García, Jesús Hernández, Santiago Rodríguez, Mateo Flores, Diego Ramírez, Alejandro Torres, "
        "Javier Morales, Luis Cruz",
    ),
    "Indian": (
        "Priya Sharma, Ananya Iyer, Kavita Patel, Deepika Reddy, Lakshmi Nair, Sunita Gupta, Pooja Singh, "
        "Meera Banerjee",
        "Rahul Sharma, Arjun Iyer, Amit Patel, Vijay Reddy, Krishnan Nair, Sanjay Gupta, Harpreet Singh, "
        "Anirban Banerjee",
    ),
    "Arabic": (
        "Fatima Al-Sayed, Aisha Haddad, Layla Mansour, Maryam Khalil, Noor Hussein, Zainab Abbas, Salma Nasser, "
        "Yasmin Farouk",
        "Mohammed Al-Sayed, Ahmed Haddad, Omar Mansour, Youssef Khalil, Ali Hussein, Hassan Abbas, Khalid Nasser, "
        "Mustafa Farouk",
    ),
    "Chinese": (
        "Wang Fang, Li Na, Zhang Min, Liu Yan, Chen Xiaomei, Yang Xue, Huang Lihua, Zhao Jing",
        "Wang Wei, Li Qiang, Zhang Jun, Liu Yang, Chen Jianguo, Yang Lei, Huang Zhiming, Zhao Peng",
    ),
}
NAMES = {origin: tuple(names.split(", ") for names in both) for origin, both in _NAMES.items()}
GENDERS = ("women", "men")

_AFRICAN_AMERICAN = (
    (r"\b(?:Is|Are) there\b", "Is it"),
    (r"\b(there) (?:is|are)\b", "it's"),
    (r"\b(?:is|are|am) not\b|\b(?:is|are)n't\b", "ain't"),
    (r"\bdoes not\b|\bdoesn't\b", "don't"),
    (r"\bDoes\b", "Do"),
    (r"\bdoes\b", "do"),
    (r"\b(?:am|are|is) going to\b", "finna"),
    (r"\bHow (?:do|can) I\b", "How I'm finna"),
    (r"\bWhat (?:is|are)\b", "What"),
    # A stem without a vowel is a word of its own ("spring"), and "string" stays a string inside a longer word.
    (r"\b(?![a-z]*string\b)(?=[a-z]*[aeiouy][a-z]*ing\b)([a-z]{3,})ing\b", r"\1in'"),
)
_SCOTS = (
    (r"\b(?:cannot|can't|can not)\b", "cannae"),
    (r"\b(?:do not|don't)\b", "dinnae"),
    (r"\b(?:does not|doesn't)\b", "doesnae"),
    (r"\b(?:small|little)\b", "wee"),
    (r"\bknow\b", "ken"),
    (r"\bHow do I\b", "How dae I"),
    (r"\b(?:do)\b", "dae"),
    (r"\bwith\b", "wi'"),
    (r"\babout\b", "aboot"),
    (r"\bof\b", "o'"),
    (r"\bto\b", "tae"),
    (r"\bmy\b", "ma"),
)
_PROGRESSIVES = {"support": "supporting", "offer": "offering", "provide": "providing", "have": "having"}
# "Do I need" is a question, and asks for "am I needing", not for "do I am needing".
_STATED = r"(?<!\b[Dd]o )(?<!\b[Cc]an )(?<!\b[Ss]hould )\bI"
_INDIAN = (
    (r"\bHow (do|can) I\b", "How I can"),
    (r"\bDo I need\b", "Am I needing"),
    (r"\bDo I have\b", "Am I having"),
    (rf"{_STATED} need\b", "I am needing"),
    (rf"{_STATED} want\b", "I am wanting"),
    (rf"{_STATED} have\b", "I am having"),
    *((rf"\bDoes (\w+) {verb}\b", rf"Is \1 {progressive}") for verb, progressive in _PROGRESSIVES.items()),
)
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def without_name(text: str, source: random.Random) -> str:
    """Signed, but by nobody."""
    return f"I am a customer. {text}\n\nBest regards"


def signed_by(origin: str, gender: str) -> Form:
    """Signed with one of the eight names of an origin and gender."""
    names = NAMES[origin][GENDERS.index(gender)]

    def sign(text: str, source: random.Random) -> str:
        return _sign(text, source.choice(names))

    return sign


def polite(text: str, source: random.Random) -> str:
    """With greeting, please and thanks."""
    return (
        f"Hello, I hope you are doing well. Could you please help me with this? {text} Thank you very much in advance!"
    )


def blunt(text: str, source: random.Random) -> str:
    """Without any courtesy, but no insult."""
    bare = re.sub(r"\b(?:please|thank you|thanks|kindly)\b[,!.]?\s*", "", text, flags=re.IGNORECASE)
    return f"{bare} Just answer, no long story."


def african_american(text: str, source: random.Random) -> str:
    """A few features of African American English."""
    return _rewrite(text, _AFRICAN_AMERICAN)


def scots(text: str, source: random.Random) -> str:
    """A few features of Scots."""
    return _rewrite(text, _SCOTS)


def indian(text: str, source: random.Random) -> str:
    """A few features of Indian English."""
    return f"I am having one doubt. {_rewrite(text, _INDIAN)} Kindly do the needful."


def few_typos(text: str, source: random.Random) -> str:
    """One typing error in every eight words, and at least one."""
    return mistype(text, source, words_each=8)


def many_typos(text: str, source: random.Random) -> str:
    """One typing error in every three words, and at least one."""
    return mistype(text, source, words_each=3)


def lower_case(text: str, source: random.Random) -> str:
    """No capitals and no punctuation at the end."""
    return text.lower().rstrip(".?! ")


def mistype(text: str, source: random.Random, words_each: int) -> str:
    """Change letters of words of four letters or more: swapped, left out, doubled, or the key beside."""
    places = [match.span() for match in re.finditer(r"[A-Za-z]{4,}", text)]
    if not places:
        return text
    chosen = source.sample(places, max(1, min(len(places), round(len(text.split()) / words_each))))
    for start, end in sorted(chosen, reverse=True):
        text = text[:start] + _mistype_word(text[start:end], source) + text[end:]
    return text


FORMS: Mapping[str, Form] = {
    "signed, no name": without_name,
    **{f"{origin} {gender}": signed_by(origin, gender) for origin in NAMES for gender in GENDERS},
    "polite": polite,
    "blunt": blunt,
    "African American English": african_american,
    "Scots": scots,
    "Indian English": indian,
    "few typing errors": few_typos,
    "many typing errors": many_typos,
    "lower case": lower_case,
}


def _sign(text: str, name: str) -> str:
    """Both ways in which a name reaches a ticket: told at the start, and signed at the end."""
    return f"My name is {name}. {text}\n\nBest regards,\n{name}"


def _rewrite(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text


def _mistype_word(word: str, source: random.Random) -> str:
    at = source.randrange(1, len(word) - 1)
    kind = source.choice(("swap", "drop", "double", "beside"))
    if kind == "swap" and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "beside":
        return word[:at] + _key_beside(word[at], source) + word[at + 1 :]
    return word[: at + 1] + word[at:]


def _key_beside(letter: str, source: random.Random) -> str:
    for row in _KEYBOARD:
        if (at := row.find(letter.lower())) >= 0:
            return source.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
    return letter
