"""How a causal forest is grown."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_option

Criterion = Literal["heterogeneity", "loss"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
MOST_BINS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestOptions:
    """Options of a causal forest.

    Attributes
    ----------
    trees : int
        Number of trees.
    fraction : float
        Share of the persons (of the clusters, where there are any) that each tree draws.
    most_persons : int
        Most persons that a tree draws, however many there are.
    honesty : float
        Share of a tree's persons that choose its splits; the others fill its leaves.
    min_leaf : int
        Fewest persons on either side of a split, and fewest who fill a leaf.
    min_arm : int or None
        Fewest persons with a positive, and with a negative residual of treatment, on either side of
        a split. None: 0.4 times the square root of the persons that a tree draws, and 3 at least.
    balance : float
        Smallest share of the node's sum of squares of treatment residuals on either side. Where no
        cut of a column is as even as that, the most even one is allowed.
    features : int or None
        Mean number of columns that a node looks at, all if there are no more; None: the square root
        of their number plus 20.
    bins : int
        Most values of a column that are told apart.
    criterion : {"heterogeneity", "loss"}
        What a split makes large: the difference of the effects, or the drop of the R-loss.
    jobs : int
        Threads. Results don't depend on it.
    """

    trees: int = 500
    fraction: float = 0.7
    most_persons: int = 50_000
    honesty: float = 0.5
    min_leaf: int = 5
    min_arm: int | None = None
    balance: float = 0.2
    features: int | None = None
    bins: int = 256
    criterion: Criterion = "heterogeneity"
    jobs: int = 1

    def __post_init__(self) -> None:
        check_option("criterion", self.criterion, CRITERIA)
        for name, least in (
            ("trees", 1), ("most_persons", 8), ("min_leaf", 1), ("min_arm", 0),
            ("features", 1), ("jobs", 1),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and value < least:
                raise DesignError(f"{name} is {value}.", hint=f"give a whole number from {least}.")
        for name in ("fraction", "honesty"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise DesignError(
                    f"{name} is {getattr(self, name)}.", hint="give a number between 0 and 1."
                )
        if not 0.0 <= self.balance < 0.5:
            raise DesignError(f"balance is {self.balance}.", hint="give a number from 0 to 0.5.")
        if not 2 <= self.bins <= MOST_BINS:
            raise DesignError(f"bins is {self.bins}.", hint=f"give 2 to {MOST_BINS}.")

    def columns_per_node(self, p: int) -> int:
        """Return the mean number of columns that a node looks at, out of p."""
        wanted = math.ceil(math.sqrt(p) + 20.0) if self.features is None else self.features
        return min(p, wanted)

    def least_per_arm(self, drawn: int) -> int:
        """Return the fewest persons of either sign in a node, for trees of so many persons."""
        return max(3, round(0.4 * math.sqrt(drawn))) if self.min_arm is None else self.min_arm

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)
