"""The truth of a simulated registry: per patient and for the population."""

from __future__ import annotations
