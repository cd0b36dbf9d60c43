"""Registries of made-up patients whose true effects of local therapy are known."""

from __future__ import annotations

from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.scenario import SCENARIOS, Scenario
from locoreg.registry.synthetic.simulate import Simulation, simulate_registry
from locoreg.registry.synthetic.truth.files import Truth, read_truth

__all__ = [
    "SCENARIOS",
    "Scenario",
    "Simulation",
    "SimulationOptions",
    "Truth",
    "read_truth",
    "simulate_registry",
]
