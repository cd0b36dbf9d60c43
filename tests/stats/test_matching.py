"""Matching against R's MatchIt, enumeration, and a plain search by hand."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.matching import Matching, match
from locoreg.stats.matching.metric import mahalanobis_coordinates
from tests.stats import survival_cases

# R's glm stops when the deviance changes by 1e-8, so that its scores are not at the maximum.
GLM_TOLERANCE = 2e-8
# Sums of some hundred terms of order one, in another order.
SUM_TOLERANCE = 1e-9
# Platforms without 80-bit floats sum with less precision than R does on x86.
LAST_BIT = 3e-16
LEGACY = "matchit-4.5.1"


def linear_predictor(treated: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method; equal rows get exactly equal values."""
    x = np.column_stack((np.ones(treated.size), covariates))
    beta = np.zeros(x.shape[1])
    for _ in range(40):
        p = 1.0 / (1.0 + np.exp(-sum(b * column for b, column in zip(beta, x.T, strict=True))))
        beta += np.linalg.solve((x.T * (p * (1.0 - p))) @ x, x.T @ (treated - p))
    return np.asarray(sum(b * column for b, column in zip(beta, x.T, strict=True)))


# ------------------------------------------------------------------------- reference cases of R


def run_case(name: str) -> tuple[Matching, dict[str, Any]]:
    case = survival_cases.case(name)
    args, result = case["args"], case["result"]
    columns = survival_cases.complete(
        survival_cases.data(case["dataset"]), [args["treatment"], *args["covariates"]]
    )
    treated = columns[args["treatment"]]
    covariates = np.column_stack([columns[key] for key in args["covariates"]])
    options: dict[str, Any] = {
        "method": args["method"],
        "covariates": covariates,
        "covariate_names": args["covariates"],
    }
    if args.get("distance") != "mahalanobis":
        eta = linear_predictor(treated, covariates)
        logit = args.get("link") == "linear.logit"
        options["distance"] = eta if logit else 1.0 / (1.0 + np.exp(-eta))
    if args["method"] == "subclass":
        options["subclasses"] = args["subclass"]
    else:
        options |= {"rule": LEGACY, "ratio": args.get("ratio"), "order": args.get("m.order")}
        options["replace"] = args.get("replace", False)
    if "caliper" in args:
        options |= {"caliper": args["caliper"], "caliper_unit": "sd"}
    if "exact" in args:
        names = args["exact"].removeprefix("~").split(" + ")
        options["exact"] = {key: columns[key] for key in names}
    return match(treated, estimand="att", **options), result


@pytest.mark.parametrize("name", survival_cases.names("matchit"))
def test_reference(name: str) -> None:
    m, r = run_case(name)
    rows = r["match_matrix_row_1based"]
    if rows is not None:
        expected = [[-1 if row is None else row - 1 for row in pair] for pair in rows]
        assert m.pairs.tolist() == expected
    np.testing.assert_allclose(m.weights, r["weights"], rtol=SUM_TOLERANCE)
    counts = dict(zip(r["nn_rows"], r["nn"], strict=True))
    for label, field in (
        ("All", "all"),
        ("Matched", "matched"),
        ("Unmatched", "unmatched"),
        ("Discarded", "discarded"),
        ("Matched (ESS)", "effective"),
    ):
        ours = [getattr(m.counts[arm], field) for arm in ("control", "treated")]
        np.testing.assert_allclose(ours, counts[label], rtol=SUM_TOLERANCE)
    if r["caliper_abs"] is not None:
        np.testing.assert_allclose(m.caliper, np.ravel(r["caliper_abs"])[0], rtol=GLM_TOLERANCE)
    if r["sum_matched"] is not None:
        check_balance(m, r)


def check_balance(m: Matching, r: dict[str, Any]) -> None:
    b = m.balance
    assert list(b.names) == r["sum_rows"]
    for table, columns in (
        (r["sum_all"], (b.mean_treated, b.mean_control, b.smd, b.variance_ratio)),
        (
            r["sum_matched"],
            (
                b.matched_mean_treated,
                b.matched_mean_control,
                b.matched_smd,
                b.matched_variance_ratio,
            ),
        ),
    ):
        theirs = np.array(table, dtype=float)[:, :4].T
        for column, expected in zip(columns, theirs, strict=True):
            np.testing.assert_allclose(column, expected, rtol=1e-6, atol=GLM_TOLERANCE)


# R: matchit() of MatchIt 4.5.1 on these rows. Whole numbers are not hurt by its cutting off of
# decimals, so that it shows the order and the ties of the sound search, too.
TREATED = np.array([0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0])
SCORE = np.array([4, 7, 7, 2, 9, 9, 7, 8, 5, 1, 5, 3, 0, 8, 12, 11, 6, 7, 9, 3.0])
STRATA = np.array([1, 1, 2, 2] * 5)
GRID = np.column_stack(
    ([0, 1, 2, 3] * 5, [1, 1, 0, 2, 3, 1, 0, 2, 2, 1, 0, 3, 3, 1, 2, 0, 1, 2, 3, 0])
).astype(float)
ONE = {"caliper": 1, "caliper_unit": "absolute"}


