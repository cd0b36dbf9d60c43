"""SVG for pages, files, colours and the small parts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.core.numbertext import decimal_text, p_text, percent_texts
from locoreg.figures import plot, save, to_svg
from locoreg.figures.axis import choose_axis
from locoreg.figures.layouts import AUDIT_SIGNS, FAINT_INK, INK, LAYOUTS, contrast
from locoreg.figures.multiverse import EXCLUDES, INCLUDES
from locoreg.figures.textfit import ellipsise, text_width, wrap

HOSTILE = "<script>alert(1)</script> & co $x^2$ \\frac"


def test_same_figure_same_bytes(three_groups):
    assert to_svg(plot(three_groups)) == to_svg(plot(three_groups))
    figure = plot(three_groups)
    assert to_svg(figure) == to_svg(figure)


def test_files_are_the_same_on_repeat(trials, tmp_path):
    for kind in ("svg", "png", "pdf"):
        one = save(plot(trials), tmp_path / f"a.{kind}").read_bytes()
        two = save(plot(trials), tmp_path / f"b.{kind}").read_bytes()
        assert one == two
        assert len(one) > 5000


def test_unknown_ending_writes_nothing(trials, tmp_path):
    with pytest.raises(DataError, match="svg, "):
        save(plot(trials), tmp_path / "a.bmp")
    assert list(tmp_path.iterdir()) == []


def test_root_says_what_it_is(trials):
    root = ET.fromstring(to_svg(plot(trials), title="T & t", description="HR 0.93", prefix="p"))
    assert root.get("role") == "figure"
    assert root.get("viewBox").split()[:2] == ["0", "0"]
    assert root.get("width") is None
    assert root.get("height") is None
    title, desc = list(root)[:2]
    assert (title.text, desc.text) == ("T & t", "HR 0.93")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


def test_words_are_carried_by_the_figure(trials):
    text = to_svg(plot(trials))
    assert "<title" in text
    assert "0.93 (95% CI" in text.split("</desc>")[0]


def test_nothing_leaks_into_the_page(three_groups):
    text = to_svg(plot(three_groups), prefix="p")
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text)
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "<!DOCTYPE" not in text
    assert "<metadata" not in text
    for name in re.findall(r'\b(?:id|class)="([^"]+)"', text):
        assert name.startswith("lr-"), name


def test_ids_are_unique_within_and_across_figures(trials, three_groups):
    page = to_svg(plot(trials), prefix="one") + to_svg(plot(three_groups), prefix="two")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for name in re.findall(r"url\(#([^)]+)\)", page) + re.findall(r'href="#([^"]+)"', page):
        assert name in ids


def test_prefix_is_made_fit_for_ids(trials):
    assert 'id="lr-os-primary-title-text"' in to_svg(plot(trials), prefix="lr-os primary-")


def test_rows_are_images_with_a_sentence(three_groups, drawn):
    figure = drawn(plot(three_groups))
    keys = figure.keys(r"g\d-r\d+")
    assert len(keys) == sum(len(p.studies) for p in three_groups)
    for key in keys:
        assert figure.part(key).get("role") == "img"
        assert "; weight " in figure.sentence(key)


def test_hostile_names_stay_text(make_pool, examples, drawn):
    rows = [(HOSTILE, "hostile", 2001, *examples.trials[0][3:]), *examples.trials[1:]]
    figure = plot(make_pool(rows))
    text = to_svg(figure)
    assert "<script" not in text
    parsed = drawn(figure)
    assert parsed.texts("g0-r0--label") == [f"{HOSTILE} 2001"] or parsed.texts("g0-r0--label")[
        0
    ].endswith("…")
    assert parsed.sentence("g0-r0").startswith(f"{HOSTILE} 2001: ")


def test_other_scripts_and_control_characters_do_no_harm(make_pool, examples, tmp_path):
    rows = [("東京\x0b trial\ud7ff", "tokyo", 2001, *examples.trials[0][3:]), *examples.trials[1:]]
    figure = plot(make_pool(rows))
    ET.fromstring(to_svg(figure))
    assert save(figure, tmp_path / "a.png").stat().st_size > 0


@pytest.mark.parametrize("layout", ["revman", "jama", "bmj"])
def test_contrast_of_all_that_is_drawn(three_groups, layout):
    root = ET.fromstring(to_svg(plot(three_groups, layout=layout)))
    spaces = "{http://www.w3.org/2000/svg}"
    texts = {t.get("fill", "#000000") for t in root.iter(f"{spaces}text")}
    assert texts
    for colour in texts:
        assert contrast(colour) >= 4.5, colour
    for path in root.iter(f"{spaces}path"):
        used = {path.get("fill", "#000000"), path.get("stroke", "none")} - {"none", "#ffffff"}
        for colour in used:
            assert contrast(colour) >= 3, colour


def test_palettes():
    for layout in LAYOUTS.values():
        palette = layout.palette
        assert contrast(palette.heading) >= 4.5
        assert contrast(palette.interval, palette.marker) >= 3
        for colour in (palette.marker, palette.diamond, palette.naive, palette.prediction):
            assert contrast(colour) >= 3
    for _, _, colour in AUDIT_SIGNS.values():
        assert contrast(colour) >= 4.5
    assert contrast(INK) > 15
    assert contrast(FAINT_INK) >= 7
    assert min(contrast(INCLUDES), contrast(EXCLUDES)) >= 4.5


def test_contrast_of_known_pairs():
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#D55E00") == pytest.approx(3.87, abs=0.02)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_percentages_sum_to_100(weights):
    texts = percent_texts(weights)
    assert sum(round(10 * float(t)) for t in texts) == 1000
    for text, weight in zip(texts, weights, strict=True):
        assert abs(float(text) - 100 * weight / sum(weights)) <= 0.1 + 1e-9


def test_numbers():
    assert decimal_text(0.126) == "0.13"
    assert decimal_text(0.0012) == "0.001"
    assert decimal_text(-0.5) == "−0.50"
    assert decimal_text(0.0) == "0.00"
    assert decimal_text(float("inf")) == "∞"
    assert decimal_text(12345.6) == "1.23e+04"
    assert (p_text(0.0001), p_text(0.004), p_text(0.0312)) == ("p < 0.001", "p = 0.004", "p = 0.03")
    assert percent_texts([1, 1, 1]) == ("33.4", "33.3", "33.3")
    assert percent_texts([]) == ()


def test_axis_is_symmetric_and_capped():
    axis = choose_axis([0.8, 1.9], scale="log")
    assert axis.ticks == (0.5, 0.75, 1, 1.5, 2)
    assert axis.low * axis.high == pytest.approx(1)
    assert choose_axis([0.001, 900.0], scale="log").ticks[0] == 0.1
    assert choose_axis([0.0, float("inf")], scale="log").ticks[-1] == 10


def test_one_wide_interval_among_many_does_not_set_the_axis():
    ends = [0.6, 1.5] * 19 + [0.01, 90.0]
    assert choose_axis(ends, scale="log").ticks[-1] == 2


@pytest.mark.parametrize("limits", [(2, 1), (0, 2), (-1, 2), (float("nan"), 2), (1, 1)])
def test_senseless_axis_limits(limits):
    with pytest.raises(DesignError, match="axis limits"):
        choose_axis([0.5, 2], scale="log", limits=limits)


def test_given_limits_have_ticks_inside():
    for limits in ((0.25, 4), (0.9, 1.2), (0.02, 50), (0.5, 1), (2, 3)):
        axis = choose_axis([], scale="log", limits=limits)
        assert len(axis.ticks) >= 2
        assert axis.low <= axis.ticks[0] < axis.ticks[-1] <= axis.high


@given(st.text(max_size=80), st.floats(20, 200))
@settings(max_examples=100, deadline=None)
def test_cut_and_wrapped_texts_fit(text, width):
    plain = text.replace("\r", " ").replace("\n", " ")
    assert text_width(ellipsise(plain, width, 8), 8) <= max(width, text_width("…", 8)) + 1e-6
    for line in wrap(text, width, 8):
        assert text_width(line, 8) <= width + 1e-6 or len(line) == 1
