"""Survival figures as drawn: steps, bands, styles, labels, thin tails, notices, thinning."""

from __future__ import annotations

import re
import time as clock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.figures import plot, to_svg
from locoreg.figures.layouts import contrast
from locoreg.figures.survival.arms import LINES, MOST_ARMS, arm_styles, style_of_slot
from locoreg.figures.survival.labels import distance
from locoreg.figures.survival.steps import TOLERANCE, band, stairs, thinned
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.stats.survivaldifference import survival_difference
from locoreg.workflows.curves.report import IMMORTAL
from locoreg.workflows.curves.ticks import axis_end, time_ticks
from tests.figures.conftest import SVG
from tests.figures.curve_examples import (
    LEVEL,
    frame_of,
    grouped,
    incidences,
    patients,
    places,
    points,
    two_arms,
    two_curves,
)

# Coordinates are written with two decimals.
WRITTEN = 0.006
ARMS = ("Surgery", "No surgery")


def one_curve():
    """Five patients: events at 2, 4 and 4, censored at 3 and 10."""
    return kaplan_meier([2, 3, 4, 4, 10], [1, 0, 1, 1, 0], level=LEVEL)


def heights(drawn, values, panel="curves"):
    _, top, _, bottom, _ = frame_of(drawn, panel)
    return bottom - (bottom - top) * np.asarray(values)


# K1: from 100% at time 0, axis from 0 to 100 without a break


def test_curve_begins_at_100_percent_at_time_0(drawn):
    figure = drawn(plot(one_curve()))
    left, top, _, bottom, _ = frame_of(figure)
    assert points(figure, "arm0")[0] == pytest.approx((left, top), abs=WRITTEN)
    labels = [(text, y) for text, x, y in places(figure, "curves-axes") if "%" in text]
    assert [text for text, _ in labels] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    gaps = np.diff([y for _, y in labels])
    assert np.allclose(gaps, (top - bottom) / 5, atol=WRITTEN)


def test_events_at_time_0_drop_from_100_percent_at_it(drawn):
    figure = drawn(plot(kaplan_meier([0, 0, 5, 6], [1, 0, 0, 1], level=LEVEL)))
    left, top, *_ = frame_of(figure)
    corners = points(figure, "arm0")
    assert corners[0] == pytest.approx((left, top), abs=WRITTEN)
    assert corners[2] == pytest.approx((left, heights(figure, [0.75])[0]), abs=WRITTEN)


def test_incidence_upward_rises_from_0(drawn):
    down, up = (drawn(plot(one_curve(), direction=d)) for d in ("survival", "incidence"))
    _, top, _, bottom, _ = frame_of(up)
    low, high = points(down, "arm0"), points(up, "arm0")
    turned = (top + bottom) - low[:, 1] + (frame_of(down)[1] - top)
    assert high[:, 0] == pytest.approx(low[:, 0], abs=WRITTEN)
    assert high[:, 1] == pytest.approx(turned, abs=2 * WRITTEN)
    assert "Cumulative incidence" in up.texts("curves-title")
    with pytest.raises(DesignError, match="direction"):
        plot(one_curve(), direction="upward")


# K2: right-continuous steps


def test_curve_drops_at_the_event_and_is_level_between(drawn):
    figure = drawn(plot(one_curve()))
    left, _, right, _, _ = frame_of(figure)
    corners = points(figure, "arm0")
    steps = np.diff(corners, axis=0)
    assert np.all((np.abs(steps) < WRITTEN).any(axis=1)), "every piece is upright or level"
    drops = np.unique(corners[:-1][steps[:, 1] > WRITTEN][:, 0])
    scale = (right - left) / 10
    assert drops == pytest.approx(left + scale * np.array([2.0, 4.0]), abs=WRITTEN)
    after_two = corners[corners[:, 0] <= left + 2 * scale + WRITTEN][-1, 1]
    assert after_two == pytest.approx(heights(figure, [0.8])[0], abs=WRITTEN)


