"""Captions that tell the tables of several pools apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from locoreg.report.blocks import Block, Details, Table


def named(blocks: Iterable[Block], words: str) -> tuple[Block, ...]:
    """Return blocks whose tables say what they are of.

    Parameters
    ----------
    blocks : iterable of Block
        Tables may lie within Details.
    words : str
        Outcome and design; added to a caption that does not have them.

    Returns
    -------
    tuple of Block
        In the same order.
    """
    return tuple(_named(one, words) for one in blocks)


def _named(block: Block, words: str) -> Block:
    if isinstance(block, Table) and words.lower() not in block.caption.lower():
        return dataclasses.replace(block, caption=f"{block.caption}: {words}")
    if isinstance(block, Details):
        return dataclasses.replace(block, blocks=named(block.blocks, words))
    return block
