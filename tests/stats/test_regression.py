"""Fine-Gray, parametric models, residuals and tests of hazards against R and by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.regression import aft, cox_residuals, fine_gray, proportional_hazards_test
from tests.stats.survival_cases import case, complete, data, names, response, subset

# Both sides iterate to rounding, R's coxph until the log-likelihood changes by 1e-11 of itself.
R_CONVERGED = 1e-8
# crr stops up to 3e-8 standard errors from the maximum.
CRR_CONVERGED = 5e-8
# Two ways to the same maximum in double precision.
EXACT = 1e-9
# R's numbers were printed with 15 digits.
PRINTED = 1e-11


def close(found, expected, rtol=EXACT, atol=0.0):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def matrix(columns, covariates):
    return np.column_stack([columns[name] for name in covariates])


# --- Fine-Gray --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("fine_gray"))
def test_fine_gray_cases_of_r(name):
    pinned = case(name)
    args, r = pinned["args"], pinned["result"]
    used = [args["time"], args["status"], *args["covariates"]]
    columns = complete(data(pinned["dataset"]), used)
    rows = (columns[args["time"]], columns[args["status"]], matrix(columns, args["covariates"]))
    fit, crr = fine_gray(*rows, cause=args["cause"], level=95), r["crr"]
    close((fit.coefficients - crr["coef"]) / fit.se, 0, atol=CRR_CONVERGED)
    close(fit.covariance, crr["var"], CRR_CONVERGED)
    close(fit.se, crr["se"], CRR_CONVERGED)
    close([fit.loglik, fit.null_loglik], [crr["loglik"], crr["loglik_null"]])
    asked = rows[2][np.array(crr["predict_rows_1based"]) - 1]
    found = fit.cumulative_incidence(asked, times=crr["predict"]["time"])
    close(found.T, crr["predict"]["cif"], CRR_CONVERGED)
    fit = fine_gray(*rows, cause=args["cause"], level=95, method="finegray")
    expanded = r["finegray_coxph"]
    close(fit.coefficients, expanded["coef"], R_CONVERGED)
    close(fit.se, expanded["se_robust_id"], R_CONVERGED)
    # R's "se_naive" takes each expanded row for a person, which no row here is.
    close([fit.null_loglik, fit.loglik], expanded["loglik"])


# finegray(Surv(etime, estatus) ~ age + hgb, weights) and coxph on its rows with the cluster,
# R 4.2.2, survival 3.5-3, mgus2 without missing age, hgb, mspike. With strata and weights R gives
# the weights to wrong rows, so that the last was weighted by hand: fgwt * wt of the row's person.
R_EXPANDED = {
    "weights": (
        (-0.0198993175471719, -0.0323904160489183),
        (0.005926628414059675, 0.04672611166650313),
        (-1046.98447175665, -1042.05475427745),
    ),
    "weights, clusters": (
        (-0.0198993175471719, -0.0323904160489183),
        (0.005929573337578261, 0.04748243956352296),
        (-1046.98447175665, -1042.05475427745),
    ),
    "strata": (
        (-0.0177995352599882, -0.0145768719517008),
        (0.005746476069273577, 0.04518650167137792),
        (-706.131308491596, -703.16819821247),
    ),
    "weights, strata": (
        (0.0524851534637091, -0.107093178327357),
        (0.004244002594227859, 0.02519501378902637),
        (-6423.23461663417, -6210.66894141103),
    ),
}


@pytest.mark.parametrize("name", R_EXPANDED)
def test_fine_gray_options_of_r(name):
    d = complete(data("mgus2"), ["age", "hgb", "mspike"])
    options = {
        "weight": d["wt"] if "weights" in name else None,
        "cluster": d["id"] % 40 if "clusters" in name else None,
        "strata": d["male"] if "strata" in name else None,
    }
    cause = 2 if name == "weights, strata" else 1
    fit = fine_gray(
        d["etime"],
        d["estatus"],
        matrix(d, ["age", "hgb"]),
        cause=cause,
        level=95,
        method="finegray",
        **options,
    )
    coefficients, se, loglik = R_EXPANDED[name]
    close(fit.coefficients, coefficients, R_CONVERGED)
    close(fit.se, se, R_CONVERGED)
    close([fit.null_loglik, fit.loglik], loglik)


def test_three_persons_by_hand():
    # The person with the competing event at 2 stays at risk at 3: the likelihood is
    # u/(2u + 1) * 1/(u + 1) with u = exp(beta), which is largest where 2 u^2 = 1.
    fit = fine_gray([1, 2, 3], [1, 2, 1], [1, 1, 0], cause=1, level=95)
    close(fit.coefficients, [-np.log(2) / 2])
    u = np.sqrt(0.5)
    close(fit.loglik, np.log(u / (2 * u + 1) / (u + 1)))
    close(fit.naive_covariance, 1 / (2 * u / (2 * u + 1) ** 2 + u / (u + 1) ** 2))
    close(fit.baseline[0].cumulative_hazard, [1 / (2 * u + 1), 1 / (2 * u + 1) + 1 / (u + 1)])


def test_one_censored_person_by_hand():
    # The one censored at 2 leaves the competing one with weight 1/2 at 3:
    # log-likelihood b - log(3u + 1) - log(u/2 + 1), if u = exp(b) belongs to all but the last.
    fit = fine_gray([1, 1.5, 2, 3], [1, 2, 0, 1], [1, 1, 1, 0], cause=1, level=95)
    u = np.sqrt(2 / 3)
    close(fit.coefficients, [np.log(u)])
    close(fit.loglik, np.log(u / (3 * u + 1) / (u / 2 + 1)))


# Neither delayed entry nor an offset.
CLOSED = [
    name
    for name in names("coxph")
    if case(name)["args"]["response"].count(",") == 1 and not case(name)["args"].get("offset")
]


def cox_rows(name):
    """Return a Cox case's rows, options and result, with rows that R dropped left out."""
    pinned = case(name)
    args = pinned["args"]
    covariates = np.atleast_1d(args["covariates"]).tolist()
    grouping = {"weight": "weights", "strata": "strata", "cluster": "cluster"}
    used = covariates + [args[key] for key in grouping.values() if args.get(key)]
    columns = complete(subset(args.get("subset"), data(pinned["dataset"])), used)
    if args["zero_weight_rows_dropped"]:
        columns = {k: v[columns[args["weights"]] > 0] for k, v in columns.items()}
    entry, time, event = response(args["response"], columns)
    options = {key: columns[args[k]] for key, k in grouping.items() if args.get(k)}
    if entry is not None:
        options["entry"] = entry
    if args.get("offset"):
        assert args["offset"] == "I(0.02*age)"
        options["offset"] = 0.02 * columns["age"]
    rows = (time, event, matrix(columns, covariates))
    return rows, options, args["ties"], pinned["result"]


