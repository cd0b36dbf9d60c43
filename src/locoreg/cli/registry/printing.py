"""Print what a task on a registry returns, and read lists of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DataError, DesignError


class Result(Protocol):
    """What every task returns."""

    def summary(self) -> str:
        """Return it as text."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""


def print_result(result: Result, *, json: bool) -> None:
    """Print a result as text, or as one JSON document."""
    if json:
        print_json(result.to_dict())
    else:
        print_text(result.summary())


def words(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was given once or several times, separated by commas."""
    return tuple(part.strip() for item in given for part in item.split(",") if part.strip())


def numbers(option: str, given: tuple[str, ...]) -> tuple[float, ...]:
    """Return numbers that were separated by commas, in order."""
    found = []
    for text in words(given):
        try:
            found.append(float(text))
        except ValueError:
            raise DesignError(f"{option}: {text!r} is no number.", hint="write 12,36,60.") from None
    return tuple(sorted(set(found)))


def write_text(text: str, path: Path) -> None:
    """Write a new text file; DataError if it is there already or can't be written."""
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise DataError(f"{path} can't be written: {error.strerror}.") from error
