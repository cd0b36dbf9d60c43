"""Chained equations: each variable imputed from all others, the treatment and the outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding, coded_column, with_knots
from locoreg.emulation.imputation.draws import (
    draw_levels,
    draw_logits,
    draw_normal,
    nearest_donors,
)
from locoreg.emulation.imputation.options import Imputation
from locoreg.emulation.products import predictor
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# A variable with fewer known values than this can't be imputed.
FEWEST_KNOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """A variable that is imputed.

    Attributes
    ----------
    place : int
        Its place among the confounders.
    column : Column
        The variable.
    missing : ndarray of bool, shape (n,)
        Whose value is unknown.
    codes : ndarray of int, shape (levels,)
        Codes of the levels that occur; empty for numbers.
    shift : float
        On the scale on which imputed values are moved: the variable's own for numbers, log odds
        for categories.
    """

    place: int
    column: Column
    missing: BoolArray
    codes: IntArray
    shift: float


class Chains:
    """Chained equations of a cohort, ready to be run.

    Parameters
    ----------
    cohort : Cohort
        The persons, with values unknown.
    grace_months : float
        End of the grace period: the imputation model knows treatment within it.
    options : Imputation
        How values are drawn.

    Raises
    ------
    DesignError
        If a variable has too few known values, or a shifted one is not imputed.

    Notes
    -----
    Fully conditional specification [1]_. Each model has all other confounders as they are coded in
    the analysis, the histories' values at time zero, treatment within the grace period and the
    months until it, an indicator of each kind of event, and the cumulative hazard of each kind at
    the end of the person's follow-up [2]_.

    References
    ----------
    .. [1] van Buuren S, Groothuis-Oudshoorn K (2011). Journal of Statistical Software 45(3):1-67.
       doi:10.18637/jss.v045.i03
    .. [2] White IR, Royston P (2009). Statistics in Medicine 28:1982-1998. doi:10.1002/sim.3618
    """

    def __init__(self, cohort: Cohort, grace_months: float, options: Imputation) -> None:
        self.options = options
        self.columns = cohort.confounders()
        self.coding = with_knots(cohort.coding, self.columns)
        self.gaps = _gaps(self.columns, options)
        self.outside = _standardised(_outside(cohort, grace_months))
        self.scale = [_scale(column, self.coding) for column in self.columns]

    def fill(
        self,
        rng: np.random.Generator,
        rounds: int,
        *,
        weight: FloatArray | None = None,
        start: tuple[FloatArray, ...] | None = None,
    ) -> tuple[FloatArray, ...]:
        """Impute once.

        Parameters
        ----------
        rng : numpy.random.Generator
            For all draws.
        rounds : int
            Rounds over the variables.
        weight : ndarray of float, shape (n,), optional
            How much each person counts in the imputation models; 1 if not given.
        start : tuple of ndarray, optional
            Values of each imputed variable to start from, as returned; by default known values
            drawn at random.

        Returns
        -------
        tuple of ndarray of float, shape (n,)
            Values without gaps of each imputed variable, in the order of ``gaps``.
        """
        weights = np.ones(self.outside.shape[0]) if weight is None else weight
        values = [column.values for column in self.columns]
        for k, gap in enumerate(self.gaps):
            given = None if start is None else start[k]
            values[gap.place] = _first(gap, weights, rng) if given is None else given
        blocks = [self._block(place, values[place]) for place in range(len(values))]
        fits: dict[int, FloatArray] = {}
        for _ in range(rounds):
            for gap in self.gaps:
                others = [block for place, block in enumerate(blocks) if place != gap.place]
                Z = np.column_stack([np.ones(weights.size), self.outside, *others])
                values[gap.place] = self._draw(gap, Z, weights, rng, fits)
                blocks[gap.place] = self._block(gap.place, values[gap.place])
        return tuple(values[gap.place] for gap in self.gaps)

    def completed(self, cohort: Cohort, values: tuple[FloatArray, ...]) -> Cohort:
        """Return the cohort with imputed values, and the knots of splines fixed."""
        filled = {
            gap.column.name: replace(gap.column, values=found)
            for gap, found in zip(self.gaps, values, strict=True)
        }
        return replace(
            cohort,
            baseline=tuple(filled.get(column.name, column) for column in cohort.baseline),
            coding=self.coding,
        )

    def _block(self, place: int, values: FloatArray) -> FloatArray:
        mean, sd = self.scale[place]
        X = coded_column(self.columns[place], self.coding, values)[0]
        return np.asarray((X - mean) / sd)

    def _draw(
        self,
        gap: Gap,
        Z: FloatArray,
        weight: FloatArray,
        rng: np.random.Generator,
        fits: dict[int, FloatArray],
    ) -> FloatArray:
        known = np.flatnonzero(~gap.missing & (weight > 0))
        lacking = np.flatnonzero(gap.missing)
        y, w = gap.column.values[known], weight[known]
        out = gap.column.values.copy()
        if gap.column.kind == "category":
            code = np.searchsorted(gap.codes, y)
            drawn, fits[gap.place] = draw_logits(
                Z[known], code, gap.codes.size, w, rng, fits.get(gap.place)
            )
            out[lacking] = gap.codes[draw_levels(Z[lacking], drawn, gap.shift, rng)]
            return out
        fit = draw_normal(Z[known], y, w, rng)
        if self.options.number_model == "normal":
            noise = fit.sd * rng.standard_normal(lacking.size)
            out[lacking] = predictor(Z[lacking], fit.drawn[:, None])[:, 0] + noise + gap.shift
            return out
        chosen = nearest_donors(
            predictor(Z[known], fit.fitted[:, None])[:, 0],
            w,
            predictor(Z[lacking], fit.drawn[:, None])[:, 0],
            self.options.donors,
            rng,
        )
        out[lacking] = y[chosen] + gap.shift
        return out


def _gaps(columns: tuple[Column, ...], options: Imputation) -> tuple[Gap, ...]:
    """Return the variables to impute, those with the fewest gaps first."""
    found = [(place, column) for place, column in enumerate(columns) if column.missing.any()]
    names = {column.name for _, column in found}
    strange = [name for name in options.shifted if name not in names]
    if strange:
        raise DesignError(
            f"{strange[0]} can't be shifted: it is not imputed.",
            hint=f"imputed are {', '.join(sorted(names)) or 'no variables'}.",
        )
    out = []
    for place, column in sorted(found, key=lambda one: (int(one[1].missing.sum()), one[0])):
        known = column.values[~column.missing]
        if known.size < FEWEST_KNOWN:
            raise DesignError(
                f"the confounder {column.name} is known for {known.size} persons: too few to "
                "impute the others.",
                hint="leave it out, or take another rule for missing values.",
            )
        moved = options.shift if not options.shifted or column.name in options.shifted else 0.0
        number = column.kind == "number"
        out.append(
            Gap(
                place=place,
                column=column,
                missing=column.missing,
                codes=np.unique(known).astype(np.int64) if not number else np.zeros(0, np.int64),
                shift=moved * float(known.std(ddof=1)) if number else moved,
            )
        )
    return tuple(out)


def _first(gap: Gap, weight: FloatArray, rng: np.random.Generator) -> FloatArray:
    known = np.flatnonzero(~gap.missing & (weight > 0))
    out = gap.column.values.copy()
    out[gap.missing] = gap.column.values[rng.choice(known, size=int(gap.missing.sum()))]
    return out


def _scale(column: Column, coding: Coding) -> tuple[FloatArray, FloatArray]:
    """Return means and standard deviations of a variable's columns where it is known."""
    known = ~column.missing
    X = coded_column(column, coding)[0][known]
    sd = X.std(axis=0)
    return X.mean(axis=0), np.where(sd > 0, sd, 1.0)