@pytest.mark.parametrize("name", CLOSED)
def test_without_competing_events_it_is_the_cox_model(name):
    rows, options, ties, r = cox_rows(name)
    robust = r["naive_var"] is not None
    method = {"breslow": "crr", "efron": "finegray"}[ties]
    fit = fine_gray(*rows, cause=1, level=95, method=method, **options)
    close(fit.coefficients, r["coef"], 1e-7)
    close(fit.naive_covariance, r["naive_var"] if robust else r["var"], 1e-7, 1e-14)
    close(fit.loglik, np.atleast_1d(r["loglik"])[-1], R_CONVERGED)
    if robust:
        # Nobody stays at risk after an event, so that the censoring weights add nothing.
        close(fit.covariance, r["var"], 1e-7, 1e-14)


def mgus(n=400):
    d = complete(data("mgus2"), ["hgb", "mspike"])
    keep = slice(0, n)
    return d["etime"][keep], d["estatus"][keep], matrix(d, ["age", "hgb", "male"])[keep]


def test_without_censoring_competing_events_stay_at_risk():
    time, event, X = mgus()
    kept = event > 0
    time, event, X = time[kept], event[kept], X[kept]
    for method in ("crr", "finegray"):
        fit = fine_gray(time, event, X, cause=1, level=95, method=method)
        later = np.where(event == 1, time, time.max() + 1)
        plain = fine_gray(later, event == 1, X, cause=1, level=95, method=method)
        close(fit.coefficients, plain.coefficients)
        close(fit.covariance, plain.covariance)


