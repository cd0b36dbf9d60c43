"""A table of one's own: the same numbers as the workflow, errors at their fields, nothing kept."""

from __future__ import annotations

import inspect
import io
import json
import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from locoreg.cli.main import main
from locoreg.core.jsontext import dumps
from locoreg.web.app import create_app
from locoreg.web.meta.form import ANSWER, FOLDED, LABELS
from locoreg.web.meta.question import FIELDS, MOST_ROWS, MetaQuestion
from locoreg.web.settings import Settings
from locoreg.workflows.meta import MetaReport, meta_table
from locoreg.workflows.meta.giventable import file_name

LIMIT = 250_000
VALUES = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')
# Colditz 1994, JAMA 271:698-702: cases and people, vaccinated and not.
BCG = """author,year,ai,n1i,ci,n2i,ablat,alloc
Aronson,1948,4,123,11,139,44,random
Ferguson & Simes,1949,6,306,29,303,55,random
Rosenthal et al,1960,3,231,11,220,42,random
Hart & Sutherland,1977,62,13598,248,12867,52,random
Frimodt-Moller et al,1973,33,5069,47,5808,13,alternate
Stein & Aronson,1953,180,1541,372,1451,44,alternate
Vandiviere et al,1973,8,2545,10,629,19,random
TPT Madras,1980,505,88391,499,88391,13,random
Coetzee & Berjak,1968,29,7499,45,7277,27,random
Rosenthal et al,1961,17,1716,65,1665,42,systematic
Comstock et al,1974,186,50634,141,27338,18,systematic
Comstock & Webster,1969,5,2498,3,2341,33,systematic
Comstock et al,1976,27,16913,29,17854,33,systematic
"""
PLAIN = {"measure": "RR", "method": "REML", "interval": "normal", "level": "95"}
WHOLE = PLAIN | {
    "by": "alloc", "subgroup_tau2": "separate", "mods": "ablat, alloc", "permute": "99",
    "references": "alloc=random", "seed": "1", "cluster": "author", "robust": "CR2",
    "leave_one_out": "yes", "order": "year", "influence": "yes", "baujat": "yes",
    "small_study": "yes", "alpha": "0.1", "steps": "0.025", "alternative": "less",
    "mantel_haenszel": "yes", "tau_prior": "half-normal(0.5)",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(Settings(workspace=tmp_path_factory.mktemp("meta") / "workspace"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> MetaReport:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(BCG)
    return meta_table(
        path, measure="RR", method="REML", interval="normal", level=95, by="alloc",
        subgroup_tau2="separate", mods=["ablat", "alloc"], references={"alloc": "random"},
        permute=99, seed=1, cluster="author", robust="CR2", leave_one_out=True, order="year",
        influence=True, baujat=True, small_study=True, alpha=0.1, steps=[0.025],
        alternative="less", mantel_haenszel=True, tau_prior="half-normal(0.5)",
    )  # fmt: skip


@pytest.fixture(scope="module")
def answered(client: TestClient) -> str:
    page = client.post("/meta", data={"table": BCG, **WHOLE})
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    assert len(page.content) < LIMIT
    return page.text


def faults(page: Any) -> dict[str, str]:
    """Fields and faults of the alert, links to the fields checked."""
    assert page.status_code == 422, page.text
    alert = re.search(r'role="alert".*?</div>', page.text, re.DOTALL)
    assert alert is not None
    found = dict(re.findall(r'<a href="#field-([^"]+)">[^<]*</a>: ([^<]*)</li>', alert[0]))
    for name in found:
        tag = re.search(rf'<(?:input|select|textarea)[^>]*id="field-{name}"[^>]*>', page.text)
        assert tag is not None
        assert 'aria-invalid="true"' in tag[0]
    return found


def test_the_empty_form_states_nothing_by_itself(client: TestClient) -> None:
    page = client.get("/meta")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert re.findall(r"<(?:option|input)[^>]* (?:selected|checked)>", page.text) == []
    assert page.text.count("<h1") == 1
    for name in LABELS:
        assert page.text.count(f'id="field-{name}"') == 1
    assert set(LABELS) == (set(FIELDS) - {"file"}) | {"upload"}
    assert not re.search(r"\sstyle=|<script>|<style", page.text)


def test_what_defines_the_answer_must_be_given(client: TestClient) -> None:
    found = faults(client.post("/meta", data={"table": "", "measure": ""}))
    assert set(found) == {"table", *(one.name for one in ANSWER.fields)}
    assert "no default" in found["level"]


def test_every_part_has_the_numbers_of_the_workflow(answered: str, whole: MetaReport) -> None:
    numbers = {key: float(value) for value, key, _ in VALUES.findall(answered)}
    assert numbers["meta/pool"] == whole.pooled.natural[0]
    assert whole.subgroups is not None
    assert whole.regression is not None
    for key, rows in (
        ("subgroups/groups", whole.subgroups.rows),
        ("leave_one_out", whole.leave_one_out),
        ("cumulative", whole.cumulative),
    ):
        for i, row in enumerate(rows):
            assert numbers[f"meta/{key}/{i}"] == row.natural[0]
    for i, b in enumerate(whole.regression.fit.b):
        assert numbers[f"meta/regression/coefficients/{i}/b"] == b
    for anchor in (
        "pooled", "effects", "subgroups", "moderators", "clusters", "counts", "leave-one-out",
        "cumulative", "influence", "small-study", "bayesian",
    ):  # fmt: skip
        assert f'<section class="lr-section lr-depth-2" id="{anchor}"' in answered
    assert "0.49 (0.34 to 0.70)" in answered


def test_figures_are_on_the_page_with_ids_of_their_own(answered: str) -> None:
    assert answered.count("<svg") == 5
    ids = re.findall(r'\sid="([^"]+)"', answered)
    assert sorted(one for one in set(ids) if ids.count(one) > 1) == []


def test_the_form_keeps_what_was_given(answered: str) -> None:
    assert "Frimodt-Moller et al,1973" in answered
    assert '<option value="RR" selected>' in answered
    assert re.search(r'name="peto" type="checkbox" value="yes">', answered)
    assert re.search(r'name="baujat" type="checkbox" value="yes" checked>', answered)
    assert answered.count('<details class="lr-group" open>') == 5
    assert len(FOLDED) == 7


def test_the_command_and_the_python_lines_give_the_same(
    answered: str,
    whole: MetaReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, python = re.findall(
        r'aria-label="(?:Command|Python)"><code>(.*?)</code>', answered, re.DOTALL
    )
    (tmp_path / "table.csv").write_text(BCG)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command.replace("&#39;", "'"))
    assert words[:3] == ["locoreg", "meta", "table.csv"]
    with pytest.raises(SystemExit) as left:
        main([*words[1:], "--json"])
    assert left.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pool"]["natural"]["estimate"] == whole.pooled.natural[0]
    assert found["provenance"]["input_sha256"] == whole.provenance.input_sha256
    assert found["provenance"]["input_sha256"] in answered
    space: dict[str, Any] = {}
    lines = python.replace("&#39;", "'").replace("&#34;", '"').replace("&gt;", ">")
    exec(lines.replace("print(", "str("), space)
    assert dumps(space["report"].to_dict()["regression"]) == dumps(whole.to_dict()["regression"])


def test_the_json_twin_is_the_report(client: TestClient, whole: MetaReport) -> None:
    body = {
        "table": BCG, "measure": "RR", "method": "REML", "interval": "normal", "level": 95,
        "by": "alloc", "subgroup_tau2": "separate", "leave_one_out": True, "order": "year",
    }  # fmt: skip
    answer = client.post("/api/v1/meta", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["pool"]["mu"] == whole.to_dict()["pool"]["mu"]
    assert [row["natural"]["estimate"] for row in found["leave_one_out"]] == [
        row.natural[0] for row in whole.leave_one_out
    ]
    assert found["small_study"] is None


def test_the_json_twin_names_the_field(client: TestClient) -> None:
    body = {"table": BCG, "measure": "RR", "method": "REML", "interval": "normal", "level": 95}
    for change, field in (
        ({"level": 0.95}, "level"),
        ({"measure": "RRR"}, "measure"),
        ({"small_study": True}, "small_study"),
        ({"by": "alloc"}, "by"),
        ({"table": "ai\n1\n"}, "table"),
        ({"rho": 2, "cluster": "alloc"}, "rho"),
    ):
        answer = client.post("/api/v1/meta", json=body | change)
        assert answer.status_code == 422, change
        fault = answer.json()["error"]["faults"][0]
        assert fault["field"] == field, fault
        assert "--" not in fault["message"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"level": "0.95"}, "level", "percent"),
        ({"level": "95,5"}, "level", "decimal point"),
        ({"measure": "ODDS"}, "measure", "measure"),
        ({"method": "RML"}, "method", "REML"),
        ({"interval": "z5"}, "interval", "normal"),
        ({"alpha": "0.1"}, "alpha", "“Tests and adjustments"),
        ({"columns": "ai"}, "columns", "name=value"),
        ({"columns": "ai=tpos"}, "table", "tpos"),
        ({"seed": "1"}, "seed", "permutations"),
        ({"permute": "1000"}, "permute", "“Seed of the permutations”"),
        ({"permute": "1e9", "seed": "1"}, "permute", "whole number"),
        ({"permute": "1000000", "seed": "1"}, "permute", "10000"),
        ({"references": "alloc=random"}, "mods", "moderator"),
        ({"tau_prior": "half-norml(0.5)"}, "tau_prior", "half-normal"),
        ({"within": "alloc"}, "within", "“Column of clusters”"),
        ({"table": BCG.replace("4,123", "x,123")}, "table", "row 2, column ai"),
        ({"table": BCG.replace("4,123", "400,123")}, "table", "row 2"),
        ({"table": BCG.replace("4,123", "-4,123")}, "table", "row 2"),
        ({"table": "\ufeff\n"}, "table", ""),
        ({"table": "ai,n1i\n"}, "table", "no rows"),
    ],
)
def test_a_fault_is_told_at_its_field(
    client: TestClient, change: dict[str, str], field: str, words: str
) -> None:
    found = faults(client.post("/meta", data={"table": BCG, **PLAIN, **change}))
    assert field in found, found
    assert words in found[field].replace("&#39;", "'")
    assert "--" not in found[field]


def test_a_field_that_the_form_has_not_is_refused(client: TestClient) -> None:
    page = client.post("/meta", data={"table": BCG, **PLAIN, "<b>x</b>": "1"})
    assert page.status_code == 422
    assert "no such field" in page.text
    assert "<b>x</b>" not in page.text


def test_a_file_takes_the_place_of_the_text(client: TestClient) -> None:
    files = {"upload": ("../../my trials.csv", BCG.encode(), "text/csv")}
    page = client.post("/meta", data={"table": "nonsense", **PLAIN}, files=files)
    assert page.status_code == 200, page.text
    assert "Frimodt-Moller et al,1973" in page.text
    assert "nonsense" not in page.text
    assert "locoreg meta &#39;my trials.csv&#39;" in page.text
    for content, words in ((b"", "empty"), ("ü,1".encode("latin-1"), "UTF-8")):
        found = faults(client.post("/meta", data=PLAIN, files={"upload": ("a.csv", content)}))
        assert words in found["upload"]


def test_semicolons_decimal_commas_and_a_byte_order_mark(client: TestClient) -> None:
    table = "\ufeffstudy;yi;vi\r\nÄ;0,1;0,04\r\nB;-0,2;0,09\r\nC;NA;0,1\r\n"
    page = client.post("/meta", data={"table": table, **PLAIN, "measure": "GEN"})
    assert page.status_code == 200, page.text
    assert "0.01 (−0.32 to 0.33)" in page.text
    assert "no number in yi" in page.text
    assert "1 row left out" in page.text


def test_labels_are_text(client: TestClient) -> None:
    table = BCG.replace("TPT Madras", "<script>alert(1)</script>")
    page = client.post("/meta", data={"table": table, **PLAIN, "leave_one_out": "yes"})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_one_study_is_its_own_answer(client: TestClient) -> None:
    table = "\n".join(BCG.splitlines()[:2]) + "\n"
    page = client.post("/meta", data={"table": table, **PLAIN})
    assert page.status_code == 200, page.text
    assert "nothing is pooled" in page.text


def test_a_long_table_stays_a_small_page(client: TestClient) -> None:
    rows = [f"Study {i},{2 + i % 7},{100 + i % 50},{3 + i % 5},{110 + i % 40}" for i in range(400)]
    table = "\n".join(["study,ai,n1i,ci,n2i", *rows])
    page = client.post("/meta", data={"table": table, **PLAIN})
    assert page.status_code == 200, page.text[-900:]
    assert len(page.content) < LIMIT
    assert "The first 100 of 400" in page.text
    assert "not drawn" in page.text
    longer = "\n".join(["study,yi,vi", *["a,1,1"] * (MOST_ROWS + 1)])
    found = faults(client.post("/meta", data={"table": longer, **PLAIN}))
    assert "1,001 rows" in found["table"]
    answer = client.post("/meta", data={"table": "x" * 1_100_000, **PLAIN})
    assert answer.status_code == 413


def test_the_files_hold_everything(client: TestClient, whole: MetaReport) -> None:
    answer = client.post("/meta/files", data={"table": BCG, **WHOLE})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    names = {name.removeprefix("meta/") for name in packed.namelist()}
    assert {
        "results.json", "studies.csv", "pool.csv", "forest.svg", "funnel.svg", "baujat.svg",
        "leave_one_out.svg", "cumulative.svg", "command.txt", "table.csv",
    } <= names  # fmt: skip
    found = json.loads(packed.read("meta/results.json"))
    assert found["pool"]["natural"]["estimate"] == whole.pooled.natural[0]
    assert packed.read("meta/table.csv").decode() == BCG
    wrong = client.post("/meta/files", data={"table": BCG, **PLAIN, "level": "0.95"})
    assert set(faults(wrong)) == {"level"}
    assert client.get("/meta/files").status_code == 405


def test_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    app = create_app(Settings(workspace=tmp_path / "workspace"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for path in ("/meta", "/meta/files"):
            assert client.post(path, data={"table": BCG, **PLAIN}).status_code == 200
            assert client.post(path, data={"table": "ai\n", **PLAIN}).status_code == 422
    assert list(place.iterdir()) == []
    assert [one for one in (tmp_path / "workspace").rglob("*") if one.is_file()] == []


def test_an_upload_fills_the_form(tmp_path: Path) -> None:
    head = "label,estimate,ci_low,ci_high,ci_level,measure,reference_arm,design"
    rows = ["A,0.8,0.6,1.07,95,HR,control,rct", "B,0.7,0.5,0.98,95,HR,control,rct"]
    studies = ("list.csv", "\n".join([head, *rows]).encode())
    data = {"outcome": "overall_survival", "measure": "HR", "level": "95"}
    app = create_app(Settings(workspace=tmp_path / "workspace"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.post("/upload/list", data=data, files={"studies": studies})
        (link,) = re.findall(r'href="(/meta\?upload=[0-9a-f]{64})"', client.get("/meta").text)
        page = client.get(link)
        assert page.status_code == 200, page.text
        assert '<option value="HR" selected>' in page.text
        table = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
        assert table is not None
        lines = table[1].strip().splitlines()
        assert lines[0] == "study,year,yi,sei"
        assert [line.split(",")[0] for line in lines[1:]] == ["A", "B"]
        assert float(lines[1].split(",")[2]) == pytest.approx(-0.22314355131420976, abs=1e-12)
        assert client.get(link + "&design=observational").status_code == 422
        assert client.get("/meta?upload=" + "0" * 64).status_code == 404


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("", "table.csv"), ("a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("..", "table.csv"),
        ("C:\\x\\my table.csv", "my table.csv"), ("ä<b>.csv", "__b_.csv"), ("\0.csv", "_.csv"),
        ("x" * 300 + ".csv", "x" * 56 + ".csv"),
    ],
)  # fmt: skip
def test_names_of_files_are_safe(given: str, name: str) -> None:
    assert file_name(given) == name


def test_the_question_has_every_option_of_the_workflow() -> None:
    options = set(inspect.signature(meta_table).parameters) - {"path", "continuity"}
    assert options | {"table", "file", "no_continuity"} == set(MetaQuestion.model_fields)
