"""Cox fits: all numbers of R's ``coxph``, ``basehaz`` and ``survfit`` in the reference set."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from locoreg.stats.cox import cox, cox_influence, many_cox
from tests.stats import survival_cases as reference
from tests.stats.cox_by_hand import arguments, numbers

# The tolerance, relative. R stops when its log-likelihood changes by less than 1e-11 of
# itself, which leaves coefficients a few 1e-8 of their standard error short.
SAME_AS_R = 1e-7
CASES = reference.names("coxph")


def close(ours, theirs, scale=None):
    """Relative to the value, or to the scale given where values may be close to 0."""
    theirs = np.asarray(theirs, dtype=float)
    size = np.abs(theirs) if scale is None else scale
    assert np.shape(ours) == theirs.shape
    assert (np.abs(ours - theirs) <= SAME_AS_R * size + 1e-13).all()


def fitted(name):
    rows, named, inference, expected = arguments(name)
    return cox(*rows, level=95, **named, **inference), rows, named, expected


def step_values(model, table):
    times = np.array(table["time"])
    if table["strata"] is None:
        return model.baseline[0](times)
    labels = np.array([label.split("=")[1] for label in table["strata"]])
    return np.concatenate([base(times[labels == base.stratum]) for base in model.baseline])


@pytest.mark.parametrize("name", CASES)
def test_fit(name):
    model, _, _, expected = fitted(name)
    close(model.coefficients, expected["coef"])
    sizes = np.sqrt(np.outer(np.diag(expected["var"]), np.diag(expected["var"])))
    close(model.covariance, expected["var"], sizes)
    close(model.se, expected["se"])
    if expected["naive_var"] is not None:
        assert model.variance == "robust"
        close(model.model_covariance, expected["naive_var"], sizes)
        close(model.robust_score_test.statistic, np.squeeze(expected["robust_score"]))
    else:
        assert model.variance == "model"
        assert model.robust_covariance is None
    close([model.loglik_null, model.loglik], expected["loglik"])
    close(model.score_test.statistic, expected["score_test"])
    close(model.wald_test.statistic, expected["wald_test"])
    close(model.likelihood_ratio_test.statistic, expected["lr_test"])
    assert (model.n - model.zero_weights, model.events) == (expected["n"], expected["nevent"])


@pytest.mark.parametrize("name", CASES)
def test_means(name):
    # R writes 0 for columns of -1, 0 and 1, which it does not centre, and with delayed entry it
    # leaves weights out of means.
    model, (_, _, X), named, expected = fitted(name)
    if named["entry"] is not None and named["weight"] is not None:
        return
    kept = ~np.isin(X, (-1, 0, 1)).all(axis=0)
    close(model.means[kept], np.ravel(expected["means"])[kept])


@pytest.mark.parametrize(
    "name", [n for n in CASES if reference.case(n)["result"].get("basehaz_uncentered")]
)
def test_baseline_hazard(name):
    model, _, _, expected = fitted(name)
    table = expected["basehaz_uncentered"]
    close(step_values(model, table), table["hazard"])


@pytest.mark.parametrize("name", [n for n in CASES if reference.case(n)["result"].get("predicted")])
def test_predicted_curves(name):
    model, _, _, expected = fitted(name)
    table = expected["predicted"]
    persons = numbers(table["newdata"])
    # R writes a person for whom the data set is too short.
    persons = persons[np.isfinite(persons).all(axis=1)]
    curves = model.predict(persons, level=95, times=table["time"])
    close(curves.survival, numbers(table["surv"]))
    close(curves.cumulative_hazard, numbers(table["cumhaz"]))
    close(curves.cumulative_hazard_se, numbers(table["std_err_cumhaz"]))
    for ours, theirs in ((curves.ci_low, table["lower"]), (curves.ci_high, table["upper"])):
        theirs = numbers(theirs)
        assert (np.isnan(ours) == np.isnan(theirs)).all()
        close(np.nan_to_num(ours), np.nan_to_num(theirs))


@pytest.mark.parametrize(
    "name", [n for n in CASES if reference.case(n)["result"].get("martingale")]
)
def test_residuals(name):
    model, rows, named, expected = fitted(name)
    rest = {key: named[key] for key in ("entry", "weight", "strata")}
    for kind, field in (
        ("martingale", "martingale"),
        ("score", "score_resid_head"),
        ("dfbeta", "dfbeta_head"),
    ):
        theirs = numbers(expected[field])
        theirs = theirs[:, 0] if kind == "martingale" else theirs
        ours = cox_influence(model, *rows, kind=kind, **rest)[: len(theirs)]
        close(ours, theirs, np.abs(theirs).max(axis=0))


@pytest.mark.parametrize("name", CASES)
def test_many_weight_vectors(name):
    rows, named, _, expected = arguments(name)
    weight = named.pop("weight")
    weights = np.ones((1, len(rows[0]))) if weight is None else weight[None]
    answer = many_cox(*rows, weights, **named)
    close(answer.coefficients[0], expected["coef"])
    close(answer.loglik[0], expected["loglik"][-1])


@pytest.mark.parametrize("name", reference.names("propensity_weights"))
def test_inverse_probability_weights(name):
    case = reference.case(name)
    args, expected = case["args"], case["result"]
    columns = reference.data(case["dataset"])
    X = np.column_stack([columns[k] for k in args["covariates"]])
    treated = columns[args["treatment"]]
    score = 1 / (1 + np.exp(-expected["ps_coef"][0] - X @ expected["ps_coef"][1:]))
    weights = {
        "ate": treated / score + (1 - treated) / (1 - score),
        "att": treated + (1 - treated) * score / (1 - score),
        "overlap": treated * (1 - score) + (1 - treated) * score,
    }
    for kind, weight in weights.items():
        model = cox(columns[args["time"]], columns[args["event"]], treated, weight=weight, level=95)
        theirs = expected["weights"][kind]["cox"]
        assert model.variance == "robust"
        close(model.coefficients[0], theirs["coef"])
        close(model.se[0], theirs["robust_se"])
        close(np.sqrt(model.model_covariance[0, 0]), theirs["naive_se"])
        close([model.loglik_null, model.loglik], theirs["loglik"])


@pytest.mark.parametrize("name", reference.names("matched_cox"))
def test_matched_pairs(name):
    expected = reference.case(name)["result"]
    pairs = reference.case("matchit_rotterdam_hormon")["result"]["match_matrix_row_1based"]
    columns = reference.data("rotterdam")
    kept = [(pair, row - 1) for pair in pairs if None not in pair for row in pair]
    rows = np.array([row for _, row in kept])
    pair = [pairs.index(pair) for pair, _ in kept]
    model = cox(
        columns["dtime"][rows],
        columns["death"][rows],
        columns["hormon"][rows],
        cluster=pair,
        level=95,
    )
    close(model.coefficients[0], expected["coef"])
    close(model.se[0], expected["robust_se"])
    close(np.sqrt(model.model_covariance[0, 0]), expected["naive_se"])


@pytest.mark.parametrize("name", reference.names("cause_specific_cox_absolute_risk"))
def test_cause_specific_absolute_risk(name):
    """Absolute risks from two cause-specific models: sums of S(t-) dH, S a product-limit."""
    case = reference.case(name)
    args, expected = case["args"], case["result"]
    names = [*args["covariates"], args["time"], args["status"]]
    columns = reference.complete(reference.data(case["dataset"]), names)
    time, status = columns[args["time"]], columns[args["status"]]
    X = np.column_stack([columns[k] for k in args["covariates"]])
    persons = X[np.array(args["newdata_rows_1based_complete_cases"]) - 1]
    models = [cox(time, status == cause, X, level=95) for cause in (1, 2)]
    grid = np.unique(time[status > 0])
    hazards = [
        np.diff(m.predict(persons, level=95, times=grid).cumulative_hazard, axis=0, prepend=0.0)
        for m in models
    ]
    survival = np.cumprod(1 - hazards[0] - hazards[1], axis=0)
    before = np.vstack([np.ones((1, len(persons))), survival[:-1]])
    at = np.searchsorted(grid, args["times"], side="right") - 1
    for hazard, key in zip(hazards, ("cause1", "cause2"), strict=True):
        close(np.cumsum(before * hazard, axis=0)[at].T, expected[key])


def split_at(stop, cuts):
    """Row number, start and end of each piece of the rows cut at the times."""
    pieces = [(i, a, b) for i, end in enumerate(stop) for a, b in _pieces(end, cuts)]
    row, start, end = (np.array(column) for column in zip(*pieces, strict=True))
    return row, start, end


def _pieces(end, cuts):
    marks = [0.0, *cuts[cuts < end], end]
    return pairwise(marks)


@pytest.mark.parametrize("name", reference.names("clone_censor_weight"))
def test_clone_censor_weight_models(name):
    """The censoring models, the weights they give, and the weighted Cox model of the clones."""
    case = reference.case(name)
    expected = case["result"]
    clones = reference.data(case["args"]["clones_file"])
    parts = []
    for arm in (0, 1):
        own = {key: values[clones["arm"] == arm] for key, values in clones.items()}
        X = np.column_stack([own[k] for k in case["args"]["covariates"]])
        model = cox(own["stop"], own["acens"], X, ties="breslow", level=95)
        theirs = expected[f"arm{arm}"]
        close(model.coefficients, theirs["cens_coef"])
        close(model.se, theirs["cens_se"])
        many = many_cox(
            own["stop"],
            own["acens"],
            X,
            np.ones((1, len(X))),
            ties="breslow",
            times=np.unique(np.append(own["stop"], 0.0)),
        )
        cuts = np.unique(own["stop"])
        row, start, end = split_at(own["stop"], cuts)
        hazard = many.cumulative_hazard[0, 0][np.searchsorted(np.append(0.0, cuts), start)]
        weight = np.exp(hazard * np.exp(X[row] @ model.coefficients))
        event = own["event"][row] * (end == own["stop"][row])
        parts.append((start, end, event, np.full(row.size, arm), weight, own["id"][row]))
    start, end, event, arm, weight, person = (np.concatenate(c) for c in zip(*parts, strict=True))
    assert start.size == expected["rows_long"]
    close(weight.sum(), expected["weight_sum"])
    model = cox(end, event, arm, entry=start, weight=weight, cluster=person, level=95)
    close(model.coefficients[0], expected["cox_log_hr"])
    close(model.se[0], expected["cox_robust_se_cluster_id"])
