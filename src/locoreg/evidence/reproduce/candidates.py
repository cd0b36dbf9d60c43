"""What each declared input of a pool may have brought to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.core.estimate import Scale
from locoreg.evidence.comparisons import Comparison, comparisons
from locoreg.evidence.effectsize import EffectSize
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Catalog, Claim, Pool
from locoreg.evidence.reproduce.arms import ARM_MEASURES, arm_effects
from locoreg.evidence.reproduce.rows import (
    ROUNDINGS,
    SE_RULES,
    Readings,
    as_printed,
    numbers,
    row_effects,
    row_readings,
)
from locoreg.evidence.reproduce.settings import Departure

FloatArray = NDArray[np.float64]
ROUGHEST = "rounded to 1 decimal"
PRINTED = "printed effects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A choice that holds for all inputs of a pool at once.

    Attributes
    ----------
    se_rule, rounding : str
        In words.
    departures : tuple of Departure
        Of the pool as a whole.
    sign : float
        -1 where the published ratio is read the other way up.
    """

    se_rule: str
    rounding: str
    departures: tuple[Departure, ...] = ()
    sign: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One reading of one input.

    Attributes
    ----------
    study_id, label : str
        The study.
    report_id, claim_id : str or None
        Where the number stands; None for an input left out.
    used : str
        The number as read, in words.
    departures : tuple of Departure
        What the reading departs from.
    yi, se : ndarray of float, shape (variants,)
        Effect and standard error; NaN where a variant has none.
    """

    study_id: str
    label: str
    report_id: str | None
    claim_id: str | None
    used: str
    departures: tuple[Departure, ...]
    yi: FloatArray
    se: FloatArray

    @property
    def absent(self) -> bool:
        """Whether the input is left out."""
        return self.claim_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The readings of all inputs by one kind of number: printed effects, or arms.

    Attributes
    ----------
    name : str
        In words.
    variants : tuple of Variant
    inputs : tuple of tuple of Option
        The options of each input, those without a departure first.
    """

    name: str
    variants: tuple[Variant, ...]
    inputs: tuple[tuple[Option, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the options of all inputs of a pool share."""

    catalog: Catalog
    readings: Readings
    outcome: str
    subgroup: str
    scale: Scale
    reference_arm: str
    year: int | None
    counted_out: frozenset[str]

    def possible(self, comparison: Comparison) -> bool:
        """Whether the pool can have used the report: by its year, and by its patients."""
        return comparison.report_id not in self.counted_out and not self.younger(comparison)

    def younger(self, comparison: Comparison) -> bool:
        """Whether the report was published after the pool."""
        report = self.catalog.references.get(comparison.report_id)
        if report is None or report.year is None or self.year is None:
            return False
        return report.year > self.year

    def turned(self, effect: EffectSize, reference_arm: str) -> EffectSize:
        """Return the effect in the direction of the published pool."""
        return effect if reference_arm == self.reference_arm else replace(effect, yi=-effect.yi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A declared input: its study, its label and the reports that it names.

    Attributes
    ----------
    study_id, label : str
        The study.
    reports : frozenset of str
        Reports named by the declaration; empty if any report will do.
    """

    study_id: str
    label: str
    reports: frozenset[str]

    @property
    def key(self) -> str:
        """The input as declared."""
        return "+".join(sorted(self.reports)) or self.study_id


def sources(catalog: Catalog, pool: Pool) -> tuple[Source, ...]:
    """Return the declared inputs of a pool."""
    return tuple(_source(catalog, key) for key in pool.inputs)


def _source(catalog: Catalog, key: str) -> Source:
    named: frozenset[str] = frozenset()
    study_id = key
    if key in catalog.studies:
        original = catalog.studies[key].version_of
        if original is not None:
            own = {r.reference_id for r in catalog.references.values() if r.study_id == key}
            named, study_id = frozenset({key, *own}), original
    elif key in catalog.references:
        named = frozenset({key})
        owner = catalog.references[key].study_id or key
        study = catalog.studies.get(owner)
        study_id = (study.version_of or owner) if study else owner
    study = catalog.studies.get(study_id)
    return Source(study_id=study_id, label=study.label if study else key, reports=named)


def effect_family(context: Context, inputs: Iterable[Source]) -> Family:
    """Return the readings of the inputs by their printed effects."""
    rough = Departure(
        key="pool:rounding=1", kind="rounding", text="all inputs rounded to one decimal"
    )
    keys = [(rule, rounding) for rounding in ROUNDINGS for rule in SE_RULES]
    variants = tuple(
        Variant(
            se_rule=SE_RULES[rule],
            rounding=rounding,
            departures=(rough,) if rounding == ROUGHEST else (),
        )
        for rule, rounding in keys
    )
    options = []
    for source in inputs:
        found = [_effect_option(context, source, keys, *row) for row in _rows(context, source)]
        options.append(_tidy([*found, _left_out(source, len(keys), bool(found))]))
    return Family(name=PRINTED, variants=variants, inputs=tuple(options))


def _rows(
    context: Context, source: Source
) -> Iterator[tuple[Comparison, Claim, tuple[Departure, ...]]]:
    catalog = context.catalog
    superseded = catalog.superseded()
    # A number that two rows print alike is one number; a copy of a corrected one is corrected too.
    seen = {
        as_printed(catalog.claims[i])
        for i in superseded
        if catalog.claims[i].study_id == source.study_id
    }
    for comparison in _comparisons(context, source):
        other = _other_report(source, comparison)
        for claim in comparison.effects:
            copy = not other and as_printed(claim) in seen
            if copy or claim.claim_id in superseded or not _same_scale(claim, context.scale):
                continue
            if not other:
                seen.add(as_printed(claim))
            for reading in row_readings(catalog, claim, context.readings, source.label):
                yield comparison, reading.claim, (*other, *reading.departures)


def _comparisons(context: Context, source: Source) -> Iterator[Comparison]:
    found = comparisons(context.catalog, source.study_id, context.outcome, context.subgroup)
    return (comparison for comparison in found if context.possible(comparison))


def later_reports(context: Context, inputs: Iterable[Source]) -> tuple[str, ...]:
    """Return the reports of the inputs that are younger than the pool, and so not tried."""
    return tuple(
        dict.fromkeys(
            comparison.report_id
            for source in inputs
            for comparison in comparisons(
                context.catalog, source.study_id, context.outcome, context.subgroup
            )
            if context.younger(comparison)
        )
    )


def _same_scale(claim: Claim, scale: Scale) -> bool:
    return (claim.resolved_measure in RATIO_MEASURES) == (scale == "log")


def _other_report(source: Source, comparison: Comparison) -> tuple[Departure, ...]:
    if not source.reports or comparison.report_id in source.reports:
        return ()
    report = comparison.report_id
    text = f"{source.label}: the number of {report}, where {source.key} is declared"
    return (Departure(key=f"{source.key}:report={report}", kind="report", text=text),)


def _effect_option(
    context: Context,
    source: Source,
    keys: list[tuple[str, str]],
    comparison: Comparison,
    claim: Claim,
    departures: tuple[Departure, ...],
) -> Option:
    effects = row_effects(claim, context.scale)
    arm = claim.reference_arm or "control"
    turned = [effects.get(key) for key in keys]
    return _option(
        source,
        comparison,
        claim.claim_id,
        f"{numbers(claim)}, {_reference(arm)}",
        departures,
        [None if e is None else context.turned(e, arm) for e in turned],
    )


def _reference(arm: str) -> str:
    return f"{arm} arm as reference"


def _option(
    source: Source,
    comparison: Comparison,
    claim_id: str,
    used: str,
    departures: tuple[Departure, ...],
    effects: list[EffectSize | None],
) -> Option:
    return Option(
        study_id=source.study_id,
        label=source.label,
        report_id=comparison.report_id,
        claim_id=claim_id,
        used=used,
        departures=departures,
        yi=np.array([np.nan if e is None else e.yi for e in effects]),
        se=np.array([np.nan if e is None else e.se for e in effects]),
    )


def _left_out(source: Source, variants: int, has_number: bool) -> Option:
    why = "left out" if has_number else "left out, as the catalogue holds no number for it"
    gone = Departure(key=f"{source.key}:absent", kind="absent", text=f"{source.label}: {why}")
    return Option(
        study_id=source.study_id,
        label=source.label,
        report_id=None,
        claim_id=None,
        used=why,
        departures=(gone,),
        yi=np.full(variants, np.nan),
        se=np.full(variants, np.nan),
    )


def _tidy(options: list[Option]) -> tuple[Option, ...]:
    """Sort by departures and blank the numbers that a simpler option gives already."""
    options = sorted(options, key=lambda o: len(o.departures))
    least: list[dict[tuple[float, float], int]] = [{} for _ in options[0].yi]
    kept: list[Option] = []
    for option in options:
        yi, se = option.yi.copy(), option.se.copy()
        cost = len(option.departures)
        for v, pair in enumerate(zip(yi.round(12), se.round(12), strict=True)):
            first = least[v].setdefault(pair, cost)
            # The same numbers by other departures, as many, are an explanation of their own.
            if first < cost or (cost == 0 and pair in _before(kept, v)):
                yi[v] = se[v] = np.nan
        if option.absent or np.isfinite(se).any():
            kept.append(replace(option, yi=yi, se=se))
    return tuple(kept)


def _before(kept: list[Option], variant: int) -> set[tuple[float, float]]:
    return {(float(o.yi[variant].round(12)), float(o.se[variant].round(12))) for o in kept}


def arm_families(context: Context, inputs: tuple[Source, ...], measure: str) -> Iterator[Family]:
    """Yield the readings of the inputs by survival proportions or events per arm.

    Parameters
    ----------
    context : Context
    inputs : tuple of Source
    measure : str
        Measure of the published pool. Effects of another measure are a
        departure.
    """
    for wanted in ARM_MEASURES:
        other: tuple[Departure, ...] = ()
        if wanted != measure:
            text = f"all inputs are {ARM_MEASURES[wanted]}, and the pool is called {measure}"
            other = (Departure(key=f"pool:measure={wanted}", kind="measure", text=text),)
        found = [list(_arm_options(context, source, wanted)) for source in inputs]
        if sum(bool(options) for options in found) < 2:
            continue
        options = tuple(
            _tidy([*mine, _left_out(source, 4, bool(mine))])
            for source, mine in zip(inputs, found, strict=True)
        )
        yield Family(name=ARM_MEASURES[wanted], variants=_arm_variants(other), inputs=options)


def _arm_variants(other: tuple[Departure, ...]) -> tuple[Variant, ...]:
    turned = Departure(
        key="pool:orientation",
        kind="orientation",
        text="all ratios the other way up (of survivors, or control relative to intervention)",
    )
    return tuple(
        Variant(
            se_rule="SE from the arms",
            rounding=rounding,
            departures=(*other, turned) if sign < 0 else other,
            sign=sign,
        )
        for sign in (1.0, -1.0)
        for rounding in ("as whole events", "without rounding events")
    )


def _arm_options(context: Context, source: Source, measure: str) -> Iterator[Option]:
    catalog = context.catalog
    for comparison in _comparisons(context, source):
        other = _other_report(source, comparison)
        for arms in arm_effects(catalog, comparison, measure):
            pair = [None if e is None else context.turned(e, "control") for e in arms.effects]
            flipped = Departure(
                key=f"{arms.claim_id}:arms-exchanged",
                kind="direction",
                text=f"{source.label}: arms exchanged ({arms.used})",
            )
            for sign, ways in ((1.0, ()), (-1.0, (flipped,))):
                with suppress(DataError):
                    signed = [None if e is None else replace(e, yi=sign * e.yi) for e in pair]
                    turned = [None if e is None else replace(e, yi=-e.yi) for e in signed]
                    yield _option(
                        source,
                        comparison,
                        arms.claim_id,
                        arms.used + (", arms exchanged" if ways else ""),
                        (*other, *ways),
                        [*signed, *turned],
                    )