def _standardised(X: FloatArray) -> FloatArray:
    sd = X.std(axis=0)
    return np.asarray(((X - X.mean(axis=0)) / np.where(sd > 0, sd, 1.0))[:, sd > 0])


def _outside(cohort: Cohort, grace_months: float) -> FloatArray:
    """Return what predicts confounders besides each other: treatment, outcome, histories."""
    treated = cohort.treatment_time <= grace_months
    waited = np.minimum(np.minimum(cohort.treatment_time, cohort.time), grace_months)
    columns = [treated.astype(np.float64), waited]
    for kind in range(1, len(cohort.event_labels) + 1):
        events = cohort.event == kind
        columns += [
            events.astype(np.float64),
            cumulative_hazard(cohort.time, events, cohort.entry),
        ]
    if cohort.entry is not None:
        columns.append(cohort.entry)
    return np.column_stack([*columns, cohort.design_at(0.0).X])


def cumulative_hazard(time: FloatArray, event: BoolArray, entry: FloatArray | None) -> FloatArray:
    """Return the Nelson-Aalen cumulative hazard at each person's end of follow-up.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Ends of follow-up.
    event : ndarray of bool, shape (n,)
        Whether with the event.
    entry : ndarray of float, shape (n,), or None
        Starts of observation.

    Returns
    -------
    ndarray of float, shape (n,)
        From time zero to each end.
    """
    distinct, place = np.unique(time, return_inverse=True)
    ends = np.sort(time)
    at_risk = time.size - np.searchsorted(ends, distinct, side="left").astype(np.float64)
    if entry is not None:
        starts = np.sort(entry)
        at_risk -= time.size - np.searchsorted(starts, distinct, side="left")
    deaths = np.bincount(place, weights=event, minlength=distinct.size)
    return np.asarray(np.cumsum(deaths / np.maximum(at_risk, 1.0))[place])
