"""Propensity methods: against R, by hand, by their derivatives, on designs with known truth."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.pointtreatment.entropybalancing import entropy_balance
from tests.emulation import designs

REFERENCE = Path("tests/reference/survival")
# R prints 15 digits; its logistic regression stops when the deviance moves by less than 1e-8.
R_DIGITS = 2e-7
# A central difference with a step of 1e-4 in a weight has a relative error of about 1e-8.
DERIVATIVE = 1e-6
NONE = Inference(interval="none")
ZERO = {"grace_months": 0.0}
SCHEMES = {
    "iptw ate": {"weighting": "iptw", "target": "ate"},
    "iptw ate unstabilised": {"weighting": "iptw", "target": "ate", "stabilised": False},
    "iptw att": {"weighting": "iptw", "target": "att"},
    "overlap": {"weighting": "overlap", "target": "ato"},
    "balancing ate": {"weighting": "entropy_balancing", "target": "ate"},
    "balancing ate unstabilised": {
        "weighting": "entropy_balancing",
        "target": "ate",
        "stabilised": False,
    },
    "balancing att": {"weighting": "entropy_balancing", "target": "att"},
}


def point(n, seed, *, effect=0.0, entry=False, competing=False):
    """Return a cohort in which a half is treated at time zero, more of those with high x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    site = rng.integers(0, 3, size=n).astype(float)
    treated = rng.random(n) < designs.expit(0.8 * x - 0.4 * (site == 1))
    rate = 0.05 * np.exp(0.7 * x + 0.3 * (site == 2) + effect * treated)
    death = np.ceil(rng.exponential(1 / rate) * 4) / 4
    other = np.ceil(rng.exponential(30.0, size=n) * 4) / 4 if competing else np.full(n, np.inf)
    lost = np.ceil(rng.uniform(10.0, 60.0, size=n) * 4) / 4 + 0.1
    time = np.minimum.reduce([death, other, lost, np.full(n, 36.0)])
    event = np.where(death <= time, 1, np.where(other <= time, 2, 0))
    late = np.where(rng.random(n) < 0.2, rng.uniform(0.5, 20.0, size=n), np.inf)
    treatment = np.where(treated, 0.0, np.where(late < time, late, np.inf))
    columns = (
        Column(name="x", kind="number", values=x),
        Column(name="site", kind="category", values=site, levels=("a", "b", "c")),
    )
    more = {"entry": np.minimum(rng.uniform(-3.0, 3.0, size=n), 0.9 * time)} if entry else {}
    labels = ("death", "other death") if competing else ("death",)
    return designs.cohort(
        time=time,
        event=event,
        treatment_time=treatment,
        baseline=columns,
        lost=event == 0,
        event_labels=labels,
        **more,
    )


def gbsg():
    """Return the trial of the German breast cancer study group, days for months."""
    with (REFERENCE / "data" / "gbsg.csv").open() as file:
        rows = list(csv.DictReader(file))
    value = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    names = ("age", "meno", "size", "grade", "log_nodes", "log_pgr", "log_er")
    return designs.cohort(
        time=value["time"],
        event=value["event"],
        treatment_time=np.where(value["hormon"] == 1, 0.0, np.inf),
        baseline=[Column(name=name, kind="number", values=value[name]) for name in names],
    )


GBSG = {
    "grace_months": 0.0,
    "horizon_months": 2000.0,
    "at_months": (1000.0, 2000.0),
}


def reference(name):
    return json.loads((REFERENCE / "cases" / f"{name}.json").read_text())["result"]


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("ate", {"weighting": "iptw", "target": "ate", "stabilised": False}),
        ("ate_stabilized", {"weighting": "iptw", "target": "ate"}),
        ("att", {"weighting": "iptw", "target": "att"}),
        ("overlap", {"weighting": "overlap", "target": "ato"}),
        (
            "ate_trunc_1_99",
            {"weighting": "iptw", "target": "ate", "stabilised": False, "truncate": 99.0},
        ),
    ],
)
def test_weights_curves_and_hazard_ratio_are_those_of_r(case, options):
    expected = reference("iptw_gbsg_hormon")["weights"][case]
    method = make_method("propensity", {"groups": "time_zero", **options})
    question = designs.question(**GBSG)
    effect = method.estimate(gbsg(), question, NONE)
    found = effect.contrast("hazard_ratio").estimate.estimate
    assert found == pytest.approx(expected["cox"]["coef"], abs=R_DIGITS)
    surv = np.reshape(expected["surv_at"]["surv"], (2, 2))
    for column, at in enumerate((1000.0, 2000.0)):
        contrast = effect.contrast("survival_difference", at)
        arms = (contrast.comparator, contrast.treated)
        assert arms == pytest.approx(surv[:, column], abs=R_DIGITS)
        area = effect.contrast("rmst_difference", at)
        rmst = next(row["rmst"] for row in expected["rmst"] if row["tau"] == at)
        assert (area.comparator, area.treated) == pytest.approx(rmst, rel=R_DIGITS)
    sizes = [row.ess for row in effect.weights if row.at_months == 0.0]
    wanted = [expected["ess_control"], expected["ess_treated"]]
    assert sizes == pytest.approx(wanted, rel=R_DIGITS)


