"""The tables and columns of the CDM 5.4 that are read."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DataError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class CdmColumn:
    """A column of a CDM table.

    Attributes
    ----------
    name : str
        Name, in lower case.
    kind : {"id", "date", "text", "number"}
        What it holds; ids are 64-bit integers.
    required : bool
        Whether the table is of no use without it.
    instead : str or None
        Another name under which older tables hold it.
    """

    name: str
    kind: str
    required: bool
    instead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CdmTable:
    """A CDM table.

    Attributes
    ----------
    name : str
        Name, in lower case.
    columns : tuple of CdmColumn
        Columns that are read.
    key : str or None
        Its own id.
    concept : str or None
        The column that says what a row is.
    """

    name: str
    columns: tuple[CdmColumn, ...]
    key: str | None
    concept: str | None

    @property
    def clinical(self) -> bool:
        """Whether its rows are about persons."""
        return any(c.name == "person_id" for c in self.columns)


# name: own id, concept column, then the columns; "!" marks what is required, "a|b" another name.
_TABLES = {
    "person": (
        "person_id gender_concept_id",
        "person_id:id! gender_concept_id:id! year_of_birth:id! care_site_id:id location_id:id",
    ),
    "death": ("- cause_concept_id", "person_id:id! death_date:date! cause_concept_id:id"),
    "observation_period": (
        "observation_period_id period_type_concept_id",
        "observation_period_id:id! person_id:id! observation_period_start_date:date! "
        "observation_period_end_date:date! period_type_concept_id:id",
    ),
    "visit_occurrence": (
        "visit_occurrence_id visit_concept_id",
        "visit_occurrence_id:id! person_id:id! visit_concept_id:id visit_start_date:date! "
        "visit_end_date:date",
    ),
    "condition_occurrence": (
        "condition_occurrence_id condition_concept_id",
        "condition_occurrence_id:id! person_id:id! condition_concept_id:id! "
        "condition_start_date:date! condition_status_concept_id:id condition_source_value:text "
        "condition_source_concept_id:id",
    ),
    "measurement": (
        "measurement_id measurement_concept_id",
        "measurement_id:id! person_id:id! measurement_concept_id:id! measurement_date:date! "
        "operator_concept_id:id value_as_number:number value_as_concept_id:id unit_concept_id:id "
        "measurement_source_value:text unit_source_value:text "
        "measurement_event_id|modifier_of_event_id:id "
        "meas_event_field_concept_id|modifier_of_field_concept_id:id",
    ),
    "observation": (
        "observation_id observation_concept_id",
        "observation_id:id! person_id:id! observation_concept_id:id! observation_date:date! "
        "value_as_number:number value_as_concept_id:id observation_source_value:text "
        "observation_event_id:id obs_event_field_concept_id:id",
    ),
    "procedure_occurrence": (
        "procedure_occurrence_id procedure_concept_id",
        "procedure_occurrence_id:id! person_id:id! procedure_concept_id:id! procedure_date:date! "
        "procedure_end_date:date procedure_source_value:text",
    ),
    "drug_exposure": (
        "drug_exposure_id drug_concept_id",
        "drug_exposure_id:id! person_id:id! drug_concept_id:id! drug_exposure_start_date:date! "
        "drug_exposure_end_date:date drug_source_value:text",
    ),
    "episode": (
        "episode_id episode_concept_id",
        "episode_id:id! person_id:id! episode_concept_id:id! episode_start_date:date! "
        "episode_end_date:date episode_parent_id:id episode_number:id "
        "episode_object_concept_id:id episode_source_value:text",
    ),
    "device_exposure": (
        "device_exposure_id device_concept_id",
        "device_exposure_id:id! person_id:id! device_concept_id:id!",
    ),
    "specimen": (
        "specimen_id specimen_concept_id",
        "specimen_id:id! person_id:id! specimen_concept_id:id!",
    ),
    "note": ("note_id note_class_concept_id", "note_id:id! person_id:id! note_class_concept_id:id"),
    "episode_event": (
        "- -",
        "episode_id:id! event_id:id! episode_event_field_concept_id:id!",
    ),
    "concept": (
        "concept_id -",
        "concept_id:id! concept_name:text! domain_id:text vocabulary_id:text! "
        "concept_class_id:text standard_concept:text! concept_code:text! invalid_reason:text",
    ),
    "concept_ancestor": ("- -", "ancestor_concept_id:id! descendant_concept_id:id!"),
    "concept_relationship": (
        "- -",
        "concept_id_1:id! concept_id_2:id! relationship_id:text! invalid_reason:text",
    ),
    "vocabulary": ("- -", "vocabulary_id:text! vocabulary_version:text"),
    "cdm_source": ("- -", "cdm_source_name:text vocabulary_version:text"),
}
# Without these there is nothing to import.
NEEDED = ("person", "condition_occurrence", "concept", "concept_ancestor")


def _column(text: str) -> CdmColumn:
    names, kind = text.rstrip("!").split(":")
    name, _, instead = names.partition("|")
    return CdmColumn(name=name, kind=kind, required=text.endswith("!"), instead=instead or None)


def _table(name: str, head: str, columns: str) -> CdmTable:
    key, concept = (None if word == "-" else word for word in head.split())
    return CdmTable(
        name=name,
        columns=tuple(_column(text) for text in columns.split()),
        key=key,
        concept=concept,
    )


CDM: dict[str, CdmTable] = {name: _table(name, *spec) for name, spec in _TABLES.items()}
CLINICAL = tuple(name for name, table in CDM.items() if table.clinical)


def match_columns(table: str, present: list[str], where: str) -> dict[str, str | None]:
    """Return for each column of a CDM table the name under which it stands, None if it does not.

    Parameters
    ----------
    table : str
        CDM table.
    present : list of str
        Names as they stand.
    where : str
        File or table, for messages.

    Raises
    ------
    DataError
        If a required column is missing or a column stands twice.
    """
    by_name: dict[str, str] = {}
    wanted = {n for c in CDM[table].columns for n in (c.name, c.instead) if n}
    for name in present:
        low = name.strip().lower()
        if low in by_name and low in wanted:
            raise DataError(f"{where} has two columns called {low}.", hint="keep one of them.")
        by_name.setdefault(low, name)
    found: dict[str, str | None] = {}
    for column in CDM[table].columns:
        # A header may end in a delimiter: a column without a name is none of these.
        stands = by_name.get(column.name)
        if stands is None and column.instead is not None:
            stands = by_name.get(column.instead)
        if stands is None and column.required:
            raise DataError(
                f"{where} has no column {column.name}.",
                hint=did_you_mean(column.name, by_name) or "it must be a table of the CDM 5.4.",
            )
        found[column.name] = stands
    return found
