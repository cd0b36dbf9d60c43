"""PET-PEESE: the effect extrapolated to a study without sampling error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike
from scipy.special import stdtr

from locoreg.stats.smallstudy.asymmetry import RegressionTest, regression_test
from locoreg.stats.smallstudy.onepool import check_alpha
from locoreg.stats.studies import check_option

Alternative = Literal["two-sided", "greater", "less"]
ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "greater", "less")


@dataclass(frozen=True, slots=True, kw_only=True)
class PetPeese:
    """Two extrapolations, and the one that the conditional rule takes.

    Attributes
    ----------
    pet : RegressionTest
        Line in the standard error.
    peese : RegressionTest
        Line in the variance.
    alpha : float
        Level at which PET decides.
    alternative : {"two-sided", "greater", "less"}
        Side of PET's test of an effect of 0.
    p_effect : float
        Its p-value: of PET's intercept, with k - 2 degrees of freedom.
    chosen : {"pet", "peese"}
        PEESE where PET finds an effect, else PET.
    estimate, se, ci_low, ci_high : float
        Intercept of the chosen line; the interval does not know that the line was chosen.
    """

    pet: RegressionTest
    peese: RegressionTest
    alpha: float
    alternative: Alternative
    p_effect: float
    chosen: Literal["pet", "peese"]
    estimate: float
    se: float
    ci_low: float
    ci_high: float


def pet_peese(
    yi: ArrayLike, vi: ArrayLike, *, alpha: float, alternative: Alternative, level: float
) -> PetPeese:
    """Extrapolate the effects to a standard error of zero.

    Both lines are least squares with weights 1/v and standard errors from the residuals, as the
    authors define them: ``y = b0 + b1 se`` (PET) and ``y = b0 + b1 v`` (PEESE). PET's intercept
    is biased towards 0 where there is an effect, PEESE's away from 0 where there is none;
    so PET's own test of its intercept decides which of the two is taken.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of three studies or more.
    alpha : float
        Level of that test. The authors take a one-sided 0.05 on the side of the effect, which
        is ``alternative="greater"`` for positive effects.
    alternative : {"two-sided", "greater", "less"}
        Side of that test.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    PetPeese
        Both and the choice.

    Raises
    ------
    DataError
        If the numbers or options can't be used.
    DesignError
        As for `regression_test`.

    References
    ----------
    Stanley TD, Doucouliagos H (2014). Research Synthesis Methods 5:60-78.
    doi:10.1002/jrsm.1095
    """
    check_alpha(alpha)
    check_option("alternative", alternative, ALTERNATIVES)
    pet = regression_test(yi, vi, model="lm", predictor="se", level=level)
    peese = regression_test(yi, vi, model="lm", predictor="variance", level=level)
    statistic = pet.limit_est / pet.limit_se
    sided = {"greater": -statistic, "less": statistic, "two-sided": -abs(statistic)}[alternative]
    p_effect = float(stdtr(pet.df, sided)) * (2.0 if alternative == "two-sided" else 1.0)
    line = peese if p_effect <= alpha else pet
    return PetPeese(
        pet=pet, peese=peese, alpha=float(alpha), alternative=alternative, p_effect=p_effect,
        chosen="peese" if line is peese else "pet", estimate=line.limit_est, se=line.limit_se,
        ci_low=line.limit_low, ci_high=line.limit_high,
    )  # fmt: skip
