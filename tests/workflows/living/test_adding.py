"""New rows are in whole, or not at all."""

from __future__ import annotations

import os
from datetime import date

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.living import newrows
from locoreg.workflows.living.adding import AddOptions, add_rows
from locoreg.workflows.living.asked import standards_of
from locoreg.workflows.living.evidencesides import PoolSettings
from tests.workflows.living.smalltables import CLAIMS, STUDIES, claim, new_rows, study, tables

GOOD = {"studies": STUDIES + study("d"), "claims": CLAIMS + claim("D1", "d", "0.5", "0.42", "0.6")}
BIAS = "rob_id,study_id,tool,domain,judgement,assessor,address,location,verification\n"
BLOCKED = {"risk_of_bias": BIAS + "r1,nobody,RoB2,overall,high,A,x,y,seen\n"}


def add(rows, target, *, into=None, accept=(), reason="", dry_run=False, base=()):
    return add_rows(
        rows,
        AddOptions(
            tables=(*base, str(target)) if target else base, into=into, accept=accept,
            reason=reason, today=date(2026, 1, 2), dry_run=dry_run,
        ),
        settings=PoolSettings(method="REML", interval="normal", level=None),
        standards=standards_of((), None),
    )  # fmt: skip


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def target(tmp_path):
    return tables(tmp_path / "mine")


def test_rows_are_appended_and_the_others_stay(target, tmp_path):
    before = contents(target)
    found = add(new_rows(tmp_path / "new", **GOOD), target)
    after = contents(target)
    assert found.written
    assert found.counts == {"studies": 1, "claims": 1}
    for name in before:
        assert after[name].startswith(before[name])
    assert open_tables([target]).claims["D1"].estimate == 0.5
    assert sorted(after) == ["CHANGELOG.md", "claims.csv", "studies.csv"]
    assert after["CHANGELOG.md"].decode() == (
        "# Changes of the tables\n\n## 2026-01-02\n\n- Added 1 row of studies, 1 row of claims.\n"
    )
    (change,) = found.diff.pools
    assert [move.study_id for move in change.moves] == ["d"]


def test_a_second_addition_of_the_day_joins_the_first(target, tmp_path):
    add(new_rows(tmp_path / "one", **GOOD), target)
    fix = CLAIMS + claim("B2", "b", "0.81", "0.62", "1.03", fixes="B1")
    add(new_rows(tmp_path / "two", claims=fix), target)
    told = (target / "CHANGELOG.md").read_text(encoding="utf-8")
    assert told.count("## 2026-01-02") == 1
    assert "- Corrected B1 by B2: read again" in told
    assert "- Added 1 row of studies, 1 row of claims." in told


def test_a_dry_run_says_the_same_and_writes_nothing(target, tmp_path):
    before = contents(target)
    rows = new_rows(tmp_path / "new", **GOOD)
    dry = add(rows, target, dry_run=True)
    assert contents(target) == before
    assert not dry.written
    assert "Nothing written: a dry run." in dry.summary()
    wet = add(rows, target)
    assert dry.diff.to_dict() == wet.diff.to_dict()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"claims": GOOD["claims"].replace("ci_level", "ci_lvl")}, "unknown column 'ci_lvl'"),
        ({"claims": GOOD["claims"].replace(",95,", ",0.95,")}, r"new/claims.csv, row 2.*fraction"),
        ({"studies": STUDIES + study("a")}, r"new/studies.csv, row 2.*must be unique"),
        ({"claims": CLAIMS + claim("D1", "d", "0.5", "0.6", "0.42")}, "the limits are reversed"),
        ({"claims": CLAIMS + claim("D1", "x", "0.5", "0.42", "0.6")}, "points to no usable row"),
        ({"claim": "a\n1\n"}, "claim.csv is not one of the tables.*did you mean claims"),
        ({"harms": "harm_id\nh\n"}, "is missing"),
        ({"claims": ""}, "is empty"),
        ({"studies": STUDIES + "d,a,b,c,d,e,f\n"}, "quote a cell"),
    ],
)
def test_a_fault_leaves_the_tables_as_they_were(target, tmp_path, change, fault):
    before = contents(target)
    with pytest.raises(DataError, match=fault):
        add(new_rows(tmp_path / "new", **(GOOD | change)), target)
    assert contents(target) == before


