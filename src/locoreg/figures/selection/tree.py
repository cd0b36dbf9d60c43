"""A rule as a tree that is read from left to right: questions, then leaves with their effects."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from locoreg.core.numbertext import plural
from locoreg.figures.columns import MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import Plate, Words, count_text
from locoreg.figures.emulation.words import arm_style
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.selection.words import PLAIN, Setting, unit_of
from locoreg.figures.survival.arms import mix
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.textfit import one_line, wrap

if TYPE_CHECKING:
    from locoreg.selection.rules import HonestRule, LeafTable, Rule
    from locoreg.selection.rules.leaves import LeafEffect
    from locoreg.selection.rules.splits import RuleSplit

LINE, PAD, APART = 11.0, 6.0, 9.0
# Width of a column of questions and of the arrows between columns, by depth.
COLUMN = {0: 0.0, 1: 230.0, 2: 175.0, 3: 140.0}
ARROWS = 26.0
AGAINST = "▲ The other persons tell against this option."
# Hinting makes letters on a screen a little wider than they were measured.
FILLED = 0.97
HEAD_LENGTH, HEAD_HALF = 6.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box.

    Attributes
    ----------
    lines : tuple of (str, bool)
        Its texts, each with whether it is bold.
    treats : bool or None
        What a leaf says; None for a question.
    column : int
        From the left.
    below : tuple of Box
        Where the answers lead.
    """

    lines: tuple[tuple[str, bool], ...]
    treats: bool | None
    column: int
    below: tuple[Box, ...]

    @property
    def height(self) -> float:
        """Height in points."""
        return LINE * len(self.lines) + 2 * PAD

    @property
    def span(self) -> float:
        """Height of the box and of all that follows it."""
        inner = sum(box.span for box in self.below) + APART * max(len(self.below) - 1, 0)
        return max(self.height, inner)


