"""Texts with names of columns in braces."""

from __future__ import annotations

import re

_PART = re.compile(r"\{([^{}]+)\}")


def template_names(template: str) -> tuple[str, ...]:
    """Return the columns that a template names: ``{PATIENT_ID}-primary`` has one."""
    return tuple(_PART.findall(template))


def template_parts(template: str) -> list[tuple[str, bool]]:
    """Return the pieces of a template in order, each with whether it is a column's name."""
    pieces = _PART.split(template)
    return [(piece, i % 2 == 1) for i, piece in enumerate(pieces) if piece or i % 2]
