"""Compiled courses of patients: potential outcomes, what is expected of them, loss."""

from __future__ import annotations

from locoreg.registry.synthetic.kernels.expect import expect
from locoreg.registry.synthetic.kernels.follow import follow
from locoreg.registry.synthetic.kernels.lose import lose
from locoreg.registry.synthetic.kernels.steps import DEATHS

__all__ = ["DEATHS", "expect", "follow", "lose"]
