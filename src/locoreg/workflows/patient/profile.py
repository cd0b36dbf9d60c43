"""What is asked about a patient. Every answer may be unknown; nothing names anybody."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Sex = Literal["female", "male"]
Menopause = Literal["pre", "peri", "post"]
Subtype = Literal["HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"]
Disease = Literal["de novo", "recurrent"]
Primary = Literal["in place", "removed"]
Answer = Literal["yes", "no"]
Response = Literal["not started", "CR", "PR", "SD", "PD"]
Organ = Literal[
    "bone", "liver", "lung", "pleura", "brain", "leptomeninges", "distant_ln", "skin_soft_tissue",
    "adrenal", "ovary", "peritoneum", "other",
]  # fmt: skip
ORGANS: tuple[Organ, ...] = get_args(Organ)
VISCERAL = ("liver", "lung", "pleura", "brain", "leptomeninges", "adrenal", "ovary", "peritoneum")
BRAIN = ("brain", "leptomeninges")
UNKNOWN = ("", "unknown")
# Answers to what a model asks in addition: names as registries have them, texts of bounded length.
MOST_EXTRAS = 60
MOST_CHARACTERS = 100
EXTRA = "m_"
Extra = Annotated[str, Field(max_length=MOST_CHARACTERS)] | float | bool | None


class Profile(BaseModel):
    """A patient as a tumour board sees one; None is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    age: Annotated[int, Field(ge=18, le=110)] | None = None
    sex: Sex | None = None
    menopausal: Menopause | None = None
    ecog: Annotated[int, Field(ge=0, le=4)] | None = None
    subtype: Subtype | None = None
    disease: Disease | None = None
    sites: tuple[Organ, ...] = Field(default=(), max_length=len(ORGANS))
    metastases: Annotated[int, Field(ge=1, le=200)] | None = None
    primary: Primary | None = None
    response: Response | None = None
    systemic_months: Annotated[float, Field(ge=0, le=240)] | None = None
    symptoms: Answer | None = None
    comorbidities: Annotated[int, Field(ge=0, le=30)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Profile:
        if self.response == "not started" and self.systemic_months:
            raise ValueError("systemic_months: systemic therapy has not started: leave this empty")
        if self.metastases is not None and self.metastases < len(set(self.sites)):
            raise ValueError(
                f"metastases: {len(set(self.sites))} sites are ticked: give at least as many"
            )
        return self

    @property
    def months_on_therapy(self) -> float | None:
        """Months on systemic therapy; 0 before it starts."""
        return 0.0 if self.response == "not started" else self.systemic_months

    @property
    def started(self) -> bool | None:
        """Whether systemic therapy has started."""
        if self.response is not None:
            return self.response != "not started"
        return None if self.systemic_months is None else self.systemic_months > 0.0

    def has(self, organs: Iterable[str]) -> bool | None:
        """Return whether there are metastases in some organs; ticked sites are all there are.

        Parameters
        ----------
        organs : iterable of str
            Among `ORGANS`.

        Returns
        -------
        bool or None
            None where no site is ticked, or one that is not in the list may be among them.
        """
        if not self.sites:
            return None
        if set(organs) & set(self.sites):
            return True
        return None if "other" in self.sites else False

    @property
    def bone_only(self) -> bool | None:
        """Whether all metastases lie in bone."""
        return set(self.sites) == {"bone"} if self.sites else None

    def answers(self) -> dict[str, float | str | None]:
        """Return the answers by the variables of the eligibility table."""
        brain, started = self.has(BRAIN), self.started
        return {
            "age": self.age,
            "sex": self.sex,
            "menopausal": self.menopausal,
            "ecog": self.ecog,
            "subtype": self.subtype,
            "disease": self.disease,
            "primary": self.primary,
            "metastases": self.metastases,
            "symptoms": self.symptoms,
            "brain": None if brain is None else "yes" if brain else "no",
            "systemic": None if started is None else "started" if started else "not started",
            "systemic_months": self.months_on_therapy,
            "response": _progression(self.response),
        }


def _progression(response: str | None) -> str | None:
    if response is None:
        return None
    return {"PD": "progression", "not started": "not started"}.get(response, "no progression")


Faults = tuple[tuple[str, str], ...]


def read_form(
    pairs: Iterable[tuple[str, str]],
) -> tuple[Profile | None, dict[str, str | None], Faults]:
    """Read the form of the patient view.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and values as a browser sends them; empty and ``unknown`` are unknown. Names that
        begin with ``m_`` answer what a model asks in addition.

    Returns
    -------
    profile : Profile or None
        None where something is at fault.
    extra : dict of str to str or None
        Answers for the model, by covariate.
    faults : tuple of (str, str)
        Field and what is wrong with it.
    """
    values: dict[str, object] = {}
    extra: dict[str, str | None] = {}
    sites: list[str] = []
    faults: list[tuple[str, str]] = []
    for name, raw in pairs:
        text = raw.strip()
        unknown = text in UNKNOWN
        if name.startswith(EXTRA):
            if len(extra) >= MOST_EXTRAS or len(text) > MOST_CHARACTERS:
                faults.append((name, "is longer than any answer asked for here"))
                continue
            extra[name.removeprefix(EXTRA)] = None if unknown else text
        elif name == "sites":
            sites += [] if unknown else [text]
        elif name not in Profile.model_fields:
            faults.append((name, "is not asked here"))
        elif name in values:
            faults.append((name, "is given twice"))
        else:
            values[name] = None if unknown else _plain(text)
    profile, found = _validated({**values, "sites": tuple(dict.fromkeys(sites))})
    faults += found
    return (None if faults else profile), extra, tuple(faults)


def _plain(text: str) -> str:
    """Return a number without what people write beside its digits: 6.0 for whole numbers is 6."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if math.isfinite(number) and number == int(number) else text


def _validated(values: Mapping[str, object]) -> tuple[Profile | None, list[tuple[str, str]]]:
    try:
        return Profile.model_validate(values), []
    except ValidationError as error:
        faults: list[tuple[str, str]] = []
        for one in error.errors(include_url=False, include_context=False):
            message = str(one["msg"]).removeprefix("Value error, ")
            if one["loc"]:
                name = str(one["loc"][0])
                message = _WORDS.get(name, "choose one of the list")
            else:
                name, _, message = message.partition(": ")
            faults.append((name, message))
        return None, list(dict.fromkeys(faults))


_WORDS = {
    "age": "give whole years from 18 to 110, or leave it empty",
    "ecog": "give 0 to 4, or unknown",
    "comorbidities": "give a whole number from 0 to 30, or leave it empty",
    "metastases": "give a whole number from 1 to 200, or leave it empty",
    "systemic_months": "give months from 0 to 240, or leave it empty",
    "sites": "choose sites of the list",
}
