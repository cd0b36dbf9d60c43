"""``locoreg compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.workflows.compare import compare_runs
from locoreg.workflows.stored import open_run


def compare(
    run1: Path, run2: Path, *, json: Annotated[bool, Parameter(negative=())] = False
) -> int:
    """Name every number that moved between two runs, and why.

    Parameters
    ----------
    run1
        Folder of the earlier run, as `locoreg run --out` wrote it.
    run2
        Folder of the later one.
    json
        Print one JSON document.
    """
    found = compare_runs(open_run(run1), open_run(run2))
    if json:
        print_json(found.to_dict())
    else:
        print_text("\n".join(found.lines()))
    return 0
