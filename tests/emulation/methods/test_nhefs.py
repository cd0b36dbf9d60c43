"""Smoking cessation in NHEFS (What If, chapters 12 to 17) and the NSW experiment.

The numbers to more digits than the book prints are those of statsmodels fits of the book's models.
"""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.cohort import Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.pointtreatment import (
    ScoreModel,
    augmented_mean_difference,
    mean_difference,
    outcome_means,
    tilt_weights,
    weighted_mean_difference,
)
from tests.emulation import designs

# Five printed decimals.
PRINTED = 6e-6
# Four printed decimals.
SE = 6e-5


def variables(data):
    """Return the book's confounders: categories as they are, numbers with their squares."""
    columns = []
    for name in ("sex", "race", "education", "exercise", "active"):
        codes, levels = np.unique(data[name], return_inverse=True)
        labels = tuple(str(v) for v in codes)
        values = levels.astype(float)
        columns.append(Column(name=name, kind="category", values=values, levels=labels))
    for name in ("age", "smokeintensity", "smokeyrs", "wt71"):
        x = data[name].to_numpy(dtype=float)
        columns.append(Column(name=name, kind="number", values=x))
        columns.append(Column(name=f"{name} squared", kind="number", values=x**2))
    return tuple(columns)


@pytest.fixture(scope="module")
def weight_gain():
    """Return outcome, treatment and design of the 1,566 persons weighed in 1982."""
    nhefs = pytest.importorskip("causaldata").nhefs_complete.load_pandas().data
    y = nhefs["wt82_71"].to_numpy(dtype=float)
    treated = nhefs["qsmk"].to_numpy() == 1
    columns = variables(nhefs)
    cohort = designs.cohort(
        time=np.ones(y.size),
        event=np.zeros(y.size),
        treatment_time=np.where(treated, 0.0, np.inf),
        baseline=columns,
    )
    return y, treated, cohort.design()


def score_of(design, treated):
    return ScoreModel.of(design, treated, None).fit().fitted


def both_means(y, treated, design):
    """Return predicted means of the model of chapter 13, with smoking intensity by treatment."""
    place = design.names.index("smokeintensity")
    arms = []
    for a in (treated.astype(float), np.ones(y.size), np.zeros(y.size)):
        arms.append(np.column_stack([np.ones(y.size), a, design.X, a * design.X[:, place]]))
    return outcome_means(y, *arms)


def test_crude_difference(weight_gain):
    y, treated, _ = weight_gain
    assert (y.size, treated.sum()) == (1566, 403)
    assert mean_difference(y, treated, level=95.0).estimate == pytest.approx(2.54058, abs=PRINTED)


def test_chapter_12_inverse_probability_weights(weight_gain):
    y, treated, design = weight_gain
    weight = tilt_weights(score_of(design, treated), treated, target="ate")
    found = [weight.mean(), weight.min(), weight.max()]
    assert found == pytest.approx([1.99628, 1.05374, 16.70009], abs=PRINTED)
    effect = weighted_mean_difference(y, treated, weight, level=95.0)
    assert effect.estimate == pytest.approx(3.44054, abs=PRINTED)
    assert effect.se == pytest.approx(0.5255, abs=SE)
    stabilised = weight * np.where(treated, treated.mean(), 1 - treated.mean())
    found = [stabilised.mean(), stabilised.min(), stabilised.max()]
    assert found == pytest.approx([0.99884, 0.33125, 4.29766], abs=PRINTED)


@pytest.mark.parametrize(("target", "expected"), [("ato", 3.46115), ("att", 3.33626)])
def test_other_target_populations(weight_gain, target, expected):
    y, treated, design = weight_gain
    weight = tilt_weights(score_of(design, treated), treated, target=target)
    found = weighted_mean_difference(y, treated, weight, level=95.0).estimate
    assert found == pytest.approx(expected, abs=PRINTED)


def test_chapter_13_standardisation_and_augmented_weights(weight_gain):
    y, treated, design = weight_gain
    with_treatment, without = both_means(y, treated, design)
    found = [with_treatment.mean(), without.mean(), (with_treatment - without).mean()]
    assert found == pytest.approx([5.27359, 1.75621, 3.51737], abs=PRINTED)
    effect = augmented_mean_difference(
        y, treated, score_of(design, treated), with_treatment, without, level=95.0
    )
    assert effect.estimate == pytest.approx(3.45728, abs=PRINTED)
    assert effect.se == pytest.approx(0.4888, abs=SE)