def test_curve_ends_at_the_last_follow_up(drawn):
    figure = drawn(plot(two_curves(), arms=ARMS))
    time, _, arm = two_arms()
    left, _, right, _, ticks = frame_of(figure)
    scale = (ticks[-1][1] - left) / ticks[-1][0]
    for key, name in (("arm0", "Surgery"), ("arm1", "No surgery")):
        ends = [p[:, 0].max() for p in parts(figure, key, ("line", "tail"))]
        assert max(ends) == pytest.approx(left + scale * time[arm == name].max(), abs=0.02)
    assert right == pytest.approx(left + scale * time.max(), abs=0.02)


def parts(figure, key, roles):
    """Return the corners of the pieces of a curve."""
    ids = [k for k in figure.keys(rf"{key}--({'|'.join(roles)})\d*")]
    return [points(figure, k) for k in ids]


# K3, bands under lines


def test_all_bands_lie_below_all_lines(drawn):
    order = [
        g.get("id", "")
        for g in drawn(plot(two_curves())).root.iter(f"{{{SVG}}}g")
        if re.search(r"arm\d(-band)?--(area|line)\d*$", g.get("id", ""))
    ]
    kinds = ["band" if "-band--" in name else "line" for name in order]
    assert kinds == sorted(kinds)
    assert kinds.count("band") >= 2
    assert kinds.count("line") == 2


def test_bands_are_the_limits_stepped(drawn):
    curves = two_curves()
    figure = drawn(plot(curves, arms=ARMS))
    outline = points(figure, "arm0-band--area")
    assert np.all((np.abs(np.diff(outline, axis=0)) < WRITTEN).any(axis=1))
    turn = int(np.argmax(outline[:, 0])) + 1
    upper, lower = outline[:turn], outline[turn:][::-1]
    curve = curves["Surgery"]
    left, _, _, _, ticks = frame_of(figure)
    scale = (ticks[-1][1] - left) / ticks[-1][0]
    x = left + scale * (curve.time[:-1] + curve.time[1:]) / 2
    seen = (x > upper[0, 0]) & (x < upper[-1, 0])
    assert seen.sum() > 100
    for edge, limit in ((upper, curve.ci_high), (lower, curve.ci_low)):
        shown = edge[np.searchsorted(edge[:, 0], x[seen], side="right") - 1, 1]
        expected = heights(figure, limit[:-1][seen])
        assert np.abs(shown - expected).max() <= TOLERANCE + WRITTEN


def test_level_scale_and_variance_are_stated(drawn):
    notes = " ".join(drawn(plot(two_curves())).texts("notes"))
    assert "pointwise, 95%, log-log scale, Greenwood's variance" in notes
    assert not drawn(plot(two_curves(), bands=False)).keys(r"arm\d-band")


def test_no_band_where_a_limit_does_not_exist():
    nan = np.nan
    x, low, high = np.arange(5.0), np.array([0, nan, 2, 2, nan]), np.array([0, 5, 6, nan, 9.0])
    outlines = band(x, low, high, 5.0)
    assert [(o[:, 0].min(), o[:, 0].max()) for o in outlines] == [(0, 1), (2, 3)]


# K7, K8: identity, dash, label, contrast


def test_style_belongs_to_the_arm_not_to_its_place_in_the_alphabet():
    arms = ("Surgery", "Radiotherapy", "None")
    whole = arm_styles(("None", "Radiotherapy", "Surgery"), arms)
    assert arm_styles(("None",), arms)["None"] == whole["None"] == style_of_slot(2)
    assert arm_styles(("A first", "Surgery", "None"), ("Surgery", "None", "A first"))[
        "Surgery"
    ] == style_of_slot(0)
    assert [whole[a] for a in arms] == [style_of_slot(i) for i in range(3)]


