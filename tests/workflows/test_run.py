"""Slips in a study file are errors; a design without a study is an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DesignError
from locoreg.workflows.run import run_evidence
from tests.conftest import WriteTables, effect, study

STUDY = """
title: Test
search_date: 2026-11-23
evidence:
  tables: [tables]
  questions:
    - question: primary-surgery
      outcomes: [overall_survival]
      designs: [rct, observational]
      method: DL
      interval: normal
      level: 95
"""


@pytest.fixture
def study_file(write_tables: WriteTables, tmp_path: Path) -> Path:
    rows = [effect("a1", "a", "0.66 0.49 0.88"), effect("b1", "b", "0.70 0.50 0.98")]
    # Two trials may share a label; they are told apart by their ids.
    write_tables(studies=[study("a", label="Trial"), study("b", label="Trial")], claims=rows)
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path


def test_a_design_without_a_study_is_listed(study_file: Path) -> None:
    (question,) = run_evidence(study_file).questions
    assert [p.pool.selection.design for p in question.pools] == ["rct"]
    assert [design for _, design, _ in question.empty] == ["observational"]


@pytest.mark.parametrize(
    ("line", "words"),
    [("subgroups_by: randomization", "no column"), ("studies: [a]", "of design rct")],
)
def test_a_slip_is_an_error(study_file: Path, line: str, words: str) -> None:
    study_file.write_text(f"{STUDY}      {line}\n")
    with pytest.raises(DesignError, match=words):
        run_evidence(study_file)


def test_doubts_of_studies_that_share_a_label(study_file: Path) -> None:
    claims = study_file.parent / "tables" / "claims.csv"
    text = claims.read_text().replace("0.70,0.50,0.98,95", "0.70,0.53,0.93,90")
    claims.write_text(text)
    (question,) = run_evidence(study_file).questions
    worlds = question.pools[0].multiverse
    assert worlds is not None
    assert worlds.studies == ("Trial (a)", "Trial (b)")


def test_a_study_without_evidence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("title: T\nregistry: {folder: r}\n")
    with pytest.raises(DesignError, match="no part evidence"):
        run_evidence(path)
