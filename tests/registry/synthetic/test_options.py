"""Options change what is seen, never what is true."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from locoreg.registry.synthetic import SCENARIOS, SimulationOptions
from locoreg.registry.synthetic.chunk import Chunk, make_chunk, plan
from locoreg.registry.tables import TABLES

PATIENTS = 4_000


@cache
def made(scenario: str = "constant", **change: object) -> Chunk:
    options = SimulationOptions(**change)
    return make_chunk(plan(SCENARIOS[scenario], options, patients=PATIENTS, seed=4), 0)


def table(chunk: Chunk, name: str) -> pa.Table:
    parts = []
    for found, rows in chunk.blocks:
        if found == name:
            schema = TABLES[name].arrow_schema()
            kinds = pa.schema([schema.field(c) for c in rows.column_names])
            parts.append(rows.cast(kinds))
    return pa.concat_tables(parts, promote_options="default")


def test_nothing_is_lost_without_loss():
    assert not any(made(loss="none").truth["lost"].to_pylist())


def lost_shares(loss: str) -> tuple[float, float]:
    """Share lost among those observed at day 800, by whether they were operated before it."""
    truth = made(loss=loss, late_entry=False).truth
    end = truth["end_day"].to_numpy()
    operated = truth["therapy_day_natural"].fill_null(10**6).to_numpy() < 400
    there = end > 400
    lost = truth["lost"].to_numpy() & (end <= 1600)
    return lost[there & operated].mean(), lost[there & ~operated].mean()


def test_loss_can_depend_on_the_arm():
    for loss in ("random", "covariates", "arm"):
        treated, others = lost_shares(loss)
        assert min(treated, others) > 0
        if loss == "arm":
            assert treated < 0.6 * others
        else:
            assert treated > 0.7 * others


def test_late_entry_can_be_left_out():
    late, never = made(), made(late_entry=False)
    assert (late.truth["entry_day"].to_numpy() > 0).mean() > 0.05
    assert not never.truth["entry_day"].to_numpy().any()
    assert all(never.truth["entered"].to_pylist())


def test_missing_values():
    """What can be missing is, unless asked otherwise, always with a reason."""
    columns = {"primary_tumour": ("grade", "size_mm", "stage_group"), "patient": ("death_cause",)}
    for name, which in columns.items():
        some, none = table(made(), name), table(made(missing="none"), name)
        for column in which:
            assert some[column].null_count > none[column].null_count
            assert some[column].null_count == PATIENTS - some[f"{column}_reason"].null_count
    rated = [table(made(missing=m), "performance").num_rows for m in ("none", "random")]
    assert rated[1] < rated[0]
    reasons = table(made(missing="none"), "imaging_assessment")["response"].to_pylist()
    assert "NE" not in reasons


def test_missing_not_at_random_depends_on_the_value():
    """Large tumours and poor performance are the ones that are missing."""
    small = {}
    for kind in ("random", "not-at-random"):
        size = table(made(missing=kind), "primary_tumour")["size_mm"].to_numpy(zero_copy_only=False)
        small[kind] = np.nanmean(size)
    assert small["not-at-random"] < small["random"] - 0.5


def test_missing_at_random_differs_between_sites():
    patients = table(made(), "patient")
    grade = table(made(), "primary_tumour")["grade"].is_null().to_numpy()
    sites = np.array(patients["site_id"].to_pylist())
    shares = [grade[sites == s].mean() for s in np.unique(sites) if (sites == s).sum() > 150]
    assert max(shares) > 1.6 * min(shares)


@pytest.mark.parametrize("change", [{"loss": "arm"}, {"missing": "none"}, {"dirty": True}])
def test_options_do_not_change_the_truth(change):
    # Late entry decides who is drawn last.
    plain, other = made(late_entry=False).truth, made(late_entry=False, **change).truth
    for name in plain.column_names:
        if name not in ("end_day", "lost"):
            assert plain[name].equals(other[name]), name


def test_quality_of_life_answers():
    answers = table(made(), "qol_response")
    with_items = {
        "QLQ-C30": {str(k) for k in range(1, 31)},
        "QLQ-BR23": {str(k) for k in range(31, 54)},
    }
    rows = answers.to_pylist()
    for instrument, items in with_items.items():
        assert {r["item"] for r in rows if r["instrument"] == instrument} == items
    assert len({r["item"] for r in rows if r["instrument"] == "FACT-B"}) == 37
    for row in rows:
        low, high = (0, 4) if row["instrument"] == "FACT-B" else (1, 4)
        if row["item"] in ("29", "30"):
            high = 7
        assert (row["value"] is None) == (row["missing_reason"] is not None)
        assert row["value"] is None or low <= row["value"] <= high
    by_visit = {(r["patient_id"], r["date"], r["item"]): r for r in rows}
    asked = [(r, by_visit[r["patient_id"], r["date"], "34"]) for r in rows if r["item"] == "35"]
    assert any(r["missing_reason"] == "not_applicable" for r, _ in asked)
    for row, loss in asked:
        if row["missing_reason"] == "not_applicable" and loss["value"] is not None:
            assert loss["value"] == 1


def test_heterogeneous_effects_have_their_signs():
    truth = made("heterogeneous").truth
    log_hr = truth["log_hr"].to_numpy()
    few = truth["n_lesions"].to_numpy() <= 3
    tnbc = np.array(truth["subtype"].to_pylist()) == "TNBC"
    detected = truth["ctdna_detected"].to_numpy()
    signature = truth["mirna_signature"].to_numpy()
    assert log_hr[few].mean() < log_hr[~few].mean() - 0.3
    assert log_hr[tnbc].mean() > log_hr[~tnbc].mean() + 0.3
    assert log_hr[detected].mean() > log_hr[~detected].mean() + 0.1
    assert np.corrcoef(log_hr, signature)[0, 1] < -0.3
    assert 0.2 < (log_hr < 0).mean() < 0.8


def test_the_unmeasured_confounder_is_in_no_table():
    chunk = made("unmeasured-confounder")
    hidden = chunk.truth.filter(chunk.truth["entered"])["unmeasured"].to_numpy()
    operated = chunk.truth.filter(chunk.truth["entered"])["therapy_day_natural"].is_valid()
    assert hidden[operated.to_numpy()].mean() < hidden.mean() - 0.2
    # Neither as a column nor as a trace in those that are there.
    signs = table(chunk, "patient")["birth_year"].to_numpy()
    assert abs(np.corrcoef(hidden, signs)[0, 1]) < 0.06
    markers = table(chunk, "biomarker")
    baseline = markers.filter(pa.compute.equal(markers["analyte"], "CA15-3"))
    number = [int(i[4:]) - 1 for i in baseline["patient_id"].to_pylist()]
    assert abs(np.corrcoef(hidden[number], baseline["value"].to_numpy())[0, 1]) < 0.08
