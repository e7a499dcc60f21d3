"""Which signals are combined into the confidence; none of them decides alone.

They were tried on one half of the labelled lamini_docs rows; among sets that did about equally well there the smallest
serves, and for that choice both halves were looked at. The shipped promise is certified on the other half;
``tests/benchmarks/gate_ablation.py`` says what each is worth. Tried and left out, since they told nothing that these do
not: likeness of titles by words and by meaning, rare words of the question that no passage holds, the margin to the
next answer, mean and least log-probability, length of the answer, whether it is a quote, scope, frustration.
"""

from __future__ import annotations

from collections.abc import Mapping

EARLY = ("retrieval_score", "retrieval_agreement")
"""Known before a draft is written."""

LATE: Mapping[str, tuple[float, float]] = {"mean_support": (0.0, 1.0)}
"""Known after it, each with its least and greatest value: what no draft could lift to the threshold gets none."""

COMBINED = (*EARLY, *LATE)
