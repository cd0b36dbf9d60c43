"""Changes of a registry: each takes effect in one step, or not at all."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from locoreg.core.errors import DataError, DesignError
from locoreg.core.version import __version__
from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.files import STAGING, clean_up, put_in_place, remove_files
from locoreg.registry.store.keys import collision, settle_keys
from locoreg.registry.store.lock import writing
from locoreg.registry.store.manifest import (
    FILE_NAME,
    Batch,
    Manifest,
    read_manifest,
    write_manifest,
)

Fill = Callable[[ImportBatch], None]


def add_import(
    folder: Path,
    fill: Fill,
    *,
    source: str,
    source_system: str,
    fingerprint: str,
    site: str | None = None,
    supersedes: Sequence[str] = (),
    synthetic: bool = False,
    id_prefix: str = "",
    wait_seconds: float = 60.0,
) -> tuple[Batch, bool]:
    """Add one import to a registry, which is made if it is missing.

    Parameters
    ----------
    folder : Path
        The registry.
    fill : callable
        Writes the rows to the import that it is given.
    source, source_system : str
        Kind of source and name of the system.
    fingerprint : str
        Hash of everything that the import depends on.
    site : str, optional
        Site of the import.
    supersedes : sequence of str
        Imports that this one takes the place of.
    synthetic : bool
        Whether the patients are made up.
    id_prefix : str
        Put before every patient's id and every key.
    wait_seconds : float
        How long to wait for another process that changes the registry.

    Returns
    -------
    batch : Batch
        The import; an earlier one if the same was imported before.
    changed : bool
        False if an active import has this fingerprint: nothing was changed.

    Raises
    ------
    DataError, DesignError
        If the import can't be made; the registry is then as it was.
    """
    with writing(folder, wait_seconds=wait_seconds):
        manifest = _manifest_or_new(folder)
        same = [b for b in manifest.active if b.fingerprint == fingerprint]
        if same:
            return same[0], False
        _check_kind(folder, manifest, synthetic)
        replaced = _superseded(manifest, supersedes)
        clean_up(folder, manifest)
        staging = folder / STAGING
        batch = ImportBatch(
            staging,
            import_id=f"{len(manifest.batches) + 1:04d}-{fingerprint[:8]}",
            source_system=source_system,
            synthetic=synthetic,
            id_prefix=id_prefix,
        )
        staging.mkdir()
        try:
            fill(batch)
            batch.close()
            remaining = [b for b in manifest.active if b.import_id not in replaced]
            settled = settle_keys(batch, folder, remaining)
            batch.abandon()
            record = Batch(
                import_id=batch.import_id,
                status="active",
                source=source,
                source_system=source_system,
                site=site,
                fingerprint=fingerprint,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                locoreg_version=__version__,
                supersedes=tuple(replaced),
                leans_on=settled.leans_on,
                synthetic=synthetic,
                sources=batch.sources(),
                counts=batch.counts(settled.already_there),
                set_aside=batch.set_aside_by_reason(),
                issues=batch.issues_by_rule(),
                tables=put_in_place(folder, batch),
            )
            write_manifest(folder, _with_import(manifest, record))
        finally:
            batch.abandon()
            shutil.rmtree(staging, ignore_errors=True)
        return record, True


def undo_import(folder: Path, import_id: str, *, wait_seconds: float = 60.0) -> Manifest:
    """Take an import back; those that it superseded count again.

    Parameters
    ----------
    folder : Path
        The registry.
    import_id : str
        The import.
    wait_seconds : float
        How long to wait for another process.

    Returns
    -------
    Manifest
        The new state.

    Raises
    ------
    DataError
        If there is no such import.
    DesignError
        If it is not active, or another import leans on it or would collide.
    """
    with writing(_existing(folder), wait_seconds=wait_seconds):
        manifest = read_manifest(folder)
        batch = manifest.batch(import_id)
        if batch.status != "active":
            by = f" by {batch.superseded_by}" if batch.superseded_by else ""
            raise DesignError(f"import {import_id} is {batch.status}{by} and can't be undone.")
        _check_support(manifest, (import_id,))
        changed = tuple(_after_undo(b, batch) for b in manifest.batches)
        active = [b for b in changed if b.status == "active"]
        if batch.supersedes and (found := collision(folder, active)) is not None:
            table, key, first, second = found
            raise DesignError(
                f"undoing {import_id} would bring back rows of {first} whose keys {second} holds "
                f"too (the first: {table} {key}).",
                hint=f"undo {second} first.",
            )
        new = manifest.model_copy(update={"batches": changed, "revision": manifest.revision + 1})
        write_manifest(folder, new)
        return new


def purge(folder: Path, *, wait_seconds: float = 60.0) -> int:
    """Delete the files of undone and superseded imports for good.

    Parameters
    ----------
    folder : Path
        The registry. Readers that opened it before an undo may still need these files.
    wait_seconds : float
        How long to wait for another process.

    Returns
    -------
    int
        Files deleted. What was superseded can't come back by an undo then.
    """
    with writing(_existing(folder), wait_seconds=wait_seconds):
        manifest = read_manifest(folder)
        gone = {b.import_id for b in manifest.batches if b.status != "active"}
        kept = tuple(
            b.model_copy(update={"tables": {}, "supersedes": ()})
            if b.import_id in gone
            else b.model_copy(update={"supersedes": ()})
            for b in manifest.batches
        )
        write_manifest(
            folder,
            manifest.model_copy(update={"batches": kept, "revision": manifest.revision + 1}),
        )
        count = sum(remove_files(folder, manifest.batch(name)) for name in gone)
        clean_up(folder, read_manifest(folder))
        return count


def _existing(folder: Path) -> Path:
    read_manifest(folder)
    return folder


def _manifest_or_new(folder: Path) -> Manifest:
    if (folder / FILE_NAME).exists():
        return read_manifest(folder)
    strange = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
    if strange and strange != ["tables"]:
        raise DataError(
            f"{folder} holds other things ({strange[0]}) and is no registry.",
            hint="name a new or empty folder.",
        )
    return Manifest()


def _check_kind(folder: Path, manifest: Manifest, synthetic: bool) -> None:
    if not manifest.active or manifest.synthetic == synthetic:
        return
    there, new = ("synthetic", "real") if manifest.synthetic else ("real", "synthetic")
    raise DesignError(f"{folder} holds {there} patients; {new} ones can't be added to it.")


def _superseded(manifest: Manifest, names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if manifest.batch(name).status != "active":
            raise DesignError(f"import {name} is {manifest.batch(name).status} already.")
    _check_support(manifest, names)
    return tuple(dict.fromkeys(names))


def _check_support(manifest: Manifest, going: Sequence[str]) -> None:
    leaning = Counter(
        (b.import_id, base)
        for b in manifest.active
        if b.import_id not in going
        for base in b.leans_on
        if base in going
    )
    for other, base in leaning:
        raise DesignError(
            f"import {other} left out rows because {base} holds equal ones.",
            hint=f"take {other} back too: undo it first, or supersede both.",
        )


def _with_import(manifest: Manifest, record: Batch) -> Manifest:
    earlier = tuple(
        b.model_copy(update={"status": "superseded", "superseded_by": record.import_id})
        if b.import_id in record.supersedes
        else b
        for b in manifest.batches
    )
    return manifest.model_copy(
        update={"batches": (*earlier, record), "revision": manifest.revision + 1}
    )


def _after_undo(other: Batch, undone: Batch) -> Batch:
    if other.import_id == undone.import_id:
        return other.model_copy(update={"status": "undone"})
    if other.superseded_by == undone.import_id and other.import_id in undone.supersedes:
        return other.model_copy(update={"status": "active", "superseded_by": None})
    return other
