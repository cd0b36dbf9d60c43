"""A selection, from its result to the page and the files beside it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from locoreg.figures.selection import unit_of
from locoreg.report.selection import selection_page, write_selection
from locoreg.report.selection.drawings import draw
from locoreg.selection.model import load_model
from locoreg.workflows.selection.predicting import predict
from locoreg.workflows.selection.result import SelectionResult
from locoreg.workflows.selection.saving import model_files, patient_template
from tests.figures.selection import made
from tests.report.conftest import Page

STATES = ("result", "no_rule", "contradicted", "failing", "full")
ORDER = (
    "credibility", "persons", "diagnostics", "average", "heterogeneity", "rule", "value", "doubts",
    "model", "notes", "reproduce",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("selection") / "out"
    written = write_selection(
        made.result(), out, command="locoreg select X --out out", python="import locoreg as lr"
    )
    assert written == out / "report.html"
    return out


@pytest.fixture(scope="module")
def contradicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report that was written over one with a rule."""
    out = tmp_path_factory.mktemp("contradicted")
    for name in ("figures/rule.svg", "figures/mine.svg", "tables/leaves.csv"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("earlier", encoding="utf-8")
    write_selection(made.contradicted(), out)
    return out


@pytest.fixture(scope="module")
def pages(folder: Path, contradicted: Path) -> dict[str, Page]:
    return {
        "result": Page((folder / "report.html").read_text(encoding="utf-8")),
        "no_rule": Page(selection_page(made.no_rule())),
        "contradicted": Page((contradicted / "report.html").read_text(encoding="utf-8")),
        "failing": Page(selection_page(made.failing())),
        "full": Page(selection_page(made.full())),
    }


@pytest.fixture(params=STATES)
def page(request: pytest.FixtureRequest, pages: dict[str, Page]) -> Page:
    return pages[str(request.param)]


def test_page_is_whole_and_accessible(page: Page) -> None:
    assert not page.unclosed
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.named("table")) == len(page.named("caption"))
    assert all(th.get("scope") in ("col", "row") for th in page.named("th"))
    figures = [svg for svg in page.named("svg") if svg.get("role") == "figure"]
    assert len(figures) == len(page.named("figure"))
    assert len(page.named("details")) >= len(figures)
    anchors = {a["href"][1:] for a in page.named("a") if a["href"].startswith("#")}
    assert anchors <= set(page.ids)


def test_page_asks_for_nothing_outside(page: Page) -> None:
    for tag in ("script", "img", "link", "iframe"):
        assert not page.named(tag)
    assert not re.search(r"(?:src|href)=\"https?://", page.source)


def test_parts_stand_in_their_order(page: Page) -> None:
    places = [page.source.index(f'id="{anchor}"') for anchor in ORDER]
    assert places == sorted(places)


def test_no_verb_tells_anybody_what_to_do(page: Page) -> None:
    assert not re.search(r"recommend|\bshould\b", page.words, flags=re.IGNORECASE)


def test_page_tells_average_test_rule_and_credibility(pages: dict[str, Page]) -> None:
    found = made.result()
    head = pages["result"].source.split('class="lr-columns"')[0]
    assert unit_of("months").estimate(found.average) in head
    assert "Credibility" in head
    assert found.doubts.credibility.verdict.replace("'", "&#39;") in head
    assert "The data support a rule" in head
    assert found.data.sha256 in head
    assert "surgery of the primary, against systemic therapy alone" in head
    words = pages["result"].words
    assert "def treat(patient)" in words
    for leaf in found.rule.leaves.leaves:
        assert unit_of("months").estimate(leaf.effect) in words
    assert found.assessment.benefit is not None
    assert " ".join(found.assessment.benefit.warning.split()) in words


def test_without_a_rule_the_reason_stands_there(pages: dict[str, Page]) -> None:
    words = pages["no_rule"].words
    assert "No rule is shown" in words
    assert "That effects are the same is not rejected." in words
    assert "def treat(patient)" not in words
    assert 'id="figure-rule"' not in pages["no_rule"].source


def test_contradicted_by_trials_there_is_no_rule_and_an_alarm_first(
    pages: dict[str, Page],
) -> None:
    source, words = pages["contradicted"].source, pages["contradicted"].words
    verdict, _, reading = made.contradicted().doubts.credibility.reading.partition(": in ")
    assert verdict == "Not credible"
    assert words.index("What failed") < words.index("Options")
    assert words.index(reading) < words.index("Options")
    assert "TRIAL" in words
    assert "def treat(patient)" not in words
    assert 'id="figure-rule"' not in source
    assert "The rule on halves" not in words
    head = source.split('class="lr-columns"')[0]
    assert unit_of("months").estimate(made.result().average) not in head
    section = source[source.index('id="average"') : source.index('id="heterogeneity"')]
    assert "<details" in section
    assert "Show the average effect anyway" in section


