"""Columns from arrays: numbers, codes, words, yes and no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import code_of
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

YES_NO = ("no", "yes")


def number(name: str, values: FloatArray) -> Column:
    """Return a column of numbers."""
    return Column(name=name, kind="number", values=np.asarray(values, dtype=np.float64))


def yes_no(name: str, values: BoolArray, *, unknown: BoolArray | None = None) -> Column:
    """Return a column of yes and no, and unknown where marked."""
    codes = values.astype(np.float64)
    if unknown is not None:
        codes[unknown] = np.nan
    return Column(name=name, kind="category", values=codes, levels=YES_NO)


def of_codes(name: str, words: pa.ChunkedArray, levels: tuple[str, ...]) -> Column:
    """Return a column of words from a list; unknown for null and other words."""
    found = code_of(words, levels)
    codes = np.where(found < 0, np.nan, found.astype(np.float64))
    return Column(name=name, kind="category", values=codes, levels=levels)


def of_words(name: str, words: pa.ChunkedArray) -> Column:
    """Return a column of free words, its levels in the order of their code points."""
    import pyarrow.compute as pc

    levels = tuple(sorted(word for word in pc.unique(words).to_pylist() if word is not None))
    return of_codes(name, words, levels)
