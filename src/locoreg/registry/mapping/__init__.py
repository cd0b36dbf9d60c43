"""Column maps: from the columns of any delimited file to the tables of the registry."""

from __future__ import annotations

from locoreg.registry.mapping.engine import FileMapper, MapContext, apply
from locoreg.registry.mapping.load import find_map, load_map, parse_map, shipped_maps
from locoreg.registry.mapping.spec import (
    ColumnMap,
    ColumnSpec,
    Condition,
    FileSpec,
    LookupSpec,
    TableSpec,
    text_options,
)

__all__ = [
    "ColumnMap",
    "ColumnSpec",
    "Condition",
    "FileMapper",
    "FileSpec",
    "LookupSpec",
    "MapContext",
    "TableSpec",
    "apply",
    "find_map",
    "load_map",
    "parse_map",
    "shipped_maps",
    "text_options",
]
