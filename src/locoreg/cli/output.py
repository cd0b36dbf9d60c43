"""Print results to stdout and progress to stderr."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterable
from typing import Any, Literal

from rich.console import Console
from rich.text import Text

from locoreg.core.errors import LocoregError
from locoreg.core.findings import SEVERITIES, Finding, Severity
from locoreg.core.jsontext import dumps

ProgressStyle = Literal["auto", "bar", "json", "none"]
STYLES = {"blocking": "bold red", "serious": "red", "minor": "yellow", "note": "dim"}


def print_json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(dumps(value) + "\n")


def print_text(text: str) -> None:
    """Print plain text, wrapped to the terminal."""
    console = _console()
    for line in text.splitlines() or [""]:
        console.print(Text(line))


def print_heading(text: str) -> None:
    """Print a heading."""
    console = _console()
    console.print()
    console.print(Text(text, style="bold"))


def print_error(error: LocoregError, *, as_json: bool) -> None:
    """Print an error: one line on stderr, and with ``--json`` a document on stdout."""
    if as_json:
        print_json(
            {
                "error": {
                    "kind": type(error).__name__,
                    "message": error.message,
                    "hint": error.hint,
                }
            }
        )
    sys.stderr.write(f"error: {error}\n")


def print_findings(findings: Iterable[Finding], *, least: Severity) -> None:
    """Print findings by severity, worst first, each with its place and arithmetic.

    Parameters
    ----------
    findings : iterable of Finding
        In order of severity.
    least : str
        Least severity to print; the rest is counted.
    """
    console = _console()
    shown = SEVERITIES[: SEVERITIES.index(least) + 1]
    hidden: dict[str, int] = {}
    current = None
    for finding in findings:
        if finding.severity not in shown:
            hidden[finding.severity] = hidden.get(finding.severity, 0) + 1
            continue
        if finding.severity != current:
            current = finding.severity
            print_heading(current.upper())
        console.print(Text(f"{finding.subject}: {finding.rule}", style=STYLES[current]))
        console.print(Text(f"  {finding.message}"))
        console.print(Text(f"  Would change: {finding.changes}"))
        place = f"  Where: {finding.location}"
        if finding.location.source:
            place += f" ({finding.location.source})"
        if finding.location.printed:
            place += f', printed "{finding.location.printed}"'
        console.print(Text(place, style="dim"))
    for severity, count in hidden.items():
        console.print(Text(f"{count} of severity {severity} not shown; --severity {severity}."))


class Progress:
    """Stages on stderr: a line each, a JSON line each, or nothing.

    Parameters
    ----------
    style : {"auto", "bar", "json", "none"}
        ``auto`` prints lines on a terminal and nothing elsewhere.
    """

    def __init__(self, style: ProgressStyle) -> None:
        if style == "auto":
            style = "bar" if sys.stderr.isatty() else "none"
        self.style = style
        self.count = 0

    def __call__(self, stage: str) -> None:
        """Say that a stage begins."""
        self.count += 1
        if self.style == "bar":
            sys.stderr.write(f"[{self.count}] {stage}\n")
        elif self.style == "json":
            sys.stderr.write(json_module.dumps({"stage": stage, "number": self.count}) + "\n")
        sys.stderr.flush()


def _console() -> Console:
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())
