"""An emulation as a value: effect, cohort, diagnostics, and what was run beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from locoreg.core.findings import Finding
from locoreg.core.numbertext import p_text
from locoreg.core.version import __version__
from locoreg.emulation.cohort import Attrition, Cohort
from locoreg.emulation.effect import Diagnostic, Effect
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.target import TargetTable
from locoreg.workflows.emulation.extras import Extras
from locoreg.workflows.emulation.facts import filled_checklist
from locoreg.workflows.emulation.runs import Setting
from locoreg.workflows.emulation.stepped import failures_of
from locoreg.workflows.emulation.summaries import CohortSummary, summarise_cohort

if TYPE_CHECKING:
    import pandas as pd

RESULTS_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmulationResult:
    """Everything that an emulation shows.

    Attributes
    ----------
    protocol : TrialProtocol
        What was asked.
    protocol_sha256 : str
        Hash of its content.
    cohort : CohortSummary
        Who was followed: numbers, missing values, follow-up.
    attrition : Attrition
        Who was left out, at which criterion.
    audit : tuple of Finding
        What the audit of time zero found.
    primary : Effect
        The primary analysis; its diagnostics include those of the cohort.
    extras : Extras
        Sensitivity analyses, subgroups, negative controls, trials.
    target : TargetTable
        The reporting checklist, filled as far as the protocol and the numbers go.
    """

    protocol: TrialProtocol
    protocol_sha256: str
    cohort: CohortSummary
    attrition: Attrition
    audit: tuple[Finding, ...]
    primary: Effect
    extras: Extras
    target: TargetTable

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """Diagnostics of the primary analysis, and negative controls, that failed."""
        return self.marked.failed

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Findings of the audit with which no estimate is to be read."""
        return tuple(finding for finding in self.audit if finding.severity == "blocking")

    @property
    def marked(self) -> Effect:
        """The primary analysis with the verdicts on negative controls among its diagnostics.

        Pages, figures and tables show this one: an effect on an outcome that treatment can't
        change speaks against the estimate as a failed diagnostic does.
        """
        told = (*self.primary.diagnostics, *self.extras.control_verdicts)
        return replace(self.primary, diagnostics=told)

    def to_dict(self) -> dict[str, Any]:
        """Return ``results.json``."""
        out = {
            "schema": RESULTS_SCHEMA,
            "title": self.protocol.title,
            "protocol_sha256": self.protocol_sha256,
            "version": __version__,
            "synthetic": self.primary.synthetic,
            "question": self.primary.question.to_dict(),
            "cohort": self.cohort.to_dict(),
            "attrition": self.attrition.to_dict(),
            "audit": [finding.to_dict() for finding in self.audit],
            "primary": self.primary.to_dict(),
            "sensitivity": self.extras.to_dict(),
            "target": self.target.to_dict(),
            "protocol": self.protocol.to_dict(),
            "notice": "For research. Not a medical device.",
        }
        return {**out, "failed": list(failures_of(out).names)}

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return the contrasts of the primary analysis, one row each.

        Parameters
        ----------
        exponentiate : bool
            Whether ratios are on the natural scale.

        Returns
        -------
        pandas.DataFrame
            See ``Effect.to_frame``.
        """
        return self.marked.to_frame(exponentiate=exponentiate)

    def summary(self) -> str:
        """Return the emulation as text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.protocol.title
        yield f"Protocol {self.protocol_sha256[:12]}; {self.attrition.source}."
        yield ""
        yield f"Flow: {self.attrition.started} persons in the source"
        for step in self.attrition.steps:
            unknown = f" (of them {step.unknown} unknown)" if step.unknown else ""
            yield f"  {step.excluded:>8,} out{unknown}: {step.name}; {step.left:,} left"
        for finding in self.audit:
            yield f"  [{finding.severity}] {finding.rule}: {finding.message}"
        yield ""
        yield self.marked.summary()
        yield from self._beside()

    def _beside(self) -> Iterator[str]:
        extras = self.extras
        if extras.specifications is not None:
            yield ""
            yield "Sensitivity: " + extras.specifications.summary()
        if extras.ladder is not None:
            yield ""
            yield extras.ladder.summary()
        for one in extras.e_values:
            yield one.summary()
        for bias in extras.bias:
            yield bias.summary()
        for row in extras.subgroups:
            found = row.note or "not estimable" if row.estimate is None else row.estimate.text()
            yield f"  {row.variable}, {row.level} ({row.n_treated}/{row.n} treated): {found}"
        for test in extras.interactions:
            if test.df:
                q = f"Q {test.q:.2f} on {test.df} df, {p_text(test.p)}"
                yield f"  {test.variable}: interaction, {q}"
        yield from _controls(extras)
        if extras.trials is not None:
            yield ""
            yield extras.trials.summary()
        yield from (f"  Note: {note}" for note in extras.notes)


def _controls(extras: Extras) -> Iterator[str]:
    for control in extras.controls:
        text = control.note if control.difference is None else control.difference.text()
        yield f"  Negative control, {control.name} ({control.events} events): {text}"


def result_of(
    protocol: TrialProtocol, setting: Setting, primary: Effect, extras: Extras
) -> EmulationResult:
    """Gather what was computed.

    Parameters
    ----------
    protocol, setting, primary, extras
        The parts.

    Returns
    -------
    EmulationResult
        With the cohort summarised and the checklist filled.
    """
    cohort: Cohort = setting.cohort
    told = summarise_cohort(cohort, setting.question)
    return EmulationResult(
        protocol=protocol,
        protocol_sha256=setting.protocol_sha256,
        cohort=told,
        attrition=cohort.attrition,
        audit=cohort.audit,
        primary=primary,
        extras=extras,
        target=filled_checklist(protocol, cohort, told, primary, extras),
    )
