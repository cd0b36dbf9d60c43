"""Files as they come: odd types, odd dates, missing columns, bytes of any kind."""

from __future__ import annotations

import gzip
import random
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, LocoregError
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry
from tests.registry.omop.cdm import (
    BREAST,
    LIVER_C,
    Builder,
    Tables,
    columns_of,
    csv_text,
    import_cdm,
    imported,
    issues,
    rows,
    unused,
    vocabulary,
    write_folder,
)

WORDS = tuple(vocabulary())


def one() -> Builder:
    b = Builder()
    b.metastatic(1)
    return b


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    return write_folder(folder, vocabulary(), kind="parquet")


def folder_of(tmp: Path, files: dict[str, str | bytes]) -> Path:
    tmp.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        (tmp / name).write_bytes(data)
    return tmp


PERSON = "person_id,gender_concept_id,year_of_birth\n1,8532,1960\n"
CONDITION = (
    "condition_occurrence_id,person_id,condition_concept_id,condition_start_date\n"
    f"1,1,{BREAST},2018-01-01\n2,1,{LIVER_C},2019-01-01\n"
)


def test_the_smallest_cdm(tmp_path: Path, words: Path) -> None:
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv": CONDITION})
    import_cdm(tmp_path / "r", cdm, words)
    registry = read_registry(tmp_path / "r")
    assert registry.rows()["lesion"] == 1
    assert registry.rows()["systemic_line"] == 0


def test_odd_types_and_dates(tmp_path: Path, words: Path) -> None:
    head = "CONDITION_START_DATE ; person_id;Condition_Concept_Id;CONDITION_OCCURRENCE_ID"
    lines = [
        f"2018-01-01 00:00:00;1.0;{BREAST}.0;1",
        f"20190315;1; {LIVER_C} ;2",
        "2019-04-01T10:00:00+02:00;1;254591;3",
        "2019-05;1;900110;4",
        "2020;1;900111;5",
        "31/12/2020;1;900114;6",
        "2019-02-30;1;201826;7",
        "2019-01-01;1;201826;8e0",
        ";;;",
        "",
    ]
    cdm = folder_of(
        tmp_path / "cdm",
        {
            "Person.CSV": "\ufeff" + PERSON,
            "death.csv": "person_id,death_date\n1,unknown\n",
            "condition_occurrence.csv": head + "\r\n" + "\r\n".join(lines),
        },
    )
    import_cdm(tmp_path / "r", cdm, words)
    registry = read_registry(tmp_path / "r")
    seen = {
        row["organ"]: (row["first_seen_date"], row["first_seen_date_precision"])
        for row in rows(registry, "lesion")
    }
    assert seen == {
        "liver": (date(2019, 3, 15), "day"),
        "lung": (date(2019, 4, 1), "day"),
        "bone": (date(2019, 5, 1), "month"),
        "brain": (date(2020, 1, 1), "year"),
        "other": (None, None),
    }
    patient = rows(registry, "patient")[0]
    assert (patient["vital_status"], patient["death_date"]) == ("dead", None)
    unreadable = {(i["source_file"], i["source_row"]) for i in issues(registry, "unreadable-value")}
    assert unreadable == {
        ("death", None),
        ("condition_occurrence", 6),
        ("condition_occurrence", 7),
    }
    (aside,) = rows(registry, "set_aside")
    assert "condition_occurrence_id is missing or unreadable" in aside["reason"]


@pytest.mark.parametrize(
    ("one_kind", "other"),
    [(pa.string(), pa.float64()), (pa.decimal128(19, 0), pa.int32())],
)
def test_ids_of_any_type(
    tmp_path: Path, words: Path, one_kind: pa.DataType, other: pa.DataType
) -> None:
    folder = tmp_path / "cdm"
    folder.mkdir()
    for name, kind in (("person", one_kind), ("condition_occurrence", other)):
        columns = {}
        for column in columns_of(name):
            values = [row.get(column) for row in one().tables[name]]
            if column.endswith("_id"):
                columns[column] = pa.array(values, pa.int64()).cast(kind)
            else:
                columns[column] = pa.array([None if v is None else str(v) for v in values])
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    import_cdm(tmp_path / "r", folder, words)
    registry = read_registry(tmp_path / "r")
    assert registry.rows()["lesion"] == 1
    assert [row["source_row"] for row in rows(registry, "patient")] == [1]


