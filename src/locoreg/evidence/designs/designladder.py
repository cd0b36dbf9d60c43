"""The ladder from trials alone to all designs, each with its stated bias; never a plain mixture."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.core.provenance import Provenance
from locoreg.evidence.designs.biases import (
    DesignGroup,
    adjusted_model,
    as_if_randomised,
    informative,
)
from locoreg.evidence.designs.tipping import Tipping, tipping
from locoreg.evidence.posterior import probability_text
from locoreg.stats.bayes import Mixtures, MuPrior, TauPrior, mix
from locoreg.stats.studies import check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasSeen:
    """What the data say of the bias that a design shares, under its prior.

    Attributes
    ----------
    design : str
    mean, sd : float
        Posterior of the shared bias, on the scale of the effects.
    low, high : float
        Central interval.
    """

    design: str
    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """One step: the designs up to here, with their biases.

    Attributes
    ----------
    label : str
        ``Randomised trials``, then ``+ Emulated trials``.
    designs : tuple of str
        Designs of this step.
    k : int
        Studies that count; those of a design with weight 0 don't.
    mu : Estimate
        Posterior median of the mean effect with its central interval; se is the posterior sd.
    new_low, new_high : float
        Central interval of the effect in a new study free of bias.
    tau : float
        Posterior median of the between-study standard deviation.
    below : float
        Posterior probability that mu is below the null.
    shares : tuple of (str, float)
        Share of the information on mu from each design, posterior mean, in percent; an informative
        prior on mu has its own.
    biases : tuple of BiasSeen
        Of each non-randomised design of the step.
    tipping : Tipping or None
        None for trials alone.
    """

    label: str
    designs: tuple[str, ...]
    k: int
    mu: Estimate
    new_low: float
    new_high: float
    tau: float
    below: float
    shares: tuple[tuple[str, float], ...]
    biases: tuple[BiasSeen, ...]
    tipping: Tipping | None

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON-ready values."""
        return {
            "label": self.label,
            "designs": list(self.designs),
            "k": self.k,
            "mu": self.mu.to_dict(),
            "new": {"low": self.new_low, "high": self.new_high},
            "tau": self.tau,
            "below": self.below,
            "shares": [{"design": name, "percent": share} for name, share in self.shares],
            "biases": [asdict(bias) for bias in self.biases],
            "tipping": None if self.tipping is None else asdict(self.tipping),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignLadder:
    """The ladder from trials alone to all designs.

    Attributes
    ----------
    measure : str
    scale : {"log", "identity"}
    groups : tuple of DesignGroup
    steps : tuple of LadderStep
    mixture : LadderStep
        All studies pooled as if all were randomised: for comparison only, and no answer.
    tau_prior : TauPrior
    mu_prior : MuPrior
    level, null : float
    provenance : Provenance
    """

    measure: str
    scale: Scale
    groups: tuple[DesignGroup, ...]
    steps: tuple[LadderStep, ...]
    mixture: LadderStep
    tau_prior: TauPrior
    mu_prior: MuPrior
    level: float
    null: float
    provenance: Provenance

    def natural(self, value: float) -> float:
        """Return a value on the natural scale."""
        if self.scale == "identity":
            return value
        return math.exp(value) if value < 709 else math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return the ladder as JSON-ready values."""
        return {
            "measure": self.measure,
            "scale": self.scale,
            "level": self.level,
            "null": self.null,
            "tau_prior": self.tau_prior.to_dict(),
            "mu_prior": self.mu_prior.name,
            "groups": [group.to_dict() for group in self.groups],
            "steps": [step.to_dict() for step in self.steps],
            "mixture": {**self.mixture.to_dict(), "answer": False},
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the ladder in plain lines, on the natural scale."""
        lines = [
            f"{self.measure}, {self.level:g}% intervals; prior on tau {self.tau_prior.words}; "
            f"prior on mu {self.mu_prior.name}."
        ]
        for group in self.groups:
            if group.bias is not None:
                lines.append(f"{group.name}: {group.bias.words()}.")
        for step in self.steps:
            shares = ", ".join(f"{name} {share:.0f}%" for name, share in step.shares)
            lines.append(
                f"{step.label} ({step.k}): {step.mu.text()}; probability below "
                f"{decimal_text(self.natural(self.null))}: {probability_text(step.below)}; "
                f"new study {range_text(self.natural(step.new_low), self.natural(step.new_high))}; "
                f"information: {shares}."
            )
            if step.tipping is not None:
                lines.append(f"  {self.tipping_words(step.tipping)}")
        lines.append(
            "Not an answer: all designs mixed as if randomised would give "
            f"{self.mixture.mu.text()}."
        )
        return "\n".join(lines)

    def tipping_words(self, tip: Tipping) -> str:
        """Return in words how far the assumed bias must move."""
        reach = self._shift_text(tip.reach)
        moves = "exclude" if tip.includes_null else "include"
        parts = []
        for shift, what in (
            (tip.sign, "the median to reach the null"),
            (tip.interval, f"the interval to {moves} the null"),
        ):
            parts.append(
                f"no shift up to {reach} for {what}"
                if math.isnan(shift)
                else f"a shift of {self._shift_text(shift)} for {what}"
            )
        return f"Mean bias of the non-randomised designs must move: {'; '.join(parts)}."

    def _shift_text(self, shift: float) -> str:
        if self.scale == "identity":
            return decimal_text(shift)
        return f"{decimal_text(shift)} (a factor of {decimal_text(math.exp(shift))})"


def design_ladder(
    groups: Sequence[DesignGroup],
    *,
    measure: str,
    scale: Scale,
    tau_prior: TauPrior,
    mu_prior: MuPrior,
    level: float,
    null: float,
    reach: float,
) -> DesignLadder:
    """Pool designs one after the other, each with its stated bias.

    Parameters
    ----------
    groups : sequence of DesignGroup
        Randomised trials first; every other design with its bias, in the order of the ladder.
    measure : str
        ``Hazard ratio for death``, say.
    scale : {"log", "identity"}
        Scale of the effects.
    tau_prior : TauPrior
    mu_prior : MuPrior
        Priors on the between-study standard deviation and on the mean effect.
    level : float
        Level of all intervals in percent.
    null : float
        No effect, on the scale of the effects.
    reach : float
        Largest shift of the mean bias for the tipping points.

    Returns
    -------
    DesignLadder
        One step per design.

    Raises
    ------
    DesignError
        If the first design is not randomised, or another one has no bias stated.
    """
    groups = tuple(groups)
    _check(groups)
    common: dict[str, Any] = {"tau_prior": tau_prior, "mu_prior": mu_prior, "level": level}
    steps = []
    for i, group in enumerate(groups):
        inside = groups[: i + 1]
        tip = (
            tipping(inside, null=null, reach=reach, **common)
            if any(g.bias is not None for g in informative(inside))
            else None
        )
        label = group.name if i == 0 else f"+ {group.name}"
        steps.append(_step(inside, label, scale, null, tip, **common))
    mixed = _step(
        as_if_randomised(groups), "All designs mixed, not an answer", scale, null, None, **common
    )
    return DesignLadder(
        measure=measure,
        scale=scale,
        groups=groups,
        steps=tuple(steps),
        mixture=mixed,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        level=float(level),
        null=float(null),
        provenance=Provenance(
            input_sha256=_hash(groups),
            options={
                "tau_prior": tau_prior.name,
                "mu_prior": mu_prior.name,
                "level": float(level),
                "null": float(null),
                "reach": float(reach),
                "scale": scale,
            },
        ),
    )


def _check(groups: tuple[DesignGroup, ...]) -> None:
    if not groups:
        raise DesignError("there is no design to pool.")
    if groups[0].bias is not None:
        raise DesignError(
            f"the ladder begins with {groups[0].name}, which has a bias.",
            hint="put the randomised trials first.",
        )
    for group in groups[1:]:
        if group.bias is None:
            raise DesignError(
                f"{group.name}: no bias is stated.",
                hint="state mean, shared_sd, own_sd, weight and source; designs are never mixed "
                "plainly.",
            )
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        raise DesignError(f"two designs have the same name: {', '.join(names)}.")


def _step(
    groups: Sequence[DesignGroup],
    label: str,
    scale: Scale,
    null: float,
    tip: Tipping | None,
    *,
    tau_prior: TauPrior,
    mu_prior: MuPrior,
    level: float,
) -> LadderStep:
    model = adjusted_model(groups, mu_prior, shift=0.0)
    assert model is not None
    found = mix(model, tau_prior)
    tail = check_level(level)
    at = np.array([0.5, tail, 1 - tail])
    median, low, high = (float(x) for x in found.mu.quantile(at))
    new_low, new_high = (float(x) for x in found.new.quantile(at[1:]))
    used = informative(groups)
    return LadderStep(
        label=label,
        designs=tuple(group.name for group in groups),
        k=model.y.size,
        mu=Estimate(
            estimate=median,
            se=found.mu.moments()[1],
            ci_low=low,
            ci_high=high,
            level=float(level),
            scale=scale,
        ),
        new_low=new_low,
        new_high=new_high,
        tau=float(found.tau.quantile(0.5)),
        below=float(found.mu.cdf(null)),
        shares=_shares(found, groups, used),
        biases=_biases(found, used, tail),
        tipping=tip,
    )


def _shares(
    found: Mixtures, groups: Sequence[DesignGroup], used: Sequence[DesignGroup]
) -> tuple[tuple[str, float], ...]:
    share = (found.given.group_precision * found.given.variance) @ found.mu.weight
    by_name = {g.name: 100.0 * float(s) for g, s in zip(used, share, strict=True)}
    rows = [(g.name, by_name.get(g.name, 0.0)) for g in groups]
    if found.model.mu_prior.proper:
        rows.append(("prior on mu", 100.0 * max(0.0, 1.0 - float(share.sum()))))
    return tuple(rows)


def _biases(found: Mixtures, used: Sequence[DesignGroup], tail: float) -> tuple[BiasSeen, ...]:
    """Return the posterior of each shared bias: normal given tau, like mu."""
    rows = []
    for i, group in enumerate(used):
        if group.bias is None:
            continue
        shared = float(found.model.shared[i])
        pull = shared * found.given.group_weight[i] / (1 + shared * found.given.group_weight[i])
        apart = found.given.group_mean[i] - found.given.mean
        spread2 = shared * (1 - pull) + pull**2 * found.given.variance
        mean = group.bias.mean + pull * apart
        if shared == 0:
            rows.append(
                BiasSeen(
                    design=group.name,
                    mean=group.bias.mean,
                    sd=0.0,
                    low=group.bias.mean,
                    high=group.bias.mean,
                )
            )
            continue
        mixture = type(found.mu)(mean=mean, spread=np.sqrt(spread2), weight=found.mu.weight)
        low, high = (float(x) for x in mixture.quantile(np.array([tail, 1 - tail])))
        centre, sd = mixture.moments()
        rows.append(BiasSeen(design=group.name, mean=centre, sd=sd, low=low, high=high))
    return tuple(rows)


def _hash(groups: Sequence[DesignGroup]) -> str:
    text = json.dumps([group.to_dict() for group in groups], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
