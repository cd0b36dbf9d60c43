"""Pooled analyses of individual times: R's numbers, cases by hand, and what can't be estimated."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.core.jsontext import dumps
from locoreg.evidence.digitised import PooledCurves, averaged_curves, pool_curves
from locoreg.evidence.digitised.persontimes import POOL_VARIANCES, split_rows
from locoreg.evidence.digitised.timesplit import log_time_effect, piecewise
from locoreg.stats.cox import cox
from tests.evidence.digitised.known_studies import COLUMNS, known_study, persons_of, real_study

R = json.loads(
    (Path(__file__).parents[2] / "reference" / "curves" / "pooled.json").read_text("utf-8")
)
ASKED = {
    "level": 95, "horizons": [R["horizon"]], "at": [R["at"]], "cuts": R["cuts"], "method": "DL",
    "interval": "normal",
}  # fmt: skip


@pytest.fixture(scope="module")
def studies() -> list:
    return [real_study(name) for name in COLUMNS]


@pytest.fixture(scope="module", params=POOL_VARIANCES)
def pooled(request: pytest.FixtureRequest, studies: list) -> PooledCurves:
    return pool_curves(studies, variance=request.param, **ASKED)


def close(ours: object, theirs: object) -> None:
    assert np.asarray(ours, dtype=float) == pytest.approx(np.asarray(theirs), rel=1e-8, abs=1e-10)


def test_cox_models_against_r(pooled: PooledCurves) -> None:
    kind = pooled.variance
    close(pooled.hr.estimate, R["one_stage_coef"])
    close(pooled.hr.se, R[f"one_stage_se_{kind}"])
    close([one.hr.estimate for one in pooled.intervals], R["piecewise_coef"])
    close([one.hr.se for one in pooled.intervals], R[f"piecewise_se_{kind}"])
    trend = pooled.log_time
    assert trend is not None
    assert trend.exact
    close([trend.at_one_month.estimate, trend.slope.estimate], R["log_time_coef"])
    close([trend.at_one_month.se, trend.slope.se], R[f"log_time_se_{kind}"])
    if kind == "model":
        close(trend.covariance, R["log_time_cov"])
    if kind == "robust":
        close(trend.covariance, R["log_time_cov_robust"])


def test_studies_and_pools_against_r(pooled: PooledCurves) -> None:
    close([study.hr.estimate for study in pooled.studies], R["study_coef"])
    close([study.hr.se for study in pooled.studies], R["study_se"])
    mean, survival = pooled.rmst[0], pooled.survival[0]
    close([one.estimate for one in mean.differences], R["rmst_difference"])
    close([one.se for one in mean.differences], R["rmst_se"])
    close([one.estimate for one in survival.differences], R["survival_difference"])
    close([one.se for one in survival.differences], R["survival_se"])
    for name, pool in (("hr", pooled.two_stage), ("rmst", mean.pool), ("survival", survival.pool)):
        assert pool is not None
        close([pool.mu.estimate, pool.mu.se, pool.tau2], R[f"pool_{name}"])
    for test in pooled.proportional:
        close(test.p_value, R[f"zph_{test.study_id}"])


def test_everything_is_said_and_written(pooled: PooledCurves) -> None:
    text = pooled.summary()
    assert f"variance {pooled.variance}" in text
    assert "120 to 300 months" in text
    assert "as if they had been observed" in text
    written = json.loads(dumps(pooled.to_dict()))
    assert written["one_stage"]["hr"]["estimate"] == pooled.hr.estimate
    assert written["provenance"]["options"]["variance"] == pooled.variance
    assert len(pooled.to_frame()) == 3


def test_robust_variance_does_not_depend_on_how_rows_are_split(studies: list) -> None:
    # One interval, cut nowhere inside, against a fit of whole persons with persons as clusters.
    persons = persons_of(studies)
    (whole,) = piecewise(persons, [], level=95, variance="robust")
    fit = cox(
        persons.time, persons.event, persons.treated, strata=persons.study, level=95,
        cluster=np.arange(persons.time.size), variance="robust",
    )  # fmt: skip
    close(whole.hr.se, fit.se[0])
    rows = split_rows(persons, dict.fromkeys(persons.names, np.array([50.0, 90.0, 400.0])))
    split = cox(
        rows.stop, rows.event, rows.treated, entry=rows.entry, strata=rows.study, level=95,
        cluster=rows.person, variance="robust",
    )  # fmt: skip
    close(split.se[0], fit.se[0])


def test_averaged_curves_by_hand() -> None:
    # Weights 6/10 and 4/10. At 2 months: intervention 2/3 and 1/2, control 1/3 and 1.
    one = known_study("a", ([1, 3, 3], [1, 0, 0]), ([1, 2, 3], [1, 1, 0]))
    two = known_study("b", ([2, 4], [1, 0]), ([4, 4], [0, 0]))
    found = averaged_curves([one, two], level=95)
    assert found.weights == pytest.approx([0.6, 0.4])
    assert found.time[-1] == 3
    at = int(np.searchsorted(found.time, 2 - 1e-9))
    assert found.time[at] == pytest.approx(2)
    assert found.intervention[at] == pytest.approx(0.6 * 2 / 3 + 0.4 / 2)
    assert found.control[at] == pytest.approx(0.6 / 3 + 0.4)
    # Greenwood: (2/3)^2 / 6, (1/2)^2 / 2; (1/3)^2 (1/6 + 1/2).
    greenwood = 0.36 * (4 / 9) / 6 + 0.16 / 8
    assert found.intervention_se[at] == pytest.approx(math.sqrt(greenwood))
    assert found.control_se[at] == pytest.approx(0.6 / 3 * math.sqrt(2 / 3))
    assert found.difference_se[at] ** 2 == pytest.approx(greenwood + 0.04 * 2 / 3)


def test_one_study_collapses_to_itself(studies: list) -> None:
    alone = pool_curves(studies[:1], variance="model", **ASKED)
    close(alone.hr.estimate, R["study_coef"][0])
    assert alone.two_stage is not None
    close(alone.two_stage.mu.estimate, R["study_coef"][0])
    assert [test.study_id for test in alone.proportional] == ["lung"]
    with pytest.raises(DesignError, match="at least 2 studies"):
        pool_curves(studies[:1], variance="robust-by-study", **ASKED)


SILENT = known_study("silent", ([5, 9, 9], [0, 0, 0]), ([4, 9, 9], [0, 0, 0]))
ONE_ARM = known_study("onearm", ([2, 9, 9], [0, 0, 0]), ([1, 3, 9], [1, 1, 0]))
BOTH = known_study("both", ([1, 4, 6, 8, 9], [1, 1, 1, 0, 1]), ([1, 2, 3, 5, 7], [1, 1, 1, 1, 0]))
SMALL = {
    "level": 95, "horizons": [6, 8], "at": [6], "cuts": [3.5], "method": "DL",
    "interval": "normal",
}  # fmt: skip


def test_studies_that_tell_nothing_are_named_and_left_out() -> None:
    pooled = pool_curves([SILENT, ONE_ARM, BOTH], variance="model", **SMALL)
    assert pooled.one_stage_left_out == ("silent (no event while both arms are at risk)",)
    assert pooled.two_stage_left_out == (
        "silent (no event while both arms are at risk)",
        "onearm (events in the control arm only)",
    )
    assert math.isfinite(pooled.hr.estimate)
    late = pooled.intervals[1]
    assert late.studies == ("both",)
    assert "onearm (no event while both arms are at risk)" in late.left_out
    reasons = {test.study_id: test.reason for test in pooled.proportional}
    assert reasons["silent"] == "no event while both arms are at risk"
    assert reasons["onearm"]
    assert any("silent" in reason for reason in pooled.survival[0].left_out)
    # Both arms of `both` end at 7 or later; the other studies at 9.
    assert any("both (its curves end at 7.0 months)" in r for r in pooled.rmst[1].left_out)
    assert "not estimable (events in the control arm only)" in pooled.summary()
    json.loads(dumps(pooled.to_dict()))


def test_an_interval_with_events_in_one_arm_is_infinite_with_a_reason() -> None:
    persons = persons_of([ONE_ARM])
    early, late = piecewise(persons, [3.5], level=95, variance="robust")
    assert early.hr.estimate == -math.inf
    assert early.reason == "events in the control arm only"
    assert "not estimable" in early.text()
    assert math.isnan(late.hr.estimate)
    assert late.studies == ()
    assert late.left_out == ("onearm (no event while both arms are at risk)",)


def test_infinite_and_missing_pools() -> None:
    infinite = pool_curves([ONE_ARM, SILENT], variance="model", **SMALL)
    assert infinite.hr.estimate == -math.inf
    assert infinite.two_stage is None
    assert infinite.log_time is None
    assert infinite.log_time_reason
    assert "No trend with log time" in infinite.summary()
    with pytest.raises(DesignError, match="no study has an event"):
        pool_curves([SILENT], variance="model", **SMALL)


def test_a_curve_at_zero_is_known_beyond_its_end() -> None:
    dead = known_study("dead", ([1, 2, 3], [1, 1, 1]), ([1, 5, 9], [1, 0, 0]))
    assert dead.follow_up == 3
    assert dead.reach == 9
    (mean,) = pool_curves([dead], variance="model", **(SMALL | {"horizons": [8]})).rmst
    # Area of the intervention: 1 + 2/3 + 1/3; of the control: 1 + 7 * 2/3.
    assert mean.differences[0].estimate == pytest.approx(2 - 1 - 14 / 3)


def test_the_trend_is_the_ratio_at_a_month(studies: list) -> None:
    trend = log_time_effect(persons_of(studies), level=95, variance="robust")
    month = trend.at(1)
    assert month.estimate == trend.at_one_month.estimate
    assert month.se == pytest.approx(trend.at_one_month.se)
    for bad in (0, -1):
        with pytest.raises(DesignError, match="no value"):
            trend.at(bad)


def test_events_everywhere_are_counted_once(studies: list) -> None:
    persons = persons_of(studies)
    found = piecewise(persons, [10, 100, 1000], level=95, variance="model")
    assert sum(one.events for one in found) == int(persons.event.sum())


@pytest.mark.parametrize("cuts", [[0, 5], [5, 5], [9, 5], [math.nan]])
def test_bad_cuts_are_refused(cuts: list) -> None:
    with pytest.raises(DesignError, match="cuts of time"):
        piecewise(persons_of([BOTH]), cuts, level=95, variance="model")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"horizons": [-1]}, "horizon"),
        ({"at": [math.inf]}, "time"),
        ({"variance": "robsut"}, "variance"),
        ({"level": 0.95}, "level"),
    ],
)
def test_bad_options_are_refused(change: dict, words: str) -> None:
    with pytest.raises(Exception, match=words):
        pool_curves([BOTH], **({"variance": "model"} | SMALL | change))


def test_no_study_is_refused() -> None:
    with pytest.raises(DesignError, match="no study to pool"):
        pool_curves([], variance="model", **SMALL)
