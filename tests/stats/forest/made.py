"""What the tests of the forest share."""

from __future__ import annotations

import numpy as np

from locoreg.stats.forest import ForestOptions

SMALL = ForestOptions(trees=24, min_leaf=3, min_arm=1, balance=0.05, fraction=0.5)
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]
