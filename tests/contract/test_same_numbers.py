"""The command line, the report, the web page and the API show the same numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from locoreg.cli.main import main
from locoreg.web.app import create_app
from locoreg.web.settings import Settings
from locoreg.workflows.compare.headlines import headlines
from tests.report.study.conftest import Study
from tests.workflows.emulation import persons

MARKED = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')
POOL = "evidence/primary-surgery/overall_survival/rct"
CONTRASTS = ("survival_difference", "rmst_difference", "hazard_ratio")


def marked(html: str) -> dict[str, set[float]]:
    """Return the numbers of a page by their key."""
    found: dict[str, set[float]] = {}
    for value, key, _ in MARKED.findall(html):
        if value:
            found.setdefault(key, set()).add(float(value))
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Study(tmp_path_factory.mktemp("same"))
    persons.write_table(made.folder / "persons.csv", persons.rows(400, 5))
    made.protocol("one")
    made.plan["emulation"] = made.plan["emulation"][:1]
    made.plan["evidence"]["tables"] = ["shipped"]
    made.plan["evidence"]["questions"][0] |= {"method": "REML", "interval": "hartung-knapp"}
    made.write()
    with pytest.raises(SystemExit) as left:
        main(["run", str(made.file), "--out", str(made.out), "--progress", "none"])
    assert left.value.code == 0
    return made.out


@pytest.fixture(scope="module")
def told(run: Path) -> dict[str, Any]:
    """What `--json` of the command prints: results.json, which a test of the command holds."""
    found = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def client(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(
        workspace=tmp_path_factory.mktemp("workspace"),
        runs=(run,),
        registries=(run / "steps/registry/registry",),
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


def text(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def test_a_pool(run: Path, told: dict[str, Any], client: TestClient) -> None:
    number = told["questions"][0]["pools"][0]["pool"]["mu"]["natural"]["estimate"]
    report = marked((run / "report.html").read_text(encoding="utf-8"))
    assert report[POOL] == {number}
    assert marked(text(client, "/evidence"))[POOL] == {number}
    assert marked(text(client, "/runs/out"))[POOL] == {number}
    query = "question=primary-surgery&outcome=overall_survival&design=rct"
    api = json.dumps(client.get(f"/api/v1/evidence/pool?{query}").json())
    assert repr(number) in api
    assert client.get("/api/v1/runs/out").json()["results"] == told


@pytest.mark.parametrize("measure", CONTRASTS)
def test_an_emulation(run: Path, told: dict[str, Any], client: TestClient, measure: str) -> None:
    found = told["emulation"][0]["results"]
    contrasts = [c for c in found["primary"]["contrasts"] if c["measure"] == measure]
    report = marked((run / "report.html").read_text(encoding="utf-8"))
    page = marked(text(client, "/emulation/out/one?step=estimates&show=anyway"))
    api = client.get("/api/v1/emulations/out/one").json()
    for one in contrasts:
        key = f"emulation/one/{measure}@{one['at_months']:g}"
        number = (one.get("natural") or one)["estimate"]
        assert page[key] == {number}
        assert report.get(key, {number}) == {number}
        assert repr(one["estimate"]) in json.dumps(api)
    assert any(key.startswith(f"emulation/one/{measure}@") for key in report)


def test_the_registry(run: Path, told: dict[str, Any], client: TestClient) -> None:
    numbers = {key: one.exact[0] for key, one in headlines(told).items()}
    report = marked((run / "report.html").read_text(encoding="utf-8"))
    shown = {k: v for k, v in numbers.items() if k.startswith("registry/survival/")}
    assert shown.keys() & report.keys()
    for key in shown.keys() & report.keys():
        assert report[key] == {shown[key]}
    # The page names its numbers by their place in the description.
    page = marked(text(client, "/cohort"))
    steps = [key for key in numbers if key.startswith("registry/flow/")]
    assert steps
    for key in steps:
        assert page[f"{key}/remaining"] == {float(str(numbers[key]).replace(",", ""))}
    survival = [v for k, v in page.items() if k.startswith("registry/survival/0/at/")]
    assert {shown["registry/survival/Overall/at/24"]} in survival


def test_what_the_command_prints(
    run: Path, told: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    study = run.parent / "study.yaml"
    with pytest.raises(SystemExit):
        main(["run", str(study), "--out", str(run), "--progress", "none"])
    printed = capsys.readouterr().out
    assert told["questions"][0]["pools"][0]["answer"] in printed
    for question in told["conclusion"]["questions"]:
        for item in question["items"]:
            if item["topic"] == "emulated":
                assert all(sentence["text"] in printed for sentence in item["sentences"])