def test_a_blocking_finding_refuses_unless_it_is_accepted_with_a_reason(target, tmp_path):
    before = contents(target)
    rows = new_rows(tmp_path / "new", **BLOCKED)
    found = add(rows, target)
    assert not found.written
    assert contents(target) == before
    assert "--accept risk-of-bias:nobody --reason WHY" in found.summary()
    with pytest.raises(DesignError, match="needs its reason"):
        add(rows, target, accept=("risk-of-bias:nobody",))
    with pytest.raises(DesignError, match=r"no new blocking finding.*did you mean"):
        add(rows, target, accept=("risk-of-bias:nobodi",), reason="x")
    with pytest.raises(DesignError, match="write RULE:ID"):
        add(rows, target, accept=("risk-of-bias",), reason="x")
    assert contents(target) == before
    taken = add(rows, target, accept=("risk-of-bias:nobody",), reason="its row follows")
    assert taken.written
    assert "its row follows" in (target / "CHANGELOG.md").read_text(encoding="utf-8")


def test_old_findings_block_nothing(target, tmp_path):
    add(new_rows(tmp_path / "one", **BLOCKED), target, accept=("risk-of-bias:nobody",), reason="x")
    assert add(new_rows(tmp_path / "two", **GOOD), target).written


def test_shipped_tables_are_built_on_and_never_written(tmp_path):
    rows = new_rows(tmp_path / "new", **GOOD)
    with pytest.raises(DesignError, match="--into"):
        add(rows, None, base=("shipped",))
    into = tmp_path / "mine"
    found = add(rows, None, base=("shipped",), into=str(into))
    assert found.tables == ("shipped", str(into))
    assert "D1" in open_tables(found.tables).claims
    with pytest.raises(DataError, match="not an empty folder"):
        add(rows, None, base=("shipped",), into=str(into))


def test_a_refused_addition_leaves_no_new_folder(target, tmp_path):
    into = tmp_path / "more"
    rows = new_rows(tmp_path / "new", **BLOCKED)
    assert not add(rows, None, base=(str(target),), into=str(into)).written
    assert not into.exists()


def test_a_new_folder_of_judgements_alone_can_be_read(target, tmp_path):
    into = tmp_path / "more"
    rows = new_rows(tmp_path / "new", risk_of_bias=BLOCKED["risk_of_bias"].replace("nobody", "a"))
    found = add(rows, None, base=(str(target),), into=str(into))
    assert found.written
    assert open_tables(found.tables).studies.keys() == {"a", "b", "c"}


def test_a_new_column_is_added_and_line_ends_are_kept(tmp_path):
    target = tables(tmp_path / "mine")
    path = target / "studies.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").rstrip(b"\r\n"))
    add(new_rows(tmp_path / "one", **GOOD), target)
    data = path.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 5
    wide = "study_id,label,question_id,design,region\ne,E,primary-surgery,rct,Asia\n"
    add(new_rows(tmp_path / "two", studies=wide), target)
    catalog = open_tables([target])
    assert catalog.studies["e"].region == "Asia"
    assert catalog.studies["a"].region is None


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_an_interruption_puts_back_what_was_there(target, tmp_path, monkeypatch, error):
    before = contents(target)
    real, calls = os.replace, []

    def fails_at_second(source, place):
        calls.append(place)
        if len(calls) == 2:
            raise error
        real(source, place)

    monkeypatch.setattr(newrows.os, "replace", fails_at_second)
    with pytest.raises(type(error)):
        add(new_rows(tmp_path / "new", **GOOD), target)
    assert contents(target) == before


def test_two_at_once_are_refused(target, tmp_path):
    rows = new_rows(tmp_path / "new", **GOOD)
    with newrows.locked(target), pytest.raises(DataError, match="somebody else"):
        add(rows, target)
    assert add(rows, target).written
