"""Routes to one effect that disagree on its size, on the same side of 1."""

from typing import Any

import pytest

RULE = "route-disagreement"
ARMS = {"n_intervention": 1000, "n_control": 1000}


def test_events_that_give_another_size_are_found(run: Any, tools: Any) -> None:
    row = tools.effect("0.92", "0.82", "1.03", **ARMS, events_intervention=350, events_control=560)
    finding = tools.of(run([row]), RULE)[0]
    assert finding.severity in ("minor", "serious")
    assert finding.reading is None
    assert "events" in finding.message
    assert finding.location.column == "estimate"


@pytest.mark.parametrize(
    ("printed", "events"),
    [(("0.92", "0.82", "1.03"), (560, 590)), (("0.55", "0.48", "0.63"), (350, 530))],
)
def test_routes_that_agree_are_quiet(
    run: Any, tools: Any, printed: tuple[str, ...], events: tuple[int, int]
) -> None:
    row = tools.effect(*printed, **ARMS, events_intervention=events[0], events_control=events[1])
    assert tools.of(run([row]), RULE) == []


def test_direction_speaks_first(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.60", "0.50", "0.72", n_intervention=300, n_control=300),
        tools.arms("median_time", 20, 40),
    ]
    report = run(rows)
    assert tools.of(report, "direction")
    assert tools.of(report, RULE) == []
