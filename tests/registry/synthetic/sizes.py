"""Size and seed of the registries that the tests share."""

from __future__ import annotations

PATIENTS = 700
SEED = 11
