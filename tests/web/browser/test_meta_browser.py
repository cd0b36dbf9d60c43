"""A table of one's own, as a browser, a narrow screen and a screen reader meet it."""

from __future__ import annotations

from tests.web.browser.contrast import faint_texts
from tests.web.browser.test_pages import GEOMETRY, small_targets
from tests.web.browsing import NARROW, SMALLEST, WIDE, BrowserPage, axe
from tests.web.shelf import Shelf
from tests.web.test_meta_page import BCG

CHECKED = ("leave_one_out", "influence", "baujat", "small_study", "mantel_haenszel")
TYPED = {"order": "year", "alpha": "0.1", "steps": "0.025", "mods": "ablat,alloc"}


def test_a_fault_gets_the_focus_and_results_fit(
    browser_page: BrowserPage, full_shelf: Shelf
) -> None:
    page = browser_page.page
    browser_page.goto(full_shelf.base + "/meta")
    page.fill("#field-table", BCG)
    page.get_by_role("button", name="Pool", exact=True).click()
    page.locator("[role=alert]:focus").wait_for()
    assert axe(page) == []
    for name, value in (("measure", "RR"), ("method", "REML"), ("interval", "normal")):
        page.select_option(f"#field-{name}", value)
    page.fill("#field-level", "95")
    for one in page.locator("details.lr-group > summary").all():
        one.click()
    for name, value in TYPED.items():
        page.fill(f"#field-{name}", value)
    page.select_option("#field-alternative", "less")
    for name in CHECKED:
        page.check(f"#field-{name}")
    page.get_by_role("button", name="Pool", exact=True).click()
    page.locator("#pooled").wait_for(timeout=60_000)
    for size in (WIDE, NARROW, SMALLEST):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        browser_page.assert_no_sideways_scroll()
        assert axe(page) == [], f"{size['width']} px"
        assert small_targets(page) == []
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert faint_texts(page) == []
    assert page.evaluate(GEOMETRY) == []
