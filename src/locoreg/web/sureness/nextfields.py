"""What the page of the next trial asks: its parts, its fields, and the values of an example."""

from __future__ import annotations

from typing import Literal

from locoreg.report.words import INTERVALS, METHODS
from locoreg.web.evidence.view import POOLED_BY
from locoreg.web.sureness.fields import FormField

NextPart = Literal["add", "size", "boundaries", "prospects", "accrual", "enrichment"]
PARTS: tuple[tuple[NextPart, str], ...] = (
    ("add", "Add a hypothetical trial"),
    ("size", "Size"),
    ("boundaries", "Against the boundaries"),
    ("prospects", "Assurance and change"),
    ("accrual", "Accrual"),
    ("enrichment", "Whom to randomise"),
)
ALL = tuple(name for name, _ in PARTS)
PLANNED = ALL[1:]
SPENDING = (("obrien-fleming", "O'Brien-Fleming type"), ("pocock", "Pocock type"))
FUTILITY = (("none", "none"), ("non-binding", "not binding"), ("binding", "binding"))
SPREAD = (
    ("none", "none: all trials share one effect"),
    ("diversity", "diversity D²"),
    ("inconsistency", "inconsistency I²"),
    ("tau2", "τ² in the weights"),
)
POOL, TRIAL, ADDED = "The pool", "The trial", "Hypothetical trials"


def _pair(number: int) -> tuple[FormField, FormField]:
    optional = number > 1
    return (
        FormField(
            name=f"ratio_{number}", label=f"Trial {number}: hazard ratio", legend=ADDED,
            parts=("add",), optional=optional,
        ),
        FormField(
            name=f"events_{number}", label=f"Trial {number}: events", legend=ADDED,
            parts=("add",), hint="in both arms", optional=optional,
        ),
    )  # fmt: skip