def test_overlap_weights_balance_exactly():
    method = make_method(
        "propensity", {"groups": "time_zero", "weighting": "overlap", "target": "ato"}
    )
    effect = method.estimate(gbsg(), designs.question(**GBSG), NONE)
    # Newton's last step leaves means this near, in standard deviations.
    assert max(abs(row.after) for row in effect.balance) < 1e-9
    assert max(abs(row.before) for row in effect.balance) > 0.5


def lalonde():
    """Return the trial and survey persons of LaLonde; follow-up is made up."""
    with (REFERENCE / "data" / "lalonde.csv").open() as file:
        rows = list(csv.DictReader(file))
    value = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    names = ("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")
    time = 1.0 + np.arange(len(rows)) % 40
    return designs.cohort(
        time=time,
        event=time < 37,
        treatment_time=np.where(value["treat"] == 1, 0.0, np.inf),
        baseline=[Column(name=name, kind="number", values=value[name]) for name in names],
    )


def test_pairs_lie_within_the_caliper_and_the_score_is_that_of_r():
    # The pairs of R cannot be asked for: its release rounded distances (see ``match``).
    expected = reference("matchit_lalonde_nn_logit")
    options = {"groups": "time_zero", "weighting": "matching", "target": "att", "caliper": 0.2}
    method = make_method("propensity", options)
    analysis = method.bind(lalonde(), designs.question(**ZERO))
    score, pair = analysis.weighed.score, analysis.weighed.pair
    logit = np.log(score / (1 - score))
    head = expected["distance_head"]
    assert logit[: len(head)] == pytest.approx(head, abs=1e-6)
    treated = analysis.groups.treated
    caliper = expected["caliper_abs"][0]
    assert caliper == pytest.approx(0.2 * logit.std(ddof=1), rel=1e-6)
    for number in range(pair.max() + 1):
        members = np.flatnonzero(pair == number)
        assert treated[members].sum() == 1
        assert np.ptp(logit[members]) <= caliper
    effect = method.estimate(lalonde(), designs.question(**ZERO), Inference())
    flow = {(row.arm, row.name): row.n for row in effect.flow}
    for arm, size in zip(effect.arms, (429, 185), strict=True):
        kept = flow[arm.label, "Matched or kept"]
        assert kept == pair.max() + 1
        assert flow[arm.label, "Not matched or trimmed"] == size - kept
    # Treated persons without a match have a score above those of the comparators near them.
    assert logit[treated & (pair < 0)].mean() > logit[treated & (pair >= 0)].mean()


@pytest.mark.parametrize("kind", ["plain", "entry", "competing"])
@pytest.mark.parametrize("name", SCHEMES)
def test_influence_is_the_derivative_by_the_persons_weights(name, kind):
    cohort = point(120, 5, entry=kind == "entry", competing=kind == "competing")
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES[name]})
    question = designs.question(grace_months=0.0, contrast="per_protocol")
    check_derivative(method.bind(cohort, question), cohort.n)


def test_firth_changes_intervals_by_less_than_the_penalty_weighs():
    cohort = point(400, 5)
    question = designs.question(grace_months=0.0)
    options = {"groups": "time_zero", **SCHEMES["iptw ate"]}
    plain, firth = (
        make_method("propensity", {**options, "penalty": penalty}).estimate(
            cohort, question, Inference()
        )
        for penalty in (None, "firth")
    )
    for measure in ("rmst_difference", "hazard_ratio"):
        a, b = (effect.contrast(measure).estimate for effect in (plain, firth))
        assert a.estimate != b.estimate
        # Four coefficients against 400 persons: a hundredth.
        assert abs(a.estimate - b.estimate) < 0.1 * a.se
        assert a.se == pytest.approx(b.se, rel=0.03)


