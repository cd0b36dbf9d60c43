"""``locoreg select``: who gains, and ``predict`` for one patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from locoreg.cli.output import Progress, ProgressStyle, print_json, print_text
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.reproduction import reproduction
from locoreg.workflows.export import check_folder
from locoreg.workflows.selection.hiding import hidden_selection, hidden_summary
from locoreg.workflows.selection.predicting import predict as predict_patient
from locoreg.workflows.selection.task import select as run_selection

app = App(
    name="select",
    help="Who gains from local therapy: effects by covariates, judged on held-out patients.",
)
Flag = Parameter(negative=())
Out = Annotated[Path, Parameter(name=["--out", "-o"])]


@app.default
def select(
    protocol: str,
    *,
    registry: str | None = None,
    table: Path | None = None,
    visits: Path | None = None,
    out: Out | None = None,
    jobs: int = 2,
    primary_only: Annotated[bool, Flag] = False,
    strict: Annotated[bool, Flag] = False,
    small_cells: int | None = None,
    progress: ProgressStyle = "auto",
    json: Annotated[bool, Flag] = False,
) -> int:
    """Ask who gains, as the protocol's part `selection` says.

    Parameters
    ----------
    protocol
        Protocol (YAML), or the name of a shipped example: `locoreg protocol list`.
    registry
        Folder of the registry, postgresql://...?schema=NAME or spark:FOLDER.
    table
        Instead of a registry: CSV or Parquet file with one row per person.
    visits
        With --table: CSV or Parquet file of repeated measurements.
    out
        Folder for report.html, results.json, tables, figures and the model.
    jobs
        Threads.
    primary_only
        Leave out what asks how the finding could be wrong: sites, half-samples, comparison of a
        hidden confounder with known ones.
    strict
        Exit code 4 if a diagnostic failed.
    small_cells
        Hide counts of 1 to this many persons, and what would give them away, in everything that is
        printed and written: 10 is usual before results of real patients are shared.
    progress
        auto, bar, json or none; on stderr.
    json
        Print results.json on stdout.
    """
    check_small_cells(small_cells)
    if out is not None:
        check_folder(out)
    say = Progress(progress)
    result = run_selection(
        protocol,
        registry,
        table=table,
        visits=visits,
        sensitivity=not primary_only,
        jobs=jobs,
        progress=say,
    )
    written = None
    if out is not None:
        from locoreg.report.selection import write_selection

        say("writing the report")
        asked = {
            "registry": registry, "table": table, "visits": visits, "jobs": jobs,
            "primary_only": primary_only,
        }  # fmt: skip
        command, python = reproduction(
            protocol, asked, out=out, small_cells=small_cells, task="select"
        )
        written = write_selection(
            result, out, command=command, python=python, small_cells=small_cells
        )
    if json:
        print_json(hidden_selection(result, small_cells))
    else:
        print_text(hidden_summary(result, small_cells))
        if written is not None:
            print_text(f"Wrote {written}.")
        print_text("For research. Not a medical device.")
    return 4 if strict and result.failed else 0


@app.command
def predict(model: Path, patient: Path, *, json: Annotated[bool, Flag] = False) -> int:
    """Say what a model tells about one patient, or why it tells nothing.

    Parameters
    ----------
    model
        Folder of the model, as `locoreg select --out FOLDER` writes it (FOLDER/model).
    patient
        JSON file with one value per covariate, null where it is unknown.
    json
        Print one JSON document.
    """
    found = predict_patient(model, patient)
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.text())
    return 0
