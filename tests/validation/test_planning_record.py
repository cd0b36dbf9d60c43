"""Holds the simulated trials to the formulas: power within one point of each."""

from __future__ import annotations

import json

import pytest

from tests.validation import simulate_planning as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
ROWS = {row["design"]: row for row in RECORD["results"]}
POINT = 0.01
# Four Monte Carlo standard errors.
ERRORS = 4


def test_the_record_is_that_of_the_script() -> None:
    assert RECORD["source"]["seed"] == simulation.SEED
    assert RECORD["source"]["replications"] == simulation.REPLICATIONS >= 10_000
    assert list(ROWS) == list(simulation.DESIGNS)


@pytest.mark.parametrize("name", simulation.DESIGNS)
def test_simulated_power_is_within_a_point_of_the_formula(name):
    row = ROWS[name]
    assert row["replications"] == simulation.REPLICATIONS
    assert abs(row["power"] - row["power_formula"]) < POINT
    assert abs(row["events"] / row["events_formula"] - 1) < 0.005
    assert row["undefined"] == 0


def test_schoenfeld_is_off_where_the_arms_are_unequal() -> None:
    """Which is why the drift is the formula for a number of patients."""
    off = [
        ROWS[f"log-rank, {share} treated"]["power_schoenfeld"]
        - ROWS[f"log-rank, {share} treated"]["power"]
        for share in ("two thirds", "one third")
    ]
    assert off[0] < -0.02
    assert off[1] > 0.02
    equal = ROWS["log-rank"]
    assert abs(equal["power_schoenfeld"] - equal["power"]) < POINT


def test_without_an_effect_the_level_is_kept_on_both_sides() -> None:
    row = ROWS["log-rank, no effect"]
    for name in ("power", "harm"):
        assert abs(row[name] - 0.025) < ERRORS * row[f"{name}_se"]


def test_a_row_is_made_again() -> None:
    """The first 300 trials of a row: the script still makes what the record says, roughly."""
    found = simulation.measure("log-rank", 300)
    row = ROWS["log-rank"]
    assert found["patients"] == row["patients"]
    assert abs(found["power"] - row["power"]) < ERRORS * found["power_se"]
