"""Everything that an assessment finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess.options import AssessOptions
from locoreg.selection.assess.outcomes import (
    Comparison,
    ConcordanceForBenefit,
    HeterogeneityTest,
    SecondaryTest,
)
from locoreg.selection.assess.results import (
    Calibration,
    PolicyValue,
    TargetingCurve,
    ValueCurve,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How good predicted effects are, on persons whom no model saw.

    Attributes
    ----------
    learner : str
        What was assessed.
    estimand : str
        The effect in words.
    n : int
        Persons.
    average : Estimate
        Average effect.
    test : HeterogeneityTest
        The primary test, on sequential folds or on other persons.
    autoc, qini : Estimate
        Areas over the folds together; they describe.
    curve : TargetingCurve
        Targeting curve.
    calibration : Calibration
        Slope, groups, error.
    comparisons : tuple of Comparison
        Against other learners; that of risk modelling first, a constant last. The test against a
        constant is the primary one.
    value : PolicyValue
        Treating those whose predicted effect exceeds the cost.
    values : ValueCurve
        The same by cost.
    benefit : ConcordanceForBenefit or None
        Legacy number; None where it is not defined.
    secondary : tuple of SecondaryTest
        Tests beside the primary one, adjusted together.
    diagnostics : tuple of Diagnostic
        Verdicts.
    options : AssessOptions
        How.
    notes : tuple of str
        What a reader must know.
    unit : str
        Unit of the effect.
    provenance : Provenance
        Hash of the data, options, version.
    """

    learner: str
    estimand: str
    n: int
    average: Estimate
    test: HeterogeneityTest
    autoc: Estimate
    qini: Estimate
    curve: TargetingCurve
    calibration: Calibration
    comparisons: tuple[Comparison, ...]
    value: PolicyValue
    values: ValueCurve
    benefit: ConcordanceForBenefit | None
    secondary: tuple[SecondaryTest, ...]
    diagnostics: tuple[Diagnostic, ...]
    options: AssessOptions
    notes: tuple[str, ...]
    unit: str
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the assessment as JSON-ready values."""
        return {
            "learner": self.learner,
            "estimand": self.estimand,
            "n": self.n,
            "average": self.average.to_dict(),
            "test": self.test.to_dict(),
            "autoc": self.autoc.to_dict(),
            "qini": self.qini.to_dict(),
            "curve": self.curve.to_dict(),
            "calibration": self.calibration.to_dict(),
            "comparisons": [one.to_dict() for one in self.comparisons],
            "value": self.value.to_dict(),
            "values": self.values.to_dict(),
            "benefit": None if self.benefit is None else self.benefit.to_dict(),
            "secondary": [one.to_dict() for one in self.secondary],
            "diagnostics": [one.to_dict() for one in self.diagnostics],
            "options": self.options.to_dict(),
            "notes": list(self.notes),
            "unit": self.unit,
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the main numbers, one row each: name, estimate, se, ci_low, ci_high."""
        rows = self._rows()
        return frame(
            {
                "name": [name for name, _ in rows],
                "estimate": [one.estimate for _, one in rows],
                "se": [one.se for _, one in rows],
                "ci_low": [one.ci_low for _, one in rows],
                "ci_high": [one.ci_high for _, one in rows],
            }
        )

    def summary(self) -> str:
        """Return the main numbers as text, one line each."""
        found = "differ" if self.test.found else "are not shown to differ"
        lines = [
            f"{self.estimand}, in {self.unit}; {self.n} persons; learner: {self.learner}.",
            f"Effects {found} between persons ({p_text(self.test.p)}, one-sided, "
            f"{self.test.target.upper()} on {self.test.design} predictions).",
        ]
        lines += [f"{name}: {one.text()}" for name, one in self._rows()]
        return "\n".join((*lines, *self.notes))

    def _rows(self) -> list[tuple[str, Estimate]]:
        return [
            ("average effect", self.average),
            (f"{self.test.target.upper()}, mean of the tested folds", self.test.area),
            ("AUTOC", self.autoc),
            ("Qini", self.qini),
            ("calibration slope", self.calibration.slope),
            *(
                (f"{self.options.primary.upper()} less that of {one.other}", one.difference)
                for one in self.comparisons
            ),
            ("gain of the rule over treating nobody", self.value.against_none),
            ("gain of the rule over treating everybody", self.value.against_all),
        ]
