"""A band that holds the whole difference curve at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference.analysis import Analysis
from locoreg.emulation.inference.spread import clusters
from locoreg.emulation.products import cross_product
from locoreg.emulation.question import Question
from locoreg.stats.resample.weights import check_count
from locoreg.stats.sandwich import cluster_sums
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

# Directions in which the curves vary less than this share of the most variable one are rounding.
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DifferenceBand:
    """A simultaneous band of the difference of two curves.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Months at which the curves may differ.
    estimate, se, band_low, band_high : ndarray of float, shape (k,)
        Treated less comparator, its standard error, and the band: the whole curve lies within it
        with the probability of the level.
    critical_value : float
        Standard errors by which the band reaches from the estimate; pointwise limits reach 1.96 at
        95%.
    level : float
        In percent.
    draws, seed : int
        Of the simulation.
    """

    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    band_low: FloatArray
    band_high: FloatArray
    critical_value: float
    level: float
    draws: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the band as JSON-ready values."""
        names = ("time", "estimate", "se", "band_low", "band_high")
        out: dict[str, Any] = {name: getattr(self, name).tolist() for name in names}
        for name in ("critical_value", "level", "draws", "seed"):
            out[name] = getattr(self, name)
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per time."""
        names = ("time", "estimate", "se", "band_low", "band_high")
        return frame({name: getattr(self, name) for name in names})


def difference_band(
    analysis: Analysis,
    cohort: Cohort,
    question: Question,
    *,
    draws: int,
    seed: int,
    from_months: float = 0.0,
    cluster: bool = False,
) -> DifferenceBand:
    """Return a simultaneous band of the difference curve.

    Parameters
    ----------
    analysis : Analysis
        A method bound to the cohort.
    cohort : Cohort
        The persons.
    question : Question
        Its grid and level.
    draws : int
        Simulated curves, 1,000 or more for a level of 95%.
    seed : int
        Their seed.
    from_months : float
        The band begins here: over a shorter range it is narrower.
    cluster : bool
        Whether hospitals, not persons, are independent.

    Returns
    -------
    DifferenceBand
        Of equal precision, on the natural scale. Times at which the curves can't differ, such as
        0, are left out.

    Raises
    ------
    DesignError
        If the method has no influence functions, or the curves never differ.

    Notes
    -----
    The influence of persons times independent normal multipliers has the limiting law of the
    estimated curve [1]_. That is a normal vector with the covariance of the influence, which is
    drawn directly.

    References
    ----------
    .. [1] Lin DY, Fleming TR, Wei LJ (1994). Confidence bands for survival curves under the
       proportional hazards model. Biometrika 81:73-81. doi:10.1093/biomet/81.1.73
    """
    count = check_count("draws", draws, least=100)
    influence = analysis.influence()
    if influence is None:
        raise DesignError(
            "a simultaneous band needs influence functions, which this method lacks with these "
            "options.",
            hint="take options with which it has them.",
        )
    rows = influence.curve[:, 1] - influence.curve[:, 0]
    if cluster:
        rows = cluster_sums(rows, clusters(cohort))
    covariance = cross_product(rows, rows.copy())
    se = np.sqrt(np.diagonal(covariance))
    grid = question.grid()
    kept = np.flatnonzero((grid >= from_months) & (se > NEGLIGIBLE))
    if not kept.size:
        raise DesignError(
            f"the curves don't differ at any time from {from_months:g} months on.",
            hint="let the band begin earlier.",
        )
    correlation = covariance[np.ix_(kept, kept)] / np.outer(se[kept], se[kept])
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(check_count("seed", seed, least=0))
    largest = np.abs(rng.standard_normal((count, kept.size)) @ root.T).max(axis=1)
    critical = float(np.quantile(largest, question.level / 100.0))
    curve = analysis.values(np.ones((1, cohort.n))).curve[0]
    estimate = (curve[1] - curve[0])[kept]
    return DifferenceBand(
        time=grid[kept],
        estimate=estimate,
        se=se[kept],
        band_low=estimate - critical * se[kept],
        band_high=estimate + critical * se[kept],
        critical_value=critical,
        level=question.level,
        draws=count,
        seed=seed,
    )
