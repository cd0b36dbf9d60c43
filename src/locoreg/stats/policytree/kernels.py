"""Loops of the exact search: histograms of pairs and triples of variables, and best splits.

A table has one cell per combination of bins and three numbers per cell: the reward of treating the
persons in it (whole units, see `problem`), and counts of comparators and treated. After summing
along its axes a cell holds everybody at or below its bins, so that each side of each split is a
difference of a few cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.policytree.released import released

Codes = NDArray[np.uint8]
Counts = NDArray[np.int64]

# Stands for "no such split". Sums of eight of them, and all rewards together, fit in 64 bits.
NONE = -(2**59)


@released
def fill_pair(first: Codes, second: Codes, reward: Counts, treated: Codes, table: Counts) -> None:
    """Fill a table of shape (A, B, 3) and sum it along both axes."""
    table[:] = 0
    for i in range(first.size):
        a, b = np.int64(first[i]), np.int64(second[i])
        table[a, b, 0] += reward[i]
        table[a, b, 1 + np.int64(treated[i])] += 1
    sum_pair(table)


@released
def sum_pair(table: Counts) -> None:
    """Sum a table of shape (A, B, 3) along both axes, in place."""
    for a in range(table.shape[0]):
        for b in range(1, table.shape[1]):
            for c in range(3):
                table[a, b, c] += table[a, b - 1, c]
    for a in range(1, table.shape[0]):
        for b in range(table.shape[1]):
            for c in range(3):
                table[a, b, c] += table[a - 1, b, c]


@released
def fill_triple(
    root: Codes, first: Codes, second: Codes, reward: Counts, treated: Codes, table: Counts
) -> None:
    """Fill a table of shape (R, A, B, 3) and sum it along its three axes."""
    table[:] = 0
    for i in range(root.size):
        x, y, z = np.int64(root[i]), np.int64(first[i]), np.int64(second[i])
        table[x, y, z, 0] += reward[i]
        table[x, y, z, 1 + np.int64(treated[i])] += 1
    for r in range(table.shape[0]):
        sum_pair(table[r])
        if r > 0:
            for a in range(table.shape[1]):
                for b in range(table.shape[2]):
                    for c in range(3):
                        table[r, a, b, c] += table[r - 1, a, b, c]


@released
def enough(comparators: int, treated: int, least: Counts) -> bool:
    """Return whether a leaf has the least persons, treated and comparators."""
    persons = comparators + treated
    return bool(persons >= least[0] and treated >= least[1] and comparators >= least[2])


@released
def below(table: Counts, a: int, s: int, b: int, what: int) -> int:
    """Return a sum over the child's bins up to b, on the side s of the parent's cut a."""
    if s == 0:
        return int(table[a, b, what])
    return int(table[table.shape[0] - 1, b, what] - table[a, b, what])


@released
def both_enough(table: Counts, a: int, s: int, b: int, least: Counts) -> bool:
    """Return whether both sides of the child's cut b are leaves with enough persons."""
    last = table.shape[1] - 1
    comparators, treated = below(table, a, s, b, 1), below(table, a, s, b, 2)
    return enough(comparators, treated, least) and enough(
        below(table, a, s, last, 1) - comparators, below(table, a, s, last, 2) - treated, least
    )


@released
def put_leaves(table: Counts, least: Counts, total: Counts, fits: Counts) -> None:
    """Write the reward of treating each side of each split of the first axis.

    Arrays have the shapes (A, B, 3) summed, (3,), (A - 1, 2) and (A - 1,). `fits` is 1 where both
    sides have enough persons.
    """
    last_a, last = table.shape[0] - 1, table.shape[1] - 1
    for a in range(last_a):
        total[a, 0] = table[a, last, 0]
        total[a, 1] = table[last_a, last, 0] - table[a, last, 0]
        low = enough(table[a, last, 1], table[a, last, 2], least)
        high = enough(
            table[last_a, last, 1] - table[a, last, 1],
            table[last_a, last, 2] - table[a, last, 2],
            least,
        )
        fits[a] = 1 if low and high else 0


