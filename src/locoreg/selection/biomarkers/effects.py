"""Which markers change the effect: a penalised model, and how often each is selected."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.core.provenance import Provenance
from locoreg.selection.assess.heldout import percentiles
from locoreg.selection.biomarkers.panelscores import PanelScores
from locoreg.selection.biomarkers.penalty import (
    WEIGHTS,
    Weights,
    nested_effects,
    penalty_weights,
    r_elastic_net,
)
from locoreg.selection.biomarkers.stability import selection_frequencies
from locoreg.stats.rankweighted import rank_weighted
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOptions:
    """How the effect is modelled by markers.

    Attributes
    ----------
    level : float
        Level of intervals in percent.
    seed : int
        Seed of the half-samples.
    prespecified : tuple of str
        Markers named beforehand: only these are offered. Empty: all, which needs 500 persons.
    weights : {"equal", "adaptive", "family"}
        Whether markers have the same penalty, a smaller one if their own coefficient is large, or
        if those of their family are.
    alpha : float
        Elastic net: 1 for the lasso, less to keep correlated markers together.
    half_samples : int
        Half-samples of stability selection, an even number.
    frequency : float
        Share of half-samples from which on a marker counts as stable; above 0.5.
    """

    level: float
    seed: int
    prespecified: tuple[str, ...] = ()
    weights: Weights = "equal"
    alpha: float = 0.9
    half_samples: int = 50
    frequency: float = 0.75

    def __post_init__(self) -> None:
        check_level(self.level)
        check_option("weights", self.weights, WEIGHTS)
        if not 0.0 < self.alpha <= 1.0:
            raise DesignError(f"alpha is {self.alpha}.", hint="give 1 for the lasso, less to mix.")
        if self.half_samples < 10 or self.half_samples % 2:
            raise DesignError(
                f"half_samples is {self.half_samples}.", hint="give an even number from 10 on."
            )
        if not 0.5 < self.frequency <= 1.0:
            raise DesignError(f"frequency is {self.frequency}.", hint="give a share above 0.5.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {**asdict(self), "prespecified": list(self.prespecified)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerEffect:
    """One marker in the model.

    Attributes
    ----------
    name : str
        The marker.
    family : str or None
        Its group.
    per_sd, per_unit : float
        Change of the treatment effect per standard deviation, and per unit, given all other
        columns; shrunken, without an interval. 0 if it was not selected.
    frequency : float
        Share of half-samples in which it was selected.
    """

    name: str
    family: str | None
    per_sd: float
    per_unit: float
    frequency: float

    def to_dict(self) -> dict[str, Any]:
        """Return the marker as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelEffects:
    """A model of the effect by clinical covariates and markers.

    Attributes
    ----------
    markers : tuple of MarkerEffect
        All markers that were selected by the model or in half of the half-samples, by frequency.
    n_markers : int
        Markers offered.
    n_selected : int
        Markers with a coefficient.
    constant : float
        Effect of a person with average markers and clinical columns at 0.
    clinical : dict of str to float
        Coefficients of the clinical columns, without penalty.
    stable : tuple of str
        Markers selected in at least the share of half-samples asked for.
    false_stable : float
        Bound on the expected number of stable markers without any effect (Meinshausen and Buehlmann
        2010); infinite where the half-samples select too many.
    held_out : ndarray of float, shape (m,)
        Effect of each measured person by models of the other folds.
    autoc : Estimate
        Area under the targeting curve of these effects, ranked within folds.
    lambda_ : float
        Penalty chosen.
    unit : str
        Unit of the effect.
    options : EffectOptions
        How.
    provenance : Provenance
        Hashes and options.
    """

    markers: tuple[MarkerEffect, ...]
    n_markers: int
    n_selected: int
    constant: float
    clinical: dict[str, float]
    stable: tuple[str, ...]
    false_stable: float
    held_out: FloatArray
    autoc: Estimate
    lambda_: float
    unit: str
    options: EffectOptions
    provenance: Provenance

    def summary(self) -> str:
        """Return the model for the terminal."""
        head = (
            f"{self.n_selected:,} of {self.n_markers:,} markers in the model; "
            f"{len(self.stable):,} stable (at most {decimal_text(self.false_stable, 1)} of these "
            "expected by chance)."
        )
        lines = [
            f"    {one.name:32} {decimal_text(one.per_sd)} {self.unit} per SD, selected in "
            f"{one.frequency:.0%} of half-samples"
            for one in self.markers[:20]
        ]
        return "\n".join([head, f"AUTOC in held-out persons: {self.autoc.text()}", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the model as JSON-ready values; no person's effect."""
        return {
            "markers": [one.to_dict() for one in self.markers],
            "n_markers": self.n_markers,
            "n_selected": self.n_selected,
            "constant": self.constant,
            "clinical": dict(self.clinical),
            "stable": list(self.stable),
            "false_stable": self.false_stable if math.isfinite(self.false_stable) else None,
            "autoc": self.autoc.to_dict(),
            "lambda": self.lambda_,
            "unit": self.unit,
            "options": self.options.to_dict(),
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per marker shown."""
        return frame(
            {
                "marker": [one.name for one in self.markers],
                "family": [one.family for one in self.markers],
                "per_sd": [one.per_sd for one in self.markers],
                "per_unit": [one.per_unit for one in self.markers],
                "frequency": [one.frequency for one in self.markers],
            }
        )


def panel_effects(made: PanelScores, options: EffectOptions) -> PanelEffects:
    """Model the effect by clinical covariates and markers.

    An R-learner with the penalty of the elastic net on markers alone: clinical modifiers stay in
    the model without penalty. The penalty, and its weights, are chosen anew in each training set
    for held-out effects.

    Parameters
    ----------
    made : PanelScores
        Scores with the panel's part in prognosis removed.
    options : EffectOptions
        Penalty, half-samples.

    Returns
    -------
    PanelEffects
        Coefficients, frequencies of selection, held-out AUTOC.

    Raises
    ------
    DesignError
        If families are asked for and the panel has none, or fewer than 500 persons were measured
        and no markers are named.
    """
    made = made.markers_to_test(options.prespecified)
    family = family_codes(made, options.weights)
    treatment, outcome = made.residuals
    free = made.clinical
    factor = penalty_weights(options.weights, treatment, outcome, made.Z, made.weight, family)
    fit = r_elastic_net(
        treatment, outcome, free, made.Z, made.weight, made.fold, alpha=options.alpha, factor=factor
    )
    held_out = nested_effects(
        treatment, outcome, free, made.Z, made.weight, made.fold,
        alpha=options.alpha, weights=options.weights, family=family,
    )  # fmt: skip
    found = selection_frequencies(made, options.half_samples, options.seed)
    bound = found.false_selections(options.frequency)
    selected = np.flatnonzero(fit.penalised)
    return PanelEffects(
        markers=_shown(made, fit.penalised, found.frequency),
        n_markers=made.p,
        n_selected=int(selected.size),
        constant=fit.constant,
        clinical=dict(zip(made.clinical_names, fit.free.tolist(), strict=True)),
        stable=tuple(
            made.names[j] for j in np.flatnonzero(found.frequency >= options.frequency).tolist()
        ),
        false_stable=bound,
        held_out=held_out,
        autoc=rank_weighted(
            made.gamma,
            percentiles(held_out, made.fold, made.weight),
            level=options.level,
            weight=made.weight,
            cluster=made.cluster,
        ),
        lambda_=fit.lambda_,
        unit=made.scores.question.unit,
        options=options,
        provenance=Provenance(
            input_sha256=made.provenance.input_sha256,
            options={"effects": options.to_dict(), **made.provenance.options},
        ),
    )


def family_codes(made: PanelScores, weights: Weights) -> IntArray | None:
    """Return codes of the families of markers; DesignError if they are needed and missing."""
    if weights != "family":
        return None
    if made.family is None:
        raise DesignError(
            "the panel has no families.", hint="give the panel family, or take weights adaptive."
        )
    return np.asarray(np.unique(np.array(made.family), return_inverse=True)[1], dtype=np.int64)


def _shown(
    made: PanelScores, coefficients: FloatArray, frequency: FloatArray
) -> tuple[MarkerEffect, ...]:
    places = np.flatnonzero((coefficients != 0.0) | (frequency >= 0.5)).tolist()
    shown = [
        MarkerEffect(
            name=made.names[j],
            family=None if made.family is None else made.family[j],
            per_sd=float(coefficients[j]),
            per_unit=float(coefficients[j] / made.unit[j]),
            frequency=float(frequency[j]),
        )
        for j in places
    ]
    return tuple(sorted(shown, key=lambda one: (-one.frequency, -abs(one.per_sd), one.name)))
