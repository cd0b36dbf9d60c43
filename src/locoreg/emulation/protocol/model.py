"""The protocol of an emulated trial, as validated values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from locoreg.emulation.inference import Inference
from locoreg.emulation.protocol.agreement import agreement_faults
from locoreg.emulation.protocol.base import Number
from locoreg.emulation.protocol.faults import Fault
from locoreg.emulation.protocol.fingerprint import content_sha256
from locoreg.emulation.protocol.parts import (
    Analysis,
    Benchmark,
    Confounders,
    Criterion,
    FollowUp,
    NegativeControl,
    Outcome,
    Part,
    Selection,
    Sensitivity,
    Strategies,
    TableColumns,
    Text,
    TimeZero,
    Variable,
)
from locoreg.emulation.question import Question

OUTCOME_WORDS = {
    "death": "death from any cause",
    "progression": "progression or death",
    "breast_cancer_death": "death from breast cancer",
    "locoregional_progression": "locoregional progression",
    "qol_deterioration": "deterioration of quality of life",
}


class TrialProtocol(Part):
    """A target trial and how it is emulated.

    Attributes
    ----------
    protocol : int
        Version of this format.
    title, causal_question : str
        In words.
    time_zero, follow_up, outcome : TimeZero, FollowUp, Outcome
        With a registry; a table (``table``) has them in its columns.
    table : TableColumns, optional
        Columns of a table of one's own.
    eligibility, strategies, contrast, interval_months, horizon_months, at_months, level
        What is asked. None has a default.
    variables : dict of Variable
        Variables of one's own.
    confounders, subgroups, negative_controls, analysis, sensitivity, benchmark
        How it is answered.
    selection : Selection, optional
        How it is asked who gains.
    reporting : dict
        Texts for the reporting checklist, by item.
    """

    protocol: Literal[1]
    title: Text
    causal_question: Text
    time_zero: TimeZero | None = None
    follow_up: FollowUp | None = None
    outcome: Outcome | None = None
    table: TableColumns | None = None
    eligibility: tuple[Criterion, ...]
    strategies: Strategies
    contrast: Literal["per_protocol", "itt_like"]
    interval_months: Number = Field(gt=0)
    horizon_months: Number = Field(gt=0)
    at_months: tuple[Number, ...]
    level: Number = Field(gt=0, lt=100)
    variables: dict[str, Variable] = Field(default_factory=dict)
    confounders: Confounders
    subgroups: tuple[Text, ...] = ()
    negative_controls: tuple[NegativeControl, ...] = ()
    analysis: Analysis
    sensitivity: Sensitivity = Sensitivity()
    benchmark: Benchmark | None = None
    selection: Selection | None = None
    reporting: dict[str, Text] = Field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """Return what does not fit together across the parts."""
        yield from agreement_faults(self)

    @property
    def sha256(self) -> str:
        """Hash of the content: a value changes it; order of keys, comments and spaces don't.

        A key that is left out and one that states its default are the same.
        """
        return content_sha256(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as JSON-ready values, from which it can be made again."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def question(self) -> Question:
        """Return what is asked."""
        return Question(
            treated_label=self.strategies.treated.label,
            comparator_label=self.strategies.comparator.label,
            outcome=self.outcome_label,
            grace_months=self.strategies.treated.grace_months,
            interval_months=self.interval_months,
            comparator=self.strategies.comparator.rule,
            initiation=self.strategies.treated.initiation,
            contrast=self.contrast,
            horizon_months=self.horizon_months,
            at_months=tuple(sorted({*self.at_months, self.horizon_months})),
            level=self.level,
        )

    @property
    def outcome_label(self) -> str:
        """The outcome in words."""
        if self.outcome is not None:
            return OUTCOME_WORDS[self.outcome.event]
        return "the event" if self.table is None else next(iter(self.table.events.values()))

    def selected_variables(self) -> tuple[str, ...]:
        """Return the variables as of time zero that only the selection names, or it too."""
        named = () if self.selection is None else self.selection.variables
        return tuple(name for name in named if name not in self.confounders.time_varying)

    def inference(self, *, jobs: int | None = None, checkpoint: str | None = None) -> Inference:
        """Return how intervals are made.

        Parameters
        ----------
        jobs : int, optional
            Workers.
        checkpoint : str, optional
            File for the replicates.

        Returns
        -------
        Inference
            The options.
        """
        chosen = self.analysis.intervals
        return Inference(
            interval=chosen.kind,
            replicates=chosen.replicates,
            seed=chosen.seed,
            kind=chosen.bootstrap,
            jobs=jobs,
            checkpoint=checkpoint,
            cluster=chosen.cluster,
        )
