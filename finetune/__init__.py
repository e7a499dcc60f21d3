"""Question/answer rows → the examples an adapter is trained on. Imports support_agent's prompt, never the reverse."""
