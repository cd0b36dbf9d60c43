from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize, special, stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.bandquantiles import equal_precision_quantile, hall_wellner_quantile
from locoreg.stats.bands import BANDS, confidence_bands
from locoreg.stats.curveintervals import CURVE_INTERVALS
from tests.stats.drawn_rows import rows, take
from tests.stats.survival_cases import data

# Klein and Moeschberger's tables have four decimals.
PRINTED = 7e-5
# Of the independent computations here, both of second order in their step.
GRID = 1e-5
# A few thousand multipliers: the critical value has a standard error of about 0.02.
RANDOM = 0.08
ROUNDING = 1e-10

# Klein JP, Moeschberger ML (2003). Survival analysis, 2nd ed., appendix C: range, level, value.
HALL_WELLNER = [
    ((0.10, 0.60), 95, 1.3211),
    ((0.00, 0.20), 95, 0.9269),
    ((0.00, 0.40), 95, 1.1976),
    ((0.00, 1.00), 95, 1.3581),
    ((0.16, 1.00), 95, 1.3578),
    ((0.28, 1.00), 90, 1.2130),
    ((0.12, 0.50), 99, 1.5520),
    ((0.36, 0.40), 99, 1.3950),
]
EQUAL_PRECISION = [
    ((0.10, 0.60), 95, 2.8826),
    ((0.20, 0.60), 95, 2.7666),
    ((0.60, 0.90), 95, 2.7666),
    ((0.34, 0.60), 90, 2.3257),
    ((0.54, 0.88), 90, 2.4792),
]

# Disease-free survival in days of the 38 patients with acute lymphoblastic leukaemia: Klein and
# Moeschberger, table 1.3; times below zero stand for patients who were alive without disease.
LEUKAEMIA = np.fromstring(
    """1 55 74 86 104 107 109 110 122 122 129 172 192 194 -226 230 276 332 383 418 466 487 526
    -530 609 662 -996 -1111 -1167 -1182 -1199 -1330 -1377 -1433 -1462 -1496 -1602 -2081""",
    sep=" ",
)


@pytest.mark.parametrize(("ends", "level", "printed"), HALL_WELLNER)
def test_hall_wellner_table(ends, level, printed):
    assert hall_wellner_quantile(*ends, level) == pytest.approx(printed, abs=PRINTED)


def tail_approximation(low, high, level):
    """The formula behind the printed table of equal-precision values (Miller and Siegmund 1982)."""
    spread = special.logit(high) - special.logit(low)

    def excess(c):
        density = stats.norm.pdf(c)
        return 4 * density / c + density * (c - 1 / c) * spread - (1 - level / 100)

    return optimize.brentq(excess, 1.5, 6)


@pytest.mark.parametrize(("ends", "level", "printed"), EQUAL_PRECISION)
def test_equal_precision_table(ends, level, printed):
    # The printed values solve a tail approximation, which comes near the exact ones in ranges of
    # middle length.
    assert tail_approximation(*ends, level) == pytest.approx(printed, abs=PRINTED)
    assert equal_precision_quantile(*ends, level) == pytest.approx(printed, abs=0.015)


@pytest.mark.parametrize("ends", [(0.1, 0.6), (0.02, 0.98), (0.4, 0.45)])
@pytest.mark.parametrize("level", [90, 99])
def test_equal_precision_by_finite_differences(ends, level):
    c = equal_precision_quantile(*ends, level)
    duration = 0.5 * (special.logit(ends[1]) - special.logit(ends[0]))
    x = np.linspace(-c, c, 1201)
    h = x[1] - x[0]
    density, between = stats.norm.pdf(x[1:-1]), stats.norm.pdf((x[:-1] + x[1:]) / 2)
    diagonal = (between[:-1] + between[1:]) / density / h**2
    beside = -between[1:-1] / np.sqrt(density[:-1] * density[1:]) / h**2
    rates, vectors = linalg.eigh_tridiagonal(diagonal, beside)
    stays = (np.sqrt(density * h) @ vectors) ** 2 @ np.exp(-rates * duration)
    assert stays == pytest.approx(level / 100, abs=GRID)


