"""What a pool says, in words that either stay or change: the side, thresholds, certainty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.evidence.absolute import EventIs
from locoreg.evidence.certainty import (
    BaselineRisk,
    InformationRule,
    Threshold,
    UnpublishedTrial,
    start_level,
)
from locoreg.evidence.certainty.facts import difference_of
from locoreg.evidence.certainty.inconsistency import Q_LEVEL
from locoreg.evidence.riskofbias import Assessment
from locoreg.workflows.certainty import facts_of, judge_pool
from locoreg.workflows.conclusion.pools import read_interval
from locoreg.workflows.conclusion.sentences import finite

PoolDict = Mapping[str, Any]
NO_POOL = "no usable number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What conclusions are read against; nothing of it is assumed.

    Attributes
    ----------
    baselines : tuple of BaselineRisk
        Outcomes without the intervention; empty if none is stated.
    important : Threshold or None
        From where on a difference matters. Without both, thresholds and certainty are not
        looked at.
    information : InformationRule or None
        The trial of the optimal information size.
    """

    baselines: tuple[BaselineRisk, ...]
    important: Threshold | None
    information: InformationRule | None

    @property
    def complete(self) -> bool:
        """Whether thresholds and certainty can be looked at."""
        return bool(self.baselines) and self.important is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the standards as JSON-ready values."""
        return {
            "baselines": [
                {"label": b.label, "survival": b.survival, "at_months": b.at_months}
                for b in self.baselines
            ],
            "important_per_1000": None if self.important is None else self.important.per_1000,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a pool's conclusions rest on beside its numbers.

    Attributes
    ----------
    event_is : {"adverse", "favourable"}
        Kind of the event.
    bias : tuple of Assessment
        Assessments of risk of bias.
    unpublished : tuple of UnpublishedTrial
        Registered trials of the question without a result.
    """

    event_is: EventIs
    bias: tuple[Assessment, ...] = field(default=())
    unpublished: tuple[UnpublishedTrial, ...] = field(default=())


def conclusions_of(pool: PoolDict | None, context: Context, standards: Standards) -> dict[str, str]:
    """Return what a pool says, by kind of conclusion.

    Parameters
    ----------
    pool : mapping or None
        ``EvidencePool.to_dict()``; None where there is none.
    context : Context
        Event and assessments.
    standards : Standards
        Baselines and threshold.

    Returns
    -------
    dict of str to str
        ``interval``, ``estimate``, ``heterogeneity``, ``prediction``; with standards also one
        entry per baseline and ``certainty``.
    """
    if pool is None:
        return {"pool": NO_POOL}
    read = read_interval(pool)
    log = read["scale"] == "log"
    nothing = "1" if log else "0"
    out = {
        "pool": "a number can be pooled",
        "interval": _side(finite(read["ci_low"]), finite(read["ci_high"]), nothing),
        "estimate": _point(finite(read["estimate"]), nothing),
        "heterogeneity": _heterogeneity(finite(pool["q_p"])),
        "prediction": _prediction(pool["prediction"], nothing),
    }
    if not standards.complete:
        return out
    return out | _against(pool, context, standards)


def _side(low: float, high: float, nothing: str) -> str:
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    if high < 0:
        return f"below {nothing}"
    return f"above {nothing}" if low > 0 else f"holds {nothing}"


def _point(value: float, nothing: str) -> str:
    if math.isnan(value):
        return "not estimable"
    return f"at {nothing}" if value == 0 else f"{'below' if value < 0 else 'above'} {nothing}"


def _heterogeneity(p: float) -> str:
    if math.isnan(p):
        return "can't be tested"
    side = "below" if p < Q_LEVEL else "not below"
    return f"test {side} {Q_LEVEL:.2f}"


def _prediction(found: Mapping[str, Any] | None, nothing: str) -> str:
    if found is None:
        return "none under three studies"
    return _side(finite(found["low"]), finite(found["high"]), nothing)


def _against(pool: PoolDict, context: Context, standards: Standards) -> dict[str, str]:
    important = standards.important
    if important is None:
        raise ValueError("the standards are not complete")
    out: dict[str, str] = {}
    try:
        facts = facts_of(pool, event_is=context.event_is, bias=context.bias)
        for baseline in standards.baselines:
            found = difference_of(facts, facts.read, baseline)
            edges = [
                e for e in (-important.per_1000, important.per_1000) if found.low < e < found.high
            ]
            crossed = " and ".join(f"{edge:+g}" for edge in edges) or "none"
            at = f"{baseline.label} at {baseline.at_months:g} months"
            out[f"size ({at})"] = {
                "more": f"{important.per_1000:g} per 1,000 more or beyond",
                "fewer": f"{important.per_1000:g} per 1,000 fewer or beyond",
                "trivial": f"less than {important.per_1000:g} per 1,000 either way",
            }[important.zone(found.estimate)]
            out[f"thresholds in the interval ({at})"] = crossed
        judged = judge_pool(
            pool,
            event_is=context.event_is,
            bias=context.bias,
            unpublished=context.unpublished,
            baselines=standards.baselines,
            important=important,
            information=standards.information,
            asymmetry=(),
            start=start_level(pool["design"], otherwise="low"),
            judgements=(),
        )
        most = "at most " if judged.at_most else ""
        out["certainty by the rules"] = f"{most}{judged.proposed}"
    except LocoregError as error:
        out["thresholds"] = f"can't be read: {error.message}"
    return out


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds of conclusion that differ, in the order of the new ones.

    Parameters
    ----------
    old, new : mapping
        From :func:`conclusions_of`.

    Returns
    -------
    tuple of str
        Kinds; where a pool appears or goes, that alone.
    """
    if old.get("pool") != new.get("pool"):
        return ("pool",)
    return tuple(name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name))


def listed_conclusions(
    names: Sequence[str], old: Mapping[str, str], new: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return conclusions with what they were and what they are."""
    return [{"conclusion": name, "before": old.get(name), "after": new.get(name)} for name in names]
