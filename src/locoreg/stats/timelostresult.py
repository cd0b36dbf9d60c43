"""Restricted mean times lost to competing events as values: what their estimator returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.stats.contrast import estimates_frame
from locoreg.stats.strata import part_of

if TYPE_CHECKING:
    import pandas as pd

# What the time without an event of any cause is called among the causes.
EVENT_FREE = "event-free"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLost:
    """Mean time lost to each cause up to the horizon in one stratum.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n : int
        Rows.
    lost : tuple of Estimate
        Mean time lost to each cause, in the unit of time: area under its cumulative incidence.
    event_free : Estimate
        Mean time without any event: the horizon less all the times lost.
    """

    stratum: str
    n: int
    lost: tuple[Estimate, ...]
    event_free: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "lost": [estimate.to_dict() for estimate in self.lost],
            "event_free": self.event_free.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLostContrast:
    """A stratum compared with the reference in the time lost to one cause, or in the time without.

    Attributes
    ----------
    stratum, reference : str
        The two strata.
    measure : str
        Name of the cause, or ``event-free``.
    difference : Estimate
        Mean time of the stratum less that of the reference.
    difference_p : float
        Two-sided p-value of no difference, from the normal distribution.
    ratio : Estimate
        Stratum over reference, on the log scale; NaN where a mean is 0.
    ratio_p : float
        Two-sided p-value of a ratio of 1.
    """

    stratum: str
    reference: str
    measure: str
    difference: Estimate
    difference_p: float
    ratio: Estimate
    ratio_p: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "reference": self.reference,
            "measure": self.measure,
            "difference": self.difference.to_dict(),
            "difference_p": self.difference_p,
            "ratio": self.ratio.to_dict(),
            "ratio_p": self.ratio_p,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedTimeLost:
    """Mean times lost of all strata and their comparison.

    Attributes
    ----------
    means : tuple of TimeLost
        One per stratum, in sorted order of the labels.
    contrasts : tuple of TimeLostContrast
        Every other stratum against the reference, per cause and for the time without any event;
        empty without a reference.
    causes : tuple of str
        Names of the causes.
    horizon : float
        Upper limit of the time that is averaged.
    level : float
        Level of the intervals in percent.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters (or persons) behind the robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    means: tuple[TimeLost, ...]
    contrasts: tuple[TimeLostContrast, ...]
    causes: tuple[str, ...]
    horizon: float
    level: float
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def __iter__(self) -> Iterator[TimeLost]:
        """Yield the strata."""
        return iter(self.means)

    def __len__(self) -> int:
        """Return the number of strata."""
        return len(self.means)

    def __getitem__(self, stratum: object) -> TimeLost:
        """Return a stratum."""
        return part_of(self.means, stratum)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "causes": list(self.causes),
            "horizon": self.horizon,
            "level": self.level,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "means": [mean.to_dict() for mean in self.means],
            "contrasts": [contrast.to_dict() for contrast in self.contrasts],
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per stratum and mean, then one per difference and ratio.

        Parameters
        ----------
        exponentiate : bool
            Whether to show ratios and their limits as such and not on the log scale; their
            standard errors stay on it.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, reference (None for means), measure, contrast (None for means),
            estimate, se, ci_low, ci_high, p_value (NaN for means).
        """
        rows: list[tuple[Any, ...]] = []
        for mean in self.means:
            for name, estimate in self._named(mean):
                rows.append((mean.stratum, None, name, None, estimate, np.nan))
        for c in self.contrasts:
            key = (c.stratum, c.reference, c.measure)
            rows.append((*key, "difference", c.difference, c.difference_p))
            rows.append((*key, "ratio", c.ratio, c.ratio_p))
        keys = ("stratum", "reference", "measure", "contrast")
        return estimates_frame(keys, rows, exponentiate)

    def _named(self, mean: TimeLost) -> list[tuple[str, Estimate]]:
        return [*zip(self.causes, mean.lost, strict=True), (EVENT_FREE, mean.event_free)]

    def summary(self) -> str:
        """Return a few plain lines with the intervals."""
        lines = [
            f"Restricted mean time lost to {self.horizon:g}, {self.level:g}% intervals, "
            "robust variance"
        ]
        for mean in self.means:
            lines.append(f"{mean.stratum}: n = {mean.n}")
            lines += [f"  {name}: {estimate.text()}" for name, estimate in self._named(mean)]
        for c in self.contrasts:
            lines.append(
                f"{c.measure}, {c.stratum} against {c.reference}: difference "
                f"{c.difference.text()}, p = {c.difference_p:.3g}; ratio {c.ratio.text()}, "
                f"p = {c.ratio_p:.3g}"
            )
        return "\n".join(lines)