@released
def put_children(
    table: Counts,
    child: int,
    least: Counts,
    penalty: int,
    direction: int,
    value: Counts,
    arg: Counts,
) -> None:
    """Write the best split of each side of each parent's cut by one child variable, where better.

    Parameters
    ----------
    table : ndarray of int, shape (A, B, 3)
        Parent's bins, child's bins; summed.
    child : int
        Which variable the child is, to be written.
    least : ndarray of int, shape (3,)
        Least persons, treated, comparators of a leaf.
    penalty : int
        What a split costs.
    direction : int
        1 where only the upper side of the child's cut may be treated, -1 the lower, 0 either.
    value : ndarray of int, shape (A - 1, 2)
        Best reward so far of the lower and upper side of the parent's cut.
    arg : ndarray of int, shape (A - 1, 2, 3)
        Variable, cut and treated side (0 lower, 1 upper) of it.
    """
    last = table.shape[1] - 1
    for a in range(table.shape[0] - 1):
        for s in range(2):
            for b in range(last):
                if not both_enough(table, a, s, b, least):
                    continue
                low = below(table, a, s, b, 0)
                for side in range(2):
                    if direction != 0 and (direction == 1) != (side == 1):
                        continue
                    gain = (below(table, a, s, last, 0) - low if side == 1 else low) - penalty
                    if gain > value[a, s]:
                        value[a, s] = gain
                        arg[a, s, 0], arg[a, s, 1], arg[a, s, 2] = child, b, side


@released
def put_nested(
    table: Counts,
    child: int,
    least: Counts,
    penalty: int,
    parent: int,
    direction: int,
    value: Counts,
    arg: Counts,
) -> None:
    """Write the best pair of splits of both sides by one variable, the treated regions nested.

    Where decisions must be monotone in the parent's variable (`parent` is 1 or -1) and both sides
    are split, whoever is treated on the one side must be treated on the other, which two splits
    guarantee only by the same variable. `value` has the shape (A - 1,), `arg` (A - 1, 4): variable,
    cuts of the lower and upper side of the parent's cut, treated side.
    """
    last = table.shape[1] - 1
    for a in range(table.shape[0] - 1):
        for side in range(2):
            if direction != 0 and (direction == 1) != (side == 1):
                continue
            # With the upper side treated the larger region has the lower cut; else the reverse.
            leads = 1 if parent == 1 else 0
            if side == 0:
                leads = 1 - leads
            best, best_cut = NONE, -1
            for b in range(last):
                lead = one_side(table, a, leads, b, side, least)
                if lead > best:
                    best, best_cut = lead, b
                follow = one_side(table, a, 1 - leads, b, side, least)
                both = best + follow - 2 * penalty
                if follow > NONE and best > NONE and both > value[a]:
                    value[a] = both
                    arg[a, 0], arg[a, 3] = child, side
                    arg[a, 1 + leads], arg[a, 2 - leads] = best_cut, b


@released
def one_side(table: Counts, a: int, s: int, b: int, side: int, least: Counts) -> int:
    """Return the reward of one treated side of one cut of one side of the parent's cut."""
    if not both_enough(table, a, s, b, least):
        return NONE
    low = below(table, a, s, b, 0)
    return below(table, a, s, table.shape[1] - 1, 0) - low if side == 1 else low


@released
def search_leaves(
    codes: Codes,
    sizes: Counts,
    reward: Counts,
    treated: Codes,
    least: Counts,
    total: Counts,
    fits: Counts,
) -> None:
    """Write both sides of each cut of each variable, for trees of one split.

    Arguments as for `search_pairs`.
    """
    nothing = np.zeros(reward.size, dtype=np.uint8)
    for j in range(codes.shape[0]):
        table = np.zeros((sizes[j], 1, 3), dtype=np.int64)
        fill_pair(codes[j], nothing, reward, treated, table)
        put_leaves(table, least, total[j], fits[j])


