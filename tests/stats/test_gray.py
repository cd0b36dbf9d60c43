"""Gray's test: cmprsk's numbers, hand-worked and special cases, invariants, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.gray import gray_test
from locoreg.stats.logrank import logrank
from tests.stats import survival_cases as reference

# R and this kernel add the same doubles in another order.
SAME_AS_R = {"rtol": 1e-9}
REORDERED = {"rtol": 1e-8, "atol": 1e-10}
MODEST = settings(deadline=None, max_examples=25)


@pytest.mark.parametrize("name", reference.names("cuminc_gray"))
def test_tests_equal_cmprsk(name):
    case = reference.case(name)
    args, expected = case["args"], case["result"]["gray_test"]
    if expected is None:
        return
    used = [args["time"], args["status"], args["group"]]
    columns = reference.complete(reference.data(case["dataset"]), used)
    for i, (chi2, p, df) in enumerate(
        zip(expected["stat"], expected["p"], expected["df"], strict=True)
    ):
        test = gray_test(*(columns[name] for name in used), cause=i + 1)
        np.testing.assert_allclose(test.chi2, chi2, **SAME_AS_R)
        np.testing.assert_allclose(test.p_value, p, **SAME_AS_R)
        assert test.df == df


TIED = {
    "time": [4, 1, 1, 2, 4, 1, 1, 6, 1, 5, 2, 3],
    "event": [1, 2, 1, 1, 0, 1, 2, 1, 1, 2, 2, 1],
    "group": list("abcabcabcabc"),
    "strata": [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2],
}


@pytest.mark.parametrize(
    ("cause", "rho", "stratified", "chi2"),
    [
        # R: cuminc(time, event, group, strata, rho)$Tests, cmprsk 2.2-11.
        (1, 0, False, 12.27479108377718),
        (2, 0, False, 2.11344907076448),
        (1, 0, True, 7.99819260290837),
        (2, 0, True, 2.17141126589945),
        (1, 1, False, 12.24597463811926),
        (2, 1, False, 2.11311254897471),
        (1, 1, True, 7.95956139242632),
    ],
)
def test_tied_times_equal_cmprsk(cause, rho, stratified, chi2):
    data = dict(TIED) if stratified else {k: v for k, v in TIED.items() if k != "strata"}
    test = gray_test(**data, cause=cause, rho=rho)
    np.testing.assert_allclose(test.chi2, chi2, **SAME_AS_R)
    assert test.df == 2


def test_three_rows_by_hand():
    # Group a: cause 1 at 1, cause 2 at 2. Group b: censored at 3. One event: shares 2/3 and 1/3,
    # variance 2/3 * 1/3, as for a log-rank test, since nothing comes before it.
    test = gray_test([1, 2, 3], [1, 2, 0], list("aab"), cause=1)
    np.testing.assert_allclose(test.score, [1 / 3, -1 / 3])
    np.testing.assert_allclose(test.covariance, 2 / 9 * np.array([[1, -1], [-1, 1]]))
    assert test.chi2 == pytest.approx(1 / 2)
    assert test.p_value == pytest.approx(stats.chi2.sf(1 / 2, 1))


def test_competing_events_stay_in_the_risk_set_by_hand():
    # At 2 group a has 1 of 2 left at risk after a competing event: its risk set is
    # Y (1 - F)/S = 1 / (1/2) = 2, as before it; that of b is 2.
    test = gray_test([1, 2, 3, 3], [2, 1, 0, 0], list("aabb"), cause=1)
    np.testing.assert_allclose(test.score, [1 / 2, -1 / 2])
    # A log-rank test, which censors, has 1 of 3 at risk in a.
    censored = logrank([1, 2, 3, 3], [0, 1, 0, 0], list("aabb"))
    np.testing.assert_allclose(censored.observed - censored.expected, [2 / 3, -2 / 3])


def test_without_competing_events_the_score_is_that_of_the_log_rank_test():
    rng = np.random.default_rng(1)
    time, event, group = rng.exponential(1, 80), rng.integers(0, 2, 80), rng.integers(0, 3, 80)
    test, single = gray_test(time, event, group, cause=1), logrank(time, event, group)
    np.testing.assert_allclose(test.score, single.observed - single.expected, **REORDERED)
    # Gray's variance holds under equal incidences only; it differs a little.
    np.testing.assert_allclose(test.chi2, single.chi2, rtol=0.1)


@st.composite
def rows(draw):
    n = draw(st.integers(6, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    group = rng.integers(0, draw(st.integers(2, 4)), n)
    group[:2] = 0, 1
    event = rng.integers(0, 4, n)
    event[0] = 1
    out = {"time": rng.integers(1, draw(st.sampled_from([4, 1000])), n), "event": event}
    out["group"] = group
    if draw(st.booleans()):
        out["strata"] = rng.integers(0, 2, n)
    return out


RHO = st.sampled_from([0, 0.5, 1, 2])


@MODEST
@given(rows(), RHO, st.integers(0, 1000))
def test_order_of_rows_does_not_matter(data, rho, seed):
    order = np.random.default_rng(seed).permutation(data["time"].size)
    shuffled = {name: values[order] for name, values in data.items()}
    left, right = gray_test(**data, cause=1, rho=rho), gray_test(**shuffled, cause=1, rho=rho)
    np.testing.assert_allclose(left.score, right.score, **REORDERED)
    np.testing.assert_allclose(left.covariance, right.covariance, **REORDERED)


@MODEST
@given(rows(), RHO)
def test_names_of_groups_and_of_other_causes_do_not_matter(data, rho):
    test = gray_test(**data, cause=1, rho=rho)
    event = np.array([0, 3, 2, 2])[data["event"]]
    turned = gray_test(**(data | {"event": event, "group": -data["group"]}), cause=3, rho=rho)
    np.testing.assert_allclose(test.score, turned.score[::-1], **REORDERED)
    np.testing.assert_allclose(test.covariance, turned.covariance[::-1, ::-1], **REORDERED)
    assert test.df == turned.df


@MODEST
@given(rows(), RHO)
def test_scores_sum_to_zero_and_so_do_rows_of_the_covariance(data, rho):
    test = gray_test(**data, cause=1, rho=rho)
    assert test.score.sum() == pytest.approx(0.0, abs=1e-10)
    np.testing.assert_allclose(test.covariance.sum(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(test.covariance, test.covariance.T, atol=1e-12)
    total = test.n - test.events - test.competing
    assert total.sum() == (data["event"] == 0).sum()


@MODEST
@given(rows(), st.floats(0.1, 10))
def test_only_the_order_of_times_matters(data, factor):
    left = gray_test(**data, cause=1)
    right = gray_test(**(data | {"time": (factor * data["time"]) ** 3}), cause=1)
    np.testing.assert_allclose(left.score, right.score, **REORDERED)


def test_nothing_to_compare_is_said():
    test = gray_test([1, 2, 3, 4], [1, 1, 2, 1], list("aabb"), cause=1, strata=[1, 1, 2, 2])
    assert test.df == 0
    assert np.isnan(test.chi2)
    assert "nothing to compare" in test.summary()


def test_level_under_equal_incidences():
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(300):
        time, group = rng.exponential(1, 80), np.repeat([0, 1], 40)
        event = np.where(time > 1.5, 0, rng.integers(1, 3, 80))
        rejected += gray_test(np.minimum(time, 1.5), event, group, cause=1).p_value < 0.05
    # 15 expected, binomial standard deviation 3.8.
    assert 5 <= rejected <= 27


def test_results_become_json_and_frames():
    test = gray_test(**TIED, cause=1, rho=1)
    assert json.loads(json.dumps(test.to_dict()))["df"] == test.df
    assert test.to_frame()["competing"].sum() == 4
    assert "Gray's test, cause 1, rho = 1, 2 strata" in test.summary()


GOOD = {"time": [1, 2, 3, 4], "event": [1, 2, 0, 1], "group": [0, 1, 0, 1], "cause": 1}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"group": [1, 1, 1, 1]}, DataError, "group has one label only: 1"),
        ({"cause": 3}, DataError, "No row has an event of cause 3.*causes 1, 2"),
        ({"cause": 0}, DataError, "No row has an event of cause 0"),
        ({"event": [0, 0, 0, 0]}, DataError, "all rows are censored"),
        ({"event": [1, -2, 0, 1]}, DataError, "event is not a whole number from 0 on in row 2"),
        ({"event": [1, 1.5, 0, 1]}, DataError, "event is not a whole number from 0 on in row 2"),
        ({"event": [1, np.nan, 0, 1]}, DataError, "event is not a finite number in row 2"),
        ({"time": [1, -2, 3, 4]}, DataError, "time is negative in row 2"),
        ({"rho": -1}, DesignError, "rho is -1"),
    ],
)
def test_bad_input_is_named(changes, error, message):
    with pytest.raises(error, match=message):
        gray_test(**(GOOD | changes))
