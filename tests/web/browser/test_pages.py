"""Every page in every state: what a browser, a keyboard and a screen reader meet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser.contrast import faint_texts
from tests.web.browser.pages import PAGES, Shown
from tests.web.browsing import NARROW, SMALLEST, WIDE, BrowserPage, axe, opened
from tests.web.serving import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("browser")
each_page = pytest.mark.parametrize("shown", PAGES, ids=lambda one: one.name)
LARGEST_BYTES = 250_000
VALUES = """() => [...document.querySelectorAll('data.lr-value')]
  .map(e => [e.dataset.key, e.value, e.textContent])"""
FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const place = ['nav', 'main', 'footer', 'header'].find(name => e.closest(name));
  return {html: e.outerHTML.slice(0, 100), href: e.getAttribute('href'), inside: place,
    outline: style.outlineStyle, width: parseFloat(style.outlineWidth),
    shown: box.width > 0 && box.right > 0};
}"""


@each_page
def test_in_a_browser(browser_page: BrowserPage, server: Server, shown: Shown) -> None:
    page = browser_page.page
    assert browser_page.goto(server.base + shown.path) == shown.status
    assert page.title().endswith(" · locoreg")
    assert len(page.title()) > len(" · locoreg")
    assert page.locator("h1").count() == 1
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        browser_page.assert_no_sideways_scroll()
        assert axe(page) == [], f"{size['width']} px"
        assert small_targets(page) == []
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]
    browser_page.assert_no_sideways_scroll()
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert faint_texts(page) == []
    assert len(page.content().encode()) <= LARGEST_BYTES


@each_page
def test_without_javascript_the_numbers_are_the_same(
    browser: Browser, server: Server, shown: Shown
) -> None:
    with opened(browser) as with_script:
        with_script.goto(server.base + shown.path)
        expected = with_script.page.evaluate(VALUES)
    with opened(browser, javascript=False) as without:
        assert without.goto(server.base + shown.path) == shown.status
        assert without.page.evaluate(VALUES) == expected
        without.assert_quiet()


def small_targets(page: Any) -> list[str]:
    """Return links and controls under 24 px high that do not stand within a sentence."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('nav a, button, input, select, .lr-tabs a,'
          + ' .lr-downloads a, .lr-choices a, summary')]
          .filter(e => { const b = e.getBoundingClientRect();
            return b.width && (b.height < 24 || b.width < 24) && !e.closest('label'); })
          .map(e => e.outerHTML.slice(0, 100))"""
    )
    return found


def test_by_keyboard_alone(browser_page: BrowserPage, server: Server) -> None:
    page = browser_page.page
    browser_page.goto(server.base + "/methods")
    seen = []
    for _ in range(24):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert seen[0]["href"] == "#main"
    assert [one["inside"] for one in seen[2:8]] == ["nav"] * 6
    assert "main" in {one["inside"] for one in seen}
    for one in seen:
        assert one["shown"], one
        assert one["outline"] != "none", one
        assert one["width"] >= 3, one


def test_the_skip_link_leads_to_the_content(browser_page: BrowserPage, server: Server) -> None:
    page = browser_page.page
    browser_page.goto(server.base + "/")
    page.keyboard.press("Tab")
    assert page.locator(".lr-skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inside"] == "main"


def test_at_twice_the_size_of_text(browser: Browser, server: Server) -> None:
    # 200% zoom of a window 1280 wide leaves 640 CSS pixels.
    half = {"width": 640, "height": 500}
    with opened(browser, viewport=half, device_scale_factor=2) as one:
        for shown in PAGES[:4]:
            one.goto(server.base + shown.path)
            one.assert_no_sideways_scroll()


def test_in_forced_colours_focus_and_place_are_seen(browser: Browser, server: Server) -> None:
    with opened(browser, forced_colors="active") as one:
        one.goto(server.base + "/methods")
        here = one.page.locator('nav[aria-label="Pages"] a[aria-current="page"]')
        assert here.evaluate("e => getComputedStyle(e).borderBottomStyle") == "solid"
        one.page.keyboard.press("Tab")
        assert one.page.evaluate(FOCUSED)["outline"] == "solid"


def test_printed_the_frame_is_gone(browser_page: BrowserPage, server: Server) -> None:
    page = browser_page.page
    browser_page.goto(server.base + "/")
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".lr-strip").is_visible()


def test_pages_of_the_navigation_are_there(browser_page: BrowserPage, server: Server) -> None:
    page = browser_page.page
    browser_page.goto(server.base + "/")
    paths = page.eval_on_selector_all(
        'nav[aria-label="Pages"] a', "all => all.map(e => e.getAttribute('href'))"
    )
    assert len(paths) == len(set(paths)) == 6
    for path in paths:
        assert re.fullmatch(r"/[a-z]+", path)
        assert page.request.get(server.base + path).status == 200, path
