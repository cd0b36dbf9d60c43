"""Which number moved which conclusion."""

from __future__ import annotations

import json
import math

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.workflows.evidence import open_tables, pool_question
from locoreg.workflows.living.asked import standards_of
from locoreg.workflows.living.differences import diff_evidence
from locoreg.workflows.living.evidencesides import PoolSettings
from tests.workflows.living.smalltables import claim, study, tables

SETTINGS = PoolSettings(method="REML", interval="normal", level=None)
NOTHING = standards_of((), None)
STATED = standards_of(("medium:50:36",), 30)
BIG = ("d", "0.50", "0.42", "0.60")


def diff(old, new, standards=NOTHING, settings=SETTINGS):
    return diff_evidence(str(old), str(new), settings=settings, standards=standards)


@pytest.fixture
def old(tmp_path):
    return tables(tmp_path / "old")


def moves(change):
    return {move.study_id: move for move in change.moves}


def test_nothing_changed(old):
    found = diff(old, old, STATED)
    assert (found.rows, found.pools, found.moved) == ((), (), False)
    assert "none changed" in found.summary()


def test_one_added_trial_accounts_for_all_of_the_change(old, tmp_path):
    new = tables(tmp_path / "new", studies=study("d"), claims=claim("D1", *BIG))
    found = diff(old, new)
    (change,) = found.pools
    (move,) = change.moves
    assert (move.study_id, move.kind) == ("d", "added")
    assert move.after["claim_ids"] == ["D1"]
    sums = change.sums
    assert move.alone["shift"] == pytest.approx(sums["together"])
    assert sums["depends_on_order"] == pytest.approx(0, abs=1e-12)
    # Without it the later pool is the earlier one.
    assert move.without["pool"]["estimate"] == pytest.approx(change.before["estimate"])
    for one in change.conclusions:
        assert move.words_for(one["conclusion"]) == "by itself, and not without it"
    assert [r.words for r in change.rows["d"]] == ["studies d added", "claims D1 added"]


def test_numbers_are_those_of_the_pools(old, tmp_path):
    new = tables(tmp_path / "new", studies=study("d"), claims=claim("D1", *BIG))
    (change,) = diff(old, new).pools
    for side, folder in ((change.before, old), (change.after, new)):
        pool = pool_question(
            open_tables([folder]), "primary-surgery", design="rct", interval="normal"
        )
        assert side["estimate"] == pool.meta.mu.estimate
        assert side["ci_high"] == pool.meta.mu.ci_high


def test_a_correction_is_named_with_its_reason(old, tmp_path):
    new = tables(tmp_path / "new", claims=claim("B2", "b", "0.40", "0.31", "0.52", fixes="B1"))
    found = diff(old, new)
    (change,) = found.pools
    (move,) = change.moves
    assert (move.kind, move.before["claim_ids"], move.after["claim_ids"]) == (
        "changed", ["B1"], ["B2"],
    )  # fmt: skip
    assert move.after["yi"] == pytest.approx(math.log(0.4))
    assert "claims B2 corrected: in place of B1: read again" in found.summary()


def test_two_changes_are_told_apart(old, tmp_path):
    """One trial would move the interval by itself; the other does nothing to it."""
    new = tables(
        tmp_path / "new",
        studies=study("d") + study("e"),
        claims=claim("D1", *BIG) + claim("E1", "e", "0.93", "0.60", "1.44"),
    )
    ce = PoolSettings(method="CE", interval="normal", level=None)
    found = diff(old, new, settings=ce)
    (change,) = found.pools
    named = {one["conclusion"]: one for one in change.conclusions}
    assert (named["interval"]["before"], named["interval"]["after"]) == ("holds 1", "below 1")
    one = moves(change)
    assert one["d"].words_for("interval") == "by itself, and not without it"
    assert one["e"].words_for("interval") == ""
    sums = change.sums
    assert sums["sum_of_each_alone"] == pytest.approx(
        one["d"].alone["shift"] + one["e"].alone["shift"]
    )
    assert sums["together"] == pytest.approx(sums["sum_of_each_alone"] + sums["depends_on_order"])
    assert "may depend on their order" in found.summary()


