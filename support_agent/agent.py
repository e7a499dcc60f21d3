"""The agent: the only file that knows the order of a ticket's way."""

from __future__ import annotations


class Agent:
    """Placeholder of the first minutes; see git history."""
