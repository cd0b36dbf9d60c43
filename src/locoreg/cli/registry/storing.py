"""``locoreg registry``: map, import, show, undo, purge, export, push."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.cli.registry.printing import print_result, write_text
from locoreg.workflows.registry import storing as workflow

Flag = Parameter(negative=())
Out = Annotated[Path, Parameter(name=["--out", "-o"])]
Names = Annotated[tuple[str, ...], Parameter(negative=())]


def import_(
    files: Names,
    *,
    registry: Path,
    source: str,
    map: Path | None = None,
    dictionary: Path | None = None,
    site: str | None = None,
    system: str | None = None,
    supersedes: Names = (),
    id_prefix: str = "",
    wait: float = 60.0,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Import files, a folder or a database; the table at the end says what became of each row.

    Parameters
    ----------
    files
        Files, folders, or the address of a database.
    registry
        Folder of the registry; made if it is missing.
    source
        delimited, redcap, omop or mcode.
    map
        Column map (YAML), or the name of a shipped one; for omop a file of concepts.
    dictionary
        Data dictionary of the REDCap project.
    site
        Site of all patients, where the data don't say.
    system
        Name of the source system, kept with each row.
    supersedes
        Import that this one takes the place of; give it again for more.
    id_prefix
        Text before every patient's id and key, where two sites number their patients alike.
    wait
        Seconds to wait for another process that changes the registry.
    json
        Print one JSON document.
    """
    report = workflow.import_files(
        registry,
        files,
        source=source,
        map=map,
        dictionary=dictionary,
        site=site,
        system=system,
        supersedes=supersedes,
        id_prefix=id_prefix,
        wait_seconds=wait,
    )
    print_result(report, json=json)
    return 0


def show(
    registry: Path,
    *,
    verify: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Show imports and rows of a registry.

    Parameters
    ----------
    registry
        Folder of the registry.
    verify
        Read every file and compare it with its hash; exit code 1 if one is damaged.
    json
        Print one JSON document.
    """
    found = workflow.overview(registry, verify=verify)
    print_result(found, json=json)
    return 1 if found.damaged else 0


def undo(
    registry: Path,
    import_id: str,
    *,
    wait: float = 60.0,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Take an import back; those that it superseded count again.

    Parameters
    ----------
    registry
        Folder of the registry.
    import_id
        The import, as `locoreg registry show` names it.
    wait
        Seconds to wait for another process that changes the registry.
    json
        Print one JSON document.
    """
    found = workflow.undo(registry, import_id, wait_seconds=wait)
    if json:
        print_json(found.to_dict())
    else:
        print_text(f"Import {import_id} was taken back.\n\n{found.summary()}")
    return 0


def purge(
    registry: Path,
    *,
    wait: float = 60.0,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Delete the files of undone and superseded imports for good.

    Parameters
    ----------
    registry
        Folder of the registry.
    wait
        Seconds to wait for another process that changes the registry.
    json
        Print one JSON document.
    """
    count = workflow.purge_files(registry, wait_seconds=wait)
    if json:
        print_json({"deleted_files": count})
    else:
        print_text(f"Deleted {count} {'file' if count == 1 else 'files'}.")
    return 0


def export(
    registry: Path,
    *,
    out: Out,
    table: Names = (),
    json: Annotated[bool, Flag] = False,
) -> int:
    """Write tables as CSV files; cells that a spreadsheet would run as a formula get a quote.

    Parameters
    ----------
    registry
        Folder of the registry.
    out
        Folder for the files.
    table
        Table to write; give it again for more. All that have rows if none is named.
    json
        Print one JSON document.
    """
    print_result(workflow.export(registry, out, tables=table), json=json)
    return 0


def map_(
    files: Names,
    *,
    source: Literal["delimited", "redcap"] = "delimited",
    dictionary: Path | None = None,
    out: Out | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Draft the column map of files, for a person to finish.

    Parameters
    ----------
    files
        Files and folders.
    source
        What the files are.
    dictionary
        Data dictionary of the REDCap project.
    out
        File for the draft, which must not be there yet; else it goes to standard output.
    json
        Print one JSON document.
    """
    draft = workflow.draft(files, source=source, dictionary=dictionary)
    if out is not None:
        write_text(draft.yaml, out)
    if json:
        print_json(draft.to_dict())
    elif out is None:
        print_text(draft.yaml)
        sys.stderr.write(draft.summary() + "\n")
    else:
        print_text(f"{draft.summary()}\nWrote {out}.")
    return 0


def push(
    registry: Path,
    *,
    to: str,
    schema: str | None = None,
    replace: Annotated[bool, Flag] = False,
    wait: float = 60.0,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Copy a registry to a PostgreSQL server, in one transaction.

    Parameters
    ----------
    registry
        Folder of the registry.
    to
        Address: postgresql://user@host/database.
    schema
        Schema on the server, made if it is missing; that of the address, or locoreg.
    replace
        Replace another state of a registry that stands there.
    wait
        Seconds to wait for readers of the old state.
    json
        Print one JSON document.
    """
    report = workflow.push(registry, to=to, schema=schema, replace=replace, wait_seconds=wait)
    print_result(report, json=json)
    return 0
