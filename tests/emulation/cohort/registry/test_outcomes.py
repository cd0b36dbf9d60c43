from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.cohort import Cohort
from tests.emulation.cohort.registry.asking import asked, days, rows_of, rules, steps, surgery


def event(day: str | None, kind: str, organs: str | None = None) -> dict[str, Any]:
    return {"date": day, "type": kind, "organs": organs}


def told(cohort: Cohort) -> dict[str, tuple[int, float]]:
    return {
        name: (int(code), days(cohort, name))
        for name, code in zip(cohort.person_id, cohort.event, strict=True)
    }


def test_progression_is_the_first_event_after_time_zero_or_death(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            worse={
                "disease_event": [
                    event("2018-01-01", "distant_recurrence"),
                    event("2018-03-01", "progression"),
                    event("2018-02-01", "local_recurrence"),
                ]
            },
            # The metastasis itself is no progression, nor is what came before.
            not_worse={
                "disease_event": [
                    event("2018-01-01", "distant_recurrence"),
                    event("2017-06-01", "local_recurrence"),
                    event("2018-03-01", "second_primary"),
                ]
            },
            dead={
                "patient": {"death_date": "2018-05-01"},
                "disease_event": event("2018-06-01", "progression"),
            },
            died_that_month={
                "patient": {"death_date": "2018-05-04"},
                "disease_event": event("2018-05", "progression"),
            },
            undated={"disease_event": event(None, "progression")},
            treated_later={
                "disease_event": event("2018-03-01", "progression"),
                "local_therapy": surgery("2018-04-01"),
            },
        ),
        outcome={"event": "progression"},
    )
    assert told(cohort) == {
        "worse": (1, 31),
        "not_worse": (0, 1095),
        "dead": (1, 120),
        "died_that_month": (1, 123),
        "undated": (0, 1095),
        "treated_later": (1, 59),
    }
    assert cohort.event_labels == ("progression or death",)
    # What comes after the outcome is not part of follow-up.
    assert cohort.treatment_time.min() == float("inf")
    found = rules(cohort)
    assert found["event-after-end"] == 1
    assert found["event-without-date"] == 1
    assert "treatment-after-death-or-contact" not in found


def test_locoregional_progression_competes_with_death(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            local={"disease_event": event("2018-02-01", "local_recurrence")},
            regional={"disease_event": event("2018-02-01", "regional_recurrence")},
            breast={"disease_event": event("2018-02-01", "progression", "bone; breast")},
            node={"disease_event": event("2018-02-01", "progression", "regional_ln")},
            bone={"disease_event": event("2018-02-01", "progression", "bone")},
            somewhere={"disease_event": event("2018-02-01", "progression")},
            dead={"patient": {"death_date": "2018-02-01"}},
        ),
        outcome={"event": "locoregional_progression"},
    )
    codes = {name: code for name, (code, _) in told(cohort).items()}
    assert codes == {
        **dict.fromkeys(("local", "regional", "breast", "node"), 1),
        **dict.fromkeys(("bone", "somewhere"), 0),
        "dead": 2,
    }
    assert cohort.event_labels == ("locoregional progression", "death")


def test_deaths_by_cause(tmp_path: Path) -> None:
    def died(cause: str | None) -> dict[str, Any]:
        return {"patient": {"death_date": "2019-01-01", "death_cause": cause}}

    tables = rows_of(cancer=died("breast_cancer"), other=died("other"), open=died(None), alive={})
    controls = [
        {"name": "death from another cause", "event": "other_death"},
        {"name": "second primary", "event": "second_primary"},
    ]
    tables["disease_event"] = [
        {"patient_id": "cancer", **event("2018-12-01", "second_primary")},
        {"patient_id": "other", **event("2017-12-01", "second_primary")},
    ]
    cohort = asked(
        tmp_path / "r",
        tables,
        outcome={"event": "breast_cancer_death"},
        negative_controls=controls,
    )
    codes = {name: code for name, (code, _) in told(cohort).items()}
    # Without a cause: from breast cancer, and said.
    assert codes == {"alive": 0, "cancer": 1, "open": 1, "other": 2}
    found = {finding.rule: finding for finding in cohort.audit}["cause-of-death-unknown"]
    assert (found.value, found.limit, found.severity) == (1, 3, "serious")
    _, other = cohort.negative_controls["death from another cause"]
    assert dict(zip(cohort.person_id, other.tolist(), strict=True))["other"] == 1
    assert other.sum() == 1
    time, second = cohort.negative_controls["second primary"]
    assert dict(zip(cohort.person_id, second.tolist(), strict=True)) == {
        "alive": 0,
        "cancer": 1,
        "open": 0,
        "other": 0,
    }
    assert time[list(cohort.person_id).index("cancer")] * 30.4375 == pytest.approx(334)


def score(day: str | None, value: float) -> dict[str, Any]:
    return {"instrument": "QLQ-C30", "scale": "QL", "date": day, "score": value}


QOL = {"event": "qol_deterioration", "instrument": "QLQ-C30", "scale": "QL", "points": 10}


def test_deterioration_against_the_last_score_at_time_zero(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            worse={
                "qol_score": [
                    score("2017-12-01", 90),
                    score("2018-01-01", 60),
                    score("2018-04-01", 51),
                    score("2018-07-01", 50),
                    score("2018-10-01", 20),
                ]
            },
            never_asked_again={"qol_score": score("2018-01-01", 60)},
            stable={"qol_score": [score("2018-01-01", 60), score("2019-01-01", 60)]},
            no_baseline={"qol_score": score("2018-02-01", 60)},
            old_baseline={"qol_score": score("2017-09-01", 60)},
            dies={
                "patient": {"death_date": "2018-06-01"},
                "qol_score": [score("2018-01-01", 60), score("2018-03-01", 60)],
            },
            dies_unseen={
                "patient": {"death_date": "2020-06-01"},
                "qol_score": [score("2018-01-01", 60), score("2018-03-01", 60)],
            },
        ),
        outcome=QOL,
    )
    assert told(cohort) == {
        "worse": (1, 181),
        "never_asked_again": (0, 0.5),
        "stable": (0, 365),
        "dies": (2, 151),
        "dies_unseen": (0, 59),
    }
    assert steps(cohort)["outcome measured at time zero"] == (2, 2)
    assert rules(cohort)["qol-not-measured-until-end"] == 3
    lost = dict(zip(cohort.person_id, cohort.lost.tolist(), strict=True))
    assert lost["stable"]
    assert not lost["dies"]
    assert not lost["worse"]


def test_a_symptom_is_worse_when_it_rises_and_answers_are_scored(tmp_path: Path) -> None:
    def answers(day: str, value: int) -> list[dict[str, Any]]:
        shared = {"instrument": "QLQ-C30", "version": "3.0", "date": day}
        return [{**shared, "item": item, "value": value} for item in ("9", "19")]

    tables = rows_of(
        a={"qol_response": [*answers("2018-01-01", 1), *answers("2018-05-01", 2)]},
        b={"qol_response": [*answers("2018-01-01", 2), *answers("2018-05-01", 1)]},
    )
    cohort = asked(tmp_path / "r", tables, outcome={**QOL, "scale": "PA"})
    assert told(cohort) == {"a": (1, 120), "b": (0, 120)}


def test_a_registry_without_the_scores_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no score of QLQ-C30 QL"):
        asked(tmp_path / "r", rows_of(a={}), outcome=QOL)
