"""Doubly robust curves: special cases by hand, double robustness, competing events, folds."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.stats.manycurves import many_curves
from tests.emulation import designs

EXACT = 1e-12
NONE = Inference(interval="none")
ZERO = {"grace_months": 0.0}


def aiptw(**options):
    return make_method("aiptw", {"groups": "time_zero", **options})


def drawn(n, seed, *, score, log_hazard, effect=-0.5, censored=True, competing=False):
    """Return a cohort with one confounder; treated at time zero by `score` of it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    treated = rng.random(n) < score(x)
    rate = 0.04 * np.exp(log_hazard(x) + effect * treated)
    death = rng.exponential(1.0 / rate)
    lost = rng.exponential(1.0 / (0.02 * np.exp(0.8 * x))) if censored else np.full(n, np.inf)
    other = rng.exponential(40.0, size=n) if competing else np.full(n, np.inf)
    # To quarters of a month, so that the number of event times stays moderate.
    time = np.ceil(np.minimum.reduce([death, lost, other, np.full(n, 36.0)]) * 4.0) / 4.0
    dies = (death <= np.minimum(lost, other)) & (death <= 36.0)
    event = np.where(dies, 1, np.where((other <= lost) & (other <= 36.0), 2, 0))
    return designs.cohort(
        time=time,
        event=event,
        treatment_time=np.where(treated, 0.0, np.inf),
        baseline=(Column(name="x", kind="number", values=x),),
        event_labels=("death", "other") if competing else ("death",),
    )


def straight(x):
    return 0.8 * x


def curved(x):
    return x**2 - 1.0


def bent(x):
    return 1.5 * (np.abs(x) > 1.0) * np.sign(x)


def survival(log_hazard, t, effect=-0.5):
    """Return survival at a time, comparator and treated, by quadrature over the confounder."""
    x = np.linspace(-8.0, 8.0, 16_001)
    mass = np.exp(-(x**2) / 2)
    mass /= mass.sum()
    rate = 0.04 * np.exp(log_hazard(x))
    return [float(mass @ np.exp(-rate * np.exp(a * effect) * t)) for a in (0, 1)]


@pytest.mark.parametrize("folds", [1, 5])
def test_a_trial_without_censoring_gives_sample_proportions(folds):
    rng = np.random.default_rng(1)
    time = rng.integers(1, 40, size=200).astype(float)
    treated = np.arange(200) % 2 == 0
    cohort = designs.cohort(
        time=np.minimum(time, 36.0),
        event=time <= 36.0,
        treatment_time=np.where(treated, 0.0, np.inf),
    )
    effect = aiptw(folds=folds).estimate(cohort, designs.question(**ZERO), Inference())
    for month in (6.0, 12.0, 36.0):
        found = effect.contrast("survival_difference", month)
        shares = [(time[group] > month).mean() for group in (~treated, treated)]
        if folds == 1:
            assert (found.comparator, found.treated) == pytest.approx(shares, abs=EXACT)
            area = effect.contrast("rmst_difference", month)
            means = [np.minimum(time[group], month).mean() for group in (~treated, treated)]
            assert (area.comparator, area.treated) == pytest.approx(means, abs=1e-10)
            # Predictions, exponentials of Nelson-Aalen steps, are off by 1/n: squared here.
            se = np.sqrt(sum(p * (1 - p) / 100 for p in shares))
            assert found.estimate.se == pytest.approx(se, rel=1e-3)
        else:
            # Folds split the arms evenly, so that only the predictions' noise is left.
            assert (found.comparator, found.treated) == pytest.approx(shares, abs=0.01)


def test_without_covariates_it_is_near_the_kaplan_meier_curve():
    cohort = drawn(500, 3, score=lambda x: np.full(x.size, 0.5), log_hazard=straight)
    bare = designs.cohort(
        time=cohort.time, event=cohort.event, treatment_time=cohort.treatment_time
    )
    effect = aiptw(folds=1).estimate(bare, designs.question(**ZERO), NONE)
    for arm, members in enumerate((np.isinf(cohort.treatment_time), cohort.treatment_time == 0)):
        curve, _ = many_curves(
            cohort.time[members],
            cohort.event[members] == 1,
            np.ones((1, members.sum())),
            times=np.array([12.0, 24.0]),
        )
        at = np.searchsorted(effect.arms[arm].time, [12.0, 24.0])
        # Exponentials of Nelson-Aalen steps against products: of the order of 1/n.
        assert effect.arms[arm].estimate[at] == pytest.approx(curve[0], abs=2e-3)


