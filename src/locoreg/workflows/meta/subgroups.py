"""Subgroups of a table: a pool each, and the test of their differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.heterogeneity import subgroup_test
from locoreg.stats.metaregression import meta_regression
from locoreg.stats.randomeffects import random_effects
from locoreg.workflows.meta.moderators import groups_of
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import NAN, PoolRow, natural, pool_rows_of
from locoreg.workflows.meta.reading import StudyTable
from locoreg.workflows.meta.studies import LeftOutStudy, StudyEffects, left_out_dicts

Groups = list[tuple[str, np.ndarray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupPart:
    """Pools by subgroup and the test of their differences.

    Attributes
    ----------
    by, tau2 : str
        Column; whether each subgroup has its own between-study variance or they share one.
    rows : tuple of PoolRow
        With a shared variance, i2 is that of the residual heterogeneity.
    q, df, p_value : float
        Test of equal effects (chi-squared); NaN if there is one subgroup.
    left_out : tuple of LeftOutStudy
        Pooled studies without a subgroup.
    """

    by: str
    tau2: str
    rows: tuple[PoolRow, ...]
    q: float
    df: float
    p_value: float
    left_out: tuple[LeftOutStudy, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the subgroups as JSON-ready values."""
        return {
            "by": self.by,
            "tau2": self.tau2,
            "groups": [row.to_dict() for row in self.rows],
            "q": self.q,
            "df": self.df,
            "p_value": self.p_value,
            "left_out": left_out_dicts(self.left_out),
        }


def subgroup_part(
    table: StudyTable, effects: StudyEffects, options: MetaOptions
) -> tuple[SubgroupPart | None, dict[int, str]]:
    """Pool by subgroup.

    Parameters
    ----------
    table : StudyTable
    effects : StudyEffects
    options : MetaOptions

    Returns
    -------
    tuple
        The subgroups, None if not asked for, and the subgroup of each pooled study.

    Raises
    ------
    DesignError
        If no study has a subgroup.
    """
    if not options.by or options.subgroup_tau2 is None:
        return None, {}
    groups, missing = groups_of(table, effects, options.by)
    if not groups:
        raise DesignError(f"{table.file}: no pooled study has a value of {options.by}.")
    shared = options.subgroup_tau2 == "common" and options.method != "CE" and len(groups) > 1
    rows = _shared(effects, groups, options) if shared else pool_rows_of(effects, groups, options)
    q, df, p_value = NAN, NAN, NAN
    if len(groups) > 1:
        kept, names = _members(groups)
        test = subgroup_test(
            effects.yi[kept],
            effects.vi[kept],
            names,
            method=options.method,  # type: ignore[arg-type]
            tau2=options.subgroup_tau2,
        )
        q, df, p_value = test.q_between, float(test.df), test.p_value
    part = SubgroupPart(
        by=options.by,
        tau2=options.subgroup_tau2,
        rows=rows,
        q=q,
        df=df,
        p_value=p_value,
        left_out=missing,
    )
    return part, {int(i): name for name, at in groups for i in at}


def _members(groups: Groups) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of all studies, and the subgroup of each."""
    kept = np.concatenate([at for _, at in groups])
    return kept, np.repeat([name for name, _ in groups], [at.size for _, at in groups])


def _shared(effects: StudyEffects, groups: Groups, options: MetaOptions) -> tuple[PoolRow, ...]:
    """Pool with one between-study variance: a regression on indicators of the subgroups."""
    kept, names = _members(groups)
    y, v = effects.yi[kept], effects.vi[kept]
    levels = [name for name, _ in groups]
    if y.size <= len(levels):
        raise DesignError(
            f"--subgroup-tau2 common: each value of {options.by} has one study, which tells "
            "nothing about the variance between studies.",
            hint="use --mods if it is a number, or --subgroup-tau2 separate.",
        )
    fit = meta_regression(
        y,
        v,
        (names[:, None] == np.array(levels)[None, :]).astype(np.float64),
        names=levels,
        method=options.method,  # type: ignore[arg-type]
        interval=options.interval,  # type: ignore[arg-type]
        level=options.level,
    )
    rows = []
    for i, (name, at) in enumerate(groups):
        alone = random_effects(
            effects.yi[at],
            effects.vi[at],
            method="CE",
            interval="normal",
            level=options.level,
            prediction=options.prediction,
        )
        triple = (float(fit.b[i]), float(fit.ci_low[i]), float(fit.ci_high[i]))
        rows.append(
            PoolRow(
                label=name,
                k=int(at.size),
                estimate=triple[0],
                se=float(fit.se[i]),
                ci_low=triple[1],
                ci_high=triple[2],
                p_value=float(fit.p_value[i]),
                tau2=fit.tau2,
                i2=fit.i2,
                q=float(alone.q),
                q_p=float(alone.q_p),
                natural=natural(effects.measure, triple, effects.sizes[at]),
            )
        )
    return tuple(rows)
