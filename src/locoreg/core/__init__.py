"""Errors, findings, estimates, provenance and table schemas that all layers share."""
