"""How a rule is found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_option

Direction = Literal["increasing", "decreasing"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
# Bins where none are asked for: at depth 3 a table has a cell per combination of three.
BINS = {1: 64, 2: 64, 3: 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """Options of a rule.

    Attributes
    ----------
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    seed : int
        Seed of the halves of persons and of joint limits.
    depth : int
        Most questions asked of a patient: 1, 2 or 3.
    variables : tuple of str, or None
        Covariates that the rule may ask for; None for all by which the effect may differ.
    bins : int or None
        Most bins of a number. None: 64, at depth 3 16.
    cut_points : mapping of str to tuple
        Cut-points of single covariates. Of a number: numbers; a value at one is below it. Of an
        ordered category: levels after which it may be cut.
    min_persons, min_treated, min_comparator : int
        Least number of persons, of treated and of others in each leaf.
    monotone : mapping of str to {"increasing", "decreasing"}
        increasing: with all others fixed, nobody with a higher value is untreated while a lower
        value would be treated.
    max_share : float or None
        Largest share of persons treated.
    complexity : float
        Least gain per person, in the unit of the effect, that a further question must bring.
    near_optimal : int
        How many other rules that are nearly as good to list, at most.
    jobs : int
        Threads.
    """

    cost: float
    seed: int
    depth: int = 2
    variables: tuple[str, ...] | None = None
    bins: int | None = None
    cut_points: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    min_persons: int = 50
    min_treated: int = 20
    min_comparator: int = 20
    monotone: Mapping[str, Direction] = field(default_factory=dict)
    max_share: float | None = None
    complexity: float = 0.0
    near_optimal: int = 10
    jobs: int = 2

    def __post_init__(self) -> None:
        if not math.isfinite(self.cost):
            raise DesignError(
                f"cost is {self.cost}.", hint="give a number in the unit of the effect."
            )
        if self.depth not in BINS:
            raise DesignError(f"depth is {self.depth}.", hint="exact search goes to 1, 2 or 3.")
        if self.variables is not None and not self.variables:
            raise DesignError("variables is empty.", hint="name one or more, or leave it out.")
        if not 2 <= self.most_bins <= 255:
            raise DesignError(f"bins is {self.bins}.", hint="give 2 to 255.")
        for name, least in (
            ("min_persons", 2),
            ("min_treated", 1),
            ("min_comparator", 1),
            ("near_optimal", 0),
            ("jobs", 1),
        ):
            if getattr(self, name) < least:
                raise DesignError(
                    f"{name} is {getattr(self, name)}.", hint=f"give {least} or more."
                )
        for variable, direction in self.monotone.items():
            check_option(f"monotone {variable}", direction, DIRECTIONS)
        if self.max_share is not None and not 0.0 < self.max_share <= 1.0:
            raise DesignError(
                f"max_share is {self.max_share}.", hint="give a share above 0, up to 1."
            )
        if not 0.0 <= self.complexity < math.inf:
            raise DesignError(
                f"complexity is {self.complexity}.", hint="give 0 or a least gain per question."
            )

    @property
    def most_bins(self) -> int:
        """Most bins of a number."""
        return BINS[self.depth] if self.bins is None else self.bins

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {
            **asdict(self),
            "variables": None if self.variables is None else list(self.variables),
            "cut_points": {name: list(cuts) for name, cuts in self.cut_points.items()},
            "monotone": dict(self.monotone),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> RuleOptions:
        """Return the options that `to_dict` wrote."""
        variables = given["variables"]
        return cls(
            **{
                **given,
                "variables": None if variables is None else tuple(variables),
                "cut_points": {name: tuple(cuts) for name, cuts in given["cut_points"].items()},
            }
        )
