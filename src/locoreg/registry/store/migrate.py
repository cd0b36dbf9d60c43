"""Manifests of earlier schema versions, brought to today's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.registry.tables import SCHEMA_VERSION

# From a version to the next. A column that is new needs no step: files that lack it read as null.
STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migrated(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a manifest's document in today's schema version.

    Parameters
    ----------
    document : dict
        The manifest as read.
    path : Path
        Its file, for messages.

    Returns
    -------
    dict
        The document, with ``schema_version`` of today.

    Raises
    ------
    DataError
        If it was written by a later locoreg, or by a version with no step to the next.
    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or version < 1:
        raise DataError(f"{path} states no schema version.")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema version {version}; this locoreg knows versions up to "
            f"{SCHEMA_VERSION}.",
            hint="install a newer locoreg.",
        )
    while version < SCHEMA_VERSION:
        if version not in STEPS:
            raise DataError(f"{path}: schema version {version} can't be brought to {version + 1}.")
        document = STEPS[version](document)
        version += 1
        document = {**document, "schema_version": version}
    return document
