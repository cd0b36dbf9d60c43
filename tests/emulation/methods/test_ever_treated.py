"""Ever against never treated."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError, LocoregError
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.stats.cox import cox
from tests.emulation import designs
from tests.emulation.groups.weightings import (
    KINDS,
    REFIT,
    derivative_gap,
    flow,
    log_hr,
    rich,
    short_question,
)

QUICK = Inference(interval="influence")
# The same numbers by another way.
SAME = {"rel": 1e-9, "abs": 1e-12}


def hand():
    """Six persons: three treated at 0, 2 and 5 months, all followed to death or 10 months."""
    inf = np.inf
    return designs.cohort(
        time=[4.0, 8.0, 10.0, 1.0, 3.0, 10.0],
        event=[1, 1, 0, 1, 1, 0],
        treatment_time=[0.0, 2.0, 5.0, inf, inf, inf],
    )


def hand_question():
    return designs.question(grace_months=6.0, horizon_months=9.0, at_months=(9.0,))


def test_groups_by_hand():
    effect = make_method("ever_treated", {}).estimate(hand(), hand_question(), QUICK)
    found = effect.contrast("survival_difference")
    assert (found.treated, found.comparator) == pytest.approx((1 / 3, 1 / 3))
    area = effect.contrast("rmst_difference")
    assert area.treated == pytest.approx((4 + 8 + 9) / 3)
    assert area.comparator == pytest.approx((1 + 3 + 9) / 3)
    # 0 + 2 + 5 of 4 + 8 + 9 months.
    immortal = {d.name: d for d in effect.diagnostics}["immortal_time"]
    assert immortal.value == pytest.approx(7 / 21)
    assert immortal.verdict == "fail"
    assert flow(effect)[("never treated", "never treated")] == 3


def test_excluded_time_starts_the_treated_at_treatment():
    method = make_method("ever_treated", {"immortal_time": "excluded"})
    question = designs.question(grace_months=4.0, horizon_months=5.0, at_months=(5.0,))
    found = method.estimate(hand(), question, QUICK).contrast("rmst_difference")
    # 4, 6 and 5 months after treatment, cut at 5.
    assert found.treated == pytest.approx((4 + 5 + 5) / 3)
    assert found.comparator == pytest.approx((1 + 3 + 5) / 3)


def test_the_adjusted_hazard_ratio_is_that_of_a_cox_model():
    cohort = designs.lt1(400, 6)
    effect = make_method("ever_treated", {"adjust": True}).estimate(
        cohort, designs.question(), QUICK
    )
    X = np.column_stack([np.isfinite(cohort.treatment_time), cohort.design().X])
    fit = cox(cohort.time, cohort.event == 1, X, level=95, variance="robust")
    assert log_hr(effect).estimate == pytest.approx(fit.coefficients[0], **SAME)
    assert log_hr(effect).se == pytest.approx(fit.se[0], **SAME)


def test_the_hazard_ratio_ends_at_the_horizon():
    cohort = designs.lt1(400, 6, log_hazard=-0.5)
    question = designs.question(horizon_months=12.0, at_months=(12.0,))
    effect = make_method("ever_treated", {}).estimate(cohort, question, QUICK)
    time, event = np.minimum(cohort.time, 12.0), (cohort.event == 1) & (cohort.time <= 12.0)
    fit = cox(time, event, np.isfinite(cohort.treatment_time)[:, None], level=95)
    assert log_hr(effect).estimate == pytest.approx(fit.coefficients[0], **SAME)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"adjust": True, "immortal_time": "excluded"}], ids=str)
def test_influence_is_the_derivative_of_a_refit(kind, options):
    assert derivative_gap("ever_treated", options, rich(kind), short_question()) < REFIT


def test_it_says_that_it_is_biased():
    effect = make_method("ever_treated", {}).estimate(
        designs.lt1(400, 1), designs.question(), QUICK
    )
    assert "BIASED BY DESIGN" in effect.summary()
    assert effect.verdict == "fail"


def test_an_empty_group_is_refused():
    cohort = designs.cohort(time=[1.0, 2.0], event=[1, 0], treatment_time=[np.inf, np.inf])
    with pytest.raises(DesignError, match="no persons are treated"):
        make_method("ever_treated", {}).bind(cohort, designs.question())


def test_an_unknown_option_is_refused():
    with pytest.raises(LocoregError, match="allowed are counted, excluded"):
        make_method("ever_treated", {"immortal_time": "ignored"})
