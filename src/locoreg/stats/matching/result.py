"""The result of a matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from locoreg.core.frames import frame
from locoreg.stats.matching.balance import ArmCounts, Balance
from locoreg.stats.matching.inputs import Estimand, Metric
from locoreg.stats.matching.nearest import Order, Rule
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["nearest", "optimal", "full", "subclass"]
# Names listed in a summary; the rest is counted.
MOST_LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Who is compared with whom, and with what weight.

    Rows are numbered from 0, as in arrays. The focal arm is the one that the other is matched to:
    the treated for the ATT, the controls for the ATC.

    Attributes
    ----------
    method, estimand, metric : str
        The options that gave the matching.
    ratio : int
        How many were wanted for each; 0 for full matching and subclasses.
    replace : bool
        Whether one row could be matched to several.
    order, rule : str or None
        Who chose first and how the search went, in nearest-neighbour matching.
    treated : ndarray of bool, shape (n,)
        The arms.
    pairs : ndarray of int
        For nearest and optimal matching shape (m, 1 + ratio): a row of the focal arm (all of them,
        ascending), then the rows matched to it, -1 where none is. For full matching shape (e, 2):
        one row of the focal and one of the other arm that are in one set. Empty for subclasses.
    subclass : ndarray of int, shape (n,)
        Number of the pair, set or subclass, from 0; -1 for rows in none. With replacement a row can
        be in several, so that all are -1.
    weights : ndarray of float, shape (n,)
        Matching weights; 0 for unmatched rows. In each arm their sum is the number of matched rows.
    discarded : ndarray of bool, shape (n,)
        Rows outside the other arm's range of the distance, by the option ``discard``.
    ids : ndarray, shape (n,)
        Names of the rows: those given, or the numbers from 0.
    distance : ndarray of float, shape (n,), or None
        The scalar on the scale on which it was compared.
    caliper : float
        Largest difference of the distance that was allowed, in units of the distance; infinity
        without a caliper.
    caliper_sd : float
        Standard deviation of the distance over the rows that are not discarded, the unit of a
        caliper in standard deviations; NaN without a distance.
    total_distance : float
        Sum of the metric over the pairs; NaN for subclasses.
    cuts : ndarray of float
        Limits of subclasses; empty for other methods.
    counts : dict of str to ArmCounts
        ``"treated"`` and ``"control"``.
    balance : Balance
        Means by arm before and after.
    strata_without_match : tuple of str
        Exact strata that hold rows of the focal arm, and none of the other to match to them.
    """

    method: Method
    estimand: Estimand
    metric: Metric
    ratio: int
    replace: bool
    order: Order | None
    rule: Rule | None
    treated: BoolArray
    pairs: IntArray
    subclass: IntArray
    weights: FloatArray
    discarded: BoolArray
    ids: NDArray[Any]
    distance: FloatArray | None
    caliper: float
    caliper_sd: float
    total_distance: float
    cuts: FloatArray
    counts: dict[str, ArmCounts]
    balance: Balance
    strata_without_match: tuple[str, ...]

    @property
    def matched(self) -> BoolArray:
        """Rows with a weight, shape (n,)."""
        return self.weights > 0

    @property
    def unmatched_focal(self) -> tuple[Any, ...]:
        """Names of the rows of the focal arm that have no match, discarded ones included."""
        focal = ~self.treated if self.estimand == "atc" else self.treated
        return tuple(self.ids[focal & ~self.matched].tolist())

    def to_dict(self) -> dict[str, Any]:
        """Return the matching as JSON-ready values."""
        return {
            "method": self.method,
            "estimand": self.estimand,
            "metric": self.metric,
            "ratio": self.ratio,
            "replace": self.replace,
            "order": self.order,
            "rule": self.rule,
            "pairs": self.pairs.tolist(),
            "subclass": self.subclass.tolist(),
            "weights": self.weights.tolist(),
            "discarded": self.discarded.tolist(),
            "ids": self.ids.tolist(),
            "distance": None if self.distance is None else self.distance.tolist(),
            "caliper": None if np.isinf(self.caliper) else self.caliper,
            "caliper_sd": self.caliper_sd,
            "total_distance": self.total_distance,
            "cuts": self.cuts.tolist(),
            "counts": {arm: count.to_dict() for arm, count in self.counts.items()},
            "balance": self.balance.to_dict(),
            "unmatched_focal": list(self.unmatched_focal),
            "strata_without_match": list(self.strata_without_match),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person, in the order given: arm, subclass, weight and distance."""
        columns: dict[str, Any] = {
            "id": self.ids,
            "treated": self.treated,
            "matched": self.matched,
            "discarded": self.discarded,
            "subclass": self.subclass,
            "weight": self.weights,
        }
        if self.distance is not None:
            columns["distance"] = self.distance
        return frame(columns)

    def summary(self) -> str:
        """Return a few lines: who is matched, at what caliper, and how alike the arms are."""
        lines = [f"{_METHODS[self.method]} ({self._shape()}), estimand {self.estimand.upper()}"]
        for arm, count in self.counts.items():
            lines.append(
                f"{arm}: {count.matched} of {count.all} matched, {count.unmatched} unmatched, "
                f"{count.discarded} discarded; effective number {count.effective:.1f}"
            )
        if np.isfinite(self.caliper):
            share = self.caliper / self.caliper_sd if self.caliper_sd > 0.0 else float("inf")
            lines.append(
                f"caliper: {self.caliper:.4g} = {share:.3g} standard deviations of the distance"
            )
        if self.balance.names:
            lines.append(
                "largest absolute standardised mean difference: "
                f"{_largest(self.balance.names, self.balance.smd)} before, "
                f"{_largest(self.balance.names, self.balance.matched_smd)} after"
            )
        return "\n".join(lines + self._left_out())

    def _shape(self) -> str:
        if self.method == "full":
            return f"{int(self.subclass.max(initial=-1)) + 1} sets"
        if self.method == "subclass":
            return f"{int(self.subclass.max(initial=-1)) + 1} subclasses"
        how = " with replacement" if self.replace else ""
        rule = "" if self.rule in (None, "nearest") else f", by the rule of {self.rule}"
        return f"{self.ratio} to 1{how}, on {_METRICS[self.metric]}{rule}"

    def _left_out(self) -> list[str]:
        lines = []
        names = self.unmatched_focal
        if names and self.estimand != "ate":
            listed = ", ".join(map(str, names[:MOST_LISTED]))
            more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
            arm = "controls" if self.estimand == "atc" else "treated"
            lines.append(
                f"{len(names)} {arm} have no match ({listed}{more}): the effect is that in the "
                f"matched, not the {self.estimand.upper()}"
            )
        if self.strata_without_match:
            lines.append(f"strata without a match: {'; '.join(self.strata_without_match)}")
        return lines


_METHODS = {
    "nearest": "Nearest-neighbour matching",
    "optimal": "Optimal matching",
    "full": "Optimal full matching",
    "subclass": "Subclassification",
}
_METRICS = {"difference": "the distance", "mahalanobis": "the Mahalanobis distance"}


def _largest(names: tuple[str, ...], smd: FloatArray) -> str:
    size = np.abs(smd)
    if np.isnan(size).all():
        return "undefined"
    worst = int(np.nanargmax(size))
    return f"{size[worst]:.3f} ({names[worst]})"
