from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.drafting import MapDraft, draft_map
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mapping import ColumnMap, TableSpec, parse_map
from locoreg.registry.store import read_registry
from tests.registry.drafting.tidy import WIDE, write_tidy


def import_draft(folder: Path, files: list[str], text: str) -> ImportReport:
    map_file = folder / "draft.yaml"
    map_file.write_text(text, encoding="utf-8")
    return import_into(
        folder / "registry", files, source="delimited", options=SourceOptions(map=map_file)
    )


def query(folder: Path, sql: str) -> list[Any]:
    with read_registry(folder / "registry").connect() as connection:
        return [
            tuple(None if cell is None else str(cell) for cell in row)
            for row in connection.execute(sql).fetchall()
        ]


def draft_of(folder: Path, text: str, *, name: str = "file.csv") -> MapDraft:
    (folder / name).write_text(text, encoding="utf-8")
    return draft_map([str(folder / name)], source="delimited")


def tables(draft: MapDraft) -> ColumnMap:
    return parse_map(draft.yaml)


def test_the_draft_of_tidy_files_imports_without_edits(tmp_path: Path) -> None:
    files = write_tidy(tmp_path / "data")
    draft = draft_map(files, source="delimited")
    report = import_draft(tmp_path, files, draft.yaml)
    assert report.accepted == {
        "patient": 4,
        "primary_tumour": 4,
        "receptor_assay": 4,
        "performance": 5,
        "local_therapy": 2,
    }
    assert report.n_set_aside == 0
    assert {rule for rule, by in report.batch.issues.items() if set(by) - {"note"}} == set()
    assert query(
        tmp_path,
        "select patient_id, sex, birth_year, vital_status, last_contact_date, death_date, site_id "
        "from patient order by 1",
    ) == [
        ("P1", "female", "1950", "alive", "2021-05-03", None, "North"),
        ("P2", "female", "1948", "dead", "2019-02-01", "2019-02-01", "North"),
        ("P3", "male", "1961", "alive", "2020-11-30", None, "South"),
        ("P4", "female", "1970", "dead", "2018-07-15", "2018-07-15", "South"),
    ]
    assert query(
        tmp_path,
        "select patient_id, dx_date, laterality, grade, size_mm, size_mm_reason, ct, cn, cm "
        "from primary_tumour order by 1",
    ) == [
        ("P1", "2010-02-03", "left", "2", "23.0", None, "T2", "N1", "M0"),
        ("P2", "2011-12-25", "right", "3", "11.0", None, "T1c", "N0", "M0"),
        ("P3", "2012-07-01", "left", "2", None, "not_recorded", "T2", "N1", "M0"),
        ("P4", "2013-08-14", "right", "1", "40.0", None, "T3", "N1", "M1"),
    ]
    assert query(
        tmp_path,
        "select patient_id, marker, interpretation, value_num, value_unit "
        "from receptor_assay order by 1",
    )[:2] == [
        ("P1", "ER", "positive", "90.0", "%"),
        ("P2", "ER", "negative", "0.0", "%"),
    ]
    assert query(tmp_path, "select patient_id, date, ecog from performance order by 1, 2")[:2] == [
        ("P1", "2012-01-01", "0"),
        ("P1", "2013-01-01", "1"),
    ]
    assert query(
        tmp_path, "select modality, organ, margin, intent from local_therapy order by patient_id"
    ) == [("surgery", "liver", "R0", "ablative"), ("sabr", "bone", None, "palliative")]


def test_ambiguous_days_and_months_are_a_question(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "patient_id,dx_date,grade\nA,01/02/2010,1\nB,03/04/2011,2\n")
    assert re.search(r"# \? dx_date: .*%d/%m/%Y.*%m/%d/%Y", draft.yaml)
    assert "dx_date" not in tables(draft).files[0].tables[0].columns


