"""Who fell out on the way to the cohort, and what became of persons or clones in the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import Effect, FlowStep
from locoreg.figures.columns import HEAD, MARGIN, TEXT
from locoreg.figures.emulation.plate import Plate, Words
from locoreg.figures.emulation.words import (
    alerts_of,
    arm_style,
    comparison,
    failure_notes,
    marked_title,
    method_note,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.survival.arms import mix
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.textfit import ellipsise, one_line, text_width, wrap
from locoreg.registry.describe.counts import Count
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.smallcells import ShownStep, shown_attrition, shown_flow
from locoreg.workflows.emulation.smalleffects import hide_effect
from locoreg.workflows.emulation.smalltexts import rule_words

# A box with its number as shown.
_Step = tuple[FlowStep, str]

LINE = 11.0
LINES_MAX = 3
BAR_WIDTH = 150.0
BAR_HEIGHT = 12.0
ARROW = 13.0
BAR, LOST = "#6C8FB0", "#C9D6E2"
BOX_PAD = 5.0
COLUMN_GAP = 22.0


def attrition_figure(
    attrition: Attrition,
    *,
    title: str | None = None,
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    small_cells: int | None = None,
) -> Figure:
    """Draw how many persons each criterion excluded.

    Parameters
    ----------
    attrition : Attrition
        Criteria in their order.
    title : str, optional
        What the figure is about.
    synthetic : bool
        Whether the patients are made up.
    alerts : tuple of str
        Warnings under the title.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    matplotlib.figure.Figure
        One row per criterion: persons left with a bar, the criterion, persons excluded.
    """
    check_small_cells(small_cells)
    started, shown = shown_attrition(attrition, small_cells)
    text = title or "From the source to the cohort"
    summary = f"{started.text} persons in {attrition.source}; {attrition.left:,} in the cohort"
    if started.n:
        summary += f" ({100 * attrition.left / started.n:.1f}%)"
    steps = "; ".join(
        f"{step.name}: {step.excluded.text} excluded, {step.left.text} left" for step in shown
    )
    notes = ["Each criterion is applied to those whom the earlier ones left."]
    if any(step.unknown for step in attrition.steps):
        notes.append(
            "Not known: persons for whom the criterion can't be judged; they are among those "
            "excluded."
        )
    if small_cells is not None:
        notes.append(rule_words(small_cells))
    words = Words(
        title=marked_title(text, synthetic=synthetic),
        subtitle="",
        alerts=alerts,
        description=f"{summary}. {steps}" if steps else summary,
        notes=(" ".join(notes),),
    )
    return _Attrition(words, attrition, started, shown).draw()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the attrition figure."""

    left: Count
    name: str
    excluded: Count | None
    unknown: Count


