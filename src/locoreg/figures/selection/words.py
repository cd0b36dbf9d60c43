"""Words that figures of selection share: question, warnings, units, numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import MINUS, decimal_text
from locoreg.figures.emulation.words import marked_title, upper_first
from locoreg.figures.textfit import one_line

if TYPE_CHECKING:
    from locoreg.selection.question import SelectionQuestion
    from locoreg.workflows.selection.result import SelectionResult

# Failed checks beyond so many are counted, not named, in the box under a title.
MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a figure must say of the analysis, so that an export names it.

    Attributes
    ----------
    question : SelectionQuestion or None
        The effect; None leaves outcome and options out.
    population : str
        Who the persons are; empty for none.
    synthetic : bool
        Whether the patients are made up.
    alerts : tuple of str
        Warnings in the box under the title.
    """

    question: SelectionQuestion | None = None
    population: str = ""
    synthetic: bool = False
    alerts: tuple[str, ...] = ()

    def title(self, what: str) -> str:
        """Return a title with the mark of made-up patients."""
        return marked_title(what, synthetic=self.synthetic)

    @property
    def subtitle(self) -> str:
        """Comparison, outcome and persons in one line."""
        parts = [self.population]
        if self.question is not None:
            q = self.question
            parts = [f"{q.treated_label} against {q.comparator_label}", q.estimand, *parts]
        return upper_first("; ".join(part for part in parts if part))

    @property
    def sides(self) -> tuple[str, str]:
        """Options that a difference below and above 0 is in favour of; empty if not known."""
        if self.question is None:
            return ("", "")
        return (self.question.comparator_label, self.question.treated_label)

    @property
    def treated(self) -> str:
        """The treatment in words."""
        return "treated" if self.question is None else self.question.treated_label


PLAIN = Setting()


def setting_of(result: SelectionResult) -> Setting:
    """Return what every figure of a result must say.

    Parameters
    ----------
    result : SelectionResult
        The result.

    Returns
    -------
    Setting
        With its alarm: trials that contradict it, and failed checks.
    """
    data = result.data
    return Setting(
        question=result.question,
        population=f"{data.n:,} persons of {data.source}",
        synthetic=data.synthetic,
        alerts=alerts_of(result),
    )


def alerts_of(result: SelectionResult) -> tuple[str, ...]:
    """Return the warnings that every figure of a result carries under its title."""
    alerts = []
    credibility = result.doubts.credibility
    if credibility.verdict == "not credible":
        alerts.append(not_credible(credibility.reading))
    about_data = {id(d) for d in (*credibility.checks, *result.diagnostics)}
    for what, advice, found in (
        (
            "Failed check",
            " Do not rely on the estimates.",
            [d for d in result.failed if id(d) in about_data],
        ),
        (
            "Failed check of the ranking by predicted effect",
            "",
            [d for d in result.failed if id(d) not in about_data],
        ),
    ):
        if found:
            names = list(dict.fromkeys(one_line(d.heading).rstrip(".") for d in found))
            more = len(names) - MOST_NAMED
            shown = "; ".join(names[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
            alerts.append(f"{what}: {shown}.{advice}")
    return tuple(alerts)


def not_credible(reading: str) -> str:
    """Return why trials contradict the data, with the verdict in front of it once."""
    said = one_line(reading)
    return said if said.casefold().startswith("not credible") else f"Not credible: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How effects are printed: months as they are, probabilities in percentage points.

    Attributes
    ----------
    name : str
        For axes and sentences.
    factor : float
        Factor from the effect to what is printed.
    digits : int
        Decimals.
    """

    name: str
    factor: float
    digits: int

    def signed(self, value: float) -> str:
        """Return a difference with its sign."""
        if math.isnan(value):
            return "not estimable"
        text = decimal_text(abs(self.factor * value), self.digits)
        if not text.strip("0.,"):
            return text
        return f"{'+' if value > 0 else MINUS}{text}"

    def interval(self, mid: float, low: float, high: float) -> str:
        """Return ``+3.10 (−0.20 to +6.40)``, the number alone where there is no interval."""
        if math.isnan(low) or math.isnan(high):
            return self.signed(mid)
        return f"{self.signed(mid)} ({self.signed(low)} to {self.signed(high)})"

    def estimate(self, estimate: Estimate) -> str:
        """Return an estimate of an effect with its interval."""
        return self.interval(estimate.estimate, estimate.ci_low, estimate.ci_high)


def unit_of(name: str) -> Unit:
    """Return how effects in a unit are printed.

    Parameters
    ----------
    name : str
        ``months`` or ``probability``; any other is printed as it is.

    Returns
    -------
    Unit
        Its words, factor and decimals.
    """
    if name == "probability":
        return Unit(name="percentage points", factor=100.0, digits=1)
    return Unit(name=name, factor=1.0, digits=2)


def plain_text(estimate: Estimate) -> str:
    """Return an estimate without a unit, such as a slope, with its interval."""
    mid, low, high = estimate.natural
    if math.isnan(low) or math.isnan(high):
        return decimal_text(mid)
    return f"{decimal_text(mid)} ({decimal_text(low)} to {decimal_text(high)})"
