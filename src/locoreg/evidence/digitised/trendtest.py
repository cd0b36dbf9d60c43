"""Tests of proportional hazards of digitised studies, with a reason where there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import LocoregError
from locoreg.core.numbertext import p_text
from locoreg.evidence.digitised.persontimes import PersonTimes, whole_rows, without_information
from locoreg.stats.regression.hazardstest import proportional_hazards_test


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendTest:
    """A test of proportional hazards against a trend with 1 less the Kaplan-Meier estimate.

    Attributes
    ----------
    study_id : str
        The study; ``all`` for all of them, as strata.
    p_value : float
        NaN if there is no test.
    reason : str
        Why not; empty if there is.
    """

    study_id: str
    p_value: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {"study_id": self.study_id, "p_value": self.p_value, "reason": self.reason}

    def text(self) -> str:
        """Return a line."""
        value = f"not tested ({self.reason})" if self.reason else p_text(self.p_value)
        name = "all studies" if self.study_id == "all" else self.study_id
        return f"Proportional hazards, {name}: {value}."


def trend_tests(persons: PersonTimes) -> tuple[TrendTest, ...]:
    """Test each study, and all with studies as strata."""
    silent = without_information(whole_rows(persons))
    out = []
    for name in persons.names:
        if name in silent:
            out.append(TrendTest(study_id=name, p_value=math.nan, reason=silent[name]))
        else:
            out.append(_trend(name, persons.of(persons.study == name)))
    if len(persons.names) > 1:
        out.append(_trend("all", persons.of(~np.isin(persons.study, list(silent)))))
    return tuple(out)


def _trend(name: str, persons: PersonTimes) -> TrendTest:
    p_value, reason = math.nan, ""
    treated = persons.treated[persons.event]
    if np.unique(persons.time[persons.event]).size < 3:
        reason = "fewer than three event times"
    elif np.ptp(treated) == 0:
        reason = f"events in the {'intervention' if treated[0] else 'control'} arm only"
    else:
        try:
            test = proportional_hazards_test(
                persons.time,
                persons.event,
                persons.treated,
                transform="km",
                strata=persons.study,
                names=["intervention"],
            )
            p_value = float(test.global_p_value)
        except LocoregError as error:
            reason = error.message.rstrip(".")
    return TrendTest(study_id=name, p_value=p_value, reason=reason)
