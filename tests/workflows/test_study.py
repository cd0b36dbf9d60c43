"""The study file: every fault named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.workflows.study import read_study

GOOD = """
title: Test
search_date: 2026-11-23
evidence:
  tables: [shipped]
  reproduce: all
  questions:
    - question: primary-surgery
      outcomes: [overall_survival]
      designs: [rct]
      method: REML
      interval: hartung-knapp
      level: 95
"""


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_good_file(tmp_path: Path) -> None:
    plan, digest = read_study(write(tmp_path, GOOD))
    assert plan.evidence.questions[0].level == 95
    assert plan.search_date == "2026-11-23"
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("level: 95", "level: ninety"), r"evidence\.questions\.0\.level"),
        (GOOD.replace("      level: 95\n", ""), r"evidence\.questions\.0\.level: is missing"),
        (GOOD.replace("method:", "metod:"), r"questions\.0\.metod: unknown key.*method"),
        (GOOD.replace("level: 95", "level: 0.95"), "percent"),
        (GOOD.replace("[rct]", "[]"), r"questions\.0\.designs"),
        (GOOD.replace("tables: [shipped]", "tables: []"), r"evidence\.tables"),
        ("title: !!python/object/apply:os.system ['true']\n", "line 1.*tags such as"),
        ("a: [1,\n", "line 2.*not valid YAML"),
        ("- 1\n", "no mapping"),
        ("", "no mapping"),
        (b"title: \xff\n", "not UTF-8"),
    ],
)
def test_faults_are_one_error_with_the_place(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_study(write(tmp_path, text))


def test_missing_and_huge_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no study file"):
        read_study(tmp_path / "none.yaml")
    with pytest.raises(DataError, match="larger than"):
        read_study(write(tmp_path, "a: " + "x" * 1_100_000))
