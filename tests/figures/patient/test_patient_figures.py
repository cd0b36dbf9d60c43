"""Figures for one patient: 100 dots for each option, and two curves with their ranges."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from locoreg.core.errors import DataError
from locoreg.figures import to_svg
from locoreg.figures.patient import course_figure, dots_svg
from locoreg.figures.patient.curves import BANDS, OPACITY, WIDER_OPACITY
from locoreg.figures.patient.dots import RADIUS, STEP, WIDTH
from locoreg.workflows.patient.curve import ArmAt, AtMonth, Course, Wider

NS = "{http://www.w3.org/2000/svg}"
LABELS = ("no surgery", "surgery")
EVENT = ("alive", "died")
HOSTILE = ("<script>alert(1)</script>", 'a" onload="x' + "é" * 200)
# Against white: 4.5 for text, 3 for what is no text (WCAG 2.2, 1.4.3 and 1.4.11).
LEAST_TEXT, LEAST_SHAPE = 4.5, 3.0


def arm(free: float, *, wide: bool = True) -> ArmAt:
    low, high = max(free - 0.08, 0.0), min(free + 0.08, 1.0)
    wider = Wider(low=max(low - 0.05, 0.0), high=min(high + 0.04, 1.0))
    return ArmAt(free=free, low=low, high=high, wider=wider if wide else None)


def at(months: float, without: float, with_: float, *, wide: bool = True) -> AtMonth:
    return AtMonth(
        months=months, without=arm(without, wide=wide), with_=arm(with_, wide=wide),
        difference=with_ - without, low=with_ - without - 0.1, high=with_ - without + 0.1,
    )  # fmt: skip


def course(*, wide: bool = True) -> Course:
    values = ((12.0, 0.82, 0.85), (24.0, 0.61, 0.66), (36.0, 0.46, 0.49))
    return Course(
        times=tuple(at(*one, wide=wide) for one in values), level=95.0, moved=False,
        factor=1.5 if wide else None,
    )  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, ground: str = "#ffffff") -> float:
    pair = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (pair[0] + 0.05) / (pair[1] + 0.05)


def dots(one: AtMonth, **more: object) -> ET.Element:
    given: dict[str, object] = {"labels": LABELS, "event": EVENT, **more}
    return ET.fromstring(dots_svg(one, **given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("without", "with_"), [(0.46, 0.49), (0.0, 1.0), (0.005, 0.995), (0.004, 0.4951), (1.0, 1.0)]
)
def test_each_option_has_100_dots_as_many_filled_as_the_number(without, with_) -> None:
    one = at(36.0, without, with_)
    root = dots(one)
    squares = root.findall(f"{NS}g")
    assert len(squares) == 2
    for square, found in zip(squares, (one.without, one.with_), strict=True):
        circles = square.findall(f"{NS}circle")
        kinds = [circle.get("class") for circle in circles]
        free, event = found.people
        assert kinds == ["lr-dot-free"] * free + ["lr-dot-event"] * event
        assert len(circles) == 100


def test_dots_stand_in_ten_rows_and_touch_nothing() -> None:
    root = dots(at(36.0, 0.46, 0.49))
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    assert width == WIDTH
    places = [
        (float(circle.attrib["cx"]), float(circle.attrib["cy"]))
        for circle in root.iter(f"{NS}circle")
    ]
    assert len(set(places)) == 200
    for square in root.findall(f"{NS}g"):
        own = [
            (float(c.attrib["cx"]), float(c.attrib["cy"])) for c in square.findall(f"{NS}circle")
        ]
        xs, ys = sorted({x for x, _ in own}), sorted({y for _, y in own})
        assert (len(xs), len(ys)) == (10, 10)
        gaps = {round(b - a, 6) for line in (xs, ys) for a, b in itertools.pairwise(line)}
        assert gaps == {STEP}
        # Row by row from the top, left to right: filled ones come first.
        assert own == sorted(own, key=lambda place: (place[1], place[0]))
    assert 2 * RADIUS < STEP
    assert all(RADIUS <= x <= width - RADIUS and RADIUS <= y <= height - RADIUS for x, y in places)
    gap = min(x for x, _ in places[100:]) - max(x for x, _ in places[:100])
    assert gap > 2 * STEP
    lowest = max(y for _, y in places) + RADIUS
    tops = [float(text.attrib["y"]) for text in root.iter(f"{NS}text")]
    assert all(y < min(py for _, py in places) - RADIUS or y > lowest for y in tops)


def test_dots_say_everything_in_words_too() -> None:
    root = dots(at(36.0, 0.46, 0.49), synthetic=True)
    texts = [text.text for text in root.iter(f"{NS}text")]
    assert texts == [
        "Filled dot: alive. Ring: died.", "No surgery", "46 alive, 54 died", "Surgery",
        "49 alive, 51 died",
    ]  # fmt: skip
    title, desc = root.find(f"{NS}title"), root.find(f"{NS}desc")
    assert title is not None
    assert desc is not None
    assert "100 people like this after 3 years" in (title.text or "")
    assert "SYNTHETIC" in (title.text or "")
    assert desc.text == "no surgery: 46 alive, 54 died; surgery: 49 alive, 51 died"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], desc.attrib["id"]]
    names = [group.attrib["aria-label"] for group in root.findall(f"{NS}g")]
    assert names == ["no surgery: 46 of 100 alive", "surgery: 49 of 100 alive"]


def test_dots_are_told_apart_without_colour_and_by_contrast() -> None:
    root = dots(at(36.0, 0.46, 0.49))
    filled = next(c for c in root.iter(f"{NS}circle") if c.get("class") == "lr-dot-free")
    ring = next(c for c in root.iter(f"{NS}circle") if c.get("class") == "lr-dot-event")
    assert (filled.get("stroke"), ring.get("fill")) == (None, "none")
    assert contrast(filled.attrib["fill"]) >= LEAST_SHAPE
    assert contrast(ring.attrib["stroke"]) >= LEAST_SHAPE
    assert contrast(root.attrib["fill"]) >= LEAST_TEXT


def test_dots_do_not_change_with_the_second_range() -> None:
    found = [
        dots_svg(at(36.0, 0.46, 0.49, wide=wide), labels=LABELS, event=EVENT) for wide in (0, 1)
    ]  # type: ignore[arg-type]
    assert found[0] == found[1]


def elements(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter())


def drawn(one: Course, **more: object) -> str:
    given: dict[str, object] = {
        "labels": LABELS, "event": EVENT, "origin": "diagnosis", "synthetic": False, **more,
    }  # fmt: skip
    return to_svg(course_figure(one, one.times[-1], **given), prefix="t")  # type: ignore[arg-type]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_labels_are_text_and_nothing_else(hostile: str) -> None:
    labels, event = (hostile, hostile + "2"), (hostile, hostile)
    for svg in (
        dots_svg(at(36.0, 0.46, 0.49), labels=labels, event=event),
        drawn(course(), labels=labels, event=event, origin=hostile),
    ):
        for element in elements(svg):
            assert element.tag.removeprefix(NS) not in ("script", "a", "foreignObject", "image")
            assert not [name for name in element.attrib if name.lower().startswith("on")]
        assert "<script" not in svg


def test_texts_of_a_long_label_stay_inside_its_half() -> None:
    from locoreg.figures.textfit import text_width

    root = dots(at(36.0, 0.46, 0.49), labels=("operation of the primary tumour " * 8, "none"))
    half = WIDTH / 2
    for text in root.iter(f"{NS}text"):
        if text.get("font-weight") == "bold":
            left = float(text.attrib["x"])
            end = left + text_width(text.text or "", 15.0, "bold")
            assert end <= (half if left < half else WIDTH)


def ids(svg: str) -> set[str]:
    return {element.attrib["id"] for element in elements(svg) if "id" in element.attrib}


def test_curves_have_two_bands_for_each_option_and_the_outer_is_the_paler_one() -> None:
    svg, plain = drawn(course()), drawn(course(wide=False))
    for k in (0, 1):
        assert any(f"wide-band{k}" in name for name in ids(svg))
    assert not any("wide-band" in name for name in ids(plain))
    assert "Paler bands" in text_of(svg)
    assert "by up to 1.5 times" in text_of(svg)
    assert "Paler bands" not in text_of(plain)
    assert WIDER_OPACITY < OPACITY
    assert all(contrast(colour) >= LEAST_SHAPE for colour in BANDS)


def text_of(svg: str) -> str:
    return re.sub(r"\s+", " ", " ".join("".join(e.itertext()) for e in elements(svg)[:1]))


def test_curves_name_both_options_their_ends_and_each_time() -> None:
    svg = drawn(course())
    text = text_of(svg)
    for part in ("No surgery", "Surgery", "Months since diagnosis", "46", "49"):
        assert part in text
    assert "after 2 years 61 of 100 without and 66 with" in text
    assert "shown: 3 years" in text
    assert "SYNTHETIC" in text_of(drawn(course(), synthetic=True))


def test_one_time_and_equal_curves_can_be_drawn() -> None:
    one = course()
    single = replace(one, times=(at(36.0, 0.5, 0.5),))
    assert "after 3 years 50 of 100 without and 50 with" in text_of(drawn(single))
    extreme = replace(one, times=(at(6.0, 1.0, 0.0), at(120.0, 0.0, 0.0)))
    assert "after 10 years 0 of 100 without and 0 with" in text_of(drawn(extreme))
    with pytest.raises(DataError, match="no time to draw"):
        course_figure(replace(one, times=()), one.times[0], labels=LABELS, event=EVENT, origin="x")