@pytest.mark.parametrize("strata", [False, True])
def test_integer_weights_are_repeated_rows(strata):
    time, event, X = mgus()
    weight = 1 + np.arange(time.size) % 3
    copies = np.repeat(np.arange(time.size), weight)
    groups = X[:, 2] if strata else None
    X = X[:, :2]
    one = fine_gray(time, event, X, cause=1, level=95, weight=weight, strata=groups)
    many = fine_gray(
        time[copies],
        event[copies],
        X[copies],
        cause=1,
        level=95,
        cluster=copies,
        strata=groups[copies] if strata else None,
    )
    close(one.coefficients, many.coefficients)
    close(one.covariance, many.covariance)
    close(one.loglik, many.loglik)
    assert (one.clusters, many.clusters, many.n) == (None, time.size, copies.size)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from(["crr", "finegray"]))
def test_fine_gray_does_not_depend_on_order_origin_or_unit(seed, method):
    rng = np.random.default_rng(seed)
    n = 60
    time, event = rng.integers(1, 20, n).astype(float), rng.integers(0, 3, n)
    X, weight = rng.normal(size=(n, 2)), rng.uniform(0.2, 2, n)
    options = {"cause": 2, "level": 95, "method": method}
    first = fine_gray(time, event, X, weight=weight, **options)
    order = rng.permutation(n)
    moved = fine_gray(
        np.sqrt(time)[order],
        event[order],
        (10 * X + 5)[order],
        weight=3 * weight[order],
        cluster=np.arange(n),
        **options,
    )
    close(first.coefficients, 10 * moved.coefficients, 1e-7, 1e-9)
    close(first.covariance, 100 * moved.covariance, 1e-7, 1e-9)
    times = np.array([3.0, 9.0])
    close(
        first.cumulative_incidence(X[:4], times=times),
        moved.cumulative_incidence(10 * X[:4] + 5, times=np.sqrt(times)),
        1e-7,
    )


def test_fine_gray_leaves_out_rows_without_weight():
    time, event, X = mgus(200)
    kept = np.arange(200) % 4 > 0
    fit = fine_gray(time, event, X, cause=1, level=95, weight=kept.astype(float))
    alone = fine_gray(time[kept], event[kept], X[kept], cause=1, level=95)
    close(fit.coefficients, alone.coefficients)
    close(fit.covariance, alone.covariance)
    assert (fit.n, fit.zero_weight_rows) == (150, 50)


