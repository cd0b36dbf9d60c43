"""REDCap: exports of a project's records, with its data dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.openfiles import fingerprint_of
from locoreg.registry.intake.sink import Sink
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mapping.load import require_tables
from locoreg.registry.redcap.dictionary import WHERE_TO_EXPORT, Dictionary, read_dictionary
from locoreg.registry.redcap.projectmap import ProjectMap, load_project_map
from locoreg.registry.redcap.reader import read_project


@dataclass(frozen=True, slots=True)
class RedcapSource:
    """Exports of REDCap as CSV, with codes or with labels."""

    name: str = "redcap"
    title: str = "REDCap export (CSV, raw or labels) with its data dictionary and a column map"

    def fingerprint(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return a hash of the exports, the dictionary, the map and the options."""
        _, project = _project(options)
        dictionary = fingerprint_of([str(options.dictionary)]).encode()
        words = repr((options.site, self.system(locations, options))).encode()
        return fingerprint_of(locations, dictionary, project.text, words)

    def system(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return the name given with the import, else that of the map, else ``redcap``."""
        _, project = _project(options)
        return options.system or project.column_map.source_system or self.name

    def read(self, locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
        """Read all exports; see `read_project`."""
        dictionary, project = _project(options)
        require_tables(project.column_map, str(options.map))
        read_project(
            locations,
            sink,
            project=project,
            dictionary=dictionary,
            system=self.system(locations, options),
            site=options.site,
        )


def _project(options: SourceOptions) -> tuple[Dictionary, ProjectMap]:
    if options.dictionary is None:
        raise DataError("a REDCap import needs the data dictionary.", hint=WHERE_TO_EXPORT)
    if options.map is None:
        raise DesignError(
            "a REDCap import needs a column map.",
            hint="draft one: locoreg registry map EXPORT.csv --source redcap --dictionary FILE.",
        )
    dictionary = read_dictionary(options.dictionary)
    return dictionary, load_project_map(options.map, dictionary)


SOURCE = RedcapSource()
