"""What the evidence explorer is asked to show."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from locoreg.web.views import View
from locoreg.workflows.explore.asked import Asked

Tab = Literal[
    "heterogeneity",
    "small-study",
    "bayes",
    "sequential",
    "bias-shift",
    "multiverse",
    "summary",
    "studies",
]
Effect = Literal["0.6", "0.7", "0.75", "0.8", "0.85", "0.9"]
EFFECTS: tuple[Effect, ...] = ("0.6", "0.7", "0.75", "0.8", "0.85", "0.9")
Method = Literal["REML", "DL", "PM", "EB", "ML", "HE", "HS", "SJ", "CE"]
# Those that need no weights of their own.
POOLED_BY: tuple[Method, ...] = ("REML", "DL", "PM", "EB", "ML", "HE", "HS", "SJ", "CE")
Sort = Literal["study", "year", "patients", "effect", "weight", "findings"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("heterogeneity", "Heterogeneity"),
    ("small-study", "Small-study effects"),
    ("bayes", "Priors"),
    ("sequential", "Boundaries"),
    ("bias-shift", "Bias shift"),
    ("multiverse", "Doubtful readings"),
    ("summary", "Summary of findings"),
    ("studies", "Study table"),
)


class EvidenceView(View):
    """The state of the explorer.

    Attributes
    ----------
    question, outcome : str
        Ids; empty for the first question and its main outcome.
    design : str
        ``both`` shows trials and observational studies, each by itself.
    patients : str
        Patients' subgroup as ``dimension=level``.
    timing, disease, limit : str
        Values that the studies must have.
    adjusted : str
        Whether the numbers used must be stated to be adjusted.
    method, interval, level : str
        How it is pooled; empty for the usual interval and the question's level.
    split : str
        Column of the studies table that splits them.
    order, layout : str
        Of the forest plots.
    hide_blocking, memory : bool
        Leave out studies with a blocking finding; let numbers from memory in.
    reading : str
        As the audit supports each row, or as printed.
    tab, sort, down
        What stands below the forest plots, and the order of the study table.
    effect : str
        Hazard ratio that the boundaries are set for.
    """

    question: str = Field(default="", max_length=80)
    outcome: str = Field(default="", max_length=80)
    design: Literal["both", "rct", "observational", "registry", "matched", "cohort"] = "both"
    patients: str = Field(default="", max_length=120)
    timing: str = Field(default="", max_length=120)
    disease: str = Field(default="", max_length=120)
    limit: str = Field(default="", max_length=120)
    adjusted: Literal["", "adjusted", "not-adjusted"] = ""
    method: Method = "REML"
    interval: Literal["", "normal", "t", "hartung-knapp", "hartung-knapp-floor"] = ""
    level: Literal["", "80", "90", "95", "99"] = ""
    split: str = Field(default="", max_length=60)
    order: Literal["year", "weight", "effect", "audit"] = "year"
    layout: Literal["revman", "jama", "bmj"] = "revman"
    hide_blocking: bool = False
    reading: Literal["supported", "printed"] = "supported"
    memory: bool = False
    tab: Tab = "heterogeneity"
    sort: Sort = "year"
    down: bool = False
    effect: Effect = "0.8"

    def asked(self) -> Asked:
        """Return what is to be pooled."""
        return Asked(
            question=self.question,
            outcome=self.outcome,
            design=self.design,
            subgroup=self.patients,
            timing=self.timing,
            disease=self.disease,
            limit=self.limit,
            adjustment=self.adjusted,
            hide_blocking=self.hide_blocking,
            as_printed=self.reading == "printed",
            include_memory=self.memory,
            method=self.method,
            interval=self.interval or None,
            level=float(self.level) if self.level else None,
            split=self.split or None,
        )

    def figure(self, design: str, **changes: object) -> EvidenceView:
        """Return the view of a figure: what is shown beside it is no part of it."""
        plain = {
            "tab": "heterogeneity", "sort": "year", "down": False, "effect": "0.8",
            "design": design,
        }  # fmt: skip
        return self.model_copy(update=plain | changes)
