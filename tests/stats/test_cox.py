"""Cox fits: hand-worked data, special cases, invariants, runaway coefficients, bad input."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.cox import cox, cox_influence, many_cox
from locoreg.stats.cox import fit as fit_module
from tests.stats.cox_by_hand import evaluate, rises_for_ever

# Newton's method ends when nothing but rounding is left of the score.
EXACT = {"rtol": 1e-9, "atol": 1e-10}
# The same sums in another order, through an inverse that is less well conditioned.
REORDERED = {"rtol": 1e-7, "atol": 1e-8}
MODEST = settings(deadline=None, max_examples=25)

# Six persons and ten intervals small enough for their likelihood to be written down.
SIX = {
    "time": np.array([1, 1, 6, 6, 8, 9.0]),
    "event": np.array([1, 0, 1, 1, 0, 1]),
    "X": np.array([[1], [1], [1], [0], [0], [0.0]]),
}
TEN = {
    "entry": np.array([1, 2, 5, 2, 1, 7, 3, 4, 8, 8.0]),
    "time": np.array([2, 3, 6, 7, 8, 9, 9, 9, 14, 17.0]),
    "event": np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]),
    "X": np.array([[1], [0], [0], [1], [0], [1], [1], [1], [0], [0.0]]),
}
# Terms (a, c) of the log-likelihood n b - sum of log(a r + c), r = exp(b): who is at risk at each
# event. At 6 two of the six have the event, one exposed; Efron takes half of (r + 1) off the second
# term.
HAND = [
    (SIX, "breslow", 2, [(3, 3), (1, 3), (1, 3)]),
    (SIX, "efron", 2, [(3, 3), (1, 3), (0.5, 2.5)]),
    (TEN, "breslow", 4, [(1, 1), (1, 2), (3, 2), (3, 1), (3, 1), (3, 2), (3, 2)]),
    (TEN, "efron", 4, [(1, 1), (1, 2), (3, 2), (3, 1), (3, 1), (3, 2), (2, 2)]),
]


@pytest.mark.parametrize(("data", "ties", "events", "terms"), HAND)
def test_written_down_likelihood(data, ties, events, terms):
    fit = cox(**data, ties=ties, level=95)
    b = fit.coefficients[0]
    r = math.exp(b)

    def loglik(b):
        return events * b - sum(math.log(a * math.exp(b) + c) for a, c in terms)

    score = [events - sum(a * s / (a * s + c) for a, c in terms) for s in (1, r)]
    information = [sum(a * s * c / (a * s + c) ** 2 for a, c in terms) for s in (1, r)]
    assert abs(score[1]) < 1e-9
    np.testing.assert_allclose([fit.loglik_null, fit.loglik], [loglik(0), loglik(b)], **EXACT)
    np.testing.assert_allclose(fit.model_covariance, [[1 / information[1]]], **EXACT)
    np.testing.assert_allclose(fit.score_test.statistic, score[0] ** 2 / information[0], **EXACT)
    np.testing.assert_allclose(fit.wald_test.statistic, b**2 * information[1], **EXACT)


def test_the_six_have_a_closed_solution():
    # 2 - r/(r + 1) - 2r/(r + 3) = 0 is r^2 - 3r - 6 = 0.
    fit = cox(**SIX, ties="breslow", level=95)
    assert fit.coefficients[0] == pytest.approx(math.log((3 + math.sqrt(33)) / 2), abs=1e-12)


def test_score_test_of_two_groups_is_the_log_rank_test():
    rng = np.random.default_rng(1)
    time, event = rng.permutation(60) + 1.0, rng.random(60) < 0.7
    group = rng.integers(0, 2, 60)
    difference, variance = 0.0, 0.0
    for t in time[event]:
        share = group[time >= t].mean()
        difference += group[time == t][0] - share
        variance += share * (1 - share)
    fit = cox(time, event, group, level=95)
    assert fit.score_test.statistic == pytest.approx(difference**2 / variance, rel=1e-9)


@st.composite
def samples(draw, weights=(0.5, 1.0, 2.0, 3.3)):
    """Rows of a small study: tied times, entry, weights, offsets and strata now and then."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, p = draw(st.integers(12, 45)), draw(st.integers(1, 3))
    ties = draw(st.booleans())
    time = rng.integers(1, 12, n).astype(float) if ties else rng.exponential(size=n)
    rows = (time, (rng.random(n) < 0.7).astype(int), rng.normal(size=(n, p)))
    named = {"ties": draw(st.sampled_from(["efron", "breslow"]))}
    if draw(st.booleans()):
        named["entry"] = np.floor(time * rng.random(n)) if ties else time * rng.random(n)
    if draw(st.booleans()):
        named["weight"] = rng.choice(weights, n)
    if draw(st.booleans()):
        named["offset"] = rng.normal(size=n)
    if draw(st.booleans()):
        named["strata"] = rng.integers(0, 2, n)
    return rows, named, rng


