"""What a registry model tells about a patient, or why it tells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.numbertext import plural
from locoreg.selection.patient import PatientPrediction, predict_patient
from locoreg.workflows.patient import sentences
from locoreg.workflows.patient.curve import AtMonth, Course, course_of
from locoreg.workflows.patient.eligible import population_of
from locoreg.workflows.patient.mapping import covariates
from locoreg.workflows.patient.models import OpenedModel
from locoreg.workflows.patient.profile import Profile

State = Literal["no model", "refused", "not credible", "outside", "no survival", "inside"]
# Time that is shown first where the model has it: the primary comparison of most trials.
USUAL_MONTHS = 36.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How many people of the data are like the patient.

    Attributes
    ----------
    similar, treated, comparator : int
        All, with local therapy and without.
    hidden : int
        Counts from 1 to this many are not shown.
    """

    similar: int
    treated: int
    comparator: int
    hidden: int

    def text(self, count: int) -> str:
        """Return a count as it may be shown."""
        return f"{self.hidden} or fewer" if 0 < count <= self.hidden else f"{count:,}"

    @property
    def shows_share(self) -> bool:
        """Whether neither part is small."""
        return min(self.treated, self.comparator) > self.hidden

    @property
    def words(self) -> str:
        """The meter in words; the second part is left out where it would give away a small one."""
        if not self.shows_share:
            return f"{self.similar:,} similar patients; few of them had one of the options."
        similar = plural(self.similar, "similar patient")
        return f"{similar}; {self.text(self.treated)} had local therapy."

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; null for small ones."""
        shown = self.shows_share
        return {
            "similar": self.similar,
            "treated": self.treated if shown else None,
            "comparator": self.comparator if shown else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEstimate:
    """What a model tells; numbers only in the state ``inside``.

    Attributes
    ----------
    state : str
        ``inside``, or why there is no number.
    headline : str
        In full size.
    reasons : tuple of str
        Why there is no number.
    warnings : tuple of str
        What stands before any number.
    support : Support or None
        Similar patients.
    course : Course or None
        Survival at each time.
    shown : AtMonth or None
        The time that is shown.
    sentences : tuple of str
        That time in words.
    cautions : tuple of str
        What always stands beside the numbers.
    wider : str
        The interval for hidden differences, or that there is none.
    sensitivity : str
        How strong hidden differences would have to be; empty where nobody looked.
    about : tuple of str
        Who the model's people are, where the data come from.
    labels : tuple of (str, str)
        Options without and with local therapy; empty texts without a model.
    event : tuple of (str, str)
        Words for those free of the event and for those with it.
    source : str
        Data, with their date.
    synthetic : bool
        Whether the people behind it are made up.
    """

    state: State
    headline: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    support: Support | None = None
    course: Course | None = None
    shown: AtMonth | None = None
    sentences: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    wider: str = ""
    sensitivity: str = ""
    about: tuple[str, ...] = ()
    labels: tuple[str, str] = ("", "")
    event: tuple[str, str] = ("", "")
    source: str = ""
    synthetic: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what is told as JSON-ready values; null for what is not given."""
        return {
            "state": self.state,
            "headline": self.headline,
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "support": None if self.support is None else self.support.to_dict(),
            "labels": {"without": self.labels[0], "with": self.labels[1]},
            "times": [] if self.course is None else [one.to_dict() for one in self.course.times],
            "odds_factor": None if self.course is None else self.course.factor,
            "level": None if self.course is None else self.course.level,
            "shown_months": None if self.shown is None else self.shown.months,
            "sentences": list(self.sentences),
            "cautions": list(self.cautions),
            "hidden_differences": self.wider,
            "sensitivity": self.sensitivity,
            "about": list(self.about),
            "source": self.source,
            "synthetic": self.synthetic,
        }


def no_estimate(state: State, headline: str, *reasons: str) -> PatientEstimate:
    """Return that nothing is told, and why."""
    return PatientEstimate(state=state, headline=headline, reasons=reasons)


def estimate_for(
    opened: OpenedModel,
    profile: Profile,
    extra: Mapping[str, Any],
    *,
    months: float | None,
    small_cells: int,
) -> tuple[PatientEstimate, tuple[tuple[str, str], ...]]:
    """Return what a model tells about a patient.

    Parameters
    ----------
    opened : OpenedModel
        The model.
    profile : Profile
        The answers of the form.
    extra : mapping
        Answers to what the model asks in addition.
    months : float or None
        The time to show; the nearest that the model has.
    small_cells : int
        Counts of patients from 1 to this many are hidden.

    Returns
    -------
    estimate : PatientEstimate
        Without a number where the model is not credible or the patient lies outside its data.
    faults : tuple of (str, str)
        Fields of the form that can't be used for this model.
    """
    values, faults = covariates(opened.model, profile, extra)
    if faults:
        return no_estimate("refused", "No estimate: an answer can't be used.", *(
            f"{name}: {what}" for name, what in faults
        )), faults  # fmt: skip
    about: dict[str, Any] = {
        "about": sentences.about(opened),
        "labels": sentences.labels(opened.model.question),
        "event": sentences.event_words(opened.model.question.outcome),
        "source": sentences.source(opened),
        "synthetic": opened.model.synthetic,
    }
    if opened.verdict == "not credible":
        reading = opened.reading or "The checks of this model speak against it."
        found = PatientEstimate(
            state="not credible", headline=sentences.NOT_CREDIBLE, reasons=(reading,), **about
        )
        return found, ()
    people = population_of(opened.protocol, profile)
    told = predict_patient(opened.model, values)
    if people.against or not told.support.inside:
        reasons = (*people.against, *told.support.reasons)
        found = PatientEstimate(
            state="outside",
            headline=sentences.OUTSIDE,
            reasons=tuple(sentences.readable(one) for one in reasons),
            **about,
        )
        return found, ()
    return _inside(opened, told, people.unchecked, about, months, small_cells), ()


def _inside(
    opened: OpenedModel,
    told: PatientPrediction,
    unchecked: tuple[str, ...],
    about: Mapping[str, Any],
    months: float | None,
    small_cells: int,
) -> PatientEstimate:
    assert told.group is not None
    support = Support(
        similar=told.group.n,
        treated=told.group.treated,
        comparator=told.group.comparator,
        hidden=small_cells,
    )
    warnings = list(told.warnings)
    if opened.verdict is None:
        warnings.append(sentences.UNCHECKED_MODEL)
    warnings += [f"Not checked here: {one}." for one in unchecked]
    course = course_of(told.group.times)
    if course is None:
        return PatientEstimate(
            state="no survival", headline=sentences.NO_SURVIVAL, support=support,
            warnings=tuple(warnings), **about,
        )  # fmt: skip
    shown = course.nearest(months, USUAL_MONTHS)
    return PatientEstimate(
        state="inside",
        headline=support.words,
        warnings=tuple(warnings),
        support=support,
        course=course,
        shown=shown,
        sentences=sentences.at_time(opened.model.question, shown),
        cautions=sentences.cautions(course),
        sensitivity=told.sensitivity or "",
        wider=sentences.wider(opened.model.question, course, shown),
        **about,
    )
