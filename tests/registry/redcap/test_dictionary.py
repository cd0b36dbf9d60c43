from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, LocoregError
from locoreg.registry.redcap.choices import Choice, checkbox_suffixes, parse_choices
from locoreg.registry.redcap.dictionary import parse_dictionary, read_dictionary
from locoreg.registry.redcap.texts import event_name, plain_text, slug

HEADER = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note",'
    '"Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",'
    'Identifier?,"Branching Logic (Show field only if...)","Required Field?","Custom Alignment",'
    '"Question Number (surveys only)","Matrix Group Name","Matrix Ranking?","Field Annotation"'
)
API_HEADER = (
    "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,"
    "field_note,text_validation_type_or_show_slider_number,text_validation_min,"
    "text_validation_max,identifier,branching_logic,required_field,custom_alignment,"
    "question_number,matrix_group_name,matrix_ranking,field_annotation"
)


def row(name: str, form: str, kind: str, label: str, choices: str = "", **more: str) -> str:
    cells = [name, form, "", kind, label, choices, "", more.get("validation", ""), "", ""]
    cells += [more.get("identifier", ""), "", "", "", "", "", "", more.get("annotation", "")]
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


ROWS = [
    row("record_id", "demographics", "text", "Record ID"),
    row("name", "demographics", "text", "Name", identifier="y"),
    row("sex", "demographics", "radio", "<b>Sex</b>", "1, Female | 2, <i>Male</i>"),
    row("dx", "demographics", "text", "Date of dx", validation="date_mdy"),
    row("mets", "mets", "checkbox", "Sites", "1, Bone | 2, Liver, left lobe | -9, Not known"),
    row("op", "mets", "yesno", "Operated"),
]


@pytest.mark.parametrize("header", [HEADER, API_HEADER], ids=["download", "api"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_spellings_are_read(header: str, start: bytes, end: str) -> None:
    content = start + end.join([header, *ROWS, ""]).encode()
    dictionary = parse_dictionary(content, "d.csv")
    assert [f.name for f in dictionary.fields] == ["record_id", "name", "sex", "dx", "mets", "op"]
    assert dictionary.record_id.name == "record_id"
    assert dictionary.forms == ("demographics", "mets")
    by = dictionary.by_name
    assert by["name"].identifier
    assert not by["sex"].identifier
    assert by["sex"].label == "Sex"
    assert [c.label for c in by["sex"].choices] == ["Female", "Male"]
    assert by["dx"].is_date
    assert by["mets"].choices[1] == Choice(code="2", label="Liver, left lobe")
    assert by["op"].choices[0] == Choice(code="1", label="Yes")
    assert dictionary.remarks == ()


def test_semicolons_and_the_headers_of_r() -> None:
    header = "Variable...Field.Name;Form.Name;Field.Type;Choices..Calculations..OR.Slider.Labels"
    dictionary = parse_dictionary(f"{header}\na;f;radio;1, X | 2, Y\n".encode("cp1252"), "d.csv")
    assert [c.label for c in dictionary.by_name["a"].choices] == ["X", "Y"]


def test_what_is_odd_is_said_with_its_row() -> None:
    content = "\n".join(
        [
            API_HEADER,
            row("id", "a", "text", "Id"),
            row("id", "a", "text", "Again"),
            row("x", "a", "radio", "X", "1, Yes | 1, No | , Lost | bare"),
            row("", "a", "text", "Nameless"),
        ]
    )
    dictionary = parse_dictionary(content.encode(), "d.csv")
    assert [f.name for f in dictionary.fields] == ["id", "x"]
    assert [c.code for c in dictionary.by_name["x"].choices] == ["1", "bare"]
    assert [n for n, _ in dictionary.remarks] == [3, 4, 4, 4, 5]


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"\x00\x01\x02", f"{API_HEADER}\n".encode(), b"\xff\xfeabc"],
)
def test_what_is_no_dictionary_is_refused_with_where_to_export(content: bytes) -> None:
    with pytest.raises(DataError) as error:
        parse_dictionary(content, "d.csv")
    assert "Data Dictionary" in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        read_dictionary(tmp_path / "none.csv")
    with pytest.raises(DataError, match="can't be read"):
        read_dictionary(tmp_path)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<b>ER</b> status<br/>(%)", "ER status (%)"),
        ("ER < 1 % or > 10 %", "ER < 1 % or > 10 %"),
        ("&lt;5&nbsp;mm", "<5 mm"),
        ('<div class="x">\n A\n</div>', "A"),
    ],
)
def test_labels_lose_their_markup(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Baseline", "baseline_arm_1"),
        ("Baseline (Arm 2: Drug A)", "baseline_arm_2"),
        ("baseline_arm_1", "baseline_arm_1"),
        ("6 months follow-up visit (Arm 1: Arm 1)", "6_months_follow_up_arm_1"),
        ("", ""),
    ],
)
def test_events_have_one_name(label: str, name: str) -> None:
    assert event_name(label) == name


def test_names_from_labels() -> None:
    assert slug("Adverse Event (CTCAE)") == "adverse_event_ctcae"


@pytest.mark.parametrize(
    ("code", "suffix"), [("1", "1"), ("-9", "_9"), ("A.b", "a_b"), ("A.b", "ab"), ("UNK", "unk")]
)
def test_checkbox_columns(code: str, suffix: str) -> None:
    assert suffix in checkbox_suffixes(code)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_choices_are_read(text: str) -> None:
    choices, _ = parse_choices(text)
    codes = [c.code for c in choices]
    assert len(set(codes)) == len(codes)
    assert all(codes)


@given(st.lists(st.text("abc|,<> 12-", min_size=1, max_size=8), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_written_choices_come_back(labels: list[str]) -> None:
    labels = [" ".join(label.replace("|", "").replace("<", "").split()) for label in labels]
    text = " | ".join(f"{i}, {label}" for i, label in enumerate(labels))
    choices, odd = parse_choices(text)
    assert [c.label for c in choices] == labels
    assert odd == ()


@given(st.binary(max_size=200))
@settings(max_examples=80, deadline=None)
def test_arbitrary_bytes_are_no_crash(content: bytes) -> None:
    for start in (b"", (API_HEADER + "\n").encode()):
        try:
            parse_dictionary(start + content, "d.csv")
        except LocoregError:
            continue