def test_made_up_patients_are_marked_everywhere(pages: dict[str, Page]) -> None:
    page = pages["contradicted"]
    assert page.source.count("<title>SYNTHETIC PATIENTS") == 1
    titles = re.findall(r'<title id="lr-[^"]+-title-text">([^<]*)', page.source)
    assert len(titles) == len(page.named("figure"))
    assert all(title.startswith("SYNTHETIC PATIENTS") for title in titles)
    assert "SYNTHETIC" not in pages["result"].words


def test_failed_diagnostic_hides_estimates_behind_a_line(pages: dict[str, Page]) -> None:
    page = pages["failing"]
    assert "Do not rely on the estimates" in page.words
    assert "Show the average effect anyway. Failed: Overlap" in page.words
    assert "Show the rule anyway" in page.words


def test_every_check_has_its_part(pages: dict[str, Page]) -> None:
    page = pages["full"]
    for anchor in ("subgroups", "hidden-given", "controls", "sites", "halves", "hidden-strength"):
        assert anchor in page.ids
    for told in (
        "−5.00 (−6.96 to −3.04)", "p < 0.001", "Learnt elsewhere it holds.", "Hill", "too small",
        "No rule: half 3: too few", "Most halves decide alike.", "second primary, everybody",
        "A hidden confounder of that size explains the effect.", "1.37", "as strong as ecog",
        "Comparison with randomised trials: not made. There is none.",
    ):  # fmt: skip
        assert told in page.words
    assert "North <b>" in page.words
    assert "<b>" not in page.source


def test_page_and_results_tell_the_same_numbers(folder: Path) -> None:
    words = Page((folder / "report.html").read_text(encoding="utf-8")).words
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results.pop("small_cells") is None
    assert results == json.loads(json.dumps(made.result().to_dict()))
    for name in ("estimate", "ci_low", "ci_high"):
        assert f"{abs(results['average'][name]):.2f}" in words
    for group in results["assessment"]["calibration"]["groups"]["groups"]:
        assert f"{abs(group['effect']['estimate']):.2f}" in words
        assert f"{group['n']:,}" in words
    for arm in results["data"]["arms"]:
        assert f"{arm['n']:,}" in words
        assert f"{arm['events']:,}" in words
    assert "locoreg select X --out out" in words


def test_files_stand_beside_the_page(folder: Path) -> None:
    figures = {path.name for path in (folder / "figures").iterdir()}
    for kind in ("toc", "calibration", "groups", "benefit", "value", "support", "rule"):
        assert {f"{kind}.svg", f"{kind}.pdf"} <= figures
    with (folder / "tables" / "groups.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    groups = made.result().assessment.calibration.groups.groups
    mids = [float(row["estimate"]) for row in rows]
    assert mids == pytest.approx([g.effect.estimate for g in groups])
    assert [int(row["n"]) for row in rows] == [g.n for g in groups]


def test_model_beside_the_page_answers_about_a_patient(folder: Path) -> None:
    model = load_model(folder / "model")
    asked = json.loads(patient_template(model))
    assert set(asked) == {"age", "organs", "subtype", "marker"}
    told = predict(folder / "model", {"age": 60.0, "organs": 2.0, "subtype": "HR+", "marker": 30.0})
    assert told.to_dict()


def test_same_result_gives_the_same_bytes(folder: Path) -> None:
    drawings = draw(made.result())
    page = selection_page(
        made.result(), drawings, command="locoreg select X --out out", python="import locoreg as lr"
    )
    assert page == (folder / "report.html").read_text(encoding="utf-8")
    drawing = drawings["benefit"]
    assert drawing.pdf() == (folder / "figures" / "benefit.pdf").read_bytes()
    assert drawing.svg == (folder / "figures" / "benefit.svg").read_text(encoding="utf-8")
    for name, data in model_files(made.result().model).items():
        assert data == (folder / "model" / name).read_bytes()


def test_rule_of_an_earlier_report_does_not_stay(contradicted: Path) -> None:
    assert (contradicted / "figures" / "mine.svg").read_text(encoding="utf-8") == "earlier"
    assert not (contradicted / "figures" / "rule.svg").exists()
    assert not (contradicted / "tables" / "leaves.csv").exists()
    main = (contradicted / "tables" / "main.csv").read_text(encoding="utf-8")
    assert "rules_over_better" not in main
    with (contradicted / "tables" / "groups.csv").open(encoding="utf-8") as lines:
        assert all(row["failed_checks"].startswith("not credible") for row in csv.DictReader(lines))
    shown: SelectionResult = made.contradicted()
    written = json.loads((contradicted / "results.json").read_text(encoding="utf-8"))
    assert set(written["rule"]) == {"shown", "reading"}
    assert written["rule"]["reading"] == shown.rule_reading
