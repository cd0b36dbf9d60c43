"""Bundles and lists that are read entry by entry."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.registry.mcode import documents, largedocuments
from locoreg.registry.mcode.jsontext import BadJsonError, decode
from locoreg.registry.mcode.largedocuments import read_large
from tests.registry.mcode.make import breast, bundle, metastasis, patient, read_bundle, read_files

THREE = [patient(), breast(), metastasis()]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "DOCUMENT_BYTES", 300)
    monkeypatch.setattr(largedocuments, "PIECE_BYTES", 7)


def collect(text: bytes, cut: int) -> tuple[list[tuple[int, Any]], dict[str, Any] | None]:
    found: list[tuple[int, Any]] = []
    rest = read_large(
        text[:cut],
        io.BufferedReader(io.BytesIO(text[cut:])),
        lambda value, n: found.append((n, value)),
    )
    return found, rest


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(
    entries=st.lists(VALUES, max_size=5),
    others=st.dictionaries(st.text().filter(lambda k: k != "entry"), VALUES, max_size=3),
    first=st.booleans(),
    indent=st.sampled_from([None, 2]),
    cut=st.integers(0, 60),
    piece=st.integers(1, 40),
)
def test_pieces_give_what_the_whole_gives(
    entries: list[Any],
    others: dict[str, Any],
    first: bool,
    indent: int | None,
    cut: int,
    piece: int,
) -> None:
    whole = {"entry": entries, **others} if first else {**others, "entry": entries}
    text = json.dumps(whole, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(largedocuments, "PIECE_BYTES", piece)
        found, rest = collect(text, cut)
        listed, nothing = collect(json.dumps(entries, indent=indent).encode(), cut)
    assert found == list(enumerate(entries, start=1)) == listed
    assert rest == {**others, "entry": []}
    assert nothing is None


@pytest.mark.parametrize("number", ["1.5", "-0.25", "1e5", "2E-7", "1.5e+3", "12", "-7"])
@pytest.mark.parametrize("piece", [1, 2, 3])
def test_a_number_may_be_cut_anywhere(
    number: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(largedocuments, "PIECE_BYTES", piece)
    text = f'[{number}, {{"a": {number}}}, {number}]'.encode()
    value = json.loads(number)
    for cut in range(len(text)):
        found, _ = collect(text, cut)
        assert [entry for _, entry in found] == [value, {"a": value}, value]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"12",
        b'"x"',
        b"{",
        b"[1, 2",
        b"[1 2]",
        b"[1, 2] 3",
        b'{"entry": [1, ]',
        b'{"entry": [{"a": 1, "a": 2}]}',
        b'{"a": 1, "a": 2}',
        b'{"a" 1}',
        b"{1: 2}",
        b'{"a": 1} {}',
        b'["\xff"]',
        b"[NaN]",
        b"[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_texts_that_are_no_json(text: bytes) -> None:
    with pytest.raises(BadJsonError):
        collect(text, 3)
    if text[:1] != b'"' and text not in (b"12", b'{"a": 1, "a": 2}'):
        with pytest.raises(BadJsonError):
            decode(text)


def test_an_entry_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largedocuments, "ENTRY_CHARACTERS", 50)
    monkeypatch.setattr(largedocuments, "PIECE_BYTES", 10)
    with pytest.raises(BadJsonError, match="larger"):
        collect(b'["' + b"x" * 500 + b'"]', 5)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("first", [True, False])
def test_a_large_bundle(tmp_path: Path, indent: int | None, first: bool) -> None:
    links = [{"relation": "next", "url": "urn:2"}]
    whole = bundle(*THREE, link=links)
    if first:
        whole = {"entry": whole.pop("entry"), **whole}
    (tmp_path / "b.json").write_text(json.dumps(whole, indent=indent), encoding="utf-8")
    done = read_files(tmp_path / "b.json")
    assert done.enrolled == {"p"}
    assert done.read == {"b.json": 3}
    assert done.one("lesion")["source_row"] == 3
    assert len(done.issues("bundle-has-more-pages")) == 1


@pytest.mark.usefixtures("small")
def test_a_large_list(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(THREE, indent=1), encoding="utf-8")
    done = read_files(tmp_path / "b.json")
    assert (done.enrolled, done.read) == ({"p"}, {"b.json": 3})


@pytest.mark.usefixtures("small")
def test_a_large_bundle_that_is_cut_off_imports_nothing(tmp_path: Path) -> None:
    text = json.dumps(bundle(*THREE), indent=1)
    (tmp_path / "b.json").write_text(text[:-20], encoding="utf-8")
    with pytest.raises(DataError, match="no FHIR JSON"):
        read_files(tmp_path / "b.json")
    with pytest.raises(DataError, match="no bundle"):
        read_bundle(tmp_path, {**bundle(*THREE), "resourceType": "Parameters"})
