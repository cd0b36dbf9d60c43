"""Standardised mean differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.cohort import Column
from locoreg.emulation.diagnostics import balance_rows, largest_smd
from locoreg.stats.matching.balance import balance_table

# Sums in another order.
REORDERED = 1e-12

TREATED = np.array([True, True, True, True, False, False, False, False])


def number(values, name="age"):
    return Column(name=name, kind="number", values=np.asarray(values, dtype=float))


def category(codes, levels, name="stage"):
    return Column(
        name=name, kind="category", values=np.asarray(codes, dtype=float), levels=tuple(levels)
    )


def test_number_by_hand():
    # Treated 1 2 3 4: mean 2.5, variance 5/3; others 3 5 7 9: mean 6, variance 20/3.
    column = number([1, 2, 3, 4, 3, 5, 7, 9])
    weight = np.array([1, 1, 1, 3, 3, 1, 0, 0], dtype=float)
    (row,) = balance_rows([column], TREATED, weight, 2.0)
    unit = math.sqrt((5 / 3 + 20 / 3) / 2)
    assert row.before == pytest.approx(-3.5 / unit, abs=REORDERED)
    # Weighted means 3 and 3.5; the unit stays that of the unweighted rows.
    assert (row.mean_treated, row.mean_comparator) == (3.0, 3.5)
    assert row.after == pytest.approx(-0.5 / unit, abs=REORDERED)
    assert (row.raw_treated, row.raw_comparator, row.at_months) == (2.5, 6.0, 2.0)


def test_spread_of_the_treated():
    column = number([1, 2, 3, 4, 3, 5, 7, 9])
    (row,) = balance_rows([column], TREATED, np.ones(8), 0.0, spread="treated")
    assert row.before == pytest.approx(-3.5 / math.sqrt(5 / 3), abs=REORDERED)


def test_levels_by_hand():
    column = category([0, 1, 2, 2, 0, 0, 1, 2], ["I", "II", "III"])
    rows = balance_rows([column], TREATED, np.ones(8), 0.0)
    assert [row.level for row in rows] == ["I", "II", "III"]
    # Level III: 1/2 and 1/4, variances 1/4 and 3/16.
    assert rows[2].before == pytest.approx(0.25 / math.sqrt((1 / 4 + 3 / 16) / 2), abs=REORDERED)


def test_two_levels_give_one_row():
    rows = balance_rows([category([0, 1] * 4, ["no", "yes"])], TREATED, np.ones(8), 0.0)
    assert [row.level for row in rows] == ["yes"]


def test_unknown_values_are_a_level_and_no_number():
    nan = math.nan
    columns = [number([1, nan, 3, 4, 3, 5, 7, 9]), category([0, 1, nan, 1, 0, 1, nan, nan], "ab")]
    rows = {(r.variable, r.level): r for r in balance_rows(columns, TREATED, np.ones(8), 0.0)}
    assert set(rows) == {("age", ""), ("age", "unknown"), ("stage", "b"), ("stage", "unknown")}
    assert rows["age", ""].raw_treated == pytest.approx(8 / 3)
    assert rows["age", "unknown"].raw_treated == 0.25
    # Shares of levels are shares of all persons of the arm.
    assert rows["stage", "b"].raw_treated == 0.5
    assert rows["stage", "unknown"].raw_comparator == 0.5


def test_agrees_with_the_balance_of_matching():
    rng = np.random.default_rng(3)
    n = 200
    x, b = rng.normal(size=n), (rng.random(n) < 0.4).astype(float)
    treated = rng.random(n) < 1 / (1 + np.exp(-0.8 * x - b))
    found = balance_table({"x": x, "b": b}, treated, treated, weights := rng.exponential(size=n))
    columns = [number(x, "x"), category(b, ["0", "1"], "b")]
    rows = balance_rows(columns, treated, weights, 0.0, spread="treated")
    smd = dict(zip(found.names, found.smd, strict=True))
    matched = dict(zip(found.names, found.matched_smd, strict=True))
    for row in rows:
        assert row.before == pytest.approx(smd[row.variable], abs=1e-9)
        assert row.after == pytest.approx(matched[row.variable], abs=1e-9)


def test_no_spread():
    same, apart = number([2.0] * 8, "same"), number([1.0] * 4 + [2.0] * 4, "apart")
    rows = balance_rows([same, apart], TREATED, np.ones(8), 0.0)
    assert rows[0].before == 0.0
    assert rows[1].before == -math.inf
    assert largest_smd(rows).verdict == "fail"


def test_an_empty_arm_is_no_pass():
    rows = balance_rows([number(range(8))], np.zeros(8, dtype=bool), np.ones(8), 0.0)
    found = largest_smd(rows)
    assert math.isnan(rows[0].after)
    assert (found.verdict, found.value is None or math.isnan(found.value)) == ("fail", True)


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.09, "pass"), (0.11, "warn"), (0.24, "warn"), (0.26, "fail")]
)
def test_verdicts(shift, verdict):
    base = np.array([-1.0, -1.0, 1.0, 1.0])
    sd = math.sqrt(4 / 3)
    column = number(np.concatenate([base + shift * sd, base]))
    found = largest_smd(balance_rows([column], TREATED, np.ones(8), 0.0))
    assert (found.verdict, found.value) == (verdict, pytest.approx(shift))
    assert bool(found.advice) == (verdict != "pass")


def test_before_weights_is_only_noted():
    rows = balance_rows([number(range(8))], TREATED, np.ones(8), 0.0)
    found = largest_smd(rows, weighted=False)
    assert (found.name, found.verdict, found.threshold) == ("raw_balance", "note", None)


def test_no_variables():
    assert largest_smd(()).verdict == "note"


def test_bad_weights():
    with pytest.raises(DataError, match="not negative"):
        balance_rows([number(range(8))], TREATED, np.full(8, -1.0), 0.0)
    with pytest.raises(DataError, match="age"):
        balance_rows([number(range(7))], TREATED, np.ones(8), 0.0)
