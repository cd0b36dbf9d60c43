"""Negative control outcomes: checks, and calibration against an empirical null distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.emulation.effect import Diagnostic, Verdict
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.studies import check_level

if TYPE_CHECKING:
    import pandas as pd

# Two parameters are estimated from them: with fewer the spread of bias is a guess.
FEWEST_CONTROLS = 5
# Under this number the null distribution is itself uncertain, and calibration does not tell it.
FEW_CONTROLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EmpiricalNull:
    """Distribution of the systematic error of estimates whose truth is no effect.

    Attributes
    ----------
    mean, sd : float
        On the log scale.
    k : int
        Negative controls that were used.
    names : tuple of str
        Their names.
    p_value : float
        Test that the mean is 0, by the normal approximation.
    """

    mean: float
    sd: float
    k: int
    names: tuple[str, ...]
    p_value: float

    @property
    def few(self) -> bool:
        """Whether the controls are too few for the distribution to be well known."""
        return self.k < FEW_CONTROLS

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as JSON-ready values."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "k": self.k,
            "few": self.few,
            "names": list(self.names),
            "p_value": self.p_value,
        }

    def summary(self) -> str:
        """Return one sentence."""
        centre = decimal_text(math.exp(self.mean))
        few = " They are few: the spread is uncertain." if self.few else ""
        return (
            f"Systematic error of {plural(self.k, 'negative control')}: ratio {centre} on average "
            f"({p_text(self.p_value)}), standard deviation {decimal_text(self.sd)} on the log "
            f"scale.{few}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """An estimate with its error told by negative controls.

    Attributes
    ----------
    observed, calibrated : Estimate
        Before and after, log scale.
    p_observed, p_calibrated : float
        Two-sided.
    null : EmpiricalNull
        What it was calibrated with.
    """

    observed: Estimate
    calibrated: Estimate
    p_observed: float
    p_calibrated: float
    null: EmpiricalNull

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON-ready values."""
        return {
            "observed": self.observed.to_dict(),
            "calibrated": self.calibrated.to_dict(),
            "p_observed": self.p_observed,
            "p_calibrated": self.p_calibrated,
            "null": self.null.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return two rows, ``observed`` and ``calibrated``, on the natural scale."""
        both = (self.observed, self.calibrated)
        return frame(
            {
                "estimate": ["observed", "calibrated"],
                "ratio": [one.natural[0] for one in both],
                "ci_low": [one.natural[1] for one in both],
                "ci_high": [one.natural[2] for one in both],
                "p_value": [self.p_observed, self.p_calibrated],
            }
        )

    def summary(self) -> str:
        """Return three lines."""
        return "\n".join(
            (
                self.null.summary(),
                f"Observed: {self.observed.text()}, {p_text(self.p_observed)}.",
                f"Calibrated: {self.calibrated.text()}, {p_text(self.p_calibrated)}.",
            )
        )


def fit_null(controls: Mapping[str, Estimate]) -> EmpiricalNull:
    """Estimate the empirical null distribution from negative controls.

    Parameters
    ----------
    controls : mapping of str to Estimate
        Estimates on the log scale of effects that are known to be none.

    Returns
    -------
    EmpiricalNull
        Maximum likelihood of ``b_j ~ N(mean, sd^2 + se_j^2)``.

    Raises
    ------
    DesignError
        If there are fewer than 5 with a standard error.

    References
    ----------
    Schuemie et al. 2014, doi:10.1002/sim.5925.
    """
    usable = {name: e for name, e in controls.items() if _usable(name, e)}
    if len(usable) < FEWEST_CONTROLS:
        left_out = sorted(set(controls) - set(usable))
        without = f" ({', '.join(left_out)} without a standard error)" if left_out else ""
        raise DesignError(
            f"{plural(len(usable), 'negative control')} can't tell a null distribution{without}.",
            hint=f"give at least {FEWEST_CONTROLS}, or check each of them by itself.",
        )
    fit = random_effects(
        [e.estimate for e in usable.values()],
        [e.se**2 for e in usable.values()],
        method="ML",
        interval="normal",
        level=95.0,
        prediction="riley",
    )
    return EmpiricalNull(
        mean=float(fit.mu),
        sd=math.sqrt(float(fit.tau2)),
        k=len(usable),
        names=tuple(usable),
        p_value=float(fit.p_value),
    )


def _usable(name: str, estimate: Estimate) -> bool:
    if estimate.scale != "log":
        raise DesignError(f"the negative control {name!r} is not on the log scale.")
    return math.isfinite(estimate.estimate) and math.isfinite(estimate.se) and estimate.se > 0.0


def calibrate(estimate: Estimate, null: EmpiricalNull, *, level: float) -> Calibrated:
    """Calibrate an estimate, its interval and its p-value.

    Parameters
    ----------
    estimate : Estimate
        On the log scale, with a standard error.
    null : EmpiricalNull
        From `fit_null`.
    level : float
        Level of the calibrated interval in percent.

    Returns
    -------
    Calibrated
        The estimate less the mean systematic error, with the variance of both errors. The
        interval takes the error to be the same at any true effect; the p-value needs no such
        assumption.

    References
    ----------
    Schuemie et al. 2014, doi:10.1002/sim.5925; for intervals 2018, doi:10.1073/pnas.1708282114.
    """
    check_level(level)
    if not _usable("the estimate", estimate):
        raise DesignError("the estimate has no standard error.", hint="ask for intervals.")
    mid, se = estimate.estimate - null.mean, math.hypot(null.sd, estimate.se)
    z = -float(special.ndtri((1.0 - level / 100.0) / 2.0))
    return Calibrated(
        observed=estimate,
        calibrated=Estimate(
            estimate=mid,
            se=se,
            ci_low=mid - z * se,
            ci_high=mid + z * se,
            level=level,
            scale="log",
        ),
        p_observed=_two_sided(estimate.estimate / estimate.se),
        p_calibrated=_two_sided(mid / se),
        null=null,
    )


def _two_sided(z: float) -> float:
    return float(2.0 * special.ndtr(-abs(z)))


def check_controls(controls: Mapping[str, Estimate], *, level: float) -> tuple[Diagnostic, ...]:
    """Check each negative control by itself, for few of them.

    Parameters
    ----------
    controls : mapping of str to Estimate
        Effects that are known to be none, on either scale.
    level : float
        Level in percent: what lies outside it counts as a difference.

    Returns
    -------
    tuple of Diagnostic
        One per control. Fail: no effect is rejected also after Holm's correction for the number of
        controls. Warn: only before it. A pass does not show that there is no confounding: it shows
        that this outcome did not betray any.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen 2010, doi:10.1097/EDE.0b013e3181d61eeb.
    """
    check_level(level)
    alpha = 1.0 - level / 100.0
    p_values = [_p_of(estimate) for estimate in controls.values()]
    adjusted = _holm(p_values)
    return tuple(
        _one_control(name, estimate, p, holm, alpha)
        for (name, estimate), p, holm in zip(controls.items(), p_values, adjusted, strict=True)
    )


def _p_of(estimate: Estimate) -> float:
    usable = math.isfinite(estimate.estimate) and estimate.se > 0.0
    return _two_sided(estimate.estimate / estimate.se) if usable else math.nan


def _holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values; NaN is no test and is left alone."""
    p = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    out = np.full(p.size, np.nan)
    if order.size:
        steps = np.maximum.accumulate((order.size - np.arange(order.size)) * p[order])
        out[order] = np.minimum(1.0, steps)
    return [float(value) for value in out]


def _one_control(name: str, estimate: Estimate, p: float, holm: float, alpha: float) -> Diagnostic:
    verdict: Verdict = "pass"
    message = f"{name}: {estimate.text()}, where no effect is known"
    if math.isnan(p):
        verdict, message = "note", f"{name}: no effect could be estimated"
    else:
        message += f", {p_text(p)}"
        verdict = "fail" if holm < alpha else "warn" if p < alpha else "pass"
    return Diagnostic(
        name="negative_control",
        title="Negative control",
        verdict=verdict,
        value=None if math.isnan(p) else p,
        threshold=None if math.isnan(p) else alpha,
        message=message + ".",
        advice=_ADVICE if verdict in ("warn", "fail") else "",
    )


_ADVICE = (
    "The groups differ in something that is not adjusted for: look for the confounder, and read "
    "the effect with the bias analysis."
)
