from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.biomarkers import PanelOptions, ScreenOptions, panel_scores, screen
from tests.selection.biomarkers.made import made_scores, markers, panel_of

CLINICAL = PanelOptions(treatment="clinical")


def options(**changed):
    return ScreenOptions(**{"difference": 1.0, "level": 95.0, "seed": 1, **changed})


@pytest.fixture(scope="module")
def case():
    """Marker m1 is prognostic, m2 changes the effect by 1 month per SD, 38 others do nothing."""
    Z = markers(800, 40, 1, 0.0)
    scores = made_scores(n=800, seed=2, markers=Z, prognostic=2.0 * Z[:, 0], predictive=Z[:, 1])
    return scores, Z, panel_scores(scores, panel_of(Z, scores), CLINICAL)


def test_the_predictive_marker_is_found_and_the_prognostic_is_not(case):
    _, _, made = case
    found = screen(made, options())
    assert [test.name for test in found.found] == ["m2"]
    effect = found.tests[0].effect
    assert effect.ci_low < 1.0 < effect.ci_high
    assert made.prognosis_explained > 0.3
    # Noise that the prognostic marker made is gone.
    assert made.gamma.std() < 0.85 * made.scores.gamma.std()


def test_power_comes_first(case):
    text = screen(case[2], options()).summary()
    assert text.startswith("Power: 800 persons measured")
    assert text.index("Power") < text.index("family-wise")


def test_coefficient_is_that_of_least_squares_with_hc3(case):
    _, _, made = case
    test = next(t for t in screen(made, options(prespecified=("m2", "m7"))).tests if t.name == "m7")
    design = np.column_stack([np.ones(made.m), made.clinical, made.Z[:, 6]])
    inverse = np.linalg.inv(design.T @ design)
    b = inverse @ design.T @ made.gamma
    leverage = ((design @ inverse) * design).sum(axis=1)
    error = (made.gamma - design @ b) / (1.0 - leverage)
    covariance = inverse @ (design.T * error**2) @ design @ inverse
    assert test.effect.estimate == pytest.approx(b[-1], rel=1e-9)
    assert test.effect.se == pytest.approx(np.sqrt(covariance[-1, -1]), rel=1e-9)


def test_family_wise_error_of_prognostic_markers():
    # 150 screens of 20 markers without effect, the first strongly prognostic: 5% expected, and
    # fewer than 14 with probability .98.
    wrong, prognostic = 0, 0
    for draw in range(150):
        Z = markers(500, 20, 1000 + draw, 0.2)
        scores = made_scores(n=500, seed=draw, markers=Z, prognostic=2.5 * Z[:, 0])
        made = panel_scores(scores, panel_of(Z, scores), CLINICAL)
        found = screen(made, options(replicates=300)).found
        wrong += bool(found)
        prognostic += any(test.name == "m1" for test in found)
    assert 1 <= wrong <= 13
    assert prognostic <= 4


@pytest.mark.parametrize("kind", ["skewed", "clusters"])
def test_family_wise_error_where_standard_errors_are_uncertain(kind):
    # 100 screens of 20 markers without effect: 5 expected, and fewer than 12 with probability
    # .995. Normal limits for skewed markers, or 40 hospitals, find three times as many.
    wrong = 0
    for draw in range(100):
        Z = markers(500, 20, 3000 + draw, 0.0)
        prognostic = 2.5 * Z[:, 0]
        Z = np.exp(Z) if kind == "skewed" else Z
        scores = made_scores(
            n=500, seed=500 + draw, markers=Z, prognostic=prognostic,
            clusters=40 if kind == "clusters" else 0,
        )  # fmt: skip
        made = panel_scores(scores, panel_of(Z, scores), CLINICAL)
        wrong += bool(screen(made, options(replicates=300)).found)
    assert wrong <= 11


def test_treatment_by_a_marker_is_noticed_and_adjusted_for():
    Z = markers(3000, 10, 5, 0.0)
    scores = made_scores(n=3000, seed=3, markers=Z, prognostic=3.0 * Z[:, 0], treated_by=0.15)
    panel = panel_of(Z, scores)
    made = panel_scores(scores, panel, CLINICAL)
    told = {one.name: one for one in made.diagnostics}["panel_treatment"]
    assert told.verdict == "warn"
    assert made.treatment_explained > 0.03
    adjusted = panel_scores(scores, panel, PanelOptions(treatment="with_panel"))
    assert {d.name: d.verdict for d in adjusted.diagnostics}["panel_treatment"] == "pass"
    # The average effect is 1; scores that leave the marker out are off.
    low, high = adjusted.average().ci_low, adjusted.average().ci_high
    assert low < 1.0 < high
    assert abs(scores.average().estimate - 1.0) > 5.0 * adjusted.average().se


def test_order_of_persons_is_no_matter(case):
    scores, Z, made = case
    turn = np.random.default_rng(4).permutation(800)
    turned = panel_scores(scores.take(turn), panel_of(Z, scores), CLINICAL)
    first, second = screen(made, options()), screen(turned, options())
    for one, other in zip(first.tests, second.tests, strict=True):
        assert one.name == other.name
        assert other.z == pytest.approx(one.z, rel=1e-6)
        assert other.p_adjusted == pytest.approx(one.p_adjusted, abs=1e-12)


