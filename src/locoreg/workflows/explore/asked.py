"""What is asked of the explorer, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from locoreg.workflows.explore.choices import subgroup_words

Adjustment = Literal["", "adjusted", "not-adjusted"]
BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the explorer.

    Attributes
    ----------
    question, outcome : str
        Ids; empty for the first question of the tables and for its main outcome.
    design : str
        ``both``, rct, observational, or one design of the latter.
    subgroup : str
        Patients' subgroup as ``dimension=level``; empty for all.
    timing, disease, limit : str
        Values of the columns randomisation_timing, disease_state and lesion_limit that studies
        must have; empty for all.
    adjustment : {"", "adjusted", "not-adjusted"}
        Whether the number used must be stated, or not be stated, to be adjusted.
    hide_blocking : bool
        Leave out studies with a blocking finding on the rows used.
    as_printed, include_memory : bool
        As for :func:`locoreg.workflows.evidence.pool_question`.
    method : str
    interval : str or None
        None for the usual one of the method.
    level : float or None
        None for the question's own.
    split : str or None
        Column of the studies table that splits them.
    """

    question: str = ""
    outcome: str = ""
    design: str = BOTH
    subgroup: str = ""
    timing: str = ""
    disease: str = ""
    limit: str = ""
    adjustment: Adjustment = ""
    hide_blocking: bool = False
    as_printed: bool = False
    include_memory: bool = False
    method: str = "REML"
    interval: str | None = None
    level: float | None = None
    split: str | None = None


def asked_words(asked: Asked) -> tuple[str, ...]:
    """Return the filters that are set, in words, for the head of a result."""
    pairs = (
        (asked.subgroup, f"patients: {subgroup_words(asked.subgroup)}"),
        (asked.timing, f"randomisation: {asked.timing}"),
        (asked.disease, f"state of disease: {asked.disease}"),
        (asked.limit, f"limit of lesions: {asked.limit}"),
        (asked.adjustment == "adjusted", "numbers stated to be adjusted only"),
        (asked.adjustment == "not-adjusted", "numbers not stated to be adjusted only"),
        (asked.hide_blocking, "without studies that have a blocking finding"),
        (asked.as_printed, "every row as printed"),
        (asked.include_memory, "numbers from memory included"),
    )
    return tuple(words for given, words in pairs if given)
