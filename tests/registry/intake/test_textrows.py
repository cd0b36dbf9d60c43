from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.registry.intake import rowchunks, textlines
from locoreg.registry.intake.openfiles import InputFile
from locoreg.registry.intake.textoptions import TextOptions
from locoreg.registry.intake.textrows import open_rows
from tests.registry.intake.recording import Recording


def given_bytes(data: bytes) -> InputFile:
    stream: Any = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    return InputFile(name="x.csv", base="x.csv", stream=stream)


class Got:
    def __init__(self, data: bytes, *, expected: tuple[str, ...] = (), **options: Any) -> None:
        self.sink = Recording()
        size = options.pop("chunk_rows", 50_000)
        rows = open_rows(given_bytes(data), self.sink, TextOptions(**options), expected=expected)
        self.header, self.comments, self.delimiter = rows.header, rows.comments, rows.delimiter
        self.lines: list[int] = []
        self.rows: list[tuple[str, ...]] = []
        self.chunks = 0
        for chunk in rows.chunks(chunk_rows=size):
            self.chunks += 1
            self.lines += chunk.rows.to_pylist()
            columns = [chunk.columns[name].to_pylist() for name in chunk.header]
            self.rows += list(zip(*columns, strict=True))


def test_the_dirt_of_real_files() -> None:
    text = "\ufeffid ; size\r\n 1 ;2,3\r\n\r\n  \r\n;\r\n3;4;\r\n5\r\n6;7;8\r\n"
    got = Got(text.encode())
    assert got.header == ("id", "size")
    assert got.rows == [("1", "2,3"), ("3", "4")]
    assert got.lines == [2, 6]
    assert got.sink.read == {"x.csv": 7}
    assert got.sink.unused == {("x.csv", "blank row"): 3}
    assert got.sink.reasons() == [(rowchunks.TOO_FEW, 7), (rowchunks.TOO_MANY, 8)]
    assert got.sink.aside[1].raw == '["6", "7", "8"]'


@pytest.mark.parametrize(
    ("line", "delimiter"), [("a\tb", "\t"), ("a,b", ","), ("a;b", ";"), ("a|b", "|"), ("a", "\t")]
)
def test_the_delimiter_is_seen_from_the_header(line: str, delimiter: str) -> None:
    assert Got(f"{line}\n1\n".encode()).delimiter == delimiter


def test_the_line_of_excel_above_the_header() -> None:
    got = Got(b"sep=;\r\na,x;b\r\n1,5;2\r\n")
    assert got.header == ("a,x", "b")
    assert got.rows == [("1,5", "2")]


def test_names_that_are_expected_tell_the_delimiter() -> None:
    text = "size, in mm; age, in years; x, y, z\n1;2;3\n"
    assert Got(text.encode()).delimiter == ","
    assert Got(text.encode(), expected=("age, in years",)).delimiter == ";"
    assert Got(text.encode(), delimiter="semicolon").rows == [("1", "2", "3")]


def test_comments_above_the_header() -> None:
    got = Got(b"#Patient\tMonths since\n#STRING\tNUMBER\n\nid\tt\n1\t2\n#3\t4\n")
    assert got.comments == ("#Patient\tMonths since", "#STRING\tNUMBER")
    assert got.rows == [("1", "2"), ("#3", "4")]
    assert got.lines == [5, 6]
    assert Got(b"#id,t\n1,2\n", comment="").header == ("#id", "t")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_its_mark(encoding: str) -> None:
    assert Got("größe,b\n1,é\n".encode(encoding)).rows == [("1", "é")]


