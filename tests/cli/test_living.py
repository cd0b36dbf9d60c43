"""``locoreg evidence add`` and ``diff`` as a user types them."""

from __future__ import annotations

import json

import pytest
from cyclopts import App

from locoreg.cli.living import add, diff
from tests.workflows.living.smalltables import CLAIMS, STUDIES, claim, new_rows, study, tables

app = App(name="evidence")
app.command(add)
app.command(diff)


def run(capsys, *words):
    code = app([str(word) for word in words], result_action="return_value")
    return code, capsys.readouterr().out


@pytest.fixture
def target(tmp_path):
    return tables(tmp_path / "mine")


@pytest.fixture
def rows(tmp_path):
    return new_rows(
        tmp_path / "new",
        studies=STUDIES + study("d"),
        claims=CLAIMS + claim("D1", "d", "0.5", "0.42", "0.6"),
    )


def test_add_then_diff(capsys, tmp_path, target, rows):
    before = tables(tmp_path / "before")
    code, told = run(capsys, "add", rows, "--tables", target, "--dry-run", "--json")
    assert (code, json.loads(told)["written"]) == (0, False)
    code, told = run(capsys, "add", rows, "--tables", target)
    assert code == 0
    assert f"Use it as --tables {target}." in told
    words = ("diff", before, target, "--baseline", "medium:50:36", "--important", 30)
    code, told = run(capsys, *words, "--json")
    found = json.loads(told)
    assert code == 0
    assert found["conclusion_changed"]
    assert [m["study_id"] for m in found["pools"][0]["moves"]] == ["d"]
    code, told = run(capsys, *words, "--strict")
    assert code == 4
    assert "moved by Trial D (D1)" in told
    assert run(capsys, "diff", target, target, "--strict")[0] == 0


def test_a_blocking_finding_leaves_with_three(capsys, tmp_path, target):
    head = "rob_id,study_id,tool,domain,judgement,assessor,address,location,verification\n"
    rows = new_rows(
        tmp_path / "bias", risk_of_bias=head + "r1,nobody,RoB2,overall,high,A,x,y,seen\n"
    )
    code, told = run(capsys, "add", rows, "--tables", target)
    assert code == 3
    assert "Not written: 1 blocking finding." in told
    code, told = run(
        capsys, "add", rows, "--tables", target, "--accept", "risk-of-bias:nobody",
        "--reason", "its study comes next",
    )  # fmt: skip
    assert code == 0
    assert "Accepted: risk-of-bias:nobody: its study comes next" in told
