"""What the page of certainty asks: its parts, its fields, and the values of an example."""

from __future__ import annotations

from typing import Literal

from locoreg.report.words import INTERVALS, METHODS
from locoreg.web.evidence.view import POOLED_BY
from locoreg.web.sureness.fields import FormField, Options

SurePart = Literal["grade", "bayes", "small-study", "designs"]
PARTS: tuple[tuple[SurePart, str], ...] = (
    ("grade", "Certainty by domain"),
    ("bayes", "Under several priors"),
    ("small-study", "Small-study effects"),
    ("designs", "Ladder of designs"),
)
ALL = tuple(name for name, _ in PARTS)
RISKS = ("low", "medium", "high")
RUNGS = (1, 2)
DESIGNS = (("rct", "Randomised trials"), ("observational", "Registry and matched comparisons"))
JOINING = (
    ("observational", "All comparisons without randomisation"),
    ("registry", "Registry comparisons"),
    ("matched", "Matched comparisons"),
    ("cohort", "Cohorts"),
)
BASELINE, INFORMATION = "Without the intervention", "Optimal information size"
SMALL, PRIORS, LADDER, POOL = "Small-study effects", "Priors", "Ladder of designs", "The pool"


def _baseline(risk: str) -> tuple[FormField, FormField]:
    optional = risk != "medium"
    hint = "month=percent, as 36=67.9: in the good state"
    return (
        FormField(
            name=f"{risk}", label=f"{risk.capitalize()} risk", legend=BASELINE, parts=("grade",),
            hint=hint if risk == "low" else "", optional=optional,
        ),
        FormField(
            name=f"{risk}_source", label=f"Source, {risk} risk", legend=BASELINE,
            parts=("grade",), optional=optional,
        ),
    )  # fmt: skip


def _rung(number: int, options: Options) -> tuple[FormField, ...]:
    optional = number > 1

    def one(name: str, label: str, hint: str = "") -> FormField:
        return FormField(
            name=f"{name}_{number}", label=f"{number}: {label}", legend=LADDER,
            parts=("designs",), hint=hint, optional=optional,
        )  # fmt: skip

    empty: Options = (("", "none"),) if optional else ()
    return (
        FormField(
            name=f"design_{number}", label=f"{number}: design that joins", legend=LADDER,
            parts=("designs",), options=(*empty, *options), optional=optional,
        ),
        one("mean", "expected bias", "on the log scale for ratios: -0.1 shows ratios 10% too low"),
        one("shared_sd", "uncertainty of it", "that all its studies share"),
        one("own_sd", "spread of each study's own"),
        one("weight", "weight of its likelihood", "0 to 1"),
        one("source", "where these numbers come from", "or that they are assumed"),
    )  # fmt: skip


def fields_of(emulations: tuple[str, ...]) -> tuple[FormField, ...]:
    """Return the fields of all parts.

    Parameters
    ----------
    emulations : tuple of str
        Names of emulations that can join the trials.

    Returns
    -------
    tuple of FormField
        In the order of the form.
    """
    joining = (*JOINING, *((f"emulation:{name}", f"Emulation {name}") for name in emulations))
    return (
        *(one for risk in RISKS for one in _baseline(risk)),
        FormField(
            name="important", label="Smallest difference that matters", legend=BASELINE,
            parts=("grade",), hint="per 1,000",
        ),
        FormField(name="alpha", label="Alpha, %", legend=INFORMATION, parts=("grade",)),
        FormField(name="power", label="Power, %", legend=INFORMATION, parts=("grade",)),
        FormField(
            name="sides", label="Test", legend=INFORMATION, parts=("grade",),
            options=(("2", "two-sided"), ("1", "one-sided")),
        ),
        FormField(
            name="allocation", label="Share in the intervention arm", legend=INFORMATION,
            parts=("grade",),
        ),
        FormField(
            name="otherwise", label="Without randomisation, start", legend=INFORMATION,
            parts=("grade",),
            options=(("low", "low"), ("high", "high: risk of bias is judged by ROBINS-I")),
        ),
        FormField(
            name="tau_priors", label="Priors on τ", legend=PRIORS, parts=("bayes",),
            hint="the main one first; separated by semicolons",
        ),
        FormField(
            name="tau_prior", label="Prior on τ", legend=PRIORS, parts=("designs",),
            hint="half-normal(0.5), say",
        ),
        FormField(
            name="mu_prior", label="Prior on the mean", legend=PRIORS,
            parts=("bayes", "designs"), hint="flat, or normal(mean, sd) on the scale of analysis",
        ),
        FormField(
            name="thresholds", label="Thresholds", legend=PRIORS, parts=("bayes",),
            hint="effects as they are read: 1, 0.9",
        ),
        FormField(
            name="test_alpha", label="Tests are read at, %", legend=SMALL,
            parts=("grade", "small-study"),
        ),
        FormField(
            name="steps", label="Steps of the selection model", legend=SMALL,
            parts=("grade", "small-study"), hint="one-sided p-values, separated by commas",
        ),
        FormField(
            name="alternative", label="Published more easily", legend=SMALL,
            parts=("grade", "small-study"),
            options=(("less", "effects below none"), ("greater", "effects above none"),
                     ("two-sided", "far from none, either side")),
        ),
        FormField(
            name="reach", label="Largest shift of the bias", legend=LADDER, parts=("designs",),
            hint="in which the tipping point is looked for",
        ),
        *_rung(1, joining),
        *_rung(2, joining),
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


# What the form holds where nothing is asked yet. Each value is seen, and can be changed.
EXAMPLE: dict[str, str] = {
    "important": "30", "alpha": "5", "power": "90", "sides": "2", "allocation": "0.5",
    "otherwise": "low",
    "tau_priors": "half-normal(0.5); half-normal(0.25); half-normal(1); half-cauchy(0.5); "
                  "turner(2015, all-cause mortality, non-pharmacological v pharmacological)",
    "tau_prior": "half-normal(0.5)", "mu_prior": "flat", "thresholds": "1, 0.9, 0.8",
    "test_alpha": "10", "steps": "0.025", "alternative": "less",
    "reach": "0.5", "design_1": "observational", "mean_1": "-0.2", "shared_sd_1": "0.2",
    "own_sd_1": "0.1", "weight_1": "1", "source_1": "assumption of this example: nobody's estimate",
    "method": "REML", "interval": "hartung-knapp", "level": "95",
}  # fmt: skip
# What is known of single questions of the shipped tables.
EXAMPLES_OF: dict[str, dict[str, str]] = {
    "primary-surgery": {
        "low": "36=67.9",
        "low_source": "control arm of ECOG-ACRIN 2108 (khan2022, abstract, claim S042)",
        "medium": "35=50",
        "medium_source": "median survival of the control arm of MF07-01 (soran2021_10y, abstract, "
        "claim S022)",
        "high": "24=43",
        "high_source": "control arm of the Tata Memorial trial (badwe2015, abstract, claim S003)",
    }
}
