"""Kernels together: propensity score, weights, balance, weighted Cox fits, curves and means.

The numbers are R's (glm, coxph with robust errors, survfit with robust errors).
"""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.cox import cox
from locoreg.stats.glm import glm
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalcurves import kaplan_meier
from tests.stats.survival_cases import case, complete, data, names

FITS = 1e-7
CURVES = 1e-8


def kinds_of_weights(ps: np.ndarray, z: np.ndarray) -> dict[str, np.ndarray]:
    own = np.where(z == 1, ps, 1 - ps)
    ate = 1 / own
    entropy = -(ps * np.log(ps) + (1 - ps) * np.log(1 - ps))
    return {
        "ate": ate,
        "ate_stabilized": np.where(z == 1, z.mean(), 1 - z.mean()) / own,
        "att": ps / own,
        "atc": (1 - ps) / own,
        "overlap": 1 - own,
        "matching": np.minimum(ps, 1 - ps) / own,
        "entropy": entropy / own,
        "ate_trunc_1_99": np.clip(ate, *np.quantile(ate, [0.01, 0.99])),
    }


@pytest.mark.parametrize("name", names("propensity_weights"))
def test_against_r(name: str) -> None:
    pinned = case(name)
    args, expected = pinned["args"], pinned["result"]
    covariates = args["covariates"]
    columns = complete(
        data(pinned["dataset"]), [args["treatment"], *covariates, args["time"], args["event"]]
    )
    z = columns[args["treatment"]]
    x = np.column_stack([columns[c] for c in covariates])
    score = glm(z, np.column_stack([np.ones(z.size), x]), family="logistic")
    np.testing.assert_allclose(score.coefficients, expected["ps_coef"], rtol=FITS)
    np.testing.assert_allclose(score.se, expected["ps_se"], rtol=FITS)
    np.testing.assert_allclose(score.loglik, expected["ps_loglik"], rtol=FITS)
    ps = score.fitted
    np.testing.assert_allclose(ps[:20], expected["ps_head"], rtol=FITS)
    found = kinds_of_weights(ps, z)
    assert found.keys() == expected["weights"].keys()
    for kind, weight in found.items():
        r = expected["weights"][kind]
        np.testing.assert_allclose(weight[:20], r["weight_head"], rtol=FITS)
        time, event = columns[args["time"]], columns[args["event"]]
        fit = cox(time, event, z[:, None], weight=weight, ties="efron", variance="robust", level=95)
        np.testing.assert_allclose(fit.coefficients[0], r["cox"]["coef"], rtol=FITS)
        np.testing.assert_allclose(fit.se[0], r["cox"]["robust_se"], rtol=FITS)
        km = kaplan_meier(
            time, event, weight=weight, strata=z, variance="robust", level=95, interval="log-log"
        )
        at = np.array([curve(args["taus"]) for curve in km]).ravel()
        np.testing.assert_allclose(at, r["surv_at"]["surv"], rtol=CURVES)
        last = [np.searchsorted(c.time, args["taus"], side="right") - 1 for c in km]
        se = np.concatenate([c.se[i] for c, i in zip(km, last, strict=True)])
        np.testing.assert_allclose(se, r["surv_at"]["std_err"], rtol=CURVES)
        for entry in r["rmst"]:
            # R's standard error of a restricted mean takes the weights for counts of patients.
            means = rmst(
                time,
                event,
                weight=weight,
                strata=z,
                horizon=entry["tau"],
                variance="greenwood",
                level=95,
            )
            np.testing.assert_allclose(
                [g.rmst.estimate for g in means.means], entry["rmst"], rtol=CURVES
            )
            np.testing.assert_allclose([g.rmst.se for g in means.means], entry["se"], rtol=CURVES)
