"""Trial sequential analysis: RTSA's published examples, cases by hand, edges."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm, t

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.sequential import (
    Adjustment,
    Counted,
    SequentialAnalysis,
    SequentialOptions,
    participant_variance,
    required_information,
    required_participants,
    sequential_analysis,
    trials_required,
)
from locoreg.stats.groupsequential import (
    FutilityRule,
    Spending,
    sequential_design,
    spending_boundaries,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "sequential"
RTSA = json.loads((REFERENCE / "rtsa.json").read_text(encoding="utf-8"))
OBF = Spending(name="obrien-fleming")
TAIL = FutilityRule(spending=OBF, binding=False, wedge="tail")
# RTSA's integrals and roots are good to about 1e-5; a tail of 1e-8 is worse.
ITS = {"rtol": 2e-5, "atol": 2e-5}


def options(**changes):
    settings = {
        "effect": 0.8, "scale": "log", "alpha": 0.05, "power": 0.8, "sides": 2, "spending": OBF,
        "futility": None, "adjustment": Adjustment(kind="none", value=None),
        "size_for": "single look", "method": "CE", "interval": "normal", "level": 95.0,
        "smallest_step": 0.0, "ties": "in order", "penalty": None,
    }  # fmt: skip
    return SequentialOptions(**{**settings, **changes})


def run(yi, se, opts, **more):
    return sequential_analysis(
        yi, se=se, labels=[f"T{i}" for i in range(1, len(yi) + 1)], options=opts, **more
    )


def counts(name):
    rows = RTSA["data"][name]
    return [np.array([row[key] for row in rows], dtype=float) for key in ("eI", "nI", "eC", "nC")]


def ratio(name, measure):
    a, n1, c, n0 = counts(name)
    half = 0.5 * ((a == 0) | (c == 0))
    a, c, n1, n0 = a + half, c + half, n1 + 2 * half, n0 + 2 * half
    if measure == "RR":
        return np.log(a / n1 / (c / n0)), np.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n0)
    b, d = n1 - a, n0 - c
    return np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def test_required_sizes_printed_by_rtsa():
    """Vignette 'Calculating required sample size and required number of trials', RTSA 0.2.2."""

    def size(measure, effect, risk, power, sd=None):
        return required_participants(
            measure, effect, control_risk=risk, sd=sd, alpha=0.05, power=power, sides=2
        )

    assert math.ceil(size("RR", 0.9, 0.1, 0.9)) == 36136
    assert math.ceil(size("RR", 0.9, 0.2, 0.8)) == 12080
    assert math.ceil(12080 / (1 - 0.3)) == 17258
    assert math.ceil(size("RR", 0.9, 0.1, 0.8)) == 26993
    assert math.ceil(size("RR", 0.8, 0.12, 0.9)) == 7030
    assert math.ceil(size("MD", 0.5, None, 0.9, sd=1.0)) == 169
    found = trials_required(math.log(0.9), tau2=0.05, information=0, alpha=0.05, power=0.8, sides=2)
    assert found.fewest == 36
    per = 2 * participant_variance("RR", 0.9, control_risk=0.1, sd=None) / found.variances[0]
    assert 36 * math.ceil(per) == 1502892


def test_further_trials_of_the_oxygen_example():
    """The same vignette: 9 further trials at least, 184,896 participants in all."""
    yi, se = ratio("perioOxy", "RR")
    tau2 = RTSA["oxygen"]["tau2"]
    # RTSA's variance of the pool is that of Hartung and Knapp.
    weights = 1 / (se**2 + tau2)
    mu = weights @ yi / weights.sum()
    variance = weights @ (yi - mu) ** 2 / (14 * weights.sum())
    found = trials_required(
        math.log(0.8), tau2=tau2, information=1 / variance, alpha=0.05, power=0.9, sides=2
    )
    assert found.fewest == 9
    per = 2 * participant_variance("RR", 0.8, control_risk=0.15, sd=None) / found.variances[0]
    # Its Mantel-Haenszel start gives a tau2 that differs in the fourth digit.
    assert 9 * per == pytest.approx(184896, rel=0.2)


@pytest.mark.parametrize("case", RTSA["boundaries"])
def test_boundaries_of_the_futility_vignette(case):
    out = case["out"]
    design = sequential_design(
        out["timing"], alpha=case["alpha"], power=1 - case["beta"], sides=case["sides"], shape=OBF,
        futility=FutilityRule(
            spending=OBF, binding=case["futility"] == "binding", wedge="tail"
        ),
    )  # fmt: skip
    # With two sides RTSA's binding boundary counts a trial below the wedge as stopped under no
    # effect too, though it goes on; ours keeps alpha exactly.
    two_binding = case["sides"] == 2 and case["futility"] == "binding"
    close = {"rtol": 5e-4, "atol": 5e-4} if two_binding else ITS
    np.testing.assert_allclose(design.region.upper, out["upper"], **close)
    assert design.inflation == pytest.approx(out["root"], rel=5e-4 if two_binding else 2e-5)
    if case["sides"] == 1:
        np.testing.assert_allclose(design.region.lower, out["lower"], **ITS)
    else:
        wedge = [math.nan if one is None else one for one in out["inner"]]
        np.testing.assert_allclose(design.region.inner, wedge, **close)


def test_oxygen_example_of_rtsa():
    its = RTSA["oxygen"]
    yi, se = ratio("perioOxy", "RR")
    _, n1, c, n0 = counts("perioOxy")
    risk = c.sum() / n0.sum()
    single = required_participants(
        "RR", 0.8, control_risk=risk, sd=None, alpha=0.05, power=0.8, sides=2
    )
    assert math.ceil(single) == its["ris"]
    looks = [i + 1 for i, upper in enumerate(its["upper"][:15]) if upper is not None]
    result = run(
        yi, se,
        options(
            method="DL", adjustment=Adjustment(kind="diversity", value=None),
            size_for="sequential",
        ),
        looks=looks,
        counted=Counted(unit="participants", per_trial=tuple(n1 + n0), single=math.ceil(single)),
    )  # fmt: skip
    assert result.required.diversity == pytest.approx(its["d2"], rel=1e-9)
    assert result.required.tau2 == pytest.approx(its["tau2"], rel=1e-9)
    assert result.required.inflation == pytest.approx(its["root"], rel=2e-4)
    np.testing.assert_allclose([row.z for row in result.rows], its["z"][:15], rtol=1e-8)
    np.testing.assert_allclose(
        [math.exp(row.mu.estimate) for row in result.rows], its["mu"][:15], rtol=1e-9
    )
    np.testing.assert_allclose([row.p_value for row in result.rows], its["p"][:15], rtol=1e-7)
    # It rounds the required size up; its first two looks have no boundary that can be told.
    timing = [row.fraction * result.required.inflation for row in result.rows]
    np.testing.assert_allclose(timing, its["timing"][:15], rtol=2e-4)
    for row, upper, low, high in zip(
        result.rows[2:], its["upper"][2:], its["low"][2:], its["high"][2:], strict=False
    ):
        if upper is None:
            assert row.look is None
            continue
        # RTSA loses digits of a tail of 1e-8.
        loose = 5e-3 if upper > 5 else 5e-4
        assert -row.benefit == pytest.approx(upper, rel=loose)
        assert row.harm == -row.benefit
        np.testing.assert_allclose(
            [math.exp(row.adjusted_low), math.exp(row.adjusted_high)], [low, high], rtol=4 * loose
        )
    assert result.verdict.kind == "not reached"


def test_coronary_example_of_rtsa():
    """Arms swapped, for RTSA 0.2.2 takes the boundary for the z-value after a stop below."""
    its = RTSA["heart"]
    yi, se = ratio("coronary", "OR")
    _, n1, _, n0 = counts("coronary")
    result = run(
        -yi, se, options(effect=1 / 0.9, power=0.9),
        counted=Counted(unit="participants", per_trial=tuple(n1 + n0), single=its["ris"]),
    )  # fmt: skip
    np.testing.assert_allclose([row.z for row in result.rows], its["z"][:4], rtol=1e-9)
    np.testing.assert_allclose(
        [row.benefit for row in result.rows[2:]], its["upper"][2:4], rtol=1e-5
    )
    assert result.final.benefit == pytest.approx(its["upper"][4], rel=1e-5)
    assert result.verdict.kind == "benefit"
    assert result.verdict.row == its["seq_inf"]["stop_time"] - 1
    stop = result.after_stop
    np.testing.assert_allclose(
        stop.mu.natural,
        [its["seq_inf"][key] for key in ("median_unbiased", "lower", "upper")],
        rtol=1e-4,
    )
    assert stop.p_value == pytest.approx(its["seq_inf"]["p.value"], rel=1e-3)


def test_mean_difference_example_of_rtsa():
    rows = RTSA["data"]["eds"]
    yi = [row["mI"] - row["mC"] for row in rows]
    se = [math.sqrt(row["sdI"] ** 2 / row["nI"] + row["sdC"] ** 2 / row["nC"]) for row in rows]
    result = run(
        yi, se,
        options(effect=-1.0, scale="identity", method="DL", interval="hartung-knapp",
                adjustment=Adjustment(kind="diversity", value=None)),
        dates=[row["year"] for row in rows],
    )  # fmt: skip
    # RTSA pools the two variances of a study ("equal"), which moves the third digit.
    assert result.required.diversity == pytest.approx(RTSA["eds"]["d2"], rel=5e-3)
    assert result.last.mu.estimate == pytest.approx(RTSA["eds"]["mu"][1]["MD"], rel=2e-2)


def test_by_hand():
    """Three trials, one effect: information is a sum, and a third of 4 z^2 / log(HR)^2 events."""
    single = required_information(math.log(0.8), alpha=0.05, power=0.8, sides=2)
    assert 4 * single == pytest.approx(
        4 * (1.959964 + 0.841621) ** 2 / math.log(0.8) ** 2, rel=1e-6
    )
    se = math.sqrt(6 / single)
    result = run([-0.1, -0.3, -0.2], [se] * 3, options())
    np.testing.assert_allclose([row.fraction for row in result.rows], [1 / 6, 1 / 3, 1 / 2])
    assert result.last.z == pytest.approx(-0.2 / (se / math.sqrt(3)))
    region = spending_boundaries(
        [1 / 6, 1 / 3, 1 / 2, 1], final=1, alpha=0.05, sides=2, spending=OBF
    ).region
    np.testing.assert_allclose([-row.benefit for row in result.rows], region.upper[:3])
    assert result.final.harm == pytest.approx(region.upper[3])
    last = result.last
    assert last.adjusted_high == pytest.approx(-0.2 + region.upper[2] * se / math.sqrt(3))
    assert "50% of what is required" in result.verdict.sentence


def test_one_trial_with_all_the_information_is_the_usual_test():
    single = required_information(math.log(0.7), alpha=0.05, power=0.9, sides=2)
    se = 1 / math.sqrt(single)
    result = run([math.log(0.7)], [se], options(effect=0.7, power=0.9))
    row = result.last
    assert row.fraction == pytest.approx(1)
    assert -row.benefit == pytest.approx(1.959963985, abs=1e-8)
    assert result.verdict.kind == "benefit"
    assert result.final is None
    np.testing.assert_allclose(
        [row.adjusted_low, row.adjusted_high], [row.mu.ci_low, row.mu.ci_high], atol=1e-8
    )
    np.testing.assert_allclose(
        [result.after_stop.mu.ci_low, result.after_stop.mu.ci_high],
        [row.mu.ci_low, row.mu.ci_high], atol=1e-6,
    )  # fmt: skip


def test_mirrored_effects_mirror_the_result():
    yi, se = [-0.3, 0.1, -0.5, -0.2], [0.2, 0.25, 0.15, 0.1]
    down = run(yi, se, options(futility=TAIL, method="DL", size_for="sequential"))
    up = run(
        [-one for one in yi],
        se,
        options(effect=1 / 0.8, futility=TAIL, method="DL", size_for="sequential"),
    )
    for one, other in zip(down.rows, up.rows, strict=True):
        for a, b in ((one.z, other.z), (one.benefit, other.benefit), (one.harm, other.harm),
                     (one.futility_low, other.futility_high),
                     (one.adjusted_low, other.adjusted_high)):  # fmt: skip
            np.testing.assert_allclose(a, -b, atol=1e-9)
    assert down.verdict.kind == up.verdict.kind


@pytest.mark.parametrize("sides", [1, 2])
def test_harm(sides):
    single = required_information(math.log(0.8), alpha=0.05, power=0.8, sides=sides)
    se = math.sqrt(2.5 / single)
    result = run([0.4, 0.5], [se, se], options(sides=sides))
    assert result.verdict.kind == ("harm" if sides == 2 else "not reached")


def test_crossing_that_is_lost_again():
    result = run([-0.9, 0.5], [0.16, 0.16], options(effect=0.75, power=0.9))
    assert result.verdict.kind == "benefit"
    assert "no longer beyond it" in result.verdict.sentence


def test_diversity_by_hand_and_stated():
    yi, se = [-0.6, 0.2, -0.1], [0.2, 0.2, 0.2]
    dl = options(method="DL", adjustment=Adjustment(kind="diversity", value=None))
    result = run(yi, se, dl)
    q = sum((y - np.mean(yi)) ** 2 for y in yi) / 0.04
    tau2 = (q - 2) / 2 * 0.04
    assert result.required.tau2 == pytest.approx(tau2)
    # With equal variances D2, I2 and tau2 / (tau2 + v) are one.
    assert result.required.diversity == pytest.approx(tau2 / (tau2 + 0.04))
    assert result.required.inconsistency == pytest.approx(result.required.diversity)
    assert result.required.factor == pytest.approx(1 + tau2 / 0.04)
    stated = run(yi, se, options(method="DL", adjustment=Adjustment(kind="diversity", value=0.5)))
    assert stated.required.factor == 2
    assert stated.required.stated[2].required == pytest.approx(stated.required.required)
    held = run(yi, se, options(method="DL", adjustment=Adjustment(kind="tau2", value=None)))
    # At the last trial both ways to allow for heterogeneity come to one share.
    assert held.required.fraction == pytest.approx(result.required.fraction)


def test_no_heterogeneity_shows_stated_diversity():
    result = run(
        [-0.2, -0.2, -0.2, -0.2, -0.2],
        [0.2] * 5,
        options(method="REML", adjustment=Adjustment(kind="diversity", value=None)),
    )
    assert result.required.tau2 == 0
    assert result.required.factor == 1
    assert any("estimated at 0" in flag and "25%" in flag for flag in result.flags)


def test_hartung_knapp_is_held_against_boundaries_by_its_p_value():
    result = run([-0.5, -0.4, -0.6], [0.1, 0.1, 0.1],
                 options(method="DL", interval="hartung-knapp", effect=0.6))  # fmt: skip
    row = result.rows[2]
    assert row.df == 2
    assert norm.sf(abs(row.z)) == pytest.approx(t.sf(abs(row.statistic), 2), rel=1e-9)


def test_identical_studies_without_effect_under_hartung_knapp_have_z_zero():
    # Estimate and standard error are both 0, so that the statistic itself is 0 / 0.
    found = run([0.0] * 3, [0.1] * 3, options(method="REML", interval="hartung-knapp"))
    assert [row.z for row in found.rows] == [0.0, 0.0, 0.0]
    assert "nan" not in found.summary()


def test_looks_dates_and_ties():
    yi, se = [-0.2, -0.1, 0.1, -0.3], [0.2, 0.5, 0.2, 0.2]
    dates = [2012, 2010, 2012, 2015]
    result = run(yi, se, options(), dates=dates)
    assert [row.label for row in result.rows] == ["T2", "T1", "T3", "T4"]
    assert any("T1 and T3 have the same date" in flag for flag in result.flags)
    joined = run(yi, se, options(ties="one look"), dates=dates)
    assert [row.look for row in joined.rows] == [1, None, 2, 3]
    stepped = run(yi, se, options(smallest_step=10.0), dates=dates)
    assert stepped.rows[0].look is None
    assert stepped.rows[-1].look is not None
    chosen = run(yi, se, options(), dates=dates, looks=[2, 4])
    assert [row.look for row in chosen.rows] == [None, 1, None, 2]
    iso = run(yi, se, options(), dates=["2012-05", "2010-01", "2012-04", "2015-01"])
    assert [row.label for row in iso.rows] == ["T2", "T3", "T1", "T4"]


def test_too_little_information_draws_nothing():
    result = run([-0.2, -0.1], [2.0, 2.0], options())
    assert result.required.fraction < 0.05
    assert all(math.isnan(row.benefit) for row in result.rows)
    assert any("under 5%" in flag for flag in result.flags)
    assert result.verdict.kind == "not reached"


def test_more_than_is_required():
    result = run([-0.02, 0.01, 0.0], [0.05, 0.05, 0.05], options(futility=TAIL))
    assert result.rows[0].fraction > 1
    assert result.verdict.kind == "reached"
    assert math.isnan(result.last.benefit)
    assert any("less than there is" in flag and "T2, T3" in flag for flag in result.flags)
    assert "no adjusted interval" in result.summary()


def test_futility():
    single = required_information(math.log(0.8), alpha=0.05, power=0.8, sides=2)
    se = math.sqrt(4 / single)
    result = run([0.0, 0.01, -0.01], [se] * 3, options(futility=TAIL))
    assert result.verdict.kind == "futility"
    assert result.after_stop is None


def test_penalised_z():
    result = run([-0.2, -0.1], [2.0, 0.1], options(penalty=2.0))
    assert math.isnan(result.rows[0].penalised)
    information = 1 / 4 + 100
    expected = result.last.z / math.sqrt(2 * math.log(math.log(information)))
    assert result.last.penalised == pytest.approx(expected)


def test_huge_variance_ratios_and_missing_rows():
    result = run(
        [0.1, math.nan, -0.2, 0.0],
        [1e-3, 0.1, 1e3, 0.2],
        options(method="DL", adjustment=Adjustment(kind="diversity", value=None)),
    )
    assert [one.label for one in result.left_out] == ["T2"]
    assert "Left out: T2" in result.summary()
    assert all(math.isfinite(row.z) for row in result.rows)
    tiny = run([0.1, 0.1], [1e3, 1.0], options(), dates=[2001, 2002])
    assert tiny.verdict.kind == "not reached"


def test_a_trial_that_adds_next_to_nothing_has_no_look_of_its_own():
    result = run([1.0, -1.0, 0.2], [0.01, 10.0, 0.02], options(effect=0.99, futility=TAIL))
    assert [row.look for row in result.rows] == [1, None, 2]
    assert any("No look is taken at T2" in flag for flag in result.flags)


def test_size_that_jumps_with_a_wedge_takes_the_larger_one():
    pocock = FutilityRule(spending=Spending(name="pocock"), binding=False, wedge="tail")
    result = run([-0.5] * 8, [0.3] * 8, options(futility=pocock, size_for="sequential"))
    assert 1.0 < result.required.inflation < 1.3


def test_dict_and_back():
    for opts in (options(futility=TAIL, penalty=2.0), options(effect=0.5)):
        result = run([-0.6, -0.5, -0.4], [0.15] * 3, opts, dates=[2001, 2002, 2003])
        stored = json.loads(json.dumps(result.to_dict()).replace("NaN", "null"))
        again = SequentialAnalysis.from_dict(stored)
        assert json.dumps(again.to_dict()) == json.dumps(result.to_dict())
        assert again.summary() == result.summary()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: options(effect=1.0), DesignError),
        (lambda: options(effect=-1.0), DesignError),
        (lambda: options(effect=0.0, scale="identity"), DesignError),
        (lambda: options(alpha=5), DesignError),
        (lambda: options(power=0.01), DesignError),
        (lambda: options(sides=3), DesignError),
        (lambda: options(smallest_step=100), DesignError),
        (lambda: options(ties="random"), DesignError),
        (lambda: options(size_for="both"), DesignError),
        (lambda: options(penalty=0), DesignError),
        (lambda: options(method="best"), DataError),
        (lambda: Adjustment(kind="diversity", value=25), DesignError),
        (lambda: Adjustment(kind="none", value=0.1), DesignError),
        (lambda: Adjustment(kind="d2", value=None), DesignError),
        (lambda: run([0.1], [0.0], options()), DataError),
        (lambda: run([math.inf], [0.1], options()), DataError),
        (lambda: run([math.nan], [0.1], options()), DataError),
        (lambda: run([0.1], [0.1, 0.1], options()), DataError),
        (lambda: run([0.1, 0.2], [0.1, 0.1], options(), dates=["2001", "2001-05"]), DataError),
        (lambda: run([0.1], [0.1], options(), dates=["May"]), DataError),
        (lambda: run([0.1], [0.1], options(), looks=[2]), DesignError),
        (
            lambda: run(
                [0.1, 0.2], [0.1, 0.1], options(adjustment=Adjustment(kind="diversity", value=None))
            ),
            DesignError,
        ),
        (
            lambda: run(
                [0.1], [0.1], options(method="DL", adjustment=Adjustment(kind="tau2", value=0.1)),
                counted=Counted(unit="events", per_trial=(10.0,), single=100.0),
            ),
            DesignError,
        ),
        (lambda: Counted(unit="beds", per_trial=(1.0,), single=1.0), DesignError),
        (lambda: Counted(unit="events", per_trial=(0.0,), single=1.0), DesignError),
        (
            lambda: required_participants(
                "RR", 3.0, control_risk=0.5, sd=None, alpha=0.05, power=0.8, sides=2
            ),
            DesignError,
        ),
        (
            lambda: required_participants(
                "MD", 3.0, control_risk=0.5, sd=None, alpha=0.05, power=0.8, sides=2
            ),
            DesignError,
        ),
    ],
)  # fmt: skip
def test_refusals(call, error):
    with pytest.raises(error):
        call()
