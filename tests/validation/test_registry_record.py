"""Holds the recorded analyses of synthetic registries to what the scenarios promise."""

from __future__ import annotations

import json

import pytest

from tests.validation import simulate_registry as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
ROWS = {
    (r["scenario"], r["population"], r["analysis"], r["estimand"]): r for r in RECORD["results"]
}
HR = "log hazard ratio"
NULLS = ("null", "unmeasured-confounder")
# Four Monte Carlo standard errors.
ERRORS = 4
POPULATIONS = simulation.POPULATIONS


def within_error(row: dict[str, float]) -> bool:
    return abs(row["bias"]) <= ERRORS * row["bias_mcse"]


def test_the_record_is_that_of_the_script():
    source, design = RECORD["source"], RECORD["design"]
    assert source["seed"] == simulation.SEED
    assert source["replications"] == simulation.REPLICATIONS >= 8
    assert design["patients"] == simulation.PATIENTS
    assert design["graces"] == [*simulation.GRACES]
    assert design["horizon_months"] == simulation.HORIZON
    assert design["scenarios"] == [*simulation.SCENARIO_NAMES]
    assert design["populations"] == [*POPULATIONS]
    assert design["options"] == simulation.OPTIONS.to_dict()


def test_the_code_still_gives_the_recorded_numbers():
    row = next(r for r in RECORD["first"]["results"] if r["analysis"] == "ever against never")
    found = []
    for replicate in range(RECORD["first"]["replications"]):
        s = simulation.draw("null", simulation.SEED + replicate, row["population"])
        found.append(simulation.ever_never(s))
    assert sum(found) / len(found) == pytest.approx(row["mean"], abs=1e-6)


@pytest.mark.parametrize("population", POPULATIONS)
def test_ever_against_never_is_badly_biased(population):
    """Hazard ratios of 0.5 to 0.6 where nothing is true."""
    row = ROWS["null", population, "ever against never", HR]
    assert row["truth"] == 0
    assert -0.75 < row["mean"] < -0.45
    assert row["bias"] < -20 * row["bias_mcse"]
    # Adjustment for everything at time zero leaves immortal time.
    adjusted = ROWS["null", population, "ever against never, adjusted", HR]
    assert row["bias"] < adjusted["bias"] < -8 * adjusted["bias_mcse"]


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("scenario", ["null", "constant"])
def test_true_confounders_and_time_varying_therapy_recover_the_truth(scenario, population):
    assert within_error(ROWS[scenario, population, "time-dependent, all measured", HR])
    # Without the state over time some confounding is left.
    without = ROWS[scenario, population, "time-dependent, at time zero", HR]
    assert without["bias"] < ROWS[scenario, population, "time-dependent, all measured", HR]["bias"]


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("scenario", ["null", "constant", "heterogeneous"])
@pytest.mark.parametrize("grace", simulation.GRACES)
@pytest.mark.parametrize("measure", ["survival", "rmst"])
def test_clone_censor_weight_recovers_the_truth(scenario, population, grace, measure):
    row = ROWS[scenario, population, f"clone-censor-weight, grace {grace}", f"{measure} difference"]
    assert within_error(row)


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_confounder_in_no_table_leaves_bias(population):
    scenario = "unmeasured-confounder"
    row = ROWS[scenario, population, "time-dependent, all measured", HR]
    assert row["bias"] < -10 * row["bias_mcse"]
    assert row["bias"] < -0.2
    known = ROWS[scenario, population, "time-dependent, with the unmeasured", HR]
    assert within_error(known)
    for grace in simulation.GRACES:
        name = f"clone-censor-weight, grace {grace}"
        assert within_error(
            ROWS[scenario, population, f"{name}, with the unmeasured", "rmst difference"]
        )
    assert ROWS[scenario, population, "clone-censor-weight, grace 6", "rmst difference"]["bias"] > 0
