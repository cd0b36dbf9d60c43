"""Effects, diagnostics and findings that give no small count away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from locoreg.core.findings import Finding
from locoreg.emulation.effect import ArmCurve, BalanceRow, Diagnostic, Effect, WeightSummary
from locoreg.stats.survivaldata import BoolArray
from locoreg.workflows.emulation.smallcells import shown_counts
from locoreg.workflows.emulation.smalltexts import redacted


def hide_effect(effect: Effect, limit: int | None) -> Effect:
    """Return an effect whose curves, weights, balance and texts give no small count away.

    Its numbers at risk and its flow are as they were: see `shown_counts` and `shown_flow`.

    Parameters
    ----------
    effect : Effect
        What a method returned.
    limit : int or None
        Counts from 1 to this many are hidden; None changes nothing.

    Returns
    -------
    Effect
        With fewer steps and rows, and NaN for hidden shares.
    """
    if limit is None:
        return effect
    kept = [_kept_times(arm, effect, limit) for arm in effect.arms]
    gap = effect.difference
    if kept[0].size == kept[1].size == gap.time.size:
        both = kept[0] & kept[1]
        gap = replace(
            gap,
            time=gap.time[both],
            estimate=gap.estimate[both],
            se=gap.se[both],
            ci_low=gap.ci_low[both],
            ci_high=gap.ci_high[both],
        )
    return replace(
        effect,
        arms=(_thinned(effect.arms[0], kept[0]), _thinned(effect.arms[1], kept[1])),
        difference=gap,
        weights=shown_weights(effect, limit),
        balance=hide_balance(effect.balance, _sizes(effect), limit),
        diagnostics=tuple(hide_diagnostic(d, limit, effect.n) for d in effect.diagnostics),
        notes=tuple(redacted(note, limit, effect.n) for note in effect.notes),
    )


def _kept_times(arm: ArmCurve, effect: Effect, limit: int) -> BoolArray:
    """Say which times of the grid keep their values: more than the limit of events lie between.

    A step of the curve is one event at least. Smooth curves come from models and keep all.
    """
    keep = np.isin(arm.time, np.asarray(effect.question.at_months))
    keep[:1] = True
    if arm.step_time.size == 0:
        return np.ones(arm.time.size, dtype=np.bool_)
    events = shown_counts(arm, limit, effect.n)["events"]
    exact = {r.at_months for r, c in zip(arm.counts, events, strict=True) if c.n is not None}
    level = np.asarray(arm.step_estimate)
    moved = arm.step_time[1:][np.diff(level) != 0] if level.size > 1 else np.empty(0)
    last = 0
    for i, month in enumerate(arm.time.tolist()):
        steps = int(np.searchsorted(moved, month, side="right"))
        if keep[i] or month in exact or steps - last > limit:
            keep[i], last = True, steps
    return keep


def _thinned(arm: ArmCurve, keep: BoolArray) -> ArmCurve:
    smooth = arm.step_time.size == 0
    return replace(
        arm,
        time=arm.time[keep],
        estimate=arm.estimate[keep],
        se=arm.se[keep],
        ci_low=arm.ci_low[keep],
        ci_high=arm.ci_high[keep],
        restricted_mean=arm.restricted_mean[keep],
        step_time=arm.step_time if smooth else arm.time[keep],
        step_estimate=arm.step_estimate if smooth else arm.estimate[keep],
    )


def shown_weights(effect: Effect, limit: int) -> tuple[WeightSummary, ...]:
    """Return the weights at times whose numbers of persons may be seen.

    Parameters
    ----------
    effect : Effect
        With weights and numbers at risk.
    limit : int
        Numbers that differ by 1 to this many from another one shown are left out, with their row.

    Returns
    -------
    tuple of WeightSummary
        The rows left.
    """
    out = []
    for arm in effect.arms:
        cells = shown_counts(arm, limit, effect.n)["at_risk"]
        table = {row.at_months: c.n for row, c in zip(arm.counts, cells, strict=True)}
        seen = [n for n in table.values() if n is not None]
        for row in (w for w in effect.weights if w.arm == arm.label):
            if row.at_months in table and table[row.at_months] is None:
                continue
            if 1 <= row.n <= limit or any(1 <= abs(row.n - n) <= limit for n in seen):
                continue
            seen.append(row.n)
            out.append(row)
    return tuple(out)


def _sizes(effect: Effect) -> dict[float, tuple[int, int]]:
    """Return the persons at the times of balance, comparator and treated."""
    out = {}
    for month in {row.at_months for row in effect.balance}:
        pair = []
        for arm in effect.arms:
            found = [w.n for w in effect.weights if w.arm == arm.label and w.at_months == month]
            found += [r.raw_at_risk for r in arm.counts if r.at_months == month]
            pair.append(found[0] if found else 0)
        out[month] = (pair[0], pair[1])
    return out


def hide_balance(
    rows: Sequence[BalanceRow], sizes: dict[float, tuple[int, int]], limit: int
) -> tuple[BalanceRow, ...]:
    """Return balance without shares that stand for few persons.

    Parameters
    ----------
    rows : sequence of BalanceRow
        Balance.
    sizes : dict of float to (int, int)
        Persons at each time, comparator and treated; 0 where not known.
    limit : int
        Shares of 1 to this many persons, or of all but so few, are NaN, in both arms, and those of
        another level of the variable with them. Differences in standard deviations stay.

    Returns
    -------
    tuple of BalanceRow
        In the order of ``rows``.
    """
    hidden = {i for i, row in enumerate(rows) if row.level and _few(row, sizes, limit)}
    for i in list(hidden):
        row = rows[i]
        same = [
            j for j, other in enumerate(rows)
            if (other.variable, other.at_months) == (row.variable, row.at_months)
        ]  # fmt: skip
        if sum(j in hidden for j in same) == 1 and len(same) > 1:
            free = [j for j in same if j not in hidden]
            hidden.add(min(free, key=lambda j: (rows[j].raw_treated == 0, rows[j].raw_treated)))
    unknown = math.nan
    return tuple(
        replace(
            row, mean_treated=unknown, mean_comparator=unknown, raw_treated=unknown,
            raw_comparator=unknown,
        )
        if i in hidden
        else row
        for i, row in enumerate(rows)
    )  # fmt: skip


def _few(row: BalanceRow, sizes: dict[float, tuple[int, int]], limit: int) -> bool:
    pairs = zip((row.raw_comparator, row.raw_treated), sizes[row.at_months], strict=True)
    for share, size in pairs:
        if math.isnan(share):
            continue
        count = round(share * size)
        if (size == 0 and 0 < share < 1) or 1 <= count <= limit or 1 <= size - count <= limit:
            return True
    return False


def hide_diagnostic(found: Diagnostic, limit: int | None, n: int) -> Diagnostic:
    """Return a diagnostic without small counts; its value goes with them.

    Parameters
    ----------
    found : Diagnostic
        The diagnostic.
    limit : int or None
        Counts from 1 to this many are hidden.
    n : int
        Persons of the cohort.

    Returns
    -------
    Diagnostic
        The verdict stays.
    """
    if limit is None:
        return found
    message, advice = redacted(found.message, limit, n), redacted(found.advice, limit, n)
    changed = message != found.message
    return replace(found, message=message, advice=advice, value=None if changed else found.value)


def hide_finding(found: Finding, limit: int | None, n: int) -> Finding:
    """Return a finding of the audit without small counts, as `hide_diagnostic` does."""
    if limit is None:
        return found
    message = redacted(found.message, limit, n)
    changed = message != found.message
    return replace(
        found,
        message=message,
        changes=redacted(found.changes, limit, n),
        value=None if changed else found.value,
    )
