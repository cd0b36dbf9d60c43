"""What is asked of a planned trial, in the words of the command line and of forms."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve
from locoreg.planning.observed import Accrual, FollowUp
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, Test, TwoArmDesign

TestName = Literal["log-rank", "rmst", "landmark"]
ScaleName = Literal["plain", "log-log"]

# In percent; smaller values are fractions as a rule. An alpha of 0.5% is one that is used.
SMALLEST_PERCENT = 1.0
SMALLEST_ALPHA = 0.5
SMALLEST_DROPOUT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialAsked:
    """A planned trial; nothing that defines the answer has a default.

    Parameters
    ----------
    control
        Percent of the control arm without the event by month, for example 36=67.9; several
        separated by commas make hazards that are constant between them.
    accrual
        Months of uniform accrual, for example 84; or relative rates until months, for example
        12=1,84=3 for a rate that is tripled after a year.
    follow_up
        Months of follow-up after the last entry.
    dropout
        Percent lost to follow-up in a year, in both arms.
    alpha
        Percent, 5 for 5%.
    sides
        Of the test, 1 or 2.
    allocation
        Share of the patients in the intervention arm, 0.5 for equal arms.
    test
        log-rank, rmst (difference of restricted means) or landmark (survival at one time).
    margin
        What is to be excluded: for log-rank a hazard ratio, 1 for superiority; for rmst months
        that may be lost, for landmark points of survival that may be lost (with log-log a log
        ratio of cumulative hazards), 0 for superiority.
    at_months
        Horizon of rmst, time of landmark; not for log-rank.
    scale
        Of landmark: plain or log-log; not for the others.
    """

    control: str
    accrual: str
    follow_up: float
    dropout: float
    alpha: float
    sides: int
    allocation: float
    test: TestName
    margin: float
    at_months: float | None = None
    scale: ScaleName | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what was asked as JSON-ready values."""
        return asdict(self)


def design_asked(asked: TrialAsked, hazard_ratio: str) -> TwoArmDesign:
    """Return the design that was asked for.

    Parameters
    ----------
    asked : TrialAsked
        The trial.
    hazard_ratio : str
        One ratio, or ratios from months on: ``0=1,6=0.7``.

    Returns
    -------
    TwoArmDesign
        In the units of the planning layer.

    Raises
    ------
    DesignError
        Naming the option that can't be used.
    """
    return TwoArmDesign(
        control=control_curve(asked.control),
        ratio=_ratio(hazard_ratio),
        test=_test(asked),
        alpha=share_of("alpha", asked.alpha),
        sides=asked.sides,
        allocation=asked.allocation,
        follow_up=FollowUp(
            accrual=_accrual(asked.accrual),
            after_months=asked.follow_up,
            dropout_per_year=dropout_share(asked.dropout),
        ),
    )


def control_curve(text: str) -> ControlCurve:
    """Return the control arm's curve from ``36=67.9,60=48``."""
    points = pairs("control", text)
    if points is None:
        raise DesignError(
            f"control: {text!r} is not a percent by month.", hint="write 36=67.9, or several."
        )
    for _, percent in points:
        share_of("control", percent)
    return ControlCurve(
        months=tuple(month for month, _ in points),
        survival=tuple(percent / 100 for _, percent in points),
    )


def share_of(name: str, percent: float) -> float:
    """Return a percentage as a share; a fraction in its place is refused."""
    if not (math.isfinite(percent) and 0 < percent < 100):
        raise DesignError(f"{name}: {percent:g} is not a percentage between 0 and 100.")
    if percent < (SMALLEST_ALPHA if name == "alpha" else SMALLEST_PERCENT):
        raise DesignError(
            f"{name}: {percent:g} is read as {percent:g} percent.",
            hint=f"write {100 * percent:g}.",
        )
    return percent / 100


def dropout_share(percent: float) -> float:
    """Return drop-out in a year as a share: a percentage that may be 0; a fraction is refused."""
    if not (math.isfinite(percent) and 0 <= percent < 100):
        raise DesignError(f"dropout: {percent:g} is not a percentage from 0 to below 100.")
    if 0 < percent < SMALLEST_DROPOUT:
        raise DesignError(
            f"dropout: {percent:g} is read as {percent:g} percent a year.",
            hint=f"write {100 * percent:g}, or 0.",
        )
    return percent / 100


def pairs(name: str, text: str) -> list[tuple[float, float]] | None:
    """Return ``1=2,3=4`` as numbers; None for a text without ``=``."""
    if "=" not in text:
        return None
    out = []
    for part in text.split(","):
        left, _, right = part.partition("=")
        out.append((_number(name, left), _number(name, right)))
    return out


def _ratio(text: str) -> HazardRatio:
    points = pairs("hazard ratio", text)
    if points is None:
        return HazardRatio(starts=(0.0,), ratios=(_number("hazard ratio", text),))
    return HazardRatio(
        starts=tuple(month for month, _ in points), ratios=tuple(ratio for _, ratio in points)
    )


def _accrual(text: str) -> Accrual:
    points = pairs("accrual", text)
    if points is None:
        return Accrual(ends=(_number("accrual", text),), rates=(1.0,))
    return Accrual(
        ends=tuple(month for month, _ in points), rates=tuple(rate for _, rate in points)
    )


def _number(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise DesignError(f"{name}: {text.strip()!r} is not a number.") from None
    if not math.isfinite(found):
        raise DesignError(f"{name}: {text.strip()!r} is not a finite number.")
    return found


def _test(asked: TrialAsked) -> Test:
    unused = {"at_months": asked.at_months, "scale": asked.scale}
    if asked.test == "log-rank":
        _unused(unused, "a log-rank test")
        return LogRank(margin=asked.margin)
    if asked.at_months is None:
        raise DesignError(f"{asked.test}: at_months is missing.", hint="state --at-months.")
    if asked.test == "rmst":
        _unused({"scale": asked.scale}, "restricted means")
        return RestrictedMean(horizon_months=asked.at_months, margin_months=asked.margin)
    if asked.test != "landmark":
        raise DesignError(f"there is no test {asked.test!r}.", hint="log-rank, rmst or landmark.")
    if asked.scale is None:
        raise DesignError("landmark: scale is missing.", hint="state --scale plain or log-log.")
    margin = asked.margin / 100 if asked.scale == "plain" else asked.margin
    return Landmark(at_months=asked.at_months, scale=asked.scale, margin=margin)


def _unused(options: dict[str, Any], test: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise DesignError(f"{name} does not go with {test}.", hint="leave it out.")
