"""Holds the recorded errors in five published settings to those of the reference software."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.validation import simulate_settings as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
# The mean error over settings, and in each, relative to that of grf.
MEAN, EACH = 1.0, 1.25
# Monte Carlo standard errors of a bias; there are ten comparisons.
ERRORS = 4.0
COVERED = (0.93, 0.97)
SUMMARY = RECORD["summary"]


def name(row):
    return f"{row['measure']}-{row['setting']}"


def test_the_record_is_that_of_the_script():
    assert RECORD["source"]["seed"] == simulation.SEED
    again = simulation.summarise(RECORD["results"])
    for one, other in zip(again, SUMMARY, strict=True):
        assert one == pytest.approx(other, abs=1e-12)
    assert len(SUMMARY) == 10


def test_errors_are_those_of_grf_or_less():
    ratios = [row["rmse_to_grf"] for row in SUMMARY if row["measure"] == "rmst_difference"]
    assert np.exp(np.mean(np.log(ratios))) <= MEAN
    assert max(ratios) <= EACH


@pytest.mark.parametrize("row", SUMMARY, ids=name)
def test_average_effects_are_unbiased_and_covered(row):
    assert abs(row["bias"]) <= ERRORS * row["bias_mcse"]
    error = 3.0 * np.sqrt(0.95 * 0.05 / row["draws"])
    assert COVERED[0] - error <= row["coverage"] <= COVERED[1] + error


def test_the_code_still_gives_the_recorded_numbers():
    found = simulation.once("type1", "survival_difference", 0, learn=True, persons=400)
    first = RECORD["first"]
    assert found["average"] == pytest.approx(first["average"], abs=1e-3)
    assert found["rmse"] == pytest.approx(first["rmse"], abs=1e-3)
