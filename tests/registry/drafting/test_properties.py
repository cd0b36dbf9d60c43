from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import LocoregError
from locoreg.registry.drafting import draft_map
from locoreg.registry.drafting.vocabulary import header_phrases, known_places
from locoreg.registry.drafting.writing import comment, scalar
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mapping import parse_map
from locoreg.registry.redcap.dictionary import read_dictionary
from locoreg.registry.redcap.projectmap import parse_project_map
from locoreg.registry.tables import TABLES
from tests.registry.redcap.project import COLUMNS, DICTIONARY, ROWS, table, write_project
from tests.registry.redcap.test_properties import HOSTILE

FEW = settings(max_examples=25, deadline=None)
NAMES = sorted({" ".join(phrase) for phrase in header_phrases()})
HEADERS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(HOSTILE),
    st.builds(lambda a, b: f"{a}_{b}", st.sampled_from(NAMES), st.sampled_from(["1", "2", "mm"])),
    st.text(max_size=10),
)
CELLS = st.one_of(
    st.sampled_from(
        [
            "F",
            "M",
            "yes",
            "no",
            "pos",
            "neg",
            "1+",
            "2",
            "99",
            "-1",
            "NA",
            "2010-01-02",
            "03/04/2011",
            "25.12.2010",
            "CR",
            "liver",
            "T2",
            "unk",
        ]
    ),
    st.sampled_from(HOSTILE),
    st.text(max_size=10),
)


def drafted(content: bytes, *, then_import: bool = False) -> None:
    """Draft a map of a file: it loads (and imports), or the file is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "file.csv"
        file.write_bytes(content)
        try:
            draft = draft_map([str(file)], source="delimited")
        except LocoregError:
            return
        column_map = parse_map(draft.yaml)
        if then_import and any(spec.tables for spec in column_map.files):
            (folder / "map.yaml").write_text(draft.yaml, encoding="utf-8")
            options = SourceOptions(map=folder / "map.yaml")
            import_into(folder / "registry", [str(file)], source="delimited", options=options)


@given(st.binary(max_size=300))
@FEW
def test_arbitrary_bytes(content: bytes) -> None:
    drafted(content)
    drafted(b"patient_id,sex,dx_date,grade\n" + content)


@given(st.lists(HEADERS, min_size=1, max_size=8), st.data())
@FEW
def test_any_table_of_texts(headers: list[str], data: st.DataObject) -> None:
    rows = [[data.draw(CELLS) for _ in headers] for _ in range(data.draw(st.integers(0, 5)))]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["patient_id", *headers])
    writer.writerows([[f"P{i}", *row] for i, row in enumerate(rows)])
    drafted(out.getvalue().encode("utf-8", "replace"), then_import=True)


@given(st.data())
@FEW
def test_any_export_of_a_project(data: st.DataObject) -> None:
    rows = [dict(row) for row in ROWS]
    for _ in range(6):
        data.draw(st.sampled_from(rows))[data.draw(st.sampled_from(COLUMNS))] = data.draw(CELLS)
    order = data.draw(st.permutations(COLUMNS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = table(order, [[row.get(column, "") for column in order] for row in rows])
        options = write_project(folder, "", dictionary=DICTIONARY)
        (folder / "export.csv").write_bytes(text.encode("utf-8", "replace"))
        assert options.dictionary is not None
        try:
            draft = draft_map(
                [str(folder / "export.csv")], source="redcap", dictionary=options.dictionary
            )
        except LocoregError:
            return
        parse_project_map(draft.yaml, read_dictionary(options.dictionary))


@given(st.text(max_size=30))
@FEW
def test_scalars_come_back_and_comments_are_one_line(text: str) -> None:
    assert yaml.safe_load(f"a: {scalar(text)}") == {"a": text}
    line = comment(text)
    assert len(line.splitlines()) <= 1
    assert yaml.safe_load(f"a: b # {line}\nc: d") == {"a": "b", "c": "d"}


def test_the_lists_name_columns_that_exist_and_real_codes() -> None:
    for table_name, column in known_places():
        assert column in TABLES[table_name].names
    folder = Path(__file__).parents[3] / "src/locoreg/registry/drafting"
    with (folder / "headers.csv").open(encoding="utf-8") as handle:
        for record in csv.DictReader(handle):
            assert record["column"] in TABLES[record["table"]].names, record
    with (folder / "words.csv").open(encoding="utf-8") as handle:
        for record in csv.DictReader(handle):
            check_words(record)


def check_words(record: dict[str, str]) -> None:
    name = record["vocabulary"]
    if name in ("bool", "unknown", "private"):
        return
    assert re.fullmatch(r"[a-z0-9_.]+", name)
    table_name, _, column = name.rpartition(".")
    tables = [table_name] if table_name else list(TABLES)
    allowed = {
        code
        for table in tables
        for c in TABLES[table].columns
        if c.name == column
        for code in c.allowed
    }
    assert record["canonical"] in allowed, record
