"""The report: exact counts, thresholds, files, the page, hostile values."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.sink import Problem
from locoreg.registry.store import read_registry
from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.transaction import add_import
from locoreg.registry.tables import TABLES
from locoreg.registry.validate import (
    RULES,
    QualityReport,
    check_registry,
    default_thresholds,
    read_thresholds,
    threshold_table,
)
from tests.registry.build import registry_of
from tests.registry.validate.cohort import Tables, checked, clean

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'; DROP TABLE patient; --",
    '"); DELETE FROM issue; --',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}{part}{% raw %}$days",
    "\N{SNOWMAN}\u202e",
)


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> QualityReport:
    return checked(tmp_path_factory.mktemp("clean") / "registry", clean())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> QualityReport:
    tables: Tables = {"patient": [], "primary_tumour": [], "adverse_event": [], "systemic_line": []}
    for text in HOSTILE:
        tables["patient"].append({"patient_id": text, "site_id": text, "death_date": "2010-01-01"})
        tables["primary_tumour"].append(
            {
                "tumour_id": f"T{text}",
                "patient_id": text,
                "dx_date": "2011-01-01",
                "topography": text,
                "ct": text,
                "stage_group": text,
            }
        )
        tables["adverse_event"].append({"patient_id": text, "term": text, "lt_id": text})
        tables["systemic_line"].append({"patient_id": text, "regimen": text, "line_no": 99})
    return checked(tmp_path_factory.mktemp("hostile") / "registry", tables, synthetic=True)


class Page(HTMLParser):
    """Collects tags and text; fails where tags are not nested."""

    VOID = ("meta", "br", "link", "img", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def test_a_clean_registry_is_quiet(cleaned: QualityReport) -> None:
    assert cleaned.by_rule == {}, cleaned.summary()
    assert cleaned.issues.num_rows == 0
    assert set(cleaned.by_severity.values()) == {0}
    assert [one.rule for one in cleaned.counts] == [rule.id for rule in RULES]
    assert "0 blocking, 0 serious, 0 minor, 0 note." in cleaned.summary()


def test_an_empty_registry(tmp_path: Path) -> None:
    report = checked(tmp_path / "registry", {})
    assert report.by_rule == {}
    assert report.patients == 0
    assert report.completeness == () or all(one.rows == 0 for one in report.completeness)
    page = parsed(report.page())
    assert "There are no rows." in page.text
    report.write(tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "issues.parquet").num_rows == 0


def test_counts_are_exact_and_listing_is_capped(tmp_path: Path) -> None:
    patients, tumours = [], []
    for i in range(4000):
        dead_early = i < 1203
        patients.append(
            {
                "patient_id": f"P{i}",
                "birth_year": 2010 if 1203 <= i < 1210 else 1950,
                "death_date": "2010-01-01" if dead_early else "2013-01-01",
                "vital_status": "alive" if 2000 <= i < 2500 else "dead",
            }
        )
        tumours.append(
            {
                "patient_id": f"P{i}" if i < 3999 else "nobody",
                "dx_date": "2011-01-01",
                "topography": "C504" if i % 7 == 0 else "C50.4",
                "size_mm": 400.0 if i % 100 == 0 else 20.0,
            }
        )
    rules = [
        "death-before-diagnosis",
        "age-at-diagnosis",
        "vital-status",
        "icd-o-syntax",
        "size-range",
        "patient-unknown",
        "same-person-twice",
    ]
    report = checked(tmp_path / "r", {"patient": patients, "primary_tumour": tumours}, rules[:-1])
    assert report.by_rule == {
        "death-before-diagnosis": 1203,
        "age-at-diagnosis": 7,
        "vital-status": 500,
        "icd-o-syntax": 572,
        "size-range": 40,
        "patient-unknown": 1,
    }
    counts = {one.rule: one for one in report.counts}
    capped = counts["death-before-diagnosis"]
    assert (capped.listed, capped.not_listed) == (1000, 203)
    assert capped.columns == (("patient.death_date", 1203),)
    listed = report.issues.filter(pa.compute.equal(report.issues["rule"], capped.rule))
    assert listed["source_row"].to_pylist() == list(range(2, 1002))
    assert report.issues.num_rows == 1000 + 7 + 500 + 572 + 40 + 1
    assert report.by_severity == {"blocking": 1204, "serious": 1119, "minor": 0, "note": 0}
    document = json.loads(json.dumps(report.to_dict()))
    assert document["by_severity"]["blocking"] == 1204
    assert len(document["issues"]) == report.issues.num_rows == len(report.to_frame())
    assert list(report.to_frame().severity)[:1204] == ["blocking"] * 1001 + ["serious"] * 203


def test_a_rule_over_several_parts_is_capped_as_a_whole(tmp_path: Path) -> None:
    rows = [{"patient_id": "A", "ct": "x", "cn": "y", "stage_group": "z"} for _ in range(700)]
    report = checked(
        tmp_path / "r", {"patient": [{"patient_id": "A"}], "primary_tumour": rows}, ["tnm-syntax"]
    )
    assert report.count("tnm-syntax") == 2100
    assert report.issues.num_rows == 1000


def test_issues_of_imports_are_counted_exactly(tmp_path: Path) -> None:
    def fill(batch: ImportBatch) -> None:
        batch.count_read("a.csv", 1)
        batch.problem(
            Problem(
                rule="unknown-code",
                severity="serious",
                message="No code.",
                source_file="a.csv",
                source_row=n,
                column_name="ER",
            )
            for n in range(1500)
        )

    add_import(
        tmp_path / "r", fill, source="delimited", source_system="s", fingerprint="0123456789ab"
    )
    registry = read_registry(tmp_path / "r")
    report = check_registry(registry)
    assert report.by_rule == {"unknown-code": 1500}
    one = report.counts[0]
    assert (one.family, one.severity, one.count, one.listed) == ("import", "serious", 1500, 1000)
    assert set(report.issues["found_by"].to_pylist()) == {"import"}
    assert "1,500  serious   unknown-code" in report.summary()
    assert "unknown-code" in parsed(report.page()).text
    assert check_registry(registry, rules=["vital-status"]).by_rule == {}


def test_codes_and_keys_that_only_a_changed_file_can_hold(tmp_path: Path) -> None:
    tables: Tables = {"patient": [{"patient_id": name, "sex": "female"} for name in "ABC"]}
    registry = registry_of(tmp_path / "r", tables)
    (path,) = (tmp_path / "r").glob("tables/patient/*.parquet")
    table = pq.read_table(path)
    at = table.schema.get_field_index("sex")
    table = table.set_column(at, table.schema.field(at), pa.array(["female", "F", None]))
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), path)
    report = check_registry(registry, rules=["conformance"])
    assert report.by_rule == {"code-outside-vocabulary": 1, "key-repeated": 1}
    by_rule = {row["rule"]: row for row in report.issues.to_pylist()}
    assert by_rule["code-outside-vocabulary"]["row_key"] == "B"
    assert by_rule["code-outside-vocabulary"]["value"] == "F"
    assert by_rule["key-repeated"]["row_key"] == "A"


def test_hostile_values_reach_no_formula(hostile: QualityReport, tmp_path: Path) -> None:
    hostile.write(tmp_path)
    raw = (tmp_path / "issues.csv").read_text(encoding="utf-8")
    with (tmp_path / "issues.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == hostile.issues.num_rows > 50
    for row in rows:
        assert not [cell for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n")]
        assert row["SYNTHETIC"] == "yes"
    assert "'=cmd|" in raw
    kept = pq.read_table(tmp_path / "issues.parquet")
    assert kept.schema.metadata[b"locoreg.data"] == b"SYNTHETIC"
    assert HOSTILE[0] in kept["patient_id"].to_pylist()


def test_hostile_values_reach_no_page(hostile: QualityReport) -> None:
    html = hostile.page(small_cells=None)
    page = parsed(html)
    names = [tag for tag, _ in page.tags]
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(names)
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert all(link is not None and link.startswith("#") for link in links)
    assert {link for link in links} <= {f"#{a['id']}" for _, a in page.tags if "id" in a}
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "://" not in html
    assert "<script>alert(1)</script>" in page.text
    assert "SYNTHETIC" in page.text
    # What is text stays text: no value was taken for a template or a placeholder.
    assert HOSTILE[10] in page.text


def test_every_hostile_row_is_found(hostile: QualityReport) -> None:
    assert hostile.count("death-before-diagnosis") == len(HOSTILE)
    assert hostile.count("reference-unknown") == len(HOSTILE)
    assert hostile.count("icd-o-syntax") == len(HOSTILE)
    assert hostile.count("tnm-syntax") == 2 * len(HOSTILE)
    assert hostile.count("line-number-range") == len(HOSTILE)


def test_the_page_hides_small_counts_and_names_nobody(tmp_path: Path) -> None:
    tables = clean(200)
    for row in tables["primary_tumour"][:7]:
        row["topography"] = "C504"
    for row in tables["primary_tumour"][:50]:
        row["grade"] = None
    for row in tables["patient"][:15]:
        row["entry_date"] = None
    for row in [r for r in tables["patient"][30:] if r["vital_status"] == "alive"][:10:2]:
        row["vital_status"] = None
    report = checked(tmp_path / "r", tables)
    page = parsed(report.page())
    assert "P0000" not in page.text
    assert "≤10" in page.text
    assert "primary_tumour.topography 7" not in page.text
    # 15 of 200 are many enough to be told, 5 are not.
    assert "entry_date is unknown in 15 of 200 patients with metastases (8 %)" in page.text
    assert "≤10 of 100; details are hidden because they are few." in page.text
    # A total beside a hidden count is a range, else the count could be had by taking away.
    severities = report.by_severity
    assert f">{severities['serious']}<" not in report.page()
    everything = parsed(report.page(small_cells=None)).text
    assert "primary_tumour.topography 7" in everything
    assert "≤10" not in everything
    with pytest.raises(DesignError, match="small_cells"):
        report.page(small_cells=1)


def test_shares_near_all_and_none_are_limits(tmp_path: Path) -> None:
    tables: Tables = {
        "patient": [
            {"patient_id": f"P{i}", "sex": None if i < 3 else "female",
             "brca1_germline": "none" if i < 4 else None}
            for i in range(100)
        ]
    }  # fmt: skip
    text = checked(tmp_path / "r", tables).page()
    assert ">≥90 %<" in text
    assert ">≤10 %<" in text
    assert ">97 %<" not in text
    assert ">4 %<" not in text


def test_completeness_counts(tmp_path: Path) -> None:
    tables: Tables = {
        "patient": [
            {"patient_id": "A", "site_id": "X", "sex": "female"},
            {"patient_id": "B", "site_id": "X", "sex_reason": "not_recorded"},
            {"patient_id": "C", "sex_reason": "not_applicable"},
            {"patient_id": "D", "site_id": "Y", "sex": "female", "calendar": "shifted"},
        ],
        "primary_tumour": [
            {"patient_id": "A", "dx_date": "2011"},
            {"patient_id": "B", "dx_date": "2012-03"},
            {"patient_id": "D", "dx_date": "2012-03-04"},
        ],
    }
    report = checked(tmp_path / "r", tables)
    found = {
        (one.by, one.group): (one.values, one.rows, one.not_applicable)
        for one in report.completeness
        if (one.table, one.column) == ("patient", "sex")
    }
    assert found == {
        ("all", ""): (2, 3, 1),
        ("year", "2011"): (1, 1, 0),
        ("year", "2012"): (0, 1, 0),
        ("year", "no year"): (1, 1, 1),
        ("site", "X"): (1, 2, 0),
        ("site", "Y"): (1, 1, 0),
        ("site", "site not stated"): (0, 0, 1),
    }
    primary = next(
        one
        for one in report.completeness
        if (one.table, one.column, one.by) == ("patients with", "a diagnosed primary", "all")
    )
    assert (primary.values, primary.rows, primary.share) == (3, 4, 0.75)


def test_thresholds_can_be_changed(tmp_path: Path) -> None:
    tables: Tables = {
        "patient": [{"patient_id": "A"}],
        "primary_tumour": [{"patient_id": "A", "size_mm": size} for size in (80.0, 120.0, 310.0)],
    }
    registry = registry_of(tmp_path / "r", tables)
    rules = ["size-range"]
    assert check_registry(registry, rules=rules).count("size-range") == 1
    changed = check_registry(registry, rules=rules, thresholds={"size-range": {"max_mm": 100}})
    assert changed.count("size-range") == 2
    assert changed.thresholds["size-range"] == {"min_mm": 0, "max_mm": 100, "max_margin_mm": 100}
    page = parsed(changed.page()).text
    assert "changed" in page
    assert "Shipped: 300." in page
    assert default_thresholds()["size-range"]["max_mm"] == 300


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size-rang": {"max_mm": 1}}, "did you mean size-range"),
        ({"size-range": {"max": 1}}, "did you mean .*max_mm"),
        ({"size-range": {"max_mm": "1"}}, "must be a number"),
        ({"size-range": {"max_mm": float("nan")}}, "must be a number"),
        ({"size-range": {"max_mm": True}}, "must be a number"),
        ({"size-range": 3}, "must be given by name"),
        ({"vital-status": {"x": 1}}, "no rule"),
    ],
)
def test_wrong_thresholds(tmp_path: Path, given: Any, message: str) -> None:
    registry = registry_of(tmp_path / "r", {})
    with pytest.raises(DesignError, match=message):
        check_registry(registry, thresholds=given)


def test_unknown_rules(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {})
    with pytest.raises(DesignError, match="did you mean vital-status"):
        check_registry(registry, rules=["vital-statu"])
    assert {one.family for one in check_registry(registry, rules=["traps"]).counts} == {"traps"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("t.yaml", "size-range:\n  max_mm: 250\n", {"size-range": {"max_mm": 250.0}}),
        ("t.yml", "", {}),
        ("t.csv", "rule,threshold,value\nsize-range,max_mm,250\n\n",
         {"size-range": {"max_mm": 250.0}}),
        ("t.CSV", "\ufeffrule,threshold,value,unit,reason\nsize-range,max_mm,2e2,mm,x\n",
         {"size-range": {"max_mm": 200.0}}),
    ],
)  # fmt: skip
def test_threshold_files(tmp_path: Path, name: str, text: str, expected: Any) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_thresholds(tmp_path / name) == expected


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.yaml", "size-range: [", "not valid YAML"),
        ("t.yaml", "- a", "must hold rules"),
        ("t.yaml", "size-range:\n  max_mm: wide\n", "must be a number"),
        ("t.yaml", "size-range:\n  max_m: 3\n", "max_mm"),
        ("t.yaml", "!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("t.yaml", "size-range: {max_mm: 1}\nsize-range: {max_mm: 2}\n", "stands there twice"),
        ("t.csv", "rule,value\n", "'threshold' is missing"),
        ("t.csv", "rule,threshold,value\nsize-range,max_mm,x\n", "row 2: 'x' is not a number"),
        ("t.csv", "rule,threshold,value\nsize-range,max_mm,inf\n", "must be a number"),
        ("t.csv", "rule,threshold,value\nsize-range,max_mm,1\nsize-range,max_mm,2\n", "twice"),
        ("t.csv", 'rule,threshold,value\n"size-range,max_mm,1\n', "not valid CSV"),
        ("t.csv", "\xff", "UTF-8"),
    ],
)
def test_wrong_threshold_files(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=message):
        read_thresholds(tmp_path / name)


def test_missing_threshold_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        read_thresholds(tmp_path / "no.yaml")


def test_the_table_of_thresholds_and_the_rules_agree() -> None:
    used = {rule.id: rule.sql for rule in RULES}
    for one in threshold_table():
        assert one.rule in used
        assert one.reason.endswith(".")
        if one.rule == "completeness-low":
            table, _, column = one.name.partition(".")
            assert table == "patients with" or column in TABLES[table].names
        elif not one.rule.startswith("follow-up-differs"):
            assert f"${one.name}" in used[one.rule]
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.title.endswith(".")
        assert rule.action.endswith(".")
        assert bool(rule.sql) != bool(rule.compute)


def test_what_is_not_asked_is_not_missing(tmp_path: Path) -> None:
    tables: Tables = {
        "patient": [
            {"patient_id": "A", "vital_status": "alive"},
            {"patient_id": "B", "vital_status": "dead", "death_date": "2015"},
            {"patient_id": "C", "vital_status": "dead"},
        ],
        "local_therapy": [
            {"patient_id": "A", "modality": "surgery"},
            {"patient_id": "A", "modality": "sabr", "dose_gy": 30.0, "fractions": 3},
            {"patient_id": "A"},
        ],
    }
    report = checked(tmp_path / "r", tables, ["completeness"])
    found = {
        (one.table, one.column): (one.values, one.rows, one.not_applicable)
        for one in report.completeness
        if one.by == "all"
    }
    assert found["patient", "death_date"] == (1, 2, 1)
    assert found["local_therapy", "dose_gy"] == (1, 2, 1)
    assert found["local_therapy", "margin"] == (0, 2, 1)


def test_findings_on_the_whole_don_t_hide_a_total(tmp_path: Path) -> None:
    tables = clean(120)
    for row in tables["primary_tumour"][:20]:
        row["topography"] = "C504"
    for row in tables["patient"][:20]:
        row["entry_date"] = None
    report = checked(tmp_path / "r", tables)
    assert report.by_rule == {"icd-o-syntax": 20, "entry-unknown": 1, "completeness-low": 1}
    assert "<dd>22</dd>" in report.page()