def test_without_a_list_the_name_decides():
    for name in ("Surgery", "None", "b", "Zebra"):
        alone = arm_styles((name,), None)[name]
        assert alone == arm_styles((name,), None)[name]
        assert alone == arm_styles((f" {name.upper()}",), None)[f" {name.upper()}"]
    assert arm_styles(("all",), None)["all"] == style_of_slot(0)
    both = arm_styles(("None", "Surgery"), None)
    assert both == arm_styles(("Surgery", "None"), None)


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=MOST_ARMS, unique=True))
@settings(deadline=None, max_examples=50)
def test_styles_differ_in_colour_or_dash(names):
    styles = arm_styles(names, None)
    assert len({(s.line, s.dashes) for s in styles.values()}) == len(names)
    if len(names) <= len(LINES):
        assert len({s.line for s in styles.values()}) == len(names)
        assert len({s.dashes for s in styles.values()}) == len(names)


def test_faults_of_arms():
    with pytest.raises(DesignError, match="17 groups can't be told apart"):
        arm_styles([str(i) for i in range(17)], None)
    with pytest.raises(DesignError, match="'No surgery' is not among the arms") as caught:
        plot(two_curves(), arms=("Surgery", "None"))
    assert "name all groups" in str(caught.value.hint)
    with pytest.raises(DesignError, match="different names"):
        arm_styles(("A",), ("A", "A"))


def test_same_arm_same_style_in_curves_table_and_numbers(drawn):
    figure = drawn(plot(two_curves(), arms=ARMS))
    for key, slot in (("arm0", 0), ("arm1", 1)):
        style = style_of_slot(slot)
        strokes = {p.get("stroke") for p in figure.part(f"{key}--line").iter(f"{{{SVG}}}path")}
        assert strokes == {style.line.lower()}
        dashed = [p.get("stroke-dasharray") for p in figure.part(f"{key}--line").iter()]
        assert any(dashed) == (style.dashes is not None)
        for part in (f"{key}-label", f"{key}-table-name", f"{key}-numbers"):
            fills = [t.get("fill") for t in figure.part(part).iter(f"{{{SVG}}}text")]
            assert fills[0] == style.line.lower()


def test_contrast_of_texts_and_lines(drawn):
    figures = [
        plot(two_curves(), after_time_zero=True, at=(12,), lines=("HR 0.7",)),
        plot(incidences()),
        plot(kaplan_meier(*patients(60, 30, 1), level=LEVEL), small_cells=5),
    ]
    for figure in figures:
        root = drawn(figure).root
        texts = {t.get("fill", "#000000") for t in root.iter(f"{{{SVG}}}text")}
        assert texts
        for colour in texts:
            assert contrast(colour) >= 4.5, colour
        for path in root.iter(f"{{{SVG}}}path"):
            stroke = path.get("stroke", "none")
            if stroke not in ("none", "#ffffff"):
                assert contrast(stroke) >= 3, stroke
    for slot in range(MOST_ARMS):
        style = style_of_slot(slot)
        assert contrast(style.line) >= 5.1
        assert contrast(style.faded) >= 3


def test_labels_stand_on_the_curves_and_cross_none(drawn):
    figure = drawn(plot(two_curves(), arms=ARMS))
    assert not figure.keys(r".*--sample")
    boxes = {key: figure.box(f"{key}-label", "paper") for key in ("arm0", "arm1")}
    lines = {key: parts(figure, key, ("line", "tail")) for key in boxes}
    for box in boxes.values():
        spot = type("Box", (), dict(left=box[0], top=box[1], width=box[2] - box[0], height=10))
        for pieces in lines.values():
            assert all(distance(spot, piece) > 0 for piece in pieces)
    assert boxes["arm0"][3] < boxes["arm1"][1] or boxes["arm1"][3] < boxes["arm0"][1]
    assert figure.texts("arm0-label") == ["Surgery"]


