"""Figures for one patient: dots of 100 people, and two curves with their ranges."""

from locoreg.figures.patient.curves import course_figure
from locoreg.figures.patient.dots import dots_svg

__all__ = ["course_figure", "dots_svg"]
