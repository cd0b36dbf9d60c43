"""The fields of the form, with what was answered and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from locoreg.core.errors import DesignError

if TYPE_CHECKING:
    from locoreg.workflows.patient.mapping import Asked

MOST_FIELDS = 200
CONTENT_TYPE = "application/x-www-form-urlencoded"
# Fields that steer the page and say nothing of a patient.
STEERING = ("months", "show")
Choice = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of the form.

    Attributes
    ----------
    name, label : str
        Name and question.
    kind : str
        ``number``, ``select`` or ``checks``.
    choices : tuple of (str, str)
        Values and words.
    low, high, step : str
        Bounds of a number.
    hint : str
        Words below the question.
    """

    name: str
    label: str
    kind: str
    choices: tuple[Choice, ...] = ()
    low: str = ""
    high: str = ""
    step: str = "1"
    hint: str = ""


YES_NO: tuple[Choice, ...] = (("yes", "Yes"), ("no", "No"))
SITES: tuple[Choice, ...] = (
    ("bone", "Bone"),
    ("liver", "Liver"),
    ("lung", "Lung"),
    ("pleura", "Pleura"),
    ("brain", "Brain"),
    ("leptomeninges", "Meninges"),
    ("distant_ln", "Distant lymph nodes"),
    ("skin_soft_tissue", "Skin or soft tissue"),
    ("adrenal", "Adrenal gland"),
    ("ovary", "Ovary"),
    ("peritoneum", "Peritoneum"),
    ("other", "Other"),
)
FIELDS: tuple[Field, ...] = (
    Field(name="age", label="Age in years", kind="number", low="18", high="110"),
    Field(name="sex", label="Sex", kind="select", choices=(("female", "Female"), ("male", "Male"))),
    Field(
        name="menopausal",
        label="Menopausal status",
        kind="select",
        choices=(("pre", "Premenopausal"), ("peri", "Perimenopausal"), ("post", "Postmenopausal")),
    ),
    Field(
        name="ecog",
        label="ECOG performance status",
        kind="select",
        choices=tuple((str(k), str(k)) for k in range(5)),
    ),
    Field(
        name="subtype",
        label="Receptor subtype of the primary",
        kind="select",
        choices=(
            ("HR+/HER2-", "HR-positive, HER2-negative"),
            ("HR+/HER2+", "HR-positive, HER2-positive"),
            ("HR-/HER2+", "HR-negative, HER2-positive"),
            ("triple_negative", "Triple-negative"),
        ),
    ),
    Field(
        name="disease",
        label="When metastases came",
        kind="select",
        choices=(
            ("de novo", "At the first diagnosis (de novo)"),
            ("recurrent", "Later (recurrent)"),
        ),
    ),
    Field(
        name="sites",
        label="Sites of metastases",
        kind="checks",
        choices=SITES,
        hint="Tick all. None ticked: unknown.",
    ),
    Field(name="metastases", label="Number of metastases", kind="number", low="1", high="200"),
    Field(
        name="primary",
        label="Primary tumour",
        kind="select",
        choices=(("in place", "In place"), ("removed", "Removed")),
    ),
    Field(
        name="response",
        label="Response to systemic therapy",
        kind="select",
        choices=(
            ("not started", "Not started"),
            ("CR", "Complete response"),
            ("PR", "Partial response"),
            ("SD", "Stable disease"),
            ("PD", "Progression"),
        ),
    ),
    Field(
        name="systemic_months",
        label="Months on systemic therapy",
        kind="number",
        low="0",
        high="240",
        step="0.5",
    ),
    Field(
        name="symptoms",
        label="Symptoms of the breast",
        kind="select",
        choices=YES_NO,
        hint="Such as bleeding, ulcer or pain.",
    ),
    Field(
        name="comorbidities",
        label="Number of other illnesses",
        kind="number",
        low="0",
        high="30",
    ),
)


# Names of registry variables that a reader would not guess.
LABELS = {"year": "Calendar year when time starts"}


def asked_fields(asked: Sequence[Asked]) -> tuple[Field, ...]:
    """Return the questions that a model adds, from its own levels and ranges."""
    return tuple(_asked(one) for one in asked)


def _asked(one: Asked) -> Field:
    label = LABELS.get(one.name, one.name.replace("_", " "))
    if one.kind == "category":
        return Field(
            name=one.field,
            label=label,
            kind="select",
            choices=tuple((level, level) for level in one.levels),
        )
    hint = "" if one.low is None else f"In the data: {one.low:.4g} to {one.high:.4g}."
    return Field(name=one.field, label=label, kind="number", step="any", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a browser sent.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Answers.
    months : float or None
        The time to show.
    shows : bool
        Whether survival was asked for.
    """

    pairs: tuple[tuple[str, str], ...]
    months: float | None
    shows: bool

    @property
    def given(self) -> dict[str, list[str]]:
        """Answers by field, to fill the form again."""
        out: dict[str, list[str]] = {}
        for name, value in self.pairs:
            out.setdefault(name, []).append(value)
        return out


def read_body(content_type: str, body: bytes) -> Posted:
    """Read the body of a form.

    Parameters
    ----------
    content_type : str
        Header of the request.
    body : bytes
        As sent.

    Returns
    -------
    Posted
        Answers and what steers the page.

    Raises
    ------
    DesignError
        If it is no form, or one with too many fields.
    """
    if content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise DesignError("this page takes a form.", hint=f"send it as {CONTENT_TYPE}.")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS,
            errors="strict",
        )  # fmt: skip
    except ValueError as error:
        raise DesignError(
            "the form can't be read: it is no text, or has too many fields.",
            hint="open the page anew.",
        ) from error
    steer = [pair for pair in pairs if pair[0] in STEERING]
    return Posted(
        pairs=tuple(pair for pair in pairs if pair[0] not in STEERING),
        months=_months(value for name, value in steer if name == "months"),
        shows=any(name == "show" and value == "survival" for name, value in steer),
    )


def _months(values: Iterable[str]) -> float | None:
    """Return the last time that was asked for: that of the button, after the field's own."""
    found = list(values)
    if not found or not found[-1].strip():
        return None
    try:
        number = float(found[-1])
    except ValueError as error:
        raise DesignError("the time is no number of months.", hint="choose one shown.") from error
    if not 0.0 <= number <= 1200.0:
        raise DesignError("the time is no number of months.", hint="choose one shown.")
    return number


def answered(
    fields: Sequence[Field], given: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, str], ...]:
    """Return the questions with their answers in words, for the sheet.

    Parameters
    ----------
    fields : sequence of Field
        The questions.
    given : mapping of str to sequence of str
        Answers by field.

    Returns
    -------
    tuple of (str, str)
        Unanswered ones say ``unknown``.
    """
    out: list[tuple[str, str]] = []
    for one in fields:
        words = dict(one.choices)
        values = [value.strip() for value in given.get(one.name, ()) if value.strip()]
        shown = ", ".join(words.get(value, value) for value in values if value != "unknown")
        out.append((one.label, shown or "unknown"))
    return tuple(out)
