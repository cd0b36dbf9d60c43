from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.cohort.audit import audit_time_zero
from tests.emulation.designs import cohort, lt1


def rules(found) -> dict[str, tuple[str, float]]:
    return {finding.rule: (finding.severity, finding.value) for finding in found}


def test_a_cohort_in_order_says_so() -> None:
    found = audit_time_zero(lt1(200, 1))
    assert found[0].rule == "time-zero-alignment"
    assert "coincide at time zero for all 200 persons" in found[0].message
    assert set(rules(found)) == {"time-zero-alignment", "treatment-at-time-zero"}


@pytest.mark.parametrize(
    ("changed", "rule", "severity"),
    [
        ({"treatment_time": -1.0}, "treatment-before-time-zero", "blocking"),
        ({"time": -1.0}, "negative-follow-up", "blocking"),
        ({"treatment_time": 13.0}, "treatment-after-end", "blocking"),
        ({"treatment_time": 0.0}, "treatment-at-time-zero", "note"),
        ({"treatment_time": 12.0, "event": 1}, "death-on-day-of-treatment", "note"),
        ({"time": 0.0}, "no-follow-up", "minor"),
        ({"entry": 12.0}, "entry-after-end", "blocking"),
        ({"entry": 5.0, "treatment_time": 4.0}, "treated-before-entry", "minor"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_each_rule(changed: dict[str, float], rule: str, severity: str) -> None:
    values = {"time": 12.0, "event": 0.0, "treatment_time": np.inf, "entry": 0.0}
    arrays = {name: np.array([value, value, value]) for name, value in values.items()}
    for name, value in changed.items():
        arrays[name][1] = value
    found = audit_time_zero(cohort(**arrays))
    assert rules(found)[rule] == (severity, 1.0)
    blocked = severity == "blocking"
    assert found[0].severity == ("blocking" if blocked else "note")
    assert ("do not coincide" in found[0].message) is blocked


@pytest.mark.parametrize(("late", "severity"), [(1, "note"), (3, "serious")])
def test_late_entries(late: int, severity: str) -> None:
    entry = np.where(np.arange(4) < late, 2.0, 0.0)
    found = audit_time_zero(
        cohort(
            time=np.full(4, 12.0), event=np.zeros(4), treatment_time=np.full(4, np.inf), entry=entry
        )
    )
    assert rules(found)["left-truncation"] == (severity, late / 4)
    assert f"later for {late}" in found[0].message
