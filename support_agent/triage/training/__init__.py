"""Makes the models that triage reads vectors with: ``support-agent signals retrain``."""
