"""What a forest plot shows, before anything is drawn: rows of texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from locoreg.core.estimate import Scale
from locoreg.core.findings import Severity
from locoreg.figures.riskofbias import BiasMarks

Cells = Mapping[str, str]
PooledKind = Literal["main", "subgroup", "naive", "naive study"]
# A point estimate with its limits, on the natural scale.
Interval = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A line that names a group (level 1) or a subgroup (level 2)."""

    key: str
    text: str
    level: Literal[1, 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One study.

    Attributes
    ----------
    key : str
        Identifies the row's artists and its group in SVG.
    label, marks : str
        Study and year in full, and the footnote marks behind it.
    cells : mapping
        Text per column.
    interval : tuple of float
        Estimate and limits, natural scale.
    weight : float
        Weight within the group, percent.
    audit : tuple or None
        Worst severity and number of findings; None without findings.
    sentence : str
        The row in words.
    bias : BiasMarks or None
        Risk of bias; None where no assessment is on record.
    """

    key: str
    label: str
    marks: str
    cells: Cells
    interval: Interval
    weight: float
    audit: tuple[Severity, int] | None
    sentence: str
    bias: BiasMarks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """A study of the question without a number in the pool."""

    key: str
    label: str
    what: str
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledRow:
    """A pooled result. ``covers`` counts the entries above it that it pools."""

    key: str
    label: str
    cells: Cells
    interval: Interval
    kind: PooledKind
    covers: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRow:
    """A prediction interval."""

    key: str
    label: str
    cells: Cells
    low: float
    high: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A line of small text: heterogeneity, test between subgroups."""

    key: str
    text: str


Entry = Heading | StudyRow | MissingRow | PooledRow | PredictionRow | Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Studies that are pooled together, with what belongs to them."""

    key: str
    entries: tuple[Entry, ...]

    @property
    def studies(self) -> tuple[StudyRow, ...]:
        """The rows with a number."""
        return tuple(entry for entry in self.entries if isinstance(entry, StudyRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestTable:
    """A whole forest plot in words and numbers.

    Attributes
    ----------
    title, subtitle : str
        Outcome and comparison in short; population and comparison in full.
    summary : str
        The finding in numbers.
    effect_header, axis_title : str
        ``HR (95% CI)`` and ``Hazard ratio for death``.
    scale : {"log", "identity"}
        Scale of the axis.
    favours : tuple of str
        Words for the left and the right side; empty where unknown.
    arm_headers : tuple of str
        Names of the two arms.
    groups : tuple of Group
        From top to bottom.
    notes : tuple of str
        Paragraphs below the figure.
    """

    title: str
    subtitle: str
    summary: str
    effect_header: str
    axis_title: str
    scale: Scale
    favours: tuple[str, str]
    arm_headers: tuple[str, str]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
