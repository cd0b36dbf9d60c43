"""What a page asks, as lines for a study file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel


def study_lines(parts: Mapping[str, BaseModel]) -> str:
    """Return entries of a study file.

    Parameters
    ----------
    parts : mapping of str to BaseModel
        Name of the part, and its one entry.

    Returns
    -------
    str
        YAML; what was not asked for is left out.
    """
    shown: dict[str, Any] = {
        name: [one.model_dump(mode="json", exclude_none=True)] for name, one in parts.items()
    }
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=88)
