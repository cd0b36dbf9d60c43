"""Draw results: the only place that knows a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import Effect
from locoreg.evidence.designs import DesignLadder
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.multiverse import Multiverse
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.priorsensitivity import PriorSensitivity
from locoreg.evidence.riskofbias import Assessment
from locoreg.figures.beforeafter import before_after_figure
from locoreg.figures.describe import describe
from locoreg.figures.designladder import design_ladder_figure, design_ladder_summary
from locoreg.figures.digitised import (
    hazard_ratio_figure,
    pooled_curves_figure,
    reconstruction_figure,
)
from locoreg.figures.emulation import (
    EFFECT_KINDS,
    attrition_figure,
    benchmark_figure,
    describe_effect,
    effect_difference,
    effect_figure,
    flow_figure,
    kinds_of,
    ladder_figure,
    love_plot,
    overlap_figure,
    sides,
    specification_figure,
    weight_figure,
    weighted_curves,
)
from locoreg.figures.family import family_figure, family_summary
from locoreg.figures.forest import forest_of_meta, forest_of_pools
from locoreg.figures.funnel import funnel_figure, funnel_summary
from locoreg.figures.influence import influence_figure, influence_summary
from locoreg.figures.multiverse import specification_curve
from locoreg.figures.paired import shift_figure, shift_summary
from locoreg.figures.planning import (
    accrual_figure,
    assurance_figure,
    planning_figure,
    power_figure,
)
from locoreg.figures.posterior import posterior_figure, posterior_summary, shrinkage_figure
from locoreg.figures.selection import (
    SELECTION_KINDS,
    Setting,
    benefit_figure,
    calibration_figure,
    gate_figure,
    leaf_figure,
    rule_figure,
    selection_figure,
    selection_kinds_of,
    sensitivity_figure,
    setting_of,
    strength_figure,
    subgroup_figure,
    support_figure,
    toc_figure,
    tree_figure,
    value_figure,
)
from locoreg.figures.selection.kinds import drawn, draws
from locoreg.figures.sequential import sequential_figure, sequential_summary
from locoreg.figures.survival import (
    difference_figure,
    incidence_figure,
    report_figure,
    survival_figure,
)
from locoreg.figures.survival.figure import (
    describe_curves,
    describe_difference,
    describe_report,
)
from locoreg.figures.svg import save, to_svg
from locoreg.stats.curves import SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidences
from locoreg.stats.survivaldifference import SurvivalDifference
from locoreg.workflows.curves.report import CurveReport
from locoreg.workflows.emulation.ladder import Ladder
from locoreg.workflows.emulation.view import BenchmarkView
from locoreg.workflows.explore.family import Family
from locoreg.workflows.explore.funnel import EffectsFunnel, Funnel
from locoreg.workflows.explore.shift import BiasShift
from locoreg.workflows.explore.spread import Influence
from locoreg.workflows.planning.accrualforecast import PlannedAccrual
from locoreg.workflows.planning.prospects import PoolAssurance, PoolWith
from locoreg.workflows.planning.sizing import SizedTrial
from locoreg.workflows.sequential import SequentialView

__all__ = [
    "EFFECT_KINDS",
    "SELECTION_KINDS",
    "Figure",
    "Setting",
    "accrual_figure",
    "assurance_figure",
    "attrition_figure",
    "before_after_figure",
    "benchmark_figure",
    "benefit_figure",
    "calibration_figure",
    "describe",
    "design_ladder_figure",
    "difference_figure",
    "effect_difference",
    "effect_figure",
    "family_figure",
    "flow_figure",
    "funnel_figure",
    "gate_figure",
    "hazard_ratio_figure",
    "incidence_figure",
    "influence_figure",
    "kinds_of",
    "ladder_figure",
    "leaf_figure",
    "love_plot",
    "overlap_figure",
    "planning_figure",
    "plot",
    "pooled_curves_figure",
    "posterior_figure",
    "power_figure",
    "reconstruction_figure",
    "report_figure",
    "rule_figure",
    "save",
    "selection_figure",
    "selection_kinds_of",
    "sensitivity_figure",
    "sequential_figure",
    "setting_of",
    "shift_figure",
    "shrinkage_figure",
    "sides",
    "specification_curve",
    "specification_figure",
    "strength_figure",
    "subgroup_figure",
    "support_figure",
    "survival_figure",
    "to_svg",
    "toc_figure",
    "tree_figure",
    "value_figure",
    "weight_figure",
    "weighted_curves",
]


@singledispatch
def plot(
    result: object,
    *,
    layout: str = "revman",
    kind: str | None = None,
    setting: Setting | None = None,
) -> Figure:
    """Draw a result.

    What can be set depends on the kind of result; see the functions named.

    Parameters
    ----------
    result : object
        What is drawn, by its type:

        - EvidencePool, or several of a question with a group each: a forest plot
          (:func:`~locoreg.figures.forest.forest_of_pools`: ``layout``, ``axis_limits``,
          ``exclusions``, ``order``, ``risk_of_bias``).
        - MetaAnalysis: the same without a catalogue behind it
          (:func:`~locoreg.figures.forest.forest_of_meta`: ``layout``, ``axis_limits``, ``title``,
          ``measure``, ``favours``).
        - Multiverse: a specification curve
          (:func:`~locoreg.figures.multiverse.specification_curve`: the same and ``most``).
        - SequentialView: the cumulative pool against its boundaries
          (:func:`~locoreg.figures.sequential.sequential_figure`).
        - PriorSensitivity: posteriors under several priors
          (:func:`~locoreg.figures.posterior.posterior_figure`: ``title``, ``measure``).
        - DesignLadder: trials alone, then other designs with their stated bias
          (:func:`~locoreg.figures.designladder.design_ladder_figure`: ``title``, ``favours``).
        - SizedTrial, PoolAssurance, PlannedAccrual, PoolWith of the next trial
          (:func:`~locoreg.figures.planning.planning_figure`).
        - Influence, BiasShift, Funnel, EffectsFunnel, Family: what each study does to a pool,
          each as printed and as supported, effects against standard errors, years of recruitment
          (:func:`~locoreg.figures.influence.influence_figure`,
          :func:`~locoreg.figures.paired.shift_figure`,
          :func:`~locoreg.figures.funnel.funnel_figure`,
          :func:`~locoreg.figures.family.family_figure`).
        - SurvivalCurves, CumulativeIncidences: curves with the table of patients at risk
          (:func:`~locoreg.figures.survival.survival_figure`,
          :func:`~locoreg.figures.survival.incidence_figure`: ``title``, ``unit``, ``origin``,
          ``arms``, ``at`` and more).
        - SurvivalDifference: a curve about zero
          (:func:`~locoreg.figures.survival.difference_figure`).
        - CurveReport: the curves of a table
          (:func:`~locoreg.figures.survival.report_figure`).
        - Effect of an emulated trial: curves, their difference, balance, weights or flow
          (:func:`~locoreg.figures.emulation.effect_figure`: ``kind`` and more).
        - Attrition, Ladder, BenchmarkView of an emulation
          (:func:`~locoreg.figures.emulation.attrition_figure`,
          :func:`~locoreg.figures.emulation.ladder_figure`,
          :func:`~locoreg.figures.emulation.benchmark_figure`).
        - SelectionResult: who gains from treatment
          (:func:`~locoreg.figures.selection.selection_figure`: ``kind``), and what it is made of:
          TargetingCurve, Calibration, GroupEffects, SubgroupEffects, HonestRule, LeafTable,
          ValueCurve, SelectionModel, MarginalSensitivity, OmittedBias.
    layout : {"revman", "jama", "bmj"}
        Columns, wording and palette.
    kind : str, optional
        Of a SelectionResult: which of its figures.
    setting : Setting, optional
        Of what a selection is made of: question, patients and warnings, for title and notes.

    Returns
    -------
    matplotlib.figure.Figure
        Free to be restyled; :func:`to_svg` and :func:`save` write it.

    Raises
    ------
    DesignError
        If the result is of no kind that is drawn, or holds no study.
    """
    if draws(result):
        return drawn(result, kind=kind, setting=setting)
    raise DesignError(
        f"there is no figure for a {type(result).__name__}.",
        hint="draw pools of evidence, a meta-analysis, a multiverse, curves of survival, an "
        "emulated trial or a selection.",
    )


@plot.register
def _(
    result: EvidencePool,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    exclusions: bool = True,
    order: str = "year",
    risk_of_bias: Sequence[Assessment] = (),
) -> Figure:
    return forest_of_pools(
        [result],
        layout=layout,
        axis_limits=axis_limits,
        exclusions=exclusions,
        order=order,
        risk_of_bias=risk_of_bias,
    )


@plot.register(Sequence)
def _(
    result: Sequence[EvidencePool],
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    exclusions: bool = True,
    order: str = "year",
    risk_of_bias: Sequence[Assessment] = (),
) -> Figure:
    if isinstance(result, str) or not all(isinstance(r, EvidencePool) for r in result):
        raise DesignError("only pools of evidence can be drawn together.")
    return forest_of_pools(
        result,
        layout=layout,
        axis_limits=axis_limits,
        exclusions=exclusions,
        order=order,
        risk_of_bias=risk_of_bias,
    )


@plot.register
def _(
    result: MetaAnalysis,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
) -> Figure:
    return forest_of_meta(
        result,
        layout=layout,
        axis_limits=axis_limits,
        title=title,
        measure=measure,
        favours=favours,
    )


@plot.register
def _(
    result: Multiverse,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
    most: int = 64,
) -> Figure:
    return specification_curve(
        result,
        layout=layout,
        axis_limits=axis_limits,
        title=title,
        measure=measure,
        favours=favours,
        most=most,
    )


plot.register(SurvivalCurves, survival_figure)
plot.register(CumulativeIncidences, incidence_figure)
plot.register(SurvivalDifference, difference_figure)
plot.register(CurveReport, report_figure)
plot.register(Effect, effect_figure)
plot.register(Attrition, attrition_figure)
plot.register(Ladder, ladder_figure)
plot.register(BenchmarkView, benchmark_figure)
plot.register(Influence, influence_figure)
plot.register(BiasShift, shift_figure)
plot.register(Funnel, funnel_figure)
plot.register(EffectsFunnel, funnel_figure)
plot.register(Family, family_figure)
plot.register(SequentialView, sequential_figure)
plot.register(PriorSensitivity, posterior_figure)
plot.register(DesignLadder, design_ladder_figure)
for _planned in (SizedTrial, PoolAssurance, PlannedAccrual, PoolWith):
    plot.register(_planned, planning_figure)
describe.register(Influence, influence_summary)
describe.register(BiasShift, shift_summary)
describe.register(Funnel, funnel_summary)
describe.register(EffectsFunnel, funnel_summary)
describe.register(Family, family_summary)
describe.register(SequentialView, sequential_summary)
describe.register(PriorSensitivity, posterior_summary)
describe.register(DesignLadder, design_ladder_summary)
describe.register(Effect, describe_effect)
describe.register(SurvivalCurves, describe_curves)
describe.register(CumulativeIncidences, describe_curves)
describe.register(SurvivalDifference, describe_difference)
describe.register(CurveReport, describe_report)
