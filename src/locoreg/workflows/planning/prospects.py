"""Assurance of a trial, its value for a pool, and the pool with a hypothetical trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.core.provenance import Provenance
from locoreg.planning.assured import Assurance, assurance
from locoreg.planning.conclusions import (
    AgainstImportant,
    Conclusion,
    ExcludesNull,
    ProbabilityReached,
)
from locoreg.planning.hypothetical import HypotheticalPool, HypotheticalTrial, add_hypothetical
from locoreg.planning.mixture import Believed, believed
from locoreg.planning.value import TrialValue, trial_value
from locoreg.workflows.planning.poolasked import PlannedPool
from locoreg.workflows.planning.sizing import assumed_words
from locoreg.workflows.planning.trialasked import TrialAsked, design_asked, pairs, share_of

# Not used by an assurance, which takes every hazard ratio in turn.
_ANY_RATIO = "1"
# A smaller chance than this is one of estimates that are six standard errors off.
_NEVER = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAssurance:
    """Assurance of trials under what a pool leaves to be believed.

    Attributes
    ----------
    asked : TrialAsked
    pool : PlannedPool
    believed : Believed
        Of the mean effect, and of the effect in a new trial.
    minimal_ratio : float or None
        Smallest important benefit.
    new_trial, mean_effect : tuple of Assurance
        One per number of patients: if the new trial's true effect varies around the mean as the
        trials' do, and if it is the mean.
    provenance : Provenance
    """

    asked: TrialAsked
    pool: PlannedPool
    believed: Believed
    minimal_ratio: float | None
    new_trial: tuple[Assurance, ...]
    mean_effect: tuple[Assurance, ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "asked": self.asked.to_dict(),
            "pool": self.pool.to_dict(),
            "prior": self.believed.prior,
            "minimal_ratio": self.minimal_ratio,
            "new_trial": [one.to_dict() for one in self.new_trial],
            "mean_effect": [one.to_dict() for one in self.mean_effect],
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = [
            f"{self.pool.title} {len(self.pool.yi)} trials; prior: {self.believed.prior}.",
        ]
        for words, found in (
            ("Effect of a new trial, which varies as the trials' do", self.new_trial),
            ("Mean effect of all trials", self.mean_effect),
        ):
            lines.append(f"{words}: {_belief_words(found[0], self.minimal_ratio)}")
            lines += [f"  {_assurance_words(one, self.minimal_ratio)}" for one in found]
        return "\n".join([*lines, assumed_words(self.asked, None)])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolValue:
    """What trials would do to a pool.

    Attributes
    ----------
    asked : TrialAsked
    pool : PlannedPool
    believed : Believed
    values : tuple of TrialValue
        One per number of patients.
    provenance : Provenance
    """

    asked: TrialAsked
    pool: PlannedPool
    believed: Believed
    values: tuple[TrialValue, ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "asked": self.asked.to_dict(),
            "pool": self.pool.to_dict(),
            "prior": self.believed.prior,
            "values": [one.to_dict() for one in self.values],
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        model = self.pool.model
        lines = [
            f"{self.pool.title} {len(self.pool.yi)} trials, {model.method}, {model.interval} "
            f"interval of {model.level:g}%; tau2 is estimated anew with the new trial.",
        ]
        for one in self.values:
            lines.append(f"{one.patients:,} patients, {one.events:.0f} events expected:")
            for held in one.conclusions:
                chances = "; ".join(
                    f"{name} {_percent(p)}" for name, p in zip(held.names, held.chance, strict=True)
                )
                now = held.names[held.now]
                lines.append(
                    f"  now: {now}; chance that this changes "
                    f"{_percent(held.chance_of_change)} ({chances})"
                    if held.chance_of_change > _NEVER
                    else f"  now: {now}; no result that this trial can be expected to have would "
                    "change that"
                )
            lines.append(
                f"  width of the pool's interval on the log scale {one.width_now:.2f}, expected "
                f"{one.width:.2f}; the trial's own estimate is expected between "
                f"{range_text(math.exp(one.predicted_low), math.exp(one.predicted_high))} (95%)"
            )
        lines.append(f"Prior: {self.believed.prior}. {assumed_words(self.asked, None)}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWith:
    """A pool before and after hypothetical trials.

    Attributes
    ----------
    pool : PlannedPool
    found : HypotheticalPool
    provenance : Provenance
    """

    pool: PlannedPool
    found: HypotheticalPool
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "pool": self.pool.to_dict(),
            **self.found.to_dict(),
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = [f"{self.pool.title}"]
        for name, once in (("Before", self.found.before), ("After", self.found.after)):
            line = f"{name}: {once.k} trials, HR {once.mu.text()}, tau2 {once.tau2:.3f}, I2 "
            line += f"{once.i2:.0f}%"
            if once.prediction is not None:
                low, high = (math.exp(x) for x in once.prediction)
                line += f", prediction interval {range_text(low, high)}"
            lines.append(line)
        for trial, weight in zip(self.found.trials, self.found.weights, strict=True):
            lines.append(
                f"Added: HR {trial.hazard_ratio:g} with {trial.events:g} events (standard error "
                f"{decimal_text(math.sqrt(trial.variance))}), weight {100 * weight:.0f}%"
            )
        for _, before, after in self.found.conclusions:
            end = ", as before" if before == after else f"; it becomes: {after}"
            lines.append(f"Conclusion: {before}{end}.")
        model = self.pool.model
        lines.append(
            f"{model.method}, {model.interval} interval of {model.level:g}%; tau2 is estimated "
            "each time."
        )
        return "\n".join(lines)


def assurance_of_pool(
    asked: TrialAsked,
    pool: PlannedPool,
    *,
    patients: Sequence[int],
    tau_scale: float,
    minimal_ratio: float | None,
) -> PoolAssurance:
    """Return the assurance of trials of several sizes.

    Parameters
    ----------
    asked : TrialAsked
        The trial.
    pool : PlannedPool
        The trials so far.
    patients : sequence of int
        Numbers in both arms.
    tau_scale : float
        Scale of the half-normal prior on tau.
    minimal_ratio : float or None
        Smallest important benefit as a hazard ratio.

    Returns
    -------
    PoolAssurance
        Under both readings of the new trial's effect.
    """
    if not patients:
        raise DesignError("no number of patients was given.")
    belief = believed(pool.yi, pool.vi, tau_scale=tau_scale)
    design = design_asked(asked, _ANY_RATIO)
    both = tuple(
        tuple(assurance(design, effect, patients=n, minimal_ratio=minimal_ratio) for n in patients)
        for effect in (belief.new_trial, belief.mean_effect)
    )
    return PoolAssurance(
        asked=asked,
        pool=pool,
        believed=belief,
        minimal_ratio=minimal_ratio,
        new_trial=both[0],
        mean_effect=both[1],
        provenance=_provenance(
            pool, asked, patients=list(patients), tau_scale=tau_scale, minimal_ratio=minimal_ratio
        ),
    )


def value_of_trial(
    asked: TrialAsked,
    pool: PlannedPool,
    *,
    patients: Sequence[int],
    tau_scale: float,
    rules: Sequence[Conclusion],
) -> PoolValue:
    """Return the chance that trials of several sizes change what the pool concludes.

    Parameters
    ----------
    asked : TrialAsked
        The trial; its test is log-rank.
    pool : PlannedPool
        The trials so far.
    patients : sequence of int
        Numbers in both arms.
    tau_scale : float
        Scale of the half-normal prior on tau.
    rules : sequence of Conclusion
        How the pool is read.

    Returns
    -------
    PoolValue
        One value per number of patients.
    """
    belief = believed(pool.yi, pool.vi, tau_scale=tau_scale)
    design = design_asked(asked, _ANY_RATIO)
    values = tuple(
        trial_value(
            pool.yi, pool.vi, model=pool.model, effect=belief.new_trial, design=design,
            patients=n, rules=rules,
        )
        for n in patients
    )  # fmt: skip
    return PoolValue(
        asked=asked,
        pool=pool,
        believed=belief,
        values=values,
        provenance=_provenance(pool, asked, patients=list(patients), tau_scale=tau_scale),
    )


def pool_with(
    pool: PlannedPool, trials: Sequence[HypotheticalTrial], rules: Sequence[Conclusion]
) -> PoolWith:
    """Return what a pool would become with hypothetical trials.

    Parameters
    ----------
    pool : PlannedPool
        The trials so far.
    trials : sequence of HypotheticalTrial
        What they would find.
    rules : sequence of Conclusion
        How the pool is read.

    Returns
    -------
    PoolWith
        Before and after.
    """
    found = add_hypothetical(pool.yi, pool.vi, model=pool.model, trials=trials, rules=rules)
    shown = [[one.hazard_ratio, one.events, one.allocation] for one in trials]
    return PoolWith(pool=pool, found=found, provenance=_provenance(pool, None, trials=shown))


def hypothetical_asked(text: str, allocation: float) -> tuple[HypotheticalTrial, ...]:
    """Return hypothetical trials from ``0.7=331,0.9=400``: hazard ratio and events of each."""
    found = pairs("trial", text)
    if found is None:
        raise DesignError(
            f"trial: {text!r} is not a hazard ratio with its events.", hint="write 0.7=331."
        )
    return tuple(
        HypotheticalTrial(hazard_ratio=ratio, events=events, allocation=allocation)
        for ratio, events in found
    )


def rules_asked(
    *, important: float | None, threshold: float | None, tau_scale: float | None
) -> tuple[Conclusion, ...]:
    """Return how a pool is read: against no effect, and what else was stated.

    Parameters
    ----------
    important : float or None
        Smallest important benefit as a hazard ratio.
    threshold : float or None
        Percent that the probability of a benefit or harm has to reach; needs the prior's scale.
    tau_scale : float or None
        Scale of the half-normal prior on tau.

    Returns
    -------
    tuple of Conclusion
        At least one.
    """
    rules: list[Conclusion] = [ExcludesNull()]
    if important is not None:
        rules.append(AgainstImportant(ratio=important))
    if threshold is not None:
        if tau_scale is None:
            raise DesignError("threshold: a probability needs the scale of the prior on tau.")
        rules.append(
            ProbabilityReached(
                ratio=1.0, threshold=share_of("threshold", threshold), tau_scale=tau_scale
            )
        )
    return tuple(rules)


def _provenance(pool: PlannedPool, asked: TrialAsked | None, **options: Any) -> Provenance:
    return Provenance(
        input_sha256=pool.input_sha256,
        options={
            **({} if asked is None else asked.to_dict()), **options,
            "method": pool.model.method, "interval": pool.model.interval,
            "level": pool.model.level,
        },
    )  # fmt: skip


def _belief_words(one: Assurance, minimal_ratio: float | None) -> str:
    words = (
        f"mean hazard ratio {decimal_text(math.exp(one.believed))}, probability below 1: "
        f"{_percent(one.chance_below)}"
    )
    if one.chance_important is not None and minimal_ratio is not None:
        words += f", below {minimal_ratio:g}: {_percent(one.chance_important)}"
    return words


def _assurance_words(one: Assurance, minimal_ratio: float | None) -> str:
    words = (
        f"{one.patients:,} patients ({one.events:.0f} events, {one.events_low:.0f} to "
        f"{one.events_high:.0f}): significant benefit {_percent(one.benefit)}, significant harm "
        f"{_percent(one.harm)}, neither {_percent(one.neither)}"
    )
    if one.important is not None and minimal_ratio is not None:
        words += (
            f"; benefit found and true ratio below {minimal_ratio:g}: {_percent(one.important)}"
        )
    return words


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "below 0.1%"
    return f"{100 * share:.1f}%"
