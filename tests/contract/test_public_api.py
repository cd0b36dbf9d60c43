"""The public names exist, are documented and keep the rules that all of them share."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

import locoreg

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in locoreg.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(locoreg, name))]
CLASSES = [name for name in NAMES if inspect.isclass(getattr(locoreg, name))]


def test_all_is_sorted_and_unique() -> None:
    assert sorted(locoreg.__all__, key=lambda n: (n.casefold(), n)) == sorted(
        set(locoreg.__all__), key=lambda n: (n.casefold(), n)
    )
    assert set(locoreg.__all__) <= set(dir(locoreg))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        locoreg.no_such_name  # noqa: B018


@pytest.mark.parametrize("name", NAMES)
def test_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(locoreg, name))
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    assert f"## `{name}`" in page


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_typed_and_documented_in_full(name: str) -> None:
    function = getattr(locoreg, name)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    text = inspect.getdoc(function) or ""
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        assert parameter.name in text, f"{name}: {parameter.name} is not documented"


@pytest.mark.parametrize("name", CLASSES)
def test_class_is_frozen_and_slotted_or_an_error(name: str) -> None:
    thing = getattr(locoreg, name)
    if issubclass(thing, Exception):
        assert issubclass(thing, locoreg.LocoregError)
        return
    if hasattr(thing, "model_config"):
        # What is read from a file of a user's.
        assert thing.model_config["frozen"]
        assert thing.model_config["extra"] == "forbid"
        return
    assert dataclasses.is_dataclass(thing)
    assert thing.__dataclass_params__.frozen
    assert hasattr(thing, "__slots__")
