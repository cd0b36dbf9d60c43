"""The whole of an emulation: its parts agree, and what can't be done is told."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.emulation.methods import make_method
from locoreg.emulation.protocol import read_protocol
from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.emulation.recording import RecordRequest
from locoreg.workflows.emulation.runs import options_of
from locoreg.workflows.emulation.task import Source, build_cohort, emulate, without_folders
from locoreg.workflows.registry.deriving import simulate
from tests.workflows.emulation import persons

# The same arithmetic in the same order: nothing but identity will do.
SAME = 0.0


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return persons.write_table(tmp_path_factory.mktemp("t") / "p.csv", persons.rows(700, 1))


@pytest.fixture(scope="module")
def result(table):
    return emulate(persons.protocol(sensitivity=persons.SENSITIVITY), table=table)


def numbers(effect):
    return [
        (c.measure, c.at_months, c.estimate.estimate, c.estimate.ci_low) for c in effect.contrasts
    ]


def not_finite(value, place="results"):
    """Return the places of numbers that are no JSON."""
    if isinstance(value, dict):
        return [x for k, v in value.items() for x in not_finite(v, f"{place}.{k}")]
    if isinstance(value, list):
        return [x for k, v in enumerate(value) for x in not_finite(v, f"{place}.{k}")]
    return [place] if isinstance(value, float) and not math.isfinite(value) else []


def test_primary_analysis_is_that_of_the_method(table, result):
    loaded = read_protocol(persons.protocol(sensitivity=persons.SENSITIVITY))
    cohort = build_cohort(loaded, Source(table=table))
    alone = make_method("clone_censor_weight", {}).estimate(
        cohort, loaded.protocol.question(), loaded.protocol.inference(jobs=None, checkpoint=None)
    )
    assert numbers(result.primary) == numbers(alone)


def test_json_has_the_numbers_of_the_frame(result):
    told = json.loads(json.dumps(result.to_dict()))
    frame = result.to_frame()
    found = [c["estimate"] for c in told["primary"]["contrasts"]]
    assert np.abs(np.array(found) - frame["estimate"].to_numpy()).max() <= SAME
    assert told["primary"]["synthetic"] is False


def test_every_effect_carries_the_hash_of_the_protocol(result):
    sha = read_protocol(persons.protocol(sensitivity=persons.SENSITIVITY)).sha256
    effects = [result.primary, *(r.effect for r in result.extras.alternatives if r.effect)]
    assert {e.provenance.options["protocol_sha256"] for e in effects} == {sha}
    assert result.to_dict()["protocol_sha256"] == sha


def test_every_specification_is_a_row(result):
    rows = result.extras.specifications.rows
    assert [row.group for row in rows] == [
        "primary",
        "grace",
        "truncation",
        "initiation",
        "method",
        "method",
    ]
    assert all(row.estimate is not None for row in rows)


def test_ladder_repeats_no_analysis(result, table, monkeypatch):
    from locoreg.workflows.emulation import ladder

    seen = []
    real = ladder.attempt

    def counted(setting, label, name, options, **more):
        seen.append(name)
        return real(setting, label, name, options, **more)

    monkeypatch.setattr(ladder, "attempt", counted)
    again = emulate(persons.protocol(sensitivity=persons.SENSITIVITY), table=table)
    # Two further readings of ever against never, and two methods that the protocol did not name.
    assert seen == ["ever_treated", "ever_treated", "time_dependent_cox", "sequential_trials"]
    assert numbers(again.primary) == numbers(result.primary)


def test_failed_analyses_are_rows_with_reasons_and_are_not_repeated(table, monkeypatch):
    from locoreg.workflows.emulation import ladder

    seen = []
    monkeypatch.setattr(ladder, "attempt", lambda s, label, name, o, **k: seen.append(name) or bad)
    bad = ladder.Run(label="", changed={}, effect=None, failure="not asked")
    choice = {"method": "sequential_trials", "options": {"trials_until_months": 2.5}}
    found = emulate(persons.protocol(sensitivity={"methods": [choice]}), table=table)
    row = found.extras.specifications.rows[-1]
    assert row.estimate is None
    assert "whole number of intervals" in row.failure
    assert "sequential_trials" not in seen
    step = next(r for r in found.extras.ladder.rows if r.method == "sequential_trials")
    assert (step.verdict, step.note) == ("not estimable", row.failure)
    assert "not estimable" in found.summary()


def test_failed_diagnostics_are_everywhere(table):
    # The ever treated carry immortal time: a diagnostic that fails by design.
    found = emulate(
        persons.protocol(analysis={"method": "ever_treated", "intervals": {"kind": "auto"}}),
        table=table,
        sensitivity=False,
    )
    assert found.failed
    titles = [d.title for d in found.failed]
    text, told = found.summary(), found.to_dict()
    assert all(title in text for title in titles)
    assert {d["title"] for d in told["primary"]["diagnostics"] if d["verdict"] == "fail"} == set(
        titles
    )
    marked = found.to_frame()["failed_diagnostics"]
    assert marked.str.len().gt(0).all()


def test_no_diagnostic_is_told_twice(result):
    names = [(d.name, d.arm) for d in result.primary.diagnostics]
    assert len(names) == len(set(names))
    said = [d.message for d in result.primary.diagnostics]
    assert len(said) == len(set(said))


def test_workers_don_t_change_numbers(table):
    plan = persons.protocol(
        analysis={
            "method": "clone_censor_weight",
            "intervals": {"kind": "bootstrap", "replicates": 40, "seed": 3},
        }
    )
    one, two = (emulate(plan, table=table, sensitivity=False, jobs=jobs) for jobs in (1, 2))
    assert numbers(one.primary) == numbers(two.primary)


class _StoppedError(Exception):
    """Raised in the place of Ctrl-C."""


def test_an_interrupted_bootstrap_goes_on(table, tmp_path):
    plan = persons.protocol(
        analysis={
            "method": "clone_censor_weight",
            "intervals": {"kind": "bootstrap", "replicates": 200, "seed": 3},
        }
    )
    seen = []

    def stop(done, total):
        seen.append(done)
        if 0 < done < total:
            raise _StoppedError

    file = tmp_path / "replicates"
    with pytest.raises(_StoppedError):
        emulate(plan, table=table, sensitivity=False, checkpoint=file, on_progress=stop)
    went_on = []
    resumed = emulate(
        plan,
        table=table,
        sensitivity=False,
        checkpoint=file,
        on_progress=lambda done, total: went_on.append(done),
    )
    whole = emulate(plan, table=table, sensitivity=False)
    assert went_on[0] >= seen[-1]
    assert numbers(resumed.primary) == numbers(whole.primary)


def test_another_method_keeps_the_penalty(table):
    plan = persons.protocol(
        analysis={
            "method": "clone_censor_weight",
            "options": {"penalty": "firth"},
            "intervals": {"kind": "auto"},
        }
    )
    assert options_of(read_protocol(plan).protocol, "landmark") == {"penalty": "firth"}
    assert options_of(read_protocol(plan).protocol, "ever_treated") == {}
    found = emulate(plan, table=table, method="landmark", sensitivity=False)
    assert found.primary.method == "landmark"


def test_unknown_values_are_imputed_once_for_all_analyses(table, tmp_path, monkeypatch):
    from locoreg.workflows.emulation import runs

    columns = persons.rows(300, 2)
    columns["x2"] = np.where(np.random.default_rng(1).random(300) < 0.2, np.nan, columns["x2"])
    gaps = persons.write_table(tmp_path / "gaps.csv", columns)
    plan = persons.protocol(sensitivity={"truncation": [95], "methods": [{"method": "landmark"}]})
    plan["confounders"]["missing"] = {"method": "multiple_imputation", "imputations": 2, "seed": 1}
    asked = []
    real = runs.complete

    def counted(cohort, grace, options):
        asked.append(grace)
        return real(cohort, grace, options)

    monkeypatch.setattr(runs, "complete", counted)
    found = emulate(plan, table=gaps)
    assert asked == [6.0]
    cut = next(r for r in found.extras.specifications.rows if r.group == "truncation")
    # No influence functions and no bootstrap within imputation: a number without an interval.
    assert math.isfinite(cut.estimate.estimate)
    assert math.isnan(cut.estimate.se)
    alone = emulate(plan, table=gaps, method="landmark", sensitivity=False)
    row = next(r for r in found.extras.specifications.rows if r.method == "landmark")
    assert alone.primary.contrast("survival_difference").estimate == row.estimate
    two = emulate(plan, table=gaps, sensitivity=False, jobs=2)
    assert numbers(two.primary) == numbers(found.primary)


def test_matching_with_the_bootstrap_is_refused_where_values_are_imputed(tmp_path):
    columns = persons.rows(300, 2)
    columns["x2"][:30] = np.nan
    gaps = persons.write_table(tmp_path / "gaps.csv", columns)
    plan = persons.protocol(
        analysis={
            "method": "propensity",
            "options": {"groups": "landmark", "weighting": "matching", "target": "att"},
            "intervals": {"kind": "bootstrap", "replicates": 20, "seed": 1},
        }
    )
    plan["confounders"]["missing"] = {"method": "multiple_imputation", "imputations": 2, "seed": 1}
    with pytest.raises(DesignError, match="bootstrap"):
        emulate(plan, table=gaps, sensitivity=False)


def test_a_level_without_treated_persons_is_an_error_that_says_what_to_do(tmp_path):
    columns = persons.rows(500, 3)
    rare = np.arange(500) % 25 == 0
    columns["surgery"] = np.where(rare, np.inf, columns["surgery"])
    columns["x1"] = np.where(rare, 2, columns["x1"])
    file = persons.write_table(tmp_path / "rare.csv", columns)
    plan = persons.protocol()
    plan["table"]["categories"] = ["x1"]
    try:
        read_protocol(plan)
    except LocoregError:
        del plan["table"]["categories"]
        columns["x1"] = np.array(["a", "b", "c"])[columns["x1"].astype(int)]
        file = persons.write_table(tmp_path / "rare.csv", columns)
    with pytest.raises(DesignError, match=r"x1: c .*firth") as error:
        emulate(plan, table=file, sensitivity=False)
    assert "Diagnostics of the cohort that failed" in str(error.value)
    plan["analysis"]["options"] = {"penalty": "firth"}
    found = emulate(plan, table=file, sensitivity=False)
    assert "positivity" in {d.name for d in found.failed}


def test_nobody_lost_at_a_level_is_no_error(tmp_path):
    columns = persons.rows(600, 4)
    columns["x1"] = np.array(["a", "b"])[columns["x1"].astype(int)]
    never = (np.arange(600) % 20 == 0) & (columns["lost"] == 0)
    columns["x1"] = np.where(never, "c", columns["x1"])
    file = persons.write_table(tmp_path / "lost.csv", columns)
    plan = persons.protocol()
    plan["analysis"]["options"] = {"natural_censoring": "pooled_logistic", "penalty": "firth"}
    found = emulate(plan, table=file, sensitivity=False)
    told = {d.name: d for d in found.primary.diagnostics}["loss_levels"]
    # Who died or left before anybody is lost is in no interval of the model.
    assert told.verdict == "note"
    assert 0.7 * never.sum() < told.value <= never.sum()
    assert "x1: c" in told.message
    assert np.isfinite(found.primary.contrast("survival_difference").estimate.se)


REQUEST = RecordRequest(study="mine", source="Own clinic", year=2026, question="q")


def test_a_record_needs_its_names_before_anything_is_run():
    with pytest.raises(DesignError, match="study"):
        RecordRequest(source="x", year=2026).label(persons.protocol())
    with pytest.raises(DesignError, match="names no trials"):
        RecordRequest(study="a", source="x", year=2026).label(persons.protocol())
    with pytest.raises(DesignError, match="no evidence"):
        REQUEST.label(persons.protocol(), "ever_treated")
    label = RecordRequest(study="a", source="x", year=2026).label("primary-surgery-6-months")
    assert (label.outcome, label.study_id) == ("overall_survival", "a")


def test_everything_is_json(result):
    json.dumps(result.to_dict(), allow_nan=True)
    assert not_finite(result.protocol.to_dict()) == []


def test_a_level_that_a_subgroup_lacks_is_left_out_of_its_models(tmp_path):
    columns = persons.rows(600, 5)
    columns["x1"] = np.array(["a", "b"])[columns["x1"].astype(int)]
    columns["kind"] = np.where(columns["x1"] == "a", "first", "second")
    file = persons.write_table(tmp_path / "kinds.csv", columns)
    found = emulate(persons.protocol(subgroups=["kind"]), table=file)
    assert [row.level for row in found.extras.subgroups] == ["first", "second"]
    assert all(row.estimate is not None for row in found.extras.subgroups)


def broken(*_, **__):
    raise DataError("claims.csv is broken.")


def test_broken_tables_are_an_error_and_reasons_of_design_a_note(table, monkeypatch):
    plan = persons.protocol(benchmark=trials_of(2))
    fine = emulate(plan, table=table, analyses=["benchmark"])
    assert fine.extras.trials.benchmark is not None
    none = persons.protocol(benchmark={**trials_of(2), "studies": ["nobody-knows"]})
    with pytest.raises(DataError, match="nobody-knows"):
        emulate(none, table=table, analyses=["benchmark"])
    # What is wrong with the question alone stands beside the result.
    apart = persons.protocol(benchmark={**trials_of(2), "studies": different_questions()})
    told = emulate(apart, table=table, analyses=["benchmark"]).extras.trials
    assert told.benchmark is None
    assert "different questions" in told.note
    monkeypatch.setattr("locoreg.workflows.emulation.trials.load_catalog", broken)
    with pytest.raises(DataError, match=r"claims\.csv is broken"):
        emulate(plan, table=table, analyses=["benchmark"])


def trials_of(count):
    catalog = load_catalog()
    found = [one.study_id for one in catalog.studies.values()
             if one.design == "rct" and one.question_id == "primary-surgery"]  # fmt: skip
    return {"studies": found[:count], "eligibility": [], "margin": 1.2}


def different_questions():
    catalog = load_catalog()
    by = {one.question_id: one.study_id for one in catalog.studies.values() if one.question_id}
    return list(by.values())[:2]


@pytest.mark.parametrize(
    ("registry", "told", "shown"),
    [
        ("/data/x/breast", "duckdb /data/x/breast (revision 2)", "duckdb breast (revision 2)"),
        ("spark:/data/breast", "spark spark:/data/breast (revision 2)",
         "spark spark:breast (revision 2)"),
        ("breast", "duckdb breast (revision 2)", "duckdb breast (revision 2)"),
        ("postgresql://db/x?schema=r", "postgresql db/x schema r", "postgresql db/x schema r"),
    ],
)  # fmt: skip
def test_results_name_the_folder_of_a_registry_and_no_path(registry, told, shown):
    assert without_folders(told, Source(registry=registry)) == shown


def test_an_emulation_of_a_registry_tells_no_path(tmp_path):
    folder = tmp_path / "breast"
    simulate(folder, patients=400, seed=3, scenario="null")
    plan = read_protocol("primary-surgery-6-months")
    cohort = build_cohort(plan, Source(registry=str(folder)))
    assert cohort.source == "duckdb breast (revision 1)"
    assert str(tmp_path) not in repr((cohort.source, cohort.attrition, cohort.audit))
    named = build_cohort(plan, Source(registry=str(folder)), name=str(folder))
    assert named.source == "breast"
