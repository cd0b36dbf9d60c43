"""Curves of an effect as drawn and told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import Effect
from locoreg.figures import describe, kinds_of, plot
from locoreg.figures.emulation.tracks import band_on, difference_steps, few_at, steps_of
from locoreg.figures.emulation.words import arm_style
from locoreg.figures.survival.steps import TOLERANCE
from tests.figures.conftest import SVG
from tests.figures.curve_examples import frame_of, places, points
from tests.figures.emulation import effects
from tests.report.emulation.views import IMMORTAL

# Arithmetic of logits and back.
EXACT = 1e-9
# Coordinates are written with two decimals; a column stands within half a point of its tick.
WRITTEN, COLUMN = 0.006, 0.5
# A figure of 100,000 patients stays small: the path of one curve in bytes.
PATH_BYTES = 40_000


@pytest.fixture(scope="module")
def effect() -> Effect:
    return effects.weighted_effect(600)


@pytest.fixture(scope="module")
def shown(effect: Effect, drawn):
    return drawn(plot(effect))


def test_bands_are_exact_where_limits_were_computed(effect: Effect) -> None:
    for arm in effect.arms:
        time, value = steps_of(arm, 36.0)
        low, high = band_on(arm, time, value)
        place = np.searchsorted(time, arm.time)
        assert time[place].tolist() == arm.time.tolist()
        assert value[place] == pytest.approx(arm.estimate, abs=EXACT)
        assert low[place] == pytest.approx(arm.ci_low, abs=EXACT)
        assert high[place] == pytest.approx(arm.ci_high, abs=EXACT)


def test_bands_hold_the_curve_and_never_leave_0_to_1(effect: Effect) -> None:
    for arm in effect.arms:
        time, value = steps_of(arm, 36.0)
        low, high = band_on(arm, time, value)
        assert np.all(low <= value + EXACT)
        assert np.all(high >= value - EXACT)
        assert low.min() >= 0
        assert high.max() <= 1


def test_difference_is_treated_less_comparator_at_every_step(effect: Effect) -> None:
    time, value, low, high = difference_steps(effect)
    place = np.searchsorted(time, effect.difference.time)
    assert value[place] == pytest.approx(effect.difference.estimate, abs=EXACT)
    assert low[place] == pytest.approx(effect.difference.ci_low, abs=EXACT)
    assert high[place] == pytest.approx(effect.difference.ci_high, abs=EXACT)
    assert np.all(low <= value + EXACT)
    assert np.all(high >= value - EXACT)


def test_smooth_curves_are_drawn_within_the_tolerance(effect: Effect, drawn) -> None:
    none = np.zeros(0)
    smooth = replace(
        effect, arms=tuple(replace(a, step_time=none, step_estimate=none) for a in effect.arms)
    )
    figure = drawn(plot(smooth))
    left, top, right, bottom, _ = frame_of(figure)
    for i, arm in enumerate(smooth.arms):
        for x, y in points(figure, f"arm{i}"):
            month = 36.0 * (x - left) / (right - left)
            exact = bottom - (bottom - top) * np.interp(month, arm.time, arm.estimate)
            # A step of 36 / 1,200 months, on top of the thinning.
            assert y == pytest.approx(exact, abs=2 * TOLERANCE + 0.6)


def test_curve_steps_and_begins_at_100_percent(shown) -> None:
    left, top, _, _, _ = frame_of(shown)
    corners = points(shown, "arm0")
    assert corners[0] == pytest.approx((left, top), abs=WRITTEN)
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        assert abs(x0 - x1) < WRITTEN or abs(y0 - y1) < WRITTEN


def test_bands_lie_below_all_lines(shown) -> None:
    ids = [g.get("id", "") for g in shown.root.iter(f"{{{SVG}}}g")]
    last_band = max(i for i, name in enumerate(ids) if "-band" in name)
    first_line = min(i for i, name in enumerate(ids) if name in ("lr-t-arm0", "lr-t-arm1"))
    assert last_band < first_line


def test_table_has_raw_and_weighted_rows_of_the_effect(effect: Effect, shown) -> None:
    for i, arm in enumerate(effect.arms):
        for key in ("at_risk", "censored", "events"):
            row = shown.texts(f"arm{i}-table-{key}")[1:]
            assert row == [str(getattr(c, f"raw_{key}")) for c in arm.counts]
            weighted = shown.texts(f"arm{i}-table-weighted_{key}")
            assert weighted[0].endswith(", weighted")
            assert weighted[1:] == [f"{getattr(c, key):.1f}" for c in arm.counts]


def test_persons_add_up_to_the_arm_at_every_time(effect: Effect, shown) -> None:
    for i, arm in enumerate(effect.arms):
        columns = [
            [int(text) for text in shown.texts(f"arm{i}-table-{key}")[1:]]
            for key in ("at_risk", "censored", "events")
        ]
        assert set(np.sum(columns, axis=0).tolist()) == {arm.counts[0].raw_at_risk}


def test_columns_stand_under_their_ticks(shown) -> None:
    ticks = [x for text, x, _ in places(shown, "difference-axes") if text.isdigit()][-7:]
    for key in ("arm0-table-at_risk", "arm1-table-weighted_events"):
        columns = [x for _, x, _ in places(shown, key)][1:]
        assert columns == pytest.approx(ticks, abs=COLUMN)


def test_title_says_weighted_how_and_that_patients_are_made_up(effect: Effect) -> None:
    title = plot(effect).get_label()
    assert title.startswith("SYNTHETIC PATIENTS. ")
    assert title.endswith("; weighted (clone-censor-weight, per protocol)")
    real = plot(replace(effect, synthetic=False)).get_label()
    assert "SYNTHETIC" not in real
    unweighted = replace(
        effect, weights=(),
        arms=tuple(
            replace(a, counts=tuple(
                replace(c, at_risk=c.raw_at_risk, events=c.raw_events, censored=c.raw_censored)
                for c in a.counts
            ))
            for a in effect.arms
        ),
    )  # fmt: skip
    assert "not weighted (" in plot(unweighted).get_label()


def test_arms_have_the_same_colours_whatever_their_names(effect: Effect, drawn) -> None:
    arms = tuple(replace(a, label=f"z{a.label}") for a in effect.arms)
    for one in (effect, replace(effect, arms=arms)):
        figure = drawn(plot(one))
        for i in (0, 1):
            part = figure.part(f"arm{i}--line")
            path = part.find(f".//{{{SVG}}}path")
            assert path.get("stroke", "").upper() == arm_style(i).line


def test_failed_diagnostics_stand_in_notice_notes_and_description(effect: Effect, drawn) -> None:
    for kind in kinds_of(effect):
        figure = plot(replace(effect, diagnostics=(effects.FAILED,)), kind=kind)
        shown = drawn(figure)
        assert "Failed diagnostic: Conservation of weights" in shown.sentence("notice")
        assert "Failed diagnostic" in figure.axes[0].get_label()
        if kind != "attrition":
            assert any("sum to 111.2" in text for text in shown.texts("notes"))
    assert drawn(plot(effect)).part("notice") is None


def test_biased_methods_carry_immortal_time_and_are_hatched(effect: Effect, drawn) -> None:
    shown = drawn(plot(replace(effect, biased=IMMORTAL)))
    assert "immortal time" in shown.sentence("notice")
    assert shown.has("arm0-band", "area-hatch")
    assert any("Hatched" in text for text in shown.texts("notes"))
    assert not drawn(plot(effect)).has("arm0-band", "area-hatch")


def test_competing_events_draw_incidence_upwards(drawn) -> None:
    effect = effects.weighted_effect(300, competing=True)
    shown = drawn(plot(effect))
    _, _, _, bottom, _ = frame_of(shown)
    corners = points(shown, "arm0")
    assert corners[0][1] == pytest.approx(bottom, abs=WRITTEN)
    assert np.all(np.diff([y for _, y in corners]) <= WRITTEN)
    assert "Cumulative incidence of death from breast cancer" in shown.texts("curves-title")
    assert any("Aalen-Johansen" in text for text in shown.texts("notes"))
    assert "Events of any kind" in shown.texts("arm0-table-events")


def test_without_intervals_there_is_no_band_and_a_note(drawn) -> None:
    shown = drawn(plot(effects.weighted_effect(200, intervals=False)))
    assert shown.part("arm0-band") is None
    assert any("No intervals were asked for" in text for text in shown.texts("notes"))
    assert not any("nan" in text.casefold() for text in shown.texts())


def test_late_entry_is_told(drawn) -> None:
    shown = drawn(plot(effects.weighted_effect(300, late=True)))
    assert any("only from after time zero on" in t for t in shown.texts("notes"))


def test_curves_thin_out_where_few_are_at_risk(effect: Effect) -> None:
    counts = effect.arms[0].counts
    thinner = tuple(
        replace(c, raw_at_risk=9 if c.at_months >= 24 else c.raw_at_risk) for c in counts
    )
    time = np.array([0.0, 23.0, 24.0, 30.0])
    assert few_at(time, thinner).tolist() == [False, False, True, True]
    assert not few_at(time, ()).any()


def test_nobody_followed_yet_is_not_few(effect: Effect) -> None:
    landmark = tuple(
        replace(c, raw_at_risk=0 if c.at_months <= 6 else 400 - int(c.at_months))
        for c in effect.arms[0].counts
    )
    assert not few_at(np.array([0.0, 6.0, 12.0, 36.0]), landmark).any()
    late = tuple(
        replace(c, raw_at_risk=5 if c.at_months < 12 else 400) for c in effect.arms[0].counts
    )
    assert few_at(np.array([0.0, 11.0, 12.0]), late).tolist() == [True, True, False]


def test_100_000_patients_are_thinned(effect: Effect, drawn) -> None:
    time = np.sort(np.random.default_rng(1).uniform(0, 36, 100_000))
    value = np.exp(-time / 40)
    arms = tuple(
        replace(a, step_time=time, step_estimate=value**power)
        for a, power in zip(effect.arms, (1.0, 0.8), strict=True)
    )
    figure = drawn(plot(replace(effect, arms=arms)))
    assert 0 < len(points(figure, "arm0")) < 4_000
    for key in ("arm0", "arm1", "arm0-band", "difference"):
        part = figure.part(key)
        assert sum(len(p.get("d", "")) for p in part.iter(f"{{{SVG}}}path")) < PATH_BYTES


def test_description_gives_the_numbers(effect: Effect) -> None:
    words = describe(effect)
    assert words.startswith("Treated within 6 months against never treated, 36 months")
    contrast = effect.contrast("survival_difference", 36.0)
    assert f"+{100 * contrast.estimate.estimate:.1f} (95% CI" in words
    assert words.index("difference of survival") < words.index("hazard ratio")


def test_unknown_kind_is_refused_with_a_hint(effect: Effect) -> None:
    with pytest.raises(DesignError, match="no figure of kind 'curvs'") as caught:
        plot(effect, kind="curvs")
    assert "curves" in str(caught.value)


def test_kinds_are_those_with_something_to_draw(effect: Effect) -> None:
    bare = replace(effect, balance=(), weights=(), flow=())
    assert kinds_of(bare) == ("curves", "difference", "attrition")
    for kind in ("balance", "weights", "flow"):
        with pytest.raises(DesignError):
            plot(bare, kind=kind)
