"""The column sets: columns, wording and palette differ, numbers never do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from locoreg.core.errors import DesignError, did_you_mean

LayoutName = Literal["revman", "jama", "bmj"]
Column = Literal["study", "arm_a", "arm_b", "total", "weight", "effect", "audit", "bias"]

INK = "#1A1A1A"
FAINT_INK = "#4D4D4D"
RULE = "#8A8A8A"
PAPER = "#FFFFFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours; every text at least 4.5:1 on white, every mark at least 3:1.

    Attributes
    ----------
    marker, interval : str
        Study markers, and the interval line drawn through them (3:1 on both
        the marker and the paper).
    diamond, naive, prediction : str
        Pooled results, outline of the result as printed, prediction bar.
    heading : str
        Text of headings.
    """

    marker: str
    interval: str
    diamond: str
    naive: str
    prediction: str
    heading: str = INK


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A column set.

    Attributes
    ----------
    name : str
        Name of the set.
    left, right : tuple of str
        Columns on either side of the plot.
    marker : {"square", "circle"}
        Shape of the study markers; the area says the weight in both.
    american : bool
        Whether words are spelled the American way.
    palette : Palette
        Colours.
    """

    name: LayoutName
    left: tuple[Column, ...]
    right: tuple[Column, ...]
    marker: Literal["square", "circle"]
    american: bool
    palette: Palette

    def words(self, text: str) -> str:
        """Return the text in the layout's spelling."""
        return americanise(text) if self.american else text


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "revman": Layout(
            name="revman",
            left=("study", "arm_a", "arm_b", "total", "weight", "effect"),
            right=("audit", "bias"),
            marker="square",
            american=False,
            palette=Palette(
                marker="#6C8FB0",
                interval=INK,
                diamond=INK,
                naive=FAINT_INK,
                prediction="#7A7A7A",
            ),
        ),
        "jama": Layout(
            name="jama",
            left=("study", "arm_a", "arm_b", "total", "effect"),
            right=("weight", "bias"),
            marker="circle",
            american=True,
            palette=Palette(
                marker="#858585",
                interval=INK,
                diamond="#404040",
                naive=FAINT_INK,
                prediction="#858585",
            ),
        ),
        "bmj": Layout(
            name="bmj",
            left=("study", "arm_a", "arm_b", "total"),
            right=("weight", "effect", "audit", "bias"),
            marker="square",
            american=False,
            palette=Palette(
                marker="#4F94CD",
                interval="#0B2F4A",
                diamond="#00548B",
                naive="#00548B",
                prediction="#4F86AD",
                heading="#00456F",
            ),
        ),
    }
)

# Severity: sign and letter and colour, so that none is needed alone.
AUDIT_SIGNS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "blocking": ("✖", "B", "#9E1B1B"),
        "serious": ("▲", "S", "#A34700"),
        "minor": ("●", "M", "#00598C"),
        "note": ("○", "N", FAINT_INK),
    }
)

_AMERICAN = (
    ("favour", "favor"),
    ("randomis", "randomiz"),
    ("tumour", "tumor"),
    ("standardis", "standardiz"),
    ("hospitalis", "hospitaliz"),
    ("oestrogen", "estrogen"),
    ("haemato", "hemato"),
    ("behaviour", "behavior"),
    ("centre", "center"),
    ("generalis", "generaliz"),
    ("stabilis", "stabiliz"),
    ("characteris", "characteriz"),
    ("harmonis", "harmoniz"),
    ("oedema", "edema"),
    ("paediatric", "pediatric"),
)


def layout_named(name: str) -> Layout:
    """Return a layout, or raise a DesignError that names the known ones."""
    if name not in LAYOUTS:
        raise DesignError(f"there is no layout {name!r}.", hint=did_you_mean(name, LAYOUTS))
    return LAYOUTS[name]


def americanise(text: str) -> str:
    """Return British spellings of the field's words in American spelling, case kept."""
    for british, american in _AMERICAN:
        text = text.replace(british, american).replace(british.title(), american.title())
    return text


def luminance(colour: str) -> float:
    """Return the relative luminance of a ``#RRGGBB`` colour (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str = PAPER) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