def test_fine_gray_result():
    time, event, X = mgus()
    fit = fine_gray(
        time, event, X, cause=1, level=90, names=["age", "hgb", "male"], strata=X[:, 2] * 0
    )
    values = json.loads(json.dumps(fit.to_dict()))
    assert values["coefficients"][1]["name"] == "hgb"
    assert values["coefficients"][0]["natural"]["estimate"] == np.exp(fit.coefficients[0])
    assert values["n"] == fit.events + fit.competing + fit.censored
    assert fit.to_frame()["name"].tolist() == ["age", "hgb", "male"]
    z = (fit.estimates[0].ci_high - fit.coefficients[0]) / fit.se[0]
    assert z == pytest.approx(1.6448536269514722)
    assert "cause 1 (90% intervals)" in fit.summary()
    curve = fit.cumulative_incidence(X[:2], times=[0, 10, 100, 1e6])
    assert (curve[:, 0] == 0).all()
    assert (np.diff(curve[:, :3], axis=1) > 0).all()
    assert np.isnan(curve[:, 3]).all()
    close(curve, fit.cumulative_incidence(X[:2], times=[0, 10, 100, 1e6], stratum="0"))
    with pytest.raises(DesignError, match="stratum is 'x'"):
        fit.cumulative_incidence(X[:2], times=[1], stratum="x")
    with pytest.raises(DataError, match="X has 2 columns"):
        fit.cumulative_incidence(X[:2, :2], times=[1])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"entry": np.zeros(6)}, DesignError, "does not support delayed entry"),
        ({"cause": 3}, DesignError, "no event of cause 3 .* causes there are: 1, 2"),
        ({"cause": 0}, DesignError, "no event of cause 0"),
        ({"event": [0.5, 1, 2, 0, 1, 1]}, DataError, "event is not a whole number"),
        ({"method": "gray"}, DataError, "method 'gray' is unknown"),
        ({"level": 0.9}, DataError, "level is 0.9"),
        ({"X": np.ones((6, 1))}, DesignError, "'column 1' has the same value in all rows"),
        ({"X": np.ones((5, 1))}, DataError, "X has 5 rows, but time has 6"),
        ({"X": np.ones((6, 0))}, DataError, "X has no columns"),
        ({"X": np.ones((6, 1, 1))}, DataError, r"X has shape \(6, 1, 1\)"),
        ({"X": [["a"]] * 6}, DataError, "X can't be read as numbers"),
        ({"X": [1, 2, np.inf, 4, 5, 6]}, DataError, "finite number in row 3 of 'column 1'"),
        ({"names": ["a", "b"]}, DataError, "names has 2 names, but X has 1 columns"),
        ({"names": "a"}, DataError, "names has 1 names"),
        (
            {"X": np.arange(12.0).reshape(6, 2), "names": ["a", "b"]},
            DesignError,
            "'b' is a sum of multiples",
        ),
        ({"X": np.ones((6, 2)), "names": ["a", "a"]}, DataError, "names has 'a' twice"),
        (
            {"X": [0, 1, 0, 1, 0, 0], "strata": [1, 2, 1, 2, 1, 1]},
            DesignError,
            "within every stratum",
        ),
        ({"X": [0, 0, 1, 1, 0, 0]}, ConvergenceError, "'column 1' has no finite estimate"),
        ({"time": [1, 2, 3]}, DataError, "event has 6 rows"),
    ],
)
def test_fine_gray_refusals(change, error, message):
    good = {
        "time": [1, 2, 3, 4, 5, 6],
        "event": [1, 1, 2, 0, 1, 1],
        "X": [1.0, 2, 0, 3, 1, 0],
        "cause": 1,
        "level": 95,
    }
    with pytest.raises(error, match=message):
        fine_gray(**(good | change))


# --- parametric models ------------------------------------------------------------------------

# survreg(..., control = survreg.control(rel.tolerance = 1e-12)), R 4.2.2, survival 3.5-3:
# coefficients, scale, standard errors of coefficients and log scales, log-likelihoods.
AFT_LUNG = ["age", "sex", "ph_ecog"]
R_AFT = {
    ("weibull", "lung"): (
        [6.27343525199845, -0.00747543940914451, 0.40109054119345, -0.339638098308773],
        [0.731108992164631],
        [
            0.4535777108109017,
            0.006763507667534938,
            0.12373256651534349,
            0.08347841503007188,
            0.061346455261420525,
        ],
        [-1147.4280568733, -1132.43874588232],
    ),
    ("exponential", "lung"): (
        [6.37342319823116, -0.0102173605936676, 0.509061399784426, -0.405016989979724],
        [1],
        [0.6207551013086416, 0.009176894782072164, 0.1671611892766847, 0.1126974550957607],
        [-1156.12326446575, -1143.56315131318],
    ),
    ("lognormal", "lung"): (
        [6.49478672654724, -0.0191818680868148, 0.521952878521414, -0.355566670332354],
        [1.02863458188576],
        [
            0.5827562761469155,
            0.008327857463071688,
            0.1527753824484773,
            0.1033082530194713,
            0.05596062454920424,
        ],
        [-1163.17598441688, -1146.88183108603],
    ),
    ("loglogistic", "lung"): (
        [5.93668692063805, -0.00807991943085238, 0.486623570899021, -0.404615511571999],
        [0.536141504276293],
        [
            0.5120726601516488,
            0.007477907057549579,
            0.13489414783419,
            0.09301371940209223,
            0.0658133653780304,
        ],
        [-1154.54917931852, -1137.48961226949],
    ),
    ("weibull", "weights"): (
        [6.10997395344014, -0.00364615999704503, 0.377288421469558, -0.394833460025781],
        [0.707857139680047],
        [
            0.3884434024924609,
            0.005833080495174415,
            0.10618224383344325,
            0.07367446582055258,
            0.05487946426928428,
        ],
        [-1425.19649823208, -1404.95573624313],
    ),
    ("lognormal", "strata"): (
        [7.3539775608613, -0.0214803234158401, -0.339334138074595],
        [1.07547760469842, 1.00174363198498],
        [
            0.5404927185310714,
            0.008632513781030407,
            0.10518925240101053,
            0.07092799492723194,
            0.09989289584088801,
        ],
        [-1162.23604168318, -1152.57088881528],
    ),
    ("loglogistic", "offset"): (
        [4.38172584728114, 0.511091850970515],
        [0.57399514568996],
        [0.20483636159747004, 0.14091459647850324, 0.06587875613132067],
        [-1164.49336744999, -1157.86914239503],
    ),
    ("weibull", "ovarian"): (
        [
            10.6319573551741,
            -0.0650395919883479,
            -0.520958070780922,
            0.520603927519107,
            -0.0667690488961525,
        ],
        [0.519587413134173],
        [
            1.423663057244308,
            0.01937840270009146,
            0.39210759281192836,
            0.32436511300653004,
            0.3234469880303401,
            0.2399176630542716,
        ],
        [-97.9539010471308, -87.8470867020693],
    ),
}