def fit_or_none(rows, named, **more):
    """None where a small study has no finite estimate."""
    try:
        return cox(*rows, level=95, **named, **more)
    except (DataError, ConvergenceError):
        return None


@MODEST
@given(samples(weights=(0.0, 0.5, 1.0, 2.0, 3.3)))
def test_fit_is_the_maximum_of_explicit_sums(sample):
    rows, named, _ = sample
    fit = fit_or_none(rows, named)
    if fit is None:
        return
    rest = {key: value for key, value in named.items() if key != "ties"}
    efron = named["ties"] == "efron"
    loglik, score, information = evaluate(*rows, fit.coefficients, efron=efron, **rest)
    covariance = np.linalg.inv(information)
    np.testing.assert_allclose(fit.loglik, loglik, **EXACT)
    np.testing.assert_allclose(covariance @ score, 0, atol=1e-8)
    np.testing.assert_allclose(fit.model_covariance, covariance, **REORDERED)
    loglik, score, information = evaluate(*rows, 0 * fit.coefficients, efron=efron, **rest)
    np.testing.assert_allclose(fit.loglik_null, loglik, **EXACT)
    statistic = score @ np.linalg.solve(information, score)
    np.testing.assert_allclose(fit.score_test.statistic, statistic, **REORDERED)


@MODEST
@given(samples(weights=(1.0, 2.0, 3.0)))
def test_whole_weights_with_breslow_ties_are_repeated_rows(sample):
    rows, named, _ = sample
    named["ties"] = "breslow"
    times = named.pop("weight", np.full(rows[0].size, 2.0)).astype(int)
    fit = fit_or_none(rows, {**named, "weight": times})
    if fit is None:
        return
    longer = [np.repeat(values, times, axis=0) for values in rows]
    rest = {k: v if k == "ties" else np.repeat(v, times) for k, v in named.items()}
    again = cox(*longer, level=95, **rest)
    assert fit.variance == again.variance == "model"
    np.testing.assert_allclose(fit.coefficients, again.coefficients, **REORDERED)
    np.testing.assert_allclose(fit.covariance, again.covariance, **REORDERED)


@MODEST
@given(samples())
def test_order_of_rows_does_not_matter(sample):
    rows, named, rng = sample
    fit = fit_or_none(rows, named, variance="robust")
    if fit is None:
        return
    order = rng.permutation(rows[0].size)
    mixed = {k: v if k == "ties" else v[order] for k, v in named.items()}
    again = cox(*(values[order] for values in rows), level=95, variance="robust", **mixed)
    np.testing.assert_allclose(fit.coefficients, again.coefficients, **REORDERED)
    np.testing.assert_allclose(fit.covariance, again.covariance, **REORDERED)
    np.testing.assert_allclose(
        [b.cumulative_hazard[-1:].sum() for b in fit.baseline],
        [b.cumulative_hazard[-1:].sum() for b in again.baseline],
        **REORDERED,
    )


