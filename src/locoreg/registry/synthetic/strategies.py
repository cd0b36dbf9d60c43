"""The strategies whose outcomes are known for every patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.risks import MONTHS_OF_THERAPY

MONTHS = 120
HORIZONS = (12, 24, 36, 60)
# Months at whose beginning the state of the disease is assessed.
ASSESSMENTS = (3, 6, 9, 12, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A rule for the month of local therapy; months count from 0 at time zero.

    Attributes
    ----------
    name, words : str
        Name and meaning.
    first, end : int
        Local therapy is done with its natural intensity in months first to end - 1.
    forced : int
        Month at whose beginning everybody alive without it gets it; -1: none.
    """

    name: str
    words: str
    first: int
    end: int
    forced: int = -1


def _within(grace: int) -> Strategy:
    return Strategy(
        name=f"within_{grace}",
        words=f"local therapy within {grace} months: at its natural time; whoever is alive without "
        f"it at the beginning of month {grace - 1} gets it then",
        first=0,
        end=grace,
        forced=grace - 1,
    )


def _none_within(grace: int) -> Strategy:
    return Strategy(
        name=f"none_within_{grace}",
        words=f"no local therapy within {grace} months; later as it comes",
        first=grace,
        end=MONTHS_OF_THERAPY,
    )


STRATEGIES = (
    Strategy(name="natural", words="what was done", first=0, end=MONTHS_OF_THERAPY),
    Strategy(name="never", words="no local therapy ever", first=0, end=0),
    _within(6),
    _within(12),
    _none_within(6),
    _none_within(12),
)
NAMES = tuple(strategy.name for strategy in STRATEGIES)
# Contrast: (strategy, against).
CONTRASTS = {
    "per-protocol, grace 6": ("within_6", "never"),
    "per-protocol, grace 12": ("within_12", "never"),
    "initiation, grace 6": ("within_6", "none_within_6"),
    "initiation, grace 12": ("within_12", "none_within_12"),
}


def policies() -> NDArray[np.int64]:
    """Return first, end and forced month of every strategy, shape (6, 3)."""
    return np.array([(s.first, s.end, s.forced) for s in STRATEGIES], dtype=np.int64)


def month_starts() -> NDArray[np.int64]:
    """Return the day on which each month begins, shape (121,)."""
    days = np.floor(np.arange(MONTHS + 1) * DAYS_PER_MONTH)
    return np.asarray(days, dtype=np.int64)
