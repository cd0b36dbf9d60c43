"""The study file: every fault named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.workflows.study import ANALYSES, read_study

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
    assert plan.evidence is not None
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


PARTS = """
title: Test
registry: {simulate: {patients: 300, seed: 1, scenario: constant}}
emulation:
  - {name: surgery, protocol: primary-surgery-6-months, analyses: [benchmark, ladder]}
  - {name: others, protocol: own.yaml, analyses: all, method: landmark}
selection:
  - {name: who-gains, protocol: select-primary-surgery, sensitivity: false}
"""


def test_evidence_is_optional(tmp_path: Path) -> None:
    plan, _ = read_study(write(tmp_path, PARTS))
    assert plan.evidence is None
    assert plan.search_date is None
    # In the order in which they are run, however they are named.
    assert plan.emulation[0].asked == ("ladder", "benchmark")
    assert plan.emulation[1].asked == ANALYSES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PARTS.replace("patients: 300", "patient: 300"), "simulate.patient: unknown key.*patients"),
        (PARTS.replace("seed: 1, ", ""), r"registry\.simulate\.seed: is missing"),
        (PARTS.replace("name: others", "name: surgery"), "emulation: the name surgery stands"),
        (PARTS.replace("name: surgery", "name: ../x"), r"emulation\.0\.name: use small letters"),
        (PARTS.replace("analyses: all", "analyses: [some]"), r"emulation\.1\.analyses"),
        (PARTS.replace(", sensitivity: false", ""), r"selection\.0\.sensitivity: is missing"),
        (PARTS.replace("registry:", "registre:"), "registre: unknown key.*registry"),
        (PARTS.replace("{simulate", "{folder: x, simulate"), "registry: name a folder, or"),
        (PARTS + "small_cells: 1\n", "small_cells: hiding counts of 1 alone"),
        (PARTS + "jobs: 0\n", "jobs: "),
        (PARTS + "question: {population: P}\n", r"question\.intervention: is missing"),
        ("title: T\n", "no part to run"),
        ("title: T\nemulation: [{name: a, protocol: p, analyses: all}]\n", "a has no patients"),
        (GOOD.replace("search_date: 2026-11-23\n", ""), "search_date is missing"),
    ],
)
def test_faults_of_other_parts(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_study(write(tmp_path, text))


def test_small_cells_are_hidden_of_real_patients_only(tmp_path: Path) -> None:
    plan, _ = read_study(write(tmp_path, PARTS))
    assert [plan.hidden(synthetic=s) for s in (True, False)] == [None, 10]
    plan, _ = read_study(write(tmp_path, PARTS + "small_cells: 5\n"))
    assert [plan.hidden(synthetic=s) for s in (True, False)] == [5, 5]
    plan, _ = read_study(write(tmp_path, PARTS + "small_cells: 0\n"))
    assert [plan.hidden(synthetic=s) for s in (True, False)] == [None, None]
