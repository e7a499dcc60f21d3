"""Does the default writer ever affirm what it cites as denied? Every passage that denies, asked with harmless tails.

    python tests/benchmarks/reversal_trial.py [--index lamini_docs | --knowledge FILE] [--others 40] [--keep ROWS]

Each passage that begins with "No", and as many ``--others`` that hold a denial further on, is asked by its own title
with eight tails. Answers of an agent without a promise are read by a plain rule that shares nothing with the gate: of
the cited passages the sentence with most words of the answer's; reversed is an answer that denies nothing where that
sentence does. Every reversed answer is printed, and a tenth of the rest, to be read by eye. --keep writes all of them.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support_agent import Agent, Passage, Reply, Route, build_index
from support_agent.intervals import clopper_pearson

TAILS = (
    "{}",
    "{} I hope so!",
    "{} Danke!",
    "{} Thanks a lot in advance.",
    "To be sure: {}",
    "Hi, quick question. {}",
    "{} That would be great.",
    "My colleague says yes. {}",
)
DENIES = re.compile(
    r"\b(?:not|no|never|none|nor|neither|cannot|unable|nothing|nobody|\w+n['’]t|un(?:available|supported|clear|able))\b",
    re.IGNORECASE,
)
HARMLESS = re.compile(r"\bnot (?:only|just|always|limited)\b", re.IGNORECASE)
READ_SHARE = 0.1


@dataclass(frozen=True)
class Asked:
    """One question of the trial, and what came of it."""

    passage: Passage
    question: str
    reply: Reply

    @property
    def answered(self) -> bool:
        """Whether a customer would have been sent an answer."""
        return self.reply.route is Route.ANSWER


def main() -> None:
    """Ask, read, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="lamini_docs")
    parser.add_argument("--knowledge", type=Path, help="a file to build an index of, in place of --index")
    parser.add_argument("--generator", default="openvino")
    parser.add_argument("--others", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = given.index
        if given.knowledge:
            index = str(Path(folder) / "trial")
            build_index(Path(index), [given.knowledge])
        agent = Agent.load(index=index, generator=given.generator, calibration="none")
        asked = ask_all(agent, denying(agent.index.passages, given.others))
    if given.keep:
        given.keep.write_text("".join(json.dumps(as_row(one)) + "\n" for one in asked), "utf-8")
    report(asked)


def denying(passages: Sequence[Passage], others: int) -> list[Passage]:
    """Those that begin with "No", and some of those that deny something further on."""
    plain = [one for one in passages if re.match(r"\s*no\b", one.text, re.IGNORECASE)]
    further = [one for one in passages if one not in plain and DENIES.search(one.text)]
    return plain + random.Random(0).sample(further, min(others, len(further)))


def ask_all(agent: Agent, passages: Sequence[Passage]) -> list[Asked]:
    """Every passage's title with every tail."""
    pairs = [(passage, tail.format(passage.title)) for passage in passages for tail in TAILS]
    replies = agent.ask_many(question for _, question in pairs)
    return [Asked(passage, question, reply) for (passage, question), reply in zip(pairs, replies, strict=True)]


def report(asked: Sequence[Asked]) -> None:
    """Print the answers that are reversed, some of the others, and the figures."""
    answered = [one for one in asked if one.answered]
    reversed_ones = [one for one in answered if is_reversed(one)]
    for one in reversed_ones:
        print(f"REVERSED {in_words(one)}")
    rest = [one for one in answered if one not in reversed_ones]
    for one in random.Random(1).sample(rest, round(READ_SHARE * len(rest))):
        print(f"sent     {in_words(one)}")
    low, high = clopper_pearson(len(reversed_ones), max(1, len(answered)))
    print(f"asked {len(asked)}, answered {len(answered)}, reversed {len(reversed_ones)} [{low:.3f}, {high:.3f}]")
    print("handed over for", dict(Counter(one.reply.reasons[0] for one in asked if not one.answered)))


def is_reversed(one: Asked) -> bool:
    """Whether the answer's first statement denies nothing where the sentence that it cites does.

    A "No," at the beginning counts as a denial only against an answer that begins with "Yes".
    """
    yes = re.match(r"\W*(?:yes|sure|of course|certainly)\b[.!,]?\s*", one.reply.text, re.IGNORECASE)
    said = one.reply.text[yes.end() :] if yes else one.reply.text
    first = re.split(r"(?<=[.!?])\s", said.strip())[0]
    known = cited(one.reply, first)
    no = re.match(r"\W*no\b[.!,]\s*", known, re.IGNORECASE)
    if yes and no:
        return True
    if " ".join(first.split()) in " ".join(known.split()):
        return False
    known = HARMLESS.sub(" ", known[no.end() :] if no else known)
    return bool(DENIES.search(known) and not DENIES.search(first))


def cited(reply: Reply, text: str) -> str:
    """The sentence of the cited passages that shares most words with the text."""
    named = {citation.passage_id for citation in reply.citations}
    texts = [passage.text for passage in reply.evidence if passage.passage_id in named]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s", text)]
    return max(sentences, key=lambda sentence: len(words(sentence) & words(text)), default="")


def words(text: str) -> set[str]:
    """Words of four letters or more by their first five, and what is written with digits."""
    return {word[:5] for word in re.findall(r"\w+", text.casefold()) if len(word) > 3 or any(map(str.isdigit, word))}


def in_words(one: Asked) -> str:
    """Question, what was sent, what was cited."""
    return f"{one.question!r}\n    sent:  {one.reply.text!r}\n    cites: {cited(one.reply, one.reply.text)!r}"


def as_row(one: Asked) -> dict[str, object]:
    """What is kept of a question."""
    return {"passage": one.passage.passage_id, "question": one.question, "reply": one.reply.to_dict()}


if __name__ == "__main__":
    main()
