"""What could make a finding wrong, check by check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from locoreg.core.errors import DesignError, LocoregError
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
from locoreg.workflows.emulation.trials import CatalogueTrials, catalogue_trials, event_outcome
from locoreg.workflows.selection.plan import SelectionPlan

Say = Callable[[str], None]
Group = BoolArray | None
Found = TypeVar("Found")
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
    checks = _Checks(scores=scores, plan=plan, treat=treat, say=say)
    anchored = checks.anchor(survival or scores, protocol, eligible)
    contradicted = anchored is not None and anchored.verdict == "not credible"
    if contradicted:
        # No rule is shown: neither whom it treats nor what rules of halves ask for.
        checks.groups = [None]
    strengths = checks.strengths() if whole else ()
    controls = checks.controls()
    omitted = checks.omitted(strengths)
    marginal = checks.marginal()
    tipping = checks.tipping()
    explained = checks.explained()
    transport = checks.transport() if whole else None
    steady = checks.stability() if whole and not contradicted else None
    return Doubts(
        anchor=anchored,
        controls=controls,
        omitted=omitted,
        marginal=marginal,
        explained=explained,
        tipping=tipping,
        strengths=strengths,
        transport=transport,
        stability=steady,
        credibility=credibility(
            anchor=anchored,
            controls=controls,
            omitted=omitted,
            marginal=marginal,
            explained=explained,
            transport=transport,
            stability=steady,
        ),
        notes=tuple(checks.notes),
    )


class _Checks:
    """Checks of one finding; what can't be made is noted with its reason."""

    def __init__(self, *, scores: Scores, plan: SelectionPlan, treat: BoolArray, say: Say) -> None:
        self.scores, self.plan, self.say = scores, plan, say
        self.groups: list[Group] = [None]
        if treat.any() and not treat.all():
            self.groups.append(treat)
        self.notes: list[str] = []

    def _tried(
        self, what: str, make: Callable[[], Found], *, caught: type[LocoregError] = LocoregError
    ) -> Found | None:
        try:
            return make()
        except caught as error:
            note = f"{what[:1].upper()}{what[1:]}: not made. {error.message}"
            if note not in self.notes:
                self.notes.append(note)
            return None

    def _one(self, what: str, make: Callable[[], Found]) -> Found | None:
        self.say(what)
        return self._tried(what, make)

    def _each(self, what: str, make: Callable[[Group], Found]) -> tuple[Found, ...]:
        """Return what is found in each group, but for those where it can't be."""
        self.say(what)
        found = [self._tried(what, partial(make, group)) for group in self.groups]
        return tuple(one for one in found if one is not None)

    def anchor(
        self, scores: Scores, protocol: TrialProtocol | None, eligible: BoolArray | None
    ) -> Anchor | None:
        if protocol is None or protocol.benchmark is None or eligible is None:
            return None
        asked, what = protocol.benchmark, "comparison with randomised trials"
        self.say(what)
        # A DataError of the tables is raised: that they are broken is no reason of design.
        found = self._tried(
            what, partial(_trials, asked, protocol, scores.question.level), caught=DesignError
        )
        if found is None:
            return None
        return self._tried(what, partial(_beside_trials, scores, eligible, asked, self.plan, found))

    def strengths(self) -> tuple[CovariateStrength, ...]:
        if not self.plan.like:
            return ()
        found = self._one(
            "strength of known covariates",
            lambda: covariate_strengths(self.scores, self.plan.like, treat=self.groups[-1]),
        )
        return tuple(found or ())

    def controls(self) -> NegativeControls | None:
        if not self.scores.data.negative_controls:
            return None
        return self._one(
            "negative controls", lambda: negative_controls(self.scores, treat=self.groups[-1])
        )

    def omitted(self, strengths: Sequence[CovariateStrength]) -> tuple[OmittedBias, ...]:
        known = [one.strength for one in strengths]
        return self._each(
            "bias by a hidden variable",
            lambda group: omitted_bias(self.scores, treat=group, strengths=known),
        )

    def marginal(self) -> tuple[MarginalSensitivity, ...]:
        factors = self.plan.odds_factors
        return self._each(
            "wrong odds of treatment",
            lambda group: marginal_sensitivity(self.scores, factors=factors, treat=group),
        )

    def tipping(self) -> tuple[TippingConfounders, ...]:
        return self._each(
            "hidden confounder that would explain the effect",
            lambda group: tipping_confounders(self.scores, prevalences=PREVALENCES, treat=group),
        )

    def explained(self) -> tuple[HiddenBias, ...]:
        found: list[HiddenBias] = []
        for size in self.plan.hidden:
            what = "hidden confounder of a given size"
            found += self._each(what, partial(_explained, self.scores, size))
        return tuple(found)

    def transport(self) -> Transport | None:
        if self.scores.data.site is None:
            return None
        options = SiteOptions(cost=self.plan.cost, seed=self.plan.seed)
        return self._one(
            "each site by the others",
            lambda: leave_one_site_out(self.scores, self.plan.make_learner(), options),
        )

    def stability(self) -> Stability | None:
        plan = self.plan
        return self._one(
            "the rule on halves of the persons",
            lambda: stability(
                self.scores,
                lambda half: fit_rule(half, plan.rule),
                halves=plan.halves,
                seed=plan.seed,
                cost=plan.cost,
            ),
        )


def _trials(asked: Benchmark, protocol: TrialProtocol, level: float) -> CatalogueTrials:
    return catalogue_trials(
        load_catalog(), asked.studies, outcome=event_outcome(protocol), level=level
    )


def _beside_trials(
    scores: Scores,
    eligible: BoolArray,
    asked: Benchmark,
    plan: SelectionPlan,
    found: CatalogueTrials,
) -> Anchor:
    return anchor(
        scores,
        eligible,
        found.trials,
        widest_ratio=plan.widest_ratio,
        pooled=found.pooled,
        margin=None if asked.margin is None else max(asked.margin, 1.0 / asked.margin),
        left_out=found.left_out,
    )


def _explained(scores: Scores, size: HiddenConfounder, group: Group) -> HiddenBias:
    return explains(scores, size, treat=group)
