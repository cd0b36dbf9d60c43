"""Apply a map to a text, for tests."""

from __future__ import annotations

import io
from typing import Any

from locoreg.registry.intake.openfiles import InputFile
from locoreg.registry.intake.textrows import open_rows
from locoreg.registry.mapping import MapContext, apply, parse_map, text_options
from locoreg.registry.mapping.cells import file_columns
from tests.registry.intake.recording import Recording

HEAD = "format: 1\nsource_system: T\ncalendar: real\nfiles:\n"


def one_file(tables: str, *, more: str = "", head: str = HEAD) -> str:
    """Return a map of one file x.csv; ``tables`` is the list of entries in flow style."""
    return f'{head}  - file: x.csv\n    dates: ["%Y-%m-%d"]\n{more}    tables: {tables}\n'


def applied(map_text: str, text: str, *, chunk_rows: int = 50_000) -> Recording:
    """Apply the first file of a map to a text."""
    column_map = parse_map(map_text, name="m.yaml")
    spec = column_map.files[0]
    sink = Recording()
    stream: Any = io.BufferedReader(io.BytesIO(text.encode()))  # type: ignore[arg-type]
    file = InputFile(name="x.csv", base="x.csv", stream=stream)
    rows = open_rows(file, sink, text_options(spec), expected=file_columns(spec))
    context = MapContext(system="T", comments=rows.comments, delimiter=rows.delimiter)
    apply(column_map, spec, rows.chunks(chunk_rows=chunk_rows), sink, context=context)
    return sink
