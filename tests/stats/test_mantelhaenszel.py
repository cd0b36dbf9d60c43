"""Mantel-Haenszel and Peto pools: metafor's numbers, by hand, and the extremes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.stats.countpool import CountPool
from locoreg.stats.effectmeasures.result import ZeroCells
from locoreg.stats.mantelhaenszel import mantel_haenszel, mantel_haenszel_rates, peto

FILE = Path(__file__).parents[1] / "reference" / "effectmeasures" / "measures.json"
ENTRIES = json.loads(FILE.read_text(encoding="utf-8"))["entries"]
ZEROS = ZeroCells(add=0.5, to="only0", drop00=True)
FIELDS = {
    "k": "k",
    "b": "mu",
    "se": "se",
    "stat": "statistic",
    "pval": "p_value",
    "ci_lb": "ci_low",
    "ci_ub": "ci_high",
    "Q": "q",
    "Q_p": "q_p",
    "I2": "i2",
    "H2": "h2",
    "test": "test",
    "test_p": "test_p",
    "breslow_day": "breslow_day",
    "tarone": "tarone",
    "tarone_p": "tarone_p",
}


def of(entry: dict[str, Any], *names: str) -> dict[str, np.ndarray]:
    return {
        name: np.array([np.nan if v is None else float(v) for v in entry[name]]) for name in names
    }


def pooled(e: dict[str, Any]) -> CountPool:
    if e["kind"] == "Peto":
        return peto(**of(e, "ai", "bi", "ci", "di"), level=95)
    asked: dict[str, Any] = {"level": 95.0, "continuity": e["correct"], "zeros": ZEROS}
    if e["kind"] == "Mantel-Haenszel":
        return mantel_haenszel(e["measure"], **of(e, "ai", "bi", "ci", "di"), **asked)
    return mantel_haenszel_rates(e["measure"], **of(e, "x1i", "t1i", "x2i", "t2i"), **asked)


POOLS = [e for e in ENTRIES if e["kind"] in ("Mantel-Haenszel", "Mantel-Haenszel rates", "Peto")]


@pytest.mark.parametrize(
    "entry", POOLS, ids=[f"{e['kind']}-{e.get('table', '')}-{e['measure']}" for e in POOLS]
)
def test_pools_of_awkward_counts_equal_metafor(entry: dict[str, Any]) -> None:
    ours = pooled(entry)
    for theirs, field in FIELDS.items():
        value = np.nan if entry[theirs] is None else float(entry[theirs])
        # A statistic of one table is zero up to rounding.
        np.testing.assert_allclose(
            getattr(ours, field), value, rtol=1e-9, atol=1e-12, err_msg=theirs
        )


def test_one_table_gives_its_own_odds_ratio() -> None:
    found = mantel_haenszel(
        "OR", ai=[10], bi=[20], ci=[5], di=[40], level=95, continuity=False, zeros=ZEROS
    )
    assert found.mu == pytest.approx(math.log(4.0), rel=1e-14)
    # Robins, Breslow and Greenland's variance is Woolf's for one table.
    assert found.se**2 == pytest.approx(1 / 10 + 1 / 20 + 1 / 5 + 1 / 40, rel=1e-12)


def test_cochran_mantel_haenszel_of_one_table_by_hand() -> None:
    found = mantel_haenszel(
        "OR", ai=[10], bi=[20], ci=[5], di=[40], level=95, continuity=True, zeros=ZEROS
    )
    expected, variance = 30 * 15 / 75, 30 * 45 * 15 * 60 / (75**2 * 74)
    assert found.test == pytest.approx((abs(10 - expected) - 0.5) ** 2 / variance, rel=1e-12)


def test_double_zero_and_missing_studies_are_counted_and_change_nothing() -> None:
    plain: dict[str, Any] = {"level": 95, "continuity": True, "zeros": ZEROS}
    whole = mantel_haenszel("RR", ai=[4, 6], bi=[9, 8], ci=[8, 9], di=[6, 6], **plain)
    more = mantel_haenszel(
        "RR",
        ai=[4, 6, 0, np.nan],
        bi=[9, 8, 9, 3],
        ci=[8, 9, 0, 3],
        di=[6, 6, 9, 3],
        **plain,
    )
    assert (more.mu, more.se) == (whole.mu, whole.se)
    assert (more.k, more.k_double_zero, more.k_missing, more.k_effects) == (3, 1, 1, 2)


def test_no_events_in_one_group_give_no_ratio_but_a_difference() -> None:
    cells = {"ai": [0, 0], "bi": [9, 8], "ci": [8, 9], "di": [6, 6]}
    plain: dict[str, Any] = {"level": 95, "continuity": True, "zeros": ZEROS}
    ratio = mantel_haenszel("OR", **cells, **plain)
    assert math.isnan(ratio.mu)
    assert math.isnan(ratio.ci_low)
    assert mantel_haenszel("RD", **cells, **plain).mu < 0
    assert peto(**cells, level=95).mu < 0


def test_no_events_at_all_give_nothing() -> None:
    cells = {"ai": [0, 0], "bi": [9, 8], "ci": [0, 0], "di": [6, 6]}
    for measure in ("OR", "RR", "RD"):
        found = mantel_haenszel(measure, **cells, level=95, continuity=True, zeros=ZEROS)
        assert math.isnan(found.ci_low)
    assert math.isnan(peto(**cells, level=95).mu)


def test_no_complete_study_is_refused() -> None:
    with pytest.raises(DataError, match="no study has all its counts"):
        peto(ai=[np.nan], bi=[1], ci=[1], di=[1], level=95)


def test_the_published_pool_of_bcg_trials_by_peto_is_a_ratio_of_sums() -> None:
    a, b, c, d = ([4.0, 6.0], [119.0, 300.0], [11.0, 29.0], [128.0, 274.0])
    o_minus_e, v = 0.0, 0.0
    for ai, bi, ci, di in zip(a, b, c, d, strict=True):
        n1, n2, m = ai + bi, ci + di, ai + ci
        n = n1 + n2
        o_minus_e += ai - n1 * m / n
        v += n1 * n2 * m * (n - m) / (n**2 * (n - 1))
    found = peto(ai=a, bi=b, ci=c, di=d, level=95)
    assert found.mu == pytest.approx(o_minus_e / v, rel=1e-12)
    assert found.se == pytest.approx(v**-0.5, rel=1e-12)
