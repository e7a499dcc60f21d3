"""Answers customers from a company's own knowledge, and knows when not to.

>>> from support_agent import Agent
>>> agent = Agent.load()
>>> reply = agent.ask("How do I get an API key?")

The other jobs are functions: ``build_index`` and ``add_to_index`` for your own answers, ``answer_csv`` for a file of
tickets, ``learn``, ``certify`` and ``renew`` for a promise, ``evaluate`` for how good it is. Importing this package
loads no heavy library; models are opened when an agent is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from support_agent.agent import Agent
from support_agent.errors import (
    BatchError,
    CalibrationError,
    ConfigError,
    DocumentError,
    EvaluationError,
    GenerationError,
    IndexFolderError,
    ModelFileError,
    SupportAgentError,
)
from support_agent.jobs import add_to_index, answer_csv, build_index
from support_agent.records import Citation, Draft, Passage, Reason, Reply, Route, Signal, Ticket, Turn

if TYPE_CHECKING:
    from support_agent.evaluation.job import evaluate
    from support_agent.evidence.certifying import certify, renew
    from support_agent.evidence.learning import learn

__all__ = [
    "Agent",
    "BatchError",
    "CalibrationError",
    "Citation",
    "ConfigError",
    "DocumentError",
    "Draft",
    "EvaluationError",
    "GenerationError",
    "IndexFolderError",
    "ModelFileError",
    "Passage",
    "Reason",
    "Reply",
    "Route",
    "Signal",
    "SupportAgentError",
    "Ticket",
    "Turn",
    "add_to_index",
    "answer_csv",
    "build_index",
    "certify",
    "evaluate",
    "learn",
    "renew",
]

# Their rooms take a third of a second to import: they are opened when they are asked for.
_OPENED_LATER = {
    "certify": "support_agent.evidence.certifying",
    "learn": "support_agent.evidence.learning",
    "renew": "support_agent.evidence.certifying",
    "evaluate": "support_agent.evaluation.job",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _OPENED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_OPENED_LATER[name]), name)
