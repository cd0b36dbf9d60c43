"""An emulation beside the randomised trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text
from locoreg.emulation.benchmark.agreement import (
    Agreement,
    agreement,
    check_log_estimate,
    check_margin,
)
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.studies import check_level

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEstimate:
    """What a randomised trial found.

    Attributes
    ----------
    study_id, label : str
        Identity.
    estimate : Estimate
        Hazard ratio on the log scale, local therapy over none.
    year : int or None
        Year of the report.
    n : int or None
        Patients randomised or analysed.
    source : str
        Where the number stands.
    remarks : tuple of str
        What a reader must know of it, such as how its patients differ.
    """

    study_id: str
    label: str
    estimate: Estimate
    year: int | None = None
    n: int | None = None
    source: str = ""
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "label": self.label,
            "estimate": self.estimate.to_dict(),
            "year": self.year,
            "n": self.n,
            "source": self.source,
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow:
    """A trial, or all of them pooled, with its agreement.

    Attributes
    ----------
    trial : TrialEstimate
        The trial; for the pool its ``study_id`` is ``pool``.
    agreement : Agreement
        With the emulation.
    """

    trial: TrialEstimate
    agreement: Agreement

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {"trial": self.trial.to_dict(), "agreement": self.agreement.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """An emulation beside the randomised trials.

    Attributes
    ----------
    emulated : Estimate
        Hazard ratio of the emulation on the log scale.
    label : str
        The emulation in words, with the patients that it is of.
    rows : tuple of BenchmarkRow
        One per trial.
    pooled : BenchmarkRow or None
        All trials pooled; None for a single trial.
    level : float
        Level of the intervals in percent.
    margin : float or None
        Ratio for partial agreement.
    failed_diagnostics : tuple of str
        Diagnostics of the emulation that failed.
    left_out : tuple of str
        Trials asked for that have no usable number, with the reason.
    """

    emulated: Estimate
    label: str
    rows: tuple[BenchmarkRow, ...]
    pooled: BenchmarkRow | None
    level: float
    margin: float | None
    failed_diagnostics: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the benchmark as JSON-ready values."""
        return {
            "label": self.label,
            "emulated": self.emulated.to_dict(),
            "level": self.level,
            "margin": self.margin,
            "failed_diagnostics": list(self.failed_diagnostics),
            "trials": [row.to_dict() for row in self.rows],
            "pooled": None if self.pooled is None else self.pooled.to_dict(),
            "left_out": list(self.left_out),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per trial, then the pool; ratios on the natural scale.

        Returns
        -------
        pandas.DataFrame
            Columns ``study_id``, ``label``, ``year``, ``ratio``, ``ci_low``, ``ci_high``,
            ``significance``, ``estimate``, ``z``, ``difference``, ``sceptical_p``,
            ``emulated_ratio``, ``failed_diagnostics``.
        """
        rows = [*self.rows, *([] if self.pooled is None else [self.pooled])]
        natural = [row.trial.estimate.natural for row in rows]
        return frame(
            {
                "study_id": [row.trial.study_id for row in rows],
                "label": [row.trial.label for row in rows],
                "year": [row.trial.year for row in rows],
                "ratio": [three[0] for three in natural],
                "ci_low": [three[1] for three in natural],
                "ci_high": [three[2] for three in natural],
                "significance": [row.agreement.significance for row in rows],
                "estimate": [row.agreement.estimate for row in rows],
                "z": [row.agreement.z for row in rows],
                "difference": [row.agreement.difference for row in rows],
                "sceptical_p": [row.agreement.sceptical.controlled for row in rows],
                "emulated_ratio": [self.emulated.natural[0]] * len(rows),
                "failed_diagnostics": ["; ".join(self.failed_diagnostics)] * len(rows),
            }
        )

    def summary(self) -> str:
        """Return the emulation and a line per trial, with all three agreements."""
        lines = [f"{self.label}: hazard ratio {self.emulated.text()}."]
        if self.failed_diagnostics:
            lines.append(f"FAILED DIAGNOSTIC: {', '.join(self.failed_diagnostics)}.")
        for row in [*self.rows, *([] if self.pooled is None else [self.pooled])]:
            lines.append(
                f"  {row.trial.label}: {row.trial.estimate.text()}; {row.agreement.text()}; "
                f"sceptical {p_text(row.agreement.sceptical.controlled)}"
            )
            lines += [f"    {remark}" for remark in row.trial.remarks]
        lines += [f"  Left out: {reason}" for reason in self.left_out]
        return "\n".join(lines)


def benchmark(
    emulated: Estimate,
    trials: Sequence[TrialEstimate],
    *,
    label: str,
    level: float,
    margin: float | None = None,
    pooled: TrialEstimate | None = None,
    failed_diagnostics: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> Benchmark:
    """Lay an emulation beside randomised trials.

    Parameters
    ----------
    emulated : Estimate
        Hazard ratio on the log scale, in patients who would have been eligible for the trials.
    trials : sequence of TrialEstimate
        The trials, with the same arm as reference.
    label : str
        The emulation in words.
    level : float
        Level in percent of the intervals that are compared.
    margin : float, optional
        Ratio for partial agreement; see `agreement`.
    pooled : TrialEstimate, optional
        The trials pooled elsewhere; by default `pool_trials` where there are several.
    failed_diagnostics : sequence of str
        Diagnostics of the emulation that failed.
    left_out : sequence of str
        Trials without a usable number, with the reason.

    Returns
    -------
    Benchmark
        Every criterion for every trial.

    Raises
    ------
    DesignError
        If there is no trial, one is named twice, or a number can't be compared.
    """
    check_level(level)
    check_margin(margin)
    check_log_estimate(emulated, "the emulation")
    _check_trials(trials, left_out)

    def row(trial: TrialEstimate) -> BenchmarkRow:
        check_log_estimate(trial.estimate, trial.label)
        found = agreement(trial.estimate, emulated, level=level, margin=margin)
        return BenchmarkRow(trial=trial, agreement=found)

    rows = tuple(row(trial) for trial in trials)
    together = pooled
    if together is None and len(trials) > 1:
        together = pool_trials(trials, level=level)
    return Benchmark(
        emulated=emulated,
        label=label,
        rows=rows,
        pooled=None if together is None else row(together),
        level=level,
        margin=margin,
        failed_diagnostics=tuple(failed_diagnostics),
        left_out=tuple(left_out),
    )


def _check_trials(trials: Sequence[TrialEstimate], left_out: Sequence[str]) -> None:
    ids = [trial.study_id for trial in trials]
    if not ids:
        raise DesignError(
            "there is no trial to compare with.",
            hint="name trials with a hazard ratio" + "".join(f"; {r}" for r in left_out) + ".",
        )
    if len(set(ids)) < len(ids):
        raise DesignError(f"a trial is named twice: {', '.join(ids)}.")


def pool_trials(trials: Sequence[TrialEstimate], *, level: float) -> TrialEstimate:
    """Pool trials by a random-effects model.

    Parameters
    ----------
    trials : sequence of TrialEstimate
        At least two.
    level : float
        Level of the interval in percent.

    Returns
    -------
    TrialEstimate
        With ``study_id`` ``pool``: REML, and the Hartung-Knapp interval, not narrower than that
        of the plain random-effects model.
    """
    if len(trials) < 2:
        raise DesignError("pooling needs at least two trials.")
    fit = random_effects(
        [trial.estimate.estimate for trial in trials],
        [trial.estimate.se**2 for trial in trials],
        method="REML",
        interval="hartung-knapp-floor",
        level=level,
        prediction="riley",
    )
    sizes = [trial.n for trial in trials if trial.n is not None]
    return TrialEstimate(
        study_id="pool",
        label=f"{len(trials)} trials pooled",
        estimate=Estimate(
            estimate=float(fit.mu),
            se=float(fit.se),
            ci_low=float(fit.ci_low),
            ci_high=float(fit.ci_high),
            level=level,
            scale="log",
        ),
        n=sum(sizes) if len(sizes) == len(trials) else None,
    )