def test_another_column_tells_day_from_month(tmp_path: Path) -> None:
    draft = draft_of(
        tmp_path,
        "patient_id,dx_date,grade,surgery date,margin\n"
        "A,01/02/2010,1,25/02/2010,R0\nB,03/04/2011,2,13/05/2011,R1\n",
    )
    spec = tables(draft).files[0]
    assert spec.dates == ["%d/%m/%Y"]
    assert "dx_date" in spec.tables[0].columns
    assert "as other columns of the file" in draft.yaml


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (("2010-01-31", "2011-02-03 10:30"), ["%Y-%m-%d"]),
        (("20100131", "20110203"), ["%Y%m%d"]),
        (("31-Jan-2010", "03-Feb-2011"), ["%d-%b-%Y"]),
        (("01/31/2010", "02/03/2011"), ["%m/%d/%Y"]),
        (("2010-01", "2011-02"), ["%Y-%m"]),
        (("2010", "2011"), ["%Y"]),
    ],
)
def test_date_formats(values: tuple[str, str], formats: list[str], tmp_path: Path) -> None:
    a, b = values
    draft = draft_of(tmp_path, f"patient_id,dx_date,grade\nA,{a},1\nB,{b},2\n")
    spec = tables(draft).files[0]
    assert spec.dates == formats
    assert spec.tables[0].columns["dx_date"].source == ["dx_date"]


def test_two_digit_years_are_a_question(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "patient_id,dx_date,grade\nA,31.01.10,1\nB,03.02.11,2\n")
    assert re.search(r"# \? dx_date: .*century_from", draft.yaml)


def test_a_size_without_unit_is_a_question(tmp_path: Path) -> None:
    for header, unit in (("size_mm", "mm"), ("Tumor size (cm)", "cm")):
        draft = draft_of(tmp_path, f"patient_id,{header},grade\nA,12,1\nB,31,2\n")
        assert tables(draft).files[0].tables[0].columns["size_mm"].unit == unit
    draft = draft_of(tmp_path, "patient_id,tumor size,grade\nA,12,1\nB,31,2\n")
    assert "size_mm" not in tables(draft).files[0].tables[0].columns
    assert re.search(
        r"# \? size_mm: \{from: \"tumor size\", unit: mm\}.*does not say the unit", draft.yaml
    )


@pytest.mark.parametrize(
    ("header", "cells", "codes"),
    [
        ("Geschlecht", ("weiblich", "männlich"), {"weiblich": "female", "männlich": "male"}),
        ("性别", ("女", "男"), {"女": "female", "男": "male"}),
        ("SEX", ("F", "M"), {"F": "female", "M": "male"}),
        ("sex", ("Female", "male"), None),
    ],
)
def test_words_of_several_languages(
    header: str, cells: tuple[str, str], codes: dict[str, str] | None, tmp_path: Path
) -> None:
    rows = "".join(f"P{i},{cells[i % 2]},{1950 + i}\n" for i in range(6))
    draft = draft_of(tmp_path, f"patient_id,{header},birth_year\n{rows}")
    column = tables(draft).files[0].tables[0].columns["sex"]
    assert column.source == [header]
    assert column.codes == codes


def test_offsets_that_are_ages_and_a_header_that_says_otherwise(tmp_path: Path) -> None:
    rows = "".join(
        f"P{i}\t{500 + i}\t{14000 + 100 * i}\t{'Alive' if i % 2 else 'Dead'}\n" for i in range(40)
    )
    draft = draft_of(
        tmp_path,
        "#Id\tMonths between diagnosis and recurrence\tLast contact\tStatus\n"
        "PATIENT_ID\tMETASTATIC_RECURRENCE_TIME_MONTHS\tLAST_CONTACT_DAYS\tVITAL_STATUS\n" + rows,
    )
    found = tables(draft)
    assert found.calendar == "relative"
    patient, event = found.files[0].tables
    assert patient.columns["last_contact_date"].since == "birth"
    assert patient.columns["last_contact_date"].unit == "days"
    assert event.constants == {"type": "distant_recurrence"}
    assert event.columns["date"].since == "birth"
    assert event.columns["date"].labelled_as == "since_diagnosis"
    assert "says an interval since diagnosis" in draft.yaml


def test_intervals_need_an_origin(tmp_path: Path) -> None:
    rows = "".join(f"P{i},2010-01-{i + 1:02},{i}.5,alive\n" for i in range(20))
    for header, since in (
        ("last contact months", None),
        ("last contact (months since diagnosis)", None),
    ):
        draft = draft_of(tmp_path, f"patient_id,dx_date,{header},vital status\n{rows}")
        columns = {k: v for t in tables(draft).files[0].tables for k, v in t.columns.items()}
        assert columns.get("last_contact_date") is since


