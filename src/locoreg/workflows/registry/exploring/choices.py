"""What a cohort of a registry is made of, as choices that can be said in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.errors import DesignError
from locoreg.emulation.protocol import LoadedProtocol, read_protocol
from locoreg.emulation.protocol.load import read_example
from locoreg.emulation.protocol.parts import Criterion
from locoreg.registry.describe.people import TIME_ZERO_WORDS, TimeZero

Disease = Literal["any", "de_novo", "recurrent"]
Subtype = Literal["any", "HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"]
Sex = Literal["any", "female", "male"]
Lesions = Literal["any", "1", "1-3", "1-5", ">5"]
Metastases = Literal["any", "bone_only", "visceral", "organ_bone", "organ_liver", "organ_lung"]
YesNo = Literal["any", "no", "yes"]
Unknown = Literal["exclude", "include"]
Therapy = Literal["primary_surgery", "primary_radiotherapy", "lesion", "any"]

LESION_LEVELS: dict[str, tuple[str, ...]] = {
    "1": ("1",),
    "1-3": ("1", "2-3"),
    "1-5": ("1", "2-3", "4-5"),
    ">5": (">5",),
}
METASTASES_WORDS = {
    "bone_only": "Metastases in bone only",
    "visceral": "Visceral metastases",
    "organ_bone": "Metastases in bone",
    "organ_liver": "Metastases in the liver",
    "organ_lung": "Metastases in the lung",
}
THERAPIES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "primary_surgery": (
        "surgery of the primary",
        {"target": ("primary",), "modality": ("surgery",)},
    ),
    "primary_radiotherapy": (
        "radiotherapy of the primary",
        {"target": ("primary",), "modality": ("sabr", "conventional_rt", "rt_unspecified")},
    ),
    "lesion": ("local therapy of a metastasis", {"target": ("lesion",)}),
    "any": ("any local therapy", {}),
}
# An operation of the primary on the day of time zero or later leaves it in situ at time zero.
OPERATED = "primary_operated"
OPERATED_VARIABLE: dict[str, Any] = {
    "table": "local_therapy",
    "where": {"target": "primary", "modality": "surgery"},
    "window_months": [-1200, -0.03],
    "take": "any",
    "date": "start_date",
}
EVENTS: dict[str, dict[str, str]] = {
    "first_metastasis": {"event": "first_metastasis"},
    "primary_diagnosis": {"event": "diagnosis"},
    "entry": {"event": "date", "column": "entry_date"},
}
# What a protocol needs besides; nothing of it reaches a cohort or a fragment.
_REST = "primary-surgery-6-months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A cohort. Nothing in it has a default.

    Attributes
    ----------
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        When follow-up begins, and as of when everything below is judged.
    landmark_months : float
        Months after time zero that patients are alive and followed; times count from there. 0 for
        no landmark.
    disease, subtype, sex, lesions, metastases, brain, primary_operated : str
        ``any``, or what is asked for. ``primary_operated``: surgery of the primary before the day
        of time zero.
    years, ages : (int or None, int or None)
        First and last year of time zero, and age at it, both included.
    unknown : {"exclude", "include"}
        What is done with patients for whom a criterion can't be judged.
    """

    time_zero: TimeZero
    landmark_months: float
    disease: Disease
    subtype: Subtype
    sex: Sex
    lesions: Lesions
    metastases: Metastases
    brain: YesNo
    primary_operated: YesNo
    years: tuple[int | None, int | None]
    ages: tuple[int | None, int | None]
    unknown: Unknown

    def criteria(self) -> tuple[Criterion, ...]:
        """Return the criteria in the order in which they are applied.

        Raises
        ------
        DesignError
            If a range ends before it begins.
        """
        found: list[Criterion] = []
        self._disease(found)
        self._range(found, "year", "Year of time zero", self.years)
        if self.sex != "any":
            found.append(self._made(self.sex.capitalize(), "sex", equals=self.sex))
        self._range(found, "age", "Age", self.ages)
        if self.subtype != "any":
            words = f"Subtype {self.subtype.replace('_', '-')}"
            found.append(self._made(words, "subtype", equals=self.subtype))
        self._spread(found)
        return tuple(found)

    def _disease(self, found: list[Criterion]) -> None:
        if self.disease != "any":
            new = self.disease == "de_novo"
            words = "Metastatic at diagnosis" if new else "Recurrent disease"
            found.append(self._made(words, "de_novo", equals=new))

    def _spread(self, found: list[Criterion]) -> None:
        if self.lesions != "any":
            words = f"Distant lesions: {self.lesions.replace('-', ' to ')}"
            levels = LESION_LEVELS[self.lesions]
            found.append(self._made(words, "lesion_class", one_of=levels))
        if self.metastases != "any":
            words = METASTASES_WORDS[self.metastases]
            found.append(self._made(words, self.metastases, equals=True))
        if self.brain != "any":
            words = "Brain metastases" if self.brain == "yes" else "No brain metastases"
            found.append(self._made(words, "brain", equals=self.brain == "yes"))
        if self.primary_operated != "any":
            done = self.primary_operated == "yes"
            words = f"Primary {'operated' if done else 'not operated'} before time zero"
            found.append(self._made(words, OPERATED, equals=done))

    def _range(
        self,
        found: list[Criterion],
        variable: str,
        words: str,
        limits: tuple[int | None, int | None],
    ) -> None:
        low, high = limits
        if low is None and high is None:
            return
        if low is not None and high is not None and low > high:
            raise DesignError(f"{words}: {low} to {high} is no range.", hint="exchange the two.")
        if low is not None and high is not None:
            text = f"{words} {low} to {high}"
        else:
            text = f"{words} {f'{low} or more' if high is None else f'up to {high}'}"
        found.append(self._made(text, variable, at_least=low, at_most=high))

    def _made(self, name: str, variable: str, **comparison: Any) -> Criterion:
        return Criterion(name=name, variable=variable, unknown=self.unknown, **comparison)

    def fragment(self) -> dict[str, Any]:
        """Return the parts of a protocol that the cohort fixes."""
        parts: dict[str, Any] = {
            "protocol": 1,
            "time_zero": dict(EVENTS[self.time_zero]),
            "eligibility": [
                one.model_dump(mode="json", exclude_none=True) for one in self.criteria()
            ],
        }
        if self.primary_operated != "any":
            parts["variables"] = {OPERATED: dict(OPERATED_VARIABLE)}
        return parts