@pytest.mark.parametrize(("distribution", "kind"), R_AFT)
def test_parametric_models_of_r(distribution, kind):
    covariates = {"strata": ["age", "ph_ecog"], "offset": ["sex"]}.get(kind, AFT_LUNG)
    if kind == "ovarian":
        covariates = ["age", "resid", "rx", "ecog"]
    d = complete(data("ovarian" if kind == "ovarian" else "lung"), covariates)
    options = {
        "weights": lambda: {"weight": d["wt"]},
        "strata": lambda: {"strata": d["sex"]},
        "offset": lambda: {"offset": 0.01 * d["age"]},
    }.get(kind, dict)()
    rows = (d["time"], d["event"], matrix(d, covariates))
    fit = aft(*rows, distribution=distribution, level=95, **options)
    coefficients, scale, se, loglik = R_AFT[distribution, kind]
    close(fit.coefficients, coefficients, PRINTED)
    close(fit.scale, scale, PRINTED)
    close([fit.null_loglik, fit.loglik], loglik, PRINTED)
    log_scale_se = fit.log_scale_se if distribution != "exponential" else []
    close(np.concatenate([fit.se, log_scale_se]), se, 1e-10)


def test_exponential_rate_by_hand():
    # Three events in 20 units of time; the variance of the log rate is 1 / events.
    fit = aft([2, 5, 3, 10], [1, 1, 0, 1], np.zeros((4, 0)), distribution="exponential", level=95)
    close(fit.coefficients, [np.log(20 / 3)])
    close(fit.covariance, [[1 / 3]])
    close(fit.loglik, 3 * np.log(3 / 20) - 3)
    assert np.isnan(fit.log_scale_se).all()
    close(fit.survival(np.zeros((1, 0)), times=[0, 4]), [[1, np.exp(-4 * 3 / 20)]])


def test_uncensored_lognormal_is_the_normal_model_of_log_time():
    rng = np.random.default_rng(2)
    x = rng.normal(size=50)
    log_time = 1 + 0.5 * x + rng.normal(size=50)
    fit = aft(np.exp(log_time), np.ones(50), x, distribution="lognormal", level=95)
    design = np.column_stack([np.ones(50), x])
    beta, residual, *_ = np.linalg.lstsq(design, log_time)
    close(fit.coefficients, beta)
    close(fit.scale**2, residual / 50)
    close(fit.covariance[:2, :2], residual / 50 * np.linalg.inv(design.T @ design), 1e-8)


