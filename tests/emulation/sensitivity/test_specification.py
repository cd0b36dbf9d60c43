"""Specifications: one choice at a time, failures kept."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.sensitivity import (
    TRUNCATION_LADDER,
    Specification,
    one_at_a_time,
    run_specifications,
)
from tests.emulation import designs

COHORT = designs.lt1(600, 1)


@pytest.fixture(scope="module")
def effect():
    question = designs.question()
    found = make_method("ever_treated", {}).estimate(COHORT, question, Inference(interval="none"))
    return replace(found, diagnostics=())


def grid(**changes):
    return one_at_a_time(designs.question(), "ccw", {"a": 1}, **changes)


def test_one_choice_at_a_time():
    found = grid(
        grace_months=(3.0, 6.0, 9.0),
        truncation=TRUNCATION_LADDER,
        initiations=("all_initiators", "deadline"),
        comparators=("never", "none_within_grace"),
        models={"no splines": {"splines": False}},
        methods={"landmark": ("landmark", {"landmark_months": 6})},
        missing_shift=(-0.5, 0.5),
    )
    groups = [s.group for s in found]
    # What is the primary choice already is not repeated.
    assert groups == [
        "primary",
        *["grace"] * 2,
        *["truncation"] * 4,
        "initiation",
        "comparator",
        "model",
        "method",
        *["missing"] * 2,
    ]
    assert found[0].changed == ""
    assert all(s.changed for s in found[1:])
    assert found[1].question().grace_months == 3.0
    assert "grace period 3 months" in found[1].question().treated_label
    assert found[3].options == {"a": 1, "truncate": 99.5}
    assert found[7].question().initiation == "all_initiators"
    assert found[9].options == {"a": 1, "splines": False}
    assert found[10].method == "landmark"
    assert (found[11].missing_shift, found[0].missing_shift) == (-0.5, None)


def test_failures_are_kept_and_counted(effect):
    def run(specification: Specification):
        if specification.group == "truncation":
            raise ConvergenceError("the weights ran away.", hint="use fewer variables.")
        specification.question()
        return effect

    # A grace period longer than the horizon fits no question: that is an answer too.
    table = run_specifications(
        grid(grace_months=(3.0, 40.0), truncation=(99.0,)),
        run,
        measure="survival_difference",
        at_months=36.0,
    )
    assert [row.estimate is None for row in table.rows] == [False, False, True, True]
    assert table.failures == 2
    assert "grace_months is 40" in table.rows[2].failure
    assert "Hint: use fewer variables." in table.rows[3].failure
    assert table.rows[3].verdict is None
    assert "2 without an estimate" in table.summary()
    assert "not estimable: the weights ran away." in table.summary()


def test_other_errors_are_not_swallowed():
    def run(specification):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_specifications(grid(), run, measure="survival_difference", at_months=36.0)


def test_a_measure_that_the_effect_lacks_is_a_failure(effect):
    table = run_specifications(
        grid(), lambda _: effect, measure="incidence_difference", at_months=36.0
    )
    assert "incidence_difference" in table.rows[0].failure


def test_a_failed_diagnostic_stays_with_its_row(effect):
    bad = Diagnostic(
        name="balance", title="Balance", verdict="fail", value=1.0, threshold=0.25, message="."
    )
    failed = replace(effect, diagnostics=(bad,), biased=None)
    table = run_specifications(
        grid(grace_months=(9.0,)),
        lambda s: failed if s.group == "grace" else effect,
        measure="survival_difference",
        at_months=36.0,
    )
    assert table.rows[1].failed_diagnostics == ("balance",)
    assert table.rows[1].verdict == "fail"
    frame = table.to_frame()
    assert frame["failed_diagnostics"].tolist() == ["", "balance"]
    assert "FAILED DIAGNOSTIC: balance" in table.summary()
    # The primary method here is biased by design, and the range leaves it out.
    assert table.range == (failed.contrast("survival_difference").estimate.estimate,) * 2
    assert "BIASED BY DESIGN" in table.summary()


def test_ratios_on_either_scale(effect):
    table = run_specifications(grid(), lambda _: effect, measure="hazard_ratio", at_months=36.0)
    log = table.to_frame()["estimate"][0]
    assert table.to_frame(exponentiate=True)["estimate"][0] == pytest.approx(math.exp(log))


def test_json_and_progress(effect):
    seen = []
    table = run_specifications(
        grid(grace_months=(9.0,)),
        lambda _: effect,
        measure="survival_difference",
        at_months=36.0,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]
    out = table.to_dict()
    assert (out["specifications"], out["failures"], out["rows"][0]["group"]) == (2, 0, "primary")
    assert json.loads(json.dumps(out["rows"][1]["changed"])) == (
        "grace period 9 instead of 6 months"
    )


def test_labels_are_unique(effect):
    twice = (*grid(), *grid())
    with pytest.raises(DesignError, match="Primary analysis"):
        run_specifications(twice, lambda _: effect, measure="survival_difference", at_months=36.0)


def test_groups_are_known():
    with pytest.raises(DataError, match="group"):
        Specification(label="x", group="other", method="ccw", base=designs.question())
