"""What could make a finding wrong, check by check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.protocol.parts import Benchmark
from locoreg.evidence.catalog import load_catalog
from locoreg.selection.assess.robustness import (
    Anchor,
    CovariateStrength,
    Credibility,
    HiddenBias,
    HiddenConfounder,
    MarginalSensitivity,
    NegativeControls,
    OmittedBias,
    SiteOptions,
    Stability,
    TippingConfounders,
    Transport,
    anchor,
    covariate_strengths,
    credibility,
    explains,
    leave_one_site_out,
    marginal_sensitivity,
    negative_controls,
    omitted_bias,
    stability,
    tipping_confounders,
)
from locoreg.selection.rules import fit_rule
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import BoolArray
from locoreg.workflows.emulation.trials import catalogue_trials, outcome_of_event
from locoreg.workflows.selection.plan import SelectionPlan

Say = Callable[[str], None]
Group = BoolArray | None
# Shares of the treated and the others with a feature, for what it would have to do.
PREVALENCES = ((0.2, 0.4), (0.3, 0.6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Checks of a finding.

    Attributes
    ----------
    anchor : Anchor or None
        The randomised trials beside the average effect in trial-eligible persons.
    controls : NegativeControls or None
        Effects on outcomes that treatment can't change.
    omitted : tuple of OmittedBias
        Bounds of bias by a hidden variable: in everybody, and in whom the rule treats.
    marginal : tuple of MarginalSensitivity
        Bounds where the odds of treatment may be wrong.
    explained : tuple of HiddenBias
        Whether hidden confounders of given sizes would explain the effect.
    tipping : tuple of TippingConfounders
        What a hidden confounder would have to do to explain the effect.
    strengths : tuple of CovariateStrength
        How strong known covariates are.
    transport : Transport or None
        Each site by models of the others.
    stability : Stability or None
        The rule found again on halves.
    credibility : Credibility
        All together.
    notes : tuple of str
        Checks that could not be made, and why.
    """

    anchor: Anchor | None
    controls: NegativeControls | None
    omitted: tuple[OmittedBias, ...]
    marginal: tuple[MarginalSensitivity, ...]
    explained: tuple[HiddenBias, ...]
    tipping: tuple[TippingConfounders, ...]
    strengths: tuple[CovariateStrength, ...]
    transport: Transport | None
    stability: Stability | None
    credibility: Credibility
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the checks as JSON-ready values."""

        def one(found: Any) -> Any:
            return None if found is None else found.to_dict()

        return {
            "credibility": self.credibility.to_dict(),
            "anchor": one(self.anchor),
            "negative_controls": one(self.controls),
            "omitted": [found.to_dict() for found in self.omitted],
            "marginal": [found.to_dict() for found in self.marginal],
            "explained": [found.to_dict() for found in self.explained],
            "tipping": [found.to_dict() for found in self.tipping],
            "strengths": [found.to_dict() for found in self.strengths],
            "sites": one(self.transport),
            "stability": one(self.stability),
            "notes": list(self.notes),
        }


def find_doubts(
    scores: Scores,
    survival: Scores | None,
    treat: BoolArray,
    plan: SelectionPlan,
    protocol: TrialProtocol | None,
    eligible: BoolArray | None,
    *,
    whole: bool,
    say: Say,
) -> Doubts:
    """Make every check that the data and the plan allow.

    Parameters
    ----------
    scores : Scores
        Scores of the effect.
    survival : Scores or None
        Scores of the difference in survival at the horizon; None where that can't be had.
    treat : ndarray of bool, shape (n,)
        Whom a rule treats, found without the person.
    plan : SelectionPlan
        How.
    protocol : TrialProtocol or None
        Names the trials.
    eligible : ndarray of bool, shape (n,), or None
        Whom the trials would have taken.
    whole : bool
        Whether sites, halves and known covariates are tried too, which takes longest.
    say : callable
        Told about stages.

    Returns
    -------
    Doubts
        The checks, with reasons for those that could not be made.
    """
    notes: list[str] = []

    def tried(what: str, make: Callable[[], Any]) -> Any:
        say(what)
        try:
            return make()
        except LocoregError as error:
            notes.append(f"{what[:1].upper()}{what[1:]}: not made. {error.message}")
            return None

    groups: list[BoolArray | None] = [None]
    if treat.any() and not treat.all():
        groups.append(treat)
    beside = None
    if protocol is not None and protocol.benchmark is not None and eligible is not None:
        asked = protocol.benchmark
        beside = tried(
            "comparison with randomised trials",
            lambda: _beside_trials(survival or scores, eligible, asked, plan, protocol),
        )
    strengths: tuple[CovariateStrength, ...] = ()
    if whole and plan.like:
        found = tried(
            "strength of known covariates",
            lambda: covariate_strengths(scores, plan.like, treat=groups[-1]),
        )
        strengths = found or ()
    controls = None
    if scores.data.negative_controls:
        controls = tried("negative controls", lambda: negative_controls(scores, treat=groups[-1]))
    known = [one.strength for one in strengths]
    omitted = _each(
        groups,
        tried,
        "bias by a hidden variable",
        lambda group: omitted_bias(scores, treat=group, strengths=known),
    )
    marginal = _each(
        groups,
        tried,
        "wrong odds of treatment",
        lambda group: marginal_sensitivity(scores, factors=plan.odds_factors, treat=group),
    )
    tipping = _each(
        groups,
        tried,
        "hidden confounder that would explain the effect",
        lambda group: tipping_confounders(scores, prevalences=PREVALENCES, treat=group),
    )
    explained = [
        found
        for one in plan.hidden
        for found in _each(
            groups,
            tried,
            "hidden confounder of a given size",
            partial(_explained, scores, one),
        )
    ]
    transport = steady = None
    if whole:
        if scores.data.site is not None:
            options = SiteOptions(cost=plan.cost, seed=plan.seed)
            transport = tried(
                "each site by the others",
                lambda: leave_one_site_out(scores, plan.make_learner(), options),
            )
        steady = tried(
            "the rule on halves of the persons",
            lambda: stability(
                scores,
                lambda half: fit_rule(half, plan.rule),
                halves=plan.halves,
                seed=plan.seed,
                cost=plan.cost,
            ),
        )
    return Doubts(
        anchor=beside,
        controls=controls,
        omitted=tuple(omitted),
        marginal=tuple(marginal),
        explained=tuple(explained),
        tipping=tuple(tipping),
        strengths=strengths,
        transport=transport,
        stability=steady,
        credibility=credibility(
            anchor=beside,
            controls=controls,
            omitted=tuple(omitted),
            marginal=tuple(marginal),
            explained=tuple(explained),
            transport=transport,
            stability=steady,
        ),
        notes=tuple(notes),
    )


def _beside_trials(
    scores: Scores,
    eligible: BoolArray,
    asked: Benchmark,
    plan: SelectionPlan,
    protocol: TrialProtocol,
) -> Anchor:
    event = "death" if protocol.outcome is None else protocol.outcome.event
    found = catalogue_trials(
        load_catalog(),
        asked.studies,
        outcome=outcome_of_event(event),
        level=scores.question.level,
    )
    return anchor(
        scores,
        eligible,
        found.trials,
        widest_ratio=plan.widest_ratio,
        pooled=found.pooled,
        margin=None if asked.margin is None else max(asked.margin, 1.0 / asked.margin),
        left_out=found.left_out,
    )


def _each(
    groups: Sequence[Group],
    tried: Callable[[str, Callable[[], Any]], Any],
    what: str,
    make: Callable[[Group], Any],
) -> list[Any]:
    """Return what is found in each group, but for those where it can't be."""
    found = [tried(what, partial(make, group)) for group in groups]
    return [one for one in found if one is not None]


def _explained(scores: Scores, size: HiddenConfounder, group: Group) -> HiddenBias:
    return explains(scores, size, treat=group)
