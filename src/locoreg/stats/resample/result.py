"""Replicates of a bootstrap, and the intervals that they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.frames import frame
from locoreg.stats.resample.weights import Kind
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

BootstrapInterval = Literal["percentile", "basic", "normal"]
BOOTSTRAP_INTERVALS: tuple[BootstrapInterval, ...] = ("percentile", "basic", "normal")
SCALES: tuple[Scale, ...] = ("log", "identity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bootstrap:
    """A statistic with its bootstrap replicates.

    Attributes
    ----------
    names : tuple of str
        Names of the values.
    estimate : ndarray of float, shape (q,)
        The statistic with all weights 1.
    replicates : ndarray of float, shape (B, q)
        The statistic under each replicate's weights; NaN in the rows of those that failed.
    kind : {"multinomial", "bayesian"}
        Distribution of the weights.
    seed : int
        What the seeds of the replicates derive from.
    n, units, strata : int
        Rows, units that were drawn, and strata within which they were.
    failed : tuple of int
        Replicates (from 0) without a finite value.
    reasons : tuple of str
        Why, for each of them.
    resumed : int
        Replicates that came from a checkpoint.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    replicates: FloatArray
    kind: Kind
    seed: int
    n: int
    units: int
    strata: int
    failed: tuple[int, ...]
    reasons: tuple[str, ...]
    resumed: int

    @property
    def succeeded(self) -> FloatArray:
        """Replicates that did not fail, shape (B - failed, q)."""
        return np.delete(self.replicates, np.asarray(self.failed, dtype=np.int64), axis=0)

    @property
    def se(self) -> FloatArray:
        """Standard deviation of the replicates, shape (q,)."""
        return np.asarray(self.succeeded.std(axis=0, ddof=1))

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the replicates, shape (q, q)."""
        return np.atleast_2d(np.cov(self.succeeded, rowvar=False))

    @property
    def bias(self) -> FloatArray:
        """Mean of the replicates less the estimate, shape (q,)."""
        return np.asarray(self.succeeded.mean(axis=0) - self.estimate)

    def estimates(
        self, *, level: float, interval: BootstrapInterval, scale: Scale
    ) -> tuple[Estimate, ...]:
        """Return the values with intervals.

        Parameters
        ----------
        level : float
            Level in percent.
        interval : {"percentile", "basic", "normal"}
            Quantiles of the replicates; twice the estimate less the opposite quantile; or the
            estimate with normal quantiles times the standard error.
        scale : {"log", "identity"}
            With ``log`` the values are ratios: logarithms are taken first, and the estimates are
            on the log scale.

        Returns
        -------
        tuple of Estimate
            In the order of `names`.

        Raises
        ------
        DesignError
            If there are too few replicates for the level, or a value is not positive where its
            logarithm is asked for.
        """
        tail = check_level(level)
        check_option("interval", interval, BOOTSTRAP_INTERVALS)
        check_option("scale", scale, SCALES)
        middle, drawn = self.estimate, self.succeeded
        if scale == "log":
            middle, drawn = self._logarithms()
        se = drawn.std(axis=0, ddof=1)
        low, high = _limits(middle, drawn, se, tail, interval)
        return tuple(
            Estimate(
                estimate=float(middle[j]),
                se=float(se[j]),
                ci_low=float(low[j]),
                ci_high=float(high[j]),
                level=float(level),
                scale=scale,
            )
            for j in range(middle.size)
        )

    def _logarithms(self) -> tuple[FloatArray, FloatArray]:
        drawn = self.succeeded
        bad = (drawn <= 0).any(axis=0) | (self.estimate <= 0)
        if bad.any():
            name = self.names[int(np.argmax(bad))]
            raise DesignError(
                f"{name} is not positive in every replicate and has no logarithm.",
                hint='take scale="identity", or the percentile interval, which needs no scale.',
            )
        return np.log(self.estimate), np.log(drawn)

    def to_dict(self) -> dict[str, Any]:
        """Return estimate, standard error and settings as JSON-ready values, and the replicates."""
        return {
            "names": list(self.names),
            "estimate": self.estimate.tolist(),
            "se": self.se.tolist(),
            "bias": self.bias.tolist(),
            "kind": self.kind,
            "seed": self.seed,
            "n": self.n,
            "units": self.units,
            "strata": self.strata,
            "replicates": self.replicates.tolist(),
            "failed": list(self.failed),
            "reasons": list(self.reasons),
            "resumed": self.resumed,
        }

    def to_frame(self, *, level: float, interval: BootstrapInterval, scale: Scale) -> pd.DataFrame:
        """Return one row per value: ``name``, ``estimate``, ``se``, ``ci_low``, ``ci_high``.

        Parameters
        ----------
        level, interval, scale
            As for `estimates`.

        Returns
        -------
        pandas.DataFrame
            Numbers on the scale asked for.
        """
        found = self.estimates(level=level, interval=interval, scale=scale)
        columns: dict[str, Any] = {"name": list(self.names)}
        for key in ("estimate", "se", "ci_low", "ci_high"):
            columns[key] = [getattr(one, key) for one in found]
        return frame(columns)

    def summary(self, *, level: float, interval: BootstrapInterval, scale: Scale) -> str:
        """Return a line on the replicates and one per value.

        Parameters
        ----------
        level, interval, scale
            As for `estimates`.

        Returns
        -------
        str
            A few plain lines.
        """
        total = self.replicates.shape[0]
        head = f"{total} replicates ({self.kind}) of {self.units} units"
        if self.units != self.n:
            head += f" with {self.n} rows"
        if self.strata > 1:
            head += f" in {self.strata} strata"
        if self.failed:
            head += f"; {len(self.failed)} failed"
        found = self.estimates(level=level, interval=interval, scale=scale)
        width = max(len(name) for name in self.names)
        lines = [head, f"Estimate, {level:g}% {interval} interval"]
        lines += [
            f"  {name:<{width}}  {one.text()}" for name, one in zip(self.names, found, strict=True)
        ]
        return "\n".join(lines)


def _limits(
    middle: FloatArray,
    drawn: FloatArray,
    se: FloatArray,
    tail: float,
    interval: BootstrapInterval,
) -> tuple[FloatArray, FloatArray]:
    if interval == "normal":
        reach = -float(special.ndtri(tail)) * se
        return middle - reach, middle + reach
    count = drawn.shape[0]
    needed = int(np.ceil(1.0 / tail - 1e-9)) - 1
    if count < needed:
        raise DesignError(
            f"{count} replicates are too few for limits with {100 * tail:g}% beyond each.",
            hint=f"draw at least {needed}, or take the normal interval.",
        )
    # The k-th of B ordered replicates stands for the quantile k/(B + 1).
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0, method="weibull")
    if interval == "percentile":
        return low, high
    return 2.0 * middle - high, 2.0 * middle - low
