"""One chunk of patients: drawn, followed, seen, written as rows; its share of the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from locoreg.registry.synthetic.columns import Block
from locoreg.registry.synthetic.courses import (
    NATURAL,
    Courses,
    Observed,
    expected_outcomes,
    observe,
    potential_outcomes,
)
from locoreg.registry.synthetic.errors import inject
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.people import IntArray, People, draw_people
from locoreg.registry.synthetic.risks import Risks, risks
from locoreg.registry.synthetic.scenario import Scenario
from locoreg.registry.synthetic.seen import Seen
from locoreg.registry.synthetic.sites import Sites, draw_sites
from locoreg.registry.synthetic.tables import all_blocks
from locoreg.registry.synthetic.truth.patients import patient_truth
from locoreg.registry.synthetic.truth.sums import Sums, sums_of

CHUNK = 20_000
# Few patients of few sites die before they are seen: this many more are drawn.
SPARE_SHARE, SPARE = 0.06, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A registry to be simulated.

    Attributes
    ----------
    scenario : Scenario
        What is true.
    options : SimulationOptions
        What is seen.
    patients, seed : int
        Size and seed.
    sites : Sites
        Sites.
    """

    scenario: Scenario
    options: SimulationOptions
    patients: int
    seed: int
    sites: Sites

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.patients // CHUNK)

    @property
    def dirty(self) -> bool:
        """Whether errors are put in."""
        return self.scenario.dirty or self.options.dirty


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows and truth of some patients.

    Attributes
    ----------
    blocks : list of (str, pyarrow.Table)
        Rows of the canonical tables.
    truth : pyarrow.Table
        One row per patient drawn, those included who were never seen.
    errors : pyarrow.Table or None
        Errors put in.
    sums : Sums
        Sums for the population's contrasts.
    """

    blocks: list[Block]
    truth: pa.Table
    errors: pa.Table | None
    sums: Sums


def plan(scenario: Scenario, options: SimulationOptions, *, patients: int, seed: int) -> Plan:
    """Return the plan of a registry; its sites are drawn from the seed's first child."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    return Plan(
        scenario=scenario,
        options=options,
        patients=patients,
        seed=seed,
        sites=draw_sites(rng, late_entry=options.late_entry),
    )


def make_chunk(plan: Plan, index: int) -> Chunk:
    """Return one chunk; it depends on the plan and its number only.

    Parameters
    ----------
    plan : Plan
        The registry.
    index : int
        Number of the chunk, from 0.

    Returns
    -------
    Chunk
        Rows and truth.
    """
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(1 + index,)))
    first = index * CHUNK
    wanted = min(CHUNK, plan.patients - first)
    people, drive, courses, observed = _draw(rng, plan, wanted)
    rows = np.flatnonzero(observed.entered)
    number = np.zeros(people.n, dtype=np.int64)
    number[rows] = first + 1 + np.arange(rows.size)
    expected = expected_outcomes(drive)
    seen = Seen(
        people=people.take(rows),
        observed=_take_observed(observed, rows),
        states=courses.states[rows],
        cause=courses.cause[rows, NATURAL],
        number=number[rows],
        sites=plan.sites,
        options=plan.options,
        patients=plan.patients,
    )
    blocks = all_blocks(rng, seen)
    errors = None
    if plan.dirty:
        blocks, errors = inject(rng, blocks)
    return Chunk(
        blocks=[(name, rows) for name, rows in blocks if rows.num_rows],
        truth=patient_truth(people, drive, courses, observed, expected, number, plan.sites),
        errors=errors,
        sums=sums_of(people, courses, expected, drive),
    )


def _draw(
    rng: np.random.Generator, plan: Plan, wanted: int
) -> tuple[People, Risks, Courses, Observed]:
    """Draw patients until enough are seen; keep those up to the last one needed."""
    n = wanted + int(wanted * SPARE_SHARE) + SPARE
    while True:
        people = draw_people(rng, n, plan.sites)
        drive = risks(people, plan.sites, plan.scenario)
        courses = potential_outcomes(people, drive)
        observed = observe(rng, people, courses, plan.sites, plan.options)
        rows = np.flatnonzero(observed.entered)
        if rows.size >= wanted:
            break
        n *= 2
    keep = np.arange(rows[wanted - 1] + 1)
    people = people.take(keep)
    return (
        people,
        risks(people, plan.sites, plan.scenario),
        courses.take(keep),
        _take_observed(observed, keep),
    )


def _take_observed(observed: Observed, rows: IntArray) -> Observed:
    return Observed(
        entry=observed.entry[rows],
        end=observed.end[rows],
        dead=observed.dead[rows],
        operated=observed.operated[rows],
        entered=observed.entered[rows],
        lost=observed.lost[rows],
    )
