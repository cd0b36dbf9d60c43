"""A screen of single markers: whether the effect of treatment differs by the marker."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.biomarkers.linear import Adjustment
from locoreg.selection.biomarkers.panelscores import PanelScores
from locoreg.selection.biomarkers.power import ScreenPower, screen_power
from locoreg.selection.biomarkers.stepdown import BLOCK, MaxT, unit_sums
from locoreg.stats.maxt import benjamini_hochberg
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

# A marker that clinical covariates and batches explain but for this share has no test.
EXPLAINED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenOptions:
    """How markers are screened.

    Attributes
    ----------
    difference : float
        Difference of the effect between halves of the persons that would matter, in the unit of
        the effect. For the statement of power.
    level : float
        Level in percent; the family-wise error is its complement.
    seed : int
        Seed of the random signs.
    prespecified : tuple of str
        Markers named beforehand: only these are tested. Empty: all, which needs 500 persons.
    replicates : int
        Replicates of the joint law.
    power : float
        Power in percent of the statement.
    """

    difference: float
    level: float
    seed: int
    prespecified: tuple[str, ...] = ()
    replicates: int = 1000
    power: float = 80.0

    def __post_init__(self) -> None:
        check_level(self.level)
        if not self.difference > 0.0:
            raise DesignError(
                f"difference is {self.difference}.",
                hint="say what difference between halves would matter.",
            )
        if self.replicates * (1.0 - self.level / 100.0) < 5.0:
            raise DesignError(
                f"replicates is {self.replicates}, too few for a level of {self.level:g}.",
                hint="1000 or more are usual.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {**asdict(self), "prespecified": list(self.prespecified)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerTest:
    """One marker.

    Attributes
    ----------
    name : str
        The marker.
    family : str or None
        Its group.
    effect : Estimate
        Change of the treatment effect per standard deviation of the marker, adjusted for clinical
        modifiers and batches. The interval is for this marker alone.
    z : float
        Estimate over its robust standard error.
    p : float
        Two-sided, of this marker alone, by a t distribution (clusters less 1, or persons less
        columns).
    p_adjusted : float
        Family-wise: step-down max-t over all markers tested.
    q : float
        False discovery rate, for exploration.
    """

    name: str
    family: str | None
    effect: Estimate
    z: float
    p: float
    p_adjusted: float
    q: float

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {**asdict(self), "effect": self.effect.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A screen of markers.

    Attributes
    ----------
    power : ScreenPower
        What the screen could find; it comes first.
    tests : tuple of MarkerTest
        By p-value.
    untested : dict of str to str
        Markers without a test, with the reason.
    options : ScreenOptions
        How.
    diagnostics : tuple of Diagnostic
        Of the panel, and of power.
    unit : str
        Unit of the effect.
    provenance : Provenance
        Hashes and options.
    """

    power: ScreenPower
    tests: tuple[MarkerTest, ...]
    untested: dict[str, str]
    options: ScreenOptions
    diagnostics: tuple[Diagnostic, ...]
    unit: str
    provenance: Provenance

    @property
    def found(self) -> tuple[MarkerTest, ...]:
        """Markers whose family-wise p-value is below the level."""
        limit = 1.0 - self.options.level / 100.0
        return tuple(test for test in self.tests if test.p_adjusted <= limit)

    def summary(self) -> str:
        """Return power, then markers, for the terminal."""
        head = [self.power.summary(), ""]
        what = "named beforehand" if self.options.prespecified else "of the whole panel"
        head.append(
            f"{plural(len(self.found), 'marker')} of {len(self.tests):,} {what} at a family-wise "
            f"error of {100.0 - self.options.level:g}%."
        )
        lines = [
            f"    {test.name:32} {test.effect.text()} {self.unit} per SD, {p_text(test.p)}, "
            f"family-wise {p_text(test.p_adjusted)}, q = {decimal_text(test.q)}"
            for test in self.tests[:20]
        ]
        if len(self.tests) > 20:
            lines.append(f"    and {len(self.tests) - 20:,} more")
        lines += [f"    {name}: not tested, {why}" for name, why in list(self.untested.items())[:5]]
        return "\n".join([*head, *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the screen as JSON-ready values."""
        return {
            "power": self.power.to_dict(),
            "tests": [test.to_dict() for test in self.tests],
            "found": [test.name for test in self.found],
            "untested": dict(self.untested),
            "options": self.options.to_dict(),
            "diagnostics": [one.to_dict() for one in self.diagnostics],
            "unit": self.unit,
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per marker."""
        return frame(
            {
                "marker": [t.name for t in self.tests],
                "family": [t.family for t in self.tests],
                "estimate": [t.effect.estimate for t in self.tests],
                "se": [t.effect.se for t in self.tests],
                "ci_low": [t.effect.ci_low for t in self.tests],
                "ci_high": [t.effect.ci_high for t in self.tests],
                "z": [t.z for t in self.tests],
                "p": [t.p for t in self.tests],
                "p_adjusted": [t.p_adjusted for t in self.tests],
                "q": [t.q for t in self.tests],
            }
        )


def screen(made: PanelScores, options: ScreenOptions) -> Screen:
    """Test each marker for a different effect of treatment.

    The coefficient of the doubly robust score of the effect on the marker, adjusted for clinical
    modifiers and batches, with a standard error that is robust (HC3, or by cluster). Family-wise
    p-values come from the joint law of all coefficients.

    Parameters
    ----------
    made : PanelScores
        Scores with the panel's part in prognosis removed.
    options : ScreenOptions
        Level, difference that matters, markers named beforehand.

    Returns
    -------
    Screen
        Power first, then the markers.

    Raises
    ------
    DesignError
        If fewer than 500 persons were measured and no markers are named, or a marker named is not
        there.
    """
    made = made.markers_to_test(options.prespecified)
    fitted = _coefficients(made, options)
    power = _power(made, fitted.tested.size, options)
    return Screen(
        power=power,
        tests=_tests(made, fitted, options),
        untested={
            made.names[j]: "clinical covariates and batches explain it"
            for j in np.setdiff1d(np.arange(made.p), fitted.tested).tolist()
        },
        options=options,
        diagnostics=(*made.diagnostics, power_diagnostic(power)),
        unit=made.scores.question.unit,
        provenance=Provenance(
            input_sha256=made.provenance.input_sha256,
            options={"screen": options.to_dict(), **made.provenance.options},
        ),
    )


def power_diagnostic(power: ScreenPower) -> Diagnostic:
    """Return the statement of power as a diagnostic: a warning where persons are too few."""
    return Diagnostic(
        name="panel_power",
        title="Power of the screen",
        verdict="pass" if power.enough else "warn",
        value=power.n_effective,
        threshold=float(power.needed),
        message=f"{power.needed:,} persons are needed to find a difference of {power.difference:g} "
        f"{power.unit} between halves among {power.tests:,} markers, and there are "
        f"{power.n_effective:,.0f}.",
        advice="" if power.enough else "A marker that is not found may still matter.",
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fitted:
    tested: IntArray
    estimate: FloatArray
    se: FloatArray
    adjusted: FloatArray
    freedom: int


def _coefficients(made: PanelScores, options: ScreenOptions) -> _Fitted:
    """Return coefficients, standard errors and adjusted p-values, in blocks of markers."""
    adjust = Adjustment(made.adjusted_for, made.weight)
    rest = adjust.residual(made.gamma)
    unit, units = made.units
    tested: list[int] = []
    values: list[FloatArray] = []
    errors: list[FloatArray] = []
    joint = MaxT(units, options.replicates, options.seed, made.p)
    step = max(1, BLOCK // made.m)
    for start in range(0, made.p, step):
        own = np.arange(start, min(start + step, made.p))
        Z = adjust.residual(made.Z[:, own])
        square = (Z**2).sum(axis=0)
        usable = square > EXPLAINED * made.weight.sum()
        Z, square = Z[:, usable], square[usable]
        part, inflated, lowered = (
            unit_sums(one, unit, units) for one in _parts(adjust, Z, square, rest, made.cluster)
        )
        b = part.sum(axis=0)
        place = slice(len(tested), len(tested) + b.size)
        tested += own[usable].tolist()
        values.append(b)
        errors.append(joint.add(place, part, inflated, lowered))
    joint.largest = joint.largest[:, : len(tested)]
    estimate, se = np.concatenate(values), np.concatenate(errors)
    # Few clusters: the sum of squares is widened as for a variance.
    widened = np.sqrt(units / (units - 1.0)) if made.cluster is not None else 1.0
    return _Fitted(
        tested=np.array(tested, dtype=np.int64),
        estimate=estimate,
        se=se * widened,
        adjusted=joint.adjusted(estimate / se),
        freedom=units - 1 if made.cluster is not None else made.m - adjust.rank - 1,
    )


def _parts(
    adjust: Adjustment,
    Z: FloatArray,
    square: FloatArray,
    rest: FloatArray,
    cluster: IntArray | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the parts of persons in coefficients and in standard errors, (m, markers) each.

    Residuals are divided by 1 - leverage (HC3; MacKinnon and White 1985,
    doi:10.1016/0304-4076(85)90158-7), but not within clusters.
    """
    part, own = Z * rest[:, None] / square, Z**2 / square
    if cluster is not None:
        return part, part, own
    room = 1.0 - np.minimum(adjust.leverage[:, None] + own, 0.999)
    return part, part / room, own / room


def _power(made: PanelScores, tests: int, options: ScreenOptions) -> ScreenPower:
    w = made.weight
    adjust = Adjustment(made.adjusted_for, w)
    freedom = max(made.m - adjust.rank, 1) / made.m
    sd = float(np.sqrt((adjust.residual(made.gamma) ** 2).sum() / (w.sum() * freedom)))
    return screen_power(
        n=float(w.sum() ** 2 / (w**2).sum()),
        sd=sd,
        difference=options.difference,
        tests=max(tests, 1),
        level=options.level,
        power=options.power,
        unit=made.scores.question.unit,
        persons=made.m,
    )


def _tests(made: PanelScores, fitted: _Fitted, options: ScreenOptions) -> tuple[MarkerTest, ...]:
    z = fitted.estimate / fitted.se
    p = 2.0 * special.stdtr(fitted.freedom, -np.abs(z))
    q = benjamini_hochberg(p)
    half = float(special.stdtrit(fitted.freedom, 0.5 + options.level / 200.0)) * fitted.se
    tests = [
        MarkerTest(
            name=made.names[j],
            family=None if made.family is None else made.family[j],
            effect=Estimate(
                estimate=float(fitted.estimate[k]),
                se=float(fitted.se[k]),
                ci_low=float(fitted.estimate[k] - half[k]),
                ci_high=float(fitted.estimate[k] + half[k]),
                level=options.level,
                scale="identity",
            ),
            z=float(z[k]),
            p=float(p[k]),
            p_adjusted=float(fitted.adjusted[k]),
            q=float(q[k]),
        )
        for k, j in enumerate(fitted.tested.tolist())
    ]
    return tuple(sorted(tests, key=lambda test: (test.p, test.name)))
