"""Deletion diagnostics: against metafor's own numbers, and against pools made anew."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.stats.metainfluence import meta_influence, shrunken_effects
from locoreg.stats.randomeffects import random_effects
from tests.stats.metafor_cases import CLOSED, ITERATIVE, METHODS, analyses, check, number

# Trials of BCG against tuberculosis: cases and others, vaccinated and not (metadat, dat.bcg).
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
        (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
        (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197),
        (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip
Y = np.array([0.1, -0.4, 0.3, -0.9, 0.05])
V = np.array([0.04, 0.02, 0.09, 0.03, 0.06])


def log_risk_ratios() -> tuple[np.ndarray, np.ndarray]:
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_first_bcg_trial_as_metafor_has_it() -> None:
    found = meta_influence(*log_risk_ratios(), method="REML")
    # From the tests of metafor (test_misc_influence.r); it iterates to 1e-5 of tau2.
    for value, published in (
        (found.residual, -0.218142474344442),
        (found.dffits, -0.0407075604868486),
        (found.cook, 0.00171654236729195),
        (found.cov_ratio, 1.11644891104804),
        (found.tau2_deleted, 0.336156745300306),
        (found.hat, 0.0505948307931551),
        (found.dfbetas, -0.0402659025974144),
    ):
        assert value[0] == pytest.approx(published, rel=1e-4)
    assert found.tau2 == pytest.approx(0.313243325980895, rel=1e-4)


@pytest.mark.parametrize("method", ["CE", "DL", "REML", "PM"])
def test_each_number_from_pools_made_anew(method) -> None:
    found = meta_influence(Y, V, method=method)
    whole = random_effects(Y, V, method=method, interval="normal", level=95.0, prediction="riley")
    for i in range(Y.size):
        kept = np.arange(Y.size) != i
        part = random_effects(
            Y[kept], V[kept], method=method, interval="normal", level=95.0, prediction="riley"
        )
        mu, se, tau2 = float(part.mu), float(part.se), float(part.tau2)
        assert found.mu_deleted[i] == pytest.approx(mu, rel=1e-9)
        assert found.residual[i] == pytest.approx(
            (Y[i] - mu) / math.sqrt(V[i] + tau2 + se**2), rel=1e-9
        )
        change = float(whole.mu) - mu
        assert found.cook[i] == pytest.approx((change / float(whole.se)) ** 2, rel=1e-9)
        assert found.cov_ratio[i] == pytest.approx((se / float(whole.se)) ** 2, rel=1e-9)
        spread = math.sqrt(1 / sum(1 / (v + tau2) for v in V))
        assert found.dfbetas[i] == pytest.approx(change / spread, rel=1e-9)
    assert found.hat.sum() == pytest.approx(1.0, rel=1e-12)


def test_a_far_study_stands_out_and_an_equal_one_does_not() -> None:
    far = meta_influence([0.0, 0.0, 0.0, 3.0], [0.1] * 4, method="CE")
    assert int(np.argmax(far.cook)) == 3
    same = meta_influence([0.2, 0.2, 0.2], [0.1] * 3, method="REML")
    assert np.all(same.cook == pytest.approx(0.0, abs=1e-20))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_under_three_studies_it_is_refused(count) -> None:
    with pytest.raises(DataError, match="three studies"):
        meta_influence([0.1] * count, [0.1] * count, method="REML")


DIAGNOSED = {
    f"{label}:{key}": (a, key.split("_")[0], block)
    for label, a in analyses()
    for key, block in a.get("diagnostics", {}).items()
    if "influence" in block
}
PAIRS = {
    "residual": "rstudent",
    "dffits": "dffits",
    "cook": "cook_d",
    "cov_ratio": "cov_r",
    "tau2_deleted": "tau2_del",
    "q_deleted": "QE_del",
    "hat": "hat",
    "dfbetas": "dfbetas",
}
# A residual that is zero in exact arithmetic.
INFLUENCE = {"rtol": 1e-7, "atol": 1e-8}


@pytest.mark.parametrize("label", DIAGNOSED)
def test_every_pinned_diagnostic_agrees_with_metafor(label) -> None:
    analysis, method, block = DIAGNOSED[label]
    yi, vi = number(analysis["yi"]), number(analysis["vi"])
    ours = meta_influence(yi, vi, method=METHODS[method])
    for field, theirs in PAIRS.items():
        check(field, getattr(ours, field), block["influence"][theirs], INFLUENCE)
    check("weight", 100 * ours.hat, block["influence"]["weight_percent"], INFLUENCE)
    assert ours.flagged.tolist() == block["influence"]["flagged"]
    tolerance = CLOSED if method != "REML" else ITERATIVE
    for field, theirs in (("raw", "resid"), ("raw_se", "se"), ("standardised", "z")):
        check(field, getattr(ours, field), block["rstandard"][theirs], tolerance)
    if method == "REML":
        own = shrunken_effects(yi, vi, method="REML", interval="normal", level=95)
        for field, theirs in (("pred", "pred"), ("se", "se"), ("low", "pi_lb"), ("high", "pi_ub")):
            check(field, getattr(own, field), block["blup"][theirs], ITERATIVE)


def test_all_pinned_diagnostics_are_there() -> None:
    assert len(DIAGNOSED) >= 27


def test_baujat_coordinates_and_shrinkage_as_metafor_has_them() -> None:
    # baujat(rma(yi, vi, method = "FE")) and blup(rma(..., method = "DL", test = "knha")), 3.8.1.
    yi, vi = log_risk_ratios()
    common = meta_influence(yi, vi, method="CE")
    np.testing.assert_allclose(
        common.heterogeneity[:3], [0.647158736026, 6.857109627173, 2.027924286394], rtol=1e-11
    )
    np.testing.assert_allclose(
        common.influence[:3], [0.00327659923900, 0.05829078499175, 0.00803933802646], rtol=1e-10
    )
    whole = random_effects(yi, vi, method="CE", interval="normal", level=95, prediction="riley")
    np.testing.assert_allclose(common.heterogeneity.sum(), whole.q, rtol=1e-12)
    dl = meta_influence(yi, vi, method="DL")
    np.testing.assert_allclose(
        [dl.heterogeneity[1], dl.influence[1]], [1.5081492152401, 0.10661148618510], rtol=1e-10
    )
    own = shrunken_effects(yi, vi, method="DL", interval="hartung-knapp", level=95)
    np.testing.assert_allclose(
        [own.pred[0], own.se[0], own.low[0]],
        [-0.799390973186, 0.408749627927, -1.689979906636],
        rtol=1e-10,
    )
    with pytest.raises(DataError, match="true effect"):
        shrunken_effects(yi, vi, method="CE", interval="normal", level=95)