@MODEST
@given(samples())
def test_splitting_rows_in_time_changes_nothing(sample):
    rows, named, rng = sample
    time, event, X = rows
    n = time.size
    entry = named.pop("entry", np.zeros(n))
    person = np.arange(n)
    whole = fit_or_none(rows, {**named, "entry": entry, "cluster": person})
    if whole is None:
        return
    cut = entry + (time - entry) * rng.uniform(0.2, 0.8, n)
    twice = {k: v if k == "ties" else np.tile(v, 2) for k, v in named.items()}
    split = cox(
        np.concatenate([cut, time]),
        np.concatenate([0 * event, event]),
        np.tile(X, (2, 1)),
        entry=np.concatenate([entry, cut]),
        cluster=np.tile(person, 2),
        level=95,
        **twice,
    )
    np.testing.assert_allclose(whole.loglik, split.loglik, **EXACT)
    np.testing.assert_allclose(whole.coefficients, split.coefficients, **REORDERED)
    np.testing.assert_allclose(whole.covariance, split.covariance, **REORDERED)


@MODEST
@given(samples())
def test_clusters_of_one_row_and_scaled_weights(sample):
    rows, named, _ = sample
    fit = fit_or_none(rows, named, variance="robust")
    if fit is None:
        return
    n = rows[0].size
    single = cox(*rows, level=95, cluster=np.arange(n)[::-1], **named)
    np.testing.assert_allclose(single.covariance, fit.covariance, **REORDERED)
    assert single.clusters == n
    heavier = {**named, "weight": 3.7 * named.get("weight", np.ones(n))}
    scaled = cox(*rows, level=95, **heavier)
    assert scaled.variance == "robust"
    np.testing.assert_allclose(scaled.coefficients, fit.coefficients, **REORDERED)
    np.testing.assert_allclose(scaled.covariance, fit.covariance, **REORDERED)
    np.testing.assert_allclose(scaled.model_covariance * 3.7, fit.model_covariance, **REORDERED)


@MODEST
@given(samples(weights=(0.0, 1.0, 2.0)))
def test_rows_of_weight_zero_are_left_out(sample):
    rows, named, _ = sample
    fit = fit_or_none(rows, named)
    if fit is None:
        return
    kept = named.get("weight", np.ones(rows[0].size)) > 0
    rest = {k: v if k == "ties" else v[kept] for k, v in named.items()}
    without = cox(*(values[kept] for values in rows), level=95, **rest)
    assert fit.zero_weights == (~kept).sum()
    assert (fit.n - fit.zero_weights, fit.events) == (without.n, without.events)
    np.testing.assert_allclose(fit.coefficients, without.coefficients, **REORDERED)
    np.testing.assert_allclose(fit.loglik, without.loglik, **EXACT)


