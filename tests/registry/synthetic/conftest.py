"""Small simulated registries, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.registry.synthetic import SCENARIOS, Simulation, simulate_registry
from tests.registry.synthetic.sizes import PATIENTS, SEED


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Simulation]]:
    """One registry of each scenario: its folder and what the simulation says."""
    out = {}
    for name in SCENARIOS:
        folder = tmp_path_factory.mktemp("registries") / name
        out[name] = folder, simulate_registry(folder, patients=PATIENTS, seed=SEED, scenario=name)
    return out
