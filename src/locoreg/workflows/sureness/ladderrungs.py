"""The designs that join the trials: which studies each holds, and why some are left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError, LocoregError, did_you_mean
from locoreg.evidence.designs import DesignBias, DesignGroup
from locoreg.evidence.records import Study
from locoreg.workflows.conclusion.pools import Results, find_pool, why_no_pool
from locoreg.workflows.conclusion.sentences import listed
from locoreg.workflows.emulation.stepped import contrasts_of, failures_of
from locoreg.workflows.sureness.orientedpool import OrientedPool, label_of, studies_of
from locoreg.workflows.sureness.sureplan import WITHIN, LadderPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A design with its studies.

    Attributes
    ----------
    design : str
        As the study file writes it.
    group : DesignGroup
        Effects, standard errors and bias.
    study_ids : tuple of str
        Ids of the studies; empty for an emulation.
    """

    design: str
    group: DesignGroup
    study_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A design that was asked for and does not join.

    Attributes
    ----------
    design, label : str
        As written, and in words.
    reason : str
        Why.
    """

    design: str
    label: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON-ready values."""
        return {"design": self.design, "label": self.label, "reason": self.reason}


def rungs_of(
    results: Results, pool: OrientedPool, asked: Sequence[LadderPlan]
) -> tuple[tuple[Rung, ...], tuple[LeftOut, ...]]:
    """Return the designs of a ladder, the trials first.

    Parameters
    ----------
    results : mapping
        Results of the run; ``questions`` and ``emulation`` are read.
    pool : OrientedPool
        The trials.
    asked : sequence of LadderPlan
        What joins them.

    Returns
    -------
    rungs : tuple of Rung
        Those that can join, in the order asked for.
    left_out : tuple of LeftOut
        The others.
    """
    trials = DesignGroup(
        name=label_of(pool.design), labels=pool.labels, yi=pool.yi, se=pool.se, bias=None
    )
    rungs = [Rung(design=pool.design, group=trials, study_ids=tuple(_ids(pool.studies)))]
    left_out = []
    for one in asked:
        make = _emulated if one.emulation else _tabled
        try:
            rungs.append(make(results, pool, one))
        except LocoregError as error:
            left_out.append(LeftOut(design=one.design, label=_words(one), reason=str(error)))
    return tuple(rungs), tuple(left_out)


def _ids(studies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in studies:
        yield str(one["study_id"])


def _words(asked: LadderPlan) -> str:
    return f"Emulation {asked.emulation}" if asked.emulation else label_of(asked.design)


def _bias(asked: LadderPlan) -> DesignBias:
    return DesignBias(
        mean=asked.mean, shared_sd=asked.shared_sd, own_sd=asked.own_sd, weight=asked.weight,
        source=asked.source,
    )  # fmt: skip


def _tabled(results: Results, pool: OrientedPool, asked: LadderPlan) -> Rung:
    """Return the studies of a design of the tables: of its own pool, else of the group's."""
    item = find_pool(results, (pool.question, pool.outcome, asked.design))
    whole = item is not None
    if item is None and asked.design in WITHIN:
        item = find_pool(results, (pool.question, pool.outcome, "observational"))
    if item is None:
        raise DesignError(why_no_pool(results, (pool.question, pool.outcome, asked.design)))
    found = item["pool"]
    if found["measure"] != pool.measure:
        raise DesignError(
            f"its pool is of the measure {found['measure']}, that of the trials of {pool.measure}."
        )
    studies = [
        one
        for one in studies_of(found, found["reference_arm"] == "intervention")
        if whole or one["design"] == asked.design
    ]
    if not studies:
        raise DesignError("the run pools no study of this design for this outcome.")
    return Rung(
        design=asked.design,
        group=DesignGroup(
            name=label_of(asked.design),
            labels=tuple(str(one["label"]) for one in studies),
            yi=tuple(float(one["yi"]) for one in studies),
            se=tuple(float(one["se"]) for one in studies),
            bias=_bias(asked),
        ),
        study_ids=tuple(_ids(studies)),
    )


def _emulated(results: Results, pool: OrientedPool, asked: LadderPlan) -> Rung:
    """Return an emulation by its hazard ratio, treated relative to comparator."""
    known = {str(one["name"]): one["results"] for one in results.get("emulation") or ()}
    name = asked.emulation
    if name not in known:
        raise DesignError(
            f"the run has no emulation {name}.", hint=did_you_mean(name, known) or None
        )
    told = known[name]
    reason = _why_not(told, pool)
    if reason:
        raise DesignError(reason)
    ratios = [one.contrast.estimate for one in contrasts_of(told, name)
              if one.contrast.measure == "hazard_ratio"]  # fmt: skip
    if not ratios:
        raise DesignError("it has no hazard ratio.")
    ratio = ratios[-1]
    if not (math.isfinite(ratio.estimate) and math.isfinite(ratio.se) and ratio.se > 0):
        raise DesignError("its hazard ratio or its standard error is hidden or not estimable.")
    if ratio.scale != "log":
        raise DesignError("its hazard ratio is not on the log scale.")
    question = told["question"]
    label = f"{question['treated_label']} against {question['comparator_label']}"
    return Rung(
        design=asked.design,
        group=DesignGroup(
            name=f"Emulation {name}",
            labels=(f"{label}, {question['outcome']}",),
            yi=(ratio.estimate,),
            se=(ratio.se,),
            bias=_bias(asked),
        ),
        study_ids=(),
    )


def _why_not(told: Mapping[str, Any], pool: OrientedPool) -> str:
    """Return why an emulation does not join; empty where it may."""
    reasons = []
    if told["synthetic"]:
        reasons.append("its patients are made up")
    failed = failures_of(told)
    if failed:
        reasons.append(f"{listed(failed.names)} failed")
    if pool.measure != "HR":
        reasons.append(f"it gives a hazard ratio, and the trials are pooled by {pool.measure}")
    event = str((told["protocol"].get("outcome") or {}).get("event") or "").replace("_", " ")
    if event and event.casefold() != pool.event.casefold():
        reasons.append(f"its event is {event}, that of the pool {pool.event}")
    return f"{'; '.join(reasons)}." if reasons else ""


def shared_cohorts(rungs: Sequence[Rung], studies: Mapping[str, Study]) -> list[dict[str, Any]]:
    """Return the cohorts whose patients are in several studies of a ladder, as the tables tell.

    Parameters
    ----------
    rungs : sequence of Rung
        The designs.
    studies : mapping
        Studies of the evidence tables by id.

    Returns
    -------
    list of dict
        ``cohort`` and ``studies``, labels with their designs; empty where none is known.
    """
    members: dict[str, list[str]] = {}
    for rung in rungs:
        for study_id, label in zip(rung.study_ids, rung.group.labels, strict=False):
            record = studies.get(study_id)
            for cohort in (record.cohort or "").split(";") if record is not None else ():
                if cohort.strip():
                    told = f"{label} ({rung.group.name.lower()})"
                    members.setdefault(cohort.strip(), []).append(told)
    return [
        {"cohort": cohort, "studies": found} for cohort, found in members.items() if len(found) > 1
    ]
