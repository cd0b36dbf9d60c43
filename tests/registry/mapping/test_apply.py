from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from locoreg.core.errors import DataError
from tests.registry.mapping.applying import HEAD, applied, one_file

PATIENT = "[{table: patient, columns: {patient_id: id, sex: {from: sex, codes: {F: female}}}}]"


def test_values_reasons_keys_and_origin() -> None:
    entry = (
        "[{table: primary_tumour, columns: {patient_id: id, dx_date: dx, tumour_id:"
        ' {template: "{id}-{side}"}, laterality: side, size_mm: {from: size, unit: cm},'
        " grade: {from: grade, codes: {I: 1, II: 2, III: 3}}, multifocal: many}}]"
    )
    text = (
        "id,dx,side,size,grade,many\n"
        "7.0,2020-02,LEFT,2.3,II,yes\n"
        "8,2020,?,n/a,4,no\n"
        ",2020-01-01,left,1,I,no\n"
    )
    head = HEAD.replace(
        "files:", "site: S\nmissing: {not_done: [n/a], not_recorded: ['?']}\nfiles:"
    )
    sink = applied(one_file(entry, head=head), text)
    first, second, third = sink.rows["primary_tumour"]
    assert first["patient_id"] == "7"
    assert first["tumour_id"] == "7.0-LEFT"
    assert (first["dx_date"], first["dx_date_precision"]) == (date(2020, 2, 1), "month")
    assert (first["laterality"], first["size_mm"], first["grade"]) == ("left", 23.0, 2)
    assert first["multifocal"] is True
    assert (first["source_file"], first["source_row"]) == ("x.csv", 2)
    assert second["tumour_id"] is None
    assert (second["laterality"], second["laterality_reason"]) == (None, "not_recorded")
    assert (second["size_mm"], second["size_mm_reason"]) == (None, "not_done")
    assert (second["grade"], second["grade_reason"]) == (None, "not_recorded")
    assert third["patient_id"] is None
    (problem,) = [p for p in sink.problems if p.rule == "unknown-code"]
    assert (problem.value, problem.source_row, problem.column_name) == ("4", 3, "grade")
    assert (problem.patient_id, problem.table_name) == ("8", "primary_tumour")


def test_every_code_is_counted() -> None:
    sink = applied(one_file(PATIENT), "id,sex\n1,F\n2,f\n3,F\n4,x\n5,\n", chunk_rows=2)
    got = {(c.source_code, c.canonical_code): c.n_rows for c in sink.codes}
    assert got == {("F", "female"): 2, ("f", "female"): 1, ("x", None): 1}
    assert {c.vocabulary for c in sink.codes} == {"sex"}
    assert [r["sex"] for r in sink.rows["patient"]] == ["female"] * 3 + [None] * 2
    assert {r["calendar"] for r in sink.rows["patient"]} == {"real"}


def test_columns_in_any_order_and_more_of_them() -> None:
    sink = applied(one_file(PATIENT), "sex,other,id\nF,1,9\n")
    assert sink.rows["patient"][0]["patient_id"] == "9"
    assert sink.rules()["unused-columns"] == 1


def test_missing_and_repeated_columns() -> None:
    with pytest.raises(DataError, match=r"no column 'sex'.*did you mean Sex\?"):
        applied(one_file(PATIENT), "id,Sex\n1,F\n")
    with pytest.raises(DataError, match=r"'sex' several times.*sex \(1\) or sex \(2\)"):
        applied(one_file(PATIENT), "id,sex,sex\n1,F,M\n")
    chosen = one_file(PATIENT.replace("from: sex", "from: sex (2)"))
    assert applied(chosen, "id,sex,sex\n1,M,F\n").rows["patient"][0]["sex"] == "female"
    optional = one_file(PATIENT.replace("from: sex", "optional: true, from: sex"))
    assert "sex" not in applied(optional, "id,x\n1,F\n").rows["patient"][0]


