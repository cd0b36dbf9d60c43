"""Effect measures and pools of counts against metafor's numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.stats.effectmeasures.backtransform import (
    harmonic_mean,
    inverse_double_arcsine,
    inverse_logit,
)
from locoreg.stats.effectmeasures.correlations import correlations
from locoreg.stats.effectmeasures.means import two_means
from locoreg.stats.effectmeasures.persontime import two_rates
from locoreg.stats.effectmeasures.proportions import proportions
from locoreg.stats.effectmeasures.result import EffectMeasures, ZeroCells
from locoreg.stats.effectmeasures.twobytwo import two_by_two
from locoreg.stats.mantelhaenszel import mantel_haenszel, mantel_haenszel_rates, peto
from locoreg.stats.randomeffects import random_effects

REFERENCE = Path(__file__).parents[2] / "reference" / "meta"
# Closed forms in double precision.
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
FOUND = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(REFERENCE.glob("dat.*.json"))
}
WITH_COUNTS = [name for name, d in FOUND.items() if d["results"].get("escalc")]


def column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([np.nan if r.get(name) is None else float(r[name]) for r in rows])


def numbers(values: Any) -> np.ndarray:
    return np.array([np.nan if v is None else float(v) for v in values])


def computed(kind: str, measure: str, rows: list[dict[str, Any]], entry: Any) -> EffectMeasures:
    def of(*names: str) -> dict[str, np.ndarray]:
        return {name: column(rows, name) for name in names}

    # The files say add = 0.5 throughout; metafor's own default is 0 for AS, PHI, IRSD, PAS, PFT.
    zeros = ZeroCells(add=None, to=entry.get("to", "only0"), drop00=bool(entry.get("drop00")))
    if kind == "binary_2x2":
        return two_by_two(measure, **of("ai", "bi", "ci", "di"), zeros=zeros)
    if kind == "two_group_person_time":
        return two_rates(measure, **of("x1i", "t1i", "x2i", "t2i"), zeros=zeros)
    if kind == "single_group_proportion":
        return proportions(measure, **of("xi", "ni"), zeros=zeros)
    if kind == "two_group_means":
        return two_means(measure, **of("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"))
    assert kind == "correlation"
    return correlations(measure, **of("ri", "ni"))


@pytest.mark.parametrize("name", WITH_COUNTS)
def test_every_measure_of_every_dataset_equals_escalc(name: str) -> None:
    data = FOUND[name]
    checked = 0
    for key, entry in data["results"]["escalc"].items():
        if "error" in entry:
            continue
        measure = key.split("_")[0]
        ours = computed(data["input"]["type"], measure, data["input"]["rows"], entry)
        for ours_values, theirs in ((ours.yi, entry["yi"]), (ours.vi, entry["vi"])):
            np.testing.assert_allclose(ours_values, numbers(theirs), err_msg=key, **TIGHT)
            checked += 1
    assert checked


POOLS = [name for name, d in FOUND.items() if d["results"].get("mantel_haenszel")]


@pytest.mark.parametrize("name", POOLS)
def test_mantel_haenszel_equals_metafor(name: str) -> None:
    data = FOUND[name]
    rows = data["input"]["rows"]
    zeros = ZeroCells(add=0.5, to="only0", drop00=True)
    for entry in data["results"]["mantel_haenszel"]:
        common = {"level": 95.0, "continuity": entry.get("correct", True), "zeros": zeros}
        if data["input"]["type"] == "binary_2x2":
            cells = {name: column(rows, name) for name in ("ai", "bi", "ci", "di")}
            ours = mantel_haenszel(entry["measure"], **cells, **common)
        else:
            rates = {name: column(rows, name) for name in ("x1i", "t1i", "x2i", "t2i")}
            ours = mantel_haenszel_rates(entry["measure"], **rates, **common)
        _same_pool(ours, entry)
        assert ours.k == entry["k"]


@pytest.mark.parametrize("name", [n for n in POOLS if FOUND[n]["results"].get("peto")])
def test_peto_equals_metafor(name: str) -> None:
    rows = FOUND[name]["input"]["rows"]
    cells = {name: column(rows, name) for name in ("ai", "bi", "ci", "di")}
    _same_pool(peto(**cells, level=95.0), FOUND[name]["results"]["peto"])


FIELDS = {
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
    "CMH": "test",
    "CMH_p": "test_p",
    "tarone": "tarone",
    "tarone_p": "tarone_p",
}


def _same_pool(ours: Any, entry: dict[str, Any]) -> None:
    for key, field in FIELDS.items():
        if key in entry:
            theirs = np.nan if entry[key] is None else float(entry[key])
            np.testing.assert_allclose(getattr(ours, field), theirs, err_msg=key, **TIGHT)


PROPORTION_SETS = [n for n, d in FOUND.items() if d["results"].get("back_transformed")]


@pytest.mark.parametrize("name", PROPORTION_SETS)
def test_back_transformed_pools_equal_metafor(name: str) -> None:
    rows = FOUND[name]["input"]["rows"]
    given = {"xi": column(rows, "xi"), "ni": column(rows, "ni")}
    zeros = ZeroCells(add=None, to="only0", drop00=False)
    for entry in FOUND[name]["results"]["back_transformed"]:
        found = proportions(entry["measure"], **given, zeros=zeros)
        fit = random_effects(
            found.yi,
            found.vi,
            method={"FE": "CE"}.get(entry["method"], entry["method"]),
            interval="normal",
            level=95.0,
            prediction="metafor",
        )
        pooled = np.array([fit.mu, fit.ci_low, fit.ci_high])
        if entry["measure"] == "PFT":
            size = harmonic_mean(given["ni"])
            np.testing.assert_allclose(size, entry["harmonic_mean_n"], **TIGHT)
            ours = inverse_double_arcsine(pooled, size)
        else:
            ours = inverse_logit(pooled)
        # REML is iterated: 1e-8.
        theirs = numbers([entry["pooled"], entry["ci_lb"], entry["ci_ub"]])
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)
