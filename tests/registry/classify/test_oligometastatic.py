from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import duckdb
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.classify import Derivation, oligometastatic_state
from locoreg.registry.classify.oligometastatic import NINE_STATES, QUESTIONS, tree_sql
from locoreg.registry.store import Registry
from tests.registry.classify.cases import LESIONS, OLIGO, Rows, by_patient, cohort, pet

AS_OF = dt.date(2020, 6, 30)
CT = "chest;abdomen;pelvis;skeleton"


def tree(poly: str, oligo: str, late: str, therapy: str, worse: str) -> tuple[str, str | None]:
    """Walk the published tree question by question."""
    if poly == "unknown" or (poly == "no" and oligo == "unknown"):
        return "undetermined", QUESTIONS[0] if poly == "unknown" else QUESTIONS[1]
    kind = "induced" if poly == "yes" else "repeat" if oligo == "yes" else "metachronous"
    if kind == "metachronous" and late != "yes":
        if late == "no":
            return "synchronous_oligometastatic", None
        return "undetermined", "metachronous"
    if therapy == "unknown":
        return "undetermined", "on_systemic_therapy"
    if therapy == "no":
        return f"{kind}_oligorecurrence", None
    return under_therapy(kind, worse)


def under_therapy(kind: str, worse: str) -> tuple[str, str | None]:
    if kind == "metachronous":
        return "metachronous_oligoprogression", None
    if worse == "unknown":
        return "undetermined", "progressive"
    return f"{kind}_oligo{'progression' if worse == 'yes' else 'persistence'}", None


def test_every_path_through_the_tree() -> None:
    paths = list(itertools.product(("yes", "no", "unknown"), repeat=5))
    listed = ", ".join(str(path) for path in paths)
    state, question = tree_sql()
    got = duckdb.sql(
        f"SELECT {', '.join(QUESTIONS)}, {state}, {question} "
        f"FROM (VALUES {listed}) t ({', '.join(QUESTIONS)})"
    ).fetchall()
    assert len(got) == 3**5
    for row in got:
        assert row[5:] == tree(*row[:5]), row
    assert {row[5] for row in got} == {*NINE_STATES, "undetermined"}


def tumour(date: str = "2015-01-01", **other: Any) -> dict[str, Any]:
    return {"tumour_id": "t", "dx_date": date, **other}


def line(setting: str, start: str | None, end: str | None = None, **other: Any) -> dict[str, Any]:
    ongoing = {"end_date_reason": "not_applicable"} if end is None else {}
    row = {"line_id": f"{setting}{start}", "setting": setting, "start_date": start}
    return {**row, "end_date": end, **ongoing, **other}


def drug(setting: str, start: str | None, kind: str | None) -> dict[str, Any]:
    return {"line_id": f"{setting}{start}", "drug_class": kind}


def history(first: int | None, **other: Any) -> list[dict[str, Any]]:
    """Return counts at a first diagnosis in 2018 and today's three lesions."""
    return [pet("2018-01-10", first, **other), pet("2020-06-01", 3)]


