"""Find the settings that give the printed digits of a published pool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Catalog, Claim
from locoreg.evidence.reproduce.candidates import (
    Context,
    Family,
    Source,
    arm_families,
    effect_family,
    later_reports,
    sources,
)
from locoreg.evidence.reproduce.chance import Neighbourhood
from locoreg.evidence.reproduce.explain import Outcome, conclude
from locoreg.evidence.reproduce.patients import counted_out
from locoreg.evidence.reproduce.results import Chance, LevelCount, Reproduction, Searched
from locoreg.evidence.reproduce.rows import LEVELS, Readings
from locoreg.evidence.reproduce.search import (
    ESTIMATORS,
    INTERVALS,
    PER_INPUT,
    TOLERANCE,
    Block,
    Place,
    Pools,
    blocks,
    count_inputs,
    departures_at,
    distances,
    further_digits,
    is_common,
    pools,
)
from locoreg.evidence.reproduce.settings import Published
from locoreg.evidence.reproduce.slips import with_slips
from locoreg.evidence.reproduce.target import find_pool, is_testable, published_numbers

MOST_DEPARTURES = 3
MOST_INPUT_SETS = 300_000
CHUNK = 20_000
SLIP_DEPARTURES = 2
# Typing slips, and settings that miss the printed I2 or p, are so many that they explain almost
# anything: dismissed where they would explain more than this share of made-up pools.
MOST_WEAK_CHANCE = 0.1
Reading = tuple[str, str]


def reproduce(
    catalog: Catalog,
    pool_id: str,
    *,
    readings: Iterable[Reading] = (),
    max_departures: int = MOST_DEPARTURES,
) -> Reproduction:
    """Search for the settings that give a published pool.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    pool_id : str
        A pool, or a study that has exactly one.
    readings : iterable of (str, str)
        Readings that the evidence supports beyond the rows in force: claim id
        and ``column=value`` (``reference_arm=intervention``, ``ci_level=90``)
        or ``exclude``.
    max_departures : int
        Most departures from those readings in one setting.

    Returns
    -------
    Reproduction
        Verdict, matching settings, counts and explanation.

    Raises
    ------
    DataError
        If there is no such pool, or its row has no estimate with an interval.
    """
    pool = find_pool(catalog, pool_id)
    claim = catalog.claims[pool.claim_id]
    published = published_numbers(claim)
    supported = Readings(catalog, readings)
    inputs = sources(catalog, pool)
    families, missing = _families(catalog, claim, inputs, supported)
    search = _Search(published=published, families=families)
    if families:
        search.run(max_departures)
    outcome = Outcome(
        pool=pool,
        claim=claim,
        published=published,
        places=tuple(search.places),
        weaker=tuple(search.weaker) if search.full else (),
        full=search.full,
        closest=search.closest,
        searched=search.searched(missing),
        chance=None if search.minimal is None else search.chance(),
        minimal=search.minimal,
    )
    return conclude(outcome)


def reproduce_all(
    catalog: Catalog,
    *,
    readings: Iterable[Reading] = (),
    max_departures: int = MOST_DEPARTURES,
) -> tuple[Reproduction, ...]:
    """Search for the settings of every pool of the catalogue.

    Parameters
    ----------
    catalog, readings, max_departures
        As for :func:`reproduce`.

    Returns
    -------
    tuple of Reproduction
        One per pool whose row has an estimate with an interval, in the order
        of the table.
    """
    given = tuple(readings)
    return tuple(
        reproduce(catalog, pool_id, readings=given, max_departures=max_departures)
        for pool_id in catalog.pools
        if is_testable(catalog.claims[catalog.pools[pool_id].claim_id])
    )


def _families(
    catalog: Catalog, claim: Claim, inputs: tuple[Source, ...], readings: Readings
) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return what can be searched, and in words what can't."""
    measure = claim.resolved_measure or "HR"
    outcome = catalog.outcome_id(claim.outcome) or ""
    subgroup = _patients(catalog, claim, inputs)
    out = counted_out(catalog, claim, [i.study_id for i in inputs], outcome, subgroup)
    context = Context(
        catalog=catalog,
        readings=readings,
        outcome=outcome,
        subgroup=subgroup,
        scale="log" if measure in RATIO_MEASURES else "identity",
        reference_arm=claim.reference_arm or "control",
        year=_year(catalog, claim),
        counted_out=out,
    )
    printed = effect_family(context, inputs)
    lacking = [
        source.label
        for source, options in zip(inputs, printed.inputs, strict=True)
        if len(options) == 1
    ]
    families = [printed] if len(inputs) - len(lacking) >= 2 else []
    if context.scale == "log" and (lacking or measure in ("OR", "RR")):
        families += arm_families(context, inputs, measure)
    where = f" in {context.subgroup}" if context.subgroup else ""
    missing = [
        f"{label} has no effect with an interval for {context.outcome}{where}" for label in lacking
    ]
    missing += [f"{r}, which is younger than the pool" for r in later_reports(context, inputs)]
    missing += [
        f"{report}, with which the patients do not add to the {claim.n} printed"
        for report in sorted(out)
    ]
    return tuple(families), tuple(missing)


