"""How one printed row can be read: direction, level, number, SE rule and rounding."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.estimate import Scale
from locoreg.evidence.effectsize import EffectSize, from_interval, from_p_value, z_value
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Catalog, Claim, half_unit
from locoreg.evidence.reproduce.settings import Departure
from locoreg.evidence.routes import effect_routes, stated_reading

SE_RULES = {
    "both": "SE from both limits",
    "lower": "SE from the lower limit",
    "upper": "SE from the upper limit",
    "p": "SE from the p-value",
}
# Decimals that inputs are rounded to; None leaves them as printed.
ROUNDINGS: dict[str, int | None] = {
    "as printed": None,
    "rounded to 2 decimals": 2,
    "rounded to 1 decimal": 1,
}
# Levels that a reader may take any interval for: the usual one, and that of screening trials.
LEVELS = (95.0, 90.0)
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReading:
    """A row as read, with what that reading departs from."""

    claim: Claim
    departures: tuple[Departure, ...]


class Readings:
    """The readings that the caller supports, by row."""

    def __init__(self, catalog: Catalog, given: Iterable[tuple[str, str]]) -> None:
        self._by_claim: dict[str, list[str]] = {}
        columns = {field.name for field in fields(Claim)} - {"row", "claim_id"}
        for claim_id, reading in given:
            column = reading.partition("=")[0]
            if claim_id not in catalog.claims:
                raise DataError(
                    f"a reading is given for row {claim_id!r}, which is not in the catalogue.",
                    hint=did_you_mean(claim_id, catalog.claims),
                )
            if reading != "exclude" and ("=" not in reading or column not in columns):
                raise DataError(
                    f"{reading!r} is not a reading of a row.",
                    hint="write column=value, for example ci_level=90, or exclude.",
                )
            self._by_claim.setdefault(claim_id, []).append(reading)
        self._by_print: dict[tuple[object, ...], list[str]] = {}
        for claim_id, own in self._by_claim.items():
            self._by_print.setdefault(as_printed(catalog.claims[claim_id]), []).extend(own)

    def excludes(self, claim: Claim) -> bool:
        """Whether the row is barred."""
        return "exclude" in self._of(claim)

    def apply(self, claim: Claim) -> Claim:
        """Return the row as it is supported."""
        changes: dict[str, Any] = {}
        for reading in self._of(claim):
            column, _, value = reading.partition("=")
            if reading != "exclude":
                changes[column] = _converted(getattr(claim, column), column, value)
        return replace(claim, **changes) if changes else claim

    def _of(self, claim: Claim) -> list[str]:
        # What holds for a row holds for a copy of it too, read in another publication.
        return self._by_claim.get(claim.claim_id) or self._by_print.get(as_printed(claim), [])


_TEXT_COLUMNS = ("reference_arm", "measure", "measure_resolved", "p_op", "p_sided", "p_tests")


def _converted(old: object, column: str, value: str) -> object:
    if column in _TEXT_COLUMNS or isinstance(old, str):
        return value
    try:
        return float(value)
    except ValueError as error:
        raise DataError(f"{column}={value} is not a number.") from error


def as_printed(claim: Claim) -> tuple[object, ...]:
    """Return what two rows must share to be copies of one printed number."""
    key = (claim.study_id, claim.outcome, claim.subgroup, claim.matched_set)
    return (*key, *_numeric(claim), claim.reference_arm, claim.ci_level)


def printed_half_unit(claim: Claim, column: str) -> float:
    """Return half of the last printed digit, from the printed string where the cell lost zeros.

    Parameters
    ----------
    claim : Claim
        The row.
    column : str
        A numeric column.

    Returns
    -------
    float
        0.005 for a cell ``0.6`` whose printed string holds ``0.60``.
    """
    cell = claim.half_unit(column)
    value = getattr(claim, column)
    found = [
        half_unit(token)
        for token in _NUMBER.findall((claim.verbatim or "").replace("·", "."))
        if float(token) == value
    ]
    return min([cell, *found])


def row_readings(
    catalog: Catalog, claim: Claim, readings: Readings, label: str
) -> Iterator[RowReading]:
    """Yield every way to read a row that is in force, the supported one first.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    claim : Claim
        A row of kind effect that no other row corrects.
    readings : Readings
        What the caller supports.
    label : str
        Name of the study.
    """
    base = readings.apply(claim)
    barred: tuple[Departure, ...] = ()
    if readings.excludes(claim):
        text = f"{label}: {numbers(claim)} used although the audit bars it"
        barred = (Departure(key=f"{claim.claim_id}:used", kind="excluded", text=text),)
    printed = [claim, *_corrected_rows(catalog, claim)]
    versions: dict[tuple[float | None, ...], tuple[Claim, tuple[Departure, ...]]] = {
        _numeric(base): (base, ())
    }
    for other in printed:
        text = f"{label}: {numbers(other)} taken instead of {numbers(base)}"
        departure = Departure(key=f"{other.claim_id}:number", kind="number", text=text)
        versions.setdefault(_numeric(other), (other, (departure,)))
    for version, changed in versions.values():
        for arm in _arms_first(base.reference_arm or "control"):
            for level in _levels(base, printed):
                read = replace(version, reference_arm=arm, ci_level=level)
                ways = _arm_and_level(base, read, printed, label)
                yield RowReading(claim=read, departures=(*barred, *changed, *ways))


def _corrected_rows(catalog: Catalog, claim: Claim) -> Iterator[Claim]:
    seen = {claim.claim_id}
    while claim.supersedes and claim.supersedes not in seen:
        claim = catalog.claims[claim.supersedes]
        seen.add(claim.claim_id)
        yield claim


def _numeric(claim: Claim) -> tuple[float | None, ...]:
    return (
        claim.estimate,
        claim.ci_low,
        claim.ci_high,
        claim.se,
        claim.variance,
        claim.o_minus_e,
        claim.logrank_v,
    )


def _arms_first(base: str) -> tuple[str, str]:
    return (base, "intervention" if base == "control" else "control")


def _levels(base: Claim, printed: list[Claim]) -> list[float | None]:
    if base.ci_low is None or base.ci_high is None or base.ci_level is None:
        return [base.ci_level]
    stated = [c.ci_level for c in printed if c.ci_level is not None]
    return list(dict.fromkeys([base.ci_level, *stated, *LEVELS]))


def _arm_and_level(
    base: Claim, read: Claim, printed: list[Claim], label: str
) -> Iterator[Departure]:
    if read.reference_arm != base.reference_arm:
        arm = read.reference_arm or "control"
        as_row = any(c.reference_arm == arm for c in printed)
        yield Departure(
            key=f"{base.claim_id}:reference_arm={arm}",
            kind="direction",
            text=f"{label}: {base.measure} {shown(base, 'estimate')} taken as {_versus(arm)}"
            + (", as its row prints it" if as_row else "")
            + f", where {_versus(base.reference_arm or 'control')} is supported"
            + _reciprocal(base),
        )
    if read.ci_level != base.ci_level and read.ci_level is not None and base.ci_level is not None:
        as_row = any(c.ci_level == read.ci_level for c in printed)
        yield Departure(
            key=f"{base.claim_id}:ci_level={read.ci_level:g}",
            kind="level",
            text=f"{label}: the interval {shown(base, 'ci_low')} to {shown(base, 'ci_high')} "
            f"read as {read.ci_level:g}%"
            + (", as its row prints it" if as_row else "")
            + f", where {base.ci_level:g}% is "
            + ("supported" if base.ci_level != printed[0].ci_level else "stated")
            + f" (SE times {z_value(base.ci_level) / z_value(read.ci_level):.2f})",
        )


def _reciprocal(base: Claim) -> str:
    values = (base.estimate, base.ci_high, base.ci_low)
    if base.resolved_measure not in RATIO_MEASURES or not all(values):
        return ""
    mid, low, high = (1 / float(v or math.nan) for v in values)
    return f" (the reciprocal is {mid:.3f}, {low:.3f} to {high:.3f})"


def _versus(reference_arm: str) -> str:
    if reference_arm == "control":
        return "intervention relative to control"
    return "control relative to intervention"


def shown(claim: Claim, column: str) -> str:
    """Return a cell as printed."""
    value = getattr(claim, column)
    cell = claim.row.printed.get(column, "")
    if value is None:
        return "?"
    return cell if cell and float(cell) == value else f"{value:g}"


def numbers(claim: Claim) -> str:
    """Return ``HR 0.691 (0.358 to 1.333; 95%)``."""
    text = f"{claim.resolved_measure or claim.measure or 'effect'} {shown(claim, 'estimate')}"
    if claim.ci_low is None or claim.ci_high is None:
        return text
    level = "" if claim.ci_level is None else f"; {claim.ci_level:g}%"
    return f"{text} ({shown(claim, 'ci_low')} to {shown(claim, 'ci_high')}{level})"


def row_effects(claim: Claim, scale: Scale) -> Mapping[tuple[str, str], EffectSize]:
    """Return the effect of a row by SE rule and rounding, in the row's own direction.

    Parameters
    ----------
    claim : Claim
        The row as read.
    scale : {"log", "identity"}
        Analysis scale.

    Returns
    -------
    mapping
        By (SE rule, rounding); rules that the row has no numbers for are left
        out. A row without limits gives its standard error for every rule.
    """
    found: dict[tuple[str, str], EffectSize] = {}
    for rounding, decimals in ROUNDINGS.items():
        for rule in SE_RULES:
            with suppress(DataError, ValueError):
                effect = _by_rule(claim, rule, decimals, scale)
                if effect is not None and math.isfinite(effect.yi):
                    found[rule, rounding] = effect
    return found


def _by_rule(claim: Claim, rule: str, decimals: int | None, scale: Scale) -> EffectSize | None:
    estimate, low, high = (
        _rounded(v, decimals) for v in (claim.estimate, claim.ci_low, claim.ci_high)
    )
    if rule == "p":
        if estimate is None or claim.p_value is None or claim.p_op != "=":
            return None
        sided = "one" if claim.p_sided == "one" else "two"
        return from_p_value(estimate, claim.p_value, sided=sided, scale=scale)  # type: ignore[arg-type]
    if estimate is None or low is None or high is None or claim.ci_level is None:
        routes = effect_routes(
            claim, stated_reading(claim), reference_arm=claim.reference_arm or "control"
        )
        return routes[0] if routes else None
    return from_interval(
        estimate,
        low,
        high,
        level=claim.ci_level,
        scale=scale,
        limits=rule,  # type: ignore[arg-type]
    )


def _rounded(value: float | None, decimals: int | None) -> float | None:
    if value is None or decimals is None:
        return value
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP))