CHEMO = [line("metastatic", "2020-01-01")]
# Rows, then the EORTC/ESTRO state and why it is undetermined.
CASES: dict[str, tuple[Rows, str, str | None]] = {
    "synchronous": (
        {"primary_tumour": [tumour("2020-04-01")], "imaging_assessment": [pet("2020-06-01", 3)]},
        "synchronous_oligometastatic",
        None,
    ),
    "m1 at diagnosis": (
        {
            "primary_tumour": [tumour("2020-05-20", cm="M1")],
            "imaging_assessment": [pet("2020-06-01", 3)],
        },
        "synchronous_oligometastatic",
        None,
    ),
    "at six months": (
        {"primary_tumour": [tumour("2019-12-01")], "imaging_assessment": [pet("2020-06-01", 3)]},
        "synchronous_oligometastatic",
        None,
    ),
    "last day of six months": (
        {"primary_tumour": [tumour("2019-11-30")], "imaging_assessment": [pet("2020-05-30", 3)]},
        "synchronous_oligometastatic",
        None,
    ),
    "six months and a day": (
        {"primary_tumour": [tumour("2019-11-30")], "imaging_assessment": [pet("2020-05-31", 3)]},
        "metachronous_oligorecurrence",
        None,
    ),
    "month around six months": (
        {"primary_tumour": [tumour("2019-11")], "imaging_assessment": [pet("2020-05-20", 3)]},
        "undetermined",
        "metachronous",
    ),
    "no primary": (
        {"imaging_assessment": [pet("2020-06-01", 3)]},
        "undetermined",
        "metachronous",
    ),
    "metachronous, therapy ended": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2015-03-01", "2020-05-31")],
        },
        "metachronous_oligorecurrence",
        None,
    ),
    "therapy begins with the diagnosis": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("metastatic", "2020-06-01")],
        },
        "metachronous_oligorecurrence",
        None,
    ),
    "therapy ends on the day": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2015-03-01", "2020-06-01")],
        },
        "metachronous_oligoprogression",
        None,
    ),
    "end after the date": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2015-03-01", "2021-01-01")],
        },
        "metachronous_oligoprogression",
        None,
    ),
    "end not known": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [
                line("adjuvant", "2015-03-01", end_date_reason="not_recorded"),
            ],
        },
        "undetermined",
        "on_systemic_therapy",
    ),
    "start not known": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("metastatic", None)],
        },
        "undetermined",
        "on_systemic_therapy",
    ),
    "bone agent alone": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2019-03-01")],
            "systemic_drug": [drug("adjuvant", "2019-03-01", "bone")],
        },
        "metachronous_oligorecurrence",
        None,
    ),
    "a drug added after the date": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2019-03-01")],
            "systemic_drug": [
                drug("adjuvant", "2019-03-01", "bone"),
                {**drug("adjuvant", "2019-03-01", "chemo"), "start_date": "2020-07-01"},
            ],
        },
        "metachronous_oligorecurrence",
        None,
    ),
    "adjuvant endocrine": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3)],
            "systemic_line": [line("adjuvant", "2015-03-01")],
            "systemic_drug": [drug("adjuvant", "2015-03-01", "ET")],
        },
        "metachronous_oligoprogression",
        None,
    ),
    "repeat, off therapy": (
        {"primary_tumour": [tumour()], "imaging_assessment": history(2)},
        "repeat_oligorecurrence",
        None,
    ),
    "repeat, progressive": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 2), pet("2020-06-01", 3, response="PD")],
            "systemic_line": CHEMO,
        },
        "repeat_oligoprogression",
        None,
    ),
    "repeat, new lesion": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 2), pet("2020-06-01", 3, response="SD")],
            "lesion": [{"lesion_id": "n", "organ": "liver", "first_seen_date": "2020-06-01"}],
            "systemic_line": CHEMO,
        },
        "repeat_oligoprogression",
        None,
    ),
    "repeat, stable": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 2), pet("2020-06-01", 3, response="SD")],
            "systemic_line": CHEMO,
        },
        "repeat_oligopersistence",
        None,
    ),
    "repeat, not evaluable": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 2), pet("2020-06-01", 3, response="NE")],
            "systemic_line": CHEMO,
        },
        "undetermined",
        "progressive",
    ),
    "induced, off therapy": (
        {"primary_tumour": [tumour()], "imaging_assessment": history(9)},
        "induced_oligorecurrence",
        None,
    ),
    "induced by a lower bound": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": history(6, n_lesions_is_lower_bound=True),
        },
        "induced_oligorecurrence",
        None,
    ),
    # De novo stage IV reduced to three lesions is induced, not synchronous.
    "induced de novo": (
        {
            "primary_tumour": [tumour("2020-02-01", cm="M1")],
            "imaging_assessment": [pet("2020-02-05", 12), pet("2020-06-01", 3, response="PR")],
            "systemic_line": [line("metastatic", "2020-02-20")],
        },
        "induced_oligopersistence",
        None,
    ),
    "induced within the window": (
        {
            "primary_tumour": [tumour("2020-05-01", cm="M1")],
            "imaging_assessment": [pet("2020-05-05", 12), pet("2020-06-25", 3, response="PR")],
            "systemic_line": [line("metastatic", "2020-05-10")],
        },
        "induced_oligopersistence",
        None,
    ),
    "induced, progressive": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 9), pet("2020-06-01", 3)],
            "disease_event": [{"type": "progression", "date": "2020-06-02"}],
            "systemic_line": CHEMO,
        },
        "induced_oligoprogression",
        None,
    ),
    "induced by six lesions at once": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-03-01", None), pet("2020-06-01", 1)],
            "lesion": [
                {"lesion_id": str(k), "organ": "bone", "first_seen_date": "2018-01-01"}
                for k in range(6)
            ],
            "local_therapy": [
                {
                    "lesion_id": str(k),
                    "target": "lesion",
                    "modality": "surgery",
                    "margin": "R0",
                    "start_date": "2019-01-01",
                }
                for k in range(6)
            ],
        },
        "induced_oligorecurrence",
        None,
    ),
    "six lesions one after the other": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2012-01-05", 1), pet("2020-06-01", 1)],
            "lesion": [
                {"lesion_id": str(k), "organ": "lung", "first_seen_date": f"{2012 + k}-01-01"}
                for k in range(6)
            ],
            "local_therapy": [
                {
                    "lesion_id": str(k),
                    "target": "lesion",
                    "modality": "surgery",
                    "margin": "R0",
                    "start_date": f"{2012 + k}-03-01",
                }
                for k in range(6)
            ],
        },
        "repeat_oligorecurrence",
        None,
    ),
    "history never counted": (
        {
            "primary_tumour": [tumour()],
            "disease_event": [{"type": "distant_recurrence", "date": "2018-01-01"}],
            "imaging_assessment": [pet("2020-06-01", 3)],
        },
        "undetermined",
        "polymetastatic_before",
    ),
    "history as a lower bound": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": history(4, n_lesions_is_lower_bound=True),
        },
        "undetermined",
        "polymetastatic_before",
    ),
    "history on the edge of the window": (
        {
            "primary_tumour": [tumour()],
            # The window begins on 1 May; April and May both lie in 2020.
            "disease_event": [{"type": "distant_recurrence", "date": "2020"}],
            "imaging_assessment": [pet("2020-06-01", 3)],
        },
        "undetermined",
        "evidence_dated_across_the_date",
    ),
    "five": (
        {"primary_tumour": [tumour()], "imaging_assessment": [pet("2020-06-01", 5)]},
        "metachronous_oligorecurrence",
        None,
    ),
    "six": (
        {"primary_tumour": [tumour()], "imaging_assessment": [pet("2020-06-01", 6)]},
        "polymetastatic",
        None,
    ),
    "at least five": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 5, n_lesions_is_lower_bound=True)],
        },
        "undetermined",
        "count_is_a_lower_bound",
    ),
    "at least six": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 6, n_lesions_is_lower_bound=True)],
        },
        "polymetastatic",
        None,
    ),
    "bound not stated": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3, n_lesions_is_lower_bound=None)],
        },
        "undetermined",
        "not_stated_whether_a_lower_bound",
    ),
    "brain not imaged": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3, brain_imaged=False)],
        },
        "undetermined",
        "brain_not_imaged",
    ),
    "brain not recorded": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3, brain_imaged=None)],
        },
        "undetermined",
        "brain_imaging_not_recorded",
    ),
    "old imaging": (
        {"primary_tumour": [tumour()], "imaging_assessment": [pet("2020-04-30", 3)]},
        "undetermined",
        "no_imaging_in_the_window",
    ),
    "first day of the window": (
        {"primary_tumour": [tumour()], "imaging_assessment": [pet("2020-05-01", 3)]},
        "metachronous_oligorecurrence",
        None,
    ),
    "chest alone": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3, modality="CT", regions="chest;brain")],
        },
        "undetermined",
        "regions_not_covered",
    ),
    "regions not recorded": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2020-06-01", 3, modality="CT")],
        },
        "undetermined",
        "regions_not_recorded",
    ),
    "imaged after the date": (
        {
            "primary_tumour": [tumour()],
            "disease_event": [{"type": "distant_recurrence", "date": "2020-06-01"}],
            "imaging_assessment": [pet("2020-07-01", 3)],
        },
        "undetermined",
        "no_imaging_in_the_window",
    ),
    "never metastatic": (
        {"primary_tumour": [tumour()], "imaging_assessment": [pet("2020-06-01", 0)]},
        "no_metastasis_known",
        None,
    ),
    "remission": (
        {
            "primary_tumour": [tumour()],
            "imaging_assessment": [pet("2018-01-10", 2), pet("2020-06-01", 0)],
        },
        "no_lesion_present",
        None,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("oligo") / "r"
    return cohort(folder, {name: rows for name, (rows, _, _) in CASES.items()})


def state(registry: Registry, **changes: Any) -> Derivation:
    lesions = {k: changes.pop(k) for k in list(changes) if hasattr(LESIONS, k)}
    judgements = changes.pop("judgements", None)
    return oligometastatic_state(
        registry,
        as_of=AS_OF,
        primary="first",
        lesions=dataclasses.replace(LESIONS, **lesions),
        options=dataclasses.replace(OLIGO, **changes),
        judgements=judgements,
    )


@pytest.fixture(scope="module")
def found(registry: Registry) -> Derivation:
    return state(registry)


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str, found: Derivation) -> None:
    row = by_patient(found)[name]
    assert (row["eortc_estro"], row["eortc_estro_reason"]) == CASES[name][1:]