def test_nothing_of_a_patient_is_quoted(tmp_path: Path) -> None:
    rows = "".join(
        f"MRN{i:04},Surname{i},{1940 + i}-03-0{i % 9 + 1},Told me about {i},Dr. Who,F,{i % 3}\n"
        for i in range(30)
    )
    draft = draft_of(tmp_path, f"patient_id,name,date of birth,remarks,surgeon,sex,ecog\n{rows}")
    for text in ("MRN0", "Surname", "Told", "Dr. Who", "1941", "-03-"):
        assert text not in draft.yaml
        assert text not in draft.summary()
    assert "only the year may be kept" in draft.yaml


def test_rare_values_of_small_files_are_not_quoted(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "patient_id,sex,ward\nA,F,Smith\nB,M,Jones\nC,F,Miller\n")
    for text in ("Smith", "Jones", "Miller"):
        assert text not in draft.yaml


def test_columns_twice_no_id_and_nothing_known(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "a,a,b\n1,2,3\n")
    assert tables(draft).files[0].tables == []
    assert any("patient" in note for note in draft.notes)
    twice = draft_of(tmp_path, "patient_id,sex,sex\nA,F,M\nB,M,F\n")
    assert "sex (1)" in twice.yaml


def test_legacy_encodings_and_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("Patienten-ID;Geschlecht\nA;männlich\nB;weiblich\n".encode("cp1252"))
    draft = draft_map([str(path)], source="delimited")
    spec = tables(draft).files[0]
    assert (spec.encoding, spec.delimiter) == ("cp1252", "semicolon")
    assert spec.tables[0].columns["sex"].codes == {"männlich": "male", "weiblich": "female"}


def test_only_the_start_of_a_large_file_is_read(tmp_path: Path) -> None:
    rows = "".join(f"P{i},F,1950\n" for i in range(25_000))
    draft = draft_of(tmp_path, f"patient_id,sex,birth_year\n{rows}")
    assert "20,000 rows read, there are more" in draft.yaml
    assert any("only the first 20,000 rows" in note for note in draft.notes)


def test_organs_and_checkmarks(tmp_path: Path) -> None:
    rows = "".join(f"P{i},{i % 2},{1 - i % 2},2012-01-{i % 28 + 1:02}\n" for i in range(12))
    draft = draft_of(tmp_path, f"patient_id,bone_mets,liver metastases,date of recurrence\n{rows}")
    lesions = [t for t in tables(draft).files[0].tables if t.table == "lesion"]
    assert [t.constants for t in lesions] == [{"organ": "bone"}, {"organ": "liver"}]
    assert lesions[0].when[0].is_in == ["1"]


def test_numbers_that_may_mean_unknown(tmp_path: Path) -> None:
    rows = "".join(f"P{i},{10 + i % 20},{1 + i % 3},{i % 3}\n" for i in range(30))
    draft = draft_of(
        tmp_path,
        f"patient_id,size_mm,grade,ecog\n{rows}X,999,9,9\nY,-1,1,9\n",
    )
    assert re.search(r"size_mm: .*(-1, 999|999, -1) may mean unknown", draft.yaml)
    assert re.search(
        r"ecog: 2 rows with no known words for 0, 1, 2, 3, 4, 5: '9' \(2\)", draft.yaml
    )
    assert tables(draft).missing == {}


@pytest.mark.parametrize(
    ("headers", "instrument", "items"),
    [
        ([f"c30_q{i}" for i in range(1, 31)], "QLQ-C30", [str(i) for i in range(1, 31)]),
        ([f"QLQ_BR23_{i}" for i in range(31, 54)], "QLQ-BR23", [str(i) for i in range(31, 54)]),
        ([f"gp{i}" for i in range(1, 8)] + ["B1", "P2"], "FACT-B",
         [f"GP{i}" for i in range(1, 8)] + ["B1", "P2"]),
    ],
)  # fmt: skip
def test_items_of_questionnaires(
    headers: list[str], instrument: str, items: list[str], tmp_path: Path
) -> None:
    cells = ",".join(str(1 + i % 4) for i in range(len(headers)))
    text = f"patient_id,date,{','.join(headers)}\nA,2010-01-25,{cells}\nB,2011-01-25,{cells}\n"
    draft = draft_of(tmp_path, text)
    entries = tables(draft).files[0].tables
    assert {t.constants["instrument"] for t in entries} == {instrument}
    assert [t.constants["item"] for t in entries] == items
    report = import_draft(tmp_path, [str(tmp_path / "file.csv")], draft.yaml)
    assert report.accepted == {"qol_response": 2 * len(items)}
    few = draft_of(tmp_path, "patient_id,gp1,gp2,b1\nA,1,2,3\n", name="few.csv")
    assert "qol_response" not in few.yaml


