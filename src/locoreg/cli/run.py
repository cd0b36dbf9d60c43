"""``locoreg run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import (
    Progress,
    ProgressStyle,
    print_findings,
    print_heading,
    print_json,
    print_text,
)
from locoreg.report import write_report
from locoreg.workflows.run import run_study


def run(
    study: Path,
    *,
    out: Path,
    progress: ProgressStyle = "auto",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run a study file: audit, pool, reproduce, write the report.

    Parameters
    ----------
    study
        Study file (YAML); see docs/how-to/study-file.md.
    out
        Folder for report.html, results.json, tables and figures. Results of
        an earlier run in it are compared with the new ones.
    progress
        auto, bar, json or none; on stderr.
    json
        Print results.json on stdout.
    """
    say = Progress(progress)
    earlier = out / "results.json"
    result = run_study(study, previous=earlier if earlier.is_file() else None, progress=say)
    say("writing the report")
    report = write_report(result, out)
    if json:
        print_json(result.to_dict())
        return 0
    print_heading(result.plan.title)
    for question in result.questions:
        print_heading(question.question.title)
        for item in question.pools:
            print_text(item.answer)
            for left_out in item.pool.excluded:
                print_text(f"  Left out: {left_out.label}: {left_out.reason}.")
        for _, _, reason in question.empty:
            print_text(reason)
    print_heading("What the audit found (blocking and serious)")
    print_findings(result.audit.findings, least="serious")
    print_heading("Published pools")
    for rebuilt in result.reproductions:
        print_text(f"{rebuilt.pool_id}: {rebuilt.verdict}. {rebuilt.headline}")
    if result.changes is not None:
        print_heading("Changed since the last run")
        print_text("\n".join(result.changes) or "Nothing.")
    print_heading("Report")
    print_text(str(report))
    print_text("For research. Not a medical device.")
    return 0