@released
def search_pairs(
    codes: Codes,
    sizes: Counts,
    pairs: Counts,
    reward: Counts,
    treated: Codes,
    least: Counts,
    penalty: int,
    direction: Counts,
    found: Any,
) -> None:
    """Write best children of roots for some pairs of variables.

    Parameters
    ----------
    codes : ndarray of uint8, shape (p, n)
        Bins.
    sizes : ndarray of int, shape (p,)
        Number of bins.
    pairs : ndarray of int, shape (q, 2)
        Pairs with first <= second.
    reward, treated : ndarray, shape (n,)
        Reward of treating, and 0 or 1.
    least, penalty, direction
        As for `put_children`; directions of all variables, shape (p,).
    found : tuple of arrays
        total (p, m, 2), fits (p, m), value (p, p, m, 2), arg (p, p, m, 2, 3), nested (p, p, m),
        nested_arg (p, p, m, 4): root first, then child.
    """
    total, fits, value, arg, nested, nested_arg = found
    for q in range(pairs.shape[0]):
        j, k = pairs[q, 0], pairs[q, 1]
        forth = np.zeros((sizes[j], sizes[k], 3), dtype=np.int64)
        fill_pair(codes[j], codes[k], reward, treated, forth)
        put_children(forth, k, least, penalty, direction[k], value[j, k], arg[j, k])
        if j == k:
            put_leaves(forth, least, total[j], fits[j])
            continue
        if direction[j] != 0:
            put_nested(
                forth, k, least, penalty, direction[j], direction[k], nested[j, k], nested_arg[j, k]
            )
        back = np.ascontiguousarray(forth.transpose(1, 0, 2))
        put_children(back, j, least, penalty, direction[j], value[k, j], arg[k, j])
        if direction[k] != 0:
            put_nested(
                back, j, least, penalty, direction[k], direction[j], nested[k, j], nested_arg[k, j]
            )


@released
def search_slabs(
    codes: Codes,
    sizes: Counts,
    root: int,
    reward: Counts,
    treated: Codes,
    least: Counts,
    penalty: int,
    direction: Counts,
    found: Any,
) -> None:
    """Write best grandchildren of one root variable: a search of pairs on each side of each cut.

    Parameters
    ----------
    codes, sizes, reward, treated, least, penalty, direction
        As for `search_pairs`.
    root : int
        The variable at the root.
    found : tuple of arrays
        As for `search_pairs`, with the root's cut and side first and the best child only: total
        (m, 2, p, m, 2), fits (m, 2, p, m), value (m, 2, p, m, 2), arg (m, 2, p, m, 2, 3), nested
        (m, 2, p, m), nested_arg (m, 2, p, m, 4).
    """
    total, fits, value, arg, nested, nested_arg = found
    p, last = codes.shape[0], sizes[root] - 1
    for k in range(p):
        for m in range(k, p):
            triple = np.zeros((sizes[root], sizes[k], sizes[m], 3), dtype=np.int64)
            fill_triple(codes[root], codes[k], codes[m], reward, treated, triple)
            for a in range(last):
                for s in range(2):
                    forth = triple[a].copy() if s == 0 else triple[last] - triple[a]
                    put_children(
                        forth, m, least, penalty, direction[m], value[a, s, k], arg[a, s, k]
                    )
                    if k == m:
                        put_leaves(forth, least, total[a, s, k], fits[a, s, k])
                        continue
                    back = np.ascontiguousarray(forth.transpose(1, 0, 2))
                    put_children(
                        back, k, least, penalty, direction[k], value[a, s, m], arg[a, s, m]
                    )
                    if direction[k] != 0:
                        put_nested(
                            forth, m, least, penalty, direction[k], direction[m],
                            nested[a, s, k], nested_arg[a, s, k],
                        )  # fmt: skip
                    if direction[m] != 0:
                        put_nested(
                            back, k, least, penalty, direction[m], direction[k],
                            nested[a, s, m], nested_arg[a, s, m],
                        )  # fmt: skip
