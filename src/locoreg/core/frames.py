"""Data frames of results: the only place that makes one for the layers below the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a data frame of equally long columns.

    Parameters
    ----------
    columns : mapping of str to sequence
        Names and values, in order.

    Returns
    -------
    pandas.DataFrame
        One row per position.
    """
    import pandas

    return pandas.DataFrame(dict(columns))