@pytest.mark.parametrize(
    ("estimand", "options", "expected"),
    [
        ("att", {}, [2, 5, 17, 12, 19, 15, 13]),
        ("att", {"order": "smallest"}, [2, 5, 17, 12, 19, 15, 13]),
        ("att", {"order": "data"}, [2, 5, 17, 12, 19, 15, 13]),
        ("att", ONE, [2, 5, 17, 12, 19, 15, 13]),
        ("att", {"caliper": 0.3, "caliper_unit": "sd"}, [2, 5, 17, -1, 19, -1, -1]),
        ("att", {"replace": True}, [2, 5, 2, 12, 19, 15, 5]),
        ("att", {"exact": STRATA}, [17, 5, 2, 12, 19, 15, 7]),
        ("att", {"discard": "both", **ONE}, [2, 5, 17, 3, 19, -1, 13]),
        ("atc", {}, [6, -1, 11, -1, -1, 4, 18, 9, -1, -1, 14, -1, 1]),
        ("atc", ONE, [-1, 6, 11, -1, 4, -1, -1, 9, 18, 14, 1, -1, -1]),
    ],
)
def test_whole_numbers_as_in_r(estimand: Any, options: dict[str, Any], expected: list[int]) -> None:
    for rule in ("nearest", LEGACY):
        m = match(
            TREATED, method="nearest", estimand=estimand, distance=SCORE, rule=rule, **options
        )
        assert m.pairs[:, 1].tolist() == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [5, 12, 2, 13, 3, 7, 17]),
        ({"replace": True}, [5, 12, 2, 5, 3, 3, 3]),
        ({"exact": STRATA}, [5, 12, 2, 13, 3, 7, 15]),
        (
            {"distance": SCORE, "caliper": 3, "caliper_unit": "absolute"},
            [13, 17, 2, 0, 3, 5, 7],
        ),
    ],
)
def test_mahalanobis_as_in_r(options: dict[str, Any], expected: list[int]) -> None:
    m = match(
        TREATED,
        method="nearest",
        estimand="att",
        covariates=GRID,
        metric="mahalanobis",
        **options,
    )
    assert m.pairs[:, 1].tolist() == expected


def test_mahalanobis_distance_has_the_bits_of_r() -> None:
    # R: mahalanobis_dist(treated ~ X1 + X2)[1, 1:4], printed with 17 digits.
    expected = [0.87423556477110653, 1.1375306887091206, 2.1865704533882773, 0.0]
    everybody = np.ones(TREATED.size, dtype=bool)
    points = mahalanobis_coordinates(GRID, TREATED == 1, everybody, ("x1", "x2"))
    gaps = points[1] - points[[0, 2, 3, 5]]
    np.testing.assert_allclose(np.sqrt((gaps**2).sum(axis=1)), expected, rtol=LAST_BIT, atol=0)
    # And it is the textbook's.
    within = [GRID[arm] - GRID[arm].mean(axis=0) for arm in (TREATED == 1, TREATED == 0)]
    pooled = sum(block.T @ block for block in within) / (TREATED.size - 2)
    gap = GRID[1] - GRID[2]
    assert np.sqrt(gap @ np.linalg.solve(pooled, gap)) == pytest.approx(expected[1], rel=1e-12)


@pytest.mark.parametrize(
    ("divisor", "options", "expected"),
    [
        (13, {}, [[16], [13], [2], [12], [3], [15], [5]]),
        (
            13,
            {"ratio": 2, "order": "smallest"},
            [[16, 10], [13, 7], [2, 8], [12, 19], [3, 0], [15, -1], [5, 17]],
        ),
        (
            3,
            {"ratio": 2, "caliper": 0.5, "caliper_unit": "absolute"},
            [[16, 10], [13, 7], [2, 8], [12, -1], [3, 19], [15, -1], [5, 17]],
        ),
        (3, {"ratio": 2, "replace": True}, [[row, row] for row in (16, 13, 2, 12, 3, 15, 5)]),
    ],
)
def test_faults_of_matchit_are_repeated_on_request_only(
    divisor: float, options: dict[str, Any], expected: list[list[int]]
) -> None:
    given = {"method": "nearest", "estimand": "att", "distance": SCORE / divisor, **options}
    assert match(TREATED, rule=LEGACY, **given).pairs[:, 1:].tolist() == expected
    sound = match(TREATED, **given)
    assert sound.pairs[:, 1:].tolist() != expected
    if "caliper" in options:
        made = sound.pairs[sound.pairs[:, 1] >= 0]
        gaps = np.abs(SCORE[made[:, 0]] - SCORE[made[:, 1]]) / divisor
        assert gaps.max() <= options["caliper"]


