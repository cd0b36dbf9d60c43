"""Persons and a forest that no test changes."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.forest import GrownForest, grow_forest
from tests.stats.forest.made import SMALL, Drawn


@pytest.fixture(scope="package")
def drawn() -> Drawn:
    rng = np.random.default_rng(11)
    X = rng.random((300, 4))
    a = (rng.random(300) < 0.4) - 0.4
    b = a * np.where(X[:, 1] > 0.5, 2.0, 0.0) + rng.normal(size=300)
    return X, a, b


@pytest.fixture(scope="package")
def grown(drawn: Drawn) -> GrownForest:
    X, a, b = drawn
    return grow_forest(X, a, b, options=SMALL, seed=5)
