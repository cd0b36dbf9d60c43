"""Import files of a source into a registry."""

from __future__ import annotations

from collections.abc import Sequence
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
    """

    registry: str
    batch: Batch
    changed: bool

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
        lines += ["", f"{'file':40} {'read':>12} {'no table':>12}"]
        for source in batch.sources:
            unused = sum(source.unused.values())
            lines.append(f"{source.name[-40:]:40} {source.read:12,} {unused:12,}")
            lines += [f"    {n:,}: {why}" for why, n in source.unused.items()]
        lines += ["", f"{'table':24} {'accepted':>12} {'already there':>14} {'set aside':>12}"]
        for name, n in batch.counts.items():
            if name not in BOOKKEEPING:
                lines.append(f"{name:24} {n.accepted:12,} {n.already_there:14,} {n.set_aside:12,}")
        lines += ["", f"Set aside: {plural(self.n_set_aside, 'row')}."]
        lines += [f"    {n:,}: {why}" for why, n in sorted(batch.set_aside.items())]
        total = sum(n for by in batch.issues.values() for n in by.values())
        lines += ["", f"Issues: {total:,}."]
        for rule, by in sorted(batch.issues.items()):
            lines += [f"    {n:,} {severity}: {rule}" for severity, n in by.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "registry": self.registry,
            "changed": self.changed,
            "read": self.read,
            "accepted": self.accepted,
            "set_aside": self.n_set_aside,
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
    return ImportReport(registry=str(folder), batch=batch, changed=changed)


def _with_prefix(fingerprint: str, id_prefix: str) -> str:
    if not id_prefix:
        return fingerprint
    return sha256_of_bytes(fingerprint.encode(), id_prefix.encode())
