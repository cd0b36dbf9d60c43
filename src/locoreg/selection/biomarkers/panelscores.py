"""Scores of persons with a panel, and the options that they were made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.cohort import Column
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.biomarkers.linear import (
    dummies,
    independent,
)
from locoreg.selection.biomarkers.panel import Panel
from locoreg.selection.biomarkers.twophase import (
    Measurement,
)
from locoreg.selection.data.features import Feature
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import weighted_mean
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

Treatment = Literal["clinical", "with_panel"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)
Folds = Literal["scores", "batches"]
FOLDS: tuple[Folds, ...] = get_args(Folds)
# With fewer measured persons only markers named beforehand are looked at: one that splits the
# effect by a sixth of the scores' deviation between halves needs over a thousand.
LEAST_FOR_DISCOVERY = 500


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

    def select(self, names: Sequence[str]) -> PanelScores:
        """Return the same scores with some features only; the prognosis removed is of all."""
        place = self.places(tuple(dict.fromkeys(names)))
        return replace(
            self,
            names=tuple(self.names[j] for j in place.tolist()),
            family=None if self.family is None else tuple(self.family[j] for j in place.tolist()),
            Z=np.ascontiguousarray(self.Z[:, place]),
            unit=self.unit[place],
        )

    def markers_to_test(self, prespecified: Sequence[str]) -> PanelScores:
        """Return the markers that may be looked at: those named beforehand, or all of many persons.

        Parameters
        ----------
        prespecified : sequence of str
            Markers named beforehand; empty for all.

        Returns
        -------
        PanelScores
            With these markers.

        Raises
        ------
        DesignError
            If fewer than 500 persons were measured and no markers are named.
        """
        if prespecified:
            return self.select(prespecified)
        if self.m < LEAST_FOR_DISCOVERY:
            raise DesignError(
                f"a search among {self.p:,} markers in {self.m:,} persons can't find what matters: "
                f"under {LEAST_FOR_DISCOVERY} measured persons only markers named beforehand are "
                "looked at.",
                hint="name them in prespecified.",
            )
        return self

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
