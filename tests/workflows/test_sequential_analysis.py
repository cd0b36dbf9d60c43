"""Trial sequential analysis of the shipped trials, and its figure."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from locoreg.core.errors import DesignError
from locoreg.figures.sequential import sequential_figure, sequential_summary
from locoreg.workflows.evidence import open_tables, pool_question
from locoreg.workflows.sequential import (
    Adjustment,
    FutilityRule,
    SequentialOptions,
    Spending,
    sequential_of_pool,
)

OBF = Spending(name="obrien-fleming")


def options(**changes):
    settings = {
        "effect": 0.8, "scale": "log", "alpha": 0.05, "power": 0.8, "sides": 2, "spending": OBF,
        "futility": FutilityRule(spending=OBF, binding=False, wedge="tail"),
        "adjustment": Adjustment(kind="diversity", value=None), "size_for": "single look",
        "method": "REML", "interval": "normal", "level": 95.0, "smallest_step": 0.0,
        "ties": "in order", "penalty": None,
    }  # fmt: skip
    return SequentialOptions(**{**settings, **changes})


@pytest.fixture(scope="module")
def pool():
    return pool_question(open_tables(), "primary-surgery", design="rct")


def test_numbers_are_those_of_the_pool(pool):
    view = sequential_of_pool(pool, options())
    analysis = view.analysis
    assert [row.date for row in analysis.rows] == sorted(row.date for row in analysis.rows)
    assert analysis.last.mu.estimate == pytest.approx(pool.meta.mu.estimate, rel=1e-9)
    weights = [1 / study.effect.se**2 for study in pool.studies]
    assert view.achieved_events == pytest.approx(4 * math.fsum(weights))
    assert view.favours_low == pool.question.favours_intervention
    assert analysis.verdict.kind == "not reached"
    assert "events of one trial with equal arms" in view.summary()
    assert view.to_dict()["required_events"] == view.required_events


def test_scale_is_that_of_the_pool(pool):
    with pytest.raises(DesignError, match="log"):
        sequential_of_pool(pool, options(scale="identity", effect=-0.2))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("effect", [0.8, 0.95, 0.6])
@pytest.mark.parametrize("sides", [1, 2])
def test_figure(pool, effect, sides):
    view = sequential_of_pool(pool, options(effect=effect, sides=sides, power=0.9))
    figure = sequential_figure(view)
    words = texts(figure)
    for i, row in enumerate(view.analysis.rows, 1):
        assert str(i) in words
        assert any(row.label.split()[0] in word for word in words)
    assert figure.axes[0].get_label() == sequential_summary(view)
    cut = view.analysis.required.fraction < 0.2
    assert ("Required information" in words) is not cut
    assert any("axis ends before" in word for word in words) is cut
    drawn = any(not math.isnan(row.benefit) for row in view.analysis.rows)
    assert ("Boundary for benefit" in words) is drawn
    assert not (sides == 1 and "Boundary for harm" in words)


def parts(figure, end):
    gids = [one.get_gid() or "" for one in figure.axes[0].get_children()]
    return [gid for gid in gids if gid.startswith("futility") and gid.endswith(end)]


@pytest.mark.parametrize("effect", [0.95, 0.8, 0.7, 0.6])
@pytest.mark.parametrize("sides", [1, 2])
def test_labels_of_the_figure_stand_apart(pool, effect, sides):
    figure = sequential_figure(sequential_of_pool(pool, options(effect=effect, sides=sides)))
    renderer = FigureCanvasAgg(figure).get_renderer()
    words = ("Boundary for", "↑ Favours", "↓ Favours", "Required information", "Cumulative z")
    shown = [text for text in figure.axes[0].texts if text.get_text().startswith(words)]
    assert len(shown) >= 3
    for one, other in combinations(shown, 2):
        boxes = (one.get_window_extent(renderer), other.get_window_extent(renderer))
        assert not boxes[0].overlaps(boxes[1]), (one.get_text(), other.get_text())


@pytest.mark.parametrize("effect", [0.95, 0.8, 0.7, 0.6, 0.5])
def test_note_on_futility_tells_what_is_drawn(pool, effect):
    figure = sequential_figure(sequential_of_pool(pool, options(effect=effect)))
    words = texts(figure)
    assert bool(parts(figure, "region")) is ("Grey: region of futility." in words)
