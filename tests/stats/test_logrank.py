"""Log-rank family: R's numbers, published and hand-worked cases, invariants, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.groupcounts import check_grouped, group_counts, quadratic_form
from locoreg.stats.logrank import fleming_harrington, logrank, row_scores
from locoreg.stats.maxcombo import largest_normal_p, max_combo
from tests.stats import survival_cases as reference

# R and this kernel add the same doubles in another order.
SAME_AS_R = {"rtol": 1e-9, "atol": 1e-9}
# Two orders of the same sums, and of an eigenvalue decomposition of them.
REORDERED = {"rtol": 1e-8, "atol": 1e-10}
# scipy's own tolerance for multivariate normal probabilities below.
NORMAL = 1e-5
MODEST = settings(deadline=None, max_examples=25)

# Freireich et al. (1963): weeks of remission, 6-mercaptopurine and placebo; 0 is censored.
MERCAPTOPURINE = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
LEUKAEMIA = {
    "time": MERCAPTOPURINE + PLACEBO,
    "event": RELAPSED + [1] * 21,
    "group": ["6-MP"] * 21 + ["placebo"] * 21,
}


def as_float(values):
    return np.array(values, dtype=np.float64)


# --- R's and published numbers -------------------------------------------------------------


@pytest.mark.parametrize("name", reference.names("survdiff"))
def test_tests_equal_r(name):
    case = reference.case(name)
    args, expected = case["args"], case["result"]
    columns = reference.subset(args["subset"], reference.data(case["dataset"]))
    _, time, event = reference.response(args["response"], columns)
    strata = columns[args["strata"]] if args["strata"] else None
    test = logrank(time, event, columns[args["group"]], strata=strata, rho=args["rho"])
    observed, expected_events = as_float(expected["obs"]), as_float(expected["exp"])
    if strata is None:
        np.testing.assert_allclose(test.observed, observed.ravel(), **SAME_AS_R)
        np.testing.assert_allclose(test.expected, expected_events.ravel(), **SAME_AS_R)
    else:
        np.testing.assert_allclose(test.observed_by_stratum, observed, **SAME_AS_R)
        np.testing.assert_allclose(test.expected_by_stratum, expected_events, **SAME_AS_R)
    np.testing.assert_array_equal(test.n, expected["n"])
    np.testing.assert_allclose(test.covariance, expected["var"], **SAME_AS_R)
    np.testing.assert_allclose(test.chi2, expected["chisq"], **SAME_AS_R)
    np.testing.assert_allclose(test.p_value, expected["p"], rtol=1e-9)
    assert test.df == expected["df"]


def test_leukaemia_as_published():
    # Freireich's trial in textbooks: 9 and 21 relapses, 19.25 and 10.75 expected, chi2 16.79.
    test = logrank(**LEUKAEMIA)
    np.testing.assert_allclose(test.expected, [19.25, 10.75], atol=0.005)
    assert test.events.tolist() == [9, 21]
    assert test.chi2 == pytest.approx(16.79, abs=0.005)
    assert test.z == pytest.approx(np.sqrt(test.chi2))
    # R: survdiff(rho = 1).
    assert logrank(**LEUKAEMIA, rho=1).chi2 == pytest.approx(14.4571508187)


# --- hand-worked ---------------------------------------------------------------------------


def test_four_rows_by_hand():
    # Times 1 to 4, groups a a b b: shares of b 1/2, 2/3, 1, 1 and variances 1/4, 2/9, 0, 0.
    test = logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"])
    np.testing.assert_allclose(test.expected, [1 / 2 + 1 / 3, 1 / 2 + 2 / 3 + 2])
    np.testing.assert_allclose(test.covariance[0, 0], 1 / 4 + 2 / 9)
    assert test.chi2 == pytest.approx((7 / 6) ** 2 / (17 / 36))
    assert test.p_value == pytest.approx(stats.chi2.sf(test.chi2, 1))


def test_fleming_harrington_weights_by_hand():
    # Of 4, S(t-) is 1, 3/4, 1/2, 1/4.
    test = logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"], rho=1, gamma=2)
    weight = np.array([0, 3 / 4 / 16, 1 / 2 / 4, 1 / 4 * 9 / 16])
    np.testing.assert_allclose(test.observed, [weight[1], weight[2] + weight[3]])
    np.testing.assert_allclose(test.expected[0], weight[1] / 3)
    np.testing.assert_allclose(test.covariance[0, 0], weight[1] ** 2 * 2 / 9)


def test_untied_log_rank_is_the_score_test_of_a_cox_model():
    rng = np.random.default_rng(1)
    time, event, x = rng.exponential(1, 60), rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    score = information = 0.0
    for t in time[event == 1]:
        p = x[time >= t].mean()
        score += x[time == t][0] - p
        information += p * (1 - p)
    assert logrank(time, event, x).chi2 == pytest.approx(score**2 / information)


def test_robust_variance_by_hand():
    # Rows at 1 (a), 2 (b), both events of weight 2 and 1: the share of b at 1 is 1/3.
    # Row 1: 2 (-1/3 + 1/3 * 2/3) = -2/9; row 2: (1 - 1) - (1 - 1/3) 2/3 and its event at 2: -4/9.
    test = logrank([1, 2], [1, 1], ["a", "b"], weight=[2, 1])
    assert test.observed[1] - test.expected[1] == pytest.approx(-2 / 3)
    assert test.covariance[1, 1] == pytest.approx((2 / 9) ** 2 + (4 / 9) ** 2)
    assert test.variance == "robust"


def test_delayed_entry_by_hand():
    # Row 3 enters at 1.5: at 1 there are a and b, at 2 b and c.
    test = logrank([1, 2, 3], [1, 1, 1], ["a", "b", "b"], entry=[0, 0, 1.5])
    np.testing.assert_allclose(test.expected, [1 / 2, 1 / 2 + 2])
    assert test.delayed_entry


def test_trend_by_hand():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(1, 90), rng.integers(0, 2, 90)
    group = np.repeat([1, 2, 3], 30)
    test = logrank(time, event, group, trend=[0, 1, 2])
    difference = test.observed - test.expected
    spread = np.array([0, 1, 2]) @ test.covariance @ np.array([0, 1, 2])
    assert test.trend.z == pytest.approx((difference[1] + 2 * difference[2]) / np.sqrt(spread))
    assert test.trend.z**2 <= test.chi2
    two = logrank(time, event, group > 1, trend=[5, 7])
    assert two.trend.z == pytest.approx(two.z)
    assert two.trend.p_value == pytest.approx(two.p_value)


# --- special data --------------------------------------------------------------------------


def test_a_group_without_events_still_counts():
    columns = reference.data("edge_no_events_group")
    assert columns["event"].sum() > 0
    time, event = [1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0]
    test = logrank(time, event, list("aaabbb"))
    assert test.events.tolist() == [3, 0]
    assert test.df == 1
    assert test.chi2 > 0


def test_a_group_never_at_risk_at_an_event_costs_no_degree_of_freedom():
    test = logrank([1, 5, 5, 6, 7], [0, 1, 1, 1, 0], list("cabab"))
    assert test.df == 1
    assert test.chi2 == pytest.approx(logrank([5, 5, 6, 7], [1, 1, 1, 0], list("abab")).chi2)


def test_strata_with_one_group_add_nothing():
    time, event, group = [1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 1], list("ababaa")
    strata = [1, 1, 1, 1, 2, 2]
    test = logrank(time, event, group, strata=strata)
    assert test.informative_strata == 1
    assert test.chi2 == pytest.approx(logrank(time[:4], event[:4], group[:4]).chi2)


@pytest.mark.parametrize("options", [{}, {"cluster": [1, 2, 3, 4]}, {"rho": 1, "gamma": 1}])
def test_nothing_to_compare_is_said(options):
    censored = logrank([1, 2, 3, 4], [0, 0, 0, 0], list("abab"), **options)
    assert (censored.df, np.isnan(censored.chi2)) == (0, True)
    assert "nothing to compare" in censored.summary()
    apart = logrank([1, 2, 3, 4], [1, 1, 1, 1], list("aabb"), strata=[1, 1, 2, 2], **options)
    assert apart.df == 0
    assert apart.informative_strata == 0


def test_times_that_differ_by_rounding_are_one():
    test = logrank([0.1 + 0.2, 0.3, 1, 2], [1, 1, 1, 0], list("abab"))
    assert test.merged_times == 1
    assert test.chi2 == pytest.approx(logrank([0.3, 0.3, 1, 2], [1, 1, 1, 0], list("abab")).chi2)


# --- invariants ----------------------------------------------------------------------------


@st.composite
def rows(draw, weighted=False):
    n = draw(st.integers(4, 30))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    time = rng.integers(1, draw(st.sampled_from([4, 1000])), n).astype(float)
    group = rng.integers(0, draw(st.integers(2, 4)), n)
    group[:2] = 0, 1
    out = {"time": time, "event": rng.integers(0, 2, n), "group": group}
    if draw(st.booleans()):
        out["entry"] = np.floor(time * rng.uniform(0, 0.99, n)) * rng.integers(0, 2, n)
    if weighted:
        out["weight"] = rng.choice([0.4, 1.0, 2.7], n)
    if draw(st.booleans()):
        out["strata"] = rng.integers(0, 2, n)
    return out


EXPONENTS = st.sampled_from([(0, 0), (1, 0), (0, 1), (0.5, 2)])


def assert_same(left, right):
    difference = left.observed - left.expected
    np.testing.assert_allclose(difference, right.observed - right.expected, **REORDERED)
    np.testing.assert_allclose(left.covariance, right.covariance, **REORDERED)
    assert left.df == right.df
    np.testing.assert_allclose(left.chi2, right.chi2, **REORDERED)


@MODEST
@given(rows(weighted=True), EXPONENTS, st.integers(0, 1000))
def test_order_of_rows_does_not_matter(data, exponents, seed):
    order = np.random.default_rng(seed).permutation(data["time"].size)
    shuffled = {name: values[order] for name, values in data.items()}
    rho, gamma = exponents
    assert_same(logrank(**data, rho=rho, gamma=gamma), logrank(**shuffled, rho=rho, gamma=gamma))


@MODEST
@given(rows(), EXPONENTS)
def test_names_of_groups_do_not_matter(data, exponents):
    rho, gamma = exponents
    test = logrank(**data, rho=rho, gamma=gamma)
    turned = logrank(**(data | {"group": -data["group"]}), rho=rho, gamma=gamma)
    np.testing.assert_allclose(test.observed, turned.observed[::-1], **REORDERED)
    np.testing.assert_allclose(test.covariance, turned.covariance[::-1, ::-1], **REORDERED)
    np.testing.assert_allclose(test.chi2, turned.chi2, **REORDERED)
    if len(test.groups) == 2:
        np.testing.assert_allclose(test.z, -turned.z, **REORDERED)


@MODEST
@given(rows(), EXPONENTS, st.integers(0, 1000))
def test_whole_weights_are_repeated_rows(data, exponents, seed):
    rho, gamma = exponents
    times = np.random.default_rng(seed).integers(1, 4, data["time"].size)
    repeated = {name: np.repeat(values, times) for name, values in data.items()}
    weighted = logrank(**data, weight=times, rho=rho, gamma=gamma)
    origin = np.repeat(np.arange(times.size), times)
    assert_same(weighted, logrank(**repeated, cluster=origin, rho=rho, gamma=gamma))


@MODEST
@given(rows(weighted=True), EXPONENTS, st.floats(0.01, 100))
def test_scaling_weights_changes_no_test(data, exponents, factor):
    rho, gamma = exponents
    scaled = data | {"weight": factor * data["weight"]}
    left = logrank(**data, rho=rho, gamma=gamma)
    right = logrank(**scaled, rho=rho, gamma=gamma)
    assert left.df == right.df
    np.testing.assert_allclose(left.chi2, right.chi2, **REORDERED)
    np.testing.assert_allclose(factor * left.observed, right.observed, **REORDERED)


@MODEST
@given(rows(weighted=True), EXPONENTS)
def test_clusters_of_one_row_are_no_clusters(data, exponents):
    rho, gamma = exponents
    single = np.arange(data["time"].size)[::-1]
    assert_same(
        logrank(**data, rho=rho, gamma=gamma),
        logrank(**data, cluster=single, rho=rho, gamma=gamma),
    )


@MODEST
@given(rows(), EXPONENTS, st.integers(0, 1000))
def test_splitting_rows_changes_nothing(data, exponents, seed):
    rho, gamma = exponents
    n = data["time"].size
    entry = data.get("entry", np.zeros(n))
    share = np.random.default_rng(seed).uniform(0.2, 0.8, n)
    cut = entry + (data["time"] - entry) * share
    split = {name: np.tile(data[name], 2) for name in ("group", "strata") if name in data}
    split["time"] = np.concatenate((cut, data["time"]))
    split["event"] = np.concatenate((np.zeros(n, dtype=int), data["event"]))
    split["entry"] = np.concatenate((entry, cut))
    plain, parts = logrank(**data, rho=rho, gamma=gamma), logrank(**split, rho=rho, gamma=gamma)
    assert_same(plain, parts)
    assert_same(
        logrank(**data, rho=rho, gamma=gamma, variance="robust"),
        logrank(**split, rho=rho, gamma=gamma, cluster=np.tile(np.arange(n), 2)),
    )


@MODEST
@given(rows(weighted=True), EXPONENTS)
def test_contributions_of_rows_sum_to_the_statistic(data, exponents):
    strata = data.get("strata", np.zeros(data["time"].size))
    grouped = check_grouped(**data)
    total = np.zeros(len(grouped.groups))
    for part in group_counts(grouped):
        scores = row_scores(part, fleming_harrington(part, *exponents))
        total += scores.sum(axis=0)
        np.testing.assert_allclose(scores.sum(axis=1), 0.0, atol=1e-12)
    test = logrank(**(data | {"strata": strata}), rho=exponents[0], gamma=exponents[1])
    np.testing.assert_allclose(total, test.observed - test.expected, **REORDERED)


# --- max-combo -----------------------------------------------------------------------------

FOUR = [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_one_component_is_the_log_rank_test():
    for rho, gamma in FOUR:
        test = max_combo(**LEUKAEMIA, components=[(rho, gamma)])
        single = logrank(**LEUKAEMIA, rho=rho, gamma=gamma)
        assert test.z[0] == pytest.approx(single.z)
        assert test.p_value == pytest.approx(single.p_value)


@pytest.mark.parametrize("variance", ["hypergeometric", "robust"])
def test_components_and_their_correlation(variance):
    rng = np.random.default_rng(3)
    data = {"time": rng.integers(1, 50, 120), "event": rng.integers(0, 2, 120)}
    data |= {"group": rng.integers(0, 2, 120), "strata": rng.integers(0, 3, 120)}
    test = max_combo(**data, components=FOUR, variance=variance)
    tests = [logrank(**data, rho=r, gamma=g, variance=variance) for r, g in FOUR]
    np.testing.assert_allclose(test.z, [single.z for single in tests])
    assert test.statistic == pytest.approx(np.abs(test.z).max())
    # G(0, 0) is G(0, 1) plus G(1, 0), and the same holds for covariances with any other.
    se = np.sqrt([single.covariance[1, 1] for single in tests])
    covariance = test.correlation * np.outer(se, se)
    np.testing.assert_allclose(covariance[0], covariance[1] + covariance[2])
    assert test.component_p.min() <= test.p_value <= 4 * test.component_p.min()


def test_weight_one_half_by_hand():
    # Covariance of weights v and w: the sum of v w d (Y - d)/(Y - 1) p (1 - p).
    test = max_combo([1, 2, 3, 4], [1] * 4, list("abab"), components=[(0, 0), (1, 0)])
    p, s = np.array([1 / 2, 2 / 3, 1 / 2]), np.array([1, 3 / 4, 1 / 2])
    v = p * (1 - p)
    assert test.correlation[0, 1] == pytest.approx(
        (s * v).sum() / np.sqrt(v.sum() * (s**2 * v).sum())
    )


def equal_correlation(size, r):
    return np.full((size, size), r) + (1 - r) * np.eye(size)


@pytest.mark.parametrize(
    ("correlation", "rank"),
    [
        (equal_correlation(1, 0), 1),
        (equal_correlation(2, 0.7), 2),
        (equal_correlation(3, 0.5), 3),
        (np.array([[1, 0.2, 0.6], [0.2, 1, -0.3], [0.6, -0.3, 1]]), 3),
    ],
)
@pytest.mark.parametrize("statistic", [0.7, 2.0, 3.0])
def test_p_values_equal_scipys(correlation, rank, statistic):
    size = correlation.shape[0]
    assert np.linalg.matrix_rank(correlation) == rank
    inside = stats.multivariate_normal(
        cov=correlation, maxpts=500_000, abseps=1e-7, releps=1e-7, seed=1
    ).cdf(np.full(size, statistic), lower_limit=np.full(size, -statistic))
    assert largest_normal_p(statistic, correlation) == pytest.approx(1 - inside, abs=NORMAL)


def test_p_values_of_independent_statistics():
    for size, relative in ((2, 1e-6), (3, 1e-4), (4, 1e-2), (5, 1e-2)):
        for statistic in (1.0, 3.0, 6.0):
            exact = -np.expm1(size * np.log1p(-2 * stats.norm.sf(statistic)))
            found = largest_normal_p(statistic, np.eye(size))
            assert found == pytest.approx(exact, rel=relative)


def test_singular_correlations_have_exact_p_values():
    # Three copies of one statistic are one.
    assert largest_normal_p(2.5, np.ones((3, 3))) == pytest.approx(2 * stats.norm.sf(2.5))
    # x, y and (x + y)/sqrt 2: the third excludes more than the first two.
    r = np.sqrt(0.5)
    three = np.array([[1, 0, r], [0, 1, r], [r, r, 1]])
    draws = np.random.default_rng(1).normal(size=(400_000, 2))
    largest = np.maximum(np.abs(draws).max(axis=1), np.abs(draws.sum(axis=1) * r))
    # Binomial error of the simulation: 0.0004.
    assert largest_normal_p(2.0, three) == pytest.approx((largest >= 2.0).mean(), abs=0.0015)


def test_max_combo_holds_its_level():
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(200):
        time, group = rng.exponential(1, 60), np.repeat([0, 1], 30)
        event = (time < 2).astype(int)
        rejected += max_combo(time, event, group, components=FOUR[:3]).p_value < 0.05
    # 10 expected, binomial standard deviation 3.
    assert 2 <= rejected <= 20


# --- results and bad input -----------------------------------------------------------------


def test_results_become_json_and_frames():
    test = logrank(**LEUKAEMIA, trend=[0, 1])
    plain = json.loads(json.dumps(test.to_dict()))
    assert plain["chi2"] == test.chi2
    assert plain["trend"]["scores"] == [0, 1]
    assert test.to_frame()["events"].tolist() == [9, 21]
    assert "chi2 = 16.79, df = 1, p < 0.001" in test.summary()
    combo = max_combo(**LEUKAEMIA, components=FOUR)
    assert json.loads(json.dumps(combo.to_dict()))["components"][1] == [0, 1]
    assert combo.to_frame().shape == (4, 4)
    assert "largest" in combo.summary()


def test_quadratic_form_of_nothing_is_nan():
    chi2, df, p = quadratic_form(np.zeros(2), np.zeros((2, 2)))
    assert (np.isnan(chi2), df, np.isnan(p)) == (True, 0, True)


GOOD = {"time": [1, 2, 3, 4], "event": [1, 1, 0, 1], "group": [0, 1, 0, 1]}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"group": [1, 1, 1, 1]}, DataError, "group has one label only: 1"),
        ({"group": [0, 1, np.nan, 1]}, DataError, "group is missing in row 3"),
        ({"group": [0, 1]}, DataError, "group has"),
        ({"event": [1, 2, 0, 1]}, DataError, "event is neither 0 nor 1 in row 2"),
        ({"event": [1, -1, 0, 1]}, DataError, "event is neither 0 nor 1 in row 2"),
        ({"event": [1, np.nan, 0, 1]}, DataError, "event is not a finite number in row 2"),
        ({"time": [1, np.nan, 3, 4]}, DataError, "time is not a finite number in row 2"),
        ({"time": [1, -2, 3, 4]}, DataError, "time is negative in row 2"),
        ({"time": list("abcd")}, DataError, "time holds text"),
        ({"entry": [1, 0, 0, 0]}, DataError, "entry equals time"),
        ({"weight": [1, 1, np.inf, 1]}, DataError, "weight is not a finite number in row 3"),
        ({"strata": [1, None, 1, 1]}, DataError, "strata is missing in row 2"),
        ({"rho": -1}, DesignError, "rho is -1"),
        ({"gamma": np.nan}, DesignError, "gamma is nan"),
        ({"gamma": "late"}, DesignError, "gamma is 'late'"),
        ({"variance": "greenwood"}, DataError, "variance 'greenwood' is unknown"),
        (
            {"variance": "hypergeometric", "weight": [1, 2, 1, 1]},
            DesignError,
            "The hypergeometric variance",
        ),
        ({"trend": [1, 2, 3]}, DataError, "one finite score for each of the 2 groups"),
        ({"trend": [1, 1]}, DataError, "same score"),
    ],
)
def test_bad_input_is_named(changes, error, message):
    with pytest.raises(error, match=message):
        logrank(**(GOOD | changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"group": [0, 1, 2, 1]}, DataError, "group has 3 labels: 0, 1, 2"),
        ({"components": []}, DesignError, "components must be pairs"),
        ({"components": [(0, 0, 1)]}, DesignError, "components must be pairs"),
        ({"components": [0, 1]}, DesignError, "components must be pairs"),
        ({"components": [(0, 0), (0, 0)]}, DesignError, "a pair twice"),
        ({"components": [(0, -1)]}, DesignError, "gamma is -1"),
        ({"event": [0, 0, 0, 0]}, DesignError, "nothing to compare"),
    ],
)
def test_bad_combinations_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        max_combo(**(GOOD | {"components": FOUR} | changes))
