"""Kernels together: a clone-censor-weight analysis of the Stanford heart data, as R gives it.

Clones are split at every time at which a clone of their arm ends; a row weighs exp of the Breslow
cumulative hazard of artificial censoring at its start. Bootstrap replicates are weight vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from locoreg.stats.cox import cox
from locoreg.stats.survivalcurves import kaplan_meier
from tests.stats.survival_cases import case, data, names

# R stops its Cox fits at a relative change of 1e-11 in the log-likelihood.
FITS = 1e-7
CURVES = 1e-8
# A difference of restricted means is up to a hundred times smaller than the means.
DIFFERENCES = 1e-6
COVARIATES = ("age", "surgery", "year")


@dataclass(frozen=True)
class Rows:
    """Split rows of one arm: of which clone, from when to when, and what ends them."""

    clone: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    censored: np.ndarray
    x: np.ndarray
    person: np.ndarray


def split(clones: dict[str, np.ndarray], arm: int) -> Rows:
    of_arm = np.flatnonzero(clones["arm"] == arm)
    stop = clones["stop"][of_arm]
    cuts = np.unique(stop)
    last = np.searchsorted(cuts, stop)
    clone = np.repeat(np.arange(of_arm.size), last + 1)
    piece = np.concatenate([np.arange(k + 1) for k in last])
    ends = piece == last[clone]
    source = of_arm[clone]
    return Rows(
        clone=clone,
        start=np.concatenate(([0.0], cuts))[piece],
        stop=cuts[piece],
        event=np.where(ends, clones["event"][source], 0),
        censored=np.where(ends, clones["acens"][source], 0),
        x=np.column_stack([clones[name][source] for name in COVARIATES]),
        person=clones["id"][source],
    )


def weights(rows: Rows, frequency: np.ndarray | None = None):
    """Return the censoring model and the weight of each row."""
    model = cox(
        rows.stop,
        rows.censored,
        rows.x,
        entry=rows.start,
        ties="breslow",
        weight=frequency,
        variance="model",
        level=95,
    )
    base = model.baseline[0]
    steps = np.concatenate(([0.0], base.cumulative_hazard))
    hazard = steps[np.searchsorted(base.time, rows.start, side="right")]
    return model, np.exp(hazard * np.exp(rows.x @ model.coefficients))


def restricted(curve, tau: float) -> float:
    inside = curve.time < tau
    times = np.concatenate(([0.0], curve.time[inside], [tau]))
    return float(np.diff(times) @ np.concatenate(([1.0], curve.estimate[inside])))


def analyse(clones: dict[str, np.ndarray], frequency: np.ndarray | None = None):
    """Return split rows, censoring models, row weights and the weighted curves of both arms."""
    arms = [split(clones, arm) for arm in (0, 1)]
    counts = [None if frequency is None else frequency[r.person.astype(int) - 1] for r in arms]
    fits = [weights(rows, count) for rows, count in zip(arms, counts, strict=True)]
    final = [w if c is None else w * c for (_, w), c in zip(fits, counts, strict=True)]
    curves = [
        kaplan_meier(
            r.stop, r.event, entry=r.start, weight=w, level=95, variance="greenwood"
        ).curves[0]
        for r, w in zip(arms, final, strict=True)
    ]
    return arms, [model for model, _ in fits], final, curves


def outcome_model(arms: list[Rows], final: list[np.ndarray], **options):
    return cox(
        np.concatenate([r.stop for r in arms]),
        np.concatenate([r.event for r in arms]),
        np.concatenate([np.full(r.stop.size, float(a)) for a, r in enumerate(arms)])[:, None],
        entry=np.concatenate([r.start for r in arms]),
        weight=np.concatenate(final),
        ties="efron",
        level=95,
        **options,
    )


@pytest.mark.parametrize("name", names("clone_censor_weight"))
def test_weights_curves_and_contrasts(name: str) -> None:
    pinned = case(name)
    expected = pinned["result"]
    arms, models, final, curves = analyse(data(pinned["args"]["clones_file"]))
    assert sum(r.stop.size for r in arms) == expected["rows_long"]
    assert sum(w.sum() for w in final) == pytest.approx(expected["weight_sum"], rel=FITS)
    for a, (rows, model, weight, curve) in enumerate(zip(arms, models, final, curves, strict=True)):
        arm = expected[f"arm{a}"]
        np.testing.assert_allclose(model.coefficients, arm["cens_coef"], rtol=FITS)
        np.testing.assert_allclose(model.se, arm["cens_se"], rtol=FITS)
        last = np.append(np.diff(rows.clone) > 0, True)
        np.testing.assert_allclose(weight[last], expected["weights_last_row"][a]["w"], rtol=FITS)
        km = expected["weighted_km"][a]
        np.testing.assert_array_equal(curve.time, km["time"])
        for ours, theirs in (
            (curve.estimate, km["surv"]),
            (curve.weighted_at_risk, km["n_risk"]),
            (curve.weighted_events, km["n_event"]),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=CURVES, atol=1e-12)
    for entry in expected["rmst"]:
        found = [restricted(curve, entry["tau"]) for curve in curves]
        np.testing.assert_allclose(found, [entry["arm0"], entry["arm1"]], rtol=CURVES)
    person = np.concatenate([r.person for r in arms])
    outcome = outcome_model(arms, final, cluster=person)
    np.testing.assert_allclose(outcome.coefficients[0], expected["cox_log_hr"], rtol=FITS)
    np.testing.assert_allclose(outcome.se[0], expected["cox_robust_se_cluster_id"], rtol=FITS)


def test_bootstrap_replicates_as_weights_equal_repeated_patients() -> None:
    pinned = case("ccw_jasa_grace30")
    boot = pinned["result"]["bootstrap"]
    clones = data(pinned["args"]["clones_file"])
    patients = int(clones["id"].max())
    for indices, expected in zip(
        boot["resample_rows_1based"][:10], boot["estimates"][:10], strict=True
    ):
        frequency = np.bincount(np.array(indices) - 1, minlength=patients).astype(float)
        # R's replicate splits at the times of the resampled clones only; a time without a clone
        # of positive weight adds nothing to any sum, so the full split gives the same numbers.
        # Efron's hazard ratio is left out: it counts copies of a patient as tied events.
        _, _, _, curves = analyse(clones, frequency)
        found = [
            restricted(curves[1], tau) - restricted(curves[0], tau)
            for tau in pinned["args"]["taus"]
        ]
        np.testing.assert_allclose(found, expected[:-1], rtol=DIFFERENCES)
