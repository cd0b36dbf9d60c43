"""Parts that say what is asked: persons, strategies, time zero, outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from locoreg.emulation.protocol.base import Count, Number, Part, Scalar, Text
from locoreg.emulation.protocol.faults import Fault
from locoreg.emulation.protocol.vocabulary import (
    END_OF_FOLLOW_UP,
    code_faults,
    date_columns,
    scale_faults,
    variable_faults,
)
from locoreg.registry.tables import TABLES

LAST_CONTACT = "last_contact"


class Criterion(Part):
    """One criterion of eligibility, as of time zero; exactly one comparison.

    Attributes
    ----------
    name : str
        In words, for the flow.
    variable : str
        Variable of the protocol, of the shipped list, or column of the table.
    equals, one_of, at_least, at_most
        The comparison; ``at_least`` and ``at_most`` may stand together.
    unknown : {"exclude", "include"}
        What is done with persons whose value is unknown.
    """

    name: Text
    variable: Text
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    unknown: Literal["exclude", "include"]

    def faults(self) -> Iterator[Fault]:
        """Return what does not fit together in the criterion."""
        ranged = self.at_least is not None or self.at_most is not None
        kinds = (self.equals is not None) + (self.one_of is not None) + ranged
        if kinds != 1:
            yield Fault(
                path=(),
                message="has no comparison" if kinds == 0 else "has several comparisons",
                hint="give one of equals, one_of, or at_least and at_most (these may be together).",
            )
        if self.one_of == ():
            yield Fault(path=("one_of",), message="is empty: nobody would be eligible")
        if None not in (self.at_least, self.at_most) and self.at_least > self.at_most:  # type: ignore[operator]
            yield Fault(
                path=("at_least",),
                message=f"{self.at_least:g} is above at_most, {self.at_most:g}",
                hint="exchange them.",
            )


class Variable(Part):
    """A variable of one's own, read from a table of the registry.

    Attributes
    ----------
    table, column : str
        Where the value stands.
    where : dict
        Values that other columns of the row must have (one value or several).
    window_months : (float, float)
        Months about time zero in which the row's date lies; at a baseline variable the second is
        not after 0.
    take : {"last", "first", "max", "min", "count", "any"}
        Which of several rows counts.
    date : str, optional
        Column with the date of the row; the table's own date if there is one only.
    """

    table: Text
    column: Text | None = None
    where: dict[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)
    window_months: tuple[Number, Number]
    take: Literal["last", "first", "max", "min", "count", "any"]
    date: Text | None = None

    def faults(self) -> Iterator[Fault]:
        """Return what does not fit together in the variable or into the registry's tables."""
        yield from variable_faults(self.table, self.column, self.where, self.take, self.date)
        yield from _window_faults(self.window_months)


class Treatment(Part):
    """Which local therapy counts: each list names the codes that are accepted; none: all.

    Attributes
    ----------
    target, modality, organ, intent, margin, approach : tuple of str, optional
        Codes of the columns of ``local_therapy``.
    all_sites_treated : bool, optional
        Whether all known sites of disease were treated.
    """

    target: tuple[Text, ...] | None = None
    modality: tuple[Text, ...] | None = None
    organ: tuple[Text, ...] | None = None
    intent: tuple[Text, ...] | None = None
    margin: tuple[Text, ...] | None = None
    approach: tuple[Text, ...] | None = None
    all_sites_treated: bool | None = None

    def faults(self) -> Iterator[Fault]:
        """Return codes that local therapies don't have."""
        for name in CODES_OF_TREATMENT:
            codes = getattr(self, name)
            if codes is None:
                continue
            if not codes:
                yield Fault(
                    path=(name,),
                    message="is empty: nobody would be treated",
                    hint="leave the key out to accept all.",
                )
            yield from code_faults("local_therapy", name, codes, (name,))
        if self.intent is not None and "diagnostic" in self.intent:
            yield Fault(
                path=("intent", self.intent.index("diagnostic")),
                message="a diagnostic procedure is no treatment",
                hint="take it out of the list.",
            )


CODES_OF_TREATMENT = ("target", "modality", "organ", "intent", "margin", "approach")


class Treated(Part):
    """The treated strategy.

    Attributes
    ----------
    label : str
        In words.
    treatment : Treatment, optional
        Which local therapy; needed with a registry.
    grace_months : float
        Treatment up to and including this time adheres.
    initiation : {"all_initiators", "deadline", "uniform"}
        What is meant for those not treated at the end of the grace period.
    """

    label: Text
    treatment: Treatment | None = None
    grace_months: Number = Field(ge=0)
    initiation: Literal["all_initiators", "deadline", "uniform"]


class ComparatorStrategy(Part):
    """The comparator strategy.

    Attributes
    ----------
    label : str
        In words.
    rule : {"never", "none_within_grace"}
        What it asks for.
    """

    label: Text
    rule: Literal["never", "none_within_grace"]


