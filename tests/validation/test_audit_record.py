"""Hold the recorded rates of the audit to thresholds, and measure a small sample again.

``audit.json`` is written by ``simulate_audit.py``. The thresholds are not pins
of its digits: each says what the audit is for.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RECORD: dict[str, Any] = json.loads((HERE / "audit.json").read_text(encoding="utf-8"))

# An error that can be seen must be found: nine of ten, whatever its kind.
FOUND = 0.9
# The cell named must be the one that was changed: a total and its two arms can't
# always tell which of the three is wrong.
PLACED = 0.85
# Some errors can't be missed, because they break an identity of whole numbers.
CERTAIN = ("swapped digits: n", "events above n", "duplicated row")
# The share of all injected errors that must be found, also where none can be
# seen in principle: a hazard ratio near 1, a p-value that hardly moves.
OVERALL = {
    "reversed effect": 0.6,
    "wrong interval level": 0.75,
    "swapped digits: estimate": 0.95,
    "swapped digits: lower limit": 0.92,
    "swapped digits: upper limit": 0.82,
    "swapped digits: p": 0.6,
    "swapped digits: median": 0.3,
    # Of more than a thousand patients some whole number gives any percentage.
    "swapped digits: percent": 0.5,
    "arms exchanged: medians": 0.55,
    "arms exchanged: survival": 0.55,
    "arms exchanged: events": 0.5,
    "SE for variance or reverse": 0.75,
    "subgroup for total": 0.95,
    "years for months": 0.85,
    "wrong level, zeros lost": 0.7,
    "reversed effect, large trials": 0.85,
    "reversed effect, zeros lost": 0.6,
}


def simulation() -> Any:
    spec = importlib.util.spec_from_file_location("simulate_audit", HERE / "simulate_audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_record_is_complete() -> None:
    module = simulation()
    assert set(RECORD["injected"]) == set(module.INJECTIONS)
    assert RECORD["source"]["seed"] == module.SEED
    assert RECORD["clean"]["studies"] == module.CLEAN_STUDIES >= 1000
    assert set(OVERALL) | set(CERTAIN) == set(module.INJECTIONS)


@pytest.mark.parametrize("tables", ["clean", "clean, zeros lost"])
def test_clean_tables_stay_quiet(tables: str) -> None:
    # A false alarm costs an author's trust: fewer than 1 study in 100 may have
    # a grave one, fewer than 5 in 100 a minor one.
    share = RECORD[tables]["share"]
    assert share["serious or blocking"] < 0.01
    assert share["minor"] < 0.05


@pytest.mark.parametrize("name", sorted(RECORD["injected"]))
def test_visible_errors_are_found(name: str) -> None:
    rates = RECORD["injected"][name]
    assert rates["detectable"] >= 40
    assert rates["found_of_detectable"] >= (1.0 if name in CERTAIN else FOUND)
    # The finding must stand at the right row and column, or a reader can't act on it.
    assert rates["right_row_and_column"] >= PLACED


@pytest.mark.parametrize("name", sorted(OVERALL))
def test_errors_are_found_overall(name: str) -> None:
    assert RECORD["injected"][name]["found"] >= OVERALL[name]


def test_a_small_sample_agrees_with_the_record() -> None:
    result = simulation().measure(60, 40, seed=7)
    # Among 60 clean studies two grave ones would be far from the record.
    assert result["clean"]["share"]["serious or blocking"] <= 2 / 60
    for name in CERTAIN:
        assert result["injected"][name]["found"] == 1.0
    rates = [r["found_of_detectable"] for r in result["injected"].values() if r["detectable"]]
    assert sum(rates) / len(rates) > FOUND
