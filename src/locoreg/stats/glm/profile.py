"""Profile-likelihood interval of one coefficient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from locoreg.core.errors import ConvergenceError
from locoreg.core.estimate import Estimate
from locoreg.stats.glm.data import check_design
from locoreg.stats.glm.families import FamilyName
from locoreg.stats.glm.fit import check_solution, prepare
from locoreg.stats.glm.likelihood import evaluate
from locoreg.stats.glm.newton import CONVERGED, maximise
from locoreg.stats.glm.result import Penalty, find_column
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray

# The limit is found to this share of the standard error.
PRECISION = 1e-9
MOST_DOUBLINGS = 40


def profile_interval(
    y: ArrayLike,
    X: ArrayLike,
    *,
    name: str,
    family: FamilyName,
    level: float,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty: Penalty | None = None,
    names: Sequence[str] | None = None,
) -> Estimate:
    """Return a coefficient with the interval where twice the profile likelihood falls by chi2.

    After a Firth fit of separated data the Wald interval is poor, since the likelihood is far from
    quadratic; the profile of the penalised likelihood is what Heinze and Schemper recommend [1]_.

    Parameters
    ----------
    y, X, family, weight, offset, penalty, names
        As for `glm`. Weights must be counts: a likelihood weighted otherwise is none.
    name : str
        The covariate; ``column 1``, ... without names.
    level : float
        Level in percent.

    Returns
    -------
    Estimate
        On the log scale; the standard error is that of the model. A limit is infinite if the
        likelihood never falls far enough.

    Raises
    ------
    DataError, DesignError, SeparationError, ConvergenceError
        As for `glm`.

    References
    ----------
    .. [1] Heinze G, Schemper M (2002). Statistics in Medicine 21:2409-2419. doi:10.1002/sim.1047
    """
    tail = check_level(level)
    design = check_design(
        y, X, family=family, weight=weight, offset=offset, cluster=None, names=names
    )
    column = find_column(name, design.names)
    order = [j for j in range(len(design.names)) if j != column] + [column]
    turned = replace(
        design, X=design.X[:, order].copy(), names=tuple(design.names[j] for j in order)
    )
    ready = prepare(turned, penalty)
    problem, weights = ready.problem, ready.weights
    fit = maximise(problem, ready.start, weights)
    check_solution(fit, design, penalty)
    point = evaluate(problem, fit.gamma, weights)
    per_unit = float(ready.basis.T[-1, -1])
    centre = float(fit.gamma[0, -1]) / per_unit
    se = float(np.sqrt(np.linalg.inv(point.expected[0])[-1, -1])) / abs(per_unit)
    target = float(point.objective[0]) - 0.5 * float(special.ndtri(tail)) ** 2
    constrained = replace(problem, free=problem.free - 1)
    nearest = fit.gamma[0].copy()

    def excess(value: float) -> float:
        nearest[-1] = value * per_unit
        solution = maximise(constrained, nearest, weights)
        if solution.status[0] != CONVERGED:
            raise ConvergenceError(
                f"The profile likelihood of {name!r} could not be followed to {value:.3g}.",
                hint="take the Wald interval, or leave out covariates that hardly vary.",
            )
        nearest[:] = solution.gamma[0]
        return float(solution.objective[0]) - target

    low, high = (_limit(excess, nearest, fit.gamma[0], centre, sign * se) for sign in (-1.0, 1.0))
    return Estimate(
        estimate=centre, se=se, ci_low=low, ci_high=high, level=float(level), scale="log"
    )


def _limit(
    excess: Callable[[float], float],
    nearest: FloatArray,
    maximum: FloatArray,
    centre: float,
    step: float,
) -> float:
    """Return where the profile crosses the target on one side of the maximum."""
    nearest[:] = maximum
    inner = centre
    for _ in range(MOST_DOUBLINGS):
        outer = inner + step
        if excess(outer) < 0.0:
            return float(optimize.brentq(excess, inner, outer, xtol=PRECISION * abs(step)))
        inner, step = outer, 2.0 * step
    return float(np.copysign(np.inf, step))
