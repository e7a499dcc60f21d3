"""The scope signal: what it lets pass of other subjects, and what it keeps of the index's own.

    python tests/benchmarks/scope.py [--index NAME_OR_FOLDER] [--data FOLDER] [--clinc]

FOLDER holds what is not in the repository: clinc150/data_full.json (clinc/oos-eval) and
lamini_other/seed_taylor_swift.jsonl (lamini-ai/lamini); without it only the repository's own test rows are measured.
Rates are shares passed at the threshold that cross-fitting on the index's own questions sets, with 95 % bootstrap
intervals over texts. ``--clinc`` also fits the same method to CLINC150's own splits (two minutes more).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from lamini_rows import FOLDER, RESAMPLES, SEED, interval, read_test_rows
from numpy.typing import NDArray

from support_agent.retrieval import Embedder, Index, find_index
from support_agent.retrieval import fit_scope as fitting
from support_agent.retrieval.fit_scope import ScopeFit, fit_scope
from support_agent.retrieval.fit_subject import shipped_outliers
from support_agent.retrieval.folders import read_left_out
from support_agent.triage.scope import ScopeModel, delete_names, scope_signal

Texts = dict[str, list[str]]
SHORT = ["pricing?", "api key", "python", "documentation", "bread", "weather", "hello", "billing"]
FOREIGN = [
    "Wie kann ich mein Modell mit eigenen Daten trainieren?",
    "Как установить библиотеку Python?",
    "¿Qué tiempo hace hoy en Madrid?",
    "今天天气怎么样？",
]


class Remembering:
    """An embedder that encodes each text once."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self._embedder = embedder
        self.known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text."""
        new = list(dict.fromkeys(text for text in texts if text not in self.known))
        self.known.update(zip(new, self._embedder.encode(new), strict=True))
        return np.array([self.known[text] for text in texts], dtype=np.float32)


class Wordless(Remembering):
    """An embedder that says the same of every text: what is left is the words."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The first axis, for each text."""
        return np.eye(1, self.dimension, dtype=np.float32).repeat(len(texts), axis=0)


def main() -> None:
    """Print the table, the ablation, single tickets, the cost, and CLINC150's own splits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="lamini_docs")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--clinc", action="store_true")
    options = parser.parse_args()
    index = Index.open(find_index(options.index))
    embedder = Remembering(index.embedder)
    own = [passage.title for passage in index.passages]
    refused = [one.passage.title for one in read_left_out(index.folder, index.manifest) if one.reason == "refusal"]
    outliers = [*shipped_outliers(), *refused]
    tests = read_tests(options.data)
    started = time.perf_counter()
    names = index.subject.names
    fit = fit_scope(own, outliers, embedder, names=names)
    print(f"fitted to {len(own)} own questions and {len(outliers)} others in {time.perf_counter() - started:.0f} s")
    print(
        f"names {fit.model.names}, threshold {fit.model.threshold}, {len(json.dumps(fit.model.to_dict())):,} characters"
    )
    print_table("as it ships", fit.model, embedder, tests)
    if options.data:
        swift = read_swift(options.data)
        seen = fit_scope(own, [*outliers, *swift[::2]], embedder, names=names)
        print_table(
            "half of Taylor Swift seen", seen.model, embedder, with_name({"Taylor Swift, other half": swift[1::2]})
        )
    for name, model, reader in ablation(own, outliers, embedder, names):
        print_table(name, model, reader, tests)
    print_nearest(own, embedder, fit.model.names, tests)
    for size in (30, 50, 100, 300):
        some = np.random.default_rng(SEED).permutation(len(own))[:size]
        few = fit_scope([own[number] for number in some], outliers, embedder, names=names)
        print_table(f"{size} own questions", few.model, embedder, tests)
    print_single(fit.model, embedder)
    print_cost(fit.model, index.embedder, tests["own test questions"])
    if options.data and options.clinc:
        print_clinc(options.data, embedder)


def read_tests(data: Path | None) -> Texts:
    """Named sets of texts; none of them was seen by any fit."""
    own = [row["question"] for row in read_test_rows()]
    tests = {
        "own test questions": own,
        "own, never had the name": [text for text in own if "lamini" not in text.casefold()],
        "own, no question mark": [text.rstrip(" ?") for text in own],
    }
    if data:
        clinc = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
        strange = {"CLINC out-of-scope test": [text for text, _ in clinc["oos_test"]], "Taylor Swift": read_swift(data)}
        tests |= strange | with_name(strange)
    return tests


def with_name(sets: Mapping[str, Sequence[str]]) -> Texts:
    """The sets, and the same with the product's name appended to every text."""
    named = {f"{name} + with Lamini?": [f"{text} with Lamini?" for text in texts] for name, texts in sets.items()}
    return {name: list(texts) for name, texts in sets.items()} | named