# --------------------------------------------------------------------------------- worked by hand


def pairs(treated: list[int], distance: list[float], **options: Any) -> list[list[int]]:
    given = {"method": "nearest", "estimand": "att", **options}
    return match(treated, distance=distance, **given).pairs.tolist()


def test_the_largest_chooses_first() -> None:
    # 0.6 takes 0.55, and 0.5, for whom that was best, has 0.40 left.
    treated, distance = [1, 1, 0, 0], [0.5, 0.6, 0.55, 0.40]
    assert pairs(treated, distance) == [[0, 3], [1, 2]]
    assert pairs(treated, distance, order="smallest") == [[0, 2], [1, 3]]
    assert pairs(treated, distance, method="optimal") == [[0, 3], [1, 2]]


def test_ties_go_to_the_lower_and_to_the_row_before() -> None:
    assert pairs([1, 0, 0], [0.5, 0.75, 0.25]) == [[0, 2]]
    assert pairs([0, 0, 1, 0], [0.5, 0.5, 0.5, 0.5]) == [[2, 1]]
    assert pairs([1, 0, 0], [0.5, 0.5, 0.5]) == [[0, 1]]
    # 0.1 + 0.2 is not 0.3 in binary fractions, but the same distance.
    assert pairs([1, 0, 0], [0.1 + 0.2, 0.3, 0.1 + 0.2]) == [[0, 1]]
    assert pairs([1, 0, 0], [0.3, 0.3 + 0.1, 0.3 - 0.1]) == [[0, 2]]


def test_caliper_includes_its_end() -> None:
    treated, distance = [1, 0, 0], [0.8, 0.75, 0.3]
    assert pairs(treated, distance, caliper=0.05, caliper_unit="absolute") == [[0, 1]]
    with pytest.raises(DesignError, match="Nobody is matched"):
        pairs(treated, distance, caliper=0.049, caliper_unit="absolute")
    m = match(
        treated, method="nearest", estimand="att", distance=distance, caliper=0.5, caliper_unit="sd"
    )
    assert m.caliper == pytest.approx(0.5 * np.std(distance, ddof=1), rel=1e-15)
    assert m.caliper_sd == pytest.approx(np.std(distance, ddof=1), rel=1e-15)


def test_ratio_goes_in_rounds_and_weights_follow() -> None:
    treated, distance = [1, 1, 0, 0, 0], [0.9, 0.8, 0.88, 0.85, 0.7]
    m = match(treated, method="nearest", estimand="att", distance=distance, ratio=2)
    # Round 1: 0.9 takes 0.88, 0.8 takes 0.85. Round 2: 0.9 takes 0.7, nothing is left for 0.8.
    assert m.pairs.tolist() == [[0, 2, 4], [1, 3, -1]]
    assert m.subclass.tolist() == [0, 1, 0, 1, 0]
    # Shares 1/2, 1 and 1/2, scaled to sum to three controls.
    np.testing.assert_allclose(m.weights, [1, 1, 0.75, 1.5, 0.75])
    assert m.counts["control"].effective == pytest.approx(9 / (0.75**2 * 2 + 1.5**2))


def test_with_replacement_shares_add_up() -> None:
    treated, distance = [1, 1, 0, 0, 0], [0.9, 0.8, 0.88, 0.85, 0.7]
    m = match(treated, method="nearest", estimand="att", distance=distance, ratio=2, replace=True)
    assert m.pairs.tolist() == [[0, 2, 3], [1, 3, 2]]
    assert m.subclass.tolist() == [-1] * 5
    np.testing.assert_allclose(m.weights, [1, 1, 1, 1, 0])
    assert m.unmatched_focal == ()


def test_atc_mirrors_att() -> None:
    rng = np.random.default_rng(2)
    treated, distance = rng.random(40) < 0.4, rng.random(40)
    att = match(treated, method="nearest", estimand="att", distance=distance)
    atc = match(~treated, method="nearest", estimand="atc", distance=distance, order="largest")
    assert att.pairs.tolist() == atc.pairs.tolist()
    np.testing.assert_array_equal(att.weights, atc.weights)
    np.testing.assert_array_equal(att.balance.smd, -atc.balance.smd)


def test_strata_are_kept_counted_and_named() -> None:
    site = ["a", "a", "b", "c", "b", "b"]
    m = match(
        [1, 0, 1, 1, 0, 0],
        method="nearest",
        estimand="att",
        distance=[0.5, 0.1, 0.6, 0.7, 0.2, 0.3],
        exact={"site": site, "year": [1, 1, 1, 2, 1, 1]},
        ids=["p1", "p2", "p3", "p4", "p5", "p6"],
    )
    assert m.pairs.tolist() == [[0, 1], [2, 5], [3, -1]]
    assert m.strata_without_match == ("site=c, year=2",)
    assert m.unmatched_focal == ("p4",)
    assert m.counts["treated"].unmatched == 1
    assert "strata without a match: site=c, year=2" in m.summary()
    assert "1 treated have no match (p4): the effect is that in the matched, not the ATT" in (
        m.summary()
    )


