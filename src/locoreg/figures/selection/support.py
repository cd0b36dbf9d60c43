"""Where the data can tell something: groups of persons by size and share treated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.figures.axis import EffectAxis
from locoreg.figures.columns import HEAD, MARGIN, TEXT
from locoreg.figures.emulation.plate import Words
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK
from locoreg.figures.selection.chart import BLUE, DASH, ORANGE, Chart, nice_axis
from locoreg.figures.selection.words import PLAIN, Setting
from locoreg.figures.survival.arms import mix
from locoreg.figures.textfit import wrap
from locoreg.stats.survivaldata import IntArray

if TYPE_CHECKING:
    from locoreg.selection.model import SelectionModel

# Groups hold fewer persons than that only if something is wrong: nothing is drawn then.
LEAST_SHOWN = 10
# Shares treated beyond which the two options can hardly be compared.
LIMITS = (5.0, 95.0)
GREY = "#E3E3E3"
MOST_LINES = 24


def support_figure(
    model: SelectionModel,
    *,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw the groups of persons that a model holds, and the values for which it gives no number.

    Parameters
    ----------
    model : SelectionModel
        A model: its groups hold 50 persons or more each, never one person.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        A dot per group: persons against share treated; below, values without numbers.

    Raises
    ------
    DataError
        If there is no group, or one holds fewer than 10 persons.
    """
    count = model.cells.count
    if count.shape[1] == 0 or int(model.cells.size.min()) < LEAST_SHOWN:
        raise DataError(
            "groups of fewer than 10 persons are not drawn.", hint="build the model anew."
        )
    size, treated = model.cells.size, count[1]
    share = 100.0 * treated / size
    outside = _outside(model)
    parts = [
        f"{plural(int(size.size), 'group')} of {int(size.min())} to {int(size.max())} persons",
        f"share treated {share.min():.0f}% to {share.max():.0f}%",
        *(f"no number: {line}" for line in outside),
    ]
    words = Words(
        title=setting.title(title or "Support: which persons the data can tell about"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            "Groups of persons who are alike in their covariates, made without outcomes. Shaded: "
            "nearly everybody, or nearly nobody, was treated; the two options can hardly be "
            "compared there.",
            *notes,
        ),
    )
    return _Support(words, size, share, outside).draw()


def _outside(model: SelectionModel) -> tuple[str, ...]:
    """Return values, and pairs of values, for which the model gives no number."""
    options = {
        "treated": model.question.treated_label,
        "comparator": model.question.comparator_label,
        "both": "either option",
    }
    out = [
        f"{name} {level}: fewer than {LEAST_SHOWN} had {options[which]}"
        for name, found in model.values.few.items()
        for level, which in sorted(found.items())
    ]
    bins = model.values.bins
    for hole in model.values.holes:
        first = bins[hole.first].labels[hole.first_code]
        second = bins[hole.second].labels[hole.second_code]
        out.append(f"{hole.first} {first} with {hole.second} {second}: fewer than {LEAST_SHOWN}")
    return tuple(out)


class _Support(Chart):
    def __init__(
        self, words: Words, size: IntArray, share: np.ndarray, outside: tuple[str, ...]
    ) -> None:
        self.size, self.share, self.outside = size, share, outside
        low, high = float(size.min()), float(size.max())
        pad = max(0.08 * (high - low), 5.0)
        super().__init__(
            words,
            nice_axis(max(low - pad, 0.0), high + pad),
            EffectAxis(low=0.0, high=100.0, ticks=(0.0, 25.0, 50.0, 75.0, 100.0), scale="identity"),
            ("Persons in the group", "Share of the group that was treated, %"),
            height=210.0,
        )

    def key(self) -> None:
        """Draw the key."""
        self.key_row(
            (
                ("dot", mix(BLUE, 0.25), "a group of persons"),
                ("band", GREY, f"under {LIMITS[0]:g}% or over {LIMITS[1]:g}% treated"),
                ("dash", ORANGE, "share treated of all"),
            )
        )

    def curves(self) -> None:
        """Draw limits and groups."""
        low, high = self.x_axis.low, self.x_axis.high
        for part, a, b in (("few", 0.0, LIMITS[0]), ("most", LIMITS[1], 100.0)):
            self.band(part, (low, high), (a, a), (b, b), fill=GREY, sentence="hardly any overlap")
        all_treated = float(self.size @ self.share / self.size.sum())
        self.straight(
            "all", ((low, all_treated), (high, all_treated)), colour=ORANGE, width=1.2,
            dashes=DASH, sentence=f"{all_treated:.0f}% of all were treated",
        )  # fmt: skip
        for i, (n, share) in enumerate(zip(self.size.tolist(), self.share.tolist(), strict=True)):
            pen = self.pen(f"group{i}", f"{n} persons, {share:.0f}% treated")
            pen.disc(self.x(n), self.y_at(share), 7.5, role="rim", fill=BLUE)
            pen.disc(self.x(n), self.y_at(share), 5.6, role="dot", fill=mix(BLUE, 0.25))

    def body(self) -> None:
        """Draw the plot, then the values without numbers."""
        super().body()
        pen = self.pen("outside")
        self.y += 4
        head = (
            "No number is given for persons with"
            if self.outside
            else f"Each value, taken alone, has {LEAST_SHOWN} persons or more with either option."
        )
        pen.text(MARGIN, self.y + 5, head, role="head", size=HEAD, bold=True)
        self.y += 13
        for line in self.outside[:MOST_LINES]:
            for i, piece in enumerate(wrap(line, WIDTH - 2 * MARGIN - 14, TEXT)):
                if i == 0:
                    pen.text(MARGIN + 2, self.y + 5, "✖", role="sign", size=TEXT, colour=INK)
                pen.text(MARGIN + 14, self.y + 5, piece, role="line", size=TEXT)
                self.y += 11.5
        more = len(self.outside) - MOST_LINES
        if more > 0:
            pen.text(
                MARGIN + 14, self.y + 5, f"and {more} more", role="more", size=TEXT,
                colour=FAINT_INK,
            )  # fmt: skip
            self.y += 11.5
