"""Whether reconstructed times give back the curve, the numbers at risk and reported results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame

if TYPE_CHECKING:
    import pandas as pd

    from locoreg.stats.reconstruct.result import Reconstruction

FloatArray = NDArray[np.float64]
# Values this many errors of reading apart are not told apart by the Kolmogorov-Smirnov statistic.
EQUAL_ERRORS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveChecks:
    """The three accuracy checks of one arm.

    Attributes
    ----------
    rmse, mean_error, max_error : float
        Of the reconstructed curve at the read points: root mean square, mean absolute and largest
        absolute difference.
    max_error_time : float
        Time of the largest.
    at_risk_times, at_risk_reported, at_risk_made : ndarray of float, shape (r,)
        Numbers at risk, reported and reconstructed.
    at_risk_max : float
        Largest absolute difference of them; NaN without a risk table.
    ks, ks_p : float
        Kolmogorov-Smirnov statistic and p-value of the survival probabilities at the read points,
        read against reconstructed; values that differ by no more than three errors of reading
        count as equal, as rounding would else break ties along flat parts of a curve. The points
        are neither independent nor a sample, so that the p-value is a description only.
    rmse_limit, mean_limit, max_limit, at_risk_limit : float
        Limits that were asked for; that of numbers at risk is a share of n.
    events_made, events_reported : int, int or None
        Events.
    failures : tuple of str
        What is outside its limit; empty if all checks pass.
    """

    rmse: float
    mean_error: float
    max_error: float
    max_error_time: float
    at_risk_times: FloatArray
    at_risk_reported: FloatArray
    at_risk_made: FloatArray
    at_risk_max: float
    ks: float
    ks_p: float
    rmse_limit: float
    mean_limit: float
    max_limit: float
    at_risk_limit: float
    events_made: int
    events_reported: int | None
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all checks are within their limits."""
        return not self.failures

    def to_dict(self) -> dict[str, Any]:
        """Return the checks as JSON-ready values."""
        out: dict[str, Any] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            out[name] = value.tolist() if isinstance(value, np.ndarray) else value
        out["failures"] = list(self.failures)
        out["passed"] = self.passed
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers at risk, one row per time."""
        return frame(
            {
                "time": self.at_risk_times,
                "reported": self.at_risk_reported,
                "reconstructed": self.at_risk_made,
                "difference": self.at_risk_made - self.at_risk_reported,
            }
        )

    def summary(self) -> str:
        """Return the checks in lines."""
        lines = [
            f"Curve: RMSE {self.rmse:.4f}, mean error {self.mean_error:.4f}, largest"
            f" {self.max_error:.4f} at {self.max_error_time:.4g}; KS {self.ks:.3f}"
            f" (p {self.ks_p:.2f}, descriptive).",
            "Numbers at risk: none reported."
            if np.isnan(self.at_risk_max)
            else f"Numbers at risk: largest difference {self.at_risk_max:g}.",
        ]
        lines += [f"Outside its limit: {text}" for text in self.failures]
        return "\n".join(lines)


def check_reconstruction(
    made: Reconstruction,
    *,
    rmse_limit: float,
    mean_limit: float,
    max_limit: float,
    at_risk_limit: float,
) -> CurveChecks:
    """Compare reconstructed times with what was read and reported.

    Parameters
    ----------
    made : Reconstruction
        One arm.
    rmse_limit, mean_limit, max_limit : float
        Largest root mean square, mean absolute and absolute difference of the curves.
    at_risk_limit : float
        Largest difference of numbers at risk, as a share of n.

    Returns
    -------
    CurveChecks
        Numbers and failures.

    Notes
    -----
    The three checks are those of Liu et al. [1]_: differences of the curves, numbers at risk, and
    the Kolmogorov-Smirnov test. Limits are the caller's.

    References
    ----------
    .. [1] Liu N, Zhou Y, Lee JJ (2021). BMC Medical Research Methodology 21:111.
       doi:10.1186/s12874-021-01308-8
    """
    limits = (rmse_limit, mean_limit, max_limit, at_risk_limit)
    if not all(np.isfinite(limit) and limit >= 0 for limit in limits):
        raise DesignError("limits of accuracy must be numbers from 0 on.")
    if any(limit > 1 for limit in limits):
        raise DesignError(
            "limits of accuracy are shares, and above 1 nothing could break them.",
            hint="write 0.05 for 5 percent.",
        )
    t, read = made.points.time, made.points.survival
    # Of two points with one time the lower is the curve at it; the upper is the curve before.
    use = np.r_[np.diff(t) > 0, True]
    t, read = t[use], read[use]
    fitted = made.curve(t)
    miss = np.abs(fitted - read)
    inside = made.at_risk_times <= made.points.time[-1]
    times, reported = made.at_risk_times[inside], made.at_risk[inside]
    counted = made.number_at_risk(times).astype(float)
    worst = float(np.abs(counted - reported).max()) if times.size else float("nan")
    same = miss <= EQUAL_ERRORS * made.reading_error
    ks = ks_2samp(np.where(same, read, fitted), read, method="asymp")
    values = (float(np.sqrt(np.mean(miss**2))), float(miss.mean()), float(miss.max()))
    return CurveChecks(
        rmse=values[0],
        mean_error=values[1],
        max_error=values[2],
        max_error_time=float(t[int(np.argmax(miss))]),
        at_risk_times=times,
        at_risk_reported=reported,
        at_risk_made=counted,
        at_risk_max=worst,
        ks=float(ks.statistic),
        ks_p=float(ks.pvalue),
        rmse_limit=rmse_limit,
        mean_limit=mean_limit,
        max_limit=max_limit,
        at_risk_limit=at_risk_limit,
        events_made=made.events,
        events_reported=made.total_events,
        failures=_failures(made, values, worst, limits),
    )


def _failures(
    made: Reconstruction,
    values: tuple[float, float, float],
    worst: float,
    limits: tuple[float, float, float, float],
) -> tuple[str, ...]:
    names = ("root mean square error", "mean absolute error", "largest error")
    out = [
        f"{name} of the curve is {value:.4f}, over {limit:g}."
        for name, value, limit in zip(names, values, limits[:3], strict=True)
        if value > limit
    ]
    if worst > limits[3] * made.n:
        out.append(
            f"a number at risk differs by {worst:g}, over {limits[3]:g} of {made.n} persons."
        )
    if made.total_events is not None and made.events != made.total_events:
        out.append(f"{made.events} events, but {made.total_events} are reported.")
    return tuple(out)
