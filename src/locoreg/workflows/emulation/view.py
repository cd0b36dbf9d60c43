"""What the page of an emulation shows: results and plain texts, before anything is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import Diagnostic, Effect
from locoreg.workflows.emulation.ladder import Ladder
from locoreg.workflows.emulation.smalleffects import hide_effect
from locoreg.workflows.emulation.stepped import Failures

# Group of the row that pools trials, apart from the trials themselves.
POOLED = "Randomised trials, pooled"
# Name of the verdicts on negative controls: on the data and what is adjusted for, whatever method
# is drawn.
CONTROL = "negative_control"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRow:
    """One estimate among others: a specification, a subgroup, a trial.

    Attributes
    ----------
    label : str
        What was done, or the trial.
    estimate : Estimate or None
        None where there is none.
    verdict : str
        ``pass``, ``warn``, ``fail``, ``note``, ``biased`` or ``not estimable``; empty where no
        verdict is given, as for a trial.
    note : str
        Why there is no estimate, why it is biased, or which diagnostic failed; else empty.
    group : str
        Rows of one group stand together under it.
    main : bool
        Whether the row is the primary analysis.
    """

    label: str
    estimate: Estimate | None
    verdict: str = ""
    note: str = ""
    group: str = ""
    main: bool = False

    @property
    def natural(self) -> tuple[float, float, float]:
        """Estimate and limits on the natural scale; NaN where there are none."""
        if self.estimate is None:
            return math.nan, math.nan, math.nan
        return self.estimate.natural


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One item of the reporting checklist.

    Attributes
    ----------
    number, topic : str
        Number of the item in TARGET 2025, and its topic in our own words.
    target_trial, emulation : str
        What the trial would do; what the emulation does. Items that do not differ have their text
        in ``emulation``.
    status : str
        ``filled``, ``to_write`` or ``not_applicable``.
    """

    number: str
    topic: str
    target_trial: str
    emulation: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTable:
    """A table of texts; the first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkView:
    """The emulation beside randomised trials.

    Attributes
    ----------
    measure : str
        Name of the measure and event, ``Hazard ratio for death``.
    trials, emulations : tuple of EstimateRow
        Kept apart; no number joins them.
    agreements : tuple of str
        The agreements in sentences: significance, estimate, standardised difference.
    note : str
        Whom the comparison is restricted to.
    """

    measure: str
    trials: tuple[EstimateRow, ...]
    emulations: tuple[EstimateRow, ...]
    agreements: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmulationView:
    """The page of an emulation.

    Attributes
    ----------
    title, causal_question : str
        From the protocol.
    protocol_sha256, version : str
        Hash of the protocol; version of this package.
    compared : tuple of TargetRow
        The target trial beside its emulation, part by part.
    checklist : tuple of TargetRow
        All items of the reporting checklist.
    attrition : Attrition
        Who was left out.
    audit : tuple of Finding
        What the audit of time zero found.
    cohort : tuple of PlainTable
        Strategies, baseline, missing values.
    primary : Effect
        The primary analysis as it was computed; its diagnostics include those of the cohort and
        the verdicts on negative controls. Pages show `shown`.
    alternatives : tuple of Effect
        Other methods, as they were computed.
    specifications : tuple of EstimateRow
        The sensitivity analyses, the primary one among them.
    measure : str
        What they estimate: one of the measures of an effect.
    at_months : float
        Its time.
    ladder : Ladder or None
        Methods from naive to careful.
    bias : tuple of PlainTable
        E-values, tipping points, bias analyses.
    subgroups : tuple of EstimateRow
        Effects in subgroups, the same measure; ``group`` is the variable.
    controls : tuple of PlainTable
        Negative controls, calibration.
    benchmark : BenchmarkView or None
        Randomised trials.
    notes : tuple of str
        What could not be done; what limits the answer.
    provenance : tuple of (str, str)
        Names with values: data hash, seed, options.
    command, python : str
        How to run it again.
    small_cells : int or None
        Counts from 1 to this many persons are hidden; None shows all. Texts and tables are without
        them already; figures and tables of effects take it.
    """

    title: str
    causal_question: str
    protocol_sha256: str
    version: str
    compared: tuple[TargetRow, ...]
    checklist: tuple[TargetRow, ...]
    attrition: Attrition
    audit: tuple[Finding, ...]
    cohort: tuple[PlainTable, ...]
    primary: Effect
    alternatives: tuple[Effect, ...]
    specifications: tuple[EstimateRow, ...]
    measure: str
    at_months: float
    ladder: Ladder | None
    bias: tuple[PlainTable, ...]
    subgroups: tuple[EstimateRow, ...]
    controls: tuple[PlainTable, ...]
    benchmark: BenchmarkView | None
    notes: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    command: str
    python: str
    small_cells: int | None = None

    @property
    def shown(self) -> Effect:
        """The primary analysis without what would give small counts away."""
        return hide_effect(self.primary, self.small_cells)

    @property
    def drawn(self) -> Effect:
        """The primary analysis for figures: with blocking findings among what failed."""
        return replace(self.primary, diagnostics=(*self.primary.diagnostics, *self._findings()))

    def carrying(self, effect: Effect) -> Effect:
        """Return another method's effect for figures, with what failed of the data.

        Parameters
        ----------
        effect : Effect
            One of `alternatives`.

        Returns
        -------
        Effect
            Failed negative controls and blocking findings among its diagnostics, so that an
            export of its figure names them.
        """
        controls = tuple(
            replace(one, title=f"{one.title} of the primary analysis")
            for one in self.primary.failed
            if one.name == CONTROL
        )
        return replace(effect, diagnostics=(*effect.diagnostics, *controls, *self._findings()))

    def _findings(self) -> tuple[Diagnostic, ...]:
        return tuple(
            Diagnostic(
                name=one.rule, title=f"Blocking finding: {one.rule}", verdict="fail",
                value=_number(one.value), threshold=_number(one.limit), message=one.message,
                advice=one.changes,
            )
            for one in self.blocking
        )  # fmt: skip

    @property
    def synthetic(self) -> bool:
        """Whether the patients are made up."""
        return self.primary.synthetic

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Diagnostics of the primary analysis, failed ones first."""
        rank = {"fail": 0, "warn": 1, "pass": 2, "note": 3}
        return tuple(sorted(self.shown.diagnostics, key=lambda d: rank[d.verdict]))

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Findings of the audit with which no estimate is to be read."""
        return tuple(f for f in self.audit if f.severity == "blocking")

    @property
    def blocked(self) -> bool:
        """Whether estimates stand behind a line to open, for what failed or was found."""
        return bool(self.failures)

    @property
    def failures(self) -> Failures:
        """Why the estimates are not to be relied on, as `failures_of` tells it of results."""
        return Failures(
            checks=self.shown.failed,
            blocking=tuple((one.rule, one.message) for one in self.blocking),
            biased=self.primary.biased or "",
        )


def _number(found: float | str | None) -> float | None:
    return float(found) if isinstance(found, int | float) else None
