"""Effects with missing confounders imputed."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Column, apply_missing
from locoreg.emulation.imputation import Imputation, estimate_with_imputation
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs

QUESTION = designs.question(
    grace_months=0.0, horizon_months=24.0, at_months=(12.0, 24.0), comparator="never"
)
METHOD = make_method("propensity", {"groups": "time_zero", "weighting": "iptw", "target": "ate"})
INFLUENCE = Inference(interval="influence")
OPTIONS = Imputation(imputations=5, seed=1)
ROUNDING = 1e-10


def point_cohort(n, seed, *, missing):
    """Treatment at time zero that follows x, which doubles the hazard; without an effect."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), (rng.random(n) < 0.4).astype(float)
    treated = rng.random(n) < designs.expit(0.9 * x - 0.3 * z)
    death = rng.exponential(20.0 * np.exp(0.7 * x - 0.4 * z))
    time = np.minimum(death, 30.0)
    # Unknown more often where death was early: complete cases are no random sample.
    gone = rng.random(n) < np.where(time < 12, 0.5, 0.1) if missing else np.zeros(n, dtype=bool)
    columns = (
        Column(name="x", kind="number", values=np.where(gone, np.nan, x)),
        Column(name="z", kind="category", values=z, levels=("no", "yes")),
    )
    return designs.cohort(
        time=time,
        event=(death < 30).astype(int),
        treatment_time=np.where(treated, 0.0, np.inf),
        baseline=columns,
    )


def numbers(effect):
    return np.array(
        [[c.estimate.estimate, c.estimate.se, c.estimate.ci_low] for c in effect.contrasts]
    )


def imputed(cohort, inference=INFLUENCE, options=OPTIONS, **more):
    return estimate_with_imputation(METHOD, cohort, QUESTION, inference, options, **more)


def test_nothing_unknown_is_the_method_alone():
    cohort = point_cohort(400, 1, missing=False)
    alone = METHOD.estimate(cohort, QUESTION, INFLUENCE)
    np.testing.assert_array_equal(numbers(imputed(cohort)), numbers(alone))


def test_imputation_removes_the_bias_of_complete_cases():
    cohort = point_cohort(3000, 3, missing=True)
    found = imputed(cohort).contrast("survival_difference").estimate
    cases = apply_missing(cohort, "complete_cases")
    biased = METHOD.estimate(cases, QUESTION, INFLUENCE).contrast("survival_difference")
    whole = METHOD.estimate(point_cohort(3000, 3, missing=False), QUESTION, INFLUENCE)
    best = whole.contrast("survival_difference").estimate
    # Without an effect the truth is 0; survival of complete cases is far from that of all.
    assert abs(found.estimate) < 4 * found.se
    assert found.estimate == pytest.approx(best.estimate, abs=0.02)
    arms = whole.contrast("survival_difference")
    assert abs(biased.comparator - arms.comparator) > 0.05
    there = imputed(cohort).contrast("survival_difference")
    assert there.comparator == pytest.approx(arms.comparator, abs=0.02)
    assert found.se > best.se


def test_the_notes_and_the_provenance_tell_of_it():
    effect = imputed(point_cohort(500, 1, missing=True))
    assert any("imputed 5 times by chained equations: x for" in note for note in effect.notes)
    options = effect.provenance.to_dict()["options"]
    assert options["imputation"]["imputations"] == 5
    lost = next(d for d in effect.diagnostics if d.name == "missing_information")
    assert 0 < lost.value < 100
    assert lost.verdict == ("warn" if lost.value > 5 else "pass")


def test_the_seed_decides_the_numbers():
    cohort = point_cohort(300, 1, missing=True)
    one = numbers(imputed(cohort))
    np.testing.assert_array_equal(one, numbers(imputed(cohort)))
    assert (one != numbers(imputed(cohort, options=replace(OPTIONS, seed=2)))).any()


def test_limits_reach_by_a_t_distribution():
    effect = imputed(point_cohort(300, 1, missing=True), options=replace(OPTIONS, imputations=2))
    one = effect.contrast("survival_difference").estimate
    assert (one.ci_high - one.estimate) / one.se > 1.97


def test_without_intervals():
    effect = imputed(point_cohort(300, 1, missing=True), Inference(interval="none"))
    assert np.isfinite(effect.contrast("survival_difference").estimate.estimate)
    assert np.isnan(effect.contrast("survival_difference").estimate.se)


BOOTSTRAP = Inference(interval="bootstrap", replicates=60, seed=5, jobs=1)
NARROW = replace(QUESTION, level=90.0)


def bootstrapped(cohort, inference=BOOTSTRAP, options=OPTIONS):
    return estimate_with_imputation(METHOD, cohort, NARROW, inference, options)


def test_the_bootstrap_imputes_inside():
    cohort = point_cohort(400, 1, missing=True)
    drawn, formula = bootstrapped(cohort), imputed(cohort)
    np.testing.assert_allclose(numbers(drawn)[:, 0], numbers(formula)[:, 0], rtol=ROUNDING)
    one = drawn.contrast("survival_difference").estimate
    # Of 60 replicates: four standard errors of a standard deviation are 37%.
    assert one.se == pytest.approx(formula.contrast("survival_difference").estimate.se, rel=0.37)
    assert drawn.interval == "bootstrap"
    assert drawn.replicates == 60


def test_the_bootstrap_does_not_depend_on_workers_or_interruption(tmp_path):
    cohort = point_cohort(200, 1, missing=True)
    options = replace(OPTIONS, imputations=2, rounds=2, per_replicate=1, replicate_rounds=1)
    first = bootstrapped(cohort, replace(BOOTSTRAP, replicates=70), options)
    path = str(tmp_path / "replicates.npz")
    inference = replace(BOOTSTRAP, replicates=70, checkpoint=path)

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estimate_with_imputation(METHOD, cohort, NARROW, inference, options, on_progress=interrupt)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        resumed = bootstrapped(cohort, replace(inference, jobs=None), options)
    np.testing.assert_array_equal(numbers(first), numbers(resumed))


def test_methods_without_influence_need_the_bootstrap(monkeypatch):
    cohort = point_cohort(300, 1, missing=True)
    bound = type(METHOD).bind

    def without(self, cohort, question):
        analysis = bound(self, cohort, question)
        monkeypatch.setattr(type(analysis), "influence", lambda self: None)
        return analysis

    monkeypatch.setattr(type(METHOD), "bind", without)
    with pytest.raises(DesignError, match="no influence functions"):
        imputed(cohort)
    with pytest.raises(DesignError, match="needs replicates and a seed"):
        imputed(cohort, Inference())


def test_a_shift_moves_the_estimate_and_is_told():
    cohort = point_cohort(800, 1, missing=True)
    start = imputed(cohort).contrast("survival_difference").estimate.estimate
    effect = imputed(cohort, options=replace(OPTIONS, shift=1.0))
    assert abs(effect.contrast("survival_difference").estimate.estimate - start) > 1e-3
    assert any("shifted by 1" in note for note in effect.notes)
