"""Fixed sentences and sentences from numbers, short ones; no verb that says what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from locoreg.selection.question import SelectionQuestion
from locoreg.workflows.patient.curve import AtMonth, Course
from locoreg.workflows.patient.wording import lower_first, months_text

if TYPE_CHECKING:
    from locoreg.workflows.patient.models import OpenedModel

OUTSIDE = "No estimate: outside the data"
NOT_CREDIBLE = "No estimate: the model is not credible"
NO_MODEL = "No estimate: no registry model is open here"
NO_SURVIVAL = "No estimate: the model does not tell survival"
NO_MODEL_WHY = "Start the program with a run of a study that has a selection part."
REFUSED = "No estimate: the model can't be read"
CHANCE = (
    "The difference could be chance. It could also come from hidden differences between the people "
    "who had local therapy and those who did not."
)
GROUP = "The ranges are those of a group of people. For one person the range is much wider."
NO_WIDER = (
    "A second, wider range for hidden differences is not known here: the model holds none for "
    "people like this."
)
WIDER_MEANS = (
    "This second range holds chance too. A hidden difference that is stronger would make it wider "
    "still."
)
UNCHECKED_MODEL = "Nobody checked whether this model can be believed."
STEADY = (
    "The numbers at each time were made one by one. They were then brought to the nearest course "
    "that never rises with time."
)
MOVED = "This moved at least one number by more than 1 of 100."
NOT_STORED = "Nothing that you enter is stored. Do not enter a name."
HARM_LEAD = "Of 100 people who had the treatment, about so many had the harm."
NOT_KNOWN = "Not known here."
NOT_COMPARED = (
    "The registry model was not compared with the trials. It is not known here whether they agree."
)
NOTHING_TO_COMPARE = "No registry model is open here. There is nothing to compare the trials with."
NOT_READ = "The registry model can't be read. There is nothing to compare the trials with."
AGREE = "The registry model and the pooled trials agree within their ranges."
DISAGREE = (
    "The registry model and the pooled trials disagree by more than chance is expected to explain."
)
FIXED = (
    OUTSIDE, NOT_CREDIBLE, NO_MODEL, NO_SURVIVAL, NO_MODEL_WHY, REFUSED, CHANCE, GROUP, NO_WIDER,
    WIDER_MEANS, UNCHECKED_MODEL, STEADY, MOVED, NOT_STORED, HARM_LEAD, NOT_KNOWN, NOT_COMPARED,
    NOTHING_TO_COMPARE, NOT_READ, AGREE, DISAGREE,
)  # fmt: skip
DEATH = "death"
_PATH = re.compile(r"(?<![\w.])/[^\s()]+")


def labels(question: SelectionQuestion) -> tuple[str, str]:
    """Return the options without and with local therapy, as they stand within a sentence."""
    return lower_first(question.comparator_label), lower_first(question.treated_label)


def event_words(outcome: str) -> tuple[str, str]:
    """Return words for those free of the event, and for those with it: ``alive``, ``died``."""
    if outcome.split(" ")[0].lower() == DEATH:
        return "alive", "died"
    return f"free of {outcome}", f"had {outcome}"


def at_time(question: SelectionQuestion, at: AtMonth) -> tuple[str, ...]:
    """Return survival at one time in sentences, in both frames.

    Parameters
    ----------
    question : SelectionQuestion
        Options and event.
    at : AtMonth
        The numbers.

    Returns
    -------
    tuple of str
        Each names its time and of whom it speaks.
    """
    without, with_ = labels(question)
    free, event = event_words(question.outcome)
    when = months_text(at.months)
    (a, x), (b, y) = at.without.people, at.with_.people
    return (
        f"Of 100 people like this, about {a} ({_range(at.without.range)}) are {free} at {when} "
        f"with {without}.",
        f"Of 100 people like this, about {b} ({_range(at.with_.range)}) are {free} at {when} with "
        f"{with_}.",
        f"That is a difference of {at.more_words} of 100 people like this {free} at {when}.",
        f"Of 100 people like this, about {x} have {event} by {when} with {without}, and about {y} "
        f"with {with_}.",
        f"Time counts from {question.time_zero}.",
    )


def wider(question: SelectionQuestion, course: Course, at: AtMonth) -> str:
    """Return the range for hidden differences at one time in sentences, or that there is none."""
    if course.factor is None or not at.wider_words:
        return NO_WIDER
    _, with_ = labels(question)
    free, _ = event_words(question.outcome)
    return (
        f"{wider_start(question, course.factor)} from {at.wider_words} of 100 people like this "
        f"{free} at {months_text(at.months)} with {with_}. {WIDER_MEANS}"
    )


def wider_start(question: SelectionQuestion, factor: float) -> str:
    """Return what the second range supposes, up to its numbers."""
    _, with_ = labels(question)
    return (
        "If people treated differed from the others in something not recorded that changes the "
        f"odds of {with_} by up to {factor:g} times:"
    )


def cautions(course: Course) -> tuple[str, ...]:
    """Return what always stands beside the numbers."""
    level = f"The ranges are {course.level:g}% intervals, time by time."
    return (
        CHANCE,
        GROUP,
        level,
        STEADY,
        *((MOVED,) if course.moved else ()),
    )


def about(opened: OpenedModel) -> tuple[str, ...]:
    """Return who the model's people are and what it compares."""
    question, training = opened.model.question, opened.model.training
    without, with_ = labels(question)
    return (
        f"The model compares {with_} with {without}, in {training.n:,} people.",
        f"Time counts from {question.time_zero}.",
        *(note if note.endswith(".") else f"{note}." for note in training.notes),
    )


def source(opened: OpenedModel) -> str:
    """Return where the data come from, without folders of this machine, and when they end."""
    until = f", data until {opened.until}" if opened.until else ", date of the data not recorded"
    return f"{without_folders(opened.model.source)}{until}"


def without_folders(text: str) -> str:
    """Return a text with the last part of each path alone: folders are this machine's matter."""
    return _PATH.sub(_last, text)


def _last(found: re.Match[str]) -> str:
    return found.group().rstrip("/").rsplit("/", 1)[-1]


def conflict(opened: OpenedModel | None, *, unreadable: bool = False) -> tuple[str, str]:
    """Return in one sentence whether trials and registry disagree, and the numbers behind it."""
    if unreadable:
        return NOT_READ, ""
    if opened is None:
        return NOTHING_TO_COMPARE, ""
    if opened.anchored is None or opened.anchor is None or opened.anchored == "note":
        return NOT_COMPARED, opened.anchor or ""
    return (AGREE if opened.anchored == "pass" else DISAGREE), opened.anchor


def readable(reason: str) -> str:
    """Return a reason of the model with covariates as the form names them."""
    out = reason
    for name, words in _NAMES.items():
        out = out.replace(f"{name} ", f"{words} ")
    return out[:1].upper() + out[1:]


_NAMES = {
    "subtype_primary": "receptor subtype",
    "lesion_class": "number of metastases",
    "n_comorbidities": "number of other illnesses",
    "n_lesions": "number of metastases",
    "ecog": "ECOG",
    "visceral": "visceral metastases",
    "menopausal_status": "menopausal status",
    "year": "year of time zero",
}


def _range(ends: tuple[int, int]) -> str:
    return f"range {ends[0]} to {ends[1]}"
