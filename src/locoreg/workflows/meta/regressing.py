"""Meta-regression of a table, and the permutation test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import factorial
from typing import Any, Literal

import numpy as np

from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.evidence.estimators import METHOD_LABELS
from locoreg.stats.metaregression import MetaRegression, meta_regression
from locoreg.stats.permutation import PermutationTest, permutation_test
from locoreg.workflows.meta.moderators import Moderators
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.studies import StudyEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionPart:
    """A meta-regression.

    Attributes
    ----------
    fit : MetaRegression
    moderators : Moderators
        The design, reference levels and studies left out.
    """

    fit: MetaRegression
    moderators: Moderators

    def to_dict(self) -> dict[str, Any]:
        """Return the regression as JSON-ready values."""
        fit = self.fit
        columns = ("b", "se", "statistic", "p_value", "ci_low", "ci_high")
        scalars: tuple[str, ...] = (
            "k",
            "p",
            "df",
            "tau2",
            "se_tau2",
            "i2",
            "h2",
            "r2",
            "tau2_only",
            "qe",
        )
        scalars += ("qe_df", "qe_p", "qm", "qm_p", "loglik", "aic", "bic", "hk_scale")
        return {
            "method": fit.method,
            "interval": fit.interval,
            "level": fit.level,
            "coefficients": [
                {"name": name, **{key: float(getattr(fit, key)[i]) for key in columns}}
                for i, name in enumerate(fit.names)
            ],
            **{name: getattr(fit, name) for name in scalars},
            "qm_df": list(fit.qm_df),
            "vcov": fit.vcov.tolist(),
            **self.moderators.to_dict(),
        }

    def lines(self) -> list[str]:
        """Return the regression in plain lines, on the scale of the pool."""
        fit = self.fit
        found = [
            f"Meta-regression of {plural(fit.k, 'study', 'studies')}, "
            f"{METHOD_LABELS[fit.method]}, {fit.interval} interval; coefficients on the scale of "
            "the pool:"
        ]
        width = max(len(name) for name in fit.names)
        found += [
            f"  {name:<{width}}  {decimal_text(fit.b[i], 4)} ({decimal_text(fit.ci_low[i], 4)} to "
            f"{decimal_text(fit.ci_high[i], 4)}), {p_text(float(fit.p_value[i]))}"
            for i, name in enumerate(fit.names)
        ]
        first, second = fit.qm_df
        df = f"{first:g}" if np.isnan(second) else f"{first:g} and {second:g}"
        name = "QM" if np.isnan(second) else "QM (F)"
        found.append(
            f"  {name} {fit.qm:.2f} on {df} df ({p_text(fit.qm_p)}); R2 {fit.r2:.0f}%; residual "
            f"tau2 {decimal_text(fit.tau2, 3)}, I2 {fit.i2:.0f}%; QE {fit.qe:.2f} on "
            f"{fit.qe_df} df ({p_text(fit.qe_p)})"
        )
        found += [
            f"  {factor}: compared with {level}"
            for factor, level in self.moderators.references.items()
        ]
        found += [
            f"  Not in the regression: {s.label} ({s.reason})." for s in self.moderators.left_out
        ]
        return found


def regression_part(
    effects: StudyEffects, moderators: Moderators, options: MetaOptions
) -> RegressionPart:
    """Regress the effects on the moderators asked for.

    Parameters
    ----------
    effects : StudyEffects
    moderators : Moderators
    options : MetaOptions

    Returns
    -------
    RegressionPart

    Raises
    ------
    DataError, DesignError
        If there are too few studies, or a column depends on the others.
    """
    kept = moderators.kept
    fit = meta_regression(
        effects.yi[kept],
        effects.vi[kept],
        moderators.x,
        names=moderators.names,
        method=options.method,  # type: ignore[arg-type]
        interval=options.interval,  # type: ignore[arg-type]
        level=options.level,
    )
    return RegressionPart(fit=fit, moderators=moderators)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationPart:
    """A permutation test of the mean, or of the coefficients of the meta-regression.

    Attributes
    ----------
    test : PermutationTest
    seed : int or None
        None if all permutations were taken.
    """

    test: PermutationTest
    seed: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        test = self.test
        return {
            "permutations": test.permutations,
            "exact": test.exact,
            "seed": self.seed,
            "coefficients": [
                {
                    "name": name,
                    "statistic": float(test.statistic[i]),
                    "p_value": float(test.p_value[i]),
                    "mc_error": float(test.mc_error[i]),
                }
                for i, name in enumerate(test.names)
            ],
            "qm": test.qm,
            "qm_p": test.qm_p,
        }

    def lines(self) -> list[str]:
        """Return the test in plain lines."""
        test = self.test
        how = "all" if test.exact else "random"
        found = [f"Permutation test ({test.permutations:,} permutations, {how}):"]
        found += [
            f"  {name}: {p_text(float(test.p_value[i]))}" for i, name in enumerate(test.names)
        ]
        if test.qm_p == test.qm_p:
            found.append(f"  QM: {p_text(test.qm_p)}")
        return found


def permutation_part(
    effects: StudyEffects, moderators: Moderators | None, options: MetaOptions
) -> PermutationPart:
    """Test by permutation; by all permutations where they are no more than were asked for.

    Parameters
    ----------
    effects : StudyEffects
    moderators : Moderators or None
        None for the mean.
    options : MetaOptions
        With ``permute``.

    Returns
    -------
    PermutationPart

    Raises
    ------
    DataError, DesignError
        If the test can't be done.
    """
    kept = np.arange(effects.yi.size) if moderators is None else moderators.kept
    x = None if moderators is None else moderators.x
    draws: int | Literal["exact"] = options.permute if options.permute is not None else "exact"
    if isinstance(draws, int) and _possible(kept.size, x, draws) <= draws:
        draws = "exact"
    seed = None if draws == "exact" else options.seed
    test = permutation_test(
        effects.yi[kept],
        effects.vi[kept],
        x=x,
        names=("intercept",) if moderators is None else moderators.names,
        method=options.method,  # type: ignore[arg-type]
        interval=options.interval,  # type: ignore[arg-type]
        draws=draws,
        seed=seed,
    )
    return PermutationPart(test=test, seed=seed)


def _possible(k: int, x: np.ndarray | None, most: int) -> int:
    """Return how many permutations there are; a number above ``most`` if they are many."""
    if x is None:
        return 2**k if k < 63 else most + 1
    count = factorial(k)
    for same in Counter(map(tuple, x.tolist())).values():
        count //= factorial(same)
    return count
