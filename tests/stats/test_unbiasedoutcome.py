"""Replaced outcomes: worked by hand, against quadrature, and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate

from locoreg.stats.unbiasedoutcome import mean_outcome, unbiased_outcome

EXACT = 1e-12  # sums of a few products of doubles
QUADRATURE = 1e-9  # scipy's own error, over pieces


def drawn(seed, n, *, months, bins=4):
    rng = np.random.default_rng(seed)
    edges = np.array([0.0, 2.0, 3.0, 6.0, 8.0]) if months else np.array([0.0, 0.4, 1.1, 1.7, 2.5])
    hazard = rng.uniform(0.02, 0.3, (n, bins)) * (1.0 if months else 2.0)
    censoring = rng.uniform(0.02, 0.3, (n, bins)) * (1.0 if months else 2.0)
    return rng, edges, hazard, censoring


def followed(rng, edges, hazard, censoring, *, months, restricted_mean):
    """Draw follow-up under hazards that are constant within bins."""
    last = edges[-1]
    if months:
        place = np.searchsorted(edges, np.arange(last), side="right") - 1
        ends = []
        for probability in (hazard, censoring):
            never = rng.random((hazard.shape[0], int(last))) >= probability[:, place]
            ends.append(np.where(never.all(axis=1), np.inf, (~never).argmax(axis=1)))
        died, lost = ends
        lost = np.where(lost >= last - 1, np.inf, lost)  # the last month loses nothing
    else:
        died, lost = (_exponential(rng, edges, rate) for rate in (hazard, censoring))
    event = (died <= lost) & (died < last)
    beyond = np.minimum(died, lost) >= last
    time = np.where(beyond, last, np.where(event, died, np.minimum(died, lost)))
    truth = np.minimum(died, last) if restricted_mean else (died >= last).astype(float)
    value = np.minimum(time, last) if restricted_mean else beyond.astype(float)
    return time, event | beyond, value, truth


def _exponential(rng, edges, rate):
    need = rng.exponential(size=rate.shape[0])
    out = np.full(need.size, np.inf)
    passed = np.zeros(need.size)
    for b in range(edges.size - 1):
        width = edges[b + 1] - edges[b]
        here = np.isinf(out) & (need < passed + rate[:, b] * width)
        out[here] = edges[b] + (need - passed)[here] / rate[here, b]
        passed += rate[:, b] * width
    return out


@pytest.mark.parametrize("months", [False, True])
def test_weights_add_up_to_one(months):
    """An outcome that is always the same is not changed: with no hazard everybody lives on."""
    rng, edges, hazard, censoring = drawn(1, 500, months=months)
    time, done, _, _ = followed(rng, edges, hazard, censoring, months=months, restricted_mean=False)
    got = unbiased_outcome(
        time, done, np.zeros(500), np.ones(500), edges, np.zeros_like(hazard), censoring,
        restricted_mean=False, months=months,
    )  # fmt: skip
    assert np.abs(got.value - 1.0).max() < EXACT
    assert (got.uncensored[time > edges[1]] < 1.0).all()


@pytest.mark.parametrize("months", [False, True])
@pytest.mark.parametrize("restricted_mean", [False, True])
def test_without_censoring_outcomes_stay(months, restricted_mean):
    rng, edges, hazard, _ = drawn(2, 300, months=months)
    none = np.zeros_like(hazard)
    time, done, value, _ = followed(
        rng, edges, hazard, none, months=months, restricted_mean=restricted_mean
    )
    got = unbiased_outcome(
        time, done, np.zeros(300), value, edges, hazard, none,
        restricted_mean=restricted_mean, months=months,
    )  # fmt: skip
    assert done.all()
    assert (got.value == value).all()
    assert (got.uncensored == 1.0).all()


def test_one_censored_person_by_hand():
    """One bin, S and G exponential with the same rate r: Q(s) = e^-r(L-s), 1/G = e^rs.

    Censored at u: Q(u)/G(u) - int_0^u Q(s) r e^rs ds = e^-rL (e^2ru - (e^2ru - 1) / 2).
    """
    r, last, u = 0.7, 2.0, 0.9
    rate = np.array([[r]])
    got = unbiased_outcome(
        np.array([u]), np.array([False]), np.zeros(1), np.zeros(1), np.array([0.0, last]), rate,
        rate, restricted_mean=False, months=False,
    )  # fmt: skip
    grown = math.exp(2 * r * u)
    assert got.value[0] == pytest.approx(math.exp(-r * last) * (grown - (grown - 1) / 2), rel=1e-9)


def test_months_by_hand():
    """Three months, deaths .5 per month, censoring .2; P(T > month 2) is asked for.

    1/G is 1.25 after month 0 and 1.5625 after month 1. Who is censored in a month has lived through
    it, so that Q at these steps is 1/4 and 1/2.
    """
    got = unbiased_outcome(
        np.array([1.0, 3.0, 1.0]), np.array([False, True, True]), np.zeros(3),
        np.array([0.0, 1.0, 0.0]), np.arange(4.0), np.full((3, 3), 0.5), np.full((3, 3), 0.2),
        restricted_mean=False, months=True,
    )  # fmt: skip
    spent = 0.25 * 0.25 + 0.3125 * 0.5
    # The event in month 1 is weighted by censoring in month 0 only; the end by months 0 and 1.
    assert got.value == pytest.approx([0.5 * 1.5625 - spent, 1.5625 - spent, -0.25 * 0.25])
    assert got.uncensored == pytest.approx([0.64, 0.64, 0.8])


@pytest.mark.parametrize("restricted_mean", [False, True])
def test_against_quadrature(restricted_mean):
    rng, edges, hazard, censoring = drawn(3, 6, months=False)
    time, done, value, _ = followed(
        rng, edges, hazard, censoring, months=False, restricted_mean=restricted_mean
    )
    entry = np.where(np.arange(6) % 2 == 1, 0.5 * time, 0.0)
    got = unbiased_outcome(
        time, done, entry, value, edges, hazard, censoring,
        restricted_mean=restricted_mean, months=False,
    )  # fmt: skip
    for i in range(6):
        want = _by_quadrature(
            time[i], done[i], entry[i], value[i], edges, hazard[i], censoring[i], restricted_mean
        )
        assert got.value[i] == pytest.approx(want, abs=QUADRATURE)


def _by_quadrature(time, done, entry, value, edges, hazard, censoring, restricted_mean):
    def total(rate, s):
        return float((np.clip(s - edges[:-1], 0.0, np.diff(edges)) * rate).sum())

    def alive(s):
        return math.exp(-total(hazard, s))

    def pieces(f, low, high):
        cuts = [low, *edges[(edges > low) & (edges < high)], high]
        return sum(integrate.quad(f, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(cuts))

    def rest(s):
        if restricted_mean:
            return s + pieces(alive, s, edges[-1]) / alive(s)
        return alive(edges[-1]) / alive(s)

    def grown(s):
        return math.exp(total(censoring, s) - total(censoring, entry))

    def slope(s):
        b = min(int(np.searchsorted(edges, s, side="right")) - 1, censoring.size - 1)
        return rest(s) * censoring[b] * grown(s)

    end = value if done else rest(time)
    return end * grown(time) - pieces(slope, entry, time)


@pytest.mark.parametrize("months", [False, True])
@pytest.mark.parametrize("restricted_mean", [False, True])
def test_the_mean_of_hazards_is_the_mean_of_draws(months, restricted_mean):
    rng, edges, hazard, censoring = drawn(4, 1, months=months)
    n = 100_000
    truth = followed(
        rng, edges, np.repeat(hazard, n, axis=0), np.repeat(censoring, n, axis=0),
        months=months, restricted_mean=restricted_mean,
    )[3]  # fmt: skip
    mean = mean_outcome(edges, hazard, restricted_mean=restricted_mean, months=months)[0]
    assert abs(truth.mean() - mean) < 4.0 * truth.std() / math.sqrt(n)


@pytest.mark.parametrize("months", [False, True])
@pytest.mark.parametrize("restricted_mean", [False, True])
@pytest.mark.parametrize("wrong", ["event", "censoring"])
def test_one_right_model_is_enough(months, restricted_mean, wrong):
    rng, edges, hazard, censoring = drawn(5, 1, months=months)
    n = 100_000
    S, G = np.repeat(hazard, n, axis=0), np.repeat(censoring, n, axis=0)
    time, done, value, _ = followed(
        rng, edges, S, G, months=months, restricted_mean=restricted_mean
    )
    exact = mean_outcome(edges, hazard, restricted_mean=restricted_mean, months=months)[0]
    used = {"event": (0.4 * S, G), "censoring": (S, 2.0 * G)}[wrong]
    got = unbiased_outcome(
        time, done, np.zeros(n), value, edges, *used,
        restricted_mean=restricted_mean, months=months,
    )  # fmt: skip
    assert abs(got.value.mean() - exact) < 4.0 * got.value.std() / math.sqrt(n)
    both = unbiased_outcome(
        time, done, np.zeros(n), value, edges, 0.4 * S, 2.0 * G,
        restricted_mean=restricted_mean, months=months,
    )  # fmt: skip
    # With both wrong it is biased: the test could fail.
    assert abs(both.value.mean() - exact) > 4.0 * both.value.std() / math.sqrt(n)


@pytest.mark.parametrize("months", [False, True])
def test_held_probabilities_keep_the_mean_if_the_event_is_right(months):
    rng, edges, hazard, censoring = drawn(6, 1, months=months)
    n, limit = 100_000, 0.6
    S, G = np.repeat(hazard, n, axis=0), np.repeat(censoring, n, axis=0)
    time, done, value, _ = followed(rng, edges, S, G, months=months, restricted_mean=True)
    got = unbiased_outcome(
        time, done, np.zeros(n), value, edges, S, G, restricted_mean=True, months=months,
        smallest=limit,
    )  # fmt: skip
    assert got.uncensored.min() == pytest.approx(limit)
    exact = mean_outcome(edges, hazard, restricted_mean=True, months=months)[0]
    assert abs(got.value.mean() - exact) < 4.0 * got.value.std() / math.sqrt(n)


@pytest.mark.parametrize("months", [False, True])
@pytest.mark.parametrize("restricted_mean", [False, True])
def test_late_entry(months, restricted_mean):
    """Given survival up to entry, the mean is Q there; from time zero it is the whole mean."""
    rng, edges, hazard, censoring = drawn(7, 1, months=months)
    n = 200_000
    S, G = np.repeat(hazard, n, axis=0), np.repeat(censoring, n, axis=0)
    begin = rng.integers(0, 5, n).astype(float) if months else rng.uniform(0.0, 1.5, n)
    time, done, value, _ = followed(
        rng, edges, S, G, months=months, restricted_mean=restricted_mean
    )
    seen = time >= begin
    got = unbiased_outcome(
        time[seen], done[seen], begin[seen], value[seen], edges, S[seen], G[seen],
        restricted_mean=restricted_mean, months=months,
    )  # fmt: skip
    mean = mean_outcome(edges, hazard, restricted_mean=restricted_mean, months=months)[0]
    whole = mean + got.alive_at_entry * (got.value - got.at_entry)
    assert abs(whole.mean() - mean) < 4.0 * whole.std() / math.sqrt(seen.sum())
    # Those seen have lived until entry: their own mean is higher.
    assert got.value.mean() - mean > 4.0 * got.value.std() / math.sqrt(seen.sum())


def test_entry_at_the_horizon_tells_nothing():
    """The outcome was known at entry: what is left of it is 0."""
    for months, edges in ((False, np.array([0.0, 1.0, 2.0])), (True, np.arange(3.0))):
        hazard = np.full((1, 2), 0.3)
        got = unbiased_outcome(
            np.array([2.0]), np.array([True]), np.array([2.0]), np.array([2.0]), edges, hazard,
            hazard, restricted_mean=True, months=months,
        )  # fmt: skip
        assert got.value[0] - got.at_entry[0] == pytest.approx(0.0, abs=EXACT)
