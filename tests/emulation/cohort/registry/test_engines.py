from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.emulation.cohort import Cohort
from locoreg.emulation.cohort.registry import builtin_variables, cohort_from_registry
from locoreg.registry.engines import Engine, connect_engine
from locoreg.registry.push import push_registry
from locoreg.registry.store import Registry, read_registry
from tests.emulation.cohort.registry.asking import protocol
from tests.registry.build import registry_of
from tests.registry.engines.made_up import FROM, PATIENTS, made_up
from tests.registry.engines.postgres_server import Server

# One server and one Spark session for all workers.

MANY = (*PATIENTS, *(f"Q{i}" for i in range(80)))
# Their values are unknown for everybody here, which no confounder may be.
NOT_MADE_UP = ("age", "menopausal_status", "calendar", "birth_year", "menopausal_status_dx")


def tables() -> dict[str, list[dict[str, Any]]]:
    """Return the made-up patients of the engines' tests, with more for each variable."""
    rng = np.random.default_rng(3)
    rows = made_up(7, MANY)

    def some(options: list[Any]) -> Any:
        return options[int(rng.integers(len(options)))]

    def when() -> Any:
        day = FROM + (np.timedelta64(int(rng.integers(0, 900)), "D").astype(object))
        return some([None, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", f"{day:%Y-%m}", f"{day.year}"])

    for row in rows["patient"]:
        row |= {"sex": some(["female", "male", None]), "last_contact_date": "2020-01-01"}
        row["vital_status"] = "dead" if row["death_date"] else "alive"
        row["death_cause"] = some(["breast_cancer", "other", None])
    for table in ("systemic_line", "performance", "comorbidity", "receptor_assay", "biomarker"):
        rows[table] = []
    for patient in MANY * 2:
        mine = {"patient_id": patient}
        rows["disease_event"].append(
            {**mine, "type": some(["progression", "second_primary"]), "date": when()}
            | {"organs": some([None, "bone", "bone;breast", "liver; regional_ln"])}
        )
        rows["systemic_line"].append({**mine, "setting": "metastatic", "start_date": when()})
        rows["performance"].append({**mine, "date": when(), "ecog": some([0, 1, 2, None])})
        rows["imaging_assessment"].append(
            {**mine, "date": when(), "response": some(["CR", "PD", "NE", None])}
        )
        rows["comorbidity"].append(
            {**mine, "date": when(), "code": some(["I25.9", "ä", None])}
            | {"present": some([True, True, False])}
        )
        rows["receptor_assay"] += [
            {**mine, "sample_date": some([None, "2014", when()]), "marker": marker}
            | {"context": "primary", "interpretation": some(["positive", "negative"])}
            for marker in ("ER", "PR", "HER2")
        ]
        rows["biomarker"].append(
            {**mine, "date": when(), "analyte": "VAF", "detected": some([True, False, None])}
            | {"value": float(rng.random()), "lod": 0.5}
        )
    for row in rows["local_therapy"]:
        row["margin"] = some(["R0", "R1", None])
    return rows


def whole(registry: Engine | Registry | Path | str) -> Cohort:
    """Return everybody with all variables that are known for somebody."""
    names = [name for name in builtin_variables() if name not in NOT_MADE_UP]
    criteria = [
        {"name": name, "variable": name, "unknown": "include", "one_of": levels}
        for name, levels in (("sex", ["female", "male"]), ("brain", ["yes", "no"]))
    ]
    variables = {
        "marker": {
            "table": "biomarker",
            "column": "value",
            "where": {"analyte": "VAF", "detected": [True, False]},
            "window_months": [-12, 0],
            "take": "max",
        }
    }
    asked = protocol(
        eligibility=criteria,
        baseline=[n for n in names if n in ("subtype", "site", "n_lesions")],
        subgroups=["visceral"],
        varying=["response", "ecog", "line", "marker"],
        variables=variables,
        outcome={"event": "locoregional_progression"},
        negative_controls=[{"name": "second", "event": "second_primary"}],
        benchmark={
            "studies": ["badwe2015"],
            "eligibility": [
                {"name": name, "variable": name, "unknown": "include", "at_least": 0}
                for name in ("ecog", "n_comorbidities", "metastasis_free_interval", "on_line")
            ],
        },
        treatment={"target": ["primary", "lesion"], "margin": ["R0"]},
        follow_up={"until": "2019-12-31"},
    )
    return cohort_from_registry(registry, asked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cohorts") / "r"
    registry_of(path, tables())
    return path


@pytest.fixture(scope="module")
def expected(folder: Path) -> Cohort:
    cohort = whole(folder)
    # Enough happens for a difference to be seen.
    assert cohort.n > 10
    assert set(cohort.event.tolist()) == {0, 1, 2}
    assert np.isfinite(cohort.treatment_time).sum() > 1
    assert cohort.entry is not None
    assert all(history.person.size > cohort.n / 2 for history in cohort.histories)
    return cohort


def same(found: Cohort, expected: Cohort) -> None:
    assert found.person_id == expected.person_id
    assert found.sha256() == expected.sha256()
    assert found.attrition.steps == expected.attrition.steps
    assert [(f.rule, f.value) for f in found.audit] == [(f.rule, f.value) for f in expected.audit]
    for name, (time, event) in expected.negative_controls.items():
        assert found.negative_controls[name][0].tolist() == time.tolist()
        assert found.negative_controls[name][1].tolist() == event.tolist()


def test_postgresql_gives_the_same_cohort(postgres: Server, folder: Path, expected: Cohort) -> None:
    push_registry(read_registry(folder), to=postgres.address(), schema="cohorts")
    address = postgres.address("cohorts")
    found = whole(address)
    same(found, expected)
    assert "s3cr" not in found.source


def test_spark_gives_the_same_cohort(spark: Engine, folder: Path, expected: Cohort) -> None:
    with connect_engine(f"spark:{folder}") as engine:
        same(whole(engine), expected)


def test_an_open_engine_stays_open_and_a_registry_will_do(folder: Path, expected: Cohort) -> None:
    with connect_engine(folder) as engine:
        same(whole(engine), expected)
        assert engine.execute(engine.table("patient")).num_rows > 0
    same(whole(read_registry(folder)), expected)


def test_the_order_of_rows_does_not_matter(tmp_path: Path, expected: Cohort) -> None:
    rng = np.random.default_rng(1)
    rows = {
        name: [listed[i] for i in rng.permutation(len(listed))] for name, listed in tables().items()
    }
    registry_of(tmp_path / "r", rows)
    same(whole(tmp_path / "r"), expected)
