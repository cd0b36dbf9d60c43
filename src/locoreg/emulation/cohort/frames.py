"""Tables of any library, and files, as columns of numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.emulation.cohort.columns import Column
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray, label_text

# Names of columns listed in a message; the rest is counted.
MOST_LISTED = 24
MOST_NAMED = 5
BOOLEAN_LEVELS = ("no", "yes")


class Table:
    """Columns of a table by name, each read when it is asked for.

    Parameters
    ----------
    arrow : pyarrow.Table
        The table.
    what : str
        What it is called in messages.
    declared : bool
        Whether the order of levels of dictionary columns was declared by the user.
    """

    def __init__(self, arrow: Any, what: str, *, declared: bool) -> None:
        self.arrow = arrow
        self.what = what
        self.declared = declared
        self.names = [str(name) for name in arrow.column_names]
        """Names of the columns."""
        self._place = {name: place for place, name in enumerate(self.names)}
        self._twice = len(self._place) < len(self.names)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.arrow.num_rows)

    def raw(self, name: str, role: str) -> Any:
        """Return a column as Arrow; DataError if there is none of that name."""
        count = self.names.count(name) if self._twice else int(name in self._place)
        if count == 1:
            return _plain_dictionary(self.arrow.column(self._place[name]).combine_chunks())
        if count:
            raise DataError(
                f"{self.what} has {count} columns {name!r} ({role}).", hint="rename all but one."
            )
        listed = ", ".join(self.names[:MOST_LISTED])
        more = len(self.names) - MOST_LISTED
        listed += f" and {more} more" if more > 0 else ""
        close = did_you_mean(name, self.names) or ""
        raise DataError(
            f"{self.what} has no column {name!r} ({role}).",
            hint=f"{close if close.startswith('did') else ''} its columns are {listed}.".strip(),
        )

    def numbers(self, name: str, role: str) -> FloatArray:
        """Return a column as numbers, NaN where it is empty; booleans are 0 and 1."""
        import pyarrow as pa

        column = self.raw(name, role)
        kind = column.type
        if pa.types.is_null(kind):
            return np.full(self.n, np.nan)
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if not (numeric or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)):
            raise DataError(
                f"the column {name!r} of {self.what} ({role}) holds {_kind_words(kind)}, not "
                "numbers.",
                hint="convert it to numbers first; times are months or days since time zero.",
            )
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        return np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)

    def labels(self, name: str, role: str) -> tuple[IntArray, tuple[str, ...]]:
        """Return codes of a column's labels in sorted order, -1 where empty, and the labels."""
        column = self.raw(name, role)
        return _coded(column, declared=False)

    def texts(self, name: str, role: str) -> Any:
        """Return a column of labels as an Arrow array of texts; empty ones are null."""
        import pyarrow as pa
        from pyarrow import compute

        column = self.raw(name, role)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_floating(column.type):
            # Whole numbers have no decimal point, whether or not a value is missing.
            values = column.to_pylist()
            return pa.array(
                [None if v is None or v != v else label_text(v) for v in values], pa.string()
            )
        try:
            return compute.cast(column, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"the column {name!r} of {self.what} ({role}) holds {_kind_words(column.type)}, "
                "not labels.",
                hint="give texts or whole numbers.",
            ) from error

    def variable(self, name: str, role: str, *, levels: bool = False) -> Column:
        """Return a column as a variable.

        Parameters
        ----------
        name : str
            Its name.
        role : str
            What it is for, in messages.
        levels : bool
            Whether numbers are taken as labels of levels.

        Returns
        -------
        Column
            Numbers stay numbers; texts become categories with sorted levels, those of a pandas
            categorical (or an ordered one) in their order; true and false the levels no and yes.
        """
        import pyarrow as pa

        column = self.raw(name, role)
        kind = column.type
        if pa.types.is_boolean(kind):
            return Column(
                name=name,
                kind="category",
                values=self.numbers(name, role),
                levels=BOOLEAN_LEVELS,
            )
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        text = text or pa.types.is_string_view(kind) or pa.types.is_dictionary(kind)
        if not (text or levels):
            return Column(name=name, kind="number", values=self.numbers(name, role))
        codes, labels = _coded(column, declared=self.declared)
        values = codes.astype(np.float64)
        values[codes < 0] = np.nan
        return Column(name=name, kind="category", values=values, levels=labels)