def test_discard_leaves_out_those_beyond_the_other_arm() -> None:
    treated = [1, 1, 0, 0, 0]
    m = match(
        treated,
        method="nearest",
        estimand="att",
        distance=[0.9, 0.5, 0.7, 0.4, 0.1],
        discard="both",
        caliper=5,
        caliper_unit="sd",
    )
    assert m.discarded.tolist() == [True, False, False, True, True]
    assert m.pairs.tolist() == [[0, -1], [1, 2]]
    # The unit of the caliper comes from those who are kept: 0.5 and 0.7.
    assert m.caliper_sd == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert m.counts["treated"].discarded == 1
    assert m.counts["control"].discarded == 2


def test_logit_is_the_linear_predictor() -> None:
    rng = np.random.default_rng(3)
    eta, treated = rng.normal(size=60), rng.random(60) < 0.3
    common = {"method": "nearest", "estimand": "att", "caliper": 0.2, "caliper_unit": "sd"}
    by_eta = match(treated, distance=eta, **common)
    by_p = match(treated, distance=1 / (1 + np.exp(-eta)), scale="logit", **common)
    assert by_eta.pairs.tolist() == by_p.pairs.tolist()
    np.testing.assert_allclose(by_p.distance, eta, rtol=0, atol=1e-13)


# ---------------------------------------------------------------- searches written out, invariants


def plain_search(
    treated: np.ndarray,
    distance: np.ndarray,
    stratum: np.ndarray,
    ratio: int,
    replace: bool,
    caliper: float,
) -> list[list[int]]:
    """Nearest neighbours by looking at everybody; whole numbers, so that ties are exact."""
    rows = np.flatnonzero(treated)
    free = set(np.flatnonzero(~treated).tolist())
    found: dict[int, list[int]] = {int(i): [] for i in rows}
    for _ in range(ratio):
        for i in rows[np.argsort(-distance[rows], kind="stable")].tolist():
            candidates = [
                # Nearest; then the lower; then the last row before, then the first after.
                (abs(distance[j] - distance[i]), j_side(distance, i, j), j)
                for j in free
                if stratum[j] == stratum[i]
                and abs(distance[j] - distance[i]) <= caliper
                and j not in found[i]
            ]
            if candidates:
                best = min(candidates)[2]
                found[i].append(best)
                if not replace:
                    free.remove(best)
            else:
                found[i].append(-1)
    return [[i, *found[i]] for i in rows.tolist()]


def j_side(distance: np.ndarray, i: int, j: int) -> tuple[int, int]:
    below = (distance[j], j) < (distance[i], i)
    return (0, -j) if below else (1, j)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_search_finds_what_a_plain_search_finds(data: st.DataObject) -> None:
    n = data.draw(st.integers(4, 30))
    treated = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    treated[:4] = [True, False, False, False]
    top = data.draw(st.sampled_from([3, 12, 500]))
    distance = np.array(data.draw(st.lists(st.integers(0, top), min_size=n, max_size=n)), float)
    stratum = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    stratum[:2] = 0
    ratio = data.draw(st.integers(1, 3))
    replace = data.draw(st.booleans())
    caliper = data.draw(st.sampled_from([None, 2.0, 40.0]))
    expected = plain_search(treated, distance, stratum, ratio, replace, caliper or np.inf)
    options: dict[str, Any] = {} if caliper is None else {"caliper": caliper}
    if caliper is not None:
        options["caliper_unit"] = "absolute"
    given = {"method": "nearest", "estimand": "att", "ratio": ratio, "replace": replace, **options}
    if all(found == -1 for _, *others in expected for found in others):
        with pytest.raises(DesignError, match="Nobody"):
            match(treated, distance=distance, exact=stratum, **given)
        return
    m = match(treated, distance=distance, exact=stratum, **given)
    assert m.pairs.tolist() == expected
    check_counts(m)


