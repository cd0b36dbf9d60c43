"""Several effects of one study: three-level model, robust errors, one effect per cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.stats.effectmeasures.result import FloatArray
from locoreg.stats.metaregression import MetaRegression, meta_regression
from locoreg.stats.multilevel.aggregate import aggregate_effects
from locoreg.stats.multilevel.clusterrobust import ClusterRobust, cluster_robust
from locoreg.stats.multilevel.fit import MultilevelEffects, multilevel_effects
from locoreg.stats.randomeffects import random_effects
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.moderators import Moderators
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import PoolRow, Triple, natural, natural_dict, row_of, shown
from locoreg.workflows.meta.reading import StudyTable
from locoreg.workflows.meta.studies import StudyEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPart:
    """What is done about effects that are not independent.

    Attributes
    ----------
    measure : Measure
    cluster : str
        Column.
    clusters : int
        Number of clusters among the effects used.
    multilevel : MultilevelEffects or None
        Three-level model.
    robust : ClusterRobust or None
        Robust inference on the three-level model if there is one, else on the ordinary one.
    multilevel_natural, robust_natural : tuple of float or None
        The mean as it is read; None with moderators.
    aggregated : PoolRow or None
        Pool of one effect per cluster.
    rho : float or None
        Correlation assumed for it.
    """

    measure: Measure
    cluster: str
    clusters: int
    multilevel: MultilevelEffects | None
    robust: ClusterRobust | None
    multilevel_natural: Triple | None
    robust_natural: Triple | None
    aggregated: PoolRow | None
    rho: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the part as JSON-ready values."""
        return {
            "cluster": self.cluster,
            "clusters": self.clusters,
            "multilevel": self._multilevel_dict(),
            "robust": self._robust_dict(),
            "aggregated": None
            if self.aggregated is None
            else {"rho": self.rho, **self.aggregated.to_dict()},
        }

    def _multilevel_dict(self) -> dict[str, Any] | None:
        fit = self.multilevel
        if fit is None:
            return None
        names: tuple[str, ...] = (
            "method",
            "interval",
            "level",
            "k",
            "df",
            "q",
            "q_df",
            "q_p",
            "qm",
            "qm_p",
        )
        names += ("loglik", "aic", "bic", "pi_low", "pi_high", "typical_variance")
        return {
            **{name: getattr(fit, name) for name in names},
            "qm_df": list(fit.qm_df),
            "levels": [
                {"level": level, "groups": groups, "sigma2": float(s), "i2": float(i)}
                for level, groups, s, i in zip(
                    fit.levels, fit.groups, fit.sigma2, fit.i2, strict=True
                )
            ],
            "confounded": list(fit.confounded),
            "coefficients": _coefficients(fit),
            "natural": _natural(self.multilevel_natural),
        }

    def _robust_dict(self) -> dict[str, Any] | None:
        fit = self.robust
        if fit is None:
            return None
        return {
            "kind": fit.kind,
            "level": fit.level,
            "clusters": fit.clusters,
            "coefficients": _coefficients(fit),
            "qm": fit.qm,
            "qm_df": list(fit.qm_df),
            "qm_p": fit.qm_p,
            "natural": _natural(self.robust_natural),
        }

    def lines(self) -> list[str]:
        """Return the part in plain lines."""
        found = []
        if self.multilevel is not None:
            fit = self.multilevel
            head = f"Three-level model, {fit.method}, {plural(fit.k, 'effect')}: "
            found.append(head + self._result(fit, self.multilevel_natural))
            variances = "; ".join(
                f"{level} {decimal_text(float(s), 4)} ({plural(groups, 'group')}, I2 {i:.0f}%)"
                for level, groups, s, i in zip(
                    fit.levels, fit.groups, fit.sigma2, fit.i2, strict=True
                )
            )
            found += [f"  Variances: {variances}"]
            found += [
                f"  {name}: its groups are those of the level within; their variances can't be "
                "told apart."
                for name in fit.confounded
            ]
            found.append(f"  Q {fit.q:.2f} on {fit.q_df} df ({p_text(fit.q_p)})")
        if self.robust is not None:
            of = "three-level model" if self.multilevel is not None else "ordinary model"
            head = (
                f"Cluster-robust ({self.robust.kind}, {plural(self.clusters, 'cluster')}, {of}): "
            )
            found.append(head + self._result(self.robust, self.robust_natural))
        if self.aggregated is not None:
            found.append(
                f"One effect per cluster, correlation {self.rho:g} within: "
                f"{shown(self.measure, self.aggregated.natural)}, "
                f"{plural(self.aggregated.k, 'cluster')}, I2 {self.aggregated.i2:.0f}%"
            )
        return found

    def _result(self, fit: MultilevelEffects | ClusterRobust, triple: Triple | None) -> str:
        if triple is not None:
            return f"{shown(self.measure, triple)}, {p_text(float(fit.p_value[0]))}"
        return "coefficients " + "; ".join(
            f"{name} {decimal_text(float(fit.b[i]), 4)} ({decimal_text(float(fit.ci_low[i]), 4)} "
            f"to {decimal_text(float(fit.ci_high[i]), 4)})"
            for i, name in enumerate(fit.names)
        )


