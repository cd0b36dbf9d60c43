"""Blocks as JSON and back, so that a page can be kept, put into another page, or served."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from locoreg.core.errors import DataError
from locoreg.report import blocks as kinds
from locoreg.report.blocks import Page, Section

_BY_KIND = {
    one.kind: one
    for one in (
        kinds.Link, kinds.Badge, kinds.Strong, kinds.Code, kinds.Quote, kinds.Value, kinds.Break,
        kinds.Paragraph, kinds.Items, kinds.Facts, kinds.Listing, kinds.Tiles, kinds.Table,
        kinds.Figure, kinds.Callout, kinds.Details, kinds.Record, kinds.Section,
    )
}  # fmt: skip
_PLAIN = {
    one.__name__: one for one in (kinds.Tile, kinds.Column, kinds.Row, kinds.Card, kinds.Page)
}
# Ids of a drawing, and what refers to them; classes stay.
_IDS = re.compile(r'((?:\bid|aria-labelledby)="|url\(#|href="#)lr-')
_SECOND_LABEL = re.compile(r'(aria-labelledby="\S+ )lr-')


def to_json(value: Any) -> Any:
    """Return a page or a block as JSON-ready values.

    Parameters
    ----------
    value : Page, Block, Inline or tuple of them
        What to keep.

    Returns
    -------
    dict, list, str, float, bool or None
        Each block is an object that names its kind.
    """
    if isinstance(value, tuple):
        return [to_json(one) for one in value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    kind = getattr(value, "kind", None)
    named = {"kind": kind} if kind else {"part": type(value).__name__}
    return named | {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}


def from_json(value: Any) -> Any:
    """Return the page or block of `to_json`.

    Parameters
    ----------
    value : dict, list, str, float, bool or None
        From `to_json`.

    Returns
    -------
    Page, Block, Inline or tuple of them
        Equal to what was kept.

    Raises
    ------
    DataError
        If it names no kind of block.
    """
    if isinstance(value, list):
        return tuple(from_json(one) for one in value)
    if not isinstance(value, Mapping):
        return value
    made: Callable[..., Any] | None = (
        _BY_KIND.get(str(value["kind"])) if "kind" in value else _PLAIN.get(str(value.get("part")))
    )
    if made is None:
        raise DataError(
            "a stored page holds a block of no known kind.", hint="run the study again."
        )
    content = {k: from_json(v) for k, v in value.items() if k not in ("kind", "part")}
    try:
        return made(**content)
    except TypeError as error:
        raise DataError(
            f"a stored page is of another version ({error}).", hint="run the study again."
        ) from error


def prefixed(section: Section, prefix: str) -> Section:
    """Return a section with its anchors, its links to them and its drawings' ids set apart.

    Parameters
    ----------
    section : Section
        From a page of its own.
    prefix : str
        Put before every anchor, with a dash.

    Returns
    -------
    Section
        That can stand in a page beside others of the same anchors.
    """
    found = _prefixed(section, prefix)
    assert isinstance(found, Section)
    return found


def prefixed_page(page: Page, prefix: str) -> Page:
    """Return a page as `prefixed` does its sections, head included.

    Parameters
    ----------
    page : Page
        The page.
    prefix : str
        Put before every anchor, with a dash.

    Returns
    -------
    Page
        With links that still meet their anchors.
    """
    found = _prefixed(page, prefix)
    assert isinstance(found, Page)
    return found


def _prefixed(value: Any, prefix: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_prefixed(one, prefix) for one in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changed = {f.name: _prefixed(getattr(value, f.name), prefix) for f in dataclasses.fields(value)}
    if changed.get("anchor"):
        changed["anchor"] = f"{prefix}-{changed['anchor']}"
    if isinstance(value, kinds.Link) and value.href.startswith("#"):
        changed["href"] = f"#{prefix}-{value.href[1:]}"
    if isinstance(value, kinds.Figure):
        ids = _IDS.sub(rf"\1lr-{prefix}-", value.svg)
        changed["svg"] = _SECOND_LABEL.sub(rf"\1lr-{prefix}-", ids)
    return type(value)(**changed)
