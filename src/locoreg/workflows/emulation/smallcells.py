"""The small-cell rule for an emulation: counts of few persons are hidden wherever they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from locoreg.core.findings import Finding
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import (
    ArmCurve,
    BalanceRow,
    Diagnostic,
    Effect,
    WeightSummary,
)
from locoreg.registry.describe.counts import Count
from locoreg.registry.describe.suppression import SHOWN, SMALL, hide_small
from locoreg.stats.survivaldata import BoolArray

HIDDEN = "hidden"
KINDS = ("at_risk", "censored", "events")
# What follows a number that counts persons, values or events of theirs.
_NOUNS = (
    "persons?|patients?|people|women|men|clones?|events?|deaths?|outcomes?|values?|rows|treated|"
    "not treated|untreated|excluded|unknown|not known|missing|lost|out\\b|left\\b|are|were|began|"
    "had|have|of them|of those"
)
# Numbers before these words are thresholds of a rule, not counts.
_LIMITS = ("fewer than ", "less than ", "at least ", "more than ", "under ", "over ")
_COUNT = re.compile(
    rf"(?<![\d.,:≤≥−-])(?P<n>\d[\d,]*)(?P<of> of (?P<whole>\d[\d,]*))?"
    rf"(?= (?:{_NOUNS})\b|(?(of)[,;. )]|(?!)))(?P<rest> (?:{_NOUNS})?(?: \(\d+\.\d+%\))?)?"
)
_SHARE = re.compile(r"(?<![\d.])(?P<p>\d+(?:\.\d+)?)%(?= of (?:the )?(?:persons|patients|those))")
_PLACES = re.compile(r" \(rows? \d[^)]*\)")


def hidden_text(limit: int) -> str:
    """Return how a small count is shown."""
    return f"≤{limit}"


def rule_words(limit: int) -> str:
    """Return the rule in words, for notes."""
    return (
        f"Counts of 1 to {limit} persons are hidden, and those that would give them away. No step "
        "of a curve stands for so few."
    )


def cell_value(count: Count) -> int | str:
    """Return a count for a table of data: the number, or the text where it is hidden."""
    return count.text if count.n is None else count.n


def hide_parts(
    values: Sequence[int], limit: int | None, known: Collection[int] = ()
) -> list[Count]:
    """Return parts of a whole that a reader knows, as shown.

    Parameters
    ----------
    values : sequence of int
        The parts.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    known : collection of int
        Numbers shown elsewhere: hiding one of them here protects nothing.

    Returns
    -------
    list of Count
        Where one part alone would be hidden, the smallest other part is hidden too.
    """
    if limit is None:
        return [Count(f"{v:,}", v) for v in values]
    small = [1 <= v <= limit for v in values]
    second = [False] * len(values)
    if sum(small) == 1:
        free = [i for i, v in enumerate(values) if not small[i] and v not in known]
        free = [i for i in free if values[i]] or free
        free = free or [i for i, v in enumerate(values) if not small[i] and v]
        if free:
            second[min(free, key=lambda i: values[i])] = True
    return [
        Count(hidden_text(limit), None)
        if small[i]
        else Count(HIDDEN, None)
        if second[i]
        else Count(f"{v:,}", v)
        for i, v in enumerate(values)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A criterion with its counts as shown."""

    name: str
    excluded: Count
    unknown: Count
    left: Count


def shown_attrition(attrition: Attrition, limit: int | None) -> tuple[Count, tuple[ShownStep, ...]]:
    """Return persons at the start, and each criterion, with counts as shown.

    Parameters
    ----------
    attrition : Attrition
        Criteria in their order.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    started : Count
        Persons before the first criterion.
    steps : tuple of ShownStep
        A number of persons left is hidden where a few were excluded since the last exact one, or
        are excluded between it and the end.
    """
    sizes = [attrition.started, *(step.left for step in attrition.steps)]
    exact = _exact_sizes(sizes, limit)
    shown = [Count(f"{n:,}", n) if exact[i] else Count(HIDDEN, None) for i, n in enumerate(sizes)]
    steps = []
    for i, step in enumerate(attrition.steps):
        whole = exact[i] and exact[i + 1]
        out = Count(f"{step.excluded:,}", step.excluded)
        if step.excluded and not whole:
            out = Count(HIDDEN, None)
        steps.append(
            ShownStep(
                name=step.name, excluded=out, unknown=_part(step.unknown, out, limit),
                left=shown[i + 1],
            )
        )  # fmt: skip
    return shown[0], tuple(steps)