def test_the_nine_states_all_occur() -> None:
    assert set(NINE_STATES) <= {expected for _, expected, _ in CASES.values()}


def test_abc5_and_estro_astro(found: Derivation) -> None:
    rows = by_patient(found)
    for name in ("synchronous", "six months and a day", "repeat, stable", "five", "no primary"):
        assert (rows[name]["abc5"], rows[name]["estro_astro"]) == ("oligometastatic",) * 2
    assert rows["induced de novo"]["abc5"] == "oligometastatic"
    assert rows["induced de novo"]["estro_astro"] == "induced_oligometastatic"
    assert rows["six"]["abc5"] == rows["six"]["estro_astro"] == "polymetastatic"
    for name in ("at least five", "brain not imaged", "bound not stated"):
        assert (rows[name]["abc5"], rows[name]["abc5_reason"]) == ("undetermined", CASES[name][2])
        assert rows[name]["estro_astro"] == "undetermined"
    uncounted = rows["history never counted"]
    assert uncounted["abc5"] == "oligometastatic"
    assert uncounted["estro_astro_reason"] == "polymetastatic_before"


def test_brain_imaging_may_be_waived(registry: Registry) -> None:
    rows = by_patient(state(registry, brain_imaging_required=False))
    assert rows["brain not imaged"]["eortc_estro"] == "metachronous_oligorecurrence"
    assert rows["regions not recorded"]["eortc_estro"] == "undetermined"
    free = by_patient(state(registry, brain_imaging_required=False, required_regions=()))
    assert free["regions not recorded"]["eortc_estro"] == "metachronous_oligorecurrence"
    assert free["old imaging"]["eortc_estro_reason"] == "no_imaging_in_the_window"


