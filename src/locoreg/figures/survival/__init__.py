"""Figures of survival and incidence curves, and of differences between them."""

from __future__ import annotations

from locoreg.figures.survival.figure import (
    difference_figure,
    incidence_figure,
    report_figure,
    survival_figure,
)

__all__ = ["difference_figure", "incidence_figure", "report_figure", "survival_figure"]
