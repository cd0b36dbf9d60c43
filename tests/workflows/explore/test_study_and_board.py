"""One study and the audit board: nothing of the tables is lost on the way to a page."""

from __future__ import annotations

import math

import pytest

from locoreg.core.errors import DataError
from locoreg.core.findings import SEVERITIES
from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.evidence import show_study
from locoreg.workflows.explore.board import board_of, board_table, findings_table
from locoreg.workflows.explore.checked import check_effect
from locoreg.workflows.explore.family import family_of
from locoreg.workflows.explore.study import study_page
from tests.conftest import effect, study


def test_a_study_has_all_its_rows_and_findings(shipped) -> None:
    catalog, findings = shipped
    found = study_page(catalog, findings, "fitzal2019")
    expected = show_study(catalog, "fitzal2019")
    assert [row.claim for row in found.rows] == list(expected.claims)
    assert {one.finding for one in found.findings} == set(expected.findings)
    ranks = [SEVERITIES.index(one.finding.severity) for one in found.findings]
    assert ranks == sorted(ranks)
    assert [one.number for one in found.findings] == list(range(1, len(ranks) + 1))


def test_every_study_and_report_has_a_page_and_neighbours_meet(shipped) -> None:
    catalog, findings = shipped
    for study_id in (
        *catalog.studies,
        *(r for r, one in catalog.references.items() if one.study_id),
    ):
        found = study_page(catalog, findings, study_id)
        if found.following:
            assert study_page(catalog, findings, found.following).previous == found.study.study_id
    with pytest.raises(DataError, match="no study"):
        study_page(catalog, findings, "nobody1999")


def test_a_correction_is_a_state_with_its_reason(shipped) -> None:
    catalog, findings = shipped
    states = [
        one
        for study_id in catalog.studies
        for one in study_page(catalog, findings, study_id).findings
    ]
    corrected = [one for one in states if one.state == "corrected by a curator"]
    assert corrected
    superseded = catalog.superseded()
    for one in states:
        first = one.finding.claim_ids[0] if one.finding.claim_ids else ""
        assert (one.state == "corrected by a curator") == (first in superseded)
    for one in corrected:
        row = next(c for c in catalog.claims.values() if c.supersedes == one.finding.claim_ids[0])
        assert row.claim_id in one.how
        assert str(row.reason) in one.how


def test_what_follows_from_an_effect(write_tables) -> None:
    folder = write_tables(
        studies=[study("one")],
        claims=[
            effect("c1", "one", "0.66 0.49 0.88", p_op="=", p_value="0.005", n=274),
            effect("c2", "one", "0.66 0.49 0.88", ci_level="", ci_low="", ci_high=""),
            effect("c3", "one", "0.66 0.49 0.88", measure="MD"),
        ],
    )
    claims = load_catalog(folder).claims
    found = check_effect(claims["c1"])
    half = math.log(0.88 / 0.49) / 2
    se = half / 1.959963984540054
    middle = (math.log(0.88) + math.log(0.49)) / 2
    assert found.se == pytest.approx(se, rel=1e-12)
    assert found.middle == pytest.approx(math.sqrt(0.88 * 0.49), rel=1e-12)
    assert found.offset == pytest.approx(abs(math.log(0.66) - middle) / half, rel=1e-12)
    z = abs(math.log(0.66)) / se
    assert found.p_implied == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-9)
    assert found.events_implied == pytest.approx(4 / se**2, rel=1e-12)
    assert found.p_printed == "p = 0.005"
    assert found.printed == "HR 0.66 (0.49 to 0.88), 95%"
    assert found.patients == 274
    assert check_effect(claims["c2"]) is None
    difference = check_effect(claims["c3"])
    assert difference.se == pytest.approx((0.88 - 0.49) / 2 / 1.959963984540054, rel=1e-12)
    assert difference.events_implied is None


def test_family_shares_what_the_tables_state(write_tables) -> None:
    rows = [
        study("one", cohort="Registry A; Registry B", period="2004-2012"),
        study("two", cohort="Registry B", period="2011 to 2015"),
        study("three", registry_id="NCT00000001", cohort="Registry A", period="2013-2015"),
        study("four", registry_id="NCT00000001"),
        study("five", cohort="Registry", period="2004-2012"),
    ]
    catalog = load_catalog(
        write_tables(studies=rows, claims=[effect("c1", "one", "0.66 0.49 0.88")])
    )
    found = family_of(catalog, catalog.study("one"))
    members = {m.study_id: m for m in found.members}
    assert list(members) == ["one", "two", "three"]
    assert members["one"].is_self
    assert members["one"].overlaps is None
    assert members["two"].shares == ("cohort Registry B",)
    assert (members["two"].first, members["two"].last) == (2011, 2015)
    assert members["two"].overlaps is True
    assert members["three"].overlaps is False
    by_number = family_of(catalog, catalog.study("four"))
    assert [m.study_id for m in by_number.members] == ["four", "three"]
    assert by_number.members[1].overlaps is None
    assert not family_of(catalog, catalog.study("five")).has_others


def test_board_counts_each_finding_once(shipped) -> None:
    catalog, findings = shipped
    board = board_of(catalog, findings)
    assert sum(row.count for row in board.rows) == len(findings)
    for row in board.rows:
        mine = [f for f in findings if f.subject == row.subject]
        assert row.count == len(mine) == sum(cell.count for cell in row.cells)
        for cell in row.cells:
            of = [f for f in mine if f.rule == cell.rule]
            assert cell.count == len(of)
            assert SEVERITIES.index(cell.worst) == min(SEVERITIES.index(f.severity) for f in of)
    ranks = [SEVERITIES.index(row.worst) for row in board.rows]
    assert ranks == sorted(ranks)
    table = board_table(board)
    assert {len(row) for row in table} == {len(table[0])}
    assert len(findings_table(board.findings)) == len(findings) + 1


def test_board_filters_and_sorts(shipped) -> None:
    catalog, findings = shipped
    serious = board_of(catalog, findings, at_least="serious", question="primary-surgery")
    assert {f.severity for f in serious.findings} <= {"blocking", "serious"}
    assert {row.question for row in serious.rows} == {"primary-surgery"}
    names = [row.label.casefold() for row in board_of(catalog, findings, by="study").rows]
    assert names == sorted(names)
    counts = [row.count for row in board_of(catalog, findings, by="count").rows]
    assert counts == sorted(counts, reverse=True)
    for wrong in ({"at_least": "fatal"}, {"question": "nope"}):
        with pytest.raises(DataError):
            board_of(catalog, findings, **wrong)
