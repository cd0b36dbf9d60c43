"""Size, power and simulation of a trial that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.planning.simulated import SimulatedPower, simulate_power
from locoreg.planning.testsize import DesignSize, design_power, design_size, power_curve
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign
from locoreg.workflows.planning.trialasked import TrialAsked, design_asked, share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedTrial:
    """Patients and power of a trial.

    Attributes
    ----------
    asked : TrialAsked
    hazard_ratio : str
        As asked.
    size : DesignSize
    curve : tuple of (int, float)
        Patients and power around the size.
    provenance : Provenance
    """

    asked: TrialAsked
    hazard_ratio: str
    size: DesignSize
    curve: tuple[tuple[int, float], ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **self.size.to_dict(),
            "asked": self.asked.to_dict(),
            "hazard_ratio": self.hazard_ratio,
            "curve": [{"patients": n, "power": p} for n, p in self.curve],
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines, with what was assumed."""
        size = self.size
        lines = [
            f"{size.patients:,} patients ({size.patients_intervention:,} intervention, "
            f"{size.patients_control:,} control); power {100 * size.power:.1f}%.",
            f"Expected events by month {size.design.follow_up.total_months:g}: {size.events:.0f}.",
            f"Effect: {effect_words(size.design, size.drift.effect)}.",
        ]
        if size.power_of_events is not None:
            lines.append(
                f"Schoenfeld's formula at these events: {100 * size.power_of_events:.1f}%."
            )
        lines.append(assumed_words(self.asked, self.hazard_ratio))
        return "\n".join([*lines, *size.notes])


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTrial:
    """Simulated power beside the formula.

    Attributes
    ----------
    asked : TrialAsked
    hazard_ratio : str
    formula : DesignSize
    simulated : SimulatedPower
    provenance : Provenance
    """

    asked: TrialAsked
    hazard_ratio: str
    formula: DesignSize
    simulated: SimulatedPower
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "formula": self.formula.to_dict(),
            "simulated": self.simulated.to_dict(),
            "asked": self.asked.to_dict(),
            "hazard_ratio": self.hazard_ratio,
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        found = self.simulated
        lines = [
            f"Simulated power {100 * found.power:.1f}% (Monte Carlo error "
            f"{100 * found.power_se:.1f} points, {found.replications:,} trials of "
            f"{found.patients:,} patients, seed {found.seed}); formula "
            f"{100 * self.formula.power:.1f}%.",
            f"Significant on the other side: {100 * found.harm:.1f}%. Mean events "
            f"{found.events:.0f} (formula {self.formula.events:.0f}), mean end at month "
            f"{found.months:.1f}.",
        ]
        for count, words in (
            (found.short, "ended with fewer events than asked for"),
            (found.extended, "carried a curve on beyond its last time"),
            (found.undefined, "had no statistic and count as not significant"),
        ):
            if count:
                lines.append(f"{count:,} trials {words}.")
        return "\n".join([*lines, assumed_words(self.asked, self.hazard_ratio)])


def size_trial(asked: TrialAsked, *, hazard_ratio: str, power: float) -> SizedTrial:
    """Return the patients that a power takes.

    Parameters
    ----------
    asked : TrialAsked
        The trial.
    hazard_ratio : str
        One ratio, or ratios from months on.
    power : float
        Percent.

    Returns
    -------
    SizedTrial
        With the power curve around it.
    """
    design = design_asked(asked, hazard_ratio)
    size = design_size(design, power=share_of("power", power))
    return _sized(asked, hazard_ratio, size, {"power": power})


def power_trial(asked: TrialAsked, *, hazard_ratio: str, patients: int) -> SizedTrial:
    """Return the power of a trial of so many patients.

    Parameters
    ----------
    asked : TrialAsked
        The trial.
    hazard_ratio : str
        One ratio, or ratios from months on.
    patients : int
        In both arms.

    Returns
    -------
    SizedTrial
        With the power curve around it.
    """
    size = design_power(design_asked(asked, hazard_ratio), patients=patients)
    return _sized(asked, hazard_ratio, size, {"patients": patients})


def simulate_trial(
    asked: TrialAsked,
    *,
    hazard_ratio: str,
    patients: int,
    replications: int,
    seed: int,
    events: int | None,
) -> SimulatedTrial:
    """Simulate a trial and compare with the formula.

    Parameters
    ----------
    asked : TrialAsked
        The trial.
    hazard_ratio : str
        One ratio, or ratios from months on.
    patients, replications, seed : int
        Of the simulation.
    events : int or None
        End each trial at so many events.

    Returns
    -------
    SimulatedTrial
        Both powers.
    """
    design = design_asked(asked, hazard_ratio)
    return SimulatedTrial(
        asked=asked,
        hazard_ratio=hazard_ratio,
        formula=design_power(design, patients=patients),
        simulated=simulate_power(
            design, patients=patients, replications=replications, seed=seed, events=events
        ),
        provenance=provenance_of(
            asked, hazard_ratio=hazard_ratio, patients=patients, replications=replications,
            seed=seed, events=events,
        ),
    )  # fmt: skip


def provenance_of(asked: TrialAsked, **options: Any) -> Provenance:
    """Return the provenance of a result that depends on what was asked alone."""
    shown = {**asked.to_dict(), **options}
    return Provenance(input_sha256=sha256_of_bytes(repr(shown).encode()), options=shown)


def assumed_words(asked: TrialAsked, hazard_ratio: str | None) -> str:
    """Return what was assumed, in one sentence."""
    ratio = "" if hazard_ratio is None else f"hazard ratio {hazard_ratio}; "
    return (
        f"Assumed: {ratio}control arm without event (month=percent) {asked.control}; accrual "
        f"{asked.accrual} and follow-up {asked.follow_up:g} months; drop-out {asked.dropout:g}% a "
        f"year; alpha {asked.alpha:g}%, {asked.sides}-sided; {100 * asked.allocation:g}% of the "
        "patients in the intervention arm."
    )


def effect_words(design: TwoArmDesign, effect: float) -> str:
    """Return an effect in words; above 0 favours the intervention."""
    test = design.test
    if isinstance(test, LogRank):
        return f"log-rank test, margin hazard ratio {test.margin:g}; drift {effect:.3f}"
    if isinstance(test, RestrictedMean):
        return (
            f"{effect:.2f} months of restricted mean up to month {test.horizon_months:g}, margin "
            f"{test.margin_months:g}"
        )
    return _landmark_words(test, effect)


def _landmark_words(test: Landmark, effect: float) -> str:
    if test.scale == "plain":
        return (
            f"{100 * effect:.1f} points of survival at month {test.at_months:g}, margin "
            f"{100 * test.margin:g}"
        )
    return (
        f"log ratio of cumulative hazards at month {test.at_months:g} lower by {effect:.3f}, "
        f"margin {test.margin:g}"
    )


def _sized(
    asked: TrialAsked, hazard_ratio: str, size: DesignSize, options: dict[str, Any]
) -> SizedTrial:
    return SizedTrial(
        asked=asked,
        hazard_ratio=hazard_ratio,
        size=size,
        curve=power_curve(size.design, patients=_around(size.patients)),
        provenance=provenance_of(asked, hazard_ratio=hazard_ratio, **options),
    )


def _around(patients: int) -> Sequence[int]:
    return [max(4, round(patients * step / 10)) for step in range(2, 21)]
