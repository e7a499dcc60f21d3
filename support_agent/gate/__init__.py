"""Signals → confidence → route, and the customer's text for each route that is no answer."""

from support_agent.gate.decide import Decision, Policy
from support_agent.gate.gate import Gate
from support_agent.gate.measure import measure_draft, measure_passages
from support_agent.gate.support import SupportChecker
from support_agent.gate.texts import customer_text

__all__ = ["Decision", "Gate", "Policy", "SupportChecker", "customer_text", "measure_draft", "measure_passages"]
