"""Trials that are simulated patient by patient, many at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.planning.observed import FollowUp
from locoreg.planning.piecewise import PiecewiseCurve
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Patients that are held in memory at a time.
CHUNK = 400_000
MOST_REPLICATIONS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPower:
    """What became of simulated trials.

    Attributes
    ----------
    power, power_se : float
        Share that found the intervention better than the margin, and its Monte Carlo error.
    harm, harm_se : float
        Share that found it worse, by a test of the same level.
    replications, seed, patients : int
        How it was made.
    events, months : float
        Mean events and mean end of the trial.
    short : int
        Trials that ended with fewer events than asked for.
    extended : int
        Trials in which a Kaplan-Meier curve was carried on beyond its last time, because somebody
        censored was the last one before the horizon or landmark.
    undefined : int
        Trials without a statistic; they count as not significant.
    """

    power: float
    power_se: float
    harm: float
    harm_se: float
    replications: int
    seed: int
    patients: int
    events: float
    months: float
    short: int
    extended: int
    undefined: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def simulate_power(
    design: TwoArmDesign,
    *,
    patients: int,
    replications: int,
    seed: int,
    events: int | None = None,
) -> SimulatedPower:
    """Simulate trials and test each.

    Parameters
    ----------
    design : TwoArmDesign
        The trial.
    patients : int
        In both arms.
    replications, seed : int
        How many trials, and the start of the random numbers.
    events : int, optional
        End each trial when so many events were seen, and not later than the design says; without
        it each ends when the design says.

    Returns
    -------
    SimulatedPower
        Shares with their Monte Carlo errors.

    Raises
    ------
    DesignError
        If a count is out of its range.
    """
    treated = round(design.allocation * patients)
    if min(treated, patients - treated) < 2:
        raise DesignError("each arm needs two patients or more.", hint="state more patients.")
    if not 1 <= replications <= MOST_REPLICATIONS:
        raise DesignError(f"replications are 1 to {MOST_REPLICATIONS:,}.")
    if seed < 0:
        raise DesignError(f"a seed is a whole number from 0, and not {seed}.")
    if events is not None and not 1 <= events <= patients:
        raise DesignError("the events that end a trial are 1 to the number of patients.")
    rng = np.random.default_rng(seed)
    at_a_time = max(1, CHUNK // patients)
    parts = []
    for start in range(0, replications, at_a_time):
        count = min(at_a_time, replications - start)
        parts.append(_batch(design, (patients - treated, treated), count, events, rng))
    z = np.concatenate([part[0] for part in parts])
    better, worse = z > design.z_alpha, z < -design.z_alpha
    power, harm = float(better.mean()), float(worse.mean())
    return SimulatedPower(
        power=power,
        power_se=math.sqrt(power * (1 - power) / replications),
        harm=harm,
        harm_se=math.sqrt(harm * (1 - harm) / replications),
        replications=replications,
        seed=seed,
        patients=patients,
        events=sum(part[1] for part in parts) / replications,
        months=sum(part[2] for part in parts) / replications,
        short=sum(part[3] for part in parts),
        extended=sum(part[4] for part in parts),
        undefined=int(np.isnan(z).sum()),
    )


def _batch(
    design: TwoArmDesign,
    sizes: tuple[int, int],
    count: int,
    events: int | None,
    rng: np.random.Generator,
) -> tuple[FloatArray, float, float, int, int]:
    """Return statistics, sums of events and months, and counts of short and extended trials."""
    arms = design.curves()
    drawn = [_draw(arms[arm], design.follow_up, (count, sizes[arm]), rng) for arm in (0, 1)]
    end = np.full(count, design.follow_up.total_months)
    short = 0
    if events is not None:
        calendar = np.concatenate([_calendar(one) for one in drawn], axis=1)
        reached = np.partition(calendar, events - 1, axis=1)[:, events - 1]
        short = int((reached > end).sum())
        end = np.minimum(end, reached)
    data = [_cut(one, end) for one in drawn]
    z, extended = _statistic(design)(data)
    seen = float(sum(event.sum() for _, event in data))
    return z, seen, float(end.sum()), short, extended


def _draw(
    curve: PiecewiseCurve, follow_up: FollowUp, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return entry, time to the event and time to drop-out."""
    entry = follow_up.accrual.month_of(rng.random(shape))
    event = curve.time_of(rng.exponential(size=shape))
    loss = follow_up.dropout_hazard
    lost = rng.exponential(size=shape) / loss if loss > 0 else np.full(shape, np.inf)
    return entry, event, lost


