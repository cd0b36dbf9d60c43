"""Levels by groups without small counts, whichever of a registry's descriptions are compared.

A reader has the description without groups and those by every variable. So the column of all
patients shows the same counts in each, and a table of levels by groups hides the same counts as the
table of the groups' variable by the levels'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.registry.describe.suppression import HIDDEN, SHOWN, Counts, States, hide_small


def pooled_levels(counts: NDArray[np.int64], limit: int | None, *, unknown: bool) -> list[bool]:
    """Say which levels are told together, as a group of their own would give few patients away.

    Parameters
    ----------
    counts : ndarray of int, shape (levels,)
        Patients.
    limit : int or None
        Counts from 1 to this many are small.
    unknown : bool
        Whether the last level is "unknown".

    Returns
    -------
    list of bool
        Those whose counts are hidden where all patients are described, and the smallest others
        until they are more than the limit together.
    """
    column = counts.reshape(-1, 1)
    hidden = hide_small(column, limit, margin=False, unknown=unknown)[:, 0] != SHOWN
    places = [i for i in range(counts.size) if not hidden[i] and counts[i] > 0]
    late = counts.size - 1 if unknown else None
    for place in sorted(places, key=lambda i: (i == late, int(counts[i]))):
        if not hidden.any() or counts[hidden].sum() > (limit or 0):
            break
        hidden[place] = True
    return [bool(one) for one in hidden]


def hide_crossed(
    counts: Counts, limit: int | None, *, unknown: bool = False, unknown_group: int | None = None
) -> States:
    """Say which counts of levels by groups are shown.

    Parameters
    ----------
    counts : ndarray of int, shape (levels, groups + 1)
        Counts; the last column is of all patients. Groups have more patients than the limit.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    unknown : bool
        Whether the last level is "unknown".
    unknown_group : int, optional
        Column of the group "unknown".

    Returns
    -------
    ndarray of int8, shape (levels, groups + 1)
        As `hide_small`. A level that is hidden for all patients is hidden in every group, whatever
        its counts are there.
    """
    state = np.full(counts.shape, SHOWN, dtype=np.int8)
    if limit is None:
        return state
    groups = counts.shape[1] - 1
    total = hide_small(counts[:, -1:], limit, margin=False, unknown=unknown)
    state[:, -1:] = total
    if groups < 2:
        state[:, :groups] = total
        return state
    together = np.array(pooled_levels(counts[:, -1], limit, unknown=unknown))
    together &= counts[:, -1] > 0
    single = np.flatnonzero(~together & (counts[:, -1] > 0))
    core = counts[single][:, :groups]
    late_row = None
    if unknown and single.size and single[-1] == counts.shape[0] - 1:
        late_row = single.size - 1
    if together.any():
        core = np.vstack([core, counts[together][:, :groups].sum(axis=0)])
    found = _hide_core(core, limit, late_row, unknown_group)
    state[single, :groups] = found[: single.size]
    state[together, :groups] = HIDDEN
    return state


def _hide_core(core: Counts, limit: int, late_row: int | None, late_column: int | None) -> States:
    """Hide counts of a table with known margins; its transpose hides the same ones."""
    rows = _order(core, late_row)
    columns = _order(core.T, late_column)
    table = core[np.ix_(rows, columns)]
    flags = (late_row is not None, late_column is not None)
    turned = _key(table.T, flags[::-1]) < _key(table, flags)
    if turned:
        table, flags = table.T, flags[::-1]
    whole = np.column_stack([table, table.sum(axis=1)])
    last = table.shape[1] - 1 if flags[1] else None
    found = hide_small(whole, limit, margin=True, unknown=flags[0], fixed=True, last=last)[:, :-1]
    if turned:
        found = found.T
    out = np.empty(core.shape, dtype=np.int8)
    out[np.ix_(rows, columns)] = found
    return out


def _order(core: Counts, late: int | None) -> list[int]:
    """Return the lines by size, the unknown one last: the same whatever they are called."""
    totals = core.sum(axis=1)
    return sorted(
        range(core.shape[0]), key=lambda i: (i == late, int(totals[i]), sorted(core[i].tolist()))
    )


def _key(table: Counts, flags: tuple[bool, bool]) -> tuple[object, ...]:
    return (table.shape, flags, table.sum(axis=1).tolist(), table.tolist())