def test_the_way_back_undoes_the_way_there(old, tmp_path):
    new = tables(tmp_path / "new", studies=study("d"), claims=claim("D1", *BIG))
    there, back = diff(old, new).pools[0], diff(new, old).pools[0]
    assert back.sums["together"] == pytest.approx(-there.sums["together"])
    assert back.moves[0].kind == "removed"
    assert [(c["before"], c["after"]) for c in back.conclusions] == [
        (c["after"], c["before"]) for c in there.conclusions
    ]


def test_thresholds_and_certainty_are_read_where_they_are_stated(old, tmp_path):
    new = tables(tmp_path / "new", studies=study("d"), claims=claim("D1", *BIG))
    kinds = {c["conclusion"] for c in diff(old, new, STATED).pools[0].conclusions}
    assert "size (medium at 36 months)" in kinds
    plain = diff(old, new)
    assert not any("medium" in c["conclusion"] for c in plain.pools[0].conclusions)
    assert "were not looked at" in plain.summary()


def test_a_judgement_of_bias_moves_certainty_without_a_number(old, tmp_path):
    new = tables(tmp_path / "new")
    head = "rob_id,study_id,tool,domain,judgement,assessor,address,location,verification\n"
    rows = "".join(f"r{s},{s},RoB2,overall,high,A,x,y,seen\n" for s in "abc")
    (new / "risk_of_bias.csv").write_text(head + rows, encoding="utf-8")
    found = diff(old, new, STATED)
    (change,) = found.pools
    assert [c["conclusion"] for c in change.conclusions] == ["certainty by the rules"]
    assert change.moves == ()
    assert "no pooled number moved it: 3 judgements of risk of bias changed" in found.summary()


def test_a_pool_that_appears_and_one_that_goes(old, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "studies.csv").write_text(
        "study_id,label,question_id,design\nz,Z,sabr,rct\n", encoding="utf-8"
    )
    (empty / "claims.csv").write_text(
        "claim_id,study_id,kind,outcome,measure,reference_arm,estimate,ci_low,ci_high,ci_level\n"
        "Z1,z,effect,overall_survival,HR,control,0.9,0.7,1.2,95\n",
        encoding="utf-8",
    )
    found = {change.key: change for change in diff(empty, old).pools}
    appeared = found[("primary-surgery", "overall_survival", "rct")]
    gone = found[("sabr", "overall_survival", "rct")]
    assert [c["after"] for c in appeared.conclusions] == ["a number can be pooled"]
    assert (gone.after, gone.k_after) == (None, 0)
    assert gone.why


def test_changed_settings_are_a_change_of_their_own(old, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    catalog = open_tables([old])
    pool = pool_question(catalog, "primary-surgery", design="rct", method="CE", interval="normal")
    results = {
        "tables": {"source": "elsewhere", "sha256": "x"},
        "questions": [
            {
                "question": "primary-surgery", "empty": [], "not_pooled": [],
                "pools": [
                    {"key": "k", "pool": pool.to_dict(),
                     "outcome": {"label": "OS", "event": "death", "event_is": "adverse"}}
                ],
            }
        ],
    }  # fmt: skip
    (run / "results.json").write_text(dumps(results), encoding="utf-8")
    found = diff(run, old)
    change = next(c for c in found.pools if c.key[1:] == ("overall_survival", "rct"))
    (move,) = change.moves
    assert (move.kind, move.before["method"], move.after["method"]) == ("settings", "CE", "REML")
    assert move.alone["pool"]["estimate"] == pytest.approx(change.after["estimate"])
    assert not found.compared_rows
    assert json.loads(dumps(found.to_dict()))["rows_compared"] is False


def test_refusals(old, tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        diff(old, tmp_path / "nowhere")
    (tmp_path / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="can't be read"):
        diff(old, tmp_path)
    with pytest.raises(DesignError, match="read at a baseline"):
        standards_of(("medium:50:36",), None)
    for text in ("medium:50", "medium:0.5:36", ":50:36", "medium:50:0", "medium:x:36"):
        with pytest.raises(DesignError, match="baseline"):
            standards_of((text,), 30)
