"""Figures of a page: the report's blocks with files to take along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from locoreg.figures import plot, to_svg
from locoreg.report.anchors import slug
from locoreg.report.blocks import Block, Details, Figure, Link, Section, Table
from locoreg.report.drawings import Drawing
from locoreg.web.evidence.rows import compact

Links = Callable[[str], tuple[Link, ...]]


def drawing(key: str, title: str, result: object) -> Drawing:
    """Draw a result for a page, without the file for print that a report has beside it.

    Parameters
    ----------
    key : str
        Where the result stands.
    title : str
        Of the figure.
    result : object
        What `locoreg.figures.plot` draws.

    Returns
    -------
    Drawing
        Its ids begin with the key.
    """
    name = slug(key).replace("/", "-")
    svg = compact(to_svg(plot(result), prefix=name))
    return Drawing(name=name, title=title, svg=svg, pdf=b"")


def with_downloads(
    blocks: tuple[Block, ...], drawn: Mapping[str, Drawing], links: Links
) -> tuple[Block, ...]:
    """Return blocks whose figures have links to their files.

    Parameters
    ----------
    blocks : tuple of Block
        As a report has them.
    drawn : mapping
        Figures by key.
    links : callable
        From a key to the links.

    Returns
    -------
    tuple of Block
        The same, sections and details looked into.
    """
    keys = {f"figure-{one.name}": key for key, one in drawn.items()}

    def of(block: Block) -> Block:
        if isinstance(block, Figure) and block.anchor in keys:
            return replace(block, downloads=links(keys[block.anchor]))
        if isinstance(block, Section | Details):
            return replace(block, blocks=tuple(of(one) for one in block.blocks))
        return block

    return tuple(of(one) for one in blocks)


def first_table(blocks: tuple[Block, ...], holding: str = "") -> Table | None:
    """Return the first table among blocks whose caption holds some words."""
    for block in blocks:
        if isinstance(block, Table) and holding in block.caption:
            return block
        inside: Any = getattr(block, "blocks", ())
        found = first_table(inside, holding) if inside else None
        if found is not None:
            return found
    return None
