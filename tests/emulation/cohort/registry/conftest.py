"""The server and the Spark of the registry's tests."""

from __future__ import annotations

from tests.registry.engines.conftest import made_up_folder, postgres, spark

__all__ = ["made_up_folder", "postgres", "spark"]