def read_swift(data: Path) -> list[str]:
    """Questions of the Taylor Swift set, without the empty ones and those that lamini_docs asks word for word."""
    lines = (data / "lamini_other" / "seed_taylor_swift.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    rows = (FOLDER / "train.jsonl").read_text("utf-8").splitlines()
    asked = {json.loads(row)["question"].casefold().strip() for row in rows}
    return [text for text in questions if text.strip() and text.casefold().strip() not in asked]


def ablation(
    own: Sequence[str], outliers: Sequence[str], embedder: Remembering, names: Sequence[str]
) -> Iterator[tuple[str, ScopeModel, Remembering]]:
    """What is left when a part is missing."""
    with mock.patch.object(fitting, "_vocabulary", return_value=[]):
        yield "embedding alone", fit_scope(own, outliers, embedder, names=names).model, embedder
    wordless = Wordless(embedder)
    yield "words alone", fit_scope(own, outliers, wordless, names=names).model, wordless
    yield "name kept", fit_scope(own, outliers, embedder).model, embedder


def print_nearest(
    own: Sequence[str], embedder: Embedder, names: Sequence[str], tests: Mapping[str, Sequence[str]]
) -> None:
    """What the mean cosine to the three nearest own questions does, which needs no outliers; 96 % are kept."""
    bare = [delete_names(text, names) for text in own]
    vectors = embedder.encode(bare)
    held_out = np.zeros(len(own))
    for fold in fitting._folds(bare):
        held_out[fold] = nearest(vectors[fold], np.delete(vectors, fold, axis=0))
    limit = np.quantile(held_out, 0.04)
    print("\nno outliers: mean cosine to the nearest three own questions")
    for name, texts in tests.items():
        passed = nearest(embedder.encode([delete_names(text, names) for text in texts]), vectors) >= limit
        print(f"  {name:42s} n = {len(texts):5d}   passed {interval(passed)}")


def nearest(some: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean cosine of each row to its three nearest."""
    return np.sort(some @ own.T, axis=1)[:, -3:].mean(axis=1)


def scores(model: ScopeModel, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float64]:
    """Scope score of each text as a ticket gets it."""
    bare = [delete_names(text, model.names) for text in texts]
    vectors = embedder.encode(bare)
    return np.array([model.score(text, vector) for text, vector in zip(bare, vectors, strict=True)])


def print_table(title: str, model: ScopeModel, embedder: Embedder, tests: Mapping[str, Sequence[str]]) -> None:
    """One line for each set."""
    print(f"\n{title}")
    for name, texts in tests.items():
        passed = scores(model, embedder, texts) >= model.threshold
        print(f"  {name:42s} n = {len(texts):5d}   passed {interval(passed)}")


def print_single(model: ScopeModel, embedder: Embedder) -> None:
    """Scores of texts that show little."""
    print(f"\nshort and foreign texts (threshold {model.threshold})")
    for text, score in zip([*SHORT, *FOREIGN], scores(model, embedder, [*SHORT, *FOREIGN]), strict=True):
        print(f"  {score:.3f}  {text}")


def print_cost(model: ScopeModel, embedder: Embedder, texts: Sequence[str]) -> None:
    """Median time of the signal for one ticket, without and with a second text to embed."""
    bare = [delete_names(text, model.names) for text in texts]
    tickets = list(zip(bare, embedder.encode(bare), strict=True))
    print(f"\np50: signal {p50(lambda ticket: scope_signal(model, *ticket), tickets)}, ", end="")
    print(f"names deleted {p50(lambda text: delete_names(text, model.names), texts)}, ", end="")
    print(f"one text embedded {p50(lambda text: embedder.encode([text]), texts)}, ", end="")
    print(f"two together {p50(embedder.encode, list(zip(texts, bare, strict=True)))}")


def p50(step: Callable[[Any], object], inputs: Sequence[Any]) -> str:
    """Median milliseconds of one call."""
    times = []
    for one in inputs:
        started = time.perf_counter()
        step(one)
        times.append(1000 * (time.perf_counter() - started))
    return f"{np.median(times):.2f} ms"


def print_clinc(data: Path, embedder: Embedder) -> None:
    """AUROC on CLINC150's own splits: own = the 150 intents' train, outliers = its 100 oos_train."""
    splits = {
        name: [text for text, _ in rows]
        for name, rows in json.loads((data / "clinc150" / "data_full.json").read_text("utf-8")).items()
    }
    fit: ScopeFit = fit_scope(splits["train"], splits["oos_train"], embedder)
    inside, outside = (scores(fit.model, embedder, splits[name]) for name in ("test", "oos_test"))
    kept = float((inside >= fit.model.threshold).mean())
    print(f"\nCLINC150, its own splits: AUROC {auroc(inside, outside)}, kept {kept:.3f}")
    print(f"  out-of-scope passed {interval(outside >= fit.model.threshold)}")


def auroc(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> str:
    """Area under the ROC curve with its 95 % bootstrap interval, both sets drawn anew."""
    from scipy.stats import rankdata

    def area(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        ranks = rankdata(np.concatenate([one, other]))[: len(one)]
        return float((ranks.sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(other)))

    draw = np.random.default_rng(SEED)
    areas = [area(draw.choice(inside, len(inside)), draw.choice(outside, len(outside))) for _ in range(RESAMPLES // 10)]
    return f"{area(inside, outside):.4f} [{np.percentile(areas, 2.5):.4f}, {np.percentile(areas, 97.5):.4f}]"


if __name__ == "__main__":
    main()
