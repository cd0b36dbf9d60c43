"""Run one method on a cohort, or say why it gives no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from locoreg.core.errors import DesignError, LocoregError
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.effect import Diagnostic, Effect
from locoreg.emulation.imputation import (
    Completed,
    Imputation,
    complete,
    estimate_with_imputation,
)
from locoreg.emulation.inference import Inference
from locoreg.emulation.inference.estimate import OnProgress
from locoreg.emulation.methods import Method, has_option, make_method
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.question import Question


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One analysis of a cohort.

    Attributes
    ----------
    label : str
        What it is, in words.
    changed : dict
        What differs from the primary analysis.
    effect : Effect or None
        The answer.
    failure : str or None
        Why there is none.
    """

    label: str
    changed: dict[str, Any]
    effect: Effect | None
    failure: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON-ready values."""
        return {
            "label": self.label,
            "changed": self.changed,
            "failure": self.failure,
            "effect": None if self.effect is None else self.effect.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """What all analyses of a protocol share.

    Attributes
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What the protocol asks.
    inference : Inference
        How intervals of the primary analysis are made.
    imputation : Imputation or None
        Options of multiple imputation; None where nothing is imputed.
    protocol_sha256 : str
        Hash of the protocol.
    diagnostics : tuple of Diagnostic
        Diagnostics of the cohort, which every effect carries.
    imputed : dict
        The cohort imputed, by grace period and options: filled when first needed, and shared.
    """

    cohort: Cohort
    question: Question
    inference: Inference
    imputation: Imputation | None
    protocol_sha256: str
    diagnostics: tuple[Diagnostic, ...] = ()
    imputed: dict[tuple[float, Imputation], Completed] = field(default_factory=dict, repr=False)

    def completed(self, question: Question) -> Completed | None:
        """Return the cohort of the setting imputed for a question; None where nothing is."""
        if self.imputation is None:
            return None
        key = (question.grace_months, self.imputation)
        if key not in self.imputed:
            self.imputed[key] = complete(self.cohort, *key)
        return self.imputed[key]

    def secondary(self) -> Inference:
        """Return how intervals of other analyses are made: by the fastest valid way.

        Without replicates and seed in the protocol, a method that has no influence functions gets
        no interval. Nor where confounders are imputed: every replicate would impute anew.
        """
        return replace(self.inference, interval="auto", checkpoint=None)


def estimate(
    setting: Setting,
    method: Method,
    *,
    question: Question | None = None,
    cohort: Cohort | None = None,
    inference: Inference | None = None,
    on_progress: OnProgress | None = None,
    interval_optional: bool = False,
) -> Effect:
    """Estimate with a method; the effect carries the diagnostics of the cohort too.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    method : Method
        The method.
    question, cohort, inference : optional
        What replaces those of the setting.
    on_progress : callable, optional
        Called with the bootstrap replicates done and their total.
    interval_optional : bool
        Where confounders are imputed: whether a method without influence functions gets no
        interval.

    Returns
    -------
    Effect
        Curves, contrasts, diagnostics.
    """
    asked = setting.question if question is None else question
    persons = setting.cohort if cohort is None else cohort
    how = setting.inference if inference is None else inference
    if setting.imputation is None:
        effect = method.estimate(
            persons,
            asked,
            how,
            protocol_sha256=setting.protocol_sha256,
            on_progress=on_progress,
        )
    else:
        effect = estimate_with_imputation(
            method,
            persons,
            asked,
            how,
            setting.imputation,
            protocol_sha256=setting.protocol_sha256,
            on_progress=on_progress,
            completed=setting.completed(asked) if persons is setting.cohort else None,
            interval_optional=interval_optional,
        )
    known = {(d.name, d.arm) for d in effect.diagnostics}
    more = tuple(d for d in setting.diagnostics if (d.name, d.arm) not in known)
    return replace(effect, diagnostics=(*effect.diagnostics, *more))


def attempt(
    setting: Setting,
    label: str,
    name: str,
    options: Mapping[str, Any],
    *,
    changed: dict[str, Any],
    question: Question | None = None,
    cohort: Cohort | None = None,
) -> Run:
    """Run a method that may have no answer, which is then told.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    label : str
        In words.
    name, options
        Method and its options.
    changed : dict
        What differs from the primary analysis.
    question, cohort : optional
        What replaces those of the setting.

    Returns
    -------
    Run
        With the effect, or with the reason why there is none.
    """
    try:
        method = make_method(name, options)
        effect = estimate_or_less(setting, method, question=question, cohort=cohort)
    except LocoregError as error:
        return Run(label=label, changed=changed, effect=None, failure=str(error))
    return Run(label=label, changed=changed, effect=effect, failure=None)


def estimate_or_less(
    setting: Setting,
    method: Method,
    *,
    question: Question | None = None,
    cohort: Cohort | None = None,
) -> Effect:
    """Estimate with the interval that the protocol can pay for; without one where it can't.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    method : Method
        The method.
    question, cohort : optional
        What replaces those of the setting.

    Returns
    -------
    Effect
        With intervals by influence functions; else by the bootstrap, if the protocol states
        replicates and seed and nothing is imputed; or else without.
    """
    how = setting.secondary()
    if setting.imputation is not None or (how.replicates is not None and how.seed is not None):
        return estimate(
            setting,
            method,
            question=question,
            cohort=cohort,
            inference=how,
            interval_optional=True,
        )
    try:
        only = replace(how, interval="influence")
        return estimate(setting, method, question=question, cohort=cohort, inference=only)
    except DesignError:
        # The same fault comes again if it is not the missing influence functions.
        none = replace(how, interval="none")
        return estimate(setting, method, question=question, cohort=cohort, inference=none)


def imputation_of(protocol: TrialProtocol) -> Imputation | None:
    """Return how a protocol has confounders imputed; None where it has not."""
    missing = protocol.confounders.missing
    if missing.method != "multiple_imputation":
        return None
    assert missing.imputations is not None
    assert missing.seed is not None
    return Imputation(imputations=missing.imputations, seed=missing.seed)


def shifted(setting: Setting, shift: float) -> Setting:
    """Return a setting whose imputed values depart from missing at random.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    shift : float
        In standard deviations; see ``Imputation``.

    Returns
    -------
    Setting
        The same otherwise.

    Raises
    ------
    DesignError
        If nothing is imputed.
    """
    if setting.imputation is None:
        raise DesignError(
            "there are no imputed values to shift.",
            hint="take multiple_imputation for missing confounders, or no missing_shift.",
        )
    return replace(setting, imputation=replace(setting.imputation, shift=shift))


def options_of(protocol: TrialProtocol, method: str) -> dict[str, Any]:
    """Return the options that a protocol's method would have in the place of the primary one.

    Parameters
    ----------
    protocol : TrialProtocol
        The protocol.
    method : str
        Method by name.

    Returns
    -------
    dict
        Those of the primary analysis or of the sensitivity analyses; for a method that is in
        neither its own, with the penalty of the primary analysis.
    """
    analysis = protocol.analysis
    for choice in (analysis, *protocol.sensitivity.methods):
        if choice.method == method:
            return dict(choice.options)
    penalty = analysis.options.get("penalty")
    return {"penalty": penalty} if penalty and has_option(method, "penalty") else {}