def test_legend_takes_the_place_of_labels_that_would_collide(drawn):
    time, event = patients(80, 40, 1)
    twice = grouped(A=(time, event), B=(time, event))
    figure = drawn(plot(kaplan_meier(*twice[:2], level=LEVEL, strata=twice[2])))
    assert not figure.keys(r"arm\d-label")
    assert len(figure.keys(r"arm\d-numbers--sample")) == 2


def test_long_and_hostile_names_are_cut_on_the_curve_and_whole_beside_it(drawn):
    long = "Locoregional radiotherapy of the primary tumour within six months of diagnosis"
    hostile = "<script>alert(1)</script> & $x^2$ \\frac"
    time, event, arm = two_arms()
    named = np.where(arm == "Surgery", long, hostile)
    figure = plot(kaplan_meier(time, event, level=LEVEL, strata=named), title=hostile, arms=None)
    assert "<script" not in to_svg(figure)
    parsed = drawn(figure)
    labels = [parsed.texts(key) for key in sorted(parsed.keys(r"arm\d-label"))]
    assert any(lines[-1].endswith("…") for lines in labels)
    assert [parsed.texts(key)[0] for key in sorted(parsed.keys(r"arm\d-table-name"))] == sorted(
        (long, hostile)
    )
    assert hostile in " ".join(parsed.texts("title"))
    assert parsed.sentence("arm0").startswith(sorted((long, hostile))[0])
    for key in parsed.keys(r"arm\d-label"):
        assert max(x for _, x, _ in places(parsed, key)) < 760


def test_names_are_shown_in_place_of_labels(drawn):
    figure = drawn(plot(two_curves(), names={"Surgery": "Local therapy"}, arms=ARMS))
    assert figure.texts("arm0-label") == ["Local therapy"]
    assert figure.texts("arm0-table-name") == ["Local therapy"]


# K9: thin and faded, or cut, where few are at risk


def test_curve_is_thin_from_where_few_are_at_risk(drawn):
    curves = two_curves()
    figure = drawn(plot(curves, arms=ARMS))
    left, _, _, _, ticks = frame_of(figure)
    scale = (ticks[-1][1] - left) / ticks[-1][0]
    for key, name in (("arm0", "Surgery"), ("arm1", "No surgery")):
        curve = curves[name]
        few = (curve.at_risk < 10) | (curve.at_risk < 0.1 * curve.n)
        start = curve.time[np.flatnonzero(few)[0] - 1]
        tail = points(figure, f"{key}--tail")
        assert tail[0] == pytest.approx(points(figure, f"{key}--line")[-1], abs=WRITTEN)
        assert tail[:, 0].min() == pytest.approx(left + scale * start, abs=0.02)
        path = figure.part(f"{key}--tail").find(f".//{{{SVG}}}path")
        line = figure.part(f"{key}--line").find(f".//{{{SVG}}}path")
        assert float(path.get("stroke-width")) < float(line.get("stroke-width", 1))
        assert contrast(path.get("stroke")) < contrast(line.get("stroke"))
    notes = " ".join(figure.texts("notes"))
    assert "Thin and faded: fewer than 10 patients or 10% of the group are at risk." in notes


def test_curve_can_be_cut_there(drawn):
    whole, cut = (drawn(plot(two_curves(), arms=ARMS, cut=c)) for c in (False, True))
    assert not cut.keys(r"arm\d--tail\d*")
    assert points(cut, "arm0--line")[-1, 0] == pytest.approx(
        points(whole, "arm0--tail")[0, 0], abs=0.02
    )
    assert "Curves are cut where" in " ".join(cut.texts("notes"))
    assert "Curves are cut where" not in " ".join(whole.texts("notes"))


# K10: marks of censored patients


