"""Help and version are quick: what only the analyses need is not imported for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from locoreg.core.version import __version__

HEAVY = ("scipy", "pandas", "matplotlib", "numba", "pydantic", "jinja2", "fastapi", "duckdb")
PROGRAM = """
import sys
from locoreg.cli.main import main
try:
    main({arguments!r})
except SystemExit as left:
    assert left.code in (None, 0), left.code
print(sorted(set({heavy!r}) & set(sys.modules)))
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_heavy_modules_stay_away(arguments: list[str]) -> None:
    printed = run(PROGRAM.format(arguments=arguments, heavy=HEAVY))
    assert printed.splitlines()[-1] == "[]"
    if arguments == ["--version"]:
        assert __version__ in printed


def test_import_alone_stays_light() -> None:
    program = f"import sys, locoreg\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert run(program).strip() == "[]"
