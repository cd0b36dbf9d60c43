"""Weighted regression against R, closed forms, equivalent data and numerical derivatives."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.stats.glm import GLM, estimating_function, glm, glm_replicates, profile_interval
from locoreg.stats.glm.families import FAMILIES, FAMILY
from tests.stats.survival_cases import case, complete, data, names

# Two ways to the same double-precision maximum.
EXACT = 1e-10
# R's covariance uses the working weights of its last iteration but one. With epsilon = 1e-13 these
# are off by up to 5e-7; started again from its own answer, R agrees to 1e-11.
R_COVARIANCE_LAG = 1e-6
# Printed with 12 digits.
R_DIGITS = 2e-11


def with_ones(*columns):
    first = np.asarray(columns[0], dtype=float)
    return np.column_stack([np.ones(first.size), *columns])


def close(found, expected, rtol=EXACT, atol=0.0):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def draw(seed, n=60, p=3, family="logistic"):
    """Return y, X, offset and weight of a regression with a finite maximum."""
    rng = np.random.default_rng(seed)
    X = with_ones(*rng.normal(size=(p - 1, n)))
    offset = rng.normal(0, 0.3, n)
    eta = 0.4 * X.sum(axis=1) - 0.5 + offset
    mean = FAMILY[family].mean(eta)
    y = rng.poisson(mean) if family == "poisson" else rng.random(n) < mean
    return y.astype(float), X, offset, rng.integers(1, 4, n).astype(float)


# --- against R --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("pooled_logistic"))
def test_pooled_logistic_of_r(name):
    pinned = case(name)
    columns, args, r = data(pinned["dataset"]), pinned["args"], pinned["result"]
    X = with_ones(*(columns[c] for c in args["covariates"]))
    y, cluster = columns[args["response"]], columns[args["cluster"]]
    fit = glm(y, X, family="logistic", cluster=cluster)
    assert fit.n == r["rows"]
    close(fit.coefficients, r["coef"])
    close(fit.loglik, r["loglik"])
    close(fit.se, r["se"], R_COVARIANCE_LAG)
    close(fit.covariance, r["vcov"], R_COVARIANCE_LAG)
    close(fit.clustered, r["vcovCL_HC0_nocadjust"], R_COVARIANCE_LAG)
    # vcovCL's default for a glm is the factor g/(g - 1) alone.
    close(fit.clustered_adjusted, r["vcovCL_HC1_default"], R_COVARIANCE_LAG)
    weighted = glm(y, X, family="logistic", cluster=cluster, weight=columns["wt"])
    close(weighted.coefficients, r["weighted"]["coef"])
    close(weighted.se, r["weighted"]["se"], R_COVARIANCE_LAG)
    errors = np.sqrt(np.diagonal(r["weighted"]["vcovCL_HC0_nocadjust"]))
    close(np.sqrt(np.diagonal(weighted.clustered)), errors, R_COVARIANCE_LAG)


@pytest.mark.parametrize("name", names("propensity_weights"))
def test_propensity_scores_of_r(name):
    pinned = case(name)
    args, r = pinned["args"], pinned["result"]
    used = [args["treatment"], *args["covariates"], args["time"], args["event"]]
    columns = complete(data(pinned["dataset"]), used)
    X = with_ones(*(columns[c] for c in args["covariates"]))
    fit = glm(columns[args["treatment"]], X, family="logistic")
    assert fit.n == r["n"]
    close(fit.coefficients, r["ps_coef"])
    close(fit.loglik, r["ps_loglik"])
    close(fit.fitted[:20], r["ps_head"])
    close([fit.fitted.min(), fit.fitted.max()], [r["ps_min"], r["ps_max"]])
    close(fit.se, r["ps_se"], R_COVARIANCE_LAG)
    errors = np.sqrt(np.diagonal(r["ps_vcov_HC0"]))
    close(np.sqrt(np.diagonal(fit.robust)), errors, R_COVARIANCE_LAG)


# R 4.2.2 and sandwich 3.0-2 on gbsg.csv, with years = time/365.25: glm of event on hormon, age,
# grade and log_nodes with offset log(years), control = glm.control(epsilon = 1e-15), 40 times from
# its own coefficients. Then coef, standard errors of vcov, deviance and logLik, and standard errors
# of vcovHC (HC0), of vcovCL by age (HC0, cadjust = FALSE), and of vcovCL by age as it is.
# logLik of a binomial glm rounds fractional weights, so that there is none to compare with.
# fmt: off
GBSG = {
    ("logistic", False): (
        [-4.03525371899, -0.618849376662, 0.00310575924401, 0.541627676784, 1.14794614221],
        [0.595937131050, 0.184384066057, 0.00876799794847, 0.148657308152, 0.125218200608],
        [1089.51828712, -544.759143560],
        [0.703618620349, 0.217173089262, 0.0107058093215, 0.171219261902, 0.150434594443],
        [0.738988413934, 0.203505308088, 0.00995546687162, 0.157010527424, 0.131067307864],
        [0.745927424516, 0.205416197974, 0.0100489474847, 0.158484837021, 0.132298013811],
    ),
    ("logistic", True): (
        [-4.15325079989, -0.658106390267, 0.00524411249617, 0.614819897204, 1.04240671840],
        [0.533420766221, 0.164577780768, 0.00773503601880, 0.133473420944, 0.110306525761],
        [1359.89225501, None],
        [0.741732176410, 0.227962447417, 0.0111742274667, 0.182769771802, 0.159549012750],
        [0.740796824704, 0.202928420622, 0.0108104962190, 0.161438667064, 0.144765154638],
        [0.747752816041, 0.204833893605, 0.0109120054527, 0.162954556350, 0.146124481687],
    ),
    ("poisson", False): (
        [-3.58046770134, -0.352730322127, 0.000738916346365, 0.338959834932, 0.635114007075],
        [0.402361810124, 0.128046260423, 0.00589093642401, 0.101722392387, 0.0766057047291],
        [733.044285477, -665.522142738],
        [0.375430294418, 0.120301747916, 0.00563364959806, 0.0941799847958, 0.0720067201797],
        [0.396528520851, 0.115797768473, 0.00520197757503, 0.0830112496506, 0.0625164406267],
        [0.400251875033, 0.116885095318, 0.00525082350652, 0.0837907151048, 0.0631034623375],
    ),
    ("poisson", True): (
        [-3.63101474899, -0.379866240508, 0.00149777489213, 0.375407503731, 0.588842572874],
        [0.357736526190, 0.115643868590, 0.00522194233060, 0.0911141944427, 0.0687303413780],
        [911.067702234, -826.392351117],
        [0.387662708251, 0.126818570717, 0.00588083080939, 0.0987099606736, 0.0780802407192],
        [0.395371547874, 0.117427620211, 0.00576101323488, 0.0820018522381, 0.0675440214425],
        [0.399084038223, 0.118530251165, 0.00581510844266, 0.0827718395744, 0.0681782515206],
    ),
    ("cloglog", False): (
        [-3.87101521017, -0.405374004563, 0.00402490832860, 0.392354602791, 0.787820501678],
        [0.447244541544, 0.139875430000, 0.00656965976182, 0.112582695598, 0.0883930438637],
        [1193.07943740, -596.539718700],
        [0.557081695912, 0.175928848451, 0.00842530473425, 0.143003220959, 0.128316561569],
        [0.548256128998, 0.169445285370, 0.00761811355316, 0.126609249424, 0.110953704144],
        [0.553404186814, 0.171036355820, 0.00768964670518, 0.127798094750, 0.111995545819],
    ),
    ("cloglog", True): (
        [-4.00816291582, -0.445406042769, 0.00672841784605, 0.435815129782, 0.723717537333],
        [0.399437207694, 0.125634313809, 0.00581677285522, 0.100629761634, 0.0780949614951],
        [1483.32326668, None],
        [0.575685416757, 0.182391274138, 0.00876836055132, 0.149489963650, 0.135585510734],
        [0.552009223050, 0.166279731297, 0.00857722849963, 0.127935925975, 0.121746899923],
        [0.557192521959, 0.167841077583, 0.00865776762338, 0.129137228630, 0.122890088383],
    ),
}
# fmt: on


@pytest.mark.parametrize(("family", "weighted"), GBSG)
def test_offsets_weights_and_clusters_of_r(family, weighted):
    d = data("gbsg")
    coef, se, (deviance, loglik), hc0, clustered, adjusted = GBSG[family, weighted]
    fit = glm(
        d["event"],
        with_ones(d["hormon"], d["age"], d["grade"], d["log_nodes"]),
        family=family,
        offset=np.log(d["time"] / 365.25),
        weight=d["wt"] if weighted else None,
        cluster=d["age"],
    )
    close(fit.coefficients, coef, R_DIGITS)
    close(fit.se, se, R_DIGITS)
    close(fit.deviance, deviance, R_DIGITS)
    if loglik is not None:
        close(fit.loglik, loglik, R_DIGITS)
    if family == "cloglog":
        # R's sandwich takes the expected information; ours the Hessian, as the equations do.
        meat = fit.scores.T @ fit.scores
        close(np.sqrt(np.diagonal(fit.covariance @ meat @ fit.covariance)), hc0, R_DIGITS)
        bread = np.linalg.inv(-fit.hessian)
        close(fit.robust, bread @ meat @ bread, EXACT)
        assert not np.allclose(fit.robust, fit.covariance @ meat @ fit.covariance, rtol=1e-3)
    else:
        for matrix, errors in (
            (fit.robust, hc0),
            (fit.clustered, clustered),
            (fit.clustered_adjusted, adjusted),
        ):
            close(np.sqrt(np.diagonal(matrix)), errors, R_DIGITS)


# --- closed forms -----------------------------------------------------------------------------


def test_two_by_two_table_by_hand():
    # 7 of 20 and 11 of 15: log odds 7/13, log odds ratio (11 x 13)/(4 x 7).
    y, x, count = [1, 0, 1, 0], [0, 0, 1, 1], [7, 13, 11, 4]
    fit = glm(y, with_ones(x), family="logistic", weight=count, names=["one", "x"])
    close(fit.coefficients, [np.log(7 / 13), np.log(11 * 13 / (4 * 7))])
    close(fit.covariance[1, 1], 1 / 7 + 1 / 13 + 1 / 11 + 1 / 4)
    loglik = 7 * np.log(7 / 20) + 13 * np.log(13 / 20) + 11 * np.log(11 / 15) + 4 * np.log(4 / 15)
    close(fit.loglik, loglik)
    close(fit.deviance, -2 * loglik)
    # 35 rows of 0 and 1: the model is saturated, so that the robust variance is the same.
    rows = np.repeat(np.arange(4), count)
    person = glm(np.array(y)[rows], with_ones(x)[rows], family="logistic")
    close(person.robust, fit.covariance)


def test_rate_and_probability_by_hand():
    # 9 events in 30 years: log(9/30) with variance 1/9.
    rate = glm([4, 5, 0], np.ones((3, 1)), family="poisson", offset=np.log([10, 12, 8]))
    close([rate.coefficients[0], rate.covariance[0, 0]], [np.log(0.3), 1 / 9])
    # 3 of 10: log(-log 0.7) with variance p/(n (1 - p) log(1 - p)^2).
    hit = glm([1, 0], np.ones((2, 1)), family="cloglog", weight=[3, 7])
    expected = [np.log(-np.log(0.7)), 0.3 / (10 * 0.7 * np.log(0.7) ** 2)]
    close([hit.coefficients[0], hit.covariance[0, 0]], expected)


def test_offset_that_is_a_covariate_shifts_its_coefficient():
    for family in FAMILIES:
        y, X, offset, _ = draw(3, family=family)
        plain = glm(y, X, family=family, offset=offset)
        moved = glm(y, X, family=family, offset=offset + 0.25 * X[:, 1])
        close(moved.coefficients, plain.coefficients - [0, 0.25, 0], atol=1e-12)
        close(moved.fitted, plain.fitted)


def test_profile_interval_of_a_rate():
    # Twice the drop of d log(r) - T r from its maximum is the quantile of chi-squared.
    found = profile_interval(
        [9], [[1.0]], family="poisson", offset=[np.log(30.0)], name="column 1", level=95
    )
    for limit in (found.ci_low, found.ci_high):
        rate = np.exp(limit)
        drop = 2 * ((9 * np.log(0.3) - 9) - (9 * np.log(rate) - 30 * rate))
        close(drop, 3.841458820694124, 1e-8)
    assert found.ci_low < found.estimate < found.ci_high


# --- derivatives ------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_each_derivative_is_that_of_the_one_before(family):
    eta = np.concatenate([np.linspace(-30, 3.5, 68), [1e-3, -1e-3, np.log(1e-2)]])
    h = 1e-5
    for y in (0.0, 1.0):
        outcome = np.full(eta.size, y)
        f = FAMILY[family]
        here, up, down = (f.terms(eta + step, outcome) for step in (0.0, h, -h))
        # Central differences: h^2 of truncation, and rounding of the values over h.
        close((up.loglik - down.loglik) / (2 * h), here.score, 1e-6, 1e-9)
        close((down.score - up.score) / (2 * h), here.observed, 1e-6, 1e-9)
        half_log = [0.5 * np.log(part.expected) for part in (up, down)]
        close((half_log[0] - half_log[1]) / (2 * h), f.tilt(eta)[0], 1e-6, 1e-8)
        slopes = [f.tilt(eta + step)[0] for step in (h, -h)]
        close((slopes[1] - slopes[0]) / (2 * h), f.tilt(eta)[1], 1e-6, 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_expected_information_is_the_mean_of_the_observed(family):
    eta = np.linspace(-6, 1.5, 31)
    f = FAMILY[family]
    outcomes = range(400) if family == "poisson" else (0, 1)
    mean, total = f.mean(eta), np.zeros(eta.size)
    chance = np.exp(-mean) if family == "poisson" else 1 - mean
    for y in outcomes:
        total += chance * f.terms(eta, np.full(eta.size, float(y))).observed
        chance = chance * mean / (y + 1) if family == "poisson" else mean
    close(total, f.terms(eta, np.zeros(eta.size)).expected, 1e-12)


def test_extreme_predictors_stay_finite():
    eta = np.array([-800.0, -700.0, -40.0, 40.0, 700.0, 720.0])
    for family in ("logistic", "cloglog"):
        for y in (0.0, 1.0):
            terms = FAMILY[family].terms(eta, np.full(eta.size, y))
            for part in (terms.score, terms.observed, terms.expected):
                assert np.isfinite(part).all()
    fitted = FAMILY["logistic"].terms(np.array([40.0]), np.array([1.0]))
    close(fitted.score, np.exp(-40.0), 1e-15)
    close(FAMILY["cloglog"].terms(np.array([-700.0]), np.array([1.0])).loglik, -700.0, 1e-14)


# --- invariants -------------------------------------------------------------------------------

seeds = st.integers(0, 10_000)
families = st.sampled_from(FAMILIES)
few = settings(deadline=None, max_examples=15)


def fit_or_none(*args, **options):
    try:
        return glm(*args, **options)
    except ConvergenceError:
        return None


@few
@given(seeds, families)
def test_integer_weights_are_repeated_rows(seed, family):
    y, X, offset, weight = draw(seed, family=family)
    rows = np.repeat(np.arange(y.size), weight.astype(int))
    weighted = fit_or_none(y, X, family=family, offset=offset, weight=weight, cluster=range(60))
    repeated = fit_or_none(y[rows], X[rows], family=family, offset=offset[rows], cluster=rows)
    assert (weighted is None) == (repeated is None)
    if weighted is not None:
        close(weighted.coefficients, repeated.coefficients, 1e-8, 1e-9)
        close(weighted.covariance, repeated.covariance, 1e-8, 1e-12)
        close(weighted.loglik, repeated.loglik)
        close(weighted.deviance, repeated.deviance, 1e-9)
        close(weighted.clustered, repeated.clustered, 1e-7, 1e-11)


@few
@given(seeds, families)
def test_order_zero_weights_units_and_single_clusters_change_nothing(seed, family):
    y, X, offset, weight = draw(seed, family=family)
    plain = fit_or_none(y, X, family=family, offset=offset, weight=weight, cluster=range(60))
    if plain is None:
        return
    close(plain.clustered, plain.robust, 1e-12)
    order = np.random.default_rng(seed).permutation(y.size)
    mixed = glm(y[order], X[order], family=family, offset=offset[order], weight=weight[order])
    close(mixed.coefficients, plain.coefficients, 1e-8, 1e-9)
    close(mixed.scores[np.argsort(order)], plain.scores, 1e-6, 1e-8)
    more = glm(
        np.concatenate([y, 1 - np.minimum(y[:9], 1)]),
        np.concatenate([X, 1e3 * X[:9]]),
        family=family,
        offset=np.concatenate([offset, offset[:9]]),
        weight=np.concatenate([weight, np.zeros(9)]),
    )
    assert (more.n, more.zero_weight_rows) == (60, 9)
    close(more.coefficients, plain.coefficients, 1e-8, 1e-9)
    close(more.robust, plain.robust, 1e-7, 1e-11)
    assert (more.scores[60:] == 0).all()
    assert more.fitted.shape == (69,)
    scaled = glm(y, X, family=family, offset=offset, weight=1e-9 * weight)
    close(scaled.coefficients, plain.coefficients, 1e-8, 1e-9)
    close(scaled.robust, plain.robust, 1e-7, 1e-11)
    units = np.array([1.0, 1e-3, 1e4])
    other = glm(y, X * units, family=family, offset=offset, weight=weight)
    close(other.coefficients * units, plain.coefficients, 1e-8, 1e-9)
    close(other.covariance * np.outer(units, units), plain.covariance, 1e-7, 1e-12)


@few
@given(seeds, families, st.sampled_from([None, "firth"]))
def test_scores_sum_to_zero_and_influence_makes_the_sandwich(seed, family, penalty):
    y, X, offset, weight = draw(seed, family=family)
    fit = fit_or_none(y, X, family=family, offset=offset, weight=weight, penalty=penalty)
    if fit is None:
        return
    size = np.abs(fit.scores).sum(axis=0)
    assert (np.abs(fit.scores.sum(axis=0)) < 1e-9 * size).all()
    assert fit.largest_step < 1e-8
    influence = fit.influence()
    close(influence.T @ influence, fit.robust, 1e-9, 1e-14)
    if penalty is None:
        psi = estimating_function(y, X, family=family, offset=offset, weight=weight)
        close(psi(fit.coefficients), fit.scores, 1e-9, 1e-12)


@few
@given(seeds, families, st.sampled_from([None, "firth"]))
def test_many_weightings_are_as_many_fits(seed, family, penalty):
    y, X, offset, weight = draw(seed, n=40, family=family)
    rng = np.random.default_rng(seed)
    unit = rng.integers(0, 25, 40)
    weights = rng.multinomial(25, np.full(25, 0.04), size=4).astype(float) * 1.5
    options = {"family": family, "offset": offset, "penalty": penalty}
    many = glm_replicates(y, X, weights=weights, unit=unit, weight=weight, **options)
    expanded = glm_replicates(y, X, weights=weights[:, unit] * weight, **options)
    close(many.coefficients, expanded.coefficients, 1e-7, 1e-8)
    assert many.coefficients.shape == (4, 3)
    # The digits don't depend on which weightings share a call.
    for part in ([0], [3, 1], [2, 3]):
        some = glm_replicates(y, X, weights=weights[part], unit=unit, weight=weight, **options)
        np.testing.assert_array_equal(some.coefficients, many.coefficients[part])
    for b in range(4):
        one = fit_or_none(y, X, weight=weights[b, unit] * weight, **options)
        assert (one is None) == (b in many.failed)
        if one is not None:
            close(many.coefficients[b], one.coefficients, 1e-7, 1e-8)


def test_weightings_that_cannot_be_fitted_are_named():
    y, X, *_ = draw(1, n=30)
    X = np.column_stack([X[:, :1], np.arange(30) < 3])
    y[:3] = [1, 0, 1]
    weights = np.ones((4, 30))
    weights[1, :3] = 0.0
    weights[2, 1] = 0.0
    found = glm_replicates(y, X, family="logistic", weights=weights, start=[0.0, 0.0])
    assert found.failed.tolist() == [1, 2]
    assert "collinear" in found.reasons[0]
    assert "separated" in found.reasons[1]
    assert np.isnan(found.coefficients[1:3]).all()
    close(found.coefficients[0], glm(y, X, family="logistic").coefficients)
    close(found.coefficients[3], found.coefficients[0])
    assert found.summary().splitlines()[0] == "2 of 4 weightings fitted"
    assert list(found.to_frame().columns) == ["column 1", "column 2"]
    json.loads(dumps(found.to_dict()))


def test_large_counts_and_rare_events_converge():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    counts = rng.poisson(np.exp(9 + 2 * x)).astype(float)
    big = glm(counts, with_ones(x), family="poisson")
    assert big.largest_step < 1e-6
    close(big.fitted.sum(), counts.sum())
    # One event in half a million on one side, all but one on the other.
    y, z, weight = [1, 0, 1, 0], [0, 0, 1, 1], [1, 499_999, 499_999, 1]
    rare = glm(y, with_ones(z), family="logistic", weight=weight)
    close(rare.coefficients, [-np.log(499_999), 2 * np.log(499_999)])


@pytest.mark.parametrize("n", [1, 263, 264, 265, 528, 530])
def test_any_number_of_rows_fills_the_blocks(n):
    """Rows are worked on 264 at a time."""
    y = np.arange(n) % 3 + 1.0
    years = 1.0 + np.arange(n) % 5
    fit = glm(y, np.ones((n, 1)), family="poisson", offset=np.log(years))
    close(fit.coefficients, np.log(y.sum() / years.sum()), atol=1e-12)
    close(fit.covariance, 1 / y.sum())
    close(fit.robust, ((y - fit.fitted) ** 2).sum() / y.sum() ** 2, 1e-9, 1e-20)


def test_nearly_separated_by_weights_alone_is_an_error_or_an_answer():
    """A row of weight 1e-12 against a hundred: the maximum exists, near 32."""
    weight = np.r_[np.ones(100), 1e-12]
    fit = glm(np.r_[np.ones(100), 0.0], np.ones((101, 1)), family="logistic", weight=weight)
    close(fit.coefficients, np.log(100 / 1e-12), 1e-9)


# --- results ----------------------------------------------------------------------------------


@pytest.fixture
def fit() -> GLM:
    y, X, offset, weight = draw(11)
    weight[:2] = 0
    return glm(
        y,
        X,
        family="logistic",
        offset=offset,
        weight=weight,
        cluster=np.arange(60) // 3,
        names=["one", "age", "grade"],
    )


def test_estimates_have_the_interval_asked_for(fit):
    for variance in ("model", "robust", "clustered", "clustered-adjusted"):
        errors = np.sqrt(np.diagonal(fit.variance(variance)))
        one = fit.estimate("age", level=90, variance=variance)
        assert (one.scale, one.level) == ("log", 90.0)
        close(one.se, errors[1])
        close(one.ci_high, one.estimate + 1.6448536269514722 * errors[1])
        table = fit.to_frame(level=90, variance=variance)
        assert table["name"].tolist() == ["one", "age", "grade"]
        close(table["ci_low"], fit.coefficients - 1.6448536269514722 * errors)
    close(fit.clustered_adjusted, fit.clustered * 20 / 19)


def test_results_are_frozen_and_readable(fit):
    with pytest.raises(AttributeError):
        fit.loglik = 0.0
    told = fit.summary(level=95, variance="clustered")
    assert "58 rows in 20 clusters; 2 more without weight" in told
    assert fit.estimate("grade", level=95, variance="clustered").text() in told
    values = json.loads(dumps(fit.to_dict()))
    assert values["clusters"] == 20
    assert values["penalised_loglik"] is None
    assert "scores" not in values
    close(fit.predict(np.ones((2, 3)), offset=[0, 1])[0], fit.predict(np.ones((1, 3)))[0])


def test_results_refuse_what_they_lack(fit):
    with pytest.raises(DataError, match=r"no covariate 'ages'.*mean age"):
        fit.estimate("ages", level=95, variance="model")
    with pytest.raises(DataError, match="but the fit has 3 covariates"):
        fit.predict(np.ones((2, 2)))
    y, X, *_ = draw(2)
    plain = glm(y, X, family="logistic")
    with pytest.raises(DesignError, match="needs clusters"):
        plain.variance("clustered")
    with pytest.raises(DataError, match="variance 'HC0' is unknown"):
        plain.variance("HC0")


# --- bad input --------------------------------------------------------------------------------

GOOD = {"y": [0, 1, 0, 1, 1, 0], "X": np.c_[np.ones(6), [1, 2, 3, 1, 2, 4]], "family": "logistic"}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"family": "logit"}, DataError, r"family 'logit' is unknown.*did you mean|allowed are"),
        ({"y": []}, DataError, "no rows: y is empty"),
        ({"y": [0, 1, 2, 1, 1, 0]}, DataError, r"y is neither 0 nor 1 in row 3 \(first: 2\)"),
        ({"y": [0, 1, np.nan, 1, 1, 0]}, DataError, "y is not a finite number in row 3"),
        ({"y": ["a"] * 6}, DataError, "y can't be read as numbers"),
        ({"y": [[0, 1]] * 3}, DataError, "y has shape"),
        ({"y": [0, 1.5, 0, 1, 1, 0], "family": "poisson"}, DataError, "y is not a count in row 2"),
        ({"X": np.ones(6)}, DataError, "must have two dimensions.*intercept, which is never added"),
        ({"X": np.ones((5, 1))}, DataError, "X has 5 rows, but y has 6"),
        ({"X": np.ones((6, 0))}, DataError, "X has no columns"),
        ({"X": np.c_[np.ones(6), [1, 2, np.inf, 1, 2, 4]]}, DataError, "row 3 of 'column 2'"),
        ({"weight": [1, 1, -1, 1, 1, 1]}, DataError, r"weight is negative in row 3"),
        ({"weight": np.zeros(6)}, DataError, "All weights are zero"),
        ({"weight": [1, 1]}, DataError, "weight has 2 rows, but y has 6"),
        ({"offset": [0, 0, np.nan, 0, 0, 0]}, DataError, "offset is not a finite number in row 3"),
        ({"cluster": [1, 2]}, DataError, "cluster has shape"),
        ({"cluster": [1, 1, None, 2, 2, 2]}, DataError, "cluster is missing in row 3"),
        ({"cluster": [1] * 6}, DataError, "one cluster only"),
        ({"names": ["a"]}, DataError, "1 names, but X has 2 columns"),
        ({"names": ["a", "a"]}, DataError, "'a' twice"),
        ({"penalty": "ridge"}, DataError, "penalty 'ridge' is unknown"),
        ({"X": np.c_[np.ones(6), np.zeros(6)]}, DesignError, "'column 2' is 0 in every row"),
        ({"X": np.c_[np.ones(6), 2 * np.ones(6)]}, DesignError, "is proportional to 'column 1'"),
        ({"X": np.ones((6, 7))}, DesignError, "7 covariates, but 6 rows"),
        (
            {"weight": [1, 0, 0, 1, 0, 0]},
            DesignError,
            "'column 2' is proportional to 'column 1'",
        ),
    ],
)
def test_bad_input_is_named(change, error, message):
    with pytest.raises(error, match=message):
        glm(**{**GOOD, **change})


def test_dependent_covariates_are_named():
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 50))
    X = np.column_stack([np.ones(50), a, b, 2 * a - 3 * b, c])
    names = ["one", "age", "grade", "score", "size"]
    with pytest.raises(DesignError, match=r"'score' is a combination of 'age' and 'grade'\."):
        glm(rng.integers(0, 2, 50), X, family="logistic", names=names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.ones(6)}, "weights has shape"),
        ({"weights": np.ones((2, 5))}, "weights has 5 columns, but y has 6 rows"),
        ({"weights": [[1] * 6, [-1] * 6]}, "see row 2"),
        ({"weights": [["a"] * 6]}, "weights can't be read"),
        ({"weights": np.ones((2, 3)), "unit": [0, 1, 2, 3, 0, 0]}, "from 0 to 2"),
        ({"weights": np.ones((2, 3)), "unit": [0.5] * 6}, "whole numbers"),
        ({"weights": np.ones((2, 6)), "start": [0.0]}, "start must hold 2 finite numbers"),
    ],
)
def test_bad_weightings_are_named(change, message):
    with pytest.raises(DataError, match=message):
        glm_replicates(**{**GOOD, **change})
