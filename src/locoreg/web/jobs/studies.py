"""What is asked on a page, written as a study file with the places of the data filled in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.provenance import sha256_of_files
from locoreg.core.version import __version__
from locoreg.web.jobs.kinds import STUDY_FILE
from locoreg.workflows.emulation.protocols import examples
from locoreg.workflows.study.plan import USUAL_SMALL_CELLS
from locoreg.workflows.study.read import MAX_STUDY_BYTES, read_study
from locoreg.workflows.study.source import package_sha256
from locoreg.workflows.uploads import REGISTRY_FILE, evidence_folders, registry_folders

if TYPE_CHECKING:
    from locoreg.web.state import State

LONGEST_TITLE = 200
PROTOCOL_FILE = "protocol.yaml"
MOST_SIMULATED = 50_000
MOST_CORES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A study that can be run.

    Attributes
    ----------
    title : str
        Its title.
    command : str
        The command line that does the same.
    key : str
        Hash of the study, of the data that it reads and of the program.
    name : str
        Name of the folder of its result.
    files : dict of str to str
        The study file, and the protocol where it is no shipped one.
    links : dict of str to Path
        What the study file names by a relative path, and where it lies.
    """

    title: str
    command: str
    key: str
    name: str
    files: dict[str, str]
    links: dict[str, Path]


def compose_study(state: State, options: Mapping[str, Any]) -> Composed:
    """Take a study file that a user wrote; it names data as the application does.

    Parameters
    ----------
    state : State
        Of the application.
    options : mapping
        ``study``: the text. In it ``tables`` are ``shipped`` and names of tables that the
        application knows, a registry's ``folder`` is the name of a registry, and a protocol is the
        name of a shipped one: nothing else on this machine can be read.

    Returns
    -------
    Composed
        The same with places.
    """
    text = str(options["study"])
    return _composed(state, _parsed(text), text)


def compose_report(state: State, options: Mapping[str, Any]) -> Composed:
    """Write the study of a report on the published evidence.

    Parameters
    ----------
    state : State
        Of the application.
    options : mapping
        ``questions`` (ids), ``method``, ``interval``, ``level`` (percent) and ``search_date``.

    Returns
    -------
    Composed
        The study.
    """
    catalog = state.catalog
    asked = [catalog.question(name) for name in options["questions"]]
    if not asked:
        raise DesignError("no question was chosen.", hint="choose at least one.")
    content: dict[str, Any] = {
        "title": asked[0].title if len(asked) == 1 else "Local therapy: published evidence",
        "search_date": options["search_date"],
        "evidence": {
            "tables": list(evidence_folders(None, state.settings.tables)),
            "questions": [
                {
                    "question": one.question_id,
                    "outcomes": list(one.outcomes),
                    "designs": ["rct", "observational"],
                    "method": options["method"],
                    "interval": options["interval"],
                    "level": options["level"],
                }
                for one in asked
            ],
            "reproduce": "all",
        },
    }
    return _composed(state, content, _written(content))


def compose_emulation(state: State, options: Mapping[str, Any]) -> Composed:
    """Write the study of one emulated trial.

    Parameters
    ----------
    state : State
        Of the application.
    options : mapping
        ``protocol`` (name of a shipped one; or the text of a protocol, then with ``name``, small
        letters, digits and dashes, and ``title``), ``registry`` (name), ``analyses``: ``all``,
        ``primary`` or a list of analyses, and ``jobs``: how many processes share the work, absent
        or None for the usual number.

    Returns
    -------
    Composed
        The study.
    """
    analyses = options["analyses"]
    part = {"analyses": analyses if isinstance(analyses, str) else list(analyses)}
    return _one_analysis(state, "emulation", options, part)


def compose_selection(state: State, options: Mapping[str, Any]) -> Composed:
    """Write the study of one selection model.

    Parameters
    ----------
    state : State
        Of the application.
    options : mapping
        ``protocol``, ``registry`` and ``jobs`` (here threads) as for an emulation, and
        ``sensitivity``: whether the checks that take longest are made too.

    Returns
    -------
    Composed
        The study.
    """
    part = {"sensitivity": options["sensitivity"]}
    return _one_analysis(state, "selection", options, part)


Composer = Callable[["State", Mapping[str, Any]], Composed]
COMPOSERS: dict[str, Composer] = {
    "study": compose_study,
    "report": compose_report,
    "emulation": compose_emulation,
    "selection": compose_selection,
}


def check_study(path: Path) -> None:
    """Raise DataError if a study file can't be run; the message gives the place."""
    read_study(path)


def _one_analysis(
    state: State, kind: str, options: Mapping[str, Any], more: dict[str, Any]
) -> Composed:
    protocol = str(options["protocol"])
    files: dict[str, str] = {}
    if "\n" in protocol:
        name, title = str(options["name"]), str(options["title"])
        files[PROTOCOL_FILE] = protocol
        protocol = PROTOCOL_FILE
    else:
        titles = dict(examples())
        if protocol not in titles:
            raise DesignError(
                f"there is no protocol {protocol[:60]!r}.", hint=did_you_mean(protocol, titles)
            )
        name, title = protocol, titles[protocol]
    content: dict[str, Any] = {
        "title": title[:LONGEST_TITLE],
        "registry": {"folder": options["registry"]},
        kind: [{"name": name, "protocol": protocol, **more}],
    }
    if options.get("jobs") is None:
        return _composed(state, content, _written(content), files)
    jobs = int(options["jobs"])
    # What a selection gives names its threads; an emulation is the same however it is shared out.
    keyed = {**content, "jobs": jobs} if kind == "selection" else content
    content = {**content, "jobs": jobs}
    return _composed(state, content, _written(content), files, keyed=_written(keyed))


