"""Imprecision: the absolute interval against the stated threshold, and the information size.

Guyatt et al. 2011 (GRADE guidelines 6), doi:10.1016/j.jclinepi.2011.01.012; Zeng et al. 2022
(GRADE guidance 34), doi:10.1016/j.jclinepi.2022.07.014; Schünemann et al. 2022 (GRADE guidance 35),
doi:10.1016/j.jclinepi.2022.07.015.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import norm

from locoreg.core.errors import DesignError, LocoregError
from locoreg.evidence.certainty.facts import (
    BaselineRisk,
    PoolFacts,
    Threshold,
    difference_of,
)
from locoreg.evidence.certainty.proposals import Proposal, moved

RULE = (
    "Down one level for each side of the stated threshold that the interval of the difference "
    "crosses. Where it crosses none: down one level if the pool holds less information than one "
    "trial that looks for the smallest difference that matters."
)
SOURCE = (
    "GRADE guidelines 6 (doi:10.1016/j.jclinepi.2011.01.012); "
    "GRADE guidance 34 (doi:10.1016/j.jclinepi.2022.07.014) and 35 "
    "(doi:10.1016/j.jclinepi.2022.07.015)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationRule:
    """The trial that the optimal information size is that of; all of it stated.

    Attributes
    ----------
    alpha, power : float
        Fractions.
    sides : int
        1 or 2.
    allocation : float
        Share of the patients in the intervention arm.
    """

    alpha: float
    power: float
    sides: int
    allocation: float

    def __post_init__(self) -> None:
        if self.sides not in (1, 2):
            raise DesignError(f"a test has 1 or 2 sides, not {self.sides}.")
        for name in ("alpha", "power", "allocation"):
            if not 0 < getattr(self, name) < 1:
                raise DesignError(f"{name} is a fraction between 0 and 1.")

    @property
    def z_total(self) -> float:
        """Sum of the two normal quantiles."""
        return float(norm.isf(self.alpha / self.sides) + norm.ppf(self.power))


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationSize:
    """What a pool holds against what one trial would take.

    Attributes
    ----------
    unit : {"events", "patients"}
        Events for hazard ratios, patients else.
    required, held : float
        ``held`` are the events that the common-effect standard error amounts to, or the patients
        on record.
    ratio : float
        Effect that the trial looks for.
    """

    unit: str
    required: float
    held: float
    ratio: float

    @property
    def enough(self) -> bool:
        """Whether the pool holds as much as the trial would."""
        return self.held >= self.required

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers."""
        return {
            "unit": self.unit, "required": self.required, "held": self.held, "ratio": self.ratio,
            "share": self.held / self.required,
        }  # fmt: skip


def information_size(
    facts: PoolFacts, rule: InformationRule, *, baseline: BaselineRisk, important: Threshold
) -> InformationSize | str:
    """Return the optimal information size at a baseline, or why there is none.

    The trial looks for ``important`` more people in the good state. For a hazard ratio it takes
    (z_alpha + z_power)^2 / (a (1 - a) log(HR)^2) events (Schoenfeld 1981,
    doi:10.1093/biomet/68.1.316), else the patients of a comparison of two proportions.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    rule : InformationRule
        The trial.
    baseline : BaselineRisk
        Share without the intervention.
    important : Threshold
        Difference that it looks for.

    Returns
    -------
    InformationSize or str
        A string says why it can't be computed.
    """
    without = baseline.survival
    with_ = without + important.per_1000 / 1000
    if with_ >= 1:
        return f"{important.per_1000:g} per 1,000 more than {1000 * without:g} is not possible"
    spared = (without, with_) if facts.event_is == "adverse" else (1 - without, 1 - with_)
    share = rule.allocation
    if facts.measure == "HR":
        ratio = math.log(spared[1]) / math.log(spared[0])
        required = rule.z_total**2 / (share * (1 - share) * math.log(ratio) ** 2)
        held = 1 / (share * (1 - share) * facts.common_se**2)
        return InformationSize(unit="events", required=required, held=held, ratio=ratio)
    counts = [one.n for one in facts.studies]
    if any(one is None for one in counts):
        return "some studies do not state their patients"
    variance = with_ * (1 - with_) / share + without * (1 - without) / (1 - share)
    required = rule.z_total**2 * variance / (with_ - without) ** 2
    held = float(sum(one for one in counts if one is not None))
    return InformationSize(
        unit="patients", required=required, held=held, ratio=(1 - with_) / (1 - without)
    )


