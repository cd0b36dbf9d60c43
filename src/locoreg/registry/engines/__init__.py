"""Engines over a registry's tables: DuckDB, PostgreSQL, Spark. One file each."""

from __future__ import annotations

from locoreg.registry.engines.connect import connect_engine
from locoreg.registry.engines.engine import Engine

__all__ = ["Engine", "connect_engine"]