def check_counts(m: Matching) -> None:
    for arm, count in m.counts.items():
        member = m.treated == (arm == "treated")
        assert count.matched + count.unmatched + count.discarded == count.all == member.sum()
        assert m.weights[member].sum() == pytest.approx(count.matched)
    if not m.replace and m.method != "full":
        used = m.pairs[:, 1:][m.pairs[:, 1:] >= 0]
        assert used.size == np.unique(used).size


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), metric=st.sampled_from(["difference", "mahalanobis"]))
def test_row_order_is_irrelevant(seed: int, metric: Any) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    treated = rng.permutation(np.arange(n) < 10)
    distance, covariates = rng.random(n), rng.normal(size=(n, 2))
    shuffled = rng.permutation(n)
    common = {"metric": metric, "estimand": "att", "caliper": 0.5, "caliper_unit": "sd"}
    for method, options in (
        ("nearest", {"ratio": 2}),
        ("nearest", {"ratio": 2, "replace": True}),
        ("optimal", {"ratio": 2}),
        ("full", {}),
    ):
        m = match(
            treated, method=method, distance=distance, covariates=covariates, **common, **options
        )
        again = match(
            treated[shuffled],
            method=method,
            distance=distance[shuffled],
            covariates=covariates[shuffled],
            **common,
            **options,
        )
        assert again.total_distance == pytest.approx(m.total_distance)
        # Of several matchings with the least distance any can be returned.
        if method == "nearest":
            np.testing.assert_allclose(again.weights, m.weights[shuffled], rtol=SUM_TOLERANCE)
            np.testing.assert_allclose(again.balance.matched_smd, m.balance.matched_smd, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_mahalanobis_sees_no_units(seed: int) -> None:
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(24) < 8)
    x = rng.normal(size=(24, 3))
    common = {"method": "nearest", "estimand": "att"}
    m = match(treated, covariates=x, **common)
    mixed = x @ rng.normal(size=(3, 3)) + rng.normal(size=3)
    again = match(treated, covariates=mixed, **common)
    assert again.pairs.tolist() == m.pairs.tolist()
    assert again.total_distance == pytest.approx(m.total_distance, rel=1e-6)


def test_mahalanobis_of_one_covariate_is_its_difference() -> None:
    rng = np.random.default_rng(5)
    treated, x = rng.random(50) < 0.3, rng.normal(size=50)
    common = {"method": "nearest", "estimand": "att", "order": "data"}
    by_x = match(treated, distance=x, **common)
    by_metric = match(treated, covariates=x, **common)
    assert by_x.pairs.tolist() == by_metric.pairs.tolist()
    pooled = sum(((x[a] - x[a].mean()) ** 2).sum() for a in (treated, ~treated)) / 48
    assert by_metric.total_distance == pytest.approx(by_x.total_distance / np.sqrt(pooled))


def test_random_order_is_drawn_from_the_seed() -> None:
    rng = np.random.default_rng(6)
    treated, distance = rng.random(80) < 0.4, rng.random(80)
    common = {"method": "nearest", "estimand": "att", "order": "random", "distance": distance}
    runs = [match(treated, seed=seed, **common).pairs.tolist() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


# ------------------------------------------------------------------------------ optimal and full


def least_distance(cost: np.ndarray, admissible: Any, size: int | None = None) -> tuple[int, float]:
    """Enumerate sets of pairs: the most pairs, or a fixed claim, then the least distance."""
    edges = [tuple(edge) for edge in np.argwhere(np.isfinite(cost)).tolist()]
    best = (0, np.inf)
    for chosen in itertools.chain.from_iterable(
        itertools.combinations(edges, k) for k in range(1, len(edges) + 1)
    ):
        left, right = (Counter(edge[side] for edge in chosen) for side in (0, 1))
        if admissible(chosen, left, right):
            total = sum(cost[edge] for edge in chosen)
            best = min(best, (0 if size is None else -len(chosen), total))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_full_matching_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n1, n0 = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    treated = rng.permutation(np.arange(n1 + n0) < n1)
    distance = rng.random(n1 + n0) if seed % 2 else rng.integers(0, 4, n1 + n0).astype(float)
    caliper = [None, 0.4, 2.0][seed % 3]
    cost = np.abs(distance[treated][:, None] - distance[~treated])
    if caliper is not None:
        cost[cost > caliper] = np.inf
    reach = [set(np.flatnonzero(np.isfinite(cost).any(axis=1 - side))) for side in (0, 1)]

    def admissible(chosen: Any, left: Counter[int], right: Counter[int]) -> bool:
        covers = set(left) == reach[0] and set(right) == reach[1]
        return covers and all(left[i] == 1 or right[j] == 1 for i, j in chosen)

    options = {} if caliper is None else {"caliper": caliper, "caliper_unit": "absolute"}
    if not reach[0]:
        with pytest.raises(DesignError, match="Nobody"):
            match(treated, method="full", estimand="ate", distance=distance, **options)
        return
    m = match(treated, method="full", estimand="ate", distance=distance, **options)
    assert m.total_distance == pytest.approx(least_distance(cost, admissible)[1], abs=1e-12)
    for number in range(m.subclass.max() + 1):
        inside = m.treated[m.subclass == number]
        assert min(inside.sum(), (~inside).sum()) == 1
    assert set(np.flatnonzero(m.subclass >= 0)) == set(m.pairs.ravel().tolist())
    check_counts(m)


@pytest.mark.parametrize("seed", range(30))
def test_optimal_matching_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    treated = rng.permutation(np.arange(6) < 2)
    distance = rng.random(6) if seed % 2 else rng.integers(0, 4, 6).astype(float)
    ratio, caliper = 1 + seed % 2, [None, 0.6 if seed % 2 else 1.0, 2.0][seed % 3]
    cost = np.abs(distance[treated][:, None] - distance[~treated])
    if caliper is not None:
        cost[cost > caliper] = np.inf
    assert np.isfinite(cost).any()

    def admissible(chosen: Any, left: Counter[int], right: Counter[int]) -> bool:
        return max(left.values()) <= ratio and max(right.values()) == 1

    options = {} if caliper is None else {"caliper": caliper, "caliper_unit": "absolute"}
    m = match(treated, method="optimal", estimand="att", distance=distance, ratio=ratio, **options)
    count, total = least_distance(cost, admissible, size=1)
    assert (m.pairs[:, 1:] >= 0).sum() == -count
    assert m.total_distance == pytest.approx(total, abs=1e-12)
    check_counts(m)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_optimal_is_never_worse_than_greedy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(60) < 20)
    distance = rng.random(60)
    exact = rng.integers(0, 2, 60)
    common = {"estimand": "att", "distance": distance}
    greedy = match(treated, method="nearest", **common)
    best = match(treated, method="optimal", **common)
    assert best.total_distance <= greedy.total_distance + 1e-12
    assert best.counts["treated"].matched == 20
    full = match(treated, method="full", exact=exact, **common)
    for number in range(full.subclass.max() + 1):
        assert np.unique(exact[full.subclass == number]).size == 1


