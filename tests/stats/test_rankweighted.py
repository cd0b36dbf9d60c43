"""Rank-weighted effects: by hand, against grf, and as influence functions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.stats.rankweighted import (
    estimate_of,
    rank_weighted,
    rank_weighted_difference,
    rank_weighted_test,
    standard_errors,
    targeting_curve,
    weighted_mean,
)

FOLDER = Path(__file__).parents[1] / "reference" / "selection"
REFERENCE = json.loads((FOLDER / "rate_reference.json").read_text(encoding="utf-8"))
AREAS = [name for name in REFERENCE if name.startswith("prio")]
CURVES = [name for name in AREAS if "toc" in REFERENCE[name]]
# Theirs are printed with 15 digits, and computed in another order.
ESTIMATE = 1e-9
# 2,000 half-samples have a relative error of 1.6 percent; the rest is of order 1/n.
ERROR = 0.05


@pytest.fixture(scope="module")
def table():
    with gzip.open(FOLDER / "rate_reference.csv.gz", "rt", encoding="utf-8") as lines:
        return np.genfromtxt(lines, delimiter=",", names=True)


def arguments(table, name):
    priority, target, kind = name.split("/")
    return {
        "score": table["score"],
        "priority": table[priority],
        "weight": table["weight"] if kind == "weighted" else None,
        "cluster": table["cluster"].astype(int) if kind == "clustered" else None,
    }, target.lower()


def test_the_reference_set_is_complete():
    assert len(AREAS) == 9
    assert len(CURVES) == 8
    assert {"paired/prio_vs_minus_x1", "blp/HC3", "blp/cluster_HC1"} <= set(REFERENCE)


@pytest.mark.parametrize("name", AREAS)
def test_areas_agree_with_grf(table, name):
    given, target = arguments(table, name)
    ours = rank_weighted(**given, target=target, level=95.0)
    assert ours.estimate == pytest.approx(REFERENCE[name]["estimate"], abs=ESTIMATE)
    assert ours.se == pytest.approx(REFERENCE[name]["std.err"], rel=ERROR)


@pytest.mark.parametrize("name", CURVES)
def test_curves_agree_with_grf(table, name):
    given, _ = arguments(table, name)
    theirs = REFERENCE[name]
    ours = targeting_curve(**given, shares=theirs["q"], level=95.0, seed=1, replicates=1000)
    np.testing.assert_allclose(ours.estimate, theirs["toc"], atol=ESTIMATE)
    np.testing.assert_allclose(ours.se, theirs["toc_se"], rtol=ERROR, atol=1e-12)
    assert 1.96 < ours.critical < 3.0


def test_paired_agrees_with_grf_in_its_first_part(table):
    theirs = REFERENCE["paired/prio_vs_minus_x1"]
    ours = rank_weighted(table["score"], table["prio"], level=95.0)
    assert ours.estimate == pytest.approx(theirs["estimate"][0], abs=ESTIMATE)


def test_mean_agrees_with_grf(table):
    theirs = REFERENCE["mean/unclustered"]
    ours = weighted_mean(table["score"], level=95.0)
    assert ours.estimate == pytest.approx(theirs["estimate"], abs=ESTIMATE)
    assert ours.se == pytest.approx(theirs["se"], rel=1e-9)


def test_four_persons_by_hand():
    # TOC: 4 - 1, (4 + 2)/2 - 1, (4 + 2 - 3)/3 - 1, 0.
    score, priority = [1.0, 4.0, -3.0, 2.0], [0.1, 0.9, 0.3, 0.5]
    assert rank_weighted(score, priority, level=95.0).estimate == pytest.approx(5.0 / 4.0)
    qini = rank_weighted(score, priority, level=95.0, target="qini").estimate
    assert qini == pytest.approx((3.0 * 0.25 + 2.0 * 0.5 + 0.0) / 4.0)
    curve = targeting_curve(score, priority, [0.25, 0.5, 1.0], level=95.0, seed=1)
    np.testing.assert_allclose(curve.estimate, [3.0, 2.0, 0.0])
    assert curve.se[2] == 0.0


def test_ties_share_their_mean_by_hand():
    # The first two have 3 on average: TOC 3 - 1, 3 - 1, 1 - 1, 0.
    score, priority = [2.0, 4.0, -3.0, 1.0], [1.0, 1.0, 0.5, 0.0]
    assert rank_weighted(score, priority, level=95.0).estimate == pytest.approx(1.0)


def test_equal_priorities_tell_nothing(table):
    score, flat = table["score"], np.zeros(table["score"].size)
    made = rank_weighted(score, flat, level=95.0)
    assert (made.estimate, made.se) == (0.0, 0.0)
    assert rank_weighted_test(score, flat).p == 0.5


def integral(score, priority, weight, target):
    """Return the area as the integral of the piecewise linear sums, by their closed form."""
    average = (weight * score).sum() / weight.sum()
    c, s, total, area = 0.0, 0.0, weight.sum(), 0.0
    for level in np.unique(priority)[::-1]:
        rows = priority == level
        mass = weight[rows].sum()
        slope = (weight * score)[rows].sum() / mass
        if target == "autoc":
            area += slope * mass + (s - slope * c) * (np.log((c + mass) / c) if c else 0.0)
        else:
            area += s * mass + slope * mass**2 / 2.0
        c, s = c + mass, s + slope * mass
    return area / total - average if target == "autoc" else area / total**2 - average / 2.0


@pytest.mark.parametrize("target", ["autoc", "qini"])
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_influence_is_the_derivative_by_the_weights(target, ties):
    rng = np.random.default_rng(3)
    n = 30
    score, weight = rng.normal(size=n), rng.uniform(0.5, 2.0, n)
    priority = rng.integers(0, 6, n) * 1.0 if ties else rng.normal(size=n)
    numeric = np.empty(n)
    step = 1e-6
    for i in range(n):
        up, down = weight.copy(), weight.copy()
        up[i] += step
        down[i] -= step
        change = integral(score, priority, up, target) - integral(score, priority, down, target)
        numeric[i] = weight[i] * change / (2.0 * step)
    expected = np.sqrt((numeric**2).sum() * n / (n - 1))
    ours = rank_weighted(score, priority, level=95.0, target=target, weight=weight)
    assert ours.se == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("target", ["autoc", "qini"])
def test_standard_errors_are_the_spread_over_samples(target):
    rng = np.random.default_rng(11)
    values = []
    for _ in range(400):
        x = rng.random(300)
        score = 2.0 * x + rng.normal(size=300) * (0.5 + x)
        values.append(rank_weighted(score, x, level=95.0, target=target))
    spread = np.std([one.estimate for one in values])
    # 400 samples: the spread has a relative error of 3.5 percent.
    assert np.mean([one.se for one in values]) == pytest.approx(spread, rel=0.12)
    # With U uniform and effect 2 U: AUTOC is 1/2, Qini 1/6.
    truth = {"autoc": 0.5, "qini": 1.0 / 6.0}[target]
    covered = np.mean([one.ci_low <= truth <= one.ci_high for one in values])
    assert 0.915 < covered < 0.985


def test_curve_limits_hold_jointly_over_samples():
    rng = np.random.default_rng(12)
    shares = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
    # With effect 2 U the mean among the share q is 2 - q, that of all is 1.
    truth = 1.0 - shares
    joint = pointwise = 0
    for _ in range(300):
        x = rng.random(400)
        made = targeting_curve(
            2.0 * x + rng.normal(size=400), x, shares, level=95.0, seed=1, replicates=400
        )
        away = np.abs(made.estimate - truth)
        joint += int((away <= made.critical * made.se + 1e-12).all())
        pointwise += int((away <= 1.96 * made.se + 1e-12).all())
    assert 0.91 < joint / 300 < 0.985
    assert pointwise < joint - 10


def test_difference_is_paired(table):
    score, one = table["score"], table["prio"]
    same = rank_weighted_difference(score, one, 2.0 * one + 1.0, level=95.0)
    assert same.estimate == pytest.approx(0.0, abs=1e-15)
    assert same.se == pytest.approx(0.0, abs=1e-15)
    other = table["prio_ties"]
    close = rank_weighted_difference(score, one, other, level=95.0)
    parts = [rank_weighted(score, each, level=95.0) for each in (one, other)]
    assert close.estimate == pytest.approx(parts[0].estimate - parts[1].estimate)
    # The two rank nearly alike: unpaired, the error would be several times as large.
    assert close.se < 0.5 * np.hypot(parts[0].se, parts[1].se)


@pytest.mark.parametrize("target", ["autoc", "qini"])
def test_test_is_linear_in_scores_given_priorities(table, target):
    rng = np.random.default_rng(2)
    score = rng.normal(size=60)
    priority, weight = rng.integers(0, 9, 60), rng.uniform(0.5, 2.0, 60)
    made = rank_weighted_test(score, priority, target=target, weight=weight)
    # Coefficients from unit vectors, squares by hand.
    units = [
        rank_weighted(row, priority, level=95.0, target=target, weight=weight).estimate
        for row in np.eye(60)
    ]
    middle = (weight * score).sum() / weight.sum()
    square = ((np.array(units) * (score - middle)) ** 2).sum() * 60 / 59
    assert made.null_se == pytest.approx(np.sqrt(square), rel=1e-9)
    assert made.estimate == pytest.approx(float(np.array(units) @ score))


def test_order_of_persons_changes_nothing(table):
    order = np.random.default_rng(1).permutation(table.size)
    for target in ("autoc", "qini"):
        one = rank_weighted(
            table["score"], table["prio"], level=95.0, target=target, weight=table["weight"]
        )
        two = rank_weighted(
            table["score"][order],
            table["prio"][order],
            level=95.0,
            target=target,
            weight=table["weight"][order],
        )
        assert two.estimate == pytest.approx(one.estimate, rel=1e-12)
        assert two.se == pytest.approx(one.se, rel=1e-9)


def test_a_person_twice_is_a_person_of_weight_two(table):
    part = table[:400]
    twice = np.repeat(np.arange(400), 2)
    shares = [0.1, 0.5, 0.9]
    weighted = targeting_curve(
        part["score"], part["prio"], shares, level=95.0, seed=1, weight=np.full(400, 2.0)
    )
    doubled = targeting_curve(
        part["score"][twice], part["prio"][twice], shares, level=95.0, seed=1, cluster=twice
    )
    np.testing.assert_allclose(doubled.estimate, weighted.estimate, atol=1e-12)
    # Persons doubled within a cluster of their own bring no information.
    single = rank_weighted(part["score"], part["prio"], level=95.0)
    both = rank_weighted(part["score"][twice], part["prio"][twice], level=95.0, cluster=twice)
    assert both.se == pytest.approx(single.se, rel=1e-9)


def test_one_unit_has_no_standard_error():
    made = estimate_of(1.0, np.zeros(1), level=95.0)
    assert np.isnan([made.se, made.ci_low, made.ci_high]).all()
    assert np.isnan(standard_errors(np.zeros((3, 2)), cluster=np.zeros(3, dtype=int))).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"score": [1.0]}, "two persons or more"),
        ({"priority": [1.0, 2.0]}, r"priority has shape \(2,\)"),
        ({"priority": [1.0, np.nan, 2.0]}, "priority of person 2 is no finite number"),
        ({"weight": [1.0, 0.0, 1.0]}, "a weight is not positive"),
        ({"cluster": [1, 1]}, r"cluster has shape \(2,\)"),
        ({"target": "gini"}, "gini"),
        ({"level": 0.95}, "level"),
    ],
    ids=["one", "length", "nan", "weight", "cluster", "target", "level"],
)
def test_bad_input_is_named(changed, message):
    given = {"score": [1.0, 2.0, 3.0], "priority": [3.0, 1.0, 2.0], "level": 95.0, **changed}
    with pytest.raises(DataError, match=message):
        rank_weighted(**given)


@pytest.mark.parametrize("shares", [[], [0.0, 1.0], [1.1]], ids=["none", "zero", "above"])
def test_bad_shares_are_refused(shares):
    with pytest.raises(DataError, match="shares are"):
        targeting_curve([1.0, 2.0], [1.0, 2.0], shares, level=95.0, seed=1)


def test_a_test_in_one_cluster_is_refused():
    with pytest.raises(DataError, match="one cluster only"):
        rank_weighted_test([1.0, 2.0], [1.0, 2.0], cluster=[4, 4])
