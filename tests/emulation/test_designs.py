"""The designs give the numbers that were published or computed by other means."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method, method_names
from tests.emulation import designs

# Six printed digits.
PRINTED = 6e-7


def test_lt1_truth_without_an_effect():
    truth = designs.lt1_truth(0.0)
    expected = {6: 0.823024, 12: 0.686543, 24: 0.493113, 36: 0.365942}
    for month, value in expected.items():
        assert truth.survival[month] == pytest.approx((value, value), abs=PRINTED)
    assert truth.rmst[36] == pytest.approx((22.05543, 22.05543), abs=6e-6)


def test_lt1_truth_with_an_effect():
    truth = designs.lt1_truth(np.log(0.6))
    expected = {6: 0.852440, 12: 0.762289, 24: 0.617570, 36: 0.507664}
    for month, value in expected.items():
        assert truth.survival[month][1] == pytest.approx(value, abs=PRINTED)
    assert truth.rmst[36] == pytest.approx((22.05543, 25.30881), abs=6e-6)


def test_ever_against_never_shows_a_benefit_where_there_is_none():
    assert "ever_treated" in method_names()
    effect = make_method("ever_treated", {}).estimate(
        designs.lt1(2000, 1),
        designs.question(),
        Inference(interval="bootstrap", replicates=50, seed=1, jobs=1),
    )
    found = effect.contrast("survival_difference")
    assert found.estimate.ci_low > 0.1
    assert effect.biased is not None
    assert "BIASED BY DESIGN" in effect.summary()
