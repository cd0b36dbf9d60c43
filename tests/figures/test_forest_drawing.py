"""Where the marks of a forest plot stand."""

from __future__ import annotations

import math

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from locoreg.figures import plot
from locoreg.figures.textfit import wrap

LONG = "A very long name of a registry that no column of a figure will ever be able to hold"


@pytest.mark.parametrize("layout", ["revman", "jama", "bmj"])
def test_area_of_markers_is_proportional_to_weight(three_groups, drawn, layout):
    figure = drawn(plot(three_groups, layout=layout))
    for number, pool in enumerate(three_groups):
        studies = sorted(
            zip(pool.studies, pool.meta.weights, strict=True), key=lambda p: p[0].year or 0
        )
        ratios = []
        for i, (_, weight) in enumerate(studies):
            left, top, right, bottom = figure.box(f"g{number}-r{i}", "marker")
            ratios.append((right - left) * (bottom - top) / weight)
        assert max(ratios) / min(ratios) < 1.02


def test_interval_lies_on_the_square_in_contrasting_colour(trials, drawn):
    figure = drawn(plot(trials))
    ids = [child.get("id") for child in figure.part("g0-r0")]
    assert ids.index("lr-t-g0-r0--interval") > ids.index("lr-t-g0-r0--marker")


def test_effects_stand_where_the_axis_says(trials, drawn):
    figure = drawn(plot(trials, axis_limits=(0.25, 4)))
    left, _, right, _ = figure.box("scale", "line")

    def x(value):
        return left + (right - left) * math.log(value / 0.25) / math.log(16)

    for i, study in enumerate(trials.studies):
        mid, low, high = study.effect.estimate(95).natural
        box = figure.box(f"g0-r{i}", "interval")
        assert box[0] == pytest.approx(x(low), abs=0.01)
        assert box[2] == pytest.approx(x(high), abs=0.01)
        marker = figure.box(f"g0-r{i}", "marker")
        assert (marker[0] + marker[2]) / 2 == pytest.approx(x(mid), abs=0.01)
    mid, low, high = trials.meta.mu.natural
    diamond = figure.box("g0-pooled", "diamond")
    assert (diamond[0], diamond[2]) == pytest.approx((x(low), x(high)), abs=0.01)
    assert figure.box("no-effect", "solid")[0] == pytest.approx(x(1), abs=0.01)
    assert figure.box("g0-pooled-guide", "dashed")[0] == pytest.approx(x(mid), abs=0.01)


def test_dashed_line_stays_in_its_group(three_groups, drawn):
    figure = drawn(plot(three_groups))
    for number, pool in enumerate(three_groups):
        guide = figure.box(f"g{number}-pooled-guide", "dashed")
        first = figure.box(f"g{number}-r0", "interval")
        last = figure.box(f"g{number}-pooled", "diamond")
        assert first[1] - 15 < guide[1] <= first[1]
        assert last[1] < guide[3] <= last[3]
        assert len(pool.studies) > 1


def test_intervals_beyond_the_axis_end_in_arrows_and_keep_their_text(three_groups, drawn):
    figure = drawn(plot(three_groups))
    key = next(
        k for k in figure.keys(r"g1-r\d") if any(t.startswith("Munich") for t in figure.texts(k))
    )
    assert figure.has(key, "arrow-low")
    assert figure.has(key, "arrow-high")
    assert "0.91 (0.08 to 10.86)" in figure.texts(key)
    left, _, right, _ = figure.box("scale", "line")
    box = figure.box(key, "interval")
    assert (box[0], box[2]) == pytest.approx((left, right), abs=0.01)
    assert not figure.has("g0-r0", "arrow-low")
    assert any(t.startswith("Arrow head:") for t in figure.texts("notes"))


def test_an_estimate_off_the_axis_leaves_an_arrow_and_its_text(trials, drawn):
    figure = drawn(plot(trials, axis_limits=(0.9, 1.2)))
    assert not figure.has("g0-r1", "marker")
    assert figure.has("g0-r1", "arrow-low")
    assert "0.66 (0.49 to 0.88)" in figure.texts("g0-r1")
    assert figure.has("g0-pooled", "arrow-low")
    left, _, right, _ = figure.box("scale", "line")
    diamond = figure.box("g0-pooled", "diamond")
    assert diamond[0] >= left
    assert diamond[2] <= right


