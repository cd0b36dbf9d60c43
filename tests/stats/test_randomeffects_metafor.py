"""The kernel against metafor, over every pinned fit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from locoreg.stats import randomeffects as kernel
from locoreg.stats import tau2 as estimators
from tests.stats.metafor_cases import (
    CLOSED,
    DELETION,
    INTERVALS,
    ITERATED,
    ITERATIVE,
    METHODS,
    PERCENT,
    analyses,
    check,
    datasets,
    fits,
    number,
)

FITS = fits()
# Analyses with every estimator (one per dataset, nine edge cases), and those of further measures.
WHOLE, PARTS = 19, 15
OURS = {
    "mu": "b",
    "se": "se",
    "statistic": "stat",
    "df": "df",
    "p_value": "pval",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "tau2": "tau2",
    "se_tau2": "se_tau2",
    "h2": "H2",
    "q": "Q",
    "q_df": "Q_df",
    "q_p": "Q_p",
}


def pool(yi, vi, fit, prediction="riley"):
    return kernel.random_effects(
        yi,
        vi,
        method=METHODS[fit["method"]],
        interval=INTERVALS[fit["test"]],
        level=95,
        prediction=prediction,
        weights=1.0 / np.sqrt(vi) if fit["method"] == "GENQ" else None,
    )


PINNED = {
    "dat.bcg",
    "dat.berkey1998_PD_first2",
    "dat.berkey1998_PD_first3",
    "dat.collins1985b",
    "dat.hart1999",
    "dat.konstantopoulos2011",
    "dat.normand1999",
    "dat.pritz1997",
    "dat.raudenbush1985",
    "dat.riley2003_OS",
    "edge_cases",
}


def test_the_pinned_set_is_complete():
    assert set(datasets()) >= PINNED
    per_fit = Counter((fit["method"], fit["test"]) for *_, fit in FITS)
    always = [(m, t) for m in ("FE", "DL", "REML") for t in ("z", "knha")]
    primary = [(m, t) for m in METHODS for t in ("z", "knha") if (m, t) not in always]
    primary += [(m, "adhoc") for m in ("DL", "REML", "PM", "SJ", "ML")]
    primary += [(m, "t") for m in ("FE", "DL", "REML")]
    assert set(per_fit) == {*primary, *always}
    assert all(per_fit[pair] >= WHOLE for pair in primary)
    assert all(per_fit[pair] >= WHOLE + PARTS for pair in always)
    assert not [label for label, *_, fit in FITS if "error" in fit]


def test_every_estimator_and_interval_has_pinned_numbers():
    pinned = {fit["method"] for _, a in analyses() for fit in a["models"]}
    assert pinned == set(METHODS)
    assert set(METHODS.values()) == set(estimators.METHODS)
    assert set(INTERVALS.values()) == set(kernel.INTERVALS)


BY_ANALYSIS = {
    label: [(name, yi, vi, fit) for name, yi, vi, fit in FITS if name.rsplit(":", 2)[0] == label]
    for label, _ in analyses()
}


@pytest.mark.parametrize("label", BY_ANALYSIS)
def test_agrees_with_metafor(label):
    assert BY_ANALYSIS[label]
    for name, yi, vi, fit in BY_ANALYSIS[label]:
        ours = pool(yi, vi, fit)
        tolerance = ITERATIVE if fit["method"] in ITERATED else CLOSED
        for field, theirs in OURS.items():
            check(f"{name} {field}", getattr(ours, field), fit[theirs], tolerance)
        check(f"{name} i2", ours.i2, fit["I2"], PERCENT if fit["method"] in ITERATED else CLOSED)
        if "loglik" in fit:
            check(f"{name} loglik", ours.loglik, fit["loglik"], tolerance)
        assert ours.k == fit["k"]
        assert ours.single_study == (fit["k"] == 1)


@pytest.mark.parametrize("label", BY_ANALYSIS)
def test_prediction_intervals_agree_with_metafor(label):
    for name, yi, vi, fit in BY_ANALYSIS[label]:
        tolerance = ITERATIVE if fit["method"] in ITERATED else CLOSED
        for prediction, stem in (("riley", "pi_riley"), ("metafor", "pi")):
            ours = pool(yi, vi, fit, prediction)
            if fit["k"] < 3 or "pi_lb" not in fit:
                assert np.isnan([ours.pi_low, ours.pi_high]).all()
                continue
            check(f"{name} {stem}", ours.pi_low, fit[f"{stem}_lb"], tolerance)
            check(f"{name} {stem}", ours.pi_high, fit[f"{stem}_ub"], tolerance)


DIAGNOSED = [
    (f"{label}:{key}", number(a["yi"]), number(a["vi"]), *key.split("_"), block)
    for label, a in analyses()
    for key, block in a.get("diagnostics", {}).items()
]


@pytest.mark.parametrize(
    ("label", "yi", "vi", "method", "test", "block"), DIAGNOSED, ids=[d[0] for d in DIAGNOSED]
)
def test_deletions_and_accumulations_agree_with_metafor(label, yi, vi, method, test, block):
    options = {
        "method": METHODS[method],
        "interval": INTERVALS[test],
        "level": 95,
        "prediction": "riley",
    }
    order = np.array(block["cumul"]["order"])
    pairs = (
        (kernel.leave_one_out(yi, vi, **options), block["leave1out"]),
        (kernel.cumulative(yi, vi, order=order, **options), block["cumul"]),
    )
    names = {key: name for key, name in OURS.items() if key not in ("df", "se_tau2", "q_df")}
    for ours, theirs in pairs:
        for field, name in names.items():
            check(field, getattr(ours, field), theirs[name], DELETION)
        check("i2", ours.i2, theirs["I2"], PERCENT)


def test_all_datasets_have_diagnostics():
    assert len(DIAGNOSED) >= 40
