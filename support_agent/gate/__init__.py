"""Signals → confidence → route. Before generation, after it, and the texts for what is not answered."""

from support_agent.gate.decision import Decision
from support_agent.gate.support import SupportChecker
from support_agent.gate.texts import REASONS, customer_text

__all__ = ["REASONS", "Decision", "SupportChecker", "customer_text"]
