"""Who gains, as a value: data, effect, assessment, doubts, rule, model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.provenance import Provenance
from locoreg.core.version import __version__
from locoreg.emulation.cohort import Attrition
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.protocol import TrialProtocol
from locoreg.selection.assess import Assessment, SubgroupEffects
from locoreg.selection.model import SelectionModel, model_card
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import HonestRule, RuleAssessment
from locoreg.selection.scores import Scores
from locoreg.workflows.selection.doubts import Doubts
from locoreg.workflows.selection.plan import SelectionPlan
from locoreg.workflows.selection.rows import result_rows
from locoreg.workflows.selection.text import rule_lines, summary_lines

if TYPE_CHECKING:
    import pandas as pd

RESULTS_SCHEMA = 1
NOTICE = "For research. Not a medical device."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """One option in the data.

    Attributes
    ----------
    label : str
        The option.
    n, events, censored, followed : int
        Persons; with the event before the horizon; censored before it; followed to it.
    """

    label: str
    n: int
    events: int
    censored: int
    followed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "label": self.label,
            "n": self.n,
            "events": self.events,
            "censored": self.censored,
            "followed": self.followed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """The persons in numbers.

    Attributes
    ----------
    source : str
        Where they come from.
    synthetic : bool
        Whether they are made up.
    n : int
        Persons.
    arms : tuple of ArmCounts
        Comparator, treated.
    attrition : Attrition
        Who was left out, at which criterion.
    unknown : tuple of (str, int)
        Covariates with unknown values, and for how many.
    constant : tuple of str
        Covariates with one value only, which play no part.
    modifiers : tuple of str
        Covariates by which the effect may differ.
    sha256 : str
        Hash of the data.
    """

    source: str
    synthetic: bool
    n: int
    arms: tuple[ArmCounts, ArmCounts]
    attrition: Attrition
    unknown: tuple[tuple[str, int], ...]
    constant: tuple[str, ...]
    modifiers: tuple[str, ...]
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values."""
        return {
            "source": self.source,
            "synthetic": self.synthetic,
            "n": self.n,
            "arms": [arm.to_dict() for arm in self.arms],
            "attrition": self.attrition.to_dict(),
            "unknown": dict(self.unknown),
            "constant": list(self.constant),
            "modifiers": list(self.modifiers),
            "sha256": self.sha256,
        }


