"""The figures of what would settle a question."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.core.errors import DesignError
from locoreg.figures import plot
from locoreg.report.anchors import slug
from locoreg.report.blocks import Figure, text
from locoreg.report.drawings import Drawing, make_drawing

# Parts that are drawn, by the last word of their key, or the last but one.
TITLES = {
    "sequential": "The trials so far against sequential boundaries",
    "assurance": "Chance of a significant result by number of patients",
    "accrual": "Patients by month of accrual",
}


def draw_prospects(kept: Mapping[str, object]) -> dict[str, Drawing]:
    """Draw the results of planning that have a figure.

    Parameters
    ----------
    kept : mapping
        Results by the key of their part.

    Returns
    -------
    dict of str to Drawing
        By the same keys; a single number of patients makes no curve.
    """
    drawn = {}
    for key, result in kept.items():
        kind = next((name for name in TITLES if name in key.split("/")[-2:]), None)
        if kind is None:
            continue
        try:
            figure = plot(result)
        except DesignError:
            # An assurance at one number of patients: its table says it all.
            if kind != "assurance":
                raise
            continue
        drawn[key] = make_drawing(slug(key).replace("/", "-"), TITLES[kind], figure)
    return drawn


def figure_block(drawn: Mapping[str, Drawing], key: str, caption: str) -> tuple[Figure, ...]:
    """Return the figure of a part as a block; nothing where it has none.

    Parameters
    ----------
    drawn : mapping
        From :func:`draw_prospects`.
    key : str
        Of the part.
    caption : str
        Below it.

    Returns
    -------
    tuple of Figure
        One or none.
    """
    found = drawn.get(key)
    if found is None:
        return ()
    return (Figure(f"figure-{found.name}", found.title, found.svg, text(caption)),)
