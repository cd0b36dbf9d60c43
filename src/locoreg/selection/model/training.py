"""What a model was made from, in counts of 10 or more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from locoreg.selection.patient.limits import LEAST_SHOWN
from locoreg.selection.scores.result import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """One option in the data.

    Attributes
    ----------
    label : str
        The option.
    n, events : int or None
        Persons, and events before the horizon; None where fewer than 10, or hidden.
    followed : int or None
        Persons followed to the event or the horizon.
    """

    label: str
    n: int | None
    events: int | None
    followed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSummary:
    """The data behind a model.

    Attributes
    ----------
    source : str
        Where the data come from.
    synthetic : bool
        Whether the patients are made up.
    n : int
        Persons.
    arms : tuple of ArmSummary
        Comparator, treated.
    median_follow_up_months : float
        Half of the persons were followed longer (time to event or censoring).
    weighted, late_entry : bool
        Whether persons have sampling weights; whether some are observed from later than time zero.
    clusters : int or None
        Hospitals or other groups.
    attrition : tuple of str
        Who was left out before, in sentences.
    notes : tuple of str
        What a reader must know of the data.
    diagnostics : tuple of dict
        Overlap and censoring of the scores, with verdicts.
    """

    source: str
    synthetic: bool
    n: int
    arms: tuple[ArmSummary, ...]
    median_follow_up_months: float
    weighted: bool
    late_entry: bool
    clusters: int | None
    attrition: tuple[str, ...]
    notes: tuple[str, ...]
    diagnostics: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, scores: Scores) -> TrainingSummary:
        """Return the summary of the persons of scores."""
        data, question = scores.data, scores.question
        return cls(
            source=data.source,
            synthetic=data.synthetic,
            n=data.n,
            arms=(
                _arm(scores, False, question.comparator_label),
                _arm(scores, True, question.treated_label),
            ),
            median_follow_up_months=float(np.median(data.time)),
            weighted=data.weight is not None,
            late_entry=bool(data.entry is not None and (data.entry > 0.0).any()),
            clusters=None if data.cluster is None else int(np.unique(data.cluster).size),
            attrition=tuple(
                f"{step.name}: {_shown(step.excluded)}" for step in data.attrition.steps
            ),
            notes=tuple(scores.notes),
            diagnostics=tuple(one.to_dict() for one in scores.diagnostics),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> TrainingSummary:
        """Return the summary of a dict from `to_dict`."""
        changed = {
            "arms": tuple(ArmSummary(**arm) for arm in given["arms"]),
            **{name: tuple(given[name]) for name in ("attrition", "notes", "diagnostics")},
        }
        return cls(**{**given, **changed})


def _arm(scores: Scores, treated: bool, label: str) -> ArmSummary:
    data, horizon = scores.data, scores.question.horizon_months
    own = data.treated == treated
    event = own & (data.event == 1) & (data.time <= horizon)
    return ArmSummary(
        label=label,
        n=stored_count(int(own.sum())),
        events=stored_count(int(event.sum())),
        followed=stored_count(int((event | (own & (data.time >= horizon))).sum())),
    )


def stored_count(count: int) -> int | None:
    """Return a count, or None where it is from 1 to 9."""
    return None if 0 < count < LEAST_SHOWN else count


def _shown(count: int) -> str:
    return f"fewer than {LEAST_SHOWN}" if stored_count(count) is None else str(count)