def test_censored_patients_are_marked_up_to_500(drawn):
    few, many = (kaplan_meier(*patients(n, 40, 1), level=LEVEL) for n in (500, 501))
    marked, unmarked = drawn(plot(few)), drawn(plot(many))
    assert marked.has("arm0", "censored")
    assert not unmarked.has("arm0", "censored")
    assert "Ticks on the curves: censored patients." in " ".join(marked.texts("notes"))
    assert "Censored patients are not marked." in " ".join(unmarked.texts("notes"))
    path = marked.part("arm0--censored").find(f".//{{{SVG}}}path").get("d")
    assert path.count("M") == np.count_nonzero(few.curves[0].censored)
    assert drawn(plot(many, marks=True)).has("arm0", "censored")


# K11: axis of time


@pytest.mark.parametrize(
    ("last", "expected"),
    [(60, 12), (90, 12), (144, 12), (36, 6), (30, 6), (18, 3), (10, 2), (200, 24), (1.2, 0.2)],
)
def test_months_have_ticks_each_12_or_6(last, expected):
    ticks = time_ticks(last, "months")
    assert np.diff(ticks) == pytest.approx(expected)
    assert ticks[0] == 0
    assert ticks[-1] <= axis_end(ticks, last)


@given(st.floats(1e-6, 1e9), st.sampled_from(["months", "years", "days", "weeks", "visits"]))
@settings(deadline=None, max_examples=200)
def test_ticks_are_few_and_even(last, unit):
    ticks = time_ticks(last, unit)
    assert 2 <= len(ticks) <= 14
    assert np.ptp(np.diff(ticks)) <= 1e-6 * ticks[-1]
    assert last <= axis_end(ticks, last) <= 1.3 * last


def test_origin_is_in_title_axis_and_note(drawn):
    figure = drawn(plot(two_curves(), title="Overall survival", origin="diagnosis of metastasis"))
    assert figure.texts("title") == ["Overall survival since diagnosis of metastasis"]
    assert figure.texts("x-title") == ["Months since diagnosis of metastasis"]
    assert "Time zero: diagnosis of metastasis." in " ".join(figure.texts("notes"))
    silent = drawn(plot(two_curves()))
    assert "Time zero is not stated." in " ".join(silent.texts("notes"))


def test_axis_can_end_before_follow_up(drawn):
    figure = drawn(plot(two_curves(), until=48, arms=ARMS))
    _, _, right, _, ticks = frame_of(figure)
    assert ticks[-1] == pytest.approx((48, right))
    assert max(p[:, 0].max() for p in parts(figure, "arm0", ("line",))) <= right + WRITTEN
    assert "goes on beyond the end of the axis" in " ".join(figure.texts("notes"))
    for wrong in (0, -1, np.nan):
        with pytest.raises(DesignError, match="can't end at"):
            plot(two_curves(), until=wrong)


# K13: immortal time


def test_groups_after_time_zero_carry_the_notice(drawn, tmp_path):
    figure = plot(two_curves(), after_time_zero=True)
    parsed = drawn(figure)
    assert " ".join(parsed.texts("notice")[1:]) == IMMORTAL
    assert parsed.sentence("notice") == IMMORTAL
    assert parsed.keys(r"arm\d-band--area-hatch\d*")
    assert "Hatched: the groups were defined after time zero." in " ".join(parsed.texts("notes"))
    assert IMMORTAL.rstrip(".") in to_svg(figure).split("</desc>")[0]
    plain = drawn(plot(two_curves()))
    assert plain.texts("notice") == []
    assert not plain.keys(r".*hatch\d*")


# K15, competing causes


