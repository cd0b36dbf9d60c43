"""Rows that describe one comparison, gathered.

A comparison is one study, report, outcome, subgroup and matched set. Its rows
may print a hazard ratio, arm sizes, deaths, medians and survival at a landmark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.effectsize import z_value
from locoreg.evidence.records import Catalog, Claim

ALL_PATIENTS = ""
UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Patients and events of a comparison, None where no row gives them."""

    n: int | None = None
    events: int | None = None
    n_intervention: int | None = None
    n_control: int | None = None
    events_intervention: int | None = None
    events_control: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmValue:
    """One statistic of both arms, read from one row or from two.

    Attributes
    ----------
    statistic : str
        For example ``median_time``.
    intervention, control : float or None
        Months, or proportions between 0 and 1. None where not reached or not given.
    se_intervention, se_control : float or None
        From printed limits.
    landmark_months : float or None
        For proportions.
    claims : tuple of Claim
        The rows.
    """

    statistic: str
    intervention: float | None
    control: float | None
    se_intervention: float | None = None
    se_control: float | None = None
    landmark_months: float | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The rows of one comparison.

    Attributes
    ----------
    study_id, report_id, outcome, subgroup, matched_set : str
        The key; ``subgroup`` is empty for all patients, ``matched_set`` empty if none.
    effects : tuple of Claim
        Rows that print an effect, the report's own before rows read elsewhere.
    values : tuple of ArmValue
        Statistics per arm.
    counts : Counts
        Patients and events.
    """

    study_id: str
    report_id: str
    outcome: str
    subgroup: str
    matched_set: str
    effects: tuple[Claim, ...]
    values: tuple[ArmValue, ...]
    counts: Counts


def comparisons(
    catalog: Catalog, study_id: str, outcome: str, subgroup: str = ALL_PATIENTS
) -> tuple[Comparison, ...]:
    """Return the comparisons of a study for one outcome and subgroup.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    study_id : str
        A study that is not a version of another one.
    outcome : str
        Outcome id.
    subgroup : str
        ``dimension=level``, empty for all patients.

    Returns
    -------
    tuple of Comparison
        One per report and matched set that has an effect or a value per arm.
    """
    rows = [c for c in catalog.claims_of(study_id) if (c.subgroup or ALL_PATIENTS) == subgroup]
    keys: dict[tuple[str, str], None] = {}
    for claim in rows:
        if catalog.outcome_id(claim.outcome) == outcome and _has_result(claim):
            keys.setdefault((catalog.report_id(claim), claim.matched_set or ""))
    return tuple(
        _comparison(catalog, rows, study_id, outcome, subgroup, report, matched)
        for report, matched in keys
    )


def _has_result(claim: Claim) -> bool:
    return claim.kind == "effect" or (claim.kind == "arms" and claim.statistic is not None)


def _comparison(
    catalog: Catalog,
    rows: list[Claim],
    study_id: str,
    outcome: str,
    subgroup: str,
    report: str,
    matched: str,
) -> Comparison:
    own = [c for c in rows if catalog.report_id(c) == report and (c.matched_set or "") == matched]
    about = [c for c in own if catalog.outcome_id(c.outcome) == outcome]
    effects = [c for c in about if c.kind == "effect"]
    # A report's own words come before the same number read in a review.
    effects.sort(key=lambda c: c.source_id not in (None, report))
    return Comparison(
        study_id=study_id,
        report_id=report,
        outcome=outcome,
        subgroup=subgroup,
        matched_set=matched,
        effects=tuple(effects),
        values=tuple(_arm_values(about)),
        counts=_counts(effects, about, own),
    )


def _counts(effects: list[Claim], about: list[Claim], own: list[Claim]) -> Counts:
    found: dict[str, int | None] = {}
    for field in ("n", "n_intervention", "n_control"):
        found[field] = _first(field, [*effects, *about, *own])
    for field in ("events", "events_intervention", "events_control"):
        found[field] = _first(field, [*effects, *about])
    if found["n"] is None:
        found["n"] = _total(own)
    for total, arms in (("n", "n_"), ("events", "events_")):
        parts = (found[f"{arms}intervention"], found[f"{arms}control"])
        if found[total] is None and parts[0] is not None and parts[1] is not None:
            found[total] = parts[0] + parts[1]
    return Counts(**found)


def _first(field: str, rows: list[Claim]) -> int | None:
    for claim in rows:
        value = getattr(claim, field)
        if isinstance(value, int):
            return value
    return None


def _total(rows: list[Claim]) -> int | None:
    for statistic in ("n_analysed", "n_randomised"):
        for claim in rows:
            if claim.statistic == statistic and isinstance(claim.value, float):
                return int(claim.value)
    return None


def _arm_values(rows: list[Claim]) -> Iterator[ArmValue]:
    seen: dict[tuple[str, float | None], list[Claim]] = {}
    for claim in rows:
        if claim.kind == "arms" and claim.statistic is not None:
            seen.setdefault((claim.statistic, claim.landmark_months), []).append(claim)
    for (statistic, landmark), claims in seen.items():
        sides: dict[str, Any] = {}
        used: list[Claim] = []
        for side in ("intervention", "control"):
            for claim in claims:
                value = _scaled(getattr(claim, f"value_{side}"), claim)
                if value is not None:
                    sides[side] = value
                    sides[f"se_{side}"] = _se_of_limits(claim, side)
                    used += [claim] if claim not in used else []
                    break
        yield ArmValue(
            statistic=statistic,
            intervention=sides.get("intervention"),
            control=sides.get("control"),
            se_intervention=sides.get("se_intervention"),
            se_control=sides.get("se_control"),
            landmark_months=landmark,
            claims=tuple(used) or tuple(claims),
        )


_UNITS = {"percent": 0.01, "years": 12.0, "days": 12 / 365.25}


def _scaled(value: float | str | None, claim: Claim) -> float | None:
    if value is None or isinstance(value, str):
        return None
    return value * _UNITS.get(claim.unit or "", 1.0)


def _se_of_limits(claim: Claim, side: str) -> float | None:
    low = _scaled(getattr(claim, f"low_{side}"), claim)
    high = _scaled(getattr(claim, f"high_{side}"), claim)
    if low is None or high is None or claim.value_level is None or high <= low:
        return None
    return (high - low) / (2 * z_value(claim.value_level))
