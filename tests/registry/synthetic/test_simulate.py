"""The registry as a whole: made, marked, reproducible, never overwriting."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.store import read_registry
from locoreg.registry.synthetic import (
    SCENARIOS,
    SimulationOptions,
    chunk,
    read_truth,
    simulate,
    simulate_registry,
)
from locoreg.registry.synthetic.tables import WRITERS
from locoreg.registry.tables import PROVENANCE, TABLES
from tests.registry.synthetic.sizes import PATIENTS, SEED

WRITTEN = {
    "patient",
    "primary_tumour",
    "receptor_assay",
    "lesion",
    "imaging_assessment",
    "lesion_measurement",
    "disease_event",
    "systemic_line",
    "systemic_drug",
    "local_therapy",
    "biomarker",
    "performance",
    "comorbidity",
    "adverse_event",
    "qol_response",
    "observation_window",
}
# Child tables: column and the table whose key it holds.
LINKS = {
    "tumour_id": "primary_tumour",
    "lesion_id": "lesion",
    "assess_id": "imaging_assessment",
    "line_id": "systemic_line",
    "lt_id": "local_therapy",
}


def contents(folder: Path) -> dict[str, pa.Table]:
    registry = read_registry(folder)
    return {
        name: registry.table(name).drop_columns([*PROVENANCE])
        for name, rows in registry.rows().items()
        if rows
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_all_tables_are_written_and_nothing_is_set_aside(registries, name):
    folder, simulation = registries[name]
    assert set(simulation.rows) == WRITTEN
    assert not simulation.batch.set_aside
    registry = read_registry(folder)
    assert registry.synthetic
    assert {n: r for n, r in registry.rows().items() if r} == simulation.rows
    twins = simulation.errors.get("duplicate-patient", 0)
    assert registry.rows()["patient"] == PATIENTS + twins
    assert len(WRITERS) == 6


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_file_says_synthetic(registries, name):
    folder, _ = registries[name]
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    parquet = [p for p in files if p.suffix == ".parquet"]
    assert len(parquet) >= len(WRITTEN) + 2
    for path in parquet:
        assert path.name.startswith("SYNTHETIC-")
        assert pq.read_schema(path).metadata[b"locoreg.data"] == b"SYNTHETIC"
    for readme in (folder / "README.txt", folder / "truth" / "README.txt"):
        assert readme.read_text(encoding="utf-8").startswith("SYNTHETIC")
    document = json.loads((folder / "truth/SYNTHETIC-truth.json").read_text(encoding="utf-8"))
    assert document["synthetic"] is True
    others = {p.name for p in files} - {p.name for p in parquet}
    assert others == {"README.txt", "manifest.json", "SYNTHETIC-truth.json"}
    with read_registry(folder).connect() as con:
        for table in WRITTEN:
            systems, strange, files_of = con.execute(
                f"SELECT list(DISTINCT source_system), count(*) FILTER "
                f"(NOT starts_with(patient_id, 'SYN-')), list(DISTINCT source_file) FROM {table}"
            ).fetchone()
            assert (systems, strange, files_of) == (["SYNTHETIC"], 0, [f"SYNTHETIC-{table}"])


@pytest.mark.parametrize("name", [n for n in SCENARIOS if n != "dirty"])
def test_rows_belong_to_rows(registries, name):
    folder, _ = registries[name]
    with read_registry(folder).connect() as con:
        for table in WRITTEN:
            for column, parent in {**LINKS, "patient_id": "patient"}.items():
                names = TABLES[table].names
                if column not in names or table == parent:
                    continue
                lost = con.execute(
                    f'SELECT count(*) FROM {table} WHERE "{column}" IS NOT NULL AND "{column}" '
                    f'NOT IN (SELECT "{column}" FROM {parent})'
                ).fetchone()
                assert lost == (0,), (table, column)


@pytest.mark.parametrize("name", [n for n in SCENARIOS if n != "dirty"])
def test_clean_registries_are_plausible(registries, name):
    folder, _ = registries[name]
    dated = {
        "local_therapy": "start_date",
        "systemic_line": "start_date",
        "imaging_assessment": "date",
        "performance": "date",
        "biomarker": "date",
        "qol_response": "date",
        "adverse_event": "start_date",
        "disease_event": "date",
    }
    with read_registry(folder).connect() as con:
        for table, column in dated.items():
            late, early = con.execute(
                f"""SELECT count(*) FILTER (t.{column} > p.last_contact_date),
                        count(*) FILTER (date_latest(t.{column}, t.{column}_precision) < u.dx_date)
                FROM {table} t JOIN patient p USING (patient_id)
                JOIN primary_tumour u USING (patient_id)"""
            ).fetchone()
            assert (late, early) == (0, 0), table
        assert con.execute(
            """SELECT count(*) FROM patient WHERE entry_date >= last_contact_date
            OR (vital_status = 'dead') <> (death_date IS NOT NULL)
            OR death_date <> last_contact_date"""
        ).fetchone() == (0,)
        assert con.execute(
            """SELECT count(*) FROM systemic_line a JOIN systemic_line b USING (patient_id)
            WHERE a.line_no = 1 AND b.line_no = 2 AND a.setting = b.setting
            AND (a.end_date IS NULL OR b.start_date < a.end_date)"""
        ).fetchone() == (0,)


def test_same_seed_same_contents_for_any_number_of_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK", 60)
    one = tmp_path / "one"
    first = simulate_registry(one, patients=200, seed=5, scenario="dirty", workers=1)
    two = tmp_path / "two"
    second = simulate_registry(two, patients=200, seed=5, scenario="dirty", workers=3)
    assert first.values == second.values
    assert first.errors == second.errors
    hashes = [
        {stored.path: stored.sha256 for files in s.batch.tables.values() for stored in files}
        for s in (first, second)
    ]
    assert hashes[0] == hashes[1]
    for name in ("SYNTHETIC-patients.parquet", "SYNTHETIC-values.parquet", "SYNTHETIC-truth.json"):
        assert (one / "truth" / name).read_bytes() == (two / "truth" / name).read_bytes()
    other = simulate_registry(tmp_path / "three", patients=200, seed=6, scenario="dirty")
    assert other.values != first.values
    tables, others = contents(one), contents(tmp_path / "three")
    assert all(not tables[name].equals(others[name]) for name in tables)
    sites = tables["patient"]["site_id"].to_pylist()
    assert len(set(sites)) > 3


def test_source_rows_count_through_the_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK", 40)
    simulation = simulate_registry(tmp_path / "r", patients=100, seed=5, scenario="null")
    with read_registry(tmp_path / "r").connect() as con:
        for table, rows in simulation.rows.items():
            assert con.execute(
                f"SELECT min(source_row), max(source_row), count(DISTINCT source_row) FROM {table}"
            ).fetchone() == (1, rows, rows)
    read = {source.name: source.read for source in simulation.batch.sources}
    assert read == {f"SYNTHETIC-{name}": rows for name, rows in simulation.rows.items()}


@pytest.mark.parametrize("patients", [1, 2, 10])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_few_patients(tmp_path, patients, scenario):
    simulation = simulate_registry(tmp_path / "r", patients=patients, seed=3, scenario=scenario)
    registry = read_registry(tmp_path / "r")
    twins = simulation.errors.get("duplicate-patient", 0)
    assert registry.rows()["patient"] == patients + twins
    truth = read_truth(tmp_path / "r")
    assert truth.patients()["entered"].to_pylist().count(True) == patients
    json.dumps(simulation.to_dict(), allow_nan=False)
    assert f"{patients} made-up patients" in simulation.summary()
    assert len(simulation.to_frame()) == len(truth.values) == len(simulation.values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"patients": 0}, "patients must be 1 to"),
        ({"patients": -3}, "patients must be 1 to"),
        ({"patients": 10**9}, "patients must be 1 to"),
        ({"patients": True}, "whole number"),
        ({"patients": 2.5}, "whole number"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"workers": 0}, "workers must be 1 or more"),
        ({"scenario": "nul"}, "did you mean null"),
        ({"scenario": "unmeasured"}, "did you mean unmeasured-confounder"),
        ({"scenario": "zzz"}, "allowed are constant, dirty"),
    ],
)
def test_impossible_requests_are_refused(tmp_path, change, words):
    asked = {"patients": 5, "seed": 1, "scenario": "null", **change}
    with pytest.raises(DesignError, match=words):
        simulate_registry(tmp_path / "r", **asked)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(("name", "word"), [("loss", "arms"), ("missing", "mnar")])
def test_unknown_options_are_refused(name, word):
    with pytest.raises(DesignError, match=f"{name} can't be"):
        SimulationOptions(**{name: word})


def test_nothing_is_overwritten(tmp_path, registries):
    folder, _ = registries["null"]
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for seed in (SEED, SEED + 1):
        with pytest.raises(DesignError, match="holds a registry already"):
            simulate_registry(folder, patients=PATIENTS, seed=seed, scenario="null")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DesignError, match=r"not empty: it holds a\.txt"):
        simulate_registry(tmp_path / "notes", patients=5, seed=1, scenario="null")
    with pytest.raises(DesignError, match="is a file"):
        simulate_registry(tmp_path / "notes" / "a.txt", patients=5, seed=1, scenario="null")
    with pytest.raises(DataError, match="holds no truth"):
        read_truth(tmp_path / "notes")


def test_a_run_that_fails_leaves_no_registry_and_can_be_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK", 40)
    real = simulate.make_chunk

    def failing(layout, index):
        if index == 2:
            raise OSError("the disk is full")
        return real(layout, index)

    monkeypatch.setattr(simulate, "make_chunk", failing)
    with pytest.raises(OSError, match="disk is full"):
        simulate_registry(tmp_path / "r", patients=200, seed=5, scenario="null")
    assert not [p for p in (tmp_path / "r").rglob("*") if p.is_file() and p.name != ".lock"]
    monkeypatch.setattr(simulate, "make_chunk", real)
    seen = []
    simulate_registry(
        tmp_path / "r",
        patients=200,
        seed=5,
        scenario="null",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(40 * k, 200) for k in range(1, 6)]
    assert read_truth(tmp_path / "r").document["patients"] == 200
