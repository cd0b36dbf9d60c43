from __future__ import annotations

from typing import Any

import pytest

from locoreg.registry.mapping import ColumnMap
from locoreg.registry.redcap.dictionary import Dictionary, parse_dictionary
from locoreg.registry.redcap.projectmap import parse_project_map
from tests.registry.redcap.test_dictionary import HEADER, row


@pytest.fixture
def dictionary() -> Dictionary:
    rows = [
        row("id", "f", "text", "Id"),
        row("sex", "f", "radio", "Sex", "1, Female | 2, Male | 3, Not stated"),
        row("word", "f", "radio", "Sex", "female, Frau | male, Mann"),
        row("her2", "f", "radio", "HER2", "0, Unknown | 1, 0 | 2, 1+ | 3, Score 3+"),
        row("score", "f", "radio", "HER2", "0, Unknown | 1, Score 0"),
        row("grade", "f", "dropdown", "Grade", "1, Unknown | 2, Grade 1 | 3, G2 | 4, Grade 9"),
        row("ecog", "f", "dropdown", "ECOG", "0, Fully active | 1, Restricted | 9, Not known"),
        row("tstage", "f", "dropdown", "T", "1, T1 | 2, T2, any N"),
        row("proven", "f", "yesno", "Proven"),
        row("proof", "f", "radio", "Proof", "1, No | 2, Yes | 3, Oui"),
        row("sites", "f", "checkbox", "Sites", "1, Bone | 2, Somewhere | -9, Liver"),
    ]
    return parse_dictionary("\n".join([HEADER, *rows]).encode(), "d.csv")


def expanded(dictionary: Dictionary, table: str, columns: str, **more: str) -> ColumnMap:
    lines = "".join(f"        {key}: {value}\n" for key, value in more.items())
    text = (
        "format: 1\ncalendar: real\nfiles:\n  - instrument: f\n    tables:\n"
        f"      - table: {table}\n{lines}        columns: {{patient_id: id, {columns}}}\n"
    )
    return parse_project_map(text, dictionary).column_map


@pytest.mark.parametrize(
    ("table", "column", "spec", "codes"),
    [
        ("patient", "sex", "sex", {"1": "female", "2": "male"}),
        ("patient", "sex", "word", {"female": "female", "male": "male"}),
        ("patient", "sex", "{from: sex, codes: {Female: male, '2': female, '77': other}}",
         {"1": "male", "2": "female", "77": "other"}),
        ("primary_tumour", "grade", "grade", {"2": 1, "3": 2}),
        ("performance", "ecog", "ecog", {"0": 0, "1": 1}),
        ("primary_tumour", "ct", "tstage", {"1": "T1", "2": "T2, any N"}),
        ("lesion", "biopsied", "proven", {"1": True, "0": False}),
        ("lesion", "biopsied", "proof", {"1": False, "2": True}),
        ("lesion", "organ", "sites___1", {"1": "bone", "0": None}),
        ("lesion", "organ", "sites____9", {"1": "liver", "0": None}),
        ("lesion", "organ", "sites___2", {"0": None}),
        ("lesion", "organ", "{from: sites___2, codes: {Checked: other}}", {"1": "other"}),
        ("lesion", "biopsied", "sites___1", None),
        ("lesion", "first_seen_date", "{from: sex}", None),
    ],
)  # fmt: skip
def test_choices_are_read_by_their_labels(
    table: str, column: str, spec: str, codes: dict[str, Any] | None, dictionary: Dictionary
) -> None:
    found = expanded(dictionary, table, f"{column}: {spec}")
    assert found.files[0].tables[0].columns[column].codes == codes


def test_a_number_is_no_score_unless_its_label_says_so(dictionary: Dictionary) -> None:
    for field, codes in (("her2", {"1": "0", "2": "1+"}), ("score", {})):
        found = expanded(
            dictionary,
            "receptor_assay",
            f"value_code: {field}",
            constants="{marker: HER2_IHC, context: primary}",
        )
        assert found.files[0].tables[0].columns["value_code"].codes == codes


def test_conditions_take_codes_and_labels(dictionary: Dictionary) -> None:
    found = expanded(dictionary, "patient", "sex: sex", when="{column: sex, in: [Female, '2']}")
    assert set(found.files[0].tables[0].when[0].is_in or ()) == {"Female", "1", "2", "Male"}
    found = expanded(
        dictionary, "lesion", "organ: sites___1", when="{column: sites___1, in: [Checked]}"
    )
    assert "1" in (found.files[0].tables[0].when[0].is_in or ())


def test_dates_need_no_format(dictionary: Dictionary) -> None:
    assert expanded(dictionary, "patient", "sex: sex").files[0].dates == ["%Y-%m-%d"]