def _calendar(drawn: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """Return the month of each event that drop-out leaves to be seen."""
    entry, event, lost = drawn
    return np.asarray(np.where(event <= lost, entry + event, np.inf))


def _cut(
    drawn: tuple[FloatArray, FloatArray, FloatArray], end: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return time and event by the end of each trial; not entered by then is a time of 0."""
    entry, event, lost = drawn
    limit = np.minimum(lost, np.maximum(end[:, None] - entry, 0.0))
    # The event that ends a trial is seen: its month is the very sum that the end was taken from.
    seen = (event <= lost) & (entry + event <= end[:, None])
    return np.where(seen, event, np.minimum(event, limit)), seen


Data = list[tuple[FloatArray, BoolArray]]


def _statistic(design: TwoArmDesign) -> Callable[[Data], tuple[FloatArray, int]]:
    test = design.test
    if isinstance(test, LogRank):
        return lambda data: (_score(data, test.margin), 0)
    return lambda data: _kaplan_meier(data, test)


def _score(data: Data, margin: float) -> FloatArray:
    """Return minus the standardised score of the log hazard ratio at a margin."""
    time = np.concatenate([one[0] for one in data], axis=1)
    event = np.concatenate([one[1] for one in data], axis=1)
    treated = np.zeros(time.shape[1], dtype=bool)
    treated[data[0][0].shape[1] :] = True
    order = np.argsort(time, axis=1)
    event = np.take_along_axis(event, order, axis=1)
    arm = treated[order].astype(float)
    at_risk = np.cumsum(arm[:, ::-1], axis=1)[:, ::-1]
    others = np.arange(time.shape[1], 0, -1.0) - at_risk
    share = margin * at_risk / (margin * at_risk + others)
    score = np.where(event, arm - share, 0.0).sum(axis=1)
    variance = np.where(event, share * (1 - share), 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-score / np.sqrt(variance))


def _kaplan_meier(data: Data, test: RestrictedMean | Landmark) -> tuple[FloatArray, int]:
    """Return the statistic of a difference between Kaplan-Meier curves."""
    values, variances, carried = [], [], np.zeros(data[0][0].shape[0], dtype=bool)
    for time, event in data:
        found = _arm(time, event, test)
        values.append(found[0])
        variances.append(found[1])
        carried |= found[2]
    margin = test.margin_months if isinstance(test, RestrictedMean) else test.margin
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (values[1] - values[0] + margin) / np.sqrt(variances[0] + variances[1])
    return np.asarray(z), int(carried.sum())


def _arm(
    time: FloatArray, event: BoolArray, test: RestrictedMean | Landmark
) -> tuple[FloatArray, FloatArray, BoolArray]:
    end = test.horizon_months if isinstance(test, RestrictedMean) else test.at_months
    order = np.argsort(time, axis=1)
    t = np.take_along_axis(time, order, axis=1)
    died = np.take_along_axis(event, order, axis=1) & (t <= end)
    at_risk = np.arange(t.shape[1], 0, -1.0)
    alive = np.cumprod(np.where(died, 1 - 1 / at_risk, 1.0), axis=1)
    last: FloatArray = np.asarray(alive[:, -1], dtype=float)
    carried = (t[:, -1] < end) & (last > 0)
    # The last one at risk has no Greenwood term: nothing is left after it.
    term = np.where(died & (at_risk > 1), 1 / (at_risk * np.maximum(at_risk - 1, 1)), 0.0)
    if isinstance(test, RestrictedMean):
        start = np.minimum(t, end)
        widths = np.diff(start, axis=1, append=float(end))
        steps = alive * widths
        left = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        mean: FloatArray = start[:, 0] + steps.sum(axis=1)
        return np.asarray(mean, dtype=float), np.asarray((left**2 * term).sum(axis=1)), carried
    greenwood = term.sum(axis=1)
    if test.scale == "plain":
        return last, np.asarray(last**2 * greenwood), carried
    with np.errstate(divide="ignore", invalid="ignore"):
        spent = -np.log(last)
        return -np.log(spent), greenwood / spent**2, carried