class _Attrition(Plate):
    def __init__(
        self, words: Words, attrition: Attrition, started: Count, steps: Sequence[ShownStep]
    ) -> None:
        super().__init__(words)
        none = Count("0", 0)
        first = _Row(left=started, name=attrition.source, excluded=None, unknown=none)
        self.rows = [first] + [
            _Row(left=s.left, name=s.name, excluded=s.excluded, unknown=s.unknown) for s in steps
        ]
        self.most = max(1, *(row.left.n or 0 for row in self.rows))
        numbers = [text_width(row.left.text, TEXT, "bold") for row in self.rows]
        self.number_right = MARGIN + max([*numbers, text_width("Persons", HEAD, "bold")])
        self.bar_left = self.number_right + 8
        self.name_left = self.bar_left + BAR_WIDTH + 12
        out = [text_width(_minus(row.excluded), TEXT) for row in self.rows]
        unknown = [text_width(row.unknown.text, TEXT) for row in self.rows]
        self.has_unknown = any(row.unknown.n != 0 for row in self.rows)
        self.unknown_right = WIDTH - MARGIN
        room = max([*unknown, text_width("not known", HEAD)]) + 14 if self.has_unknown else 0.0
        self.out_right = self.unknown_right - room
        self.name_room = (
            self.out_right - max([*out, text_width("Excluded", HEAD, "bold")]) - 12 - self.name_left
        )

    def body(self) -> None:
        """Draw heads and rows."""
        pen = self.pen("heads")
        y = self.y + 5
        pen.text(self.number_right, y, "Persons", role="left", size=HEAD, align="right", bold=True)
        pen.text(self.name_left, y, "Criterion", role="name", size=HEAD, bold=True)
        pen.text(self.out_right, y, "Excluded", role="out", size=HEAD, align="right", bold=True)
        if self.has_unknown:
            pen.text(
                self.unknown_right, y, "not known", role="unknown", size=HEAD, align="right",
                colour=FAINT_INK,
            )  # fmt: skip
        self.y += 14
        self.rule("heads-rule")
        self.y += 5
        before = self.rows[0].left.n
        for i, row in enumerate(self.rows):
            self._row(f"step{i}", row, before)
            before = row.left.n
        self.y += 2

    def _row(self, key: str, row: _Row, before: int | None) -> None:
        said = f"{row.name}: {row.left.text} persons left"
        if row.excluded is not None:
            said = f"{row.name}: {row.excluded.text} excluded, {row.left.text} left"
            said += f", {row.unknown.text} not known" if row.unknown.n != 0 else ""
        first = row.excluded is None
        lines = _lines(row.name, self.name_room, TEXT, LINES_MAX, "bold" if first else "normal")
        height = max(BAR_HEIGHT, LINE * len(lines)) + 5
        middle = self.y + BAR_HEIGHT / 2
        pen = self.pen(key, said)
        pen.text(
            self.number_right, middle, row.left.text, role="left", size=TEXT,
            align="right", bold=True,
        )  # fmt: skip
        self._bar(pen, row.left.n, before)
        for i, line in enumerate(lines):
            pen.text(
                self.name_left, middle + LINE * i, line, role="name", size=TEXT,
                bold=first,
            )  # fmt: skip
        if row.excluded is not None:
            pen.text(
                self.out_right, middle, _minus(row.excluded), role="out", size=TEXT, align="right"
            )
        if row.unknown.n != 0:
            pen.text(
                self.unknown_right, middle, row.unknown.text, role="unknown", size=TEXT,
                align="right", colour=FAINT_INK,
            )  # fmt: skip
        self.y += height

    def _bar(self, pen: CurvePen, left: int | None, before: int | None) -> None:
        """Draw persons left, and those lost at this step; nothing where they are hidden."""
        if left is None:
            return
        width = BAR_WIDTH * left / self.most
        if before is not None and before > left:
            pen.box(
                self.bar_left + width, self.y + 1, BAR_WIDTH * before / self.most - width,
                BAR_HEIGHT - 2, role="lost", fill=LOST,
            )  # fmt: skip
        pen.box(self.bar_left, self.y + 1, width, BAR_HEIGHT - 2, role="bar", fill=BAR)


def _minus(value: Count | None) -> str:
    if value is None:
        return ""
    return f"\N{MINUS SIGN}{value.text}" if value.n else value.text


def _lines(
    text: str, room: float, size: float, most: int, weight: str = "normal"
) -> tuple[str, ...]:
    """Return a text in at most so many lines, the last cut with an ellipsis."""
    lines = wrap(one_line(text), room, size, weight)
    if len(lines) <= most:
        return lines
    rest = " ".join(lines[most - 1 :])
    return (*lines[: most - 1], ellipsise(rest, room, size, weight))


def flow_figure(
    effect: Effect, *, title: str | None = None, small_cells: int | None = None
) -> Figure:
    """Draw what became of persons, or of their clones, in both arms.

    Parameters
    ----------
    effect : Effect
        What a method returned; its ``flow`` is drawn.
    title : str, optional
        By default the comparison.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    matplotlib.figure.Figure
        Boxes: those of both arms in the middle, then one column per arm.

    Raises
    ------
    DesignError
        If the method tells no flow.
    """
    if not effect.flow:
        raise DesignError(
            f"{effect.title} tells no flow of persons.", hint="draw another kind of figure."
        )
    check_small_cells(small_cells)
    numbers = [count.text for count in shown_flow(effect, small_cells)]
    said = "; ".join(
        f"{f'{step.arm}, ' if step.arm else ''}{step.name} {number}"
        for step, number in zip(effect.flow, numbers, strict=True)
    )
    shown = hide_effect(effect, small_cells)
    rule = () if small_cells is None else (rule_words(small_cells),)
    words = Words(
        title=marked_title(title or f"Flow: {comparison(effect)}", synthetic=effect.synthetic),
        subtitle="",
        alerts=alerts_of(effect),
        description=said,
        notes=(method_note(effect, small_cells), *rule, *failure_notes(shown)),
    )
    return _Flow(words, effect, numbers).draw()


