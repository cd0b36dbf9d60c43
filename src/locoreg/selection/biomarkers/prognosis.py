"""Scores of persons with a panel: what the panel tells of prognosis is removed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.emulation.cohort import Column
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.biomarkers.batches import batch_folds
from locoreg.selection.biomarkers.linear import (
    dummies,
    filled,
    independent,
    standard,
    within_groups,
)
from locoreg.selection.biomarkers.panel import Panel, align
from locoreg.selection.biomarkers.penalty import elastic_net, r_elastic_net
from locoreg.selection.biomarkers.twophase import (
    Measurement,
    describe_measurement,
    measured_probability,
    two_phase,
)
from locoreg.selection.data.features import Feature
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import weighted_mean
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray, numbers

Treatment = Literal["clinical", "with_panel"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)
Folds = Literal["scores", "batches"]
FOLDS: tuple[Folds, ...] = get_args(Folds)
# Measured persons of either option, below which nothing can be said.
FEWEST_PER_OPTION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelOptions:
    """How a panel is put beside scores.

    Attributes
    ----------
    treatment : {"clinical", "with_panel"}
        Whether the probability of treatment depends on clinical covariates alone, or on the panel
        too, as where the treating physicians knew the markers.
    folds : {"scores", "batches"}
        Folds of all models of the panel: those of the scores, or whole batches.
    alpha : float
        Elastic net: 1 for the lasso, 0 for ridge.
    smallest_measured : float
        Probabilities of being measured are held at or above this.
    """

    treatment: Treatment
    folds: Folds = "scores"
    alpha: float = 0.9
    smallest_measured: float = 0.02

    def __post_init__(self) -> None:
        check_option("treatment", self.treatment, TREATMENTS)
        check_option("folds", self.folds, FOLDS)
        if not 0.0 < self.alpha <= 1.0:
            raise DesignError(f"alpha is {self.alpha}.", hint="give 1 for the lasso, less to mix.")
        if not 0.0 < self.smallest_measured < 0.5:
            raise DesignError(
                f"smallest_measured is {self.smallest_measured}.", hint="give a number up to 0.5."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelScores:
    """Scores of persons with a panel, after the panel's part in prognosis was removed.

    Attributes
    ----------
    scores : Scores
        All persons, clinical covariates only.
    panel : Panel
        As given.
    options : PanelOptions
        How.
    rows : ndarray of int, shape (m,)
        Persons of the scores who were measured.
    names : tuple of str
        Features, p of them: those of the panel that vary among these persons.
    family : tuple of str or None
        Their groups.
    Z : ndarray of float, shape (m, p)
        Features less the mean of the batch, unknown values at the median; mean 0, deviation 1.
    unit : ndarray of float, shape (p,)
        Standard deviation of each feature: what 1 in `Z` is.
    batch : ndarray of int, shape (m,), or None
        Codes of batches.
    fold : ndarray of int, shape (m,)
        Folds.
    probability : ndarray of float, shape (n,)
        Probability of being measured, of all persons.
    weight : ndarray of float, shape (m,)
        Sampling weight over the probability of being measured.
    propensity : ndarray of float, shape (m,)
        Probability of treatment.
    prognosis : ndarray of float, shape (m,)
        What the panel adds to the mean outcome, whatever the option; cross-fitted.
    gamma : ndarray of float, shape (m,)
        Doubly robust scores of the effect with the prognosis removed.
    clinical_effect : ndarray of float, shape (n,)
        Effect given clinical covariates, cross-fitted; the scores' average where all were measured.
    gamma_all : ndarray of float, shape (n,)
        Scores of all persons (two-phase); mean over all is the average effect.
    measurement : Measurement
        Who was measured.
    prognosis_explained, treatment_explained : float
        Shares of the variance of the outcome and of treatment, beyond clinical covariates, that
        the panel explains in held-out persons; 0 at least.
    diagnostics : tuple of Diagnostic
        With verdicts.
    provenance : Provenance
        Hash of scores and panel, options, version.
    """

    scores: Scores
    panel: Panel
    options: PanelOptions
    rows: IntArray
    names: tuple[str, ...]
    family: tuple[str, ...] | None
    Z: FloatArray
    unit: FloatArray
    batch: IntArray | None
    fold: IntArray
    probability: FloatArray
    weight: FloatArray
    propensity: FloatArray
    prognosis: FloatArray
    gamma: FloatArray
    clinical_effect: FloatArray
    gamma_all: FloatArray
    measurement: Measurement
    prognosis_explained: float
    treatment_explained: float
    diagnostics: tuple[Diagnostic, ...]
    provenance: Provenance

    @property
    def m(self) -> int:
        """Number of measured persons."""
        return int(self.rows.size)

    @property
    def p(self) -> int:
        """Number of features."""
        return len(self.names)

    @property
    def person_id(self) -> tuple[str, ...]:
        """Measured persons."""
        return tuple(self.scores.data.person_id[i] for i in self.rows.tolist())

    @property
    def cluster(self) -> IntArray | None:
        """Codes of clusters of the measured, shape (m,), from 0 without gaps."""
        codes = self.scores.cluster
        return None if codes is None else np.unique(codes[self.rows], return_inverse=True)[1]

    @property
    def units(self) -> tuple[IntArray, int]:
        """Unit of each measured person, and their number: clusters, or persons by name.

        Whatever is drawn at random is drawn per unit, so that the order of persons is no matter.
        """
        cluster = self.cluster
        if cluster is not None:
            return cluster, int(cluster.max()) + 1
        order = np.argsort(np.array(self.person_id), kind="stable")
        unit = np.empty(self.m, dtype=np.int64)
        unit[order] = np.arange(self.m)
        return unit, self.m

    @property
    def clinical(self) -> FloatArray:
        """Clinical modifiers of the measured that don't repeat each other, (m, q)."""
        X = self.scores.X[np.ix_(self.rows, np.array(self.scores.modifiers, dtype=np.int64))]
        return np.asarray(X[:, independent(X, self.weight)])

    @property
    def clinical_names(self) -> tuple[str, ...]:
        """Names of the columns of `clinical`."""
        X = self.scores.X[np.ix_(self.rows, np.array(self.scores.modifiers, dtype=np.int64))]
        return tuple(self.scores.modifier_names[j] for j in independent(X, self.weight).tolist())

    @property
    def adjusted_for(self) -> FloatArray:
        """Clinical modifiers, and batches as fixed effects, of the measured, (m, q)."""
        if self.batch is None:
            return self.clinical
        return np.column_stack([self.clinical, dummies(self.batch)])

    @property
    def residuals(self) -> tuple[FloatArray, FloatArray]:
        """Residuals of treatment, and of the outcome with the panel's prognosis removed, (m,)."""
        r = self.rows
        return (
            np.asarray(self.scores.treated[r] - self.propensity),
            np.asarray(self.scores.outcome[r] - self.scores.mean[r] - self.prognosis),
        )

    def average(self) -> Estimate:
        """Return the average effect in all persons, from the two-phase scores."""
        return weighted_mean(
            self.gamma_all,
            level=self.scores.question.level,
            weight=self.scores.data.weight,
            cluster=self.scores.cluster,
        )

    def as_scores(self, names: Sequence[str]) -> Scores:
        """Return scores of the measured with some features as further covariates.

        Learners, assessments and rules take them as any scores. Weights hold the probability of
        being measured, folds are those of the panel.

        Parameters
        ----------
        names : sequence of str
            Features.

        Returns
        -------
        Scores
            Of the measured persons.
        """
        place = self.places(names)
        base = self.scores.take(self.rows)
        Z = self.Z[:, place]
        columns = tuple(
            Column(name=name, kind="number", values=Z[:, k]) for k, name in enumerate(names)
        )
        coding = replace(
            base.coding,
            features=(
                *base.coding.features,
                *(Feature(variable=name, kind="number", fill=0.0) for name in names),
            ),
            ranges={
                **base.coding.ranges,
                **{c.name: (float(c.values.min()), float(c.values.max())) for c in columns},
            },
        )
        first = base.X.shape[1]
        w, e, g = base.treated, self.propensity, self.prognosis
        r0, r1 = base.comparator_mean + g, base.treated_mean + g
        return replace(
            base,
            data=replace(
                base.data,
                covariates=(*base.data.covariates, *columns),
                modifiers=(*base.data.modifiers, *names),
                weight=self.weight,
            ),
            coding=coding,
            X=np.column_stack([base.X, Z]),
            modifiers=(*base.modifiers, *range(first, first + len(names))),
            fold=self.fold,
            propensity=e,
            mean=base.mean + g,
            comparator_mean=r0,
            treated_mean=r1,
            gamma0=np.asarray(r0 + (1.0 - w) / (1.0 - e) * (base.outcome - r0)),
            gamma1=np.asarray(r1 + w / e * (base.outcome - r1)),
            notes=(*base.notes, f"persons measured with {self.panel.source}; weighted for it"),
            provenance=self.provenance,
        )

    def places(self, names: Sequence[str]) -> IntArray:
        """Return the places of features; DesignError if one is not there."""
        self.panel.select(names)
        lost = [name for name in names if name not in self.names]
        if lost:
            raise DesignError(
                f"the biomarker {lost[0]!r} has the same value in all measured persons.",
                hint="name others.",
            )
        return np.array([self.names.index(name) for name in names], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return what was done as JSON-ready values; no person's value."""
        return {
            "panel": self.panel.to_dict(),
            "options": self.options.to_dict(),
            "features": self.p,
            "measurement": self.measurement.to_dict(),
            "prognosis_explained": self.prognosis_explained,
            "treatment_explained": self.treatment_explained,
            "average": self.average().to_dict(),
            "diagnostics": [one.to_dict() for one in self.diagnostics],
            "provenance": self.provenance.to_dict(),
        }


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
    Z, unit, keep = _features(panel.values[place[rows]], batch)
    pi, modelled = _probability(scores, measured, options, probability)
    weight = np.asarray(scores.weight[rows] / pi[rows])
    fold = _folds(scores, rows, batch, options)
    prognosis, explained = elastic_net(
        np.column_stack([scores.X[rows], Z]),
        (scores.outcome - scores.mean)[rows], weight, fold, alpha=options.alpha,
    )  # fmt: skip
    shift, told = elastic_net(
        Z, (scores.treated - scores.propensity)[rows], weight, fold, alpha=options.alpha
    )
    bound = scores.options.smallest_propensity
    e = scores.propensity[rows]
    if options.treatment == "with_panel":
        e = np.clip(e + shift, bound, 1.0 - bound)
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
        propensity=np.asarray(e),
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
    values: FloatArray, batch: IntArray | None
) -> tuple[FloatArray, FloatArray, list[int]]:
    known = filled(values)
    if batch is not None:
        known = within_groups(known, batch)
    Z, _, sd = standard(known)
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


def _gamma(
    scores: Scores, rows: IntArray, propensity: FloatArray, prognosis: FloatArray
) -> FloatArray:
    w = scores.treated[rows]
    r1, r0 = scores.treated_mean[rows], scores.comparator_mean[rows]
    rest = scores.outcome[rows] - np.where(w == 1.0, r1, r0) - prognosis
    return np.asarray(r1 - r0 + (w - propensity) / (propensity * (1.0 - propensity)) * rest)


def _clinical_effect(
    scores: Scores, measured: BoolArray, given: ArrayLike | None
) -> FloatArray:
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
    confounded = told > 0.0 and options.treatment == "clinical"
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
            threshold=0.0,
            message=f"the panel explains {told:.1%} of the variance of treatment that clinical "
            "covariates leave"
            + (", and the probability of treatment ignores it." if confounded else "."),
            advice='Take treatment="with_panel": markers seem to have been known, or to go with '
            "something that was."
            if confounded
            else "",
        ),
    )
