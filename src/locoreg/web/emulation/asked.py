"""What the pages with a form to run an analysis do with it: begin it, check it, start the job."""

from __future__ import annotations

from typing import Any, TypedDict

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from locoreg.web.emulation.form import (
    OWN,
    Answer,
    Asking,
    Filled,
    answer,
    job_options,
    registries,
    time_text,
)
from locoreg.web.emulation.listing import running
from locoreg.web.jobs import start
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.studies import MOST_CORES
from locoreg.web.state import State
from locoreg.web.views import View


class FormView(View):
    """What a form begins with.

    Attributes
    ----------
    registry, protocol : str
        Names that are chosen beforehand.
    """

    registry: str = Field(default="", max_length=200)
    protocol: str = Field(default="", max_length=100)


class FormContent(TypedDict):
    """What the template of a form is given."""

    filled: Filled
    answer: Answer
    asking: Asking
    offers: tuple[Any, ...]
    registries: tuple[str, ...]
    own: str
    most_cores: int
    time: str
    running: tuple[Job, ...]


def begun(state: State, view: FormView, asking: Asking) -> tuple[Filled, Answer]:
    """Return a form as a page begins with it.

    Parameters
    ----------
    state : State
        Of the application.
    view : FormView
        What is chosen beforehand.
    asking : Asking
        Which form.

    Returns
    -------
    filled : Filled
        The form.
    found : Answer
        What is said about what was chosen.
    """
    folders = registries(state)
    first = next(iter(folders), "")
    filled = Filled(registry=view.registry or first, protocol=view.protocol, analyses=asking.usual)
    chosen = view.protocol and view.protocol != OWN
    found = answer(state, filled, asking) if chosen else Answer()
    faults = {name: told for name, told in found.faults.items() if name == "protocol"}
    if view.registry and view.registry not in folders:
        faults["registry"] = (f"There is no registry {view.registry!r} here.",)
    return filled, Answer(faults=faults, offer=found.offer, time=found.time)


def sent(
    request: Request, given: dict[str, str], asking: Asking
) -> tuple[Filled, Answer, Response | None]:
    """Check a form that was sent, and start its job unless it was to be checked only.

    Parameters
    ----------
    request : Request
        What was asked.
    given : dict of str to str
        From `read_form`.
    asking : Asking
        Which form.

    Returns
    -------
    filled : Filled
        The form.
    found : Answer
        What is said about it.
    answer : Response or None
        The way to the job, where one was started.
    """
    state: State = request.app.state.locoreg
    action = given.pop("action", "start")
    filled = Filled(**given)
    found = answer(state, filled, asking)
    if found.faults or found.offer is None or action == "check":
        return filled, found, None
    job = start(state, asking.kind, job_options(filled, found.offer, asking))
    root = request.scope.get("root_path", "")
    return filled, found, RedirectResponse(f"{root}/jobs/{job.id}", status_code=303)


def content_of(state: State, filled: Filled, found: Answer, asking: Asking) -> FormContent:
    """Return what the template of a form is given."""
    shows_time = found.offer is not None and asking.kind == "emulation"
    return FormContent(
        filled=filled,
        answer=found,
        asking=asking,
        offers=asking.offers(),
        registries=tuple(registries(state)),
        own=OWN,
        most_cores=MOST_CORES,
        time=time_text(found.time) if shows_time else "",
        running=running(state, asking.kind),
    )
