"""Risk-of-bias records: the instruments' own words, and whether the whole follows from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.biastools import ALGORITHMS, TOOLS
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.riskofbias import (
    assessment_of,
    assessments,
    bias_findings,
    load_bias_records,
)

HEAD = "rob_id,study_id,tool,outcome,domain,judgement,assessor,address,location,verification\n"
ROB2 = TOOLS["RoB2"].domains


def row(key, study, domain, judgement, *, tool="RoB2", outcome="", who="A"):
    return f"{key},{study},{tool},{outcome},{domain},{judgement},{who},x,y,seen\n"


def read(tmp_path: Path, *rows: str):
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "risk_of_bias.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    return load_bias_records([tmp_path])[0]


def whole(study, words, overall=None, **kwargs):
    rows = [row(f"{study}{i}", study, d, w, **kwargs) for i, (d, w) in enumerate(words.items())]
    if overall:
        rows.append(row(f"{study}all", study, "overall", overall, **kwargs))
    return rows


def test_shipped_records_are_of_known_studies_and_nothing_is_invented():
    records, _ = load_bias_records()
    catalog = load_catalog()
    assert bias_findings(assessments(records), catalog) == ()
    assert all(record.verbatim and record.address for record in records)


@pytest.mark.parametrize(
    ("tool", "judged", "allowed"),
    [
        # Sterne 2019, overall judgement.
        ("RoB2", ["low"] * 5, ("low",)),
        ("RoB2", ["low"] * 4 + ["some concerns"], ("some concerns",)),
        ("RoB2", ["low"] * 3 + ["some concerns"] * 2, ("some concerns", "high")),
        ("RoB2", ["low"] * 4 + ["high"], ("high",)),
        # Sterne 2016, table 3.
        ("ROBINS-I", ["low"] * 7, ("low",)),
        ("ROBINS-I", ["low"] * 6 + ["moderate"], ("moderate",)),
        ("ROBINS-I", ["moderate", "serious"] + ["low"] * 5, ("serious",)),
        ("ROBINS-I", ["critical", "serious"] + ["low"] * 5, ("critical",)),
        ("ROBINS-I", ["no information"] + ["low"] * 6, ("no information",)),
        ("ROBINS-I", ["no information", "serious"] + ["low"] * 5, ("serious",)),
        ("RoB1", ["low", "high", "low", "low", "low", "low", "low"], ("high", "low")),
    ],
)
def test_overall_judgement_follows_the_instrument(tool, judged, allowed):
    assert ALGORITHMS[tool](judged) == allowed


def test_overall_is_derived_where_the_algorithm_has_one_answer(tmp_path):
    (one,) = assessments(read(tmp_path, *whole("s", dict.fromkeys(ROB2, "low"))))
    assert (one.complete, one.overall, one.concern) == (True, "low", "low")
    assert one.to_dict()["overall_recorded"] is False


def test_nothing_is_derived_from_some_domains_or_from_two_possible_answers(tmp_path):
    (some,) = assessments(read(tmp_path, *whole("s", dict.fromkeys(ROB2[:2], "low"))))
    assert (some.overall, some.concern) == (None, "unknown")
    words = {**dict.fromkeys(ROB2, "low"), ROB2[0]: "some concerns", ROB2[1]: "some concerns"}
    (two,) = assessments(read(tmp_path, *whole("s", words)))
    assert (two.overall, two.concern) == (None, "unknown")


def test_a_recorded_overall_that_contradicts_its_domains_is_found(tmp_path):
    words = {**dict.fromkeys(ROB2, "low"), ROB2[2]: "high"}
    found = assessments(read(tmp_path, *whole("khan2022", words, "low")))
    (finding,) = bias_findings(found, load_catalog())
    assert finding.severity == "serious"
    assert "RoB 2 gives high overall" in finding.message
    # What is recorded is shown, and not put right in silence.
    assert found[0].overall == "low"


def test_unknown_studies_and_unfit_instruments_are_found(tmp_path):
    records = read(
        tmp_path,
        row("a", "nobody", "overall", "low"),
        row("b", "khan2022", "overall", "serious", tool="ROBINS-I"),
    )
    found = bias_findings(assessments(records), load_catalog())
    assert [(f.severity, f.subject) for f in found] == [
        ("blocking", "nobody"),
        ("minor", "khan2022"),
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("a", "s", "randomisation", "low"), "'randomisation' is not one of"),
        (row("a", "s", ROB2[0], "moderate"), "'moderate' is not one of low, some concerns, high"),
        (row("a", "s", ROB2[0], "low", tool="QUADAS"), "'QUADAS' is not one of"),
    ],
)
def test_words_of_another_instrument_are_refused(tmp_path, bad, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, bad)


def test_one_assessor_judges_a_domain_once(tmp_path):
    records = read(tmp_path, row("a", "s", ROB2[0], "low"), row("b", "s", ROB2[0], "high"))
    with pytest.raises(DataError, match="a second time"):
        assessments(records)


def test_own_outcome_comes_first_then_the_greatest_concern(tmp_path):
    records = read(
        tmp_path,
        row("a", "s", "overall", "high", who="A"),
        row("b", "s", "overall", "low", who="B", outcome="overall_survival"),
        row("c", "s", "overall", "some concerns", who="C", outcome="overall_survival"),
    )
    found = assessments(records)
    chosen, others = assessment_of(found, "s", "overall_survival")
    assert (chosen.assessor, [one.assessor for one in others]) == ("C", ["A", "B"])
    chosen, others = assessment_of(found, "s", "progression_free_survival")
    assert (chosen.assessor, others) == ("A", ())
    assert assessment_of(found, "t", "overall_survival") == (None, ())
