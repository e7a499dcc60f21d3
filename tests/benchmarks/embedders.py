"""Which embedder finds the passage that answers: by the vectors of an index, and with the title's own vector added.

    python tests/benchmarks/embedders.py --data FOLDER [--embedder NAME …] [--xquad FOLDER]

For lamini_docs the customers' paraphrases that certify nothing, for each folder of FOLDER (see promise_on_kb.py) its
answerable questions, 400 at most. With --xquad (``xquad.<language>.json``) questions in other languages are put to
the English paragraphs, and to a knowledge base that holds each paragraph in four languages. An embedder is fetched
where it is not there; n texts are embedded anew for each.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from customers_lamini import Asked, paraphrases, questions, rank_of
from lamini_rows import FOLDER
from numpy.typing import NDArray

from support_agent.config import Config
from support_agent.records import Ticket
from support_agent.retrieval import Index, find_index
from support_agent.retrieval.building import embedded_text
from support_agent.retrieval.embedders import DEFAULT, Embedder, encode_queries, open_embedder
from support_agent.triage import triage_ticket

MOST = 400
LANGUAGES = "de es ru hi ar zh en".split()
MIXED_LANGUAGES, MIXED = "en de es zh".split(), 80


def main() -> None:
    """Print a block for each knowledge base and language."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--embedder", nargs="+", default=[DEFAULT, "bge-small-en-v1.5", "multilingual-e5-small"])
    parser.add_argument("--xquad", type=Path, default=None)
    given = parser.parse_args()
    embedders = [open_embedder(name) for name in given.embedder]
    for index, asked in bases(given.data) if given.data else ():
        texts = [triage_ticket(Ticket(text), Config()).search_text or text for text, _ in asked]
        queries = [index.subject.query(text) for text in texts]
        print(f"\n{index.folder.name}, n = {len(asked)}: first / in three / in six / in ten")
        for one in embedders:
            started = time.process_time()
            asking = encode_queries(one, queries)
            whole = asking @ one.encode([embedded_text(passage) for passage in index.passages]).T
            titles = asking @ one.encode([passage.title for passage in index.passages]).T
            print(f"  {one.name:24s} {shares(whole, asked)}   with titles {shares(whole + titles, asked)}", end="")
            print(f"   {time.process_time() - started:.0f} CPU s")
    if given.xquad:
        print_languages(given.xquad, embedders)
        print_mixed(given.xquad, embedders)


def bases(data: Path) -> Iterator[tuple[Index, list[Asked]]]:
    """Each index with its questions, and the places of the passages that count for each."""
    customers = map(json.loads, (FOLDER / "customers.jsonl").read_text("utf-8").splitlines())
    lamini = Index.open(find_index("lamini_docs"))
    yield lamini, paraphrases(lamini, [one for one in customers if not one["drawn"]])
    for folder in sorted(data.iterdir()):
        if folder.is_dir():
            index = Index.open(find_index(folder.name))
            asked = questions(index, folder)
            yield index, random.Random(1).sample(asked, min(MOST, len(asked)))


def shares(cosines: NDArray[np.float32], asked: Sequence[Asked]) -> str:
    """The share of questions whose passage is first, among three, six and ten."""
    pairs = zip(cosines, asked, strict=True)
    ranks = np.array([rank_of(np.argsort(-row)[:10].tolist(), right) for row, (_, right) in pairs])
    return " / ".join(f"{(ranks < k).mean():.3f}" for k in (1, 3, 6, 10))


def print_languages(folder: Path, embedders: Sequence[Embedder]) -> None:
    """The share of XQuAD's questions (every third) whose English paragraph is first, by language."""
    paragraphs = [text for text, _ in read_xquad(folder, "en")]
    for one in embedders:
        vectors, found = one.encode(paragraphs), []
        for language in LANGUAGES:
            rows = [(question, at) for at, (_, some) in enumerate(read_xquad(folder, language)) for question in some]
            rows = rows[::3]
            nearest = (encode_queries(one, [question for question, _ in rows]) @ vectors.T).argmax(axis=1)
            found.append(f"{language} {np.mean(nearest == np.array([at for _, at in rows])):.3f}")
        print(
            f"\nXQuAD, {len(rows)} questions a language, {len(paragraphs)} paragraphs, {one.name}: {', '.join(found)}"
        )


def print_mixed(folder: Path, embedders: Sequence[Embedder]) -> None:
    """Of a knowledge base that holds every paragraph in four languages: is the one found first in the question's?"""
    rows = {language: read_xquad(folder, language)[:MIXED] for language in MIXED_LANGUAGES}
    held = [(language, at, text) for language, some in rows.items() for at, (text, _) in enumerate(some)]
    for one in embedders:
        vectors = one.encode([text for _, _, text in held])
        for language, some in rows.items():
            nearest = (encode_queries(one, [asked[0] for _, asked in some]) @ vectors.T).argmax(axis=1)
            own = sum(held[place][0] == language for place in nearest)
            right = sum(held[place][:2] == (language, at) for at, place in enumerate(nearest))
            print(f"{one.name}, {language}: own language {own}, and the right paragraph {right} of {len(some)}")


def read_xquad(folder: Path, language: str) -> list[tuple[str, list[str]]]:
    """Each paragraph with its questions."""
    articles = json.loads((folder / f"xquad.{language}.json").read_text("utf-8"))["data"]
    every = (paragraph for article in articles for paragraph in article["paragraphs"])
    return [(one["context"], [asked["question"] for asked in one["qas"]]) for one in every]


if __name__ == "__main__":
    main()