@pytest.mark.parametrize("name", ["iptw ate", "balancing att"])
def test_influence_at_a_landmark_is_the_derivative(name):
    cohort = designs.lt1(150, 3)
    method = make_method("propensity", {"groups": "landmark", **SCHEMES[name]})
    check_derivative(method.bind(cohort, designs.question()), cohort.n)


def check_derivative(analysis, n, persons=(0, 3, 11, 40, 77)):
    found = analysis.influence().packed()
    step = 1e-4
    weights = np.ones((2 * len(persons), n))
    for row, person in enumerate(persons):
        weights[2 * row, person] += step
        weights[2 * row + 1, person] -= step
    values = analysis.values(weights).packed()
    numeric = (values[::2] - values[1::2]) / (2 * step)
    assert np.array_equal(np.isnan(numeric), np.isnan(found[list(persons)]))
    assert numeric == pytest.approx(found[list(persons)], abs=DERIVATIVE, nan_ok=True)
    assert np.nanmax(np.abs(found.sum(axis=0))) < DERIVATIVE


def test_bootstrap_and_influence_agree():
    cohort = point(300, 8)
    question = designs.question(grace_months=0.0, comparator="never")
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["iptw ate"]})
    fast = method.estimate(cohort, question, Inference(interval="influence"))
    slow = method.estimate(
        cohort, question, Inference(interval="bootstrap", replicates=300, seed=4, jobs=1)
    )
    for measure in ("survival_difference", "rmst_difference", "hazard_ratio"):
        ratio = fast.contrast(measure).estimate.se / slow.contrast(measure).estimate.se
        # 300 replicates give a standard error to 4%; three of these.
        assert ratio == pytest.approx(1.0, abs=0.13)


@pytest.mark.parametrize("options", [{"truncate": 95.0}, {"trim": 0.1}], ids=["truncate", "trim"])
def test_cut_weights_have_no_influence_but_a_bootstrap(options):
    cohort = point(300, 8)
    question = designs.question(grace_months=0.0)
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["iptw ate"], **options})
    assert method.bind(cohort, question).influence() is None
    effect = method.estimate(
        cohort, question, Inference(interval="auto", replicates=40, seed=1, jobs=1)
    )
    assert effect.interval == "bootstrap"
    assert effect.contrast("rmst_difference").estimate.se > 0


@pytest.mark.parametrize("name", ["iptw ate", "balancing ate"])
def test_an_analysis_sent_to_another_process_gives_the_same(name):
    cohort = point(200, 8)
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES[name]})
    analysis = method.bind(cohort, designs.question(**ZERO))
    weights = np.random.default_rng(1).exponential(size=(3, 200))
    sent = pickle.loads(pickle.dumps(analysis))
    assert np.array_equal(sent.values(weights).packed(), analysis.values(weights).packed())
    # Nor do values depend on how many are asked for at once.
    alone = analysis.values(weights[[1]]).packed()[0]
    assert alone == pytest.approx(analysis.values(weights).packed()[1], rel=1e-12)


def test_trimming_counts_and_names_who_is_left_out():
    cohort = point(400, 2)
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["iptw ate"], "trim": 0.2})
    effect = method.estimate(cohort, designs.question(grace_months=0.0), NONE)
    dropped = [row.n for row in effect.flow if row.name == "Not matched or trimmed"]
    kept = [row.n for row in effect.flow if row.name == "Matched or kept"]
    assert sum(dropped) > 0
    assert sum(dropped) + sum(kept) == cohort.n
    assert "0.2 to 0.8" in effect.estimand


def test_balancing_is_exact_and_impossible_targets_are_refused():
    cohort = point(200, 1)
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["balancing att"]})
    effect = method.estimate(cohort, designs.question(grace_months=0.0), NONE)
    assert max(abs(row.after) for row in effect.balance) < 1e-8
    X = np.array([[0.0], [1.0], [2.0]])
    with pytest.raises(ConvergenceError, match="no weights give age the wanted mean"):
        entropy_balance(X, np.ones(3), np.array([2.5]), ["age"])


def test_balancing_of_one_binary_variable_by_hand():
    # Two of four comparators are old, three of four treated: weights 1/2 and 3/2 of the mean.
    X = np.array([[0.0], [0.0], [1.0], [1.0]])
    tilt, coefficients = entropy_balance(X, np.ones(4), np.array([0.75]))
    share = tilt / tilt.sum()
    assert share == pytest.approx([0.125, 0.125, 0.375, 0.375], abs=1e-12)
    assert coefficients == pytest.approx([np.log(3.0)], abs=1e-9)


