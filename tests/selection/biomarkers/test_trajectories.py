import math

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.biomarkers import TrajectoryOptions, trajectories

OPTIONS = TrajectoryOptions(until_months=0.0, window_months=3.0)
ROWS = {
    "sampled": ["a", "a", "a", "b", "b", "c", "d", "d"],
    "months": [-4.0, -2.0, 0.0, -6.0, -1.0, -5.0, -2.0, -1.8],
    "values": [8.0, 4.0, 2.0, 4.0, "<0.1", 1.0, "<0.1", 3.0],
}
PERSONS = ["a", "b", "c", "d", "e"]


def made(**changed):
    given = {**ROWS, "limit": 0.1, "options": OPTIONS, **changed}
    return trajectories(PERSONS, **given)


def test_worked_case():
    found = made()
    assert found.samples.tolist() == [3, 2, 1, 2, 0]
    assert found.slope[0] == pytest.approx(-math.log(2.0) / 2.0)
    # Below the limit stands at half of it.
    assert found.slope[1] == pytest.approx((math.log(0.05) - math.log(4.0)) / 5.0)
    # One sample, samples closer than half a month, and none.
    assert np.isnan(found.slope[2:]).all()
    assert found.cleared.tolist()[:2] == [0.0, 1.0]
    assert np.isnan(found.cleared[2:]).all()
    assert found.residual_disease == ("positive", "negative", "unknown", "positive", "unknown")
    assert found.months_since[:4] == pytest.approx([0.0, 1.0, 5.0, 1.8])
    assert found.ever_detected[:4].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert found.counts == {
        "no_sample": 1,
        "one_sample": 1,
        "no_slope": 3,
        "never_detected_before_the_last": 2,
        "no_sample_in_the_window": 2,
    }


def test_order_of_samples_is_no_matter():
    turn = np.random.default_rng(1).permutation(8).tolist()
    shuffled = made(**{name: [values[i] for i in turn] for name, values in ROWS.items()})
    first = made()
    for name in ("slope", "cleared", "detected", "log_value", "months_since"):
        assert np.allclose(getattr(shuffled, name), getattr(first, name), equal_nan=True)


def test_a_landmark_takes_later_samples():
    landmark = TrajectoryOptions(until_months=2.0, window_months=3.0)
    found = made(months=[-4.0, -2.0, 2.0, -6.0, -1.0, -5.0, -2.0, -1.8], options=landmark)
    assert found.months_since[0] == 0.0


def test_a_sample_without_a_value_takes_no_part():
    found = made(values=[8.0, 4.0, None, *ROWS["values"][3:]])
    assert found.samples[0] == 2
    assert found.months_since[0] == 2.0


def test_columns_make_a_panel():
    columns = made().columns("ctDNA")
    assert columns["ctDNA: residual disease"].tolist()[:2] == [1.0, 0.0]
    assert all(values.shape == (5,) for values in columns.values())
    assert made().to_dict()["residual_disease"] == {"positive": 2, "negative": 1, "unknown": 2}


def test_later_samples_are_refused_by_name():
    with pytest.raises(DesignError, match="samples of 'a' are later than month 0"):
        made(months=[-4.0, -2.0, 0.1, *ROWS["months"][3:]])


def test_refuses():
    with pytest.raises(DataError, match=r"1 unknown person .such as 'z'"):
        made(sampled=["z", *ROWS["sampled"][1:]])
    with pytest.raises(DataError, match="two samples of 'a' have the same time, month -2"):
        made(months=[-2.0, -2.0, *ROWS["months"][2:]])
    with pytest.raises(DesignError, match="window_months is 0"):
        TrajectoryOptions(until_months=0.0, window_months=0.0)
