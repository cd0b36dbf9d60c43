"""Trials of the catalogue, and an emulation as a record beside them."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.emulation.record import RecordLabel, evidence_record, write_record
from locoreg.workflows.emulation.runs import Setting
from locoreg.workflows.emulation.trials import (
    catalogue_trials,
    compare_with_trials,
    outcome_of_event,
)
from locoreg.workflows.evidence import pool_question
from tests.emulation import designs
from tests.emulation.benchmark.protocols import table_protocol

TRIALS = ("badwe2015", "soran2018", "fitzal2019", "khan2022", "jcog1017")
# Five decimals are written of each limit.
WRITTEN = 2e-5
PERCENT = 1e-5
LABEL = RecordLabel(
    study_id="ourregistry2026",
    label="Our registry 2026",
    question_id="primary-surgery",
    outcome="overall_survival",
    cohort="Our registry",
    year=2026,
    population="De novo metastatic breast cancer",
)
OTHER = replace(LABEL, study_id="other2026", label="Other 2026", cohort="Other registry")
AGAIN = replace(LABEL, study_id="again2026", label="Again 2026")


def landmark_effect(persons):
    return make_method("landmark", {}).estimate(
        persons, designs.question(), Inference(interval="auto", replicates=50, seed=1)
    )


@pytest.fixture(scope="module")
def cohort():
    return designs.lt1(1200, 1, log_hazard=math.log(0.6))


@pytest.fixture(scope="module")
def effect(cohort):
    return landmark_effect(cohort)


@pytest.fixture(scope="module")
def folders(effect, tmp_path_factory):
    """Records of three emulations: two are of the same patients."""
    root = tmp_path_factory.mktemp("records")
    other = landmark_effect(designs.lt1(900, 2, log_hazard=math.log(0.6)))
    for label, found in ((LABEL, effect), (OTHER, other), (AGAIN, effect)):
        write_record(evidence_record(found, table_protocol(), label), root / label.study_id)
    return root


@pytest.fixture(scope="module")
def catalog(folders):
    return load_catalog(["shipped", *(folders / x.study_id for x in (LABEL, OTHER, AGAIN))])


@pytest.fixture(scope="module")
def findings(catalog):
    """The audit of everything, made once: it takes seconds."""
    return audit(catalog).findings


def trials_of(catalog, findings, studies):
    return catalogue_trials(catalog, studies, outcome="OS", level=95.0, findings=findings)


def pool_of(catalog, findings, **options):
    return pool_question(catalog, "primary-surgery", findings=findings, **options)


def test_trials_are_those_that_the_catalogue_pools(catalog, findings):
    found = trials_of(catalog, findings, TRIALS)
    pool = pool_of(catalog, findings, design="rct", studies=TRIALS)
    assert [t.study_id for t in found.trials] == [s.study_id for s in pool.studies]
    assert found.pooled.estimate == pool.meta.mu
    assert found.outcome == "overall_survival"
    # The direction of ABCSG-28 is corrected, and the reader is told.
    abcsg = next(t for t in found.trials if t.study_id == "fitzal2019")
    assert abcsg.estimate.natural[0] > 1.0
    assert any("C087c" in remark for remark in abcsg.remarks)


def test_a_report_can_be_named(catalog, findings):
    found = trials_of(catalog, findings, ["khan2020abs"])
    assert [t.study_id for t in found.trials] == ["khan2022"]
    assert found.pooled is None


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ([], "no trial"),
        (["badwe2015", "palma2020"], "different questions"),
        (["bometin2025"], "registry"),
        (["ueno2022"], "no question"),
    ],
    ids=["none", "questions", "no trial", "review"],
)
def test_what_is_no_benchmark(catalog, findings, studies, message):
    with pytest.raises(DesignError, match=message):
        trials_of(catalog, findings, studies)


def test_unknown_studies_and_events(catalog, findings):
    with pytest.raises(DataError, match="badwe2016"):
        trials_of(catalog, findings, ["badwe2016"])
    assert outcome_of_event("death") == "overall_survival"
    with pytest.raises(DesignError, match="qol_deterioration"):
        outcome_of_event("qol_deterioration")


def setting(cohort):
    return Setting(
        cohort=cohort,
        question=designs.question(),
        inference=Inference(interval="auto"),
        imputation=None,
        protocol_sha256="0" * 64,
        diagnostics=(),
    )


@pytest.fixture
def compare(catalog, findings, cohort, effect):
    """Return a function that compares under a benchmark of the protocol."""

    def run(**changes):
        return compare_with_trials(
            setting(cohort),
            table_protocol(**changes),
            effect,
            "landmark",
            {},
            catalog=catalog,
            findings=findings,
        )

    return run


def test_comparison_is_of_eligible_patients(compare, cohort):
    criterion = {"name": "x2 above 0", "variable": "x2", "at_least": 0, "unknown": "exclude"}
    found = compare(benchmark={"studies": TRIALS, "eligibility": [criterion]})
    eligible = int((cohort.column("x2").values >= 0).sum())
    assert found.effect.n == eligible
    assert [s.left for s in found.steps] == [eligible]
    assert len(found.benchmark.rows) == 5
    assert found.benchmark.emulated == found.effect.contrast("hazard_ratio").estimate
    assert "Restricted to patients who meet 1 criterion." in found.summary()
    assert found.to_dict()["benchmark"]["pooled"]["trial"]["study_id"] == "pool"


def test_without_criteria_the_primary_effect_is_compared(compare, effect):
    found = compare(benchmark={"studies": TRIALS, "margin": 0.8})
    assert found.effect is effect
    assert found.benchmark.margin == 1.25
    assert "no criteria" in found.note


def test_no_benchmark_and_one_of_an_unknown_study(compare):
    assert compare() is None
    with pytest.raises(DataError, match="did you mean badwe2015"):
        compare(benchmark={"studies": ("badwe2016",)})


def test_record_passes_the_audit_beside_the_shipped_tables(catalog, findings):
    assert catalog.studies[LABEL.study_id].design == "emulation"
    about = [f for f in findings if OTHER.study_id in (f.subject, *f.claim_ids)]
    assert [f for f in about if f.severity in ("blocking", "serious")] == []


def test_two_records_of_the_same_patients_are_found(findings):
    about = [f for f in findings if AGAIN.study_id in f.message or AGAIN.study_id == f.subject]
    assert {f.severity for f in about} == {"serious"}
    assert any("the cohort Our registry" in f.message for f in about)


def test_record_pools_by_itself_and_gives_back_its_number(catalog, findings, effect):
    pool = pool_of(catalog, findings, design="emulation", studies=[LABEL.study_id])
    one = effect.contrast("hazard_ratio").estimate
    assert pool.meta.mu.estimate == pytest.approx(one.estimate, abs=WRITTEN)
    assert pool.meta.mu.se == pytest.approx(one.se, abs=WRITTEN)
    assert pool.design_label == "Emulated trials"
    # Made-up patients are told with every result that rests on them.
    assert "not evidence" in pool.indirect[0]


def test_emulations_pool_together_and_never_with_trials_unasked(catalog, findings):
    ours = {LABEL.study_id, OTHER.study_id, AGAIN.study_id}
    pool = pool_of(catalog, findings, design="emulation")
    assert {s.study_id for s in pool.studies} == ours
    unasked = pool_of(catalog, findings)
    assert not {s.study_id for p in unasked.pools for s in p.studies} & ours
    for design in ("rct", "observational"):
        with pytest.raises(DesignError, match="design"):
            pool_of(catalog, findings, design=design, studies=[LABEL.study_id, "khan2022"])


def test_rows_hold_curves_and_restricted_means(catalog, effect):
    claims = catalog.claims_of(LABEL.study_id)
    survival = {c.landmark_months: c for c in claims if c.statistic == "survival_proportion"}
    assert set(survival) == {6.0, 12.0, 36.0}
    at = np.flatnonzero(effect.arms[1].time == 36.0)[0]
    for row, arm in (("value_control", 0), ("value_intervention", 1)):
        assert getattr(survival[36.0], row) == pytest.approx(
            100 * effect.arms[arm].estimate[at], abs=PERCENT
        )
    rmst = {c.landmark_months: c for c in claims if c.statistic == "rmst"}
    assert rmst[36.0].value_control == pytest.approx(
        effect.contrast("rmst_difference").comparator, abs=PERCENT
    )


def test_a_failed_diagnostic_is_in_the_label(effect):
    bad = Diagnostic(
        name="balance",
        title="Balance",
        verdict="fail",
        value=0.4,
        threshold=0.25,
        message="the largest difference is 0.40.",
    )
    failed = replace(effect, diagnostics=(bad,))
    (study,) = evidence_record(failed, table_protocol(), LABEL).studies
    assert study["label"] == "Our registry 2026 (diagnostic failed)"
    assert "Balance: the largest difference is 0.40." in study["design_detail"]


def test_what_is_no_evidence(effect, cohort):
    naive = make_method("ever_treated", {}).estimate(
        cohort, designs.question(), Inference(interval="none")
    )
    with pytest.raises(DesignError, match="no evidence"):
        evidence_record(naive, table_protocol(), LABEL)
    silent = replace(
        effect.contrasts[-1],
        estimate=Estimate(
            estimate=0.1, se=math.nan, ci_low=math.nan, ci_high=math.nan, level=95.0, scale="log"
        ),
    )
    with pytest.raises(DesignError, match="no hazard ratio"):
        evidence_record(
            replace(effect, contrasts=(*effect.contrasts[:-1], silent)), table_protocol(), LABEL
        )


def test_files_are_not_overwritten_and_run_no_formula(effect, tmp_path):
    nasty = replace(LABEL, label="=1+1", population='Pat"ients, <b>bold</b>')
    record = evidence_record(effect, table_protocol(), nasty)
    paths = write_record(record, tmp_path / "out")
    with paths[1].open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["label"].startswith("'=")
    assert row["population"] == 'Pat"ients, <b>bold</b>'
    with pytest.raises(DataError, match="already"):
        write_record(record, tmp_path / "out")
    assert record.to_dict()["studies"][0]["design"] == "emulation"
