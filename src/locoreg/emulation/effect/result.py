"""The effect as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.core.provenance import Provenance
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect.contrast import Contrast, Measure
from locoreg.emulation.effect.curve import ArmCurve, DifferenceCurve
from locoreg.emulation.effect.detail import BalanceRow, FlowStep, WeightSummary
from locoreg.emulation.effect.diagnostic import Diagnostic, Verdict, worst
from locoreg.emulation.question import Question

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """The effect of the treated strategy against the comparator.

    Attributes
    ----------
    method, title : str
        Method by name and in words.
    estimand : str
        What is estimated, in a sentence.
    biased : str or None
        Why the method is known to be biased; None for those that aren't by design.
    question : Question
        What was asked.
    arms : tuple of ArmCurve
        Comparator, then treated.
    difference : DifferenceCurve
        Treated less comparator.
    contrasts : tuple of Contrast
        By measure and time; the hazard ratio last.
    n, n_treated : int
        Persons; of them those treated within the grace period.
    interval : str
        How intervals were made: ``influence``, ``bootstrap``, ``none``.
    replicates, failed_replicates : int
        Bootstrap replicates and how many failed; 0 without a bootstrap.
    balance, weights, flow, diagnostics, notes
        As in `Detail`.
    attrition : Attrition
        Who was left out of the cohort.
    synthetic : bool
        Whether the patients are made up.
    provenance : Provenance
        Version, hash of the cohort, options; with a protocol its hash.
    """

    method: str
    title: str
    estimand: str
    biased: str | None
    question: Question
    arms: tuple[ArmCurve, ArmCurve]
    difference: DifferenceCurve
    contrasts: tuple[Contrast, ...]
    n: int
    n_treated: int
    interval: str
    replicates: int
    failed_replicates: int
    balance: tuple[BalanceRow, ...]
    weights: tuple[WeightSummary, ...]
    flow: tuple[FlowStep, ...]
    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    attrition: Attrition
    synthetic: bool
    provenance: Provenance

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the diagnostics."""
        return worst(self.diagnostics)

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """Diagnostics that failed; every table and figure of the effect names them."""
        return tuple(d for d in self.diagnostics if d.verdict == "fail")

    def contrast(self, measure: Measure, at_months: float | None = None) -> Contrast:
        """Return one contrast.

        Parameters
        ----------
        measure : str
            One of the measures.
        at_months : float, optional
            Time; the horizon if not given.

        Returns
        -------
        Contrast
            The number with its interval.

        Raises
        ------
        DesignError
            If the effect does not hold it.
        """
        wanted = self.question.horizon_months if at_months is None else at_months
        for found in self.contrasts:
            if found.measure == measure and found.at_months == wanted:
                return found
        held = sorted({(c.measure, c.at_months) for c in self.contrasts})
        raise DesignError(
            f"the effect holds no {measure} at {wanted:g} months.",
            hint="it holds " + ", ".join(f"{m} at {t:g}" for m, t in held) + ".",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the effect as JSON-ready values."""
        return {
            "method": self.method,
            "title": self.title,
            "estimand": self.estimand,
            "biased": self.biased,
            "question": self.question.to_dict(),
            "verdict": self.verdict,
            "failed_diagnostics": [d.name for d in self.failed],
            "n": self.n,
            "n_treated": self.n_treated,
            "interval": self.interval,
            "replicates": self.replicates,
            "failed_replicates": self.failed_replicates,
            "contrasts": [c.to_dict() for c in self.contrasts],
            "arms": [arm.to_dict() for arm in self.arms],
            "difference": self.difference.to_dict(),
            "diagnostics": [d.to_dict() for d in self.diagnostics],
            "weights": [w.to_dict() for w in self.weights],
            "balance": [b.to_dict() for b in self.balance],
            "flow": [f.to_dict() for f in self.flow],
            "notes": list(self.notes),
            "attrition": self.attrition.to_dict(),
            "synthetic": self.synthetic,
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per contrast.

        Parameters
        ----------
        exponentiate : bool
            Whether ratios are on the natural scale; standard errors then are NaN for them.

        Returns
        -------
        pandas.DataFrame
            Columns ``measure``, ``at_months``, ``comparator``, ``treated``, ``estimate``, ``se``,
            ``ci_low``, ``ci_high``, ``level``, ``scale``, ``method``, ``failed_diagnostics``.
        """
        rows: dict[str, list[Any]] = {name: [] for name in _FRAME}
        failed = "; ".join(d.name for d in self.failed)
        for c in self.contrasts:
            one = c.estimate
            values = [one.estimate, one.se, one.ci_low, one.ci_high]
            scale: str = one.scale
            if exponentiate and one.scale == "log":
                mid, low, high = one.natural
                values, scale = [mid, float("nan"), low, high], "natural"
            row: list[Any] = [c.measure, c.at_months, c.comparator, c.treated, *values]
            row += [one.level, scale, self.method, failed]
            for name, value in zip(_FRAME, row, strict=True):
                rows[name].append(value)
        return frame(rows)

    def summary(self) -> str:
        """Return the effect as text."""
        q = self.question
        lines = [f"{self.title}: {q.treated_label} against {q.comparator_label}."]
        if self.synthetic:
            lines.append("SYNTHETIC: these patients are made up.")
        if self.biased:
            lines.append(f"BIASED BY DESIGN: {self.biased}")
        for d in self.failed:
            lines.append(f"FAILED DIAGNOSTIC: {d.heading}. {d.message} {d.advice}".rstrip())
        lines += [
            self.estimand,
            f"{self.n} persons, {self.n_treated} treated within {q.grace_months:g} months; "
            f"outcome: {q.outcome}; {q.level:g}% intervals ({self.interval}).",
            "",
        ]
        for c in self.contrasts:
            arms = "" if c.measure == "hazard_ratio" else _arms_text(c)
            lines.append(f"  {c.words}, {c.at_months:g} months: {c.estimate.text()}{arms}")
        lines.append("")
        lines += [f"  [{d.verdict}] {d.heading}: {d.message}" for d in self.diagnostics]
        lines += [f"  Note: {note}" for note in self.notes]
        return "\n".join(lines)


_FRAME = (
    "measure",
    "at_months",
    "comparator",
    "treated",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "level",
    "scale",
    "method",
    "failed_diagnostics",
)


def _arms_text(c: Contrast) -> str:
    return f"  [{decimal_text(c.treated)} against {decimal_text(c.comparator)}]"