def test_columns_in_any_order_and_foreign_ones(tmp_path: Path) -> None:
    tables = one().tables
    folder = write_folder(tmp_path / "cdm", tables, skip=("condition_occurrence",))
    names = [*columns_of("condition_occurrence"), "an extra; column", "an extra; column"]
    random.Random(1).shuffle(names)
    lines = [names] + [
        [str(row.get(n) or "") for n in names] for row in tables["condition_occurrence"]
    ]
    (folder / "condition_occurrence.csv").write_text(
        "\n".join(",".join(line) for line in lines), encoding="utf-8"
    )
    import_cdm(tmp_path / "r", folder)
    assert read_registry(tmp_path / "r").rows()["lesion"] == 1


def test_a_column_twice(tmp_path: Path, words: Path) -> None:
    twice = CONDITION.replace("person_id,", "person_id,PERSON_ID,", 1)
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv": twice})
    with pytest.raises(DataError, match="two columns called person_id"):
        import_cdm(tmp_path / "r", cdm, words)


def test_a_missing_column(tmp_path: Path, words: Path) -> None:
    wrong = CONDITION.replace("condition_concept_id", "condition_conceptid")
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv": wrong})
    with pytest.raises(DataError, match="no column condition_concept_id") as caught:
        import_cdm(tmp_path / "r", cdm, words)
    assert "condition_conceptid" in str(caught.value.hint)


@pytest.mark.parametrize("gone", ["person", "condition_occurrence", "concept"])
def test_a_missing_table(tmp_path: Path, gone: str) -> None:
    with pytest.raises(DataError, match=gone.upper()):
        imported(tmp_path, one().tables, skip=(gone,))


def test_a_table_twice(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "cdm", one().tables)
    (folder / "person.csv.gz").write_bytes(gzip.compress(PERSON.encode()))
    with pytest.raises(DataError, match="person stands twice"):
        import_cdm(tmp_path / "r", folder)


@pytest.mark.parametrize("kind", ["empty folder", "no folder", "other files"])
def test_no_cdm(tmp_path: Path, kind: str) -> None:
    where = tmp_path / "cdm"
    if kind != "no folder":
        where.mkdir()
    if kind == "other files":
        (where / "patients.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(DataError):
        import_cdm(tmp_path / "r", where)


def test_a_duckdb_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cdm.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DataError, match="can't be opened"):
        import_cdm(tmp_path / "r", path)


def test_lines_that_do_not_fit_are_set_aside(tmp_path: Path, words: Path) -> None:
    text = CONDITION + "3,1,254591\n4,1,900110,2019-01-01,x,y\n5,1,900111,2019-02-01\n"
    text += f"6,,{LIVER_C},2019-01-01\n7,x,{LIVER_C},2019-01-01\n2,1,254591,2019-01-01\n"
    cdm = folder_of(
        tmp_path / "cdm",
        {
            "person.csv": PERSON,
            "condition_occurrence.csv": text.encode() + b"8,1,201826,\xff\xfe\n",
        },
    )
    report = import_cdm(tmp_path / "r", cdm, words)
    registry = read_registry(tmp_path / "r")
    assert {row["organ"] for row in rows(registry, "lesion")} == {"liver", "brain"}
    assert unused(report, "condition_occurrence") == {"no readable person_id": 2}
    aside = rows(registry, "set_aside")
    assert aside[0]["reason"] == "condition_occurrence_id stands more than once"
    assert [row["source_row"] for row in aside[1:]] == [4, 5, 10]
    assert {row["source_file"] for row in aside} == {"condition_occurrence"}


