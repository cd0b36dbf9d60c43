"""What users do: choose, send, go back, make mistakes; with the keyboard, and from a file."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from locoreg.report.render import render
from locoreg.web.jobs.store import JobStore
from tests.web.browsing import NARROW, WIDE, BrowserPage, axe, opened
from tests.web.shelf import Shelf
from tests.web.stored import small_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_filter_by_keyboard_alone_then_back(browser_page: BrowserPage, full_shelf: Shelf) -> None:
    page = browser_page.page
    browser_page.goto(f"{full_shelf.base}/cohort")
    before = page.locator("#results .lr-lead").inner_text()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "field-age_from":
            break
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "age_from=60" in url)
    page.locator("#results .lr-lead", has_not_text=before).wait_for()
    assert page.locator("h1").count() == 1
    assert parse_qs(urlsplit(page.url).query)["age_from"] == ["60"]
    after = page.locator("#results .lr-lead").inner_text()
    # The address alone brings back what was seen.
    browser_page.goto(page.url)
    assert page.locator("#results .lr-lead").inner_text() == after
    assert page.input_value("#field-age_from") == "60"
    page.go_back()
    page.wait_for_url(lambda url: "age_from=60" not in url)
    page.locator("#results .lr-lead", has_text=before).wait_for()


@pytest.mark.parametrize("kind", ["emulation", "selection"])
def test_a_faulty_form_says_what_is_wrong_where_it_is(
    browser_page: BrowserPage, full_shelf: Shelf, kind: str
) -> None:
    page = browser_page.page
    browser_page.goto(f"{full_shelf.base}/{kind}")
    page.select_option("#field-protocol", "own")
    page.locator("#run-form summary").click()
    page.fill("#field-text", "protocol: 1\ntitle: <b>x</b>\n")
    page.evaluate("document.getElementById('run-form').noValidate = true")
    page.fill("#field-cores", "500")
    page.get_by_role("button", name="Start", exact=True).click()
    alert = page.locator("[role=alert]")
    alert.wait_for()
    page.locator("[role=alert]:focus").wait_for()
    assert page.get_attribute("#field-text", "aria-invalid") == "true"
    assert page.get_attribute("#field-cores", "aria-invalid") == "true"
    assert page.input_value("#field-text").startswith("protocol: 1")
    assert page.locator("#results b").count() == 0
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert axe(page) == []
        browser_page.assert_no_sideways_scroll()
    alert.locator("a[href='#field-cores']").click()
    assert page.evaluate("document.activeElement.id") == "field-cores"


@pytest.mark.parametrize("kind", ["emulation", "selection"])
def test_a_form_starts_a_job_with_the_cores_asked_for(
    browser_page: BrowserPage, full_shelf: Shelf, kind: str
) -> None:
    page = browser_page.page
    browser_page.goto(f"{full_shelf.base}/{kind}")
    page.fill("#field-cores", "1")
    page.get_by_role("button", name="Check first").click()
    page.locator("#checked").wait_for()
    assert page.locator("[role=alert]").count() == 0
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/jobs/"))
    job = JobStore(full_shelf.store.workspace).get(page.url.rpartition("/")[2])
    assert job is not None
    assert job.kind == kind
    assert job.options["jobs"] == 1
    page.get_by_role("button", name="Cancel this job").click()
    page.locator("text=Cancelled.").wait_for()
    browser_page.goto(full_shelf.base + f"/{kind}")


def test_a_job_that_ends_is_told_without_a_reload(
    browser_page: BrowserPage, full_shelf: Shelf
) -> None:
    page, store = browser_page.page, full_shelf.store
    job = store.get("job-running")
    assert job is not None
    browser_page.goto(f"{full_shelf.base}/jobs/{job.id}")
    store.tell(job.id, step="emulation-early", stage="bootstrap 17", number=3, of=3)
    page.locator("#job-stage", has_text="bootstrap 17").wait_for()
    assert "part 3 of 3" in page.locator("#job-words").inner_text()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_report_opened_from_a_file(
    browser: Browser, tmp_path: Path, size: dict[str, int]
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(small_page("study", "A study <script>")), encoding="utf-8")
    with opened(browser, viewport=size) as one:
        one.page.goto(path.as_uri())
        assert one.page.locator("h1").count() == 1
        assert axe(one.page) == []
        one.assert_no_sideways_scroll()
        assert [a for a in one.seen.requests if not a.startswith("file:")] == []
        one.assert_quiet()


def test_two_users_are_answered_while_one_waits(browser: Browser, full_shelf: Shelf) -> None:
    with opened(browser) as first, opened(browser) as second:
        first.page.goto(f"{full_shelf.base}/jobs/job-running")
        begun = time.monotonic()
        assert second.goto(f"{full_shelf.base}/methods") == 200
        assert first.page.request.get(f"{full_shelf.base}/methods?part=rules").status == 200
        # A stream of events is open all the time; nobody waits for its end.
        assert time.monotonic() - begun < 15