def test_augmented_difference_is_that_of_means_in_a_trial():
    y = np.array([1.0, 4.0, 2.0, 7.0, 3.0, 6.0])
    treated = np.array([1, 1, 1, 0, 0, 0], dtype=bool)
    half = np.full(6, 0.5)
    means = outcome_means(
        y,
        np.column_stack([np.ones(6), treated]),
        np.ones((6, 2)),
        np.column_stack([np.ones(6), np.zeros(6)]),
    )
    found = augmented_mean_difference(y, treated, half, *means, level=95.0)
    crude = mean_difference(y, treated, level=95.0)
    assert found.estimate == pytest.approx(crude.estimate, abs=1e-12)
    # Welch divides by n - 1 in each arm of three, the other by 5 in all six.
    assert crude.se == pytest.approx(found.se * np.sqrt(3 / 2 * 5 / 6), rel=1e-12)


def test_nsw_experiment():
    nsw = pytest.importorskip("causaldata").nsw_mixtape.load_pandas().data
    treated = nsw["treat"].to_numpy() == 1
    assert (treated.sum(), (~treated).sum()) == (185, 260)
    found = mean_difference(nsw["re78"].to_numpy(dtype=float), treated, level=95.0)
    assert found.estimate == pytest.approx(1794.343, abs=1e-3)
    assert found.se == pytest.approx(671.0, abs=0.05)


@pytest.fixture(scope="module")
def deaths():
    """Return the cohort of 1,629 smokers followed for 120 months."""
    nhefs = pytest.importorskip("causaldata").nhefs.load_pandas().data
    died = nhefs["death"].to_numpy() == 1
    month = (nhefs["yrdth"] - 83) * 12 + nhefs["modth"]
    return designs.cohort(
        time=np.where(died, month.to_numpy(dtype=float), 120.0),
        event=died,
        treatment_time=np.where(nhefs["qsmk"].to_numpy() == 1, 0.0, np.inf),
        baseline=variables(nhefs),
    )


@pytest.fixture(scope="module")
def question():
    return designs.question(grace_months=0.0, horizon_months=120.0, at_months=(120.0,))


BOOK = {"time_terms": "quadratic", "treatment_by_time": True}


def without_confounders(cohort):
    return designs.cohort(
        time=cohort.time, event=cohort.event, treatment_time=cohort.treatment_time
    )


def test_chapter_17_unadjusted_survival(deaths, question):
    assert (deaths.n, int(deaths.event.sum())) == (1629, 318)
    effect = make_method("g_formula", BOOK).estimate(
        without_confounders(deaths), question, Inference(interval="none")
    )
    found = effect.contrast("survival_difference")
    assert (found.comparator, found.treated) == pytest.approx((0.820106, 0.761787), abs=6e-7)


def test_chapter_17_weighted_survival(deaths, question):
    treated = np.isfinite(deaths.treatment_time)
    score = score_of(deaths.design(), treated)
    weight = tilt_weights(score, treated, target="ate")
    weight *= np.where(treated, treated.mean(), 1 - treated.mean())
    found = [weight.mean(), weight.min(), weight.max()]
    assert found == pytest.approx([0.99907, 0.33124, 4.20543], abs=PRINTED)
    analysis = make_method("g_formula", BOOK).bind(without_confounders(deaths), question)
    curve = analysis.values(weight[None, :]).curve[0, :, -1]
    assert curve == pytest.approx([0.804652, 0.806667], abs=6e-7)


def test_chapter_17_g_formula(deaths, question):
    # The book's outcome model has the change of smoking intensity too, measured in 1982.
    nhefs = pytest.importorskip("causaldata").nhefs.load_pandas().data
    change = Column(
        name="smkintensity82_71",
        kind="number",
        values=nhefs["smkintensity82_71"].to_numpy(dtype=float),
    )
    cohort = designs.cohort(
        time=deaths.time,
        event=deaths.event,
        treatment_time=deaths.treatment_time,
        baseline=(*deaths.baseline, change),
    )
    effect = make_method("g_formula", BOOK).estimate(cohort, question, Inference())
    found = effect.contrast("survival_difference")
    assert (found.comparator, found.treated) == pytest.approx((0.806479, 0.803946), abs=6e-7)
    assert found.estimate.estimate == pytest.approx(-0.002533, abs=6e-7)
    # The book's interval is a bootstrap, -4.6 to 3.7 points: its limits are known to a point.
    assert found.estimate.ci_low == pytest.approx(-0.046, abs=0.01)
    assert found.estimate.ci_high == pytest.approx(0.037, abs=0.01)
