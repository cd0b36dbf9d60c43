"""Analyses beside the primary one: specifications, ladder, bias, subgroups, controls, trials."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from locoreg.core.errors import LocoregError
from locoreg.core.estimate import Estimate
from locoreg.emulation.effect import Diagnostic, Effect, Measure
from locoreg.emulation.methods import has_option, make_method
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.question import Initiation
from locoreg.emulation.sensitivity import (
    ArmValues,
    BiasAnalysis,
    Calibrated,
    ConfounderPriors,
    EValue,
    Specification,
    SpecificationTable,
    TippingTable,
    bias_analysis,
    calibrate,
    check_controls,
    e_values_of,
    fit_null,
    one_at_a_time,
    run_specifications,
    tipping_points,
)
from locoreg.workflows.emulation.ladder import Ladder, bias_ladder
from locoreg.workflows.emulation.runs import Run, Setting, estimate_or_less, shifted
from locoreg.workflows.emulation.subgroups import (
    ControlRow,
    Interaction,
    SubgroupRow,
    in_subgroups,
    negative_controls,
)
from locoreg.workflows.emulation.trials import TrialComparison, compare_with_trials
from locoreg.workflows.emulation.truth import TrueEffect, true_effect

Analysis = Literal["specifications", "ladder", "bias", "subgroups", "controls", "benchmark"]
# In the order in which they are run.
ANALYSES: tuple[Analysis, ...] = get_args(Analysis)
# Of a bias analysis; its seed is that of the protocol's intervals, or this where they have none.
DRAWS = 10_000
SEED = 1
# Shares of the arms that have an unmeasured confounder, in the table of tipping points.
PREVALENCES = (0.1, 0.3, 0.5, 0.7)
# Above this risk an odds or hazard ratio is no risk ratio (VanderWeele & Ding 2017).
COMMON = 0.15
# Methods whose treated strategy has readings to vary.
HAS_INITIATION = ("clone_censor_weight", "g_formula")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extras:
    """What was run beside the primary analysis; empty where it was left out.

    Attributes
    ----------
    specifications : SpecificationTable or None
        One choice changed at a time, the primary analysis first.
    alternatives : tuple of Run
        Their effects.
    ladder : Ladder or None
        From naive to careful.
    e_values : tuple of EValue
        Of the primary analysis.
    tipping : TippingTable or None
        How strong an unmeasured confounder must be.
    bias : tuple of BiasAnalysis
        Under the protocol's ranges of an unmeasured confounder.
    subgroups, interactions
        Effects in subgroups.
    controls : tuple of ControlRow
        Outcomes that the treatment can't change.
    control_verdicts : tuple of Diagnostic
        A verdict on each of them, corrected for their number.
    calibrated : Calibrated or None
        The hazard ratio calibrated by them, where they are enough.
    trials : TrialComparison or None
        The result beside randomised trials.
    notes : tuple of str
        What could not be done, and why.
    """

    specifications: SpecificationTable | None = None
    alternatives: tuple[Run, ...] = ()
    ladder: Ladder | None = None
    e_values: tuple[EValue, ...] = ()
    tipping: TippingTable | None = None
    bias: tuple[BiasAnalysis, ...] = ()
    subgroups: tuple[SubgroupRow, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    controls: tuple[ControlRow, ...] = ()
    control_verdicts: tuple[Diagnostic, ...] = ()
    calibrated: Calibrated | None = None
    trials: TrialComparison | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the analyses as JSON-ready values."""
        return {
            "specifications": _dict(self.specifications),
            "alternatives": [run.to_dict() for run in self.alternatives],
            "bias_ladder": _dict(self.ladder),
            "e_values": [one.to_dict() for one in self.e_values],
            "tipping_points": _dict(self.tipping),
            "bias_analysis": [one.to_dict() for one in self.bias],
            "subgroups": [row.to_dict() for row in self.subgroups],
            "interactions": [one.to_dict() for one in self.interactions],
            "negative_controls": [row.to_dict() for row in self.controls],
            "negative_control_verdicts": [one.to_dict() for one in self.control_verdicts],
            "calibrated": _dict(self.calibrated),
            "benchmark": _dict(self.trials),
            "notes": list(self.notes),
        }


