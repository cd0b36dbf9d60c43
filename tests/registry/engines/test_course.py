from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.cohort import CohortResult, CourseQuestion, patient_course
from locoreg.registry.definitions import FIRST_METASTASIS
from locoreg.registry.engines import connect_engine
from tests.registry.build import registry_of
from tests.registry.engines.made_up import course, made_up

# One server and one Spark session for all workers.

DAY = {"therapy_within_days": 180, "sites_within_days": 60}


def ask(folder: Path, tables: Any, **options: Any) -> CohortResult:
    registry_of(folder, tables)
    with connect_engine(folder) as engine:
        return patient_course(engine, **{**DAY, **options})


def one(folder: Path, **tables: Any) -> dict[str, Any]:
    named = {name: [{"patient_id": "a", **row} for row in rows] for name, rows in tables.items()}
    result = ask(folder, {"patient": [{"patient_id": "a"}], **named})
    (row,) = result.table.to_pylist()
    return row


def test_a_course_by_hand(tmp_path: Path) -> None:
    row = one(
        tmp_path / "r",
        patient=[{"entry_date": "2020-03-01", "death_date": "2022-01", "vital_status": "dead"}],
        lesion=[
            {"organ": "liver", "first_seen_date": "2020-02-01"},
            {"organ": "bone", "first_seen_date": "2020-04-01"},
            {"organ": "lung", "first_seen_date": "2020-04-02"},
            {"organ": "brain", "first_seen_date": "2020-04-03"},
            {"organ": "regional_ln", "first_seen_date": "2019-01-01"},
        ],
        local_therapy=[
            {"start_date": "2020-01-31", "modality": "rfa", "lt_id": "before"},
            {"start_date": "2020-02-10", "intent": "diagnostic", "lt_id": "biopsy"},
            {"start_date": "2020-07-30", "modality": "sabr", "target": "lesion", "lt_id": "180"},
            {"start_date": "2020-07-31", "modality": "surgery", "lt_id": "181"},
        ],
    )
    assert str(row["metastasis_date"]) == "2020-02-01"
    assert row["metastasis_basis"] == "lesion"
    # 1 April is day 60 and 2 April day 61.
    assert (row["n_sites_min"], row["n_sites_max"]) == (2, 2)
    assert (row["therapy_id"], row["therapy_modality"], row["therapy_target"]) == (
        "180",
        "sabr",
        "lesion",
    )
    assert (row["therapy_days_min"], row["therapy_days_max"]) == (180, 180)
    assert (row["entry_days_min"], row["entry_days_max"]) == (29, 29)
    assert (row["death_days_min"], row["death_days_max"]) == (700, 730)
    assert row["death_date_precision"] == "month"


def test_therapy_a_day_after_the_window_does_not_count(tmp_path: Path) -> None:
    row = one(
        tmp_path / "r",
        lesion=[{"organ": "liver", "first_seen_date": "2020-02-01"}],
        local_therapy=[{"start_date": "2020-07-31"}],
    )
    assert row["therapy_id"] is None
    assert row["therapy_date"] is None


def test_a_month_leaves_the_order_open(tmp_path: Path) -> None:
    row = one(
        tmp_path / "r",
        lesion=[{"organ": "liver", "first_seen_date": "2020-05-15"}],
        local_therapy=[{"start_date": "2020-05", "lt_id": "some day in May"}],
    )
    assert row["therapy_id"] == "some day in May"
    assert (row["therapy_days_min"], row["therapy_days_max"]) == (-14, 16)


@pytest.mark.parametrize(
    ("tumour", "basis"),
    [
        ({"cm": "M1"}, "m1_at_diagnosis"),
        ({"pm": "M1"}, "m1_at_diagnosis"),
        ({"stage_group": "IV"}, "m1_at_diagnosis"),
        ({"cm": "M0", "stage_group": "IIIC"}, None),
        ({}, None),
    ],
)
def test_metastatic_at_diagnosis(tmp_path: Path, tumour: dict[str, str], basis: str | None) -> None:
    tables = {
        "patient": [{"patient_id": "a"}],
        "primary_tumour": [{"patient_id": "a", "dx_date": "2020-01-01", **tumour}],
    }
    rows = ask(tmp_path / "r", tables).table.to_pylist()
    assert [row["metastasis_basis"] for row in rows] == ([basis] if basis else [])


