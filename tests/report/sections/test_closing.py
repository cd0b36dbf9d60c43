"""Conclusion, summary of findings, next trial and checklists as parts of a page."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.report.blockjson import from_json, to_json
from locoreg.report.blocks import Badge, Link, Page, Paragraph, Section, Table, Value, text
from locoreg.report.render import render
from locoreg.report.sections import checklists as lists
from locoreg.report.sections import conclusion as concluding
from locoreg.report.sections import findings as summing
from locoreg.report.sections import nextstep
from locoreg.report.sections.prisma import ITEMS
from locoreg.workflows.conclusion import conclude
from locoreg.workflows.emulation.hiding import hidden_dict
from locoreg.workflows.emulation.task import emulate
from tests.report.conftest import Page as Read
from tests.workflows.conclusion import runs
from tests.workflows.emulation import persons

HOSTILE = '<script>alert("x")</script> & Ωμέγα'
OF_EVIDENCE = (
    "answers", "question-primary-surgery", "pool-primary-surgery-overall_survival-rct", "methods",
    "limits", "provenance", "reproduce", "references",
)  # fmt: skip
OF_EMULATION = ("protocol", "cohort", "diagnostics", "estimates", "sensitivity", "checklist")


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    table = persons.write_table(tmp_path_factory.mktemp("p") / "p.csv", persons.rows(300, 1))
    found = emulate(persons.protocol(), table=table, sensitivity=False)
    return json.loads(dumps(hidden_dict(found, 10)))


@pytest.fixture(scope="module")
def results(emulated: Any) -> Any:
    told = {**runs.evidence(), "emulation": [{"name": "early", "results": emulated}]}
    return runs.finished(told, find=[runs.findings()], plan=[runs.planning()])


def stub(anchor: str) -> Section:
    return Section(anchor, anchor.title(), (Paragraph(text("x")),))


def others(without: str = "") -> tuple[Section, ...]:
    names = (*OF_EVIDENCE, *(f"emulation-early-{one}" for one in OF_EMULATION))
    return tuple(stub(name) for name in names if name != without)


def parts(results: Any, without: str = "") -> tuple[Section, ...]:
    found = (
        concluding.conclusion(results), summing.findings(results), nextstep.next_step(results, {}),
        *others(without),
    )  # fmt: skip
    sections = tuple(one for one in found if one is not None)
    return (*sections, lists.checklists(results, sections))


def page(sections: tuple[Section, ...]) -> str:
    return render(Page(title="T", strip="S", head=(), sections=sections))


def walk(value: Any, kind: type) -> list[Any]:
    found = [value] if isinstance(value, kind) else []
    if isinstance(value, tuple):
        return [one for part in value for one in walk(part, kind)]
    if hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            found += walk(getattr(value, name), kind)
    return found


def cells(section: Section, number: str) -> Any:
    """Return the row of an item."""
    rows = [row for table in walk(section, Table) for row in table.rows]
    return next(row for row in rows if row.cells[0] == (number,)).cells[2]


def under(section: Section, part: str) -> Section:
    return next(one for one in walk(section, Section) if one.anchor == f"checklists-{part}")


def words(cell: Any) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in cell)


def test_the_page_is_well_formed_and_every_link_has_its_place(results: Any) -> None:
    read = Read(page(parts(results)))
    assert read.unclosed == []
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for a in read.named("a") if a["href"].startswith("#")]
    assert set(links) - {"contents-start"} <= set(ids)


def test_blocks_go_through_json_unchanged(results: Any) -> None:
    sections = parts(results)
    assert from_json(json.loads(json.dumps(to_json(sections)))) == sections


def test_numbers_on_the_page_are_those_of_the_results(results: Any) -> None:
    shown = {one.key: one.value for one in walk(parts(results), Value)}
    pool = results["questions"][0]["pools"][0]
    assert shown[f"evidence/{pool['key']}"] == pool["pool"]["mu"]["natural"]["estimate"]
    low = results["findings"]["tables"][0]["rows"][0]["baselines"][0]
    assert shown[f"{low['key']}/difference"] == low["difference"]
    trial = results["planning"][0]["trials"][0]
    assert shown[f"{trial['key']}/size/events"] == trial["size"]["events"]
    assert shown[f"{trial['key']}/added/chance"] == trial["added"]["chance"]


def test_one_key_has_one_number(results: Any) -> None:
    found: dict[str, set[float | None]] = {}
    for one in walk(parts(results), Value):
        found.setdefault(one.key, set()).add(one.value)
    assert {key: values for key, values in found.items() if len(values) > 1} == {}


def test_what_failed_stands_first_in_its_part(results: Any) -> None:
    told = copy.deepcopy(results)
    diagnostic = told["emulation"][0]["results"]["primary"]["diagnostics"][0]
    diagnostic |= {"verdict": "fail", "title": HOSTILE}
    told = runs.finished(told, find=[runs.findings()], plan=[runs.planning()])
    source = page(parts(told))
    assert HOSTILE not in source
    assert "&lt;script&gt;alert" in source
    place = source.index("First: what failed")
    assert place < source.index('data-key="emulation/early/')


def test_hostile_words_of_the_study_file_are_escaped(results: Any) -> None:
    hostile = runs.findings(
        baseline=[{"label": HOSTILE, "survival_percent": 50, "at_months": 12, "source": HOSTILE}],
        certainty={"level": "high", "author": HOSTILE, "reasons": []},
    )
    told = runs.finished(results, find=[hostile], plan=[runs.planning()])
    assert "<script" not in page(parts(told))


def test_summary_has_its_columns_and_every_baseline(results: Any) -> None:
    section = summing.findings(results)
    table = walk(section, Table)[0]
    titles = [column.title for column in table.columns]
    for word in ("Participants (studies)", "Relative effect (95% CI)", "Without", "With,",
                 "Difference", "Certainty", "In words"):  # fmt: skip
        assert any(word in title for title in titles)
    assert len(table.rows) == 2
    assert "⊕⊕⊝⊝ low" in words(table.rows[0].cells[6])
    assert walk(table.rows[0], Link)[0].href == "#summary-of-findings-primary-surgery-note-1"


def test_unjudged_certainty_is_shown_as_such(results: Any) -> None:
    told = runs.finished(results, find=[runs.findings(certainty=None)])
    table = walk(summing.findings(told), Table)[0]
    assert words(table.rows[0].cells[6]) == "not judged"
    assert "nobody has judged" in words(table.rows[0].cells[7])


def test_a_refused_row_stays_with_its_reason(results: Any) -> None:
    told = runs.finished(results, find=[runs.findings(question="lung-metastasectomy")])
    table = walk(summing.findings(told), Table)[0]
    assert "none is recorded" in words(table.rows[0].cells[7])
    rows = summing.tables(told)["summary_of_findings"]
    assert len({len(row) for row in rows}) == 1
    assert "none is recorded" in rows[1][-1]


def test_tables_have_a_header_and_rows_of_its_length(results: Any) -> None:
    made = {**summing.tables(results), **nextstep.tables(results)}
    assert sorted(made) == ["planning", "summary_of_findings"]
    for rows in made.values():
        assert len({len(row) for row in rows}) == 1
        assert len(rows) == 3
    told = to_csv(made["summary_of_findings"]).splitlines()
    assert told[0].startswith("question,outcome,design")
    assert "0.679" in told[1]


def test_nothing_asked_nothing_shown() -> None:
    told = runs.finished({"questions": []})
    assert summing.findings(told) is None
    assert nextstep.next_step(told, {}) is None
    assert (summing.tables(told), nextstep.tables(told)) == ({}, {})
    assert "no question" in page((concluding.conclusion(told),))


def test_refused_trials_say_why(results: Any) -> None:
    told = runs.finished(
        results, plan=[runs.planning(question="lung-metastasectomy", hazard_ratio=[0.7, 0.99999])]
    )
    source = page((nextstep.next_step(told, {}),))  # type: ignore[arg-type]
    assert "Not joined to a pool" in source
    assert "takes more than 10,000,000 patients" in source


def test_prisma_has_its_27_items_once() -> None:
    numbers = [item.number for item in ITEMS]
    assert len(numbers) == len(set(numbers)) == 42
    assert [int("".join(c for c in n if c.isdigit())) for n in numbers] == sorted(
        int("".join(c for c in n if c.isdigit())) for n in numbers
    )
    assert {"".join(c for c in n if c.isdigit()) for n in numbers} == {str(i) for i in range(1, 28)}


@pytest.mark.parametrize(
    ("number", "anchor"),
    [
        ("12", "question-primary-surgery"),
        ("13b", "methods"),
        ("23b", "limits"),
        ("9", "provenance"),
    ],
)
def test_a_prisma_item_goes_with_its_part(results: Any, number: str, anchor: str) -> None:
    there = cells(under(parts(results)[-1], "prisma"), number)
    assert walk(there, Link)[0].href == f"#{anchor}"
    gone = cells(under(parts(results, without=anchor)[-1], "prisma"), number)
    assert "not in this report" in words(gone)
    assert walk(gone, Link) == []


@pytest.mark.parametrize(
    ("number", "part"),
    [("6a", "protocol"), ("9", "cohort"), ("13", "estimates"), ("14", "sensitivity")],
)
def test_a_target_item_goes_with_its_part(results: Any, number: str, part: str) -> None:
    there = cells(under(parts(results)[-1], "target-early"), number)
    assert walk(there, Link)[0].href == f"#emulation-early-{part}"
    without = f"emulation-early-{part}"
    gone = cells(under(parts(results, without=without)[-1], "target-early"), number)
    assert "not in this report" in words(gone)


def test_what_only_authors_write_and_what_does_not_apply(results: Any) -> None:
    prisma = under(parts(results)[-1], "prisma")
    assert words(cells(prisma, "26")) == "to be written by the authors"
    assert walk(cells(prisma, "26"), Badge)[0].sign == "✎"
    assert "asks for no subgroups" in words(cells(prisma, "13e"))
    target = results["emulation"][0]["results"]["target"]
    for one in target["rows"]:
        cell = words(cells(under(parts(results)[-1], "target-early"), one["number"]))
        assert ("to be written by the authors" in cell) == (one["status"] == "to_write")


def test_certainty_is_reported_only_where_it_was_judged(results: Any) -> None:
    assert "reported" in words(cells(under(parts(results)[-1], "prisma"), "22"))
    told = runs.finished(results, find=[runs.findings(certainty=None)])
    assert "nobody has judged" in words(cells(under(parts(told)[-1], "prisma"), "22"))


def test_without_evidence_prisma_does_not_apply(emulated: Any) -> None:
    told = runs.finished({"emulation": [{"name": "early", "results": emulated}]})
    sections = (concluding.conclusion(told), *others())
    found = lists.checklists(told, sections)
    assert "no evidence part" in page((found,))
    assert [one.anchor for one in found.blocks if isinstance(one, Section)] == [
        "checklists-prisma", "checklists-target-early",
    ]  # fmt: skip


def test_the_next_trial_reads_the_same_in_table_and_sentence(results: Any) -> None:
    told = copy.deepcopy(results)
    told["planning"][0]["allocation"] = 0.125
    added = told["planning"][0]["trials"][0]["added"]
    for chance in (0.0, 0.004, 0.5, 0.9972):
        added["chance"] = chance
        added["pool"]["natural"] |= {"estimate": 0.91, "ci_low": 0.0004, "ci_high": 2048.0}
        told["conclusion"] = json.loads(dumps(conclude(told)))
        section = nextstep.next_step(told, {})
        assert section is not None
        for name in ("chance", "pool"):
            key = f"{told['planning'][0]['trials'][0]['key']}/added/{name}"
            shown = {one.text for one in walk(section, Value) if one.key == key}
            assert len(shown) == 1, shown
        assert "12.5% of the patients" in page((section,))


def test_missing_results_are_not_said_to_be_beyond_testing() -> None:
    """Whether a pool has the ten studies of a test depends on the run."""
    item = next(one for one in ITEMS if one.number == "14")
    assert "large enough" not in item.left


def test_a_time_without_a_source_has_its_row(results: Any) -> None:
    told = copy.deepcopy(results)
    (row,) = told["findings"]["tables"][0]["rows"]
    row["not_stated"] = [
        {"label": "low", "at_months": months, "refused": "no number."} for months in (48.0, 60.0)
    ]
    (table,) = [one for one in walk(summing.findings(told), Table) if "Summary" in one.caption]
    names = ["".join(p if isinstance(p, str) else p.text for p in row.cells[0])
             for row in table.rows]  # fmt: skip
    place = next(i for i, name in enumerate(names) if "48 and 60 months; baseline low" in name)
    assert "baseline low" in names[place - 1]
    assert table.rows[place].cells[3:6] == (("–",),) * 3
    assert "nothing is interpolated" in str(table.rows[place].cells[-1])
    rows = summing.tables(told)["summary_of_findings"]
    assert [one[-1] for one in rows[-2:]] == ["no number.", "no number."]


def test_findings_of_earlier_results_are_read(results: Any) -> None:
    told = copy.deepcopy(results)
    (row,) = told["findings"]["tables"][0]["rows"]
    del row["not_stated"]
    for one in row["baselines"]:
        del one["statement"]
    for one in row["statements"]:
        del one["of"]
    shown = page((summing.findings(told),))
    assert all(one["text"] in shown for one in row["statements"])
