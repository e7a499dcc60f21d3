"""Measures an agent on golden tickets, compares two runs, and looks for unequal treatment.

Comes in: an agent and a golden set. Goes out: result folders, pages, comparisons. Knows nothing of how a ticket is
answered.
"""

from support_agent.evaluation.audit import audit
from support_agent.evaluation.compare import compare
from support_agent.evaluation.golden import GoldenSet, GoldenTicket, find_golden, read_golden
from support_agent.evaluation.judging import AnswerJudge
from support_agent.evaluation.labels import AnswerLabels, read_labels
from support_agent.evaluation.results import Result, read_result, write_result
from support_agent.evaluation.run import Outcome, evaluate
from support_agent.evaluation.scores import score

__all__ = [
    "AnswerJudge",
    "AnswerLabels",
    "GoldenSet",
    "GoldenTicket",
    "Outcome",
    "Result",
    "audit",
    "compare",
    "evaluate",
    "find_golden",
    "read_golden",
    "read_labels",
    "read_result",
    "score",
    "write_result",
]
