"""Small cohorts whose answer is computed here, by hand or by a few lines of numpy."""

from __future__ import annotations

import numpy as np
import pytest

import locoreg as lr
from tests.emulation.acceptance.test_own_data import question, run

# The same sums in another order.
SAME = 1e-10
INF = np.inf


def made(**columns):
    values = {"covariates": {}, "event_labels": ["death"], **columns}
    return lr.cohort_from_arrays(**values)


def fixed(time, event, treated, **more):
    """Return a cohort whose treatments are at time zero or never: no weights but 1/p."""
    return made(time=time, event=event, treatment_time=treated, **more)


def at(effect, month, measure="survival_difference"):
    c = effect.contrast(measure, month)
    return c.comparator, c.treated


ZERO = {"grace_months": 0.0, "at_months": (12.0, 36.0)}


def test_late_entry_is_at_risk_from_entry_on():
    # Treated at time zero: A, B, C; C enters at 5. Never: D, E, F; F enters at 7.
    data = fixed(
        [4, 10, 40, 6, 8, 40],
        [1, 1, 0, 1, 1, 0],
        [0, 0, 0, INF, INF, INF],
        entry=[0, 0, 5, 0, 0, 7],
    )
    effect = lr.make_method("ever_treated", {}).estimate(
        data, question(**ZERO), lr.Inference(interval="none")
    )
    # Treated: 1 of 2 at 4, 1 of 2 at 10. Never: 1 of 2 at 6; then F has joined: 1 of 2 at 8.
    assert at(effect, 12.0) == pytest.approx((0.25, 0.25), abs=SAME)


def test_weights_of_late_entrants_are_those_since_time_zero():
    """Entry at 2 halves nobody's weight: p is from those observed at each start."""
    rng = np.random.default_rng(4)
    n = 400
    treated = np.where(rng.random(n) < 0.4, rng.integers(0, 6, n), INF)
    time = rng.integers(6, 40, n) + 0.5
    late = rng.random(n) < 0.3
    entry = np.where(late, 1.5, 0.0)
    event = (rng.random(n) < 0.7).astype(int)
    data = made(time=time, event=event, treatment_time=treated, entry=entry)
    effect = run(data, question(at_months=(12.0, 36.0)))
    p = np.array(
        [
            (treated == k).sum() / (treated >= k).sum()
            if k >= 2
            else ((treated == k) & ~late).sum() / ((treated >= k) & ~late).sum()
            for k in range(6)
        ]
    )
    # Nobody dies by month 6, so that after it the comparator is the untreated, all of one weight.
    free = np.isinf(treated)
    want = 1.0
    for u in np.unique(time[free & (event == 1) & (time <= 12)]):
        want *= 1 - (free & (event == 1) & (time == u)).sum() / (free & (time >= u)).sum()
    assert at(effect, 12.0)[0] == pytest.approx(want, abs=SAME)
    # Those treated in month 5 weigh 1/p there.
    w = np.where(treated < 5, 1.0, np.where(treated == 5, 1 / p[5], 0.0))
    want = 1.0
    for u in np.unique(time[(event == 1) & (time <= 12)]):
        want *= 1 - w[(event == 1) & (time == u)].sum() / w[time >= u].sum()
    assert at(effect, 12.0)[1] == pytest.approx(want, abs=SAME)


def test_competing_deaths_leave_the_risk_set_and_not_the_denominator():
    # Treated: events 1 at 2, 2 at 4, 1 at 6, censored at 40; never: 2 at 3, 1 at 5, two at 40.
    data = fixed(
        [2, 4, 6, 40, 3, 5, 40, 40],
        [1, 2, 1, 0, 2, 1, 0, 0],
        [0, 0, 0, 0, INF, INF, INF, INF],
        event_labels=["breast cancer", "other"],
    )
    effect = run(data, question(**ZERO))
    comparator, treated = at(effect, 12.0, "incidence_difference")
    assert treated == pytest.approx(1 / 4 + 1 / 4, abs=SAME)
    assert comparator == pytest.approx(3 / 4 * 1 / 3, abs=SAME)


def test_hospitals_are_what_varies():
    """With two copies of each person in one hospital, robust errors grow by root 2."""
    rng = np.random.default_rng(1)
    n = 300
    treated = np.where(rng.random(n) < 0.5, 0.0, INF)
    time, event = rng.exponential(20, n) + 0.1, np.ones(n, dtype=int)
    one = fixed(time, event, treated)
    place = np.tile(np.arange(n), 2)
    two = fixed(time[place], event[place], treated[place], cluster=place)
    method = lr.make_method("clone_censor_weight", {})
    asked = question(**ZERO)
    single = method.estimate(one, asked, lr.Inference(interval="influence"))
    inside = method.estimate(two, asked, lr.Inference(interval="influence", cluster=True))
    ignored = method.estimate(two, asked, lr.Inference(interval="influence"))
    se = [e.contrast("survival_difference", 12.0).estimate.se for e in (single, inside, ignored)]
    # n/(n-1) of clusters against that of persons.
    assert se[1] == pytest.approx(se[0], rel=5e-3)
    assert se[2] == pytest.approx(se[0] / np.sqrt(2), rel=5e-3)


