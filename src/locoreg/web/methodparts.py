"""Parts of the page of methods, as blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from locoreg.report.blocks import (
    Block,
    Break,
    Code,
    Column,
    Facts,
    Items,
    Link,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
)
from locoreg.web import texts
from locoreg.workflows import methods
from locoreg.workflows.installation import packages


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation of the API."""

    method: str
    path: str
    summary: str
    parameters: tuple[str, ...]


def estimators() -> tuple[Block, ...]:
    """Return the estimators of pools and of emulated trials."""
    biased = [(name.words, name.warning) for name in methods.emulation_methods() if name.warning]
    return (
        Section(
            "pooling",
            "Pooled effects",
            (
                _named("Estimators of the variance between studies", methods.pooling_methods()),
                _named("Intervals of the mean effect", methods.pooling_intervals()),
                _named("From printed numbers to an effect", methods.effect_routes()),
            ),
        ),
        Section(
            "emulation",
            "Emulated trials",
            (
                _named("Methods of emulation", methods.emulation_methods()),
                Paragraph(("Kept for comparison, and biased by design:",)),
                Items(tuple((Strong(name), f": {why}") for name, why in biased)),
            ),
        ),
    )


def rules() -> tuple[Block, ...]:
    """Return the rules of the audit and of registry checks."""
    return (
        Paragraph(
            ("Severities, worst first: " + ", ".join(methods.SEVERITIES) + ".",), role="note"
        ),
        Section("audit", "Printed numbers", (_rules("Rules of the audit", methods.audit_rules()),)),
        Section(
            "registry",
            "Registries",
            (_rules("Rules of registry checks", methods.registry_rules()),),
        ),
    )


def thresholds() -> tuple[Block, ...]:
    """Return the thresholds with their reasons."""
    return (
        Section(
            "diagnostics",
            "Diagnostics of an emulated trial",
            (
                Paragraph(
                    (
                        "Fixed before any result was seen; no option changes them. WARN asks for a "
                        "look, FAIL goes with the estimate wherever it is shown.",
                    )
                ),
                _thresholds("Thresholds of diagnostics", methods.diagnostic_thresholds()),
            ),
        ),
        Section(
            "registry",
            "Registry checks",
            (_thresholds("Thresholds of registry checks", methods.registry_thresholds()),),
        ),
    )


def glossary() -> tuple[Block, ...]:
    """Return the words used, in alphabetical order."""
    return (Facts(tuple((word, (meaning,)) for word, meaning in texts.GLOSSARY)),)


def data_dictionary() -> tuple[Block, ...]:
    """Return the columns of the evidence tables and of the registry's."""
    return (
        Section("evidence", "Evidence tables", _columns(methods.evidence_columns())),
        Section("registry", "Registry tables", _columns(methods.registry_columns())),
    )


def limits() -> tuple[Block, ...]:
    """Return what the program can't do."""
    return (Items(tuple((one,) for one in texts.LIMITS)),)


def accessibility() -> tuple[Block, ...]:
    """Return the accessibility statement."""
    return tuple(Paragraph((one,)) for one in texts.ACCESSIBILITY)


def licences() -> tuple[Block, ...]:
    """Return the licences of what is used: installed packages, and files that are shipped."""
    installed = tuple(
        Row(((one.name,), (one.version,), (one.licence,), (one.extra or "always",)))
        for one in packages()
    )
    return (
        Paragraph(("locoreg itself: Apache License 2.0.",)),
        Table(
            caption="Packages that are installed and used, as their metadata say",
            columns=(Column("Package"), Column("Version"), Column("Licence"), Column("Needed by")),
            rows=installed,
            stacks=True,
        ),
        Table(
            caption="Files of others that are shipped with locoreg",
            columns=(
                Column("File"), Column("Project"), Column("Version"), Column("Licence"),
                Column("SHA-256", wide=True),
            ),
            rows=tuple(
                Row(
                    (
                        (one["file"],), (one["name"],), (one["version"],), (one["licence"],),
                        (Code(one["sha256"]),),
                    )
                )
                for one in vendored()
            ),
            stacks=True,
        ),
    )  # fmt: skip


def vendored() -> list[dict[str, str]]:
    """Return the list of files of others in the package."""
    text = resources.files("locoreg.web").joinpath("static/vendored.json").read_text("utf-8")
    found: list[dict[str, str]] = json.loads(text)
    return found


