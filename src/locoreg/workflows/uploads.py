"""What users give the web application: tables of studies and registries, kept in its workspace."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from locoreg.core.errors import DataError, DesignError
from locoreg.core.provenance import sha256_of_files
from locoreg.workflows.evidence import SHIPPED

UPLOADS = "uploads"
REGISTRIES = "registries"
TABLES = "tables"
REGISTRY_FILE = "manifest.json"
MOST_UPLOADS = 200
MOST_REGISTRIES = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def registry_folders(workspace: Path, given: Iterable[Path]) -> dict[str, Path]:
    """Return the registries that the application may open, by name.

    Parameters
    ----------
    workspace : Path
        The application's folder; uploaded registries lie in it.
    given : iterable of Path
        Registries named when the server was started.

    Returns
    -------
    dict of str to Path
        By the name of their folder; ``-2`` and so on is added where two folders have one name.
        Folders that hold no registry are left out.
    """
    folders = [*given, *uploaded_registries(workspace)]
    return _named(one for one in folders if (one / REGISTRY_FILE).is_file())


def uploaded_registries(workspace: Path) -> tuple[Path, ...]:
    """Return the folders of the registries that were uploaded."""
    return _inside(workspace / REGISTRIES)


def evidence_folders(workspace: Path | None, given: Iterable[str | Path]) -> dict[str, str | Path]:
    """Return the evidence tables that the application may read, by name.

    Parameters
    ----------
    workspace : Path or None
        The application's folder; uploaded tables lie in it. None leaves them out.
    given : iterable of str or Path
        ``shipped``, and folders named when the server was started.

    Returns
    -------
    dict
        ``shipped``, folders by their name, uploads by their hash.
    """
    given = list(given)
    named: dict[str, str | Path] = {SHIPPED: SHIPPED} if SHIPPED in map(str, given) else {}
    named |= _named(Path(one) for one in given if str(one) != SHIPPED)
    found = () if workspace is None else _inside(workspace / UPLOADS)
    return named | {one.name: one / TABLES for one in found}


def uploaded_tables(workspace: Path, sha256: str) -> Path:
    """Return the folder of uploaded evidence tables.

    Parameters
    ----------
    workspace : Path
        The application's folder.
    sha256 : str
        Hash of the tables.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        If there are no such tables.
    """
    folder = workspace / UPLOADS / sha256 / TABLES
    if not _SHA256.fullmatch(sha256) or not folder.is_dir():
        raise DataError("these tables are not kept here, or no longer.", hint="upload them again.")
    return folder


def keep_tables(workspace: Path, tables: Path) -> str:
    """Keep evidence tables under the hash of their content.

    Parameters
    ----------
    workspace : Path
        The application's folder.
    tables : Path
        Folder of the tables, within the workspace; it is moved.

    Returns
    -------
    str
        The hash.

    Raises
    ------
    DesignError
        If too many are kept.
    """
    sha256 = sha256_of_files(sorted(tables.glob("*.csv")))
    folder = workspace / UPLOADS / sha256
    if folder.is_dir():
        return sha256
    kept = _inside(workspace / UPLOADS)
    if len(kept) >= MOST_UPLOADS:
        raise DesignError(
            f"{MOST_UPLOADS} uploads are kept here.", hint="delete one that is no longer needed."
        )
    with making(workspace / UPLOADS) as scratch:
        tables.rename(scratch / TABLES)
        _in_place(scratch, folder)
    return sha256


def forget_tables(workspace: Path, sha256: str) -> None:
    """Delete uploaded evidence tables; DataError if there are none."""
    shutil.rmtree(uploaded_tables(workspace, sha256).parent)


def forget_registry(workspace: Path, name: str) -> None:
    """Delete an uploaded registry for good.

    Parameters
    ----------
    workspace : Path
        The application's folder.
    name : str
        Name of its folder.

    Raises
    ------
    DataError
        If no such registry was uploaded: those named at the start of the server stay.
    """
    folder = {one.name: one for one in uploaded_registries(workspace)}.get(name)
    if folder is None:
        raise DataError("no such registry was uploaded.")
    # No reader finds it half deleted.
    with making(workspace / REGISTRIES) as scratch:
        folder.rename(scratch / "gone")


def check_name(name: str, workspace: Path, given: Iterable[Path]) -> None:
    """Raise DesignError if a registry can't be given a name.

    Parameters
    ----------
    name : str
        The name.
    workspace : Path
        The application's folder.
    given : iterable of Path
        Registries named when the server was started.

    Raises
    ------
    DesignError
        If the name has other signs than allowed, is taken, or too many registries are kept.
    """
    if not _NAME.fullmatch(name):
        raise DesignError(
            "a name has up to 40 small letters, digits and dashes.", hint="choose another name."
        )
    if name in registry_folders(workspace, given) or (workspace / REGISTRIES / name).exists():
        raise DesignError("there is a registry of that name.", hint="choose another name.")
    if len(uploaded_registries(workspace)) >= MOST_REGISTRIES:
        raise DesignError(
            f"{MOST_REGISTRIES} uploaded registries are kept here.",
            hint="delete one that is no longer needed.",
        )


@contextmanager
def making(parent: Path) -> Iterator[Path]:
    """Give a folder for its owner only, in which something is made; what is left goes.

    Parameters
    ----------
    parent : Path
        Folder in which the result will stand; made if it is missing.

    Yields
    ------
    Path
        The folder; its name begins with a dot, and no list shows it.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    parent.chmod(0o700)
    scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _in_place(scratch: Path, folder: Path) -> None:
    try:
        scratch.rename(folder)
    except OSError:
        # Another request has just kept the same.
        if not folder.is_dir():
            raise


def owner_only(folder: Path) -> None:
    """Let nobody but the owner read a folder and what is in it."""
    for place, _, files in os.walk(folder):
        os.chmod(place, 0o700)
        for name in files:
            os.chmod(Path(place) / name, 0o600)


def _inside(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        return ()
    return tuple(
        sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    )


def _named(folders: Iterable[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for folder in folders:
        base = folder.absolute().name
        name, number = base, 1
        while name in named:
            number += 1
            name = f"{base}-{number}"
        named[name] = folder
    return named
