"""OMOP CDM 5.4: a folder of files, a DuckDB file or a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.registry.intake.sink import Sink
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop.reader import fingerprint_cdm, read_cdm


@dataclass(frozen=True, slots=True, kw_only=True)
class OmopSource:
    """OMOP CDM 5.4."""

    name: str = "omop"
    title: str = "OMOP CDM 5.4: folder of files, DuckDB file or postgresql:// address"

    def fingerprint(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return a hash of everything that the import depends on."""
        return fingerprint_cdm(locations, options)

    def system(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return the name of the system: as the user says, else ``omop``."""
        return options.system or self.name

    def read(self, locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
        """Read the CDM and deliver what belongs in a registry."""
        read_cdm(locations, sink, options)


SOURCE = OmopSource()