@pytest.mark.parametrize(
    ("question", "outcome", "left"),
    [
        ({}, {}, "surgery"),
        ({"reference_arm": "intervention"}, {}, "systemic therapy alone"),
        ({}, {"event_is": "favourable", "event": "response"}, "systemic therapy alone"),
        (
            {"reference_arm": "intervention"},
            {"event_is": "favourable", "event": "response"},
            "surgery",
        ),
    ],
)
def test_favours_labels_follow_the_data(make_pool, examples, drawn, question, outcome, left):
    figure = drawn(plot(make_pool(examples.trials, question=question, outcome=outcome)))
    sides = {s: " ".join(figure.texts("favours")) for s in ("both",)}["both"]
    assert f"← Favours {left}" in sides
    other = {"surgery": "systemic therapy alone", "systemic therapy alone": "surgery"}[left]
    assert f"Favours {other} →" in sides
    event = outcome.get("event", "death")
    assert figure.texts("axis-title") == [f"Hazard ratio for {event}"]


def test_a_survival_ratio_turns_the_sides(trials):
    from dataclasses import replace

    from locoreg.figures.wording import favours_labels

    question = replace(trials.question, measure="survival ratio")
    assert favours_labels(question, trials.outcome) == (
        "Favours systemic therapy alone",
        "Favours surgery",
    )


def test_american_spelling(three_groups, drawn):
    text = " ".join(drawn(plot(three_groups, layout="jama")).texts())
    assert "Favors surgery" in text
    assert "Randomized trials" in text
    assert "avour" not in text
    assert "andomised" not in text
    assert "Bern single centre" in text  # a name stays as it is


@pytest.mark.parametrize("layout", ["revman", "jama", "bmj"])
def test_no_texts_overlap(make_pool, examples, trials, layout):
    rows = [
        (f"{LONG} {i}", f"long{i}", 2000 + i, *r[3:]) for i, r in enumerate(examples.registries)
    ]
    pools = (trials, make_pool(rows, "observational"), make_pool(examples.pools, "pooled"))
    assert sum(len(p.studies) for p in pools) == 14
    assert_no_overlap(plot(pools, layout=layout))
    assert_no_overlap(
        plot(make_pool(examples.trials, subgroups_by="randomisation_timing"), layout=layout)
    )


def assert_no_overlap(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    scale = 72 / figure.dpi
    width, height = (72 * v for v in figure.get_size_inches())
    boxes = []
    for text in figure.findobj(Text):
        if text.get_text().strip():
            box = text.get_window_extent(renderer)
            boxes.append((text.get_text(), *(v * scale for v in box.extents)))
    assert len(boxes) > 50
    for name, x0, y0, x1, y1 in boxes:
        assert x0 >= 0, name
        assert y0 >= 0, name
        assert x1 <= width, name
        assert y1 <= height, name
    for i, (one, ax0, ay0, ax1, ay1) in enumerate(boxes):
        for two, bx0, by0, bx1, by1 in boxes[i + 1 :]:
            apart = ax1 <= bx0 + 0.1 or bx1 <= ax0 + 0.1 or ay1 <= by0 + 1.5 or by1 <= ay0 + 1.5
            assert apart, (one, two)


def test_long_names_are_cut_by_width_and_kept_in_full(make_pool, examples, drawn):
    rows = [(LONG, "long", 2001, *examples.trials[0][3:]), *examples.trials[1:]]
    figure = drawn(plot(make_pool(rows)))
    label = figure.texts("g0-r0--label")[0]
    assert label.endswith("…")
    assert LONG.startswith(label[:-1])
    assert figure.sentence("g0-r0").startswith(f"{LONG} 2001: HR ")


def test_heads_break_at_spaces_and_hyphens(make_pool, examples, drawn):
    asked = {
        "favours_intervention": "metastasis-directed therapy",
        "favours_control": "chemoimmunotherapy alone",
    }
    figure = drawn(plot(make_pool(examples.trials, question=asked)))
    heads = " ".join(figure.texts("heads"))
    assert "Metastasis- directed therapy events/n" in heads
    assert "Chemoimmunotherapy alone events/n" in heads


def test_words_are_cut_only_where_they_have_no_hyphen():
    assert wrap("metastasis-directed therapy", 60, 8, "bold") == (
        "metastasis-",
        "directed",
        "therapy",
    )
    assert wrap("MF07-01 trial", 60, 8) == ("MF07-01 trial",)
    assert wrap("see MF07-01", 40, 8) == ("see", "MF07-01")
    assert "".join(wrap("chemoimmunotherapy", 40, 8)) == "chemoimmunotherapy"


def test_the_session_s_settings_neither_matter_nor_change(trials, drawn):
    plain = drawn(plot(trials)).texts()
    with matplotlib.rc_context({"text.usetex": True, "font.size": 30, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        assert drawn(plot(trials)).texts() == plain
        assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_needed():
    import subprocess
    import sys

    code = "import sys, locoreg.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