@MODEST
@given(samples(weights=(0.0, 1.0, 2.5)))
def test_influence_sums_to_nothing_and_makes_the_sandwich(sample):
    rows, named, _ = sample
    fit = fit_or_none(rows, named, variance="robust")
    if fit is None:
        return
    rest = {k: v for k, v in named.items() if k != "ties"}
    weight = named.get("weight", np.ones(rows[0].size))
    dfbeta = cox_influence(fit, *rows, kind="dfbeta", **rest)
    np.testing.assert_allclose(dfbeta.sum(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(dfbeta.T @ dfbeta, fit.covariance, **REORDERED)
    martingale = cox_influence(fit, *rows, kind="martingale", **rest)
    assert (np.isnan(martingale) == (weight == 0)).all()
    assert abs(np.nansum(weight * martingale)) < 1e-8
    score = cox_influence(fit, *rows, kind="score", **rest)
    moved = np.nan_to_num(score) * weight[:, None] @ fit.model_covariance
    np.testing.assert_allclose(moved, dfbeta, **REORDERED)


@MODEST
@given(samples(), st.integers(0, 10**6))
def test_many_weight_vectors_are_single_fits(sample, seed):
    rows, named, _ = sample
    rng = np.random.default_rng(seed)
    named.pop("weight", None)
    n = rows[0].size
    weights = rng.multinomial(n, np.full(n, 1 / n), 3).astype(float)
    answer = many_cox(*rows, weights, times=[2.0, 50.0], **named)
    for weight, coefficients, hazard in zip(
        weights, answer.coefficients, answer.cumulative_hazard, strict=True
    ):
        fit = fit_or_none(rows, {**named, "weight": weight})
        if fit is None:
            assert not np.isfinite(coefficients).all()
            continue
        np.testing.assert_allclose(coefficients, fit.coefficients, **REORDERED)
        at_end = [b.cumulative_hazard[-1] if b.time.size else 0.0 for b in fit.baseline]
        np.testing.assert_allclose(hazard[:, 1], at_end, **REORDERED)
    assert (answer.usable == np.isfinite(answer.coefficients).all(axis=1)).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("entered", [False, True])
def test_large_samples_start_from_a_part_of_the_rows(monkeypatch, weighted, entered):
    monkeypatch.setattr(fit_module, "START_ROWS", 400)
    rng = np.random.default_rng(3)
    n = 1_500
    X = rng.normal(size=(n, 2))
    X[:, 1] = rng.random(n) < 0.05
    time = np.ceil(rng.exponential(np.exp(-X @ [0.5, -1.0])) * 50)
    rows = (time, (rng.random(n) < 0.6).astype(int), X)
    named = {"strata": rng.integers(0, 3, n)}
    if weighted:
        named["weight"] = rng.choice([0.0, 0.5, 2.0], n)
    if entered:
        named["entry"] = np.floor(time * rng.random(n))
    fit = cox(*rows, level=95, **named)
    _, score, information = evaluate(*rows, fit.coefficients, efron=True, **named)
    np.testing.assert_allclose(np.linalg.solve(information, score), 0, atol=1e-9)
    np.testing.assert_allclose(fit.model_covariance, np.linalg.inv(information), **REORDERED)
    assert fit.iterations <= 4
    in_columns = cox(*rows[:2], np.asfortranarray(X), level=95, **named)
    np.testing.assert_allclose(fit.coefficients, in_columns.coefficients, rtol=1e-12)


@MODEST
@given(st.integers(0, 10**6))
def test_runaway_coefficients_are_told_from_others(seed):
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(3, 15)), int(rng.integers(1, 4))
    rows = (
        rng.integers(1, 9, n).astype(float),
        (rng.random(n) < 0.5).astype(int),
        rng.integers(0, 3, (n, p)).astype(float),
    )
    named = {"strata": rng.integers(0, 2, n), "weight": rng.choice([0, 1, 2.5], n)}
    try:
        fit = cox(*rows, level=95, monotone="report", **named)
    except DataError:
        return
    assert bool(fit.monotone) == rises_for_ever(*rows, **named)
    infinite = np.isin(fit.names, fit.monotone)
    assert (np.isinf(fit.coefficients) == infinite).all()
    assert (np.isnan(fit.se) == infinite).all()


def separated():
    """Nobody of category 1 has the event; the other covariate is an ordinary one."""
    rng = np.random.default_rng(8)
    category = np.repeat([0.0, 1.0], [40, 10])
    event = (rng.random(50) < 0.7) & (category == 0)
    return rng.exponential(size=50), event, np.column_stack([rng.normal(size=50), category])


def test_a_category_without_events_is_named():
    time, event, X = separated()
    with pytest.raises(ConvergenceError, match="coefficient of category runs to infinity"):
        cox(time, event, X, names=["age", "category"], level=95)
    fit = cox(time, event, X, names=["age", "category"], level=95, monotone="report")
    assert fit.monotone == ("category",)
    assert fit.coefficients[1] == -np.inf
    # Who has no risk left takes part in nothing: the rest is the fit without them.
    rest = X[:, 1] == 0
    without = cox(time[rest], event[rest], X[rest, 0], level=95)
    # The likelihood is within its stopping rule of its limit, coefficients within the root of it.
    assert fit.loglik == pytest.approx(without.loglik, abs=1e-8)
    assert fit.coefficients[0] == pytest.approx(without.coefficients[0], rel=1e-4)
    assert fit.se[0] == pytest.approx(without.se[0], rel=1e-4)
    assert "No finite estimate: category" in fit.summary()
    assert fit.baseline == ()
    with pytest.raises(DesignError, match="can't be predicted"):
        fit.predict([0, 0], level=95)
    with pytest.raises(DesignError, match="influence is not defined"):
        cox_influence(fit, time, event, X, kind="dfbeta")


def test_replicates_without_an_estimate_say_so():
    time, event, X = separated()
    n = time.size
    event[-1] = True
    weights = np.ones((4, n))
    weights[1, -1] = 0  # the only event of the category
    weights[2, X[:, 1] == 1] = 0  # nobody of the category
    weights[3, event] = 0  # no event at all
    answer = many_cox(time, event, X, weights, times=[1.0])
    assert answer.usable.tolist() == [True, False, False, False]
    assert answer.coefficients[1, 1] == -np.inf
    assert np.isnan(answer.coefficients[2]).tolist() == [False, True]
    rest = X[:, 1] == 0
    without = cox(time[rest], event[rest], X[rest, 0], level=95)
    assert answer.coefficients[2, 0] == pytest.approx(without.coefficients[0], rel=1e-8)
    assert answer.cumulative_hazard[2, 0, 0] == pytest.approx(without.baseline[0](1.0), rel=1e-8)
    assert np.isnan(answer.coefficients[3]).all()
    assert np.isnan(answer.loglik[3])


def test_entry_with_very_unequal_risks_loses_no_digits():
    # A row with a risk of e^40 leaves before the others have their events.
    entry = np.array([0, 3, 3, 3, 3.0])
    time = np.array([2, 4, 5, 6, 7.0])
    event = np.array([1, 1, 1, 1, 0])
    X = np.array([[0.0], [1], [0], [1], [0]])
    offset = np.array([40.0, 0, 0, 0, 0])
    with_row = cox(time, event, X, entry=entry, offset=offset, level=95)
    without = cox(time[1:], event[1:], X[1:], entry=entry[1:], level=95)
    np.testing.assert_allclose(with_row.coefficients, without.coefficients, **EXACT)
    entry[0], time[0] = 0, 4.5  # now it is at risk with the first of them
    event[0] = 0
    mixed = cox(time, event, X, entry=entry, offset=offset, level=95)
    _, score, _ = evaluate(
        time, event, X, mixed.coefficients, efron=True, entry=entry, offset=offset
    )
    assert abs(score[0]) < 1e-12


def test_result_as_table_json_and_text():
    ages, treated = [50, 60, 40, 70, 65, 55.0], [True, False, True, False, True, True]
    frame = pd.DataFrame({"age": ages, "treated": treated})
    event, weight = [1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 0]
    fit = cox([1, 2, 3, 4, 5, 6], event, frame, weight=weight, level=90)
    assert fit.names == ("age", "treated")
    assert (fit.n, fit.zero_weights, fit.events, fit.weight) == (6, 1, 3, 5.0)
    table = fit.to_frame()
    assert table["name"].tolist() == ["age", "treated"]
    np.testing.assert_allclose(np.log(table["hazard_ratio_low"]), fit.ci_low)
    np.testing.assert_allclose(table["z"], fit.coefficients / fit.se)
    written = json.loads(json.dumps(fit.to_dict()))
    assert written["hazard_ratios"][0]["estimate"] == fit.coefficients[0]
    assert written["hazard_ratios"][0]["level"] == 90
    assert written["wald_test"]["df"] == 2
    assert written["robust_covariance"] is None
    assert written["baseline"][0]["stratum"] == "all"
    assert fit.hazard_ratio("age").estimate == fit.coefficients[0]
    assert "6 rows, 3 events, 1 rows of weight 0 not used; 90% limits" in fit.summary()
    with pytest.raises(DesignError, match="no covariate 'Age'") as caught:
        fit.hazard_ratio("Age")
    assert "age" in caught.value.hint


GOOD = {"time": [1, 2, 3, 4], "event": [1, 1, 0, 1], "X": [[0.1], [0.4], [0.3], [0.2]]}
BAD = [
    ({"X": [[0.1], [0.4]]}, "X has shape \\(2, 1\\), but there are 4 rows"),
    ({"X": [[0.1], [np.nan], [np.inf], [1]]}, "x1 is not a finite number in rows 2, 3"),
    ({"X": [["a"], ["b"], ["a"], ["c"]]}, "x1 holds text"),
    ({"X": [[1e308], [1e308], [1e308], [1e308]]}, "numbers that are too large"),
    ({"X": [[1.0], [1], [1], [1]]}, "x1 does not vary"),
    ({"X": [[0.1]] * 4}, "x1 does not vary"),
    ({"X": [[1, 2], [2, 4], [0, 0], [3, 6]]}, "x2 is a combination of x1"),
    (
        {"strata": [1, 1, 2, 2], "X": [[1.0], [1], [2], [2]]},
        "x1 does not vary within the risk sets",
    ),
    ({"event": [0, 0, 0, 0]}, "there is no event"),
    ({"event": [1, 0, 0, 0], "weight": [0, 1, 1, 1]}, "there is no event"),
    ({"names": ["a", "b"]}, "there are 2 names, but X has 1 columns"),
    ({"X": [[1, 0], [2, 1], [0, 1], [3, 0]], "names": ["a", "a"]}, "a stands for several"),
    ({"offset": [0, np.nan, 0, 0]}, "offset is not a finite number in row 2"),
    ({"offset": [0, 0]}, "offset has 2 rows"),
    ({"weight": [1, -1, 1, 1]}, "weight is negative in row 2"),
    ({"ties": "exact"}, "ties 'exact' is unknown"),
    ({"variance": "naive"}, "variance 'naive' is unknown"),
    ({"monotone": "ignore"}, "monotone 'ignore' is unknown"),
    ({"level": 0.95}, "level is 0.95"),
    ({"entry": [0, 2, 0, 0]}, "entry equals time"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_input_that_can_not_be_used(change, message):
    with pytest.raises(DataError, match=message) as caught:
        cox(**{"level": 95, **GOOD, **change})
    assert caught.value.hint


def test_other_rows_than_those_of_the_fit():
    fit = cox(**GOOD, level=95)
    with pytest.raises(DataError, match="not the rows of the fit"):
        cox_influence(fit, [1, 2, 3, 5], [1, 1, 1, 1], GOOD["X"], kind="score")
    with pytest.raises(DataError, match="2 columns, but the model has 1"):
        cox_influence(fit, GOOD["time"], GOOD["event"], np.ones((4, 2)), kind="score")
    with pytest.raises(DataError, match="kind 'deviance' is unknown"):
        cox_influence(fit, **GOOD, kind="deviance")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(4), "weights has shape \\(4,\\)"),
        (np.ones((2, 3)), "weights has shape \\(2, 3\\)"),
        ([[1, 1, 1, 1], [1, -1, 1, 1]], "negative or not finite in replicate 2"),
        ([[1, 1, np.nan, 1]], "negative or not finite in replicate 1"),
    ],
)
def test_weights_that_can_not_be_used(weights, message):
    with pytest.raises(DataError, match=message):
        many_cox(**GOOD, weights=weights)


def test_everybody_has_the_event_at_once():
    fit = cox(np.ones(5), np.ones(5), [0.1, 0.5, -0.3, 0.9, 0.0], ties="breslow", level=95)
    assert fit.coefficients[0] == pytest.approx(0, abs=1e-12)
    assert fit.loglik == pytest.approx(-5 * math.log(5))
    fit = cox(np.ones(5), np.ones(5), [0.1, 0.5, -0.3, 0.9, 0.0], ties="efron", level=95)
    assert fit.loglik == pytest.approx(-math.log(math.factorial(5)))


def test_a_single_event_among_others_at_risk():
    fit = cox([5, 3, 4, 6], [0, 1, 0, 0], [1.0, 0.2, 0.5, -1.0], level=95)
    assert fit.events == 1
    loglik, score, _ = evaluate(
        np.array([5, 3, 4, 6.0]),
        np.array([0, 1, 0, 0]),
        np.array([[1.0], [0.2], [0.5], [-1.0]]),
        fit.coefficients,
        efron=True,
    )
    assert abs(score[0]) < 1e-10
    assert fit.loglik == pytest.approx(loglik, abs=1e-12)