def test_saturated_score_equals_standardisation_by_hand():
    # One binary confounder: weighted curves are averages of the strata's curves at each time
    # before anybody is censored.
    cohort = designs.cohort(
        time=[1, 2, 9, 9, 1, 9, 9, 9, 3, 9],
        event=[1, 1, 0, 0, 1, 0, 0, 0, 1, 0],
        treatment_time=[0, 0, 0, np.inf, np.inf, 0, np.inf, np.inf, np.inf, np.inf],
        baseline=[
            Column(
                name="old",
                kind="category",
                values=np.array([1.0, 1, 1, 1, 1, 0, 0, 0, 0, 0]),
                levels=("no", "yes"),
            )
        ],
    )
    question = designs.question(grace_months=0.0, horizon_months=8.0, at_months=(8.0,))
    effect = make_method("propensity", {"groups": "time_zero", **SCHEMES["iptw ate"]}).estimate(
        cohort, question, NONE
    )
    found = effect.contrast("survival_difference")
    # Old: treated 1 of 3 alive, others 1 of 2. Young: treated 1 of 1, others 3 of 4.
    assert found.treated == pytest.approx(0.5 * (1 / 3 + 1.0), abs=1e-12)
    assert found.comparator == pytest.approx(0.5 * (1 / 2 + 3 / 4), abs=1e-12)


def test_matching_refuses_the_bootstrap_and_sums_over_pairs():
    cohort = point(200, 3)
    question = designs.question(grace_months=0.0)
    options = {"groups": "time_zero", "weighting": "matching", "target": "att", "caliper": 0.2}
    method = make_method("propensity", options)
    with pytest.raises(DesignError, match="not valid for matching"):
        method.estimate(cohort, question, Inference(interval="bootstrap", replicates=9, seed=1))
    effect = method.estimate(cohort, question, Inference())
    assert effect.interval == "influence"
    flow = [(row.name, row.n) for row in effect.flow]
    assert (
        sum(n for name, n in flow if name in ("Matched or kept", "Not matched or trimmed")) == 200
    )
    analysis = method.bind(cohort, question)
    pair = analysis.weighed.pair
    influence = analysis.influence().curve[:, 1, -1] - analysis.influence().curve[:, 0, -1]
    # Two persons per pair, one of whom carries the pair's influence.
    assert (influence != 0).sum() <= np.unique(pair[pair >= 0]).size
    again = make_method("propensity", {**options, "replace": True}).bind(cohort, question)
    assert again.weighed.pair is None


def test_exact_matching_agrees_within_pairs():
    cohort = point(200, 3)
    method = make_method(
        "propensity",
        {
            "groups": "time_zero",
            "weighting": "matching",
            "target": "att",
            "exact": ["site"],
        },
    )
    analysis = method.bind(cohort, designs.question(grace_months=0.0))
    site, pair = cohort.column("site").values, analysis.weighed.pair
    for number in np.unique(pair[pair >= 0]):
        assert np.unique(site[pair == number]).size == 1


def test_comparators_treated_later_stay_or_are_censored():
    cohort = point(300, 4)
    options = {"groups": "time_zero", **SCHEMES["overlap"]}
    late = np.isfinite(cohort.treatment_time) & (cohort.treatment_time > 0)
    for changes, cut in (
        ({"comparator": "never"}, late),
        ({"comparator": "none_within_grace"}, np.zeros(300, dtype=bool)),
        ({"comparator": "none_within_grace", "contrast": "itt_like"}, np.zeros(300, dtype=bool)),
    ):
        question = designs.question(grace_months=0.0, **changes)
        analysis = make_method("propensity", options).bind(cohort, question)
        assert analysis.groups.cut == cut.sum()
        assert (analysis.groups.time < cohort.time).sum() == cut.sum()
        assert not analysis.groups.event[cut].any()


def test_landmark_conditions_on_survival_and_removes_immortal_time():
    cohort = designs.lt1(6000, 7)
    question = designs.question()
    options = SCHEMES["iptw ate"]
    landmark = make_method("propensity", {"groups": "landmark", **options}).estimate(
        cohort, question, Inference()
    )
    ever = make_method("propensity", {"groups": "ever", **options}).estimate(
        cohort, question, Inference()
    )
    for arm in landmark.arms:
        assert (arm.estimate[arm.time <= 6.0] == 1.0).all()
    difference = landmark.contrast("survival_difference").estimate
    assert difference.ci_low < 0.0 < difference.ci_high
    assert ever.contrast("survival_difference").estimate.ci_low > 0.05
    assert [d.name for d in ever.failed] == ["immortal_time"]
    gone = [row.n for row in landmark.flow if row.name.startswith("Dead or lost")]
    assert gone == [int((cohort.time <= 6.0).sum())]
    assert "alive and followed at 6 months" in landmark.estimand


