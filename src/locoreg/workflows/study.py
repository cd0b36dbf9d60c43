"""The study file: what `locoreg run` is asked to do, validated with the place of each error."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from locoreg.core.errors import DataError, did_you_mean

MAX_STUDY_BYTES = 1_000_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuestionPlan(_Strict):
    """What to pool for one question.

    Attributes
    ----------
    question : str
        Question id.
    outcomes : list of str
        Outcome ids, the main one first.
    designs : list of str
        rct, observational, or one design of the latter.
    method, interval : str
        As in ``locoreg evidence pool``.
    level : float
        Level of all intervals in percent.
    studies, reports : list of str
        Selection; empty for all studies and the rule's reports.
    subgroup : str
        Patients' subgroup as ``dimension=level``; empty for all patients.
    subgroups_by : str or None
        Column of the studies table.
    include_memory : bool
        Whether numbers from memory may be pooled.
    """

    question: str
    outcomes: tuple[str, ...] = Field(min_length=1)
    designs: tuple[str, ...] = Field(min_length=1)
    method: str
    interval: str
    level: float
    studies: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    subgroup: str = ""
    subgroups_by: str | None = None
    include_memory: bool = False

    @field_validator("level")
    @classmethod
    def _level_is_percent(cls, value: float) -> float:
        if not 50 <= value < 100:
            raise ValueError(f"{value:g} is not a percentage of 50 or more; write 95 for 95%")
        return value


class EvidencePlan(_Strict):
    """The evidence part of a study.

    Attributes
    ----------
    tables : list of str
        ``shipped`` and folders, relative to the study file; later ones add studies.
    questions : list of QuestionPlan
    reproduce : "all" or list of str
        Published pools to rebuild.
    """

    tables: tuple[str, ...] = Field(min_length=1)
    questions: tuple[QuestionPlan, ...] = Field(min_length=1)
    reproduce: Literal["all"] | tuple[str, ...] = ()


class StudyPlan(_Strict):
    """A study file.

    Attributes
    ----------
    title : str
        Title of the report.
    search_date : str
        Date of the last search for studies, shown in the report.
    evidence : EvidencePlan
    """

    title: str
    search_date: str
    evidence: EvidencePlan

    @field_validator("search_date", mode="before")
    @classmethod
    def _date_as_text(cls, value: object) -> object:
        # YAML turns 2026-11-23 into a date.
        return value.isoformat() if isinstance(value, date) else value


def read_study(path: str | Path) -> tuple[StudyPlan, str]:
    """Read and validate a study file.

    Parameters
    ----------
    path : str or Path
        YAML file.

    Returns
    -------
    plan : StudyPlan
        The validated plan.
    sha256 : str
        Hash of the file.

    Raises
    ------
    DataError
        If the file is missing, not YAML, holds Python tags, or a key or value
        does not fit; the message gives the place.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"there is no study file {file}.")
    if file.stat().st_size > MAX_STUDY_BYTES:
        raise DataError(f"{file.name} is larger than {MAX_STUDY_BYTES // 1000} kB.")
    raw = file.read_bytes()
    try:
        content = yaml.safe_load(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8 text (byte {error.start}).") from error
    except yaml.YAMLError as error:
        raise DataError(f"{file.name}: {_yaml_message(error)}") from error
    if not isinstance(content, dict):
        raise DataError(f"{file.name} holds no mapping of keys to values.")
    try:
        plan = StudyPlan.model_validate(content)
    except ValidationError as error:
        raise DataError(f"{file.name}: {_first_errors(error)}", hint=_hint(error)) from error
    return plan, hashlib.sha256(raw).hexdigest()


def _yaml_message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = str(getattr(error, "problem", None) or error)
    if "could not determine a constructor" in problem:
        return f"{where}tags such as !!python/… are not allowed; write plain values."
    return f"{where}not valid YAML ({problem})."


def _first_errors(error: ValidationError) -> str:
    # A list whose only items are faulty is called too short as well; that says nothing new.
    items: list[dict[str, Any]] = [dict(item) for item in error.errors()]
    places = [item["loc"] for item in items]
    items = [
        item
        for item in items
        if item["type"] != "too_short"
        or not any(
            len(p) > len(item["loc"]) and p[: len(item["loc"])] == item["loc"] for p in places
        )
    ]
    parts = []
    for item in items[:5]:
        place = ".".join(str(part) for part in item["loc"]) or "the file"
        parts.append(f"{place}: {_words(item)}")
    more = len(items) - len(parts)
    return "; ".join(parts) + (f"; and {more} more." if more > 0 else ".")


def _words(item: dict[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown key"
    if item["type"] == "missing":
        return "is missing"
    return str(item["msg"]).lower()


def _hint(error: ValidationError) -> str | None:
    for item in error.errors():
        if item["type"] == "extra_forbidden":
            names = {
                *StudyPlan.model_fields,
                *EvidencePlan.model_fields,
                *QuestionPlan.model_fields,
            }
            return did_you_mean(str(item["loc"][-1]), names)
    return None
