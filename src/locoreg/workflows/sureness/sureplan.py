"""What a study file asks of how sure a pool is; nothing that defines the answer has a default."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from locoreg.core.errors import LocoregError
from locoreg.workflows.conclusion.plan import OfPool, Strict, Words
from locoreg.workflows.sureness.priortexts import check_mu_prior, tau_prior_of

EMULATION = "emulation:"
# What the group of comparisons without randomisation is made of.
WITHIN = ("registry", "matched", "cohort")
# Percent under which a level is taken for a fraction that was meant.
SMALLEST_ALPHA = 0.5

Finite = Annotated[float, Field(allow_inf_nan=False)]


def _readable(text: str) -> str:
    try:
        tau_prior_of(text)
    except LocoregError as error:
        raise ValueError(str(error)) from error
    return text


def _readable_mean(text: str) -> str:
    try:
        check_mu_prior(text)
    except LocoregError as error:
        raise ValueError(str(error)) from error
    return text


def _in_percent(value: float) -> float:
    if value < SMALLEST_ALPHA:
        raise ValueError(f"{value:g} is read as {value:g} percent: write {100 * value:g}")
    return value


TauText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_readable)]
MuText = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_readable_mean)]
Alpha = Annotated[float, Field(gt=0, lt=50), AfterValidator(_in_percent)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class BayesPlan(Strict):
    """The pool under several priors on tau.

    Attributes
    ----------
    tau_priors : tuple of str
        The main one first: ``half-normal(0.5)``, say.
    mu_prior : str
        ``flat`` or ``normal(mean, sd)``, on the scale of the analysis: the log scale for ratios.
    thresholds : tuple of float
        Effects as they are read (1 and 0.9 for hazard ratios) whose probabilities are asked.
    """

    tau_priors: tuple[TauText, ...] = Field(min_length=1, max_length=6)
    mu_prior: MuText
    thresholds: tuple[Finite, ...] = Field(min_length=1, max_length=6)

    @field_validator("tau_priors", "thresholds")
    @classmethod
    def _differ(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(value)) != len(value):
            raise ValueError("one of them is given twice")
        return value


class SmallStudyPlan(Strict):
    """Whether small studies show larger effects.

    Attributes
    ----------
    alpha : float
        Percent at which a test is said to find something, from 0.5 on.
    steps : tuple of float
        One-sided p-values at which the selection model lets the chance of publication change.
    alternative : str
        Results that are published more easily: ``less`` for effects below none, ``greater`` for
        those above, ``two-sided``.
    """

    alpha: Alpha
    steps: tuple[Fraction, ...] = Field(min_length=1, max_length=6)
    alternative: Literal["less", "greater", "two-sided"]

    @field_validator("steps")
    @classmethod
    def _ascend(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(value)):
            raise ValueError("the steps ascend")
        return value


class LadderPlan(Strict):
    """A design that joins the trials, with the bias that is assumed of it.

    Attributes
    ----------
    design : str
        observational, registry, matched or cohort, of the evidence part; ``emulation:NAME`` of an
        emulation of the run.
    mean : float
        Expected bias on the scale of the analysis: -0.1 on the log scale says that the design
        shows ratios 10% too low.
    shared_sd, own_sd : float
        Uncertainty of the bias that all its studies share, and spread of each study's own.
    weight : float
        Power from 0 to 1 to which the likelihood of its effects is raised.
    source : str
        Where these numbers come from, or that they are assumed.
    """

    design: Annotated[str, Field(min_length=1, max_length=100)]
    mean: Finite
    shared_sd: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    own_sd: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    weight: Annotated[float, Field(ge=0, le=1)]
    source: Words

    @field_validator("design")
    @classmethod
    def _known(cls, value: str) -> str:
        known = ("observational", *WITHIN)
        if value in known or (value.startswith(EMULATION) and len(value) > len(EMULATION)):
            return value
        raise ValueError(f"{value} is none of {', '.join(known)} and {EMULATION}NAME")

    @property
    def emulation(self) -> str:
        """Name of the emulation; empty for a design of the evidence part."""
        return self.design.removeprefix(EMULATION) if self.design.startswith(EMULATION) else ""


class DesignsPlan(Strict):
    """The ladder from trials alone to all designs.

    Attributes
    ----------
    tau_prior, mu_prior : str
        As for the posterior.
    reach : float
        Largest shift of the mean bias, on the scale of the analysis, that the tipping point is
        looked for in.
    ladder : tuple of LadderPlan
        In the order in which they join.
    """

    tau_prior: TauText
    mu_prior: MuText
    reach: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    ladder: tuple[LadderPlan, ...] = Field(min_length=1, max_length=8)

    @field_validator("ladder")
    @classmethod
    def _each_once(cls, value: tuple[LadderPlan, ...]) -> tuple[LadderPlan, ...]:
        names = [one.design for one in value]
        if len(set(names)) != len(names):
            raise ValueError("a design is given twice")
        parts = [name for name in names if name in WITHIN]
        if "observational" in names and parts:
            raise ValueError(f"observational already holds the studies of {parts[0]}")
        return value


class InformationPlan(Strict):
    """The trial whose events are the optimal information size.

    Attributes
    ----------
    alpha, power : float
        Percent.
    sides : int
        Of the test.
    allocation : float
        Share of the patients in the intervention arm.
    """

    alpha: Alpha
    power: Annotated[float, Field(ge=50, lt=100)]
    sides: Literal[1, 2]
    allocation: Fraction


class CertaintyPlan(Strict):
    """Rules that propose; the entry of ``findings`` on the same pool has what a person decided.

    Attributes
    ----------
    information : InformationPlan or None
        None where no information size is looked at, which the proposal says.
    otherwise : str
        Where comparisons without randomisation start: low, or high where risk of bias is judged by
        ROBINS-I.
    """

    information: InformationPlan | None = None
    otherwise: Literal["low", "high"]


class HowSurePlan(OfPool):
    """How sure one can be of a pool, part by part.

    Attributes
    ----------
    question, outcome, design : str
        A pool of the evidence part.
    bayes, small_study, designs, certainty
        Parts that are asked for; see each.
    """

    bayes: BayesPlan | None = None
    small_study: SmallStudyPlan | None = None
    designs: DesignsPlan | None = None
    certainty: CertaintyPlan | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> HowSurePlan:
        if all(getattr(self, name) is None for name in PARTS):
            raise ValueError(f"nothing is asked; give {', '.join(PARTS[:-1])} or {PARTS[-1]}")
        if self.designs is not None and self.design != "rct":
            raise ValueError("designs begins with randomised trials: ask it of a pool of rct")
        return self


PARTS = ("bayes", "small_study", "designs", "certainty")