def test_conditions() -> None:
    entry = (
        "[{table: receptor_assay, when: {column: kind, in: [ER, PR]}, constants: {marker: ER},"
        " columns: {patient_id: id, value_num: v}},"
        "{table: receptor_assay, when: [{column: kind, not_in: [ER, PR]},"
        " {column: v, known: true}], constants: {marker: KI67}, columns: {patient_id: id}}]"
    )
    sink = applied(one_file(entry), "id,kind,v\n1,ER,<1\n2,KI,20\n3,KI,\n4,PR,90%\n")
    rows = sink.rows["receptor_assay"]
    assert [(r["patient_id"], r["marker"]) for r in rows] == [
        ("1", "ER"),
        ("4", "ER"),
        ("2", "KI67"),
    ]
    assert [(r["value_num"], r["operator"]) for r in rows[:2]] == [(1.0, "<"), (90.0, "=")]
    assert [r["assay_id"] for r in rows] == ["T/x.csv:2#1", "T/x.csv:5#1", "T/x.csv:3#2"]
    assert sink.unused == {("x.csv", "no condition of the map takes the row"): 1}
    assert sorted(p.message for p in sink.problems if p.rule == "rows-not-matched") == [
        "2 of 4 rows don't meet the conditions of the entry #1 for receptor_assay.",
        "3 of 4 rows don't meet the conditions of the entry #2 for receptor_assay.",
    ]


def test_wide_to_long() -> None:
    entry = (
        "[{table: performance, columns: {patient_id: id},"
        " repeat: [{date: d1, ecog: e1}, {date: d2, ecog: e2}]}]"
    )
    text = "id,d1,e1,d2,e2\n1,2020-01-01,0,2020-06-01,1\n2,,,2021-01-01,\n3,,,,\n4,x,,,\n"
    sink = applied(one_file(entry), text, chunk_rows=3)
    rows = sink.rows["performance"]
    assert sorted((r["patient_id"], r["performance_id"], r["ecog"]) for r in rows) == [
        ("1", "T/x.csv:2#1.1", 0),
        ("1", "T/x.csv:2#1.2", 1),
        ("2", "T/x.csv:3#1.2", None),
        ("4", "T/x.csv:5#1.1", None),
    ]
    (note,) = [p for p in sink.problems if p.rule == "empty-repeats"]
    assert note.message.startswith("4 repeats")
    assert sink.rules()["unreadable-date"] == 1


def test_the_first_known_of_several_columns() -> None:
    entry = "[{table: patient, columns: {patient_id: id, last_contact_date: [a, b]}}]"
    text = "id,a,b\n1,2020-01-01,\n2,,2020-02-02\n3,2020-03-03,2020-04-04\n4,,\n"
    sink = applied(one_file(entry), text)
    assert [r["last_contact_date"] for r in sink.rows["patient"]] == [
        date(2020, 1, 1),
        date(2020, 2, 2),
        date(2020, 3, 3),
        None,
    ]
    (problem,) = [p for p in sink.problems if p.rule == "columns-differ"]
    assert (problem.source_row, problem.value) == (4, "2020-03-03 | 2020-04-04")


def test_units_from_a_column() -> None:
    entry = (
        "[{table: lesion_measurement, columns: {patient_id: id, assess_id: id, lesion_id: id,"
        " longest_mm: {from: size, unit_column: unit}}}]"
    )
    sink = applied(one_file(entry), "id,size,unit\n1,2.3,cm\n2,5,MM\n3,5,\n4,,mm\n5,1,furlong\n")
    assert [r["longest_mm"] for r in sink.rows["lesion_measurement"]] == [23, 5, None, None, None]
    lost = [(p.source_row, p.value) for p in sink.problems if p.rule == "size-without-unit"]
    assert lost == [(4, ""), (6, "furlong")]
    reasons = [r["longest_mm_reason"] for r in sink.rows["lesion_measurement"]]
    assert reasons == [None, None, "not_recorded", "not_recorded", "not_recorded"]


def test_damaged_codes_and_keys() -> None:
    entry = (
        "[{table: comorbidity, constants: {present: true}, columns:"
        " {patient_id: id, code: {from: code, kind: snomed}}}]"
    )
    text = "id,code\n1.0,26929004.0\n1.2E+10,2.69E+07\n3,26929005\n"
    sink = applied(one_file(entry), text)
    assert [(r["patient_id"], r["code"]) for r in sink.rows["comorbidity"]] == [
        ("1", "26929004"),
        (None, None),
        ("3", None),
    ]
    damaged = [p for p in sink.problems if p.rule == "damaged-code"]
    assert Counter(p.column_name for p in damaged) == {"code": 2, "patient_id": 1}
    assert {p.severity for p in damaged} == {"serious"}


def test_formulas_and_sql_stay_text() -> None:
    nasty = "=cmd|'/c calc'!A1'; DROP TABLE patient; --"
    entry = '[{table: patient, columns: {patient_id: "a;b\'--"}}]'
    sink = applied(one_file(entry), f'"a;b\'--"\n{nasty}\n')
    assert sink.rows["patient"][0]["patient_id"] == nasty


