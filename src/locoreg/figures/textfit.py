"""Width of texts in the figure's font; cutting and wrapping by it."""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FAMILY = "DejaVu Sans"
ELLIPSIS = "…"
# Holds words together where lines are broken; printed as a plain space.
TIE = "\N{NO-BREAK SPACE}"
# No character of ASCII is as wide, in units of the font's size: W is the widest, in bold 1.10.
WIDEST = 1.2
_AFTER_HYPHEN = re.compile(r"(?<=\w[-–/])(?=\w)")


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of one line in points.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in points.
    weight : {"normal", "bold"}
        Font weight.

    Returns
    -------
    float
        Width as matplotlib will draw it.
    """
    font = FontProperties(family=[FAMILY], size=size, weight=weight)
    with warnings.catch_warnings():
        # A script that the font lacks is drawn by the viewer's own font in SVG.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width)


def at_most(text: str, size: float) -> float:
    """Return a width in points that the text can't exceed, without measuring it."""
    return WIDEST * size * len(text) if text.replace(TIE, " ").isascii() else math.inf


def one_line(text: str) -> str:
    """Return the text on one line, without characters that XML does not allow."""
    kept = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) != "Cc"
    )
    kept = "".join(c for c in kept if not 0xD800 <= ord(c) <= 0xDFFF and ord(c) & 0xFFFE != 0xFFFE)
    return re.sub(r" +", " ", kept).strip()


def ellipsise(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return the text, cut with an ellipsis where it is wider than the points given."""
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + ELLIPSIS, size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def wrap(text: str, width: float, size: float, weight: str = "normal") -> tuple[str, ...]:
    """Return the text in lines of at most the width in points.

    Parameters
    ----------
    text : str
        Broken at spaces, not at no-break spaces. A word that is too long is
        broken after its hyphens, and cut where it has none.
    width, size : float
        Room and font size in points.
    weight : {"normal", "bold"}
        Font weight.

    Returns
    -------
    tuple of str
        The lines, with plain spaces.
    """
    lines: list[str] = []
    current, most = "", 0.0
    for piece, joint in _pieces(text, width, size, weight):
        trial = f"{current}{joint}{piece}" if current else piece
        # Measuring costs more than all else: not done while the line is sure to fit.
        most += at_most(joint + piece, size)
        if most > width:
            most = text_width(trial, size, weight)
        if most <= width:
            current = trial
            continue
        if current:
            lines.append(current)
        current = piece
        while text_width(current, size, weight) > width and len(current) > 1:
            head = _fitting(current, width, size, weight)
            lines.append(head)
            current = current[len(head) :]
        most = text_width(current, size, weight)
    return tuple(line.replace(TIE, " ") for line in [*lines, current] if line)


def longest_piece(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of the widest part of a text that has no space and no hyphen inside."""
    return max((text_width(piece, size, weight) for piece, _ in _pieces(text, 0.0, size, weight)))


def _pieces(text: str, width: float, size: float, weight: str) -> list[tuple[str, str]]:
    """Return the parts between which lines may break, each with what joins it to the last."""
    found: list[tuple[str, str]] = []
    for word in (one_line(part).replace(" ", TIE) for part in text.split(" ")):
        too_long = at_most(word, size) > width and text_width(word, size, weight) > width
        first, *others = _AFTER_HYPHEN.split(word) if too_long else (word,)
        found += [(first, " "), *((other, "") for other in others)]
    return found


def _fitting(word: str, width: float, size: float, weight: str) -> str:
    end = max(2, int(len(word) * width / text_width(word, size, weight)))
    while end > 1 and text_width(word[:end], size, weight) > width:
        end -= 1
    return word[:end]
