"""What the page of methods tells is what the code has."""

from __future__ import annotations

import types

import pytest

from locoreg.emulation.diagnostics import thresholds
from locoreg.emulation.methods import method_names
from locoreg.evidence.audit import CHECKS
from locoreg.evidence.estimators import INTERVALS, METHODS
from locoreg.registry.tables import TABLES
from locoreg.registry.validate import RULES, threshold_table
from locoreg.workflows import methods


def test_nothing_is_left_out_and_everything_is_explained() -> None:
    assert [one.name for one in methods.pooling_methods()] == list(METHODS)
    assert [one.name for one in methods.pooling_intervals()] == list(INTERVALS)
    assert [one.name for one in methods.emulation_methods()] == list(method_names())
    assert {one.name for one in methods.audit_rules()} == {
        "invalid-cell", *(check.rule for check in CHECKS)
    }  # fmt: skip
    assert [one.name for one in methods.registry_rules()] == [rule.id for rule in RULES]
    assert len(methods.registry_thresholds()) == len(threshold_table())
    assert {one.table for one in methods.registry_columns()} == set(TABLES)
    for found in (
        methods.pooling_methods(), methods.pooling_intervals(), methods.effect_routes(),
        methods.emulation_methods(), methods.audit_rules(), methods.registry_rules(),
        methods.evidence_columns(), methods.registry_columns(),
    ):  # fmt: skip
        assert [one.name for one in found if not one.words] == []


def test_every_threshold_is_shown_with_its_value_and_a_reason() -> None:
    shown = {
        name: value for group in methods.diagnostic_thresholds() for name, value in group.values
    }
    assert shown == {
        name: float(value) for name, value in vars(thresholds).items() if name.isupper()
    }
    for group in methods.diagnostic_thresholds():
        assert len(group.reason) > 20


def test_methods_that_are_biased_by_design_say_so() -> None:
    warned = {one.name for one in methods.emulation_methods() if one.warning}
    assert "ever_treated" in warned
    assert "clone_censor_weight" not in warned


def test_a_comment_goes_with_the_constants_under_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = '"""Text."""\n\n# First\n# reason.\nA = 1\nB = 2.5\n\n# Second.\nC = 3\n'
    module = types.ModuleType("made")
    exec(compile(source, "made.py", "exec"), module.__dict__)
    monkeypatch.setattr(methods.inspect, "getsource", lambda _: source)
    first, second = methods.read_thresholds(module)
    assert (first.reason, first.values) == ("First reason.", (("A", 1.0), ("B", 2.5)))
    assert (second.reason, second.values) == ("Second.", (("C", 3.0),))
