from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mcode import documents
from locoreg.registry.sources.mcode import SOURCE
from locoreg.registry.store import read_registry
from tests.registry.mcode.make import (
    Imported,
    Resource,
    breast,
    bundle,
    metastasis,
    patient,
    read_bundle,
    read_files,
    read_resources,
)

THREE = [patient(), breast(), metastasis()]


def lines(resources: list[Resource]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in resources)


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "batch", "document"])
def test_kinds_of_bundles(tmp_path: Path, kind: str) -> None:
    done = read_bundle(tmp_path, bundle(*THREE, kind=kind))
    assert done.enrolled == {"p"}
    assert done.read == {"bundle.json": 3}
    assert done.one("lesion")["source_row"] == 3


def test_pages_that_are_all_there(tmp_path: Path) -> None:
    links = [{"relation": "self", "url": "urn:1"}, {"relation": "next", "url": "urn:2"}]
    pages = [
        bundle(*THREE[:2], kind="searchset", link=links),
        bundle(*THREE, kind="searchset", link=[{"relation": "self", "url": "urn:2"}]),
    ]
    files = [tmp_path / "1.json", tmp_path / "2.json"]
    for file, page in zip(files, pages, strict=True):
        file.write_text(json.dumps(page), encoding="utf-8")
    done = read_files(*files)
    assert done.issues("bundle-has-more-pages") == []
    assert done.enrolled == {"p"}
    assert done.unused().total() == 2


def test_a_page_of_a_search_is_named(tmp_path: Path) -> None:
    links = [{"relation": "self", "url": "urn:1"}, {"relation": "next", "url": "urn:2"}]
    done = read_bundle(tmp_path, bundle(*THREE, kind="searchset", link=links))
    assert done.issues("bundle-has-more-pages")[0].severity == "serious"
    assert done.enrolled == {"p"}


def test_entries_that_delete_or_hold_nothing(tmp_path: Path) -> None:
    whole = bundle(*THREE, kind="transaction")
    whole["entry"].append({"request": {"method": "DELETE", "url": "Condition/meta"}})
    whole["entry"].append({"response": {"status": "204"}})
    whole["entry"].append("nonsense")
    done = read_bundle(tmp_path, whole)
    assert done.enrolled == set()
    assert done.unused()["Condition: deleted by an entry of a bundle"] == 1
    assert done.unused()["a bundle's entry without a resource"] == 1
    assert done.reasons() == {"a bundle's entry is no object": 1}


def test_bundles_in_bundles(tmp_path: Path) -> None:
    inner = bundle(*THREE, kind="searchset")
    assert read_bundle(tmp_path, bundle(inner, kind="batch-response")).enrolled == {"p"}
    deep = bundle(bundle(bundle(bundle(*THREE))))
    with pytest.raises(DataError, match="no FHIR resource"):
        read_bundle(tmp_path, deep)


@pytest.mark.parametrize("name", ["r.ndjson", "r.jsonl", "r.json", "r.txt"])
def test_one_resource_per_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + lines(THREE) + b"\r\n\r\n  \n")
    done = read_files(tmp_path / name)
    assert done.enrolled == {"p"}
    assert done.read == {name: 3}


def test_a_list_and_a_pretty_bundle(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps(THREE, indent=1), encoding="utf-8")
    assert read_files(tmp_path / "list.json").enrolled == {"p"}
    (tmp_path / "b.json").write_text(json.dumps(bundle(*THREE), indent=4), encoding="utf-8")
    assert read_files(tmp_path / "b.json").enrolled == {"p"}


def test_several_files_of_a_bulk_export(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "README.md").write_text("not FHIR", encoding="utf-8")
    with gzip.open(folder / "Condition.ndjson.gz", "wb") as stream:
        stream.write(lines([breast(), metastasis()]))
    with zipfile.ZipFile(folder / "others.zip", "w") as archive:
        archive.writestr("Patient.000.ndjson", lines([patient()]))
        archive.writestr("notes.txt", "not FHIR either")
    done = read_files(folder)
    assert done.enrolled == {"p"}
    assert done.one("patient")["source_file"] == "others.zip/Patient.000.ndjson"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"resourceType": "Patient", "id": "x", "id": "y"}', "an object names an element twice"),
        (b'{"resourceType": "Patient", "x": NaN}', "NaN is no number in JSON"),
        (b'{"resourceType": "Patient", "x": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"resourceType": "Patient", "x": 1e999}', "a number is larger than any measurement"),
        (
            b'{"resourceType": "Patient", "x": ' + b"9" * 5000 + b"}",
            "a number has thousands of digits",
        ),
        (b'{"x": ' + b"[" * 100_000, "the JSON is nested deeper than any resource"),
        (b'{"resourceType": "Patient"', "the text is no valid JSON"),
        (b'{"resourceType": "Pati\xffent"}', "the text is not UTF-8"),
        (b"[]", "there is no resourceType"),
        (b"17", "there is no resourceType"),
        (b'{"resourceType": 5}', "there is no resourceType"),
        (b'{"resourceType": "Patient"}', "a Patient without id"),
    ],
)
def test_unusable_lines_are_set_aside(tmp_path: Path, line: bytes, reason: str) -> None:
    file = tmp_path / "r.ndjson"
    file.write_bytes(lines([patient()]) + b"\n" + line + b"\n" + lines([breast(), metastasis()]))
    done = read_files(file)
    assert done.enrolled == {"p"}
    assert done.reasons() == {reason: 1}
    assert done.aside[0].source_row == 2
    assert done.read == {"r.ndjson": 4}


