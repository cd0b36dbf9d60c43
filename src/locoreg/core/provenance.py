"""What a result was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locoreg.core.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Version, input hash and options of a result.

    Attributes
    ----------
    input_sha256 : str
        Hash of the input tables or arrays.
    options : dict
        Every option that shaped the result.
    version : str
        Version of locoreg.
    """

    input_sha256: str
    options: dict[str, Any] = field(default_factory=dict)
    version: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Return the provenance as JSON-ready values."""
        return {
            "software": "locoreg",
            "version": self.version,
            "input_sha256": self.input_sha256,
            "options": dict(self.options),
        }


def sha256_of_files(paths: Iterable[Path]) -> str:
    """Hash file names and contents, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def sha256_of_bytes(*parts: bytes) -> str:
    """Hash byte strings, each with its length, in the order given."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
