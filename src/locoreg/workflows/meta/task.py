"""The task: a meta-analysis of anyone's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from locoreg.core.errors import DesignError, NothingToPoolError
from locoreg.core.provenance import Provenance
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.meta import MetaAnalysis, meta_analysis
from locoreg.stats.effectmeasures.result import AddedTo
from locoreg.stats.randomeffects import Prediction
from locoreg.stats.smallstudy.steplikelihood import Sides
from locoreg.workflows.meta.bayesian import bayesian_part
from locoreg.workflows.meta.clustered import clustered_part
from locoreg.workflows.meta.countpools import count_pools
from locoreg.workflows.meta.influencing import influence_part
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.moderators import moderators_of, order_of
from locoreg.workflows.meta.options import MetaOptions, Robust
from locoreg.workflows.meta.poolrows import (
    PoolRow,
    natural,
    pool_rows_of,
    up_to_each,
    without_each,
)
from locoreg.workflows.meta.reading import StudyTable, read_table
from locoreg.workflows.meta.regressing import permutation_part, regression_part
from locoreg.workflows.meta.report import MetaReport, StudyRow
from locoreg.workflows.meta.smallstudies import small_study_part
from locoreg.workflows.meta.studies import StudyEffects, study_effects
from locoreg.workflows.meta.subgroups import subgroup_part

SCALE_END = "A limit of the pool lies beyond what the transform reaches; it is cut off there."


def meta_table(
    path: str | Path,
    *,
    measure: str,
    method: str,
    interval: str,
    level: float,
    columns: Mapping[str, str] | None = None,
    label: Sequence[str] = (),
    add: float | None = None,
    to: AddedTo | None = None,
    drop00: bool = False,
    ci_level: float | None = None,
    prediction: Prediction = "riley",
    by: str = "",
    subgroup_tau2: Literal["separate", "common"] | None = None,
    mods: Sequence[str] = (),
    factors: Sequence[str] = (),
    references: Mapping[str, str] | None = None,
    permute: int | Literal["exact"] | None = None,
    seed: int | None = None,
    cluster: str = "",
    within: str = "",
    robust: Robust | None = None,
    rho: float | None = None,
    leave_one_out: bool = False,
    order: str = "",
    influence: bool = False,
    baujat: bool = False,
    small_study: bool = False,
    alpha: float | None = None,
    steps: Sequence[float] = (),
    alternative: Sides | None = None,
    target: float | None = None,
    mantel_haenszel: bool = False,
    peto: bool = False,
    continuity: bool = True,
    tau_prior: str = "",
    decimal: Literal["point", "comma"] | None = None,
) -> MetaReport:
    """Pool the studies of a table.

    Parameters
    ----------
    path : str or Path
        Delimited text; one row per effect, names of the columns in the first row.
    measure : str
        Effect measure by metafor's name: OR, RR, RD, PETO, IRR, HR, MD, SMD, PLO, PFT, ZCOR, ...
    method : str
        Estimator of the between-study variance: CE, DL, HE, HS, SJ, ML, REML, EB, PM, ...
    interval : str
        ``normal``, ``t``, ``hartung-knapp`` or ``hartung-knapp-floor``.
    level : float
        Level of all intervals in percent.
    columns : mapping of str to str, optional
        Column of the file for a role: ``{"ai": "tpos"}``. Roles have metafor's names.
    label : sequence of str
        Columns that name a study; found out if empty.
    add : float, optional
        Constant for zero counts; the measure's own (1/2, or 0 where zero is harmless) if not given.
    to : {"only0", "all", "if0all", "none"}, optional
        Which studies get it; those with a zero if not given.
    drop00 : bool
        Leave studies without events (or with events only) in both groups out.
    ci_level : float, optional
        Level in percent of printed intervals, for columns est, ci_low and ci_high.
    prediction : {"riley", "metafor"}
        Formula of the prediction interval.
    by : str
        Column of subgroups.
    subgroup_tau2 : {"separate", "common"}, optional
        Between-study variance of subgroups; needed with ``by``.
    mods, factors : sequence of str
        Columns of moderators, and those of them whose numbers are codes.
    references : mapping of str to str, optional
        Reference level of a factor; the first in order if not given.
    permute : int or "exact", optional
        Number of random permutations (all are taken where they are no more), or all.
    seed : int, optional
        Seed of the permutations.
    cluster, within : str
        Columns of dependent effects: the outer level, and the inner one of a three-level model.
    robust : {"CR0", "CR1", "CR2"}, optional
        Cluster-robust variance.
    rho : float, optional
        Correlation of effects of a cluster, to pool one effect per cluster.
    leave_one_out, influence, baujat, small_study, mantel_haenszel, peto : bool
        Further parts.
    alpha, steps, alternative
        Needed with ``small_study``: level of its tests, steps of the selection model's p-values,
        and the side on which results are thought to be selected.
    target : float, optional
        Smallest effect that matters, as it is read, for Orwin's fail-safe number.
    order : str
        Column that orders cumulative pools.
    continuity : bool
        Continuity correction of the Cochran-Mantel-Haenszel test.
    tau_prior : str
        Prior on tau of a Bayesian pool: ``half-normal(0.5)``.
    decimal : {"point", "comma"}, optional
        Sign before the decimals; found out if not given.

    Returns
    -------
    MetaReport
        Everything asked for.

    Raises
    ------
    DataError
        If the table can't be used; the message names file, row and column.
    DesignError
        If an option does not fit the others or the table.
    NothingToPoolError
        If no row has an effect.
    """
    options = MetaOptions(
        measure=measure,
        method=method,
        interval=interval,
        level=float(level),
        prediction=prediction,
        add=add,
        to=to,
        drop00=drop00,
        ci_level=ci_level,
        by=by,
        subgroup_tau2=subgroup_tau2,
        mods=tuple(mods),
        factors=tuple(factors),
        references=dict(references or {}),
        permute=permute,
        seed=seed,
        cluster=cluster,
        within=within,
        robust=robust,
        rho=rho,
        order=order,
        leave_one_out=leave_one_out,
        influence=influence,
        baujat=baujat,
        small_study=small_study,
        alpha=alpha,
        steps=tuple(float(step) for step in steps),
        alternative=alternative,
        target=target,
        mantel_haenszel=mantel_haenszel,
        peto=peto,
        continuity=continuity,
        tau_prior=tau_prior,
    )
    table = read_table(
        Path(path),
        options.what,
        columns=dict(columns or {}),
        label=tuple(label),
        others=[name for name in (by, *options.mods, cluster, within, order) if name],
        decimal=decimal,
    )
    _check_layout(table, options)
    effects = study_effects(table, options.what, zeros=options.zeros, ci_level=ci_level)
    return _report(table, effects, options, decimal)


def _check_layout(table: StudyTable, options: MetaOptions) -> None:
    """Refuse options that the columns make void."""
    reported = table.layout[0] in ("yi", "est", "o_minus_e")
    if reported and (options.add is not None or options.to is not None or options.drop00):
        raise DesignError(
            f"--add, --to and --drop00 are about counts; {table.file} gives effects.",
            hint="leave them away.",
        )
    if options.ci_level is not None and table.layout[0] != "est":
        raise DesignError(
            f"--ci-level is about printed intervals; effects come from {', '.join(table.layout)}.",
            hint="leave it away.",
        )


def _report(
    table: StudyTable, effects: StudyEffects, options: MetaOptions, decimal: str | None
) -> MetaReport:
    if not effects.labels:
        reasons = "; ".join(f"{s.label}: {s.reason}" for s in effects.left_out[:6])
        raise NothingToPoolError(f"{table.file}: no row has an effect ({reasons}).")
    what = options.what
    meta = meta_analysis(
        effects.yi,
        vi=effects.vi,
        method=options.method,
        interval=options.interval,
        level=options.level,
        scale=what.scale,
        labels=effects.labels,
        prediction=options.prediction,
    )
    groups, by_group = subgroup_part(table, effects, options)
    pooled = pool_rows_of(effects, [("pooled", np.arange(effects.yi.size))], options)[0]
    prediction = _prediction(what, meta, effects)
    moderators = moderators_of(table, effects, options, decimal) if options.mods else None
    order = order_of(table, effects, options.order, decimal) if options.order else None
    return MetaReport(
        options=options,
        studies=_study_rows(effects, meta, by_group),
        left_out=effects.left_out,
        notes=(*effects.notes, *_cut_off(what, pooled, prediction)),
        meta=meta,
        pooled=pooled,
        prediction=prediction,
        subgroups=groups,
        regression=None if moderators is None else regression_part(effects, moderators, options),
        permutation=None
        if options.permute is None
        else permutation_part(effects, moderators, options),
        clustered=clustered_part(table, effects, options, moderators) if options.cluster else None,
        leave_one_out=without_each(effects, options) if options.leave_one_out else (),
        cumulative=() if order is None else up_to_each(effects, order, options),
        order=options.order,
        influence=influence_part(effects, options) if options.influence or options.baujat else None,
        small_study=small_study_part(table, effects, options) if options.small_study else None,
        count_pools=count_pools(table, options),
        bayesian=bayesian_part(effects, options) if options.tau_prior else None,
        provenance=Provenance(
            input_sha256=table.sha256,
            options={
                **options.to_dict(),
                "file": table.file,
                "columns": {role: table.named[role] for role in table.layout},
                "label": list(table.label_columns),
            },
        ),
    )


def _study_rows(
    effects: StudyEffects, meta: MetaAnalysis, by_group: dict[int, str]
) -> tuple[StudyRow, ...]:
    half = z_value(meta.mu.level) * np.sqrt(effects.vi)
    low, high = effects.yi - half, effects.yi + half
    shown = [effects.measure.natural(v, effects.sizes) for v in (effects.yi, low, high)]
    return tuple(
        StudyRow(
            label=effects.labels[i],
            line=effects.line[i],
            yi=float(effects.yi[i]),
            vi=float(effects.vi[i]),
            se=float(np.sqrt(effects.vi[i])),
            ci_low=float(low[i]),
            ci_high=float(high[i]),
            weight=float(meta.weights[i]),
            natural=(float(shown[0][i]), float(shown[1][i]), float(shown[2][i])),
            corrected=effects.corrected[i],
            group=by_group.get(i),
        )
        for i in range(effects.yi.size)
    )


def _prediction(
    what: Measure, meta: MetaAnalysis, effects: StudyEffects
) -> tuple[float, float] | None:
    if meta.prediction is None:
        return None
    _, low, high = natural(what, (meta.mu.estimate, *meta.prediction), effects.sizes)
    return low, high


def _cut_off(
    what: Measure, pooled: PoolRow, prediction: tuple[float, float] | None
) -> tuple[str, ...]:
    """Return the note that a limit was cut off at the end of the transform."""
    ends = {
        "squared sine": (0.0, 1.0),
        "inverse Freeman-Tukey": (0.0, 1.0),
        "square": (0.0,),
        "inverse Freeman-Tukey of rates": (0.0,),
    }.get(what.transform, ())
    limits = (*pooled.natural[1:], *(prediction or ()))
    return (SCALE_END,) if any(limit in ends for limit in limits) else ()
