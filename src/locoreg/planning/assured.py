"""Assurance: the power of a trial averaged over what is believed of the effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from locoreg.core.errors import DesignError
from locoreg.planning.mixture import NormalMixture
from locoreg.planning.twoarm import TwoArmDesign, drift, with_ratio

FloatArray = NDArray[np.float64]

# Log hazard ratios beyond these have no trial; the probability of them is given to the end.
FARTHEST = math.log(50.0)
# Points of the polynomial, and half the least range of log hazard ratios that it covers.
_POINTS = 49
_NARROWEST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """Chances of a trial of so many patients, the true effect being uncertain.

    Attributes
    ----------
    patients : int
        In both arms.
    benefit, harm : float
        Chance of a significant result in favour of the intervention (of its margin), and against
        it by a test of the same level.
    neither : float
        What is left.
    benefit_and_true : float
        Chance of a significant benefit while the true hazard ratio is below 1.
    important : float or None
        Chance of a significant benefit while the true effect is at least the stated minimal one.
    chance_important : float or None
        Chance that the true effect is at least the stated minimal one.
    chance_below : float
        Chance that the true hazard ratio is below 1: no trial's assurance can go far above it.
    events, events_low, events_high : float
        Expected events, and those at the 5th and 95th percentile of the effect.
    believed : float
        Mean of the log hazard ratio that is believed.
    believed_sd : float
        Its standard deviation.
    """

    patients: int
    benefit: float
    harm: float
    neither: float
    benefit_and_true: float
    important: float | None
    chance_important: float | None
    chance_below: float
    events: float
    events_low: float
    events_high: float
    believed: float
    believed_sd: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def assurance(
    design: TwoArmDesign,
    effect: NormalMixture,
    *,
    patients: int,
    minimal_ratio: float | None,
) -> Assurance:
    """Return the assurance of a trial.

    At each effect the trial's curves, events and power are those of that hazard ratio; they are
    averaged by quadrature over the distribution of the log hazard ratio.

    Parameters
    ----------
    design : TwoArmDesign
        The trial; its own hazard ratio is not used.
    effect : NormalMixture
        Of the log hazard ratio of the intervention.
    patients : int
        In both arms.
    minimal_ratio : float or None
        Hazard ratio from which on (and below) an effect is important; None to leave it out.

    Returns
    -------
    Assurance
        Chances and expected events.

    Raises
    ------
    DesignError
        If an input is out of its range.

    References
    ----------
    O'Hagan, Stevens and Campbell 2005, doi:10.1002/pst.175; Spiegelhalter, Abrams and Myles 2004,
    Bayesian Approaches to Clinical Trials, section 6.5.
    """
    if patients < 4:
        raise DesignError("a trial has four patients or more.")
    if minimal_ratio is not None and not 0 < minimal_ratio <= 1:
        raise DesignError("a minimal important hazard ratio lies above 0 and not above 1.")
    cuts = (0.0,) if minimal_ratio is None else (0.0, math.log(minimal_ratio))
    at, mass = effect.nodes(cuts)
    ends = np.array([_quantile(effect, at, p) for p in (0.05, 0.95)])
    every = chances(design, np.concatenate([at, ends]), patients)
    shape = Chances(benefit=every.benefit[:-2], harm=every.harm[:-2], events=every.events[:-2])
    benefit, harm = float(mass @ shape.benefit), float(mass @ shape.harm)
    # Events rise or fall with the effect, so that their percentiles are those of the effect.
    few, many = sorted(float(one) for one in every.events[-2:])
    important = None if minimal_ratio is None else at < cuts[-1]
    return Assurance(
        patients=int(patients),
        benefit=benefit,
        harm=harm,
        neither=max(0.0, 1 - benefit - harm),
        benefit_and_true=float(mass @ (shape.benefit * (at < 0))),
        important=None if important is None else float(mass @ (shape.benefit * important)),
        chance_important=None if important is None else float(effect.below(cuts[-1])),
        chance_below=float(effect.below(0.0)),
        events=float(mass @ shape.events),
        events_low=few,
        events_high=many,
        believed=effect.centre,
        believed_sd=effect.spread,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Power for benefit and harm, and events, at each log hazard ratio: shape (m,)."""

    benefit: FloatArray
    harm: FloatArray
    events: FloatArray


def chances(design: TwoArmDesign, log_ratio: FloatArray, patients: int) -> Chances:
    """Return what a trial does at each of several true log hazard ratios.

    Mean and spread of the test are smooth in the log hazard ratio: they are computed at Chebyshev
    points and interpolated by the polynomial through them.

    Parameters
    ----------
    design : TwoArmDesign
        The trial; its own hazard ratio is not used.
    log_ratio : ndarray, shape (m,)
        True effects.
    patients : int
        In both arms.

    Returns
    -------
    Chances
        One entry per effect.
    """
    at = np.clip(log_ratio, -FARTHEST, FARTHEST)
    low, high = float(at.min()), float(at.max())
    low, high = min(low, -_NARROWEST), max(high, _NARROWEST)
    unit = np.cos((np.arange(_POINTS) + 0.5) * math.pi / _POINTS)
    points = (low + high) / 2 + (high - low) / 2 * unit
    rows = np.array([_row(design, float(one)) for one in points])
    fit = np.polynomial.chebyshev.chebfit(unit, rows, _POINTS - 1)
    mean, null, spread, events = np.polynomial.chebyshev.chebval(
        (2 * at - low - high) / (high - low), fit
    )
    root, z = math.sqrt(patients), design.z_alpha
    return Chances(
        benefit=ndtr((root * mean - z * null) / spread),
        harm=ndtr((-root * mean - z * null) / spread),
        events=patients * events,
    )


def _row(design: TwoArmDesign, log_ratio: float) -> tuple[float, float, float, float]:
    found = drift(with_ratio(design, math.exp(log_ratio)))
    p = design.allocation
    events = p * found.events_intervention + (1 - p) * found.events_control
    return found.mean, found.spread_null, found.spread, events


def _quantile(effect: NormalMixture, at: FloatArray, p: float) -> float:
    low, high = float(at.min()), float(at.max())
    return float(brentq(lambda x: float(effect.below(x)) - p, low, high, xtol=1e-10))
