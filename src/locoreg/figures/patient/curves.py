"""Two curves with their ranges, for people like one patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.figures.axis import EffectAxis
from locoreg.figures.columns import TEXT
from locoreg.figures.emulation.plate import Words
from locoreg.figures.emulation.words import marked_title, upper_first
from locoreg.figures.layouts import INK
from locoreg.figures.selection.chart import BLUE, DASH, ORANGE, Chart
from locoreg.workflows.patient.wording import months_text

if TYPE_CHECKING:
    from locoreg.workflows.patient.curve import ArmAt, AtMonth, Course

TICKS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
STEPS = (6.0, 12.0, 24.0, 36.0, 60.0, 120.0)
MOST_TICKS = 8
# Light enough that both bands and what lies under them can be told apart where they overlap.
BANDS = ("#0072B2", "#D55E00")
OPACITY = 0.16
# The range for hidden differences lies around the plain band: paler, with a dotted edge.
WIDER_OPACITY, DOTTED = 0.07, (1.0, 2.0)


def course_figure(
    course: Course,
    shown: AtMonth,
    *,
    labels: tuple[str, str],
    event: tuple[str, str],
    origin: str,
    synthetic: bool = False,
) -> Figure:
    """Draw both options over time.

    Parameters
    ----------
    course : Course
        The numbers, by time.
    shown : AtMonth
        The time that a line marks.
    labels : tuple of str
        Options without and with local therapy.
    event : tuple of str
        Words for those free of the event and those with it.
    origin : str
        What time counts from.
    synthetic : bool
        Whether the people behind the numbers are made up.

    Returns
    -------
    matplotlib.figure.Figure
        Two lines, their bands under both.
    """
    if not course.times:
        raise DataError("there is no time to draw.", hint="use a model that tells survival.")
    parts = [
        f"after {months_text(one.months)} {one.without.people[0]} of 100 without and "
        f"{one.with_.people[0]} with"
        for one in course.times
    ]
    words = Words(
        title=marked_title(
            f"Of 100 people like this, how many are {event[0]}", synthetic=synthetic
        ),
        subtitle=f"Solid: {labels[0]}. Dashed: {labels[1]}.",
        alerts=(),
        description="; ".join(parts),
        notes=(
            f"Bands: {course.level:g}% intervals at each marked time, not for the whole course. "
            "Between marked times the line is straight because nothing was estimated there.",
            *_wider_note(course, labels[1]),
        ),
    )
    return _Curves(words, course, shown, labels, origin, event[0]).draw()


def _wider_note(course: Course, treated: str) -> tuple[str, ...]:
    if course.factor is None:
        return ()
    return (
        "Paler bands with dotted edges: the same if people treated differed from the others in "
        f"something not recorded that changes the odds of {treated} by up to {course.factor:g} "
        "times.",
    )


class _Curves(Chart):
    right_room = 30.0

    def __init__(
        self,
        words: Words,
        course: Course,
        shown: AtMonth,
        labels: tuple[str, str],
        origin: str,
        free: str,
    ) -> None:
        self.course, self.shown, self.labels = course, shown, labels
        last = course.times[-1].months
        step = next((s for s in STEPS if last / s <= MOST_TICKS), last)
        ticks = tuple(step * k for k in range(int(last // step) + 1))
        super().__init__(
            words,
            EffectAxis(low=0.0, high=last, ticks=ticks, scale="identity"),
            EffectAxis(low=0.0, high=100.0, ticks=TICKS, scale="identity"),
            (f"Months since {origin}", f"Of 100 people, {free}"),
            height=230.0,
        )

    def key(self) -> None:
        """Draw what colours and dashes mean."""
        self.key_row(
            (
                ("line", BLUE, upper_first(self.labels[0])),
                ("dash", ORANGE, upper_first(self.labels[1])),
            )
        )

    def curves(self) -> None:
        """Draw both bands, then the marked time, then both lines."""
        times = [0.0, *(one.months for one in self.course.times)]
        arms = [
            [one.without for one in self.course.times],
            [one.with_ for one in self.course.times],
        ]
        for k, arm in enumerate(arms):
            self._wider(k, times, arm)
        for k, arm in enumerate(arms):
            self._range(k, times, arm)
        self.straight(
            "shown", ((self.shown.months, 0.0), (self.shown.months, 100.0)), colour=INK, width=0.9,
            dashes=(2.0, 2.0), sentence=f"shown: {months_text(self.shown.months)}",
        )  # fmt: skip
        for k, arm in enumerate(arms):
            colour = (BLUE, ORANGE)[k]
            ys = [100.0, *(100.0 * one.free for one in arm)]
            for part, (a, b) in enumerate(
                zip(zip(times, ys, strict=True), zip(times[1:], ys[1:], strict=True), strict=False)
            ):
                self.straight(
                    f"line{k}-{part}", (a, b), colour=colour, width=1.8,
                    dashes=DASH if k else None, under=False,
                )  # fmt: skip
            for month, one in zip(times[1:], arm, strict=True):
                sentence = f"{self.labels[k]}, {months_text(month)}: {one.people[0]} of 100"
                pen = self.pen(f"at{k}-{month:g}", sentence)
                pen.disc(self.x(month), self.y_at(100.0 * one.free), 4.6, role="dot", fill=colour)
            end = self.pen(f"end{k}")
            nudge = -5.0 if arm[-1].free >= arms[1 - k][-1].free else 6.0
            end.text(
                self.right + 5, self.y_at(100.0 * arm[-1].free) + nudge, str(arm[-1].people[0]),
                role="end", size=TEXT, colour=colour, bold=True,
            )  # fmt: skip

    def _range(self, k: int, times: list[float], arm: list[ArmAt]) -> None:
        self._band(
            (f"band{k}", f"edge{k}"), f"range, {self.labels[k]}", times,
            [(one.low, one.high) for one in arm],
            k=k, opacity=OPACITY, dashes=DASH if k else None,
        )  # fmt: skip

    def _wider(self, k: int, times: list[float], arm: list[ArmAt]) -> None:
        wide = [(one.wider.low, one.wider.high) for one in arm if one.wider is not None]
        if len(wide) == len(arm):
            self._band(
                (f"wide-band{k}", f"wide-edge{k}"),
                f"range for hidden differences, {self.labels[k]}", times, wide,
                k=k, opacity=WIDER_OPACITY, dashes=DOTTED,
            )  # fmt: skip

    def _band(
        self,
        names: tuple[str, str],
        sentence: str,
        times: list[float],
        ends: list[tuple[float, float]],
        *,
        k: int,
        opacity: float,
        dashes: tuple[float, float] | None,
    ) -> None:
        lower = self.points(times, [100.0, *(100.0 * low for low, _ in ends)])
        upper = self.points(times, [100.0, *(100.0 * high for _, high in ends)])
        self.pen(names[0], sentence, under=True).area(
            np.vstack((upper, lower[::-1])), role="band", fill=BANDS[k], opacity=opacity
        )
        edge = self.pen(names[1], under=True)
        for line in (upper, lower):
            for a, b in zip(line[:-1].tolist(), line[1:].tolist(), strict=True):
                edge.line(
                    (a[0], a[1]), (b[0], b[1]), role="edge", colour=BANDS[k], width=0.7,
                    dashes=dashes,
                )  # fmt: skip