def test_missing_texts_of_a_column_go_before_those_of_the_map() -> None:
    head = HEAD.replace("files:", "missing: {not_recorded: ['', NONE]}\nfiles:")
    entry = (
        "[{table: patient, columns: {patient_id: id, death_date:"
        " {from: dead, missing: {not_applicable: ['', none]}}, birth_year: born}}]"
    )
    sink = applied(one_file(entry, head=head), "id,dead,born\n1,,\n2,none,None\n3,NONE,1\n")
    got = [(r["death_date_reason"], r["birth_year_reason"]) for r in sink.rows["patient"]]
    assert got == [
        ("not_applicable", "not_recorded"),
        ("not_applicable", "not_recorded"),
        ("not_recorded", None),
    ]


def test_chunks_make_no_difference() -> None:
    text = "id,sex\n" + "".join(f"{i},{'FxM '[i % 4]}\n" for i in range(50))
    whole, small = applied(one_file(PATIENT), text), applied(one_file(PATIENT), text, chunk_rows=3)
    assert whole.rows == small.rows
    assert whole.codes == small.codes
    assert whole.rules() == small.rules()


def test_conditions_of_one_column() -> None:
    entry = (
        "[{table: patient, columns: {patient_id: id, vital_status: {from: s, codes: {1: dead, 0:"
        " alive}}, death_date: {from: d, when: {column: s, in: 1}}}}]"
    )
    text = "id,s,d\n1,1,2020-01-01\n2,0,2020-01-01\n3,1,\n4,0,not a date\n"
    sink = applied(one_file(entry), text)
    got = [(str(r["death_date"]), r["death_date_reason"]) for r in sink.rows["patient"]]
    assert got == [
        ("2020-01-01", None),
        ("None", "not_applicable"),
        ("None", "not_recorded"),
        ("None", "not_applicable"),
    ]
    assert sink.rules()["unreadable-date"] == 0


def test_lines_above_the_header() -> None:
    sink = applied(one_file(PATIENT, more="    skip: 2\n"), "Report of 2020\n\nid,sex\n1,F\n")
    assert [r["source_row"] for r in sink.rows["patient"]] == [4]


def test_day_zero_may_be_the_diagnosis() -> None:
    head = HEAD.replace("real", "relative\norigin: 2000-01-01\norigin_is: diagnosis")
    entry = (
        "[{table: patient, columns: {patient_id: id, last_contact_date:"
        " {from: os, since: diagnosis, unit: months, precision: day}}}]"
    )
    sink = applied(one_file(entry, head=head), "id,os\n1,12\n2,\n")
    assert [r["last_contact_date"] for r in sink.rows["patient"]] == [date(2000, 12, 31), None]
    assert [r["calendar"] for r in sink.rows["patient"]] == ["relative"] * 2


def test_several_values_in_a_cell() -> None:
    codes = "codes: {Bone: bone, Liver: liver, Nodes: null}"
    entry = (
        "[{table: lesion, split: {column: sites, by: ','}, columns: {patient_id: id,"
        " organ: {from: sites, " + codes + "}, first_seen_date: d}},"
        "{table: disease_event, constants: {type: progression}, columns: {patient_id: id,"
        " organs: {from: sites, split: ',', " + codes + "}}}]"
    )
    text = 'id,sites,d\n1,"Bone, Liver",2020-01-01\n2,,\n3,"Liver,,Moon",2020-02\n'
    sink = applied(one_file(entry), text)
    assert [
        (r["lesion_id"], r["organ"], str(r["first_seen_date"])) for r in sink.rows["lesion"]
    ] == [
        ("T/x.csv:2#1/1", "bone", "2020-01-01"),
        ("T/x.csv:2#1/2", "liver", "2020-01-01"),
        ("T/x.csv:4#1/1", "liver", "2020-02-01"),
        ("T/x.csv:4#1/3", None, "2020-02-01"),
    ]
    organs = [r["organs"] for r in sink.rows["disease_event"]]
    assert organs == ["bone;liver", None, "liver"]
    assert sink.rules()["unknown-code"] == 2
    assert sink.rules()["empty-repeats"] == 1


def test_the_year_of_a_date_of_birth() -> None:
    entry = "[{table: patient, columns: {patient_id: id, birth_year: born}}]"
    sink = applied(one_file(entry), "id,born\n1,1960-05-01\n2,1961\n3,1962.0\n4,x\n")
    assert [r["birth_year"] for r in sink.rows["patient"]] == [1960, 1961, 1962, None]
