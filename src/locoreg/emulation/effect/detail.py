"""What an analysis tells besides its numbers: steps, counts, weights, balance, flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.emulation.effect.curve import CountRow
from locoreg.emulation.effect.diagnostic import Diagnostic
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """Balance of one variable (or level) between the arms at one time.

    Attributes
    ----------
    variable, level : str
        Variable, and its level for a category; empty level for numbers.
    at_months : float
        Time.
    before, after : float
        Standardised mean difference, treated less comparator, unweighted and weighted; both over
        the unweighted spread.
    mean_treated, mean_comparator : float
        Weighted means (or shares).
    raw_treated, raw_comparator : float
        Unweighted ones.
    """

    variable: str
    level: str
    at_months: float
    before: float
    after: float
    mean_treated: float
    mean_comparator: float
    raw_treated: float
    raw_comparator: float

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSummary:
    """Weights of those who are followed in one arm at one time.

    Attributes
    ----------
    arm : str
        The strategy.
    at_months : float
        Time.
    n : int
        Persons followed.
    total, mean, median, p99, largest : float
        Their weights.
    ess : float
        Effective sample size, (sum w)^2 / sum w^2.
    top_share : float
        Share of the weight that the 1% of persons with the largest weights hold.
    """

    arm: str
    at_months: float
    n: int
    total: float
    mean: float
    median: float
    p99: float
    largest: float
    ess: float
    top_share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """One box of the flow from cohort to arms.

    Attributes
    ----------
    arm : str or None
        The strategy; None where the arms are not apart yet.
    name : str
        In words.
    n : int
        Persons (or clones).
    """

    arm: str | None
    name: str
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Return the box as JSON-ready values."""
        return {"arm": self.arm, "name": self.name, "n": self.n}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detail:
    """What an analysis tells besides its numbers, with every person counted once.

    Attributes
    ----------
    steps : tuple of (ndarray, ndarray), comparator then treated
        Times and values of the whole curves; empty arrays for smooth ones.
    counts : tuple of tuple of CountRow, comparator then treated
        Numbers at risk.
    balance : tuple of BalanceRow
        Balance; empty where a method has no weights.
    weights : tuple of WeightSummary
        Weights over time.
    flow : tuple of FlowStep
        From cohort to arms.
    diagnostics : tuple of Diagnostic
        With verdicts.
    notes : tuple of str
        What a reader must know, such as the weight convention of the hazard ratio.
    """

    steps: tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    counts: tuple[tuple[CountRow, ...], tuple[CountRow, ...]]
    balance: tuple[BalanceRow, ...]
    weights: tuple[WeightSummary, ...]
    flow: tuple[FlowStep, ...]
    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
