"""What a panel adds to clinical covariates for the choice of treatment."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess.heldout import crossfit, percentiles
from locoreg.selection.biomarkers.effects import family_codes
from locoreg.selection.biomarkers.panelscores import PanelScores
from locoreg.selection.biomarkers.penalty import WEIGHTS, Weights, nested_effects
from locoreg.selection.biomarkers.screened import ScreenedLearner
from locoreg.selection.learners.base import Learner
from locoreg.stats.rankweighted import rank_weighted, rank_weighted_difference, weighted_mean
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOptions:
    """How the value of a panel is estimated.

    Attributes
    ----------
    level : float
        Level of intervals in percent.
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    test_cost : float
        What the panel must gain per person to be worth it, in the same unit.
    seed : int
        Seed of a learner.
    weights : {"equal", "adaptive", "family"}
        As for `EffectOptions`.
    alpha : float
        As for `EffectOptions`.
    top : int
        Markers that a learner is offered, screened in its training set.
    """

    level: float
    cost: float
    test_cost: float
    seed: int
    weights: Weights = "equal"
    alpha: float = 0.9
    top: int = 20

    def __post_init__(self) -> None:
        check_level(self.level)
        check_option("weights", self.weights, WEIGHTS)
        if not math.isfinite(self.cost):
            raise DesignError(f"cost is {self.cost}.", hint="give a number; 0 for none.")
        if not 0.0 <= self.test_cost < math.inf:
            raise DesignError(f"test_cost is {self.test_cost}.", hint="give a number; 0 for none.")
        if not 0.0 < self.alpha <= 1.0:
            raise DesignError(f"alpha is {self.alpha}.", hint="give 1 for the lasso, less to mix.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueOfInformation:
    """What a panel adds, on the same held-out persons.

    Attributes
    ----------
    n : int
        Measured persons.
    n_effective : float
        Of equal weight that tell as much.
    clinical, with_panel : Estimate
        AUTOC of effects by clinical covariates, and by these and the panel.
    gain : Estimate
        The difference, with the standard error of the pair.
    value_clinical, value_with_panel : Estimate
        Gain per person of treating those whose predicted effect exceeds the cost, over treating
        nobody; costs of treatment taken off, that of the test from the second.
    value_gain : Estimate
        The difference: what testing everybody gains per person.
    changed : float
        Share of persons who would be treated otherwise with the panel, weighted.
    effect_clinical, effect_with_panel : ndarray of float, shape (m,)
        Held-out effects.
    learner : str
        What predicted them.
    unit : str
        Unit of the effect.
    options : ValueOptions
        How.
    diagnostics : tuple of Diagnostic
        Of the panel, and whether it adds.
    provenance : Provenance
        Hashes and options.
    """

    n: int
    n_effective: float
    clinical: Estimate
    with_panel: Estimate
    gain: Estimate
    value_clinical: Estimate
    value_with_panel: Estimate
    value_gain: Estimate
    changed: float
    effect_clinical: FloatArray
    effect_with_panel: FloatArray
    learner: str
    unit: str
    options: ValueOptions
    diagnostics: tuple[Diagnostic, ...]
    provenance: Provenance

    @property
    def adds(self) -> bool:
        """Whether the interval of the AUTOC gain lies above 0."""
        return self.gain.ci_low > 0.0

    @property
    def break_even(self) -> float:
        """Cost of the test per person at which testing gains nothing; 0 at least."""
        return max(0.0, self.value_gain.estimate + self.options.test_cost)

    def summary(self) -> str:
        """Return the value for the terminal."""
        return "\n".join(
            [
                f"{self.n:,} measured persons (worth {self.n_effective:,.0f} of equal weight).",
                f"    AUTOC, clinical:         {self.clinical.text()} {self.unit}",
                f"    AUTOC, with the panel:   {self.with_panel.text()} {self.unit}",
                f"    gain:                    {self.gain.text()} {self.unit}",
                f"    value per person tested: {self.value_gain.text()} {self.unit}, "
                f"{self.changed:.0%} treated otherwise",
                f"    The panel {'adds' if self.adds else 'is not shown to add'} to clinical "
                f"covariates; the test breaks even at {decimal_text(self.break_even)} {self.unit}.",
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON-ready values; no person's effect."""
        names = (
            "clinical", "with_panel", "gain", "value_clinical", "value_with_panel", "value_gain",
        )  # fmt: skip
        return {
            "n": self.n,
            "n_effective": self.n_effective,
            **{name: getattr(self, name).to_dict() for name in names},
            "changed": self.changed,
            "adds": self.adds,
            "break_even": self.break_even,
            "learner": self.learner,
            "unit": self.unit,
            "options": self.options.to_dict(),
            "diagnostics": [one.to_dict() for one in self.diagnostics],
            "provenance": self.provenance.to_dict(),
        }


