"""Concordance against R, counting by hand, all pairs one by one, and equivalent data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.concordance import concordance
from tests.stats.survival_cases import case, complete, data, names, response, subset

# Both sides count pairs; only the order of additions differs.
EXACT = 1e-12
# R's numbers were printed with 15 digits.
PRINTED = 1e-13
# The root of a variance of 0 that rows leaving the risk set left in the last digit.
ROOT_OF_ROUNDING = 1e-7
# Derivatives by central differences with steps of 1e-5.
DIFFERENCES = 1e-7
R_COUNTS = ("concordant", "discordant", "tied_score", "tied_time", "tied_both")


def counts(fit):
    return [getattr(fit, name) for name in R_COUNTS]


def rank(time, event, score, **options):
    return concordance(time, event, score, **({"higher_is_riskier": True, "level": 95} | options))


def same(first, second, rtol=EXACT):
    """Two results are equal but for the counts of ties in time, which copies of rows change."""
    assert first.concordance.estimate == pytest.approx(second.concordance.estimate, rel=rtol)
    assert first.concordance.se == pytest.approx(second.concordance.se, rel=rtol, abs=1e-14)
    assert counts(first)[:3] == pytest.approx(counts(second)[:3], rel=rtol, abs=1e-12)
    assert first.null_se == pytest.approx(second.null_se, rel=rtol, abs=ROOT_OF_ROUNDING)


# --- against R --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("concordance"))
def test_cases_of_r(name):
    pinned = case(name)
    args, r = pinned["args"], pinned["result"]
    used = [args[key] for key in ("score", "weights", "strata") if args[key]]
    columns = complete(data(pinned["dataset"]), used)
    entry, time, event = response(args["response"], columns)
    options = {
        key: columns[args[r_key]]
        for key, r_key in (("weight", "weights"), ("strata", "strata"))
        if args[r_key]
    }
    fit = rank(
        time, event, columns[args["score"]], entry=entry, time_weight=args["timewt"], **options
    )
    assert fit.concordance.estimate == pytest.approx(r["concordance"], rel=EXACT)
    assert fit.concordance.se == pytest.approx(r["std"], rel=EXACT)
    assert counts(fit) == pytest.approx(r["count"], rel=EXACT)
    if args["timewt"] == "n":
        # With other time weights R's null variance has them once instead of squared.
        assert fit.null_se**2 == pytest.approx(r["cvar"], rel=EXACT)


@pytest.mark.parametrize("name", names("coxph"))
def test_linear_predictors_of_r(name):
    pinned = case(name)
    args, r = pinned["args"], pinned["result"]
    covariates = np.atleast_1d(args["covariates"]).tolist()
    grouping = {"weight": "weights", "strata": "strata", "cluster": "cluster"}
    used = covariates + [args[key] for key in grouping.values() if args.get(key)]
    columns = complete(subset(args.get("subset"), data(pinned["dataset"])), used)
    if args["zero_weight_rows_dropped"]:
        columns = {k: v[columns[args["weights"]] > 0] for k, v in columns.items()}
    entry, time, event = response(args["response"], columns)
    score = np.column_stack([columns[c] for c in covariates]) @ np.atleast_1d(r["coef"])
    if args.get("offset"):
        assert args["offset"] == "I(0.02*age)"
        score = score + 0.02 * columns["age"]
    options = {key: columns[args[k]] for key, k in grouping.items() if args.get(k)}
    fit = rank(time, event, score, entry=entry, **options)
    assert fit.concordance.estimate == pytest.approx(r["concordance"], rel=EXACT)
    assert fit.concordance.se == pytest.approx(r["concordance_std"], rel=EXACT)
    assert counts(fit) == pytest.approx(r["concordance_counts"], rel=EXACT)


# concordance(Surv(time, event) ~ age, lung, weights = wt, ...), R 4.2.2, survival 3.5-3:
# + strata(sex), timewt "S"; ymax = 365, timewt "n/G2"; cluster = inst, timewt "I"; reverse = FALSE;
# and on the heart data with start-stop times, weights and cluster = id.
R_MORE = {
    "strata": (0.537127338727008, 0.0254465477250399, 9361.73449004011, 8028.71579437961),
    "horizon": (0.537871338846185, 0.0267210253312509, 17368.2811777015, 14852.7238185097),
    "cluster": (0.534831909458545, 0.0135548831001894, 103.636056063381, 89.7080952201953),
    "forward": (0.449760167882482, 0.0251421115943329, 8706, 10717),
    "heart": (0.564742276515545, 0.0415631098077153, 3941.16651892, 3037.4703566),
}


@pytest.mark.parametrize("name", R_MORE)
def test_options_of_r(name):
    d = data("heart") if name == "heart" else data("lung")
    options = {
        "strata": lambda d: {"weight": d["wt"], "strata": d["sex"], "time_weight": "S"},
        "horizon": lambda d: {"weight": d["wt"], "horizon": 365, "time_weight": "n/G2"},
        "cluster": lambda d: {"weight": d["wt"], "cluster": d["inst"], "time_weight": "I"},
        "forward": lambda d: {"higher_is_riskier": False},
        "heart": lambda d: {"weight": d["wt"], "entry": d["start"], "cluster": d["id"]},
    }[name]
    if name == "cluster":
        d = complete(d, ["inst"])
    fit = rank(d["stop" if name == "heart" else "time"], d["event"], d["age"], **options(d))
    found = (fit.concordance.estimate, fit.concordance.se, fit.concordant, fit.discordant)
    assert found == pytest.approx(R_MORE[name], rel=PRINTED * 10)


# --- by hand and special cases ----------------------------------------------------------------


def test_four_persons_by_hand():
    # The event at 1 has the highest score: three concordant pairs. The event at 3 has a lower
    # score than the one who is left: one discordant pair. One of three was censored at 2.
    time, event, score = [1, 2, 3, 4], [1, 0, 1, 0], [4, 3, 1, 2]
    fit = rank(time, event, score)
    assert counts(fit) == [3, 1, 0, 0, 0]
    assert fit.concordance.estimate == 3 / 4
    # Derivatives of 3/4 by the weights: person 1 adds 3 right of 3 pairs, ...
    influence = np.array([3 - 9 / 4, 1 - 3 / 4, 1 - 6 / 4, 1 - 6 / 4]) / 4
    np.testing.assert_allclose(fit.influence, influence, atol=1e-15)
    assert fit.concordance.se == pytest.approx(np.sqrt(sum(influence**2)))
    uno = rank(time, event, score, time_weight="n/G2")
    assert uno.concordance.estimate == pytest.approx(3 / (3 + (3 / 2) ** 2))
    each = rank(time, event, score, time_weight="I")
    assert each.concordance.estimate == pytest.approx((3 / 4) / (3 / 4 + 1 / 2))
    early = rank(time, event, score, horizon=2)
    assert (early.concordance.estimate, early.events) == (1.0, 1)


def test_ties_by_hand():
    # Two events at 1 are not compared; each is compared with the row censored at 1.
    fit = rank([1, 1, 1, 2], [1, 1, 0, 1], [2, 2, 2, 1])
    assert counts(fit) == [2, 0, 2, 0, 1]
    assert fit.concordance.estimate == 3 / 4
    assert rank([1, 1, 2], [1, 1, 0], [3, 2, 1]).tied_time == 1


def test_two_times_give_the_area_under_the_roc_curve():
    rng = np.random.default_rng(3)
    sick, score = rng.random(80) < 0.4, rng.integers(0, 12, 80).astype(float)
    fit = rank(np.where(sick, 1, 2), sick, score)
    u = stats.mannwhitneyu(score[sick], score[~sick]).statistic
    assert fit.concordance.estimate == pytest.approx(u / (sick.sum() * (~sick).sum()))
    # DeLong's variance, but for his divisors m - 1.
    wins = (score[sick][:, None] > score[~sick]) + 0.5 * (score[sick][:, None] == score[~sick])
    delong = sum(np.var(wins.mean(axis=k)) / wins.shape[1 - k] for k in (0, 1))
    assert fit.concordance.se**2 == pytest.approx(delong)


def test_intervals():
    rng = np.random.default_rng(1)
    time, score = rng.exponential(size=30), rng.normal(size=30)
    plain, logit = (rank(time, time > 0, score, interval=i).concordance for i in ("plain", "logit"))
    z = stats.norm.ppf(0.975)
    assert plain.ci_high - plain.estimate == pytest.approx(z * plain.se)
    log_odds = np.log(np.array([logit.ci_low, logit.estimate, logit.ci_high]))
    log_odds -= np.log1p(-np.array([logit.ci_low, logit.estimate, logit.ci_high]))
    half = z * logit.se / (logit.estimate * (1 - logit.estimate))
    assert np.diff(log_odds) == pytest.approx([half, half])
    perfect = rank([1, 2, 3], [1, 1, 1], [3, 2, 1], interval="logit").concordance
    assert (perfect.estimate, perfect.se) == (1, 0)
    assert np.isnan(perfect.ci_low)
    assert rank([1, 2, 3, 4], [1, 1, 1, 1], [3, 4, 2, 1]).concordance.ci_high == 1


def test_many_pairs_do_not_overflow():
    n = 100_000
    fit = rank(np.arange(1, n + 1), np.ones(n), -np.arange(n))
    assert fit.concordant == n * (n - 1) // 2 > 2**32
    assert fit.discordant == 0


# --- all pairs one by one ---------------------------------------------------------------------


def product_limit(at, time, lost, weight, at_risk):
    """Kaplan-Meier just before each time, `lost` leaving at `time`."""
    out = np.ones(at.size)
    for t in np.unique(time[lost]):
        gone = weight[lost & (time == t)].sum()
        out[at > t] *= 1 - gone / at_risk(t)
    return out


def brute(time, event, score, weight, entry, time_weight, horizon=np.inf):
    """Return sums over pairs and the concordance, from a double loop."""
    event = event.astype(bool)
    followed = lambda t: weight[(time >= t) & (entry < t)].sum()  # noqa: E731
    dying = lambda t: weight[(time == t) & event].sum()  # noqa: E731
    survival = product_limit(time, time, event, weight, followed)
    uncensored = product_limit(time, time, ~event, weight, lambda t: followed(t) - dying(t))
    at_risk = np.array([followed(t) for t in time])
    u = {
        "n": np.ones(time.size),
        "S": weight.sum() * survival / at_risk,
        "S/G": weight.sum() * survival / (at_risk * uncensored),
        "n/G2": uncensored**-2.0,
        "I": 1 / at_risk,
    }[time_weight]
    sums = np.zeros(5)
    null = 0.0
    for i in np.flatnonzero(event & (time <= horizon)):
        for j in np.flatnonzero(entry < time[i]):
            pair = u[i] * weight[i] * weight[j]
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                sums[[1, 2, 0][int(np.sign(score[i] - score[j])) + 1]] += pair
            elif time[j] == time[i] and j > i:
                sums[3 if score[i] != score[j] else 4] += pair
        risk = (time >= time[i]) & (entry < time[i])
        z = (weight[risk] * np.sign(score[risk] - score[risk][:, None])).sum(axis=1)
        null += u[i] ** 2 * weight[i] * (weight[risk] * z**2).sum() / at_risk[i]
    pairs = sums[:3].sum()
    return sums, (sums[0] + sums[2] / 2) / pairs, np.sqrt(null) / (2 * pairs)


ENTRIES = st.booleans()


@st.composite
def rows(draw, entries=ENTRIES):
    n = draw(st.integers(3, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    time = rng.integers(2, draw(st.integers(4, 40)), n).astype(float)
    event = rng.random(n) < 0.7
    score = rng.integers(0, draw(st.integers(2, 30)), n).astype(float)
    entry = np.floor(rng.random(n) * time) if draw(entries) else np.full(n, -1.0)
    # Somebody outlasts an event, whatever was drawn, and is there from the start.
    time[:2], event[:2], entry[:2] = (1, 50), (True, False), -1
    return time, event, score, rng.uniform(0.2, 3, n), entry


def entry_of(start):
    return None if (start < 0).all() else np.maximum(start, 0)


@settings(deadline=None, max_examples=60)
@given(rows(), st.sampled_from(["n", "S", "S/G", "n/G2", "I"]), st.sampled_from([None, 10.0]))
def test_every_pair_is_counted_once(drawn, time_weight, horizon):
    time, event, score, weight, start = drawn
    entry = entry_of(start)
    if entry is not None and "G" in time_weight:
        return
    fit = rank(
        time, event, score, weight=weight, entry=entry, time_weight=time_weight, horizon=horizon
    )
    sums, value, null = brute(time, event, score, weight, start, time_weight, horizon or np.inf)
    np.testing.assert_allclose(counts(fit), sums, rtol=EXACT, atol=1e-10)
    assert fit.concordance.estimate == pytest.approx(value, rel=EXACT)
    assert fit.null_se == pytest.approx(null, rel=1e-9, abs=ROOT_OF_ROUNDING)


@settings(deadline=None, max_examples=25)
@given(rows())
def test_influence_is_the_derivative_by_the_weight(drawn):
    time, event, score, weight, start = drawn
    fit = rank(time, event, score, weight=weight, entry=entry_of(start))
    step = 1e-5
    slopes = []
    for i in range(time.size):
        high, low = weight.copy(), weight.copy()
        high[i], low[i] = weight[i] + step, weight[i] - step
        ends = [brute(time, event, score, w, start, "n")[1] for w in (high, low)]
        slopes.append(weight[i] * (ends[0] - ends[1]) / (2 * step))
    np.testing.assert_allclose(fit.influence, slopes, atol=DIFFERENCES)
    assert fit.influence.sum() == pytest.approx(0, abs=1e-12)
    assert fit.concordance.se**2 == pytest.approx(fit.influence @ fit.influence)


# --- equivalent data --------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(rows(entries=st.just(False)), st.sampled_from(["n", "S", "n/G2", "I"]))
def test_integer_weights_are_repeated_rows(drawn, time_weight):
    time, event, score, weight, _ = drawn
    times = np.ceil(weight).astype(int)
    copies = np.repeat(np.arange(time.size), times)
    options = {"time_weight": time_weight}
    same(
        rank(time, event, score, weight=times, **options),
        rank(time[copies], event[copies], score[copies], cluster=copies, **options),
        rtol=1e-10,
    )


@settings(deadline=None, max_examples=25)
@given(rows(), st.randoms(use_true_random=False))
def test_order_monotone_scores_and_direction_do_not_matter(drawn, random):
    time, event, score, weight, start = drawn
    entry = np.maximum(start, 0)
    order = list(range(time.size))
    random.shuffle(order)
    first = rank(time, event, score, weight=weight, entry=entry)
    moved = [values[order] for values in (time, event, np.exp(score / 30))]
    same(first, rank(*moved, weight=weight[order], entry=entry[order]), rtol=1e-10)
    same(first, rank(time, event, -score, weight=weight, entry=entry, higher_is_riskier=False))
    turned = rank(time, event, -score, weight=weight, entry=entry)
    assert turned.concordance.estimate == pytest.approx(1 - first.concordance.estimate)
    assert turned.concordance.se == pytest.approx(first.concordance.se, abs=1e-14)


@settings(deadline=None, max_examples=25)
@given(rows(entries=st.just(False)))
def test_a_row_split_in_two_changes_nothing(drawn):
    time, event, score, weight, _ = drawn
    person = np.concatenate([np.arange(time.size)] * 2)
    cut = time / 2
    split = rank(
        np.concatenate([cut, time]),
        np.concatenate([np.zeros(time.size), event]),
        np.concatenate([score, score]),
        entry=np.concatenate([np.zeros(time.size), cut]),
        weight=np.concatenate([weight, weight]),
        cluster=person,
    )
    same(rank(time, event, score, weight=weight), split, rtol=1e-10)


def test_groups():
    d = data("veteran")
    args = (d["time"], d["event"], d["karno"])
    alone = rank(*args, cluster=np.arange(d["time"].size))
    assert alone.concordance.se == rank(*args).concordance.se
    parts = [counts(rank(*(values[d["trt"] == k] for values in args))) for k in np.unique(d["trt"])]
    both = rank(*args, strata=d["trt"])
    assert counts(both) == np.sum(parts, axis=0).tolist()
    assert both.strata == 2
    scaled = rank(*args, weight=np.full(d["time"].size, 7.0))
    assert scaled.concordance.estimate == pytest.approx(rank(*args).concordance.estimate)
    assert scaled.concordance.se == pytest.approx(rank(*args).concordance.se)
    kept = np.arange(d["time"].size) % 5 > 0
    left_out = rank(*(values[kept] for values in args), time_weight="S")
    same(left_out, rank(*args, weight=kept.astype(float), time_weight="S"))


def test_times_that_differ_by_rounding_are_tied():
    assert rank([0.1 + 0.2, 0.3, 1], [1, 1, 0], [1, 2, 0]).tied_time == 1
    assert rank([0.1 + 0.2, 0.3, 1], [1, 1, 0], [1, 2, 0]).merged_times == 1


# --- what comes out, what is refused ----------------------------------------------------------


def test_result_as_values_frame_and_text():
    d = data("veteran")
    fit = rank(d["time"], d["event"], d["karno"], higher_is_riskier=False)
    values = json.loads(json.dumps(fit.to_dict()))
    assert values["concordance"]["estimate"] == fit.concordance.estimate
    assert values["discordant"] == fit.discordant
    assert "influence" not in values
    frame = fit.to_frame()
    assert frame.loc[0, "se"] == fit.concordance.se
    assert frame.loc[0, "events"] == 128
    assert "0.71" in fit.summary()
    assert "longer time" in fit.summary()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"score": [1, np.nan, 3, 4]}, DataError, "score is not a finite number in row 2"),
        ({"score": [1, 2, 3]}, DataError, "score has 3 rows, but time has 4"),
        ({"score": ["a", "b", "c", "d"]}, DataError, "score holds text"),
        ({"event": [0, 0, 0, 0]}, DataError, "No pair can be compared"),
        ({"event": [0, 0, 0, 1]}, DataError, "No pair can be compared"),
        ({"strata": [1, 2, 3, 4]}, DataError, "No pair can be compared"),
        ({"higher_is_riskier": "yes"}, DesignError, "higher_is_riskier is 'yes'"),
        ({"time_weight": "uno"}, DataError, "time_weight 'uno' is unknown"),
        ({"interval": "log"}, DataError, "interval 'log' is unknown"),
        ({"level": 0.95}, DataError, "level is 0.95"),
        ({"horizon": 0}, DataError, "horizon is 0"),
        ({"horizon": np.nan}, DataError, "horizon is nan"),
        ({"weight": [0, 0, 0, 0]}, DataError, "All weights are zero"),
        (
            {"entry": [0, 0, 2, 2], "event": [0, 0, 1, 0], "time_weight": "n/G2"},
            DataError,
            "does not exist at time 3",
        ),
    ],
)
def test_refusals(change, error, message):
    good = {
        "time": [1, 2, 3, 4],
        "event": [1, 0, 1, 0],
        "score": [1, 2, 3, 4],
        "higher_is_riskier": True,
        "level": 95,
    }
    with pytest.raises(error, match=message):
        concordance(**(good | change))


def test_direction_and_level_have_no_default():
    with pytest.raises(TypeError, match="higher_is_riskier"):
        concordance([1, 2], [1, 0], [1, 2], level=95)
    with pytest.raises(TypeError, match="level"):
        concordance([1, 2], [1, 0], [1, 2], higher_is_riskier=True)
