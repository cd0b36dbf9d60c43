"""What the page of certainty is asked, and the plans that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pydantic import Field, ValidationError

from locoreg.web.sureness.fields import (
    MISSING,
    Faults,
    Form,
    Loc,
    faults_of,
    form_of,
    last_of,
    listed,
    missing,
    number_of,
    points,
)
from locoreg.web.sureness.surefields import (
    EXAMPLE,
    EXAMPLES_OF,
    RISKS,
    RUNGS,
    SurePart,
    fields_of,
)
from locoreg.web.views import View
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.sureness import HowSurePlan

# From names of the plans to fields of the form; those of a rung have its number.
PLACES = {
    "tau_priors": "tau_priors", "tau_prior": "tau_prior", "mu_prior": "mu_prior",
    "thresholds": "thresholds", "steps": "steps", "alternative": "alternative",
    "reach": "reach", "power": "power", "sides": "sides", "allocation": "allocation",
    "otherwise": "otherwise", "per_1000": "important", "important": "important",
}  # fmt: skip


class CertaintyView(View):
    """The state of the page; an empty text is a value that was not stated.

    Attributes
    ----------
    question, outcome, design, part : str
        The pool, and what is shown of it.
    """

    question: str = Field(default="", max_length=80)
    outcome: str = Field(default="", max_length=80)
    design: Literal["rct", "observational"] = "rct"
    part: SurePart = "grade"
    method: str = Field(default="", max_length=20)
    interval: str = Field(default="", max_length=40)
    level: str = Field(default="", max_length=20)
    low: str = Field(default="", max_length=100)
    low_source: str = Field(default="", max_length=500)
    medium: str = Field(default="", max_length=100)
    medium_source: str = Field(default="", max_length=500)
    high: str = Field(default="", max_length=100)
    high_source: str = Field(default="", max_length=500)
    important: str = Field(default="", max_length=20)
    alpha: str = Field(default="", max_length=20)
    power: str = Field(default="", max_length=20)
    sides: str = Field(default="", max_length=5)
    allocation: str = Field(default="", max_length=20)
    otherwise: str = Field(default="", max_length=10)
    tau_priors: str = Field(default="", max_length=600)
    tau_prior: str = Field(default="", max_length=200)
    mu_prior: str = Field(default="", max_length=100)
    thresholds: str = Field(default="", max_length=100)
    test_alpha: str = Field(default="", max_length=20)
    steps: str = Field(default="", max_length=100)
    alternative: str = Field(default="", max_length=20)
    reach: str = Field(default="", max_length=20)
    design_1: str = Field(default="", max_length=300)
    mean_1: str = Field(default="", max_length=20)
    shared_sd_1: str = Field(default="", max_length=20)
    own_sd_1: str = Field(default="", max_length=20)
    weight_1: str = Field(default="", max_length=20)
    source_1: str = Field(default="", max_length=500)
    design_2: str = Field(default="", max_length=300)
    mean_2: str = Field(default="", max_length=20)
    shared_sd_2: str = Field(default="", max_length=20)
    own_sd_2: str = Field(default="", max_length=20)
    weight_2: str = Field(default="", max_length=20)
    source_2: str = Field(default="", max_length=500)

    @property
    def given(self) -> dict[str, str]:
        """Values of the fields."""
        return {one.name: str(getattr(self, one.name)).strip() for one in fields_of(())}

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was stated yet."""
        return not any(self.given.values())

    def stated(self, question: str) -> CertaintyView:
        """Return the view with the values of the example where nothing was stated yet.

        Parameters
        ----------
        question : str
            Id of the question: what is known of a control arm is known of one question.

        Returns
        -------
        CertaintyView
            The same view where anything was stated.
        """
        if not self.is_fresh:
            return self
        return self.model_copy(update=EXAMPLE | EXAMPLES_OF.get(question, {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SureAsked:
    """What a view asks, or what is wrong with it.

    Attributes
    ----------
    form : Form
    plan : HowSurePlan or None
    finding : FindingsPlan or None
        For the part ``grade``: baselines, threshold and a person's judgement.
    faults : dict of str to str
        By field; nothing is asked where there is any.
    """

    form: Form
    plan: HowSurePlan | None
    finding: FindingsPlan | None
    faults: Faults


def sure_asked(
    view: CertaintyView,
    question: str,
    outcome: str,
    *,
    emulations: tuple[str, ...],
    judged: Mapping[str, Any] | None,
) -> SureAsked:
    """Return what a view asks.

    Parameters
    ----------
    view : CertaintyView
        The view, with what is stated.
    question, outcome : str
        Ids of the pool.
    emulations : tuple of str
        Names of those that can join the trials.
    judged : mapping or None
        Certainty as a person judged it in a run.

    Returns
    -------
    SureAsked
        Plans, or faults.
    """
    fields = fields_of(emulations)
    values = view.given
    faults = missing(fields, values, view.part)
    for one in fields:
        value = values[one.name]
        if one.options and value and value not in dict(one.options):
            faults.setdefault(one.name, "Choose one of those that are offered.")
    level = number_of(values, "level", faults)
    if level is not None and not 50 <= level < 100:
        faults.setdefault("level", f"{level:g} is not a percentage from 50 to below 100.")
    pool = {"question": question, "outcome": outcome, "design": view.design}
    plan, finding = None, None
    raw = pool | _OF_PART[view.part](values, faults)
    told = _finding(values, faults) if view.part == "grade" else None
    if not faults:
        try:
            plan = HowSurePlan.model_validate(raw)
            if told is not None:
                finding = FindingsPlan.model_validate({**pool, **told, "certainty": judged})
        except ValidationError as error:
            faults |= faults_of(error, partial(_place, _risks(told)))
    return SureAsked(
        form=form_of(fields, values, view.part, faults),
        plan=None if faults else plan,
        finding=None if faults else finding,
        faults=faults,
    )


def _risks(told: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the risks of the baselines that are given, in their order."""
    return () if told is None else tuple(str(one["label"]) for one in told["baseline"])


def _place(risks: tuple[str, ...], loc: Loc) -> str:
    """Return the field of a place in the plans; rungs and baselines have a field each."""
    number = next((part for part in loc if isinstance(part, int)), 0)
    if "ladder" in loc:
        rung = RUNGS[number]
        names = ("design", "mean", "shared_sd", "own_sd", "weight", "source")
        places = {"ladder": f"design_{rung}"} | {name: f"{name}_{rung}" for name in names}
        return last_of(loc, places)
    if "baseline" in loc:
        risk = risks[number] if risks else RISKS[0]
        return f"{risk}_source" if "source" in loc else risk
    if "alpha" in loc:
        return "test_alpha" if "small_study" in loc else "alpha"
    return last_of(loc, PLACES)


def _small_study(values: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    return {
        "small_study": {
            "alpha": values["test_alpha"], "steps": listed(values["steps"]),
            "alternative": values["alternative"],
        }
    }  # fmt: skip


def _grade(values: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    sides = values["sides"]
    return {
        **_small_study(values, faults),
        "certainty": {
            "information": {
                "alpha": values["alpha"], "power": values["power"],
                "sides": int(sides) if sides in ("1", "2") else sides,
                "allocation": values["allocation"],
            },
            "otherwise": values["otherwise"],
        },
    }  # fmt: skip


def _bayes(values: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    priors = [one.strip() for one in values["tau_priors"].split(";") if one.strip()]
    return {
        "bayes": {
            "tau_priors": priors, "mu_prior": values["mu_prior"],
            "thresholds": listed(values["thresholds"]),
        }
    }  # fmt: skip


def _designs(values: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    ladder = []
    for number in RUNGS:
        names = ("design", "mean", "shared_sd", "own_sd", "weight", "source")
        given = {name: values[f"{name}_{number}"] for name in names}
        if number > 1 and not given["design"]:
            continue
        for name in names:
            if not given[name]:
                faults.setdefault(f"{name}_{number}", MISSING)
        ladder.append(given)
    return {
        "designs": {
            "tau_prior": values["tau_prior"], "mu_prior": values["mu_prior"],
            "reach": values["reach"], "ladder": ladder,
        }
    }  # fmt: skip


def _finding(values: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    baseline = []
    for risk in RISKS:
        text, source = values[risk], values[f"{risk}_source"]
        if not text and not source:
            continue
        if not text or not source:
            faults.setdefault(risk if not text else f"{risk}_source", MISSING)
            continue
        try:
            ((month, percent),) = points(text)
        except ValueError:
            faults.setdefault(risk, "Give one month=percent: 36=67.9.")
            continue
        baseline.append(
            {"label": risk, "at_months": month, "survival_percent": percent, "source": source}
        )
    return {"baseline": baseline, "important": {"per_1000": values["important"]}}


_OF_PART = {
    "grade": _grade,
    "bayes": _bayes,
    "small-study": _small_study,
    "designs": _designs,
}