def whole_protocol(parts: dict[str, Any], therapy: Therapy = "any") -> LoadedProtocol:
    """Return a protocol that holds some parts, and all its checks passed.

    Parameters
    ----------
    parts : dict
        From `Choices.fragment`.
    therapy : str
        The local therapy that it means, one of `THERAPIES`.

    Returns
    -------
    LoadedProtocol
        The parts in a shipped protocol.

    Raises
    ------
    DesignError
        If the parts are wrong.
    """
    from locoreg.emulation.cohort.registry.histories import builtin_histories
    from locoreg.emulation.cohort.registry.variables import builtin_variables

    content = read_example(_REST).protocol.model_dump(mode="json", exclude_none=True)
    content |= {"time_zero": parts["time_zero"], "eligibility": parts["eligibility"]}
    content["variables"] = {**content.get("variables", {}), **parts.get("variables", {})}
    content["strategies"]["treated"]["treatment"] = {
        name: list(codes) for name, codes in THERAPIES[therapy][1].items()
    }
    loaded = read_protocol(content)
    loaded.check_variables(builtin_variables(), builtin_histories())
    return loaded


def time_zero_words(choices: Choices) -> str:
    """Return what time zero is, without a landmark."""
    return TIME_ZERO_WORDS[choices.time_zero]


def origin_words(choices: Choices) -> str:
    """Return what times count from."""
    zero = time_zero_words(choices)
    months = choices.landmark_months
    if not months:
        return zero
    return f"landmark {months:g} {'month' if months == 1 else 'months'} after {zero}"
