"""Files as public studies and hospitals export them: made-up rows under such headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.registry.drafting import MapDraft, draft_map
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mapping import parse_map
from locoreg.registry.store import read_registry
from tests.registry.redcap.test_dictionary import HEADER, row

COLUMNS = (
    "PATIENT_ID,SEX,AGE,AJCC_PATHOLOGIC_TUMOR_STAGE,PATH_T_STAGE,PATH_N_STAGE,ICD_O_3_SITE,"
    "ICD_O_3_HISTOLOGY,METASTATIC_SITE,ER_STATUS_BY_IHC,OS_STATUS,OS_MONTHS"
)


def study(folder: Path) -> Path:
    rows = [COLUMNS]
    for i in range(30):
        dead = i % 3 == 0
        rows.append(
            f"P{i:02},Female,{40 + i},STAGE IIA,T1C,N0 (I-),C50.9,8500/3,"
            f"{'Bone' if i == 4 else ''},{'Positive' if i % 2 else 'Negative'},"
            f"{'1:DECEASED' if dead else '0:LIVING'},{10.25 + i}"
        )
    path = folder / "data_clinical_patient.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def drafted(path: Path) -> MapDraft:
    return draft_map([str(path)], source="delimited")


def test_a_study_with_survival_times_needs_its_marks_deleted_and_no_new_line(
    tmp_path: Path,
) -> None:
    path = study(tmp_path)
    text = drafted(path).yaml
    facts = {t.table: t for t in parse_map(text).files[0].tables}
    assert set(facts["primary_tumour"].columns) == {
        "patient_id",
        "stage_group",
        "pt",
        "pn",
        "topography",
        "morphology",
    }
    assert "last_contact_date" not in facts["patient"].columns
    # What a person does who knows that the times are counted from diagnosis.
    lines = []
    for line in text.splitlines():
        name = line.strip().removeprefix("# ? ").partition(":")[0]
        if name in ("birth_year", "last_contact_date", "death_date"):
            line = line.replace("# ? ", "")
        lines.append(line)
        if line.startswith("calendar:"):
            lines[-1] = "calendar: relative\norigin: 1900-01-01\norigin_is: diagnosis"
        elif line.strip() == "- table: primary_tumour":
            lines.append("        constants: {dx_date: 1900-01-01}")
    (tmp_path / "map.yaml").write_text("\n".join(lines), encoding="utf-8")
    report = import_into(
        tmp_path / "registry",
        [str(path)],
        source="delimited",
        options=SourceOptions(map=tmp_path / "map.yaml"),
    )
    # Only the one patient with a site of metastasis has a lesion.
    assert report.accepted == {
        "patient": 30,
        "primary_tumour": 30,
        "receptor_assay": 30,
        "lesion": 1,
    }
    with read_registry(tmp_path / "registry").connect() as con:
        found = con.execute(
            "SELECT birth_year, CAST(last_contact_date AS VARCHAR), CAST(death_date AS VARCHAR), "
            "death_date_precision FROM patient WHERE patient_id IN ('P00', 'P01') ORDER BY "
            "patient_id"
        ).fetchall()
        spelled = con.execute("SELECT DISTINCT stage_group, pt, pn FROM primary_tumour").fetchall()
    # 10.25 months of 30.4375 days are 312 days; 11.25 are 342.
    assert found == [
        (1859, "1900-11-09", "1900-11-09", "day"),
        (1858, "1900-12-09", None, None),
    ]
    assert spelled == [("IIA", "T1c", "N0(i-)")]


def test_an_age_at_diagnosis_counts_where_its_date_is(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = "".join(f"P{i},2010-0{1 + i % 9}-2{i % 9},{50 + i},female\n" for i in range(20))
    path.write_text(f"patient_id,dx_date,age at diagnosis,sex\n{rows}", encoding="utf-8")
    text = drafted(path).yaml
    column = next(t for t in parse_map(text).files[0].tables if t.table == "patient").columns
    assert column["birth_year"].before == "diagnosis"
    # An age that may be one of today is a question.
    path.write_text(f"patient_id,dx_date,age,sex\n{rows}", encoding="utf-8")
    text = drafted(path).yaml
    column = next(t for t in parse_map(text).files[0].tables if t.table == "patient").columns
    assert "birth_year" not in column
    assert "# ? birth_year: {from: age, before: diagnosis" in text


def test_a_time_of_progression_is_no_survival(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = "".join(f"P{i},female,{i + 0.5},{i}\n" for i in range(20))
    path.write_text(f"patient_id,sex,PFS_MONTHS,OS_TIME\n{rows}", encoding="utf-8")
    assert "last_contact_date: {" not in drafted(path).yaml


def test_lesions_of_a_long_file_keep_those_whose_organ_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "lesions.csv"
    rows = "".join(f"P{i},{'' if i == 3 else 'Bone'},2012-05-1{i % 9}\n" for i in range(20))
    path.write_text(f"patient_id,organ,first_seen_date\n{rows}", encoding="utf-8")
    (entry,) = parse_map(drafted(path).yaml).files[0].tables
    assert entry.table == "lesion"
    assert not entry.when


def test_timelines_are_in_days(tmp_path: Path) -> None:
    path = tmp_path / "data_timeline_treatment.txt"
    rows = "".join(f"P{i}\t{i}\t{i + 30}\tLETROZOLE\n" for i in range(20))
    path.write_text(f"PATIENT_ID\tSTART_DATE\tSTOP_DATE\tAGENT\n{rows}", encoding="utf-8")
    assert "start_date: {from: START_DATE, since: diagnosis, unit: days}" in drafted(path).yaml


def test_patients_without_a_table_of_their_own_are_a_question(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("patient_id\nA\nB\n", encoding="utf-8")
    draft = drafted(path)
    assert "# ? an entry for patient: patients of whom nothing but the id" in draft.yaml
    assert parse_map(draft.yaml).files[0].tables == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes("patient_id;Geschlecht\nA;männlich\nB;weiblich\n".encode(encoding))
    draft = drafted(path)
    assert parse_map(draft.yaml).files[0].encoding == encoding
    assert "sex: {from: Geschlecht" in draft.yaml


def test_another_delimiter_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("patient_id^sex\nA^F\nB^M\n", encoding="utf-8")
    draft = drafted(path)
    assert any("delimiter: '^'" in note for note in draft.notes)
    stated = draft.yaml.replace("    tables: []", '    delimiter: "^"\n    tables: []')
    assert parse_map(stated).files[0].delimiter == "^"


def test_a_file_of_unreadable_rows_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("patient_id,sex\n" + "x\n" * 60_000, encoding="utf-8")
    draft = drafted(path)
    assert any("more than 20,000 rows can't be read" in note for note in draft.notes)


def test_an_export_without_anything_to_map_is_an_error(tmp_path: Path) -> None:
    fields = [
        row("record_id", "contact", "text", "Record ID"),
        row("full_name", "contact", "text", "Name", identifier="y"),
    ]
    (tmp_path / "d.csv").write_text("\n".join([HEADER, *fields]) + "\n", encoding="utf-8")
    (tmp_path / "e.csv").write_text("record_id,full_name\n1,A B\n", encoding="utf-8")
    with pytest.raises(DataError, match="anything but identifiers"):
        draft_map([str(tmp_path / "e.csv")], source="redcap", dictionary=tmp_path / "d.csv")