def test_adjuvant_endocrine_therapy_decides_and_is_counted(
    registry: Registry, found: Derivation
) -> None:
    words = (
        "patients whose EORTC/ESTRO state hangs on whether adjuvant endocrine therapy is active "
        "systemic therapy"
    )
    other = state(registry, adjuvant_endocrine_is_active=False)
    assert by_patient(other)["adjuvant endocrine"]["eortc_estro"] == "metachronous_oligorecurrence"
    # An adjuvant line without drugs may be endocrine.
    unclear = by_patient(other)["therapy ends on the day"]
    assert unclear["eortc_estro_reason"] == "on_systemic_therapy"
    # Three adjuvant lines were active at the diagnosis.
    assert found.flags[words] == other.flags[words] == 3
    assert f"{words}: 3" in found.summary()
    assert "adjuvant_endocrine_is_active=True" in found.summary()
    assert by_patient(other)["bone agent alone"]["eortc_estro"] == "metachronous_oligorecurrence"


def test_no_line_means_unknown_where_lines_are_incomplete(registry: Registry) -> None:
    rows = by_patient(state(registry, systemic_lines_complete=False))
    assert rows["five"]["eortc_estro_reason"] == "on_systemic_therapy"
    assert rows["synchronous"]["eortc_estro"] == "synchronous_oligometastatic"
    assert rows["repeat, stable"]["eortc_estro"] == "repeat_oligopersistence"


def test_limits_can_be_changed(registry: Registry) -> None:
    three = by_patient(state(registry, max_lesions=3))
    assert three["five"]["abc5"] == "polymetastatic"
    months = by_patient(state(registry, synchronous_months=7))
    assert months["six months and a day"]["eortc_estro"] == "synchronous_oligometastatic"


