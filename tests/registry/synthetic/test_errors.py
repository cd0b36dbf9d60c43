"""Errors: each one that is there is recorded, and nothing else has changed."""

from __future__ import annotations

from collections import Counter

import pytest

from locoreg.registry.store import read_registry
from locoreg.registry.synthetic import SimulationOptions, read_truth, simulate_registry
from locoreg.registry.synthetic.errors import ERRORS
from locoreg.registry.tables import PROVENANCE, TABLES

PATIENTS = 1_500


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The same patients, clean and with errors."""
    folder = tmp_path_factory.mktemp("pair")
    simulate_registry(folder / "clean", patients=PATIENTS, seed=9, scenario="constant")
    simulate_registry(folder / "dirty", patients=PATIENTS, seed=9, scenario="dirty")
    return (
        read_registry(folder / "clean"),
        read_registry(folder / "dirty"),
        read_truth(folder / "dirty"),
    )


CACHE = {}


def rows_of(registry, table):
    name = (registry.path, table)
    if name not in CACHE:
        values = registry.table(table).drop_columns([*PROVENANCE]).to_pylist()
        CACHE[name] = {row[TABLES[table].key]: row for row in values}
    return CACHE[name]


def test_exactly_the_recorded_rows_have_changed(pair):
    clean, dirty, truth = pair
    recorded = {(e["table_name"], e["row_key"]) for e in truth.errors().to_pylist()}
    twins = {k for t, k in recorded if t == "patient" and k.startswith("SYN-D")}
    changed = set()
    for table in clean.manifest.batches[0].counts:
        before, after = rows_of(clean, table), rows_of(dirty, table)
        assert set(before) <= set(after)
        for key, row in after.items():
            if row.get("patient_id") in twins and table != "patient":
                original = before[key.replace("SYN-D", "SYN-0")]
                assert {**row, "patient_id": 0, TABLES[table].key: 0} == {
                    **original,
                    "patient_id": 0,
                    TABLES[table].key: 0,
                }
            elif row != before.get(key):
                changed.add((table, key))
    assert changed == recorded
    assert twins


def test_every_kind_is_there_about_once_in_a_hundred_patients(pair):
    _, _, truth = pair
    errors = truth.errors().to_pylist()
    counts = Counter(e["kind"] for e in errors)
    assert set(counts) == set(ERRORS)
    # Few patients have a second line, a dose or a measured lesion.
    assert all(1 <= n <= 60 for n in counts.values())
    assert counts["impossible-birth-year"] >= 6
    assert dict(counts) == truth.document["errors"]
    assert max(Counter(e["patient_id"] for e in errors).values()) == 1


def test_values_before_and_after_are_recorded(pair):
    clean, dirty, truth = pair
    for error in truth.errors().to_pylist():
        table, column = error["table_name"], error["column_name"]
        if column is None:
            assert error["other_key"] in rows_of(clean, table)
            continue
        before = rows_of(clean, table)[error["row_key"]][column]
        after = rows_of(dirty, table)[error["row_key"]][column]
        for value, text in ((before, error["original"]), (after, error["injected"])):
            if isinstance(value, float):
                assert float(text) == value
            else:
                assert text == (None if value is None else str(value))


QUERIES = {
    "death-before-diagnosis": """SELECT p.patient_id FROM patient p JOIN primary_tumour t
        USING (patient_id) WHERE date_latest(death_date, death_date_precision) < dx_date""",
    "therapy-before-diagnosis": """SELECT l.lt_id FROM local_therapy l JOIN primary_tumour t
        USING (tumour_id) WHERE date_latest(start_date, start_date_precision) < dx_date""",
    "therapy-after-death": """SELECT l.lt_id FROM local_therapy l JOIN patient p
        USING (patient_id) WHERE start_date > date_latest(death_date, death_date_precision)""",
    "therapy-after-last-contact": """SELECT l.line_id FROM systemic_line l JOIN patient p
        USING (patient_id) WHERE death_date IS NULL AND start_date > last_contact_date""",
    "dose-in-cgy": "SELECT lt_id FROM local_therapy WHERE dose_gy > 100",
    "lesion-size-impossible": """SELECT measurement_id FROM lesion_measurement
        WHERE longest_mm > 300""",
    "negative-value": """SELECT biomarker_id FROM biomarker
        WHERE value < 0 AND NOT starts_with(analyte, 'miR')""",
    "er-contradiction": """SELECT assay_id FROM receptor_assay WHERE marker = 'ER'
        AND value_num >= 1 AND interpretation = 'negative'""",
    "her2-contradiction": """SELECT assay_id FROM receptor_assay WHERE marker = 'HER2_IHC'
        AND value_code = '3+' AND interpretation = 'negative'""",
    "overlapping-lines": """SELECT b.line_id FROM systemic_line a JOIN systemic_line b
        USING (patient_id, setting) WHERE a.line_no = 1 AND b.line_no = 2
        AND b.start_date < a.end_date""",
    "contact-after-death": """SELECT patient_id FROM patient WHERE last_contact_date >
        date_latest(death_date, death_date_precision)""",
    "impossible-birth-year": """SELECT patient_id FROM patient
        WHERE birth_year NOT BETWEEN 1900 AND 2005""",
    "stage-contradiction": """SELECT tumour_id FROM primary_tumour
        WHERE cm = 'M0' AND stage_group = 'IV'""",
    "too-few-lesions": """SELECT i.assess_id FROM imaging_assessment i JOIN (SELECT patient_id,
        count(*) n FROM lesion WHERE NOT is_regional GROUP BY 1) USING (patient_id)
        WHERE i.n_lesions < n AND NOT i.n_lesions_is_lower_bound""",
    "future-date": "SELECT biomarker_id FROM biomarker WHERE date > DATE '2024-12-31'",
    "orphan-measurement": """SELECT measurement_id FROM lesion_measurement
        WHERE lesion_id NOT IN (SELECT lesion_id FROM lesion)""",
    "duplicate-patient": """SELECT b.patient_id FROM (SELECT p.*, t.size_mm, t.dx_date
        FROM patient p JOIN primary_tumour t USING (patient_id)) a JOIN (SELECT p.*, t.size_mm,
        t.dx_date FROM patient p JOIN primary_tumour t USING (patient_id)) b
        ON a.dx_date = b.dx_date AND a.birth_year = b.birth_year AND a.site_id = b.site_id
        AND a.last_contact_date = b.last_contact_date AND a.patient_id < b.patient_id""",
    "duplicate-assay": """SELECT b.assay_id FROM receptor_assay a JOIN receptor_assay b
        USING (patient_id, marker, sample_date, context) WHERE a.assay_id < b.assay_id""",
}


@pytest.mark.parametrize("kind", QUERIES)
def test_a_rule_finds_them(pair, kind):
    clean, dirty, truth = pair
    wanted = {e["row_key"] for e in truth.errors().to_pylist() if e["kind"] == kind}
    if kind == "stage-contradiction":
        # Where the stage is missing there is nothing to contradict.
        staged = rows_of(dirty, "primary_tumour")
        wanted = {key for key in wanted if staged[key]["stage_group"] == "IV"}
    with clean.connect() as con:
        assert con.execute(QUERIES[kind]).fetchall() == []
    with dirty.connect() as con:
        found = {key for (key,) in con.execute(QUERIES[kind]).fetchall()}
    if kind in ("therapy-after-death", "contact-after-death"):
        # A death before diagnosis puts all else after death.
        early = {
            e["patient_id"]
            for e in truth.errors().to_pylist()
            if e["kind"] == "death-before-diagnosis"
        }
        found = {key for key in found if key[:12] not in early}
    assert wanted
    assert found == wanted


def test_dirt_is_an_option_of_every_scenario(tmp_path):
    options = SimulationOptions(dirty=True)
    simulation = simulate_registry(
        tmp_path / "r", patients=300, seed=1, scenario="null", options=options
    )
    assert sum(simulation.errors.values()) > 20
    assert "Errors put in" in simulation.summary()
    contrast = read_truth(tmp_path / "r").value(
        subject="per-protocol, grace 6", horizon_months=60, measure="rmst"
    )
    assert abs(contrast.expected) < 1e-9
