"""Choosing numbers and pooling them; the numbers of the review's two pools."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.findings import Finding, Location
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.doubts import alternatives
from locoreg.evidence.pooling import EvidencePool, pool_evidence
from locoreg.evidence.records import Catalog
from locoreg.evidence.selection import Selection
from locoreg.evidence.sensitivity import PoolOptions
from locoreg.workflows.answers import answer
from tests.conftest import WriteTables, effect, study

# The printed trials of Ueno 2022, Table 1, with the E2108 abstract and the MF07-01 update.
TRIALS = [
    effect("tata", "badwe2015", "1.04 0.81 1.34", verbatim="1.04 [0.81-1.34]"),
    effect("mf", "soran2018", "0.66 0.49 0.88", report_id="soran2018"),
    effect("mf10", "soran2018", "0.71 0.59 0.86", report_id="soran2021", n=265),
    effect("abcsg", "fitzal2019", "0.691 0.358 1.333"),
    effect(
        "abcsg_c",
        "fitzal2019",
        "0.691 0.358 1.333",
        reference_arm="intervention",
        supersedes="abcsg",
        reason="medians on the other side",
    ),
    effect("e2108", "khan2022", "1.11 0.82 1.52", ci_level=90, report_id="khan2022"),
    effect("e2108a", "khan2022", "1.09 0.80 1.49", ci_level=90, report_id="khan2020abs"),
    effect("jcog", "jcog1017", "0.857 0.686 1.072", ci_level=90),
]
REFERENCES = [
    {"reference_id": r, "study_id": s, "version": v, "title": r, "year": y}
    for r, s, v, y in (
        ("badwe2015", "badwe2015", 1, 2015),
        ("soran2018", "soran2018", 1, 2018),
        ("soran2021", "soran2018", 2, 2021),
        ("fitzal2019", "fitzal2019", 1, 2019),
        ("khan2020abs", "khan2022", 1, 2020),
        ("khan2022", "khan2022", 2, 2022),
        ("jcog2023", "jcog1017", 1, 2023),
    )
]
STUDIES = [study(i) for i in ("badwe2015", "soran2018", "fitzal2019", "khan2022", "jcog1017")]
IMPOSSIBLE = Finding(
    rule="more-events-than-patients",
    severity="blocking",
    subject="soran2018",
    message="433 events implied, 265 patients",
    value=433,
    limit=265,
    location=Location(file="claims.csv", row=4),
    changes="",
    claim_ids=("mf10",),
    reading="exclude",
)
DL = PoolOptions(method="DL", interval="normal", level=95)


@pytest.fixture
def trials(write_tables: WriteTables) -> Catalog:
    return load_catalog(write_tables(studies=STUDIES, claims=TRIALS, references=REFERENCES))


def ask(catalog: Catalog, *, options: PoolOptions = DL, **more: object) -> EvidencePool:
    selection = Selection(
        **{  # type: ignore[arg-type]
            "question": "primary-surgery",
            "outcome": "overall_survival",
            "design": "rct",
            **more,
        }
    )
    return pool_evidence(catalog, selection, options, (IMPOSSIBLE,))


THREE = ("badwe2015", "soran2018", "fitzal2019")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"studies": THREE, "readings": "printed"}, (0.807, 0.570, 1.143)),
        ({"studies": THREE}, (0.936, 0.626, 1.400)),
        ({"studies": (*THREE, "khan2022")}, (0.969, 0.717, 1.310)),
        ({}, (0.931, 0.747, 1.161)),
    ],
    ids=["three as printed", "three corrected", "four corrected", "with JCOG1017"],
)
def test_pools_of_primary_surgery(
    trials: Catalog, more: dict[str, object], expected: tuple[float, ...]
) -> None:
    # The third decimal of the expected values is printed; half a unit of it is allowed.
    got = ask(trials, **more).meta.mu.natural
    assert got == pytest.approx(expected, abs=0.00051)


def test_report_rule_skips_what_the_audit_bars(trials: Catalog) -> None:
    pool = ask(trials)
    mf = next(s for s in pool.studies if s.study_id == "soran2018")
    assert mf.report_id == "soran2018"
    assert "soran2021" in mf.report_rule
    e2108 = next(s for s in pool.studies if s.study_id == "khan2022")
    assert e2108.report_id == "khan2022"


@pytest.mark.parametrize(
    "report", ["khan2020abs", "khan2022=khan2020abs", "khan2022:khan2020abs", "khan2022=2020"]
)
def test_report_is_selected(trials: Catalog, report: str) -> None:
    pool = ask(trials, reports=(report,))
    study = next(s for s in pool.studies if s.study_id == "khan2022")
    assert (study.report_id, study.claim_ids) == ("khan2020abs", ("e2108a",))
    assert study.report_rule == "asked for"


def test_report_id_selects_its_study(trials: Catalog) -> None:
    pool = ask(trials, studies=("badwe2015", "khan2020abs"))
    assert [s.report_id for s in pool.studies] == ["badwe2015", "khan2020abs"]


def test_barred_report_is_used_when_asked_for(trials: Catalog) -> None:
    pool = ask(trials, reports=("soran2021",))
    study = next(s for s in pool.studies if s.study_id == "soran2018")
    assert study.report_id == "soran2021"
    assert study.findings == (IMPOSSIBLE,)


def test_naive_result_stands_beside(trials: Catalog) -> None:
    pool = ask(trials, studies=THREE)
    assert pool.as_printed is not None
    assert pool.as_printed.mu.natural[0] == pytest.approx(0.807, abs=0.0005)
    assert len(pool.differs) == 1
    assert "corrected row" in pool.differs[0]
    assert ask(trials, studies=THREE, readings="printed").as_printed is None


def test_audit_reading_is_applied_without_a_correction_row(write_tables: WriteTables) -> None:
    rows = [r for r in TRIALS if r["claim_id"] in ("tata", "abcsg")]
    catalog = load_catalog(write_tables(studies=STUDIES, claims=rows))
    found = Finding(
        rule="direction",
        severity="blocking",
        subject="fitzal2019",
        message="",
        value=None,
        limit=None,
        location=Location(file="claims.csv"),
        changes="",
        claim_ids=("abcsg",),
        reading="reference_arm=intervention",
    )
    selection = Selection(question="primary-surgery", outcome="overall_survival", design="rct")
    pool = pool_evidence(catalog, selection, DL, (found,))
    line = next(s for s in pool.studies if s.study_id == "fitzal2019")
    assert math.exp(line.effect.yi) == pytest.approx(1 / 0.691)
    assert line.applied == ("read with the intervention arm as reference (direction)",)
    assert [e.study_id for e in pool.excluded] == ["soran2018", "khan2022", "jcog1017"]


def test_memory_stays_out_unless_asked(write_tables: WriteTables) -> None:
    rows = [
        effect("a1", "a", "0.66 0.49 0.88"),
        effect("b1", "b", "0.70 0.50 0.98", verification="memory"),
    ]
    catalog = load_catalog(write_tables(studies=[study("a"), study("b")], claims=rows))
    assert ask(catalog).meta.k == 1
    assert "memory" in ask(catalog).excluded[0].reason
    assert ask(catalog, include_memory=True).meta.k == 2


def test_one_and_two_studies_are_defined(trials: Catalog) -> None:
    hk = PoolOptions(method="REML", interval="hartung-knapp", level=95)
    one = ask(trials, options=hk, studies=("badwe2015",))
    assert one.meta.mu.natural == pytest.approx((1.04, 0.81, 1.34), abs=0.005)
    assert one.meta.prediction is None
    assert math.isnan(one.meta.tau2) or one.meta.tau2 == 0
    assert "One study" in one.meta.warnings[0]
    two = ask(trials, options=hk, studies=("badwe2015", "soran2018"))
    # The two-trial Hartung-Knapp interval of the same trials.
    assert two.meta.mu.natural == pytest.approx((0.83, 0.05, 14.97), abs=0.005)
    assert any("one degree of freedom" in w for w in two.meta.warnings)


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"studies": ("badwe2051",)}, DataError, "did you mean badwe2015"),
        ({"reports": ("khan2021",)}, DataError, "no report"),
        ({"reports": ("khan2022=1999",)}, DataError, "it has khan2020abs, khan2022"),
        ({"studies": ("khan2022", "khan2020abs")}, DesignError, "already selected"),
        ({"question": "primary"}, DataError, "primary-surgery"),
        ({"design": "observational"}, DesignError, "none is recorded"),
        ({"design": "random"}, DataError, "no design"),
        ({"outcome": "locoregional_progression"}, DesignError, "no result on locoregional"),
        ({"subgroup": "subtype=x"}, DesignError, "subtype=x"),
    ],
)
def test_bad_selection_says_what(
    trials: Catalog, more: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        ask(trials, **more)


def test_survival_route_when_no_effect_is_printed(write_tables: WriteTables) -> None:
    rows = [
        {
            "claim_id": "a1",
            "study_id": "a",
            "kind": "arms",
            "outcome": "OS",
            "statistic": "survival_proportion",
            "value_intervention": 38,
            "value_control": 39,
            "unit": "percent",
            "landmark_months": 60,
            "n_intervention": 69,
            "n_control": 98,
        },
    ]
    catalog = load_catalog(write_tables(studies=[study("a", design="matched")], claims=rows))
    pool = ask(catalog, design="observational")
    line = pool.studies[0]
    assert line.effect.route == "survival proportions"
    assert line.effect.approximate
    assert line.effect.yi == pytest.approx(math.log(math.log(0.38) / math.log(0.39)))


def test_leave_one_out_and_cumulative(trials: Catalog) -> None:
    pool = ask(trials)
    without_tata = ask(trials, studies=("soran2018", "fitzal2019", "khan2022", "jcog1017"))
    assert pool.leave_one_out[0].study_id == "badwe2015"
    assert pool.leave_one_out[0].mu.estimate == pytest.approx(without_tata.meta.mu.estimate)
    assert pool.cumulative[-1].mu.estimate == pytest.approx(pool.meta.mu.estimate)
    assert pool.cumulative[2].mu.natural[0] == pytest.approx(0.936, abs=0.0005)


def test_subgroups_partition_the_studies(write_tables: WriteTables) -> None:
    timing = ("mixed", "upfront", "upfront", "after no progression", "after no progression")
    studies = [{**s, "randomisation_timing": t} for s, t in zip(STUDIES, timing, strict=True)]
    catalog = load_catalog(write_tables(studies=studies, claims=TRIALS, references=REFERENCES))
    options = PoolOptions(
        method="DL", interval="normal", level=95, subgroups_by="randomisation_timing"
    )
    pool = ask(catalog, options=options)
    assert {g.name: g.meta.k for g in pool.subgroups} == {
        "mixed": 1,
        "upfront": 2,
        "after no progression": 2,
    }
    assert pool.subgroup_test is not None
    assert pool.subgroup_test.df == 2
    wrong = PoolOptions(method="DL", interval="normal", level=95, subgroups_by="timing")
    with pytest.raises(DesignError, match="randomisation_timing"):
        ask(catalog, options=wrong)


def test_json_holds_every_study_and_its_source(trials: Catalog) -> None:
    out = ask(trials).to_dict()
    assert out["k"] == len(out["studies"]) == 5
    assert sum(s["weight"] for s in out["studies"]) == pytest.approx(100)
    assert out["studies"][0]["printed"] == "1.04 [0.81-1.34]"
    assert out["mu"]["scale"] == "log"
    assert set(out) >= {
        "mu", "tau2", "tau2_ci", "i2", "h2", "q", "q_df", "q_p",
        "prediction", "k", "method", "interval", "studies", "provenance",
    }  # fmt: skip


def test_reports_that_agree_use_the_one_with_more_digits(write_tables: WriteTables) -> None:
    rows = [
        effect("a1", "a", "0.857 0.686 1.072", ci_level=90, report_id="abs"),
        effect("a2", "a", "0.86 0.69 1.07", ci_level=90, report_id="paper"),
    ]
    references = [
        {"reference_id": r, "study_id": "a", "version": v, "title": r}
        for r, v in (("abs", 1), ("paper", 2))
    ]
    catalog = load_catalog(write_tables(studies=[study("a")], claims=rows, references=references))
    line = ask(catalog).studies[0]
    assert line.report_id == "abs"
    assert "more digits" in line.report_rule


def test_folder_path_is_kept_as_source(write_tables: WriteTables, tmp_path: Path) -> None:
    folder = write_tables(studies=STUDIES, claims=TRIALS, references=REFERENCES)
    assert load_catalog(folder).source == str(folder)


@pytest.mark.parametrize(("severity", "level"), [("serious", 90.0), ("minor", 95.0)])
def test_only_firm_readings_change_a_pool(
    write_tables: WriteTables, severity: str, level: float
) -> None:
    catalog = load_catalog(
        write_tables(studies=[study("a")], claims=[effect("a1", "a", "1.11 0.82 1.52")])
    )
    found = Finding(
        rule="p-against-interval",
        severity=severity,  # type: ignore[arg-type]
        subject="a",
        message="",
        value=None,
        limit=None,
        location=Location(file="claims.csv"),
        changes="",
        claim_ids=("a1",),
        reading="ci_level=90",
    )
    selection = Selection(question="primary-surgery", outcome="overall_survival", design="rct")
    line = pool_evidence(catalog, selection, DL, (found,)).studies[0]
    assert line.effect.se == pytest.approx(
        math.log(1.52 / 0.82) / 2 / {90.0: 1.644854, 95.0: 1.959964}[level], rel=1e-6
    )
    assert line.findings == (found,)


AGREEING = ["0.80 0.60 1.07", "0.80 0.57 1.12", "0.81 0.61 1.08"]


def test_collapsed_hartung_knapp_has_its_floor(write_tables: WriteTables) -> None:
    rows = [effect(f"c{i}", f"s{i}", printed) for i, printed in enumerate(AGREEING)]
    catalog = load_catalog(write_tables(studies=[study(f"s{i}") for i in range(3)], claims=rows))
    hk = PoolOptions(method="REML", interval="hartung-knapp", level=95)
    pool = ask(catalog, options=hk)
    floor = pool.meta.floor
    assert floor is not None
    assert pool.meta.mu.natural[2] < 1 < floor.natural[2]
    assert any("narrower than the common-effect one" in w for w in pool.meta.warnings)
    assert "with the floor it is" in answer(pool)
    assert "lies on the side" not in answer(pool)
    assert all(row.floor is not None for row in pool.leave_one_out)
    floored = PoolOptions(method="REML", interval="hartung-knapp-floor", level=95)
    assert ask(catalog, options=floored).meta.mu == floor
    assert ask(catalog, options=floored).meta.floor is None


def test_indirect_patients_are_named(write_tables: WriteTables) -> None:
    rows = [effect(f"c{i}", f"s{i}", printed) for i, printed in enumerate(AGREEING)]
    narrow = {"indirectness": "bone metastases only"}
    studies = [study(f"s{i}", **narrow) for i in range(3)]
    everybody = ask(load_catalog(write_tables(studies=studies, claims=rows)))
    assert everybody.indirect == ("All 3 studies: bone metastases only",)
    assert "All 3 studies: bone metastases only." in answer(everybody)
    studies[0]["indirectness"] = ""
    some = ask(load_catalog(write_tables(studies=studies, claims=rows)))
    assert some.indirect == ("S1, S2: bone metastases only",)


def test_barred_report_is_said_to_be_barred(trials: Catalog) -> None:
    pool = ask(trials, reports=("soran2021",))
    assert "433 events implied" in pool.barred[0]
    assert "Pooled in spite of a blocking finding" in pool.summary()
    assert ask(trials).barred == ()


def test_multiverse_shows_barred_readings_as_such(trials: Catalog) -> None:
    doubts = {a.study_id: a for a in alternatives(trials, ask(trials), (IMPOSSIBLE,))}
    kinds = [option.kind for option in doubts["soran2018"].options]
    assert kinds == ["main", "blocked"]
    assert "barred by the audit" in doubts["soran2018"].options[1].label
    assert [o.kind for o in doubts["fitzal2019"].options] == ["main", "printed"]
    assert len(doubts["badwe2015"].options) == 1


def test_subgroups_are_printed(trials: Catalog) -> None:
    options = PoolOptions(method="DL", interval="normal", level=95, subgroups_by="design")
    assert "rct (5): 0.93" in ask(trials, options=options).summary()


def test_events_in_an_effect_row_without_an_estimate(write_tables: WriteTables) -> None:
    row = {
        "claim_id": "a1",
        "study_id": "a",
        "kind": "effect",
        "outcome": "overall_survival",
        "measure": "HR",
        "reference_arm": "control",
        "n_intervention": 100,
        "n_control": 100,
        "events_intervention": 40,
        "events_control": 50,
    }
    line = ask(load_catalog(write_tables(studies=[study("a")], claims=[row]))).studies[0]
    assert line.effect.route == "events per arm"
    assert line.claim_ids == ("a1",)


def test_a_report_whose_id_is_part_of_another_is_told_apart(write_tables: WriteTables) -> None:
    rows = [
        effect("a1", "a", "0.66 0.49 0.88", report_id="trial"),
        effect("a2", "a", "0.70 0.52 0.94", report_id="trial2"),
    ]
    references = [
        {"reference_id": r, "study_id": "a", "version": v, "title": r}
        for r, v in (("trial", 1), ("trial2", 2))
    ]
    catalog = load_catalog(write_tables(studies=[study("a")], claims=rows, references=references))
    for report in ("trial", "trial2"):
        assert ask(catalog, reports=(report,)).studies[0].report_id == report
