"""Printed effects against their own intervals, p-values and events: the arithmetic, shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy import special

from locoreg.evidence.effectsize import z_value
from locoreg.evidence.records import Claim

RATIOS = ("HR", "OR", "RR", "IRR", "survival ratio")
# The information of a Cox model is at most a quarter per event.
PER_EVENT = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCheck:
    """What follows from one printed effect, as it is printed.

    Attributes
    ----------
    claim_id : str
        The row.
    printed : str
        Measure, estimate, limits and level.
    se : float
        Standard error that the interval implies, on the analysis scale.
    middle : float
        Middle of the interval on the analysis scale, as an effect.
    offset : float
        Distance of the estimate from it, as a share of the half-width, rounding not taken out.
    p_implied : float
        Two-sided p-value that estimate and interval imply.
    p_printed : str
        As the row prints it; empty if it does not.
    events_implied : float or None
        Fewest events that give this standard error; hazard ratios only.
    events, patients : int or None
        As the row prints them.
    """

    claim_id: str
    printed: str
    se: float
    middle: float
    offset: float
    p_implied: float
    p_printed: str
    events_implied: float | None
    events: int | None
    patients: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the check as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def check_effect(claim: Claim) -> EffectCheck | None:
    """Return what an effect's own interval implies.

    Parameters
    ----------
    claim : Claim
        A row.

    Returns
    -------
    EffectCheck or None
        None where the row prints no estimate with an interval of stated level.
    """
    estimate, low, high, level = claim.estimate, claim.ci_low, claim.ci_high, claim.ci_level
    if claim.kind != "effect" or estimate is None or low is None or high is None or level is None:
        return None
    ratio = claim.resolved_measure in RATIOS
    if high <= low or (ratio and min(estimate, low) <= 0):
        return None
    mid, start, stop = (math.log(v) if ratio else v for v in (estimate, low, high))
    half = (stop - start) / 2
    se = half / z_value(level)
    middle = (start + stop) / 2
    return EffectCheck(
        claim_id=claim.claim_id,
        printed=printed_effect(claim),
        se=se,
        middle=math.exp(middle) if ratio else middle,
        offset=abs(mid - middle) / half,
        p_implied=float(2 * special.ndtr(-abs(mid) / se)),
        p_printed=printed_p(claim),
        events_implied=PER_EVENT / se**2 if claim.resolved_measure == "HR" else None,
        events=claim.events,
        patients=claim.n,
    )


def printed_effect(claim: Claim) -> str:
    """Return ``HR 0.66 (0.49 to 0.88), 95%`` with the digits of the cells."""
    cells = claim.row.printed
    shown = " ".join(cells[c] for c in ("measure", "estimate") if cells.get(c))
    if cells.get("ci_low") and cells.get("ci_high"):
        shown += f" ({cells['ci_low']} to {cells['ci_high']})"
        shown += f", {claim.ci_level:g}%" if claim.ci_level is not None else ", level not stated"
    return shown


def printed_p(claim: Claim) -> str:
    """Return ``p = 0.04`` as the row prints it; empty if it has none."""
    value = claim.row.printed.get("p_value")
    return f"p {claim.p_op or '='} {value}" if value else ""


def printed_values(claim: Claim) -> str:
    """Return the numbers of a row, whatever its kind, with the digits of its cells."""
    cells = claim.row.printed
    if cells.get("estimate"):
        parts = [printed_effect(claim), printed_p(claim)]
        return "; ".join(part for part in parts if part)
    unit = f" {cells['unit']}" if cells.get("unit") else ""
    arms = [
        f"{name} {cells[f'value_{name}']}{_limits(cells, name)}{unit}"
        for name in ("intervention", "control")
        if cells.get(f"value_{name}")
    ]
    counts = [
        f"{name} {cells[column]}"
        for name, column in (
            ("n", "n"),
            ("events", "events"),
            ("n intervention", "n_intervention"),
            ("n control", "n_control"),
            ("events intervention", "events_intervention"),
            ("events control", "events_control"),
        )
        if cells.get(column)
    ]
    single = [f"{cells['value']}{unit}"] if cells.get("value") else []
    shown = [*single, *arms, *counts, printed_p(claim)]
    return "; ".join(part for part in shown if part)


def _limits(cells: Any, name: str) -> str:
    low, high = cells.get(f"low_{name}"), cells.get(f"high_{name}")
    return f" ({low} to {high})" if low and high else ""
