"""Who is left at each step on the way to a cohort, with counts as they may be shown."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.figures.columns import HEAD, MARGIN, TEXT
from locoreg.figures.emulation.plate import Plate, Words
from locoreg.figures.emulation.words import marked_title
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK
from locoreg.figures.textfit import one_line, text_width, wrap
from locoreg.registry.describe.followup import Step

LINE = 11.0
LINES_MAX = 3
BAR_WIDTH, BAR_HEIGHT = 200.0, 12.0
BAR, LOST = "#6C8FB0", "#C9D6E2"
TITLE = "From the registry to the cohort"


def cohort_flow_figure(
    steps: Sequence[Step],
    *,
    title: str | None = None,
    synthetic: bool = False,
    small_cells: int | None = None,
) -> Figure:
    """Draw how many patients each step left out.

    Parameters
    ----------
    steps : sequence of Step
        Steps with counts as shown, the first being all patients.
    title : str, optional
        What the figure is about.
    synthetic : bool
        Whether the patients are made up.
    small_cells : int, optional
        The rule by which counts are hidden, for the note.

    Returns
    -------
    matplotlib.figure.Figure
        One row per step: patients left with a bar, the step, patients left out.

    Raises
    ------
    DesignError
        If there is no step.
    """
    if not steps:
        raise DesignError("a flow without steps can't be drawn.")
    notes = ["Each step is applied to those whom the earlier ones left."]
    if small_cells is not None:
        notes.append(
            f"Counts of 1 to {small_cells} patients, and what would give them away, are shown as "
            "limits or hidden; a hidden count has no bar."
        )
    said = "; ".join(
        f"{step.label}: {step.left_out.text} left out, {step.remaining.text} left"
        for step in steps[1:]
    )
    first = f"{steps[0].remaining.text} patients {steps[0].label}"
    words = Words(
        title=marked_title(title or TITLE, synthetic=synthetic),
        subtitle="",
        alerts=(),
        description=f"{first}. {said}" if said else first,
        notes=(" ".join(notes),),
    )
    return _Flow(words, steps).draw()


class _Flow(Plate):
    def __init__(self, words: Words, steps: Sequence[Step]) -> None:
        super().__init__(words)
        self.steps = steps
        self.most = max(1, *(step.remaining.n or 0 for step in steps))
        numbers = [text_width(step.remaining.text, TEXT, "bold") for step in steps]
        self.number_right = MARGIN + max([*numbers, text_width("Patients", HEAD, "bold")])
        self.bar_left = self.number_right + 8
        self.name_left = self.bar_left + BAR_WIDTH + 12
        self.out_right = WIDTH - MARGIN
        out = [text_width(step.left_out.text, TEXT) + 8 for step in steps]
        room = max([*out, text_width("Left out", HEAD, "bold")])
        self.name_room = self.out_right - room - 12 - self.name_left

    def body(self) -> None:
        """Draw heads and rows."""
        pen = self.pen("heads")
        y = self.y + 5
        pen.text(self.number_right, y, "Patients", role="left", size=HEAD, align="right", bold=True)
        pen.text(self.name_left, y, "Step", role="name", size=HEAD, bold=True)
        pen.text(self.out_right, y, "Left out", role="out", size=HEAD, align="right", bold=True)
        self.y += 14
        self.rule("heads-rule")
        self.y += 5
        before: int | None = None
        for place, step in enumerate(self.steps):
            self._row(place, step, before)
            before = step.remaining.n
        self.y += 2

    def _row(self, place: int, step: Step, before: int | None) -> None:
        first = place == 0
        left = step.remaining
        said = f"{step.label}: {left.text} patients"
        if not first:
            said = f"{step.label}: {step.left_out.text} left out, {left.text} left"
        weight = "bold" if first else "normal"
        lines = wrap(one_line(step.label), self.name_room, TEXT, weight)[:LINES_MAX]
        middle = self.y + BAR_HEIGHT / 2
        pen = self.pen(f"step{place}", said)
        pen.text(
            self.number_right, middle, left.text, role="left", size=TEXT, align="right", bold=True
        )
        if left.n is not None:
            self._bar(place, left.n, before)
        for i, line in enumerate(lines):
            pen.text(self.name_left, middle + LINE * i, line, role="name", size=TEXT, bold=first)
        if not first:
            out = step.left_out
            pen.text(
                self.out_right, middle, out.text if out.n == 0 else f"−{out.text}", role="out",
                size=TEXT, align="right", colour=FAINT_INK if out.n == 0 else "#1A1A1A",
            )  # fmt: skip
        self.y += max(BAR_HEIGHT, LINE * len(lines)) + 4

    def _bar(self, place: int, left: int, before: int | None) -> None:
        pen = self.pen(f"step{place}-bar")
        width = BAR_WIDTH * left / self.most
        if before is not None and before > left:
            pen.box(
                self.bar_left + width, self.y + 1, BAR_WIDTH * (before - left) / self.most,
                BAR_HEIGHT - 2, role="lost", fill=LOST,
            )  # fmt: skip
        pen.box(self.bar_left, self.y + 1, width, BAR_HEIGHT - 2, role="bar", fill=BAR)
