"""Where the cumulative z-curve stands, and what a reader has to know of it."""

from __future__ import annotations

import math

from locoreg.core.numbertext import plural
from locoreg.evidence.sequential.options import SequentialOptions
from locoreg.evidence.sequential.result import (
    RequiredSize,
    SequentialRow,
    Verdict,
    VerdictKind,
    share_text,
)
from locoreg.evidence.sequential.trials import Trials

# With fewer trials estimates of heterogeneity say next to nothing.
FEW = 5
# Shares of the required information below which a boundary is of no use at a look (the manual of
# the TSA software, Thorlund 2011, doesn't draw it), and below which nothing can be said at all.
FIRST_SHARE, ANY_SHARE = 0.01, 0.05


def verdict(rows: tuple[SequentialRow, ...], options: SequentialOptions) -> Verdict:
    """Return the first boundary that was crossed, or how far the information has come.

    Parameters
    ----------
    rows : tuple of SequentialRow
        In order.
    options : SequentialOptions
        Direction of benefit.

    Returns
    -------
    Verdict
        With its sentence.
    """
    futile: Verdict | None = None
    binding = options.futility is not None and options.futility.binding
    for i, row in enumerate(rows):
        kind = crossed(row, options.direction)
        if kind in ("benefit", "harm"):
            return Verdict(kind=kind, row=i, sentence=_crossing(rows, i, kind, options))
        at_end = row.look is not None and row.fraction >= 1
        if kind == "futility" and futile is None and not at_end:
            futile = Verdict(kind=kind, row=i, sentence=_crossing(rows, i, kind, options))
            if binding:
                return futile
        if at_end:
            return futile or Verdict(kind="reached", row=i, sentence=_reached(row))
    return futile or Verdict(
        kind="not reached", row=len(rows) - 1, sentence=_open(rows[-1], options)
    )


def crossed(row: SequentialRow, direction: float) -> VerdictKind | None:
    """Return the boundary that the z-value of a row has crossed, if any."""
    if direction * (row.z - row.benefit) >= 0:
        return "benefit"
    if direction * (row.harm - row.z) >= 0:
        return "harm"
    low, high = row.futility_low, row.futility_high
    if math.isnan(low) and math.isnan(high):
        return None
    above = math.isnan(low) or row.z >= low
    below = math.isnan(high) or row.z <= high
    return "futility" if above and below else None


def _crossing(
    rows: tuple[SequentialRow, ...], i: int, kind: VerdictKind, options: SequentialOptions
) -> str:
    row = rows[i]
    share = share_text(row.fraction)
    if kind == "futility":
        text = f"The cumulative z-curve entered the region of futility at {row.label}"
    else:
        text = f"The cumulative z-curve crossed the boundary for {kind} at {row.label}"
    text += f", with {share} of the required information."
    later = [one for one in rows[i + 1 :] if one.look is not None and not math.isnan(one.benefit)]
    if later and crossed(later[-1], options.direction) != kind:
        text += f" At {later[-1].label} it is no longer beyond it."
    return text


def _reached(row: SequentialRow) -> str:
    return (
        f"The required information was reached at {row.label} and the cumulative z-curve had "
        "crossed no boundary."
    )


def _open(row: SequentialRow, options: SequentialOptions) -> str:
    text = (
        "The cumulative z-curve has crossed no boundary: not reached, information so far is "
        f"{share_text(row.fraction)} of what is required."
    )
    # p_value is two-sided; a one-sided test looks at one half of it, on the side of benefit.
    small = row.p_value * options.sides / 2 < options.alpha
    if small and (options.sides == 2 or row.z * options.direction > 0):
        text += " A single test at the last trial, without regard to the looks, would reject."
    return text


def flags(
    trials: Trials,
    rows: tuple[SequentialRow, ...],
    size: RequiredSize,
    options: SequentialOptions,
) -> tuple[str, ...]:
    """Return what a reader has to know.

    Parameters
    ----------
    trials : Trials
        Input.
    rows : tuple of SequentialRow
        State after each.
    size : RequiredSize
        What is required.
    options : SequentialOptions
        What defines the analysis.

    Returns
    -------
    tuple of str
        Sentences.
    """
    return (
        *_about_looks(rows, size),
        *_about_end(rows),
        *_about_heterogeneity(trials, size, options),
        *_about_order(trials, options),
    )


def _about_looks(rows: tuple[SequentialRow, ...], size: RequiredSize) -> list[str]:
    found = []
    first = next(row for row in rows if row.look is not None)
    if size.fraction < ANY_SHARE:
        found.append(
            f"All trials together hold {share_text(size.fraction)} of the required information: "
            "under 5% no z-value says anything, and no boundary is drawn."
        )
    elif first.fraction < ANY_SHARE:
        least = "1%" if first.fraction < FIRST_SHARE else "5%"
        found.append(
            f"The first look, at {first.label}, holds under {least} of the required information."
        )
    bare = [
        r.label for r in rows if r.look is not None and r.fraction < 1 and math.isnan(r.benefit)
    ]
    if bare:
        found.append(
            f"At {plural(len(bare), 'look')} there is too little information for a boundary: "
            f"{', '.join(bare)}."
        )
    joined = [row.label for row in rows if row.look is None]
    if joined:
        found.append(f"No look is taken at {', '.join(joined)}: what they add is seen at the next.")
    return found


def _about_end(rows: tuple[SequentialRow, ...]) -> list[str]:
    over = [i for i, row in enumerate(rows) if row.look is not None and row.fraction >= 1]
    if not over:
        return []
    after = [row.label for row in rows[over[0] + 1 :]]
    text = (
        f"The required information is less than there is: it was reached at {rows[over[0]].label}."
    )
    if after:
        text += f" No boundary lies after it, at {', '.join(after)}."
    return [text]


def _about_heterogeneity(
    trials: Trials, size: RequiredSize, options: SequentialOptions
) -> list[str]:
    found = []
    count = len(trials.labels)
    if count < FEW:
        found.append(
            f"With {plural(count, 'trial')} heterogeneity can hardly be estimated, and the "
            "required information with it."
        )
    estimated = options.adjustment.kind != "none" and options.adjustment.value is None
    if estimated and size.tau2 == 0:
        stated = "; ".join(
            f"{100 * one.diversity:g}%: {one.required:.4g} ({share_text(one.fraction)} there)"
            for one in size.stated
            if one.diversity > 0
        )
        found.append(
            "Heterogeneity is estimated at 0, which leaves the required information as small as "
            f"it can be. With a stated diversity of {stated}."
        )
    if options.interval.startswith("hartung") or options.interval == "t":
        found.append(
            "The statistic has a t-distribution; it is held against the boundaries as the normal "
            "quantile of the same p-value."
        )
    if options.adjustment.kind == "none" and size.tau2 > 0:
        found.append(
            f"The trials differ (diversity {100 * size.diversity:.0f}%), for which the required "
            "information makes no allowance."
        )
    return found


def _about_order(trials: Trials, options: SequentialOptions) -> list[str]:
    found = []
    for group in trials.tied:
        how = (
            "there is one look at all of them"
            if options.ties == "one look"
            else "they are taken in the order given"
        )
        found.append(f"{' and '.join(group)} have the same date: {how}.")
    if not any(trials.dates):
        found.append("No dates are given: the trials are taken in the order given.")
    return found
