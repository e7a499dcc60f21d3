"""A ticket file in, the same file answered out; nothing lost and nothing twice, whatever stops it on the way."""

from support_agent.batch.csv_writer import ADDED_COLUMNS, AnsweredCells
from support_agent.batch.formats import Columns, find_columns, parse_mapping
from support_agent.batch.journal import Journal, open_journal
from support_agent.batch.run import BatchPlan, Counts, Summary, count_distinct, plan_batch, run_batch

__all__ = [
    "ADDED_COLUMNS",
    "AnsweredCells",
    "BatchPlan",
    "Columns",
    "Counts",
    "Journal",
    "Summary",
    "count_distinct",
    "find_columns",
    "open_journal",
    "parse_mapping",
    "plan_batch",
    "run_batch",
]
