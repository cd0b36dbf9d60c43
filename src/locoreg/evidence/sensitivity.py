"""How a pool depends on its studies: subgroups, leave-one-out, cumulative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.estimate import Estimate, Scale
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.evidence.guard import estimate_at, floored
from locoreg.evidence.lines import PooledStudy
from locoreg.evidence.meta import MetaAnalysis, Prediction, meta_analysis
from locoreg.evidence.records import Catalog, Question, Study
from locoreg.stats.heterogeneity import subgroup_test
from locoreg.stats.randomeffects import Interval, RandomEffects, cumulative, leave_one_out
from locoreg.stats.tau2 import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """How a pool is computed.

    Attributes
    ----------
    method, interval : str
        As for :func:`locoreg.evidence.meta.meta_analysis`.
    level : float
        Level of all intervals in percent.
    prediction : {"riley", "metafor"}
        Formula of the prediction interval.
    subgroups_by : str, optional
        Column of the studies table that splits them, ``randomisation_timing`` say.
    """

    method: str
    interval: str
    level: float
    prediction: Prediction = "riley"
    subgroups_by: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", method_name(self.method))
        object.__setattr__(self, "interval", interval_name(self.interval))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupPool:
    """The pool of one subgroup of studies."""

    name: str
    study_ids: tuple[str, ...]
    meta: MetaAnalysis


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupTestResult:
    """The test that subgroups share one effect (separate tau2, normal theory)."""

    by: str
    q: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityRow:
    """A pool of part of the studies: without one, or up to one.

    Attributes
    ----------
    study_id, label : str
        The study left out, or the last one that entered.
    mu : Estimate
        The pool.
    tau2, i2 : float
        Its heterogeneity; I2 in percent.
    floor : Estimate or None
        The floored interval where the Hartung-Knapp one is narrower than the
        common-effect one.
    """

    study_id: str
    label: str
    mu: Estimate
    tau2: float
    i2: float
    floor: Estimate | None


def scale_of(question: Question) -> Scale:
    """Return the scale on which a question's measure is pooled."""
    return "identity" if question.measure in ("RD", "MD", "SMD") else "log"


def pool_studies(
    studies: tuple[PooledStudy, ...], options: PoolOptions, question: Question
) -> MetaAnalysis:
    """Pool the effects of the studies given."""
    return meta_analysis(
        [s.effect.yi for s in studies],
        se=[s.effect.se for s in studies],
        method=options.method,
        interval=options.interval,
        level=options.level,
        scale=scale_of(question),
        labels=[s.label for s in studies],
        prediction=options.prediction,
    )


def subgroup_pools(
    catalog: Catalog,
    studies: tuple[PooledStudy, ...],
    options: PoolOptions,
    question: Question,
) -> tuple[tuple[SubgroupPool, ...], SubgroupTestResult | None]:
    """Pool by a column of the studies table; test that the subgroups share one effect."""
    by = options.subgroups_by
    if by is None:
        return (), None
    records = [catalog.studies[s.study_id] for s in studies]
    columns = [f.name for f in fields(Study) if f.name not in ("row", "study_id", "label")]
    if by not in columns:
        raise DesignError(
            f"the studies table has no column {by!r} to make subgroups of.",
            hint=did_you_mean(by, columns),
        )
    names = [str(getattr(record, by) or "not stated") for record in records]
    members: Mapping[str, tuple[PooledStudy, ...]] = {
        name: tuple(s for s, n in zip(studies, names, strict=True) if n == name)
        for name in dict.fromkeys(names)
    }
    pools = tuple(
        SubgroupPool(
            name=name,
            study_ids=tuple(s.study_id for s in group),
            meta=pool_studies(group, options, question),
        )
        for name, group in members.items()
    )
    if len(members) < 2:
        return pools, None
    test = subgroup_test(
        [s.effect.yi for s in studies],
        [s.effect.vi for s in studies],
        names,
        method=method_name(options.method),
        tau2="separate",
    )
    return pools, SubgroupTestResult(
        by=by, q=float(test.q_between), df=int(test.df), p_value=float(test.p_value)
    )


def without_each(
    studies: tuple[PooledStudy, ...], options: PoolOptions, question: Question
) -> tuple[SensitivityRow, ...]:
    """Pool without each of the studies in turn; empty under two studies."""
    return _rows(studies, leave_one_out, options, question)


def up_to_each(
    studies: tuple[PooledStudy, ...], options: PoolOptions, question: Question
) -> tuple[SensitivityRow, ...]:
    """Pool the studies up to each, in the order given; empty under two studies."""
    in_order = partial(cumulative, order=list(range(len(studies))))
    return _rows(studies, in_order, options, question)


def _rows(
    studies: tuple[PooledStudy, ...],
    series: Callable[..., RandomEffects],
    options: PoolOptions,
    question: Question,
) -> tuple[SensitivityRow, ...]:
    if len(studies) < 2:
        return ()

    def run(method: Method, interval: Interval) -> RandomEffects:
        return series(
            [s.effect.yi for s in studies],
            [s.effect.vi for s in studies],
            method=method,
            interval=interval,
            level=options.level,
            prediction=options.prediction,
        )

    fit = run(method_name(options.method), interval_name(options.interval))
    scale = scale_of(question)
    floors = floored(run, fit, scale)
    return tuple(
        SensitivityRow(
            study_id=study.study_id,
            label=study.label,
            mu=estimate_at(fit, scale, i),
            tau2=float(fit.tau2[i]),
            i2=float(fit.i2[i]),
            floor=floors[i],
        )
        for i, study in enumerate(studies)
    )


def row_dict(row: SensitivityRow) -> dict[str, Any]:
    """Return a row as JSON-ready values."""
    return {
        "study_id": row.study_id,
        "label": row.label,
        "mu": row.mu.to_dict(),
        "tau2": row.tau2,
        "i2": row.i2,
        "floor": None if row.floor is None else row.floor.to_dict(),
    }
