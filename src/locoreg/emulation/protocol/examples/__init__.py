"""Protocols to start from."""
