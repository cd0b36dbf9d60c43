"""The store: a folder of Parquet tables with a manifest, DuckDB as the engine over it."""

from __future__ import annotations

from locoreg.registry.store.registry import Registry, read_registry

__all__ = ["Registry", "read_registry"]
