"""Tickets of several questions: how many are told apart and find their passages, how many of one question are split.

    python tests/benchmarks/several_questions.py [--data FOLDER] [--index lamini_docs] [--acme FILE]

Tickets of one question are the rows and the customers' messages of lamini_docs, and what people asked the knowledge
bases of FOLDER (see promise_on_kb.py); some of them do ask for two things. Those of two and three questions are joined
of StackFAQ's, and of a small FAQ's (FILE: question and answer), as people join them: with "and", "also", in lines, in
lists, as a postscript.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from customers_lamini import Asked, paraphrases, questions, rate
from lamini_rows import FOLDER

from support_agent import build_index
from support_agent.config import Config
from support_agent.gate.gate import Gate
from support_agent.journey import Journey
from support_agent.parts import questions_of, travel_apart
from support_agent.records import Ticket
from support_agent.retrieval import Index, find_index
from support_agent.triage import triage_ticket
from support_agent.triage.spelling import Spelling

_SEED = 1
_JOINED, _JOINED_ACME = 40, 20
Several = tuple[str, Sequence[Collection[int]]]


def main() -> None:
    """Print the splits of single questions, then the parts of joined ones that find their passage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--index", default="lamini_docs")
    parser.add_argument("--acme", type=Path, default=None)
    given = parser.parse_args()
    lamini = Index.open(find_index(given.index))
    rows = [json.loads(line) for file in ("train", "test") for line in _lines(FOLDER / f"{file}.jsonl")]
    print_single("rows of lamini_docs", lamini, [(row["question"], ()) for row in rows])
    customers = [json.loads(line) for line in _lines(FOLDER / "customers.jsonl")]
    print_single("customers of lamini_docs", lamini, paraphrases(lamini, customers))
    for folder in sorted(given.data.iterdir()) if given.data else ():
        if folder.is_dir():
            index = Index.open(find_index(folder.name))
            asked = questions(index, folder)
            print_single(folder.name, index, asked)
            if folder.name == "stackfaq":
                print_several("joined of stackfaq", index, join_questions(asked, _JOINED))
    if given.acme:
        with tempfile.TemporaryDirectory() as folder_name:
            index = Index.open(build_index(Path(folder_name) / "acme", [given.acme]))
            place = {one.title: at for at, one in enumerate(index.passages)}
            with given.acme.open(encoding="utf-8") as file:
                asked = [(row["question"], {place[row["question"]]}) for row in csv.DictReader(file)]
            print_several("joined of the small FAQ", index, join_questions(asked, _JOINED_ACME))


def apart(index: Index, texts: Sequence[str], *, whole: bool = False) -> list[Journey]:
    """Each text's journey, with its parts where it is told to hold several questions.

    Those of one question have their passages only with ``whole``: their search is the dearest part.
    """
    spelling = Spelling(index.passages, index.subject.names)
    journeys = []
    for text in texts:
        triage = spelling.corrected(triage_ticket(Ticket(text), Config()))
        journey = Journey(Ticket(text), Gate(), triage=triage)
        asked = questions_of(journey)
        if asked or whole:
            journey.passages, *found = index.search([triage.search_text, *asked], Config().passages)
            journey.parts = travel_apart(journey, asked, found, index.subject.nearness)
        journeys.append(journey)
    return journeys


def print_single(name: str, index: Index, asked: Sequence[Asked]) -> None:
    """How many are split, and for these whether the whole or a part finds the right passage first."""
    place = {one.passage_id: at for at, one in enumerate(index.passages)}
    journeys = apart(index, [text for text, _ in asked])
    split = [(one, right) for one, (_, right) in zip(journeys, asked, strict=True) if one.parts]
    print(f"\n{name}, n = {len(asked):,}: treated as several {rate([bool(one.parts) for one in journeys])}")
    whole = [place[one.passages[0].passage_id] in right for one, right in split if right]
    part = [any(place[p.passages[0].passage_id] in right for p in one.parts) for one, right in split if right]
    if whole:
        print(f"  of these, right passage first: whole {sum(whole)} of {len(whole)}, in a part {sum(part)}")
    for one, _ in split[:40]:
        print("  ", " | ".join(" ".join(p.triaged.text.split())[-90:] for p in one.parts))


def print_several(name: str, index: Index, asked: Sequence[Several]) -> None:
    """How many are told apart, and how many of their questions find the right passage first, before and after."""
    place = {one.passage_id: at for at, one in enumerate(index.passages)}
    journeys = apart(index, [text for text, _ in asked], whole=True)
    before, after, every = [], [], []
    for one, (_, wanted) in zip(journeys, asked, strict=True):
        firsts = [place[p.passages[0].passage_id] for p in (one.parts or [one])]
        hits = [any(first in right for first in firsts) for right in wanted]
        before += [place[one.passages[0].passage_id] in right for right in wanted]
        after += hits
        every.append(all(hits))
    print(f"\n{name}, n = {len(asked)}: treated as several {rate([bool(one.parts) for one in journeys])}")
    print(f"  questions whose passage is first: as one text {rate(before)}, apart {rate(after)}, n = {len(after)}")
    print(f"  tickets with all of them: {rate(every)}")


def join_questions(asked: Sequence[Asked], count: int) -> list[Several]:
    """So many tickets of two questions about different passages, and a fifth as many of three."""
    draw = random.Random(_SEED)
    tickets: list[Several] = []
    while len(tickets) < count:
        (first, right), (second, other) = draw.sample(asked, 2)
        if not set(right) & set(other):
            tickets.append((_FORMS[len(tickets) % len(_FORMS)](first, second), [right, other]))
    while len(tickets) < count + count // 5:
        (first, a), (second, b), (third, c) = draw.sample(asked, 3)
        if not (set(a) & set(b) or set(b) & set(c) or set(a) & set(c)):
            tickets.append((f"{first} {second} And {_small(third)}", [a, b, c]))
    return tickets


def _small(question: str) -> str:
    return question if question[1:2].isupper() else question[0].lower() + question[1:]


def _bare(question: str) -> str:
    return question.rstrip(" ?.!")


_FORMS: tuple[Callable[[str, str], str], ...] = (
    lambda one, other: f"{_bare(one)} and {_small(other)}",
    lambda one, other: f"{one} Also, {_small(other)}",
    lambda one, other: f"{one}\n{other}",
    lambda one, other: f"1. {one}\n2. {other}",
    lambda one, other: f"Hi,\n\n{one}\n\nThanks!\n\nPS: {other}",
    lambda one, other: f"{one} And {_small(other)}",
    lambda one, other: f"Hello, two things. {one} Then, {_small(other)}\nThanks, Ann",
    lambda one, other: f"- {one}\n- {other}",
)


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


if __name__ == "__main__":
    main()
