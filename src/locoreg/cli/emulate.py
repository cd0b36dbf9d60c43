"""``locoreg emulate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import Progress, ProgressStyle, print_json, print_text
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.hiding import hidden_dict, hidden_summary
from locoreg.workflows.emulation.recording import RecordRequest, record_result
from locoreg.workflows.emulation.reproduction import reproduction
from locoreg.workflows.emulation.task import emulate as run_emulation

Flag = Parameter(negative=())
Out = Annotated[Path, Parameter(name=["--out", "-o"])]


def emulate(
    protocol: str,
    *,
    registry: str | None = None,
    table: Path | None = None,
    visits: Path | None = None,
    method: str | None = None,
    out: Out | None = None,
    jobs: int | None = None,
    checkpoint: Path | None = None,
    record: Path | None = None,
    study: str | None = None,
    source: str | None = None,
    year: int | None = None,
    question: str | None = None,
    primary_only: Annotated[bool, Flag] = False,
    strict: Annotated[bool, Flag] = False,
    small_cells: int | None = None,
    progress: ProgressStyle = "auto",
    json: Annotated[bool, Flag] = False,
) -> int:
    """Emulate the trial of a protocol.

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
    method
        Takes the place of the protocol's method.
    out
        Folder for report.html, results.json, tables and figures.
    jobs
        Workers of the bootstrap, and of the imputed cohorts.
    checkpoint
        File that keeps bootstrap replicates: the same command goes on after Ctrl-C.
    record
        New folder of evidence tables with the primary analysis as a study of design `emulation`,
        for `locoreg evidence pool --tables`.
    study
        With --record: id of the study.
    source
        With --record: name of the patient source.
    year
        With --record: year of the analysis.
    question
        With --record: question of the evidence tables, where the protocol names no trials.
    primary_only
        Leave out the sensitivity analyses.
    strict
        Exit code 3 if the audit of the cohort found something blocking, 4 if a diagnostic of the
        primary analysis or a negative control failed.
    small_cells
        Hide counts of 1 to this many persons, and what would give them away, in everything that is
        printed and written: 10 is usual before results of real patients are shared.
    progress
        auto, bar, json or none; on stderr.
    json
        Print results.json on stdout.
    """
    check_small_cells(small_cells)
    label = None
    if record is not None:
        request = RecordRequest(study=study, source=source, year=year, question=question)
        label = request.label(protocol, method)
    say = Progress(progress)
    result = run_emulation(
        protocol,
        registry,
        table=table,
        visits=visits,
        method=method,
        sensitivity=not primary_only,
        jobs=jobs,
        checkpoint=checkpoint,
        progress=say,
        on_progress=_Replicates(say.style),
    )
    written = None
    if out is not None:
        from locoreg.report.emulation import write_emulation

        say("writing the report")
        asked = {
            "registry": registry, "table": table, "visits": visits, "method": method, "jobs": jobs,
            "checkpoint": checkpoint, "primary_only": primary_only,
        }  # fmt: skip
        command, python = reproduction(protocol, asked, out=out, small_cells=small_cells)
        written = write_emulation(
            result, out, command=command, python=python, small_cells=small_cells
        )
    if record is not None and label is not None:
        record_result(result, label, record)
    if json:
        print_json(hidden_dict(result, small_cells))
    else:
        print_text(hidden_summary(result, small_cells))
        if written is not None:
            print_text(f"Wrote {written}.")
        if record is not None:
            print_text(f"Recorded in {record}.")
        print_text("For research. Not a medical device.")
    if not strict:
        return 0
    return 3 if result.blocking else 4 if result.failed else 0


class _Replicates:
    """Bootstrap replicates on stderr."""

    def __init__(self, style: str) -> None:
        self.style = style

    def __call__(self, done: int, total: int) -> None:
        if self.style == "bar":
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r  replicates: {done} of {total}{end}")
        elif self.style == "json":
            sys.stderr.write(f'{{"replicates": {done}, "total": {total}}}\n')
        sys.stderr.flush()
