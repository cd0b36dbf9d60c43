"""What happens to patients under every strategy, and what of it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic import kernels
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.parameters import FloatArray, one
from locoreg.registry.synthetic.people import BoolArray, IntArray, People, lock_day
from locoreg.registry.synthetic.risks import Risks
from locoreg.registry.synthetic.sites import Sites
from locoreg.registry.synthetic.strategies import (
    ASSESSMENTS,
    HORIZONS,
    MONTHS,
    STRATEGIES,
    month_starts,
    policies,
)

NATURAL = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """Potential outcomes; days count from time zero, -1 is never (within 120 months).

    Attributes
    ----------
    death, cause, operated : ndarray of int, shape (n, 6)
        Day of death, index into ``kernels.DEATHS``, day of local therapy, by strategy.
    states : ndarray of int, shape (n, 5)
        States at the assessments in the natural course.
    """

    death: IntArray
    cause: IntArray
    operated: IntArray
    states: IntArray

    def take(self, rows: IntArray) -> Courses:
        """Return some of the patients."""
        return Courses(
            death=self.death[rows],
            cause=self.cause[rows],
            operated=self.operated[rows],
            states=self.states[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Expectations given everything at time zero, by strategy and horizon.

    Attributes
    ----------
    survival, rmst : ndarray of float, shape (n, 6, 4)
        Survival at, and mean months lived up to, each of ``HORIZONS``.
    """

    survival: FloatArray
    rmst: FloatArray


def potential_outcomes(people: People, drive: Risks) -> Courses:
    """Return what happens to each patient under each strategy.

    Parameters
    ----------
    people : People
        Patients.
    drive : Risks
        Their intensities.

    Returns
    -------
    Courses
        Potential outcomes.
    """
    n, shape = people.n, (len(STRATEGIES), people.n)
    death, cause, operated = (np.empty(shape, dtype=np.int64) for _ in range(3))
    states = np.empty((n, len(ASSESSMENTS)), dtype=np.int64)
    natural, patients = states, drive.by_patient()
    for s, policy in enumerate(policies()):
        kernels.follow(
            people.seed,
            patients,
            drive.by_state(),
            drive.month_therapy,
            drive.trend,
            one("perioperative_same_day"),
            drive.feedback,
            np.array(ASSESSMENTS, dtype=np.int64),
            month_starts(),
            policy,
            death[s],
            cause[s],
            operated[s],
            states,
        )
        if s == NATURAL:
            natural = states.copy()
    return Courses(death=death.T, cause=cause.T, operated=operated.T, states=natural)


def expected_outcomes(drive: Risks) -> Expected:
    """Return what is expected of each patient under each strategy.

    Parameters
    ----------
    drive : Risks
        Intensities.

    Returns
    -------
    Expected
        Exact but for rounding: nothing is drawn.
    """
    shape = (drive.other.size, len(STRATEGIES), len(HORIZONS))
    survival, mean = np.empty(shape), np.empty(shape)
    expect_into(drive, policies(), HORIZONS, survival, mean)
    return Expected(survival=survival, rmst=mean)


def expect_into(
    drive: Risks,
    chosen: IntArray,
    horizons: Sequence[int],
    survival: FloatArray,
    mean: FloatArray,
) -> None:
    """Fill expectations under chosen policies at chosen horizons.

    Parameters
    ----------
    drive : Risks
        Intensities.
    chosen : ndarray of int, shape (s, 3)
        First, end and forced month.
    horizons : sequence of int
        Months, ascending.
    survival, mean : ndarray of float, shape (n, s, h)
        Filled.
    """
    kernels.expect(
        drive.by_patient(),
        drive.by_state(),
        drive.month_therapy,
        drive.trend,
        one("perioperative_same_day"),
        drive.feedback,
        np.array(ASSESSMENTS, dtype=np.int64),
        month_starts(),
        chosen,
        np.array(horizons, dtype=np.int64),
        DAYS_PER_MONTH,
        survival,
        mean,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the registry sees of the natural course; days count from time zero.

    Attributes
    ----------
    entry, end : ndarray of int
        First and last day under observation.
    dead : ndarray of bool
        Whether the last day is that of death.
    operated : ndarray of int
        Day of local therapy; -1: none seen.
    entered : ndarray of bool
        Whether the patient lived long enough to be seen at all.
    lost : ndarray of bool
        Whether observation ends by loss to follow-up.
    """

    entry: IntArray
    end: IntArray
    dead: BoolArray
    operated: IntArray
    entered: BoolArray
    lost: BoolArray


def observe(
    rng: np.random.Generator,
    people: People,
    courses: Courses,
    sites: Sites,
    options: SimulationOptions,
) -> Observed:
    """Return what a registry sees of patients.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    people : People
        Patients.
    courses : Courses
        Their potential outcomes.
    sites : Sites
        Sites.
    options : SimulationOptions
        Kind of loss.

    Returns
    -------
    Observed
        Entry, end and events.
    """
    entry = _entry(rng, people, sites)
    death = courses.death[:, NATURAL]
    operated = courses.operated[:, NATURAL]
    loss = _loss(people, courses, sites, entry, options)
    never = int(month_starts()[MONTHS])
    locked = np.minimum(lock_day() - people.time_zero, never)
    lives_to = np.where(death < 0, never + 1, death)
    lost_on = np.where(loss < 0, never + 1, loss)
    end = np.minimum(np.minimum(lives_to, lost_on), locked)
    dead = lives_to == end
    return Observed(
        entry=entry,
        end=end,
        dead=dead,
        operated=np.where((operated >= 0) & (operated <= end), operated, -1),
        entered=end > entry,
        lost=~dead & (lost_on == end),
    )


def _entry(rng: np.random.Generator, people: People, sites: Sites) -> IntArray:
    delay = rng.exponential(one("late_mean") * DAYS_PER_MONTH, people.n)
    late = sites.late[people.site] & (rng.random(people.n) < one("late_share"))
    return np.where(late, 1 + delay.astype(np.int64), 0)


def _loss(
    people: People, courses: Courses, sites: Sites, entry: IntArray, options: SimulationOptions
) -> IntArray:
    day = np.full(people.n, -1, dtype=np.int64)
    if options.loss == "none":
        return day
    rate = one("loss_rate")
    odds = np.full(people.n, np.log(rate / (1 - rate)))
    if options.loss != "random":
        odds += one("loss_log_odds_age") * people.decades + sites.loss[people.site]
        odds += one("loss_log_odds_ecog") * (people.ecog >= 2)
    by_arm = options.loss == "arm"
    kernels.lose(
        people.seed,
        odds,
        entry,
        courses.operated[:, NATURAL].copy(),
        courses.states,
        np.array(ASSESSMENTS, dtype=np.int64),
        one("loss_log_odds_treated") if by_arm else 0.0,
        one("loss_log_odds_progression") if by_arm else 0.0,
        month_starts(),
        day,
    )
    return day
