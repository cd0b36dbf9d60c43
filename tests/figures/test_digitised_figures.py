"""Figures of digitised curves: their words, points and numbers are those of the results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from locoreg.evidence.digitised import PooledCurves, pool_curves
from locoreg.figures.digitised import (
    hazard_ratio_figure,
    pooled_curves_figure,
    reconstruction_figure,
)
from locoreg.figures.svg import to_svg
from tests.evidence.digitised.known_studies import COLUMNS, known_study, real_study

ASKED = {
    "level": 95, "horizons": [500], "at": [365], "cuts": [120, 300], "method": "DL",
    "interval": "normal", "variance": "robust",
}  # fmt: skip


@pytest.fixture(scope="module")
def pooled() -> PooledCurves:
    return pool_curves([real_study(name) for name in COLUMNS], **ASKED)


def texts(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.axes[0].texts]


def marks(figure: Figure, part: str) -> list:
    axes = figure.axes[0]
    return [a for a in (*axes.patches, *axes.lines) if str(a.get_gid()).startswith(part)]


def outside(figure: Figure) -> list[str]:
    """Return texts that leave the sheet."""
    figure.canvas.draw()
    sheet = figure.bbox
    found = []
    for one in figure.axes[0].texts:
        box = one.get_window_extent()
        if box.x0 < sheet.x0 - 1 or box.x1 > sheet.x1 + 1 or box.y0 < sheet.y0 - 1:
            found.append(one.get_text())
    return found


def test_read_points_and_numbers_at_risk() -> None:
    study = real_study("ovarian")
    arm = study.control
    told, made = np.array([7.0, 3.0]), np.array([7.0, 2.0])
    checks = replace(
        arm.checks, at_risk_times=np.array([400.0, 800.0]), at_risk_reported=told,
        at_risk_made=made, at_risk_max=1.0,
        failures=("a number at risk differs by 1, over 0.01 of 13 persons.",),
    )  # fmt: skip
    study = replace(study, control=replace(arm, checks=checks))
    figure = reconstruction_figure(study)
    shown = texts(figure)
    assert "3 / 2" in shown
    assert "7 / 7" in shown
    assert "13 / 13" in shown
    assert "control: a number at risk differs by 1, over 0.01 of 13 persons." in shown
    assert "intervention: 13 at risk at time 0, no others reported" in shown
    assert "Reconstructed less read survival, at the read points" in shown
    assert "Times are reconstructed from a printed curve, not observed." in shown
    for role in ("intervention", "control"):
        points = getattr(study, role).made.points.time.size
        assert len(marks(figure, f"points-{role}")) == points
        assert len(marks(figure, f"difference-{role}")) == points
    assert outside(figure) == []
    svg = to_svg(figure)
    assert "<desc" in svg
    assert "of numbers at risk 1" in svg


def test_averaged_curves(pooled: PooledCurves) -> None:
    figure = pooled_curves_figure(pooled)
    shown = " | ".join(texts(figure))
    assert f"One-stage hazard ratio {pooled.hr.text()}, variance robust, 95% interval" in shown
    assert "Weights: lung 58.3%, ovarian 6.6%, veteran 35.0%" in shown
    assert "Difference of survival, intervention less control" in shown
    assert len(marks(figure, "difference-band")) == 1
    assert outside(figure) == []
    curves = pooled.curves
    last = int(np.flatnonzero(np.isfinite(curves.difference_low))[-1])
    assert f"difference {curves.difference[last]:.3f}" in to_svg(figure)


def test_hazard_ratio_over_time(pooled: PooledCurves) -> None:
    figure = hazard_ratio_figure(pooled)
    shown = texts(figure)
    for one in pooled.intervals:
        assert f"{one.text()}." in shown
    assert len(marks(figure, "interval")) == 9
    assert marks(figure, "trend-band")
    assert outside(figure) == []


def test_what_cannot_be_estimated_is_said() -> None:
    one_arm = known_study("onearm", ([2, 9, 9], [0, 0, 0]), ([1, 3, 9], [1, 1, 0]))
    made = pool_curves([one_arm], **(ASKED | {"horizons": [6], "at": [6], "cuts": [3.5]}))
    shown = " | ".join(texts(hazard_ratio_figure(made)))
    assert "No trend with log time" in shown
    assert "not estimable (events in the control arm only)" in shown
    assert "not estimable (events in the control arm only)" in " ".join(
        texts(pooled_curves_figure(made))
    )
