"""The truth for the population: survival under each strategy, and contrasts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from locoreg.registry.synthetic.strategies import CONTRASTS, HORIZONS, NAMES
from locoreg.registry.synthetic.truth.sums import MEASURES, Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueValue:
    """One true number of a simulated population.

    Attributes
    ----------
    subgroup : str
        Patients it is about.
    n : int
        How many of them were drawn, those never seen included.
    subject : str
        Strategy, or contrast (difference of two strategies).
    horizon_months : int
        Time.
    measure : {"survival", "rmst"}
        Survival at the horizon, or mean months lived up to it; of a contrast: their difference.
    expected, expected_se : float or None
        Mean over patients of the expectation given what they have at time zero, and its Monte
        Carlo standard error: the number to compare estimates with.
    realised, realised_se : float or None
        Mean of the potential outcomes drawn: what a trial on exactly these patients would show.
    """

    subgroup: str
    n: int
    subject: str
    horizon_months: int
    measure: str
    expected: float | None
    expected_se: float | None
    realised: float | None
    realised_se: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the best choice for each patient would bring.

    Attributes
    ----------
    subgroup, contrast, horizon_months
        Patients, contrast, time.
    share_gaining : float or None
        Share with a positive expected RMST difference.
    gain_of_best_choice : float or None
        Mean RMST difference (months) if exactly these were treated, against nobody.
    mean_log_hr : float or None
        Mean log hazard ratio of local therapy.
    """

    subgroup: str
    contrast: str
    horizon_months: int
    share_gaining: float | None
    gain_of_best_choice: float | None
    mean_log_hr: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return asdict(self)


def true_values(sums: Sums) -> tuple[TrueValue, ...]:
    """Return all true numbers of a population.

    Parameters
    ----------
    sums : Sums
        Sums over its patients.

    Returns
    -------
    tuple of TrueValue
        By subgroup, strategy or contrast, horizon and measure.
    """
    return tuple(
        _value(sums, g, s, h, m)
        for g in range(len(sums.groups))
        for s in range(len(NAMES) + len(CONTRASTS))
        for h in range(len(HORIZONS))
        for m in range(len(MEASURES))
    )


def _value(sums: Sums, g: int, s: int, h: int, m: int) -> TrueValue:
    n = int(sums.count[g])
    numbers = []
    for kind in (1, 0):
        total, squares = sums.total[g, s, h, m, kind], sums.squares[g, s, h, m, kind]
        mean = total / n if n else None
        se = None
        if n > 1:
            se = math.sqrt(max(squares - total * total / n, 0.0) / (n - 1) / n)
        numbers += [None if mean is None else float(mean), se]
    return TrueValue(
        subgroup=sums.groups[g],
        n=n,
        subject=(*NAMES, *CONTRASTS)[s],
        horizon_months=HORIZONS[h],
        measure=MEASURES[m],
        expected=numbers[0],
        expected_se=numbers[1],
        realised=numbers[2],
        realised_se=numbers[3],
    )


def choices(sums: Sums) -> tuple[Choice, ...]:
    """Return what the best choice would bring, by subgroup, contrast and horizon."""
    out = []
    for g, group in enumerate(sums.groups):
        n = sums.count[g]
        for c, contrast in enumerate(CONTRASTS):
            for h, horizon in enumerate(HORIZONS):
                out.append(
                    Choice(
                        subgroup=group,
                        contrast=contrast,
                        horizon_months=horizon,
                        share_gaining=float(sums.gaining[g, c, h] / n) if n else None,
                        gain_of_best_choice=float(sums.gain[g, c, h] / n) if n else None,
                        mean_log_hr=float(sums.effect[g] / n) if n else None,
                    )
                )
    return tuple(out)
