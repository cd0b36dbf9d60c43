"""``locoreg registry``: import, show, undo, purge, describe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from cyclopts import App, Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DesignError
from locoreg.workflows import registry as workflow

app = App(name="registry", help="Patients' data: import, check, classify, describe, simulate.")

Flag = Parameter(negative=())
Names = Annotated[tuple[str, ...], Parameter(negative=())]


@app.command(name="import")
def import_(
    registry: Path,
    files: Annotated[tuple[str, ...], Parameter(negative=())],
    *,
    source: str,
    map: Path | None = None,
    dictionary: Path | None = None,
    site: str | None = None,
    system: str | None = None,
    supersedes: Names = (),
    wait: float = 60.0,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Import files, a folder or a database; the table at the end says what became of each row.

    Parameters
    ----------
    registry
        Folder of the registry; made if it is missing.
    files
        Files, folders, or the address of a database.
    source
        delimited, redcap, omop or mcode.
    map
        Column map (YAML), or the name of a shipped one; for delimited and redcap.
    dictionary
        Data dictionary of the REDCap project.
    site
        Site of all patients, where the data don't say.
    system
        Name of the source system, kept with each row.
    supersedes
        Import that this one takes the place of; give it again for more.
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
        wait_seconds=wait,
    )
    _print(report, json=json)
    return 0


@app.command
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
    _print(found, json=json)
    return 1 if found.damaged else 0


@app.command
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


@app.command
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


@app.command
def export(
    registry: Path,
    *,
    out: Path,
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
    _print(workflow.export(registry, out, tables=table), json=json)
    return 0


@app.command
def describe(
    registry: Path,
    *,
    time_zero: Literal["first_metastasis", "primary_diagnosis", "entry"],
    level: float,
    by: str | None = None,
    groups: Path | None = None,
    at: Names = (),
    staging_days: int = 0,
    small_cells: int = 10,
    after_time_zero: Annotated[bool, Flag] = False,
    out: Path | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Describe a registry: flow of patients, Table 1, follow-up and survival.

    Parameters
    ----------
    registry
        Folder of the registry.
    time_zero
        What time zero is.
    level
        Level of the intervals in percent, for example 95.
    by
        Variable that makes the groups, for example subtype_primary.
    groups
        CSV with the columns patient_id and group, for groups of your own.
    at
        Months at which survival is given, separated by commas.
    staging_days
        Lesions first seen up to this many days after time zero count as present at it.
    small_cells
        Hide counts of 1 to this many patients, and what would give them away; 0 shows all.
    after_time_zero
        The groups were made by what happened after time zero: carry the notice on immortal time.
    out
        Write Table 1 to this CSV file.
    json
        Print one JSON document.
    """
    found = workflow.describe(
        registry,
        time_zero=time_zero,
        level=level,
        by=by,
        groups=groups,
        at=_numbers("--at", at),
        staging_days=staging_days,
        small_cells=small_cells or None,
        after_time_zero=after_time_zero,
    )
    if out is not None:
        out.write_text(found.table.to_csv(), encoding="utf-8")
    _print(found, json=json)
    return 0


class _Result(Protocol):
    def summary(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...


def _print(result: _Result, *, json: bool) -> None:
    if json:
        print_json(result.to_dict())
    else:
        print_text(result.summary())


def _numbers(option: str, given: tuple[str, ...]) -> tuple[float, ...]:
    found = []
    for text in (part.strip() for item in given for part in item.split(",") if part.strip()):
        try:
            found.append(float(text))
        except ValueError:
            raise DesignError(f"{option}: {text!r} is no number.", hint="write 12,36,60.") from None
    return tuple(sorted(set(found)))
