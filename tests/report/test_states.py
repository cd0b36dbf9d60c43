"""Hostile text, and states with little or nothing to show."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from locoreg.report import write_report
from locoreg.report.words import decimal_text, doi_link, registry_link, severity, verification
from tests.conftest import WriteTables, effect, study
from tests.report.conftest import Page, Run

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def read(out: Path) -> Page:
    return Page((out / "report.html").read_text(encoding="utf-8"))


def test_hostile_text_is_text(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(
        studies=[
            study("one", label=HOSTILE, verification="memory", population=HOSTILE),
            study("two", label="=cmd|' /C calc'!A0"),
        ],
        claims=[
            effect("c1", "one", "0.66 0.49 0.88", verbatim=HOSTILE, location=HOSTILE),
            effect("c2", "two", "1.04 0.81 1.34", verbatim="=1+1", report_id="r2"),
        ],
        references=[
            {
                "reference_id": "r2",
                "study_id": "two",
                "title": HOSTILE,
                "doi": 'javascript:alert(1)//"><b>',
            }
        ],
    )
    out = tmp_path / "out"
    write_report(run(tables=[tables], title=HOSTILE), out)
    page = read(out)
    assert not page.named("script")
    assert not page.named("img")
    assert "<script" not in page.source
    assert "alert(1)</script>" in page.words
    assert not [a for a in page.named("a") if a["href"].startswith("javascript")]
    for svg in (out / "figures").glob("*.svg"):
        assert "<script" not in svg.read_text(encoding="utf-8")
    for table in (out / "tables").glob("*.csv"):
        for row in csv.reader(io.StringIO(table.read_text(encoding="utf-8"))):
            assert not any(cell.startswith(("=", "@", "+")) for cell in row)


def test_one_study_and_nothing_else(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(studies=[study("one")], claims=[effect("c1", "one", "0.66 0.49 0.88")])
    out = tmp_path / "out"
    result = run(tables=[tables])
    write_report(result, out)
    page = read(out)
    assert "not defined for one study" in page.words
    assert "None was asked for." in page.words
    assert "None is recorded." in page.words
    assert "The tables hold none." in page.words
    assert "Registry and matched comparisons, overall survival: none" in page.words
    assert page.headings.count(1) == 1
    data = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert data["questions"][0]["pools"][0]["pool"]["tau2_ci"] == [None, None]
    assert "What changed since the last run" not in page.words


def test_no_pool_at_all(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(
        studies=[study("one", design="single-arm", label="Lone series")],
        claims=[effect("c1", "one", "0.66 0.49 0.88")],
    )
    out = tmp_path / "out"
    write_report(run(tables=[tables]), out)
    page = read(out)
    assert "No number is pooled." in page.words
    assert "Lone series" in page.words
    assert not page.named("figure")
    assert page.words.count("Registry and matched comparisons") >= 2


def test_no_finding(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(
        studies=[study("one"), study("two")],
        claims=[effect("c1", "one", "0.66 0.49 0.88"), effect("c2", "two", "1.04 0.81 1.34")],
    )
    result = run(tables=[tables])
    if result.audit.findings:
        pytest.fail(f"clean rows gave {result.audit.findings}")
    out = tmp_path / "out"
    write_report(result, out)
    page = read(out)
    assert "Blocking: 0 findings None." in page.words
    assert "Two studies: no prediction interval." in page.words


def test_from_memory_is_marked(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(
        studies=[study("one"), study("two")],
        claims=[
            effect("c1", "one", "0.66 0.49 0.88", verification="memory"),
            effect("c2", "two", "1.04 0.81 1.34", verification="seen"),
        ],
    )
    out = tmp_path / "out"
    write_report(run(tables=[tables], include_memory=True), out)
    page = read(out)
    assert "✱ from memory" in page.words
    assert "--include-memory" in page.words


def test_subgroups_of_studies(run: Run, write_tables: WriteTables, tmp_path: Path) -> None:
    tables = write_tables(
        studies=[
            study("one", randomisation_timing="upfront"),
            study("two", randomisation_timing="upfront"),
            study("three", randomisation_timing="after response"),
        ],
        claims=[
            effect("c1", "one", "0.66 0.49 0.88"),
            effect("c2", "two", "1.04 0.81 1.34"),
            effect("c3", "three", "0.80 0.60 1.07"),
        ],
    )
    out = tmp_path / "out"
    write_report(run(tables=[tables], subgroups_by="randomisation_timing"), out)
    assert "Test that the subgroups by randomisation timing share one effect" in read(out).words


@pytest.mark.parametrize(
    ("doi", "href"),
    [
        ("10.1000/a<b>c", "https://doi.org/10.1000/a%3Cb%3Ec"),
        ("10.1016/S1470-2045(15)00135-7", "https://doi.org/10.1016/S1470-2045(15)00135-7"),
    ],
)
def test_doi_links(doi: str, href: str) -> None:
    (link,) = doi_link(doi)
    assert link.href == href  # type: ignore[union-attr]


@pytest.mark.parametrize("doi", ["javascript:alert(1)", "https://evil.example", "10.1/ x"])
def test_other_text_is_no_doi_link(doi: str) -> None:
    assert doi_link(doi) == (doi,)
    assert registry_link(doi) == (doi,)


def test_words() -> None:
    assert severity("serious").sign == "▲"
    assert verification("") == "not stated"
    assert decimal_text(0.002) == "0.002"