class _Flow(Plate):
    def __init__(self, words: Words, effect: Effect, numbers: Sequence[str]) -> None:
        super().__init__(words)
        steps = list(zip(effect.flow, numbers, strict=True))
        self.common = [step for step in steps if step[0].arm is None]
        named = dict.fromkeys(arm.label for arm in effect.arms)
        named.update(dict.fromkeys(s.arm for s in effect.flow if s.arm is not None))
        self.arms = [(name, [step for step in steps if step[0].arm == name]) for name in named]

    def body(self) -> None:
        """Draw the common boxes, then the arms side by side."""
        width = 330.0
        middle = WIDTH / 2
        for i, step in enumerate(self.common):
            self.y += 4 if i else 0
            self.y += self._box(f"common{i}", step, middle - width / 2, width, self.y, None)
        columns = len(self.arms)
        each = (WIDTH - 2 * MARGIN - COLUMN_GAP * (columns - 1)) / columns
        lefts = [MARGIN + i * (each + COLUMN_GAP) for i in range(columns)]
        if self.common:
            self._branch(middle, [left + each / 2 for left in lefts])
        # Boxes of all arms begin below the name with the most lines.
        lines = max(len(_lines(name, each - 4, TEXT, 2, "bold")) for name, _ in self.arms)
        top = self.y + (LINE + 1) * lines
        lowest = top
        for i, ((name, steps), left) in enumerate(zip(self.arms, lefts, strict=True)):
            lowest = max(lowest, self._column(i, name, steps, left, each, top))
        self.y = lowest + 4

    def _branch(self, middle: float, ends: Sequence[float]) -> None:
        pen = self.pen("branch")
        turn = self.y + 9
        pen.line((middle, self.y), (middle, turn), role="stem", colour=INK, width=0.9)
        pen.line((ends[0], turn), (ends[-1], turn), role="bar", colour=INK, width=0.9)
        for i, x in enumerate(ends):
            self._arrow(f"branch{i}", x, turn, turn + ARROW)
        self.y = turn + ARROW + 1

    def _column(
        self, i: int, name: str, steps: Sequence[_Step], left: float, width: float, top: float
    ) -> float:
        style = arm_style(min(i, 1))
        pen = self.pen(f"arm{i}-name", name)
        lines = _lines(name, width - 4, TEXT, 2, "bold")
        y = top - (LINE + 1) * len(lines)
        for line in lines:
            pen.text(left, y + 6, line, role="line", size=TEXT, bold=True, colour=style.line)
            y += LINE + 1
        y += 2
        for s, step in enumerate(steps):
            if s:
                y += 4
            y += self._box(f"arm{i}-step{s}", step, left, width, y, style.line)
        return y

    def _box(
        self, key: str, shown: _Step, left: float, width: float, top: float, colour: str | None
    ) -> float:
        """Draw a box with a text and its number at the right; return its height."""
        step, number = shown
        name = one_line(step.name)
        said = f"{step.arm}: {name}: {number}" if step.arm else f"{name}: {number}"
        pen = self.pen(key, said)
        room = width - 3 * BOX_PAD - text_width(number, TEXT, "bold") - 6
        lines = _lines(name, room, TEXT, LINES_MAX)
        height = LINE * len(lines) + 2 * BOX_PAD
        edge = RULE if colour is None else mix(colour, 0.35)
        pen.box(left + 0.5, top, width - 1, height, role="box", fill="#FFFFFF", edge=edge)
        for i, line in enumerate(lines):
            pen.text(
                left + BOX_PAD + 2, top + BOX_PAD + LINE * (i + 0.5), line, role="line", size=TEXT
            )
        pen.text(
            left + width - BOX_PAD - 2, top + BOX_PAD + LINE / 2, number, role="number",
            size=TEXT, align="right", bold=True,
        )  # fmt: skip
        return height

    def _arrow(self, part: str, x: float, start: float, end: float) -> None:
        pen = self.pen(part)
        pen.line((x, start), (x, end - 4), role="line", colour=INK, width=0.9)
        pen.shape([(x, end), (x - 2.8, end - 5), (x + 2.8, end - 5)], role="head", fill=INK)