@pytest.mark.parametrize("level", [90, 95, 99])
def test_hall_wellner_over_everything_is_kolmogorov(level):
    expected = stats.kstwobign.ppf(level / 100)
    assert hall_wellner_quantile(0, 1, level) == pytest.approx(expected, abs=1e-9)
    # A range on the left is one on the right, mirrored.
    left = hall_wellner_quantile(0.05, 0.4, level)
    assert hall_wellner_quantile(0.6, 0.95, level) == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("low", [0.05, 0.5])
def test_short_ranges_come_down_to_one_time(low):
    z = stats.norm.ppf(0.975)
    assert equal_precision_quantile(low, low, 95) == pytest.approx(z, abs=1e-9)
    # Continuous across the change from the series to the interpolation, at a duration of 0.02.
    place = special.logit(low)
    values = [
        equal_precision_quantile(low, special.expit(place + 2 * duration), 95)
        for duration in (0.019999, 0.020001)
    ]
    assert values[0] < values[1] < values[0] + 1e-4
    short = hall_wellner_quantile(low, low + 1e-6, 95)
    assert short == pytest.approx(z * np.sqrt(low * (1 - low)), rel=3e-3)


def test_against_simulated_bridges():
    # The discrete bridge misses excursions between its steps, by about 0.58 of a step's deviation.
    steps, paths = 1500, 15_000
    rng = np.random.default_rng(5)
    x = np.arange(1, steps + 1) / steps
    inside = (x > 0.2) & (x < 0.7)
    scale = np.sqrt(x * (1 - x))[inside]
    largest = np.empty((2, paths))
    for first in range(0, paths, 1000):
        motion = np.cumsum(rng.standard_normal((1000, steps)), axis=1) / np.sqrt(steps)
        bridge = (motion - x * motion[:, -1:])[:, inside]
        largest[:, first : first + 1000] = [
            np.abs(bridge).max(axis=1),
            np.abs(bridge / scale).max(axis=1),
        ]
    missed = 0.5826 / np.sqrt(steps)
    hall_wellner = hall_wellner_quantile(0.2, 0.7, 95)
    assert np.quantile(largest[0], 0.95) + missed == pytest.approx(hall_wellner, abs=0.015)
    # Where an excursion peaks is unknown; the scale is between 0.4 and 0.5 over the range.
    equal_precision = equal_precision_quantile(0.2, 0.7, 95)
    assert np.quantile(largest[1], 0.95) + missed / 0.45 == pytest.approx(equal_precision, abs=0.04)


@pytest.mark.parametrize("quantile", [equal_precision_quantile, hall_wellner_quantile])
@pytest.mark.parametrize("ends", [(-0.1, 0.5), (0.6, 0.5), (0.1, 1.1), (np.nan, 0.5)])
def test_bad_ranges_of_the_laws(quantile, ends):
    with pytest.raises(DataError, match="the range from"):
        quantile(*ends, 95)


def leukaemia():
    return np.abs(LEUKAEMIA), LEUKAEMIA > 0


