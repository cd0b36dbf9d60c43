"""What a form to run an emulation offers: protocols, a check of one's own, a time estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from locoreg.core.errors import LocoregError
from locoreg.emulation.cohort.registry import builtin_histories, builtin_variables
from locoreg.emulation.protocol import (
    LoadedProtocol,
    TrialProtocol,
    example_names,
    read_example,
    read_protocol,
)
from locoreg.emulation.protocol.faults import Fault, path_text
from locoreg.emulation.protocol.wording import faults_of
from locoreg.emulation.protocol.yamltext import Document, read_document
from locoreg.registry.store.manifest import read_manifest

NAME = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A protocol that can be run on a registry.

    Attributes
    ----------
    name : str
        Name of a shipped one; empty for one's own.
    title, question : str
        From the protocol.
    treated, comparator : str
        Strategies.
    method, intervals : str
        How it is analysed; how intervals are made.
    replicates, seed : int or None
        Of the bootstrap; None where the protocol states none.
    horizon_months : float
        How long persons are followed.
    sha256 : str
        Hash of its content.
    """

    name: str
    title: str
    question: str
    treated: str
    comparator: str
    method: str
    intervals: str
    replicates: int | None
    seed: int | None
    horizon_months: float
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFault:
    """One thing that is wrong in a protocol.

    Attributes
    ----------
    line : int or None
        Line, counted from 1; None where it is not known.
    place : str
        Keys and positions that lead to it: ``eligibility[2].variable``.
    message, hint : str
        What is wrong; what to do, or empty.
    """

    line: int | None
    place: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedText:
    """A protocol as somebody wrote it, checked.

    Attributes
    ----------
    offer : Offer or None
        None where something is wrong.
    faults : tuple of TextFault
        Everything that is wrong, by line.
    """

    offer: Offer | None
    faults: tuple[TextFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """How long an earlier emulation took.

    Attributes
    ----------
    protocol_sha256 : str
        What was emulated.
    persons : int
        Persons in its source.
    seconds : float
        How long it took.
    analyses : object
        What was run beside the primary analysis, as its step says; None where it does not say.
    """

    protocol_sha256: str
    persons: int
    seconds: float
    analyses: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEstimate:
    """How long an emulation may take.

    Attributes
    ----------
    seconds : float
        As long as the earlier one took for each person, times the persons now.
    earlier_seconds : float
        What the earlier one took.
    earlier_persons, persons : int
        Persons in both sources.
    other_analyses : bool
        Whether the earlier one ran other analyses beside the primary one, as far as is known.
    """

    seconds: float
    earlier_seconds: float
    earlier_persons: int
    persons: int
    other_analyses: bool


@lru_cache(maxsize=1)
def offers() -> tuple[Offer, ...]:
    """Return the shipped protocols that a registry can be asked with."""
    loaded = ((name, read_example(name).protocol) for name in example_names())
    return tuple(_offer(name, one) for name, one in loaded if one.table is None)


def check_text(text: str) -> CheckedText:
    """Check a protocol that somebody wrote, for use with a registry.

    Parameters
    ----------
    text : str
        YAML.

    Returns
    -------
    CheckedText
        With every fault and its line, or with what the protocol asks.
    """
    try:
        document = read_document(text, name=NAME)
    except LocoregError as error:
        return _wrong(TextFault(line=None, place="", message=error.message, hint=error.hint or ""))
    if not isinstance(document.value, dict):
        return _wrong(
            TextFault(line=1, place="", message="it holds no keys", hint="begin with protocol: 1.")
        )
    try:
        protocol = TrialProtocol.model_validate(document.value)
    except ValidationError as error:
        found = faults_of(error, TrialProtocol, document.value)
        return _wrong(*sorted((_told(f, document) for f in found), key=lambda f: f.line or 0))
    if protocol.table is not None:
        line = _line(("table",), document)
        message = "this protocol is for a table of one's own, not for a registry"
        return _wrong(TextFault(line=line, place="table", message=message))
    return _checked(protocol, document)


def _checked(protocol: TrialProtocol, document: Document) -> CheckedText:
    try:
        # Methods, options and what is used nowhere; then names of variables.
        read_protocol(protocol)
        loaded = LoadedProtocol(protocol=protocol, name=NAME, places=document.places)
        loaded.check_variables(builtin_variables(), builtin_histories())
    except LocoregError as error:
        return _wrong(TextFault(line=None, place="", message=error.message, hint=error.hint or ""))
    return CheckedText(offer=_offer("", protocol), faults=())


def _wrong(*faults: TextFault) -> CheckedText:
    return CheckedText(offer=None, faults=faults)


def _told(fault: Fault, document: Document) -> TextFault:
    return TextFault(
        line=_line(fault.path, document),
        place=path_text(fault.path),
        message=fault.message,
        hint=fault.hint or "",
    )


def _line(path: tuple[str | int, ...], document: Document) -> int | None:
    while path and path not in document.places:
        path = path[:-1]
    place = document.places.get(path)
    return None if place is None else place.line


def _offer(name: str, protocol: TrialProtocol) -> Offer:
    question, chosen = protocol.question(), protocol.analysis
    return Offer(
        name=name,
        title=protocol.title,
        question=protocol.causal_question,
        treated=question.treated_label,
        comparator=question.comparator_label,
        method=chosen.method,
        intervals=chosen.intervals.kind,
        replicates=chosen.intervals.replicates,
        seed=chosen.intervals.seed,
        horizon_months=question.horizon_months,
        sha256=protocol.sha256,
    )


def registry_persons(folder: Path) -> int:
    """Return the number of patients of a registry, as its manifest says."""
    return read_manifest(folder).rows("patient")


def earlier_of(
    results: Mapping[str, Any], seconds: float | None, analyses: Any = None
) -> Earlier | None:
    """Return how long a stored emulation took; None where that is not known.

    Parameters
    ----------
    results : mapping
        Its ``results.json``.
    seconds : float or None
        From its ``step.json``.
    analyses : object
        What was run beside the primary analysis, where that is known.

    Returns
    -------
    Earlier or None
        None where seconds or persons are not known.
    """
    persons = results["attrition"].get("started")
    if not seconds or not persons:
        return None
    return Earlier(
        protocol_sha256=str(results["protocol_sha256"]),
        persons=int(persons),
        seconds=float(seconds),
        analyses=analyses,
    )


def expected(
    earlier: Iterable[Earlier], sha256: str, persons: int, analyses: Any
) -> TimeEstimate | None:
    """Return how long an emulation may take, by the longest of the same protocol before.

    Parameters
    ----------
    earlier : iterable of Earlier
        Emulations that were run.
    sha256 : str
        Hash of the protocol now.
    persons : int
        Persons in the source now.
    analyses : object
        What is run beside the primary analysis now; runs of the same come first.

    Returns
    -------
    TimeEstimate or None
        None where the protocol was not run before.
    """
    same = [one for one in earlier if one.protocol_sha256 == sha256]
    if not same:
        return None
    alike = [one for one in same if one.analyses == analyses]
    longest = max(alike or same, key=lambda one: one.seconds / one.persons)
    return TimeEstimate(
        seconds=longest.seconds * persons / longest.persons,
        earlier_seconds=longest.seconds,
        earlier_persons=longest.persons,
        persons=persons,
        other_analyses=not alike,
    )
