"""The generated pages are those of the code, and nothing lacks a description."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import locoreg as lr

ROOT = Path(__file__).resolve().parents[2]


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/make_reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_figure_of_readme_shows_the_current_numbers() -> None:
    name = "docs/images/forest-primary-surgery.svg"
    assert name in (ROOT / "README.md").read_text(encoding="utf-8")
    pool = lr.pool(lr.load_catalog(), "primary-surgery", design="rct")
    figure = (ROOT / name).read_text(encoding="utf-8")
    for study in pool.studies:
        assert study.label in figure
        assert study.effect.estimate(pool.meta.mu.level).text() in figure, "run make generated"
    assert pool.meta.mu.text() in figure, "run make generated"
