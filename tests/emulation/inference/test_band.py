"""Simultaneous bands of the difference curve."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import DesignError
from locoreg.emulation.inference import Values, difference_band
from tests.emulation import designs
from tests.emulation.inference.toy import Toy, cohort

QUESTION = designs.question()
# The 95% quantile of 20,000 draws of a maximum has a standard error of about .01.
QUANTILE = 0.04


class Given(Toy):
    """The toy with influence on the difference that is given."""

    def __init__(self, people, rows):
        super().__init__(people, QUESTION)
        self.rows = rows

    def influence(self):
        found = super().influence()
        curve = np.zeros_like(found.curve)
        curve[:, 1] = self.rows
        return Values(curve=curve, area=found.area, log_hr=found.log_hr)


def banded(analysis, people, **more):
    return difference_band(analysis, people, QUESTION, draws=20000, seed=1, **more)


def test_one_direction_needs_no_more_than_the_pointwise_quantile():
    people = cohort(50)
    k = QUESTION.grid().size
    rows = np.outer(np.random.default_rng(1).normal(size=50), np.arange(k))
    found = banded(Given(people, rows), people)
    assert found.critical_value == pytest.approx(stats.norm.ppf(0.975), abs=QUANTILE)
    # At time 0 nothing varies.
    np.testing.assert_array_equal(found.time, QUESTION.grid()[1:])


def test_independent_times_need_the_quantile_of_their_maximum():
    people = cohort(400)
    k = QUESTION.grid().size
    rows = np.linalg.qr(np.random.default_rng(1).normal(size=(400, k)))[0]
    found = banded(Given(people, rows), people)
    expected = stats.norm.ppf((1 + 0.95 ** (1 / k)) / 2)
    assert found.critical_value == pytest.approx(expected, abs=QUANTILE)


def test_the_band_holds_the_curve_and_is_wider_than_the_limits():
    people = cohort()
    found = banded(Toy(people, QUESTION), people)
    assert (found.band_low < found.estimate).all()
    assert (found.estimate < found.band_high).all()
    assert found.critical_value > stats.norm.ppf(0.975)
    width = (found.band_high - found.band_low) / found.se
    np.testing.assert_allclose(width, 2 * found.critical_value)
    assert banded(Toy(people, QUESTION), people).critical_value == found.critical_value
    later = banded(Toy(people, QUESTION), people, from_months=20.0)
    assert later.time[0] == 20.0
    assert later.critical_value <= found.critical_value
    json.dumps(found.to_dict())
    assert list(found.to_frame()["time"]) == list(found.time)


def test_hospitals_of_twins_have_the_band_of_one_each():
    half = cohort(n=100)
    rows = np.repeat(np.arange(100), 2)
    twice = replace(
        designs.cohort(
            time=half.time[rows], event=half.event[rows], treatment_time=half.treatment_time[rows]
        ),
        cluster=rows,
    )
    one = banded(Toy(half, QUESTION), half)
    other = banded(Toy(twice, QUESTION), twice, cluster=True)
    np.testing.assert_allclose(other.se, one.se, rtol=1e-10)
    with pytest.raises(DesignError, match="no hospitals"):
        banded(Toy(half, QUESTION), half, cluster=True)


def test_what_has_no_band_is_refused():
    people = cohort()
    with pytest.raises(DesignError, match="needs influence functions"):
        banded(Toy(people, QUESTION, influence=False), people)
    with pytest.raises(DesignError, match="don't differ"):
        banded(Given(people, np.zeros((people.n, QUESTION.grid().size))), people)
