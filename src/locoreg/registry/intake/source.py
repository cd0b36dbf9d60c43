"""What a source of registry data is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from locoreg.registry.intake.sink import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What a user says about an import.

    Attributes
    ----------
    map : Path or None
        Column map (YAML), for sources that need one.
    dictionary : Path or None
        Data dictionary of the export (REDCap).
    site : str or None
        Site of all patients, where the data don't say.
    system : str or None
        Name of the system, for the rows' provenance; the source's own name if None.
    """

    map: Path | None = None
    dictionary: Path | None = None
    site: str | None = None
    system: str | None = None


class Source(Protocol):
    """One kind of source. Each module of ``registry.sources`` has one, named ``SOURCE``."""

    @property
    def name(self) -> str:
        """Word of the command line."""

    @property
    def title(self) -> str:
        """One line of help."""

    def fingerprint(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return a hash of everything that the import depends on: contents, map, options."""

    def system(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return the name of the system, for the rows' provenance."""

    def read(self, locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
        """Read everything and deliver it.

        Raises
        ------
        DataError
            If an input can't be read as a whole: nothing of the import is kept then.
        """