@pytest.mark.parametrize("distribution", ["weibull", "exponential", "lognormal", "loglogistic"])
def test_robust_variance_of_weights_is_that_of_repeated_rows(distribution):
    # R 3.5-3 leaves the weights out of the sandwich and fails this.
    d = complete(data("lung"), AFT_LUNG)
    rows = (d["time"], d["event"], matrix(d, AFT_LUNG))
    copies = np.repeat(np.arange(d["time"].size), d["wint"].astype(int))
    options = {"distribution": distribution, "level": 95}
    one = aft(*rows, weight=d["wint"], variance="robust", **options)
    many = aft(*(values[copies] for values in rows), cluster=copies, **options)
    close(one.coefficients, many.coefficients, 1e-8)
    close(one.covariance, many.covariance, 1e-7)
    close(one.model_covariance, many.model_covariance, 1e-7)
    assert (one.variance, many.variance, many.clusters) == ("robust", "robust", d["time"].size)


@settings(deadline=None, max_examples=15)
@given(
    st.floats(1e-3, 1e3), st.sampled_from(["weibull", "exponential", "lognormal", "loglogistic"])
)
def test_unit_of_time_moves_the_intercept_only(unit, distribution):
    d = data("veteran")
    rows = (d["event"], matrix(d, ["karno", "age"]))
    options = {"distribution": distribution, "level": 95}
    first = aft(d["time"], *rows, **options)
    other = aft(unit * d["time"], *rows, **options)
    close(other.coefficients, first.coefficients + np.log(unit) * np.eye(3)[0], 1e-7, 1e-9)
    close(other.scale, first.scale, 1e-7)
    close(other.loglik, first.loglik - np.log(unit) * d["event"].sum(), 1e-9)
    X = rows[1][:3]
    medians = first.quantile(X, probabilities=[0.25, 0.5])
    close(unit * medians, other.quantile(X, probabilities=[0.25, 0.5]), 1e-6)
    back = [first.survival(X[i : i + 1], times=medians[i])[0] for i in range(3)]
    close(back, [[0.75, 0.5]] * 3)


def test_parametric_result():
    d = data("veteran")
    rows = (d["time"], d["event"], matrix(d, ["karno", "age"]))
    fit = aft(*rows, distribution="weibull", level=95, names=["karno", "age"], strata=d["trt"])
    values = json.loads(json.dumps(fit.to_dict()))
    assert [c["name"] for c in values["coefficients"]] == ["intercept", "karno", "age"]
    assert values["strata"] == ["1", "2"]
    assert fit.to_frame().shape == (3, 6)
    assert "Time ratios of a weibull model" in fit.summary()
    first, second = (fit.survival(rows[2][:1], times=[100], stratum=k) for k in ("1", "2"))
    assert first != second
    with pytest.raises(DesignError, match="stratum is None, but the strata are 1, 2"):
        fit.survival(rows[2][:1], times=[100])
    with pytest.raises(DataError, match="X has 1 columns"):
        fit.quantile(rows[2][:1, :1], probabilities=[0.5], stratum="1")
    with pytest.raises(DataError, match="probabilities must lie between 0 and 1"):
        fit.quantile(rows[2][:1], probabilities=[1.0], stratum="1")
    kept = np.arange(d["time"].size) % 3 > 0
    part = aft(*rows, distribution="weibull", level=95, weight=kept.astype(float))
    close(part.loglik, aft(*(v[kept] for v in rows), distribution="weibull", level=95).loglik)
    assert part.zero_weight_rows == (~kept).sum()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"entry": np.zeros(4)}, DesignError, "aft does not support delayed entry"),
        ({"time": [0, 1, 2, 3]}, DataError, "time is not after 0 in row 1"),
        ({"distribution": "gamma"}, DataError, "distribution 'gamma' is unknown"),
        ({"event": [0, 0, 0, 0]}, DesignError, "There is no event"),
        ({"distribution": "exponential", "strata": [1, 1, 2, 2]}, DesignError, "has no scale"),
        ({"cluster": [1, 1, 2, 2], "variance": "model"}, DesignError, "no use of clusters"),
        ({"variance": "hc3"}, DataError, "variance 'hc3' is unknown"),
        ({"time": [1, 1, 1, 1], "event": [1, 1, 1, 1]}, ConvergenceError, "no finite estimate"),
        ({"level": 95000}, DataError, "level is 95000"),
    ],
)
def test_parametric_refusals(change, error, message):
    good = {
        "time": [1, 2, 3, 4],
        "event": [1, 0, 1, 1],
        "X": [1.0, 2, 0, 3],
        "distribution": "weibull",
        "level": 95,
    }
    with pytest.raises(error, match=message):
        aft(**(good | change))