@pytest.mark.parametrize(
    ("lesion", "counts"),
    [
        ({"organ": "liver"}, True),
        ({"organ": "liver", "is_regional": True}, False),
        ({"organ": "breast"}, False),
        ({"organ": "breast", "is_regional": False}, False),
        ({"organ": "contralateral_breast"}, False),
        ({"is_regional": False}, True),
        ({"is_regional": True}, False),
        ({}, False),
    ],
)
def test_what_is_distant(tmp_path: Path, lesion: dict[str, Any], counts: bool) -> None:
    tables = {
        "patient": [{"patient_id": "a"}],
        "lesion": [{"patient_id": "a", "first_seen_date": "2020-01-01", **lesion}],
    }
    assert ask(tmp_path / "r", tables).table.num_rows == counts


def test_the_finer_date_wins_a_tie_then_the_lesion(tmp_path: Path) -> None:
    row = one(
        tmp_path / "r",
        lesion=[{"organ": "liver", "first_seen_date": "2020-05"}],
        disease_event=[{"type": "distant_recurrence", "date": "2020-05-01"}],
        primary_tumour=[{"cm": "M1", "dx_date": "2020-05-01"}],
    )
    assert row["metastasis_basis"] == "distant_recurrence"
    assert row["metastasis_date_precision"] == "day"


def test_a_metastasis_without_date_stays_in_and_is_counted(tmp_path: Path) -> None:
    tables = {
        "patient": [{"patient_id": "a", "death_date": "2020-01-01"}, {"patient_id": "b"}],
        "lesion": [{"patient_id": "a", "organ": "liver"}, {"patient_id": "c", "organ": "bone"}],
        "local_therapy": [{"patient_id": "a"}, {"patient_id": "a", "intent": "diagnostic"}],
    }
    result = ask(tmp_path / "r", tables)
    (row,) = result.table.to_pylist()
    assert row["patient_id"] == "a"
    assert row["metastasis_date"] is None
    assert row["metastasis_basis"] is None
    assert row["death_days_min"] is None
    counts = result.attrition()
    assert counts["in the registry"] == 2
    assert counts["without a sign of distant metastasis"] == 1
    assert counts["with one, in the result"] == 1
    assert counts["with one, left out: not in the patient table"] == 1
    assert counts["metastasis without any date"] == 1
    assert result.rows_not_used == {
        "signs_of_metastasis_without_date": 2,
        "lesions_not_distant": 0,
        "lesions_of_unknown_place": 0,
        "local_therapies_not_asked_for": 1,
        "local_therapies_without_date": 1,
    }


def test_orders_are_counted(tmp_path: Path) -> None:
    def patient(name: str, **dates: str) -> dict[str, str]:
        return {"patient_id": name, **dates}

    patients = [
        patient("a", entry_date="2020-05-16", death_date="2020-05-14"),
        patient("b", entry_date="2020-05", death_date="2020-05"),
        patient("c", entry_date="2020-05-15", death_date="2020-05-15"),
        patient("d", last_contact_date="2020"),
    ]
    lesions = [
        {"patient_id": p["patient_id"], "organ": "liver", "first_seen_date": "2020-05-15"}
        for p in patients
    ]
    counts = ask(tmp_path / "r", {"patient": patients, "lesion": lesions}).attrition()
    assert counts["entry after metastasis (left truncation)"] == 1
    assert counts["entry: order against metastasis open (dates not exact)"] == 1
    assert counts["entry: no date"] == 1
    assert counts["death before metastasis (a contradiction)"] == 1
    assert counts["death: order against metastasis open (dates not exact)"] == 1
    assert counts["last contact: order against metastasis open (dates not exact)"] == 1


WORDS = st.sampled_from([None, ("lesion",), ("lesion", "primary")])


@settings(deadline=None, max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    therapy=st.sampled_from([0, 1, 30, 180, 400]),
    sites=st.sampled_from([0, 30, 60]),
    targets=WORDS,
    modalities=st.sampled_from([None, ("sabr",)]),
)
def test_equals_the_answer_by_hand(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    therapy: int,
    sites: int,
    targets: tuple[str, ...] | None,
    modalities: tuple[str, ...] | None,
) -> None:
    tables = made_up(seed)
    options = {
        "therapy_within_days": therapy,
        "sites_within_days": sites,
        "targets": targets,
        "modalities": modalities,
    }
    result = ask(tmp_path_factory.mktemp("r") / "r", tables, **options)
    expected = course(tables, **options)
    assert result.table.to_pylist() == [
        {n: row[n] for n in result.table.column_names} for row in expected
    ]