def read_table(given: Any, what: str) -> Table:
    """Read a table of any library, or a file.

    Parameters
    ----------
    given : table, mapping or path
        pandas, polars or pyarrow table, DuckDB relation, anything else that gives Arrow streams,
        a mapping of names to columns, or the path of a CSV or Parquet file.
    what : str
        What it is called in messages.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    DataError
        If it can't be read.
    """
    import pyarrow as pa

    if isinstance(given, str | PathLike):
        return Table(_read_file(Path(given)), f"{what} ({Path(given).name})", declared=False)
    pandas = hasattr(given, "columns") and hasattr(given, "index") and hasattr(given, "iloc")
    try:
        if isinstance(given, Mapping):
            return Table(pa.table(_plain(given)), what, declared=_declares(given))
        if isinstance(given, pa.Table):
            return Table(given, what, declared=False)
        if pandas:
            arrow = pa.Table.from_pandas(given, preserve_index=False)
            return Table(arrow, what, declared=True)
        if hasattr(given, "to_arrow_table"):
            return Table(given.to_arrow_table(), what, declared=False)
        if hasattr(given, "__arrow_c_stream__"):
            return Table(pa.table(given), what, declared=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{what} can't be read: {str(error).rstrip('.')}.",
            hint="each column holds values of one kind, and all have the same length.",
        ) from error
    raise DataError(
        f"{what} can't be read from {type(given).__name__}.",
        hint="give a pandas, polars or pyarrow table, a DuckDB relation, a mapping of names to "
        "columns, or the path of a CSV or Parquet file.",
    )


def _plain_dictionary(column: Any) -> Any:
    """Return a column with the values of its dictionary, if it has one, in Arrow's plain type."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return column
    # Some libraries give types of text, and of codes, that Arrow's functions don't take.
    return pa.DictionaryArray.from_arrays(
        column.indices.cast(pa.int64()),
        pa.array(column.dictionary.to_pylist()),
        ordered=column.type.ordered,
    )


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a mapping as Arrow; the error of a bad one names it."""
    import pyarrow as pa

    out = {}
    for name, column in given.items():
        try:
            out[str(name)] = _array(column)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise pa.ArrowInvalid(f"column {name!r}: {error}") from error
    return out


def _array(column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.Array | pa.ChunkedArray):
        return column
    if isinstance(column, np.ma.MaskedArray):
        return pa.array(column.data, mask=np.ma.getmaskarray(column))
    if isinstance(column, np.ndarray) and column.dtype.kind in "US":
        column = column.astype(object)
    if hasattr(column, "to_arrow"):
        return column.to_arrow()
    return pa.array(column, from_pandas=True)


def _declares(given: Mapping[str, Any]) -> bool:
    """Return whether a mapping holds pandas' columns, whose categories are declared."""
    return any(hasattr(c, "cat") or hasattr(c, "categories") for c in given.values())


def _read_file(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv, parquet

    if not path.is_file():
        raise DataError(f"there is no file {path}.", hint="give a CSV or Parquet file.")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return parquet.read_table(path)
        options = csv.ConvertOptions(strings_can_be_null=True)
        return csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path.name} can't be read: {str(error).rstrip('.')}.",
            hint="give UTF-8 CSV with commas and a header, or Parquet.",
        ) from error


def _coded(column: Any, *, declared: bool) -> tuple[IntArray, tuple[str, ...]]:
    """Return codes of labels, -1 where empty, and labels: sorted unless their order counts."""
    import pyarrow as pa

    keep = False
    if pa.types.is_dictionary(column.type):
        keep = declared or bool(column.type.ordered)
        column = column if keep else column.cast(column.type.value_type)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = np.asarray(column.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    values = column.dictionary.to_pylist()
    # A dictionary may itself hold an empty value, and numbers NaN.
    empty = np.array([value is None or value != value for value in values] + [True])
    codes = np.where(empty[codes], -1, codes)
    order = [i for i in range(len(values)) if not empty[i]]
    if not keep:
        order.sort(key=lambda i: values[i])
    place = np.full(len(values) + 1, -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], tuple(label_text(values[i]) for i in order)


def _kind_words(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_temporal(kind):
        return "dates or times"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return "text"
    return f"values of type {kind}"


def named_persons(ids: Sequence[str], bad: BoolArray | IntArray) -> str:
    """Return the first persons that are marked and how many more there are.

    Parameters
    ----------
    ids : sequence of str
        Persons.
    bad : ndarray of bool, shape (n,), or of int
        Marks or places of persons.

    Returns
    -------
    str
        Such as ``person p7`` or ``persons p1, p2, p5, p8, p9 and 3 more``.
    """
    rows = np.flatnonzero(bad) if bad.dtype == np.bool_ else bad
    text = ", ".join(ids[i] for i in rows[:MOST_NAMED].tolist())
    more = rows.size - MOST_NAMED
    return f"person{'' if rows.size == 1 else 's'} {text}" + (
        f" and {more} more" if more > 0 else ""
    )
