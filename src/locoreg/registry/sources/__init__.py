"""Sources of registry data: one file each, found by itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.intake.source import Source


def source_names() -> tuple[str, ...]:
    """Return the names of all sources: the modules of this package."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def find_source(name: str) -> Source:
    """Return a source by name.

    Parameters
    ----------
    name : str
        For example ``delimited``.

    Returns
    -------
    Source
        The source.

    Raises
    ------
    DesignError
        If there is none of that name.
    """
    if name not in source_names():
        raise DesignError(f"there is no source {name!r}.", hint=did_you_mean(name, source_names()))
    source: Source = import_module(f"{__name__}.{name}").SOURCE
    return source
