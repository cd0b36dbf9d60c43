"""Source ``mcode``: FHIR R4 bundles and bulk exports that follow the mCODE guide (STU4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.registry.intake.sink import Sink
from locoreg.registry.intake.source import Source, SourceOptions
from locoreg.registry.mcode import importer


@dataclass(frozen=True, slots=True)
class McodeSource:
    """FHIR R4 resources: bundles, single resources, newline-delimited exports."""

    name: str = "mcode"
    title: str = "FHIR R4 bundles and NDJSON exports (mCODE STU4)"

    def fingerprint(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return a hash of files, site and rules."""
        return importer.fingerprint(locations, options)

    def system(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return the system as named by the user, else ``mcode``."""
        return options.system or self.name

    def read(self, locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
        """Read all files and deliver the enrolled patients."""
        importer.read(locations, sink, options)


SOURCE: Source = McodeSource()
