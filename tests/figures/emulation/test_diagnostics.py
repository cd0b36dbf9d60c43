"""Figures of attrition, flow, balance, weights and overlap."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.effect import Effect
from locoreg.figures import attrition_figure, flow_figure, love_plot, overlap_figure, weight_figure
from locoreg.figures.emulation.overlap import BINS, HALF
from locoreg.figures.emulation.weights import MOST_ROWS
from tests.figures.conftest import SVG
from tests.figures.emulation import effects
from tests.report.emulation import views

# Coordinates are written with two decimals.
WRITTEN = 0.03


@pytest.fixture(scope="module")
def effect() -> Effect:
    return effects.weighted_effect(200)


def test_attrition_has_every_criterion_with_its_numbers(drawn) -> None:
    shown = drawn(attrition_figure(effects.ATTRITION))
    assert shown.keys(r"step\d+") == [f"step{i}" for i in range(6)]
    assert shown.texts("step0") == ["48,213", "registry of four hospitals"]
    assert shown.texts("step4") == [
        "5,683", "performance status of ECOG 0 to 2 within 60 days before time zero", "−1,204",
        "977",
    ]  # fmt: skip
    assert "1,204 excluded, 5,683 left, 977 not known" in shown.sentence("step4")


def test_attrition_bars_are_to_scale(drawn) -> None:
    shown = drawn(attrition_figure(effects.ATTRITION))

    def width(key: str, role: str) -> float:
        left, _, right, _ = shown.box(key, role)
        return right - left

    whole = width("step0", "bar")
    for i, step in enumerate(effects.ATTRITION.steps, 1):
        share = step.left / effects.ATTRITION.started
        assert width(f"step{i}", "bar") == pytest.approx(whole * share, abs=WRITTEN)


def test_flow_has_a_box_per_step_in_the_column_of_its_arm(effect: Effect, drawn) -> None:
    shown = drawn(flow_figure(effect))
    for i, arm in enumerate(effect.arms):
        own = [step for step in effect.flow if step.arm == arm.label]
        keys = shown.keys(rf"arm{i}-step\d+")
        assert [shown.texts(key)[-1] for key in keys] == [f"{s.n:,}" for s in own]
        lefts = {round(shown.box(key, "box")[0], 1) for key in keys}
        assert len(lefts) == 1
    assert len(shown.keys(r"common\d+")) == 2


def test_flow_without_common_boxes_is_drawn(effect: Effect, drawn) -> None:
    only = tuple(step for step in effect.flow if step.arm is not None)
    shown = drawn(flow_figure(replace(effect, flow=only)))
    assert shown.part("branch") is None
    assert shown.keys(r"arm0-step\d+")


def test_love_plot_has_all_variables_once_ordered_by_the_unweighted_difference(
    effect: Effect, drawn
) -> None:
    shown = drawn(love_plot(effect))
    names = [shown.sentence(key).partition(":")[0] for key in shown.keys(r"band0-row\d+")]
    first = {r.variable: abs(r.before) for r in effect.balance if r.at_months == 0.0}
    expected = sorted(first, key=first.__getitem__, reverse=True)
    assert [n.partition(":")[0] for n in expected] == names
    assert len(names) == len(first)


def test_love_plot_draws_absolute_values_and_prints_signed_ones(effect: Effect, drawn) -> None:
    shown = drawn(love_plot(effect))
    rows = {r.variable: r for r in effect.balance if r.at_months == 0.0}
    zone = shown.box("panel0-zone", "box")
    per_unit = (zone[2] - zone[0]) / 0.1
    for key in shown.keys(r"band0-row\d+"):
        row = rows.get(shown.sentence(key).partition(":")[0])
        if row is None or abs(row.after) < 0.02:
            continue
        left, _, right, _ = shown.box(key, "after-mark")
        assert (left + right) / 2 - zone[0] == pytest.approx(per_unit * abs(row.after), abs=WRITTEN)
        sign = "+" if row.before > 0 else "−"
        assert f"{sign}{abs(row.before):.2f}" in shown.texts(key)


def test_love_plot_header_counts_and_gives_ess(effect: Effect, drawn) -> None:
    shown = drawn(love_plot(effect))
    rows = [r for r in effect.balance if r.at_months == 6.0]
    before = sum(abs(r.before) > 0.1 for r in rows)
    after = sum(abs(r.after) > 0.1 for r in rows)
    texts = shown.texts("panel1-head")
    assert texts[0] == "Month 6"
    assert f"over 0.1: {before} → {after} of {len(rows)}" in " ".join(texts)
    assert any(t.startswith("ESS 731 of 1,124: never treated") for t in texts)


def test_love_plot_marks_what_exceeds_and_what_is_beyond(effect: Effect, drawn) -> None:
    rows = list(effects.balance(30, (0.0,)))
    rows[3] = replace(rows[3], variable="far off", before=2.4, after=-0.31)
    rows[4] = replace(rows[4], variable="unknown", before=math.nan, after=math.nan)
    shown = drawn(love_plot(replace(effect, balance=tuple(rows))))
    assert "far off" in shown.sentence("band0-row0")
    assert {"+2.40", "−0.31!"} <= set(shown.texts("band0-row0"))
    assert shown.has("band0-row0", "arrow")
    last = shown.keys(r"band0-row\d+")[-1]
    assert shown.texts(last) == ["unknown", "–", "–"]
    assert any("Arrow head" in text for text in shown.texts("notes"))


def test_love_plot_zero_threshold_option_is_told(effect: Effect, drawn) -> None:
    shown = drawn(love_plot(effect, threshold=0.05))
    assert "over 0.05" in " ".join(shown.texts("panel0-head"))
    assert "up to 0.05" in " ".join(shown.texts("notes"))


def test_weights_figure_prints_every_summary(effect: Effect, drawn) -> None:
    shown = drawn(weight_figure(effect))
    for i, arm in enumerate(effect.arms):
        own = [w for w in effect.weights if w.arm == arm.label]
        rows = [shown.texts(key) for key in shown.keys(rf"arm{i}-table-row\d+")]
        assert [r[0] for r in rows] == [f"{w.at_months:g}" for w in own]
        assert [r[5] for r in rows] == [f"{w.largest:.2f}" for w in own]
        assert [r[6] for r in rows] == [f"{w.ess:,.0f}" for w in own]


def test_weights_at_many_times_keep_the_last_row(effect: Effect, drawn) -> None:
    many = effects.weights(effect.question, tuple(np.arange(37.0)))
    shown = drawn(weight_figure(replace(effect, weights=many)))
    rows = [shown.texts(key) for key in shown.keys(r"arm0-table-row\d+")]
    assert len(rows) <= MOST_ROWS + 1
    assert rows[-1][0] == "36"


def test_weights_under_1_fit_the_axis(effect: Effect, drawn) -> None:
    low = tuple(
        replace(w, median=0.02, p99=0.5, largest=0.9, total=0.1 * w.n) for w in effect.weights
    )
    shown = drawn(weight_figure(replace(effect, weights=low)))
    labels = [t for t in shown.texts("arm0-weights-axes") if t.replace(".", "").isdigit()]
    assert labels


def overlap_of(drawn, **more):
    found = views.overlap()
    return drawn(overlap_figure(found.score, found.treated, **more))


def test_overlap_bars_are_shares_of_their_group(drawn) -> None:
    found = views.overlap()
    shown = overlap_of(drawn)
    shares = []
    for group in (~found.treated, found.treated):
        counts, _ = np.histogram(found.score[group], bins=BINS, range=(0, 1))
        shares.append(counts / counts.sum())
    reach = max(s.max() for s in shares)
    for g in (0, 1):
        part = shown.part(f"group{g}-bars")
        heights = []
        for path in part.iter(f"{{{SVG}}}path"):
            ys = [float(n) for n in path.get("d").replace("L", " ").replace("M", " ")
                  .replace("z", " ").split()][1::2]  # fmt: skip
            heights.append(max(ys) - min(ys))
        expected = [HALF * s / reach for s in shares[g] if s > 0]
        assert heights == pytest.approx(expected, abs=WRITTEN)


def test_overlap_shows_weights_and_limits_where_given(drawn) -> None:
    found = views.overlap()
    bare = overlap_of(drawn)
    assert bare.part("group0-outline") is None
    assert bare.part("limit0") is None
    whole = overlap_of(drawn, weight=found.weight, limits=(0.05, 0.95))
    assert whole.part("group1-outline") is not None
    assert whole.part("limit1") is not None
    assert any("are trimmed" in text for text in whole.texts("notes"))


@pytest.mark.parametrize(
    ("score", "treated", "words"),
    [
        ([0.2, 1.2], [True, False], "between 0 and 1"),
        ([0.2, math.nan], [True, False], "between 0 and 1"),
        ([0.2, 0.3], [True, True], "nobody"),
    ],
    ids=["above one", "unknown", "one group"],
)
def test_overlap_refuses_what_is_no_score(score, treated, words) -> None:
    with pytest.raises(DataError, match=words):
        overlap_figure(np.array(score), np.array(treated))
