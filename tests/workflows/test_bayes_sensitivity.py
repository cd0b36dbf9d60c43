"""Prior sensitivity and shrinkage at the level of a pool, and their figures."""

from __future__ import annotations

import json
import math

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.meta import meta_analysis
from locoreg.evidence.priorsensitivity import PriorSensitivity
from locoreg.figures.posterior import posterior_figure, shrinkage_figure
from locoreg.stats.bayes import half_normal_posterior
from locoreg.workflows.bayes import bayes_of_effects, bayes_of_pool, log_ratio_priors, named_priors

YI, SE = (0.04, -0.42, 0.05, -0.1), (0.128, 0.149, 0.146, 0.2)


@pytest.fixture(scope="module")
def table() -> PriorSensitivity:
    return bayes_of_effects(
        YI, SE, labels=("A <b>", "B", "C", "D"), priors=log_ratio_priors(), mu_prior="flat",
        thresholds=(0.0, math.log(0.9)), level=95, scale="log",
    )  # fmt: skip


def test_main_row_is_the_half_normal_posterior(table: PriorSensitivity) -> None:
    alone = half_normal_posterior(YI, [s * s for s in SE], tau_scale=0.5, level=95)
    row = table.rows[0]
    assert (row.mu.estimate, row.mu.ci_low) == pytest.approx((alone.mu, alone.mu_low), abs=1e-10)
    assert row.below[0] == pytest.approx(alone.below, abs=1e-12)
    assert (row.tau_low, row.tau_high) == pytest.approx((alone.tau_low, alone.tau_high), rel=1e-9)


def test_ranges_words_and_json(table: PriorSensitivity) -> None:
    low, high = table.ranges[0]
    assert low == min(row.below[0] for row in table.rows) < high
    assert "over the priors" in table.summary()
    assert "log odds ratios" in json.dumps(table.to_dict(), allow_nan=True)
    assert sum(study.weight for study in table.studies) == pytest.approx(100.0)


def test_shrinkage_pulls_towards_the_mean(table: PriorSensitivity) -> None:
    mean = table.rows[0].mu.estimate
    # The fourth stands at the mean already.
    for study in table.studies[:3]:
        assert abs(study.shrunk.estimate - mean) < abs(study.printed.estimate - mean)


def test_improper_prior_is_named_and_the_others_stay() -> None:
    got = bayes_of_effects(
        YI[:2], SE[:2], labels=("A", "B"), priors=named_priors(["half-normal(0.5)", "flat"]),
        mu_prior="flat", thresholds=(0.0,), level=95, scale="log",
    )  # fmt: skip
    assert [row.name for row in got.rows] == ["half-normal(0.5)"]
    assert got.refused[0][0] == "flat"
    assert "needs 3 studies" in got.summary()


def test_of_a_pool() -> None:
    pool = meta_analysis(YI, se=SE, method="DL", interval="normal", level=90, scale="log")
    got = bayes_of_pool(
        pool, priors=named_priors(["half-normal(0.5)"]), mu_prior="normal(0, 1)", thresholds=()
    )
    assert got.level == 90
    assert not math.isnan(got.rows[0].mu_factor)


def test_refusals() -> None:
    with pytest.raises(DesignError, match="no prior"):
        named_priors([])
    with pytest.raises(DataError, match="standard error of B"):
        bayes_of_effects(
            YI[:2], (0.1, 0.0), labels=("A", "B"), priors=log_ratio_priors(), mu_prior="flat",
            thresholds=(), level=95, scale="log",
        )  # fmt: skip
    with pytest.raises(DataError, match="threshold"):
        bayes_of_effects(
            YI[:2], SE[:2], labels=("A", "B"), priors=log_ratio_priors(), mu_prior="flat",
            thresholds=(math.log(0.9), math.nan), level=95, scale="log",
        )  # fmt: skip


def test_figures_show_the_numbers_of_the_result(table: PriorSensitivity) -> None:
    curves = posterior_figure(table, title="Death <i>", measure="Hazard ratio")
    texts = " ".join(t.get_text() for t in curves.axes[0].texts)
    for row in table.rows:
        assert row.mu.text() in texts
    forest = shrinkage_figure(
        table, title="Death", measure="Hazard ratio", favours=("one", "other")
    )
    texts = " ".join(t.get_text() for t in forest.axes[0].texts)
    for study in table.studies:
        assert study.shrunk.text() in texts
        assert study.label in texts
