"""The cohort as a sentence with parts that can be changed: a form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from locoreg.web.cohort.view import CohortView
from locoreg.workflows.registry.exploring import THERAPIES, groupings

Kind = Literal["choice", "number", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the sentence.

    Attributes
    ----------
    before, after : str
        Words around it.
    name, label : str
        Field, and its label for those who hear it.
    kind : {"choice", "number", "text"}
        How it is changed.
    value : str
        What is chosen.
    options : tuple of (str, str)
        Values and words of a choice.
    least, most : int
        Limits of a number.
    changed : bool
        Whether it differs from the usual.
    """

    before: str
    name: str
    label: str
    kind: Kind
    value: str
    after: str = ""
    options: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A line of the form.

    Attributes
    ----------
    title : str
        What it is about.
    parts : tuple of Part
        Its parts.
    """

    title: str
    parts: tuple[Part, ...]


TIME_ZERO = (
    ("first_metastasis", "first distant metastasis"),
    ("primary_diagnosis", "diagnosis of the primary"),
    ("entry", "entry into the registry"),
)
DISEASE = (
    ("any", "de novo or recurrent"),
    ("de_novo", "de novo (metastatic at diagnosis)"),
    ("recurrent", "recurrent"),
)
SUBTYPE = (
    ("any", "any subtype"),
    ("HR+/HER2-", "HR+/HER2−"),
    ("HR+/HER2+", "HR+/HER2+"),
    ("HR-/HER2+", "HR−/HER2+"),
    ("triple_negative", "triple-negative"),
)
SEX = (("any", "of any sex"), ("female", "female"), ("male", "male"))
LESIONS = (
    ("any", "any number of"),
    ("1", "1"),
    ("1-3", "1 to 3"),
    ("1-5", "1 to 5"),
    (">5", "more than 5"),
)
METASTASES = (
    ("any", "anywhere"),
    ("bone_only", "in bone only"),
    ("visceral", "in viscera, with others or not"),
    ("organ_bone", "in bone, with others or not"),
    ("organ_liver", "in the liver, with others or not"),
    ("organ_lung", "in the lung, with others or not"),
)
BRAIN = (("any", "with or without"), ("no", "without"), ("yes", "with"))
OPERATED = (
    ("any", "operated or not"),
    ("no", "not operated (in situ)"),
    ("yes", "operated"),
)
UNKNOWN = (("exclude", "left out, and counted"), ("include", "kept"))
LEVEL = (("90", "90%"), ("95", "95%"), ("99", "99%"))


def clauses(view: CohortView, registries: Iterable[str], registry: str) -> tuple[Clause, ...]:
    """Return the sentence of a view.

    Parameters
    ----------
    view : CohortView
        What is asked for.
    registries : iterable of str
        Names of the registries.
    registry : str
        The one that is shown.

    Returns
    -------
    tuple of Clause
        Every choice of the view stands in it, the usual ones too.
    """
    made = _Made(view)
    names = tuple((name, name) for name in registries)
    return (
        Clause(
            title="Patients",
            parts=(
                made.choice("registry", "Registry", names, before="Patients of", value=registry),
                made.choice(
                    "disease", "Disease", DISEASE, before="with disease that is", after=","
                ),
                made.choice("subtype", "Subtype", SUBTYPE, after=","),
                made.choice("sex", "Sex", SEX, after=","),
                made.number("age_from", "Lowest age", 0, 120, before="aged from"),
                made.number("age_to", "Highest age", 0, 120, before="to", after="years,"),
                made.choice("lesions", "Number of distant lesions", LESIONS, before="with"),
                made.choice(
                    "metastases", "Place of the lesions", METASTASES, before="distant lesions",
                    after=",",
                ),
                made.choice("brain", "Brain metastases", BRAIN, after="brain metastases,"),
                made.choice(
                    "operated", "Primary before time zero", OPERATED, before="the primary",
                    after="before time zero.",
                ),
            ),
        ),
        Clause(
            title="Time",
            parts=(
                made.choice("time_zero", "Time zero", TIME_ZERO, before="Time zero is the"),
                made.number("year_from", "First year", 1900, 2200, before="from the year"),
                made.number("year_to", "Last year", 1900, 2200, before="to", after=";"),
                made.number(
                    "landmark", "Landmark in months", 0, 120,
                    before="patients are alive and followed",
                    after="months after it, and survival counts from there.",
                ),
                made.choice(
                    "unknown", "Patients who can't be judged", UNKNOWN,
                    before="Patients for whom one of these is unknown are", after=".",
                ),
            ),
        ),
        Clause(
            title="What is shown",
            parts=(
                made.choice(
                    "by", "Groups by", (("", "no groups"), *groupings().items()),
                    before="Shown by", after=";",
                ),
                made.choice(
                    "therapy", "Local therapy",
                    tuple((key, words) for key, (words, _) in THERAPIES.items()),
                    before="local therapy means", after=";",
                ),
                made.text("at", "Months at which survival is given", before="survival at months"),
                made.number(
                    "horizon", "Months of the restricted mean", 1, 600,
                    before="and its restricted mean to month", after=",",
                ),
                made.choice(
                    "level", "Level of intervals", LEVEL, before="with", after="intervals."
                ),
            ),
        ),
    )  # fmt: skip


class _Made:
    def __init__(self, view: CohortView) -> None:
        self.view = view

    def _value(self, name: str) -> str:
        value = getattr(self.view, name)
        return "" if value is None else str(value)

    def _changed(self, name: str) -> bool:
        return bool(getattr(self.view, name) != CohortView.model_fields[name].default)

    def choice(
        self,
        name: str,
        label: str,
        options: tuple[tuple[str, str], ...],
        *,
        before: str = "",
        after: str = "",
        value: str | None = None,
    ) -> Part:
        return Part(
            before=before,
            after=after,
            name=name,
            label=label,
            kind="choice",
            options=options,
            value=self._value(name) if value is None else value,
            changed=self._changed(name),
        )

    def number(
        self, name: str, label: str, least: int, most: int, *, before: str = "", after: str = ""
    ) -> Part:
        return Part(
            before=before,
            after=after,
            name=name,
            label=label,
            kind="number",
            least=least,
            most=most,
            value=self._value(name),
            changed=self._changed(name),
        )

    def text(self, name: str, label: str, *, before: str) -> Part:
        return Part(
            before=before,
            name=name,
            label=label,
            kind="text",
            value=self._value(name).replace(",", ", "),
            changed=self._changed(name),
        )