# --- residuals and tests of proportional hazards ----------------------------------------------

RESIDUALS = {
    "martingale": "martingale",
    "deviance": "deviance_head",
    "score": "score_resid_head",
    "dfbeta": "dfbeta_head",
    "schoenfeld": "schoenfeld_head",
}


def without_cluster(options):
    return {key: value for key, value in options.items() if key != "cluster"}


@pytest.mark.parametrize("name", [n for n in names("coxph") if "martingale" in case(n)["result"]])
def test_residuals_of_r(name):
    rows, options, ties, r = cox_rows(name)
    for kind, key in RESIDUALS.items():
        found = cox_residuals(*rows, kind=kind, ties=ties, **without_cluster(options)).values
        expected = np.array(r[key], dtype=float)
        close(found[: len(expected)].reshape(expected.shape), expected, 1e-7, 1e-9)


@pytest.mark.parametrize("name", [n for n in names("coxph") if "cox_zph" in case(n)["result"]])
def test_proportional_hazards_tests_of_r(name):
    rows, options, ties, r = cox_rows(name)
    for transform, expected in r["cox_zph"].items():
        test = proportional_hazards_test(
            *rows, transform=transform, ties=ties, **without_cluster(options)
        )
        close([*test.chi_squared, test.global_chi_squared], expected["chisq"], 1e-7)
        close([*test.df, test.global_df], expected["df"])
        close([*test.p_value, test.global_p_value], expected["p"], 1e-7)


# residuals(coxph(Surv(start, stop, event) ~ age + surgery, heart, weights = wt), ...), R 4.2.2,
# survival 3.5-3: dfbeta collapsed over id, and scaled Schoenfeld residuals.
R_HEART_DFBETA = [
    [-0.00206627319244255, -0.00700233888739351],
    [0.00087296519951012, -0.0132300642197189],
    [0.0011397163190053, -0.010955753215172],
]
R_HEART_SCALED = [
    [0.10130049983115, 7.52454185753878],
    [-0.0210597952284501, 7.59537690651231],
    [0.0860157726904479, -1.59682127609963],
]


def heart():
    d = data("heart")
    rows = (d["stop"], d["event"], matrix(d, ["age", "surgery"]))
    return rows, {"entry": d["start"], "weight": d["wt"]}, d["id"]


def test_weighted_residuals_of_r():
    rows, options, person = heart()
    summed = cox_residuals(*rows, kind="dfbeta", cluster=person, **options)
    close(summed.values[:3], R_HEART_DFBETA, R_CONVERGED)
    assert summed.clusters[:3] == ("1", "2", "3")
    scaled = cox_residuals(*rows, kind="scaled-schoenfeld", **options)
    close(scaled.values[:3], R_HEART_SCALED, R_CONVERGED)


def test_sums_of_residuals():
    rows, options, person = heart()
    weight = options["weight"]
    by_kind = {
        kind: cox_residuals(*rows, kind=kind, **options)
        for kind in ("martingale", "score", "dfbeta", "dfbetas", "schoenfeld")
    }
    assert weight @ by_kind["martingale"].values == pytest.approx(0, abs=1e-9)
    close(weight @ by_kind["score"].values, [0, 0], atol=1e-7)
    close(by_kind["dfbeta"].values.sum(axis=0), [0, 0], atol=1e-9)
    events = by_kind["schoenfeld"]
    close(events.time, rows[0][events.row])
    assert (rows[1][events.row] == 1).all()
    close(weight[events.row] @ events.values, [0, 0], atol=1e-7)
    for kind in ("martingale", "score", "dfbeta", "dfbetas"):
        summed = cox_residuals(*rows, kind=kind, cluster=person, **options).values
        each = by_kind[kind].values
        expected = [each[person == k].sum(axis=0) for k in np.unique(person)]
        close(summed, expected, atol=1e-9)


