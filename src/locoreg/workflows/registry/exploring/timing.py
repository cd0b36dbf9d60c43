"""When patients had their first local therapy, in months from time zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.registry.describe.counts import Count
from locoreg.workflows.emulation.smallcells import hide_parts
from locoreg.workflows.registry.exploring.base import TherapyTimes

WIDTH, LAST = 3, 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of the histogram.

    Attributes
    ----------
    start, end : float
        Months, the end not included.
    count : Count
        Patients, as shown.
    """

    start: float
    end: float
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """First local therapies after time zero.

    Attributes
    ----------
    words : str
        Which local therapy.
    bars : tuple of Bar
        By month from time zero.
    apart : tuple of (str, Count)
        Patients in none of the bars: treated later, earlier only, without a date, never.
    synthetic : bool
        Whether the patients are made up.
    """

    words: str
    bars: tuple[Bar, ...]
    apart: tuple[tuple[str, Count], ...]
    synthetic: bool

    def rows(self) -> list[tuple[str, str]]:
        """Return when, and the patients as shown; the header first."""
        return [
            ("First one", "Patients"),
            *((f"Month {b.start:g} to before {b.end:g}", b.count.text) for b in self.bars),
            *((words, count.text) for words, count in self.apart),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; null where they are hidden."""
        return {
            "therapy": self.words,
            "bars": [
                {"from_month": b.start, "to_month": b.end, "n": b.count.n, "shown": b.count.text}
                for b in self.bars
            ],
            "others": [
                {"what": words, "n": count.n, "shown": count.text} for words, count in self.apart
            ],
        }


def timing_of(
    found: TherapyTimes,
    members: NDArray[np.bool_],
    *,
    words: str,
    synthetic: bool,
    small_cells: int | None,
) -> Timing:
    """Count patients by when their first local therapy came.

    Parameters
    ----------
    found : TherapyTimes
        Of all patients.
    members : ndarray of bool, shape (n,)
        The cohort.
    words : str
        Which local therapy.
    synthetic : bool
        Whether the patients are made up.
    small_cells : int or None
        Counts from 1 to this many are hidden, and one more where a single one is.

    Returns
    -------
    Timing
        Every patient of the cohort is counted once.
    """
    months = found.months[members]
    before, undated = found.before[members], found.undated[members]
    edges = np.arange(0, LAST + WIDTH, WIDTH, dtype=np.float64)
    inside = np.histogram(months[months < LAST], bins=edges)[0]
    never = np.isinf(months)
    counts = [
        *(int(one) for one in inside),
        int(np.sum(~never & (months >= LAST))),
        int(np.sum(never & before)),
        int(np.sum(never & ~before & undated)),
        int(np.sum(never & ~before & ~undated)),
    ]
    names = (
        f"Month {LAST} or later",
        "Only before time zero",
        "Without a date",
        "None on record",
    )
    shown = hide_parts(counts, small_cells)
    bars = inside.size
    return Timing(
        words=words,
        bars=tuple(
            Bar(start=float(low), end=float(high), count=count)
            for low, high, count in zip(edges[:-1], edges[1:], shown[:bars], strict=True)
        ),
        apart=tuple(zip(names, shown[bars:], strict=True)),
        synthetic=synthetic,
    )