@pytest.mark.parametrize(
    ("score", "log_hazard"),
    [
        (lambda x: designs.expit(straight(x)), straight),
        (lambda x: designs.expit(curved(x)), straight),
        (lambda x: designs.expit(straight(x)), bent),
    ],
    ids=["both right", "treatment wrong", "survival wrong"],
)
def test_one_wrong_model_does_no_harm(score, log_hazard):
    cohort = drawn(6_000, 11, score=score, log_hazard=log_hazard, censored=log_hazard is straight)
    question = designs.question(**ZERO, horizon_months=24.0, at_months=(6.0, 12.0, 24.0))
    effect = aiptw(folds=2).estimate(cohort, question, Inference())
    for month in (6.0, 12.0, 24.0):
        s0, s1 = survival(log_hazard, month)
        found = effect.contrast("survival_difference", month)
        assert abs(found.estimate.estimate - (s1 - s0)) < 3.0 * found.estimate.se
        at = list(effect.arms[0].time).index(month)
        assert abs(found.comparator - s0) < 3.5 * effect.arms[0].se[at]
        assert abs(found.treated - s1) < 3.5 * effect.arms[1].se[at]


def test_a_wrong_model_of_treatment_alone_does_harm():
    cohort = drawn(40_000, 11, score=lambda x: designs.expit(curved(x)), log_hazard=straight)
    question = designs.question(**ZERO, horizon_months=24.0, at_months=(24.0,))
    method = make_method(
        "propensity", {"groups": "time_zero", "weighting": "iptw", "target": "ate"}
    )
    found = method.estimate(cohort, question, Inference()).contrast("survival_difference").estimate
    s0, s1 = survival(straight, 24.0)
    assert abs(found.estimate - (s1 - s0)) > 3.0 * found.se


def test_bootstrap_and_influence_agree():
    cohort = drawn(600, 5, score=lambda x: designs.expit(straight(x)), log_hazard=straight)
    question = designs.question(**ZERO, horizon_months=18.0, at_months=(18.0,))
    method = aiptw(folds=2)
    fast = method.estimate(cohort, question, Inference())
    run = {"interval": "bootstrap", "replicates": 50, "seed": 4}
    slow = method.estimate(cohort, question, Inference(**run, jobs=1))
    for measure in ("survival_difference", "rmst_difference"):
        ratio = fast.contrast(measure).estimate.se / slow.contrast(measure).estimate.se
        # 50 replicates give a standard error to 10%; the fitted models add some at this size.
        assert ratio == pytest.approx(1.0, abs=0.25)


def test_competing_events_add_up():
    cohort = drawn(
        4000, 8, score=lambda x: designs.expit(straight(x)), log_hazard=straight, competing=True
    )
    question = designs.question(**ZERO, horizon_months=24.0, at_months=(24.0,))
    effect = aiptw(folds=1).estimate(cohort, question, Inference())
    swapped = designs.cohort(
        time=cohort.time,
        event=np.array([0, 2, 1])[cohort.event],
        treatment_time=cohort.treatment_time,
        baseline=cohort.baseline,
        event_labels=("other", "death"),
    )
    other = aiptw(folds=1).estimate(swapped, question, NONE)
    either = designs.cohort(
        time=cohort.time,
        event=cohort.event > 0,
        treatment_time=cohort.treatment_time,
        baseline=cohort.baseline,
    )
    alive = aiptw(folds=1).estimate(either, question, NONE)
    for arm in (0, 1):
        total = effect.arms[arm].estimate + other.arms[arm].estimate + alive.arms[arm].estimate
        # The model of either event is another one than those of both; all are near the truth.
        assert total == pytest.approx(np.ones(total.size), abs=0.01)
    x = np.linspace(-8.0, 8.0, 8001)
    mass = np.exp(-(x**2) / 2) / np.exp(-(x**2) / 2).sum()
    rate = 0.04 * np.exp(straight(x))
    for arm, effect_of in ((0, 0.0), (1, -0.5)):
        own = rate * np.exp(effect_of)
        both = own + 1 / 40
        truth = float(mass @ (own / both * (1 - np.exp(-both * 24.0))))
        assert abs(effect.arms[arm].estimate[-1] - truth) < 3.0 * effect.arms[arm].se[-1]


def test_competing_events_without_censoring_are_sample_proportions():
    rng = np.random.default_rng(4)
    time = rng.integers(1, 30, size=120).astype(float)
    event = rng.integers(1, 3, size=120)
    treated = np.arange(120) % 3 == 0
    cohort = designs.cohort(
        time=time,
        event=event,
        treatment_time=np.where(treated, 0.0, np.inf),
        event_labels=("death", "other"),
    )
    question = designs.question(**ZERO, horizon_months=29.0, at_months=(12.0, 29.0))
    effect = aiptw(folds=1).estimate(cohort, question, NONE)
    found = effect.contrast("incidence_difference", 12.0)
    hit = (time <= 12.0) & (event == 1)
    shares = [hit[group].mean() for group in (~treated, treated)]
    assert (found.comparator, found.treated) == pytest.approx(shares, abs=EXACT)


