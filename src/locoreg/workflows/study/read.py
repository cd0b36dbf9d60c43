"""Read a study file; every fault is named with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from locoreg.core.errors import DataError, did_you_mean
from locoreg.workflows.conclusion.checkplans import check_plans
from locoreg.workflows.study.plan import StudyPlan
from locoreg.workflows.sureness.checkrules import check_rules

MAX_STUDY_BYTES = 1_000_000


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
    if plan.evidence is not None:
        try:
            check_plans(plan.evidence.questions, plan.findings, plan.planning, plan.how_sure)
            check_rules(plan.how_sure, plan.findings)
        except DataError as error:
            raise DataError(f"{file.name}: {error.message}", hint=error.hint) from error
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
    if item["type"] == "string_pattern_mismatch" and item["loc"][-1] == "name":
        return "use small letters, digits and dashes only"
    return str(item["msg"]).removeprefix("Value error, ").lower().removesuffix(".")


def _hint(error: ValidationError) -> str | None:
    for item in error.errors():
        if item["type"] == "extra_forbidden":
            *place, name = item["loc"]
            near = _fields_at([one for one in place if isinstance(one, str)])
            return did_you_mean(str(name), near or set(_all_fields(StudyPlan)))
    return None


def _fields_at(place: list[str]) -> set[str]:
    """Return the keys that are known at a place of the file."""
    model: type[BaseModel] = StudyPlan
    for name in place:
        inner = None if name not in model.model_fields else _model_of(model, name)
        if inner is None:
            return set()
        model = inner
    return set(model.model_fields)


def _all_fields(model: type[BaseModel]) -> Iterator[str]:
    for name in model.model_fields:
        yield name
        inner = _model_of(model, name)
        if inner is not None:
            yield from _all_fields(inner)


def _model_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the model of a key's value, or of the items of its list."""
    found = list(_models(model.model_fields[name].annotation))
    return found[0] if found else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
