"""What defines a trial sequential analysis. Nothing has a default."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.estimate import Scale
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.evidence.sequential.size import quantile_sum
from locoreg.stats.groupsequential import FutilityRule, Spending

AdjustmentKind = Literal["none", "diversity", "inconsistency", "tau2"]
ADJUSTMENTS: tuple[AdjustmentKind, ...] = ("none", "diversity", "inconsistency", "tau2")
SizeFor = Literal["single look", "sequential"]
SIZES: tuple[SizeFor, ...] = ("single look", "sequential")
Ties = Literal["in order", "one look"]
TIES: tuple[Ties, ...] = ("in order", "one look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """How the required information allows for heterogeneity.

    Attributes
    ----------
    kind : {"none", "diversity", "inconsistency", "tau2"}
        ``diversity``: required information over 1 - D2, D2 = (v_R - v_C) / v_R with the variances
        of the random-effects and the common-effect pool; ``inconsistency``: over 1 - I2; with both
        the trials count with their common-effect information 1/v. ``tau2``: not enlarged, but
        trials count with 1/(v + tau2).
    value : float or None
        D2 or I2 as a fraction, or tau2; None to take what all the trials together estimate.
    """

    kind: AdjustmentKind
    value: float | None

    def __post_init__(self) -> None:
        if self.kind not in ADJUSTMENTS:
            raise DesignError(
                f"there is no adjustment {self.kind!r}.",
                hint=did_you_mean(str(self.kind), ADJUSTMENTS),
            )
        if self.value is None:
            return
        if self.kind == "none":
            raise DesignError("no adjustment for heterogeneity has no value.")
        if not (math.isfinite(self.value) and self.value >= 0):
            raise DesignError("heterogeneity is stated as a number of 0 or more.")
        if self.kind != "tau2" and self.value >= 1:
            raise DesignError("diversity and I2 are stated as fractions under 1: 0.25 is 25%.")

    def to_dict(self) -> dict[str, Any]:
        """Return the adjustment as JSON-ready values."""
        return {"kind": self.kind, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialOptions:
    """What defines a trial sequential analysis.

    Attributes
    ----------
    effect : float
        Effect to be found, on the natural scale: 0.8 for a hazard ratio of 0.8, a difference for
        ``identity``. Its direction is called benefit.
    scale : {"log", "identity"}
        Scale of the effects that are pooled.
    alpha, power : float
        Between 0 and 1.
    sides : int
        2: boundaries of benefit and harm; 1: of benefit alone.
    spending : Spending
        Of alpha, on each tail.
    futility : FutilityRule or None
        Boundaries of futility.
    adjustment : Adjustment
        For heterogeneity.
    size_for : {"single look", "sequential"}
        Whether the required information is that of a single test, as in trial sequential
        analysis, or enlarged so that the power holds with the looks taken.
    method, interval : str
        Of the cumulative pools, as in :func:`locoreg.evidence.meta.meta_analysis`.
    level : float
        Of the intervals in percent.
    smallest_step : float
        A look is taken once the trials since the last one add this percentage of the required
        information; 0 for a look at each trial that adds a thousandth of what there is. The last
        trial always has a look.
    ties : {"in order", "one look"}
        Trials of the same date: looks in the order given, or one look at all of them.
    penalty : float or None
        lambda of the law-of-the-iterated-logarithm z-value; None without it.
    """

    effect: float
    scale: Scale
    alpha: float
    power: float
    sides: int
    spending: Spending
    futility: FutilityRule | None
    adjustment: Adjustment
    size_for: SizeFor
    method: str
    interval: str
    level: float
    smallest_step: float
    ties: Ties
    penalty: float | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", method_name(self.method))
        object.__setattr__(self, "interval", interval_name(self.interval))
        if self.scale not in ("log", "identity"):
            raise DesignError(f"there is no scale {self.scale!r}.", hint="log or identity.")
        _check_effect(self.effect, self.scale)
        quantile_sum(self.alpha, self.power, self.sides)
        for what, given, known in (
            ("size_for", self.size_for, SIZES), ("ties", self.ties, TIES),
        ):  # fmt: skip
            if given not in known:
                raise DesignError(
                    f"there is no {what} {given!r}.", hint=did_you_mean(str(given), known)
                )
        if not 0 <= self.smallest_step < 100:
            raise DesignError("the smallest step is a percentage from 0 to 100.")
        if self.penalty is not None and not (math.isfinite(self.penalty) and self.penalty > 0):
            raise DesignError("the penalty is a number above 0; 2 is usual.")

    @property
    def target(self) -> float:
        """Effect to be found on the analysis scale."""
        return math.log(self.effect) if self.scale == "log" else self.effect

    @property
    def direction(self) -> float:
        """1 where benefit is above no effect, -1 where it is below."""
        return math.copysign(1.0, self.target)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        rule = self.futility
        return {
            "effect": self.effect,
            "scale": self.scale,
            "alpha": self.alpha,
            "power": self.power,
            "sides": self.sides,
            "spending": self.spending.to_dict(),
            "futility": None
            if rule is None
            else {
                "spending": rule.spending.to_dict(),
                "binding": rule.binding,
                "wedge": rule.wedge,
            },
            "adjustment": self.adjustment.to_dict(),
            "size_for": self.size_for,
            "method": self.method,
            "interval": self.interval,
            "level": self.level,
            "smallest_step": self.smallest_step,
            "ties": self.ties,
            "penalty": self.penalty,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> SequentialOptions:
        """Return the options that :meth:`to_dict` wrote."""
        rule = stored["futility"]
        return cls(
            **{
                **stored,
                "spending": _spending(stored["spending"]),
                "futility": None
                if rule is None
                else FutilityRule(
                    spending=_spending(rule["spending"]),
                    binding=rule["binding"],
                    wedge=rule["wedge"],
                ),
                "adjustment": Adjustment(**stored["adjustment"]),
            }
        )


def _spending(stored: dict[str, Any]) -> Spending:
    return Spending(
        name=stored["name"], parameter=stored["parameter"], shares=tuple(stored["shares"])
    )


def _check_effect(effect: float, scale: Scale) -> None:
    if not math.isfinite(effect):
        raise DesignError("the effect to be found is a number.")
    if scale == "log" and effect <= 0:
        raise DesignError(f"a ratio to be found is above 0, and not {effect:g}.")
    if effect == (1.0 if scale == "log" else 0.0):
        raise DesignError(f"{effect:g} is no effect: state the effect to be found.")
