"""Outcomes that the treatment can't change."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry.followup import CAUSES, Ends
from locoreg.emulation.cohort.registry.outcomes import event_days
from locoreg.emulation.cohort.registry.study import Study
from locoreg.stats.survivaldata import FloatArray, IntArray


def control_outcomes(study: Study, ends: Ends) -> dict[str, tuple[FloatArray, IntArray]]:
    """Return the negative controls of the protocol.

    Parameters
    ----------
    study : Study
        Persons.
    ends : Ends
        Ends of follow-up.

    Returns
    -------
    dict
        By name the last day and 1 where it is the event, each of shape (n,). Follow-up is that
        of death: it does not end with the outcome of the protocol.

    Raises
    ------
    DesignError
        If a control names columns of a table and no event.
    """
    out = {}
    for control in study.protocol.negative_controls:
        if control.event is None:
            raise DesignError(
                f"the negative control {control.name!r} names no event of the registry.",
                hint="give event: second_primary or other_death.",
            )
        out[control.name] = _EVENTS[control.event](study, ends)
    return out


def _second_primary(study: Study, ends: Ends) -> tuple[FloatArray, IntArray]:
    rows = study.rows("disease_event", date="date", where=lambda e: e.type == "second_primary")
    day, _ = event_days(study, ends, rows)
    happened = day <= ends.day
    return np.asarray(np.where(happened, day, ends.day)), happened.astype(np.int64)


def _other_death(study: Study, ends: Ends) -> tuple[FloatArray, IntArray]:
    return ends.day, (ends.cause == CAUSES.index("other")).astype(np.int64)


_EVENTS = {"second_primary": _second_primary, "other_death": _other_death}
