"""Holds the recorded pattern of analyses of surgery that does nothing to its thresholds."""

from __future__ import annotations

import json

import pytest

from tests.validation import simulate_duchesneau as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
ROWS = {(row["analysis"], row["measure"]): row for row in RECORD["results"]}
MEASURES = tuple(simulation.MEASURES.values())
# Monte Carlo standard errors.
ERRORS = 4.0
CENTRED = (
    "time-dependent Cox, all",
    "landmark 6",
    "landmark 12",
    "clone-censor-weight 6, deadline",
    "clone-censor-weight 12, deadline",
)


def test_the_record_is_that_of_the_script():
    source, design = RECORD["source"], RECORD["design"]
    assert source["seed"] == simulation.SEED
    assert design["replications"] == simulation.REPLICATIONS >= 40
    assert design["registry_patients"] == simulation.PATIENTS
    assert len(ROWS) == len(simulation.ANALYSES) * len(MEASURES)
    assert 2_000 <= design["mean"]["patients"] <= 3_000


@pytest.mark.parametrize("measure", MEASURES)
def test_ever_against_never_misses(measure):
    row = ROWS["ever against never", measure]
    assert row["coverage"] <= 0.05
    # Surgery seems to help.
    assert row["bias"] * (-1 if measure == "log hazard ratio" else 1) > 0


def test_leaving_immortal_time_out_removes_part_of_the_bias():
    excluded = ROWS["immortal time excluded", "log hazard ratio"]
    counted = ROWS["ever against never", "log hazard ratio"]
    assert counted["bias"] < excluded["bias"] < -ERRORS * excluded["bias_mcse"]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("analysis", CENTRED, ids=lambda name: name.replace(" ", "_"))
def test_analyses_that_keep_time_in_order_are_centred(analysis, measure):
    row = ROWS[analysis, measure]
    assert abs(row["bias"]) <= ERRORS * row["bias_mcse"]


def test_a_state_that_changes_must_be_adjusted_for():
    row = ROWS["time-dependent Cox, time zero", "log hazard ratio"]
    assert row["bias"] < -ERRORS * row["bias_mcse"]


def test_the_code_still_gives_the_recorded_numbers():
    found, _ = simulation.measure(RECORD["first"]["replications"])
    for one, other in zip(found, RECORD["first"]["results"], strict=True):
        assert one["bias"] == pytest.approx(other["bias"], abs=1e-7)
        assert one["mean_se"] == pytest.approx(other["mean_se"], abs=1e-7)
