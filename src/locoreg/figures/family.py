"""Draw the years of studies that may hold the same patients."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.figures.canvas import Canvas, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.textfit import ellipsise, one_line, wrap
from locoreg.workflows.explore.family import Family, Member

WIDTH = 760.0
LEFT, RIGHT = 210.0, 560.0
ROW = 24.0
OWN, OTHER = "#0072B2", "#767B80"
STRIPE = "#E6EDF3"


def family_figure(result: Family) -> Figure:
    """Draw one bar per study on an axis of years.

    Parameters
    ----------
    result : Family
        A study with those that share its registry number or a cohort.

    Returns
    -------
    matplotlib.figure.Figure
        The study asked for first; studies whose years are not recorded have a text.

    Raises
    ------
    DesignError
        If no study of the family has years.
    """
    if all(m.first is None for m in result.members):
        raise DesignError(
            "no study of this family has years of recruitment in the tables.",
            hint="fill the column period of studies.csv.",
        )
    return _Sheet(result).draw()


def family_summary(result: Family) -> str:
    """Return how many studies share something, and which overlap in time."""
    others = [m for m in result.members if not m.is_self]
    over = [m.label for m in others if m.overlaps]
    text = f"{result.label} shares a registry number or cohort with "
    text += plural(len(others), "other study", "other studies")
    return text + (f"; the years of {', '.join(over)} overlap with its own." if over else ".")


class _Sheet:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(self, result: Family) -> None:
        self.result = result
        years = [y for m in result.members for y in (m.first, m.last) if y is not None]
        self.low, self.high = min(years), max(years) + 1
        self.y = MARGIN

    def x(self, year: float) -> float:
        """Return where a year begins."""
        return LEFT + (year - self.low) / (self.high - self.low) * (RIGHT - LEFT)

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            title = one_line(f"{self.result.label}: studies that may hold the same patients")
            pen = self.canvas.pen("title")
            for line in wrap(title, WIDTH - 2 * MARGIN, TITLE, "bold"):
                pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
                self.y += 14
            self.y += 8
            top = self.y
            self._own_years(top)
            for i, member in enumerate(self.result.members):
                self._row(i, member)
            self._axis(top)
            return self.canvas.finish(
                self.y + MARGIN, title=title, description=family_summary(self.result)
            )

    def _own_years(self, top: float) -> None:
        own = self.result.members[0]
        if own.first is None or own.last is None:
            return
        left, right = self.x(own.first), self.x(own.last + 1)
        height = ROW * len(self.result.members)
        self.canvas.pen("own-years", under=True).box(
            left, top, right - left, height, role="band", fill=STRIPE
        )

    def _row(self, i: int, member: Member) -> None:
        years = _years(member)
        words = "this study" if member.is_self else ", ".join(member.shares)
        overlap = {True: "; years overlap", False: "; years apart", None: ""}[member.overlaps]
        pen = self.canvas.pen(f"m{i}", f"{one_line(member.label)}: {years}; {words}{overlap}")
        middle = self.y + ROW / 2
        label = ellipsise(one_line(member.label), LEFT - MARGIN - 12, TEXT)
        pen.text(MARGIN, middle, label, role="label", size=TEXT, bold=member.is_self)
        if member.first is not None and member.last is not None:
            left, right = self.x(member.first), self.x(member.last + 1)
            fill = OWN if member.is_self else OTHER
            pen.box(left, middle - 5, right - left, 10, role="bar", fill=fill)
        else:
            pen.text(
                LEFT + 4, middle, "years not recorded", role="missing", size=SMALL, italic=True,
                colour=FAINT_INK,
            )  # fmt: skip
        room = WIDTH - MARGIN - RIGHT - 10
        pen.text(RIGHT + 10, middle - 5, years, role="years", size=SMALL)
        shown = ellipsise(one_line(words + overlap), room, SMALL)
        pen.text(RIGHT + 10, middle + 5, shown, role="shares", size=SMALL, colour=FAINT_INK)
        self.y += ROW

    def _axis(self, top: float) -> None:
        pen = self.canvas.pen("scale")
        self.y += 2
        pen.line((LEFT, self.y), (RIGHT, self.y), role="line", colour=INK, width=0.8)
        span = self.high - self.low
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if span / s <= 8 or s == 100)
        for year in range(self.low, self.high + 1):
            if year % step:
                continue
            x = self.x(year)
            grid = self.canvas.pen("grid", under=True)
            grid.line((x, top), (x, self.y), role=f"y{year}", colour=RULE, width=0.4)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, self.y + 10, str(year), role="label", size=HEAD, align="center")
        self.y += 16
        middle = (LEFT + RIGHT) / 2
        pen.text(
            middle, self.y + 4, "Year of recruitment", role="title", size=HEAD, align="center",
            bold=True,
        )  # fmt: skip
        self.y += 10


def _years(member: Member) -> str:
    if member.first is None or member.last is None:
        return "years not recorded"
    return f"{member.first}" if member.first == member.last else f"{member.first} to {member.last}"
