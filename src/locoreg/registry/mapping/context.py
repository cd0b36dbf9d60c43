"""What an import knows besides the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.registry.mapping.lookups import LookupTable

# Cells above a cBioPortal header that describe the column's type and not its meaning.
TYPE_WORDS = ("STRING", "NUMBER", "BOOLEAN", "DATETIME")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapContext:
    """What an import knows besides the map.

    Attributes
    ----------
    system : str
        Name of the system, part of the keys that are made.
    site : str or None
        Site of all patients, where the data don't say.
    comments : tuple of str
        Lines above the header of the file.
    delimiter : str
        Delimiter of those lines.
    lookups : tuple of LookupTable
        Columns of other files.
    """

    system: str = "delimited"
    site: str | None = None
    comments: tuple[str, ...] = ()
    delimiter: str = "\t"
    lookups: tuple[LookupTable, ...] = ()

    def brought(self) -> tuple[str, ...]:
        """Return the names of the columns of other files."""
        return tuple(name for lookup in self.lookups for name in lookup.names)

    def described(self, name: str, header: Sequence[str]) -> str:
        """Return what the lines above the header, of this or a looked-up file, say of a column."""
        for lookup in self.lookups:
            if name in lookup.names:
                return lookup.described(name)
        return described(name, header, self.comments, self.delimiter)


def described(name: str, header: Sequence[str], comments: Sequence[str], delimiter: str) -> str:
    """Return what the lines above a header say in the column of a name.

    Parameters
    ----------
    name : str
        Column.
    header : sequence of str
        All columns.
    comments : sequence of str
        Lines above the header; those with as many cells as the header describe its columns.
    delimiter : str
        Delimiter of the cells.

    Returns
    -------
    str
        Each different text once; empty if they say nothing.
    """
    place = list(header).index(name) if name in header else -1
    rows = [line.lstrip("#").split(delimiter) for line in comments]
    cells = [row[place].strip() for row in rows if 0 <= place < len(row) == len(header)]
    words = [cell for cell in cells if cell not in TYPE_WORDS and not cell.isdigit()]
    return "; ".join(dict.fromkeys(words))
