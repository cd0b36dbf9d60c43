"""Profiles of the instruments of a REDCap project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.registry.drafting.model import FileProfile
from locoreg.registry.drafting.profile import ColumnProfile, profile_column
from locoreg.registry.drafting.reading import Counting, first_chunks, guess_encoding
from locoreg.registry.intake.openfiles import open_inputs
from locoreg.registry.intake.textoptions import TextOptions
from locoreg.registry.intake.textrows import open_rows
from locoreg.registry.redcap.dictionary import Dictionary, looks_like_dictionary
from locoreg.registry.redcap.header import EVENT, STRUCTURE, ExportColumn
from locoreg.registry.redcap.reader import export_header
from locoreg.registry.redcap.rows import ExportRows, RowReader

if TYPE_CHECKING:
    import pyarrow as pa


def read_redcap(locations: Sequence[str], dictionary: Dictionary) -> list[FileProfile]:
    """Return a profile of each instrument that exports hold.

    Parameters
    ----------
    locations : sequence of str
        Exports and folders of them.
    dictionary : Dictionary
        Data dictionary.

    Returns
    -------
    list of FileProfile
        In the order of the dictionary; identifiers and free text are marked as private.

    Raises
    ------
    DataError
        If a file can't be read or is no export of the project.
    """
    gathered: dict[str, dict[str, list[pa.Array]]] = {}
    columns: dict[str, ExportColumn] = {}
    whole = True
    read = 0
    remarks: list[str] = []
    legacy: str | None = None
    with closing(open_inputs(locations)) as inputs:
        for file in inputs:
            sink = Counting()
            encoding = guess_encoding(file)
            options = TextOptions(encoding=encoding, comment="")
            expected = [*dictionary.by_name, *STRUCTURE]
            rows = open_rows(file, sink, options, expected=expected)
            if looks_like_dictionary(rows.header):
                continue
            read += 1
            header = export_header(rows, dictionary)
            reader = RowReader(header, rows.header, dictionary)
            columns.update({column.name: column for column in reader.columns.values()})
            legacy = legacy or encoding
            taken = 0
            for chunk in first_chunks(rows, reader.wanted):
                _gather(reader.read(chunk), gathered)
                taken += len(chunk)
            whole = whole and taken == sink.read - sum(sink.aside.values())
            remarks += [
                f"{plural(n, 'row')} of {file.name} left out: {w}" for w, n in sink.aside.items()
            ]
    if not read:
        raise DataError("there is no export among the files, only a data dictionary.")
    return [
        replace(
            _instrument(form, gathered[form], columns, dictionary, whole, remarks),
            encoding=legacy,
        )
        for form in dictionary.forms
        if form in gathered
    ]


def _gather(export: ExportRows, gathered: dict[str, dict[str, list[pa.Array]]]) -> None:
    import pyarrow.compute as pc

    record_id = export.dictionary.record_id.name
    for form, parts in export.parts.items():
        rows = export.of(form)
        if not pc.any(rows).as_py():
            continue
        store = gathered.setdefault(form, {})
        names = [record_id, EVENT, *(column.name for column in parts if column.kind != "status")]
        for name in dict.fromkeys(names):
            if name in export.columns:
                store.setdefault(name, []).append(export.columns[name].filter(rows))


def _instrument(
    form: str,
    cells: Mapping[str, list[pa.Array]],
    columns: Mapping[str, ExportColumn],
    dictionary: Dictionary,
    whole: bool,
    remarks: Sequence[str],
) -> FileProfile:
    import pyarrow as pa

    record_id = dictionary.record_id
    profiles = [
        _column(columns[name], pa.chunked_array(arrays, pa.string()))
        for name, arrays in cells.items()
        if name in columns and name != EVENT
    ]
    first = form == dictionary.forms[0]
    said = list(remarks) if first else []
    if record_id.identifier and first:
        said.append(
            f"{record_id.name} is flagged as an identifier and can't be the patient_id: export "
            "with hashed record ids, or clear the flag if the ids are pseudonyms"
        )
    events = {e for array in cells.get(EVENT, ()) for e in array.unique().to_pylist() if e}
    if len(events) > 1:
        said.append(
            f"its rows are of the events {', '.join(sorted(events)[:20])}: when: {{column: "
            f"{EVENT}, in: [...]}} takes some of them"
        )
    return FileProfile(
        selector="instrument",
        name=form,
        columns=profiles,
        delimiter=None,
        encoding=None,
        n_rows=max((p.n_rows for p in profiles), default=0),
        whole=whole,
        patient_id=None if record_id.identifier else record_id.name,
        remarks=said,
    )


def _column(column: ExportColumn, cells: pa.ChunkedArray) -> ColumnProfile:
    field = column.field
    title = "" if field is None else field.label
    labels: dict[str, str] = {}
    if field is not None and column.kind == "checkbox":
        choice = next((c.label for c in field.choices if c.code == column.code), "")
        title = f"{field.label}: {choice}"
    elif field is not None:
        labels = {choice.code: choice.label for choice in field.choices}
    return profile_column(
        column.name,
        cells,
        labels=labels,
        title=title,
        years_only=field is not None and field.is_date,
    )
