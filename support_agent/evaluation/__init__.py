"""Measures an agent on golden tickets, compares two results, and looks for unequal treatment.

The jobs are ``job.evaluate``, ``job.rescore``, ``job.audit_agent`` and ``compare.compare``.
"""
