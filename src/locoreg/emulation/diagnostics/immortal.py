"""Immortal time: what an analysis by ever and never treated would count wrongly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import LocoregError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, plural
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.thresholds import EARLY_RATE_NOTE, IMMORTAL_NOTE
from locoreg.emulation.diagnostics.verdicts import noted
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.question import Question
from locoreg.stats.cox import cox
from locoreg.stats.survivaldata import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ImmortalTime:
    """Person-time up to the horizon, by who was ever treated.

    Attributes
    ----------
    immortal : float
        Months before treatment of those who were treated later in follow-up.
    treated : float
        All months of those ever treated.
    untreated : float
        All months of those never treated.
    ever, never : int
        Persons.
    """

    immortal: float
    treated: float
    untreated: float
    ever: int
    never: int

    @property
    def share(self) -> float:
        """Share of the person-time of the ever treated that lies before treatment."""
        return self.immortal / self.treated if self.treated > 0.0 else math.nan

    @property
    def share_of_all(self) -> float:
        """Share of all person-time that is immortal."""
        total = self.treated + self.untreated
        return self.immortal / total if total > 0.0 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        out = {name: getattr(self, name) for name in self.__slots__}
        return out | {"share": self.share, "share_of_all": self.share_of_all}


def immortal_time(cohort: Cohort, question: Question) -> ImmortalTime:
    """Count person-time before treatment.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the horizon, at which follow-up is cut.

    Returns
    -------
    ImmortalTime
        From the start of observation where that is later than time zero.
    """
    start = _start(cohort)
    end = np.minimum(cohort.time, question.horizon_months)
    ever = _ever(cohort, question)
    months = np.maximum(end - start, 0.0)
    before = np.maximum(np.minimum(cohort.treatment_time, end) - start, 0.0)
    return ImmortalTime(
        immortal=float(before[ever].sum()),
        treated=float(months[ever].sum()),
        untreated=float(months[~ever].sum()),
        ever=int(ever.sum()),
        never=int((~ever).sum()),
    )


def naive_hazard_ratio(cohort: Cohort, question: Question) -> Estimate:
    """Return the hazard ratio of ever against never treated, counted from time zero.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With horizon and level.

    Returns
    -------
    Estimate
        Biased by immortal time, and by confounding: it is told to show how far.
    """
    fit = cox(
        np.minimum(cohort.time, question.horizon_months),
        (cohort.event == 1) & (cohort.time <= question.horizon_months),
        _ever(cohort, question).astype(np.float64)[:, None],
        level=question.level,
        entry=cohort.entry,
        names=["ever treated"],
    )
    return fit.hazard_ratio("ever treated")


def immortal_diagnostics(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Tell immortal person-time, and the comparison that it would spoil.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With horizon, grace period and level.

    Returns
    -------
    tuple of Diagnostic
        ``immortal_time`` and ``naive_hazard_ratio``, both to know: they are of the data, and not
        of an analysis that handles them.
    """
    found = immortal_time(cohort, question)
    if not found.ever:
        return (noted("immortal_time", "Immortal person-time", None, "nobody was ever treated."),)
    time = noted(
        "immortal_time",
        "Immortal person-time",
        None if math.isnan(found.share) else found.share,
        f"{found.immortal:,.1f} of the {found.treated:,.1f} months of the "
        f"{plural(found.ever, 'person')} ever treated ({found.share:.1%}) lie before treatment: "
        f"an analysis that counts them as treated is biased in favour of treatment.",
        threshold=IMMORTAL_NOTE,
    )
    title = "Ever against never treated"
    try:
        naive = naive_hazard_ratio(cohort, question)
    except LocoregError as error:
        why = f"its hazard ratio can't be estimated: {error.message}"
        return time, noted("naive_hazard_ratio", title, None, why)
    return time, noted(
        "naive_hazard_ratio",
        title,
        naive.natural[0],
        f"counted from time zero without adjustment the hazard ratio would be {naive.text()}; it "
        "is biased by immortal time and by confounding.",
    )


def early_rates(cohort: Cohort, question: Question) -> Diagnostic:
    """Compare outcome rates within the grace period by treatment within it.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.

    Returns
    -------
    Diagnostic
        ``early_rates``: the ratio, treated over untreated. Near 0 the treated could hardly have
        had the outcome before treatment, which an analysis must not credit to treatment.
    """
    grace = question.grace_months
    treated = (cohort.treatment_time <= grace) & (cohort.treatment_time <= cohort.time)
    title = "Outcome rates within the grace period"
    if grace <= 0.0:
        return noted("early_rates", title, None, "there is no grace period.")
    months = np.maximum(np.minimum(cohort.time, grace) - _start(cohort), 0.0)
    early = (cohort.event == 1) & (cohort.time < grace)
    counts = [_count(early, months, group) for group in (treated, ~treated)]
    rates = [events / time if time > 0.0 else math.nan for events, time in counts]
    known = rates[1] > 0.0 and not math.isnan(rates[0])
    ratio = rates[0] / rates[1] if known else math.nan
    words = [f"{plural(events, 'outcome')} in {time:,.1f} months" for events, time in counts]
    return noted(
        "early_rates",
        title,
        None if math.isnan(ratio) else ratio,
        f"treated within {grace:g} months: {words[0]}; not treated: {words[1]}; ratio of the "
        f"rates {decimal_text(ratio)}.",
        threshold=EARLY_RATE_NOTE,
    )


def shared_events(cohort: Cohort, question: Question) -> Diagnostic:
    """Count outcomes within the grace period before treatment.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With grace period and horizon.

    Returns
    -------
    Diagnostic
        ``shared_events``: these persons followed both strategies until then, so that the outcome
        counts under both; leaving it out of the treated strategy is immortal time bias.
    """
    grace = question.grace_months
    untreated = cohort.treatment_time > np.minimum(cohort.time, grace)
    shared = int(((cohort.event == 1) & (cohort.time <= grace) & untreated).sum())
    total = int(((cohort.event == 1) & (cohort.time <= question.horizon_months)).sum())
    share = shared / total if total else math.nan
    return noted(
        "shared_events",
        "Outcomes that count under both strategies",
        float(shared),
        f"{shared} of {plural(total, 'outcome')} up to the horizon came untreated within the grace "
        f"period{'' if math.isnan(share) else f' ({share:.1%})'} and count under both strategies.",
    )


def _ever(cohort: Cohort, question: Question) -> BoolArray:
    end = np.minimum(cohort.time, question.horizon_months)
    return np.asarray(cohort.treatment_time <= end)


def _start(cohort: Cohort) -> FloatArray:
    return np.zeros(cohort.n) if cohort.entry is None else cohort.entry


def _count(early: BoolArray, months: FloatArray, group: BoolArray) -> tuple[int, float]:
    return int((early & group).sum()), float(months[group].sum())
