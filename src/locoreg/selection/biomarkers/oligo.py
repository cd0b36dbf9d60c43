"""Oligo- against polymetastatic disease by a panel: penalised, cross-validated, calibrated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.numbertext import decimal_text
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.selection.biomarkers.batches import batch_folds
from locoreg.selection.biomarkers.discrimination import Discrimination, discrimination
from locoreg.selection.biomarkers.labels import OligoLabels
from locoreg.selection.biomarkers.linear import filled
from locoreg.selection.biomarkers.logistic import log_loss, logistic_path, recalibration
from locoreg.selection.biomarkers.panel import Panel, align
from locoreg.selection.biomarkers.penalty import inner_folds
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray, IntArray, check_weight, cluster_codes

SCHEMA = "locoreg-oligo-classifier/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OligoOptions:
    """How the classifier is made.

    Attributes
    ----------
    level : float
        Level of intervals in percent.
    seed : int
        Seed of the folds.
    folds : int
        Folds of the outer cross-validation.
    alpha : float
        Elastic net: 1 for the lasso, above 0.
    least_events : int
        Fewest persons of either label.
    groups : int
        Groups of the calibration.
    """

    level: float
    seed: int
    folds: int = 5
    alpha: float = 0.9
    least_events: int = 30
    groups: int = 5

    def __post_init__(self) -> None:
        check_level(self.level)
        if self.folds < 3:
            raise DesignError(f"folds is {self.folds}.", hint="give 3 or more.")
        if not 0.0 < self.alpha <= 1.0:
            raise DesignError(f"alpha is {self.alpha}.", hint="give 1 for the lasso, less to mix.")
        if self.least_events < 10 or self.groups < 2:
            raise DesignError(
                "least_events is below 10 or groups below 2.", hint="give larger numbers."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OligoModel:
    """A classifier as numbers: nothing else is needed to use it.

    Attributes
    ----------
    names : tuple of str
        Features with a coefficient.
    coefficients : tuple of float
        Per unit of each feature, calibration included.
    fill : tuple of float
        What stands where a feature is unknown: the median.
    lowest, highest : tuple of float
        Range of each feature among the persons of the model.
    intercept : float
        Log odds where all features are 0.
    """

    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    fill: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    intercept: float

    def predict(self, features: Mapping[str, ArrayLike]) -> FloatArray:
        """Return probabilities of oligometastatic disease.

        Parameters
        ----------
        features : mapping of str to float or array_like, shape (m,)
            Each feature of the model, in the units of its panel; NaN or None where unknown. Others
            are not looked at.

        Returns
        -------
        ndarray of float, shape (m,)
            Probabilities.

        Raises
        ------
        DataError
            If a feature is not there.
        """
        columns = []
        for name, fill in zip(self.names, self.fill, strict=True):
            if name not in features:
                raise DataError(
                    f"the feature {name!r} of the classifier is not there.",
                    hint=did_you_mean(name, features),
                )
            values = np.atleast_1d(np.asarray(features[name], dtype=np.float64))
            columns.append(np.where(np.isnan(values), fill, values))
        if not columns:
            sizes = [np.atleast_1d(np.asarray(v)).size for v in features.values()]
            return np.full(max(sizes, default=1), float(special.expit(self.intercept)))
        X = np.column_stack(columns)
        return np.asarray(special.expit(self.intercept + X @ np.array(self.coefficients)))

    def to_dict(self) -> dict[str, Any]:
        """Return the model as JSON-ready values."""
        return {
            "schema": SCHEMA,
            **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()},
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> OligoModel:
        """Return the model that `to_dict` wrote; DataError if it is something else."""
        if given.get("schema") != SCHEMA:
            raise DataError(
                f"this is no classifier of the schema {SCHEMA}.", hint="give what to_dict wrote."
            )
        return cls(
            names=tuple(given["names"]),
            coefficients=tuple(given["coefficients"]),
            fill=tuple(given["fill"]),
            lowest=tuple(given["lowest"]),
            highest=tuple(given["highest"]),
            intercept=given["intercept"],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OligoClassifier:
    """A classifier and what it is worth in persons it did not see.

    Attributes
    ----------
    model : OligoModel
        Fitted to all persons.
    held_out : Discrimination
        By nested cross-validation: penalty and calibration chosen without the fold.
    person_id : tuple of str
        Persons used.
    probability : ndarray of float, shape (n,)
        Their held-out probabilities of oligometastatic disease.
    oligo : ndarray of float, shape (n,)
        Their labels.
    counts : dict of str to int
        Labels, and persons without a label, sample or place in the panel.
    left_out : dict of str to int
        Persons without a label by state.
    lambda_ : float
        Penalty chosen.
    options : OligoOptions
        How.
    provenance : Provenance
        Hashes and options.
    """

    model: OligoModel
    held_out: Discrimination
    person_id: tuple[str, ...]
    probability: FloatArray
    oligo: FloatArray
    counts: dict[str, int]
    left_out: dict[str, int]
    lambda_: float
    options: OligoOptions
    provenance: Provenance

    def summary(self) -> str:
        """Return counts, quality and coefficients for the terminal."""
        made = self.held_out
        head = [
            f"{self.counts['oligometastatic']:,} oligometastatic and "
            f"{self.counts['polymetastatic']:,} polymetastatic persons; "
            f"{sum(self.left_out.values()):,} without a label.",
            f"    AUC in held-out persons: {made.auc.text()}",
            f"    Calibration slope: {made.slope.text()}, intercept: {made.intercept.text()}",
            f"    Brier score: {decimal_text(made.brier, 3)} ({made.brier_scaled:.0%} better than "
            "the prevalence)",
        ]
        pairs = sorted(
            zip(self.model.names, self.model.coefficients, strict=True), key=lambda x: -abs(x[1])
        )
        return "\n".join([*head, *(f"    {name:32} {decimal_text(b)}" for name, b in pairs[:20])])

    def to_dict(self) -> dict[str, Any]:
        """Return model and quality as JSON-ready values; no person's row."""
        return {
            "model": self.model.to_dict(),
            "held_out": self.held_out.to_dict(),
            "counts": dict(self.counts),
            "left_out": dict(self.left_out),
            "lambda": self.lambda_,
            "options": self.options.to_dict(),
            "provenance": self.provenance.to_dict(),
        }