def test_other_encodings_are_stated() -> None:
    data = "größe,b\n1,é\n".encode("cp1252")
    with pytest.raises(DataError, match=r"x\.csv, line 1: the byte 0xf6 is not UTF-8"):
        Got(data)
    with pytest.raises(DataError, match=r"line 3: the byte 0xe9"):
        Got(b"a,b\n1,2\n3,\xe9\n")
    assert Got(data, encoding="cp1252").header == ("größe", "b")
    with pytest.raises(DataError, match="byte order mark of UTF-8"):
        Got(b"\xef\xbb\xbfa\n1\n", encoding="latin-1")
    with pytest.raises(DataError, match="UTF-16"):
        Got("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(DataError, match=r"line \d+"):
        Got("a,b\n1,2\n".encode("utf-16") + b"\x00\xd8\x00\x00\x00")
    with pytest.raises(DesignError, match="not known"):
        TextOptions(encoding="rot13")
    with pytest.raises(DesignError, match="can't be a delimiter"):
        TextOptions(delimiter="ab")


def test_line_ends() -> None:
    for end in ("\r", "\n", "\r\n"):
        got = Got(f"a,b{end}1,2{end}3,4".encode())
        assert got.rows == [("1", "2"), ("3", "4")]
        assert got.lines == [2, 3]


def test_repeated_and_unnamed_columns() -> None:
    got = Got(b"a,b,a,,c,\n1,2,3,4,5,\n")
    assert got.header == ("a (1)", "b", "a (2)", "(unnamed 4)", "c")
    assert got.rows == [("1", "2", "3", "4", "5")]
    with pytest.raises(DataError, match=r"'a \(1\)' twice"):
        Got(b"a,a,a (1)\n1,2,3\n")


def test_quotes() -> None:
    text = 'a,b\n1,"x\ny, ""z"""\n2,"open\n3,plain\n4,"a" b\n5,5\'10"\n6,"end\n'
    got = Got(text.encode())
    assert got.rows == [("1", 'x\ny, "z"'), ("3", "plain"), ("5", "5'10\"")]
    assert got.lines == [2, 5, 7]
    assert got.sink.reasons() == [(rowchunks.QUOTE, line) for line in (4, 6, 8)]
    assert got.sink.read == {"x.csv": 6}
    assert Got(b'a,b\n1,"open\n2,x\n', quoting="none").rows == [("1", '"open'), ("2", "x")]


def test_quotes_that_never_close_everywhere() -> None:
    text = "a,b\n" + '1,"x\n2,y\n' * 300
    with pytest.raises(DataError, match="quoting: none"):
        Got(text.encode())
    assert len(Got(text.encode(), quoting="none").rows) == 600


def test_nul_bytes() -> None:
    got = Got(b"a,b\n1,2\x00\n3,4\n")
    assert got.rows == [("3", "4")]
    assert got.sink.reasons() == [(rowchunks.NUL, 2)]


@pytest.mark.parametrize("size", [20_001, 200_000, 5_000_000])
def test_long_cells_and_lines(size: int) -> None:
    got = Got(b"a,b\n1," + b"x" * size + b"\n3,4\n" + b"5," + b"y" * 20_000)
    assert got.rows == [("3", "4"), ("5", "y" * 20_000)]
    assert got.lines == [3, 4]
    assert len(got.sink.aside) == 1
    assert got.sink.aside[0].source_row == 2
    assert len(got.sink.aside[0].raw or "") <= 20_000


def test_a_long_line_after_an_open_quote() -> None:
    got = Got(b'a,b\n1,"q\n5,' + b"x" * 5_000_000 + b"\n3,4\n")
    assert got.rows == [("3", "4")]
    assert got.sink.reasons() == [(rowchunks.QUOTE, 2), (rowchunks.LONG_LINE, 3)]


def test_no_header() -> None:
    for data in (b"", b"\n\n", b"# only\n", b" , ,\n"):
        with pytest.raises(DataError, match="is empty"):
            Got(data)
    with pytest.raises(DataError, match="never ends"):
        Got(b"x" * 5_000_000)


def test_chunks_join_to_the_whole() -> None:
    text = "a,b\n" + "".join(f"{i},{i * i}\n\n" for i in range(100))
    small, whole = Got(text.encode(), chunk_rows=7), Got(text.encode())
    assert small.rows == whole.rows == [(str(i), str(i * i)) for i in range(100)]
    assert small.lines == whole.lines == list(range(2, 202, 2))
    assert small.chunks > 10 > whole.chunks


def test_wanted_columns_only() -> None:
    rows = open_rows(given_bytes(b"a,b\n1,2\n"), Recording(), TextOptions())
    (chunk,) = rows.chunks(("b",))
    assert list(chunk.columns) == ["b"]


CELL = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\0"), max_size=8
).map(lambda text: text.strip())


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12), st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_what_a_csv_writer_wrote_comes_back(rows: list[list[str]], size: int) -> None:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerows([["x", "y", "z"], *rows])
    got = Got(target.getvalue().encode(), chunk_rows=size, delimiter="comma", comment="")
    assert got.rows == [tuple(row) for row in rows if any(row)]


@given(st.binary(max_size=400), st.sampled_from([None, "latin-1", "utf-16"]))
@settings(deadline=None, max_examples=150)
def test_any_bytes_give_rows_or_a_clear_error(data: bytes, encoding: str | None) -> None:
    try:
        got = Got(b"a,b\n" * (encoding is None) + data, encoding=encoding)
    except LocoregError:
        return
    kept = len(got.rows) + len(got.sink.aside) + sum(got.sink.unused.values())
    assert kept == sum(got.sink.read.values())


def test_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    data = b"a,b\n1," + b"x" * 50_000_000 + b"\n3,4\n"
    tracemalloc.start()
    got = Got(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert got.rows == [("3", "4")]
    # A line is given up after 4 million characters.
    assert peak < 40_000_000


ODD = st.text(st.sampled_from('aé ,"\n\r\0\udcff'), max_size=120)


@given(ODD, st.integers(30, 60))
@settings(deadline=None, max_examples=150)
def test_blocks_and_single_lines_give_the_same(text: str, size: int) -> None:
    data = b"a,b\n" + text.encode("utf-8", "surrogateescape")
    outcomes = []
    for in_blocks in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(textlines, "LINE_CHARACTERS", size)
            if not in_blocks:
                patch.setattr(textlines.Lines, "block", lambda lines: None)
            try:
                got = Got(data)
            except DataError as error:
                outcomes.append(str(error))
                continue
            sink = got.sink
            aside = sorted((item.source_row, item.reason, item.raw) for item in sink.aside)
            outcomes.append((got.rows, got.lines, aside, sink.unused, sink.read))
    assert outcomes[0] == outcomes[1]


def test_odd_rows_between_clean_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textlines, "LINE_CHARACTERS", 1000)
    lines = [f"{i},{i}" for i in range(3000)]
    lines[700] = '700,"7\n00"'
    lines[1500] = ","
    lines[2500] = "2500"
    got = Got(("a,b\n" + "\n".join(lines)).encode())
    assert len(got.rows) == 2998
    assert got.rows[700] == ("700", "7\n00")
    assert got.lines[:700] == list(range(2, 702))
    assert got.lines[-1] == 3002
    assert got.sink.reasons() == [(rowchunks.TOO_FEW, 2503)]
    assert got.chunks > 10
