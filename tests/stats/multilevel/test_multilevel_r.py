"""Nested models, cluster-robust errors and aggregation against metafor and clubSandwich."""

from __future__ import annotations

import json

import numpy as np
import pytest

from locoreg.stats.metaregression import meta_regression
from locoreg.stats.multilevel import (
    aggregate_effects,
    cluster_robust,
    multilevel_effects,
    variance_interval,
)
from tests.stats.metafor_cases import CLOSED, REFERENCE, check, load

PINNED = json.loads((REFERENCE / "clusters.json").read_text(encoding="utf-8"))
DATA = {name: np.array(values, dtype=float) for name, values in PINNED["data"].items()}
MULTILEVEL = load("multilevel_konstantopoulos2011")["results"]
# nlminb stops on the height of the likelihood, which leaves half the digits in the variances.
NLMINB = {"rtol": 2e-6, "atol": 1e-9}
HEIGHT = {"rtol": 1e-11, "atol": 1e-11}
PROFILE = {"rtol": 1e-6, "atol": 1e-9}


def fit_named(name):
    k = DATA["yi"].size
    year = name in ("uni_year", "uni_fe", "mv_year")
    x = np.column_stack([np.ones(k), DATA["year"]]) if year else np.ones((k, 1))
    options = {"x": x, "names": ["mean", "year"][: x.shape[1]], "interval": "normal", "level": 95}
    if name.startswith("uni"):
        method = {"uni_mean": "REML", "uni_year": "DL", "uni_fe": "CE"}[name]
        return meta_regression(DATA["yi"], DATA["vi"], method=method, **options)
    groups = {"district": DATA["district"], "school": DATA["school"]}
    if name == "mv_outer":
        del groups["school"]
    method = "ML" if name == "mv_ml" else "REML"
    return multilevel_effects(DATA["yi"], DATA["vi"], groups=groups, method=method, **options)


@pytest.mark.parametrize("name", PINNED["fits"])
def test_fits_and_robust_errors_agree_with_r(name) -> None:
    theirs = PINNED["fits"][name]
    ours = fit_named(name)
    tolerance = CLOSED if name.startswith("uni") else NLMINB
    if name == "uni_year":
        tolerance = {"rtol": 1e-9, "atol": 1e-9}
    check("b", ours.b, theirs["b"], tolerance)
    check("se", ours.se, theirs["se"], tolerance)
    check("qm", ours.qm, theirs["QM"][0], {**tolerance, "rtol": 10 * tolerance["rtol"]})
    for field, key in (("loglik", "loglik"), ("aic", "AIC"), ("bic", "BIC")):
        check(field, getattr(ours, field), theirs[key][0], HEIGHT)
    if "sigma2" in theirs:
        check("sigma2", ours.sigma2, theirs["sigma2"], NLMINB)
        check("q", ours.q, theirs["Q"][0], CLOSED)
    if "pi" in theirs:
        check("pi", [ours.pi_low, ours.pi_high], theirs["pi"], NLMINB)
    for kind in ("CR0", "CR1", "CR2"):
        robust = cluster_robust(ours, cluster=DATA["district"], kind=kind, level=95)
        expected = theirs[kind]
        check(kind, robust.se, expected["se"], tolerance)
        check(kind, robust.df, np.broadcast_to(expected["df"], robust.df.shape).tolist(), tolerance)
        check(kind, robust.p_value, expected["pval"], tolerance)
        if kind != "CR2":
            check(kind, robust.ci_low, expected["ci_lb"], tolerance)
            check(kind, robust.ci_high, expected["ci_ub"], tolerance)
            check(kind, robust.qm, expected["QM"][0], tolerance)
            check(kind, robust.qm_p, expected["QM_p"][0], tolerance)


@pytest.mark.parametrize("name", ["mv_mean", "mv_ml"])
def test_profile_limits_of_the_variances_agree(name) -> None:
    theirs = PINNED["fits"][name]["profile"]
    ours = fit_named(name)
    found = [variance_interval(ours, level, level=95) for level in ("district", "school")]
    check(name, [limit for one in found for limit in (one.low, one.high)], theirs, PROFILE)


def test_the_reference_model() -> None:
    theirs = MULTILEVEL["rma_mv_REML"]
    ours = fit_named("mv_mean")
    for field, key in (
        ("b", "b"),
        ("se", "se"),
        ("statistic", "stat"),
        ("p_value", "pval"),
        ("ci_low", "ci_lb"),
        ("ci_high", "ci_ub"),
    ):
        check(field, getattr(ours, field)[0], theirs[key], NLMINB)
    check("df", ours.df, theirs["df"], CLOSED)
    check("sigma2", ours.sigma2[0], theirs["sigma2_district"], NLMINB)
    check("sigma2", ours.sigma2[1], theirs["sigma2_school_within_district"], NLMINB)
    check("loglik", ours.loglik, theirs["loglik"], HEIGHT)
    check("q", ours.q, theirs["Q"], CLOSED)
    check("q_p", ours.q_p, theirs["Q_p"], CLOSED)


@pytest.mark.parametrize(
    ("key", "name", "kind", "tolerance"),
    [
        ("robust_rma_mv_adjusted", "mv_mean", "CR1", NLMINB),
        ("robust_rma_uni_adjusted", "uni_mean", "CR1", CLOSED),
        ("robust_rma_uni_unadjusted_CR0", "uni_mean", "CR0", CLOSED),
    ],
)
def test_the_reference_robust_errors(key, name, kind, tolerance) -> None:
    theirs = MULTILEVEL[key]
    ours = cluster_robust(fit_named(name), cluster=DATA["district"], kind=kind, level=95)
    for field, label in (
        ("b", "b"),
        ("se", "se"),
        ("statistic", "stat"),
        ("df", "df"),
        ("p_value", "pval"),
        ("ci_low", "ci_lb"),
        ("ci_high", "ci_ub"),
    ):
        check(field, getattr(ours, field)[0], theirs[label], tolerance)


def test_the_reference_aggregates() -> None:
    assert [one["rho"] for one in MULTILEVEL["aggregate_by_district"]] == [0, 0.5, 0.9]
    for theirs in MULTILEVEL["aggregate_by_district"]:
        ours = aggregate_effects(DATA["yi"], DATA["vi"], DATA["district"], rho=theirs["rho"])
        check("district", ours.cluster, theirs["district"], CLOSED)
        check("yi", ours.yi, theirs["yi"], CLOSED)
        check("vi", ours.vi, theirs["vi"], CLOSED)
