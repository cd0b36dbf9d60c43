"""Record an emulation in evidence tables: what the numbers don't tell, asked before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.emulation.methods import find_method
from locoreg.emulation.protocol import TrialProtocol, read_protocol
from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.emulation.record import RecordLabel, evidence_record, write_record
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.trials import outcome_of_event, question_of_studies


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """As what an emulation is recorded.

    Attributes
    ----------
    study : str or None
        Key of the study.
    source : str or None
        Name of the patient source, so that studies which share patients are found.
    year : int or None
        Year of the analysis.
    question : str or None
        Question of the evidence tables; that of the protocol's benchmark if not given.
    """

    study: str | None = None
    source: str | None = None
    year: int | None = None
    question: str | None = None

    def label(
        self, protocol: str | Path | Mapping[str, Any] | TrialProtocol, method: str | None = None
    ) -> RecordLabel:
        """Return what the record is called.

        Parameters
        ----------
        protocol : str, Path, mapping or TrialProtocol
            The protocol: its outcome, criteria and benchmark tell the rest.
        method : str, optional
            What takes the place of the protocol's method.

        Returns
        -------
        RecordLabel
            Complete.

        Raises
        ------
        DesignError
            If something is not stated, or the method is biased by design.
        """
        if self.study is None or self.source is None or self.year is None:
            raise DesignError(
                "a record needs a study id, the name of the patient source and a year.",
                hint="give --study, --source and --year.",
            )
        plan = read_protocol(protocol).protocol
        chosen = plan.analysis.method if method is None else method
        biased = find_method(chosen).biased
        if biased is not None:
            raise DesignError(f"{chosen} is no evidence: {biased}", hint="record another method.")
        event = "death" if plan.outcome is None else plan.outcome.event
        return RecordLabel(
            study_id=self.study,
            label=f"{self.source} {self.year} (emulation)",
            question_id=self._question(plan),
            outcome=outcome_of_event(event),
            cohort=self.source,
            year=self.year,
            population="; ".join(criterion.name for criterion in plan.eligibility),
        )

    def _question(self, protocol: TrialProtocol) -> str:
        if self.question is not None:
            return self.question
        if protocol.benchmark is None:
            raise DesignError(
                "the protocol names no trials, so that the question of the record is not known.",
                hint="give --question: `locoreg evidence list` names them.",
            )
        return question_of_studies(load_catalog(), protocol.benchmark.studies)


def record_result(result: EmulationResult, label: RecordLabel, folder: Path) -> tuple[Path, ...]:
    """Write an emulation as evidence tables.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    label : RecordLabel
        What it is called.
    folder : Path
        A new folder.

    Returns
    -------
    tuple of Path
        The files.
    """
    return write_record(evidence_record(result.marked, result.protocol, label), folder)