def commands() -> tuple[Block, ...]:
    """Return the commands that give the same results as the pages."""
    return (
        Paragraph(("Each page names the exact command under Reproduce.",)),
        Table(
            caption="Pages and commands",
            columns=(Column("Page"), Column("What"), Column("Command", wide=True)),
            rows=tuple(
                Row(((Code(page),), (what,), (Code(command),)))
                for page, what, command in texts.COMMANDS
            ),
            stacks=True,
        ),
    )


def endpoints(document: dict[str, Any], root: str) -> tuple[Block, ...]:
    """Return the endpoints of the API as a list.

    Parameters
    ----------
    document : dict
        The OpenAPI document.
    root : str
        What every path begins with.
    """
    rows = tuple(
        Row(
            (
                (Code(f"{one.method} {root}{one.path}"),),
                (one.summary,),
                _joined(Code(name) for name in one.parameters),
            )
        )
        for one in listed(document)
    )
    return (
        Paragraph(
            (
                "The same numbers as on the pages, as JSON: the ",
                Link(f"{root}/api/v1/openapi.json", "OpenAPI document"),
                " has the details. Errors name the field and what is wrong with it.",
            )
        ),
        Table(
            caption="Endpoints",
            columns=(Column("Endpoint", wide=True), Column("Gives", wide=True), Column("Takes")),
            rows=rows,
            stacks=True,
        ),
    )


def listed(document: dict[str, Any]) -> tuple[Endpoint, ...]:
    """Return the operations of an OpenAPI document, by path."""
    return tuple(
        Endpoint(
            method=method.upper(),
            path=path,
            summary=str(operation.get("description") or operation["summary"]).split("\n\n")[0],
            parameters=tuple(one["name"] for one in operation.get("parameters", ())),
        )
        for path, operations in sorted(document["paths"].items())
        for method, operation in operations.items()
    )


def _named(caption: str, found: tuple[methods.Named, ...]) -> Table:
    if not any(one.others for one in found):
        return Table(
            caption=caption,
            columns=(Column("Name"), Column("What it is", wide=True)),
            rows=tuple(Row(((Code(one.name),), (one.words,))) for one in found),
            stacks=True,
        )
    return Table(
        caption=caption,
        columns=(Column("Name"), Column("What it is", wide=True), Column("Also understood")),
        rows=tuple(
            Row(((Code(one.name),), (one.words,), _joined(Code(other) for other in one.others)))
            for one in found
        ),
        stacks=True,
    )


def _rules(caption: str, found: tuple[methods.RuleText, ...]) -> Table:
    if any(one.severity for one in found):
        columns: tuple[Column, ...] = (
            Column("Rule"), Column("What must hold", wide=True), Column("Severity"),
            Column("What to do", wide=True),
        )  # fmt: skip
        rows = tuple(
            Row(((Code(one.name),), (one.words,), (one.severity,), (one.action,))) for one in found
        )
    else:
        columns = (Column("Rule"), Column("What must hold", wide=True))
        rows = tuple(Row(((Code(one.name),), (one.words,))) for one in found)
    return Table(caption=caption, columns=columns, rows=rows, stacks=True)


def _thresholds(caption: str, groups: tuple[methods.ThresholdGroup, ...]) -> Table:
    return Table(
        caption=caption,
        columns=(Column("Thresholds"), Column("What is compared, and why with these", wide=True)),
        rows=tuple(
            Row(
                (
                    _joined((f"{name} = {value:g}" for name, value in one.values), Break()),
                    (one.reason,),
                )
            )
            for one in groups
        ),
        stacks=True,
    )


def _columns(found: tuple[methods.ColumnText, ...]) -> tuple[Block, ...]:
    tables = dict.fromkeys(one.table for one in found)
    return tuple(
        Table(
            caption=table,
            columns=(
                Column("Column"), Column("Type"), Column("Unit"), Column("Meaning", wide=True),
                Column("Values", wide=True),
            ),
            rows=tuple(
                Row(
                    (
                        (Code(one.name),), (one.type,), (one.unit,), (one.words,),
                        (", ".join(one.allowed),),
                    )
                )
                for one in found
                if one.table == table
            ),
        )
        for table in tables
    )  # fmt: skip


def _joined(parts: Iterable[Code | str], separator: str | Break = ", ") -> Text:
    out: list[Code | str | Break] = []
    for one in parts:
        if out:
            out.append(separator)
        out.append(one)
    return tuple(out)