FIELDS: tuple[FormField, ...] = (
    *_pair(1),
    *_pair(2),
    *_pair(3),
    FormField(
        name="hazard_ratio", label="Hazard ratios to find", legend=TRIAL, parts=PLANNED,
        hint="up to six, separated by commas",
    ),
    FormField(
        name="control", label="Control arm without the event", legend=TRIAL, parts=PLANNED,
        hint="month=percent, as 36=67.9; several by commas",
    ),
    FormField(
        name="control_source", label="Where this number stands", legend=TRIAL, parts=PLANNED
    ),
    FormField(name="accrual_months", label="Months of accrual", legend=TRIAL, parts=PLANNED),
    FormField(
        name="follow_up_months", label="Months of follow-up", legend=TRIAL, parts=PLANNED,
        hint="after the last patient",
    ),
    FormField(
        name="dropout", label="Drop-out, % a year", legend=TRIAL, parts=PLANNED,
        hint="lost to follow-up, both arms",
    ),
    FormField(name="alpha", label="Alpha, %", legend=TRIAL, parts=PLANNED),
    FormField(
        name="sides", label="Test", legend=TRIAL, parts=PLANNED,
        options=(("2", "two-sided"), ("1", "one-sided")),
    ),
    FormField(name="power", label="Power, %", legend=TRIAL, parts=PLANNED),
    FormField(
        name="allocation", label="Share in the intervention arm", legend=TRIAL, parts=ALL,
        hint="0.5 for equal arms",
    ),
    FormField(
        name="rmst_months", label="Restricted mean up to month", legend="Other tests",
        parts=("size",), optional=True, hint="empty: not sized",
    ),
    FormField(
        name="landmark_months", label="Survival at month", legend="Other tests",
        parts=("size",), optional=True, hint="empty: not sized",
    ),
    FormField(
        name="effect", label="Effect to be found", legend="Boundaries", parts=("boundaries",),
        hint="hazard ratio that sets the required information",
    ),
    FormField(
        name="spending", label="Alpha is spent", legend="Boundaries", parts=("boundaries",),
        options=SPENDING,
    ),
    FormField(
        name="futility", label="Futility", legend="Boundaries", parts=("boundaries",),
        options=FUTILITY,
    ),
    FormField(
        name="spread", label="Allowance for heterogeneity", legend="Boundaries",
        parts=("boundaries",), options=SPREAD,
    ),
    FormField(
        name="spread_value", label="Its amount", legend="Boundaries", parts=("boundaries",),
        hint="a fraction, a τ², or the word estimated; empty for none", optional=True,
    ),
    FormField(
        name="smallest_step", label="Smallest step of a look, %", legend="Boundaries",
        parts=("boundaries",), hint="of the required information; 0: each trial is a look",
    ),
    FormField(
        name="looks", label="Looks of the next trial", legend="Boundaries",
        parts=("boundaries",), hint="shares of its events, as 0.5,1; empty: none", optional=True,
    ),
    FormField(
        name="patients", label="Numbers of patients", legend="Asked of it",
        parts=("prospects", "accrual", "enrichment"), hint="up to six, separated by commas",
    ),
    FormField(
        name="tau_scale", label="Prior of τ", legend="Asked of it", parts=("prospects",),
        hint="scale of a half-normal prior",
    ),
    FormField(
        name="minimal", label="Smallest important benefit", legend="How the pool is read",
        parts=("add", "prospects"), optional=True, hint="hazard ratio; empty: not read against it",
    ),
    FormField(
        name="threshold", label="Probability to reach, %", legend="How the pool is read",
        parts=("prospects",), optional=True, hint="of benefit or harm; empty: not read so",
    ),
    FormField(
        name="studies", label="Trials of the record", legend="Accrual", parts=("accrual",),
        hint="ids, separated by commas",
    ),
    FormField(
        name="centres", label="Centres", legend="Accrual", parts=("accrual",), optional=True,
        hint="empty: rates of whole trials",
    ),
    FormField(
        name="rate", label="Prior: patients a month", legend="Accrual", parts=("accrual",),
        hint="median of the mean rate; per centre where centres are given",
    ),
    FormField(
        name="rate_factor", label="Prior: known within a factor of", legend="Accrual",
        parts=("accrual",), hint="95%",
    ),
    FormField(
        name="variation", label="Prior: variation between trials", legend="Accrual",
        parts=("accrual",), hint="scale of a half-normal on the coefficient of variation",
    ),
    FormField(name="stops", label="Prior: stopped trials", legend="Accrual", parts=("accrual",)),
    FormField(
        name="stop_months", label="Prior: in months of accrual", legend="Accrual",
        parts=("accrual",),
    ),
    FormField(
        name="horizon_months", label="Horizon, months", legend="Enrichment",
        parts=("enrichment",), hint="as in the selection",
    ),
    FormField(
        name="eligible", label="Eligible patients a month", legend="Enrichment",
        parts=("enrichment",), hint="before the rule",
    ),
    FormField(
        name="between", label="True effects differ by, months", legend="Enrichment",
        parts=("enrichment",), hint="standard deviation between groups",
    ),
    FormField(
        name="method", label="Method", legend=POOL, parts=ALL,
        options=tuple((name, f"{name}: {METHODS[name]}") for name in POOLED_BY),
    ),
    FormField(
        name="interval", label="Interval", legend=POOL, parts=ALL,
        options=tuple(INTERVALS.items()),
    ),
    FormField(name="level", label="Level, %", legend=POOL, parts=ALL),
)  # fmt: skip


def selection_field(names: tuple[str, ...]) -> FormField:
    """Return the choice of a selection whose rule chooses the patients."""
    return FormField(
        name="selection", label="Selection", legend="Enrichment", parts=("enrichment",),
        options=tuple((name, name) for name in names),
    )  # fmt: skip


# What the form holds where nothing is asked yet. Each value is seen, and can be changed.
EXAMPLE: dict[str, str] = {
    "ratio_1": "0.8", "events_1": "400",
    "hazard_ratio": "0.7, 0.8", "accrual_months": "84", "follow_up_months": "36", "dropout": "2",
    "alpha": "5", "sides": "2", "power": "90", "allocation": "0.5",
    "rmst_months": "60", "landmark_months": "36",
    "effect": "0.8", "spending": "obrien-fleming", "futility": "non-binding",
    "spread": "diversity", "spread_value": "estimated", "smallest_step": "5", "looks": "0.5, 1",
    "patients": "400, 1000", "tau_scale": "0.5", "minimal": "0.8",
    "rate": "4", "rate_factor": "5", "variation": "0.5", "stops": "0.5", "stop_months": "120",
    "horizon_months": "54", "eligible": "10", "between": "3",
    "method": "REML", "interval": "hartung-knapp", "level": "95",
}  # fmt: skip
# What is known of single questions of the shipped tables.
EXAMPLES_OF: dict[str, dict[str, str]] = {
    "primary-surgery": {
        "control": "36=67.9",
        "control_source": "control arm of ECOG-ACRIN 2108 (khan2022, abstract, claim S042)",
        "studies": "badwe2015, soran2018, fitzal2019, khan2022, jcog1017",
    }
}
