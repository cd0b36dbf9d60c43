"""Scores that several tests look at: made once."""

from __future__ import annotations

import pytest

from locoreg.selection.scores import ScoreOptions, scores
from tests.selection.designs import draw


@pytest.fixture(scope="session")
def continuous():
    """Return a draw with its scores, in continuous time."""
    one = draw("type2", 800, seed=11, p=4)
    return one, scores(one.data(), one.question(), ScoreOptions(seed=1, jobs=1))


@pytest.fixture(scope="session")
def monthly():
    """Return a draw with its scores, in whole months."""
    one = draw("type4", 800, seed=12, p=4)
    return one, scores(one.data(), one.question(), ScoreOptions(seed=1, jobs=1))
