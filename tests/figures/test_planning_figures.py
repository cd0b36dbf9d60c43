"""Figures of planning: their words and numbers are those of the results."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from locoreg.core.errors import DesignError
from locoreg.figures.planning import planning_figure
from locoreg.figures.svg import to_svg
from locoreg.planning.accruing import AccrualPrior
from locoreg.planning.conclusions import PoolModel
from locoreg.workflows.planning.accrualforecast import forecast_accrual
from locoreg.workflows.planning.poolasked import PlannedPool
from locoreg.workflows.planning.prospects import (
    assurance_of_pool,
    hypothetical_asked,
    pool_with,
    rules_asked,
)
from locoreg.workflows.planning.sizing import size_trial
from locoreg.workflows.planning.trialasked import TrialAsked

ASKED = TrialAsked(
    control="36=67.9", accrual="84", follow_up=36, dropout=2, alpha=5, sides=2, allocation=0.5,
    test="log-rank", margin=1,
)  # fmt: skip
POOL = PlannedPool(
    question="q", outcome="os", title="Does it?", labels=("A <script>", "B", "C"),
    yi=(-0.2, 0.1, -0.4), vi=(0.02, 0.04, 0.06), input_sha256="0" * 64,
    model=PoolModel(method="REML", interval="normal", level=95.0),
)  # fmt: skip


def texts(figure) -> str:
    return " | ".join(one.get_text() for one in figure.axes[0].texts)


def pieces(figure, part: str):
    return [a for a in figure.axes[0].lines if str(a.get_gid()).startswith(part)]


def test_power() -> None:
    result = size_trial(ASKED, hazard_ratio="0.7", power=90)
    figure = planning_figure(result)
    shown = texts(figure)
    assert "712 patients" in shown
    assert "Assumed: hazard ratio 0.7" in shown
    line = pieces(figure, "power")
    assert len(line) == len(result.curve) - 1
    heights = [one.get_ydata()[1] for one in line]
    assert heights == sorted(heights, reverse=True)


def test_assurance() -> None:
    result = assurance_of_pool(
        ASKED, POOL, patients=[1000, 200, 400], tau_scale=0.5, minimal_ratio=None
    )
    figure = planning_figure(result)
    last = result.new_trial[0]
    assert f"significant benefit {100 * last.benefit:.0f}%" in texts(figure)
    for part in ("benefit", "mean", "harm"):
        line = [a for a in pieces(figure, part) if "words" not in str(a.get_gid())]
        assert len(line) == 2
        assert line[0].get_xdata()[0] < line[1].get_xdata()[1]


def test_accrual() -> None:
    prior = AccrualPrior(rate=4, rate_factor=5, variation=0.5, stops=0.5, stop_months=200)
    result = forecast_accrual(
        patients=400, months=84, centres=None, studies=(), prior=prior, tables=("shipped",)
    )
    shown = texts(planning_figure(result))
    assert "plan: 400" in shown
    assert "too slow" in shown


def test_before_and_after() -> None:
    result = pool_with(
        POOL,
        hypothetical_asked("0.7=331", 0.5),
        rules_asked(important=None, threshold=None, tau_scale=None),
    )
    figure = planning_figure(result)
    shown = texts(figure)
    assert result.found.before.mu.text() in shown
    assert result.found.after.mu.text() in shown
    assert "Hypothetical, 331 events" in shown
    assert "<script>" not in to_svg(figure)


def test_intervals_of_trials_have_the_level_of_the_pool() -> None:
    pool = replace(POOL, model=PoolModel(method="REML", interval="normal", level=90.0))
    rules = rules_asked(important=None, threshold=None, tau_scale=None)
    shown = texts(planning_figure(pool_with(pool, hypothetical_asked("0.7=331", 0.5), rules)))
    half = 1.6448536269514722 * 0.02**0.5
    limits = (math.exp(-0.2 - half), math.exp(-0.2 + half))
    assert f"{math.exp(-0.2):.2f} ({limits[0]:.2f} to {limits[1]:.2f})" in shown
    assert "Intervals of single trials: 90%" in shown


def test_nothing_else_is_drawn() -> None:
    with pytest.raises(DesignError, match="no figure of a int"):
        planning_figure(3)