def test_full_matching_weighs_by_the_estimand() -> None:
    # Sets: one treated with two controls, two treated with one control.
    treated, distance = [1, 0, 0, 1, 1, 0], [0.1, 0.12, 0.08, 0.8, 0.82, 0.81]
    expected = {
        "att": [1, 0.5, 0.5, 1, 1, 2],
        "atc": [2, 1, 1, 0.5, 0.5, 1],
        "ate": [3, 1.5, 1.5, 1.5, 1.5, 3],
    }
    for estimand, raw in expected.items():
        m = match(treated, method="full", estimand=estimand, distance=distance)  # type: ignore[arg-type]
        assert m.subclass.tolist() == [0, 0, 0, 1, 1, 1]
        weights, arm = np.array(raw), np.array(treated) == 1
        for side in (arm, ~arm):
            weights[side] /= weights[side].mean()
        np.testing.assert_allclose(m.weights, weights)


# ------------------------------------------------------------------------------------ subclasses


def test_subclasses_are_cut_at_quantiles_of_the_focal_arm() -> None:
    treated = [1, 1, 1, 1, 0, 0, 0, 0]
    distance = [0.2, 0.4, 0.6, 0.8, 0.1, 0.3, 0.55, 0.9]
    m = match(treated, method="subclass", estimand="att", distance=distance, subclasses=2)
    np.testing.assert_allclose(m.cuts, [0.2, 0.5, 0.8])
    assert m.subclass.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    atc = match(treated, method="subclass", estimand="atc", distance=distance, subclasses=2)
    np.testing.assert_allclose(atc.cuts, [0.1, 0.425, 0.9])
    check_counts(m)


def test_empty_subclasses_are_filled_or_dropped() -> None:
    treated = [1, 1, 1, 1, 1, 1, 0, 0, 0]
    distance = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.11, 0.12, 0.55]
    common = {"method": "subclass", "estimand": "att", "distance": distance, "subclasses": 3}
    dropped = match(treated, smallest=0, **common)
    assert dropped.subclass.tolist() == [0, 0, -1, -1, 1, 1, 0, 0, 1]
    assert dropped.counts["treated"].unmatched == 2
    # The control at 0.12 moves up by one subclass, which is the least.
    filled = match(treated, **common)
    assert filled.subclass.tolist() == [0, 0, 1, 1, 2, 2, 0, 1, 2]
    with pytest.raises(DesignError, match="3 control persons can't fill 3 subclasses with 2"):
        match(treated, smallest=2, **common)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), smallest=st.integers(0, 3))
def test_subclasses_rise_with_the_distance(seed: int, smallest: int) -> None:
    rng = np.random.default_rng(seed)
    distance = rng.random(60)
    treated = rng.random(60) < distance**2
    treated[:12], treated[12:24] = True, False
    m = match(
        treated,
        method="subclass",
        estimand="ate",
        distance=distance,
        subclasses=4,
        smallest=smallest,
    )
    for arm in (treated, ~treated):
        inside = arm & (m.subclass >= 0)
        ordered = m.subclass[inside][np.argsort(distance[inside])]
        assert (np.diff(ordered) >= 0).all()
        if smallest:
            assert np.bincount(m.subclass[arm], minlength=4).min() >= smallest
    check_counts(m)


