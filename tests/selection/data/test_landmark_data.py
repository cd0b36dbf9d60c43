"""From a cohort to persons at a landmark, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import cohort_from_arrays
from locoreg.emulation.question import Question
from locoreg.selection.data import landmark_data

NONE = math.nan
# Name, end of follow-up, event, treatment, entry.
ROWS = (
    ("early", 3.0, 1, NONE, 0.0),
    ("at the landmark", 6.0, 1, 2.0, 0.0),
    ("treated", 20.5, 1, 2.0, 0.0),
    ("treated then", 30.0, 0, 6.0, 0.0),
    ("treated late", 18.0, 1, 10.0, 0.0),
    ("never", 40.0, 1, NONE, 4.0),
    ("entered late", 25.0, 0, NONE, 9.0),
    ("entered after late treatment", 22.0, 1, 8.0, 12.0),
)


def question(comparator="never"):
    return Question(
        treated_label="surgery", comparator_label="no surgery", outcome="death", grace_months=6.0,
        interval_months=1.0, comparator=comparator, initiation="all_initiators",
        contrast="per_protocol", horizon_months=36.0, at_months=(36.0,), level=95.0,
    )  # fmt: skip


def cohort():
    names, time, event, treatment, entry = zip(*ROWS, strict=True)
    n = len(ROWS)
    return cohort_from_arrays(
        time=time, event=event, treatment_time=treatment, entry=entry, person_id=names,
        covariates={"age": np.arange(50.0, 50.0 + n)}, event_labels=["death"],
        histories={
            "lesions": (["treated", "treated", "never"], [-1.0, 5.0, 6.0], [3.0, 1.0, 2.0])
        },
    )  # fmt: skip


def at_landmark(comparator="never", **more):
    chosen = {"landmark_months": 6.0, "measure": "rmst_difference", "histories_at": "landmark"}
    return landmark_data(cohort(), question(comparator), **{**chosen, **more})


def test_the_comparator_never():
    data, asked = at_landmark()
    assert data.person_id == ("treated", "treated then", "treated late", "never", "entered late")
    assert data.time.tolist() == [14.5, 24.0, 4.0, 34.0, 19.0]
    assert data.event.tolist() == [1, 0, 0, 1, 0]
    assert data.treated.tolist() == [True, True, False, False, False]
    assert data.entry is not None
    assert data.entry.tolist() == [0.0, 0.0, 0.0, 0.0, 3.0]
    assert asked.horizon_months == 30.0
    assert asked.time_zero == "6 months after time zero"
    assert any(note.startswith("1 person") for note in data.notes)


def test_who_is_seen_only_after_late_treatment_is_counted_and_named():
    data, _ = at_landmark()
    steps = [(one.name, one.excluded, one.left) for one in data.attrition.steps[-2:]]
    assert steps == [
        ("alive and followed at 6 months", 2, 6),
        ("under observation before late treatment", 1, 5),
    ]


def test_later_treatment_may_be_allowed():
    data, _ = at_landmark("none_within_grace")
    assert data.person_id[-1] == "entered after late treatment"
    late = data.person_id.index("treated late")
    assert (data.time[late], data.event[late], data.treated[late]) == (12.0, 1, False)


@pytest.mark.parametrize(("when", "value"), [("time_zero", 3.0), ("landmark", 1.0)])
def test_histories_count_as_of_the_time_asked_for(when, value):
    data, _ = at_landmark(histories_at=when)
    lesions = data.column("lesions").values
    assert lesions[0] == value
    assert np.isnan(lesions[1:3]).all()
    assert (lesions[3] == 2.0) == (when == "landmark")


def test_at_time_zero_nobody_is_left_out_for_dying():
    data, asked = at_landmark("none_within_grace", landmark_months=0.0)
    assert data.n == len(ROWS)
    assert not data.treated.any()
    assert (asked.horizon_months, asked.time_zero) == (36.0, "time zero")


def test_a_landmark_at_the_horizon_is_refused():
    with pytest.raises(DesignError, match="the landmark is at 36 months"):
        at_landmark(landmark_months=36.0)
