"""Cells of a chunk, as the columns of a map ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.registry.intake.textrows import TextChunk
from locoreg.registry.mapping.readings import Unknowns
from locoreg.registry.mapping.spec import ColumnSpec, Condition, FileSpec, SplitSpec
from locoreg.registry.mapping.template import template_names, template_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spec_columns(spec: ColumnSpec) -> tuple[str, ...]:
    """Return the columns of the file that one column of the registry is read from."""
    names = spec.source if spec.template is None else template_names(spec.template)
    more = [spec.unit_column] if spec.unit_column is not None else []
    return (*names, *more, *(condition.column for condition in spec.when))


def file_columns(spec: FileSpec) -> dict[str, bool]:
    """Return all columns of a file that its map names, and whether each must be there."""
    out: dict[str, bool] = {}

    def need(names: tuple[str, ...], must: bool) -> None:
        for name in names:
            out[name] = out.get(name, False) or must

    for anchor in spec.anchors.values():
        need(spec_columns(anchor), not anchor.optional)
    for table in spec.tables:
        need(tuple(condition.column for condition in table.when), True)
        need((table.split.column,) if table.split is not None else (), True)
        for columns in (table.columns, *table.repeat):
            for column in columns.values():
                need(spec_columns(column), not column.optional)
    need(tuple(lookup.key for lookup in spec.lookups), True)
    for lookup in spec.lookups:
        for name in lookup.columns:
            out.pop(name, None)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """The different texts of a column, and which of them each row holds.

    Attributes
    ----------
    texts : list of str
        Each text once.
    index : ndarray of int, shape (n,)
        Position in ``texts``.
    """

    texts: list[str]
    index: NDArray[np.int64]


class Cells:
    """Texts of one chunk.

    Parameters
    ----------
    chunk : TextChunk
        The rows.
    brought : mapping of str to pyarrow.StringArray
        Columns looked up in other files.
    """

    def __init__(self, chunk: TextChunk, brought: Mapping[str, pa.StringArray]) -> None:
        self.chunk = chunk
        self.n = len(chunk)
        self._columns = {**chunk.columns, **brought}
        self._distinct: dict[str, Distinct] = {}

    def column(self, name: str) -> pa.StringArray:
        """Return a column; empty texts if an optional one is not there."""
        found = self._columns.get(name)
        return found if found is not None else pa.repeat(pa.scalar("", pa.string()), self.n)

    def distinct(self, name: str) -> Distinct:
        """Return the different texts of a column; remembered."""
        if name not in self._distinct:
            self._distinct[name] = distinct(self.column(name))
        return self._distinct[name]

    def texts(self, spec: ColumnSpec, unknown: Unknowns) -> pa.StringArray:
        """Return the texts that a column of the registry is read from."""
        whole = self._texts(spec, unknown)
        if not spec.when:
            return whole
        met = pa.array(self.meeting(spec.when, unknown))
        return pc.if_else(met, whole, pa.scalar("", pa.string()))

    def meeting(self, conditions: Sequence[Condition], unknown: Unknowns) -> NDArray[np.bool_]:
        """Return which rows meet all conditions."""
        rows = np.ones(self.n, bool)
        for condition in conditions:
            found = self.distinct(condition.column)
            met = [_meets(condition, text, unknown) for text in found.texts]
            rows &= np.array(met, bool)[found.index]
        return rows

    def _texts(self, spec: ColumnSpec, unknown: Unknowns) -> pa.StringArray:
        if spec.template is not None:
            return self._filled(spec.template, unknown)
        first, *others = spec.source
        out = self.column(first)
        for name in others:
            lacking = pa.array(self.unknown(out, unknown))
            out = pc.if_else(lacking, self.column(name), out)
        return out

    def exploded(self, split: SplitSpec) -> tuple[Cells, NDArray[np.int64], NDArray[np.int64]]:
        """Return cells with one row per value of a column that holds several.

        Parameters
        ----------
        split : SplitSpec
            The column, and what stands between its values.

        Returns
        -------
        cells : Cells
            One row per value; empty values included.
        row : ndarray of int
            Row here that each came from.
        part : ndarray of int
            Its place among the values of that row, from 1.
        """
        lists = pc.split_pattern(self.column(split.column), split.by)
        row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
        starts = np.searchsorted(row, row, side="left")
        taken = {name: column.take(pa.array(row)) for name, column in self._columns.items()}
        taken[split.column] = pc.utf8_trim_whitespace(pc.list_flatten(lists))
        chunk = TextChunk(
            file=self.chunk.file,
            header=self.chunk.header,
            columns=taken,
            rows=self.chunk.rows.take(pa.array(row)),
        )
        return Cells(chunk, {}), row, np.arange(len(row)) - starts + 1

    def conflicts(self, spec: ColumnSpec, unknown: Unknowns) -> NDArray[np.int64]:
        """Return the rows where several columns to choose from hold different known texts."""
        if len(spec.source) < 2:
            return np.empty(0, np.int64)
        known = [self.column(name) for name in spec.source]
        taken = self.texts(spec, unknown)
        differ = np.zeros(self.n, bool)
        for column in known:
            other = ~self.unknown(column, unknown)
            differ |= other & pc.not_equal(column, taken).to_numpy(zero_copy_only=False)
        return np.flatnonzero(differ & self.meeting(spec.when, unknown))

    def unknown(self, texts: pa.StringArray, unknown: Unknowns) -> NDArray[np.bool_]:
        """Return which texts mean unknown."""
        values = pa.array(sorted({text.lower() for text in (*unknown.exact, *unknown.folded)}))
        found = pc.is_in(pc.utf8_lower(texts), value_set=values)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

    def _filled(self, template: str, unknown: Unknowns) -> pa.StringArray:
        pieces = []
        lacking = np.zeros(self.n, bool)
        for piece, is_name in template_parts(template):
            pieces.append(self.column(piece) if is_name else pa.scalar(piece, pa.string()))
            if is_name:
                lacking |= self.unknown(self.column(piece), unknown)
        joined = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.string()))
        return pc.if_else(pa.array(lacking), pa.scalar("", pa.string()), joined)


def _meets(condition: Condition, text: str, unknown: Unknowns) -> bool:
    if condition.is_in is not None and text not in condition.is_in:
        return False
    if condition.not_in is not None and text in condition.not_in:
        return False
    known = unknown.reason(text) is None
    return condition.known is None or condition.known == known


def distinct(texts: pa.StringArray) -> Distinct:
    """Return the different texts of an array."""
    coded = texts.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    index = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Distinct(texts=coded.dictionary.to_pylist(), index=index)
