"""Answers customers from a company's own knowledge, and knows when not to.

>>> from support_agent import Agent
>>> agent = Agent.load()
>>> reply = agent.ask("How do I get an API key?")

The other jobs are functions: ``build_index`` and ``add_to_index`` for your own answers, ``answer_csv`` for a file of
tickets. Importing this package loads no heavy library; models are opened when an agent is loaded.
"""

from support_agent.agent import Agent
from support_agent.errors import (
    BatchError,
    CalibrationError,
    ConfigError,
    DocumentError,
    GenerationError,
    IndexFolderError,
    ModelFileError,
    SupportAgentError,
)
from support_agent.jobs import add_to_index, answer_csv, build_index
from support_agent.records import Citation, Draft, Passage, Reply, Route, Signal, Ticket, Turn

__all__ = [
    "Agent",
    "BatchError",
    "CalibrationError",
    "Citation",
    "ConfigError",
    "DocumentError",
    "Draft",
    "GenerationError",
    "IndexFolderError",
    "ModelFileError",
    "Passage",
    "Reply",
    "Route",
    "Signal",
    "SupportAgentError",
    "Ticket",
    "Turn",
    "add_to_index",
    "answer_csv",
    "build_index",
]
