"""Effect sizes against R's escalc, textbook formulas and cases worked by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.evidence import effectsize as es

REFERENCE = Path(__file__).parents[1] / "reference" / "meta"
# Closed forms: only rounding separates them from R.
CLOSED_FORM = 1e-9


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("name", ["dat.bcg", "dat.collins1985b"])
def test_counts_equal_r(name: str, measure: str) -> None:
    data = json.loads((REFERENCE / f"{name}.json").read_text())
    expected = data["results"]["escalc"][measure]
    compared = 0
    for row, yi, vi in zip(data["input"]["rows"], expected["yi"], expected["vi"], strict=True):
        if yi is None or row["ai"] is None:
            continue
        got = es.from_counts(
            row["ai"],
            row["ai"] + row["bi"],
            row["ci"],
            row["ci"] + row["di"],
            measure=measure,  # type: ignore[arg-type]
        )
        assert got.yi == pytest.approx(yi, rel=CLOSED_FORM, abs=1e-12)
        assert got.vi == pytest.approx(vi, rel=CLOSED_FORM)
        compared += 1
    assert compared >= 9


def test_interval_worked_by_hand() -> None:
    # MF07-01: 0.66 (0.49 to 0.88): ln 0.88 - ln 0.49 = 0.58551, over 2 x 1.95996.
    got = es.from_interval(0.66, 0.49, 0.88, level=95, scale="log")
    assert got.yi == pytest.approx(-0.415515, abs=1e-6)
    assert got.se == pytest.approx(0.149370, abs=1e-5)
    assert got.route == "interval"
    assert not got.approximate


def test_level_of_the_interval_matters() -> None:
    # E2108: the same limits read as 90% and as 95%: 1.959964 / 1.644854 apart.
    ninety = es.from_interval(1.11, 0.82, 1.52, level=90, scale="log").se
    ninety_five = es.from_interval(1.11, 0.82, 1.52, level=95, scale="log").se
    assert ninety / ninety_five == pytest.approx(1.191573, abs=1e-6)


def test_one_limit_gives_its_own_standard_error() -> None:
    both, lower, upper = (
        es.from_interval(0.81, 0.6, 1.14, level=95, scale="log", limits=limits).se
        for limits in ("both", "lower", "upper")
    )
    assert both == pytest.approx((lower + upper) / 2)
    assert lower != pytest.approx(upper, rel=1e-3)


def test_p_value_inverts_the_wald_test() -> None:
    se = 0.15
    z = abs(math.log(0.66)) / se
    two_sided = math.erfc(z / math.sqrt(2))
    got = es.from_p_value(0.66, two_sided, sided="two", scale="log")
    assert got.se == pytest.approx(se, rel=1e-9)
    one = es.from_p_value(0.66, two_sided / 2, sided="one", scale="log")
    assert one.se == pytest.approx(se, rel=1e-9)
    assert got.approximate


def test_log_rank_is_peto() -> None:
    got = es.from_o_minus_e(-8.4, 21.0)
    assert got.yi == pytest.approx(-0.4)
    assert got.vi == pytest.approx(1 / 21)


def test_survival_at_a_landmark_worked_by_hand() -> None:
    # log(-log .684) - log(-log .679), se_i = sqrt((1-S)/n) / (sqrt(S) |log S|).
    got = es.from_survival(0.684, 0.679, n_intervention=125, n_control=131)
    expected = math.log(math.log(0.684) / math.log(0.679))
    terms = [
        math.sqrt((1 - s) / (s * n)) / abs(math.log(s)) for s, n in ((0.684, 125), (0.679, 131))
    ]
    assert got.yi == pytest.approx(expected)
    assert got.se == pytest.approx(math.hypot(*terms))
    assert "binomial" in got.note


def test_survival_takes_printed_standard_errors() -> None:
    binomial = es.from_survival(0.5, 0.4, n_intervention=50, n_control=50)
    printed = es.from_survival(0.5, 0.4, se_intervention=0.1, se_control=0.1)
    assert printed.se > binomial.se
    assert "binomial" not in printed.note


def test_medians_of_exponential_times() -> None:
    got = es.from_medians(34.6, 54.8, events_intervention=20, events_control=16)
    assert math.exp(got.yi) == pytest.approx(54.8 / 34.6)
    assert got.vi == pytest.approx(1 / 20 + 1 / 16)
    assert got.approximate
    assert "exponential" in got.note


def test_events_collapse_to_the_survival_route() -> None:
    events = es.from_events(30, 100, 40, 100)
    survival = es.from_survival(0.7, 0.6, n_intervention=100, n_control=100)
    assert (events.yi, events.se) == (survival.yi, survival.se)
    assert events.route == "events per arm"


def test_reciprocal_turns_the_sign_only() -> None:
    one = es.from_interval(0.691, 0.358, 1.333, level=95, scale="log")
    other = es.reciprocal(one)
    assert (other.yi, other.se) == (-one.yi, one.se)
    assert "reversed" in other.note


@given(
    st.floats(0.05, 20),
    st.floats(0.02, 1.5),
    st.sampled_from([70.0, 80.0, 90.0, 95.0, 99.0]),
)
def test_interval_round_trip(estimate: float, se: float, level: float) -> None:
    half = es.z_value(level) * se
    low, high = estimate * math.exp(-half), estimate * math.exp(half)
    got = es.from_interval(estimate, low, high, level=level, scale="log")
    assert got.se == pytest.approx(se, rel=1e-9)
    shown = got.estimate(level)
    assert shown.natural == pytest.approx((estimate, low, high), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: es.from_interval(0.8, 1.2, 0.6, level=95, scale="log"), "reversed"),
        (lambda: es.from_interval(0.8, 0.6, 1.2, level=0.95, scale="log"), "95 for a 95%"),
        (lambda: es.from_interval(0.8, -0.1, 1.2, level=95, scale="log"), "not above zero"),
        (lambda: es.from_interval(0.8, 0.8, 0.8, level=95, scale="log"), "standard error"),
        (lambda: es.from_p_value(0.8, 0.0, sided="two", scale="log"), "p-value of 0"),
        (lambda: es.from_p_value(1.0, 0.5, sided="two", scale="log"), "effect of zero"),
        (lambda: es.from_o_minus_e(1.0, 0.0), "not above zero"),
        (lambda: es.from_counts(5, 4, 1, 10, measure="OR"), "impossible"),
        (lambda: es.from_events(0, 10, 1, 10), "no cumulative hazard"),
        (lambda: es.from_survival(1.0, 0.5, n_intervention=10, n_control=10), "no hazard"),
        (lambda: es.from_survival(0.9, 0.5), "its n or its standard error"),
        (lambda: es.from_medians(0, 10, events_intervention=3, events_control=3), "median of zero"),
        (lambda: es.from_medians(9, 10, events_intervention=0, events_control=3), "without events"),
        (lambda: es.from_se(0.8, 0.0, scale="log"), "not above zero"),
    ],
)
def test_bad_input_says_what(call: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call()  # type: ignore[operator]


def test_empty_cell_is_continuity_corrected_and_said() -> None:
    got = es.from_counts(0, 20, 4, 20, measure="OR")
    assert "1/2 added" in got.note
    assert got.yi == pytest.approx(math.log(0.5 * 16.5 / (20.5 * 4.5)))
