from __future__ import annotations

import pyarrow as pa
import pytest

from locoreg.registry.redcap.dictionary import Dictionary, parse_dictionary
from locoreg.registry.redcap.header import resolve_header
from locoreg.registry.redcap.rows import as_written
from locoreg.registry.redcap.values import Votes, raw_cells, vote
from tests.registry.redcap.test_dictionary import HEADER, row


@pytest.fixture
def dictionary() -> Dictionary:
    rows = [
        row("record_id", "demographics", "text", "Record ID"),
        row("sex", "demographics", "radio", "Sex", "1, Female | 2, Male"),
        row("visit", "demographics", "text", "Date", validation="date_ymd"),
        row("er", "pathology", "radio", "ER status", "0, Negative | 1, Positive"),
        row("sites", "pathology", "checkbox", "Sites", "1, Bone | -9, Unknown, other"),
        row("visit2", "pathology", "text", "Date", validation="datetime_dmy"),
        row("info", "pathology", "descriptive", "Read this"),
    ]
    return parse_dictionary("\n".join([HEADER, *rows]).encode(), "d.csv")


RAW = [
    "record_id",
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
    "redcap_survey_identifier",
    "sex",
    "visit",
    "demographics_complete",
    "pathology_timestamp",
    "er",
    "sites___1",
    "sites____9",
    "sites___unk",
    "visit2",
    "pathology_complete",
]
LABELS = [
    "Record ID",
    "Event Name",
    "Repeat Instrument",
    "Repeat Instance",
    "Data Access Group",
    "Survey Identifier",
    "Sex",
    "Date",
    "Complete?",
    "Survey Timestamp",
    "ER status",
    "Sites (choice=Bone)",
    "Sites (choice=Unknown, other)",
    "Sites (choice=Never asked)",
    "Date",
    "Complete?",
]


def test_a_raw_header(dictionary: Dictionary) -> None:
    header = resolve_header(RAW, dictionary)
    assert not header.labelled
    assert [c.name for c in header.columns] == RAW
    kinds = [c.kind for c in header.columns]
    assert kinds.count("structure") == 6
    assert kinds.count("status") == 2
    assert [c.code for c in header.columns if c.kind == "checkbox"] == ["1", "-9", "unk"]
    assert header.duplicates() == []


def test_a_header_of_labels_is_the_same_columns(dictionary: Dictionary) -> None:
    header = resolve_header(LABELS, dictionary)
    assert header.labelled
    assert [c.name for c in header.columns if c.kind != "unknown"] == [
        *[n for n in RAW if n not in ("pathology_timestamp", "sites___unk")][:9],
        "redcap_survey_timestamp",
        *[n for n in RAW if n != "sites___unk"][10:],
    ]
    assert [c.header for c in header.columns if c.kind == "unknown"] == [
        "Sites (choice=Never asked)"
    ]


def test_columns_in_any_order_and_unknown_ones(dictionary: Dictionary) -> None:
    header = resolve_header(["er", "sex", "sex", "'; DROP TABLE x; --", "RECORD_ID"], dictionary)
    assert [c.kind for c in header.columns] == ["field", "field", "field", "unknown", "field"]
    assert [c.place for c in header.duplicates()] == [2]
    assert [c.name for c in header.known()] == ["er", "sex", "record_id"]


def test_repeated_headers_lose_their_numbers() -> None:
    assert as_written(["Complete? (1)", "Size (mm)", "Complete? (2)", "Grade (1)"]) == [
        "Complete?",
        "Size (mm)",
        "Complete?",
        "Grade (1)",
    ]


def test_cells_become_codes(dictionary: Dictionary) -> None:
    header = resolve_header(LABELS, dictionary)
    by = {c.name: c for c in header.columns}

    def raw(name: str, cells: list[str]) -> list[str]:
        array = pa.array(cells, pa.string())
        out: list[str] = raw_cells(by[name], array, dictionary, labelled=True).to_pylist()
        return out

    assert raw("sex", ["Female", "male", "", "2", "other"]) == ["1", "2", "", "2", "other"]
    assert raw("sites___1", ["Checked", "Unchecked", "", "Bone", "1"]) == ["1", "0", "", "1", "1"]
    assert raw("pathology_complete", ["Complete", "Incomplete", "Unverified", ""]) == [
        "2",
        "0",
        "1",
        "",
    ]
    assert raw("visit2", ["2020-03-01 14:30", "2020-03-01", "UNK"]) == [
        "2020-03-01",
        "2020-03-01",
        "UNK",
    ]
    assert raw("redcap_repeat_instrument", ["Pathology", "", "Odd"]) == ["pathology", "", "Odd"]
    assert raw("redcap_event_name", ["Baseline"]) == ["baseline_arm_1"]


def test_labels_that_are_other_choices_codes() -> None:
    rows = [
        row("id", "f", "text", "Id"),
        row("n", "f", "radio", "Lesions", "0, 1 | 1, 2 | 2, 3"),
        row("s", "f", "radio", "Sex", "1, F | 2, M"),
    ]
    dictionary = parse_dictionary("\n".join([HEADER, *rows]).encode(), "d.csv")
    header = resolve_header(["id", "n", "s"], dictionary)
    n, s = header.columns[1:]
    for cells, sex, expected in ((["1", "2"], ["F"], ["0", "1"]), (["1", "2"], ["1"], ["1", "2"])):
        votes = Votes()
        vote(n, cells, votes)
        vote(s, sex, votes)
        labelled = votes.labelled(header.labelled)
        assert raw_cells(n, pa.array(cells), dictionary, labelled=labelled).to_pylist() == expected
