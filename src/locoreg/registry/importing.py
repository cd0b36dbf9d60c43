"""Import files of a source into a registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.core.provenance import sha256_of_bytes
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.sources import find_source
from locoreg.registry.store.manifest import Batch
from locoreg.registry.store.transaction import add_import
from locoreg.registry.tables import BOOKKEEPING
from locoreg.registry.whereabouts import Where, Whereabouts, whereabouts

# Characters of the first message of a rule that are shown.
_MESSAGE = 400
# Sources whose rows are lines of a file.
_LINES = ("delimited", "redcap")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes
    ----------
    registry : str
        The registry's folder.
    batch : Batch
        The import with its counts.
    changed : bool
        False if the same had been imported before: nothing was changed.
    where : Whereabouts
        Where the first rows of each fault stand.
    """

    registry: str
    batch: Batch
    changed: bool
    where: Whereabouts

    @property
    def read(self) -> int:
        """Rows (or resources) read from all files."""
        return sum(source.read for source in self.batch.sources)

    @property
    def accepted(self) -> dict[str, int]:
        """Rows accepted by each table about patients."""
        counts = self.batch.counts.items()
        return {name: n.accepted for name, n in counts if name not in BOOKKEEPING}

    @property
    def n_set_aside(self) -> int:
        """Rows set aside."""
        return sum(self.batch.set_aside.values())

    def summary(self) -> str:
        """Return the table that an import ends with."""
        batch = self.batch
        if not self.changed:
            return (
                f"Nothing was changed: the same was imported before as {batch.import_id} "
                f"({batch.created})."
            )
        lines = [f"Import {batch.import_id} into {self.registry}."]
        if batch.synthetic:
            lines.append("SYNTHETIC: these patients are made up.")
        lines += ["", *self._files(), "", *self._tables(), "", *self._aside(), "", *self._issues()]
        return "\n".join(lines)

    def _files(self) -> Iterator[str]:
        yield f"{'file':40} {'read':>12} {'used':>12} {'no table':>12} {'set aside':>12}"
        for source in self.batch.sources:
            unused = sum(source.unused.values())
            aside = self.where.rows_set_aside.get(source.name, 0)
            used = max(0, source.read - unused - aside)
            yield f"{source.name[-40:]:40} {source.read:12,} {used:12,} {unused:12,} {aside:12,}"
            yield from (f"    {n:,} in no table: {why}" for why, n in source.unused.items())

    def _tables(self) -> Iterator[str]:
        yield f"{'table':24} {'accepted':>12} {'already there':>14} {'set aside':>12}"
        for name, n in self.batch.counts.items():
            if name not in BOOKKEEPING:
                yield f"{name:24} {n.accepted:12,} {n.already_there:14,} {n.set_aside:12,}"

    def _aside(self) -> Iterator[str]:
        yield f"Set aside: {plural(self.n_set_aside, 'row')}."
        for why, n in sorted(self.batch.set_aside.items()):
            yield f"    {n:,}: {why}"
            yield from self._places(self.where.set_aside.get(why), n)
        if self.n_set_aside:
            yield (
                "    All of them, with their text: "
                f"locoreg registry export {self.registry} --table set_aside --out FOLDER"
            )

    def _issues(self) -> Iterator[str]:
        total = sum(n for by in self.batch.issues.values() for n in by.values())
        yield f"Issues: {total:,}."
        for rule, by in sorted(self.batch.issues.items()):
            yield from (f"    {n:,} {severity}: {rule}" for severity, n in by.items())
            yield from self._places(self.where.issues.get(rule), sum(by.values()))

    def _places(self, where: Where | None, n: int) -> Iterator[str]:
        """Say in which columns and rows a fault stands, and what was found at the first place."""
        if where is None:
            return
        columns = ", ".join(where.columns[:4]) + (", ..." if len(where.columns) > 4 else "")
        about = f"{columns}: " if columns else ""
        more = ", ..." if n > len(where.places) else ""
        yield f"        {about}{_listed(where, self.batch.source in _LINES)}{more}"
        if where.message is not None:
            words = " ".join(where.message.split())
            first = "First: " if n > 1 else ""
            cut = " ..." if len(words) > _MESSAGE else ""
            yield f"        {first}{words[:_MESSAGE]}{cut}"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        places = {
            "set_aside": {name: at.to_dict() for name, at in self.where.set_aside.items()},
            "issues": {name: at.to_dict() for name, at in self.where.issues.items()},
            "rows_set_aside": self.where.rows_set_aside,
        }
        return {
            "registry": self.registry,
            "changed": self.changed,
            "read": self.read,
            "accepted": self.accepted,
            "set_aside": self.n_set_aside,
            "where": places,
            "batch": self.batch.model_dump(mode="json"),
        }


def import_into(
    folder: Path,
    locations: Sequence[str],
    *,
    source: str,
    options: SourceOptions,
    supersedes: Sequence[str] = (),
    id_prefix: str = "",
    wait_seconds: float = 60.0,
) -> ImportReport:
    """Import files (or a database) into a registry.

    Parameters
    ----------
    folder : Path
        The registry; made if it is missing.
    locations : sequence of str
        Files, folders or the address of a database, as the source takes them.
    source : str
        Name of the source: see ``locoreg.registry.sources``.
    options : SourceOptions
        Map, dictionary, site, system.
    supersedes : sequence of str
        Imports that this one takes the place of.
    id_prefix : str
        Put before every patient's id and every key, where two sites number their patients alike.
    wait_seconds : float
        How long to wait for another process that changes the registry.

    Returns
    -------
    ImportReport
        What was read, accepted, set aside and noticed.

    Raises
    ------
    DataError, DesignError
        If the import can't be made; the registry is then as it was.
    """
    if not locations:
        raise DesignError("nothing to import.", hint="name the files.")
    kind = find_source(source)
    batch, changed = add_import(
        folder,
        lambda sink: kind.read(locations, sink, options),
        source=source,
        source_system=kind.system(locations, options),
        fingerprint=_with_prefix(kind.fingerprint(locations, options), id_prefix),
        site=options.site,
        supersedes=supersedes,
        id_prefix=id_prefix,
        wait_seconds=wait_seconds,
    )
    return ImportReport(
        registry=str(folder), batch=batch, changed=changed, where=whereabouts(folder, batch)
    )


def _listed(where: Where, lines: bool) -> str:
    """Return files with their rows: ``ward.csv lines 3, 7; list.csv line 2``."""
    by_file: dict[str, list[str]] = {}
    for file, row in where.places:
        by_file.setdefault(file, []).extend([] if row is None else [str(row)])
    word = "line" if lines else "row"
    return "; ".join(
        f"{file} {word}{'s' if len(rows) > 1 else ''} {', '.join(rows)}" if rows else file
        for file, rows in by_file.items()
    )


def _with_prefix(fingerprint: str, id_prefix: str) -> str:
    if not id_prefix:
        return fingerprint
    return sha256_of_bytes(fingerprint.encode(), id_prefix.encode())
