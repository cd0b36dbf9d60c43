"""The bias ladder: the same patients, one method after the other, from naive to careful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.emulation.effect import Measure
from locoreg.emulation.methods import has_option
from locoreg.workflows.emulation.runs import Run, Setting, attempt
from locoreg.workflows.emulation.truth import TrueEffect

# From the comparison that makes every mistake to the ones that make the fewest.
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Ever against never", "ever_treated", {}),
    ("Ever against never, adjusted (hazard ratio)", "ever_treated", {"adjust": True}),
    ("Immortal time excluded", "ever_treated", {"immortal_time": "excluded"}),
    ("Landmark at the end of the grace period", "landmark", {}),
    ("Time-dependent Cox model", "time_dependent_cox", {}),
    ("Sequential trials", "sequential_trials", {}),
    ("Clone-censor-weight", "clone_censor_weight", {}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRow:
    """One step of the ladder.

    Attributes
    ----------
    label, method : str
        In words, and by name.
    difference : Estimate or None
        Difference of survival (or incidence) at the horizon.
    hazard_ratio : Estimate or None
        On the log scale.
    verdict : str
        Worst verdict of its diagnostics, ``biased`` for methods that are so by design, or
        ``not estimable``.
    note : str
        Why it is biased or not estimable; else empty.
    """

    label: str
    method: str
    difference: Estimate | None
    hazard_ratio: Estimate | None
    verdict: str
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON-ready values."""
        return {
            "label": self.label,
            "method": self.method,
            "difference": None if self.difference is None else self.difference.to_dict(),
            "hazard_ratio": None if self.hazard_ratio is None else self.hazard_ratio.to_dict(),
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All steps, with the truth where it is known.

    Attributes
    ----------
    measure : str
        What ``difference`` is.
    at_months : float
        Its time.
    rows : tuple of LadderRow
        In order.
    truth : TrueEffect or None
        Of a synthetic registry.
    truth_note : str
        Whom the truth is about, or why there is none.
    """

    measure: Measure
    at_months: float
    rows: tuple[LadderRow, ...]
    truth: TrueEffect | None
    truth_note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the ladder as JSON-ready values."""
        return {
            "measure": self.measure,
            "at_months": self.at_months,
            "rows": [row.to_dict() for row in self.rows],
            "truth": None if self.truth is None else self.truth.to_dict(),
            "truth_note": self.truth_note,
        }

    def summary(self) -> str:
        """Return a line per step, and the truth where it is known."""
        words = self.measure.replace("_", " ")
        lines = [f"From naive to careful, {words} at {self.at_months:g} months:"]
        for row in self.rows:
            found = f"not estimable: {row.note}"
            if row.difference is not None:
                found = row.difference.text()
                if row.hazard_ratio is not None:
                    found += f"; hazard ratio {row.hazard_ratio.text()}"
            mark = {"biased": "  BIASED BY DESIGN", "fail": "  FAILED DIAGNOSTIC"}
            lines.append(f"  {row.label}: {found}{mark.get(row.verdict, '')}")
        if self.truth is not None:
            place = self.truth.at_months.index(self.at_months)
            lines.append(f"  Truth: {decimal_text(self.truth.survival_difference[place])}")
        if self.truth_note:
            lines.append(f"  {self.truth_note}")
        return "\n".join(lines)


def bias_ladder(
    setting: Setting,
    primary: Run,
    others: Sequence[Run],
    truth: TrueEffect | str | None,
    penalty: str | None,
) -> Ladder:
    """Build the ladder; analyses that were run already are not repeated.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    primary : Run
        The primary analysis.
    others : sequence of Run
        Analyses that were run.
    truth : TrueEffect, str or None
        The truth, why it is not known, or None where patients are real.
    penalty : str or None
        Penalty of the models of treatment, for analyses that were not run yet.

    Returns
    -------
    Ladder
        From ever against never to the primary analysis.
    """
    done = [primary, *others]
    rows = []
    for label, name, options in STEPS:
        found = _find(done, setting, name, options)
        if found is None:
            own = {"penalty": penalty} if penalty and has_option(name, "penalty") else {}
            chosen = {**own, **options}
            changed = {"method": name, "options": chosen}
            found = attempt(setting, label, name, chosen, changed=changed)
        rows.append(_row(label, name, found))
    measure: Measure = "incidence_difference" if setting.cohort.competing else "survival_difference"
    return Ladder(
        measure=measure,
        at_months=setting.question.horizon_months,
        rows=tuple(rows),
        truth=None if truth is None or isinstance(truth, str) else truth,
        truth_note=truth if isinstance(truth, str) else "" if truth is None else truth.note,
    )


def _find(done: Sequence[Run], setting: Setting, name: str, options: dict[str, Any]) -> Run | None:
    """Return the run of a method whose own options are not changed, with an answer or without."""
    if options:
        return None
    for run in done:
        told = {"method": run.effect.method} if run.effect is not None else {}
        asked = {**told, **run.changed}
        if asked.get("method") != name or set(run.changed) - {"method", "options"}:
            continue
        landmark = (asked.get("options") or {}).get("landmark_months")
        if landmark in (None, setting.question.grace_months):
            return run
    return None


def _row(label: str, name: str, run: Run) -> LadderRow:
    effect = run.effect
    if effect is None:
        return LadderRow(
            label=label,
            method=name,
            difference=None,
            hazard_ratio=None,
            verdict="not estimable",
            note=run.failure or "",
        )
    ratios = [c.estimate for c in effect.contrasts if c.measure == "hazard_ratio"]
    at = effect.question.horizon_months
    differences = [
        c.estimate
        for c in effect.contrasts
        if c.measure in ("survival_difference", "incidence_difference") and c.at_months == at
    ]
    return LadderRow(
        label=label,
        method=name,
        difference=differences[0] if differences else None,
        hazard_ratio=ratios[0] if ratios else None,
        verdict="biased" if effect.biased else effect.verdict,
        note=effect.biased or "",
    )
