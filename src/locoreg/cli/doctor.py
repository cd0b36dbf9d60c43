"""``locoreg doctor``."""

from __future__ import annotations

from locoreg.cli.output import Progress, ProgressStyle, print_json, print_text
from locoreg.workflows.doctor import examine


def print_diagnosis(*, progress: ProgressStyle, json: bool) -> int:
    """Print what was found; 1 if something is not as it must be."""
    found = examine(Progress(progress))
    if json:
        print_json(found.to_dict())
    else:
        print_text(f"locoreg {found.version}")
        for check in found.checks:
            print_text(f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.detail}")
    return 0 if found.passed else 1
