"""A made-up REDCap project: dictionary, the same records as raw and as label export, a map."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from tests.registry.redcap.test_dictionary import HEADER, row

DICTIONARY = "\n".join(
    [
        HEADER,
        row("record_id", "demographics", "text", "Record ID"),
        row("full_name", "demographics", "text", "Full name", identifier="y"),
        row("dob", "demographics", "text", "Born", validation="date_dmy", identifier="y"),
        row("sex", "demographics", "radio", "<b>Sex</b>", "1, Female | 2, Male | 9, Unknown"),
        row("dx", "demographics", "text", "Date of diagnosis", validation="date_mdy"),
        row("last_seen", "demographics", "text", "Last contact", validation="date_ymd"),
        row("alive", "demographics", "yesno", "Alive?"),
        row("remarks", "demographics", "notes", "Remarks"),
        row("er", "pathology", "radio", "ER status", "0, Negative | 1, Positive"),
        row("er_pct", "pathology", "text", "ER percent", validation="integer"),
        row("sample", "pathology", "text", "Date", validation="datetime_mdy"),
        row("met_sites", "metastases", "checkbox", "Sites", "1, Bone | 2, Liver | -9, Not known"),
        row("met_date", "metastases", "text", "Date", validation="date_mdy"),
        row("ecog", "visit", "dropdown", "ECOG", "0, Fully active | 1, Restricted | 2, Up"),
        row("visit_date", "visit", "text", "Date of visit", validation="date_mdy"),
        row("ward", "visit", "descriptive", "Ask gently"),
    ]
)
MAP = """
format: 1
calendar: real
missing: {not_recorded: ["UNK", "Unknown"], not_done: ["NASK"]}
files:
  - instrument: demographics
    tables:
      - table: patient
        columns:
          patient_id: record_id
          sex: sex
          birth_year: dob
          last_contact_date: last_seen
          vital_status: {from: alive, codes: {Yes: alive, No: dead}}
      - table: primary_tumour
        columns: {patient_id: record_id, dx_date: dx}
  - instrument: pathology
    tables:
      - table: receptor_assay
        constants: {marker: ER, context: primary}
        columns:
          patient_id: record_id
          interpretation: {from: er, codes: {"Positive": positive, "0": negative}}
          value_num: er_pct
          sample_date: sample
  - instrument: metastases
    tables:
      - table: lesion
        when: {column: met_sites___1, in: Checked}
        constants: {organ: bone}
        columns: {patient_id: record_id, first_seen_date: met_date}
      - table: lesion
        when: {column: met_sites___2, in: ["1"]}
        columns: {patient_id: record_id, organ: met_sites___2, first_seen_date: met_date}
  - instrument: visit
    tables:
      - table: performance
        columns: {patient_id: record_id, date: visit_date, ecog: ecog}
