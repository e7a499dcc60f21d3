"""The ranking that ships: fitted on customers' words to lamini_docs and to knowledge bases that nobody here wrote.

    python tests/benchmarks/fit_ranking.py --data FOLDER [--rows lamini_rows.json] [--write]

FOLDER is as for promise_on_kb.py. Of lamini_docs' customers only those that certify nothing are asked; what their two
readers said counts where the text is still the one that they read. Each knowledge base has the same weight. Printed is
how well right answers are told from wrong ones (AUROC) by a ranking fitted on all, on the others alone, and on the
knowledge base itself (10-fold), and what each signal is worth; --write puts the first into the package.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from lamini_rows import FOLDER
from promise_on_kb import Row, asked, ranking

from support_agent import Agent
from support_agent.clusters import group_numbers
from support_agent.evidence.opening import suggesting_gate
from support_agent.evidence.ranking import STRENGTH, auroc
from support_agent.evidence.records import Verdict
from support_agent.evidence.standing import label
from support_agent.gate.combiner import RANKING, cross_fit
from support_agent.gate.measure import combined


def main() -> None:
    """Fit, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=Path, help="keeps the asked customers of lamini_docs", default=None)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    bases = {"lamini_docs": lamini(given.rows)}
    bases |= {folder.name: asked(folder) for folder in sorted(given.data.iterdir()) if folder.is_dir()}
    every = ranking(list(bases.values()))
    for name, rows in bases.items():
        others = ranking([known for other, known in bases.items() if other != name])
        right = [row["right"] for row in rows]
        print(
            f"{name:12s} n {len(rows):5,}  right {sum(right) / len(right):.3f}  AUROC shipped {area(every, rows):.3f}  "
            f"fitted elsewhere {area(others, rows):.3f}  on itself {auroc(own(rows, combined()), right):.3f}"
        )
        for left in combined():
            kept = [one for one in combined() if one != left]
            print(f"    without {left:14s} {auroc(own(rows, kept), right):.3f}")
    print(every)
    if given.write:
        RANKING.write_text(json.dumps(every.to_dict(), indent=1) + "\n", "utf-8")


def area(combiner: object, rows: Sequence[Row]) -> float:
    """AUROC of a ranking on a knowledge base."""
    return auroc([combiner.probability(row["values"]) for row in rows], [row["right"] for row in rows])  # type: ignore[attr-defined]


def own(rows: Sequence[Row], names: Sequence[str]) -> list[float]:
    """Out-of-fold scores of a ranking of these signals, fitted on the knowledge base itself."""
    groups = group_numbers([row["text"] for row in rows])
    values, right = [row["values"] for row in rows], [row["right"] for row in rows]
    return cross_fit(values, right, groups, names, folds=10, strength=STRENGTH)


def lamini(kept: Path | None) -> list[Row]:
    """lamini_docs' customers that certify nothing, asked now."""
    if kept and kept.is_file():
        return list(json.loads(kept.read_text("utf-8")))
    agent = Agent.load()
    agent.gate = suggesting_gate()
    customers = [json.loads(line) for line in (FOLDER / "customers.jsonl").read_text("utf-8").splitlines()]
    fitting = [one for one in customers if not one["drawn"] and one["verdicts"]]
    rows = []
    for one, reply in zip(fitting, agent.ask_many(one["text"] for one in fitting), strict=True):
        said = label([Verdict("", one["sent"], each["verdict"]) for each in one["verdicts"]], reply.suggestion)
        if said is not None and reply.confidence:
            values = {signal.name: signal.value for signal in reply.signals}
            rows.append({"text": one["text"], "values": {n: values[n] for n in combined()}, "right": said})
    if kept:
        kept.write_text(json.dumps(rows), "utf-8")
    return rows


if __name__ == "__main__":
    main()
