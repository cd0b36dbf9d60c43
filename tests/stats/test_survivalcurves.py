"""Survival curves: R's numbers, published and hand-worked cases, which variance, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.survivalcurves import kaplan_meier, nelson_aalen, reverse_kaplan_meier
from tests.stats import survival_cases as reference

# R and these functions add the same doubles in another order.
SAME_AS_R = {"rtol": 1e-9, "atol": 1e-9}
# Freireich's survival and its standard errors are published with four decimals.
PRINTED = 5.1e-5

COLUMNS = {
    "time": "time",
    "n_risk": "weighted_at_risk",
    "n_event": "weighted_events",
    "n_censor": "weighted_censored",
    "surv": "estimate",
    "std_err_surv": "se",
    "lower": "ci_low",
    "upper": "ci_high",
    "cumhaz": "cumulative_hazard",
    "std_chaz": "cumulative_hazard_se",
}
# R 3.5-3 loses censorings when it has both id and strata: at 192 days of this case one person of
# the first stratum leaves without event, and R counts none.
WRONG_IN_R = {("km_cgd_id_robust", "n_censor")}


def as_float(values):
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def cases_with(part):
    names = reference.names("kaplan_meier")
    return [name for name in names if reference.case(name)["result"].get(part)]


def fit_case(name):
    case = reference.case(name)
    args = case["args"]
    columns = reference.subset(args["subset"], reference.data(case["dataset"]))
    entry, time, event = reference.response(args["response"], columns)
    weight, person, strata = (
        None if args[key] is None else columns[args[key]] for key in ("weights", "id", "group")
    )
    options = {
        "level": 95,
        "entry": entry,
        "weight": weight,
        "id": person,
        "strata": strata,
        "interval": "arcsine" if args["conf_type"] == "arcsin" else args["conf_type"],
        "variance": {None: None, True: "robust", False: "greenwood"}[args["robust"]],
    }
    if args["stype"] == 1:
        return case["result"], kaplan_meier(time, event, **options)
    ties = "nelson-aalen" if args["ctype"] == 1 else "fleming-harrington"
    return case["result"], nelson_aalen(time, event, ties=ties, **options)


# --- R's numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", reference.names("kaplan_meier"))
def test_curves_equal_r(name):
    result, curves = fit_case(name)
    for curve, expected in zip(curves, result["curves"], strict=True):
        assert curve.n == expected["n"]
        for theirs, ours in COLUMNS.items():
            if (name, theirs) not in WRONG_IN_R:
                np.testing.assert_allclose(
                    getattr(curve, ours), as_float(expected[theirs]), err_msg=theirs, **SAME_AS_R
                )


@pytest.mark.parametrize("name", cases_with("quantiles"))
def test_quantiles_equal_r(name):
    result, curves = fit_case(name)
    expected = result["quantiles"]
    for key, field in (("quantile", "estimate"), ("lower", "ci_low"), ("upper", "ci_high")):
        ours = [getattr(curve.quantile(expected["probs"]), field) for curve in curves]
        theirs = np.reshape([as_float(np.atleast_1d(row)) for row in expected[key]], (-1,))
        np.testing.assert_allclose(np.concatenate(ours), theirs, err_msg=key, **SAME_AS_R)


@pytest.mark.parametrize("name", cases_with("at_times"))
def test_values_at_chosen_times_equal_r(name):
    result, curves = fit_case(name)
    expected = result["at_times"]
    at = [curve.at(expected["times"]) for curve in curves]
    pairs = {
        "surv": "estimate",
        "std_err": "se",
        "lower": "ci_low",
        "upper": "ci_high",
        "n_risk": "weighted_at_risk",
    }
    for theirs, ours in pairs.items():
        found = np.concatenate([getattr(part, ours) for part in at])
        np.testing.assert_allclose(found, as_float(expected[theirs]), err_msg=theirs, **SAME_AS_R)


# --- Published and hand-worked -------------------------------------------------------------


def test_remission_in_leukaemia_is_as_published():
    # Freireich et al. (1963), 6-mercaptopurine, as in Kleinbaum and Klein, Survival Analysis.
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(time, event, level=95).at([6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(
        curve.estimate, [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], atol=PRINTED
    )
    np.testing.assert_allclose(
        curve.se, [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=PRINTED
    )
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]


def test_five_rows_by_hand():
    curves = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 1], level=95)
    assert curves.time.tolist() == [1, 2, 3, 4]
    assert curves.at_risk.tolist() == [5, 4, 2, 1]
    assert curves.events.tolist() == [1, 1, 0, 1]
    assert curves.censored.tolist() == [0, 1, 1, 0]
    assert curves.entered.tolist() == [5, 0, 0, 0]
    np.testing.assert_allclose(curves.estimate, [4 / 5, 3 / 5, 3 / 5, 0], rtol=1e-15)
    log_variance = np.array([1 / (5 * 4), 1 / (5 * 4) + 1 / (4 * 3)])
    np.testing.assert_allclose(curves.se[:2], [0.8, 0.6] * np.sqrt(log_variance), rtol=1e-14)
    assert curves.se[2] == curves.se[1]
    assert np.isnan(curves.se[3])
    np.testing.assert_allclose(curves.cumulative_hazard, [0.2, 0.45, 0.45, 1.45], rtol=1e-15)
    np.testing.assert_allclose(
        curves.cumulative_hazard_se**2, np.cumsum([1 / 25, 1 / 16, 0, 1]), rtol=1e-14
    )
    assert curves.variance == "greenwood"
    assert curves([0, 0.9, 1, 3.5, 4, 9]).tolist() == [1, 1, 0.8, curves.estimate[2], 0, 0]


def test_ties_taken_one_after_another_by_hand():
    time, event = [1, 1, 1, 2], [1, 1, 0, 1]
    plain = nelson_aalen(time, event, level=95)
    after = nelson_aalen(time, event, level=95, ties="fleming-harrington")
    np.testing.assert_allclose(plain.cumulative_hazard, [2 / 4, 2 / 4 + 1], rtol=1e-15)
    np.testing.assert_allclose(after.cumulative_hazard, [1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
    np.testing.assert_allclose(after.estimate, np.exp(-after.cumulative_hazard))
    np.testing.assert_allclose(after.cumulative_hazard_se[0], np.sqrt(1 / 16 + 1 / 9))
    np.testing.assert_allclose(after.se, after.estimate * after.cumulative_hazard_se)


def test_follow_up_by_hand():
    # Persons with the event at 2 are at risk of being censored at 2.
    follow_up = reverse_kaplan_meier([1, 2, 2, 3], [1, 1, 0, 0], level=95)
    assert follow_up.estimator == "reverse-kaplan-meier"
    assert follow_up.events.tolist() == [0, 1, 1]
    assert follow_up.censored.tolist() == [1, 1, 0]
    np.testing.assert_allclose(follow_up.estimate, [1, 2 / 3, 0])
    assert follow_up.median.estimate == 3


# --- Rows of one person, and persons who come late -----------------------------------------


def test_a_gap_at_zero_stays_zero():
    # All who begin at 0 have died when the others enter: R's convention too.
    entry, time = [0, 0, 5, 5], [1, 2, 8, 9]
    curve = kaplan_meier(time, [1, 1, 1, 1], entry=entry, level=95, interval="plain")
    assert curve.estimate.tolist() == [0.5, 0, 0, 0]
    assert np.isnan(curve.ci_low[1:]).all()
    assert curve.at_risk.tolist() == [2, 1, 2, 1]
    assert curve.entered.tolist() == [2, 0, 2, 0]
    assert curve.cumulative_hazard.tolist() == [0.5, 1.5, 2, 3]


def test_numbers_at_risk_between_the_steps_count_who_has_entered():
    curve = kaplan_meier([4, 6, 9, 9], [1, 0, 1, 0], entry=[0, 3, 5, 7], level=95).curves[0]
    at = curve.at([0, 1, 3, 3.5, 4, 4.5, 5.5, 6, 7, 8, 9, 9.5])
    assert at.at_risk.tolist() == [1, 1, 1, 2, 2, 1, 2, 2, 1, 2, 2, 0]
    assert at.weighted_at_risk.tolist() == at.at_risk.tolist()
    assert at.events.tolist() == [0] * 5 + [1] * 6 + [2]


def test_a_row_that_another_of_the_same_person_follows_is_no_censoring():
    rows = {"time": [2, 5, 4, 6], "event": [0, 1, 0, 0], "entry": [0, 2, 0, 0]}
    split = kaplan_meier(**rows, id=[1, 1, 2, 3], level=95)
    assert split.censored.tolist() == [0, 1, 0, 1]
    assert split.entered.tolist() == [3, 0, 0, 0]
    apart = kaplan_meier(**rows, level=95)
    assert apart.censored.tolist() == [1, 1, 0, 1]
    assert apart.entered.tolist() == [3, 1, 0, 0]
    whole = kaplan_meier([5, 4, 6], [1, 0, 0], level=95)
    np.testing.assert_array_equal(split([2, 4, 5, 6]), whole([2, 4, 5, 6]))
    follow_up = reverse_kaplan_meier(**rows, id=[1, 1, 2, 3], level=95)
    ended = reverse_kaplan_meier([5, 4, 6], [1, 0, 0], level=95)
    np.testing.assert_array_equal(follow_up([2, 4, 5, 6]), ended([2, 4, 5, 6]))


def test_persons_can_not_be_at_risk_twice():
    with pytest.raises(DataError, match="Row 2 begins before another row of the same id ends"):
        kaplan_meier([5, 6], [0, 1], entry=[0, 4], id=["a", "a"], level=95)
    with pytest.raises(DataError, match="Rows 1, 3 begin before"):
        kaplan_meier([6, 5, 9], [0, 0, 1], entry=[4, 0, 5], id=[1, 1, 1], level=95)
    strata = kaplan_meier([5, 6], [0, 1], entry=[0, 4], id=["a", "a"], strata=[1, 2], level=95)
    assert strata["1"].censored.tolist() == [1]


# --- Which variance ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "variance", "clusters"),
    [
        ({}, "greenwood", None),
        ({"weight": [1, 2, 0, 3]}, "greenwood", None),
        ({"weight": [1, 2.5, 1, 3]}, "robust", None),
        ({"cluster": [1, 1, 2, 2]}, "robust", 2),
        ({"cluster": [1, 2, 3, 4]}, "robust", None),
        ({"id": [1, 2, 3, 4]}, "greenwood", None),
        ({"id": [1, 1, 2, 3]}, "robust", 3),
        ({"id": [2, 1, 1, 3]}, "greenwood", None),
        ({"id": [1, 1, 2, 3], "variance": "greenwood"}, "greenwood", None),
        ({"variance": "robust"}, "robust", None),
    ],
)
def test_the_variance_is_chosen_as_r_does_and_stated(options, variance, clusters):
    rows = {"time": [1, 2, 3, 4], "event": [1, 1, 0, 1], "entry": [0, 1, 2, 3]}
    curves = kaplan_meier(**rows, **options, level=95)
    assert curves.variance == variance
    assert curves.clusters == clusters
    assert variance in curves.summary().lower()


def test_clusters_contradict_the_model_based_variance():
    with pytest.raises(DesignError, match="rows for independent, but clusters are given"):
        kaplan_meier([1, 2], [1, 0], cluster=[1, 1], variance="greenwood", level=95)


# --- What is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"level": 0.95}, DataError, "level is 0.95"),
        ({"interval": "arcsin"}, DataError, "interval 'arcsin' is unknown"),
        ({"variance": "sandwich"}, DataError, "variance 'sandwich' is unknown"),
        ({"id": ["a", None, "b"]}, DataError, "id is missing in row 2"),
        ({"weight": [1, 0, 0], "strata": [1, 1, 2]}, DataError, "All rows of stratum 2 have"),
        ({"time": [1, -1, 2]}, DataError, "time is negative in row 2"),
    ],
)
def test_what_is_asked_wrongly_is_refused(options, error, message):
    rows = {"time": [1, 2, 3], "event": [1, 0, 1], "level": 95, **options}
    with pytest.raises(error, match=message):
        kaplan_meier(**rows)
    with pytest.raises(error, match=message):
        reverse_kaplan_meier(**rows)


def test_ties_are_taken_one_way_or_the_other():
    with pytest.raises(DataError, match="ties 'efron' is unknown"):
        nelson_aalen([1], [1], level=95, ties="efron")