"""
COLUMNS = [
    "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    "redcap_data_access_group", "full_name", "dob", "sex", "dx", "last_seen", "alive", "remarks",
    "demographics_complete", "er", "er_pct", "sample", "pathology_complete", "met_sites___1",
    "met_sites___2", "met_sites____9", "met_date", "metastases_complete", "ecog", "visit_date",
    "visit_complete",
]  # fmt: skip
LABELS = [
    "Record ID", "Event Name", "Repeat Instrument", "Repeat Instance", "Data Access Group",
    "Full name", "Born", "Sex", "Date of diagnosis", "Last contact", "Alive?", "Remarks",
    "Complete?", "ER status", "ER percent", "Date", "Complete?", "Sites (choice=Bone)",
    "Sites (choice=Liver)", "Sites (choice=Not known)", "Date", "Complete?", "ECOG",
    "Date of visit", "Complete?",
]  # fmt: skip
BASE = "baseline_arm_1"
ROWS: list[dict[str, str]] = [
    {
        "record_id": "1", "redcap_event_name": BASE, "redcap_data_access_group": "north",
        "full_name": "Ada Secret", "dob": "1950-04-03", "sex": "1", "dx": "2010-02-03",
        "last_seen": "2020-01-01", "alive": "1", "remarks": "told me her secret",
        "demographics_complete": "2", "pathology_complete": "0", "met_sites___1": "1",
        "met_sites___2": "1", "met_sites____9": "0", "met_date": "2012-05-06",
        "metastases_complete": "2", "visit_complete": "0",
    },
    {
        "record_id": "2", "redcap_event_name": BASE, "redcap_data_access_group": "south",
        "full_name": "Eve Hidden", "dob": "1961-11-12", "sex": "9", "dx": "UNK",
        "last_seen": "2019-05-05", "alive": "0", "demographics_complete": "1",
        "met_sites___1": "0", "met_sites___2": "0", "met_sites____9": "0",
        "metastases_complete": "0",
    },
    {
        "record_id": "1", "redcap_event_name": BASE, "redcap_repeat_instrument": "pathology",
        "redcap_repeat_instance": "1", "er": "1", "er_pct": "90", "sample": "2010-02-05 10:30",
        "pathology_complete": "2",
    },
    {
        "record_id": "1", "redcap_event_name": BASE, "redcap_repeat_instrument": "pathology",
        "redcap_repeat_instance": "2", "er": "0", "er_pct": "NASK", "sample": "2012-05-08 09:00",
        "pathology_complete": "2",
    },
    {
        "record_id": "1", "redcap_event_name": "visits_arm_1", "redcap_repeat_instance": "1",
        "ecog": "0", "visit_date": "2012-06-01", "visit_complete": "2",
    },
    {
        "record_id": "1", "redcap_event_name": "visits_arm_1", "redcap_repeat_instance": "2",
        "ecog": "2", "visit_date": "2012-09-01", "visit_complete": "2",
    },
    {"record_id": "2", "redcap_event_name": "visits_arm_1", "visit_complete": "0"},
]  # fmt: skip
_WORDS = {
    "redcap_event_name": {BASE: "Baseline", "visits_arm_1": "Visits"},
    "redcap_repeat_instrument": {"pathology": "Pathology"},
    "sex": {"1": "Female", "2": "Male", "9": "Unknown"},
    "alive": {"1": "Yes", "0": "No"},
    "er": {"1": "Positive", "0": "Negative"},
    "ecog": {"0": "Fully active", "1": "Restricted", "2": "Up"},
}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def raw_export(rows: Sequence[Mapping[str, str]] = ROWS) -> str:
    return table(COLUMNS, [[row.get(name, "") for name in COLUMNS] for row in rows])


def label_export(rows: Sequence[Mapping[str, str]] = ROWS) -> str:
    return table(LABELS, [[_label(name, row.get(name, "")) for name in COLUMNS] for row in rows])


def _label(name: str, cell: str) -> str:
    if name.endswith("_complete"):
        return {"0": "Incomplete", "1": "Unverified", "2": "Complete"}.get(cell, cell)
    if "___" in name:
        return {"0": "Unchecked", "1": "Checked"}.get(cell, cell)
    return _WORDS.get(name, {}).get(cell, cell)


def write_project(
    folder: Path, export: str, *, map_text: str = MAP, dictionary: str = DICTIONARY
) -> SourceOptions:
    folder.mkdir(exist_ok=True)
    (folder / "export.csv").write_text(export, encoding="utf-8")
    (folder / "dictionary.csv").write_text("\ufeff" + dictionary, encoding="utf-8")
    (folder / "map.yaml").write_text(map_text, encoding="utf-8")
    return SourceOptions(map=folder / "map.yaml", dictionary=folder / "dictionary.csv")


def import_project(folder: Path, export: str, **more: str) -> ImportReport:
    options = write_project(folder, export, **more)  # type: ignore[arg-type]
    return import_into(
        folder / "registry", [str(folder / "export.csv")], source="redcap", options=options
    )
