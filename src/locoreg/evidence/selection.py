"""What is asked of the tables: a question, a design, studies and reports, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.evidence.comparisons import ALL_PATIENTS
from locoreg.evidence.records import Catalog, Study

Readings = Literal["supported", "printed"]
# Designs that may stand in one pool; the groups are never pooled together.
DESIGN_GROUPS: dict[str, tuple[str, ...]] = {
    "rct": ("rct",),
    "observational": ("registry", "matched", "cohort"),
    "emulation": ("emulation",),
    "pooled": ("pooled",),
}
DESIGN_LABELS = {
    "rct": "Randomised trials",
    "observational": "Registry and matched comparisons",
    "registry": "Prospective registry comparisons",
    "matched": "Matched comparisons",
    "cohort": "Unmatched comparisons",
    "emulation": "Emulated trials",
    "pooled": "Published pools",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to be pooled.

    Attributes
    ----------
    question, outcome : str
        Ids.
    design : str
        A group (rct, observational, emulation, pooled) or one design of it.
    subgroup : str
        ``dimension=level``; empty for all patients.
    studies : tuple of str
        Study or report ids; empty for all of the question. A report id
        selects its study in that version.
    reports : tuple of str
        Reports to use instead of the rule's choice: ``khan2020abs``,
        ``khan2022=khan2020abs`` or ``khan2022=2020``.
    readings : {"supported", "printed"}
        Whether corrections and the readings that the audit supports apply.
    include_memory : bool
        Whether numbers from memory may enter.
    """

    question: str
    outcome: str
    design: str
    subgroup: str = ALL_PATIENTS
    studies: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    readings: Readings = "supported"
    include_memory: bool = False


def design_members(design: str) -> tuple[str, ...]:
    """Return the designs that a group or a single design stands for."""
    if design in DESIGN_GROUPS:
        return DESIGN_GROUPS[design]
    known = {member for members in DESIGN_GROUPS.values() for member in members}
    if design not in known:
        raise DataError(
            f"there is no design {design!r}.", hint=did_you_mean(design, {*known, *DESIGN_GROUPS})
        )
    return (design,)


def studies_asked(catalog: Catalog, selection: Selection, wanted: tuple[str, ...]) -> list[Study]:
    """Return the studies of a selection, refusing those of another question or design."""
    members = design_members(selection.design)
    if not wanted:
        return [
            s
            for s in catalog.studies.values()
            if s.question_id == selection.question and s.design in members and not s.version_of
        ]
    chosen = [catalog.study(study_id) for study_id in wanted]
    for study in chosen:
        if study.design not in members:
            raise DesignError(
                f"{study.study_id} is of design {study.design}, and {selection.design} was asked "
                "for.",
                hint="designs are pooled apart; name studies of one design.",
            )
        if study.question_id != selection.question:
            raise DesignError(
                f"{study.study_id} answers {study.question_id}, not {selection.question}."
            )
    return chosen


def resolve_ids(
    catalog: Catalog, selection: Selection
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Turn the ids given into studies, and into the report chosen for a study."""
    reports: dict[str, str] = {}
    wanted: list[str] = []
    for given in selection.studies:
        study_id, report = _study_of(catalog, given)
        if study_id in wanted:
            raise DesignError(
                f"{given} is a report of {study_id}, which is already selected.",
                hint="two reports of one study are never pooled together.",
            )
        wanted.append(study_id)
        if report is not None:
            reports[study_id] = report
    for given in selection.reports:
        study_id, report_id = _report_of(catalog, given)
        if reports.get(study_id, report_id) != report_id:
            raise DesignError(f"two reports of {study_id} are asked for.")
        reports[study_id] = report_id
    return tuple(wanted), reports


def _study_of(catalog: Catalog, given: str) -> tuple[str, str | None]:
    if given in catalog.studies:
        study = catalog.studies[given]
        return (study.version_of, given) if study.version_of else (given, None)
    if given in catalog.references and catalog.references[given].study_id:
        return _report_of(catalog, given)
    raise DataError(f"there is no study {given!r}.", hint=did_you_mean(given, catalog.studies))


def _report_of(catalog: Catalog, given: str) -> tuple[str, str]:
    study_part, _, report_part = given.replace(":", "=").rpartition("=")
    if study_part:
        study_id, _ = _study_of(catalog, study_part)
        for report in catalog.reports_of(study_id):
            if report_part in (report.reference_id, str(report.year)):
                return study_id, report.reference_id
        known = ", ".join(r.reference_id for r in catalog.reports_of(study_id)) or "none"
        raise DataError(f"{study_id} has no report {report_part!r}.", hint=f"it has {known}.")
    reference = catalog.references.get(report_part)
    if reference is None or reference.study_id is None:
        names = [r.reference_id for r in catalog.references.values() if r.study_id]
        raise DataError(f"there is no report {given!r}.", hint=did_you_mean(given, names))
    study = catalog.study(reference.study_id)
    return study.version_of or study.study_id, reference.reference_id
