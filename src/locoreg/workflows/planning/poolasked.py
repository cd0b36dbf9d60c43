"""The pool that a planned trial would join, from the tables or from a run's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.evidence.pooling import EvidencePool
from locoreg.planning.conclusions import PoolModel
from locoreg.workflows.answers import RANDOMISED
from locoreg.workflows.evidence import open_tables, pool_question


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPool:
    """A pool of hazard ratios, intervention relative to control.

    Attributes
    ----------
    question, outcome, title : str
        What is pooled.
    labels : tuple of str
        Trials.
    yi, vi : tuple of float
        Log hazard ratios and their variances.
    model : PoolModel
        How it is pooled.
    input_sha256 : str
        Of what it was made from.
    """

    question: str
    outcome: str
    title: str
    labels: tuple[str, ...]
    yi: tuple[float, ...]
    vi: tuple[float, ...]
    model: PoolModel
    input_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the pool as JSON-ready values."""
        return {
            "question": self.question,
            "outcome": self.outcome,
            "method": self.model.method,
            "interval": self.model.interval,
            "level": self.model.level,
            "studies": [
                {"label": label, "yi": y, "se": v**0.5}
                for label, y, v in zip(self.labels, self.yi, self.vi, strict=True)
            ],
        }


def pool_asked(
    question: str,
    *,
    outcome: str | None,
    tables: Sequence[str | Path],
    method: str,
    interval: str | None,
    level: float | None,
) -> PlannedPool:
    """Return the trials' pool on a question.

    Parameters
    ----------
    question : str
        Question id.
    outcome : str or None
        Outcome id; the question's main outcome if None.
    tables : sequence of str or Path
        ``shipped``, or folders of tables.
    method : str
        Estimator of tau2.
    interval, level
        Kind and level of the interval; the usual one and the question's if None.

    Returns
    -------
    PlannedPool
        Of the randomised trials.

    Raises
    ------
    DesignError
        If the pool is not one that a trial with a log-rank test could join.
    """
    catalog = open_tables(tables)
    found = pool_question(
        catalog, question, design=RANDOMISED[0], outcome=outcome, method=method,
        interval=interval, level=level,
    )  # fmt: skip
    if not isinstance(found, EvidencePool):
        raise DesignError(f"{question}: trials are pooled one design at a time.")
    return pool_of_results(found.to_dict(), event_is=found.outcome.event_is)


def pool_of_results(pool: Mapping[str, Any], *, event_is: str) -> PlannedPool:
    """Return the pool of a run's results.

    Parameters
    ----------
    pool : mapping
        As ``results.json`` has it.
    event_is : str
        adverse or favourable.

    Returns
    -------
    PlannedPool
        Turned, where it is of control relative to intervention.

    Raises
    ------
    DesignError
        If it is not of hazard ratios of randomised trials for an adverse event.
    """
    if pool["measure"] != "HR":
        raise DesignError(
            f"the pool is of the measure {pool['measure']}; a log-rank test is planned by HR."
        )
    if pool["design"] not in RANDOMISED:
        raise DesignError(
            "the pool is of comparisons without randomisation: a trial is not joined to them."
        )
    if event_is != "adverse":
        raise DesignError(
            "the event of this outcome is favourable: a lower hazard of it is no benefit.",
            hint="plan for an outcome whose event is adverse.",
        )
    turned = -1.0 if pool["reference_arm"] == "intervention" else 1.0
    studies = pool["studies"]
    return PlannedPool(
        question=str(pool["question"]),
        outcome=str(pool["outcome"]),
        title=str(pool["title"]),
        labels=tuple(str(one["label"]) for one in studies),
        yi=tuple(turned * float(one["yi"]) for one in studies),
        vi=tuple(float(one["se"]) ** 2 for one in studies),
        model=PoolModel(
            method=method_name(str(pool["method"])), interval=interval_name(str(pool["interval"])),
            level=float(pool["mu"]["level"]),
        ),
        input_sha256=str(pool["provenance"]["input_sha256"]),
    )  # fmt: skip
