from __future__ import annotations

import io
import json
import shutil
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locoreg.web.settings import Limits, Settings
from locoreg.workflows.registry.storing import export, overview
from locoreg.workflows.uploads import registry_folders
from tests.web.conftest import Connect

# The same few each time: what is found once becomes an example above.
FEW = settings(
    max_examples=6, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LIST = """label,estimate,ci_low,ci_high,ci_level,measure,reference_arm,design,year
Alpha,0.80,0.60,1.07,95,HR,control,rct,2015
Beta,0.95,0.75,1.20,95,HR,control,rct,2018
Gamma,0.60,0.50,0.72,95,hr,Control,Cohort,2012
"""
FORM = {"outcome": "overall_survival", "measure": "HR", "level": "95"}


def send(client: TestClient, text: str | bytes = LIST, **form: str) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return client.post(
        "/upload/list", files={"studies": ("list.csv", raw)}, data=FORM | form,
        follow_redirects=False,
    )  # fmt: skip


def archive(files: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def folder_archive(folder: Path, inside: str = "") -> bytes:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return archive(
        {inside + path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    )


def send_tables(client: TestClient, raw: bytes, name: str = "tables.zip") -> Any:
    return client.post("/upload/tables", files={"tables": (name, raw)}, follow_redirects=False)


def send_registry(client: TestClient, raw: bytes, name: str = "ours") -> Any:
    return client.post(
        "/upload/registry", files={"registry": ("r.zip", raw)}, data={"name": name},
        follow_redirects=False,
    )  # fmt: skip


def alert(text: str) -> str:
    return text.partition('role="alert"')[2].partition("</div>")[0]


def refused(answer: Any) -> str:
    """Return the sentence of a refusal, which is one."""
    assert answer.status_code == 422, answer.status_code
    said = alert(answer.text)
    assert said.count("<li") == 1
    assert "Traceback" not in answer.text
    return said


@pytest.fixture(scope="module")
def exported(small_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "tables"
    export(small_registry, folder)
    return folder


def test_the_forms_are_there(client: TestClient) -> None:
    text = client.get("/uploads").text
    for name in ("studies", "outcome", "measure", "level", "tables", "registry", "name"):
        assert f'<label for="field-{name}">' in text
        assert f'id="field-{name}"' in text
    assert "data about patients" in text


def test_a_list_is_audited_and_pooled_as_the_command_line_does(
    client: TestClient, app_settings: Settings
) -> None:
    place = send(client).headers["location"]
    assert place.startswith("/uploads/studies?upload=")
    text = client.get(place).text
    assert text.count("<h1>") == 1
    assert "3 studies and 3 numbers can be used" in text
    assert 'id="design-rct"' in text
    assert 'id="design-observational"' in text
    found = client.get("/api/v1" + place).json()
    assert [one["pool"]["mu"]["natural"] for one in found["pools"]][1]["estimate"] == (
        pytest.approx(0.6)
    )

    from locoreg.workflows.evidence import open_tables, pool_question

    tables = app_settings.workspace / "uploads" / place.partition("upload=")[2] / "tables"
    pool = pool_question(open_tables([tables]), "uploaded", design="rct")
    assert found["pools"][0]["pool"]["mu"] == json.loads(json.dumps(pool.to_dict()["mu"]))
    value = repr(pool.meta.mu.natural[0])  # type: ignore[union-attr]
    assert f'value="{value}" data-key="upload/uploaded/overall_survival/rct"' in text


def test_the_same_list_has_the_same_address(client: TestClient) -> None:
    assert send(client).headers["location"] == send(client).headers["location"]
    other = send(client, level="90").headers["location"]
    assert other != send(client).headers["location"]


def test_figures_and_files_of_an_upload(client: TestClient) -> None:
    query = send(client).headers["location"].partition("?")[2]
    for form in ("svg", "png", "pdf", "csv", "json"):
        answer = client.get(f"/figure/upload-forest-rct.{form}?{query}")
        assert answer.status_code == 200
        assert answer.content
    svg = client.get(f"/figure/upload-forest-rct.svg?{query}").text
    assert "Alpha" in svg
    assert "Gamma" not in svg
    raw = client.get(f"/uploads/studies/tables.zip?{query}").content
    with zipfile.ZipFile(io.BytesIO(raw)) as made:
        assert "tables/claims.csv" in made.namelist()
    assert "rule,severity" in client.get(f"/uploads/studies/findings.csv?{query}").text


def test_every_row_that_is_left_out_is_named(client: TestClient) -> None:
    rows = LIST + (
        "Delta,0.9,0.7,1.1,95,OR,control,rct,2019\n"
        "Epsilon,nine,0.7,1.1,95,HR,control,rct,2019\n"
        "\n"
        "Zeta,0.9,1.1,0.7,95,HR,control,rct,2019\n"
        "Eta,0.9,0.7,1.1,0.95,HR,control,trial,2019\n"
    )
    text = client.get(send(client, rows).headers["location"]).text
    assert "it prints OR, and HR is pooled" in text
    assert "Row 6, column estimate: &#39;nine&#39; is not a number" in text
    assert "Row 8, column ci_low" in text
    assert "the limits are reversed" in text
    assert "Row 9, column design" in text
    assert "0.95 is a fraction; give percent, 95" in text
    assert "Rows left out" in text


def test_markup_and_formulas_stay_text(client: TestClient) -> None:
    rows = LIST.replace("Alpha", "<script>alert(1)</script>").replace("Beta", "=cmd()")
    place = send(client, rows).headers["location"]
    text = client.get(place).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    query = place.partition("?")[2]
    svg = client.get(f"/figure/upload-forest-rct.svg?{query}").text
    assert "<script>alert" not in svg
    numbers = client.get(f"/figure/upload-forest-rct.csv?{query}").text
    assert "\n=cmd()" not in numbers
    assert "=cmd()" in numbers
    raw = client.get(f"/uploads/studies/tables.zip?{query}").content
    with zipfile.ZipFile(io.BytesIO(raw)) as made:
        assert b",'=cmd()," in made.read("tables/studies.csv")


def test_a_list_with_semicolons_and_a_byte_order_mark(client: TestClient) -> None:
    raw = b"\xef\xbb\xbf" + LIST.replace(",", ";").encode()
    assert "3 studies" in client.get(send(client, raw).headers["location"]).text


HOSTILE = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n  \n", "is empty"),
    "header only": (LIST.partition("\n")[0].encode(), "has no rows"),
    "nul": (b"label,estimate\0\n", "NUL"),
    "latin": (LIST.replace("Alpha", "Ä").encode("latin-1"), "not UTF-8"),
    "utf-16": (LIST.encode("utf-16"), "not UTF-8"),
    "spreadsheet": (b"PK\x03\x04" + bytes(range(256)) * 20, "not UTF-8"),
    "unknown column": (LIST.replace("year", "jahr").encode(), "unknown column"),
    "twice": (LIST.replace("year", "label").encode(), "stands there twice"),
    "missing": (LIST.replace("measure,", "", 1).encode(), "are missing"),
    "a million columns": (b"," * 1_000_000 + b"\n", "columns"),
    "too many cells": (LIST.encode() + b"a,b,c,d,e,f,g,h,i,j\n", "cells and the header"),
    "open quote": (LIST.encode() + b'"abc', "not valid CSV"),
    "huge cell": (LIST.replace("Alpha", "A" * 300_000).encode(), "not valid CSV"),
    "many rows": ((LIST + "X,0.9,0.7,1.1,95,HR,control,rct,2019\n" * 2500).encode(), "more than"),
    "no usable row": (
        b"label,estimate,ci_low,ci_high,ci_level,measure,reference_arm,design\n"
        b"A,1e999,x,y,95,HR,control,rct\n",
        "no row of the tables can be used",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_list_is_refused_with_one_sentence(
    client: TestClient, app_settings: Settings, name: str
) -> None:
    raw, words = HOSTILE[name]
    said = refused(send(client, raw))
    assert words in said
    assert str(app_settings.workspace) not in said
    assert not list((app_settings.workspace / "uploads").iterdir())


@pytest.mark.parametrize(
    "form", [{"outcome": "x"}, {"measure": "XX"}, {"level": "5"}, {"level": "NaN"}]
)
def test_a_wrong_choice_is_refused(client: TestClient, form: dict[str, str]) -> None:
    assert send(client, **form).status_code == 422


def test_huge_numbers_do_not_break_a_pool(client: TestClient) -> None:
    rows = LIST + "Huge,1e11,1e-11,1e12,95,HR,control,rct,2019\n"
    rows += "Tiny,1e-12,1e-12,1e-12,95,HR,control,rct,1\n"
    answer = send(client, rows)
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        assert client.get(answer.headers["location"]).status_code == 200


def test_evidence_tables_as_an_archive_and_as_files(client: TestClient, tmp_path: Path) -> None:
    place = send(client).headers["location"]
    raw = client.get(f"/uploads/studies/tables.zip?{place.partition('?')[2]}").content
    assert send_tables(client, raw).headers["location"] == place
    with zipfile.ZipFile(io.BytesIO(raw)) as made:
        files = [("tables", (n.partition("/")[2], made.read(n))) for n in made.namelist()]
    answer = client.post("/upload/tables", files=files, follow_redirects=False)
    assert answer.headers["location"] == place
    answer = client.post("/upload/tables", files=[*files, files[0]], follow_redirects=False)
    assert "was given twice" in refused(answer)


def test_the_shipped_tables_can_be_uploaded(client: TestClient) -> None:
    from importlib.resources import files

    data = Path(str(files("locoreg.evidence") / "data"))
    names = ("questions", "outcomes", "studies", "references", "claims", "pools", "statements")
    raw = archive({f"{name}.csv": (data / f"{name}.csv").read_bytes() for name in names})
    place = send_tables(client, raw).headers["location"]
    text = client.get(place).text
    assert "field-question" in text
    assert client.get(place + "&question=sabr&outcome=progression_free_survival").status_code == 200
    assert client.get(place + "&question=nonsense").status_code == 422
    assert client.get(place + "&outcome=<script>").status_code == 422
    assert len(text) < 250_000


def bomb() -> bytes:
    return archive({"studies.csv": b"0" * 30_000_000, "claims.csv": b"x"})


def with_link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        info = zipfile.ZipInfo("studies.csv")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("studies.csv", "a")
        made.writestr("STUDIES.csv", "b")
    return buffer.getvalue()


def encrypted() -> bytes:
    raw = bytearray(archive({"studies.csv": "a"}))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(sign) + offset
        raw[at] |= 1
    return bytes(raw)


def lying() -> bytes:
    """An archive that states another size than its content has."""
    raw = bytearray(archive({"studies.csv": b"label\n" * 1000, "claims.csv": b"x"}))
    at = raw.find(b"PK\x01\x02") + 24
    raw[at : at + 4] = struct.pack("<L", 10)
    return bytes(raw)


ARCHIVES = {
    "not one": (b"studies", "no ZIP archive"),
    "empty file": (b"", "no ZIP archive"),
    "empty archive": (archive({}), "is empty"),
    "cut": (archive({"studies.csv": LIST})[:-30], "no ZIP archive"),
    "bomb": (bomb(), "packed so densely"),
    "traversal": (archive({"../studies.csv": "a"}), "outside itself"),
    "deep traversal": (archive({"a/../../studies.csv": "a"}), "outside itself"),
    "backslash": (archive({"..\\studies.csv": "a"}), "outside itself"),
    "absolute": (archive({"/etc/studies.csv": "a"}), "outside itself"),
    "drive": (archive({"C:studies.csv": "a"}), "outside itself"),
    "link": (with_link(), "a link"),
    "twice": (twice(), "twice"),
    "nested": (archive({"studies.csv": "a", "inner.zip": archive({"a": "b"})}), "not one of"),
    "other name": (archive({"studies.csv": "a", "evil.py": "b"}), "not one of"),
    "control": (archive({"studies\n.csv": "a"}), "impossible name"),
    "long name": (archive({"a" * 300 + ".csv": "a"}), "impossible name"),
    "many": (archive({f"{i}.csv": "" for i in range(1500)}), "more than 1,000"),
    "very many": (archive({f"{i}.csv": "" for i in range(30_000)}), "more than 1,000"),
    "encrypted": (encrypted(), "encrypted"),
    "lying": (lying(), "is damaged"),
    "no tables": (archive({"references.csv": "reference_id,title\na,b\n"}), "is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("where", ["tables", "registry"])
def test_a_hostile_archive_is_refused_with_one_sentence(
    client: TestClient, app_settings: Settings, name: str, where: str
) -> None:
    raw, words = ARCHIVES[name]
    answer = (send_tables if where == "tables" else send_registry)(client, raw)
    said = refused(answer)
    if where == "tables":
        assert words in said
    assert str(app_settings.workspace) not in said
    kept = app_settings.workspace / ("uploads" if where == "tables" else "registries")
    assert not list(kept.iterdir())
    assert not (app_settings.workspace.parent / "studies.csv").exists()


def test_an_archive_may_not_hold_more_than_allowed(tmp_path: Path, connect: Connect) -> None:
    limits = Limits(unpacked_bytes=2_000, upload_bytes=20_000)
    client = connect(Settings(workspace=tmp_path / "w", limits=limits))
    said = refused(send_tables(client, archive({"studies.csv": "a,b\n" * 1000})))
    assert "larger than 0.002 MB" in said
    assert send_tables(client, b"x" * 30_000).status_code == 413
    assert send(client, b"x" * 30_000).status_code == 413


@FEW
@given(raw=st.one_of(st.binary(max_size=400), st.text(max_size=300).map(lambda t: t.encode())))
def test_any_bytes_get_an_answer(client: TestClient, raw: bytes) -> None:
    for answer in (send(client, raw), send_tables(client, raw), send_registry(client, raw)):
        assert answer.status_code in (303, 422)


CELL = st.one_of(
    st.sampled_from(["0.8", "1e12", "-1", "", "NR", "HR", "rct", "control", "95", "=1+1", "<b>"]),
    st.text(
        alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12
    ),
)  # fmt: skip


@FEW
@given(rows=st.lists(st.lists(CELL, min_size=9, max_size=9), min_size=1, max_size=4))
def test_any_cells_get_an_answer(client: TestClient, rows: list[list[str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    answer = send(client, LIST + "\n".join(quoted))
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        assert client.get(answer.headers["location"]).status_code == 200


@FEW
@given(data=st.data())
def test_a_damaged_registry_gets_an_answer(
    client: TestClient, exported: Path, data: st.DataObject
) -> None:
    raw = bytearray(folder_archive(exported))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    answer = send_registry(client, bytes(raw))
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        client.post("/uploads/registries/delete", data={"name": "ours"})


def test_broken_forms_get_an_answer(client: TestClient) -> None:
    for path in ("/upload/list", "/upload/tables", "/upload/registry"):
        assert client.post(path).status_code == 422
        assert client.post(path, data={"studies": "text", "tables": "text"}).status_code == 422
        headers = {"content-type": "multipart/form-data; boundary=x"}
        assert client.post(path, content=b"--y\r\nnonsense", headers=headers).status_code < 500
        headers = {"content-type": "multipart/form-data"}
        assert client.post(path, content=b"--y", headers=headers).status_code < 500


@pytest.mark.parametrize("query", ["", "upload=x", "upload=../../etc", "upload=" + "0" * 64])
def test_an_upload_that_is_not_there(client: TestClient, query: str) -> None:
    expected = 404 if query.endswith("0" * 64) else 422
    for place in ("/uploads/studies", "/uploads/studies/tables.zip", "/api/v1/uploads/studies"):
        assert client.get(f"{place}?{query}").status_code == expected


def test_uploaded_studies_are_deleted(client: TestClient, app_settings: Settings) -> None:
    place = send(client).headers["location"]
    digest = place.partition("upload=")[2]
    assert digest[:12] in client.get("/uploads").text
    client.post("/uploads/studies/delete", data={"upload": digest})
    assert client.get(place).status_code == 404
    assert not list((app_settings.workspace / "uploads").iterdir())


def test_uploaded_tables_can_be_named_in_a_study(client: TestClient) -> None:
    digest = send(client).headers["location"].partition("upload=")[2]
    study = (
        "title: Ours\nsearch_date: '2026-01-01'\nevidence:\n"
        f"  tables: ['{digest}']\n  questions:\n    - {{question: uploaded, "
        "outcomes: [overall_survival], designs: [rct], method: REML, interval: normal, level: 95}\n"
    )
    answer = client.post("/jobs/study", data={"study": study}, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize("inside", ["", "small/"])
def test_the_folder_of_a_registry_is_taken_in(
    client: TestClient, app_settings: Settings, small_registry: Path, inside: str
) -> None:
    answer = send_registry(client, folder_archive(small_registry, inside))
    assert answer.status_code == 303, alert(answer.text)
    folder = app_settings.workspace / "registries" / "ours"
    assert overview(folder, verify=True).rows == overview(small_registry).rows
    for path in (folder.parent, folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0
    assert not (folder / "truth").exists()
    known = registry_folders(app_settings.workspace, app_settings.registries)
    assert list(known) == [small_registry.name, "ours"]
    assert "Delete for good" in client.get("/uploads").text
    trail = (app_settings.workspace / "audit.jsonl").read_text()
    assert "ours" not in trail
    client.post("/uploads/registries/delete", data={"name": "ours"})
    assert not folder.exists()
    assert not list(folder.parent.iterdir())


def test_exported_tables_are_taken_in_with_the_same_rows(
    client: TestClient, app_settings: Settings, small_registry: Path, exported: Path
) -> None:
    from locoreg.registry.store import read_registry

    answer = send_registry(client, folder_archive(exported))
    assert answer.status_code == 303, alert(answer.text)
    folder = app_settings.workspace / "registries" / "ours"
    before, after = read_registry(small_registry), read_registry(folder)
    assert after.synthetic
    for name, rows in before.rows().items():
        made = ["import_id", "source_system"]
        assert after.rows()[name] == rows
        old, new = before.table(name), after.table(name)
        assert old.drop_columns(made).equals(new.drop_columns(made)), name


def changed(exported: Path, tmp_path: Path, table: str, old: str, new: str) -> bytes:
    folder = tmp_path / "changed"
    shutil.copytree(exported, folder)
    path = folder / f"SYNTHETIC-{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder_archive(folder)


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("patient", "female", "fem<b>ale", "row 2: sex holds a code"),
        ("patient", "patient_id", "patient", "unknown column"),
        ("patient", ",female", "", "not valid CSV"),
        ("primary_tumour", "-01-", "-77-", "holds what is no"),
    ],
)
def test_a_faulty_table_is_refused_with_its_place_and_nothing_of_a_patient(
    client: TestClient, exported: Path, tmp_path: Path, table: str, old: str, new: str, words: str
) -> None:
    said = refused(send_registry(client, changed(exported, tmp_path, table, old, new)))
    assert words in said
    assert f"{table}.csv" in said
    first = (exported / "SYNTHETIC-patient.csv").read_text().splitlines()[1].partition(",")[0]
    assert first not in said


def test_a_manifest_may_not_lead_elsewhere(
    client: TestClient, small_registry: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(small_registry, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    stored = manifest["batches"][0]["tables"]["patient"][0]
    stored["path"] = str(small_registry / stored["path"])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    said = refused(send_registry(client, folder_archive(folder)))
    assert "names a file that is none of its tables" in said


def test_a_changed_file_of_a_registry_is_noticed(
    client: TestClient, small_registry: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(small_registry, folder)
    (victim,) = (folder / "tables" / "patient").glob("*.parquet")
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    assert "not as it was written" in refused(send_registry(client, folder_archive(folder)))


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "small", "-a", "x" * 41, "<b>"])
def test_names_of_registries(
    client: TestClient, small_registry: Path, exported: Path, name: str
) -> None:
    raw = folder_archive(exported)
    answer = send_registry(client, raw, small_registry.name if name == "small" else name)
    assert answer.status_code == 422


def test_a_registry_given_at_the_start_can_t_be_deleted(
    client: TestClient, small_registry: Path
) -> None:
    answer = client.post("/uploads/registries/delete", data={"name": small_registry.name})
    assert answer.status_code == 404
    assert (small_registry / "manifest.json").is_file()
    answer = client.post("/uploads/registries/delete", data={"name": "../jobs"})
    assert answer.status_code == 404
