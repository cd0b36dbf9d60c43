"""Small registries and protocols for tests of cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from locoreg.emulation.cohort import Cohort, Column
from locoreg.emulation.cohort.registry import cohort_from_registry
from locoreg.emulation.cohort.registry.timezero import begin
from locoreg.emulation.cohort.registry.variables import variable
from locoreg.emulation.protocol import TrialProtocol
from locoreg.registry.engines import connect_engine
from tests.registry.build import registry_of

Row = dict[str, Any]
# Months of the registry have 30.4375 days.
MONTH = 30.4375


def protocol(**changes: Any) -> TrialProtocol:
    """Return a protocol about surgery of the primary after the first metastasis."""
    values: dict[str, Any] = {
        "protocol": 1,
        "title": "Surgery of the primary",
        "causal_question": "Does it prolong survival?",
        "time_zero": {"event": "first_metastasis"},
        "follow_up": {"until": "2020-12-31"},
        "outcome": {"event": "death"},
        "eligibility": [],
        "strategies": {
            "treated": {
                "label": "surgery within 6 months",
                "treatment": {"target": ["primary"], "modality": ["surgery"]},
                "grace_months": 6,
                "initiation": "deadline",
            },
            "comparator": {"label": "no surgery", "rule": "never"},
        },
        "contrast": "per_protocol",
        "interval_months": 1,
        "horizon_months": 36,
        "at_months": [12, 36],
        "level": 95,
        "confounders": {"baseline": [], "missing": {"method": "multiple_imputation"}},
        "analysis": {"method": "ever_treated", "intervals": {"kind": "none"}},
    }
    values["confounders"]["missing"] |= {"imputations": 2, "seed": 1}
    treatment = changes.pop("treatment", None)
    baseline = changes.pop("baseline", None)
    varying = changes.pop("varying", None)
    if treatment is not None:
        values["strategies"]["treated"]["treatment"] = treatment
    if baseline is not None:
        values["confounders"]["baseline"] = [{"variable": name} for name in baseline]
    if varying is not None:
        values["confounders"]["time_varying"] = list(varying)
    return TrialProtocol.model_validate({**values, **changes})


def rows_of(**people: Mapping[str, Sequence[Row] | Row]) -> dict[str, list[Row]]:
    """Return tables from what is known of each person: table and row, or rows.

    Who is not said to have a patient row, a metastasis or a last contact gets them: metastasis in
    the liver on 2018-01-01, alive on 2020-12-31.
    """
    tables: dict[str, list[Row]] = {}
    for name, known in people.items():
        whole: dict[str, Any] = {"patient": {}, "lesion": {}, **known}
        patient = {"vital_status": "alive", "last_contact_date": "2020-12-31"}
        if "death_date" in whole["patient"]:
            patient = {"vital_status": "dead"}
        whole["patient"] = {**patient, **whole["patient"]}
        if whole["lesion"] == {}:
            whole["lesion"] = {"organ": "liver", "first_seen_date": "2018-01-01"}
        for table, rows in whole.items():
            listed = [rows] if isinstance(rows, Mapping) else list(rows)
            tables.setdefault(table, []).extend({"patient_id": name, **row} for row in listed)
    return tables


def asked(folder: Path, tables: Mapping[str, Sequence[Row]], **changes: Any) -> Cohort:
    """Return the cohort of a registry of rows."""
    return cohort_from_registry(registry_of(folder, tables), protocol(**changes))


def surgery(day: str, **more: Any) -> Row:
    """Return an operation of the primary."""
    return {"start_date": day, "target": "primary", "modality": "surgery", **more}


def days(cohort: Cohort, name: str, field: str = "time") -> float:
    """Return a time of one person in days."""
    place = cohort.person_id.index(name)
    return round(float(getattr(cohort, field)[place]) * MONTH, 6)


def known(
    folder: Path, tables: Mapping[str, Sequence[Row]], *names: str, **changes: Any
) -> dict[str, tuple[Any, ...]]:
    """Return variables of each person with a time zero: levels, numbers, None where unknown."""
    registry = registry_of(folder, tables)
    with connect_engine(registry.path) as engine:
        study = begin(engine, protocol(**changes)).study
        columns = [variable(study, name) for name in names]
    people = study.person_id.to_pylist()
    return {
        person: tuple(_value(column, place) for column in columns)
        for place, person in enumerate(people)
    }


def _value(column: Column, place: int) -> Any:
    found = float(column.values[place])
    if found != found:
        return None
    return column.levels[int(found)] if column.kind == "category" else found


def rules(cohort: Cohort) -> dict[str, float]:
    """Return the findings of a cohort and how many persons each is about."""
    return {finding.rule: finding.value for finding in cohort.audit}


def steps(cohort: Cohort) -> dict[str, tuple[int, int]]:
    """Return excluded and unknown by step."""
    return {step.name: (step.excluded, step.unknown) for step in cohort.attrition.steps}