# ------------------------------------------------------------------------------- result and input


def test_result_tells_all() -> None:
    rng = np.random.default_rng(8)
    treated, distance = rng.random(50) < 0.4, rng.random(50)
    x = np.column_stack((rng.normal(size=50), rng.integers(0, 2, 50)))
    m = match(
        treated,
        method="nearest",
        estimand="att",
        distance=distance,
        covariates=x,
        covariate_names=["age", "node"],
        caliper=0.2,
        caliper_unit="sd",
        ratio=2,
    )
    told = json.loads(json.dumps(m.to_dict()))
    assert told["pairs"] == m.pairs.tolist()
    assert told["counts"]["treated"]["matched"] == m.counts["treated"].matched
    assert told["balance"]["names"] == ["distance", "age", "node"]
    frame = m.to_frame()
    assert list(frame.columns) == [
        "id", "treated", "matched", "discarded", "subclass", "weight", "distance",
    ]  # fmt: skip
    assert frame["weight"].tolist() == m.weights.tolist()
    assert list(m.balance.to_frame()["names"]) == ["distance", "age", "node"]
    summary = m.summary()
    assert summary.startswith("Nearest-neighbour matching (2 to 1, on the distance), estimand ATT")
    assert "= 0.2 standard deviations of the distance" in summary
    assert "largest absolute standardised mean difference" in summary


def test_balance_by_hand() -> None:
    treated = np.array([1, 1, 0, 0, 0])
    x = np.array([2.0, 4.0, 1.0, 3.0, 9.0])
    m = match(treated, method="nearest", estimand="att", distance=x, covariates=x)
    assert m.pairs.tolist() == [[0, 2], [1, 3]]
    b = m.balance
    # Treated: mean 3, sd root 2. Controls: mean 13/3 before, 2 after.
    np.testing.assert_allclose(b.sd, np.sqrt(2.0))
    np.testing.assert_allclose(b.smd, (3 - 13 / 3) / np.sqrt(2.0))
    np.testing.assert_allclose(b.matched_smd, (3 - 2) / np.sqrt(2.0))
    np.testing.assert_allclose(b.variance_ratio, 2.0 / np.var(x[2:], ddof=1))
    np.testing.assert_allclose(b.matched_variance_ratio, 1.0)


def test_pandas_read_only_and_strided_columns() -> None:
    import pandas as pd

    rng = np.random.default_rng(9)
    table = pd.DataFrame(
        {"z": rng.random(40) < 0.4, "ps": rng.random(40), "x": rng.normal(size=40)}
    )
    common = {"method": "nearest", "estimand": "att"}
    m = match(table["z"], distance=table["ps"], covariates=table[["x"]], **common)
    fixed = table["ps"].to_numpy().copy()
    fixed.flags.writeable = False
    doubled = np.repeat(table["x"].to_numpy(), 2)[::2]
    again = match(table["z"].to_numpy(), distance=fixed, covariates=doubled, **common)
    assert again.pairs.tolist() == m.pairs.tolist()


def test_hundred_thousand_rows() -> None:
    rng = np.random.default_rng(10)
    n = 100_000
    treated, distance = rng.random(n) < 0.3, rng.random(n).round(4)
    options = {"method": "nearest", "estimand": "att", "distance": distance, "ratio": 2}
    match(treated[:100], **{**options, "distance": distance[:100]})
    start = time.process_time()
    match(treated, caliper=0.2, caliper_unit="sd", **options)
    # 0.2 s where this was written; a scan of all pairs would take a minute.
    assert time.process_time() - start < 5.0