def test_a_half_surrogate_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "r.ndjson"
    bad = b'{"resourceType": "Condition", "id": "c\\ud800", "subject": {"reference": "Patient/p"}}'
    file.write_bytes(lines(THREE) + b"\n" + bad)
    done = read_files(file)
    assert done.enrolled == {"p"}
    assert len(done.aside) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "no FHIR JSON"),
        (b"{" * 10, "no FHIR JSON"),
        (b"\x00\x01\x02", "no FHIR JSON"),
        (b'{"a": 1}', "no FHIR resource"),
        (b"3", "no FHIR resource"),
        (b"", "no FHIR resource"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"[" * 1_000_000, "nested deeper"),
        (b'{"resourceType": "Bundle", "entry": []}', "no FHIR resource"),
        (b'{"resourceType": "Bundle", "entry": {}}', "no FHIR resource"),
    ],
)
def test_files_that_are_no_fhir(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_files(tmp_path / "r.json")


def test_no_line_is_json(tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_bytes(b"a\nb\n")
    with pytest.raises(DataError, match="no line"):
        read_files(tmp_path / "r.ndjson")


def test_a_bad_first_line_spoils_only_itself(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(b"{nonsense\n" + lines(THREE))
    done = read_files(tmp_path / "r.json")
    assert done.enrolled == {"p"}
    assert done.reasons() == {"the text is no valid JSON": 1}


def test_lines_and_documents_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LINE_BYTES", 2000)
    monkeypatch.setattr(documents, "DOCUMENT_BYTES", 3000)
    long = json.dumps({**patient("long"), "x": "y" * 10_000}).encode()
    file = tmp_path / "r.ndjson"
    file.write_bytes(lines(THREE[:1]) + b"\n" + long + b"\n" + lines(THREE[1:]))
    done = read_files(file)
    assert done.enrolled == {"p"}
    assert done.aside[0].source_row == 2
    assert "longer than" in done.aside[0].reason
    (tmp_path / "b.json").write_bytes(long)
    with pytest.raises(DataError, match="larger than"):
        read_files(tmp_path / "b.json")


def test_a_bomb_and_a_damaged_archive(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.ndjson.gz", "wb") as stream:
        for _ in range(130):
            stream.write(b" " * 1_000_000)
    with pytest.raises(DataError, match="decompresses"):
        read_files(tmp_path / "bomb.ndjson.gz")
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(lines(THREE))[:-20])
    with pytest.raises(DataError, match="damaged"):
        read_files(tmp_path / "cut.json.gz")


def test_import_is_idempotent_and_all_or_nothing(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.json"
    good.write_bytes(lines(THREE))
    bad.write_bytes(b"no json")
    folder = tmp_path / "registry"
    options = SourceOptions(site="north")
    with pytest.raises(DataError):
        import_into(folder, [str(good), str(bad)], source="mcode", options=options)
    first = import_into(folder, [str(good)], source="mcode", options=options)
    assert first.changed
    assert first.batch.source_system == "mcode"
    assert not import_into(folder, [str(good)], source="mcode", options=options).changed
    registry = read_registry(folder)
    assert registry.rows()["patient"] == 1
    assert registry.rows()["raw_resource"] == 3
    assert len(registry.batches) == 1
    with registry.connect() as con:
        row = con.execute("SELECT site_id, source_system, source_row FROM patient").fetchone()
    assert row == ("north", "mcode", 1)


def test_order_of_files_and_lines_is_irrelevant(tmp_path: Path) -> None:
    forth = read_resources(tmp_path, THREE)
    back = read_resources(tmp_path, THREE[::-1])
    for table in ("patient", "primary_tumour", "lesion"):
        one, other = forth.one(table), back.one(table)
        del one["source_row"], other["source_row"]
        assert one == other


def test_a_map_is_refused(tmp_path: Path) -> None:
    options = SourceOptions(map=tmp_path / "map.yaml")
    with pytest.raises(DesignError, match="no map"):
        SOURCE.read([], Imported(), options)
