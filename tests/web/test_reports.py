from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from locoreg.web.jobs import find
from locoreg.web.jobs.store import JobStore
from locoreg.web.settings import Limits, Settings
from tests.web.conftest import Connect
from tests.web.stored import comparable, write_run

STUDY = """title: Two <b>questions</b>
search_date: "2026-06-30"
evidence:
  tables: [shipped]
  questions:
    - {question: sabr, outcomes: [overall_survival], designs: [rct], method: REML, interval: hartung-knapp, level: 95}
"""  # noqa: E501
REPORT = {
    "questions": ["sabr"], "method": "REML", "interval": "hartung-knapp", "level": "95",
    "search_date": "2026-06-30",
}  # fmt: skip


def start(client: TestClient, study: str = STUDY) -> str:
    answer = client.post("/jobs/study", data={"study": study}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def alert(text: str) -> str:
    return text.partition('role="alert"')[2].partition("</div>")[0]


def test_the_page_says_how_to_begin_where_nothing_is_there(empty_client: TestClient) -> None:
    text = empty_client.get("/jobs").text
    assert "There is no finished run yet" in text
    assert "No job was started yet" in text
    assert text.count("<h1>") == 1


def test_a_run_is_listed_with_its_files(client: TestClient, small_run: Path) -> None:
    text = client.get("/jobs").text
    assert "A small study" in text
    assert f"/runs/{small_run.name}/run.zip" in text
    assert "synthetic patients" in text


def test_a_study_waits_as_a_job_and_its_page_says_so(client: TestClient) -> None:
    place = start(client)
    text = client.get(place).text
    assert "Waiting; it is the next." in text
    assert "<progress" in text
    assert '<label for="job-progress">' in text
    assert 'http-equiv="refresh"' in text
    assert "/cancel" in text
    assert "Two &lt;b&gt;questions&lt;/b&gt;" in text
    assert "<b>" not in text
    assert place.rpartition("/")[2] in client.get("/jobs").text
    assert client.get(place + "/study.yaml").text == STUDY


def test_the_same_study_is_joined(client: TestClient) -> None:
    assert start(client) == start(client)
    assert start(client, STUDY.replace("level: 95", "level: 90")) != start(client)


def test_a_job_is_cancelled_and_started_again(client: TestClient) -> None:
    place = start(client)
    client.post(place + "/cancel")
    text = client.get(place).text
    assert "Cancelled." in text
    assert "Start it again" in text
    assert "<progress" not in text
    again = client.post(place + "/again", follow_redirects=False)
    assert again.headers["location"] != place
    assert "Waiting" in client.get(again.headers["location"]).text


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ("title: [", "not valid YAML"),
        ("just text", "no mapping"),
        ("evidence: {}", "has no title"),
        ("title: x", "no part to run"),
        ("title: x\nfoo: 1", "foo: unknown key"),
        ("title: !!python/object:os.system x", "not valid YAML"),
        ("title: x\nregistry: {folder: /etc}", "there is no registry"),
        ("title: x\nregistry: {folder: ../../..}", "there is no registry"),
        ("title: x\nregistry: {folder: [1]}", "there is no registry"),
        (STUDY.replace("shipped", "/etc"), "there are no tables"),
        (STUDY.replace("shipped", "nonsense"), "there are no tables"),
        ("title: x\nregistry: {simulate: {patients: 99999999, seed: 1, scenario: a}}", "at most"),
        ("title: x\nemulation: [{name: a, protocol: /etc/passwd, analyses: all}]", "no protocol"),
        (
            "title: x\nselection: [{name: a, protocol: select-primary-surgery, table: t.csv, "
            "sensitivity: false}]",
            "by the command line only",
        ),
        ("title: x\nwhen: 2026-13-45", "a value in it"),
        ("&a [*a]", "no mapping"),
        ("title: x\nregistry: &a {folder: small, describe: *a}", "describe"),
        ("[" * 5000, "not valid YAML"),
        ("\x00", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_study_that_can_t_be_run_is_refused_with_one_sentence(
    client: TestClient, app_settings: Settings, study: str, words: str
) -> None:
    answer = client.post("/jobs/study", data={"study": study})
    assert answer.status_code == 422
    assert words in alert(answer.text)
    # What was written is still there.
    assert "<textarea" in answer.text
    assert not list((app_settings.workspace / "jobs").glob("*"))


def test_small_counts_can_t_be_asked_for(client: TestClient, small_registry: Path) -> None:
    study = (
        f"title: x\nregistry:\n  folder: {small_registry.name}\n"
        "  describe: {time_zero: entry, level: 95}\n"
    )
    answer = client.post("/jobs/study", data={"study": study + "small_cells: 0"})
    assert "counts of 1 to 10 patients are hidden" in alert(answer.text)
    start(client, study)


def test_a_server_with_another_limit_writes_it_into_the_study(
    tmp_path: Path, connect: Connect, small_registry: Path
) -> None:
    settings = Settings(
        workspace=tmp_path / "w", registries=(small_registry,), limits=Limits(small_cells=20)
    )
    client = connect(settings)
    place = start(client, f"title: x\nregistry: {{folder: {small_registry.name}}}\n")
    assert "small_cells: 20" in client.get(place + "/study.yaml").text


def test_the_study_file_of_a_job_can_be_read_where_it_lies(
    client: TestClient, app_settings: Settings, small_registry: Path
) -> None:
    from locoreg.workflows.study.read import read_study
    from locoreg.workflows.study.steps import plan_steps

    place = start(client, f"title: x\nregistry: {{folder: {small_registry.name}}}\n")
    folder = app_settings.workspace / "jobs" / place.rpartition("/")[2]
    assert folder.stat().st_mode & 0o077 == 0
    plan, _ = read_study(folder / "study.yaml")
    (step,) = plan_steps(plan, folder / "study.yaml")
    assert step.name == "registry"


def test_an_evidence_report_is_a_study(client: TestClient) -> None:
    answer = client.post("/jobs/report", data=REPORT, follow_redirects=False)
    text = client.get(answer.headers["location"] + "/study.yaml").text
    assert "question: sabr" in text
    assert "level: 95.0" in text
    bad = client.post("/jobs/report", data=REPORT | {"questions": "<script>"})
    assert bad.status_code == 422
    assert "&lt;script&gt;" in bad.text
    assert "<script>" not in bad.text.partition("</head>")[2]
    assert client.post("/jobs/report", data=REPORT | {"level": "9"}).status_code == 422
    assert client.post("/jobs/report", data={}).status_code == 422
    assert client.post("/jobs/report", data=REPORT | {"more": "1"}).status_code == 422


def test_too_many_jobs_are_refused(tmp_path: Path, connect: Connect) -> None:
    client = connect(Settings(workspace=tmp_path / "w", limits=Limits(jobs_waiting=1)))
    start(client)
    other = client.post("/jobs/study", data={"study": STUDY.replace("Two", "Three")})
    assert other.status_code == 429
    assert "1 jobs are waiting" in other.text
    assert len(list((tmp_path / "w" / "jobs").iterdir())) == 1


def test_a_done_job_answers_for_the_same_study(client: TestClient, app_settings: Settings) -> None:
    place = start(client)
    store = JobStore(app_settings.workspace)
    job = store.take(1)
    assert job is not None
    write_run(app_settings.workspace / "runs" / job.name, title="Done")
    store.end(job.id, "done")
    assert start(client) == place
    text = client.get(place).text
    assert f"/runs/{job.name}" in text
    assert client.get(f"/runs/{job.name}").status_code == 200
    shutil.rmtree(app_settings.workspace / "runs" / job.name)
    assert start(client) != place


def test_an_error_is_shown_and_a_fault_shows_nothing_inside(
    client: TestClient, app_settings: Settings
) -> None:
    place = start(client)
    store = JobStore(app_settings.workspace)
    job = store.take(1)
    assert job is not None
    store.end(job.id, "failed", error="study.yaml: <i>no</i> such question.")
    text = client.get(place).text
    assert "study.yaml: &lt;i&gt;no&lt;/i&gt; such question." in alert(text)


def test_events_tell_the_state_and_end_with_the_job(
    client: TestClient, app_settings: Settings
) -> None:
    place = start(client)
    store = JobStore(app_settings.workspace)
    store.take(1)
    job_id = place.rpartition("/")[2]
    store.tell(job_id, step="Evidence", stage="pooling", number=1, of=2)
    store.end(job_id, "done")
    answer = client.get(place + "/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    kinds = [line for line in answer.text.splitlines() if line.startswith("event:")]
    assert kinds == ["event: state", "event: over"]
    data = json.loads(answer.text.partition("event: state\ndata: ")[2].partition("\n")[0])
    assert data == {"words": "Done.", "stage": "pooling", "number": 1, "of": 2}


@pytest.mark.parametrize("place", ["/jobs/x", "/jobs/x/events", "/jobs/x/study.yaml", "/runs/x"])
def test_what_is_not_there_is_said(client: TestClient, place: str) -> None:
    assert client.get(place).status_code == 404
    assert client.get(place.replace("x", "%3Cscript%3E")).status_code == 404


def test_the_page_of_a_run(client: TestClient, small_run: Path) -> None:
    text = client.get(f"/runs/{small_run.name}").text
    assert "An answer." in text
    assert f"/emulation/{small_run.name}/early-surgery" in text
    assert f"/selection/{small_run.name}/who-gains" in text
    assert text.count("<h1>") == 1
    assert "SYNTHETIC PATIENTS" in text


def test_the_report_may_ask_nobody(client: TestClient, small_run: Path) -> None:
    answer = client.get(f"/runs/{small_run.name}/report.html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer.content == (small_run / "report.html").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "../jobs.sqlite", "..%2f..%2fjobs.sqlite", "%2e%2e/results.json", "/etc/passwd",
        "steps%2f..%2fresults.json", "steps/.lock", "nonsense", "steps", "results.json/", "",
    ],
)  # fmt: skip
def test_only_listed_files_are_given(client: TestClient, small_run: Path, path: str) -> None:
    assert client.get(f"/runs/{small_run.name}/files/{path}").status_code == 404


def test_links_and_models_are_not_handed_on(
    tmp_path: Path, connect: Connect, small_run: Path
) -> None:
    run = tmp_path / "copy"
    shutil.copytree(small_run, run)
    (run / "tables").mkdir()
    (run / "tables" / "passwd.csv").symlink_to("/etc/passwd")
    (run / "tables" / "pools.csv").write_text("a\n1\n")
    (run / "steps" / "selection-who-gains" / "model").mkdir()
    (run / "steps" / "selection-who-gains" / "model" / "persons.npz").write_text("x")
    client = connect(Settings(workspace=tmp_path / "w", runs=(run,)))
    files = client.get("/api/v1/runs/copy").json()["files"]
    assert "tables/pools.csv" in files
    assert not [one for one in files if "passwd" in one or "model" in one]
    assert client.get("/runs/copy/files/tables/passwd.csv").status_code == 404
    for name in files:
        assert client.get(f"/runs/copy/files/{name}").content == (run / name).read_bytes()


def test_the_archive_holds_everything_and_is_the_same_each_time(
    client: TestClient, small_run: Path
) -> None:
    first = client.get(f"/runs/{small_run.name}/run.zip").content
    assert first == client.get(f"/runs/{small_run.name}/run.zip").content
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert f"{small_run.name}/results.json" in names
        inside = archive.read(f"{small_run.name}/results.json")
        assert inside == (small_run / "results.json").read_bytes()
    assert len(names) == len(set(names))


def test_two_runs_of_one_name_are_told_apart(
    tmp_path: Path, connect: Connect, small_run: Path
) -> None:
    other = write_run(tmp_path / small_run.name, title="Another study")
    client = connect(Settings(workspace=tmp_path / "w", runs=(small_run, other)))
    assert "A small study" in client.get(f"/runs/{small_run.name}").text
    assert "Another study" in client.get(f"/runs/{small_run.name}-2").text


def test_comparison_names_what_moved(tmp_path: Path, connect: Connect) -> None:
    first = comparable(tmp_path / "earlier", planning=[{"events": 12.5}])
    second = comparable(tmp_path / "later", planning=[{"events": 16.5}])
    client = connect(Settings(workspace=tmp_path / "w", runs=(first, second)))
    assert client.get("/compare").status_code == 200
    found = client.get("/api/v1/compare?a=earlier&b=later").json()
    assert (found["same"], found["before"], found["after"]) == (False, "earlier", "later")
    text = client.get("/compare?a=earlier&b=later").text
    assert "What moved" in text
    assert [found["moved"][0][name] in text for name in ("label", "before", "after")] == [True] * 3
    assert str(tmp_path) not in text
    same = client.get("/compare?a=earlier&b=earlier").text
    assert "Nothing moved." in same
    assert client.get("/compare?a=earlier&b=x").status_code == 404
    assert client.get("/compare?a=<script>&b=x").status_code == 404
    assert client.get("/api/v1/compare").status_code == 422


def test_runs_that_hold_something_else_are_one_clear_error(
    client: TestClient, small_run: Path
) -> None:
    answer = client.get(f"/compare?a={small_run.name}&b={small_run.name}")
    assert answer.status_code == 422
    assert "does not hold what a run holds" in answer.text


def test_the_api_says_the_same_of_jobs_and_runs(
    client: TestClient, app_settings: Settings, small_run: Path
) -> None:
    body = {"kind": "study", "options": {"study": STUDY}}
    made = client.post("/api/v1/jobs", json=body)
    assert made.status_code == 202
    job_id = made.json()["id"]
    job = find(client.app.state.locoreg, job_id)  # type: ignore[attr-defined]
    assert job is not None
    assert made.json()["key"] == job.key
    assert client.get("/api/v1/jobs").json() == [client.get(f"/api/v1/jobs/{job_id}").json()]
    assert client.post(f"/api/v1/jobs/{job_id}/cancel").json()["state"] == "cancelled"
    assert client.get("/api/v1/jobs/x").status_code == 404
    assert client.post("/api/v1/jobs", json={"kind": "x", "options": {}}).status_code == 422
    runs = client.get("/api/v1/runs").json()
    assert [one["name"] for one in runs] == [small_run.name]
    digest = hashlib.sha256((small_run / "results.json").read_bytes()).hexdigest()
    assert runs[0]["sha256"] == digest
    assert client.get(f"/api/v1/runs/{small_run.name}").json()["results"]["schema"] == 2


def test_the_api_starts_an_emulation_by_names_only(
    client: TestClient, small_registry: Path
) -> None:
    options = {
        "protocol": "primary-surgery-6-months", "registry": small_registry.name,
        "analyses": "primary",
    }  # fmt: skip
    made = client.post("/api/v1/jobs", json={"kind": "emulation", "options": options})
    assert made.status_code == 202, made.text
    bad = client.post(
        "/api/v1/jobs", json={"kind": "emulation", "options": options | {"registry": "/etc"}}
    )
    assert bad.status_code == 422
    assert "there is no registry" in bad.text
    chosen = {k: v for k, v in options.items() if k != "analyses"} | {"sensitivity": False}
    chosen["protocol"] = "select-primary-surgery"
    made = client.post("/api/v1/jobs", json={"kind": "selection", "options": chosen})
    assert made.status_code == 202, made.text
