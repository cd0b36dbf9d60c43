"""A stored emulation, taken step by step: its checks in families, what failed, its contrasts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.emulation.diagnostics import largest_smd
from locoreg.emulation.effect import BalanceRow, Contrast, Diagnostic, Verdict, worst

Results = Mapping[str, Any]
# Restricted means and differences before ratios; the hazard ratio, which needs proportional
# hazards to mean anything, last.
ORDER = (
    "rmst_difference", "time_lost_difference", "survival_difference", "incidence_difference",
    "rmst_ratio", "time_lost_ratio", "survival_ratio", "incidence_ratio", "hazard_ratio",
)  # fmt: skip
FURTHER = "further"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Diagnostics that ask the same of an emulation.

    Attributes
    ----------
    key, title : str
        Name in links; in words.
    look_for : str
        What to look for.
    figure : str
        Figure that shows it; empty for none.
    checks : tuple of Diagnostic
        Failed ones first; empty where the analysis tells nothing of the kind.
    """

    key: str
    title: str
    look_for: str
    figure: str
    checks: tuple[Diagnostic, ...]

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict; None where nothing was checked."""
        return worst(self.checks) if self.checks else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Why the estimates of an emulation are not to be relied on.

    Attributes
    ----------
    checks : tuple of Diagnostic
        Diagnostics and negative controls that failed.
    blocking : tuple of (str, str)
        Rules and messages of findings of the audit with which no estimate is to be read.
    biased : str
        Why the method is biased by design; empty where it is not.
    """

    checks: tuple[Diagnostic, ...]
    blocking: tuple[tuple[str, str], ...]
    biased: str

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.checks or self.blocking or self.biased)

    @property
    def names(self) -> tuple[str, ...]:
        """What failed, in a few words each."""
        found = [one.heading for one in self.checks] + [rule for rule, _ in self.blocking]
        return tuple(dict.fromkeys([*found, *(["biased by design"] if self.biased else [])]))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedContrast:
    """A contrast and where it stands in the results of a run.

    Attributes
    ----------
    key : str
        ``emulation/NAME/MEASURE@MONTHS``.
    contrast : Contrast
        The numbers.
    """

    key: str
    contrast: Contrast


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRow:
    """Whether the effect differs between the levels of a variable; NaN where not tested.

    Attributes
    ----------
    variable, measure : str
        The variable; what is compared.
    q, df, p : float
        Cochran's Q of the subgroups' effects, its degrees of freedom and p-value.
    """

    variable: str
    measure: str
    q: float
    df: float
    p: float


# Key, title, names of diagnostics, figure, what to look for. Names with the word balance are of
# the first family.
_FAMILIES: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
    (
        "balance", "Balance of confounders", (), "balance",
        "Every confounder of the protocol, the filled squares (weighted) within 0.1 of zero. A "
        "variable far out after weighting still tells the arms apart, and so may explain a "
        "difference.",
    ),
    (
        "effective-size", "Effective sample size by arm",
        ("effective_size", "effective_size_horizon", "smallest_uncensored"), "weights",
        "An effective size near the number followed. Where it is far below, a few persons stand "
        "for many, and the interval rests on them.",
    ),
    (
        "largest-weights", "Largest weights",
        ("top_share", "conservation", "ones_before_deadline"), "weights",
        "No small group that holds much of the weight, and weights that add up to the persons "
        "alive. Where they don't, the model of treatment is wrong somewhere.",
    ),
    (
        "overlap", "Overlap of the probability of treatment",
        ("overlap", "score_overlap", "extreme_probability", "common_support", "treatment_auc"),
        "overlap",
        "Both groups over the same range, with few persons near 0 or 1. Where only one group "
        "occurs, the comparison is the model's, not the data's.",
    ),
    (
        "positivity", "Positivity by stratum",
        ("positivity", "positivity_share", "events_by_state", "events_per_coefficient"), "",
        "Treated and untreated persons in each stratum of the confounders. A stratum without one "
        "of them can't be compared.",
    ),
    (
        "censoring", "Artificial censoring", ("artificial_censoring", "censored_at_treatment"),
        "flow",
        "How many clones stop following their strategy. The larger the share, the more the "
        "estimate rests on the weights that stand in for them.",
    ),
    (
        "controls", "Negative controls", ("negative_control",), "",
        "Intervals that hold no effect. Treatment can't change these outcomes: an effect on one "
        "of them is confounding that is left.",
    ),
    (
        "time-zero", "Time zero and immortal time",
        ("time_zero", "immortal_time", "whole_times", "early_rates", "shared_events",
         "identical_arms", "deadline_initiators", "naive_hazard_ratio", "waiting_time"),
        "",
        "Eligibility, assignment and follow-up that begin at the same moment, and no time during "
        "which one arm could not have the outcome.",
    ),
    (
        "follow-up", "Follow-up",
        ("horizon_support", "followed", "loss_difference", "left_truncation"), "attrition",
        "Persons at risk up to the horizon, and losses that do not differ between the groups.",
    ),
    (
        "hazards", "Proportional hazards", ("proportional_hazards",), "",
        "If hazards are not proportional, the hazard ratio is a weighted average over follow-up: "
        "read differences of survival and of restricted means instead.",
    ),
    (
        FURTHER, "Further checks", (), "",
        "What the method and the data tell besides; each says what to do about it.",
    ),
)  # fmt: skip