def test_weight_two_is_a_person_twice():
    Z = markers(500, 4, 6, 0.0)
    scores = made_scores(n=500, seed=7, markers=Z, predictive=Z[:, 1])
    twice = np.arange(500) % 3 == 0
    weighted = replace(scores, data=replace(scores.data, weight=1.0 + twice))
    rows = np.concatenate([np.arange(500), np.flatnonzero(twice)])
    ids = tuple(f"r{i}" for i in range(rows.size))
    copied = scores.take(rows)
    copied = replace(copied, data=replace(copied.data, person_id=ids))
    found = [
        screen(
            panel_scores(one, panel_of(values, one), CLINICAL),
            options(prespecified=("m1", "m2", "m3", "m4")),
        )
        for one, values in ((weighted, Z), (copied, Z[rows]))
    ]
    for one in found[0].tests:
        other = next(t for t in found[1].tests if t.name == one.name)
        assert other.effect.estimate == pytest.approx(one.effect.estimate, rel=0.02)
    assert found[0].power.sd == pytest.approx(found[1].power.sd, rel=0.01)


def test_clusters_widen_the_interval_where_they_share_the_marker():
    rng = np.random.default_rng(8)
    hospital, shift = rng.normal(size=25), rng.normal(size=25)
    given = {"n": 1000, "seed": 9, "markers": np.zeros((1000, 0)), "clusters": 25}
    own = made_scores(**given).cluster
    # Marker and effect both vary between hospitals, but not together.
    scores = made_scores(**given, predictive=2.0 * shift[own])
    Z = np.column_stack([hospital[own] + 0.1 * rng.normal(size=1000), rng.normal(size=1000)])
    named = options(prespecified=("m1", "m2"))
    with_clusters = screen(panel_scores(scores, panel_of(Z, scores), CLINICAL), named)
    apart = replace(scores, data=replace(scores.data, cluster=None))
    without = screen(panel_scores(apart, panel_of(Z, apart), CLINICAL), named)
    ratio = {
        name: next(t for t in with_clusters.tests if t.name == name).effect.se
        / next(t for t in without.tests if t.name == name).effect.se
        for name in ("m1", "m2")
    }
    assert 0.6 < ratio["m2"] < 1.5
    assert ratio["m1"] > 1.3 * ratio["m2"]


def test_batches_are_fixed_effects():
    rng = np.random.default_rng(10)
    Z = markers(600, 5, 11, 0.0)
    batch = rng.integers(0, 4, 600)
    scores = made_scores(n=600, seed=12, markers=Z, predictive=Z[:, 1])
    moved = Z + 5.0 * batch[:, None]
    labels = [str(b) for b in batch]
    found = screen(panel_scores(scores, panel_of(moved, scores, batch=labels), CLINICAL), options())
    same = screen(panel_scores(scores, panel_of(Z, scores, batch=labels), CLINICAL), options())
    for one, other in zip(found.tests, same.tests, strict=True):
        assert one.effect.estimate == pytest.approx(other.effect.estimate, rel=1e-8)
    whole = panel_scores(
        scores,
        panel_of(moved, scores, batch=labels),
        PanelOptions(treatment="clinical", folds="batches"),
    )
    assert all(np.unique(whole.fold[batch == b]).size == 1 for b in range(4))


def test_json_and_frame(case):
    import json

    found = screen(case[2], options())
    back = json.loads(json.dumps(found.to_dict()))
    assert back["found"] == ["m2"]
    assert back["power"]["needed"] == found.power.needed
    assert found.to_frame().shape == (40, 10)
    assert json.loads(json.dumps(case[2].to_dict()))["features"] == 40


def test_under_500_persons_markers_must_be_named():
    Z = markers(300, 2000, 13, 0.0)
    scores = made_scores(n=300, seed=14, markers=Z)
    made = panel_scores(scores, panel_of(Z, scores), CLINICAL)
    with pytest.raises(
        DesignError, match=r"2,000 markers in 300 persons.*name them in prespecified"
    ):
        screen(made, options())
    found = screen(made, options(prespecified=("m3", "m9")))
    assert {test.name for test in found.tests} == {"m3", "m9"}
    assert found.power.tests == 2
    with pytest.raises(DesignError, match="no biomarker 'm2001'"):
        screen(made, options(prespecified=("m2001",)))


def test_a_marker_that_is_a_clinical_covariate_is_not_tested():
    Z = markers(600, 3, 15, 0.0)
    scores = made_scores(n=600, seed=16, markers=Z)
    Z[:, 2] = 2.0 * scores.X[:, 0] - scores.X[:, 1]
    found = screen(panel_scores(scores, panel_of(Z, scores), CLINICAL), options())
    assert found.untested == {"m3": "clinical covariates and batches explain it"}


def test_refuses():
    Z = markers(60, 3, 17, 0.0)
    scores = made_scores(n=60, seed=18, markers=Z)
    few = Z.copy()
    few[30:] = np.nan
    with pytest.raises(DataError, match="too few for any statement on effects"):
        panel_scores(scores, panel_of(few, scores), CLINICAL)
    with pytest.raises(DesignError, match="folds are batches, but the panel has no batches"):
        panel_scores(
            scores, panel_of(Z, scores), PanelOptions(treatment="clinical", folds="batches")
        )
    with pytest.raises(DesignError, match="replicates is 20, too few"):
        options(replicates=20)
    with pytest.raises(DesignError, match="difference is 0"):
        options(difference=0.0)
