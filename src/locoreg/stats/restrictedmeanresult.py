"""What the estimator of restricted means returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import p_text
from locoreg.stats.contrast import estimates_frame
from locoreg.stats.curves import Variance
from locoreg.stats.strata import part_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean:
    """Mean time up to the horizon in one stratum.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n : int
        Rows.
    events : float
        Weight of the rows with an event up to the horizon: their number without weights.
    rmst : Estimate
        Restricted mean survival time, in the unit of time.
    rmtl : Estimate
        Restricted mean time lost: the horizon less the restricted mean.
    unobserved : float
        Time before the horizon in which nobody was at risk because of delayed entry. Survival is
        taken to stay as it was: the mean holds given that nothing happens in these gaps.
    """

    stratum: str
    n: int
    events: float
    rmst: Estimate
    rmtl: Estimate
    unobserved: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "events": self.events,
            "rmst": self.rmst.to_dict(),
            "rmtl": self.rmtl.to_dict(),
            "unobserved": self.unobserved,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMeanContrast:
    """A stratum compared with the reference.

    Attributes
    ----------
    stratum, reference : str
        The two strata.
    difference : Estimate
        Restricted mean of the stratum less that of the reference, in the unit of time.
    ratio, rmtl_ratio : Estimate
        Ratios of the restricted means and of the mean times lost, stratum over reference, on the
        log scale. NaN where a mean is 0.
    difference_p, ratio_p, rmtl_ratio_p : float
        Two-sided p-values of no difference (ratios of 1), from the normal distribution.
    """

    stratum: str
    reference: str
    difference: Estimate
    difference_p: float
    ratio: Estimate
    ratio_p: float
    rmtl_ratio: Estimate
    rmtl_ratio_p: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        out: dict[str, Any] = {"stratum": self.stratum, "reference": self.reference}
        for name in CONTRASTS:
            out[name] = getattr(self, name).to_dict()
            out[f"{name}_p"] = getattr(self, f"{name}_p")
        return out


CONTRASTS = ("difference", "ratio", "rmtl_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMeans:
    """Restricted means of all strata and their comparison.

    Attributes
    ----------
    means : tuple of RestrictedMean
        One per stratum, in sorted order of the labels.
    contrasts : tuple of RestrictedMeanContrast
        Every other stratum against the reference; empty without one.
    horizon : float
        Upper limit of the time that is averaged.
    level : float
        Level of the intervals in percent.
    variance : str
        ``greenwood`` or ``robust``.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters (or persons) behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    means: tuple[RestrictedMean, ...]
    contrasts: tuple[RestrictedMeanContrast, ...]
    horizon: float
    level: float
    variance: Variance
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def __iter__(self) -> Iterator[RestrictedMean]:
        """Yield the strata."""
        return iter(self.means)

    def __len__(self) -> int:
        """Return the number of strata."""
        return len(self.means)

    def __getitem__(self, stratum: object) -> RestrictedMean:
        """Return a stratum."""
        return part_of(self.means, stratum)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "horizon": self.horizon,
            "level": self.level,
            "variance": self.variance,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "means": [mean.to_dict() for mean in self.means],
            "contrasts": [contrast.to_dict() for contrast in self.contrasts],
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per stratum and measure.

        Parameters
        ----------
        exponentiate : bool
            Whether to show ratios and their limits as such and not on the log scale; their
            standard errors stay on it.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, reference (None for means), measure, estimate, se, ci_low, ci_high,
            p_value (NaN for means).
        """
        rows = [
            (m.stratum, None, name, getattr(m, name), np.nan)
            for m in self.means
            for name in ("rmst", "rmtl")
        ] + [
            (c.stratum, c.reference, name, getattr(c, name), getattr(c, f"{name}_p"))
            for c in self.contrasts
            for name in CONTRASTS
        ]
        return estimates_frame(("stratum", "reference", "measure"), rows, exponentiate)

    def summary(self) -> str:
        """Return a few plain lines with the intervals."""
        lines = [
            f"Restricted mean survival time to {self.horizon:g}, {self.level:g}% intervals, "
            f"{self.variance} variance"
        ]
        for mean in self.means:
            lines.append(
                f"{mean.stratum}: {mean.rmst.text()}, time lost {mean.rmtl.text()}; n = {mean.n}"
            )
            if mean.unobserved > 0:
                lines.append(f"  nobody at risk for {mean.unobserved:g} of {self.horizon:g}")
        for c in self.contrasts:
            lines.append(f"{c.stratum} against {c.reference}:")
            lines.append(f"  difference {c.difference.text()}, {p_text(c.difference_p)}")
            lines.append(f"  ratio {c.ratio.text()}, {p_text(c.ratio_p)}")
            lines.append(f"  ratio of times lost {c.rmtl_ratio.text()}, {p_text(c.rmtl_ratio_p)}")
        return "\n".join(lines)
