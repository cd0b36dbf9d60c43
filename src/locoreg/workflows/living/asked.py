"""Options of ``locoreg evidence add`` and ``diff`` as they are written."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.errors import DesignError
from locoreg.evidence.certainty import BaselineRisk, Threshold
from locoreg.workflows.living.poolconclusions import Standards

EXAMPLE = "write LABEL:PERCENT:MONTHS, medium:50:36 for instance."


def standards_of(baselines: Sequence[str], important: float | None) -> Standards:
    """Return what conclusions are read against.

    Parameters
    ----------
    baselines : sequence of str
        ``LABEL:PERCENT:MONTHS``: percent in the good state without the intervention.
    important : float or None
        Smallest difference that matters, per 1,000.

    Returns
    -------
    Standards
        Without both, thresholds and certainty are not looked at.

    Raises
    ------
    DesignError
        If one of the two is missing, or a text can't be read.
    """
    if bool(baselines) != (important is not None):
        missing = "--important" if baselines else "--baseline"
        raise DesignError(
            "a threshold is read at a baseline, and a baseline against a threshold.",
            hint=f"give {missing} too.",
        )
    return Standards(
        baselines=tuple(_baseline(text) for text in baselines),
        important=None if important is None else Threshold(per_1000=important),
        information=None,
    )


def _baseline(text: str) -> BaselineRisk:
    label, _, numbers = text.partition(":")
    try:
        percent, months = (float(one) for one in numbers.split(":"))
    except ValueError as error:
        raise DesignError(f"the baseline {text!r} can't be read.", hint=EXAMPLE) from error
    # A fraction would be taken for less than one percent, unseen.
    if not 1 <= percent < 100 or not 0 < months < 1200 or not label:
        raise DesignError(
            f"the baseline {text!r} needs a label, a percentage from 1 to below 100, and months.",
            hint=EXAMPLE,
        )
    return BaselineRisk(label=label, survival=percent / 100, at_months=months)
