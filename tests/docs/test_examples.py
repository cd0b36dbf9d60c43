"""Every example of README and of the documentation does what the page shows."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import locoreg
from tests.docs.runner import FLAGS, PageError, run_page

ROOT = Path(__file__).resolve().parents[2]
# Text of the code's own docstrings, which test_docstrings runs.
GENERATED = {ROOT / "docs/reference/python.md"}
PAGES = [ROOT / "README.md", *sorted(set((ROOT / "docs").rglob("*.md")) - GENERATED)]
MODULES = [m.name for m in pkgutil.walk_packages(locoreg.__path__, "locoreg.")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    run_page(page.read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


def test_readme_and_tutorial_have_examples(tmp_path: Path) -> None:
    for page in ("README.md", "docs/tutorial.md"):
        assert "```console\n$ locoreg" in (ROOT / page).read_text(encoding="utf-8")


FENCE = "```"


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (f"{FENCE}console\n$ echo 1\n2\n{FENCE}\n", "shows"),
        (f"{FENCE}console\n$ false\n{FENCE}\n", "left with 1"),
        (f"{FENCE}console\necho 1\n{FENCE}\n", "begins with"),
        (f"{FENCE}pycon\n>>> 1 + 1\n3\n{FENCE}\n", "Expected"),
        (
            f"{FENCE}python\nprint(1)\n{FENCE}\n\n<!-- output -->\n{FENCE}text\n2\n{FENCE}\n",
            "shows",
        ),
        (f"<!-- not run -->\n{FENCE}python\n1 / 0\n{FENCE}\n", "say why"),
        (f"{FENCE}python\n", "not closed"),
    ],
)
def test_runner_sees_faults(page: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=fault):
        run_page(page, tmp_path)


@pytest.mark.parametrize("begin", ["locoreg", "true && locoreg"], ids=["within", "in-bash"])
def test_commands_are_held_within_the_process_and_in_the_shell(begin: str, tmp_path: Path) -> None:
    page = (
        f"{FENCE}console\n$ {begin} --version\n{locoreg.__version__}\n{FENCE}\n"
        f"<!-- exit: 1 -->\n{FENCE}console\n$ {begin} run missing.yaml --out x\n"
        f"error: there is no study file missing.yaml.\n{FENCE}\n"
    )
    assert run_page(page, tmp_path) == 2
    with pytest.raises(PageError, match="left with 1"):
        run_page(f"{FENCE}console\n$ {begin} run x.yaml --out x\n{FENCE}\n", tmp_path)


def test_runner_lets_errors_of_python_through(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_page(f"{FENCE}python\n1 / 0\n{FENCE}\n", tmp_path)


def test_runner_runs_in_order_and_in_the_folder(tmp_path: Path) -> None:
    page = (
        f"<!-- file: a/b.txt -->\n{FENCE}text\none\n{FENCE}\n"
        f"<!-- append: a/b.txt -->\n{FENCE}text\ntwo\n{FENCE}\n"
        f"{FENCE}python\nfrom pathlib import Path\n{FENCE}\n"
        f"{FENCE}python\nwords = Path('a/b.txt').read_text()\nprint(words)\n{FENCE}\n"
        f"<!-- output -->\n{FENCE}text\none two\n{FENCE}\n"
        f"{FENCE}pycon\n>>> len(words)\n8\n{FENCE}\n"
        f"{FENCE}console\n$ cat a/b.txt\none\n...\n$ wc -l \\\n  < a/b.txt\n2\n{FENCE}\n"
        f"<!-- exit: 3 -->\n{FENCE}console\n$ exit 3\n{FENCE}\n"
        f"<!-- not run: it would fail -->\n{FENCE}console\n$ false\n{FENCE}\n"
        f"<!-- run instead: true -->\n{FENCE}console\n$ false\n{FENCE}\n"
    )
    assert run_page(page, tmp_path) == 8