def test_treatable_by_judgement(registry: Registry) -> None:
    table = {
        "patient_id": ["five", "synchronous", "repeat, stable", "at six months"],
        "date": [dt.date(2020, 6, 10)] * 2 + [dt.date(2020, 7, 1), dt.date(2019, 1, 1)],
        "treatable": [True, False, True, True],
    }
    wrong = {**table, "date": ["soon"] * 4}
    rows = by_patient(state(registry, treatability="judgements", judgements=table))
    assert rows["five"]["abc5"] == "oligometastatic"
    assert (
        rows["synchronous"]["abc5"] == rows["synchronous"]["estro_astro"] == "not_oligometastatic"
    )
    # Judged after the date, before this diagnosis, never.
    for name in ("repeat, stable", "at six months", "six months and a day"):
        assert (rows[name]["abc5"], rows[name]["abc5_reason"]) == ("undetermined", "treatable")
    with pytest.raises(DesignError, match="don't fit"):
        state(registry, judgements=table)
    with pytest.raises(DesignError, match="don't fit"):
        state(registry, treatability="judgements")
    with pytest.raises(DataError, match="no column 'treatable'"):
        state(registry, treatability="judgements", judgements={"patient_id": [], "date": []})
    with pytest.raises(DataError, match="can't be read"):
        state(registry, treatability="judgements", judgements=wrong)


def test_treatable_by_all_sites_treated_and_size(tmp_path: Path) -> None:
    lesion = {"lesion_id": "l", "organ": "liver", "first_seen_date": "2020-06-01"}
    therapy = {"start_date": "2020-06-20", "target": "lesion", "modality": "sabr"}

    def case(mm: float | None, **treated: Any) -> Rows:
        return {
            "primary_tumour": [tumour()],
            "lesion": [lesion],
            "imaging_assessment": [pet("2020-06-01", 1, assess_id="i")],
            "lesion_measurement": [{"assess_id": "i", "lesion_id": "l", "longest_mm": mm}],
            "local_therapy": [{**therapy, **treated}],
        }

    cases = {
        "yes": case(30.0, all_sites_treated=True),
        "no": case(31.0, all_sites_treated=False),
        "unsaid": case(None),
        "later": case(10.0, all_sites_treated=True, start_date="2020-07-01"),
        "earlier": case(10.0, all_sites_treated=True, start_date="2019-07-01"),
    }
    registry = cohort(tmp_path / "r", cases)
    rows = by_patient(state(registry, treatability="all_sites_treated"))
    answers = {name: row["abc5"] for name, row in rows.items()}
    assert answers == {
        "yes": "oligometastatic",
        "no": "not_oligometastatic",
        "unsaid": "undetermined",
        "later": "undetermined",
        "earlier": "undetermined",
    }
    sized = by_patient(state(registry, largest_lesion_mm=30.0))
    assert [sized[n]["abc5"] for n in ("yes", "no", "unsaid")] == [
        "oligometastatic",
        "not_oligometastatic",
        "undetermined",
    ]
    assert sized["unsaid"]["abc5_reason"] == "size"
    assert sized["no"]["estro_astro"] == "oligometastatic"


def test_the_state_is_a_function_of_the_date(tmp_path: Path) -> None:
    rows: Rows = {
        "primary_tumour": [tumour()],
        "imaging_assessment": [
            pet("2018-01-10", 2),
            pet("2018-09-01", 4, response="PD"),
            pet("2019-03-01", 8, response="PD"),
            pet("2020-06-01", 2, response="PR"),
        ],
        "systemic_line": [line("metastatic", "2018-02-01")],
    }
    registry = cohort(tmp_path / "r", {"A": rows})
    expected = {
        "2017-12-31": "no_metastasis_known",
        "2018-01-10": "metachronous_oligorecurrence",
        "2018-09-05": "repeat_oligoprogression",
        "2019-03-05": "polymetastatic",
        "2019-12-31": "undetermined",
        "2020-06-10": "induced_oligopersistence",
    }
    for date, name in expected.items():
        result = oligometastatic_state(
            registry, as_of=date, primary="first", lesions=LESIONS, options=OLIGO
        )
        assert by_patient(result)["A"]["eortc_estro"] == name, date
