"""What each combined signal is worth to the shipped calibration: alone, and all but it.

    support-agent finetune cross-fit smollm2-cpu -o folds
    python tests/benchmarks/gate_ablation.py --cross-fitted folds --drafts drafts.jsonl

The labelled rows of lamini_docs are scored as `support-agent calibrate` scores them, by combiners that saw neither a
row nor its near-duplicates. Prints the AUROC of each choice of signals, its difference from all of them with a 95 %
interval (paired bootstrap over groups of near-duplicates), and the coverage at the promise: the mean over the seeds
that draw the folds and one row of each group. No threshold counts as coverage 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lamini_rows import FOLDER
from scipy.stats import rankdata

from support_agent.config import Config
from support_agent.evidence.certificate import certify
from support_agent.evidence.fit import STRENGTH, MeasuredRows
from support_agent.evidence.job import measure_index
from support_agent.evidence.labels import Labels, read_labels
from support_agent.gate.combiner import cross_fit
from support_agent.gate.measure import combined, known_late
from support_agent.records import About

RESAMPLES = 1000


class Scored(NamedTuple):
    """Scores of all rows, one array a seed, and the mean coverage at the promise."""

    scores: list[Any]
    coverage: float


def main() -> None:
    """Print a line for every choice of signals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cross-fitted", type=Path, required=True)
    parser.add_argument("--drafts", type=Path, required=True, help="the file that `calibrate --drafts` keeps")
    parser.add_argument("--labels", type=Path, default=FOLDER / "labels.jsonl")
    parser.add_argument("--about", choices=("supported", "agrees"), default="supported")
    parser.add_argument("--max-error", type=float, default=0.10)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    about: About = options.about
    given = measure_index(Config(), drafts=options.drafts, cross_fitted=options.cross_fitted)
    for line in ablation(given, read_labels(options.labels), about, range(options.seeds), options.max_error):
        print(line, flush=True)


def ablation(
    given: MeasuredRows, labels: Labels, about: About, seeds: Sequence[int], max_error: float
) -> Iterator[str]:
    """The table, line by line."""
    found = [labels.find(row.ticket.ticket_id, row.triage.text, row.sent) for row in given.rows]
    said = {at: label.on(about) for at, label in enumerate(found) if label and not given.rows[at].held}
    places = [at for at, word in said.items() if word is not None]
    values = [given.rows[at].values for at in places]
    right = [bool(said[at]) for at in places]
    groups = [given.groups[at] for at in places]

    def scored(names: Sequence[str]) -> Scored:
        """Scores by these signals alone."""
        scores = [cross_fit(values, right, groups, names, seed=seed, strength=STRENGTH) for seed in seeds]
        coverages = [
            certify(found, right, groups, max_error=max_error, delta=0.05, seed=seed).coverage
            for seed, found in zip(seeds, scores, strict=True)
        ]
        return Scored([np.array(found) for found in scores], float(np.mean(coverages)))

    names_of_all, late = combined(), tuple(known_late())
    every = scored(names_of_all)
    draws = resampled(groups)
    yield f"n = {len(right)}, right {np.mean(right):.1%}; certified at {max_error:.0%} wrong, {len(seeds)} seeds"
    yield f"{'all':34} AUROC {mean_auroc(every.scores, right):.3f}   coverage {every.coverage:.1%}"
    choices = {f"{name} alone": (name,) for name in names_of_all}
    choices |= {"before generation": tuple(one for one in names_of_all if one not in late), "after it": late}
    choices |= {f"all but {name}": tuple(one for one in names_of_all if one != name) for name in names_of_all}
    for title, names in choices.items():
        some = scored(names)
        low, high = interval(some.scores[0], every.scores[0], right, draws)
        yield (
            f"{title:34} AUROC {mean_auroc(some.scores, right):.3f}   coverage {some.coverage:.1%}   "
            f"difference in AUROC [{low:+.3f}, {high:+.3f}]"
        )


def resampled(groups: Sequence[int]) -> list[Any]:
    """Places of the rows of groups drawn with replacement, one array a resample."""
    numbers = np.array(groups)
    rows_of = [np.flatnonzero(numbers == group) for group in np.unique(numbers)]
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(rows_of), (RESAMPLES, len(rows_of)))
    return [np.concatenate([rows_of[group] for group in one]) for one in drawn]


def interval(some: Any, every: Any, right: Sequence[bool], draws: Sequence[Any]) -> tuple[float, float]:
    """95 % interval of the difference in AUROC, from the same resamples of both."""
    labels = np.array(right)
    found = [auroc(some[rows], labels[rows]) - auroc(every[rows], labels[rows]) for rows in draws]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def mean_auroc(scores: Sequence[Any], right: Sequence[bool]) -> float:
    """Mean over the seeds."""
    return float(np.mean([auroc(one, np.array(right)) for one in scores]))


def auroc(scores: Any, right: Any) -> float:
    """Chance that a right answer has the higher score than a wrong one, ties half (Mann–Whitney)."""
    positives = right.sum()
    ranks = rankdata(scores)
    return float((ranks[right].sum() - positives * (positives + 1) / 2) / (positives * (len(right) - positives)))


if __name__ == "__main__":
    main()
