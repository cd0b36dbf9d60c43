"""What all figures of an emulation share: title, warnings that travel with them, notes."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from locoreg.figures.canvas import Canvas, own_settings
from locoreg.figures.columns import MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, RULE
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.sheet import ALERT, ALERT_PAPER
from locoreg.figures.textfit import one_line, text_width, wrap

SMALL_LINE = 10.0
ALERT_LINE = 11.5
SIGN_ROOM = 24.0
GOOD = "#14532D"
WARN = "#8A4100"
# Sign, word and colour of a verdict, so that none is needed alone.
VERDICT_SIGNS: dict[str, tuple[str, str]] = {
    "pass": ("✔", GOOD),
    "warn": ("▲", WARN),
    "fail": ("✖", ALERT),
    "note": ("○", FAINT_INK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words around a figure.

    Attributes
    ----------
    title, subtitle : str
        What the figure is; a longer line below, empty for none.
    alerts : tuple of str
        Warnings in the box under the title, so that they travel with the figure.
    description : str
        The finding in numbers, for readers who can't see the figure.
    notes : tuple of str
        Paragraphs below.
    """

    title: str
    subtitle: str
    alerts: tuple[str, ...]
    description: str
    notes: tuple[str, ...]


class Plate:
    """Draws from top to bottom; ``y`` is where the next line begins.

    Parameters
    ----------
    words : Words
        Title, warnings, notes.
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        self.y = MARGIN

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._title()
            self._alerts()
            self.body()
            self._notes()
            alerts = [alert.rstrip(".") for alert in self.words.alerts]
            return self.canvas.finish(
                round(self.y + MARGIN, 1),
                title=one_line(self.words.title),
                description=one_line(". ".join([*alerts, self.words.description])),
            )

    def body(self) -> None:
        """Draw what the figure shows."""
        raise NotImplementedError

    def drawn_notes(self) -> tuple[str, ...]:
        """Return the notes that depend on what was drawn and where."""
        return ()

    def pen(self, part: str, sentence: str = "", *, under: bool = False) -> CurvePen:
        """Return a pen whose marks belong to a part; the sentence describes it to readers."""
        return CurvePen(self.canvas, part, one_line(sentence), under=under)

    def _title(self) -> None:
        pen = self.pen("title")
        for line in wrap(one_line(self.words.title), WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
            self.y += 14
        pen = self.pen("subtitle")
        for line in wrap(one_line(self.words.subtitle), WIDTH - 2 * MARGIN, TEXT):
            pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT, colour=FAINT_INK)
            self.y += 11.5
        self.y += 6

    def _alerts(self) -> None:
        if not self.words.alerts:
            return
        room = WIDTH - 2 * MARGIN - SIGN_ROOM - 8
        lines = [
            (line, i == 0)
            for alert in self.words.alerts
            for i, line in enumerate(wrap(one_line(alert), room, TEXT, "bold"))
        ]
        height = ALERT_LINE * len(lines) + 8
        pen = self.pen("notice", " ".join(self.words.alerts))
        pen.box(
            MARGIN + 0.5,
            self.y,
            WIDTH - 2 * MARGIN - 1,
            height,
            role="box",
            fill=ALERT_PAPER,
            edge=ALERT,
        )
        for i, (line, first) in enumerate(lines):
            y = self.y + 4 + ALERT_LINE * (i + 0.5)
            if first:
                pen.text(MARGIN + 9, y, "✖", role="sign", size=TEXT, colour=ALERT)
            pen.text(MARGIN + SIGN_ROOM, y, line, role="line", size=TEXT, bold=True, colour=ALERT)
        self.y += height + 8

    def _notes(self) -> None:
        notes = (*self.words.notes, *self.drawn_notes())
        if not notes:
            return
        self.y += 4
        self.rule("notes-rule")
        self.y += 4
        pen = self.pen("notes")
        for note in notes:
            for i, line in enumerate(wrap(one_line(note), WIDTH - 2 * MARGIN - 8, SMALL)):
                x = MARGIN + (8 if i else 0)
                pen.text(
                    x, self.y + SMALL_LINE / 2, line, role="line", size=SMALL, colour=FAINT_INK
                )
                self.y += SMALL_LINE
            self.y += 1.5

    def rule(self, part: str) -> None:
        """Draw a thin line over the whole width."""
        self.pen(part).line(
            (MARGIN, self.y), (WIDTH - MARGIN, self.y), role="rule", colour=RULE, width=0.6
        )


def draw_verdict(
    pen: CurvePen, x: float, y: float, verdict: str, *, size: float = TEXT, role: str = "verdict"
) -> None:
    """Write a verdict: sign, then word, in its colour."""
    sign, colour = VERDICT_SIGNS[verdict]
    pen.text(x, y, sign, role=f"{role}-sign", size=size, colour=colour)
    pen.text(
        x + text_width("✖ ", size), y, verdict, role=role, size=size, bold=verdict == "fail",
        colour=colour,
    )  # fmt: skip


def count_text(value: float) -> str:
    """Return a whole number with thousands set apart."""
    return f"{value:,.0f}"
