"""Holds what was measured of `locoreg select` on synthetic registries to thresholds."""

from __future__ import annotations

import json

import numpy as np

from tests.validation import simulate_selection as simulation

RECORD = json.loads(simulation.RECORD.read_text(encoding="utf-8"))
NULL = RECORD["null"]
# Share of rejections at the level of 5%, and of intervals that hold the truth; beside them three
# Monte Carlo standard errors of the recorded number of replications.
REJECTED, COVERED = (0.03, 0.07), (0.93, 0.97)
MOST_RULES = 0.05


def error(share: float, replications: int) -> float:
    return 3.0 * float(np.sqrt(share * (1.0 - share) / replications))


def test_the_record_is_that_of_the_script():
    assert RECORD["source"]["seed"] == simulation.SEED
    assert NULL["replications"] >= 100


def test_heterogeneity_is_found_as_often_as_stated_where_there_is_none():
    wide = error(0.05, NULL["replications"])
    assert REJECTED[0] - wide <= NULL["rejected"] <= REJECTED[1] + wide


def test_no_rule_is_given_where_treatment_does_nothing():
    assert NULL["rules"] <= MOST_RULES


def test_the_average_effect_is_covered_where_it_is_zero():
    wide = error(0.05, NULL["replications"])
    assert COVERED[0] - wide <= NULL["covered"] <= COVERED[1] + wide


def test_modifiers_are_found_where_some_gain():
    rows = RECORD["heterogeneous"]
    assert sum(row["p"] < 0.05 for row in rows) >= 0.75 * len(rows)
    for row in rows:
        assert {"lesion_class", "subtype_primary"} & set(row["variables"])


def test_the_held_out_value_is_that_which_the_rule_truly_has():
    rows = RECORD["heterogeneous"]
    assert sum(row["covered"] for row in rows) >= 0.75 * len(rows)
    assert np.mean([row["value"] for row in rows]) > 0.0
    off = [(row["value"] - row["true_value"]) / row["se"] for row in rows]
    assert abs(np.mean(off)) < 3.0 / np.sqrt(len(rows))


def test_a_hidden_confounder_of_the_planted_size_explains_the_false_effect():
    for row in RECORD["unmeasured"]:
        found = not row["ci_low"] <= 0.0 <= row["ci_high"]
        assert row["verdict"] == ("explains" if found else "nothing to explain"), row["reading"]
    assert any(row["verdict"] == "explains" for row in RECORD["unmeasured"])
