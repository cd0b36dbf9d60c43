"""A trial with interim looks that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.provenance import Provenance
from locoreg.planning.design import TrialDesign
from locoreg.planning.looks import SequentialTrial, sequential_trial
from locoreg.planning.twoarm import LogRank, TwoArmDesign
from locoreg.stats.groupsequential import (
    CLASSICAL_NAMES,
    SPENDING_NAMES,
    Classical,
    FutilityRule,
    Spending,
)
from locoreg.stats.groupsequential.boundaries import Wedge
from locoreg.workflows.planning.sizing import assumed_words, provenance_of
from locoreg.workflows.planning.trialasked import TrialAsked, design_asked, share_of

CLASSICAL = "classical "
# The chance to stop for futility is counted where the planned effect lies.
_WEDGE: Wedge = "tail"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedTrial:
    """A trial with looks.

    Attributes
    ----------
    asked : TrialAsked
    hazard_ratio : str
    found : SequentialTrial
    provenance : Provenance
    """

    asked: TrialAsked
    hazard_ratio: str
    found: SequentialTrial
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **self.found.to_dict(),
            "asked": self.asked.to_dict(),
            "hazard_ratio": self.hazard_ratio,
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines, with what was assumed."""
        return f"{self.found.summary()}\n{assumed_words(self.asked, self.hazard_ratio)}"


def look_trial(
    asked: TrialAsked,
    *,
    hazard_ratio: str,
    power: float,
    looks: str,
    boundary: str,
    parameter: float | None,
    futility: str | None,
    futility_parameter: float | None,
) -> LookedTrial:
    """Return a log-rank trial with interim looks.

    Parameters
    ----------
    asked : TrialAsked
        The trial: log-rank for superiority, uniform accrual.
    hazard_ratio : str
        One ratio.
    power : float
        Percent.
    looks : str
        Shares of the final events at each look, the last one 1: ``0.5,1``.
    boundary : str
        A spending function, or ``classical`` and the name of a classical boundary.
    parameter : float or None
        Of the boundary, where it has one.
    futility : str or None
        Spending function of a non-binding futility boundary; None for none.
    futility_parameter : float or None
        Its parameter.

    Returns
    -------
    LookedTrial
        Events, boundaries, months.

    Raises
    ------
    DesignError
        If a name is unknown, or the trial is not one that looks are planned for.
    """
    design = _plain(design_asked(asked, hazard_ratio), share_of("power", power))
    rule = None
    if futility is not None:
        rule = FutilityRule(
            spending=_spending(futility, futility_parameter), binding=False, wedge=_WEDGE
        )
    found = sequential_trial(
        design,
        fractions=_fractions(looks),
        boundary=_boundary(boundary, parameter),
        futility=rule,
    )
    return LookedTrial(
        asked=asked,
        hazard_ratio=hazard_ratio,
        found=found,
        provenance=provenance_of(
            asked, hazard_ratio=hazard_ratio, power=power, looks=looks, boundary=boundary,
            parameter=parameter, futility=futility, futility_parameter=futility_parameter,
        ),
    )  # fmt: skip


def _plain(design: TwoArmDesign, power: float) -> TrialDesign:
    """Return the design of a superiority log-rank trial; anything else has no looks here."""
    if not isinstance(design.test, LogRank) or design.test.margin != 1:
        raise DesignError("looks are planned for a log-rank test of superiority, margin 1.")
    accrual = design.follow_up.accrual
    if not design.ratio.proportional or len(accrual.ends) > 1:
        raise DesignError("looks are planned under one hazard ratio and uniform accrual.")
    return TrialDesign(
        hazard_ratio=design.ratio.ratios[0],
        power=power,
        alpha=design.alpha,
        sides=design.sides,
        allocation=design.allocation,
        control=design.control,
        accrual_months=accrual.months,
        follow_up_months=design.follow_up.after_months,
        dropout_per_year=design.follow_up.dropout_per_year,
    )


def _boundary(name: str, parameter: float | None) -> Spending | Classical:
    if not name.startswith(CLASSICAL):
        return _spending(name, parameter)
    short = name.removeprefix(CLASSICAL)
    if short not in CLASSICAL_NAMES:
        raise DesignError(
            f"there is no classical boundary {short!r}.", hint=did_you_mean(short, CLASSICAL_NAMES)
        )
    return Classical(name=short, parameter=parameter)


def _spending(name: str, parameter: float | None) -> Spending:
    known = tuple(one for one in SPENDING_NAMES if one != "stated")
    if name not in known:
        raise DesignError(
            f"there is no spending function {name!r}.", hint=did_you_mean(name, known)
        )
    return Spending(name=name, parameter=parameter)


def _fractions(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise DesignError(f"looks: {text!r} are not shares.", hint="write 0.5,1.") from None