def test_published_example():
    # Klein and Moeschberger, section 4.4: bands of the leukaemia data from 100 to 600 days, with
    # a_L = 0.1 and a_U = 0.6 after rounding to the table's grid.
    time, event = leukaemia()
    options = {"time_range": (100, 600), "level": 95}
    wide = confidence_bands(time, event, band="hall-wellner", **options)["all"]
    assert wide.critical_value == pytest.approx(1.3211, abs=0.01)
    narrow = confidence_bands(time, event, band="equal-precision", **options)["all"]
    assert narrow.critical_value == pytest.approx(2.8826, abs=0.02)


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("interval", CURVE_INTERVALS)
def test_bands_by_formula(band, interval):
    time, event = leukaemia()
    found = confidence_bands(
        time, event, band=band, interval=interval, time_range=(80, 650), level=90
    )["all"]
    s, c, n = found.estimate, found.critical_value, time.size
    sigma = found.se / s
    q = c * sigma if band == "equal-precision" else c * (1 + n * sigma**2) / np.sqrt(n)
    low, high = {
        "plain": lambda: (s - q * s, s + q * s),
        "log": lambda: (s * np.exp(-q), s * np.exp(q)),
        "log-log": lambda: (s ** np.exp(-q / np.log(s)), s ** np.exp(q / np.log(s))),
        "logit": lambda: (
            special.expit(special.logit(s) - q / (1 - s)),
            special.expit(special.logit(s) + q / (1 - s)),
        ),
        "arcsine": lambda: (
            np.sin(np.maximum(np.arcsin(np.sqrt(s)) - q / 2 * np.sqrt(s / (1 - s)), 0)) ** 2,
            np.sin(np.minimum(np.arcsin(np.sqrt(s)) + q / 2 * np.sqrt(s / (1 - s)), np.pi / 2))
            ** 2,
        ),
    }[interval]()
    np.testing.assert_allclose(found.band_low, np.clip(low, 0, 1), rtol=1e-9)
    np.testing.assert_allclose(found.band_high, np.clip(high, 0, 1), rtol=1e-9)
    assert found.time[0] == 80
    # What holds at 80 is the curve since 74.
    assert s[0] == pytest.approx(1 - 3 / 38)
    ends = n * sigma[[0, -1]] ** 2 / (1 + n * sigma[[0, -1]] ** 2)
    law = equal_precision_quantile if band == "equal-precision" else hall_wellner_quantile
    assert c == pytest.approx(law(*ends, 90))


def big_sample(n=800, seed=3):
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(10, n), rng.uniform(5, 30, n)
    return np.minimum(time, censored), time <= censored


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("entry", [False, True])
def test_multipliers_agree_with_the_law(band, entry):
    time, event = big_sample()
    options = {"band": band, "time_range": (1, 15), "level": 95}
    if entry:
        options["entry"] = np.where(np.arange(time.size) % 3 == 0, time * 0.3, 0.0)
    exact = confidence_bands(time, event, **options)["all"]
    # Rows as their own clusters: the same process by another way.
    for cluster in (None, np.arange(time.size) // 1):
        drawn = confidence_bands(
            time, event, **options, cluster=cluster, variance="robust", replicates=3000, seed=1
        )["all"]
        # Without delayed entry the two variances are the same.
        np.testing.assert_allclose(drawn.se, exact.se, rtol=0.05 if entry else 1e-9)
        assert drawn.critical_value == pytest.approx(exact.critical_value, abs=RANDOM)


def test_twins_double_the_variance():
    time, event = big_sample(400)
    options = {"band": "equal-precision", "time_range": (1, 15), "level": 95}
    options |= {"replicates": 4000, "seed": 2}
    single = confidence_bands(time, event, **options, variance="robust")["all"]
    twins = confidence_bands(
        np.tile(time, 2), np.tile(event, 2), **options, cluster=np.tile(np.arange(400), 2)
    )
    assert twins.clusters == 400
    np.testing.assert_allclose(twins["all"].se, single.se, rtol=1e-9)
    assert twins["all"].critical_value == pytest.approx(single.critical_value, abs=RANDOM)


def test_seeds():
    time, event = big_sample(100)
    options = {"band": "equal-precision", "time_range": (1, 12), "level": 95}
    options |= {"variance": "robust", "replicates": 200}
    one = confidence_bands(time, event, **options, seed=1)["all"]
    again = confidence_bands(time, event, **options, seed=np.random.default_rng(1))["all"]
    other = confidence_bands(time, event, **options, seed=2)["all"]
    assert one.critical_value == again.critical_value != other.critical_value
    order = np.random.default_rng(0).permutation(100)
    shuffled = confidence_bands(time[order], event[order], **options, seed=1)["all"]
    assert shuffled.critical_value == pytest.approx(one.critical_value, rel=ROUNDING)


def test_blocks_change_nothing(monkeypatch):
    time, event = big_sample(60)
    options = {"band": "hall-wellner", "time_range": (1, 12), "level": 95}
    options |= {"variance": "robust", "replicates": 99, "seed": 4}
    whole = confidence_bands(time, event, **options)["all"].critical_value
    monkeypatch.setattr("locoreg.stats.multiplier.BLOCK", 500)
    parts = confidence_bands(time, event, **options)["all"].critical_value
    assert parts == pytest.approx(whole, rel=ROUNDING)


def test_result_forms():
    lung = data("lung")
    found = confidence_bands(
        lung["time"],
        lung["event"],
        strata=lung["sex"],
        band="hall-wellner",
        interval="plain",
        time_range=(0, 700),
        level=95,
    )
    assert [band.stratum for band in found] == ["1", "2"]
    assert len(found) == 2
    assert found.replicates is None
    json.dumps(found.to_dict(), allow_nan=False)
    table = found.to_frame()
    assert list(table) == ["stratum", "time", "estimate", "se", "band_low", "band_high"]
    assert len(table) == found["1"].time.size + found["2"].time.size
    # Before the first event survival is 1, and the band is 1 less k over the root of n.
    first = found["1"]
    assert first.estimate[0] == 1
    assert first.band_low[0] == pytest.approx(1 - first.critical_value / np.sqrt(first.n))
    assert first.band_high[0] == 1
    assert "95% hall-wellner band on the plain scale" in found.summary()
    with pytest.raises(DesignError, match="no stratum '3'"):
        found["3"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"band": "scheffe"}, "band 'scheffe' is unknown"),
        ({"interval": "cube"}, "interval 'cube' is unknown"),
        ({"time_range": (3, 2)}, "two ascending times"),
        ({"time_range": 3}, "two ascending times"),
        ({"time_range": (2, 9)}, r"9, lies after the follow-up.* is 7\."),
        ({"time_range": (1, 5)}, "starts before the first event.*Hint: start at 2"),
        ({"band": "hall-wellner", "time_range": (1, 5)}, "starts before the first event"),
        ({"time_range": (0.5, 1.5)}, "no event up to the end"),
        ({"event": [0, 1, 1, 1, 1, 1]}, "Survival is 0 at the end.*at 5 or earlier"),
        ({"replicates": 100}, "critical value is computed, without replicates"),
        ({"variance": "robust"}, "replicates is missing"),
        ({"variance": "robust", "replicates": 100}, "seed is missing"),
        ({"variance": "robust", "replicates": 5, "seed": 1}, "too few for a level of 95"),
        ({"variance": "robust", "replicates": 10.5, "seed": 1}, "must be a whole number"),
        ({"variance": "robust", "replicates": 100, "seed": -1}, "must not be negative"),
    ],
)
def test_bad_input(change, message):
    good = {"time": [1, 2, 3, 4, 5, 7], "event": [0, 1, 1, 1, 1, 0]}
    options = {"band": "equal-precision", "time_range": (2, 7), "level": 95}
    with pytest.raises((DataError, DesignError), match=message):
        confidence_bands(**{**good, **options, **change})


