"""The forms to run an emulation or a selection: what was given, what is wrong, what it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from locoreg.core.errors import DataError, LocoregError
from locoreg.core.numbertext import plural
from locoreg.web.emulation.opened import Kind, Opened, listed
from locoreg.web.jobs.studies import MOST_CORES
from locoreg.web.state import State
from locoreg.workflows.emulation.offering import (
    CheckedText,
    Earlier,
    Offer,
    TimeEstimate,
    check_text,
    earlier_of,
    expected,
    offers,
    registry_persons,
)
from locoreg.workflows.selection.offering import check_selection_text, selection_offers
from locoreg.workflows.uploads import registry_folders

OWN = "own"
ANALYSES: dict[str, tuple[str, Any]] = {
    "primary": ("The primary analysis alone", "primary"),
    "compared": ("With the bias ladder and the trials beside it", ["ladder", "benchmark"]),
    "all": ("Everything that the protocol asks for", "all"),
}
FIELDS = ("protocol", "text", "registry", "analyses", "cores", "action")
LONGEST = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What one of the two forms asks.

    Attributes
    ----------
    kind : {"emulation", "selection"}
        What is run.
    option : str
        Name of the job's option that says how much is run.
    analyses : mapping of str to (str, object)
        How much can be run: name, words and the option's value.
    usual : str
        Name of what is run unless chosen otherwise.
    offers : callable
        Returns the shipped protocols.
    check : callable
        Checks a protocol of one's own.
    """

    kind: Kind
    option: str
    analyses: Mapping[str, tuple[str, Any]]
    usual: str
    offers: Callable[[], tuple[Offer, ...]]
    check: Callable[[str], CheckedText]


EMULATION = Asking(
    kind="emulation", option="analyses", analyses=ANALYSES, usual="compared", offers=offers,
    check=check_text,
)  # fmt: skip
SELECTION = Asking(
    kind="selection",
    option="sensitivity",
    analyses={
        "short": ("Effects, credibility and rule", False),
        "all": ("With the checks that take longest: sites, halves, known covariates", True),
    },
    usual="all",
    offers=selection_offers,
    check=check_selection_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form as it was filled in.

    Attributes
    ----------
    protocol : str
        Name of a shipped protocol, or ``own``.
    text : str
        One's own.
    registry, analyses : str
        Names.
    cores : str
        How many processes or threads share the work; empty for the usual number.
    """

    protocol: str = ""
    text: str = ""
    registry: str = ""
    analyses: str = ""
    cores: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said about a filled form.

    Attributes
    ----------
    faults : mapping of str to tuple of str
        What is wrong, by field.
    offer : Offer or None
        What would be run; None where something is wrong with the protocol.
    time : TimeEstimate or None
        How long it may take; None where it is not known.
    """

    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    offer: Offer | None = None
    time: TimeEstimate | None = None

    @property
    def all_faults(self) -> tuple[tuple[str, str], ...]:
        """Every fault with its field."""
        return tuple((name, one) for name, found in self.faults.items() for one in found)


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form that was sent.

    Parameters
    ----------
    body : bytes
        ``application/x-www-form-urlencoded``.

    Returns
    -------
    dict of str to str
        Fields of `FIELDS` only.

    Raises
    ------
    DataError
        If it is no such form, or holds a field that there is not.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body),
            max_num_fields=20, errors="strict",
        )  # fmt: skip
    except (UnicodeDecodeError, ValueError) as error:
        raise DataError("the form can't be read.", hint="fill it in on the page.") from error
    given = dict(pairs)
    if len(given) != len(pairs) or not set(given) <= set(FIELDS):
        raise DataError("the form has fields that are not there.", hint="fill it in on the page.")
    return given


def registries(state: State) -> dict[str, Path]:
    """Return the registries by name."""
    return registry_folders(state.settings.workspace, state.settings.registries)


