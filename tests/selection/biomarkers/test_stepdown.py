import itertools

import numpy as np
import pytest
from scipy import special

from locoreg.selection.biomarkers.stepdown import MaxT, unit_sums
from locoreg.stats.maxt import benjamini_hochberg


def test_false_discovery_by_hand():
    q = benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5]))
    assert q == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])


def test_one_marker_is_its_own_p_value():
    influence = np.random.default_rng(1).normal(size=(400, 1))
    joint = MaxT(400, 20_000, 3, 1)
    joint.add(slice(0, 1), influence, influence, np.zeros((400, 1)))
    exact = 2.0 * special.ndtr(-1.5)
    assert joint.adjusted(np.array([1.5]))[0] == pytest.approx(exact, abs=0.008)


def test_step_down_by_enumeration():
    # Every sign pattern of three units by hand, against the same patterns handed over.
    influence = np.array([[1.0, 0.2], [0.5, -1.0], [-0.3, 0.4]])
    se = np.sqrt((influence**2).sum(axis=0))
    patterns = np.array(list(itertools.product([0, 1], repeat=3)), dtype=np.int8)
    joint = MaxT(3, 8, 1, 2)
    joint.bits = patterns
    joint.add(slice(0, 2), influence, influence, np.zeros((3, 2)))
    z = np.array([0.9, 1.05])
    drawn = np.abs((2.0 * patterns - 1.0) @ (influence / se))
    first = (1 + (drawn.max(axis=1) >= 1.05).sum()) / 9
    second = max(first, (1 + (drawn[:, 0] >= 0.9).sum()) / 9)
    assert joint.adjusted(z) == pytest.approx([second, first])


def test_a_replicate_is_the_regression_of_residuals_with_signs():
    rng = np.random.default_rng(6)
    Z, rest = rng.lognormal(size=30), rng.normal(size=30)
    cluster = np.arange(30) % 6
    signs = rng.integers(0, 2, size=(1, 6), dtype=np.int8)
    square = Z @ Z
    sums = [unit_sums(one[:, None], cluster, 6) for one in (Z * rest / square, Z**2 / square)]
    joint = MaxT(6, 1, 1, 1)
    joint.bits = signs
    se = joint.add(slice(0, 1), sums[0], sums[0], sums[1])

    def statistic(y):
        b = Z @ y / square
        own = np.bincount(cluster, weights=Z * (y - Z * b) / square)
        return b / np.sqrt((own**2).sum())

    assert Z @ rest / square / se[0] == pytest.approx(statistic(rest))
    drawn = statistic((2.0 * signs[0] - 1.0)[cluster] * rest)
    assert joint.largest[0, 0] == pytest.approx(abs(drawn), rel=1e-5)


def test_blocks_change_nothing(monkeypatch):
    influence = np.random.default_rng(2).normal(size=(60, 7))
    own = np.random.default_rng(3).random((60, 7)) / 60.0
    whole, parts = MaxT(60, 100, 5, 7), MaxT(60, 100, 5, 7)
    whole.add(slice(0, 7), influence, 1.1 * influence, own)
    monkeypatch.setattr("locoreg.selection.biomarkers.stepdown.BLOCK", 600)
    parts.add(slice(0, 3), influence[:, :3], 1.1 * influence[:, :3], own[:, :3])
    parts.add(slice(3, 7), influence[:, 3:], 1.1 * influence[:, 3:], own[:, 3:])
    assert parts.largest == pytest.approx(whole.largest, rel=1e-5)


def test_copies_cost_nothing_and_independent_markers_do():
    rng = np.random.default_rng(3)
    own = rng.normal(size=(300, 1))
    copies, others = np.repeat(own, 50, axis=1), rng.normal(size=(300, 50))
    z = np.full(50, 2.5)
    found = []
    for influence in (copies, others):
        joint = MaxT(300, 2000, 4, 50)
        joint.add(slice(0, 50), influence, influence, np.zeros((300, 50)))
        found.append(joint.adjusted(z)[0])
    alone = 2.0 * special.ndtr(-2.5)
    assert found[0] == pytest.approx(alone, abs=0.008)
    assert found[1] == pytest.approx(1.0 - (1.0 - alone) ** 50, abs=0.06)


def test_unit_sums_adds_clusters():
    influence = np.arange(8.0).reshape(4, 2)
    made = unit_sums(influence, np.array([2, 0, 2, 1]), 3)
    assert made.tolist() == [[2.0, 3.0], [6.0, 7.0], [4.0, 6.0]]
    turned = unit_sums(influence, np.array([3, 1, 0, 2]), 4)
    assert turned.tolist() == influence[[2, 1, 3, 0]].tolist()