class Strategies(Part):
    """Both strategies.

    Attributes
    ----------
    treated : Treated
        The treated strategy.
    comparator : ComparatorStrategy
        What it is compared with.
    """

    treated: Treated
    comparator: ComparatorStrategy


class TimeZero(Part):
    """When eligibility, assignment and follow-up begin.

    Attributes
    ----------
    event : str
        ``first_metastasis``; ``diagnosis`` of the primary; ``systemic_line``: start of the
        metastatic line ``number``; ``response``: first imaging assessment with one of
        ``responses`` between ``window_months`` after the first metastasis; or ``date``: a column
        of the patient table.
    number : int, optional
        With ``systemic_line``.
    responses : tuple of str, optional
        With ``response``.
    window_months : (float, float), optional
        With ``response``.
    column : str, optional
        With ``date``.
    """

    event: Literal["first_metastasis", "diagnosis", "systemic_line", "response", "date"]
    number: Count | None = Field(default=None, ge=1)
    responses: tuple[Literal["CR", "PR", "SD", "PD", "NE"], ...] | None = None
    window_months: tuple[Number, Number] | None = None
    column: Text | None = None

    def faults(self) -> Iterator[Fault]:
        """Return what the event needs and lacks, or has and can't use."""
        yield from _belonging(self, "event", self.event, _TIME_ZERO_KEYS)
        if self.responses == ():
            yield Fault(path=("responses",), message="is empty: nobody would have a time zero")
        if self.window_months is not None:
            yield from _window_faults(self.window_months)
            if self.window_months[0] < 0:
                yield Fault(
                    path=("window_months", 0),
                    message="begins before the first metastasis",
                    hint="begin at 0 or later.",
                )
        yield from self._column_faults()

    def _column_faults(self) -> Iterator[Fault]:
        if self.column is None:
            return
        dates = date_columns(TABLES["patient"])
        if self.column not in dates:
            yield Fault(
                path=("column",),
                message=f"{self.column!r} is no column of dates of the patient table",
                hint=f"it has {', '.join(d for d in dates if d not in END_OF_FOLLOW_UP)}.",
            )
        elif self.column in END_OF_FOLLOW_UP:
            yield Fault(
                path=("column",),
                message=f"{self.column} is the end of follow-up and can't be its beginning",
            )


_TIME_ZERO_KEYS = {
    "number": ("systemic_line",),
    "responses": ("response",),
    "window_months": ("response",),
    "column": ("date",),
}


class Outcome(Part):
    """What is counted.

    Attributes
    ----------
    event : str
        ``death``; ``progression`` (or death, whichever is first); ``breast_cancer_death`` (other
        deaths compete); ``locoregional_progression`` (death competes); ``qol_deterioration``
        (death competes).
    instrument, scale : str, optional
        With ``qol_deterioration``.
    points : float, optional
        With ``qol_deterioration``: smallest change from baseline that counts as worse.
    """

    event: Literal[
        "death",
        "progression",
        "breast_cancer_death",
        "locoregional_progression",
        "qol_deterioration",
    ]
    instrument: Text | None = None
    scale: Text | None = None
    points: Number | None = Field(default=None, gt=0)

    def faults(self) -> Iterator[Fault]:
        """Return what the event needs and lacks, or has and can't use."""
        yield from _belonging(self, "event", self.event, _OUTCOME_KEYS)
        if self.instrument is not None and self.scale is not None:
            yield from scale_faults(self.instrument, self.scale)


_OUTCOME_KEYS = {name: ("qol_deterioration",) for name in ("instrument", "scale", "points")}


def _date_as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


class FollowUp(Part):
    """When follow-up ends without the outcome.

    Attributes
    ----------
    until : str
        ``last_contact`` of each patient, or a date such as ``2020-12-31`` at which the study
        ended; a patient whose last contact lies before it is lost to follow-up.
    """

    until: Annotated[Text, BeforeValidator(_date_as_text)]

    def faults(self) -> Iterator[Fault]:
        """Return whether the end is neither last contact nor a date."""
        if self.until == LAST_CONTACT:
            return
        try:
            date.fromisoformat(self.until)
        except ValueError:
            yield Fault(
                path=("until",),
                message=f"{self.until!r} is neither {LAST_CONTACT} nor a date",
                hint="write a date as 2020-12-31.",
            )


def _window_faults(window: tuple[float, float]) -> Iterator[Fault]:
    if window[0] > window[1]:
        yield Fault(
            path=("window_months",),
            message=f"{list(window)} ends before it begins",
            hint="write the earlier month first; months before time zero are negative.",
        )


def _belonging(
    part: Any, choice: str, chosen: str, owners: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    """Yield keys that a choice needs and lacks, and those that belong to another choice."""
    for key, wanted in owners.items():
        given = getattr(part, key) is not None
        if chosen in wanted and not given:
            yield Fault(path=(key,), message=f"is missing: {choice} {chosen} needs it")
        if given and chosen not in wanted:
            yield Fault(
                path=(key,),
                message=f"belongs to {choice} {' or '.join(wanted)}, not to {chosen}",
                hint="take it out.",
            )
