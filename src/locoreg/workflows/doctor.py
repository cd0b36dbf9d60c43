"""Check an installation and compile the kernels ahead of their first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.core.version import __version__
from locoreg.evidence.catalog import load_catalog
from locoreg.stats.jit import cache_folder
from locoreg.stats.warmup import warm_up
from locoreg.workflows.installation import MISSING, Extra, dependency_versions, extras, places

# A run of a study writes some 100 MB, registries and compiled kernels as much again.
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What.
    passed : bool
        Whether it is as it must be.
    detail : str
        What was found, and what to do if it is not.
    """

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What ``locoreg doctor`` found.

    Attributes
    ----------
    version : str
        Version of locoreg.
    checks : tuple of Check
        In the order in which they were made.
    """

    version: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as JSON-ready values."""
        return {
            "version": self.version,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
        }


def examine(progress: Callable[[str], None] | None = None) -> Diagnosis:
    """Check the installation and compile every kernel.

    Parameters
    ----------
    progress : callable, optional
        Told each stage.

    Returns
    -------
    Diagnosis
        Dependencies, extras, evidence tables, folder of the compiled kernels, free disk, and the
        seconds that each group of kernels took: parts of a second where they come from the cache.
    """
    checks = [_dependencies(), *map(_extra, extras()), _tables(), _cache(), _disk()]
    for name, seconds in warm_up():
        if progress is not None:
            progress(f"kernels: {name}")
        checks.append(Check(name=f"kernels: {name}", passed=True, detail=f"{seconds:.1f} s"))
    return Diagnosis(version=__version__, checks=tuple(checks))


def _dependencies() -> Check:
    missing = [name for name, found in dependency_versions().items() if found == MISSING]
    detail = f"missing: {', '.join(missing)}; install locoreg again" if missing else "all there"
    return Check(name="dependencies", passed=not missing, detail=detail)


def _extra(extra: Extra) -> Check:
    """Check an optional part: one that is not installed is as it must be, a broken one is not."""
    name = f"extra {extra.name}"
    if extra.works:
        return Check(name=name, passed=True, detail=f"works: {extra.purpose}")
    found = extra.packages.values()
    broken = bool(found) and MISSING not in found
    state = "broken" if broken else "not installed"
    detail = f"{state}, for {extra.purpose}: {extra.fault}; pip install 'locoreg[{extra.name}]'"
    return Check(name=name, passed=not broken, detail=detail)


def _disk() -> Check:
    least = min(
        (one for one in places() if one.free_bytes is not None),
        key=lambda one: one.free_bytes or 0,
        default=None,
    )
    if least is None:
        return Check(name="disk", passed=True, detail="not known")
    enough = (least.free_bytes or 0) >= LEAST_FREE_BYTES
    detail = f"{least.free} at {least.path}" + ("" if enough else "; results need more")
    return Check(name="disk", passed=enough, detail=detail)


def _tables() -> Check:
    try:
        catalog = load_catalog()
    except LocoregError as error:
        return Check(name="evidence tables", passed=False, detail=str(error))
    return Check(name="evidence tables", passed=True, detail=f"{len(catalog.studies)} studies")


def _cache() -> Check:
    folder = cache_folder()
    if folder is None:
        return Check(
            name="compiled kernels",
            passed=False,
            detail="no folder can be written, so that every process compiles anew; set "
            "NUMBA_CACHE_DIR to one that can",
        )
    return Check(name="compiled kernels", passed=True, detail=f"kept in {folder}")