def oligo_classifier(
    panel: Panel,
    labels: OligoLabels,
    options: OligoOptions,
    *,
    weight: Sequence[float] | None = None,
    cluster: Sequence[Any] | None = None,
) -> OligoClassifier:
    """Make a classifier of oligo- against polymetastatic disease.

    Logistic regression with the penalty of the elastic net, chosen by cross-validation, whose log
    odds are then calibrated by the held-out ones. Everything is repeated without each outer fold
    for the quality in unseen persons. Batches, or clusters, are kept whole in folds.

    Parameters
    ----------
    panel : Panel
        Features.
    labels : OligoLabels
        Who is oligometastatic.
    options : OligoOptions
        Penalty, folds, fewest persons.
    weight : sequence of float, optional
        Sampling weight of each person of the labels.
    cluster : sequence, optional
        Cluster of each person of the labels.

    Returns
    -------
    OligoClassifier
        The model, and its quality in held-out persons.

    Raises
    ------
    DataError
        If there are too few persons of either label.
    DesignError
        If folds can't be made.
    """
    place = align(panel, labels.person_id).place
    rows = np.flatnonzero((place >= 0) & panel.measured[place])
    y = np.array(labels.oligo, dtype=np.float64)[rows]
    few = int(min(y.sum(), y.size - y.sum()))
    if few < options.least_events:
        raise DataError(
            f"of {y.size} persons with label and panel {int(y.sum())} are oligometastatic and "
            f"{int(y.size - y.sum())} polymetastatic: at least {options.least_events} of either "
            "are needed.",
            hint="collect more persons, or name a few markers and describe them.",
        )
    ids = tuple(labels.person_id[i] for i in rows.tolist())
    w = np.ones(y.size) if weight is None else check_weight(weight, len(labels.oligo))[rows]
    own = None if cluster is None else cluster_codes("cluster", cluster, len(labels.oligo))[rows]
    codes = None if own is None else np.unique(own, return_inverse=True)[1]
    raw = panel.values[place[rows]]
    fold = _folds(panel, place[rows], ids, y, codes, options)
    probability = np.empty(y.size)
    for k in np.unique(fold).tolist():
        train, held = fold != k, fold == k
        X, fill = _filled(raw[train])
        fit = _calibrated(X, y[train], w[train], inner_folds(fold, k), options.alpha)
        probability[held] = _probability(np.where(np.isnan(raw[held]), fill, raw[held]), fit)
    X, fill = _filled(raw)
    fit = _calibrated(X, y, w, fold, options.alpha)
    return OligoClassifier(
        model=_model(panel.names, X, fill, fit),
        held_out=discrimination(
            probability, y, level=options.level, groups=options.groups, weight=w, cluster=codes
        ),
        person_id=ids,
        probability=probability,
        oligo=y,
        counts={
            "oligometastatic": int(y.sum()),
            "polymetastatic": int(y.size - y.sum()),
            "labelled_without_panel": len(labels.oligo) - y.size,
            "panel_without_label": panel.n - int((place >= 0).sum()),
        },
        left_out=dict(labels.left_out),
        lambda_=fit.lambda_,
        options=options,
        provenance=Provenance(
            input_sha256=sha256_of_bytes(panel.sha256().encode(), repr((ids, y.tolist())).encode()),
            options={"oligo_classifier": options.to_dict()},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    intercept: float
    coefficients: FloatArray
    lambda_: float


def _calibrated(
    X: FloatArray, y: FloatArray, weight: FloatArray, fold: IntArray, alpha: float
) -> _Fit:
    """Choose the penalty by the held-out likelihood, and calibrate by the held-out log odds."""
    whole = logistic_path(X, y, weight, alpha=alpha)
    held_out = np.empty((y.size, whole.lambdas.size))
    for k in np.unique(fold).tolist():
        train, held = fold != k, fold == k
        if not 0.0 < y[train].mean() < 1.0:
            raise DesignError(
                "without a fold all persons have the same label: batches or clusters hold one "
                "label only.",
                hint="mix labels within batches, or don't keep them whole.",
            )
        path = logistic_path(X[train], y[train], weight[train], alpha=alpha, lambdas=whole.lambdas)
        held_out[held] = path.log_odds(X[held])
    loss = weight @ log_loss(held_out, y)
    best = int(np.argmin(loss))
    values, _ = recalibration(held_out[:, best], y, weight, None)
    slope = max(float(values[1]), 0.0)
    shift = float(values[0])
    if slope == 0.0 or not whole.coefficients[best].any():
        # Nothing is predicted: everybody has the prevalence.
        rate = float(weight @ y / weight.sum())
        return _Fit(
            intercept=math.log(rate / (1.0 - rate)),
            coefficients=np.zeros(X.shape[1]),
            lambda_=float(whole.lambdas[best]),
        )
    return _Fit(
        intercept=shift + slope * float(whole.intercepts[best]),
        coefficients=slope * whole.coefficients[best],
        lambda_=float(whole.lambdas[best]),
    )


def _filled(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return values with unknown ones at the median of the column, and the medians."""
    X = filled(raw)
    return X, np.median(X, axis=0)


def _probability(X: FloatArray, fit: _Fit) -> FloatArray:
    return np.clip(special.expit(fit.intercept + X @ fit.coefficients), 1e-6, 1.0 - 1e-6)


def _folds(
    panel: Panel,
    place: IntArray,
    ids: tuple[str, ...],
    y: FloatArray,
    cluster: IntArray | None,
    options: OligoOptions,
) -> IntArray:
    if panel.batch is not None:
        labels = np.array([panel.batch[i] for i in place.tolist()])
        batch = np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
        return batch_folds(batch, options.folds, cluster=cluster)
    return make_folds(ids, y.astype(np.int64), options.folds, seed=options.seed, cluster=cluster)


def _model(names: tuple[str, ...], X: FloatArray, fill: FloatArray, fit: _Fit) -> OligoModel:
    used = np.flatnonzero(fit.coefficients)
    return OligoModel(
        names=tuple(names[j] for j in used.tolist()),
        coefficients=tuple(fit.coefficients[used].tolist()),
        fill=tuple(fill[used].tolist()),
        lowest=tuple(X[:, used].min(axis=0).tolist()),
        highest=tuple(X[:, used].max(axis=0).tolist()),
        intercept=fit.intercept,
    )
