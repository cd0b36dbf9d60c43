"""Where the marked numbers of a step's page stand in the results of the whole."""

from __future__ import annotations

import dataclasses
from typing import Any

from locoreg.report.blocks import Page, Value


def keyed(page: Page, prefix: str) -> Page:
    """Return a page whose marked numbers say where they stand in the whole.

    Parameters
    ----------
    page : Page
        Of a step; its keys are of the step alone.
    prefix : str
        Put before every key, with a stroke: ``emulation/NAME``.

    Returns
    -------
    Page
        The same otherwise.
    """
    found = _keyed(page, prefix)
    assert isinstance(found, Page)
    return found


def _keyed(value: Any, prefix: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_keyed(one, prefix) for one in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, Value):
        return dataclasses.replace(value, key=f"{prefix}/{value.key}")
    return type(value)(
        **{f.name: _keyed(getattr(value, f.name), prefix) for f in dataclasses.fields(value)}
    )
