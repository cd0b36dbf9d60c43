"""The page: structure, numbers, links, nothing from outside."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from locoreg.core.numbertext import interval_text
from locoreg.workflows.run import StudyResult
from tests.report.conftest import Page


def test_landmarks_and_language(page: Page) -> None:
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("main")) == len(page.named("header")) == len(page.named("footer")) == 1
    assert page.named("nav")[0]["aria-labelledby"] == "toc-title"
    skip = page.named("a")[0]
    assert skip["class"] == "lr-skip"
    assert skip["href"].removeprefix("#") == page.named("main")[0]["id"]
    assert not page.unclosed


def test_headings_in_order(page: Page) -> None:
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    for before, after in itertools.pairwise(page.headings):
        assert after <= before + 1


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    # Ids inside drawings begin with lr- and are held apart by the tests of the figures.
    own = [name for name in page.ids if not name.startswith("lr-")]
    assert [name for name, count in Counter(own).items() if count > 1] == []
    inner = {a["href"][1:] for a in page.named("a") if a["href"].startswith("#")}
    assert inner <= set(page.ids)


def test_tables_and_regions_have_names(page: Page) -> None:
    tables = len(page.named("table"))
    assert tables == len(page.named("caption"))
    assert all(th.get("scope") in ("col", "row") for th in page.named("th"))
    regions = [a for _, a in page.tags if a.get("role") == "region"]
    assert len(regions) > tables
    assert all(a.get("aria-label") and a.get("tabindex") == "0" for a in regions)


def test_classes_have_the_prefix(page: Page) -> None:
    for _, attributes in page.tags:
        for name in attributes.get("class", "").split():
            assert name.startswith("lr-")


def test_nothing_from_outside(page: Page) -> None:
    assert not page.named("script")
    assert not page.named("link")
    assert not page.named("img")
    policy = next(m for m in page.named("meta") if "http-equiv" in m)["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    for tag, attributes in page.tags:
        assert "src" not in attributes
        href = attributes.get("href", attributes.get("xlink:href", "#"))
        if not href.startswith("#"):
            assert tag == "a"
            assert urlsplit(href).scheme == "https"
            assert urlsplit(href).netloc in ("doi.org", "clinicaltrials.gov")
    assert "@import" not in page.source
    assert not re.search(r"url\((?!#)", page.source)
    assert not any(name.startswith("on") for _, a in page.tags for name in a)


def test_every_pooled_number_stands_on_the_page(page: Page, folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    seen = 0
    for question in results["questions"]:
        for item in question["pools"]:
            pool = item["pool"]
            estimates = [pool["mu"], *(s["estimate"] for s in pool["studies"])]
            estimates += [row["mu"] for row in (*pool["leave_one_out"], *pool["cumulative"])]
            if pool["as_printed"]:
                estimates.append(pool["as_printed"]["mu"])
            for estimate in estimates:
                natural = estimate["natural"]
                text = interval_text(natural["estimate"], natural["ci_low"], natural["ci_high"])
                assert text in page.words
                seen += 1
            assert item["answer"] in page.words
    assert seen > 20


def test_every_finding_stands_on_the_page(page: Page, shipped: StudyResult) -> None:
    findings = shipped.audit.findings
    assert findings
    for number, finding in enumerate(findings, start=1):
        assert f"finding-{number}" in page.ids
        assert " ".join(finding.message.split()) in page.words


def test_each_check_has_its_own_number_of_findings(page: Page, shipped: StudyResult) -> None:
    checks = shipped.audit.checks
    assert len({check.rule for check in checks}) < len(checks)
    assert sum(check.found for check in checks) == len(shipped.audit.findings)
    for check in checks:
        words = f"{check.rule} {check.description} {check.examined:,} {check.found:,}"
        assert " ".join(words.split()) in page.words


def test_every_pooled_number_links_to_its_row(page: Page, shipped: StudyResult) -> None:
    links = {a["href"] for a in page.named("a")}
    for question in shipped.questions:
        for item in question.pools:
            for study in item.pool.studies:
                assert f"#claim-{study.claim_ids[0]}" in links
                assert all(f"claim-{c}" in page.ids for c in study.claim_ids)


def test_corrections_show_both_rows(page: Page, shipped: StudyResult) -> None:
    used = {c for q in shipped.questions for p in q.pools for s in p.pool.studies
            for c in s.claim_ids}  # fmt: skip
    corrections = [shipped.catalog.claims[c] for c in used if shipped.catalog.claims[c].supersedes]
    assert corrections
    for claim in corrections:
        assert f"claim-{claim.supersedes}" in page.ids
        assert " ".join(str(claim.reason).split()) in page.words


def test_figures_have_tables_and_cards(page: Page) -> None:
    figures = page.named("figure")
    assert len(figures) == len(page.named("svg")) > 2
    assert sum(a.get("class") == "lr-cards" for a in page.named("div")) >= 3


def test_severity_and_verdict_are_words(page: Page, shipped: StudyResult) -> None:
    for severity, count in shipped.audit.counts.items():
        assert f"{severity.capitalize()}: {count:,} finding" in page.words
    assert f"Verdict: ● {shipped.reproductions[0].verdict}" in page.words


def test_disclaimer_and_hashes(page: Page, shipped: StudyResult) -> None:
    assert page.words.count("For research. Not a medical device.") >= 2
    assert shipped.catalog.sha256 in page.words
    assert "locoreg run study.yaml" in page.words
    assert "locoreg evidence pool primary-surgery --design rct" in page.words


def test_statements_and_references_are_all_there(page: Page, shipped: StudyResult) -> None:
    for statement in shipped.catalog.statements.values():
        assert " ".join(statement.statement.split()) in page.words
    assert all(f"ref-{r}" in page.ids for r in shipped.catalog.references)
