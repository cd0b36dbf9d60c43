"""Read a protocol from a file, a mapping, or the shipped examples."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from locoreg.core.errors import DataError, DesignError, LocoregError, did_you_mean
from locoreg.emulation.protocol.agreement import baseline_names
from locoreg.emulation.protocol.faults import Fault, path_text
from locoreg.emulation.protocol.faults import Path as KeyPath
from locoreg.emulation.protocol.model import TrialProtocol
from locoreg.emulation.protocol.parts import MethodChoice
from locoreg.emulation.protocol.wording import faults_of
from locoreg.emulation.protocol.yamltext import MOST_CHARACTERS, Place, read_document

SUFFIXES = (".yaml", ".yml", ".json")
# More than these in one message help nobody.
MOST_TOLD = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedProtocol:
    """A protocol and where its values stand.

    Attributes
    ----------
    protocol : TrialProtocol
        The validated protocol.
    name : str
        Its file or example, for messages.
    places : mapping of path to Place
        Line and column of each value; empty for a protocol that was given as a mapping.
    """

    protocol: TrialProtocol
    name: str
    places: Mapping[KeyPath, Place]

    @property
    def sha256(self) -> str:
        """Hash of the content; see `TrialProtocol.sha256`."""
        return self.protocol.sha256

    def error(self, faults: Iterable[Fault]) -> DesignError:
        """Return the error that tells faults with their places.

        Parameters
        ----------
        faults : iterable of Fault
            At least one.

        Returns
        -------
        DesignError
            To be raised.
        """
        return _error(faults, self.name, self.places)

    def check_variables(
        self, baseline: Collection[str], time_varying: Collection[str] = ()
    ) -> None:
        """Raise DesignError if the protocol uses a variable that there is not.

        Parameters
        ----------
        baseline : collection of str
            Names that are there without the protocol's help: built in, or columns of the table.
        time_varying : collection of str
            Names of them that change over time.

        Raises
        ------
        DesignError
            With every name that is unknown, its place, and the nearest known one.
        """
        faults = tuple(_variable_faults(self.protocol, baseline, time_varying))
        if faults:
            raise self.error(faults)

    def check_studies(self, known: Collection[str]) -> None:
        """Raise DesignError if the benchmark names a study that there is not.

        Parameters
        ----------
        known : collection of str
            Studies of the catalogue.

        Raises
        ------
        DesignError
            With the nearest known study.
        """
        studies = () if self.protocol.benchmark is None else self.protocol.benchmark.studies
        faults = [
            Fault(
                path=("benchmark", "studies", position),
                message=f"the catalogue has no study {study!r}",
                hint=did_you_mean(study, known),
            )
            for position, study in enumerate(studies)
            if study not in known
        ]
        if faults:
            raise self.error(faults)


def read_protocol(
    source: str | os.PathLike[str] | Mapping[str, Any] | TrialProtocol,
) -> LoadedProtocol:
    """Read and validate a protocol.

    Parameters
    ----------
    source : str, path, mapping or TrialProtocol
        Name of a shipped example, YAML or JSON file, or the content.

    Returns
    -------
    LoadedProtocol
        The protocol with its hash and the places of its values.

    Raises
    ------
    DataError
        If the file can't be read.
    DesignError
        If it is wrong: every fault with its line and key, and what to do.
    """
    if isinstance(source, TrialProtocol):
        return _checked(source, "the protocol", {})
    if isinstance(source, Mapping):
        return _validated(dict(source), "the protocol", {})
    if isinstance(source, str) and source in example_names():
        return read_example(source)
    path = Path(source)
    if not path.exists() and path.suffix not in SUFFIXES:
        raise DataError(
            f"there is no protocol {os.fspath(source)!r}.",
            hint=did_you_mean(os.fspath(source), example_names()),
        )
    return _parsed(_text(path), path.name)


def example_names() -> tuple[str, ...]:
    """Return the names of the shipped protocols, in alphabetical order."""
    names = (entry.name for entry in _examples().iterdir() if entry.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names))


def example_path(name: str) -> Path:
    """Return the file of a shipped protocol, to copy and change.

    Parameters
    ----------
    name : str
        One of `example_names`.

    Returns
    -------
    Path
        The YAML file.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    with as_file(_example(name)) as path:
        return Path(path)


