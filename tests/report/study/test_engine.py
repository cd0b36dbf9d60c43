"""Steps are run once, kept whole, and the report is made from their folders."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from locoreg.core.errors import DataError
from locoreg.report.study import CancelledError, Stage, makers, run_study
from locoreg.workflows.stored import open_run
from tests.report.study.conftest import Study

ALL = {"evidence": 1, "registry": 1, "emulation-one": 1, "emulation-two": 1}


def test_a_second_run_runs_nothing_and_writes_the_same_bytes(
    small: Study, ran: Counter[str]
) -> None:
    stages: list[Stage] = []
    run = run_study(small.file, small.out, progress=stages.append)
    assert ran == ALL
    assert [step.name for step in run.steps] == list(ALL)
    assert {(s.step, s.number) for s in stages} >= {("registry", 2), ("report", 5)}
    assert {s.of for s in stages} == {5}
    first = small.contents()
    assert {"report.html", "results.json", "page.json", "tables/registry-table1.csv"} <= set(first)
    ran.clear()
    stages.clear()
    run_study(small.file, small.out, progress=stages.append)
    assert not ran
    assert [s.text for s in stages if s.step == "evidence"] == ["kept"]
    assert small.contents() == first


def test_the_folder_does_not_matter(small: Study, ran: Counter[str]) -> None:
    run_study(small.file, small.out)
    run_study(small.file, small.folder / "deep" / "other")
    assert small.contents(small.folder / "deep" / "other") == small.contents()
    for name, data in small.contents().items():
        assert str(small.folder).encode() not in data, name


def test_what_is_named_is_there(small: Study, ran: Counter[str]) -> None:
    run = run_study(small.file, small.out)
    results = run.results
    assert results["schema"] == 2
    assert results["synthetic"] is True
    assert {one["name"] for one in results["inputs"]} == {
        "study file", "evidence tables", "protocol", "table",
    }  # fmt: skip
    for one, step in zip(results["steps"], run.steps, strict=True):
        assert one["key"] == step.key
        assert (small.out / one["results"]).is_file()
        assert step.record["files"]["results.json"] == one["sha256"]
    assert [part["name"] for part in results["emulation"]] == ["one", "two"]
    assert results["registry"]["quality"]["patients"]["count"] == 200


def test_a_changed_protocol_runs_its_step_again_only(small: Study, ran: Counter[str]) -> None:
    run_study(small.file, small.out)
    ran.clear()
    small.protocol("two", title="Later surgery", horizon_months=18, at_months=[12, 18])
    run = run_study(small.file, small.out)
    assert ran == {"emulation-two": 1}
    changes = "\n".join(run.results["changes"])
    assert "emulation-two, protocol: horizon_months 24 -> 18" in changes
    assert "Emulation two" in changes
    assert "Emulation one" not in changes


def test_a_changed_registry_runs_what_rests_on_it(small: Study, ran: Counter[str]) -> None:
    # Without a table the emulation would read the registry: only its key is looked at here.
    from locoreg.workflows.study import read_study
    from locoreg.workflows.study.steps import plan_steps

    small.plan["emulation"].append(
        {"name": "three", "protocol": "primary-surgery-6-months", "analyses": "primary"}
    )
    small.write()
    before = {s.name: s.key for s in plan_steps(read_study(small.file)[0], small.file)}
    small.plan["registry"]["simulate"]["seed"] = 2
    small.write()
    after = {s.name: s.key for s in plan_steps(read_study(small.file)[0], small.file)}
    assert {name for name in before if before[name] != after[name]} == {
        "registry", "emulation-three",
    }  # fmt: skip


def test_other_code_is_not_answered_from_the_cache(
    small: Study, ran: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from locoreg.workflows.study import steps

    run_study(small.file, small.out)
    ran.clear()
    monkeypatch.setattr(steps, "package_sha256", lambda: "1" * 64)
    run_study(small.file, small.out)
    assert ran == ALL


@pytest.mark.parametrize("harm", ["changed", "removed", "added", "step.json"])
def test_a_damaged_step_is_run_again_and_it_is_said(
    small: Study, ran: Counter[str], harm: str
) -> None:
    run_study(small.file, small.out)
    first = small.contents()
    ran.clear()
    folder = small.out / "steps" / "emulation-one"
    if harm == "changed":
        (folder / "tables" / "contrasts.csv").write_text("a,b\n")
    elif harm == "removed":
        (folder / "tables" / "contrasts.csv").unlink()
    elif harm == "added":
        (folder / "tables" / "more.csv").write_text("a,b\n")
    else:
        (folder / "step.json").write_text("{")
    stages: list[Stage] = []
    run_study(small.file, small.out, progress=stages.append)
    assert ran == {"emulation-one": 1}
    assert any("not as it was written" in s.text for s in stages if s.step == "emulation-one")
    assert small.contents() == first


def test_an_interrupted_run_goes_on(
    small: Study, ran: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_study(small.file, small.folder / "whole")
    ran.clear()
    maker = makers.MAKERS["registry"]

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setitem(makers.MAKERS, "registry", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_study(small.file, small.out)
    assert ran == {"evidence": 1}
    with pytest.raises(DataError, match="no finished run"):
        open_run(small.out)
    monkeypatch.setitem(makers.MAKERS, "registry", maker)
    ran.clear()
    again = run_study(small.file, small.out)
    assert ran == {"registry": 1, "emulation-one": 1, "emulation-two": 1}
    assert again.sha256 == whole.sha256
    assert not (small.out / "steps" / ".partial").exists()


def test_a_run_that_is_being_renewed_is_not_read_as_finished(
    small: Study, ran: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(small.file, small.out)
    small.protocol("one", horizon_months=18, at_months=[12])

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    small.protocol("two", title="Later surgery", horizon_months=18, at_months=[12])
    real = makers.MAKERS["emulation"]
    monkeypatch.setitem(
        makers.MAKERS,
        "emulation",
        lambda step, making: interrupted() if step.name == "emulation-two" else real(step, making),
    )
    with pytest.raises(KeyboardInterrupt):
        run_study(small.file, small.out)
    with pytest.raises(DataError, match="stopped before its end"):
        open_run(small.out)
    monkeypatch.setitem(makers.MAKERS, "emulation", real)
    run = run_study(small.file, small.out)
    assert "horizon_months 24 -> 18" in "\n".join(run.results["changes"])


def test_a_bootstrap_goes_on_from_its_checkpoint(small: Study, ran: Counter[str]) -> None:
    analysis = {
        "method": "clone_censor_weight",
        "intervals": {"kind": "bootstrap", "replicates": 200, "seed": 3},
    }
    small.protocol("one", analysis=analysis)
    seen: list[Stage] = []

    def stop() -> bool:
        return any(s.text.startswith("replicates") for s in seen)

    with pytest.raises(CancelledError, match="cancelled"):
        run_study(small.file, small.out, progress=seen.append, cancelled=stop, jobs=1)
    (scratch,) = (small.out / "steps" / ".partial").iterdir()
    assert any(path.name.startswith("replicates") for path in scratch.iterdir())
    assert not (small.out / "results.json").exists()
    told: list[Stage] = []
    run = run_study(small.file, small.out, progress=told.append, jobs=1)
    first = next(s.text for s in told if s.text.startswith("replicates"))
    assert int(first.split()[1]) >= int(seen[-1].text.split()[1])
    shutil.rmtree(small.folder / "whole", ignore_errors=True)
    assert run.sha256 == run_study(small.file, small.folder / "whole", jobs=1).sha256


def test_steps_that_the_study_no_longer_has_are_removed(small: Study, ran: Counter[str]) -> None:
    run_study(small.file, small.out)
    mine = small.out / "tables" / "mine.csv"
    mine.write_text("kept\n")
    del small.plan["emulation"][1]
    small.write()
    run = run_study(small.file, small.out)
    assert not (small.out / "steps" / "emulation-two").exists()
    assert not list((small.out / "tables").glob("emulation-two*"))
    assert mine.exists()
    assert "Part left out: emulation-two." in "\n".join(run.results["changes"])


def test_force_runs_everything(small: Study, ran: Counter[str]) -> None:
    first = run_study(small.file, small.out)
    ran.clear()
    assert run_study(small.file, small.out, force=True).sha256 == first.sha256
    assert ran == ALL


def test_two_runs_do_not_share_a_folder(small: Study, ran: Counter[str]) -> None:
    (small.out / "steps").mkdir(parents=True)
    with (
        FileLock(small.out / "steps" / ".lock"),
        pytest.raises(DataError, match="another run is writing"),
    ):
        run_study(small.file, small.out)
    assert not ran


def test_faults_are_found_before_anything_is_run(small: Study, ran: Counter[str]) -> None:
    small.plan["emulation"][1]["table"] = "none.csv"
    small.write()
    with pytest.raises(DataError, match=r"no file none\.csv"):
        run_study(small.file, small.out)
    assert not ran


def test_results_of_another_command_are_not_overwritten(small: Study, ran: Counter[str]) -> None:
    small.out.mkdir()
    (small.out / "results.json").write_text(json.dumps({"schema": 1, "primary": {}}))
    with pytest.raises(DataError, match="of another command"):
        run_study(small.file, small.out)


def test_results_of_schema_1_are_not_compared(small: Study, ran: Counter[str]) -> None:
    small.out.mkdir()
    (small.out / "results.json").write_text(json.dumps({"schema": 1, "reproductions": []}))
    run = run_study(small.file, small.out)
    assert "of schema 1" in run.results["changes"][0]


def test_a_study_of_patients_alone(small: Study, ran: Counter[str]) -> None:
    for part in ("evidence", "search_date", "registry"):
        del small.plan[part]
    small.write()
    run = run_study(small.file, small.out)
    assert "questions" not in run.results
    assert run.results["registry"] is None
    assert "A small study" in (small.out / "report.html").read_text(encoding="utf-8")


def test_it_runs_in_a_spawned_process(small: Study) -> None:
    for part in ("registry", "emulation"):
        del small.plan[part]
    small.write()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        name = pool.apply(_run_there, (small.file, small.out))
    assert name == "out"


def _run_there(file: Path, out: Path) -> str:
    return run_study(file, out).name
