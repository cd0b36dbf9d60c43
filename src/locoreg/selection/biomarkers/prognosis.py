"""Put a panel beside scores; what it tells of prognosis is removed first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.biomarkers.batches import batch_folds
from locoreg.selection.biomarkers.linear import filled, standard, within_groups
from locoreg.selection.biomarkers.panel import Panel, align
from locoreg.selection.biomarkers.panelscores import PanelOptions, PanelScores
from locoreg.selection.biomarkers.penalty import elastic_net, r_elastic_net
from locoreg.selection.biomarkers.twophase import (
    describe_measurement,
    measured_probability,
    two_phase,
)
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray, numbers

# Measured persons of either option, below which nothing can be said.
FEWEST_PER_OPTION = 20
# Share of the variance of treatment that a panel may explain by chance.
TOLD = 0.01


def panel_scores(
    scores: Scores,
    panel: Panel,
    options: PanelOptions,
    *,
    probability: ArrayLike | None = None,
    clinical_effect: ArrayLike | None = None,
) -> PanelScores:
    """Put a panel beside scores, and remove what it tells of prognosis.

    A marker that tells who dies tells, by chance, of any effect too: its part in the mean outcome,
    whatever the option, is fitted by an elastic net across folds and taken off. Scores of persons
    without the panel are brought back by weights (two-phase design).

    Parameters
    ----------
    scores : Scores
        All persons.
    panel : Panel
        Biomarkers of all or some of them.
    options : PanelOptions
        How.
    probability : array_like, shape (n,), optional
        Probability of each person of being measured, where it is known from the design.
    clinical_effect : array_like, shape (n,), optional
        Held-out effects given clinical covariates; by default a penalised linear model.

    Returns
    -------
    PanelScores
        Scores of the measured, and two-phase scores of all.

    Raises
    ------
    DataError
        If ids don't match or too few persons were measured.
    DesignError
        If folds can't be made, or who was measured can't be modelled.
    """
    found = align(panel, scores.data.person_id)
    place = found.place
    measured = np.asarray((place >= 0) & panel.measured[place], dtype=np.bool_)
    rows = np.flatnonzero(measured)
    _refuse_few(scores, rows)
    batch = _batch_codes(panel, place[rows])
    pi, modelled = _probability(scores, measured, options, probability)
    weight = np.asarray(scores.weight[rows] / pi[rows])
    Z, unit, keep = _features(panel.values[place[rows]], batch, weight)
    fold = _folds(scores, rows, batch, options)
    prognosis, explained = elastic_net(
        np.column_stack([scores.X[rows], Z]),
        (scores.outcome - scores.mean)[rows], weight, fold, alpha=options.alpha,
    )  # fmt: skip
    e, told = _propensity(scores, rows, Z, weight, fold, options)
    gamma = _gamma(scores, rows, e, prognosis)
    effect = _clinical_effect(scores, measured, clinical_effect)
    measurement = describe_measurement(
        scores.weight, measured, pi, options.smallest_measured, modelled
    )
    return PanelScores(
        scores=scores,
        panel=panel,
        options=options,
        rows=rows,
        names=tuple(panel.names[j] for j in keep),
        family=None if panel.family is None else tuple(panel.family[j] for j in keep),
        Z=Z,
        unit=unit,
        batch=batch,
        fold=fold,
        probability=pi,
        weight=weight,
        propensity=e,
        prognosis=prognosis,
        gamma=gamma,
        clinical_effect=effect,
        gamma_all=two_phase(effect, gamma, measured, pi),
        measurement=measurement,
        prognosis_explained=explained,
        treatment_explained=told,
        diagnostics=(
            *measurement.diagnostics(),
            *_diagnostics(found.n_strangers, panel, explained, told, options),
        ),
        provenance=Provenance(
            input_sha256=sha256_of_bytes(
                scores.provenance.input_sha256.encode(), panel.sha256().encode()
            ),
            options={"panel": options.to_dict(), **scores.provenance.options},
        ),
    )


def _refuse_few(scores: Scores, rows: IntArray) -> None:
    treated = int(scores.data.treated[rows].sum())
    if min(treated, rows.size - treated) < FEWEST_PER_OPTION:
        raise DataError(
            f"of the measured persons {treated} are treated and {rows.size - treated} are not: too "
            "few for any statement on effects.",
            hint=f"{FEWEST_PER_OPTION} of either are the least; hundreds are needed.",
        )


def _batch_codes(panel: Panel, place: IntArray) -> IntArray | None:
    if panel.batch is None:
        return None
    labels = np.array([panel.batch[i] for i in place.tolist()])
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _features(
    values: FloatArray, batch: IntArray | None, weight: FloatArray
) -> tuple[FloatArray, FloatArray, list[int]]:
    known = filled(values)
    if batch is not None:
        known = within_groups(known, batch, weight)
    Z, _, sd = standard(known, weight)
    keep = np.flatnonzero(sd > 0.0)
    if not keep.size:
        raise DataError(
            "no biomarker varies among the measured persons"
            + (" of the same batch." if batch is not None else "."),
            hint="check how persons and batches were matched.",
        )
    return np.ascontiguousarray(Z[:, keep]), sd[keep], keep.tolist()


def _probability(
    scores: Scores, measured: BoolArray, options: PanelOptions, given: ArrayLike | None
) -> tuple[FloatArray, bool]:
    if given is not None:
        pi = numbers("probability", given)
        if pi.size != scores.n or not ((pi > 0.0) & (pi <= 1.0)).all():
            raise DataError(
                "probability must be above 0 and at most 1 for each person of the scores.",
                hint="persons who could not be measured don't belong to the population.",
            )
        return pi, False
    if measured.all():
        return np.ones(scores.n), False
    return measured_probability(scores, measured, smallest=options.smallest_measured), True


def _folds(
    scores: Scores, rows: IntArray, batch: IntArray | None, options: PanelOptions
) -> IntArray:
    if options.folds == "batches":
        if batch is None:
            raise DesignError(
                "folds are batches, but the panel has no batches.", hint="give the panel batch."
            )
        cluster = None if scores.cluster is None else scores.cluster[rows]
        return batch_folds(batch, scores.options.folds, cluster=cluster)
    fold = np.unique(scores.fold[rows], return_inverse=True)[1]
    if np.unique(fold).size < 2:
        raise DesignError(
            "all measured persons are in one fold of the scores.",
            hint="measure persons of several clusters, or take folds batches.",
        )
    return np.asarray(fold, dtype=np.int64)


def _propensity(
    scores: Scores,
    rows: IntArray,
    Z: FloatArray,
    weight: FloatArray,
    fold: IntArray,
    options: PanelOptions,
) -> tuple[FloatArray, float]:
    """Return the probability of treatment, and what the panel tells of treatment."""
    e = scores.propensity[rows]
    shift, told = elastic_net(Z, scores.treated[rows] - e, weight, fold, alpha=options.alpha)
    if options.treatment == "with_panel":
        bound = scores.options.smallest_propensity
        e = np.clip(e + shift, bound, 1.0 - bound)
    return np.asarray(e), told


def _gamma(
    scores: Scores, rows: IntArray, propensity: FloatArray, prognosis: FloatArray
) -> FloatArray:
    w = scores.treated[rows]
    r1, r0 = scores.treated_mean[rows], scores.comparator_mean[rows]
    rest = scores.outcome[rows] - np.where(w == 1.0, r1, r0) - prognosis
    return np.asarray(r1 - r0 + (w - propensity) / (propensity * (1.0 - propensity)) * rest)


def _clinical_effect(scores: Scores, measured: BoolArray, given: ArrayLike | None) -> FloatArray:
    if given is not None:
        effect = numbers("clinical_effect", given)
        if effect.size != scores.n or not np.isfinite(effect).all():
            raise DataError(f"clinical_effect must hold {scores.n} finite numbers.")
        return effect
    if measured.all():
        return np.full(scores.n, scores.average().estimate)
    return r_elastic_net(
        scores.treated - scores.propensity,
        scores.outcome - scores.mean,
        np.empty((scores.n, 0)),
        scores.X[:, list(scores.modifiers)],
        scores.weight,
        scores.fold,
    ).held_out


def _diagnostics(
    strangers: int, panel: Panel, explained: float, told: float, options: PanelOptions
) -> tuple[Diagnostic, ...]:
    confounded = told > TOLD and options.treatment == "clinical"
    return (
        Diagnostic(
            name="panel_strangers",
            title="Persons of the panel who are not in the data",
            verdict="note",
            value=float(strangers),
            threshold=None,
            message=f"{strangers:,} of {panel.n:,} persons of the panel are not among those of the "
            f"scores; {len(panel.left_out):,} features were left out.",
        ),
        Diagnostic(
            name="panel_prognosis",
            title="Prognosis told by the panel",
            verdict="note",
            value=explained,
            threshold=None,
            message=f"the panel explains {explained:.1%} of the variance of the outcome that "
            "clinical covariates leave; this part was removed.",
        ),
        Diagnostic(
            name="panel_treatment",
            title="Treatment told by the panel",
            verdict="warn" if confounded else "pass",
            value=told,
            threshold=TOLD,
            message=f"the panel explains {told:.1%} of the variance of treatment that clinical "
            "covariates leave"
            + (", and the probability of treatment ignores it." if confounded else "."),
            advice='Take treatment="with_panel": markers seem to have been known, or to go with '
            "something that was."
            if confounded
            else "",
        ),
    )