def tree_figure(
    rule: HonestRule,
    *,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw a rule with the effects in its leaves, on persons that it was not learnt from.

    Parameters
    ----------
    rule : HonestRule
        The rule and its leaves.
    setting : Setting
        Persons and warnings; the question is that of the rule.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        Questions from the left, leaves on the right.
    """
    return rule_figure(rule.rule, rule.leaves, setting=setting, title=title, notes=notes)


def rule_figure(
    rule: Rule,
    leaves: LeafTable | None,
    *,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw a rule, with a table of its leaves or without.

    Parameters
    ----------
    rule : Rule
        The rule.
    leaves : LeafTable or None
        Effects in its leaves; None shows options alone.
    setting, title, notes
        As for `tree_figure`.

    Returns
    -------
    matplotlib.figure.Figure
        Questions from the left, leaves on the right.
    """
    unit = unit_of(rule.question.unit)
    told = []
    found = {} if leaves is None else {leaf.leaf: leaf for leaf in leaves.leaves}
    for leaf in rule.leaves:
        words = f"{leaf.text}: {rule.option(leaf.treats)}"
        if leaf.leaf in found:
            row = found[leaf.leaf]
            effect = unit.estimate(row.effect)
            words += f", {plural(row.n, 'person')}, {row.treated} treated, effect {effect}"
            words += f" {unit.name}"
        told.append(words)
    cost = f"{unit.signed(rule.options.cost)} {unit.name}"
    about = [
        f"Learnt from {rule.persons:,} persons; treatment must gain more than {cost} to be "
        "worth it."
    ]
    if leaves is not None:
        about.append(
            f"Counts and effects are those of {leaves.persons:,} other persons, with "
            f"{leaves.level:g}% intervals; jointly: limits that hold over all leaves."
        )
        about += leaves.notes
    words_of = Words(
        title=setting.title(title or "The rule"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(told),
        notes=(*about, *rule.notes, *notes),
    )
    return _Tree(words_of, rule, found).draw()


class _Tree(Plate):
    def __init__(self, words: Words, rule: Rule, leaves: dict[int, LeafEffect]) -> None:
        super().__init__(words)
        self.found, self.leaves = rule, leaves
        self.unit = unit_of(rule.question.unit)
        # Splits stand in the order of the nodes.
        places = [i for i, node in enumerate(rule.tree.nodes) if node.column is not None]
        self.splits = dict(zip(places, rule.splits, strict=True))
        self.depth = min(self._depth(0), 3)
        self.column = COLUMN[self.depth]
        self.leaf_left = MARGIN + self.depth * (self.column + ARROWS)
        self.leaf_width = WIDTH - MARGIN - self.leaf_left

    def _depth(self, place: int) -> int:
        node = self.found.tree.nodes[place]
        if node.column is None:
            return 0
        return 1 + max(self._depth(node.low), self._depth(node.high))

    def body(self) -> None:
        """Draw the boxes and arrows."""
        root = self._box(0, "Everybody", 0)
        self.y += 2
        top = self.y
        self.count = 0
        self._place(root, top)
        self.y = top + root.span + 8

    def _box(self, place: int, condition: str, column: int) -> Box:
        node = self.found.tree.nodes[place]
        if node.column is None:
            assert node.leaf is not None
            lines = [(line, True) for line in self._wrapped(condition, True, bold=True)]
            lines += list(self._leaf_lines(node.leaf, node.treats))
            return Box(lines=tuple(lines), treats=node.treats, column=self.depth, below=())
        split = self.splits[place]
        lines = [(line, True) for line in self._wrapped(condition, False, bold=True)]
        lines += [(line, False) for line in self._wrapped(_question(split), False)]
        below = (
            self._box(node.low, split.low, column + 1),
            self._box(node.high, split.high, column + 1),
        )
        return Box(lines=tuple(lines), treats=None, column=column, below=below)

    def _wrapped(self, text: str, leaf: bool, *, bold: bool = False) -> tuple[str, ...]:
        room = ((self.leaf_width if leaf else self.column) - 2 * PAD) * FILLED
        return wrap(one_line(text), room, TEXT, "bold" if bold else "normal")

    def _leaf_lines(self, number: int, treats: bool) -> Iterator[tuple[str, bool]]:
        sign = "●" if treats else "○"
        option = f"{sign} Leaf {number}: {self.found.option(treats)}"
        yield from ((line, True) for line in self._wrapped(option, True, bold=True))
        row = self.leaves.get(number)
        if row is None:
            return
        q = self.found.question
        text = f"{count_text(row.n)} persons, {count_text(row.treated)} had {q.treated_label}"
        yield from ((line, False) for line in self._wrapped(text, True))
        if math.isnan(row.effect.estimate):
            effect = "Effect not estimable: too few persons"
        else:
            effect = f"Effect {self.unit.estimate(row.effect)} {self.unit.name}"
            if math.isfinite(row.band_low) and math.isfinite(row.band_high):
                low, high = self.unit.signed(row.band_low), self.unit.signed(row.band_high)
                effect += f"; jointly {low} to {high}"
        yield from ((line, False) for line in self._wrapped(effect, True))
        if self._contradicted(row):
            yield from ((line, True) for line in self._wrapped(AGAINST, True, bold=True))

    def _contradicted(self, row: LeafEffect) -> bool:
        """Return whether the interval of other persons lies on the other side of the cost."""
        cost = self.found.options.cost
        return row.effect.ci_high < cost if row.treats else row.effect.ci_low > cost

    def _place(self, box: Box, top: float) -> float:
        """Draw a box and what follows it within its span; return the middle of the box."""
        number = self.count
        self.count += 1
        inner = sum(b.span for b in box.below) + APART * max(len(box.below) - 1, 0)
        at = top + (box.span - inner) / 2
        middles = []
        for after in box.below:
            middles.append(self._place(after, at))
            at += after.span + APART
        middle = sum(middles) / len(middles) if middles else top + box.span / 2
        middle = min(max(middle, top + box.height / 2), top + box.span - box.height / 2)
        left, width = self._across(box)
        sentence = " ".join(line for line, _ in box.lines)
        pen = self.pen(f"box{number}", sentence)
        self._draw(pen, box, left, middle - box.height / 2, width)
        arrows = self.pen(f"arrows{number}", under=True)
        for after, goal in zip(box.below, middles, strict=True):
            self._arrow(arrows, left + width, middle, self._across(after)[0], goal)
        return middle

    def _across(self, box: Box) -> tuple[float, float]:
        if box.treats is not None:
            return self.leaf_left, self.leaf_width
        return MARGIN + box.column * (self.column + ARROWS), self.column

    def _draw(self, pen: CurvePen, box: Box, left: float, top: float, width: float) -> None:
        if box.treats is None:
            fill, edge = PAPER, INK
        else:
            style = arm_style(int(box.treats))
            fill, edge = mix(style.line, 0.9), style.line
        pen.box(left, top, width, box.height, role="box", fill=fill, edge=edge)
        for i, (line, bold) in enumerate(box.lines):
            pen.text(
                left + PAD, top + PAD + LINE * (i + 0.5), line, role="line",
                size=TEXT if bold or box.treats is not None else SMALL, bold=bold,
                colour=INK if bold or box.treats is not None else FAINT_INK,
            )  # fmt: skip

    def _arrow(self, pen: CurvePen, x0: float, y0: float, x1: float, y1: float) -> None:
        turn = x0 + ARROWS / 2 - 2
        for start, end in (((x0, y0), (turn, y0)), ((turn, y0), (turn, y1)),
                           ((turn, y1), (x1 - 1, y1))):  # fmt: skip
            pen.line(start, end, role="line", colour=RULE, width=1.1)
        corners = [
            (x1, y1),
            (x1 - HEAD_LENGTH, y1 - HEAD_HALF),
            (x1 - HEAD_LENGTH, y1 + HEAD_HALF),
        ]
        pen.shape(corners, role="head", fill=RULE)


def _question(split: RuleSplit) -> str:
    """Return what is asked, and where the unknown go."""
    asked = f"Question: {split.variable}?"
    if split.unknown is None:
        return f"{asked} Known for everybody."
    answer = split.low if split.unknown == "low" else split.high
    return f"{asked} If not known, as: {answer.removesuffix(', or unknown')}."
