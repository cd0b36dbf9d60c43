"""Holds the recorded simulation of a changing confounder and of operative deaths to the truth."""

from __future__ import annotations

import json

import pytest

from tests.validation import simulate_emulation_designs as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
ROWS = RECORD["results"]
LARGE = [row for row in ROWS if row["persons"] >= 20_000]
# Monte Carlo standard errors; there are dozens of comparisons, many of them of the same persons.
ERRORS = 4.0


def name(row):
    return "-".join(
        str(row[key]) for key in ("design", "effect", "persons", "value", "month")
    ).replace(" ", "_")


def test_the_record_is_that_of_the_script():
    assert RECORD["source"]["seed"] == simulation.SEED
    assert RECORD["design"]["sizes"] == {str(n): r for n, r in simulation.SIZES.items()}
    cells = len(simulation.DESIGNS) * len(simulation.EFFECTS) * len(simulation.SIZES)
    assert len(ROWS) == cells * len(simulation.MONTHS) * 3
    for row in ROWS:
        truth = simulation.true_values(row["design"], row["effect"])
        value = ("never", "treated", "difference").index(row["value"])
        month = simulation.MONTHS.index(row["month"])
        assert row["truth"] == pytest.approx(truth[month, value], abs=1e-12)


@pytest.mark.parametrize("row", LARGE, ids=name)
def test_large_cohorts_are_centred_on_the_truth(row):
    assert abs(row["bias"]) <= ERRORS * row["bias_mcse"]


def test_the_code_still_gives_the_recorded_numbers():
    for design, expected in zip(simulation.DESIGNS, RECORD["first"], strict=True):
        found = simulation.measure(design, "log 0.6", *simulation.FIRST)
        for one, other in zip(found, expected, strict=True):
            assert one["bias"] == pytest.approx(other["bias"], abs=1e-9)
