"""Run the examples of a Markdown page and compare what they print with what the page shows.

Fenced ``console``, ``python`` and ``pycon`` blocks are run, in order, in one scratch folder per
page; Python blocks share their names. A line ``$ command`` of a console block is a command and the
lines after it are its output; where a page shows no output only the exit code is held. Line breaks
are not compared, and ``...`` stands for anything. A comment on the line above a block says more:

- ``<!-- not run: reason -->``: the block is not run.
- ``<!-- run instead: command -->``: this command is run in place of the one shown.
- ``<!-- exit: 1 -->``: the exit code expected, 0 if not given.
- ``<!-- file: name -->``, ``<!-- append: name -->``: the block is written to that file.
- ``<!-- output -->``: the block is what the Python block before it prints.

A ``locoreg`` command without signs of the shell runs within this process, which saves starting
Python each time; every other command goes through bash.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from locoreg.cli.main import main

RUNNABLE = ("console", "python", "pycon")
KEYS = ("not run", "run instead", "exit", "file", "append", "output")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECONDS = 300
SIGNS = re.compile(r"[|&;<>$`*?~\n]")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    notes: dict[str, str]


class PageError(AssertionError):
    """An example does not do what the page says."""


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page with the comments above them."""
    found: list[Block] = []
    notes: dict[str, str] = {}
    fence, language, start, body = "", "", 0, []
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r"(`{3,})\s*([\w-]*)\s*$", line)
        comment = re.match(r"<!-- ([a-z ]+?)(?:: (.*))? -->$", line)
        if fence:
            if line == fence:
                found.append(Block(language, "\n".join(body) + "\n", start, notes))
                fence, notes = "", {}
            else:
                body.append(line)
        elif opening:
            fence, language, start, body = opening[1], opening[2], number, []
        elif comment and comment[1] in KEYS:
            notes[comment[1]] = comment[2] or ""
        elif line.strip():
            notes = {}
    if fence:
        raise PageError(f"the block that begins in line {start} is not closed")
    return found


def run_page(text: str, folder: Path) -> int:
    """Run the blocks of a page in a folder; return how many were run."""
    names: dict[str, Any] = {"__name__": "example"}
    printed: str | None = None
    count = 0
    for block in blocks(text):
        if "not run" in block.notes:
            if not block.notes["not run"]:
                raise PageError(f"line {block.line}: say why the block is not run")
            printed = None
            continue
        if "output" in block.notes:
            if printed is None:
                raise PageError(f"line {block.line}: no Python block stands before this output")
            _compare(block.text, printed, block.line)
        elif "file" in block.notes or "append" in block.notes:
            _write(block, folder)
            count += 1
        elif block.language in RUNNABLE:
            printed = _run(block, folder, names)
            count += 1
    return count


def _write(block: Block, folder: Path) -> None:
    path = folder / (block.notes.get("file") or block.notes["append"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if "append" in block.notes else "w", encoding="utf-8") as out:
        out.write(block.text)


def _run(block: Block, folder: Path, names: dict[str, Any]) -> str | None:
    if block.language == "console":
        for command, shown in _commands(block):
            command = block.notes.get("run instead", command)
            within = command.startswith("locoreg ") and not SIGNS.search(command)
            run = _within if within else _by_shell
            code, printed = run(command, folder)
            _check_command(command, code, printed, shown, block)
        return None
    if block.language == "pycon":
        _run_session(block, folder, names)
        return None
    buffer = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(buffer):
        exec(compile("\n" * block.line + block.text, "page", "exec"), names)
    return buffer.getvalue()


def _commands(block: Block) -> list[tuple[str, str]]:
    found: list[list[str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif not found:
            raise PageError(f"line {block.line}: a console block begins with $")
        elif found[-1][0].endswith("\\"):
            found[-1][0] = found[-1][0][:-1] + line.strip()
        else:
            found[-1][1] += line + "\n"
    return [(command, shown) for command, shown in found]


def _by_shell(command: str, folder: Path) -> tuple[int, str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def _within(command: str, folder: Path) -> tuple[int, str]:
    printed = io.StringIO()
    code: Any = 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        mock.patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": "100"}),
    ):
        try:
            main(shlex.split(command, comments=True)[1:])
        except SystemExit as left:
            code = left.code
    return int(code or 0), printed.getvalue()


def _check_command(command: str, code: int, printed: str, shown: str, block: Block) -> None:
    expected = int(block.notes.get("exit", "0"))
    if code != expected:
        raise PageError(
            f"line {block.line}: {command} left with {code}, not {expected}:\n{printed}"
        )
    if shown.strip():
        _compare(shown, printed, block.line)


def _run_session(block: Block, folder: Path, names: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, names, "page", None, block.line)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    with contextlib.chdir(folder):
        runner.run(test, out=report.write, clear_globs=False)
    names.update(test.globs)
    if runner.summarize(verbose=False).failed:
        raise PageError(report.getvalue())


def _compare(shown: str, printed: str, line: int) -> None:
    if not doctest.OutputChecker().check_output(shown.strip(), printed.strip(), FLAGS):
        raise PageError(f"line {line}: the page shows\n{shown}\nand this was printed\n{printed}")
