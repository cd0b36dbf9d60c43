"""Typing slips: one number of an input taken from another row. Tried last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from locoreg.evidence.reproduce.candidates import PRINTED, Family, Option
from locoreg.evidence.reproduce.settings import Departure


def with_slips(family: Family) -> Family | None:
    """Return a family whose inputs may also have one number from another input or report.

    The estimate of one row with the standard error of another: what a reviewer
    gets who copies the estimate, or the interval, from the row beside.

    Parameters
    ----------
    family : Family
        The options without slips.

    Returns
    -------
    Family or None
        None if there is no other row to take a number from, and for families of
        effects derived from arms, which nobody copies.
    """
    plain = [[o for o in options if not o.departures and not o.absent] for options in family.inputs]
    rows = [o for options in plain for o in options]
    if family.name != PRINTED or len(rows) < 2:
        return None
    inputs = []
    for options, own in zip(family.inputs, plain, strict=True):
        pairs = [(o, other) for o in own for other in rows if other is not o]
        slipped = [slip for pair in pairs for slip in _slips(*pair)]
        inputs.append((*options, *slipped))
    return replace(family, inputs=tuple(inputs))


def _slips(option: Option, other: Option) -> list[Option]:
    found = []
    for what, yi, se in (
        ("estimate", other.yi, option.se),
        ("interval width", option.yi, other.se),
    ):
        text = f"{option.label}: {option.used} with the {what} of {other.label} ({other.used})"
        departure = Departure(
            key=f"{option.claim_id}:{what} of {other.claim_id}", kind="slip", text=text
        )
        usable = np.isfinite(yi) & np.isfinite(se)
        if usable.any():
            found.append(
                replace(
                    option,
                    used=f"{option.used}, {what} of {other.used}",
                    departures=(departure,),
                    yi=np.where(usable, yi, np.nan),
                    se=np.where(usable, se, np.nan),
                )
            )
    return found
