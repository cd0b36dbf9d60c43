"""Describe a registry: flow of patients, Table 1, follow-up and survival."""

from __future__ import annotations

from locoreg.registry.describe.task import Description, describe_registry

__all__ = ["Description", "describe_registry"]