def test_one_wide_row_per_patient(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, WIDE)
    found: dict[str, list[TableSpec]] = {}
    for entry in tables(draft).files[0].tables:
        found.setdefault(entry.table, []).append(entry)
    assert set(found["patient"][0].columns) == {"patient_id", "last_contact_date", "vital_status"}
    assert found["patient"][0].columns["vital_status"].codes == {"Alive": "alive", "DOD": "dead"}
    assert tables(draft).files[0].dates == ["%m/%d/%Y"]
    assert [t.constants["marker"] for t in found["receptor_assay"]] == ["ER", "HER2", "KI67"]
    assert [set(t.columns) for t in found["receptor_assay"]] == [
        {"patient_id", "interpretation"},
        {"patient_id", "value_code"},
        {"patient_id", "value_num"},
    ]
    surgery, radiotherapy = found["local_therapy"]
    assert surgery.constants == {"modality": "surgery"}
    assert set(surgery.columns) == {"patient_id", "start_date", "margin"}
    assert radiotherapy.constants == {"modality": "rt_unspecified"}
    assert radiotherapy.columns["dose_gy"].unit == "Gy"
    assert len(found["systemic_line"][0].repeat) == 2
    # Whether Bone: 1 is a metastasis, and which T is meant, nobody can tell from the file.
    assert "lesion" not in found
    assert "does 1 mean a metastasis there?" in draft.yaml
    assert re.search(r"# \? ct: T # ct or pt", draft.yaml)
    report = import_draft(tmp_path, [str(tmp_path / "file.csv")], draft.yaml)
    assert report.accepted == {
        "patient": 2,
        "primary_tumour": 2,
        "receptor_assay": 6,
        "systemic_line": 3,
        "local_therapy": 2,
        "performance": 2,
    }
    assert report.n_set_aside == 0


def test_wrong_calls_are_said(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="nothing to draft"):
        draft_map([], source="delimited")
    with pytest.raises(DesignError, match="no draft"):
        draft_map(["x"], source="omop")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Data Dictionary"):
        draft_map(["x"], source="redcap")
    with pytest.raises(DesignError, match="redcap only"):
        draft_map(["x"], source="delimited", dictionary=tmp_path / "d.csv")
    with pytest.raises(DataError, match="no file"):
        draft_map([str(tmp_path / "none.csv")], source="delimited")


def test_a_draft_has_words_and_json(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "patient_id,sex,odd\nA,F,1\nB,M,2\n")
    assert "2 columns in the draft, 1 column without use" in draft.summary()
    assert draft.to_dict()["n_mapped"] == 2
    assert draft.n_questions == draft.yaml.count("# ?") - 1


MSK = Path(os.environ.get("LOCOREG_DATA", "")) / "msk_breast_2018"


@pytest.mark.skipif(not MSK.is_dir(), reason="the MSK files are not here")
def test_the_real_files_of_msk(tmp_path: Path) -> None:
    files = [str(MSK / f"data_clinical_{name}.txt") for name in ("patient", "sample")]
    draft = draft_map(files, source="delimited")
    found = tables(draft)
    patient = found.files[0].tables[0].columns
    assert found.calendar == "relative"
    assert patient["death_date"].since == "birth"
    assert patient["last_contact_date"].unit == "days"
    event = next(t for t in found.files[0].tables if t.table == "disease_event")
    assert event.columns["date"].labelled_as == "since_diagnosis"
    assert "Unk/ND" in found.missing["not_recorded"]
    markers = [t.constants["marker"] for t in found.files[1].tables if "marker" in t.constants]
    assert markers.count("ER") == 2
    assert "P-00" not in draft.yaml
    report = import_draft(tmp_path, files, draft.yaml)
    assert report.accepted["patient"] == 1756
    assert report.accepted["disease_event"] == 1261
