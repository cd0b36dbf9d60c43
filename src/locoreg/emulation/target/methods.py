"""Texts of items 1 to 7: the trial, its emulation, the plan of analysis."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.emulation.methods import find_method, method_names
from locoreg.emulation.protocol.model import TrialProtocol
from locoreg.emulation.protocol.words import (
    CONTRAST_WORDS,
    INTERVAL_WORDS,
    MISSING_WORDS,
    comparator_words,
    criterion_words,
    follow_up_words,
    listed,
    months,
    outcome_words,
    time_zero_words,
    treated_words,
    variable_words,
)
from locoreg.emulation.target.facts import TargetFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Text of an item and whether it is complete without people."""

    target_trial: str = ""
    emulation: str = ""
    complete: bool = True


_CLONES = (
    "Not at random. Each person enters both strategies at time zero and is followed under each "
    "until what is done departs from it; weights stand in for the randomisation."
)
_GROUPS = (
    "Not at random. Persons are assigned by the treatment that they had; adjustment for the "
    "confounders stands in for the randomisation."
)


_ANALYSED = {
    "itt_like": "Persons are analysed in the strategy that they were assigned to.",
    "per_protocol": "Persons are analysed in the strategy that they were assigned to, and "
    "censored, with weights, when they depart from it.",
}


def method_drafts(p: TrialProtocol, facts: TargetFacts | None) -> dict[str, Draft]:
    """Return the texts of items 1 to 7.

    Parameters
    ----------
    p : TrialProtocol
        The protocol.
    facts : TargetFacts or None
        What was found; None before the analysis.

    Returns
    -------
    dict of str to Draft
        By number.
    """
    return {**_front(p, facts), **_specification(p), **_emulation(p, facts), **_plan(p, facts)}


def _front(p: TrialProtocol, facts: TargetFacts | None) -> dict[str, Draft]:
    source = "" if facts is None else _source(facts)
    found = () if facts is None else facts.estimates
    failed = () if facts is None else facts.failed_diagnostics
    warned = [f"Failed diagnostic: {text}" for text in failed]
    findings = " ".join(f"{text.rstrip('.')}." for text in (*warned, *found))
    trials = "" if p.benchmark is None else f"Trials: {listed(p.benchmark.studies)}."
    return {
        "1a": Draft(
            emulation=f"Emulates a target trial: {p.title}. {p.causal_question} "
            f"{p.strategies.treated.label} against {p.strategies.comparator.label}; "
            f"outcome: {outcome_words(p)}."
        ),
        "1b": Draft(emulation=source, complete=facts is not None),
        "1c": Draft(
            emulation=f"{_assumption_start(p)} Method: {_method(p, facts)}. {findings}".rstrip(),
            complete=bool(found),
        ),
        "2": Draft(complete=False),
        "3": Draft(emulation=p.causal_question),
        "4": Draft(emulation=trials, complete=False),
        "5": Draft(emulation=source, complete=False),
    }


def _source(facts: TargetFacts) -> str:
    made_up = " The patients are made up (synthetic data)." if facts.synthetic else ""
    period = f" Time zero from {facts.period}." if facts.period else ""
    return f"Source: {facts.source}.{period}{made_up}"


def _method(p: TrialProtocol, facts: TargetFacts | None) -> str:
    if facts is not None and facts.method:
        return facts.method
    return _title(p.analysis.method)


def _title(method: str) -> str:
    return find_method(method).title if method in method_names() else method