def test_causes_have_a_panel_each_and_the_same_style_in_both(drawn):
    figure = drawn(plot(incidences(), arms=ARMS))
    first, second = frame_of(figure, "cause1"), frame_of(figure, "cause2")
    assert first[0] == second[0]
    assert first[2] == second[2]
    assert "Breast cancer" in figure.texts("cause1-title")
    for key, slot in (("arm0", 0), ("arm1", 1)):
        for cause in ("cause1", "cause2"):
            path = figure.part(f"{key}-{cause}").find(f".//{{{SVG}}}path")
            assert path.get("stroke") == style_of_slot(slot).line.lower()
    assert "Aalen-Johansen" in " ".join(figure.texts("notes"))
    corners = points(figure, "arm0-cause1--line")
    assert corners[0] == pytest.approx((first[0], first[3]), abs=WRITTEN)
    assert np.all(np.diff(corners[:, 1]) <= WRITTEN), "an incidence never falls"


def test_one_group_has_its_causes_in_one_panel(drawn):
    figure = drawn(plot(incidences(groups=False)))
    assert frame_of(figure, "curves")
    labels = {figure.texts(key)[0] for key in figure.keys(r"arm0-cause\d-label")}
    assert labels == {"Breast cancer", "Other"}
    for arms, slot in ((("Other", "Breast cancer"), 1), (("Surgery",), None)):
        other = drawn(plot(incidences(groups=False), arms=arms))
        stroke = other.part("arm0-cause1").find(f".//{{{SVG}}}path").get("stroke")
        assert slot is None or stroke == style_of_slot(slot).line.lower()


# K17, thinning


def test_thinned_curve_of_100000_patients_stays_within_a_quarter_pixel(drawn):
    draw = np.random.default_rng(5)
    time = np.minimum(draw.exponential(50, 100_000), draw.uniform(10, 120, 100_000))
    curves = kaplan_meier(time, draw.random(100_000) < 0.7, level=LEVEL)
    figure = plot(curves)
    svg = to_svg(figure)
    assert len(svg) < 120_000
    parsed = drawn(figure)
    left, _, _, _, ticks = frame_of(parsed)
    scale = (ticks[-1][1] - left) / ticks[-1][0]
    curve = curves.curves[0]
    pieces = [points(parsed, "arm0--line"), points(parsed, "arm0--tail")]
    assert sum(piece.shape[0] for piece in pieces) < 3_000
    drawn_at = np.vstack(pieces)
    times = np.concatenate(([0.0], curve.time))
    x = left + scale * (times[:-1] + times[1:]) / 2
    y = drawn_at[np.searchsorted(drawn_at[:, 0], x, side="right") - 1, 1]
    exact = heights(parsed, np.concatenate(([1.0], curve.estimate[:-1])))
    # Times are written with two decimals: a step that is closer than that may be either.
    begins = np.append(np.unique(drawn_at[:, 0]), np.inf)
    after = np.searchsorted(begins, x)
    gap = np.minimum(begins[after] - x, x - begins[np.maximum(after - 1, 0)])
    near = gap < 2 * WRITTEN
    assert np.abs(y - exact)[~near].max() <= TOLERANCE + WRITTEN
    assert near.mean() < 0.15


def test_drawing_100000_patients_is_quick():
    draw = np.random.default_rng(5)
    curves = kaplan_meier(draw.exponential(50, 100_000), draw.random(100_000) < 0.7, level=LEVEL)
    start = clock.process_time()
    plot(curves)
    # Half a second on a machine of 2024; ten times that is a fault in the thinning.
    assert clock.process_time() - start < 5