def families_of(results: Results) -> tuple[Family, ...]:
    """Return the diagnostics of an emulation in families, none left out.

    Parameters
    ----------
    results : mapping
        ``results.json`` of an emulation.

    Returns
    -------
    tuple of Family
        In a fixed order; the last one has what no other family asks for.
    """
    found = checks_of(results)
    placed = [_family_of(one.name) for one in found]
    rank = {"fail": 0, "warn": 1, "pass": 2, "note": 3}
    out = []
    for key, title, _, figure, look_for in _FAMILIES:
        mine = [one for one, place in zip(found, placed, strict=True) if place == key]
        out.append(
            Family(
                key=key, title=title, look_for=look_for, figure=figure,
                checks=tuple(sorted(mine, key=lambda one: rank[one.verdict])),
            )
        )  # fmt: skip
    return tuple(one for one in out if one.checks or one.key != FURTHER)


def _family_of(name: str) -> str:
    if "balance" in name:
        return "balance"
    for key, _, names, _, _ in _FAMILIES:
        if name in names:
            return key
    return FURTHER


def checks_of(results: Results) -> tuple[Diagnostic, ...]:
    """Return every check: of the primary analysis, negative controls, artificial censoring."""
    primary = results["primary"]
    told = [_diagnostic(one) for one in primary["diagnostics"]]
    controls = [_diagnostic(one) for one in results["sensitivity"]["negative_control_verdicts"]]
    return (*told, *_balance(told, primary["balance"]), *controls, *_artificial(primary["flow"]))


def failures_of(results: Results) -> Failures:
    """Return why the estimates are not to be relied on.

    Parameters
    ----------
    results : mapping
        ``results.json`` of an emulation.

    Returns
    -------
    Failures
        False where nothing failed.
    """
    return Failures(
        checks=tuple(one for one in checks_of(results) if one.verdict == "fail"),
        blocking=tuple(
            (str(one["rule"]), str(one["message"]))
            for one in results["audit"]
            if one["severity"] == "blocking"
        ),
        biased=str(results["primary"]["biased"] or ""),
    )


def contrasts_of(results: Results, name: str) -> tuple[KeyedContrast, ...]:
    """Return the contrasts of the primary analysis, the hazard ratio last.

    Parameters
    ----------
    results : mapping
        ``results.json`` of an emulation.
    name : str
        Name of the emulation in its run.

    Returns
    -------
    tuple of KeyedContrast
        Each with its key.
    """
    found = [_contrast(one) for one in results["primary"]["contrasts"]]
    found.sort(key=lambda one: (ORDER.index(one.measure), one.at_months))
    return tuple(KeyedContrast(key=contrast_key(name, one), contrast=one) for one in found)


def contrast_key(name: str, contrast: Contrast) -> str:
    """Return where a contrast stands in the results of a run."""
    return f"emulation/{name}/{contrast.measure}@{contrast.at_months:g}"


def interactions_of(results: Results) -> tuple[InteractionRow, ...]:
    """Return the tests of interaction of an emulation's subgroups."""
    return tuple(
        InteractionRow(
            variable=str(one["variable"]), measure=str(one["measure"]),
            q=_number(one["q"]), df=_number(one["df"]), p=_number(one["p"]),
        )
        for one in results["sensitivity"]["interactions"]
    )  # fmt: skip


def estimate_of(values: Mapping[str, Any]) -> Estimate:
    """Return an estimate from its JSON-ready values; null is NaN."""
    numbers = {name: _number(values[name]) for name in ("estimate", "se", "ci_low", "ci_high")}
    return Estimate(**numbers, level=float(values["level"]), scale=values["scale"])


def _balance(
    told: Sequence[Diagnostic], rows: Sequence[Mapping[str, Any]]
) -> tuple[Diagnostic, ...]:
    """Return the largest difference after weighting, without verdict where the method has none."""
    known = [BalanceRow(**one) for one in rows if one["after"] is not None]
    if not known or any(one.name == "balance" for one in told):
        return ()
    hidden = len(rows) - len(known)
    found = largest_smd(known)
    more = f" {plural(hidden, 'difference')} hidden (small cells)." if hidden else ""
    title = "Largest standardised mean difference after weighting"
    message = f"{found.message} The method gives no verdict on it.{more}"
    return (
        replace(
            found, name="largest_balance", title=title, verdict="note", threshold=None,
            message=message, advice="",
        ),
    )  # fmt: skip


def _artificial(flow: Sequence[Mapping[str, Any]]) -> tuple[Diagnostic, ...]:
    """Return the share of clones that are censored artificially, by arm, where there are clones."""
    arms = {one["arm"] for one in flow if one["name"] == "Clones"}
    counts = {(one["arm"], one["name"]): one["n"] for one in flow}
    out = []
    for arm in sorted(arms):
        clones, cut = counts[arm, "Clones"], counts.get((arm, "Artificially censored"))
        known = bool(clones) and cut is not None
        share = cut / clones if known else None
        message = (
            f"{share:.1%} of {clones:,} clones stop following the strategy."
            if share is not None
            else "the number of clones that stop following the strategy is hidden (small cells)."
        )
        out.append(
            Diagnostic(
                name="artificial_censoring", title="Clones censored artificially", verdict="note",
                value=share, threshold=None, message=message, arm=arm,
            )
        )  # fmt: skip
    return tuple(out)


def _diagnostic(values: Mapping[str, Any]) -> Diagnostic:
    try:
        return Diagnostic(**values)
    except TypeError as error:
        raise DataError(
            f"a stored diagnostic is of another version ({error}).", hint="run the study again."
        ) from error


def _contrast(values: Mapping[str, Any]) -> Contrast:
    return Contrast(
        measure=values["measure"],
        at_months=float(values["at_months"]),
        estimate=estimate_of(values),
        comparator=_number(values["comparator"]),
        treated=_number(values["treated"]),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
