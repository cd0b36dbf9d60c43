"""Pool effects: the result object around the random-effects kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.numbertext import range_text
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.estimators import METHOD_LABELS, interval_name, method_name
from locoreg.evidence.guard import estimate_at, floored
from locoreg.evidence.posterior import posterior_dict, posterior_of_few, posterior_words
from locoreg.stats.bayes import Posterior
from locoreg.stats.heterogeneity import q_profile
from locoreg.stats.randomeffects import Interval, RandomEffects, random_effects
from locoreg.stats.tau2 import Method

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Prediction = Literal["riley", "metafor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """A pooled effect.

    Attributes
    ----------
    mu : Estimate
        Pooled effect on the model's scale.
    p_value : float
        Two-sided, for mu = 0.
    tau2 : float
        Between-study variance; NaN for one study.
    tau2_ci : tuple of float
        Q-profile interval (Viechtbauer 2007), NaN for one study.
    i2, i2_ci, h2 : float, tuple of float, float
        I2 in percent with the interval that follows from ``tau2_ci``; H2.
    q, q_df, q_p : float
        Cochran's Q, its degrees of freedom and p-value.
    prediction : tuple of float or None
        Prediction interval on the model's scale; None under three studies and
        for the common-effect model.
    prediction_formula : str
        How it was made.
    k : int
        Studies.
    method, interval : str
        Estimator of tau2 and kind of interval.
    labels : tuple of str
        Studies, in the order of the arrays below.
    yi, se, weights : tuple of float
        Effects, standard errors and weights in percent.
    common_effect : Estimate
        The common-effect pool of the same studies, normal interval.
    normal_interval : Estimate
        The same pool as ``mu`` with the normal interval instead.
    floor : Estimate or None
        The pool with the floored Hartung-Knapp interval, where the plain one
        is narrower than the common-effect interval; else None.
    bayes : Posterior or None
        For two or three studies on the log scale: the posterior under a
        half-normal prior on tau, its scale in ``tau_scale``, and a flat one on mu.
        None otherwise, and for the common-effect model.
    warnings : tuple of str
        What a reader must know about this pool.
    provenance : Provenance
        Options, version and hash of the input.
    """

    mu: Estimate
    p_value: float
    tau2: float
    tau2_ci: tuple[float, float]
    i2: float
    i2_ci: tuple[float, float]
    h2: float
    q: float
    q_df: int
    q_p: float
    prediction: tuple[float, float] | None
    prediction_formula: str
    k: int
    method: str
    interval: str
    labels: tuple[str, ...]
    yi: tuple[float, ...]
    se: tuple[float, ...]
    weights: tuple[float, ...]
    common_effect: Estimate
    normal_interval: Estimate
    floor: Estimate | None
    bayes: Posterior | None
    warnings: tuple[str, ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the pool as JSON-ready values."""
        return {
            "mu": self.mu.to_dict(),
            "p_value": self.p_value,
            "tau2": self.tau2,
            "tau2_ci": list(self.tau2_ci),
            "i2": self.i2,
            "i2_ci": list(self.i2_ci),
            "h2": self.h2,
            "q": self.q,
            "q_df": self.q_df,
            "q_p": self.q_p,
            "prediction": self._prediction_dict(),
            "k": self.k,
            "method": self.method,
            "interval": self.interval,
            "studies": [
                {"label": label, "yi": y, "se": s, "weight": w}
                for label, y, s, w in zip(self.labels, self.yi, self.se, self.weights, strict=True)
            ],
            "common_effect": self.common_effect.to_dict(),
            "normal_interval": self.normal_interval.to_dict(),
            "floor": None if self.floor is None else self.floor.to_dict(),
            "bayes": None if self.bayes is None else posterior_dict(self.bayes),
            "warnings": list(self.warnings),
            "provenance": self.provenance.to_dict(),
        }

    def _prediction_dict(self) -> dict[str, Any] | None:
        if self.prediction is None:
            return None
        low, high = self.prediction
        out: dict[str, Any] = {
            "low": low,
            "high": high,
            "level": self.mu.level,
            "formula": self.prediction_formula,
        }
        if self.mu.scale == "log":
            out["natural"] = {"low": math.exp(low), "high": math.exp(high)}
        return out

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per study and one for the pool.

        Parameters
        ----------
        exponentiate : bool
            Give effects and limits on the natural scale (log scale models only).

        Returns
        -------
        pandas.DataFrame
            Columns label, estimate, se, ci_low, ci_high, weight.
        """
        import pandas as pd

        from locoreg.evidence.effectsize import z_value

        half = z_value(self.mu.level)
        rows = [
            (label, y, s, y - half * s, y + half * s, w)
            for label, y, s, w in zip(self.labels, self.yi, self.se, self.weights, strict=True)
        ]
        mu = self.mu
        rows.append(("pooled", mu.estimate, mu.se, mu.ci_low, mu.ci_high, 100.0))
        frame = pd.DataFrame(
            rows, columns=["label", "estimate", "se", "ci_low", "ci_high", "weight"]
        )
        if exponentiate and mu.scale == "log":
            for column in ("estimate", "ci_low", "ci_high"):
                frame[column] = np.exp(frame[column])
        return frame

    def summary(self) -> str:
        """Return the pool in two or three plain lines, on the natural scale."""
        method = METHOD_LABELS[self.method]
        head = (
            f"{self.mu.text()}, {self.mu.level:g}% interval; {self.k} "
            f"{'study' if self.k == 1 else 'studies'}; {method}, {self.interval} interval"
        )
        lines = [head]
        if self.k > 1:
            line = (
                f"Q {self.q:.2f} on {self.q_df} df (p = {self.q_p:.3f}); I2 {self.i2:.0f}% "
                f"({self.i2_ci[0]:.0f} to {self.i2_ci[1]:.0f}); tau2 {self.tau2:.3f} "
                f"({self.tau2_ci[0]:.3f} to {self.tau2_ci[1]:.3f})"
            )
            if self.prediction is not None:
                low, high = self.prediction
                if self.mu.scale == "log":
                    low, high = math.exp(low), math.exp(high)
                line += f"; {self.mu.level:g}% prediction interval {range_text(low, high)}"
            lines.append(line)
        if self.bayes is not None:
            lines.append(f"{posterior_words(self.bayes)}.")
        return "\n".join([*lines, *self.warnings])


def meta_analysis(
    yi: ArrayLike,
    *,
    vi: ArrayLike | None = None,
    se: ArrayLike | None = None,
    method: str,
    interval: str,
    level: float,
    scale: Scale = "identity",
    labels: Sequence[str] | None = None,
    prediction: Prediction = "riley",
) -> MetaAnalysis:
    """Pool effects.

    Parameters
    ----------
    yi : array_like, shape (k,)
        Effects on the analysis scale: log hazard ratios, say.
    vi, se : array_like, shape (k,)
        Their variances or their standard errors; exactly one of the two.
    method : str
        CE (common effect), DL, HE, HS, SJ, ML, REML, EB or PM.
    interval : str
        ``normal``, ``t``, ``hartung-knapp`` or ``hartung-knapp-floor`` (never
        narrower than the unscaled interval).
    level : float
        Level of all intervals in percent, 95.
    scale : {"identity", "log"}
        Scale of ``yi``: with ``log`` the summary exponentiates.
    labels : sequence of str, optional
        Study names; ``1`` to ``k`` if not given.
    prediction : {"riley", "metafor"}
        Formula of the prediction interval: t with k-2 degrees of freedom
        (Higgins 2009; Riley 2011), or metafor's default.

    Returns
    -------
    MetaAnalysis
        The pool.

    Raises
    ------
    DataError
        If the input is empty, not finite, has a variance of zero, or an option
        is not known.

    Examples
    --------
    >>> import numpy as np
    >>> pool = meta_analysis(np.log([1.04, 0.66, 1.45]), se=[0.128, 0.149, 0.335],
    ...                      method="DL", interval="normal", level=95, scale="log")
    >>> pool.mu.text()
    '0.94 (0.63 to 1.40)'
    """
    if (vi is None) == (se is None):
        raise DataError("give either vi (variances) or se (standard errors), and not both.")
    y = _numbers(yi, "yi")
    spread = _numbers(vi, "vi") if se is None else _numbers(se, "se")
    variance = spread if se is None else _squared(spread)
    names = tuple(labels) if labels is not None else tuple(str(i + 1) for i in range(y.size))
    if len(names) != y.size:
        raise DataError(f"there are {len(names)} labels for {y.size} studies.")
    chosen = (method_name(method), interval_name(interval))

    def run(of: Method, kind: Interval) -> RandomEffects:
        return random_effects(
            y, variance, method=of, interval=kind, level=level, prediction=prediction
        )

    fit = run(*chosen)
    k = int(fit.k)
    common, normal = run("CE", "normal"), run(chosen[0], "normal")
    floor = floored(run, fit, scale)[0]
    profile = q_profile(y, variance, level=level) if k > 1 and chosen[0] != "CE" else None
    tau2_ci = (math.nan, math.nan)
    i2_ci = (math.nan, math.nan)
    if profile is not None:
        tau2_ci = (float(profile.tau2_low), float(profile.tau2_high))
        i2_ci = (float(profile.i2_low), float(profile.i2_high))
    has_prediction = k >= 3 and chosen[0] != "CE"
    return MetaAnalysis(
        mu=estimate_at(fit, scale),
        p_value=float(fit.p_value),
        tau2=float(fit.tau2),
        tau2_ci=tau2_ci,
        i2=float(fit.i2),
        i2_ci=i2_ci,
        h2=float(fit.h2),
        q=float(fit.q),
        q_df=k - 1,
        q_p=float(fit.q_p),
        prediction=(float(fit.pi_low), float(fit.pi_high)) if has_prediction else None,
        prediction_formula=_PREDICTION_FORMULAS[prediction] if has_prediction else "none",
        k=k,
        method=chosen[0],
        interval=chosen[1],
        labels=names,
        yi=tuple(y.tolist()),
        se=tuple(np.sqrt(variance).tolist()),
        weights=tuple((100 * np.asarray(fit.weights)).tolist()),
        common_effect=estimate_at(common, scale),
        normal_interval=estimate_at(normal, scale),
        floor=floor,
        bayes=posterior_of_few(y, variance, k, chosen[0], level, scale),
        warnings=_warnings(k, chosen, floor),
        provenance=Provenance(
            input_sha256=sha256_of_bytes(y.tobytes(), variance.tobytes()),
            options={
                "method": chosen[0],
                "interval": chosen[1],
                "level": float(level),
                "prediction": prediction,
            },
        ),
    )


_PREDICTION_FORMULAS = {
    "riley": "mu +/- t(k-2) sqrt(tau2 + se2)",
    "metafor": "mu +/- quantile of the interval, sqrt(tau2 + se2)",
}


def _numbers(values: ArrayLike | None, name: str) -> FloatArray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} can't be read as numbers.", hint="give an array of floats."
        ) from None


def _squared(se: FloatArray) -> FloatArray:
    if np.any(se <= 0):
        where = int(np.flatnonzero(se <= 0)[0])
        raise DataError(f"the standard error of study {where + 1} is {se[where]:g}, not above 0.")
    return np.asarray(se**2)


def _warnings(k: int, chosen: tuple[Method, Interval], floor: Estimate | None) -> tuple[str, ...]:
    found = []
    method, interval = chosen
    if k == 1:
        return ("One study: its own estimate with a normal interval; nothing is pooled.",)
    if k == 2:
        found.append("Two studies: no prediction interval.")
    if k <= 3 and method != "CE":
        found.append(
            f"With {k} studies the between-study variance is hardly estimable: see its interval."
        )
    if k > 2 and method != "CE" and k < 10:
        found.append(
            "With few studies a 95% prediction interval covers less often than it says "
            "(84 to 90% in simulations with heterogeneity)."
        )
    if floor is not None:
        found.append(
            "The Hartung-Knapp interval is narrower than the common-effect one, because the "
            "studies agree more than chance would have them; with the floor it is "
            f"{range_text(*floor.natural[1:])}."
        )
    if interval == "hartung-knapp" and k == 2:
        found.append(
            "Hartung-Knapp with two studies has one degree of freedom (t = 12.7 at 95%); "
            "read the normal interval beside it."
        )
    return tuple(found)