def extra_analyses(
    setting: Setting,
    protocol: TrialProtocol,
    primary: Run,
    method: str,
    options: Mapping[str, Any],
    registry: str | None,
    say: Callable[[str], None],
    *,
    analyses: Collection[Analysis] = ANALYSES,
) -> Extras:
    """Run what a protocol asks for beside its primary analysis.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    protocol : TrialProtocol
        The protocol.
    primary : Run
        The primary analysis.
    method, options
        Its method.
    registry : str or None
        Where patients come from; a synthetic registry holds the truth.
    say : callable
        Told about stages.
    analyses : collection of str
        Which of them: names of ``ANALYSES``.

    Returns
    -------
    Extras
        What was asked for; what has no answer says why.
    """
    assert primary.effect is not None
    effect = primary.effect
    table: SpecificationTable | None = None
    runs: tuple[Run, ...] = ()
    ladder = None
    if "specifications" in analyses:
        say("sensitivity analyses")
        table, runs = _specifications(setting, protocol, effect, method, options)
    if "ladder" in analyses:
        say("bias ladder")
        ladder = _ladder(setting, protocol, primary, runs, registry)
    e_values, tipping, bias, notes = _NOTHING
    if "bias" in analyses:
        say("unmeasured confounding")
        e_values, tipping, bias, notes = _unmeasured(protocol, effect)
    subgroups: tuple[SubgroupRow, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    if "subgroups" in analyses:
        say("subgroups")
        subgroups, interactions = in_subgroups(setting, method, options)
    controls: tuple[ControlRow, ...] = ()
    if "controls" in analyses:
        say("negative controls")
        controls = negative_controls(setting, method, options)
    calibrated, why = _calibrated(effect, controls)
    verdicts = _verdicts(controls, setting.question.level)
    trials = None
    if "benchmark" in analyses:
        say("randomised trials")
        failed = [one.name for one in verdicts if one.verdict == "fail"]
        trials = compare_with_trials(setting, protocol, effect, method, options, failed=failed)
    return Extras(
        specifications=table,
        alternatives=runs,
        ladder=ladder,
        e_values=e_values,
        tipping=tipping,
        bias=bias,
        subgroups=subgroups,
        interactions=interactions,
        controls=controls,
        control_verdicts=verdicts,
        calibrated=calibrated,
        trials=trials,
        notes=(*notes, *why),
    )


def _ladder(
    setting: Setting,
    protocol: TrialProtocol,
    primary: Run,
    runs: tuple[Run, ...],
    registry: str | None,
) -> Ladder:
    penalty = protocol.analysis.options.get("penalty")
    truth = _truth(setting, registry)
    return bias_ladder(setting, primary, runs, truth, None if penalty is None else str(penalty))


def _specifications(
    setting: Setting,
    protocol: TrialProtocol,
    primary: Effect,
    method: str,
    options: Mapping[str, Any],
) -> tuple[SpecificationTable, tuple[Run, ...]]:
    asked = protocol.sensitivity
    initiations: tuple[Initiation, ...] = ()
    if method in HAS_INITIATION and setting.question.intervals > 0:
        initiations = ("all_initiators", "deadline")
    others = {_label(choice.method, choice.options): choice for choice in asked.methods}
    specifications = one_at_a_time(
        setting.question,
        method,
        options,
        grace_months=asked.grace_months,
        truncation=asked.truncation if has_option(method, "truncate") else (),
        initiations=initiations,
        methods={label: (c.method, c.options) for label, c in others.items()},
        missing_shift=asked.missing_shift,
    )
    runs: list[Run] = []

    def run(specification: Specification) -> Effect:
        effect = primary
        if specification.group != "primary":
            effect = _run(setting, specification)
            changed = _changed(specification)
            runs.append(
                Run(label=specification.label, changed=changed, effect=effect, failure=None)
            )
        return effect

    table = run_specifications(
        specifications,
        run,
        measure=difference_measure(setting),
        at_months=setting.question.horizon_months,
    )
    failed = [
        Run(label=row.label, changed=_changed(one), effect=None, failure=row.failure)
        for row, one in zip(table.rows, specifications, strict=True)
        if row.verdict is None
    ]
    return table, (*runs, *failed)


def _run(setting: Setting, specification: Specification) -> Effect:
    chosen = setting
    if specification.missing_shift is not None:
        chosen = shifted(setting, specification.missing_shift)
    return estimate_or_less(
        chosen,
        make_method(specification.method, specification.options),
        question=specification.question(),
    )


def _changed(specification: Specification) -> dict[str, Any]:
    if specification.group == "method":
        return {"method": specification.method, "options": dict(specification.options)}
    return {"group": specification.group, "what": specification.changed}


def _label(method: str, options: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in options.items())
    words = method.replace("_", " ")
    return f"{words[0].upper()}{words[1:]}" + (f" ({told})" if told else "")


def difference_measure(setting: Setting) -> Measure:
    """Return the difference that analyses are compared by."""
    return "incidence_difference" if setting.cohort.competing else "survival_difference"


def _truth(setting: Setting, registry: str | None) -> TrueEffect | str | None:
    if not setting.cohort.synthetic:
        return None
    if registry is None or not (Path(registry) / "truth").is_dir():
        return "the truth does not lie beside these synthetic patients."
    return true_effect(Path(registry), setting.cohort, setting.question)


_Unmeasured = tuple[
    tuple[EValue, ...], TippingTable | None, tuple[BiasAnalysis, ...], tuple[str, ...]
]
_NOTHING: _Unmeasured = ((), None, (), ())


def _unmeasured(protocol: TrialProtocol, effect: Effect) -> _Unmeasured:
    horizon = effect.question.horizon_months
    try:
        values = ArmValues.of(effect, horizon)
        common = max(values.treated, values.comparator) > COMMON
        e_values = e_values_of(effect, outcome="common" if common else "rare")
    except LocoregError as error:
        return (), None, (), (f"E-values: {error}",)
    ratio = _log_hr(effect)
    tipping = None
    if ratio is not None:
        tipping = tipping_points(
            ratio, prevalence_treated=PREVALENCES, prevalence_comparator=PREVALENCES
        )
    ranges = protocol.sensitivity.unmeasured
    if ranges is None:
        return e_values, tipping, (), ()
    priors = ConfounderPriors.uniform(dict(ranges))
    seed = protocol.analysis.intervals.seed
    subjects: list[ArmValues | Estimate] = [values] if ratio is None else [values, ratio]
    bias = tuple(
        bias_analysis(one, priors, draws=DRAWS, seed=SEED if seed is None else seed)
        for one in subjects
    )
    return e_values, tipping, bias, ()


def _log_hr(effect: Effect) -> Estimate | None:
    found = [c.estimate for c in effect.contrasts if c.measure == "hazard_ratio"]
    return found[0] if found and found[0].se == found[0].se else None


def _verdicts(controls: tuple[ControlRow, ...], level: float) -> tuple[Diagnostic, ...]:
    found = {c.name: c.difference for c in controls if c.difference is not None}
    return check_controls(found, level=level) if found else ()


def _calibrated(
    effect: Effect, controls: tuple[ControlRow, ...]
) -> tuple[Calibrated | None, tuple[str, ...]]:
    held = {c.name: c.log_hr for c in controls if c.log_hr is not None and c.log_hr.se > 0}
    ratio = _log_hr(effect)
    if ratio is None or not held:
        return None, ()
    try:
        return calibrate(ratio, fit_null(held), level=ratio.level), ()
    except LocoregError as error:
        return None, (f"Empirical calibration: {error}",)


def _dict(value: Any) -> Any:
    return None if value is None else value.to_dict()
