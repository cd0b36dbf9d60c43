from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from locoreg.report import write_report
from locoreg.workflows.run import StudyResult, run_evidence
from tests.conftest import WriteTables, effect, study

Run = Callable[..., StudyResult]

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """What the tests ask of a page: tags with attributes, headings, text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self.unclosed: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed, f"</{tag}> closes nothing"
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.unclosed and self.unclosed[-1] not in ("style", "script"):
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def write_study(
    folder: Path,
    *,
    tables: Sequence[str | Path] = ("shipped",),
    questions: Mapping[str, Sequence[str]] | None = None,
    reproduce: str | Sequence[str] = (),
    title: str = "Test report",
    **options: object,
) -> Path:
    asked = questions or {"primary-surgery": ["overall_survival"]}
    plan = {
        "title": title,
        "search_date": "2026-11-23",
        "evidence": {
            "tables": [str(t) for t in tables],
            "questions": [
                {
                    "question": question,
                    "outcomes": list(outcomes),
                    "designs": ["rct", "observational"],
                    "method": "REML",
                    "interval": "hartung-knapp",
                    "level": 95,
                    **options,
                }
                for question, outcomes in asked.items()
            ],
            "reproduce": reproduce if isinstance(reproduce, str) else list(reproduce),
        },
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(plan), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a study over given tables."""

    def call(**options: object) -> StudyResult:
        return run_evidence(write_study(tmp_path, **options))  # type: ignore[arg-type]

    return call


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """Return two questions of the shipped tables with one published pool rebuilt."""
    folder = tmp_path_factory.mktemp("shipped")
    path = write_study(
        folder,
        questions={
            "primary-surgery": ["overall_survival", "locoregional_progression"],
            "lung-metastasectomy": ["overall_survival"],
        },
        reproduce=["gera2020-rct"],
    )
    return run_evidence(path)


@pytest.fixture
def small(run: Run, write_tables: WriteTables) -> StudyResult:
    """Return a result with one study."""
    return run(
        tables=[
            write_tables(studies=[study("one")], claims=[effect("c1", "one", "0.66 0.49 0.88")])
        ]
    )


@pytest.fixture(scope="session")
def folder(shipped: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of its report."""
    out = tmp_path_factory.mktemp("report") / "out"
    write_report(shipped, out)
    return out


@pytest.fixture(scope="session")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))
