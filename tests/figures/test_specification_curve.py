"""The figure of a multiverse."""

from __future__ import annotations

import math

import pytest

from locoreg.core.errors import DesignError
from locoreg.evidence.multiverse import Alternatives, Option, multiverse
from locoreg.figures import describe, plot, to_svg


def option(label, ratio, kind="level", main=False):
    return Option(label=label, yi=math.log(ratio), se=0.15, kind=kind, is_main=main)


def study(name, *options):
    return Alternatives(study_id=name.lower(), label=name, options=options)


@pytest.fixture(scope="module")
def small():
    return multiverse(
        [
            study("Tata", option("used", 1.04, "main", True)),
            study("ABCSG", option("used", 1.45, "main", True), option("as is", 0.69, "printed")),
            study("MF", option("used", 0.66, "main", True), option("2021 <b>", 0.71, "report")),
            study("JCOG", option("used", 0.5, "main", True), option("95%", 0.9)),
        ],
        method="DL",
        interval="normal",
        level=95,
    )


@pytest.fixture(scope="module")
def large():
    studies = [
        study(f"S{i}", *(option(f"r{j}", 0.6 + 0.1 * j, "level", j == 0) for j in range(3)))
        for i in range(5)
    ]
    return multiverse(studies, method="DL", interval="normal", level=95)


def test_one_column_per_universe_in_rising_order(small, drawn):
    figure = drawn(plot(small, measure="Hazard ratio for death"))
    keys = figure.keys(r"u\d+")
    assert keys == [f"u{i}" for i in range(1, 9)]
    ordered = sorted(small.universes, key=lambda u: u.mu.estimate)
    for key, universe in zip(keys, ordered, strict=True):
        mid, low, high = universe.mu.natural
        text = f"HR {mid:.2f} (95% CI {low:.2f} to {high:.2f})"
        assert text in figure.sentence(key)
        for label in (d.label for d in small.doubts):
            choice = universe.choices[small.studies.index(label)]
            assert f"{label}: {choice}" in figure.sentence(key)
    x = [figure.box(key, "interval")[0] for key in keys]
    assert x == sorted(x)


def test_each_universe_marks_one_reading_per_doubt(small, drawn):
    figure = drawn(plot(small))
    rows = {}
    for d, doubt in enumerate(small.doubts):
        for o, _ in enumerate(doubt.options):
            box = figure.box(f"doubt{d}-stripe{o}", "box")
            rows[d, o] = (box[1], box[3])
    ordered = sorted(small.universes, key=lambda u: u.mu.estimate)
    for i, universe in enumerate(ordered):
        key = f"u{i + 1}"
        markers = figure.keys(rf"{key}--marker\d*")
        assert len(markers) == 1 + len(small.doubts)
        for d, doubt in enumerate(small.doubts):
            _, top, _, bottom = figure.box(key, f"marker{d + 1}")
            chosen = [e.option.label for e in doubt.options].index(
                universe.choices[small.studies.index(doubt.label)]
            )
            assert rows[d, chosen][0] < (top + bottom) / 2 < rows[d, chosen][1]


def test_the_legend_names_what_occurs(small, drawn):
    assert drawn(plot(small)).texts("legend") == ["interval includes 1", "interval excludes 1"]
    close = [study("A", option("used", 0.9, "main", True), option("other", 0.95))]
    unclear = multiverse(close, method="DL", interval="normal", level=95)
    assert drawn(plot(unclear)).texts("legend") == ["interval includes 1"]
    far = [study("A", option("used", 0.5, "main", True), option("other", 0.55))]
    clear = multiverse(far, method="DL", interval="normal", level=95)
    assert drawn(plot(clear)).texts("legend") == ["interval excludes 1"]


def test_barred_readings_are_marked_once_and_never_cut(drawn):
    long = "soran2021: the report of ten years with many more words than fit here"
    readings = (
        option("used", 0.66, "main", True),
        option(long, 0.71, "blocked"),
        option("2018 (barred by the audit)", 0.8, "blocked"),
    )
    found = multiverse([study("MF", *readings)], method="DL", interval="normal", level=95)
    figure = drawn(plot(found))
    assert figure.texts("doubt0-o0") == ["used"]
    (text,) = figure.texts("doubt0-o1")
    assert text.startswith("soran2021: the")
    assert text.endswith("… (barred by the audit)")
    assert figure.texts("doubt0-o2") == ["2018 (barred by the audit)"]
    assert figure.sentence("u2").endswith(f"MF: {long} (barred by the audit)")


def test_exclusion_of_no_effect_has_another_shape_and_colour(small, drawn):
    figure = drawn(plot(small))
    ordered = sorted(small.universes, key=lambda u: u.mu.estimate)
    seen = set()
    for i, universe in enumerate(ordered):
        hollow = figure.has(f"u{i + 1}", "hole")
        colour = figure.part(f"u{i + 1}--interval").find(".//*[@d]").get("stroke")
        assert hollow is not universe.significant
        seen.add((hollow, colour))
    assert seen == {(True, "#0072b2"), (False, "#b34e00")}


def test_main_and_printed_are_marked(small, drawn):
    figure = drawn(plot(small))
    assert figure.texts("flag-main-result") == ["Main result"]
    assert figure.texts("flag-as-printed") == ["As printed"]
    main = next(k for k in figure.keys(r"u\d+") if "the main result" in figure.sentence(k))
    left, _, right, _ = figure.box("main", "band")
    assert left < figure.box(main, "interval")[0] < right
    printed = next(k for k in figure.keys(r"u\d+") if ", as printed:" in figure.sentence(k))
    assert "ABCSG: as is" in figure.sentence(printed)
    assert "MF: used" in figure.sentence(printed)


def test_many_are_thinned_and_it_says_so(large, drawn):
    assert len(large.universes) == 243
    figure = drawn(plot(large))
    keys = figure.keys(r"u\d+")
    assert len(keys) <= 64
    assert keys[0] == "u1"
    assert keys[-1] == "u243"
    assert any("the main result" in figure.sentence(k) for k in keys)
    notes = " ".join(figure.texts("notes"))
    assert f"Shown are {len(keys)} of 243 combinations" in notes
    assert len(drawn(plot(large, most=243)).keys(r"u\d+")) == 243
    with pytest.raises(DesignError):
        plot(large, most=2)


def test_readings_are_escaped_and_bytes_stable(small):
    text = to_svg(plot(small))
    assert "2021 <b>" not in text
    assert "2021 &lt;b&gt;" in text
    assert text == to_svg(plot(small))


def test_words(small):
    text = describe(small)
    assert text.startswith("8 combinations of readings; main result ")
    significant = sum(u.significant for u in small.universes)
    assert f"the 95% interval excludes 1 in {significant} of 8" in text


@pytest.mark.parametrize("layout", ["revman", "jama", "bmj"])
def test_no_doubt_at_all_is_drawn(layout, drawn):
    alone = multiverse(
        [study("Tata", option("used", 1.04, "main", True))],
        method="DL",
        interval="normal",
        level=95,
    )
    figure = drawn(plot(alone, layout=layout, title="Favours <nobody>"))
    assert figure.texts("flag-main-result-as-printed") == ["Main result, as printed"]
    assert any("No input is doubtful" in t for t in figure.texts("summary"))