def value_of_information(
    made: PanelScores, options: ValueOptions, *, learner: Learner | None = None
) -> ValueOfInformation:
    """Estimate what a panel adds to clinical covariates.

    Effects by clinical covariates, and by these and the panel, are learnt within the same folds
    and compared on the same held-out persons, weighted for being measured.

    Parameters
    ----------
    made : PanelScores
        Scores with the panel's part in prognosis removed.
    options : ValueOptions
        Costs, level.
    learner : Learner, optional
        What predicts effects; with the panel it is offered the likeliest markers of each training
        set. By default the penalised linear model of `panel_effects`.

    Returns
    -------
    ValueOfInformation
        Gains with intervals.

    Raises
    ------
    DesignError
        If families are asked for and the panel has none.
    """
    clinical, with_panel = (
        _penalised(made, options) if learner is None else _learnt(made, options, learner)
    )
    w, cluster, level = made.weight, made.cluster, options.level
    ranks = [percentiles(one, made.fold, w) for one in (clinical, with_panel)]
    areas = [
        rank_weighted(made.gamma, one, level=level, weight=w, cluster=cluster) for one in ranks
    ]
    gain = rank_weighted_difference(
        made.gamma, ranks[1], ranks[0], level=level, weight=w, cluster=cluster
    )
    treat = [one > options.cost for one in (clinical, with_panel)]
    net = made.gamma - options.cost
    values = [treat[0] * net, treat[1] * net - options.test_cost]

    def mean(each: FloatArray) -> Estimate:
        return weighted_mean(each, level=level, weight=w, cluster=cluster)

    return ValueOfInformation(
        n=made.m,
        n_effective=float(w.sum() ** 2 / (w**2).sum()),
        clinical=areas[0],
        with_panel=areas[1],
        gain=gain,
        value_clinical=mean(values[0]),
        value_with_panel=mean(values[1]),
        value_gain=mean(values[1] - values[0]),
        changed=float(w @ (treat[0] != treat[1]) / w.sum()),
        effect_clinical=clinical,
        effect_with_panel=with_panel,
        learner="penalised linear" if learner is None else learner.name,
        unit=made.scores.question.unit,
        options=options,
        diagnostics=(*made.diagnostics, _adds(gain, made.scores.question.unit)),
        provenance=Provenance(
            input_sha256=made.provenance.input_sha256,
            options={"value": options.to_dict(), **made.provenance.options},
        ),
    )


def _penalised(made: PanelScores, options: ValueOptions) -> tuple[FloatArray, FloatArray]:
    treatment, outcome = made.residuals
    family = family_codes(made, options.weights)
    none = np.empty((made.m, 0))
    first, second = (
        nested_effects(
            treatment, outcome, made.clinical, Z, made.weight, made.fold,
            alpha=options.alpha, weights=options.weights, family=family,
        )
        for Z in (none, made.Z)
    )  # fmt: skip
    return first, second


def _learnt(
    made: PanelScores, options: ValueOptions, learner: Learner
) -> tuple[FloatArray, FloatArray]:
    screened = ScreenedLearner(learner=learner, markers=made.names, top=options.top)
    first = crossfit(made.as_scores(()), learner, seed=options.seed)
    second = crossfit(made.as_scores(made.names), screened, seed=options.seed)
    return first.effect, second.effect


def _adds(gain: Estimate, unit: str) -> Diagnostic:
    adds = gain.ci_low > 0.0
    return Diagnostic(
        name="panel_adds",
        title="Gain of the panel over clinical covariates",
        verdict="pass" if adds else "warn",
        value=gain.estimate,
        threshold=0.0,
        message=f"the AUTOC gain is {gain.text()} {unit}.",
        advice="" if adds else "Choose by clinical covariates until more persons are measured.",
    )
