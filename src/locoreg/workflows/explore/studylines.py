"""What a page asks, as lines for a study file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import BaseModel


def study_lines(
    parts: Mapping[str, BaseModel],
    *,
    tables: Sequence[str],
    pools: tuple[str, str, tuple[str, ...]],
    method: str,
    interval: str,
    level: float,
) -> str:
    """Return entries of a study file.

    Parameters
    ----------
    parts : mapping of str to BaseModel
        Name of the part, and its one entry.
    tables : sequence of str
        Sets of evidence tables.
    pools : tuple
        Question, outcome and designs of the evidence part that the parts build on.
    method, interval : str
        How it is pooled.
    level : float
        Percent.

    Returns
    -------
    str
        YAML; what was not asked for is left out.
    """
    question, outcome, designs = pools
    evidence = {
        "tables": list(tables),
        "questions": [
            {
                "question": question, "outcomes": [outcome], "designs": list(designs),
                "method": method, "interval": interval, "level": level,
            }
        ],
    }  # fmt: skip
    shown: dict[str, Any] = {"evidence": evidence} | {
        name: [one.model_dump(mode="json", exclude_none=True)] for name, one in parts.items()
    }
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=88)
