"""Criteria of trials and harms: read, checked, three values."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.catalog import load_catalog, shipped_folder
from locoreg.evidence.eligibility import USUAL, Criterion, load_eligibility
from locoreg.evidence.harms import TREATMENTS, load_harms

TRIALS = {
    "badwe2015", "soran2018", "fitzal2019", "khan2022", "jcog1017", "palma2020", "nrg-br002",
    "extend", "curb",
}  # fmt: skip


def criterion(**changed: object) -> Criterion:
    given: dict[str, object] = {
        "criterion_id": "a-01", "study_id": "a", "kind": "inclusion", "criterion": "Aged 65",
        "variable": "age", "operator": "at_most", "values": ("65",), "source": "s",
        "address": "https://example.org", "location": "abstract", "verbatim": "x",
        "verification": "seen",
    }  # fmt: skip
    return Criterion(**{**given, **changed})  # type: ignore[arg-type]


def test_shipped_criteria_are_of_trials_of_the_catalogue_and_carry_their_words() -> None:
    criteria, sha256 = load_eligibility()
    assert {one.study_id for one in criteria} == TRIALS <= set(load_catalog().studies)
    assert len(sha256) == 64
    for one in criteria:
        assert one.verbatim
        assert one.address.startswith("http")
        assert one.location
        assert one.about is None or one.about in USUAL


def test_shipped_harms_name_their_source() -> None:
    harms, _ = load_harms()
    assert {one.treatment for one in harms} < set(TREATMENTS)
    for one in harms:
        assert one.verbatim
        assert one.address.startswith("http")
        assert 1990 < one.year <= 2026


@pytest.mark.parametrize(
    ("changed", "answers", "status"),
    [
        ({}, {"age": 65}, "met"),
        ({}, {"age": 66}, "not met"),
        ({}, {"age": None}, "unknown"),
        ({}, {}, "unknown"),
        ({"operator": "at_least"}, {"age": 64.9}, "not met"),
        ({"kind": "exclusion"}, {"age": 60}, "not met"),
        ({"kind": "exclusion"}, {"age": 70}, "met"),
        ({"variable": "sex", "operator": "one_of", "values": ("female",)}, {"sex": "male"},
         "not met"),
        ({"variable": None, "operator": None, "values": ()}, {"age": 60}, "unknown"),
    ],
)  # fmt: skip
def test_three_values(
    changed: dict[str, object], answers: dict[str, float | str | None], status: str
) -> None:
    assert criterion(**changed).status(answers) == status


def test_memory_decides_nothing() -> None:
    assert not criterion(verification="memory").decides
    assert criterion().decides


def write(folder: Path, table: str, **changed: str) -> Path:
    with (shipped_folder() / f"{table}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows[0] = {**rows[0], **changed}
    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.mark.parametrize(
    ("table", "changed", "words"),
    [
        ("eligibility", {"values": "sixty"}, "needs one number"),
        ("eligibility", {"values": "nan"}, "needs one number"),
        ("eligibility", {"operator": "one_of"}, "does not go with age"),
        ("eligibility", {"operator": ""}, "needs an operator"),
        ("eligibility", {"variable": ""}, "there is an operator"),
        ("eligibility", {"variable": "shoe"}, "not one of"),
        ("eligibility", {"verbatim": ""}, "must be filled"),
        ("eligibility", {"criterion_id": "badwe2015-02"}, "stands there twice"),
        ("harms", {"value": "180"}, "between 0 and 100"),
        ("harms", {"low": "1.0"}, "both limits and its level"),
        ("harms", {"low": "2", "high": "3", "level": "95"}, "within its interval"),
        ("harms", {"events": "900"}, "not the share of the events"),
        ("harms", {"events": "2000"}, "needs a number of patients"),
        ("harms", {"comparison_value": ""}, "a comparison needs a value"),
        ("harms", {"address": ""}, "must be filled"),
    ],
)
def test_faults_are_named(tmp_path: Path, table: str, changed: dict[str, str], words: str) -> None:
    load = load_eligibility if table == "eligibility" else load_harms
    with pytest.raises(DataError, match=words):
        load((write(tmp_path, table, **changed),))


def test_a_folder_without_the_table_is_passed_over(tmp_path: Path) -> None:
    assert load_eligibility((tmp_path,))[0] == ()
    assert load_harms((tmp_path,))[0] == ()


# By hand from the printed criteria: whom each trial would have taken, of what a form can ask.
NEW: dict[str, float | str | None] = {
    "age": 50, "sex": "female", "ecog": 0, "disease": "de novo", "primary": "in place",
    "metastases": 2, "brain": "no", "symptoms": "no", "systemic": "not started",
    "systemic_months": 0, "response": "not started",
}  # fmt: skip
TREATED = NEW | {"systemic": "started", "systemic_months": 6, "response": "no progression"}
LATER = TREATED | {"disease": "recurrent", "primary": "removed"}
BEFORE = {"badwe2015", "soran2018", "fitzal2019"}
OLIGO = {"palma2020", "nrg-br002", "extend"}


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        (NEW, BEFORE | OLIGO),
        (TREATED, {"badwe2015", "khan2022", "jcog1017"} | OLIGO),
        (TREATED | {"response": "progression"}, {"badwe2015", "palma2020", "extend", "curb"}),
        (NEW | {"age": 65}, BEFORE | OLIGO),
        (NEW | {"age": 66}, (BEFORE | OLIGO) - {"badwe2015"}),
        (NEW | {"age": 20}, (BEFORE | OLIGO) - {"badwe2015"}),
        (NEW | {"sex": "male"}, OLIGO),
        (TREATED | {"sex": "male"}, {"khan2022", "jcog1017"} | OLIGO),
        (LATER, OLIGO),
        (LATER | {"metastases": 5}, {"palma2020", "extend"}),
        (LATER | {"metastases": 6}, set()),
        (NEW | {"brain": "yes"}, {"badwe2015", "soran2018", "palma2020", "extend"}),
        (NEW | {"ecog": 3}, (BEFORE | OLIGO) - {"fitzal2019"}),
        # Pain of the breast is no need for an operation, but E2108 asks for no symptoms.
        (NEW | {"symptoms": "yes"}, BEFORE | OLIGO),
        (TREATED | {"symptoms": "yes"}, {"badwe2015", "jcog1017"} | OLIGO),
        (TREATED | {"systemic_months": 3}, {"badwe2015", "jcog1017"} | OLIGO),
        (TREATED | {"systemic_months": 8}, {"badwe2015", "khan2022", "jcog1017"} | OLIGO),
        (TREATED | {"systemic_months": 13}, {"badwe2015", "jcog1017", "palma2020", "extend"}),
    ],
)
def test_profiles_by_hand(answers: dict[str, float | str | None], taken: set[str]) -> None:
    criteria, _ = load_eligibility()
    refused = {c.study_id for c in criteria if c.decides and c.status(answers) == "not met"}
    unknown = {c.study_id for c in criteria if c.decides and c.status(answers) == "unknown"}
    assert unknown == set()
    assert TRIALS - refused == taken


def test_a_criterion_may_name_what_it_is_about_without_an_answer_that_decides(
    tmp_path: Path,
) -> None:
    named = criterion(variable="symptoms", operator=None, values=())
    assert not named.decides
    assert named.about == "symptoms"
    assert named.status({"symptoms": "yes"}) == "unknown"
    criteria, _ = load_eligibility(
        (write(tmp_path, "eligibility", variable="symptoms", operator="", values=""),)
    )
    assert criteria[0].operator is None
    # What is on record, though nothing decides it, is not listed as absent.
    shipped, _ = load_eligibility()
    about = {(one.study_id, one.about) for one in shipped}
    assert {("badwe2015", "systemic"), ("soran2018", "symptoms"), ("curb", "metastases")} <= about


def test_a_share_is_that_of_its_events_to_the_digit_printed(tmp_path: Path) -> None:
    assert load_harms((write(tmp_path, "harms", value="1.7", events="18"),))[0][0].events == 18
    with pytest.raises(DataError, match="not the share of the events"):
        load_harms((write(tmp_path, "harms", value="1.8", events="18"),))