def _exact_sizes(sizes: Sequence[int], limit: int | None) -> list[bool]:
    """Say which sizes are shown: the last always, others if no small difference is left."""
    if limit is None:
        return [True] * len(sizes)
    exact, last, end = [], math.inf, sizes[-1]
    for size in sizes[:-1]:
        fine = not 1 <= last - size <= limit and not 1 <= size - end <= limit
        exact.append(fine)
        last = size if fine else last
    return [*exact, True]


def _part(part: int, whole: Count, limit: int | None) -> Count:
    """Return a part of a count as shown."""
    if limit is None or part == 0:
        return Count(f"{part:,}", part)
    if whole.n is None or 1 <= part <= limit or 1 <= whole.n - part <= limit:
        return Count(HIDDEN, None)
    return Count(f"{part:,}", part)


def shown_counts(arm: ArmCurve, limit: int | None) -> dict[str, list[Count]]:
    """Return the persons at risk, censored and with events at each time, as shown.

    Parameters
    ----------
    arm : ArmCurve
        A strategy.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    dict of str to list of Count
        ``at_risk``, ``censored``, ``events``: every number of a time, or none of them. A time is
        hidden where a number differs by 1 to ``limit`` from that of the shown time before, or from
        the last. At the last time small numbers are hidden one by one.
    """
    rows = {k: [int(getattr(r, f"raw_{k}")) for r in arm.counts] for k in KINDS}
    n = len(arm.counts)
    if limit is None or not n:
        return {k: [Count(f"{v:,}", v) for v in values] for k, values in rows.items()}
    table = np.array([rows[k] for k in KINDS], dtype=np.int64)
    state = hide_small(table[:, -1:], limit, margin=False)[:, 0]
    shown: dict[str, list[Count]] = {k: [] for k in KINDS}
    last, open_end = -1, bool((state != SHOWN).any())
    for i in range(n - 1):
        # A difference from a number that is not shown itself gives nothing away.
        others = [table[:, last]] if last >= 0 else [np.zeros(3, dtype=np.int64)]
        others += [] if open_end else [table[:, -1]]
        away = [np.abs(table[:, i] - other) for other in others]
        bad = any(bool(((a >= 1) & (a <= limit)).any()) for a in away)
        bad = bad or bool(((table[:, i] >= 1) & (table[:, i] <= limit)).any())
        last = last if bad else i
        for place, key in enumerate(KINDS):
            value = int(table[place, i])
            shown[key].append(Count(HIDDEN, None) if bad else Count(f"{value:,}", value))
    for place, key in enumerate(KINDS):
        value = int(table[place, -1])
        text = hidden_text(limit) if state[place] == SMALL else HIDDEN
        plain = state[place] == SHOWN
        shown[key].append(Count(f"{value:,}", value) if plain else Count(text, None))
    return shown


