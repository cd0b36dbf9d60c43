"""Contrast of every text colour of the style sheet against the grounds it stands on."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = (files("locoreg.report") / "templates" / "style.css").read_text(encoding="utf-8")
VARIABLES = dict(re.findall(r"--lr-(\w+): (#[0-9a-f]{6});", CSS))
TEXT = ("ink", "soft", "link", "blocking", "serious", "minor", "good")
GROUNDS = ("#ffffff", VARIABLES["shade"], "#fff7d6")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable(name: str, ground: str) -> None:
    assert contrast(VARIABLES[name], ground) >= 4.5


def test_strip_is_readable() -> None:
    assert contrast("#ffffff", "#22303f") >= 4.5


def test_no_text_colour_is_left_out() -> None:
    used = set(re.findall(r"[^-]color: var\(--lr-(\w+)\)", CSS))
    assert used <= set(TEXT)
