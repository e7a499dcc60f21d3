"""Rows with known answers → drafts → labels → a calibration. Nothing here runs while tickets are answered."""
