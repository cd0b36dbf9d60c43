from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.registry.intake import metered
from locoreg.registry.intake.openfiles import fingerprint_of, open_inputs

TEXT = b"a,b\n1,2\n"


def contents(*locations: Path, suffixes: tuple[str, ...] | None = None) -> dict[str, bytes]:
    with closing(open_inputs([str(x) for x in locations], suffixes=suffixes)) as inputs:
        return {file.name: file.stream.read() for file in inputs}


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def message(*locations: Path) -> str:
    with pytest.raises(DataError) as caught:
        contents(*locations)
    return str(caught.value)


def test_plain_gz_zip_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.csv").write_bytes(TEXT)
    (folder / "a.csv.gz").write_bytes(gzip.compress(TEXT + b"3,4\n"))
    (folder / "sub" / "c.txt").write_bytes(b"c\n")
    (folder / ".hidden").write_bytes(b"no")
    archive(folder / "d.zip", {"y.csv": b"y\n", "x/z.csv": b"z\n", "__MACOSX/._y.csv": b"no"})
    got = contents(folder)
    assert list(got) == ["a.csv.gz", "b.csv", "d.zip/x/z.csv", "d.zip/y.csv", "sub/c.txt"]
    assert got["a.csv.gz"] == TEXT + b"3,4\n"
    assert list(contents(folder, suffixes=(".csv",))) == list(got)[:4]


def test_base_is_what_patterns_see(tmp_path: Path) -> None:
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(TEXT))
    with closing(open_inputs([str(tmp_path)])) as inputs:
        assert [file.base for file in inputs] == ["data.csv"]


def test_a_name_must_be_unique(tmp_path: Path) -> None:
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "x.csv").write_bytes(TEXT)
    assert "both called x.csv" in message(tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv")
    assert len(contents(tmp_path)) == 2


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x.csv", "a/../../x.csv", "C:/x.csv", "..\\x.csv", "\\\\host\\x.csv"],
)
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path: Path, name: str) -> None:
    made = archive(tmp_path / "x.zip", {"good.csv": TEXT, name: TEXT})
    assert "the archive x.zip holds" in message(made)
    assert [p.name for p in tmp_path.iterdir()] == ["x.zip"]


def test_links_in_an_archive_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        target.writestr(link, "/etc/passwd")
    assert "is a link" in message(tmp_path / "x.zip")


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metered, "FREE_BYTES", 100_000)
    zeros = bytes(2_000_000)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(zeros))
    assert "more than 200 times" in message(tmp_path / "x.csv.gz")
    made = archive(tmp_path / "y.zip", {f"{i}.csv": bytes(60_000) for i in range(60)})
    assert "more than 200 times" in message(made)
    # Text of ordinary repetition passes.
    text = b"".join(b"P%05d,2020-01-01,Positive\n" % i for i in range(50_000))
    (tmp_path / "z.csv.gz").write_bytes(gzip.compress(text))
    assert contents(tmp_path / "z.csv.gz")["z.csv.gz"] == text


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=6) as target:
        for _ in range(120):
            target.write(bytes(1 << 20))
    seen: list[int] = []
    with closing(open_inputs([str(path)])) as inputs:
        blocks = iter(partial(next(inputs).stream.read, 1 << 20), b"")
        with pytest.raises(DataError, match="200 times"):
            seen.extend(len(block) for block in blocks)
    assert 90_000_000 < sum(seen) <= metered.FREE_BYTES


def test_the_whole_import_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metered, "MOST_BYTES", 1000)
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(os.urandom(600)))
    assert "more than 0 GiB" in message(tmp_path)


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locoreg.registry.intake.openfiles.MOST_MEMBERS", 3)
    made = archive(tmp_path / "x.zip", {f"{i}.csv": b"a\n" for i in range(4)})
    assert "holds 4 files" in message(made)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.csv.gz", gzip.compress(os.urandom(5000))[:-20], "damaged or incomplete"),
        ("x.csv.gz", b"\x1f\x8b\x08" + bytes(30), "damaged or incomplete"),
        ("x.csv.gz", TEXT, "damaged or incomplete"),
        ("x.csv.gz", gzip.compress(gzip.compress(TEXT)), "compressed with gzip"),
        ("x.csv", gzip.compress(TEXT), "let its name end in .gz"),
        ("x.zip", b"PK\x03\x04 broken", "damaged or incomplete"),
        ("x.xlsx", b"PK\x03\x04", "is a workbook"),
        ("x.csv", b"PK\x03\x04....", "Excel workbook"),
        ("x.csv", b"\xd0\xcf\x11\xe0....", "an Excel or Word file"),
        ("x.csv", b"PAR1....", "a Parquet file"),
    ],
    # Bytes of gzip hold the time; names of tests must not.
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_files_of_other_kinds(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert words in message(tmp_path / name)


def test_damaged_members(tmp_path: Path) -> None:
    made = archive(tmp_path / "x.zip", {"a.csv": os.urandom(3000)})
    data = bytearray(made.read_bytes())
    data[200] ^= 0xFF
    made.write_bytes(bytes(data))
    assert "x.zip/a.csv is damaged or incomplete" in message(made)
    data = bytearray(archive(tmp_path / "y.zip", {"a.csv": TEXT}).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "y.zip").write_bytes(bytes(data))
    assert "is encrypted" in message(tmp_path / "y.zip")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as target:
        target.writestr("a.csv", TEXT)
    assert "archive in an archive" in message(
        archive(tmp_path / "z.zip", {"in.zip": inner.getvalue()})
    )


def test_places_that_are_no_files(tmp_path: Path) -> None:
    assert "there is no file" in message(tmp_path / "absent.csv")
    (tmp_path / "empty").mkdir()
    assert "holds no files" in message(tmp_path / "empty")
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in message(tmp_path / "pipe")
    with pytest.raises(DataError, match="no file name"):
        list(open_inputs([""]))


def test_fingerprint_sees_names_contents_and_more_but_not_the_order(tmp_path: Path) -> None:
    for name, text in (("a.csv", "1"), ("b.csv", "2")):
        (tmp_path / name).write_text(text)
    a, b = str(tmp_path / "a.csv"), str(tmp_path / "b.csv")
    whole = fingerprint_of([a, b])
    assert whole == fingerprint_of([b, a])
    others = [fingerprint_of([a]), fingerprint_of([a, b], b"x"), fingerprint_of([a, b], b"", b"x")]
    (tmp_path / "b.csv").write_text("3")
    others.append(fingerprint_of([a, b]))
    (tmp_path / "b.csv").rename(tmp_path / "c.csv")
    others.append(fingerprint_of([a, str(tmp_path / "c.csv")]))
    assert len({whole, *others}) == 6
