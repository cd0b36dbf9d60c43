"""Contrast of text in drawings, which axe-core does not look at."""

from __future__ import annotations

import re
from typing import Any

LEAST = 4.5
# For each text: its colour, and the colours of the shapes under its centre, from the lowest up.
_TEXTS = """() => [...document.querySelectorAll('svg text')].map(text => {
  const box = text.getBoundingClientRect();
  if (!box.width || !text.textContent.trim()) return null;
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const style = getComputedStyle(text);
  const under = [...text.ownerSVGElement.querySelectorAll('rect, path, polygon, circle')]
    .filter(shape => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING
      && !shape.closest('defs, clipPath'))
    .filter(shape => { const b = shape.getBoundingClientRect();
      return b.left <= x && x <= b.right && b.top <= y && y <= b.bottom; })
    .map(shape => getComputedStyle(shape))
    .map(style => [style.fill, style.fillOpacity * style.opacity]);
  return {text: text.textContent.trim().slice(0, 60), fill: style.fill,
    opacity: style.fillOpacity * style.opacity, under};
}).filter(Boolean)"""


def faint_texts(page: Any) -> list[str]:
    """Return the texts in drawings whose contrast is below 4.5 to 1."""
    faint = []
    for one in page.evaluate(_TEXTS):
        ground = (255.0, 255.0, 255.0)
        for fill, opacity in one["under"]:
            if (colour := rgb(fill)) is not None:
                ground = over(colour, opacity, ground)
        colour = rgb(one["fill"])
        if colour is None:
            continue
        ratio = contrast(over(colour, one["opacity"], ground), ground)
        if ratio < LEAST:
            faint.append(f"{one['text']!r}: {one['fill']}, {ratio:.2f}")
    return faint


Colour = tuple[float, float, float]


def rgb(text: str) -> Colour | None:
    """Return a computed colour; None for no paint, a pattern, or one that is clear."""
    found = re.fullmatch(r"rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)", text)
    if found is None or found[4] == "0":
        return None
    return float(found[1]), float(found[2]), float(found[3])


def over(colour: Colour, opacity: float, ground: Colour) -> Colour:
    mixed = [opacity * c + (1 - opacity) * g for c, g in zip(colour, ground, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def luminance(colour: Colour) -> float:
    parts = [c / 255 for c in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
