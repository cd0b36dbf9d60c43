"""A whole run with everything real: the order of the report, what failed, and where numbers are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from locoreg.report.blockjson import from_json
from locoreg.report.blocks import Callout, Page, Section
from locoreg.report.study import run_study
from locoreg.workflows.compare.headlines import headlines
from locoreg.workflows.stored import StoredRun
from tests.report.conftest import Page as Html
from tests.report.study.conftest import Study
from tests.workflows.emulation import persons


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, table: Path) -> StoredRun:
    """Return a run of a registry and of an emulation that can't be relied on."""
    made = Study(tmp_path_factory.mktemp("whole"))
    (made.folder / "persons.csv").write_bytes(table.read_bytes())
    # Ever against never treated is biased by design: that stands first everywhere.
    made.protocol("one", analysis={"method": "ever_treated", "intervals": {"kind": "auto"}})
    made.plan["emulation"] = made.plan["emulation"][:1]
    made.plan["evidence"]["tables"] = ["shipped"]
    made.plan["small_cells"] = 10
    made.write()
    return run_study(made.file, made.out)


@pytest.fixture(scope="module")
def page(whole: StoredRun) -> Html:
    return Html((whole.folder / "report.html").read_text(encoding="utf-8"))


def blocks(value: Any, kind: str) -> list[Any]:
    """Return the blocks of a kind in a page."""
    found = [value] if getattr(value, "kind", None) == kind else []
    for name in getattr(value, "__dataclass_fields__", ()):
        found += blocks(getattr(value, name), kind)
    if isinstance(value, tuple):
        found += [one for inner in value for one in blocks(inner, kind)]
    return found


def stored_page(whole: StoredRun) -> Page:
    found = from_json(json.loads((whole.folder / "page.json").read_bytes()))
    assert isinstance(found, Page)
    return found


def test_page_is_whole(page: Html) -> None:
    assert not page.unclosed
    assert len(page.ids) == len(set(page.ids))
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    links = [a["href"] for a in page.named("a")]
    assert {href[1:] for href in links if href.startswith("#")} <= set(page.ids)
    for name in ("script", "link", "iframe", "img"):
        assert not page.named(name)


def test_the_order_of_the_report(whole: StoredRun) -> None:
    anchors = [section.anchor for section in stored_page(whole).sections]
    wanted = [
        "conclusion", "audit", "answers", "question-primary-surgery", "registry", "emulation-one",
        "limits", "methods", "provenance", "reproduce", "references",
    ]  # fmt: skip
    assert [one for one in anchors if one in wanted] == wanted
    assert isinstance(stored_page(whole).sections[-1], Section)


def test_what_failed_stands_above_everything(whole: StoredRun) -> None:
    first = stored_page(whole).head[0]
    assert isinstance(first, Callout)
    assert first.title == "What failed"
    assert first.tone == "blocking"
    words = json.dumps(whole.results["conclusion"], ensure_ascii=False)
    assert "biased" in words.lower()


def test_marked_numbers_are_those_of_the_results(whole: StoredRun) -> None:
    known = headlines(whole.results)
    marked = {one.key: one for one in blocks(stored_page(whole), "value")}
    assert "evidence/primary-surgery/overall_survival/rct" in marked
    assert "emulation/one/survival_difference@24" in marked
    shared = {key for key in marked if key in known and marked[key].value is not None}
    assert len(shared) > 5
    for key in shared:
        exact = known[key].exact[0]
        if isinstance(exact, float):
            assert marked[key].value == exact, key


def test_small_cells_are_hidden_in_every_part(whole: StoredRun) -> None:
    registry = whole.results["registry"]
    assert registry["small_cells"] == 10
    for line in registry["table"]["lines"]:
        for cell in line["cells"]:
            assert cell.get("n") is None or not 1 <= cell["n"] <= 10
    for one in (registry["quality"]["patients"], *registry["quality"]["rules"]):
        assert one["count"] is None or not 1 <= one["count"] <= 10
    assert whole.results["emulation"][0]["results"]["small_cells"] == 10


def test_the_survival_figure_has_its_table(whole: StoredRun) -> None:
    (figure,) = [
        one for one in blocks(stored_page(whole), "figure")
        if one.anchor == "registry-figure-survival"
    ]  # fmt: skip
    assert figure.table is not None
    assert "SYNTHETIC" in figure.svg
    assert (whole.folder / "figures" / "registry-survival.svg").is_file()


def test_print_is_there_where_it_can_be_made(whole: StoredRun) -> None:
    pytest.importorskip("typst")
    assert (whole.folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_protocol_of_the_whole_is_that_of_the_table(whole: StoredRun) -> None:
    assert whole.results["emulation"][0]["results"]["title"] == persons.PROTOCOL["title"]
