"""Specifications: the same question answered under other choices, each in a row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from locoreg.core.errors import DesignError, LocoregError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import plural, range_text
from locoreg.emulation.effect import Effect, Measure, Verdict
from locoreg.emulation.question import Question
from locoreg.stats.studies import check_option

if TYPE_CHECKING:
    import pandas as pd

Group = Literal[
    "primary",
    "grace",
    "truncation",
    "initiation",
    "comparator",
    "model",
    "method",
    "missing",
    "population",
]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One way to answer the question.

    Attributes
    ----------
    label : str
        In words, for tables and figures.
    group : str
        What kind of choice it varies; one of GROUPS.
    method : str
        Method by name.
    options : mapping of str to object
        Its options.
    base : Question
        The question of the primary analysis.
    question_changes : mapping of str to object
        What of it changes.
    missing_shift : float or None
        Shift of imputed values in standard deviations.
    changed : str
        What differs from the primary analysis, in words; empty for the primary.
    """

    label: str
    group: Group
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    base: Question
    question_changes: Mapping[str, Any] = field(default_factory=dict)
    missing_shift: float | None = None
    changed: str = ""

    def __post_init__(self) -> None:
        check_option("group", self.group, GROUPS)

    def question(self) -> Question:
        """Return the question of this specification; DesignError if the change does not fit."""
        return replace(self.base, **self.question_changes)


Runner = Callable[[Specification], Effect]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationRow:
    """What one specification gave.

    Attributes
    ----------
    label, group, method, changed : str
        Of the specification.
    estimate : Estimate or None
        The measure; None where it could not be estimated.
    verdict : str or None
        Worst verdict of the diagnostics; None where there was no effect.
    failed_diagnostics : tuple of str
        Names of those that failed.
    biased : str or None
        Why the method is biased by design.
    failure : str or None
        Why there is no estimate.
    """

    label: str
    group: Group
    method: str
    changed: str
    estimate: Estimate | None
    verdict: Verdict | None
    failed_diagnostics: tuple[str, ...]
    biased: str | None
    failure: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {
            "label": self.label,
            "group": self.group,
            "method": self.method,
            "changed": self.changed,
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "verdict": self.verdict,
            "failed_diagnostics": list(self.failed_diagnostics),
            "biased": self.biased,
            "failure": self.failure,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationTable:
    """All specifications, the primary one first.

    Attributes
    ----------
    measure : str
        The measure that is compared.
    at_months : float
        Its time.
    rows : tuple of SpecificationRow
        One per specification, those that failed included.
    """

    measure: Measure
    at_months: float
    rows: tuple[SpecificationRow, ...]

    @property
    def failures(self) -> int:
        """Number of specifications without an estimate."""
        return sum(row.estimate is None for row in self.rows)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest estimate on the natural scale, methods biased by design left out."""
        values = [
            row.estimate.natural[0]
            for row in self.rows
            if row.estimate is not None and row.biased is None
        ]
        return (min(values), max(values)) if values else (math.nan, math.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        low, high = self.range
        return {
            "measure": self.measure,
            "at_months": self.at_months,
            "specifications": len(self.rows),
            "failures": self.failures,
            "lowest": low,
            "highest": high,
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per specification.

        Parameters
        ----------
        exponentiate : bool
            Whether ratios are on the natural scale; standard errors then are NaN for them.

        Returns
        -------
        pandas.DataFrame
            Columns ``label``, ``group``, ``method``, ``changed``, ``estimate``, ``se``,
            ``ci_low``, ``ci_high``, ``verdict``, ``failed_diagnostics``, ``biased``, ``failure``.
        """
        columns: dict[str, list[Any]] = {
            name: [getattr(row, name) for row in self.rows]
            for name in ("label", "group", "method", "changed")
        }
        numbers = [_numbers(row.estimate, exponentiate) for row in self.rows]
        for place, name in enumerate(("estimate", "se", "ci_low", "ci_high")):
            columns[name] = [four[place] for four in numbers]
        columns["verdict"] = [row.verdict for row in self.rows]
        columns["failed_diagnostics"] = ["; ".join(row.failed_diagnostics) for row in self.rows]
        columns["biased"] = [row.biased for row in self.rows]
        columns["failure"] = [row.failure for row in self.rows]
        return frame(columns)

    def summary(self) -> str:
        """Return a line per specification and a last one with their range."""
        words = self.measure.replace("_", " ")
        lines = [f"{words} at {self.at_months:g} months:"]
        for row in self.rows:
            what = f"not estimable: {row.failure}"
            if row.estimate is not None:
                what = row.estimate.text()
                if row.failed_diagnostics:
                    what += f"  FAILED DIAGNOSTIC: {', '.join(row.failed_diagnostics)}"
                if row.biased:
                    what += "  BIASED BY DESIGN"
            lines.append(f"  {row.label}: {what}")
        lines.append(
            f"{plural(len(self.rows), 'specification')}, {self.failures} without an estimate; the "
            f"others not biased by design range over {range_text(*self.range)}."
        )
        return "\n".join(lines)


def _numbers(estimate: Estimate | None, exponentiate: bool) -> tuple[float, float, float, float]:
    if estimate is None:
        return (math.nan,) * 4
    if exponentiate and estimate.scale == "log":
        mid, low, high = estimate.natural
        return mid, math.nan, low, high
    return estimate.estimate, estimate.se, estimate.ci_low, estimate.ci_high


def run_specifications(
    specifications: Sequence[Specification],
    run: Runner,
    *,
    measure: Measure,
    at_months: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> SpecificationTable:
    """Run specifications one after the other; one that can't be estimated is kept as such.

    Parameters
    ----------
    specifications : sequence of Specification
        What is run, the primary one first; labels differ.
    run : callable
        Estimates the effect of one.
    measure : str
        What is compared, such as ``survival_difference``.
    at_months : float
        Time of the measure.
    on_progress : callable, optional
        Called with the specifications done and their number.

    Returns
    -------
    SpecificationTable
        A row for each. An error of locoreg is the row's failure; any other is raised.

    Raises
    ------
    DesignError
        If two labels are the same.
    """
    repeated = [n for n, k in Counter(s.label for s in specifications).items() if k > 1]
    if repeated:
        raise DesignError(
            f"{repeated[0]!r} names several specifications.", hint="give each its own label."
        )
    rows = []
    for done, specification in enumerate(specifications, start=1):
        rows.append(_run_one(specification, run, measure, at_months))
        if on_progress is not None:
            on_progress(done, len(specifications))
    return SpecificationTable(measure=measure, at_months=at_months, rows=tuple(rows))


def _run_one(
    specification: Specification, run: Runner, measure: Measure, at_months: float
) -> SpecificationRow:
    effect, estimate, failure = None, None, None
    try:
        effect = run(specification)
        estimate = effect.contrast(measure, at_months).estimate
    except LocoregError as error:
        failure = str(error)
    if estimate is not None and not math.isfinite(estimate.estimate):
        estimate, failure = None, f"the {measure.replace('_', ' ')} is not estimable."
    return SpecificationRow(
        label=specification.label,
        group=specification.group,
        method=specification.method,
        changed=specification.changed,
        estimate=estimate,
        verdict=None if effect is None else effect.verdict,
        failed_diagnostics=() if effect is None else tuple(d.name for d in effect.failed),
        biased=None if effect is None else effect.biased,
        failure=failure,
    )