def read_example(name: str) -> LoadedProtocol:
    """Return a shipped protocol.

    Parameters
    ----------
    name : str
        One of `example_names`.

    Returns
    -------
    LoadedProtocol
        The protocol with its hash and the places of its values.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    found = _example(name)
    return _parsed(found.read_text(encoding="utf-8"), found.name)


def _examples() -> Traversable:
    return files("locoreg.emulation.protocol.examples")


def _example(name: str) -> Traversable:
    if name not in example_names():
        raise DataError(f"there is no example {name!r}.", hint=did_you_mean(name, example_names()))
    return _examples().joinpath(f"{name}.yaml")


def _text(path: Path) -> str:
    try:
        # A character has at most four bytes.
        if path.stat().st_size > 4 * MOST_CHARACTERS:
            raise DataError(f"{path.name} is too large for a protocol.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"there is no protocol {path}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8 text (byte {error.start}).") from None
    except OSError as error:
        raise DataError(f"the protocol {path} can't be read: {error.strerror}.") from None


def _parsed(text: str, name: str) -> LoadedProtocol:
    document = read_document(text, name=name)
    if not isinstance(document.value, dict):
        raise DesignError(f"{name} holds no keys.", hint="begin with protocol: 1.")
    return _validated(document.value, name, document.places)


def _validated(
    content: dict[str, Any], name: str, places: Mapping[KeyPath, Place]
) -> LoadedProtocol:
    try:
        protocol = TrialProtocol.model_validate(content)
    except ValidationError as error:
        raise _error(faults_of(error, TrialProtocol, content), name, places) from None
    return _checked(protocol, name, places)


def _checked(protocol: TrialProtocol, name: str, places: Mapping[KeyPath, Place]) -> LoadedProtocol:
    loaded = LoadedProtocol(protocol=protocol, name=name, places=places)
    faults = (*_method_faults(protocol), *_unused_faults(protocol))
    if faults:
        raise loaded.error(faults)
    return loaded


def _unused_faults(protocol: TrialProtocol) -> Iterable[Fault]:
    """Yield variables that are defined and used nowhere: their writer thinks they are used."""
    used = {name for name, _ in baseline_names(protocol)} | {*protocol.confounders.time_varying}
    for name in protocol.variables:
        if name not in used:
            yield Fault(
                path=("variables", name),
                message="is used nowhere",
                hint="name it among criteria, confounders or subgroups, or take it out.",
            )


def _method_faults(protocol: TrialProtocol) -> Iterable[Fault]:
    choices: list[tuple[KeyPath, MethodChoice]] = [(("analysis",), protocol.analysis)]
    for position, choice in enumerate(protocol.sensitivity.methods):
        choices.append((("sensitivity", "methods", position), choice))
    # What the methods need is heavy; who only reads a wrong protocol does not wait for it.
    from locoreg.emulation.methods import make_method, method_names

    names = method_names()
    for path, choice in choices:
        if choice.method not in names:
            yield Fault(
                path=(*path, "method"),
                message=f"there is no method {choice.method!r}",
                hint=did_you_mean(choice.method, names) or f"there are {', '.join(names)}.",
            )
            continue
        try:
            make_method(choice.method, choice.options)
        except LocoregError as error:
            message = error.message.removesuffix(".")
            yield Fault(path=(*path, "options"), message=message, hint=error.hint)


def _variable_faults(
    p: TrialProtocol, baseline: Collection[str], time_varying: Collection[str]
) -> Iterable[Fault]:
    for name in p.variables:
        if name in baseline or name in time_varying:
            yield Fault(
                path=("variables", name),
                message=f"there is a built-in variable {name}",
                hint="give yours another name.",
            )
    for name, path in baseline_names(p):
        if name not in baseline and name not in p.variables:
            yield _unknown(name, path, (*baseline, *p.variables))
    for position, name in enumerate(p.confounders.time_varying):
        if name not in time_varying and name not in p.variables:
            path = ("confounders", "time_varying", position)
            yield _unknown(name, path, (*time_varying, *p.variables))


def _unknown(name: str, path: KeyPath, known: Iterable[str]) -> Fault:
    return Fault(
        path=path,
        message=f"there is no variable {name!r}",
        hint=did_you_mean(name, known) or "define it under variables.",
    )


def _error(faults: Iterable[Fault], name: str, places: Mapping[KeyPath, Place]) -> DesignError:
    listed = sorted(faults, key=lambda fault: _line(fault.path, places))
    told = [_told(fault, places) for fault in listed[:MOST_TOLD]]
    if len(listed) == 1:
        comma = ", " if places else ": "
        return DesignError(f"{name}{comma}{told[0]}.", hint=listed[0].hint)
    told = [
        f"({number}) {text}" + (f"; {fault.hint.removesuffix('.')}" if fault.hint else "")
        for number, (text, fault) in enumerate(zip(told, listed, strict=False), 1)
    ]
    more = len(listed) - len(told)
    rest = f" And {more} more." if more > 0 else ""
    return DesignError(f"{name} has {len(listed)} faults. {'. '.join(told)}.{rest}")


def _line(path: KeyPath, places: Mapping[KeyPath, Place]) -> int:
    while path and path not in places:
        path = path[:-1]
    return places[path].line if path in places else 0


def _told(fault: Fault, places: Mapping[KeyPath, Place]) -> str:
    where = f"line {_line(fault.path, places)}: " if places else ""
    return f"{where}{path_text(fault.path)}: {fault.message}"
