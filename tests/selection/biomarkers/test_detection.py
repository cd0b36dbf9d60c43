import math

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.selection.biomarkers import below_limit


def test_worked_case():
    made = below_limit([0.0, "<0.1", 0.05, 1.0, "4.0", None, "not detected", math.nan], 0.1)
    assert made.detected.tolist()[:5] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert made.detected[6] == 0.0
    assert np.isnan(made.detected[[5, 7]]).all()
    # log 1 = 0 and log 4 about their mean, log 2.
    assert made.log_value[3:5] == pytest.approx([-math.log(2.0), math.log(2.0)], abs=1e-15)
    assert made.log_value[[0, 1, 2, 6]].tolist() == [0.0] * 4
    assert (made.n_detected, made.n_below, made.n_missing, made.n_raised) == (2, 4, 2, 2)
    assert made.centre == pytest.approx(math.log(2.0))


def test_limit_differs_by_sample():
    made = below_limit([0.5, 0.5], [0.1, 1.0])
    assert made.detected.tolist() == [1.0, 0.0]


def test_later_samples_keep_the_centre():
    first = below_limit([1.0, 4.0], 0.1)
    later = below_limit([4.0], 0.1, centre=first.centre)
    assert later.log_value[0] == pytest.approx(first.log_value[1])


def test_nothing_detected():
    made = below_limit(["<0.1", "<1e-1"], 0.1)
    assert made.centre == 0.0
    assert made.detected.tolist() == [0.0, 0.0]


def test_columns_are_named():
    assert list(below_limit([1.0], 0.1).columns("ctDNA")) == [
        "ctDNA: detected",
        "ctDNA: log if detected",
    ]


@pytest.mark.parametrize(
    ("values", "limit", "said"),
    [
        ([1.0, "high"], 0.1, "can't be read in row 2"),
        ([1.0, -0.5], 0.1, "negative or not finite in row 2"),
        ([1.0, math.inf], 0.1, "negative or not finite in row 2"),
        ([1.0], 0.0, "limit is 0 in row 1"),
        ([1.0, 2.0, 3.0], [0.1, 0.2], "2 values for 3 samples"),
    ],
    ids=["text", "negative", "infinite", "no-limit", "limits"],
)
def test_refuses(values, limit, said):
    with pytest.raises(DataError, match=said):
        below_limit(values, limit)