def test_first_metastasis_is_that_of_the_other_parts(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", made_up(3))
    with registry.connect() as con:
        shared = con.execute(FIRST_METASTASIS).fetchall()
    with connect_engine(tmp_path / "r") as engine:
        rows = patient_course(engine, **DAY).table.to_pylist()
    ours = {r["patient_id"]: r["metastasis_date"] for r in rows if r["metastasis_date"]}
    known = {r["patient_id"] for r in made_up(3)["patient"]}
    assert ours == {row[0]: row[1] for row in shared if row[0] in known}
    assert len(ours) > 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"therapy_within_days": -1}, "between 0 and"),
        ({"therapy_within_days": 1.5}, "whole number"),
        ({"sites_within_days": True}, "whole number"),
        ({"sites_within_days": 10**6}, "between 0 and"),
        ({"targets": ()}, "empty"),
        ({"targets": ("lesions",)}, "can't be 'lesions'"),
        ({"modalities": ("'; DROP",)}, "can't be"),
    ],
)
def test_impossible_questions(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        CourseQuestion(**{**DAY, **options})


def test_windows_have_no_default() -> None:
    with pytest.raises(TypeError, match="therapy_within_days"):
        patient_course(None)  # type: ignore[call-arg, arg-type]


def test_no_column_labels_patients_as_treated(tmp_path: Path) -> None:
    table = ask(tmp_path / "r", made_up(1)).table
    assert not [f.name for f in table.schema if pa.types.is_boolean(f.type)]


def test_result_as_frame_dict_and_text(tmp_path: Path) -> None:
    result = ask(tmp_path / "r", made_up(2))
    frame = result.to_frame()
    assert len(frame) == result.table.num_rows
    assert str(frame["therapy_days_min"].dtype) == "Int64"
    document = json.loads(json.dumps(result.to_dict()))
    assert document["question"]["therapy_within_days"] == 180
    assert document["rows"] == result.table.num_rows
    assert document["content_sha256"] == result.content_hash()
    assert "Local therapy within 180 days, sites within 60 days." in result.summary()


def test_hash_tells_null_from_empty_and_rows_apart(tmp_path: Path) -> None:
    result = ask(tmp_path / "r", made_up(2))
    site = result.table.column_names.index("site_id")

    def changed(values: pa.Array) -> str:
        table = result.table.set_column(site, "site_id", values)
        return CohortResult(
            table=table,
            question=result.question,
            engine="x",
            place="y",
            revision=0,
            synthetic=False,
            n_patients=0,
            n_unknown_patients=0,
            rows_not_used={},
        ).content_hash()

    n = result.table.num_rows
    hashes = {changed(pa.nulls(n, pa.string())), changed(pa.array([""] * n)), result.content_hash()}
    assert len(hashes) == 3


def test_written_files(tmp_path: Path) -> None:
    result = ask(tmp_path / "r", made_up(2))
    parquet = result.write(tmp_path / "out.parquet")
    assert pq.read_table(parquet).to_pylist() == result.table.to_pylist()
    assert pq.read_metadata(parquet).metadata[b"locoreg.data"] == b"registry"
    text = result.write(tmp_path / "out.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    written = {row["patient_id"] for row in rows}
    assert "'=1+1" in written or "=1+1" not in set(result.table.column("patient_id").to_pylist())
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]
    assert "data" not in rows[0]
    with pytest.raises(DesignError, match=r"\.parquet or \.csv"):
        result.write(tmp_path / "out.xlsx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.parquet", "r"]


def test_formulas_are_written_as_text(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "  =x", "plain"]
    tables = {
        "patient": [{"patient_id": name} for name in names],
        "lesion": [
            {"patient_id": name, "organ": "liver", "first_seen_date": "2020-01-01"}
            for name in names
        ],
    }
    path = ask(tmp_path / "r", tables).write(tmp_path / "out.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        written = {row["patient_id"] for row in csv.DictReader(stream)}
    assert written == {*("'" + name for name in names[:-1]), "plain"}


def test_files_of_made_up_patients_say_so(tmp_path: Path) -> None:
    registry_of(tmp_path / "r", made_up(2), synthetic=True)
    with connect_engine(tmp_path / "r") as engine:
        result = patient_course(engine, **DAY)
    assert "SYNTHETIC" in result.summary()
    rows = csv.DictReader(result.write(tmp_path / "o.csv").read_text("utf-8").splitlines())
    assert {row["data"] for row in rows} == {"SYNTHETIC"}
    metadata = pq.read_metadata(result.write(tmp_path / "o.parquet")).metadata
    assert metadata[b"locoreg.data"] == b"SYNTHETIC"


def test_an_empty_registry(tmp_path: Path) -> None:
    result = ask(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    assert result.table.num_rows == 0
    assert result.attrition()["without a sign of distant metastasis"] == 1
    assert set(result.rows_not_used.values()) == {0}
    assert len(result.to_frame()) == 0