GAPS = {
    "protocol": 1,
    "title": "Gaps",
    "causal_question": "?",
    "table": {
        "person": "id",
        "time": "time",
        "event": "dead",
        "events": {1: "death"},
        "treatment_time": "treated",
        "unit": "months",
    },
    "eligibility": [],
    "strategies": {
        "treated": {"label": "treated", "grace_months": 0, "initiation": "all_initiators"},
        "comparator": {"label": "not", "rule": "never"},
    },
    "contrast": "per_protocol",
    "interval_months": 1,
    "horizon_months": 12,
    "at_months": [12],
    "level": 95,
    "confounders": {"baseline": [{"variable": "stage"}], "missing": {"method": "refuse"}},
    "analysis": {
        "method": "propensity",
        "options": {"groups": "time_zero", "weighting": "iptw", "target": "ate"},
        "intervals": {"kind": "none"},
    },
}


def gaps():
    rng = np.random.default_rng(3)
    n = 600
    stage = rng.integers(0, 2, n)
    treated = rng.random(n) < np.where(stage == 1, 0.3, 0.6)
    dead = rng.random(n) < 0.2 + 0.3 * stage - 0.1 * treated
    known = np.where(stage == 1, "IV", "III").astype(object)
    known[rng.random(n) < 0.1] = None
    return {
        "id": np.arange(n),
        "time": np.where(dead, 6.0, 12.0),
        "dead": dead,
        "treated": np.where(treated, 0.0, np.nan),
        "stage": known,
    }


def emulate(rule, **more):
    plan = {**GAPS, "confounders": {**GAPS["confounders"], "missing": {"method": rule, **more}}}
    return lr.emulate(plan, table=gaps(), sensitivity=False)


def weighted(data, strata, kept):
    """Return survival at 12 months by arm, standardised over strata."""
    out = []
    for arm in (False, True):
        mine = kept & (np.isfinite(data["treated"]) == arm)
        share = [(kept & s).sum() / kept.sum() for s in strata]
        alive = [1 - data["dead"][mine & s].mean() for s in strata]
        out.append(float(np.dot(share, alive)))
    return tuple(out)


def test_unknown_values_refuse():
    with pytest.raises(lr.DataError, match=r"stage for \d+ of 600"):
        emulate("refuse")


@pytest.mark.parametrize("rule", ["complete_cases", "category"])
def test_unknown_values_left_out_or_a_level(rule):
    data = gaps()
    lacking = np.array([v is None for v in data["stage"]])
    strata = [data["stage"] == "III", data["stage"] == "IV"]
    kept = ~lacking
    if rule == "category":
        strata.append(lacking)
        kept = np.ones(lacking.size, dtype=bool)
    effect = emulate(rule)
    assert effect.primary.n == kept.sum()
    # A saturated model of treatment: weighting is standardisation.
    assert at(effect.primary, 12.0) == pytest.approx(weighted(data, strata, kept), abs=1e-8)
    if rule == "complete_cases":
        assert effect.attrition.steps[-1].excluded == lacking.sum()


def test_unknown_values_imputed():
    effect = emulate("multiple_imputation", imputations=5, seed=1)
    data = gaps()
    known = np.array([v is not None for v in data["stage"]])
    strata = [data["stage"] == "III", data["stage"] == "IV"]
    near = weighted(data, strata, known)
    # Values are lacking at random: imputation is near to those who are known, of 600 persons.
    assert effect.primary.n == 600
    assert at(effect.primary, 12.0) == pytest.approx(near, abs=0.03)


def logged(ratio, low, high):
    mid, low, high = np.log([ratio, low, high])
    values = {"estimate": mid, "se": (high - low) / 3.92, "ci_low": low, "ci_high": high}
    return lr.Estimate(**values, level=95.0, scale="log")


def test_e_value_and_calibration_are_public():
    found = lr.e_value(logged(3.9, 1.8, 8.7), measure="RR", outcome="common")
    assert found.e_value == pytest.approx(7.263, abs=5e-4)
    assert found.e_value_limit == pytest.approx(3.0, abs=5e-4)
    for outcome, value in (("common", 2.350), ("rare", 2.970)):
        one = lr.e_value(logged(0.56, 0.4, 0.8), measure="HR", outcome=outcome)
        assert one.e_value == pytest.approx(value, abs=5e-4)
    controls = {f"c{i}": logged(r, r / 1.2, r * 1.2) for i, r in enumerate((1.1, 1.3, 0.9, 1.2, 1))}
    null = lr.fit_null(controls)
    shifted = lr.calibrate(logged(2.0, 1.5, 2.7), null, level=95.0)
    assert null.mean > 0
    assert shifted.calibrated.estimate < np.log(2.0)
