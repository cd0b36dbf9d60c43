"""Sequential kernels against published tables, rpact, simulation, and tests with one look."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.stats.groupsequential import (
    Classical,
    Futility,
    FutilityRule,
    Spending,
    classical_boundaries,
    crossing,
    regions,
    repeated_intervals,
    sequential_design,
    spending_boundaries,
    stage_wise,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "sequential"
RPACT = json.loads((REFERENCE / "rpact.json").read_text(encoding="utf-8"))
OBF, POCOCK = Spending(name="obrien-fleming"), Spending(name="pocock")

# rpact stops its searches at 1e-8 on the level, which leaves about 1e-6 on a boundary.
BOUNDARY = {"rtol": 0, "atol": 2e-6}
# Its one-sided integrals run over a range without a lower end on a coarser grid: where two looks
# lie close together its one- and two-sided boundaries differ by up to 1e-5, ours by 1e-10.
BOUNDARY_ONE_SIDED = {"rtol": 0, "atol": 1.2e-5}
SIZE = {"rtol": 5e-6, "atol": 0}

# Jennison and Turnbull (2000), tables 2.1 and 2.3: constants for two-sided 5%.
POCOCK_CONSTANTS = {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 6: 2.453, 7: 2.485, 8: 2.512, 9: 2.535,
                    10: 2.555}  # fmt: skip
OBF_CONSTANTS = {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 6: 2.053, 7: 2.063, 8: 2.072, 9: 2.080,
                 10: 2.087}  # fmt: skip
# Tables 2.2 and 2.4: maximum sample size over that of a fixed test, power 0.8 and 0.9.
POCOCK_SIZES = {2: (1.110, 1.100), 3: (1.166, 1.151), 4: (1.202, 1.183), 5: (1.229, 1.207)}
OBF_SIZES = {2: (1.008, 1.007), 3: (1.017, 1.016), 4: (1.024, 1.022), 5: (1.028, 1.026)}


def equal(looks: int) -> np.ndarray:
    return np.arange(1, looks + 1) / looks


@pytest.mark.parametrize(
    ("name", "constants", "sizes"),
    [("pocock", POCOCK_CONSTANTS, POCOCK_SIZES), ("obrien-fleming", OBF_CONSTANTS, OBF_SIZES)],
)
def test_published_constants(name, constants, sizes):
    for looks, printed in constants.items():
        region = classical_boundaries(
            equal(looks), alpha=0.05, sides=2, design=Classical(name=name)
        )
        assert region.upper[-1] == pytest.approx(printed, abs=5.1e-4)
        np.testing.assert_allclose(region.lower, -region.upper)
    for looks, pair in sizes.items():
        for power, printed in zip((0.8, 0.9), pair, strict=True):
            design = sequential_design(
                equal(looks), alpha=0.05, power=power, sides=2, shape=Classical(name=name),
                futility=None,
            )  # fmt: skip
            assert design.inflation == pytest.approx(printed, abs=5.1e-4)


def test_lan_demets_example():
    """Lan and DeMets 1983, five equal looks, one-sided 5%."""
    of = spending_boundaries(equal(5), final=1, alpha=0.05, sides=1, spending=OBF).region.upper
    np.testing.assert_allclose(of, [4.23, 2.89, 2.30, 1.96, 1.74], atol=6e-3)
    pocock = spending_boundaries(equal(5), final=1, alpha=0.05, sides=1, spending=POCOCK)
    np.testing.assert_allclose(pocock.region.upper, [2.18, 2.14, 2.11, 2.09, 2.07], atol=6e-3)


def shape_of(ours):
    if ours["kind"] == "classical":
        return Classical(name=ours["shape"], parameter=ours.get("parameter"))
    return Spending(name=ours["shape"], parameter=ours.get("parameter"))


@pytest.mark.parametrize("case", RPACT["designs"], ids=lambda case: case["name"])
def test_designs_of_rpact(case):
    ours = case["ours"]
    rule = None
    if ours["kind"] == "futility":
        rule = FutilityRule(
            spending=Spending(name=ours["beta_shape"], parameter=ours["beta_parameter"]),
            binding=ours["binding"], wedge="inside",
        )  # fmt: skip
    design = sequential_design(
        case["fractions"], alpha=ours["alpha"], power=ours["power"], sides=ours["sides"],
        shape=shape_of(ours), futility=rule,
    )  # fmt: skip
    close = BOUNDARY if ours["sides"] == 2 else BOUNDARY_ONE_SIDED
    np.testing.assert_allclose(design.region.upper, case["upper"], **close)
    np.testing.assert_allclose(design.alpha_spent * ours["sides"], case["alpha_spent"], atol=3e-7)
    np.testing.assert_allclose(design.inflation, case["inflation"], **SIZE)
    np.testing.assert_allclose(design.drift**2, case["shift"], **SIZE)
    np.testing.assert_allclose(
        design.expected_effect * design.inflation, case["expected_effect"], rtol=1e-5
    )
    np.testing.assert_allclose(
        np.cumsum(design.under_effect.upper), case["power"], rtol=0, atol=5e-6
    )
    if rule is not None:
        np.testing.assert_allclose(design.region.lower[:-1], case["futility"], **close)


def test_one_and_two_sided_boundaries_agree():
    looks = [0.15, 0.4, 0.7, 0.95, 1]
    one = spending_boundaries(looks, final=1, alpha=0.025, sides=1, spending=OBF).region.upper
    two = spending_boundaries(looks, final=1, alpha=0.05, sides=2, spending=OBF).region.upper
    # Trials that crossed one boundary are not there to cross the other; few would have.
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-8)


@pytest.mark.parametrize("case", RPACT["stops"], ids=lambda case: case["name"])
def test_inference_of_rpact(case):
    count = len(case["fractions"])
    z = np.atleast_1d(case["z"]).astype(float)
    look = case["stage"] - 1
    first = float(np.atleast_1d(case["events"])[0])
    information = first / case["fractions"][0] * np.array(case["fractions"]) / 4
    region = regions(information[:count], upper=np.array(case["upper"]))
    found = stage_wise(region, look=look, z=float(z[look]), level=95)
    assert found.p_upper == pytest.approx(case["p"][look], abs=1e-7)
    np.testing.assert_allclose(
        np.exp([found.ci_low, found.estimate, found.ci_high]),
        [case["low"][look], case["median"][look], case["high"][look]], rtol=2e-6,
    )  # fmt: skip


@pytest.mark.parametrize("sides", [1, 2])
def test_one_look_is_the_usual_test(sides):
    z_a, z_b = -ndtri(0.05 / sides), ndtri(0.8)
    for shape in (OBF, POCOCK, Classical(name="pocock"), Classical(name="obrien-fleming")):
        design = sequential_design(
            [1.0], alpha=0.05, power=0.8, sides=sides, shape=shape, futility=None
        )
        assert design.region.upper[0] == pytest.approx(z_a, abs=1e-11)
        assert design.inflation == pytest.approx(1.0, abs=1e-11)
        assert design.drift == pytest.approx(z_a + z_b, abs=1e-11)
    found = stage_wise(regions(np.array([4.0]), upper=np.array([z_a])), look=0, z=2.5, level=95)
    half = -ndtri(0.025) / 2
    np.testing.assert_allclose(
        [found.ci_low, found.estimate, found.ci_high], [1.25 - half, 1.25, 1.25 + half], atol=1e-9
    )
    assert found.p_value == pytest.approx(2 * ndtr(-2.5), rel=1e-12)


def test_two_looks_by_hand():
    """P(Z1 < a, Z2 >= b) by the bivariate normal density on a fine grid."""
    t, a, b, drift = 0.3, 1.4, 2.1, 1.7
    s = np.linspace(-6, a * math.sqrt(t), 200_001)
    density = np.exp(-((s - drift * t) ** 2) / (2 * t)) / math.sqrt(2 * math.pi * t)
    rest = ndtr((s + drift * (1 - t) - b) / math.sqrt(1 - t))
    by_hand = np.trapezoid(density * rest, s)
    region = regions(np.array([t, 1.0]), upper=np.array([a, b]))
    assert crossing(region, drift=drift).upper[1] == pytest.approx(by_hand, abs=1e-10)


def test_simulated_alpha_and_power():
    design = sequential_design(
        [0.2, 0.5, 0.8, 1.0], alpha=0.05, power=0.85, sides=2, shape=POCOCK,
        futility=FutilityRule(spending=OBF, binding=True, wedge="inside"),
    )  # fmt: skip
    rng = np.random.default_rng(5)
    t = design.region.information
    for drift, chances in ((0.0, design.under_null), (design.drift, design.under_effect)):
        steps = np.diff(t, prepend=0.0)
        score = np.cumsum(drift * steps + np.sqrt(steps) * rng.standard_normal((200_000, 4)), 1)
        z = score / np.sqrt(t)
        up, down = z >= design.region.upper, z <= design.region.lower
        inside = np.abs(z) <= np.nan_to_num(design.region.inner, nan=-1.0)
        first = np.argmax(up | down | inside, axis=1)
        for hit, expected in ((up, chances.upper), (inside, chances.inner)):
            share = [np.mean(hit[:, k] & (first == k)) for k in range(4)]
            np.testing.assert_allclose(share, expected, atol=5 * math.sqrt(0.25 / 200_000))
    assert design.under_null.upper.sum() == pytest.approx(0.025, abs=1e-10)
    assert design.under_effect.upper.sum() == pytest.approx(0.85, abs=1e-10)


def test_chances_add_up():
    design = sequential_design(
        [0.01, 0.02, 0.5, 0.50001, 1.0], alpha=0.05, power=0.9, sides=2, shape=POCOCK,
        futility=FutilityRule(spending=POCOCK, binding=False, wedge="tail"),
    )  # fmt: skip
    for chances in (design.under_null, design.under_effect):
        assert chances.stopping.sum() + chances.going_on == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(design.under_null.upper, design.under_null.lower, atol=1e-14)


def test_spending_is_a_shape_of_time():
    for spending in (
        OBF, POCOCK, Spending(name="hwang-shih-decani", parameter=-4.0),
        Spending(name="hwang-shih-decani", parameter=0.0), Spending(name="kim-demets", parameter=3),
    ):  # fmt: skip
        spent = spending.spent(np.array([1e-4, 0.2, 0.6, 1.0, 1.4]), 0.025)
        assert np.all(np.diff(spent) >= 0)
        assert spent[-1] == spent[-2] == 0.025
    flat = Spending(name="hwang-shih-decani", parameter=0.0).spent(np.array([0.25]), 0.02)
    assert flat[0] == pytest.approx(0.005)


def test_stated_spending_reproduces_another():
    looks = np.array([0.3, 0.7, 1.0])
    shares = tuple(POCOCK.spent(looks, 1.0))
    stated = Spending(name="stated", shares=shares)
    one = spending_boundaries(looks, final=1, alpha=0.04, sides=2, spending=stated)
    other = spending_boundaries(looks, final=1, alpha=0.04, sides=2, spending=stated)
    np.testing.assert_array_equal(one.region.upper, other.region.upper)
    np.testing.assert_allclose(np.cumsum(crossing(one.region, drift=0.0).upper),
                               0.02 * np.array(shares), atol=1e-13)  # fmt: skip


def test_looks_with_next_to_no_information_have_no_boundary():
    spent = spending_boundaries([0.001, 0.01, 0.5, 1], final=1, alpha=0.05, sides=2, spending=OBF)
    assert np.isinf(spent.region.upper[:2]).all()
    whole = spending_boundaries([0.5, 1], final=1, alpha=0.05, sides=2, spending=OBF)
    np.testing.assert_allclose(spent.region.upper[2:], whole.region.upper, atol=1e-12)


def test_nothing_is_spent_after_the_end():
    spent = spending_boundaries([0.5, 1.3, 1.6], final=1, alpha=0.05, sides=2, spending=OBF)
    assert np.isfinite(spent.region.upper).tolist() == [True, True, False]
    assert crossing(spent.region, drift=0.0).upper.sum() == pytest.approx(0.025, abs=1e-13)


def test_binding_futility_lowers_the_last_boundary_and_keeps_alpha():
    for binding in (False, True):
        futility = Futility(spending=OBF, beta=0.1, drift=3.4, binding=binding, wedge="inside")
        spent = spending_boundaries(
            [0.4, 0.8, 1.0], final=1, alpha=0.025, sides=1, spending=OBF, futility=futility
        )
        error = crossing(spent.region, drift=0.0).upper.sum()
        plain = spending_boundaries([0.4, 0.8, 1.0], final=1, alpha=0.025, sides=1, spending=OBF)
        if binding:
            assert error == pytest.approx(0.025, abs=1e-12)
            assert spent.region.upper[-1] < plain.region.upper[-1]
        else:
            assert error < 0.025
            np.testing.assert_array_equal(spent.region.upper, plain.region.upper)


def test_stage_wise_orders_and_mirrors():
    region = spending_boundaries(equal(4) * 40, final=40, alpha=0.05, sides=2, spending=OBF).region
    early = stage_wise(region, look=1, z=3.2, level=90)
    late = stage_wise(region, look=2, z=3.2, level=90)
    below = stage_wise(region, look=1, z=-3.2, level=90)
    assert early.p_upper < late.p_upper
    assert early.ci_low < early.estimate < early.ci_high
    np.testing.assert_allclose(
        [below.ci_low, below.estimate, below.ci_high],
        [-early.ci_high, -early.estimate, -early.ci_low], atol=1e-9,
    )  # fmt: skip
    assert below.p_value == pytest.approx(early.p_value, rel=1e-9)


def test_interval_excludes_no_effect_exactly_when_the_boundary_is_crossed():
    region = spending_boundaries(equal(3) * 30, final=30, alpha=0.05, sides=2, spending=OBF).region
    for look in range(3):
        at = stage_wise(region, look=look, z=float(region.upper[look]), level=95)
        spent = 2 * OBF.spent(np.array([(look + 1) / 3]), 0.025)[0]
        assert at.p_value == pytest.approx(spent, rel=1e-6)
    assert at.ci_low == pytest.approx(0.0, abs=1e-7)
    low, high = repeated_intervals([0.5, 0.5], [0.1, 0.2], upper=[2.0, math.inf])
    np.testing.assert_allclose((low[0], high[0]), (0.3, 0.7))
    assert np.isinf(low[1])
    assert np.isinf(high[1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: Spending(name="obrien"),
        lambda: Spending(name="pocock", parameter=1.0),
        lambda: Spending(name="kim-demets"),
        lambda: Spending(name="kim-demets", parameter=-1.0),
        lambda: Spending(name="stated", shares=(0.5, 0.4, 1.0)),
        lambda: Spending(name="stated"),
        lambda: Spending(name="stated", shares=(0.5, 1.0)).spent(np.array([1.0]), 0.05),
        lambda: Classical(name="peto"),
        lambda: Classical(name="wang-tsiatis"),
        lambda: Classical(name="wang-tsiatis", parameter=2.0),
        lambda: spending_boundaries([0.5, 0.5], final=1, alpha=0.05, sides=2, spending=OBF),
        lambda: spending_boundaries([0.5, 0.5 + 1e-9], final=1, alpha=0.05, sides=2, spending=OBF),
        lambda: spending_boundaries([0.0, 1], final=1, alpha=0.05, sides=2, spending=OBF),
        lambda: spending_boundaries([], final=1, alpha=0.05, sides=2, spending=OBF),
        lambda: spending_boundaries([1], final=math.nan, alpha=0.05, sides=2, spending=OBF),
        lambda: spending_boundaries([1], final=1, alpha=0.6, sides=2, spending=OBF),
        lambda: spending_boundaries([1], final=1, alpha=0.05, sides=3, spending=OBF),
        lambda: classical_boundaries(
            [0.5, 1], alpha=0.05, sides=2, design=Classical(name="haybittle-peto", parameter=1.5)
        ),
        lambda: regions(np.array([1.0]), upper=np.array([1.0, 2.0])),
        lambda: regions(np.array([1.0]), upper=np.array([-1.0]), lower=np.array([1.0])),
        lambda: regions(np.array([1.0]), upper=np.array([1.0]), inner=np.array([-1.0])),
        lambda: crossing(regions(np.array([1.0]), upper=np.array([1.0])), drift=math.inf),
        lambda: sequential_design(
            [0.5, 0.9], alpha=0.05, power=0.9, sides=2, shape=OBF, futility=None
        ),
        lambda: sequential_design([1], alpha=0.05, power=0.01, sides=2, shape=OBF, futility=None),
        lambda: sequential_design(
            [0.5, 1], alpha=0.05, power=0.9, sides=2, shape=Classical(name="pocock"),
            futility=FutilityRule(spending=OBF, binding=False, wedge="tail"),
        ),
        lambda: Futility(spending=OBF, beta=0.1, drift=-1, binding=False, wedge="tail"),
        lambda: Futility(spending=OBF, beta=0.1, drift=1, binding=False, wedge="outside"),
        lambda: stage_wise(
            regions(np.array([1.0]), upper=np.array([2.0])), look=1, z=2.0, level=95
        ),
        lambda: stage_wise(
            regions(np.array([1.0]), upper=np.array([2.0]), inner=np.array([0.5])),
            look=0, z=2.0, level=95,
        ),
    ],
)  # fmt: skip
def test_refusals(call):
    with pytest.raises((DesignError, ConvergenceError)):
        call()
