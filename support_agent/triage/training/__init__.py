"""Makers of the models that triage ships with, run by hand: ``python -m support_agent.triage.training.NAME``."""
