"""``locoreg run``."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from locoreg.cli.output import (
    ProgressStyle,
    print_findings,
    print_heading,
    print_json,
    print_text,
)
from locoreg.core.findings import Finding, Location
from locoreg.report.study import Stage, run_study
from locoreg.workflows.compare.headlines import headlines
from locoreg.workflows.stored import StoredRun
from locoreg.workflows.study.alarms import alarms

Flag = Parameter(negative=())
# Keys of the registry's survival, and topics of the conclusion that pools don't answer.
SURVIVAL = "registry/survival/"
CONCLUDED = ("emulated", "agreement", "selection", "settle")


def run(
    study: Path,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    jobs: int | None = None,
    force: Annotated[bool, Flag] = False,
    strict: Annotated[bool, Flag] = False,
    progress: ProgressStyle = "auto",
    json: Annotated[bool, Flag] = False,
) -> int:
    """Run a study file: every part that it has, and one report.

    Parts whose inputs, options and program are those of the last run are kept. Ctrl-C stops a
    run, and the same command goes on from there.

    Parameters
    ----------
    study
        Study file (YAML); see docs/how-to/study-file.md.
    out
        Folder for report.html, results.json, tables, figures and the steps. Results of an
        earlier run in it are compared with the new ones.
    jobs
        Workers and threads; those of the study file, or as many as usual.
    force
        Run every part again.
    strict
        Exit code 3 if the audit found a blocking problem, 4 if a diagnostic failed.
    progress
        auto, bar, json or none; on stderr.
    json
        Print results.json on stdout.
    """
    earlier = out / "results.json"
    before = earlier.read_bytes() if earlier.is_file() else None
    done = run_study(study, out, progress=_Stages(progress), jobs=jobs, force=force)
    if json:
        print_json(done.results)
    else:
        same = before is not None and before == earlier.read_bytes()
        _print(done, changes=("Nothing.",) if same else done.results["changes"])
    return _code(done.results) if strict else 0


def _code(results: dict[str, Any]) -> int:
    """Return 3 for a blocking finding, 4 for a failed diagnostic, else 0."""
    failed = {one.sign for one in alarms(results)}
    found = (results.get("audit") or {}).get("findings", ())
    if "blocking finding" in failed or any(one["severity"] == "blocking" for one in found):
        return 3
    return 4 if failed else 0


def _print(done: StoredRun, *, changes: Sequence[str] | None) -> None:
    results = done.results
    print_heading(done.title)
    for alarm in alarms(results):
        print_text(alarm.line())
    _print_evidence(results)
    _print_registry(done)
    _print_conclusion(results)
    if changes is not None:
        print_heading("Changed since the last run")
        print_text("\n".join(changes))
    print_heading("Report")
    print_text(str(done.folder / "report.html"))
    print_text("For research. Not a medical device.")


def _print_registry(done: StoredRun) -> None:
    numbers = [one for one in headlines(done.results).values() if one.key.startswith(SURVIVAL)]
    if numbers:
        print_heading(next(step.title for step in done.steps if step.kind == "registry"))
        print_text("\n".join(f"{one.label}: {one.text}" for one in numbers))


def _print_conclusion(results: dict[str, Any]) -> None:
    """Print what emulations and selections say, and what would settle it; pools stand above."""
    for question in results["conclusion"]["questions"]:
        items = [item for item in question["items"] if item["topic"] in CONCLUDED]
        if items:
            print_heading(question["title"] or results["title"])
        for item in items:
            print_heading(item["title"])
            for sentence in item["sentences"]:
                sign = "[fail] " if sentence["tone"] == "blocking" else ""
                print_text(f"{sign}{sentence['text']}")


def _print_evidence(results: dict[str, Any]) -> None:
    if "questions" not in results:
        return
    for question in results["questions"]:
        print_heading(question["title"])
        for item in question["pools"]:
            print_text(item["answer"])
            for left_out in item["pool"]["excluded"]:
                print_text(f"  Left out: {left_out['label']}: {left_out['reason']}.")
        for one in question["empty"]:
            print_text(one["reason"])
    print_heading("What the audit found (blocking and serious)")
    print_findings(map(_finding, results["audit"]["findings"]), least="serious")
    print_heading("Published pools")
    for rebuilt in results["reproductions"]:
        pool = rebuilt["target"]["pool_id"]
        print_text(f"{pool}: {rebuilt['verdict']}. {rebuilt['headline']}")


def _finding(one: dict[str, Any]) -> Finding:
    return Finding(
        **{
            **one,
            "location": Location(**one["location"]),
            "also": tuple(Location(**place) for place in one["also"]),
            "claim_ids": tuple(one["claim_ids"]),
        }
    )


class _Stages:
    """Stages of a run on stderr: a line each, a JSON line each, or nothing."""

    def __init__(self, style: ProgressStyle) -> None:
        if style == "auto":
            style = "bar" if sys.stderr.isatty() else "none"
        self.style = style

    def __call__(self, stage: Stage) -> None:
        if self.style == "bar":
            sys.stderr.write(f"[{stage.number}/{stage.of}] {stage.step}: {stage.text}\n")
        elif self.style == "json":
            told = {
                "step": stage.step,
                "name": stage.name,
                "stage": stage.text,
                "number": stage.number,
                "of": stage.of,
            }
            sys.stderr.write(json_module.dumps(told) + "\n")
        elif stage.step == "report" and stage.text.startswith("no report.pdf"):
            sys.stderr.write(f"{stage.text}\n")
        sys.stderr.flush()