def summarise_data(scores: Scores) -> DataSummary:
    """Return the persons of scores in numbers.

    Parameters
    ----------
    scores : Scores
        The scores.

    Returns
    -------
    DataSummary
        Counts by option, unknown values.
    """
    data, question = scores.data, scores.question
    horizon = question.horizon_months
    event = (data.event == 1) & (data.time <= horizon)
    followed = ~event & (data.time >= horizon)

    def arm(label: str, treated: bool) -> ArmCounts:
        mine = data.treated == treated
        return ArmCounts(
            label=label,
            n=int(mine.sum()),
            events=int((mine & event).sum()),
            censored=int((mine & ~event & ~followed).sum()),
            followed=int((mine & followed).sum()),
        )

    return DataSummary(
        source=data.source,
        synthetic=data.synthetic,
        n=data.n,
        arms=(arm(question.comparator_label, False), arm(question.treated_label, True)),
        attrition=data.attrition,
        unknown=tuple(
            (column.name, int(column.missing.sum()))
            for column in data.covariates
            if column.missing.any()
        ),
        constant=scores.coding.constant,
        modifiers=data.modifiers,
        sha256=scores.provenance.input_sha256,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectionResult:
    """Everything that a report on who gains shows.

    Attributes
    ----------
    protocol : TrialProtocol or None
        What was asked; None for data of one's own.
    question : SelectionQuestion
        The effect.
    plan : SelectionPlan
        How it was asked.
    data : DataSummary
        The persons.
    diagnostics : tuple of Diagnostic
        Overlap, censoring and counts.
    average : Estimate
        Average effect.
    assessment : Assessment
        The learner on persons whom it did not see.
    subgroups : SubgroupEffects or None
        Subgroups of the protocol.
    rule : HonestRule
        The rule, with its leaves on persons that it was not learnt from.
    worth : RuleAssessment
        What rules found in this way gain, and whether the data support one.
    doubts : Doubts
        What could make it wrong; where the trials disagree, no rule is shown.
    learned : tuple of str
        What the learner found, in lines; it describes, and was not tested.
    model : SelectionModel
        For one patient.
    notes : tuple of str
        What a reader must know.
    provenance : Provenance
        Hash of the data, options, version.
    """

    protocol: TrialProtocol | None
    question: SelectionQuestion
    plan: SelectionPlan
    data: DataSummary
    diagnostics: tuple[Diagnostic, ...]
    average: Estimate
    assessment: Assessment
    subgroups: SubgroupEffects | None
    rule: HonestRule
    worth: RuleAssessment
    doubts: Doubts
    learned: tuple[str, ...]
    model: SelectionModel
    notes: tuple[str, ...]
    provenance: Provenance

    @property
    def title(self) -> str:
        """Title of the protocol, or the estimand."""
        return self.question.estimand if self.protocol is None else self.protocol.title

    @property
    def checks(self) -> tuple[Diagnostic, ...]:
        """Every verdict: credibility first, then data, then assessment."""
        return (
            *self.doubts.credibility.checks,
            *self.diagnostics,
            *self.assessment.diagnostics,
        )

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """Verdicts that failed."""
        return tuple(d for d in self.checks if d.verdict == "fail")

    @property
    def shows_rule(self) -> bool:
        """Whether a rule is shown: it gains, and the trials don't contradict the registry."""
        return bool(self.worth.given and self.doubts.credibility.shows_rule)

    @property
    def rule_reading(self) -> str:
        """Why a rule is shown, or none."""
        if not self.doubts.credibility.shows_rule:
            reading = self.doubts.credibility.reading
            return f"No rule is shown: {reading[:1].lower()}{reading[1:]}"
        return "\n".join(rule_lines(self.worth, self.rule))

    def to_dict(self) -> dict[str, Any]:
        """Return ``results.json``."""
        return {
            "schema": RESULTS_SCHEMA,
            "title": self.title,
            "synthetic": self.data.synthetic,
            "version": __version__,
            "protocol_sha256": None if self.protocol is None else self.protocol.sha256,
            "question": self.question.to_dict(),
            "estimand": self.question.estimand,
            "plan": self.plan.to_dict(),
            "data": self.data.to_dict(),
            "diagnostics": [d.to_dict() for d in self.diagnostics],
            "average": self.average.to_dict(),
            "credibility": self.doubts.credibility.to_dict(),
            "assessment": self.assessment.to_dict(),
            "subgroups": None if self.subgroups is None else self.subgroups.to_dict(),
            "rule": self._rule_dict(),
            "doubts": self.doubts.to_dict(),
            "learned": list(self.learned),
            "model_card": model_card(self.model).to_dict(),
            "notes": list(self.notes),
            "provenance": self.provenance.to_dict(),
            "protocol": None if self.protocol is None else self.protocol.to_dict(),
            "notice": NOTICE,
        }

    def _rule_dict(self) -> dict[str, Any]:
        shown = {"shown": self.shows_rule, "reading": self.rule_reading}
        if not self.doubts.credibility.shows_rule:
            return shown
        found = {**shown, "worth": self.worth.to_dict()}
        return {**found, **self.rule.to_dict()} if self.shows_rule else found

    def summary(self) -> str:
        """Return what was found as text."""
        return "\n".join(summary_lines(self))

    def to_frame(self) -> pd.DataFrame:
        """Return the main numbers, one row each: what, who, estimate, se, ci_low, ci_high, n.

        Parts are the average effect, the areas and the slope of the learner, the groups by
        quantiles of the predicted effect, and, where a rule is shown, its leaves and gains.
        """
        rows = list(result_rows(self))
        names = ("part", "name", "n", "estimate", "se", "ci_low", "ci_high")
        return frame({name: [row[name] for row in rows] for name in names})
