"""What putting typing errors right is worth: the right passage first and among three, and right words that are changed.

    python tests/benchmarks/spelling.py [--data FOLDER] [--index NAME …] [--part tune|report]

lamini_docs is asked by the customers whose messages were written with typing errors. Each knowledge base of FOLDER (see
promise_on_kb.py) is asked its people's questions with one to three errors of a keyboard in each: two letters swapped,
one dropped, doubled, or hit beside. The even questions are for tuning, the odd ones for reporting. Then follows what is
changed in questions that nobody made errors in; some of those have errors of their own.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from customers_lamini import Asked, paraphrases, questions, rate
from lamini_rows import FOLDER

from support_agent.config import Config
from support_agent.records import Ticket
from support_agent.retrieval import Index, find_index
from support_agent.triage import triage_ticket
from support_agent.triage.spelling import Spelling

_SEED = 7
_WORD = re.compile(r"(?<!\S)[A-Za-z]{4,}(?=[.,;:!?]*(?!\S))")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PARTS = {"tune": 0, "report": 1}
_MOST_WORDS_SHOWN = 30


def main() -> None:
    """Print a part for each index, then what is changed in clean questions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--index", nargs="+", default=["lamini_docs", "stackfaq", "techqa"])
    parser.add_argument("--part", choices=_PARTS, default="report")
    given = parser.parse_args()
    for name in given.index:
        index = Index.open(find_index(name))
        spelling = Spelling(index.passages, index.subject.names)
        if name.startswith("lamini_docs"):
            print_lamini(name, index, spelling, _PARTS[given.part])
        else:
            asked = questions(index, given.data / name)[_PARTS[given.part] :: 2]
            print_noisy(name, index, spelling, asked)
            print_changed(f"{name}, as asked", [text for text, _ in asked], spelling)


def print_lamini(name: str, index: Index, spelling: Spelling, part: int) -> None:
    """The customers' messages with typing errors, and what is changed in rows and in messages without."""
    customers = [json.loads(line) for line in _lines(FOLDER / "customers.jsonl")]
    wrong = [one for one in customers if "typing errors" in one["style"]]
    asked = paraphrases(index, wrong)[part::2]
    print(f"\n{name}, customers with typing errors, n = {len(asked):,}")
    print_ranks(index, "as written", asked)
    print_ranks(index, "put right", [(spelling.correct(searched(text))[0], right) for text, right in asked])
    clean = [one["text"] for one in customers if "typing errors" not in one["style"] and one["language"] == "en"]
    print_changed("customers without typing errors", clean[part::2], spelling)
    rows = [json.loads(line)["question"] for file in ("train", "test") for line in _lines(FOLDER / f"{file}.jsonl")]
    print_changed("questions of the rows", rows, spelling)


def print_noisy(name: str, index: Index, spelling: Spelling, asked: Sequence[Asked]) -> None:
    """Questions as asked, with errors, and with these put right."""
    draw = random.Random(_SEED)
    noisy = [(with_errors(text, draw), right) for text, right in asked]
    print(f"\n{name}, n = {len(asked):,}")
    print_ranks(index, "as asked", [(searched(text), right) for text, right in asked])
    print_ranks(index, "with errors", [(searched(text), right) for text, right in noisy])
    print_ranks(index, "put right", [(spelling.correct(searched(text))[0], right) for text, right in noisy])
    changed, restored = restorations([text for text, _ in asked], [text for text, _ in noisy], spelling)
    print(f"  misspelled words changed: {rate(changed)}, to what was meant: {rate(restored)}, n = {len(changed):,}")


def restorations(clean: Sequence[str], noisy: Sequence[str], spelling: Spelling) -> tuple[list[bool], list[bool]]:
    """For each word that was misspelled: whether it was changed, whether it came out as it was."""
    changed, restored = [], []
    for meant, written in zip(clean, noisy, strict=True):
        words = zip(meant.split(), written.split(), spelling.correct(written)[0].split(), strict=True)
        for before, wrong, after in words:
            if before != wrong:
                changed.append(after != wrong)
                restored.append(after == before)
    return changed, restored


def print_ranks(index: Index, how: str, asked: Sequence[tuple[str, Collection[int]]]) -> None:
    """The share whose right passage is first, and among three, with intervals."""
    place = {one.passage_id: at for at, one in enumerate(index.passages)}
    found = index.search([text for text, _ in asked], 3)
    hits = [[place[one.passage_id] in right for one in best] for best, (_, right) in zip(found, asked, strict=True)]
    print(f"  {how:12s} first {rate([one[0] for one in hits])} / in three {rate([any(one) for one in hits])}")


def print_changed(name: str, texts: Sequence[str], spelling: Spelling) -> None:
    """How many words are changed in texts that nobody put errors into, and which."""
    started = time.perf_counter()
    corrected = [spelling.correct(text)[0] for text in texts]
    took_ms = 1000 * (time.perf_counter() - started) / max(1, len(texts))
    changes = Counter(
        f"{before} > {after}"
        for old, new in zip(texts, corrected, strict=True)
        for before, after in zip(old.split(), new.split(), strict=True)
        if before != after
    )
    words = sum(len(text.split()) for text in texts)
    print(f"{name}: {changes.total()} of {words:,} words changed, n = {len(texts):,}, {took_ms:.2f} ms each")
    print("  " + "; ".join(one for one, _ in changes.most_common(_MOST_WORDS_SHOWN)))


def with_errors(text: str, draw: random.Random) -> str:
    """The text with one to three errors of a keyboard, each in another plain word of four letters or more."""
    words = list(_WORD.finditer(text))
    hit = draw.sample(words, min(len(words), draw.randint(1, 3)))
    for match in sorted(hit, key=lambda one: -one.start()):
        text = text[: match.start()] + _misspelled(match.group(), draw) + text[match.end() :]
    return text


def _misspelled(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word) - 1)
    kind = draw.choice(("swap", "drop", "double", "beside"))
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[: at + 1] + word[at:]
    return word[:at] + _beside(word[at], draw) + word[at + 1 :]


def _beside(letter: str, draw: random.Random) -> str:
    row = next(row for row in _ROWS if letter.lower() in row)
    at = row.index(letter.lower())
    other = draw.choice([row[near] for near in (at - 1, at + 1) if 0 <= near < len(row)])
    return other.upper() if letter.isupper() else other


def searched(text: str) -> str:
    """What a ticket of this text is searched with."""
    return triage_ticket(Ticket(text), Config()).search_text or text


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


if __name__ == "__main__":
    main()
