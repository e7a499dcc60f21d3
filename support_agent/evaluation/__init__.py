"""Measures an agent on golden tickets, compares two runs, and looks for unequal treatment.

Comes in: an agent and a golden set. Goes out: result folders, pages, comparisons. Knows nothing of how a ticket is
answered.
"""

from support_agent.evaluation.audit import audit
from support_agent.evaluation.compare import compare
from support_agent.evaluation.golden import GoldenSet, GoldenTicket, find_golden, read_golden
from support_agent.evaluation.judging import Judge, read_verdicts
from support_agent.evaluation.results import Result, read_result, write_result
from support_agent.evaluation.run import Outcome, evaluate
from support_agent.evaluation.scores import score

__all__ = [
    "GoldenSet",
    "GoldenTicket",
    "Judge",
    "Outcome",
    "Result",
    "audit",
    "compare",
    "evaluate",
    "find_golden",
    "read_golden",
    "read_result",
    "read_verdicts",
    "score",
    "write_result",
]