def clustered_part(
    table: StudyTable,
    effects: StudyEffects,
    options: MetaOptions,
    moderators: Moderators | None,
) -> ClusteredPart:
    """Pool dependent effects as was asked for.

    Parameters
    ----------
    table : StudyTable
    effects : StudyEffects
    options : MetaOptions
        With ``cluster`` and at least one of ``within``, ``robust`` and ``rho``.
    moderators : Moderators or None
        Design of the models; None for a mean.

    Returns
    -------
    ClusteredPart

    Raises
    ------
    DataError, DesignError
        If a label is missing, or the model can't be fitted.
    """
    kept = np.arange(effects.yi.size) if moderators is None else moderators.kept
    x = np.ones((kept.size, 1)) if moderators is None else moderators.x
    names = ("intercept",) if moderators is None else moderators.names
    outer = _labels(table, effects, options.cluster)[kept]
    y, v = effects.yi[kept], effects.vi[kept]
    model: MultilevelEffects | None = None
    if options.within:
        inner = _labels(table, effects, options.within)[kept]
        model = multilevel_effects(
            y,
            v,
            groups={options.cluster: outer, options.within: inner},
            x=x,
            names=names,
            method=options.method,  # type: ignore[arg-type]
            interval=options.interval,  # type: ignore[arg-type]
            level=options.level,
        )
    robust: ClusterRobust | None = None
    if options.robust is not None:
        base: MultilevelEffects | MetaRegression = model or meta_regression(
            y,
            v,
            x,
            names=names,
            method=options.method,  # type: ignore[arg-type]
            interval="normal",
            level=options.level,
        )
        robust = cluster_robust(base, cluster=outer, kind=options.robust, level=options.level)
    sizes = effects.sizes[kept]
    return ClusteredPart(
        measure=effects.measure,
        cluster=options.cluster,
        clusters=int(np.unique(outer).size),
        multilevel=model,
        robust=robust,
        multilevel_natural=_mean(model, effects.measure, sizes, moderators),
        robust_natural=_mean(robust, effects.measure, sizes, moderators),
        aggregated=None if options.rho is None else _aggregated(table, effects, options),
        rho=options.rho,
    )


def _labels(table: StudyTable, effects: StudyEffects, column: str) -> np.ndarray:
    cells = [table.texts[column][i] for i in effects.rows.tolist()]
    for i, cell in enumerate(cells):
        if cell is None:
            raise DataError(
                f"{table.file}, row {effects.line[i]}: no value of {column}.",
                hint="every effect that is pooled belongs to a group.",
            )
    return np.array(cells)


def _mean(
    fit: MultilevelEffects | ClusterRobust | None,
    measure: Measure,
    sizes: FloatArray,
    moderators: Moderators | None,
) -> Triple | None:
    if fit is None or moderators is not None:
        return None
    triple = (float(fit.b[0]), float(fit.ci_low[0]), float(fit.ci_high[0]))
    return natural(measure, triple, sizes)


def _aggregated(table: StudyTable, effects: StudyEffects, options: MetaOptions) -> PoolRow:
    outer = _labels(table, effects, options.cluster)
    found = aggregate_effects(effects.yi, effects.vi, outer, rho=float(options.rho or 0.0))
    fit = random_effects(
        found.yi,
        found.vi,
        method=options.method,  # type: ignore[arg-type]
        interval=options.interval,  # type: ignore[arg-type]
        level=options.level,
        prediction=options.prediction,
    )
    return row_of("one effect per cluster", fit, effects.measure, effects.sizes)


def _coefficients(fit: MultilevelEffects | ClusterRobust) -> list[dict[str, Any]]:
    columns = ["b", "se", "statistic", "p_value", "ci_low", "ci_high"]
    rows = [
        {"name": name, **{key: float(getattr(fit, key)[i]) for key in columns}}
        for i, name in enumerate(fit.names)
    ]
    if isinstance(fit, ClusterRobust):
        for i, row in enumerate(rows):
            row["df"] = float(fit.df[i])
    return rows


def _natural(triple: Triple | None) -> dict[str, float] | None:
    return None if triple is None else natural_dict(triple)
