"""A ticket file in, the same file answered out; nothing lost and nothing twice, whatever stops it on the way."""

from support_agent.batch.csv_reader import Layout, Row, read_layout, read_rows
from support_agent.batch.csv_writer import ADDED_COLUMNS, Outcome, defuse
from support_agent.batch.formats import Columns, find_columns, parse_mapping
from support_agent.batch.journal import Journal, open_journal
from support_agent.batch.run import Counts, Plan, Summary, count_distinct, plan_batch, run_batch

__all__ = [
    "ADDED_COLUMNS",
    "Columns",
    "Counts",
    "Journal",
    "Layout",
    "Outcome",
    "Plan",
    "Row",
    "Summary",
    "count_distinct",
    "defuse",
    "find_columns",
    "open_journal",
    "parse_mapping",
    "plan_batch",
    "read_layout",
    "read_rows",
    "run_batch",
]
