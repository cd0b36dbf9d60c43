"""Small studies, and a count of what is really run."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Page, Paragraph, Section, text
from locoreg.report.study import assembly, makers
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.study import steps
from tests.conftest import WriteTables, effect, study
from tests.workflows.emulation import persons

PLAN: dict[str, Any] = {
    "title": "A small study",
    "search_date": "2026-11-23",
    "evidence": {
        "tables": ["tables"],
        "questions": [
            {
                "question": "primary-surgery",
                "outcomes": ["overall_survival"],
                "designs": ["rct"],
                "method": "DL",
                "interval": "normal",
                "level": 95,
            }
        ],
    },
    "registry": {
        "simulate": {"patients": 200, "seed": 1, "scenario": "constant"},
        "describe": {"time_zero": "first_metastasis", "level": 95, "at_months": [24]},
    },
    "emulation": [
        {"name": "one", "protocol": "one.yaml", "analyses": "primary", "table": "persons.csv"},
        {"name": "two", "protocol": "two.yaml", "analyses": "primary", "table": "persons.csv"},
    ],
}


class Study:
    """A study file in a folder, with what it names.

    Attributes
    ----------
    file, out : Path
        The study file, and the folder of its run.
    plan : dict
        Its content; `write` writes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "study.yaml"
        self.out = folder / "out"
        self.plan = yaml.safe_load(yaml.safe_dump(PLAN))

    def write(self) -> None:
        """Write the study file."""
        self.file.write_text(yaml.safe_dump(self.plan, sort_keys=False), encoding="utf-8")

    def protocol(self, name: str, **changes: Any) -> None:
        """Write a protocol."""
        content = persons.protocol(**changes)
        (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def contents(self, folder: Path | None = None) -> dict[str, bytes]:
        """Return the files of the report, the steps aside."""
        top = folder or self.out
        return {
            str(path.relative_to(top)): path.read_bytes()
            for path in sorted(top.rglob("*"))
            if path.is_file() and path.relative_to(top).parts[0] != "steps"
        }


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("persons")
    return persons.write_table(folder / "persons.csv", persons.rows(300, 1))


@pytest.fixture
def small(tmp_path: Path, write_tables: WriteTables, table: Path) -> Study:
    """Return a study with two trials, a registry of 200 and two emulations of a table."""
    rows = [effect("a1", "a", "0.66 0.49 0.88"), effect("b1", "b", "0.70 0.50 0.98")]
    write_tables(studies=[study("a"), study("b")], claims=rows)
    (tmp_path / "persons.csv").write_bytes(table.read_bytes())
    made = Study(tmp_path)
    made.protocol("one")
    made.protocol("two", title="Later surgery")
    made.write()
    return made


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return what steps were made in this session, and where a simulated registry is kept."""
    return tmp_path_factory.mktemp("made"), {}


def _light(result: EmulationResult, **_: Any) -> tuple[dict[str, bytes], Page]:
    """Return an emulation without its figures, which take most of the time to draw."""
    contents = {
        "tables/contrasts.csv": b"measure\n",
        "results.json": (dumps(result.to_dict()) + "\n").encode(),
    }
    section = Section("estimates", "Estimates", (Paragraph(text(result.protocol.title)),))
    return contents, Page(title="T", strip="", head=(), sections=(section,))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, made: tuple[Path, dict[str, Any]]) -> Counter[str]:
    """Count which steps are run; the same step is made once in a session, and then copied."""
    counts: Counter[str] = Counter()

    def counted(maker: Any) -> Any:
        def call(step: Any, making: Any) -> Any:
            counts[step.name] += 1
            folder, kept = made
            inputs = [(one.name, one.sha256) for one in step.inputs]
            key = json.dumps([step.name, step.title, step.options, inputs])
            place = folder / str(len(kept))
            if key not in kept:
                found = maker(step, making)
                if "bootstrap" in key:
                    return found
                shutil.copytree(making.made, place)
                kept[key] = (place, found)
            else:
                shutil.copytree(kept[key][0], making.made, dirs_exist_ok=True)
            contents, *rest = kept[key][1]
            return dict(contents), *rest

        return call

    monkeypatch.setattr(makers, "emulation_files", _light)
    monkeypatch.setattr(assembly, "find_spec", lambda name: None)
    for kind, maker in tuple(makers.MAKERS.items()):
        monkeypatch.setitem(makers.MAKERS, kind, counted(maker))
    # Somebody may be editing the package while the tests run.
    monkeypatch.setattr(steps, "package_sha256", lambda: "0" * 64)
    return counts
