"""What is unknown, by variable and year: a table whose shade repeats its numbers."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.figures.columns import HEAD, MARGIN, TEXT
from locoreg.figures.emulation.plate import Plate, Words
from locoreg.figures.emulation.words import marked_title
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, RULE
from locoreg.figures.survival.arms import mix
from locoreg.figures.textfit import ellipsise, text_width
from locoreg.workflows.registry.exploring import Missingness
from locoreg.workflows.registry.exploring.missing import MissingCell

ROW = 15.0
NAME_MAX = 225.0
SHADE = "#2F6DA8"
# Of the shade at 100%; a text on it keeps a contrast of more than 4.5:1.
DEEPEST = 0.5


def missing_figure(missing: Missingness, *, small_cells: int | None = None) -> Figure:
    """Draw the share of unknown values by variable and period.

    Parameters
    ----------
    missing : Missingness
        Shares as shown.
    small_cells : int, optional
        The rule by which counts are hidden, for the note.

    Returns
    -------
    matplotlib.figure.Figure
        One row per variable, one cell per period; every cell has its number.
    """
    worst = sorted(
        ((cells[-1].percent or 0.0, name) for name, cells in missing.lines), reverse=True
    )[:3]
    said = "; ".join(f"{name} {share:.1f}%" for share, name in worst)
    notes = ["Share of patients whose value is unknown, by time of time zero. Darker: more."]
    if small_cells is not None:
        notes.append(
            f"≤{small_cells}: 1 to {small_cells} patients. Hidden: it would give such a count away."
        )
    if missing.complete:
        notes.append(f"Known for every patient: {', '.join(missing.complete)}.")
    if missing.left_out:
        notes.append(f"Left out, with too few patients: {', '.join(missing.left_out)}.")
    words = Words(
        title=marked_title("Unknown values", synthetic=missing.synthetic),
        subtitle="",
        alerts=(),
        description=f"Most often unknown: {said}" if said else "Nothing is unknown",
        notes=(" ".join(notes),),
    )
    return _Heat(words, missing).draw()


class _Heat(Plate):
    def __init__(self, words: Words, missing: Missingness) -> None:
        super().__init__(words)
        self.missing = missing
        names = [text_width(name, TEXT) for name, _ in missing.lines]
        self.left = MARGIN + min(max(names, default=0.0), NAME_MAX) + 10
        self.each = (WIDTH - MARGIN - self.left) / len(missing.columns)

    def body(self) -> None:
        """Draw heads and rows."""
        pen = self.pen("heads")
        for place, (name, size) in enumerate(
            zip(self.missing.columns, self.missing.sizes, strict=True)
        ):
            x = self.left + self.each * (place + 0.5)
            pen.text(
                x, self.y + 5, ellipsise(name, self.each - 2, HEAD, "bold"), role="period",
                size=HEAD, align="center", bold=True,
            )  # fmt: skip
            pen.text(
                x, self.y + 15, f"{size:,}", role="size", size=HEAD, align="center",
                colour=FAINT_INK,
            )  # fmt: skip
        self.y += 24
        for place, (name, cells) in enumerate(self.missing.lines):
            self._row(place, name, cells)
        self.y += 4

    def _row(self, place: int, name: str, cells: tuple[MissingCell, ...]) -> None:
        pairs = zip(self.missing.columns, (cell.text for cell in cells), strict=True)
        pen = self.pen(f"row{place}", f"{name}: {', '.join(f'{c} {t}' for c, t in pairs)}")
        middle = self.y + ROW / 2
        pen.text(
            MARGIN, middle, ellipsise(name, self.left - MARGIN - 6, TEXT), role="name", size=TEXT
        )
        for i, cell in enumerate(cells):
            x = self.left + self.each * i
            share = 0.0 if cell.percent is None else cell.percent / 100
            if share or cell.percent is None:
                pen.box(
                    x + 0.5, self.y + 0.5, self.each - 1, ROW - 1, role="cell",
                    fill=mix(SHADE, 1 - DEEPEST * share) if share else "#FFFFFF",
                    edge=RULE if cell.percent is None else None,
                )  # fmt: skip
            pen.text(
                x + self.each / 2, middle, ellipsise(cell.text, self.each - 2, HEAD), role="text",
                size=HEAD, align="center", bold=i == len(cells) - 1,
            )  # fmt: skip
        self.y += ROW