def answer(state: State, filled: Filled, asking: Asking) -> Answer:
    """Check a filled form.

    Parameters
    ----------
    state : State
        Of the application.
    filled : Filled
        What was given.
    asking : Asking
        Which form.

    Returns
    -------
    Answer
        Faults by field; what would be run, and how long it may take.
    """
    faults: dict[str, tuple[str, ...]] = {}
    offer, wrong = _offer(filled, asking)
    if wrong:
        faults["text" if filled.protocol == OWN else "protocol"] = wrong
    folders = registries(state)
    if filled.registry not in folders:
        faults["registry"] = ("Choose a registry from the list.",)
    if filled.analyses not in asking.analyses:
        faults["analyses"] = ("Choose which analyses are run.",)
    if not _is_number_of_cores(filled.cores):
        faults["cores"] = (f"Give a number from 1 to {MOST_CORES}, or nothing.",)
    time = None
    if offer is not None and filled.registry in folders:
        try:
            persons = registry_persons(folders[filled.registry])
        except LocoregError as error:
            faults["registry"] = (f"This registry can't be read: {error.message}",)
        else:
            asked = asking.analyses.get(filled.analyses, ("", None))[1]
            if asking.kind == "emulation":
                time = expected(earlier(state), offer.sha256, persons, asked)
    return Answer(faults=faults, offer=offer, time=time)


def _is_number_of_cores(text: str) -> bool:
    return not text or (
        text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_CORES
    )


def _offer(filled: Filled, asking: Asking) -> tuple[Offer | None, tuple[str, ...]]:
    if filled.protocol != OWN:
        named = {one.name: one for one in asking.offers()}
        if filled.protocol not in named:
            return None, ("Choose a protocol from the list, or give your own.",)
        return named[filled.protocol], ()
    if not filled.text.strip():
        return None, ("Paste a protocol, or choose one from the list.",)
    if len(filled.text) > LONGEST:
        return None, (f"The protocol is longer than {plural(LONGEST, 'character')}.",)
    checked = asking.check(filled.text)
    return checked.offer, fault_texts(checked)


def fault_texts(checked: CheckedText) -> tuple[str, ...]:
    """Return what is wrong in a protocol, a sentence each with its place."""
    out = []
    for one in checked.faults:
        where = [f"line {one.line}"] if one.line is not None else []
        where += [one.place] if one.place else []
        place = ", ".join(where)
        message = one.message.rstrip(".")
        said = f"{place}: {message}." if place else f"{message}."
        out.append(f"{said[:1].upper()}{said[1:]} {one.hint}".rstrip())
    return tuple(out)


def earlier(state: State) -> tuple[Earlier, ...]:
    """Return how long the emulations of stored runs took, where they say."""
    found = (_earlier(one.opened) for one in listed(state, "emulation") if one.opened)
    return tuple(one for one in found if one is not None)


def _earlier(opened: Opened) -> Earlier | None:
    seconds = opened.step.record.get("seconds")
    if not isinstance(seconds, int | float):
        return None
    entry = opened.step.record.get("options", {}).get("entry", {})
    return earlier_of(opened.results, float(seconds), entry.get("analyses"))


def time_text(time: TimeEstimate | None) -> str:
    """Return how long it may take, and how that is known."""
    if time is None:
        return "Not known yet: this protocol has not been run here before."
    return (
        f"About {_minutes(time.seconds)}: an earlier run took "
        f"{_minutes(time.earlier_seconds)} for {plural(time.earlier_persons, 'patient')}; this "
        f"registry has {time.persons:,}."
        + (" It ran other analyses beside the primary one." if time.other_analyses else "")
    )


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return plural(max(1, math.ceil(seconds)), "second")
    return plural(math.ceil(seconds / 60), "minute")


def job_options(filled: Filled, offer: Offer, asking: Asking) -> dict[str, Any]:
    """Return the options of the job that runs a filled form."""
    options: dict[str, Any] = {
        # A text of one line is a text too, and no name.
        "protocol": f"{filled.text}\n" if filled.protocol == OWN else filled.protocol,
        "registry": filled.registry,
        asking.option: asking.analyses[filled.analyses][1],
        "jobs": int(filled.cores) if filled.cores else None,
    }
    if filled.protocol == OWN:
        options |= {"name": f"own-{offer.sha256[:8]}", "title": offer.title}
    return options
