"""Risk-of-bias marks beside the forest: sign, letter and colour, and words for those who read."""

from __future__ import annotations

import pytest

from locoreg.core.errors import DesignError
from locoreg.evidence.biastools import TOOLS
from locoreg.evidence.riskofbias import Assessment, BiasRecord
from locoreg.figures.forest import forest_of_pools
from locoreg.figures.layouts import LAYOUTS, contrast
from locoreg.figures.pooltable import pool_table
from locoreg.figures.riskofbias import SIGNS, bias_marks, bias_rank


def record(study, tool, domain, judgement):
    return BiasRecord(
        rob_id=f"{study}{domain}", study_id=study, tool=tool, outcome="", domain=domain,
        judgement=judgement, verbatim="", assessor="A <b>", address="x", location="y",
        verification="seen", note="", file="f", row=2,
    )  # fmt: skip


def assessment(study, tool, words, overall=None):
    kind = TOOLS[tool]
    return Assessment(
        study_id=study,
        outcome="",
        assessor="A <b>",
        tool=kind,
        domains={d: record(study, tool, d, w) for d, w in zip(kind.domains, words, strict=False)},
        recorded=None if overall is None else record(study, tool, "overall", overall),
    )


HIGH = assessment("tata", "RoB2", ["low", "high", "low", "low", "some concerns"], "high")
LOW = assessment("mf07", "RoB2", ["low"] * 5)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_signs_letters_and_colours_differ_together():
    for tool in TOOLS.values():
        shown = [SIGNS[word] for word in tool.judgements]
        assert len({(sign, letter) for sign, letter, _ in shown}) == len(shown)
        assert all(contrast(colour) >= 4.5 for _, _, colour in shown)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_marks_stand_in_every_layout(trials, layout):
    shown = texts(forest_of_pools([trials], layout=layout, risk_of_bias=(HIGH, LOW)))
    assert "− H" in shown
    assert "+ L" in shown
    assert shown.count("not assessed") == len(trials.studies) - 2
    note = next(text for text in shown if text.startswith("Risk of bias, RoB 2"))
    assert "! S some concerns" in note


def test_no_record_no_column(trials):
    without = texts(forest_of_pools([trials]))
    assert "Risk of bias" not in without
    assert "not assessed" not in without


def test_the_row_is_told_in_words(trials):
    table = pool_table([trials], str, exclusions=False, bias=(HIGH,))
    row = next(r for r in table.groups[0].studies if r.bias is not None)
    assert "risk of bias (RoB 2): high; randomisation process low" in row.sentence
    assert all("risk of bias" not in r.sentence for r in table.groups[0].studies if r is not row)


def test_a_domain_that_nobody_judged_has_no_sign_of_risk(trials):
    some = assessment("tata", "RoB2", ["low", "low"])
    shown = texts(forest_of_pools([trials], risk_of_bias=(some,)))
    # Three domains and the whole.
    assert shown.count("·") == 4
    assert any("· not judged" in text for text in shown)


def test_studies_in_order_of_risk(trials):
    table = pool_table([trials], str, exclusions=False, order="bias", bias=(LOW, HIGH))
    first, second, *rest = table.groups[0].studies
    assert (first.bias.overall, second.bias.overall) == ("high", "low")
    assert all(row.bias is None for row in rest)
    with pytest.raises(DesignError, match="no assessment"):
        pool_table([trials], str, exclusions=False, order="bias")
    ranks = [bias_rank(bias_marks((HIGH, LOW), s, "os")) for s in ("tata", "mf07", "x")]
    assert ranks == sorted(ranks)


def test_instruments_side_by_side_keep_their_own_domains(three_groups):
    other = assessment("metsurg", "ROBINS-I", ["serious"] + ["low"] * 6)
    shown = texts(forest_of_pools(three_groups, risk_of_bias=(HIGH, other)))
    assert [t for t in ("1", "7") if t in shown] == ["1", "7"]
    assert "− S" in shown
    assert any(text.startswith("Risk of bias, ROBINS-I") for text in shown)