def _parsed(text: str) -> dict[str, Any]:
    if len(text.encode()) > MAX_STUDY_BYTES:
        raise DataError(f"the study is larger than {MAX_STUDY_BYTES // 1000} kB.")
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it can't be read"
        raise DataError(f"the study is not valid YAML{where}: {problem}.") from error
    except (ValueError, RecursionError) as error:
        # A date such as 2026-13-45 is no YAML error; nor is a thousand open brackets.
        raise DataError("the study is not valid YAML: a value in it can't be read.") from error
    if not isinstance(content, dict):
        raise DataError("the study holds no mapping of keys to values.")
    return content


def _written(content: dict[str, Any]) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _composed(
    state: State,
    asked: dict[str, Any],
    text: str,
    files: dict[str, str] | None = None,
    *,
    keyed: str | None = None,
) -> Composed:
    """Return a study with its places; ``keyed`` stands for its text in the key."""
    title = asked.get("title")
    if not isinstance(title, str) or not title.strip():
        raise DataError("the study has no title.", hint="begin it with title: …")
    if len(title) > LONGEST_TITLE:
        raise DataError(f"the title is longer than {LONGEST_TITLE} characters.")
    links: dict[str, Path] = {}
    hashes: dict[str, str] = {}
    if isinstance(asked.get("evidence"), dict):
        _find_tables(state, asked["evidence"], links, hashes)
    if isinstance(asked.get("registry"), dict):
        _find_registry(state, asked["registry"], links, hashes)
    for kind in ("emulation", "selection"):
        for one in asked[kind] if isinstance(asked.get(kind), list) else ():
            _check_analysis(kind, one, files or {})
    text = _with_small_cells(state, asked, text)
    files = {STUDY_FILE: text, **(files or {})}
    said = files if keyed is None else {**files, STUDY_FILE: keyed}
    least = state.settings.limits.small_cells
    parts = [__version__, package_sha256(), json.dumps([said, hashes, least], sort_keys=True)]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return Composed(
        title=title.strip(),
        command=f"locoreg run study.yaml --out {_slug(title)}-{key[:8]}",
        key=key,
        name=f"{_slug(title)}-{key[:8]}",
        files=files,
        links=links,
    )


def _with_small_cells(state: State, asked: dict[str, Any], text: str) -> str:
    """Return the study with the server's limit, which it may raise and not lower."""
    least = state.settings.limits.small_cells
    registry = asked.get("registry")
    if not isinstance(registry, dict) or "folder" not in registry:
        return text
    given = asked.get("small_cells")
    if isinstance(given, int) and given < least:
        raise DesignError(
            f"small_cells: counts of 1 to {least} patients are hidden here.",
            hint=f"leave it out, or give {least} or more.",
        )
    if given is not None or least == USUAL_SMALL_CELLS:
        return text
    return _written({**asked, "small_cells": least})


def _find_tables(
    state: State, part: dict[str, Any], links: dict[str, Path], hashes: dict[str, str]
) -> None:
    known = evidence_folders(state.settings.workspace, state.settings.tables)
    tables = part.get("tables")
    for given in tables if isinstance(tables, list) else ():
        name = str(given)
        if name not in known:
            raise DesignError(
                f"evidence.tables: there are no tables {name[:80]!r}.",
                hint=did_you_mean(name[:80], known),
            )
        place = known[name]
        # The program's hash covers those that come with it.
        if isinstance(place, Path):
            links[name] = place.absolute()
            hashes[name] = sha256_of_files(sorted(place.glob("*.csv")))


def _find_registry(
    state: State, part: dict[str, Any], links: dict[str, Path], hashes: dict[str, str]
) -> None:
    simulate = part.get("simulate")
    patients = simulate.get("patients") if isinstance(simulate, dict) else None
    if isinstance(patients, int) and patients > MOST_SIMULATED:
        raise DesignError(
            f"registry.simulate.patients: at most {MOST_SIMULATED:,} are made here.",
            hint="make more with locoreg registry simulate.",
        )
    if "folder" not in part:
        return
    known = registry_folders(state.settings.workspace, state.settings.registries)
    name = str(part["folder"])
    if name not in known:
        there = did_you_mean(name[:80], known) if known else None
        raise DesignError(
            f"registry.folder: there is no registry {name[:80]!r}.",
            hint=there or "start locoreg serve with --registry FOLDER, or upload one.",
        )
    links[name] = known[name].absolute()
    hashes[name] = sha256_of_files([known[name] / REGISTRY_FILE])


def _check_analysis(kind: str, part: Any, files: Mapping[str, str]) -> None:
    if not isinstance(part, dict):
        return
    for key in ("table", "visits"):
        if key in part:
            raise DesignError(
                f"{kind}: {key} is read by the command line only.",
                hint="run this study with locoreg run, or put the patients into a registry.",
            )
    protocol, names = part.get("protocol"), [*files, *(name for name, _ in examples())]
    if protocol is not None and protocol not in names:
        raise DesignError(
            f"{kind}: there is no protocol {str(protocol)[:60]!r}.",
            hint=did_you_mean(str(protocol)[:60], names),
        )


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:48].strip("-") or "study"
