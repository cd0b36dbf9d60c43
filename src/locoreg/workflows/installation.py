"""What is installed beside locoreg: packages, their licences, extras, folders."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from locoreg.evidence.catalog import shipped_folder
from locoreg.stats.jit import cache_folder

MISSING = "missing"
# Extras, what they are for, and the modules that must import for them to work.
EXTRAS = (
    ("web", "the web application: locoreg serve", ("fastapi", "uvicorn", "python_multipart")),
    ("pdf", "reports as PDF", ("typst",)),
    ("postgres", "registries on PostgreSQL", ("adbc_driver_postgresql",)),
    ("spark", "registries on Spark", ("pyspark",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An optional part.

    Attributes
    ----------
    name : str
        As in ``pip install 'locoreg[NAME]'``.
    purpose : str
        What it is for.
    works : bool
        Whether all its modules can be imported.
    packages : dict of str to str
        Its packages with their versions, or ``missing``.
    fault : str
        What can't be imported; empty where all can.
    """

    name: str
    purpose: str
    works: bool
    packages: dict[str, str]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that is installed and used.

    Attributes
    ----------
    name, version, licence : str
        As its metadata say.
    extra : str
        The extra that needs it; empty where locoreg itself does.
    """

    name: str
    version: str
    licence: str
    extra: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that data lie in.

    Attributes
    ----------
    name : str
        What lies there.
    path : str
        Where; empty where there is none.
    free_bytes : int or None
        Free space on its disk; None where there is no folder.
    """

    name: str
    path: str
    free_bytes: int | None

    @property
    def free(self) -> str:
        """The free space in words; empty where there is no folder."""
        return "" if self.free_bytes is None else f"{self.free_bytes / 1e9:.1f} GB free"


def dependency_versions() -> dict[str, str]:
    """Return the version of each package that locoreg needs, or ``missing``.

    Returns
    -------
    dict of str to str
        Names as in the package's metadata; extras are left out.
    """
    return {name: _version(name) for name, extra in _required() if not extra}


def extras() -> tuple[Extra, ...]:
    """Return which optional parts work, by importing what they need.

    Returns
    -------
    tuple of Extra
        In a fixed order.
    """
    needed: dict[str, dict[str, str]] = {}
    for name, extra in _required():
        needed.setdefault(extra, {})[name] = _version(name)
    found = []
    for name, purpose, modules in EXTRAS:
        faults = [fault for module in modules if (fault := _fault(module))]
        found.append(
            Extra(
                name=name,
                purpose=purpose,
                works=not faults,
                packages=needed.get(name, {}),
                fault="; ".join(faults),
            )
        )
    return tuple(found)


def packages() -> tuple[Package, ...]:
    """Return the packages that locoreg and its extras use, with their licences.

    Returns
    -------
    tuple of Package
        Installed ones, by extra and name.
    """
    shown = {"", *(name for name, _, _ in EXTRAS)}
    found = {}
    for name, extra in _required():
        if extra in shown and name not in found and _version(name) != MISSING:
            found[name] = Package(
                name=name, version=_version(name), licence=_licence(name), extra=extra
            )
    return tuple(sorted(found.values(), key=lambda one: (one.extra, one.name.lower())))


def places(workspace: Path | None = None) -> tuple[Place, ...]:
    """Return where data lie, and how much space is left there.

    Parameters
    ----------
    workspace : Path, optional
        Folder of the web application.

    Returns
    -------
    tuple of Place
        Shipped tables, compiled kernels and, if given, the workspace.
    """
    found = [_place("shipped tables", Path(str(shipped_folder())))]
    kernels = cache_folder()
    found.append(_place("compiled kernels", None if kernels is None else Path(kernels)))
    if workspace is not None:
        found.append(_place("workspace", workspace))
    return tuple(found)


def _place(name: str, folder: Path | None) -> Place:
    if folder is None:
        return Place(name=name, path="", free_bytes=None)
    # A folder that is not there yet will lie on the disk of the nearest one that is.
    existing = next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), None)
    free = None if existing is None else shutil.disk_usage(existing).free
    return Place(name=name, path=str(folder.absolute()), free_bytes=free)


def _required() -> Iterator[tuple[str, str]]:
    """Yield each requirement's name and the extra that it belongs to."""
    for requirement in requires("locoreg") or []:
        name = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        if name != "locoreg":
            yield name, extra[1] if extra else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def _fault(module: str) -> str:
    # Whatever a broken package raises while it is imported is what a user must read.
    try:
        import_module(module)
    except Exception as error:
        return f"{module}: {type(error).__name__}: {error}"
    return ""


def _licence(name: str) -> str:
    found = metadata(name)
    if expressions := found.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = [
        one.rpartition(" :: ")[2]
        for one in found.get_all("Classifier") or []
        if one.startswith("License :: ") and not one.endswith("OSI Approved")
    ]
    # Some packages put the whole text there.
    short = (found.get_all("License") or [""])[0].strip().splitlines()
    if classifiers:
        return ", ".join(classifiers)
    return short[0] if short and len(short[0]) < 100 else "see the package"
