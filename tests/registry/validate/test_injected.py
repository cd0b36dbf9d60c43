"""What a check finds of the errors that a synthetic registry lists, kind by kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from locoreg.registry.store import read_registry
from locoreg.registry.synthetic import SimulationOptions, read_truth, simulate_registry
from locoreg.registry.synthetic.errors import ERRORS
from locoreg.registry.validate import QualityReport, check_registry

PATIENTS, SEED = 3_000, 5
# Kind: the rules that find it; whether at the row itself or at another one of the patient; the
# share found in 20,000 patients of seed 7. docs/explanation/registry-checks.md repeats it.
FOUND: dict[str, tuple[tuple[str, ...], str, float]] = {
    "contact-after-death": (("follow-up-after-death",), "row", 1.0),
    "death-before-diagnosis": (("death-before-diagnosis",), "row", 1.0),
    "dose-in-cgy": (("dose-in-cgy",), "row", 1.0),
    "duplicate-assay": (("same-row-twice",), "row", 1.0),
    # What is missing at either record can't agree.
    "duplicate-patient": (("same-person-twice",), "row", 0.80),
    "er-contradiction": (("hormone-receptor-contradiction",), "row", 1.0),
    "future-date": (("date-in-future",), "row", 1.0),
    "her2-contradiction": (("her2-contradiction",), "row", 1.0),
    "impossible-birth-year": (("age-at-diagnosis", "interval-too-long"), "patient", 1.0),
    "lesion-size-impossible": (("size-range",), "row", 1.0),
    # Only where a line of therapy says that it ended by death.
    "missing-death": (("fatal-event-alive",), "patient", 0.97),
    "negative-value": (("biomarker-detection",), "row", 1.0),
    "orphan-measurement": (("reference-unknown",), "row", 1.0),
    "overlapping-lines": (("lines-overlap",), "row", 1.0),
    "stage-contradiction": (("stage-against-m", "m0-with-distant-lesion"), "row", 1.0),
    "therapy-after-death": (("treatment-after-death",), "row", 1.0),
    "therapy-after-last-contact": (("treatment-after-last-contact",), "row", 1.0),
    "therapy-before-diagnosis": (("surgery-before-diagnosis",), "row", 1.0),
    "too-few-lesions": (("count-below-listed", "count-below-measured"), "row", 1.0),
    # A T1 of 15 mm read as 1.5 mm is still a T1.
    "tumour-size-in-cm": (("size-against-t",), "row", 0.66),
    # No error: the month is right, and it is said that it is a month.
    "death-date-month-only": ((), "row", 0.0),
}
TRAPS = {"immortal-time", "left-truncation", "imaging-cannot-count", "lost-alive"}


def made(
    folder: Path,
    scenario: str,
    patients: int,
    options: SimulationOptions,
    rules: Sequence[str] | None = None,
) -> QualityReport:
    simulate_registry(folder, patients=patients, seed=SEED, scenario=scenario, options=options)
    return check_registry(read_registry(folder), rules=rules)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[QualityReport, list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("dirty") / "registry"
    # Fewer rows than the 1,000 of a rule that are listed.
    report = made(folder, "dirty", PATIENTS, SimulationOptions())
    return report, read_truth(folder).errors().to_pylist()


def test_every_kind_has_its_rules() -> None:
    assert set(FOUND) == set(ERRORS)


@pytest.mark.parametrize("kind", FOUND)
def test_share_found(dirty: tuple[QualityReport, list[dict[str, str]]], kind: str) -> None:
    report, errors = dirty
    rules, where, recorded = FOUND[kind]
    issues = [row for row in report.issues.to_pylist() if row["rule"] in rules]
    rows = {(row["table_name"], row["row_key"]) for row in issues}
    patients = {row["patient_id"] for row in issues}
    wanted = [e for e in errors if e["kind"] == kind]
    hits = sum(
        (e["table_name"], e["row_key"]) in rows if where == "row" else e["patient_id"] in patients
        for e in wanted
    )
    assert wanted
    if recorded in (0.0, 1.0):
        assert hits == recorded * len(wanted)
    else:
        # Three standard errors of a share.
        spread = 3 * (recorded * (1 - recorded) / len(wanted)) ** 0.5
        assert abs(hits / len(wanted) - recorded) <= spread


def test_no_false_alarm_at_a_patient_without_an_error(
    dirty: tuple[QualityReport, list[dict[str, str]]],
) -> None:
    report, errors = dirty
    touched = {e["patient_id"] for e in errors} | {None}
    assert [row for row in report.issues.to_pylist() if row["patient_id"] not in touched] == []


def test_a_clean_registry_has_its_traps_and_nothing_else(tmp_path: Path) -> None:
    report = made(tmp_path / "r", "heterogeneous", 4_000, SimulationOptions())
    assert set(report.by_rule) == TRAPS


def test_without_late_entry_and_loss_these_traps_are_gone(tmp_path: Path) -> None:
    options = SimulationOptions(late_entry=False, loss="none")
    report = made(tmp_path / "r", "null", 2_000, options, sorted(TRAPS))
    assert set(report.by_rule) == {"immortal-time", "imaging-cannot-count"}


def test_follow_up_that_hangs_on_the_arm_is_seen(tmp_path: Path) -> None:
    rule = ["follow-up-differs-by-arm"]
    report = made(tmp_path / "r", "null", 8_000, SimulationOptions(loss="arm"), rule)
    assert report.count(rule[0]) == 1
