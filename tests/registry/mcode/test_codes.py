from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from locoreg.registry.mcode.codes import _SYSTEMS, _table, system_of
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.output import latest_day
from locoreg.registry.mcode.partialdates import read_date
from locoreg.registry.mcode.staging import read_category, read_stage, split_category
from locoreg.registry.tables import TABLES


def times(a: int, b: int) -> int:
    """The dihedral group of the check digit of SNOMED CT (Verhoeff)."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def verhoeff(code: str) -> bool:
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = step[value]
        check = times(check, value)
    return check == 0


def luhn(code: str) -> bool:
    number, _, given = code.rpartition("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(given)


ROWS = list(
    csv.DictReader(
        files("locoreg.registry.mcode").joinpath("codes.csv").read_text("utf-8").splitlines()
    )
)


def test_the_check_digits_of_all_codes_are_right() -> None:
    snomed = [row["code"] for row in ROWS if row["system"] == "SNOMED"]
    loinc = [
        row["code"] for row in ROWS if row["system"] == "LOINC" and not row["code"].startswith("LA")
    ]
    assert len(snomed) > 150
    assert len(loinc) > 50
    assert [code for code in snomed if not verhoeff(code)] == []
    assert [code for code in loinc if not luhn(code)] == []
    assert not verhoeff("94222009")


def test_every_code_stands_once_and_in_a_known_system() -> None:
    keys = [(row["kind"], row["system"], row["code"]) for row in ROWS]
    assert len(keys) == len(set(keys))
    assert {row["system"] for row in ROWS} <= set(_SYSTEMS.values())


@pytest.mark.parametrize(
    ("kind", "table", "column"),
    [
        ("marker", "receptor_assay", "marker"),
        ("result", "receptor_assay", "value_code"),
        ("status", "imaging_assessment", "response"),
        ("evidence", "disease_event", "basis"),
        ("stop", "systemic_line", "end_reason"),
        ("approach", "local_therapy", "approach"),
        ("radiotherapy", "local_therapy", "modality"),
        ("laterality", "lesion", "laterality"),
    ],
)
def test_meanings_are_words_of_the_registry(kind: str, table: str, column: str) -> None:
    values = {value for value, _ in _table()[kind].values() if value}
    assert values
    assert values <= set(TABLES[table].column(column).allowed)


def test_drug_classes_are_words_of_the_registry() -> None:
    text = files("locoreg.registry.mcode").joinpath("drugs.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["class"] for row in rows} <= set(
        TABLES["systemic_drug"].column("drug_class").allowed
    )
    # A name that contains another one comes first, so that it is found.
    names = [row["drug"] for row in rows]
    for place, name in enumerate(names):
        assert not any(name.startswith(f"{earlier} ") for earlier in names[:place])


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("http://snomed.info/sct", "SNOMED"),
        ("http://snomed.info/sct/731000124108", "SNOMED"),
        ("urn:oid:2.16.840.1.113883.6.96", "SNOMED"),
        ("http://loinc.org/", "LOINC"),
        ("http://hl7.org/fhir/sid/icd-10-cm|2024", "ICD-10-CM"),
        ("urn:local", "urn:local"),
        (None, None),
    ],
)
def test_names_of_systems(uri: str | None, name: str | None) -> None:
    assert system_of(uri) == name


@pytest.mark.parametrize(
    ("text", "prefix", "value"),
    [
        ("American Joint Committee on Cancer cT3 (qualifier value)", "c", "T3"),
        ("ypT1mi", "yp", "T1mi"),
        ("pN0(i+)(sn)", "p", "N0(i+)(sn)"),
        ("M1 category", "", "M1"),
        ("cTis(DCIS)", "c", "Tis(DCIS)"),
        ("T4d", "", "T4d"),
        ("pN1a(sn)", "p", "N1a(sn)"),
    ],
)
def test_categories_by_words(text: str, prefix: str, value: str) -> None:
    reading = read_category(Concept(text=text))
    assert reading is not None
    assert split_category(reading.value) == (prefix, value)


@pytest.mark.parametrize("text", ["M10 motor", "TNM", "HTN1", "stage IV", "", "N"])
def test_words_without_category(text: str) -> None:
    assert read_category(Concept(text=text)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("American Joint Committee on Cancer stage IIIC (qualifier value)", "IIIC"),
        ("Stage IV", "IV"),
        ("Clinical stage 4", "IV"),
        ("AJCC Stage 3B", "IIIB"),
        ("stage group: IIA", "IIA"),
        ("Stage 0", "0"),
        ("Stage IIIC1", "IIIC"),
        ("FIGO Stage IV", None),
        ("Stage IV Chronic Lymphocytic Leukemia", "IV"),
        ("Rai stage II", None),
        ("Binet Stage B", None),
        ("backstage IV", None),
        ("Stage IVth", None),
    ],
)
def test_stages_by_words(text: str, value: str | None) -> None:
    reading = read_stage(Concept(text=text))
    assert (reading.value if reading else None) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018", ("2018-01-01", "year")),
        ("2018-02", ("2018-02-01", "month")),
        ("2018-02-03", ("2018-02-03", "day")),
        ("2018-02-03T23:59:59.999-11:00", ("2018-02-03", "day")),
        ("2018-02-03T", ("2018-02-03", "day")),
        ("2018-13", None),
        ("2018-02-30", None),
        ("0000", None),
        ("18", None),
        ("2018-2-3", None),
        ("2018/02/03", None),
        ("٢٠١٨", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: tuple[str, str] | None) -> None:
    found = read_date(text)
    assert (found and (found.day.isoformat(), found.precision)) == expected


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2020-02", "2020-02-29"),
        ("9999-12", "9999-12-31"),
        ("2019", "2019-12-31"),
        ("2019-04-05", "2019-04-05"),
    ],
)
def test_last_day_that_a_date_can_mean(text: str, last: str) -> None:
    found = read_date(text)
    assert found is not None
    assert latest_day(found).isoformat() == last
