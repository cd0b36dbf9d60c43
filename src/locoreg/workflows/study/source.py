"""Hash of the program itself, so that results of other code are not taken for today's."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

# What only parses, serves or prints makes no number and no page of a step.
LEFT_OUT = ("cli", "web", "__pycache__")


@cache
def package_sha256() -> str:
    """Return the hash of every file of the package that a result can depend on.

    Returns
    -------
    str
        SHA-256 over paths and contents: code, evidence tables, protocols, templates.
    """
    root = Path(str(files("locoreg")))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if not path.is_file() or parts[0] in LEFT_OUT or "__pycache__" in parts:
            continue
        digest.update("/".join(parts).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
