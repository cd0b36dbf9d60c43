"""The best split of a node: by hand, and against all cuts tried one by one."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.forest.splitting import POSITIVE, add_rows, best_split, total_sums


def split(
    bins: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    w: np.ndarray | None = None,
    limits: tuple[float, float, float] = (1, 0, 0),
    by_loss: bool = False,
    rows: np.ndarray | None = None,
) -> tuple[float, int, int]:
    n, p = bins.shape
    w = np.ones(n) if w is None else w
    rows = np.arange(n) if rows is None else rows
    sums = np.column_stack([w * a * b, w * a * a, w, 1.0 + POSITIVE * (a > 0)])
    by_bin = np.full((p, int(bins.max()) + 1, 4), np.nan)
    columns = np.arange(p)
    add_rows(by_bin, bins, sums, rows, columns)
    widths = bins.max(axis=0).astype(np.int64) + 1
    total = total_sums(sums, rows)
    return best_split(by_bin, widths, total, columns, np.array(limits, dtype=float), by_loss)


def test_four_persons_by_hand() -> None:
    # Effects 1 and 3 either side: in the node 2, pseudo-outcomes a (b - 2 a) are -1/4 and 1/4,
    # and (1/2)^2 / 2 on either side.
    bins = np.array([[0], [0], [1], [1]], dtype=np.uint8)
    a = np.array([0.5, -0.5, 0.5, -0.5])
    b = a * np.array([1.0, 1.0, 3.0, 3.0])
    assert split(bins, a, b) == (0.25, 0, 0)
    # By the loss: squares of a add up to 1/2 on either side.
    assert split(bins, a, b, by_loss=True) == (1.0, 0, 0)


def test_equal_effects_are_not_split() -> None:
    bins = np.array([[0], [0], [1], [1]], dtype=np.uint8)
    a = np.array([0.5, -0.5, 0.5, -0.5])
    assert split(bins, a, 2.0 * a) == (0.0, -1, 0)


def try_all(
    bins: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    w: np.ndarray,
    limits: tuple[float, float, float],
    by_loss: bool,
) -> tuple[float, int, int]:
    """Search by the definitions: squared error of pseudo-outcomes, or R-loss, node by node."""

    def effect(rows: np.ndarray) -> float:
        return float((w * a * b)[rows].sum() / (w * a * a)[rows].sum())

    def loss(rows: np.ndarray) -> float:
        return float((w * (b - effect(rows) * a) ** 2)[rows].sum())

    everybody = np.ones(a.size, dtype=bool)
    rho = a * (b - effect(everybody) * a)

    def error(rows: np.ndarray) -> float:
        mean = (w * rho)[rows].sum() / w[rows].sum()
        return float((w * (rho - mean) ** 2)[rows].sum())

    best = (0.0, -1, 0)
    for j in range(bins.shape[1]):
        for t in range(int(bins[:, j].max())):
            left = bins[:, j] <= t
            sides = (left, ~left)
            least = min(limits[2], most_even(w * a * a, bins[:, j]))
            if any(not allowed(a, w, side, (*limits[:2], least)) for side in sides):
                continue
            measure = loss if by_loss else error
            gain = measure(everybody) - sum(measure(side) for side in sides)
            if gain > best[0] + 1e-12:
                best = (gain, j, t)
    return best


def most_even(square: np.ndarray, column: np.ndarray) -> float:
    shares = [square[column <= t].sum() / square.sum() for t in range(int(column.max()))]
    return max(min(share, 1 - share) for share in shares) * (1 - 1e-9)


def allowed(
    a: np.ndarray, w: np.ndarray, side: np.ndarray, limits: tuple[float, float, float]
) -> bool:
    up = int((a[side] > 0).sum())
    share = (w * a * a)[side].sum() / (w * a * a).sum() if side.any() else 0.0
    enough = side.sum() >= limits[0] and min(up, side.sum() - up) >= limits[1]
    return bool(enough and share >= limits[2] and share > 0)


@pytest.mark.parametrize("by_loss", [False, True], ids=["heterogeneity", "loss"])
@pytest.mark.parametrize(
    "limits",
    [(1, 0, 0.0), (6, 0, 0.0), (1, 4, 0.0), (1, 0, 0.3)],
    ids=["none", "persons", "arms", "balance"],
)
def test_search_finds_what_trying_all_finds(
    by_loss: bool, limits: tuple[float, float, float]
) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        bins = rng.integers(0, 7, (40, 3)).astype(np.uint8)
        bins[:, 1] = np.where(bins[:, 1] == 3, 4, bins[:, 1])  # a bin without persons
        a = rng.uniform(-1, 1, 40)
        b = a * bins[:, 2] / 3 + rng.normal(size=40)
        w = rng.uniform(0.5, 2.0, 40)
        gain, j, t = split(bins, a, b, w=w, limits=limits, by_loss=by_loss)
        expected = try_all(bins, a, b, w, limits, by_loss)
        assert (j, t) == expected[1:]
        assert gain == pytest.approx(expected[0], rel=1e-9)


def test_the_one_cut_of_a_rare_value_is_allowed() -> None:
    rare = (np.arange(40) < 4).astype(np.uint8)
    graded = np.arange(40, dtype=np.uint8)
    a = np.tile([0.5, -0.5], 20)
    b = a * np.where(rare > 0, 4.0, 1.0)
    limits = (1, 1, 0.35)
    assert split(rare[:, None], a, b, limits=limits)[1:] == (0, 0)
    # A column with cuts that are even enough has to take one of these.
    assert split(graded[:, None], a, b, limits=limits)[1:] == (0, 13)
    assert split(np.column_stack([graded, rare]), a, b, limits=limits)[1:] == (1, 0)


def test_only_rows_of_the_node_count() -> None:
    rng = np.random.default_rng(3)
    bins = rng.integers(0, 5, (60, 2)).astype(np.uint8)
    a, b = rng.uniform(-1, 1, 60), rng.normal(size=60)
    rows = np.flatnonzero(bins[:, 0] > 0)
    whole = np.vstack([bins[rows], [[4, 4]]]).astype(np.uint8)[:-1]
    assert split(bins, a, b, rows=rows)[1:] == split(whole, a[rows], b[rows])[1:]


def test_a_side_without_variation_of_treatment_is_refused() -> None:
    bins = np.array([[0], [0], [1], [1]], dtype=np.uint8)
    a = np.array([0.0, 0.0, 0.5, -0.5])
    assert split(bins, a, np.array([5.0, -5.0, 1.0, 1.0]))[1] == -1