def imprecision(
    facts: PoolFacts,
    *,
    baselines: Sequence[BaselineRisk],
    important: Threshold,
    information: InformationRule | None,
) -> Proposal:
    """Propose how far the width of the interval lowers certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    baselines : sequence of BaselineRisk
        At which the interval is turned into a difference per 1,000.
    important : Threshold
        From where on a difference matters.
    information : InformationRule or None
        The trial of the optimal information size; None where none is stated, so that it is not
        looked at.

    Returns
    -------
    Proposal
        The largest move over the baselines; a person is needed where they differ.
    """
    events = [one.events for one in facts.studies if one.events is not None]
    rows: list[dict[str, Any]] = []
    found: list[tuple[int, str]] = []
    counted = {
        "events": sum(events) if events else None,
        "events_of": len(events),
        "k": len(facts.studies),
    }
    try:
        for baseline in baselines:
            by, reason, numbers = _at(facts, baseline, important, information)
            found.append((by, reason))
            rows.append({"baseline": baseline.label, "by": by, **numbers})
    except LocoregError as error:
        return _proposal(
            None, f"The interval can't be read against the threshold: {error.message}",
            {**counted, "threshold_per_1000": important.per_1000}, needs=True,
        )  # fmt: skip
    by, reason = min(found, key=lambda one: one[0])
    differ = len({one for one, _ in found}) > 1
    if differ:
        reason += (
            " The baselines do not agree: "
            + "; ".join(f"{row['baseline']} {moved(row['by'])}" for row in rows)
            + "."
        )
    numbers = {**counted, "threshold_per_1000": important.per_1000, "baselines": rows}
    # Far less than the information size may be worth two levels, which the guidance leaves open.
    needs = differ or any(_far_less(row) for row in rows)
    return _proposal(by, reason, numbers, needs=needs)


def _far_less(row: dict[str, Any]) -> bool:
    size = row["information"]
    return not row["crosses"] and isinstance(size, dict) and size["share"] < 0.5


def _proposal(by: int | None, reason: str, numbers: dict[str, Any], *, needs: bool) -> Proposal:
    return Proposal(
        domain="imprecision", by=by, reason=reason, numbers=numbers, needs_person=needs,
        rule=RULE, source=SOURCE,
    )  # fmt: skip


def _at(
    facts: PoolFacts,
    baseline: BaselineRisk,
    important: Threshold,
    information: InformationRule | None,
) -> tuple[int, str, dict[str, Any]]:
    found = difference_of(facts, facts.read, baseline)
    edge = important.per_1000
    crosses = [one for one in (-edge, edge) if found.low < one < found.high]
    size = None
    if information is not None:
        size = information_size(facts, information, baseline=baseline, important=important)
    numbers = {
        "difference": found.to_dict(),
        "crosses": crosses,
        "information": size.to_dict() if isinstance(size, InformationSize) else size,
    }
    told = (
        f"At baseline {baseline.words} the interval of the difference is {found.low:+.0f} to "
        f"{found.high:+.0f} per 1,000"
    )
    if crosses:
        sides = " and ".join(f"{one:+g}" for one in crosses)
        return -len(crosses), f"{told} and holds the threshold {sides}.", numbers
    if isinstance(size, InformationSize) and not size.enough:
        return -1, (
            f"{told} and crosses no threshold; the pool amounts to {size.held:.0f} {size.unit} of "
            f"the {size.required:.0f} that one trial takes to find {edge:g} per 1,000."
        ), numbers  # fmt: skip
    checked = "" if isinstance(size, InformationSize) else _unchecked(size)
    return 0, f"{told} and crosses no threshold{checked}.", numbers


def _unchecked(size: InformationSize | str | None) -> str:
    if size is None:
        return "; no trial for the optimal information size is stated"
    return f"; the optimal information size is not known: {size}"
