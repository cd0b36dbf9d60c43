"""How a model was assessed, as the model file tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess import Assessment
from locoreg.selection.assess.robustness import Credibility

# Checks that say how strong hidden differences would have to be.
HIDDEN_CHECKS = ("marginal_sensitivity", "omitted_variable_bias", "hidden_confounder")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentSummary:
    """How well a model ranks and predicts effects on persons it did not see, and can be believed.

    Attributes
    ----------
    average : Estimate
        Average effect.
    autoc : Estimate or None
        Area under the targeting curve: what ranking by predicted effect gains.
    slope : Estimate or None
        Slope of the scores on predicted effects; 1 if calibrated.
    p_heterogeneity : float or None
        p-value of the test that the effect is the same for all.
    verdicts : tuple of Diagnostic
        Checks of credibility, the trials first, then those of the assessment.
    credibility : str or None
        ``credible``, ``doubtful``, ``not credible`` or ``can't be told``; None where no check was
        made.
    reading : str or None
        The same in a sentence.
    not_done : tuple of str
        Checks that were not made.
    """

    average: Estimate
    autoc: Estimate | None = None
    slope: Estimate | None = None
    p_heterogeneity: float | None = None
    verdicts: tuple[Diagnostic, ...] = ()
    credibility: str | None = None
    reading: str | None = None
    not_done: tuple[str, ...] = ()

    @classmethod
    def of(cls, assessment: Assessment, credibility: Credibility | None) -> AssessmentSummary:
        """Return the summary of an assessment and of the checks of credibility.

        Parameters
        ----------
        assessment : Assessment
            On persons whom no model saw.
        credibility : Credibility or None
            The checks, if they were made.

        Returns
        -------
        AssessmentSummary
            For `build_model`.
        """
        checks = () if credibility is None else credibility.checks
        return cls(
            average=assessment.average,
            autoc=assessment.autoc,
            slope=assessment.calibration.slope,
            p_heterogeneity=assessment.test.p,
            verdicts=(*checks, *assessment.diagnostics),
            credibility=None if credibility is None else credibility.verdict,
            reading=None if credibility is None else credibility.reading,
            not_done=() if credibility is None else credibility.not_done,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands before any number: the reading unless credible, and checks that failed."""
        out: list[str] = []
        if self.reading is not None and self.credibility != "credible":
            out.append(self.reading)
        out += [f"{one.heading}: {one.message}" for one in self.verdicts if one.verdict == "fail"]
        return tuple(out)

    @property
    def sensitivity(self) -> str | None:
        """How strong hidden differences would have to be, by one check; None if not looked at.

        It is that of everybody, which comes first. A page for one patient has no room for all.
        """
        told = {one.name: one.message for one in reversed(self.verdicts)}
        return next((told[name] for name in HIDDEN_CHECKS if name in told), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the assessment as JSON-ready values."""
        return {
            "average": self.average.to_dict(),
            "autoc": None if self.autoc is None else self.autoc.to_dict(),
            "slope": None if self.slope is None else self.slope.to_dict(),
            "p_heterogeneity": self.p_heterogeneity,
            "verdicts": [one.to_dict() for one in self.verdicts],
            "credibility": self.credibility,
            "reading": self.reading,
            "not_done": list(self.not_done),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> AssessmentSummary:
        """Return the assessment of a dict from `to_dict`."""

        def estimate(name: str) -> Estimate | None:
            return None if given[name] is None else Estimate(**given[name])

        return cls(
            average=Estimate(**given["average"]),
            autoc=estimate("autoc"),
            slope=estimate("slope"),
            p_heterogeneity=given["p_heterogeneity"],
            verdicts=tuple(Diagnostic(**one) for one in given["verdicts"]),
            credibility=given["credibility"],
            reading=given["reading"],
            not_done=tuple(given["not_done"]),
        )
