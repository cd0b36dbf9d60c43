"""What the tables are written from: patients of a registry and what was seen of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.columns import patient_ids
from locoreg.registry.synthetic.courses import Observed
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.parameters import one
from locoreg.registry.synthetic.people import BoolArray, IntArray, People
from locoreg.registry.synthetic.sites import Sites
from locoreg.registry.synthetic.strategies import ASSESSMENTS, month_starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Patients of a registry; arrays have one row per patient.

    Attributes
    ----------
    people : People
        At time zero.
    observed : Observed
        Entry, end, events.
    states : ndarray of int, shape (n, 5)
        States at the assessments.
    cause : ndarray of int
        Index into ``kernels.DEATHS``; -1: alive.
    number : ndarray of int
        Number of the patient.
    sites : Sites
        Sites.
    options : SimulationOptions
        Missing values.
    patients : int
        Patients of the whole registry.
    """

    people: People
    observed: Observed
    states: IntArray
    cause: IntArray
    number: IntArray
    sites: Sites
    options: SimulationOptions
    patients: int

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.number.size

    @property
    def zero(self) -> IntArray:
        """Day of time zero."""
        return self.people.time_zero

    @property
    def last(self) -> IntArray:
        """Last day under observation."""
        return self.people.time_zero + self.observed.end

    @property
    def diagnosis(self) -> IntArray:
        """Day of diagnosis of the primary."""
        return self.zero - (self.people.mfi * DAYS_PER_MONTH).astype(np.int64)

    def ids(self, rows: IntArray | None = None) -> pa.Array:
        """Return the ids of patients."""
        return patient_ids(self.number if rows is None else self.number[rows])

    def assessed(self, visit: int) -> BoolArray:
        """Return who is seen at an assessment."""
        return np.asarray(self.observed.end > self.visit_day(visit))

    def visit_day(self, visit: int) -> int:
        """Return the day of an assessment after time zero."""
        return int(month_starts()[ASSESSMENTS[visit]])

    def progressed(self) -> IntArray:
        """Return the day of the first assessment with progression; -1: none seen."""
        day = np.full(self.n, -1, dtype=np.int64)
        for visit in range(len(ASSESSMENTS) - 1, -1, -1):
            here = (self.states[:, visit] == 2) & self.assessed(visit)
            day[here] = self.visit_day(visit)
        return day

    def missing(self, rng: np.random.Generator, value: object = None) -> BoolArray:
        """Draw which values are missing.

        Parameters
        ----------
        rng : Generator
            Random numbers.
        value : ndarray, optional
            Standardised value, on which missingness depends with ``not-at-random``.

        Returns
        -------
        ndarray of bool
            Missing.
        """
        chance, by_chance = rng.random(self.n), rng.random(self.n)
        kind = self.options.missing
        if kind == "none":
            return np.zeros(self.n, dtype=bool)
        share = one("missing_at_random")
        logit = np.log(share / (1 - share)) + self.sites.missing[self.people.site]
        logit = logit + 0.25 * self.people.decades
        if kind == "not-at-random" and value is not None:
            logit = logit + one("missing_by_value") * np.asarray(value, dtype=float)
        at_random = chance < 1 / (1 + np.exp(-logit))
        return np.asarray(at_random | (by_chance < one("missing_completely")))