def test_sql_in_values_and_names(tmp_path: Path) -> None:
    evil = "'); DROP TABLE used; --"
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01", condition_source_value=evil)
    b.condition(1, LIVER_C, "2019-01-01", condition_source_value='"' + evil)
    b.condition(1, 0, "2019-01-01", condition_source_value=evil)
    for row in b.tables["concept"]:
        if row["concept_id"] == 201826:
            row["concept_name"] = evil
    b.condition(1, 201826, "2019-01-01")
    folder = write_folder(tmp_path / "c'd[m]; *? --", b.tables)
    import_cdm(tmp_path / "r", folder, options=SourceOptions(site="x'; --"))
    registry = read_registry(tmp_path / "r")
    assert rows(registry, "patient")[0]["site_id"] == "x'; --"
    assert rows(registry, "comorbidity")[0]["display"] == evil
    assert issues(registry, "concept-zero")[0]["value"] == evil


@pytest.mark.parametrize("place", ["first", "last", "only", "one of a few megabytes"])
def test_a_line_of_many_megabytes(tmp_path: Path, words: Path, place: str) -> None:
    long = "x" * (5_000_000 if place == "one of a few megabytes" else 50_000_000)
    text = {
        "first": long + CONDITION,
        "only": long,
        "last": CONDITION + f"3,1,{LIVER_C},{long}\n",
        "one of a few megabytes": CONDITION + f"3,1,{LIVER_C},{long}\n4,1,{LIVER_C},2019-01-02\n",
    }[place]
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv": text})
    if place == "one of a few megabytes":
        import_cdm(tmp_path / "r", cdm, words)
        (aside,) = rows(read_registry(tmp_path / "r"), "set_aside")
        assert aside["source_row"] == 4
        return
    with pytest.raises(DataError, match="longer than 4 MB"):
        import_cdm(tmp_path / "r", cdm, words)


def test_a_decompression_bomb(tmp_path: Path, words: Path) -> None:
    bomb = gzip.compress(CONDITION.encode() + b"\n" * 40_000_000)
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv.gz": bomb})
    with pytest.raises(DataError, match="beyond reason"):
        import_cdm(tmp_path / "r", cdm, words)


def test_a_broken_gzip_file(tmp_path: Path, words: Path) -> None:
    whole = gzip.compress(CONDITION.encode() * 2000)
    for number, data in enumerate((whole[: len(whole) // 2], b"no gzip", b"")):
        cdm = folder_of(
            tmp_path / f"cdm{number}", {"person.csv": PERSON, "condition_occurrence.csv.gz": data}
        )
        with pytest.raises(DataError):
            import_cdm(tmp_path / "r", cdm, words)


def test_a_header_that_ends_in_a_delimiter(tmp_path: Path, words: Path) -> None:
    text = mostly(one().tables).decode()
    longer = "".join(f"{line},\n" for line in text.splitlines())
    cdm = folder_of(tmp_path / "cdm", {"person.csv": PERSON, "condition_occurrence.csv": longer})
    import_cdm(tmp_path / "r", cdm, words)
    assert read_registry(tmp_path / "r").rows()["patient"] == 1


def mostly(tables: Tables) -> bytes:
    return csv_text(
        "condition_occurrence", tables["condition_occurrence"], tab=False, rename={}
    ).encode()


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_bytes_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory, words: Path, data: st.DataObject
) -> None:
    """A clear error, or rows set aside; never another exception, never half a registry."""
    start = mostly(one().tables)
    at = data.draw(st.integers(0, len(start)))
    junk = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.text(alphabet=",;\t\"'\r\n0123456789.e+-\x00é", max_size=80).map(str.encode),
        )
    )
    text = junk if data.draw(st.booleans()) else start[:at] + junk + start[at:]
    name = data.draw(
        st.sampled_from(
            ["condition_occurrence.csv", "condition_occurrence.parquet", "CONDITION_OCCURRENCE.tsv"]
        )
    )
    tmp = tmp_path_factory.mktemp("bytes")
    cdm = folder_of(tmp / "cdm", {"person.csv": PERSON, name: text})
    try:
        import_cdm(tmp / "r", cdm, words)
    except LocoregError:
        assert not list((tmp / "r").glob("tables/*/*"))
    else:
        assert read_registry(tmp / "r").rows()["patient"] <= 1
