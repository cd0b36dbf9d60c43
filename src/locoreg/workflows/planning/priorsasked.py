"""Priors of accrual and the design of an enrichment, from percentages and text."""

from __future__ import annotations

from locoreg.planning.accruing import AccrualPrior
from locoreg.planning.enrichment import EnrichmentDesign
from locoreg.workflows.planning.trialasked import control_curve, dropout_share, share_of


def accrual_prior(
    *, rate: float, rate_factor: float, variation: float, stops: float, stop_months: float
) -> AccrualPrior:
    """Return the stated prior of accrual."""
    return AccrualPrior(
        rate=rate, rate_factor=rate_factor, variation=variation, stops=stops,
        stop_months=stop_months,
    )  # fmt: skip


def enrichment_design(
    *,
    control: str,
    horizon: float,
    power: float,
    alpha: float,
    sides: int,
    allocation: float,
    follow_up: float,
    dropout: float,
    eligible: float,
    between: float,
) -> EnrichmentDesign:
    """Return the trial of an enrichment; power, alpha and drop-out in percent."""
    return EnrichmentDesign(
        control=control_curve(control),
        horizon_months=horizon,
        power=share_of("power", power),
        alpha=share_of("alpha", alpha),
        sides=sides,
        allocation=allocation,
        after_months=follow_up,
        dropout_per_year=dropout_share(dropout),
        eligible_per_month=eligible,
        between_groups_sd=between,
    )