def _specification(p: TrialProtocol) -> dict[str, Draft]:
    return {
        "6a": Draft(target_trial=_eligibility(p)),
        "6b": Draft(target_trial=f"{treated_words(p)}.\n{comparator_words(p)}."),
        "6c": Draft(target_trial="At random at time zero; everybody knows the strategy."),
        "6d": Draft(target_trial=_follow_up(p)),
        "6e": Draft(target_trial=f"{_sentence(outcome_words(p))}"),
        "6f": Draft(target_trial=_contrasts(p)),
        "6g": Draft(
            target_trial="Randomisation makes the groups comparable at time zero. Loss to "
            "follow-up and, per protocol, departures from the strategies are independent of the "
            f"outcome given {_variables(p)}."
        ),
        "6h": Draft(
            target_trial=f"{_ANALYSED[p.contrast]} "
            f"{_measures(p)} Missing values: {MISSING_WORDS[p.confounders.missing.method]}."
        ),
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _eligibility(p: TrialProtocol) -> str:
    rows = [criterion_words(criterion) for criterion in p.eligibility]
    return "\n".join([*rows, "Not treated as in the treated strategy before time zero."])


def _follow_up(p: TrialProtocol) -> str:
    return (
        f"Starts at time zero, {time_zero_words(p.time_zero)}: eligibility is met, strategies are "
        f"assigned and follow-up begins then. Ends at {follow_up_words(p)}."
    )


def _contrasts(p: TrialProtocol) -> str:
    return f"{_sentence(CONTRAST_WORDS[p.contrast])} {_measures(p)}"


def _measures(p: TrialProtocol) -> str:
    times = listed(sorted({*p.at_months, p.horizon_months}))
    return (
        f"Differences and ratios of risk and of restricted mean time at {times} months; the hazard "
        f"ratio second; {p.level:g}% intervals."
    )


def _variables(p: TrialProtocol) -> str:
    names = [c.variable for c in p.confounders.baseline]
    fixed = listed(names) if names else "no variable"
    over_time = p.confounders.time_varying
    return f"{fixed} at time zero" + (f" and {listed(over_time)} over time" if over_time else "")


def _emulation(p: TrialProtocol, facts: TargetFacts | None) -> dict[str, Draft]:
    audit = () if facts is None else facts.audit
    clones = p.analysis.method == "clone_censor_weight"
    return {
        "7a": Draft(
            emulation="As in the target trial, judged by what the data hold at time zero.\n"
            + _eligibility(p)
        ),
        "7b": Draft(
            emulation="As in the target trial; treatment is what the data record, and it is "
            f"decided in intervals of {months(p.interval_months)}."
        ),
        "7c": Draft(emulation=_CLONES if clones else _GROUPS),
        "7d": Draft(emulation="\n".join([f"{_follow_up(p)} As in the target trial.", *audit])),
        "7e": Draft(emulation=f"{_sentence(outcome_words(p))} As the data record it."),
        "7f": Draft(emulation=f"As in the target trial. {_contrasts(p)}"),
    }


def _assumption_start(p: TrialProtocol) -> str:
    return f"Assumes no common cause of treatment and outcome beyond {_variables(p)}."


def _plan(p: TrialProtocol, facts: TargetFacts | None) -> dict[str, Draft]:
    return {
        "7g.i": Draft(emulation=_assumptions(p)),
        "7g.ii": Draft(emulation=_measurement(p, facts), complete=facts is not None),
        "7h.i": Draft(emulation=_analysis(p, facts)),
        "7h.ii": Draft(emulation=_sensitivity(p)),
    }


def _assumptions(p: TrialProtocol) -> str:
    rows = [
        f"Confounding: no common cause of treatment and outcome beyond {_variables(p)}.",
        "Positivity: in every stratum of these some persons are treated and some are not.",
        "Consistency: the treatment recorded is the one meant; one person's treatment does not "
        "change another's outcome.",
        "Loss to follow-up: independent of the outcome given the same variables.",
    ]
    if not p.confounders.time_varying:
        rows.append(
            "No variable that changes between time zero and treatment is adjusted for. Response to "
            "systemic therapy is one: where it acts on both, the effect is biased."
        )
    if p.confounders.missing.method == "multiple_imputation":
        rows.append("Missing values: at random given what is recorded.")
    elif p.confounders.missing.method == "complete_cases":
        rows.append("Missing values: persons without them have the same effect as those left out.")
    return "\n".join(rows)


def _measurement(p: TrialProtocol, facts: TargetFacts | None) -> str:
    known = {} if facts is None else facts.variables
    names = [c.variable for c in p.confounders.baseline]
    rows = []
    for name in dict.fromkeys((*names, *p.confounders.time_varying)):
        if name in p.variables:
            rows.append(f"{variable_words(name, p.variables[name])}.")
        else:
            rows.append(f"{name}: {known[name].rstrip('.')}." if name in known else f"{name}.")
    return "\n".join(rows)


def _analysis(p: TrialProtocol, facts: TargetFacts | None) -> str:
    options = "; ".join(f"{key} {value}" for key, value in p.analysis.options.items())
    missing = p.confounders.missing
    times = f" ({missing.imputations} imputations)" if missing.imputations else ""
    how = facts.intervals if facts is not None and facts.intervals else None
    rows = [
        f"{CONTRAST_WORDS[p.contrast][:1].upper()}{CONTRAST_WORDS[p.contrast][1:]}: "
        + _method(p, facts)
        + (f" ({options})" if options else "")
        + ".",
        f"Intervals: {how or INTERVAL_WORDS[p.analysis.intervals.kind]}.",
        f"Missing values: {MISSING_WORDS[missing.method]}{times}.",
    ]
    if p.subgroups:
        rows.append(f"Subgroups by {listed(p.subgroups)}.")
    if facts is not None and facts.software:
        rows.append(f"Program: {facts.software}.")
    return "\n".join(rows)


def _sensitivity(p: TrialProtocol) -> str:
    s = p.sensitivity
    kinds = {
        "Grace periods (months)": [f"{g:g}" for g in s.grace_months],
        "Weights cut at percentiles": [f"{t:g}" for t in s.truncation],
        "Methods": [_title(choice.method) for choice in s.methods],
        "Unmeasured confounder with": [
            f"{name} {low:g} to {high:g}" for name, (low, high) in (s.unmeasured or {}).items()
        ],
        "Imputed values shifted by (SD)": [f"{shift:g}" for shift in s.missing_shift],
        "Negative controls": [control.name for control in p.negative_controls],
    }
    rows = [f"{words}: {listed(values)}." for words, values in kinds.items() if values]
    return "\n".join(rows) or "None is planned."