@given(
    st.lists(st.floats(-300, 300), min_size=1, max_size=400),
    st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_thinning_keeps_the_tolerance_for_any_steps(levels, falling):
    level = np.sort(np.array(levels)) if falling else np.array(levels)
    kept, shown = thinned(level)
    assert kept[0] == 0
    assert shown[0] == level[0]
    drawn_level = shown[np.searchsorted(kept, np.arange(level.size), side="right") - 1]
    assert np.abs(drawn_level - level).max() <= TOLERANCE * (1 + 1e-9)


def test_steps_that_can_be_seen_are_all_kept():
    x, y = np.arange(50.0), np.arange(50.0) * 3
    corners = stairs(x, y, 60.0)
    assert corners[0::2].tolist() == np.column_stack((x, y)).tolist()
    assert corners[-1].tolist() == [60.0, y[-1]]


# Difference curve


def difference(**options):
    time, event, arm = two_arms()
    return survival_difference(
        time, event, strata=arm, reference="No surgery", level=LEVEL, **options
    )


def test_difference_has_a_zero_line_and_its_bands(drawn):
    found = difference(time_range=(6, 60), replicates=100, seed=1)
    figure = drawn(plot(found, at=(12, 36), origin="diagnosis"))
    _, top, _, bottom, _ = frame_of(figure, "difference")
    zero = figure.box("difference-zero", "line")
    assert zero[1] == pytest.approx((top + bottom) / 2, abs=WRITTEN)
    assert figure.has("difference-band", "area")
    assert figure.has("difference-band", "outer")
    assert figure.has("difference-outer", "low")
    assert "simultaneous 95% band from 6 to 60" in " ".join(figure.texts("notes"))
    at = int(np.searchsorted(found.time, 12, side="right")) - 1
    assert f"at 12 months +{100 * found.estimate[at]:.1f} (95% CI" in figure.sentence("difference")
    assert not drawn(plot(difference())).has("difference-outer", "low")


def test_difference_below_curves_has_the_same_axis_of_time(drawn):
    found = difference()
    figure = drawn(plot(two_curves(), difference=found, at=(12,)))
    above, below = frame_of(figure, "curves"), frame_of(figure, "difference")
    assert above[0] == below[0]
    assert above[2] == below[2]
    upper = [figure.box("curves-axes", f"x-tick{i or ''}")[0] for i in range(len(below[4]))]
    assert upper == pytest.approx([x for _, x in below[4]], abs=WRITTEN)
    line = points(figure, "difference--line")
    last = found.time[-1]
    scale = (below[4][-1][1] - below[0]) / below[4][-1][0]
    assert line[-1, 0] == pytest.approx(below[0] + scale * last, abs=0.02)
    with pytest.raises(DesignError, match="small-cell rule"):
        plot(two_curves(), difference=found, small_cells=10)


# States


@pytest.mark.parametrize(
    ("time", "event"),
    [
        ([5.0], [1]),
        ([5.0], [0]),
        ([0.0, 0.0], [1, 0]),
        ([3.0] * 30, [1] * 30),
        (list(range(1, 31)), [0] * 30),
        ([1e-5, 2e-5, 5e-5], [1, 1, 0]),
        ([1e7, 2e7, 5e7], [1, 0, 1]),
    ],
    ids=["one event", "one censored", "time 0", "all tied", "no events", "tiny", "huge"],
)
def test_odd_data_are_drawn(time, event, drawn):
    figure = drawn(plot(kaplan_meier(time, event, level=LEVEL), at=(1.0,)))
    assert figure.part("arm0") is not None
    for text in figure.texts():
        assert "nan" not in text.casefold()


def test_group_without_events_stays_at_100_percent(drawn):
    time, event, arm = two_arms()
    figure = drawn(
        plot(kaplan_meier(time, event * (arm == "Surgery"), level=LEVEL, strata=arm), arms=ARMS)
    )
    _, top, *_ = frame_of(figure)
    assert points(figure, "arm1--line")[:, 1] == pytest.approx(top, abs=WRITTEN)


def test_ids_are_unique_and_same_figure_same_bytes():
    page = to_svg(plot(two_curves(), after_time_zero=True), prefix="a")
    assert page == to_svg(plot(two_curves(), after_time_zero=True), prefix="a")
    page += to_svg(plot(incidences(), after_time_zero=True), prefix="b")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for name in re.findall(r"url\(#([^)]+)\)", page):
        assert name in ids
    for name in re.findall(r'\b(?:id|class)="([^"]+)"', page):
        assert name.startswith("lr-"), name
    assert "style=" not in page
