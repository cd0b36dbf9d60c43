"""The worked examples: every number in them, computed again."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.evidence.audit import CHECKS
from locoreg.workflows.explore.rules import rule_note, rule_notes

Z95, Z90 = 1.959963984540054, 1.6448536269514722


def se(low: float, high: float, z: float = Z95) -> float:
    return math.log(high / low) / (2 * z)


def example(rule: str) -> str:
    return " ".join(rule_note(rule).example)


def test_each_check_has_a_note_and_each_note_a_check() -> None:
    rules = [note.rule for note in rule_notes()]
    assert rules[0] == "invalid-cell"
    assert set(rules) == {"invalid-cell", *(check.rule for check in CHECKS)}
    assert len(rules) == len(set(rules))
    for note in rule_notes():
        assert note.holds
        assert note.why
        assert len(note.example) == 2
        assert all(line.endswith(".") for line in note.example)
        assert not {"should", "recommended"} & set(" ".join((note.why, *note.example)).split())


def test_an_unknown_rule_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="direction"):
        rule_note("directions")


def _asymmetry() -> list[str]:
    low, high, estimate = 0.49, 0.98, 0.60
    middle, half = (math.log(low) + math.log(high)) / 2, math.log(high / low) / 2
    offset = (middle - math.log(estimate)) / half
    rounding = (0.005 / 0.60 + (0.005 / 0.49 + 0.005 / 0.98) / 2) / half
    assert rounding < 0.05
    return [f"{math.exp(middle):.2f}", f"{offset:.0%}"]


def _part_of_whole() -> list[str]:
    whole, part = 1 / se(0.65, 0.98) ** 2, 1 / se(0.60, 0.82) ** 2
    return [f"= {whole:.0f}.", f"= {part:.0f}.", f"{part / whole:.2f} times"]


def _p_value() -> list[str]:
    z = math.log(0.80) / se(0.65, 0.98)
    p = 2 * stats.norm.sf(abs(z))
    return [f"{se(0.65, 0.98):.3f}", f"−{abs(z):.2f}", f"{p:.3f}"]


def _review() -> list[str]:
    wrong, right = se(0.49, 0.98), se(0.49, 0.88)
    return [f"{wrong:.3f}", f"{right:.3f}", f"{(right / wrong) ** 2:.0%}"]


def _reproduction() -> list[str]:
    weights = [1 / se(0.49, 0.88) ** 2, 1 / se(0.81, 1.34) ** 2]
    logs = [math.log(0.66), math.log(1.04)]
    pooled = math.exp(sum(w * y for w, y in zip(weights, logs, strict=True)) / sum(weights))
    return [f"{weights[0]:.1f}", f"{weights[1]:.1f}", f"{pooled:.2f}."]


NUMBERS = {
    "interval-asymmetry": _asymmetry,
    "more-events-than-patients": lambda: [
        f"{se(0.85, 0.95):.4f}", f"{4 / se(0.85, 0.95) ** 2:,.0f}",
    ],
    "level-against-events": lambda: [
        f"= {4 / se(0.66, 1.12) ** 2:.0f} events", f"{se(0.66, 1.12, Z90):.3f}",
        f"= {4 / se(0.66, 1.12, Z90) ** 2:.0f}.",
    ],
    "p-against-interval": _p_value,
    "subgroup-information": _part_of_whole,
    "direction": lambda: [f"{54.8 / 34.6:.2f}", f"{1 / 0.691:.3f}"],
    "route-disagreement": lambda: [f"{20 / 24:.2f}"],
    "time-unit": lambda: [f"{(2018 - 2007) * 12}", f"{240 // 12}"],
    "landmark-label": lambda: [f"{2 * 12} months"],
    "counts": lambda: [f"{138 + 136}"],
    "grim": lambda: [f"{9 / 20:.1%}", f"{10 / 20:.1%}"],
    "table-against-text": lambda: [f"{0.69 - 0.66:.2f}", f"{2 * 0.005:.2f}"],
    "report-against-report": lambda: [f"{1 - 0.14 / 0.20:.0%}"],
    "review-against-source": _review,
    "measure-label": lambda: [f"{30 / 70 / (42 / 58):.2f}", f"{0.30 / 0.42:.2f}"],
    "double-counting": lambda: [f"{0.15 / 2**0.5:.3f}", f"{1 - 1 / 2**0.5:.0%}"],
    "se-or-variance": lambda: [f"{se(0.49, 0.88):.3f}", f"{se(0.49, 0.88) ** 2:.3f}"],
    "no-precision": lambda: [f"{abs(math.log(0.70)) / 1.96:.3f}"],
    "pool-not-reproduced": _reproduction,
}  # fmt: skip


@pytest.mark.parametrize("rule", sorted(NUMBERS))
def test_the_numbers_of_an_example_come_out(rule) -> None:
    words = example(rule)
    for number in NUMBERS[rule]():
        assert number in words


def test_weight_of_a_wrong_level() -> None:
    assert f"{(Z95 / Z90) ** 2:.2f} times" in rule_note("level-against-events").why