def _year(catalog: Catalog, claim: Claim) -> int | None:
    report = catalog.references.get(catalog.report_id(claim))
    return None if report is None else report.year


def _patients(catalog: Catalog, claim: Claim, inputs: tuple[Source, ...]) -> str:
    """Return the pool's subgroup of patients; a label that no input's row has is a label only."""
    if claim.subgroup is None or "=" not in claim.subgroup:
        return ""
    dimension = claim.subgroup.partition("=")[0]
    known = {
        (row.subgroup or "").partition("=")[0]
        for study in catalog.studies.values()
        if study.design != "pooled"
        for row in catalog.claims_of(study.study_id)
    }
    return claim.subgroup if dimension in known else ""


@dataclass(slots=True, kw_only=True)
class _Search:
    """The state of one search."""

    published: Published
    families: tuple[Family, ...]
    places: list[Place] = field(default_factory=list)
    weaker: list[Place] = field(default_factory=list)
    levels: list[LevelCount] = field(default_factory=list)
    closest: Place | None = None
    nearest: tuple[int, float] = (1_000, np.inf)
    minimal: int | None = None
    full: bool = True
    slips: bool = False
    stopped: str = ""
    dismissed: str = ""
    neighbourhood: Neighbourhood = field(init=False)

    def __post_init__(self) -> None:
        self.neighbourhood = Neighbourhood(self.published)

    def run(self, most: int) -> None:
        """Deepen until something matches, and one level further."""
        self._deepen(most)
        if not self.places:
            slipped = [family for family in map(with_slips, self.families) if family is not None]
            if slipped:
                self._again(tuple(slipped))
        if not self.places and self.weaker:
            self.places, self.full = self.weaker, False
            self.minimal = min(len(departures_at(place)) for place in self.places)
            self._dismiss("without the printed I2 or p-value")

    def _again(self, families: tuple[Family, ...]) -> None:
        before, self.families = self.levels, families
        nearest, weaker, neighbourhood = self.closest, self.weaker, self.neighbourhood
        self.slips, self.weaker = True, []
        self.levels, self.neighbourhood = [], Neighbourhood(self.published)
        self._deepen(SLIP_DEPARTURES)
        if self.minimal is not None:
            self._dismiss("with typing slips")
        self.levels += before[len(self.levels) :]
        # A slip that does not even give all that is printed is no explanation.
        self.closest, self.weaker = nearest, weaker
        if self.minimal is None:
            self.neighbourhood = neighbourhood

    def chance(self) -> Chance:
        """Return how easily made-up pools are explained as simply.

        With as few departures, and, where a method in common use explains the
        published pool, by such a method too.
        """
        common = any(
            is_common(ESTIMATORS[place.estimator], INTERVALS[place.interval])
            and len(departures_at(place)) == self.minimal
            for place in self.places
        )
        return self.neighbourhood.chance(self.minimal or 0, with_p=self.full, common=common)

    def _dismiss(self, which: str) -> None:
        """Drop matches of a weak kind that made-up pools would find too."""
        if not self.minimal:
            return
        share = self.chance().share_explained
        if share <= MOST_WEAK_CHANCE:
            return
        self.dismissed = (
            f"{len(self.places)} settings {which} give the digits, but "
            f"{100 * share:.0f}% of made-up pools near this one find such a setting too"
        )
        self.places, self.minimal = [], None

    def _deepen(self, most: int) -> None:
        last = most
        for departures in range(most + 1):
            if departures > last:
                return
            sets = sum(count_inputs(family, departures) for family in self.families)
            if sets > MOST_INPUT_SETS:
                kind = "with typing slips, " if self.slips else ""
                self.stopped = (
                    f"{kind}{departures} simultaneous departures would be {sets:,} sets of inputs; "
                    f"at most {MOST_INPUT_SETS:,} are searched"
                )
                return
            self._level(departures)
            if self.minimal is None and self.levels[-1].matches:
                self.minimal = departures
                last = min(most, departures + 1)

    def _level(self, departures: int) -> None:
        sets = 0
        before = len(self.places)
        for family in self.families:
            for block in blocks(family, departures):
                sets += len(block.chosen)
                for start in range(0, len(block.chosen), CHUNK):
                    self._compare(_part(block, start), departures)
        found = self.places[before:]
        self.levels.append(
            LevelCount(
                departures=departures,
                inputs=sets,
                settings=sets * PER_INPUT,
                matches=len(found),
                matching_readings=len({tuple(d.key for d in departures_at(p)) for p in found}),
            )
        )

    def _compare(self, block: Block, departures: int) -> None:
        found: Pools = pools(block, self.published)
        distance = distances(found, self.published)
        self.neighbourhood.add(found.numbers, found.p_value, departures)
        near = distance <= TOLERANCE
        further = further_digits(found, self.published)
        for row, e, i in np.argwhere(near):
            place = Place(block, int(row), int(e), int(i))
            (self.places if further[row, e, i] else self.weaker).append(place)
        best = np.unravel_index(int(np.argmin(distance)), distance.shape)
        # A miss counts less, the more had to be changed for it.
        if (departures, distance[best]) < self.nearest:
            self.nearest = (departures, float(distance[best]))
            self.closest = Place(block, *(int(x) for x in best))

    def searched(self, missing: tuple[str, ...]) -> Searched:
        """Return what was searched."""
        return Searched(
            space=_space(self.families),
            levels=tuple(self.levels),
            slips=self.slips,
            stopped=self.stopped,
            not_searched=missing,
            dismissed=self.dismissed,
            without_further=len(self.weaker),
        )


def _space(families: tuple[Family, ...]) -> tuple[str, ...]:
    """Say over what a search went."""
    numbers = ", ".join(family.name for family in families) or "nothing"
    variants = [v for family in families for v in family.variants]
    levels = ", ".join(f"{level:g}" for level in LEVELS)
    return (
        f"inputs: {numbers}; every report and row of each study, left out, arms exchanged, "
        f"intervals read at the levels stated and at {levels}%",
        "standard errors: " + ", ".join(dict.fromkeys(v.se_rule for v in variants)),
        "rounding: " + ", ".join(dict.fromkeys(v.rounding for v in variants)),
        "estimators: " + ", ".join(ESTIMATORS) + ", EB (its equation has the root of PM's)",
        "intervals: " + ", ".join(INTERVALS),
    )


def _part(block: Block, start: int) -> Block:
    part = slice(start, start + CHUNK)
    return replace(block, chosen=block.chosen[part], yi=block.yi[part], se=block.se[part])
