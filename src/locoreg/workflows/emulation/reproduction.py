"""How to run an emulation or a selection again: a command and lines of Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

# A user's name and password in the address of a database.
_LOGIN = re.compile(r"://[^@/]+@")
# Options of the command that the function calls otherwise.
_TURNED = {"primary_only": "sensitivity"}
Task = Literal["emulate", "select"]
# Package of the report and its function, by task.
_WRITERS = {"emulate": ("emulation", "write_emulation"), "select": ("selection", "write_selection")}


def reproduction(
    protocol: str,
    asked: Mapping[str, Any],
    *,
    out: Path,
    small_cells: int | None = None,
    task: Task = "emulate",
) -> tuple[str, str]:
    """Return the command, and the same in Python.

    Parameters
    ----------
    protocol : str
        File or shipped example.
    asked : mapping of str to object
        Options by the names of the task's parameters; those that are None or False are left out.
        ``primary_only`` is ``sensitivity=False`` in Python.
    out : Path
        Folder of the report.
    small_cells : int, optional
        Counts from 1 to this many are hidden.
    task : {"emulate", "select"}
        The command.

    Returns
    -------
    command, python : str
        Without logins of databases, which are written as ``...``.
    """
    given = {name: value for name, value in asked.items() if value not in (None, False)}
    words = ["locoreg", task, protocol]
    arguments = [repr(protocol)]
    for name, value in given.items():
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(_plain(value))
        if name in _TURNED:
            arguments.append(f"{_TURNED[name]}=False")
        else:
            arguments.append(f"{name}={value if isinstance(value, int) else repr(_plain(value))}")
    words += ["--out", str(out)]
    if small_cells is not None:
        words += ["--small-cells", str(small_cells)]
    package, write = _WRITERS[task]
    last = f", small_cells={small_cells}"
    python = "\n".join(
        (
            "import locoreg as lr",
            f"from locoreg.report.{package} import {write}",
            "",
            f"result = lr.{task}({', '.join(arguments)})",
            f"{write}(result, {str(out)!r}{last})",
        )
    )
    return shlex.join(words), python


def _plain(value: Any) -> str:
    return _LOGIN.sub("://...@", str(value))
