"""Selection models with steps in the p-value (Vevea and Hedges)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.smallstudy.onepool import one_pool
from locoreg.stats.smallstudy.steplikelihood import Selected, Sides, lay_out_steps
from locoreg.stats.smallstudy.stepsearch import Optimum, best_of
from locoreg.stats.studies import FloatArray, check_level, check_option

TrueEffects = Literal["common", "random"]
SIDES: tuple[Sides, ...] = ("greater", "less", "two-sided")
TRUE_EFFECTS: tuple[TrueEffects, ...] = ("common", "random")
# With fewer studies in an interval its weight rests on hardly anything.
FEW = 4
# Weights that are given are not beyond this, where a study that can't be is in the data.
LIGHTEST = 1e-6
# Reciprocal condition of the information, in its own units, below which nothing is identified.
FLAT = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSelection:
    """A pool that allows for selection by p-value.

    Attributes
    ----------
    alternative : {"greater", "less", "two-sided"}
        Side of the p-values on which studies are thought to be selected.
    effects : {"common", "random"}
        Whether true effects vary.
    level : float
        Level of the intervals in percent.
    k : int
        Studies.
    steps : ndarray of float, shape (c,)
        Upper ends of the intervals of p; the last is 1.
    counts : ndarray of int, shape (c,)
        Studies in each.
    mu, se, statistic, p_value, ci_low, ci_high : float
        Mean effect before selection, with a normal interval.
    tau2, se_tau2 : float
        Between-study variance before selection; its standard error is NaN at 0 and for common
        effects.
    weights, se_weights, weights_low, weights_high : ndarray of float, shape (c,)
        Chance of publication relative to the first interval. Its own is 1 and its standard
        error NaN; so are the standard errors of weights that were given. Intervals are normal
        ones cut off at 0.
    fixed : bool
        Whether the weights were given.
    loglik, loglik_unselected : float
        Log-likelihood of this model and of the one without selection (maximum likelihood too).
    lrt, lrt_df, lrt_p : float
        Likelihood-ratio test of equal weights; NaN where they were given.
    unselected_mu, unselected_tau2 : float
        The model without selection.
    identified : bool
        Whether the likelihood bends at its maximum in every direction. If not, no standard
        errors are given.
    warnings : tuple of str
        What a reader must know.
    """

    alternative: Sides
    effects: TrueEffects
    level: float
    k: int
    steps: FloatArray
    counts: NDArray[np.int64]
    mu: float
    se: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    tau2: float
    se_tau2: float
    weights: FloatArray
    se_weights: FloatArray
    weights_low: FloatArray
    weights_high: FloatArray
    fixed: bool
    loglik: float
    loglik_unselected: float
    lrt: float
    lrt_df: float
    lrt_p: float
    unselected_mu: float
    unselected_tau2: float
    identified: bool
    warnings: tuple[str, ...]


def step_selection(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    steps: Sequence[float],
    alternative: Sides,
    effects: TrueEffects,
    level: float,
    weights: Sequence[float] | None = None,
) -> StepSelection:
    """Fit a random-effects model to studies that were selected by their p-values.

    The chance of publication is constant between the steps. ``steps=(0.025,)`` with random
    effects and one-sided p-values is the three-parameter model: one weight, for all studies that
    are not significant in the stated direction.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    steps : sequence of float
        Steps of the p-value, rising, above 0 and at most 1 (1 is added if it is not there).
        An interval includes its upper end.
    alternative : {"greater", "less", "two-sided"}
        Which p-values: one-sided against positive or negative effects, or two-sided.
    effects : {"common", "random"}
        Without or with a between-study variance.
    level : float
        Level of the intervals in percent.
    weights : sequence of float, optional
        Weights of all intervals, the first being 1, that are taken as given [3]_: for few
        studies, which can't estimate them.

    Returns
    -------
    StepSelection
        Maximum-likelihood estimates, standard errors from the observed information, and the
        test against the model without selection.

    Raises
    ------
    DataError
        If numbers or options can't be used.
    DesignError
        If an interval holds no study, so that its weight has no estimate, or there are fewer
        studies than parameters.
    ConvergenceError
        If the likelihood has no maximum at a finite mean.

    References
    ----------
    .. [1] Hedges LV (1992). Statistical Science 7:246-255. doi:10.1214/ss/1177011364
    .. [2] Vevea JL, Hedges LV (1995). Psychometrika 60:419-435. doi:10.1007/BF02294384
    .. [3] Vevea JL, Woods CM (2005). Psychological Methods 10:428-443.
       doi:10.1037/1082-989X.10.4.428
    """
    check_option("alternative", alternative, SIDES)
    check_option("effects", effects, TRUE_EFFECTS)
    tail = check_level(level)
    y, v = one_pool(yi, vi, fewest=2, test="a selection model")
    ends = _steps(steps)
    given = None if weights is None else _given(weights, ends.size)
    turn = -1.0 if alternative == "less" else 1.0
    side: Literal["greater", "two-sided"] = "two-sided" if alternative == "two-sided" else "greater"
    # In units in which the effects are of size 1, so that tolerances mean the same.
    unit = _unit(y, v)
    data = lay_out_steps(turn * y / unit, v / unit**2, ends, side)
    varies = effects == "random"
    parameters = 1 + int(varies) + (ends.size - 1 if given is None else 0)
    _check_counts(data, ends, given, parameters)
    found = best_of(data, varies=varies, given=None if given is None else np.log(given))
    plain = random_effects(
        y, v, method="ML" if varies else "CE", interval="normal", level=level, prediction="riley"
    )
    return _Answer(
        found=found, data=data, ends=ends, given=given, unit=unit, turn=turn, tail=tail,
        varies=varies,
    ).result(
        alternative=alternative, level=float(level), plain=(
            float(plain.mu), float(plain.tau2), float(plain.loglik)
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An optimum with what is needed to put it on the scale of the effects."""

    found: Optimum
    data: Selected
    ends: FloatArray
    given: FloatArray | None
    unit: float
    turn: float
    tail: float
    varies: bool

    def free(self) -> NDArray[np.bool_]:
        """Which of mean, tau2 and log-weights have been estimated inside their range."""
        found = self.found
        inside = self.varies and found.tau2 > 0.0
        return np.array([True, inside] + [self.given is None] * (self.ends.size - 1))

    def spreads(self) -> tuple[FloatArray, bool]:
        """Return standard errors of mean, tau2 and log-weights, and whether they exist."""
        free = self.free()
        out = np.full(free.size, math.nan)
        information = -self.found.hessian[np.ix_(free, free)]
        diagonal = np.diag(information)
        if not np.all(diagonal > 0):
            return out, False
        scale = 1.0 / np.sqrt(diagonal)
        standard = information * np.outer(scale, scale)
        values = np.linalg.eigvalsh(standard)
        if values[0] <= FLAT:
            return out, False
        out[free] = np.sqrt(np.diag(np.linalg.inv(standard))) * scale
        return out, True

    def result(
        self, *, alternative: Sides, level: float, plain: tuple[float, float, float]
    ) -> StepSelection:
        """Return the model on the scale of the effects."""
        spread, identified = self.spreads()
        found, c, z = self.found, self.ends.size, -float(ndtri(self.tail))
        weights = np.exp(found.log_weights)
        se_weights = np.append(math.nan, spread[2:] * weights[1:])
        mu, se = self.turn * self.unit * found.mu, self.unit * float(spread[0])
        # The density of an effect in its own units is that in ours times the unit, k times.
        loglik = found.value - self.data.y.size * math.log(self.unit)
        lrt = max(0.0, 2.0 * (loglik - plain[2])) if self.given is None else math.nan
        df = float(c - 1) if self.given is None else math.nan
        return StepSelection(
            alternative=alternative, effects="random" if self.varies else "common", level=level,
            k=self.data.y.size, steps=self.ends, counts=self.data.counts.astype(np.int64),
            mu=mu, se=se, statistic=mu / se, p_value=float(2.0 * ndtr(-abs(mu / se))),
            ci_low=mu - z * se, ci_high=mu + z * se, tau2=found.tau2 * self.unit**2,
            se_tau2=float(spread[1]) * self.unit**2, weights=weights, se_weights=se_weights,
            weights_low=np.maximum(weights - z * se_weights, 0.0),
            weights_high=weights + z * se_weights, fixed=self.given is not None, loglik=loglik,
            loglik_unselected=plain[2], lrt=lrt, lrt_df=df,
            lrt_p=float(chdtrc(df, lrt)) if self.given is None else math.nan,
            unselected_mu=plain[0], unselected_tau2=plain[1], identified=identified,
            warnings=self.warnings(identified),
        )  # fmt: skip

    def warnings(self, identified: bool) -> tuple[str, ...]:
        """Return what a reader must know."""
        out = []
        names = interval_names(self.ends)
        if self.given is None:
            out += [
                f"Only {int(count)} {'study has' if count == 1 else 'studies have'} a p-value "
                f"{name}: its weight rests on hardly anything."
                for name, count in zip(names, self.data.counts, strict=True)
                if count < FEW
            ]
        if not identified:
            out.append(
                "The likelihood is flat at its maximum: mean, variance and weights can't be told "
                "apart in these studies, and no standard errors are given."
            )
        if self.varies and self.found.tau2 == 0.0:
            out.append(
                "The between-study variance is estimated as 0; standard errors are those of "
                "common effects."
            )
        return tuple(out)


