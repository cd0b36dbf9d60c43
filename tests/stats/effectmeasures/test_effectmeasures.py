"""Effect measures at awkward numbers: metafor's, by hand, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.stats.effectmeasures.backtransform import (
    harmonic_mean,
    inverse_arcsine,
    inverse_double_arcsine,
    inverse_logit,
    inverse_rate_freeman_tukey,
)
from locoreg.stats.effectmeasures.correlations import correlations
from locoreg.stats.effectmeasures.means import hedges_factor, one_mean, paired_means, two_means
from locoreg.stats.effectmeasures.persontime import one_rate, two_rates
from locoreg.stats.effectmeasures.proportions import proportions
from locoreg.stats.effectmeasures.reported import (
    observed_minus_expected,
    ratio_with_interval,
    with_standard_error,
    with_variance,
)
from locoreg.stats.effectmeasures.result import DOUBLE_ZERO, MISSING, UNDEFINED, ZeroCells
from locoreg.stats.effectmeasures.twobytwo import two_by_two

FILE = Path(__file__).parents[2] / "reference" / "effectmeasures" / "measures.json"
ENTRIES = json.loads(FILE.read_text(encoding="utf-8"))["entries"]
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
FUNCTIONS: dict[str, Any] = {
    "two by two": (two_by_two, ("ai", "bi", "ci", "di"), True),
    "two rates": (two_rates, ("x1i", "t1i", "x2i", "t2i"), True),
    "one rate": (one_rate, ("xi", "ti"), True),
    "proportion": (proportions, ("xi", "ni"), True),
    "two means": (two_means, ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"), False),
    "paired means": (paired_means, ("m1i", "sd1i", "m2i", "sd2i", "ni", "ri"), False),
    "one mean": (one_mean, ("mi", "sdi", "ni"), False),
    "correlation": (correlations, ("ri", "ni"), False),
}
OWN = ZeroCells(add=None, to="only0", drop00=False)
ONLY0 = ZeroCells(add=0.5, to="only0", drop00=False)


def numbers(values: Any) -> np.ndarray:
    return np.array([np.nan if v is None else float(v) for v in values])


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_every_rule_for_zeros_equals_escalc(kind: str) -> None:
    function, names, with_zeros = FUNCTIONS[kind]
    entries = [e for e in ENTRIES if e["kind"] == kind]
    assert entries
    for e in entries:
        extra = {}
        if with_zeros:
            extra["zeros"] = ZeroCells(add=None, to=e["to"], drop00=e.get("drop00", False))
        ours = function(e["measure"], **{name: numbers(e[name]) for name in names}, **extra)
        what = f"{e['measure']} {e.get('to')} {e.get('drop00')}"
        np.testing.assert_allclose(ours.yi, numbers(e["yi"]), err_msg=what, **TIGHT)
        np.testing.assert_allclose(ours.vi, numbers(e["vi"]), err_msg=what, **TIGHT)


def test_back_transformations_equal_metafor() -> None:
    entries = {e["measure"]: e for e in ENTRIES if e["kind"] == "back"}
    ways = {
        "PFT": lambda y: inverse_double_arcsine(y, 11.0),
        "PAS": inverse_arcsine,
        "PLO": inverse_logit,
        "ZCOR": np.tanh,
    }
    for measure, way in ways.items():
        e = entries[measure]
        np.testing.assert_allclose(way(numbers(e["y"])), numbers(e["natural"]), **TIGHT)
    rate = entries["IRFT"]
    ours = inverse_rate_freeman_tukey(numbers(rate["y"]), 11.0)
    np.testing.assert_allclose(ours, numbers(rate["natural"]), **TIGHT)


def test_odds_ratio_by_hand() -> None:
    found = two_by_two("OR", ai=[10], bi=[20], ci=[5], di=[40], zeros=ONLY0)
    assert found.yi[0] == pytest.approx(math.log(10 * 40 / (20 * 5)), rel=1e-14)
    assert found.vi[0] == pytest.approx(1 / 10 + 1 / 20 + 1 / 5 + 1 / 40, rel=1e-14)


def test_each_row_without_an_effect_has_its_reason() -> None:
    zeros = ZeroCells(add=0.5, to="none", drop00=True)
    found = two_by_two(
        "OR", ai=[0, np.nan, 0, 3], bi=[5, 2, 4, 3], ci=[0, 2, 2, 3], di=[5, 2, 4, 3], zeros=zeros
    )
    assert found.omitted.tolist() == [DOUBLE_ZERO, MISSING, UNDEFINED, 0]
    assert np.isnan(found.yi[:3]).all()
    assert np.isnan(found.vi[:3]).all()
    assert not found.corrected.any()


def test_a_constant_is_marked_where_it_was_added() -> None:
    found = two_by_two("OR", ai=[0, 3], bi=[5, 3], ci=[1, 3], di=[4, 3], zeros=ONLY0)
    assert found.corrected.tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: two_by_two("OR", ai=[1, -1], bi=[1, 1], ci=[1, 1], di=[1, 1], zeros=ONLY0),
            "row 2: ai is -1",
        ),
        (lambda: proportions("PR", xi=[3, 5], ni=[4, 4], zeros=ONLY0), "row 2: xi is 5"),
        (lambda: proportions("PR", xi=[0], ni=[0], zeros=ONLY0), "row 1: ni is 0"),
        (
            lambda: two_rates("IRR", x1i=[1], t1i=[0], x2i=[1], t2i=[1], zeros=ONLY0),
            "row 1: t1i is 0",
        ),
        (
            lambda: two_means("SMD", m1i=[1], sd1i=[0], n1i=[9], m2i=[1], sd2i=[1], n2i=[9]),
            "row 1: sd1i is 0",
        ),
        (
            lambda: two_means("MD", m1i=[1], sd1i=[1], n1i=[1], m2i=[1], sd2i=[1], n2i=[9]),
            "row 1: n1i is 1",
        ),
        (lambda: correlations("ZCOR", ri=[0.2, 1.0], ni=[9, 9]), "row 2: ri is 1"),
        (lambda: with_variance("GEN", yi=[1], vi=[0]), "row 1: vi is 0"),
        (lambda: with_standard_error("GEN", yi=[1], sei=[-1]), "row 1: sei is -1"),
        (lambda: observed_minus_expected("HR", o_minus_e=[1], variance=[0]), "row 1: variance"),
        (
            lambda: ratio_with_interval("HR", est=[2], ci_low=[0.5], ci_high=[1.5], ci_level=95),
            "row 1: est is 2, outside",
        ),
        (
            lambda: ratio_with_interval("HR", est=[1], ci_low=[2], ci_high=[1.5], ci_level=95),
            "row 1: ci_low is 2",
        ),
    ],
)
def test_impossible_numbers_are_refused_with_their_row(call: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="different lengths: xi 2, ni 1"):
        proportions("PR", xi=[1, 2], ni=[4], zeros=ONLY0)


def test_hazard_ratio_from_its_interval_by_hand() -> None:
    se = 0.2
    low, high = math.exp(-0.3 - 1.959963984540054 * se), math.exp(-0.3 + 1.959963984540054 * se)
    found = ratio_with_interval(
        "HR", est=[math.exp(-0.3)], ci_low=[low], ci_high=[high], ci_level=95
    )
    assert found.yi[0] == pytest.approx(-0.3, rel=1e-12)
    assert found.vi[0] == pytest.approx(se**2, rel=1e-12)


def test_o_minus_e_by_hand() -> None:
    found = observed_minus_expected("HR", o_minus_e=[-4.0], variance=[16.0])
    assert (found.yi[0], found.vi[0]) == (-0.25, 0.0625)


def test_hedges_factor_is_the_published_one() -> None:
    # Hedges (1981), table 1: c(2) = 0.5642, c(10) = 0.9228.
    assert hedges_factor([2.0, 10.0]) == pytest.approx([0.5642, 0.9228], abs=1e-4)
    assert np.isnan(hedges_factor(1.0))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.data())
def test_double_arcsine_comes_back_exactly(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    found = proportions("PFT", xi=[x], ni=[n], zeros=OWN)
    assert inverse_double_arcsine(found.yi, n)[0] == pytest.approx(x / n, abs=2e-7)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 50), st.floats(0.5, 1e4))
def test_freeman_tukey_rate_comes_back_exactly(x: int, t: float) -> None:
    found = one_rate("IRFT", xi=[x], ti=[t], zeros=OWN)
    assert inverse_rate_freeman_tukey(found.yi, t)[0] == pytest.approx(x / t, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=4, max_size=4))
def test_exchanging_groups_changes_the_sign(cells: list[int]) -> None:
    a, b, c, d = ([value] for value in cells)
    for measure in ("OR", "RR", "RD", "AS", "PETO", "PHI", "PHI-ST", "YUQ", "YUY"):
        one = two_by_two(measure, ai=a, bi=b, ci=c, di=d, zeros=ONLY0)
        other = two_by_two(measure, ai=c, bi=d, ci=a, di=b, zeros=ONLY0)
        assert other.yi[0] == pytest.approx(-one.yi[0], rel=1e-9, abs=1e-12)
        assert other.vi[0] == pytest.approx(one.vi[0], rel=1e-9)


def test_harmonic_mean() -> None:
    assert harmonic_mean([2, 6]) == pytest.approx(3.0)
    with pytest.raises(DataError, match="sizes above 0"):
        harmonic_mean([2, 0])


def test_strange_constants_are_refused() -> None:
    with pytest.raises(DataError, match="add is -1"):
        ZeroCells(add=-1, to="only0", drop00=False)
    with pytest.raises(DataError, match="'some' is unknown"):
        ZeroCells(add=0.5, to="some", drop00=False)  # type: ignore[arg-type]
