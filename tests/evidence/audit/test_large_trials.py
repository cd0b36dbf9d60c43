"""Large trials: events per arm follow the hazard ratio closely, so small effects have a side."""

from typing import Any

import pytest

# Estimate, limits, level, and events and patients of both arms, as published.
TRIALS = {
    "PARADIGM-HF, death": (("0.84", "0.76", "0.93", 95), (711, 4187, 835, 4212)),
    "PARADIGM-HF, primary": (("0.80", "0.73", "0.87", 95), (914, 4187, 1117, 4212)),
    "EMPA-REG, MACE": (("0.86", "0.74", "0.99", 95.02), (490, 4687, 282, 2333)),
}
NAMES = sorted(TRIALS)


def row(tools: Any, name: str, *, exchanged: bool = False, **more: Any) -> dict[str, Any]:
    numbers, (e1, n1, e0, n0) = TRIALS[name]
    cells = {
        "n_intervention": n1,
        "n_control": n0,
        "events_intervention": e0 if exchanged else e1,
        "events_control": e1 if exchanged else e0,
    }
    made: dict[str, Any] = tools.effect(*numbers, **cells) | more
    return made


@pytest.mark.parametrize("name", NAMES)
def test_as_published_is_quiet(run: Any, tools: Any, name: str) -> None:
    assert run([row(tools, name)]).findings == ()


@pytest.mark.parametrize("name", NAMES)
def test_wrong_reference_arm_is_blocking(run: Any, tools: Any, name: str) -> None:
    finding = tools.of(run([row(tools, name, reference_arm="intervention")]), "direction")[0]
    assert finding.severity == "blocking"
    # Events of the same row can not tell a reversed effect from exchanged arms.
    assert finding.reading is None
    # The limit is the one of this grade.
    assert finding.limit == 8


@pytest.mark.parametrize("name", [x for x in NAMES if "PARADIGM" in x])
def test_exchanged_events_are_blocking(run: Any, tools: Any, name: str) -> None:
    findings = tools.of(run([row(tools, name, exchanged=True)]), "direction")
    assert [f.severity for f in findings] == ["blocking"]


def test_o_minus_e_of_a_large_trial(run: Any, tools: Any) -> None:
    right = {"o_minus_e": -67, "logrank_v": 386, "n": 8399}
    numbers = TRIALS["PARADIGM-HF, death"][0]
    assert run([tools.effect(*numbers, **right)]).findings == ()
    wrong = tools.effect(*numbers, **right, reference_arm="intervention")
    assert tools.of(run([wrong]), "direction")[0].severity == "blocking"


def test_cohorts_may_differ_in_follow_up(run: Any, tools: Any) -> None:
    # More events in a group that was followed for longer contradict nothing.
    studies = [{"study_id": "one", "label": "One", "design": "cohort"}]
    made = row(tools, "PARADIGM-HF, death", exchanged=True)
    findings = tools.of(run([made], studies=studies), "direction")
    assert [f for f in findings if f.severity in ("blocking", "serious")] == []


def test_crossing_curves_are_no_more_than_minor(run: Any, tools: Any) -> None:
    # CheckMate 057, progression: an early disadvantage, then a plateau.
    rows = [
        tools.effect("0.92", "0.77", "1.11", n_intervention=292, n_control=290),
        tools.arms("median_time", 2.3, 4.2),
        tools.arms("survival_proportion", 19, 8, landmark_months=12),
    ]
    findings = run(rows).findings
    assert [f for f in findings if f.severity in ("blocking", "serious")] == []


def test_high_z_of_a_large_trial_fits_any_bound_on_p(run: Any, tools: Any) -> None:
    row = tools.effect("0.141", "0.133", "0.150", p_value="0.001", n=8000)
    assert run([row | {"p_op": "<"}]).findings == ()