def interval_names(ends: FloatArray) -> list[str]:
    """Return the intervals of p in words."""
    starts = np.concatenate([[0.0], ends[:-1]])
    return [
        f"up to {high:g}"
        if low == 0.0
        else f"above {low:g}" + ("" if high == 1 else f" to {high:g}")
        for low, high in zip(starts, ends, strict=True)
    ]


def _steps(steps: Sequence[float]) -> FloatArray:
    try:
        ends = np.array(list(steps), dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("steps can't be read as numbers.", hint="give (0.025,), say.") from None
    if ends.ndim != 1 or not np.all((ends > 0) & (ends <= 1)) or np.any(np.diff(ends) <= 0):
        raise DataError(
            f"steps are {', '.join(f'{e:g}' for e in ends.ravel())}, but must rise, above 0 and "
            "at most 1."
        )
    if ends.size == 0 or ends[-1] < 1.0:
        ends = np.append(ends, 1.0)
    if ends.size == 1:
        raise DataError(
            "a selection model needs a step below 1.", hint="give (0.025,) for one-sided p-values."
        )
    return ends


def _given(weights: Sequence[float], c: int) -> FloatArray:
    given = np.asarray(weights, dtype=np.float64)
    inside = given.shape == (c,) and bool(np.all((given >= LIGHTEST) & (given <= 1 / LIGHTEST)))
    if not inside or given[0] != 1.0:
        raise DataError(
            f"weights must be {c} numbers from {LIGHTEST:g} to {1 / LIGHTEST:g}, one for each "
            "interval of p, the first being 1."
        )
    return given


def _unit(y: FloatArray, v: FloatArray) -> float:
    return float(np.sqrt(np.median(v)) + 0.5 * np.std(y))


def _check_counts(
    data: Selected, ends: FloatArray, given: FloatArray | None, parameters: int
) -> None:
    if given is None:
        empty = np.flatnonzero(data.counts == 0)
        if empty.size:
            names = interval_names(ends)
            held = ", ".join(f"{int(n)} {name}" for n, name in zip(data.counts, names, strict=True))
            raise DesignError(
                f"no study has a p-value {names[empty[0]]}, so that the weight of that interval "
                f"has no estimate (studies by p-value: {held}).",
                hint="choose other steps, or give the weights.",
            )
    if data.y.size < parameters:
        raise DesignError(
            f"a selection model with {parameters} parameters needs as many studies or more, and "
            f"there are {data.y.size}.",
            hint="take fewer steps, or give the weights.",
        )