def test_one_covariate_by_hand():
    # Breslow, events at 1 and 2: u/(2u + 1) * 1/(u + 1) again, u = exp(beta) = sqrt(1/2).
    u = np.sqrt(0.5)
    found = cox_residuals([1, 2, 3], [1, 1, 0], [1, 0, 1], kind="martingale", ties="breslow")
    first, second = 1 / (2 * u + 1), 1 / (u + 1)
    close(found.values, [1 - u * first, 1 - first - second, -u * (first + second)], atol=1e-12)


def test_rows_without_weight_have_no_residual():
    rows, options, person = heart()
    weight = np.where(person % 7 == 0, 0.0, options["weight"])
    kept = weight > 0
    found = cox_residuals(*rows, kind="score", entry=options["entry"], weight=weight)
    part = cox_residuals(
        *(v[kept] for v in rows), kind="score", entry=options["entry"][kept], weight=weight[kept]
    )
    close(found.values[kept], part.values)
    assert np.isnan(found.values[~kept]).all()
    assert found.zero_weight_rows == (~kept).sum()
    summed = cox_residuals(
        *rows, kind="score", entry=options["entry"], weight=weight, cluster=person
    )
    assert "7" not in summed.clusters
    assert len(summed.clusters) == len(summed.values)
    test = proportional_hazards_test(
        *rows, transform="rank", entry=options["entry"], weight=weight, strata=person % 2
    )
    assert test.zero_weight_rows == (~kept).sum()


def test_diagnostic_results():
    rows, options, person = heart()
    test = proportional_hazards_test(*rows, transform="log", names=["age", "surgery"], **options)
    values = json.loads(json.dumps(test.to_dict()))
    assert values["tests"][1]["name"] == "surgery"
    assert test.to_frame()["name"].tolist() == ["age", "surgery", "global"]
    assert "global: chi-squared" in test.summary()
    assert test.residuals.shape == (test.events, 2)
    each = cox_residuals(*rows, kind="scaled-schoenfeld", **options)
    close(test.time, each.time)
    assert list(each.to_frame()) == ["row", "time", "column 1", "column 2"]
    summed = cox_residuals(*rows, kind="martingale", cluster=person, **options)
    assert list(summed.to_frame()) == ["cluster", "residual"]
    assert json.loads(json.dumps(summed.to_dict()))["clusters"][0] == "1"
    assert "martingale residuals from" in summed.summary()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"kind": "cox-snell"}, DataError, "kind 'cox-snell' is unknown"),
        ({"kind": "deviance", "cluster": [1, 1, 2, 2, 3, 3]}, DesignError, "can't be summed"),
        ({"ties": "exact"}, DataError, "ties 'exact' is unknown"),
        ({"event": np.zeros(6)}, DesignError, "There is no event"),
        ({"X": [1, 1, 1, 0, 0, 0], "event": [1, 1, 1, 0, 0, 0]}, ConvergenceError, "no finite"),
        ({"offset": [0, 0, np.nan, 0, 0, 0]}, DataError, "offset is not a finite number in row 3"),
        ({"X": [2, 2, 2, 2, 2, 2]}, DesignError, "same value in all rows"),
        ({"entry": [0, 0, 3, 0, 0, 0]}, DataError, "entry equals time"),
    ],
)
def test_residual_refusals(change, error, message):
    good = {
        "time": [1, 2, 3, 4, 5, 6],
        "event": [1, 1, 1, 0, 1, 0],
        "X": [1.0, 2, 0, 3, 1, 0],
        "kind": "martingale",
    }
    with pytest.raises(error, match=message):
        cox_residuals(**(good | change))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"transform": "sqrt"}, DataError, "transform 'sqrt' is unknown"),
        ({"transform": "log", "time": [0, 2, 3, 4, 5, 6]}, DesignError, "after time 0"),
        ({"event": [1, 0, 0, 0, 0, 0]}, DesignError, "can't be told from the coefficients"),
        ({"time": np.ones(6)}, DesignError, "can't be told from the coefficients"),
    ],
)
def test_hazards_test_refusals(change, error, message):
    good = {
        "time": [1, 2, 3, 4, 5, 6],
        "event": [1, 1, 1, 0, 1, 0],
        "X": [1.0, 2, 0, 3, 1, 0],
        "transform": "km",
    }
    with pytest.raises(error, match=message):
        proportional_hazards_test(**(good | change))