def test_histories_as_of_the_landmark_are_adjusted_for():
    base = designs.lt1(400, 2)
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(400), 2)
    month = np.tile([0.0, 3.0], 400)
    marker = designs.history("marker", person, month, rng.normal(size=800), n=400)
    cohort = designs.cohort(
        time=base.time,
        event=base.event,
        treatment_time=base.treatment_time,
        baseline=base.baseline,
        histories=(marker,),
    )
    method = make_method("propensity", {"groups": "landmark", **SCHEMES["overlap"]})
    effect = method.estimate(cohort, designs.question(), NONE)
    rows = {row.variable: row for row in effect.balance}
    assert abs(rows["marker"].after) < 1e-9
    assert rows["marker"].at_months == 6.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weighting": "overlap", "target": "ate"}, "can't give the target 'ate'"),
        ({"weighting": "matching", "target": "ate"}, "can't give the target 'ate'"),
        ({"weighting": "iptw", "target": "ate", "caliper": 0.2}, "do not apply to weighting"),
        ({"weighting": "iptw", "target": "ate", "truncate": 20.0}, "truncate is 20"),
        ({"weighting": "iptw", "target": "ate", "trim": 0.7}, "trim is 0.7"),
        ({"weighting": "matching", "target": "att", "trim": 0.1}, "do not apply to weighting"),
        ({"weighting": "iptw"}, "target"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words):
    with pytest.raises(DesignError, match=words):
        make_method("propensity", {"groups": "time_zero", **options})


def test_groups_without_persons_are_refused():
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["overlap"]})
    nobody = designs.cohort(
        time=[1, 2], event=[1, 0], treatment_time=[np.inf, 1.0], baseline=point(2, 1).baseline
    )
    with pytest.raises(DesignError, match="nobody is treated at time zero"):
        method.bind(nobody, designs.question())
    with pytest.raises(DesignError, match="no confounders"):
        method.bind(
            designs.cohort(time=[1, 2], event=[1, 0], treatment_time=[np.inf, 0.0]),
            designs.question(),
        )


def test_a_confounder_that_separates_the_groups_is_named():
    cohort = designs.cohort(
        time=[3, 4, 5, 6, 7, 8],
        event=[1, 1, 0, 1, 1, 0],
        treatment_time=[0, 0, 0, np.inf, np.inf, np.inf],
        baseline=[Column(name="stage", kind="number", values=np.array([1.0, 2, 3, 4, 5, 6]))],
    )
    question = designs.question(grace_months=0.0, horizon_months=5.0, at_months=(5.0,))
    for name, words in (("iptw ate", "stage"), ("balancing att", "stage")):
        method = make_method("propensity", {"groups": "time_zero", **SCHEMES[name]})
        with pytest.raises(ConvergenceError, match=words):
            method.bind(cohort, question)


def test_a_stiff_score_is_seen_in_squares_and_products():
    rng = np.random.default_rng(6)
    x, z = rng.normal(size=(2, 4000))
    treated = rng.random(4000) < designs.expit(0.5 * x + 1.0 * (x**2 - 1.0) - 1.0 * x * z)
    time = np.minimum(np.ceil(rng.exponential(20.0, size=4000)), 36.0)
    columns = [Column(name=name, kind="number", values=v) for name, v in (("x", x), ("z", z))]
    cohort = designs.cohort(
        time=time,
        event=time < 36.0,
        treatment_time=np.where(treated, 0.0, np.inf),
        baseline=columns,
    )
    method = make_method("propensity", {"groups": "time_zero", **SCHEMES["overlap"]})
    effect = method.estimate(cohort, designs.question(**ZERO), NONE)
    found = {d.name: d for d in effect.diagnostics}
    assert found["balance"].verdict == "pass"
    assert found["moment_balance"].verdict == "warn"
    # By hand: the weighted mean of the square, or of the product, whichever differs more.
    weight = method.bind(cohort, designs.question(**ZERO)).weighed.weight
    sizes = []
    for value in ((x - x.mean()) ** 2, (x - x.mean()) * (z - z.mean()), (z - z.mean()) ** 2):
        means = [np.average(value[g], weights=weight[g]) for g in (treated, ~treated)]
        spread = np.sqrt(0.5 * (value[treated].var() + value[~treated].var()))
        sizes.append(abs(means[0] - means[1]) / spread)
    assert found["moment_balance"].value == pytest.approx(max(sizes), rel=1e-9)
