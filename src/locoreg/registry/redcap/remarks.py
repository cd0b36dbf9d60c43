"""What there is to say about a project's dictionary and exports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from locoreg.registry.intake.sink import Problem
from locoreg.registry.redcap.dictionary import Dictionary
from locoreg.registry.redcap.header import ExportHeader
from locoreg.registry.redcap.projectmap import ProjectMap
from locoreg.registry.redcap.rows import RowReader, is_private

MOST_NAMES = 50


def about_dictionary(dictionary: Dictionary, project: ProjectMap) -> Iterator[Problem]:
    """Return what is odd in the dictionary, and which flagged dates the map keeps."""
    for row, words in dictionary.remarks:
        yield Problem(
            rule="dictionary-row",
            severity="minor",
            message=words,
            source_file=dictionary.name,
            source_row=row,
        )
    if project.flagged_dates:
        names = _listed(project.flagged_dates)
        yield Problem(
            rule="identifier-date",
            severity="note",
            message=f"dates flagged as identifiers are kept, as the map says: {names}.",
            source_file=dictionary.name,
        )


def about_export(
    file: str,
    header: ExportHeader,
    dictionary: Dictionary,
    exported: Collection[str],
    missing: Sequence[str],
) -> Iterator[Problem]:
    """Return which columns of an export and which fields of the dictionary have no counterpart.

    Parameters
    ----------
    file : str
        Name of the export.
    header : ExportHeader
        Its columns.
    dictionary : Dictionary
        Data dictionary.
    exported : collection of str
        Columns that are read.
    missing : sequence of str
        Columns that the map names and the export lacks.
    """
    unknown = [column.header for column in header.columns if column.kind == "unknown"]
    if unknown:
        yield Problem(
            rule="field-not-in-dictionary",
            severity="minor",
            message=f"{len(unknown)} columns of the export are not in the dictionary and were not "
            f"read: {_listed(unknown)}.",
            source_file=file,
        )
    for column in header.duplicates():
        yield Problem(
            rule="column-twice",
            severity="serious",
            message=f"{column.name} stands twice in the export; the first counts.",
            source_file=file,
            column_name=column.name,
        )
    if missing:
        yield Problem(
            rule="field-not-exported",
            severity="serious",
            message=f"the map names {len(missing)} columns that the export lacks; they are "
            f"unknown here: {_listed(missing)}.",
            source_file=file,
        )
    names = {name.partition("___")[0] for name in exported} | set(exported)
    lacking = [
        f.name
        for f in dictionary.fields
        if f.has_data and f.name not in names and not is_private(f)
    ]
    if lacking:
        yield Problem(
            rule="dictionary-field-not-exported",
            severity="note",
            message=f"{len(lacking)} fields of the dictionary are not in the export: "
            f"{_listed(lacking)}.",
            source_file=file,
        )


def about_values(file: str, reader: RowReader) -> Iterator[Problem]:
    """Return whether an export mixes codes and labels."""
    votes = reader.votes
    if min(votes.codes, votes.labels) > 0:
        kind = "labels" if reader.labelled else "codes"
        yield Problem(
            rule="codes-and-labels-mixed",
            severity="minor",
            message=f"{votes.codes} different cells are codes and {votes.labels} are labels; "
            f"texts that could be both were read as {kind}.",
            source_file=file,
        )


def about_instruments(
    dictionary: Dictionary, rows: Mapping[str, int], mapped: Collection[str] | None
) -> Iterator[Problem]:
    """Return how many rows each instrument has and whether the map takes them.

    Parameters
    ----------
    dictionary : Dictionary
        Data dictionary.
    rows : mapping of str to int
        Rows that hold each instrument.
    mapped : collection of str or None
        Instruments that the map names; None if it takes rows whatever they hold.
    """
    for form in dictionary.forms:
        count = rows.get(form, 0)
        named = mapped is None or form in mapped
        use = "taken by the map" if named else "the map does not name it"
        empty = count == 0 and mapped is not None and named
        yield Problem(
            rule="instrument-empty" if empty else "instrument-rows",
            severity="minor" if empty else "note",
            message=f"instrument {form}: {count} rows hold it; {use}.",
            source_file=dictionary.name,
            value=form,
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(" ".join(name.split())[:80] for name in names[:MOST_NAMES])
    return shown + (" and more" if len(names) > MOST_NAMES else "")
