"""What the page of the next trial is asked, and the plan that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from locoreg.web.sureness.nextfields import (
    EXAMPLE,
    EXAMPLES_OF,
    FIELDS,
    NextPart,
    selection_field,
)
from locoreg.web.views import View
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.explore.addedtrials import AskedTrial

RCT = "rct"
NUMBERS = (1, 2, 3)
# From names of the plan to fields of the form.
PLACES = {
    "hazard_ratio": "hazard_ratio", "control_survival": "control", "percent": "control",
    "at_months": "control", "source": "control_source", "accrual_months": "accrual_months",
    "follow_up_months": "follow_up_months", "dropout_percent_per_year": "dropout",
    "alpha": "alpha", "sides": "sides", "power": "power", "allocation": "allocation",
    "rmst_months": "rmst_months", "landmark_months": "landmark_months",
    "spending": "spending", "futility": "futility", "heterogeneity": "spread",
    "heterogeneity_value": "spread_value", "sequential": "spread_value",
    "smallest_step": "smallest_step",
    "information": "looks", "patients": "patients", "tau_scale": "tau_scale",
    "minimal_hazard_ratio": "minimal", "threshold_percent": "threshold", "studies": "studies",
    "centres": "centres", "rate": "rate", "rate_factor": "rate_factor", "variation": "variation",
    "stops": "stops", "stop_months": "stop_months", "selection": "selection",
    "horizon_months": "horizon_months", "eligible_per_month": "eligible",
    "between_groups_sd": "between",
}  # fmt: skip


class NextTrialView(View):
    """The state of the page; an empty text is a value that was not stated.

    Attributes
    ----------
    question, outcome, part : str
        The pool that the trial would join, and what is shown of it.
    selection : str
        RUN/NAME of a selection whose rule chooses the patients.
    at : str
        One of the numbers of patients, for the figure of accrual.
    """

    question: str = Field(default="", max_length=80)
    outcome: str = Field(default="", max_length=80)
    part: NextPart = "add"
    method: str = Field(default="", max_length=20)
    interval: str = Field(default="", max_length=40)
    level: str = Field(default="", max_length=20)
    ratio_1: str = Field(default="", max_length=20)
    events_1: str = Field(default="", max_length=20)
    ratio_2: str = Field(default="", max_length=20)
    events_2: str = Field(default="", max_length=20)
    ratio_3: str = Field(default="", max_length=20)
    events_3: str = Field(default="", max_length=20)
    hazard_ratio: str = Field(default="", max_length=100)
    control: str = Field(default="", max_length=300)
    control_source: str = Field(default="", max_length=500)
    accrual_months: str = Field(default="", max_length=20)
    follow_up_months: str = Field(default="", max_length=20)
    dropout: str = Field(default="", max_length=20)
    alpha: str = Field(default="", max_length=20)
    sides: str = Field(default="", max_length=5)
    power: str = Field(default="", max_length=20)
    allocation: str = Field(default="", max_length=20)
    rmst_months: str = Field(default="", max_length=20)
    landmark_months: str = Field(default="", max_length=20)
    effect: str = Field(default="", max_length=20)
    spending: str = Field(default="", max_length=20)
    futility: str = Field(default="", max_length=20)
    spread: str = Field(default="", max_length=20)
    spread_value: str = Field(default="", max_length=20)
    smallest_step: str = Field(default="", max_length=20)
    looks: str = Field(default="", max_length=200)
    patients: str = Field(default="", max_length=100)
    tau_scale: str = Field(default="", max_length=20)
    minimal: str = Field(default="", max_length=20)
    threshold: str = Field(default="", max_length=20)
    studies: str = Field(default="", max_length=500)
    centres: str = Field(default="", max_length=20)
    rate: str = Field(default="", max_length=20)
    rate_factor: str = Field(default="", max_length=20)
    variation: str = Field(default="", max_length=20)
    stops: str = Field(default="", max_length=20)
    stop_months: str = Field(default="", max_length=20)
    selection: str = Field(default="", max_length=300)
    horizon_months: str = Field(default="", max_length=20)
    eligible: str = Field(default="", max_length=20)
    between: str = Field(default="", max_length=20)
    at: str = Field(default="", max_length=20)

    @property
    def given(self) -> dict[str, str]:
        """Values of the fields."""
        return {one.name: str(getattr(self, one.name)).strip() for one in FIELDS}

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was stated yet."""
        return not any(self.given.values())

    def stated(self, question: str) -> NextTrialView:
        """Return the view with the values of the example where nothing was stated yet.

        Parameters
        ----------
        question : str
            Id of the question: what is known of a control arm is known of one question.

        Returns
        -------
        NextTrialView
            The same view where anything was stated.
        """
        if not self.is_fresh:
            return self
        return self.model_copy(update=EXAMPLE | EXAMPLES_OF.get(question, {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedAsked:
    """Trials to be added, and how the pool is read.

    Attributes
    ----------
    trials : tuple of AskedTrial
    allocation : float
    important : float or None
        Smallest important benefit.
    """

    trials: tuple[AskedTrial, ...]
    allocation: float
    important: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAsked:
    """What a view asks, or what is wrong with it.

    Attributes
    ----------
    form : Form
    plan : PlanningPlan or None
        For every part but one.
    added : AddedAsked or None
        For the part ``add``.
    faults : dict of str to str
        By field; nothing is asked where there is any.
    """

    form: Form
    plan: PlanningPlan | None
    added: AddedAsked | None
    faults: Faults


def next_asked(
    view: NextTrialView, question: str, outcome: str, *, selections: tuple[str, ...]
) -> NextAsked:
    """Return what a view asks.

    Parameters
    ----------
    view : NextTrialView
        The view, with what is stated.
    question, outcome : str
        Ids of the pool.
    selections : tuple of str
        Names of those that can be asked for.

    Returns
    -------
    NextAsked
        A plan or trials to add, or faults.
    """
    values = view.given | {"selection": view.selection}
    fields = (*FIELDS, selection_field(selections))
    faults = missing(fields, values, view.part)
    _pool_faults(values, faults)
    plan, added = None, None
    if view.part == "add":
        added = _added(values, faults)
    else:
        if view.part == "enrichment" and view.selection and view.selection not in selections:
            faults["selection"] = "There is no such selection here."
        raw = _raw(view, values, question, outcome, faults)
        if not faults:
            try:
                plan = PlanningPlan.model_validate(raw)
            except ValidationError as error:
                faults |= faults_of(error, _place)
    return NextAsked(
        form=form_of(fields, values, view.part, faults),
        plan=None if faults else plan,
        added=None if faults else added,
        faults=faults,
    )


def _place(loc: Loc) -> str:
    """Return the field of a place in the plan; the boundaries have a hazard ratio of their own."""
    return "effect" if loc[:2] == ("sequential", "hazard_ratio") else last_of(loc, PLACES)


def _pool_faults(values: Mapping[str, str], faults: Faults) -> None:
    for one in FIELDS:
        value = values[one.name]
        if one.options and value and value not in dict(one.options):
            faults.setdefault(one.name, "Choose one of those that are offered.")
    level = number_of(values, "level", faults)
    if level is not None and not 50 <= level < 100:
        faults.setdefault("level", f"{level:g} is not a percentage from 50 to below 100.")


def _added(values: Mapping[str, str], faults: Faults) -> AddedAsked | None:
    trials = []
    for i in NUMBERS:
        pair = [number_of(values, name, faults) for name in (f"ratio_{i}", f"events_{i}")]
        for name, value in zip((f"ratio_{i}", f"events_{i}"), pair, strict=True):
            if value is not None and not 0 < value < 1e6:
                faults.setdefault(name, "Give a number above 0 and below a million.")
        ratio, events = pair
        if ratio is not None and events is not None:
            trials.append(AskedTrial(hazard_ratio=ratio, events=events))
        elif ratio is not None or events is not None:
            faults.setdefault(f"events_{i}" if events is None else f"ratio_{i}", MISSING)
    share = number_of(values, "allocation", faults)
    if share is not None and not 0 < share < 1:
        faults.setdefault("allocation", f"{share:g} does not lie between 0 and 1.")
    minimal = number_of(values, "minimal", faults)
    if minimal is not None and not 0 < minimal < 1:
        faults.setdefault("minimal", f"{minimal:g} does not lie between 0 and 1.")
    if faults or share is None:
        return None
    return AddedAsked(trials=tuple(trials), allocation=share, important=minimal)


def _raw(
    view: NextTrialView, values: Mapping[str, str], question: str, outcome: str, faults: Faults
) -> dict[str, Any]:
    """Return the entry of a study file that says the same."""
    control: list[dict[str, str]] = []
    if values["control"]:
        try:
            control = [
                {"at_months": month, "percent": percent, "source": values["control_source"]}
                for month, percent in points(values["control"])
            ]
        except ValueError as error:
            faults.setdefault("control", str(error))
    raw: dict[str, Any] = {
        "question": question, "outcome": outcome, "design": RCT,
        "hazard_ratio": listed(values["hazard_ratio"]),
        "control_survival": control,
        "dropout_percent_per_year": values["dropout"],
        "sides": int(values["sides"]) if values["sides"] in ("1", "2") else values["sides"],
    }  # fmt: skip
    for name in ("power", "alpha", "allocation", "accrual_months", "follow_up_months"):
        raw[name] = values[name]
    return raw | _OF_PART[view.part](view, values)


def _size(view: NextTrialView, values: Mapping[str, str]) -> dict[str, Any]:
    return {name: values[name] or None for name in ("rmst_months", "landmark_months")}


def _boundaries(view: NextTrialView, values: Mapping[str, str]) -> dict[str, Any]:
    spent = {"spending": values["spending"], "futility": values["futility"]}
    sequential = {
        "hazard_ratio": values["effect"], **spent, "heterogeneity": values["spread"],
        "heterogeneity_value": values["spread_value"] or None,
        "smallest_step": values["smallest_step"],
    }  # fmt: skip
    looks = {"information": listed(values["looks"]), **spent} if values["looks"] else None
    return {"sequential": sequential, "looks": looks}


def _prospects(view: NextTrialView, values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "assurance": {
            "patients": listed(values["patients"]), "tau_scale": values["tau_scale"],
            "minimal_hazard_ratio": values["minimal"] or None,
            "threshold_percent": values["threshold"] or None,
        }
    }  # fmt: skip


def _accrual(view: NextTrialView, values: Mapping[str, str]) -> dict[str, Any]:
    names = ("rate", "rate_factor", "variation", "stops", "stop_months")
    return {
        "accrual": {
            "studies": listed(values["studies"]), "patients": listed(values["patients"]),
            "centres": values["centres"] or None, **{name: values[name] for name in names},
        }
    }  # fmt: skip


def _enrichment(view: NextTrialView, values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "enrichment": {
            "selection": view.selection, "horizon_months": values["horizon_months"],
            "eligible_per_month": values["eligible"], "between_groups_sd": values["between"],
            "patients": listed(values["patients"]),
        }
    }  # fmt: skip


_OF_PART = {
    "size": _size,
    "boundaries": _boundaries,
    "prospects": _prospects,
    "accrual": _accrual,
    "enrichment": _enrichment,
}
