"""ARCHITECTURE.md names every module, with the sentence that the module begins with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def tree() -> dict[str, str]:
    """Return the sentence of each module in the tree, by path."""
    found: dict[str, str] = {}
    block = TEXT.split("<!-- tree -->")[1].split("<!-- end of tree -->")[0]
    folders: list[str] = []
    for line in block.splitlines():
        entry = re.match(r"( +)([\w.]+/?)(?:\s+(.*))?$", line)
        if not entry:
            continue
        depth = len(entry[1]) // 2 - 1
        folders = folders[:depth]
        path = "/".join([*folders, entry[2].rstrip("/")])
        if entry[2].endswith("/"):
            folders.append(entry[2].rstrip("/"))
            path += "/__init__.py"
        if path.endswith(".py"):
            found[path] = entry[3] or ""
    return found


def test_tree_is_that_of_the_code() -> None:
    package = ROOT / "src/locoreg"
    code = {}
    for path in package.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        code[str(path.relative_to(package))] = docstring.partition("\n")[0].replace("``", "`")
    assert tree() == code, "run make generated"


def test_every_path_named_exists() -> None:
    for name in re.findall(r"`((?:src|tests|docs|scripts|benchmarks|examples)/[\w./-]*)`", TEXT):
        assert (ROOT / name).exists(), name
    for name in re.findall(
        r"`((?:core|stats|evidence|figures|report|workflows|cli)/[\w./-]*)`", TEXT
    ):
        assert (ROOT / "src/locoreg" / name).exists(), name