def usable(drawn):
    """Whether stratum a has an event by time 9."""
    positive = drawn.get("weight", np.ones(len(drawn["time"]))) > 0
    return (drawn["event"] & positive & (drawn["time"] <= 9)).any()


@settings(deadline=None, max_examples=40)
@given(rows(smallest=6), st.sampled_from([0.2, 3.0]), st.integers(0, 5))
def test_order_and_scale_of_weights(drawn, factor, seed):
    drawn["strata"] = np.repeat("a", len(drawn["time"]))
    if not usable(drawn):
        return
    options = {"band": "hall-wellner", "interval": "plain", "time_range": (0.5, 9.5), "level": 90}
    options |= {"variance": "robust", "replicates": 50, "seed": seed}
    try:
        found = confidence_bands(**drawn, **options)["a"]
    except DesignError as error:
        # Delayed entry may let survival come to 0 early.
        assert "Survival of stratum a is 0" in str(error)  # noqa: PT017
        return
    order = np.random.default_rng(seed).permutation(len(drawn["time"]))
    changed = take(drawn, order)
    changed["weight"] = factor * changed.get("weight", np.ones(len(order)))
    other = confidence_bands(**changed, **options)["a"]
    for name in ("time", "estimate", "se", "band_low", "band_high"):
        np.testing.assert_allclose(getattr(other, name), getattr(found, name), rtol=1e-9, atol=1e-9)
    assert (found.band_low <= found.estimate).all()
    assert (found.band_high >= found.estimate).all()
