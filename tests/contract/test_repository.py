"""What must hold of the repository's own files."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from locoreg.core.version import __version__

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".csv", ".R", ".sh", ".html", ".css", ""}
# Paths of one machine; not the paths of addresses.
MACHINE = re.compile(r"(?<![\w.-])/(?:home|Users|root|tmp|work|opt)/[\w.-]+/")
SETUP = ("pyproject.toml", "constraints.txt", "Makefile", ".ci/run", "scripts/find-python.sh")


def tracked() -> list[Path]:
    """Return the files of the repository; those on disk where git is not at hand."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("CI"):
            raise
        pytest.skip("not a git work tree")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_machine_paths() -> None:
    here = Path(__file__).resolve()
    for path in tracked():
        if path != here and path.suffix in TEXT:
            found = MACHINE.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"


def test_setup_names_no_address() -> None:
    for name in SETUP:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text


def test_lock_is_the_constraints_file() -> None:
    names = {path.name for path in tracked()}
    assert "uv.lock" not in names
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)


def test_constraints_name_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    chosen = (d for extra, names in extras.items() if extra != "bench" for d in names)
    wanted = [d for d in (*project["dependencies"], *chosen) if not d.startswith("locoreg[")]
    locked = {
        line.split("==")[0].casefold().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    named = {re.split(r"[<>=!~ \[;]", d)[0].casefold().replace("_", "-") for d in wanted}
    assert named <= locked
    decisions = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8").casefold()
    assert not [name for name in named if f"| {name} |" not in decisions]


def test_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\S+)", text, flags=re.MULTILINE)
    assert headings[0] == __version__


def test_every_page_is_in_the_navigation() -> None:
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))

    def pages(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        parts = entry if isinstance(entry, list) else list(dict(entry).values())  # type: ignore[call-overload]
        return [page for part in parts for page in pages(part)]

    docs = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")}
    assert sorted(pages(settings["nav"])) == sorted(docs)


def test_contributing_is_at_most_two_pages() -> None:
    words = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split()
    assert len(words) <= 1000


def test_every_command_of_the_makefile_is_in_readme_or_contributing() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE)
    text = "".join((ROOT / n).read_text(encoding="utf-8") for n in ("README.md", "CONTRIBUTING.md"))
    assert not [c for c in commands if c != "help" and f"make {c}" not in text]


def test_disclaimer_stands_in_readme() -> None:
    assert "For research. Not a medical device." in (ROOT / "README.md").read_text(encoding="utf-8")
