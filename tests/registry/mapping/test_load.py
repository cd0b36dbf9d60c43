from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.registry.mapping import (
    ColumnMap,
    ColumnSpec,
    Condition,
    FileSpec,
    LookupSpec,
    TableSpec,
    find_map,
    load_map,
    parse_map,
    shipped_maps,
)

GOOD = """
format: 1
source_system: here
calendar: real
missing: {not_recorded: [unk, 9]}
files:
  - file: "p*.csv"
    dates: ["%d.%m.%Y"]
    tables:
      - table: patient
        columns:
          patient_id: ID
          sex: {from: SEX, codes: {No: female, Yes: male, 007: other}}
          last_contact_date: LAST
      - table: primary_tumour
        columns: {patient_id: ID, tumour_id: {template: "{ID}-1"}, size_mm: {from: S, unit: cm}}
"""


def test_texts_stay_texts() -> None:
    got = parse_map(GOOD)
    sex = got.files[0].tables[0].columns["sex"]
    assert sex.codes == {"No": "female", "Yes": "male", "007": "other"}
    assert got.missing == {"not_recorded": ["unk", "9"]}
    assert got.files[0].tables[0].columns["patient_id"].source == ["ID"]


WRONG = [
    ("format: 1", "format: 2", "line 2, format"),
    ("source_system", "source_sytem", "line 3, source_sytem: there is no key 'source_sytem'"),
    ("calendar: real", "calendar: lunar", "line 4, calendar"),
    ("calendar: real\n", "", "calendar: the key is missing"),
    ("calendar: real", "calendar: relative", "need an origin"),
    ("calendar: real", "calendar: real\norigin: 1900-01-01", "real dates have no origin"),
    ("not_recorded", "not_recoded", "missing.not_recoded"),
    ('    dates: ["%d.%m.%Y"]\n', "", "formats of its dates are not stated"),
    ('"%d.%m.%Y"', '"%d.%m.%y"', "century_from"),
    ('"%d.%m.%Y"', '"%d.%q"', "has %q"),
    ("table: patient", "table: patients", "did you mean patient?"),
    ("table: patient", "table: issue", "there is no table 'issue'"),
    ("sex: {", "sexx: {", "line 13, files[0].tables[0].columns.sexx"),
    ("last_contact_date: LAST", "death_date_precision: LAST", "filled in by the import itself"),
    ("last_contact_date: LAST", "import_id: LAST", "filled in by the import itself"),
    ("No: female", "No: femal", "did you mean female"),
    ("No: female", "No: female, No: male", "stands twice"),
    ("patient_id: ID\n          sex", "sex", "needs the column patient_id"),
    ("unit: cm", "unit: parsec", "'parsec' is no unit of size_mm"),
    (", unit: cm", "", "needs its unit"),
    ("unit: cm", "unit: cm, unit_column: U", "needs its unit"),
    ("from: S, unit: cm", "unit: cm", "either from: or template:"),
    ("last_contact_date: LAST", "last_contact_date: {from: L, since: birth, unit: days}", "birth"),
    ("last_contact_date: LAST", "birth_year: {from: L, since: birth}", "no anchor 'birth'"),
    ("last_contact_date: LAST", "last_contact_date: {from: L, unit: days}", "goes with since:"),
    ("last_contact_date: LAST", "last_contact_date: {sinc: L}", "did you mean since?"),
    ('"{ID}-1"', '"ID"', "names no column in braces"),
    ("file: ", "encoding: rot13\n    file: ", "'rot13' is not known"),
    ("file: ", "delimiter: xx\n    file: ", "can't be a delimiter"),
    ("calendar: real", "calendar: &a [*a]", "beyond reason"),
    ("calendar: real", "calendar: !!python/name:os.system x", "has no meaning"),
    ("calendar: real", "calendar: [", "is not YAML"),
    ("calendar: real", "? [a]\n: b", "a key must be a text"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_errors_say_where_and_what(old: str, new: str, words: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(DesignError) as caught:
        parse_map(text, name="m.yaml")
    assert words in str(caught.value)
    assert "m.yaml, line " in str(caught.value) or "beyond reason" in words


def test_references_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(DesignError, match="beyond reason"):
        parse_map("\n".join(lines))


def test_empty_and_other_maps() -> None:
    for text, words in (("", "is empty"), ("- a", "no map"), ("just text", "no map")):
        with pytest.raises(DesignError, match=words):
            parse_map(text)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_map(path) == parse_map(GOOD)
    assert find_map(path)[0] == parse_map(GOOD)
    with pytest.raises(DataError, match="there is no map"):
        load_map(tmp_path / "absent.yaml")
    with pytest.raises(DataError, match="can't be read"):
        load_map(tmp_path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="not UTF-8"):
        load_map(path)
    with pytest.raises(DataError, match="did you mean breast_msk_2018"):
        find_map("breast_msk_2017")


@pytest.mark.parametrize("name", shipped_maps())
def test_every_shipped_map_is_valid(name: str) -> None:
    column_map, text = find_map(name)
    assert column_map.files
    assert parse_map(text.decode()) == column_map


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=150)
def test_any_text_is_a_map_or_a_clear_error(text: str) -> None:
    for whole in (text, GOOD + text, GOOD.replace("ID", text)):
        try:
            parse_map(whole)
        except LocoregError:
            continue


def test_the_page_names_every_key() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "column-map.md"
    text = page.read_text(encoding="utf-8")
    for part in (ColumnMap, FileSpec, LookupSpec, TableSpec, ColumnSpec, Condition):
        for name, info in part.model_fields.items():
            key = info.alias or name
            assert re.search(rf"`{key}[`:]|{key}:|\b{key}: ", text), key