def test_rows_in_another_order_and_pickled_give_the_same():
    cohort = drawn(400, 2, score=lambda x: designs.expit(straight(x)), log_hazard=straight)
    question = designs.question(**ZERO, horizon_months=24.0, at_months=(24.0,))
    order = np.random.default_rng(1).permutation(400)
    one = aiptw().bind(cohort, question).values(np.ones((1, 400))).curve
    analysis = aiptw().bind(cohort.take(order), question)
    two = analysis.values(np.ones((1, 400))).curve
    # The order of sums.
    assert two == pytest.approx(one, abs=1e-9)
    again = pickle.loads(pickle.dumps(analysis)).values(np.ones((1, 400))).curve
    assert np.array_equal(again, two)


def test_folds_are_even_within_strata_and_keep_clusters():
    names = [f"p{i}" for i in range(100)]
    strata = np.repeat([0, 3], [37, 63])
    fold = make_folds(names, strata, 5, seed=1)
    for code in (0, 3):
        sizes = np.bincount(fold[strata == code], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(fold, make_folds(names, strata, 5, seed=1))
    assert not np.array_equal(fold, make_folds(names, strata, 5, seed=2))
    hospital = np.arange(100) % 11
    kept = make_folds(names, strata, 5, seed=1, cluster=hospital)
    assert all(np.unique(kept[hospital == h]).size == 1 for h in range(11))
    with pytest.raises(DesignError, match="5 folds can't hold"):
        make_folds(names, np.repeat([0, 1], [97, 3]), 5, seed=1)


def test_monotone_curves_are_monotone_and_need_a_bootstrap():
    cohort = drawn(60, 7, score=lambda x: designs.expit(2.0 * x), log_hazard=straight)
    question = designs.question(**ZERO, horizon_months=12.0, at_months=(12.0,))
    raw = aiptw(folds=2).estimate(cohort, question, NONE)
    method = aiptw(folds=2, monotone=True)
    even = method.estimate(cohort, question, NONE)
    assert any((np.diff(arm.estimate) > 0).any() for arm in raw.arms)
    assert all((np.diff(arm.estimate) <= 0).all() for arm in even.arms)
    assert method.bind(cohort, question).influence() is None
    areas = [e.contrast("rmst_difference").estimate.estimate for e in (raw, even)]
    assert areas[0] == areas[1]


def test_at_a_landmark_it_removes_immortal_time():
    cohort = designs.lt1(5000, 3)
    method = make_method("aiptw", {"groups": "landmark", "folds": 2})
    effect = method.estimate(cohort, designs.question(), Inference())
    for arm in effect.arms:
        assert (arm.estimate[arm.time <= 6.0] == 1.0).all()
    found = effect.contrast("survival_difference").estimate
    assert found.ci_low < 0.0 < found.ci_high
    assert {d.name for d in effect.diagnostics} >= {"score_overlap", "smallest_uncensored"}


def test_what_it_can_not_do_is_refused():
    cohort = drawn(100, 2, score=lambda x: designs.expit(straight(x)), log_hazard=straight)
    late = designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=cohort.treatment_time,
        baseline=cohort.baseline,
        entry=0.5 * cohort.time,
    )
    with pytest.raises(DesignError, match="enter late"):
        aiptw().bind(late, designs.question(**ZERO))
    flag = Column(
        name="flag",
        kind="category",
        values=((cohort.event == 1) | (np.arange(100) % 9 == 0)).astype(float),
        levels=("no", "yes"),
    )
    split = designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=cohort.treatment_time,
        baseline=(flag,),
    )
    with pytest.raises(ConvergenceError, match="no finite fit"):
        aiptw(folds=2).bind(split, designs.question(**ZERO))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folds": 0}, "folds is 0"),
        ({"seed": -2}, "seed is -2"),
        ({"smallest_score": 0.7}, "smallest_score is 0.7"),
        ({"smallest_uncensored": 0.0}, "smallest_uncensored is 0.0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words):
    with pytest.raises(DesignError, match=words):
        aiptw(**options)


def test_a_floor_under_probabilities_is_told():
    cohort = drawn(300, 2, score=lambda x: designs.expit(3.0 * x), log_hazard=straight)
    question = designs.question(**ZERO, horizon_months=24.0, at_months=(24.0,))
    plain = aiptw().estimate(cohort, question, Inference())
    floored = aiptw(smallest_score=0.1).estimate(cohort, question, Inference())
    a, b = (e.contrast("survival_difference").estimate for e in (plain, floored))
    assert b.se < a.se
    assert any("below 0.1 were set to it" in note for note in floored.notes)
