"""Whether a stored result hides the counts that a server hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locoreg.core.errors import DesignError


def check_hidden(results: Mapping[str, Any], *, limit: int) -> None:
    """Raise where a result may show counts of few patients that are to be hidden.

    Parameters
    ----------
    results : mapping
        ``results.json`` of a step; ``small_cells`` in it says what it hides.
    limit : int
        Counts from 1 to this many are hidden; 0 hides none.

    Raises
    ------
    DesignError
        If the patients are real, and the result hides less. Patients who are made up need no
        hiding.
    """
    if limit <= 0 or results.get("synthetic"):
        return
    hidden = results.get("small_cells")
    if not isinstance(hidden, int) or isinstance(hidden, bool) or hidden < limit:
        raise DesignError(
            f"this result was made without hiding counts of 1 to {limit} patients, as this server "
            "does.",
            hint=f"write small_cells: {limit} into the study file, and run it again.",
        )
