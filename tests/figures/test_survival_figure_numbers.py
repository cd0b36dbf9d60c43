"""Numbers of survival figures: the table of patients, medians, landmarks, weights, small cells."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.figures import describe, plot, to_svg
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.survivalcurves import kaplan_meier, reverse_kaplan_meier
from locoreg.workflows.curves.counts import count_table
from locoreg.workflows.curves.landmarks import landmarks_of, median_of, percent_words
from locoreg.workflows.curves.shown import shown_curves
from locoreg.workflows.curves.smallcells import Hider
from locoreg.workflows.curves.ticks import time_ticks
from tests.figures.curve_examples import (
    LEVEL,
    frame_of,
    incidences,
    patients,
    places,
    two_arms,
    two_curves,
)
from tests.stats import survival_cases as reference

ARMS = ("Surgery", "No surgery")
MODEST = settings(deadline=None, max_examples=60)

rows = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 20)), min_size=1, max_size=40
)


def counted(curve, times, **options):
    options = {"delayed_entry": False, "weighted": False, **options}
    return count_table(curve, times, **options)


# K4, K5: sums, ties, time 0


@given(rows)
@MODEST
def test_at_risk_censored_and_events_are_counted_as_they_are_defined(data):
    time, event = (np.array([row[i] for row in data]) for i in (0, 1))
    ticks = (0.0, 1.0, 5.0, 7.5, 12.0, 30.0, 31.0)
    table = counted(kaplan_meier(time, event, level=LEVEL).curves[0], ticks)
    for i, t in enumerate(ticks):
        at_risk, censored, events = (row.counts[i] for row in table.rows)
        assert at_risk == np.count_nonzero(time >= t)
        assert events == np.count_nonzero(event & (time < t))
        assert censored == np.count_nonzero(~event & (time < t))
        assert at_risk + censored + events == time.size == table.n


def test_row_of_time_0_is_all_0_0_also_with_events_at_it():
    table = counted(kaplan_meier([0, 0, 3], [1, 0, 1], level=LEVEL).curves[0], (0.0, 1.0))
    assert [row.counts for row in table.rows] == [(3, 1), (0, 1), (0, 1)]


@pytest.mark.parametrize(
    "name", ["km_lung_sex", "km_edge_ties", "km_edge_last_event", "km_veteran_cell"]
)
def test_counts_are_those_of_r_at_ties(name):
    case = reference.case(name)
    columns = reference.data(case["dataset"])
    _, time, event = reference.response(case["args"]["response"], columns)
    group = case["args"]["group"]
    curves = kaplan_meier(
        time, event, level=LEVEL, strata=None if group is None else columns[group]
    )
    for curve, theirs in zip(curves, case["result"]["curves"], strict=True):
        table = counted(curve, theirs["time"])
        assert list(table.row("at_risk").counts) == theirs["n_risk"]
        before = np.concatenate(([0], np.cumsum(theirs["n_event"])[:-1]))
        assert list(table.row("events").counts) == before.tolist()
        before = np.concatenate(([0], np.cumsum(theirs["n_censor"])[:-1]))
        assert list(table.row("censored").counts) == before.tolist()


def test_times_that_differ_from_a_tick_by_rounding_are_at_it():
    days = np.array([365.25, 730.5, 800.0])
    time = days / 30.4375 * (1 + 1e-15)
    table = counted(kaplan_meier(time, [1, 1, 0], level=LEVEL).curves[0], (12.0, 24.0))
    assert table.row("at_risk").counts == (3, 2)


# K6: delayed entry


@given(rows)
@MODEST
def test_delayed_entry_has_its_own_row_and_sum(data):
    entry = np.array([row[2] / 2 for row in data])
    time = entry + 0.5 + np.array([row[0] for row in data])
    event = np.array([row[1] for row in data])
    ticks = (0.0, 1.0, 5.0, 7.25, 12.0, 41.0)
    curve = kaplan_meier(time, event, entry=entry, level=LEVEL).curves[0]
    table = counted(curve, ticks, delayed_entry=True)
    assert [row.key for row in table.rows] == ["entered", "at_risk", "censored", "events"]
    for i, t in enumerate(ticks):
        entered, at_risk, censored, events = (row.counts[i] for row in table.rows)
        began = entry <= t if t == 0 else entry < t
        assert entered == np.count_nonzero(began)
        assert at_risk == np.count_nonzero(began & (time >= t))
        assert events == np.count_nonzero(event & (time < t))
        assert at_risk + censored + events == entered
    assert table.n == time.size


def test_figure_shows_the_row_of_those_entered(drawn):
    time, event, arm = two_arms()
    entry = np.random.default_rng(3).uniform(0, 12, time.size)
    keep = entry < time
    curves = kaplan_meier(time[keep], event[keep], entry=entry[keep], level=LEVEL, strata=arm[keep])
    figure = drawn(plot(curves, arms=ARMS))
    table = {
        k: figure.texts(f"arm0-table-{k}") for k in ("entered", "at_risk", "censored", "events")
    }
    assert table["entered"][0] == "Entered"
    numbers = {k: [int(t) for t in texts[1:]] for k, texts in table.items()}
    assert max(numbers["at_risk"]) > numbers["at_risk"][0], "the risk set rises"
    sums = np.sum([numbers[k] for k in ("at_risk", "censored", "events")], axis=0)
    assert sums.tolist() == numbers["entered"]
    assert "Patients enter after time zero." in " ".join(figure.texts("notes"))


def test_rows_of_one_person_count_once():
    entry, time = np.array([0, 10, 0, 5]), np.array([10, 20, 5, 30])
    curve = kaplan_meier(
        time, [0, 1, 0, 0], entry=entry, id=["a", "a", "b", "b"], level=LEVEL
    ).curves[0]
    table = counted(curve, (0.0, 7.0, 15.0, 25.0), delayed_entry=True)
    assert table.n == 2
    assert table.row("entered").counts == (2, 2, 2, 2)
    assert table.row("at_risk").counts == (2, 2, 2, 1)
    assert table.row("events").counts == (0, 0, 0, 1)
    assert table.row("censored").counts == (0, 0, 0, 0)


# K4, places


def test_columns_stand_under_their_ticks(drawn):
    for figure in (drawn(plot(two_curves())), drawn(plot(incidences(), at=(12,)))):
        panel = "curves" if figure.part("curves-axes") is not None else "cause2"
        *_, ticks = frame_of(figure, panel)
        for key in figure.keys(r"arm\d-table-(at_risk|censored|events\w*)"):
            columns = places(figure, key)[1:]
            assert len(columns) == len(ticks)
            assert [x for _, x, _ in columns] == pytest.approx([x for _, x in ticks], abs=0.5)


def test_numbers_at_either_end_are_whole(drawn):
    draw = np.random.default_rng(1)
    curves = kaplan_meier(
        np.ceil(draw.uniform(0, 60, 69_972)), draw.random(69_972) < 0.5, level=LEVEL
    )
    figure = drawn(plot(curves, until=60))
    texts = places(figure, "arm0-table-at_risk")
    assert texts[1][0] == "69,972"
    # DejaVu Sans has digits of 0.636 em: no number reaches the label before it or the edge.
    half = 0.636 * 7.5 * len("69,972") / 2
    label, label_x, _ = texts[0]
    assert label_x + 0.7 * 7.5 * len(label) < texts[1][1] - half
    assert texts[-1][1] + half < 760


def test_too_many_wide_columns_are_thinned_out(drawn):
    time = np.arange(1, 145.0)
    curves = kaplan_meier(time, time > 0, weight=np.full(time.size, 1e6), level=LEVEL)
    figure = drawn(plot(curves))
    columns = places(figure, "arm0-table-weighted_at_risk")[1:]
    assert columns[0][0] == "144,000,000"
    assert len(columns) < len(time_ticks(144, "months"))
    assert np.diff([x for _, x, _ in columns]).min() > 0.6 * 7.5 * len("144,000,000")
    *_, ticks = frame_of(figure)
    assert [x for _, x, _ in columns] == pytest.approx([x for _, x in ticks], abs=0.5)


# K12, medians and landmarks


def test_median_not_reached_is_said(drawn):
    figure = drawn(plot(kaplan_meier([1, 2, 3, 9, 9], [1, 0, 1, 0, 0], level=LEVEL), at=(2, 20)))
    cells = figure.texts("arm0-numbers")
    assert cells[:4] == ["All patients", "5", "2", "not reached (1.00 to not reached)"]
    assert cells[-1] == "beyond follow-up"
    assert "At 2 months, %" in figure.texts("block0-heads")


def test_landmarks_are_the_curve_with_events_at_the_time_itself():
    curves = kaplan_meier([2, 4, 4, 10, 12], [1, 1, 1, 0, 1], level=LEVEL)
    found = {x.time: x for x in landmarks_of(curves, (0, 1.5, 4, 11, 12, 50))}
    assert found[1.5].text == "100.0 (no event yet)"
    assert found[4].estimate == pytest.approx(0.4)
    assert found[4].ci_low == curves.ci_low[1]
    assert found[11].estimate == pytest.approx(0.4)
    assert found[12].estimate == 0
    assert found[50].estimate == 0, "survival of 0 stays 0"
    with pytest.raises(DesignError, match="read off"):
        landmarks_of(curves, (-1,))


def test_percentages_never_round_to_a_certainty():
    assert percent_words(0.0001) == "<0.1"
    assert percent_words(0.9999) == ">99.9"
    assert (percent_words(1.0), percent_words(0.0)) == ("100.0", "0.0")


def test_sentences_and_description_hold_the_numbers(drawn):
    curves = two_curves()
    figure = plot(curves, at=(12,), arms=ARMS, lines=("HR 0.70, adjusted for age",))
    parsed = drawn(figure)
    median = curves["Surgery"].median
    sentence = parsed.sentence("arm0")
    assert sentence.startswith("Surgery: 160 patients, ")
    assert f"median {median.estimate:.1f} (95% CI {median.ci_low:.1f} to" in sentence
    estimate = 100 * float(curves["Surgery"](12.0))
    assert f"at 12 months {estimate:.1f}% (95% CI " in sentence
    description = to_svg(figure).split("</desc>")[0]
    assert sentence in description
    assert "HR 0.70, adjusted for age" in description
    assert "HR 0.70, adjusted for age" in parsed.texts("lines")
    assert not re.search(r"\bp [<=]", description), "no p-value unless asked for"
    assert describe(curves).startswith("No surgery: 180 patients")
    said = parsed.sentence("arm0-table-at_risk")
    assert said.startswith("Surgery, At risk: 160 at 0, ")
    assert parsed.part("arm0-table-at_risk").get("role") == "img"


def test_incidence_upward_turns_the_numbers(drawn):
    curves = two_curves()
    cells = drawn(plot(curves, direction="incidence", at=(12,), arms=ARMS)).texts("arm0-numbers")
    survival = 100 * float(curves["Surgery"](12.0))
    assert cells[-1].startswith(f"{100 - survival:.1f} (")


def test_many_landmarks_go_on_in_a_second_block(drawn):
    figure = drawn(plot(two_curves(), at=tuple(range(6, 78, 6))))
    heads = [t for key in figure.keys(r"block\d-heads") for t in figure.texts(key)]
    assert [t for t in heads if t.startswith("At ")] == [
        f"At {t} months, %" for t in range(6, 78, 6)
    ]
    assert figure.texts("arm0-numbers")[0] == figure.texts("arm0-numbers1")[0]


def test_reverse_kaplan_meier_is_named(drawn):
    time, event = patients(60, 30, 1)
    figure = drawn(plot(reverse_kaplan_meier(time, event, level=LEVEL)))
    assert figure.texts("title") == ["Still under follow-up"]


# K14, weights


def test_weighted_curves_say_so_and_show_both_kinds_of_counts(drawn):
    time, event, arm = two_arms()
    weight = np.random.default_rng(2).uniform(0.3, 3, time.size)
    curves = kaplan_meier(time, event, weight=weight, level=LEVEL, strata=arm)
    figure = drawn(plot(curves, weighting="inverse probability of treatment, ATE", arms=ARMS))
    assert figure.texts("title") == ["Survival; weighted (inverse probability of treatment, ATE)"]
    assert figure.texts("arm0-table-at_risk")[:2] == ["At risk", "160"]
    shown = figure.texts("arm0-table-weighted_at_risk")
    assert shown[0] == "At risk, weighted"
    assert float(shown[1]) == pytest.approx(weight[arm == "Surgery"].sum(), abs=0.051)
    assert re.fullmatch(r"\d+\.\d", shown[1])
    assert "robust variance" in " ".join(figure.texts("notes"))
    silent = drawn(plot(curves))
    assert silent.texts("title") == ["Survival; weighted (how is not stated)"]


def test_weighted_counts_add_up_and_are_whole_from_1000_on():
    time, event = patients(400, 40, 3)
    weight = np.random.default_rng(2).uniform(2, 6, time.size)
    curve = kaplan_meier(time, event, weight=weight, level=LEVEL).curves[0]
    table = counted(curve, (0.0, 12.0, 36.0), weighted=True)
    parts = [table.row(f"weighted_{k}").counts for k in ("at_risk", "censored", "events")]
    assert np.sum(parts, axis=0) == pytest.approx(weight.sum())
    late = weight[time >= 12].sum()
    assert table.row("weighted_at_risk").counts[1] == pytest.approx(late)
    assert "." not in table.row("weighted_at_risk").texts[0]


# K15: causes in the table


def test_causes_have_a_row_each_and_all_add_up():
    curves = incidences(groups=False)
    table = counted(curves.curves[0], (0.0, 12.0, 36.0, 60.0))
    assert [row.label for row in table.rows] == ["At risk", "Censored", "Breast cancer", "Other"]
    assert np.sum([row.counts for row in table.rows], axis=0).tolist() == [150] * 4


# K16: small cells


@given(rows, st.integers(2, 8))
@MODEST
def test_no_small_count_is_shown_or_can_be_derived(data, limit):
    time, event = (np.array([row[i] for row in data]) for i in (0, 1))
    curve = kaplan_meier(time, event, level=LEVEL).curves[0]
    ticks = (0.0, 3.0, 6.0, 9.0, 15.0, 22.0, 31.0)
    plain, hidden = (counted(curve, ticks, small_cells=s) for s in (None, limit))
    for row in hidden.rows:
        exact = [0.0, *(c for c in row.counts if c is not None)]
        if row.key != "at_risk":
            for a, b in pairwise(exact):
                assert a == b or b - a > limit, "differences along a row"
        for shown, true in zip(row.counts, plain.row(row.key).counts, strict=True):
            assert shown is None or shown == true
            assert shown is None or not 0 < shown <= limit
    for i in range(len(ticks)):
        cells = [row.counts[i] for row in hidden.rows]
        unknown = [c is None for c in cells]
        left = plain.row("at_risk").counts[i]
        known_left = left == 0 and unknown[0]
        assert sum(unknown) != 1 or hidden.n is None, "one hidden count is what others leave"
        if known_left:
            # Everybody sees that nobody is left.
            assert sum(unknown[1:]) != 1


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12),
    st.integers(2, 10),
    st.integers(0, 40),
)
@MODEST
def test_limits_shown_hold_the_true_count(steps, limit, left):
    censored, events = (np.cumsum([s[i] for s in steps]).astype(float) for i in (0, 1))
    n = int(censored[-1] + events[-1] + left)
    at_risk = n - censored - events
    shown = Hider(limit).table(
        at_risk, {"censored": censored, "events": events}, n, follows="entered"
    )
    for key, true in (("at_risk", at_risk), ("censored", censored), ("events", events)):
        for cell, value in zip(shown[key], true, strict=True):
            assert cell.low <= max(value, 1) or cell.low == 0
            assert cell.high is None or value <= cell.high


def test_steps_stand_for_more_than_the_limit():
    time, event, _ = two_arms()
    curve = kaplan_meier(time, event, level=LEVEL).curves[0]
    (shown,) = shown_curves(curve, 10)
    events = [
        int(curve.events[(curve.time > a) & (curve.time <= b)].sum())
        for a, b in zip([-1.0, *shown.time[:-1]], shown.time, strict=True)
    ]
    assert min(events) > 10
    last = int(np.searchsorted(curve.time, shown.end))
    assert curve.at_risk[last] > 10
    assert shown.estimate == pytest.approx(curve(shown.time))
    assert shown.censored.size == 0
    (whole,) = shown_curves(curve, None)
    assert whole.time.size == curve.time.size


def test_small_cells_in_figure_text_and_paths(drawn):
    time, event, arm = two_arms()
    tiny = np.arange(time.size) < 8
    arm = np.where(tiny, "Unknown", arm)
    curves = kaplan_meier(time, event, level=LEVEL, strata=arm)
    figure = plot(curves, small_cells=10, at=(12, 36))
    parsed = drawn(figure)
    limit = {key: parsed.texts(key) for key in parsed.keys(r"arm\d-table-\w+")}
    for texts in limit.values():
        for text in texts[1:]:
            assert not (text.isdecimal() and 1 <= int(text) <= 10), text
    unknown = sorted(curve.stratum for curve in curves).index("Unknown")
    assert parsed.texts(f"arm{unknown}-numbers")[1:] == ["≤10", "≤10", "hidden", "hidden", "hidden"]
    assert parsed.part(f"arm{unknown}") is None, "no curve of the small group"
    assert not parsed.keys(r"arm\d--censored")
    notes = " ".join(parsed.texts("notes"))
    assert "Small cells: counts of 1 to 10 patients" in notes
    assert "Not drawn, with too few patients or events: Unknown." in notes
    exact = str(int((event * tiny).sum()))
    assert f"{exact} events" not in to_svg(figure)


@pytest.mark.parametrize("limit", [0, -1, 1, 2.5, "10"])
def test_limit_of_small_cells_is_checked(limit):
    with pytest.raises(DesignError, match="small_cells"):
        plot(two_curves(), small_cells=limit)


def test_medians_of_few_are_hidden():
    curve = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0], level=LEVEL).curves[0]
    assert median_of(curve, 10).text == "hidden"
    assert median_of(curve).median == 2.5


def test_incidence_with_delayed_entry_says_how_it_counts(drawn):
    time, event = patients(80, 40, 2)
    entry = np.random.default_rng(3).uniform(0, 5, 80)
    keep = entry < time
    curves = aalen_johansen(time[keep], event[keep], entry=entry[keep], level=LEVEL)
    figure = drawn(plot(curves))
    assert "at the first end of a follow-up" in " ".join(figure.texts("notes"))
    rows = {
        k: figure.texts(f"arm0-table-{k}")[1:]
        for k in ("entered", "at_risk", "censored", "events_1")
    }
    sums = np.sum([[int(t) for t in rows[k]] for k in ("at_risk", "censored", "events_1")], axis=0)
    assert sums.tolist() == [int(t) for t in rows["entered"]]
