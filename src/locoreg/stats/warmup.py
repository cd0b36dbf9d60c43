"""Compile every kernel ahead, so that no later call waits for the compiler."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.concordance import concordance
from locoreg.stats.cox import cox, many_cox
from locoreg.stats.forest import ForestOptions, grow_forest
from locoreg.stats.glm import glm, glm_replicates
from locoreg.stats.manycurves import many_curves, many_kaplan_meier
from locoreg.stats.matching import match
from locoreg.stats.pathrows import incidence_row_influence, many_incidences, place_rows
from locoreg.stats.penalised import elastic_net_cv
from locoreg.stats.policytree import PolicyProblem, TreeLimits, bin_columns, policy_tree
from locoreg.stats.pseudo import pseudo_observations
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.stats.survivaldifference import survival_difference
from locoreg.stats.unbiasedoutcome import mean_outcome, unbiased_outcome

N = 60


def warm_up() -> Iterator[tuple[str, float]]:
    """Call each kernel once on a few invented rows.

    Yields
    ------
    name : str
        What was made ready.
    seconds : float
        How long it took: a compilation, or reading the cache.
    """
    for name, call in (_calls() | _calls_of_effects()).items():
        started = time.perf_counter()
        call()
        yield name, time.perf_counter() - started


def _calls() -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(1)
    end = rng.exponential(10.0, N) + 0.5
    entry = rng.uniform(0.0, 0.4, N)
    event = (rng.random(N) < 0.6).astype(np.int64)
    cause = event * rng.integers(1, 3, N)
    weight = rng.uniform(0.5, 2.0, N)
    group = np.arange(N) % 2
    cluster = np.arange(N) // 3
    x = rng.normal(size=(N, 2))
    y = (rng.random(N) < 0.5).astype(np.int64)
    design = np.column_stack((np.ones(N), x))
    score = rng.random(N)
    draws = rng.exponential(size=(2, N))

    def curves() -> None:
        kaplan_meier(end, event, level=95)
        kaplan_meier(end, event, weight=weight, entry=entry, cluster=cluster, level=95)
        many_kaplan_meier(end, event, draws, times=[5.0])
        many_curves(end, event, draws, times=[5.0])
        rows = place_rows(end, cause, entry=entry)
        many_incidences(rows, draws, times=[5.0])
        incidence_row_influence(rows, weight, times=[5.0])

    def incidences() -> None:
        aalen_johansen(end, cause, level=95)
        aalen_johansen(end, cause, cluster=cluster, level=95)
        aalen_johansen(end, cause, variance="aalen", level=95)

    def means() -> None:
        rmst(end, event, horizon=5, strata=group, reference=0, cluster=cluster, level=95)
        survival_difference(end, event, strata=group, reference=0, cluster=cluster, level=95)
        pseudo_observations(end, event, horizon=5, estimand="rmst", method="jackknife")

    def fits() -> None:
        cox(end, event, x, entry=entry, weight=weight, cluster=cluster, ties="efron", level=95)
        many_cox(end, event, x, draws, ties="efron")

    def regressions() -> None:
        for family in ("logistic", "poisson", "cloglog"):
            glm(y, design, family=family, weight=weight)
            glm(y, design, family=family, penalty="firth")
            glm_replicates(y, design, family=family, weights=draws)

    def pairs() -> None:
        match(y, method="nearest", estimand="att", distance=score)
        match(
            y, method="nearest", estimand="att", distance=score, covariates=x, metric="mahalanobis"
        )

    def ranks() -> None:
        concordance(end, event, score, time_weight="S/G", higher_is_riskier=True, level=95)
        concordance(end, event, score, higher_is_riskier=True, level=95)
        concordance(end, event, score, entry=entry, higher_is_riskier=True, level=95)

    return {
        "survival curves": curves,
        "cumulative incidence": incidences,
        "restricted means": means,
        "Cox regression": fits,
        "weighted regression": regressions,
        "matching": pairs,
        "concordance": ranks,
    }


def _calls_of_effects() -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(2)
    end = rng.exponential(10.0, N) + 0.5
    event = (rng.random(N) < 0.6).astype(np.int64)
    x = rng.normal(size=(N, 2))
    y = (rng.random(N) < 0.5).astype(np.int64)
    score = rng.random(N)

    def effects() -> None:
        edges, hazard = np.array([0.0, 2.0, 5.0]), np.full((N, 2), 0.1)
        time, start = np.minimum(np.floor(end), 5.0), np.zeros(N)
        for months in (False, True):
            unbiased_outcome(
                time, event == 1, start, time, edges, hazard, hazard, restricted_mean=True,
                months=months,
            )  # fmt: skip
            mean_outcome(edges, hazard, restricted_mean=True, months=months)

    def penalised() -> None:
        elastic_net_cv(x, score, np.ones(N), np.arange(N) % 3, n_lambda=5)

    def forests() -> None:
        options = ForestOptions(trees=30, min_leaf=1, min_arm=0)
        grow_forest(x, y - 0.5, end, options=options, seed=1).forest.predict(x)

    def policy_trees() -> None:
        problem = PolicyProblem(
            bins=bin_columns(x, bins=3), reward=x[:, 0], treated=y == 1, weight=np.ones(N)
        )
        for depth in (1, 3):
            policy_tree(problem, TreeLimits(depth=depth, monotone=(1, 0)))

    return {
        "outcomes of the censored": effects,
        "penalised regression": penalised,
        "causal forest": forests,
        "policy trees": policy_trees,
    }
