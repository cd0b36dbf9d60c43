"""Parts of a protocol in words, for reports."""

from __future__ import annotations

from collections.abc import Iterable

from locoreg.emulation.protocol.model import OUTCOME_WORDS, TrialProtocol
from locoreg.emulation.protocol.parts import Criterion, TimeZero, Treatment, Variable

INITIATION_WORDS = {
    "all_initiators": (
        "those not treated by then are represented by everybody who was treated in the grace "
        "period and lives at its end"
    ),
    "deadline": (
        "those not treated by the start of its last interval are treated then, and are represented "
        "by those who were treated in that interval"
    ),
    "uniform": "treatment is spread evenly over its intervals",
}
COMPARATOR_WORDS = {
    "never": "no treatment at any time; follow-up under this strategy ends at a treatment",
    "none_within_grace": "no treatment within the grace period; later treatment is allowed",
}
CONTRAST_WORDS = {
    "per_protocol": "the effect of following the strategies (per protocol)",
    "itt_like": (
        "the effect of starting treatment within the grace period or not, whatever is done later "
        "(as by intention to treat)"
    ),
}
MISSING_WORDS = {
    "refuse": "none is accepted: the analysis stops if a confounder is unknown",
    "complete_cases": "persons with an unknown confounder are left out and counted",
    "category": "unknown is a level of its own; numbers get the median and an indicator",
    "multiple_imputation": "multiple imputation by chained equations",
}
INTERVAL_WORDS = {
    "auto": "influence functions where the method has them, else the bootstrap",
    "influence": "influence functions",
    "bootstrap": "bootstrap of patients with the whole analysis repeated",
    "none": "none",
}


def months(number: float) -> str:
    """Return ``1 month`` or ``6 months``."""
    return "1 month" if number == 1 else f"{number:g} months"


def listed(words: Iterable[object], *, last: str = "and") -> str:
    """Return words as ``a, b and c``.

    Parameters
    ----------
    words : iterable
        At least one.
    last : str
        Word before the last.

    Returns
    -------
    str
        The list.
    """
    texts = [_plain(word) for word in words]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def criterion_words(criterion: Criterion) -> str:
    """Return a criterion as ``ECOG 0 to 2 (ecog at most 2; unknown: excluded)``."""
    kept = "excluded" if criterion.unknown == "exclude" else "included"
    return f"{criterion.name} ({criterion.variable} {_comparison(criterion)}; unknown: {kept})"


def _comparison(c: Criterion) -> str:
    if c.equals is not None:
        return f"is {_plain(c.equals)}"
    if c.one_of is not None:
        return f"is {listed(c.one_of, last='or')}"
    limits = ((c.at_least, "at least"), (c.at_most, "at most"))
    return " and ".join(f"{words} {value:g}" for value, words in limits if value is not None)


def time_zero_words(time_zero: TimeZero | None) -> str:
    """Return time zero in words; None is a table, whose times count from it."""
    if time_zero is None:
        return "the day from which the table's times count"
    if time_zero.event == "response" and time_zero.window_months and time_zero.responses:
        low, high = time_zero.window_months
        return (
            f"the first imaging with {listed(time_zero.responses, last='or')} {low:g} to {high:g} "
            "months after the first distant metastasis"
        )
    return {
        "first_metastasis": "the day of the first distant metastasis",
        "diagnosis": "the day of diagnosis of the primary",
        "systemic_line": f"the start of line {time_zero.number} of systemic therapy for metastases",
        "date": f"the date in the column {time_zero.column}",
    }[time_zero.event]


def treatment_words(treatment: Treatment | None) -> str:
    """Return which local therapy counts; None is a table, whose column says who was treated."""
    if treatment is None:
        return "as the table's column of treatment times says"
    keys = ("modality", "target", "organ", "intent", "margin", "approach")
    parts = [
        f"{key} {listed(codes, last='or')}" for key in keys if (codes := getattr(treatment, key))
    ]
    if treatment.all_sites_treated is not None:
        parts.append(f"all sites treated: {_plain(treatment.all_sites_treated)}")
    return "local therapy with " + "; ".join(parts) if parts else "any local therapy"


def treated_words(protocol: TrialProtocol) -> str:
    """Return the treated strategy in a sentence without its full stop."""
    treated = protocol.strategies.treated
    begun = f"{treated.label}: {treatment_words(treated.treatment)}, begun"
    if not treated.grace_months:
        return f"{begun} at time zero"
    within = f"within {months(treated.grace_months)} of time zero"
    return f"{begun} {within}; {INITIATION_WORDS[treated.initiation]}"


def comparator_words(protocol: TrialProtocol) -> str:
    """Return the comparator in a sentence without its full stop."""
    comparator = protocol.strategies.comparator
    return f"{comparator.label}: {COMPARATOR_WORDS[comparator.rule]}"


def outcome_words(protocol: TrialProtocol) -> str:
    """Return the outcome in words, with what competes with it."""
    if protocol.table is not None:
        first, *others = (words for _, words in sorted(protocol.table.events.items()))
        return f"{first}; competing: {listed(others)}" if others else first
    if protocol.outcome is None:
        return "the event"
    words = OUTCOME_WORDS[protocol.outcome.event]
    competing = {
        "breast_cancer_death": "; other deaths compete",
        "locoregional_progression": "; death competes",
        "qol_deterioration": "; death competes",
    }.get(protocol.outcome.event, "")
    if protocol.outcome.event == "qol_deterioration":
        words += (
            f" ({protocol.outcome.instrument}, {protocol.outcome.scale}: worse by "
            f"{protocol.outcome.points or 0:g} points or more than before time zero)"
        )
    return words + competing


def variable_words(name: str, variable: Variable) -> str:
    """Return how a variable of the protocol is measured."""
    what = variable.table if variable.column is None else f"{variable.table}.{variable.column}"
    where = "".join(
        f", {key} {listed(value if isinstance(value, tuple) else (value,), last='or')}"
        for key, value in variable.where.items()
    )
    low, high = variable.window_months
    return f"{name}: {variable.take} of {what}{where}, months {low:g} to {high:g} about time zero"


def follow_up_words(protocol: TrialProtocol) -> str:
    """Return when follow-up ends."""
    if protocol.follow_up is None:
        end = "where the table's time ends"
    elif protocol.follow_up.until == "last_contact":
        end = "the last contact"
    else:
        end = f"loss to follow-up, the end of the study on {protocol.follow_up.until}"
    return f"the outcome, a competing event, {end}, or {months(protocol.horizon_months)}"