GOOD: dict[str, Any] = {
    "treated": [1, 0, 0, 1],
    "method": "nearest",
    "estimand": "att",
    "distance": [0.1, 0.2, 0.3, 0.4],
}
PAIR = [[1.0, 2.0], [2.0, 4.0], [4.0, 8.0], [3.0, 6.0]]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"treated": []}, DataError, "There are no rows"),
        ({"treated": [0, 0, 0, 0]}, DataError, "no treated persons among the 4 rows"),
        ({"treated": [1, 1, 1, 1]}, DataError, "no controls among the 4 rows"),
        ({"treated": [1, 0, 2, 1]}, DataError, r"neither 0 nor 1 in row 3 \(first: 2\)"),
        ({"treated": [1, 0, np.nan, 1]}, DataError, "not a finite number in row 3"),
        ({"treated": ["y", "n", "n", "y"]}, DataError, "treated holds no numbers"),
        ({"treated": [[1, 0], [0, 1]]}, DataError, "must have one dimension"),
        ({"distance": [0.1, np.nan, 0.3, np.inf]}, DataError, "distance .* in rows 2, 4"),
        ({"distance": [0.1, 0.2]}, DataError, "must have the 4 rows of treated"),
        ({"distance": [0.1, None, 0.2, 0.3]}, DataError, "distance .* in row 2"),
        ({"distance": [0.0, 0.2, 0.3, 0.4], "scale": "logit"}, DataError, "no logit"),
        ({"distance": None}, DesignError, "Mahalanobis metric needs covariates"),
        ({"distance": None, "scale": "logit"}, DesignError, "there is no distance"),
        ({"distance": None, "covariates": PAIR[:3]}, DataError, "covariates have shape"),
        (
            {"distance": None, "covariates": [[1.0, 0], [1, 1], [1, 3], [1, 2]]},
            DataError,
            "Covariate x1 is constant",
        ),
        (
            {"distance": None, "covariates": [1.0, 0, 0, 1]},
            DataError,
            "Covariate x1 is constant within both arms",
        ),
        ({"distance": None, "covariates": PAIR}, DataError, "x2 is a linear combination of x1"),
        ({"covariates": [[np.nan], [1], [2], [3]]}, DataError, "x1 is not a finite .* row 1"),
        ({"covariates": PAIR, "covariate_names": ["a"]}, DataError, "1 different .* 2 columns"),
        ({"covariate_names": ["a"]}, DesignError, "names of covariates, but no covariates"),
        (
            {"distance": None, "covariates": [1.0, 5, 0, 2], "metric": "difference"},
            DesignError,
            "no distance to take differences of",
        ),
        ({"ratio": 3}, DesignError, "ratio is 3, but there are only 2 controls"),
        ({"ratio": 0}, DesignError, "ratio is 0, but must be a whole number"),
        ({"ratio": 1.5}, DesignError, "ratio is 1.5"),
        ({"ratio": "two"}, DesignError, "ratio is two"),
        ({"caliper": 0.2}, DesignError, "of what"),
        ({"caliper_unit": "sd"}, DesignError, "a unit, but no caliper"),
        ({"caliper": -0.2, "caliper_unit": "sd"}, DesignError, "must be positive"),
        ({"caliper": np.nan, "caliper_unit": "sd"}, DesignError, "must be positive"),
        (
            {"distance": [0.5] * 4, "caliper": 1, "caliper_unit": "sd"},
            DataError,
            "distance is constant",
        ),
        (
            {
                "distance": None,
                "covariates": [1.0, 5, 0, 2],
                "caliper": 1,
                "caliper_unit": "absolute",
            },
            DesignError,
            "The caliper is on the distance",
        ),
        ({"exact": ["a", "b"]}, DataError, "exact has shape"),
        ({"exact": {"site": ["a", "b"]}}, DataError, "exact 'site' has shape"),
        ({"exact": {}}, DataError, "exact names no column"),
        ({"exact": ["a", None, "b", "b"]}, DataError, "exact is missing in row 2"),
        ({"exact": ["a", "b", "b", "a"]}, DesignError, "Nobody is matched"),
        ({"discard": "both", "distance": [1, 5, 6, 2]}, DataError, "discard leaves one arm empty"),
        ({"discard": "all"}, DataError, "discard 'all' is unknown"),
        (
            {"distance": None, "covariates": [1.0, 5, 0, 2], "discard": "both"},
            DesignError,
            "discard needs a distance",
        ),
        ({"order": "random"}, DesignError, "order is 'random' and seed is None"),
        ({"seed": 1}, DesignError, "order is 'largest' and seed is 1"),
        (
            {"distance": None, "covariates": [1.0, 5, 0, 2], "order": "largest"},
            DesignError,
            "needs a distance to order by",
        ),
        ({"method": "nearst"}, DataError, "method 'nearst' is unknown"),
        ({"estimand": "ATT"}, DataError, "estimand 'ATT' is unknown"),
        ({"estimand": "ate"}, DesignError, "can't give the ATE"),
        ({"rule": "matchit"}, DataError, "rule 'matchit' is unknown"),
        ({"method": "full", "ratio": 2}, DesignError, "ratio does not apply to method 'full'"),
        ({"method": "optimal", "replace": True}, DesignError, "replace does not apply"),
        ({"method": "subclass"}, DesignError, "subclasses is not given"),
        (
            {
                "method": "subclass",
                "distance": None,
                "covariates": [1.0, 5, 0, 2],
                "subclasses": 2,
            },
            DesignError,
            "no distance to take differences of",
        ),
        ({"ids": [1, 2]}, DataError, "ids has shape"),
    ],
)
def test_bad_input(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        match(**{**GOOD, **changes})


def test_too_many_distances_to_minimise_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locoreg.stats.matching.optimal.MOST_CELLS", 3)
    for method in ("optimal", "full"):
        with pytest.raises(DesignError, match="2 times 2 distances, too many"):
            match(**{**GOOD, "method": method})
