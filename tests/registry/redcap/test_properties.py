from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import LocoregError
from locoreg.registry.importing import import_into
from locoreg.registry.store import read_registry
from tests.registry.redcap.project import (
    COLUMNS,
    DICTIONARY,
    MAP,
    ROWS,
    import_project,
    raw_export,
    table,
    write_project,
)

HOSTILE = (
    "'; DROP TABLE patient; --",
    '" OR 1=1 --',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\x00",
    "{record_id}",
    "%(x)s",
    "NaN",
    "1e999",
    "９",
    "-99",
    "2020-02-30",
    "\u202e",
    "a\nb",
    '"',
)
CELLS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
FEW = settings(max_examples=6, deadline=None)


def outcome(export: bytes, *, dictionary: str = DICTIONARY, map_text: str = MAP) -> None:
    """Import into a new registry: it holds what the report says, or there is none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = write_project(folder, "", map_text=map_text, dictionary=dictionary)
        (folder / "export.csv").write_bytes(export)
        registry = folder / "registry"
        try:
            report = import_into(
                registry, [str(folder / "export.csv")], source="redcap", options=options
            )
        except LocoregError:
            assert not list(registry.glob("**/*.parquet"))
            return
        json.dumps(report.to_dict())
        source = report.batch.sources[0]
        assert source.read >= sum(source.unused.values())
        with read_registry(registry).connect() as connection:
            for table_name, count in report.accepted.items():
                stored = connection.execute(f"select count(*) from {table_name}").fetchone()
                assert stored == (count,)


@given(st.binary(max_size=400))
@FEW
def test_arbitrary_bytes(content: bytes) -> None:
    outcome(content)
    outcome(raw_export().encode() + content)


@given(st.data())
@FEW
def test_hostile_cells_anywhere(data: st.DataObject) -> None:
    rows = [dict(row) for row in ROWS]
    for _ in range(6):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.sampled_from(COLUMNS))] = data.draw(CELLS)
    outcome(raw_export(rows).encode("utf-8", "surrogatepass"))


@given(st.permutations(COLUMNS), st.lists(st.sampled_from([*COLUMNS, *HOSTILE[:6]]), max_size=3))
@FEW
def test_columns_in_any_order_and_twice(order: list[str], more: list[str]) -> None:
    names = [*order, *more]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([[row.get(name, "") for name in names] for row in ROWS])
    outcome(out.getvalue().encode())


@given(st.permutations(COLUMNS))
@FEW
def test_the_order_of_columns_changes_nothing(order: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        text = table(order, [[row.get(column, "") for column in order] for row in ROWS])
        report = import_project(Path(name), text)
        assert report.accepted == {
            "patient": 2,
            "primary_tumour": 2,
            "receptor_assay": 2,
            "lesion": 2,
            "performance": 2,
        }


@given(st.data())
@FEW
def test_a_torn_dictionary(data: st.DataObject) -> None:
    lines = DICTIONARY.split("\n")
    place = data.draw(st.integers(0, len(DICTIONARY) - 1))
    torn = (
        DICTIONARY[:place] + data.draw(CELLS) + DICTIONARY[place + data.draw(st.integers(0, 9)) :]
    )
    outcome(raw_export().encode(), dictionary=torn.replace("\x00", ""))
    outcome(
        raw_export().encode(),
        dictionary="\n".join([lines[0], *data.draw(st.permutations(lines[1:]))]),
    )


@given(st.data())
@FEW
def test_a_torn_map(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(MAP) - 1))
    text = data.draw(st.one_of(CELLS, st.sampled_from(["[", "{", ": ", "- ", "*a", "&a ", "!!x "])))
    outcome(raw_export().encode(), map_text=MAP[:place] + text + MAP[place:])
