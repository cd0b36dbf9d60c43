"""Methods of estimation: one file each, found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.methods.base import Method

__all__ = ["Method", "find_method", "has_option", "make_method", "method_names"]


def method_names() -> tuple[str, ...]:
    """Return the names of all methods, in alphabetical order; none of them is imported."""
    return tuple(sorted(m.name for m in iter_modules(__path__) if m.name != "base"))


def find_method(name: str) -> type[Method]:
    """Return the class of a method.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    type
        What its file names ``METHOD``.

    Raises
    ------
    DesignError
        If there is none of that name.
    """
    if name not in method_names():
        raise DesignError(f"there is no method {name!r}.", hint=did_you_mean(name, method_names()))
    found: type[Method] = import_module(f"{__name__}.{name}").METHOD
    return found


def has_option(name: str, option: str) -> bool:
    """Return whether a method has an option of that name."""
    return option in {field.name for field in fields(find_method(name))}


def make_method(name: str, options: Mapping[str, Any]) -> Method:
    """Return a method with its options.

    Parameters
    ----------
    name : str
        One of `method_names`.
    options : mapping of str to object
        Its options; those not given take the method's own values.

    Returns
    -------
    Method
        Its ``estimate`` gives the effect.

    Raises
    ------
    DesignError
        If there is no such method, or an option is unknown, missing or out of range.
    """
    return find_method(name).from_dict(options)