def shown_flow(effect: Effect, limit: int | None) -> list[Count]:
    """Return the numbers of a flow as shown, arm by arm.

    Parameters
    ----------
    effect : Effect
        With its flow and numbers at risk.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    list of Count
        One per box.
    """
    known = {effect.n, effect.n_treated}
    for arm in effect.arms:
        for values in shown_counts(arm, limit).values():
            known |= {c.n for c in values[-1:] if c.n is not None}
    out: dict[int, Count] = {}
    for name in dict.fromkeys(step.arm for step in effect.flow):
        places = [i for i, step in enumerate(effect.flow) if step.arm == name]
        cells = hide_parts([effect.flow[i].n for i in places], limit, known)
        out.update(zip(places, cells, strict=True))
    return [out[i] for i in range(len(effect.flow))]


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
    kept = [_kept_times(arm, effect.question.at_months, limit) for arm in effect.arms]
    both = kept[0] & kept[1] if kept[0].size == kept[1].size else None
    gap = effect.difference
    if both is not None and gap.time.size == both.size:
        gap = replace(
            gap, time=gap.time[both], estimate=gap.estimate[both], se=gap.se[both],
            ci_low=gap.ci_low[both], ci_high=gap.ci_high[both],
        )  # fmt: skip
    return replace(
        effect,
        arms=(_thinned(effect.arms[0], kept[0]), _thinned(effect.arms[1], kept[1])),
        difference=gap,
        weights=shown_weights(effect, limit),
        balance=hide_balance(effect.balance, _sizes(effect), limit),
        diagnostics=tuple(hide_diagnostic(d, limit, effect.n) for d in effect.diagnostics),
        notes=tuple(redacted(note, limit, effect.n) for note in effect.notes),
    )


def _kept_times(arm: ArmCurve, at_months: Sequence[float], limit: int) -> BoolArray:
    """Say which times of the grid keep their values: more than the limit of events lie between.

    A step of the curve is one event at least. Smooth curves come from models and keep all.
    """
    keep = np.isin(arm.time, np.asarray(at_months))
    keep[:1] = True
    if arm.step_time.size == 0:
        return np.ones(arm.time.size, dtype=np.bool_)
    events = shown_counts(arm, limit)["events"]
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
        cells = shown_counts(arm, limit)["at_risk"]
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


def redacted(text: str, limit: int | None, n: int) -> str:
    """Return a text without counts of few persons, nor shares that stand for them.

    Parameters
    ----------
    text : str
        A sentence.
    limit : int or None
        Counts from 1 to this many are hidden; None changes nothing.
    n : int
        Persons whom shares are of.

    Returns
    -------
    str
        Such counts as ``<=10`` with the sign of print. Thresholds stay.
    """
    if limit is None:
        return text

    others: set[int] = set()

    def count(found: re.Match[str]) -> str:
        if text[: found.start()].endswith(_LIMITS):
            return found.group(0)
        shown = _shown_match(found, limit)
        if shown is None:
            return found.group(0)
        if found["whole"]:
            others.add(_int(found["whole"]) - _int(found["n"]))
        return shown

    def share(found: re.Match[str]) -> str:
        value = float(found["p"])
        least = 100.0 * limit / max(n, 1)
        if 0 < value <= least + 0.05:
            return f"at most {least:.1f}%"
        return found.group(0)

    out = _COUNT.sub(count, _PLACES.sub("", text))
    for other in others:
        # "for 1,070 of 1,073, and later for 3": the rest of a whole.
        if 1 <= other <= limit:
            out = re.sub(rf"\bfor {other}(?![\d.,%]|\s*months)", f"for {hidden_text(limit)}", out)
    return _SHARE.sub(share, out)


def _shown_match(found: re.Match[str], limit: int) -> str | None:
    """Return a count in a text as shown; None where it stays."""
    value, rest = _int(found["n"]), found["rest"] or ""
    whole = _int(found["whole"]) if found["whole"] else None
    if whole is not None and whole <= limit and not rest.strip():
        # "2 of 3", without a word for persons.
        return None
    plain = re.sub(r" \(\d+\.\d+%\)", "", rest)
    tail = found["of"] or ""
    if whole is not None and 1 <= whole <= limit:
        tail = f" of {hidden_text(limit)}"
    if 1 <= value <= limit:
        return f"{hidden_text(limit)}{tail}{plain}"
    if whole is not None and 1 <= whole - value <= limit:
        return f"≥{max(whole - limit, 0):,}{tail}{plain}"
    return None


def _int(text: str) -> int:
    return int(text.replace(",", ""))
