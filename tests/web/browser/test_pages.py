"""Every page in every state: what a browser, a keyboard and a screen reader meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from locoreg.web.rendering import NAVIGATION
from tests.web.browser.contrast import faint_texts
from tests.web.browser.pages import PAGES, Shown
from tests.web.browsing import NARROW, SMALLEST, WIDE, BrowserPage, axe, opened
from tests.web.shelf import Shelf

if TYPE_CHECKING:
    from playwright.sync_api import Browser

each_page = pytest.mark.parametrize("shown", PAGES, ids=lambda one: one.name)
LARGEST_BYTES = 250_000
VALUES = """() => [...document.querySelectorAll('data.lr-value')]
  .map(e => [e.dataset.key, e.value, e.textContent])"""
# The same of a page as it is sent, read by the browser's own parser with scripts off.
SCRIPTLESS = f"""source => {{
  const document = new DOMParser().parseFromString(source, 'text/html');
  return {{values: ({VALUES})(), headings: document.querySelectorAll('h1').length}};
}}"""
# Pages that a browser without scripts opens as well: one of each kind.
SCRIPTLESS_TOO = {"home", "evidence", "cohort", "emulation estimates", "selection rule", "compare"}
# Texts of a drawing that leave it, or lie on one another.
GEOMETRY = """() => {
  const wrong = [];
  for (const svg of document.querySelectorAll('.lr-drawing svg')) {
    if (!svg.checkVisibility()) continue;
    const view = svg.viewBox.baseVal;
    const frame = svg.getBoundingClientRect(), unit = frame.width / view.width;
    const boxes = [...svg.querySelectorAll('text')].map(e => {
      const b = e.getBoundingClientRect();
      return {text: e.textContent, left: (b.left - frame.left) / unit,
        right: (b.right - frame.left) / unit, top: (b.top - frame.top) / unit,
        bottom: (b.bottom - frame.top) / unit};
    }).filter(b => b.right > b.left);
    for (const b of boxes) {
      if (b.left < -0.5 || b.top < -0.5 || b.right > view.width + 0.5
        || b.bottom > view.height + 0.5) wrong.push('outside: ' + b.text);
    }
    // Lines of text are as high as their font says, which is more than their letters take.
    const low = b => b.bottom - 0.25 * (b.bottom - b.top);
    const high = b => b.top + 0.25 * (b.bottom - b.top);
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(low(a), low(b)) - Math.max(high(a), high(b));
      if (across > 1 && down > 0.5) wrong.push('overlap: ' + a.text + ' | ' + b.text);
    }));
  }
  return wrong;
}"""
FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const place = ['nav', 'main', 'footer', 'header'].find(name => e.closest(name));
  return {html: e.outerHTML.slice(0, 100), href: e.getAttribute('href'), inside: place,
    outline: style.outlineStyle, width: parseFloat(style.outlineWidth),
    shown: box.width > 0 && box.right > 0};
}"""


@pytest.fixture(scope="module")
def wide(browser: Browser) -> Iterator[BrowserPage]:
    """One page for all that are only looked at: its cache is what a user's is."""
    with opened(browser) as one:
        yield one


@each_page
def test_in_a_browser(wide: BrowserPage, full_shelf: Shelf, shown: Shown) -> None:
    page, address = wide.page, shown.address(full_shelf)
    wide.seen.clear()
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    answer = wide.open(address)
    assert answer.status == shown.status
    assert page.title().endswith(" · locoreg")
    assert len(page.title()) > len(" · locoreg")
    assert page.locator("h1").count() == 1
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        wide.assert_no_sideways_scroll()
        assert axe(page) == [], f"{size['width']} px"
        assert small_targets(page) == []
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]
    wide.assert_no_sideways_scroll()
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert faint_texts(page) == []
    assert page.evaluate(GEOMETRY) == []
    wide.assert_quiet()
    sent = answer.body()
    assert len(sent) <= LARGEST_BYTES
    without = page.evaluate(SCRIPTLESS, sent.decode())
    assert without == {"values": page.evaluate(VALUES), "headings": 1}


def test_without_scripts_a_page_has_its_numbers(browser: Browser, full_shelf: Shelf) -> None:
    with opened(browser) as one, opened(browser, javascript=False) as scriptless:
        counts = {}
        for shown in (one for one in PAGES if one.name in SCRIPTLESS_TOO):
            address = shown.address(full_shelf)
            sent = one.open(address).body().decode()
            read = one.page.evaluate(SCRIPTLESS, sent)
            assert scriptless.goto(address) == shown.status
            assert scriptless.page.evaluate(VALUES) == read["values"]
            assert scriptless.page.locator("h1").count() == read["headings"] == 1
            counts[shown.name] = len(read["values"])
        assert set(counts) == SCRIPTLESS_TOO
        assert max(counts.values()) > 5
        one.assert_quiet()
        scriptless.assert_quiet()


def test_a_faint_text_far_down_is_found(browser_page: BrowserPage) -> None:
    rows = "".join(f"<tr><td>{i}</td><td>word</td></tr>" for i in range(300))
    page = (
        '<html lang="en"><head><title>t</title></head><body><main><h1>h</h1><table>'
        f"<tr><th>a</th><th>b</th></tr>{rows}</table></main></body></html>"
    )
    browser_page.page.set_content(page)
    assert axe(browser_page.page) == []
    faint = page.replace("<td>290</td>", '<td style="color: #999">290</td>')
    browser_page.page.set_content(faint)
    (found,) = axe(browser_page.page)
    assert found.startswith("color-contrast")
    assert "290" in found
    # The colour may be that of what lies under it, too.
    faint = page.replace("<tr><td>291</td>", '<tr style="background: #555"><td>291</td>')
    browser_page.page.set_content(faint)
    (found,) = axe(browser_page.page)
    assert found.startswith("color-contrast")
    assert "291" in found


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


def test_by_keyboard_alone(browser_page: BrowserPage, full_shelf: Shelf) -> None:
    page = browser_page.page
    browser_page.goto(full_shelf.base + "/methods")
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


def test_the_skip_link_leads_to_the_content(browser_page: BrowserPage, full_shelf: Shelf) -> None:
    page = browser_page.page
    browser_page.goto(full_shelf.base + "/")
    page.keyboard.press("Tab")
    assert page.locator(".lr-skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inside"] == "main"


def test_at_twice_the_size_of_text(browser: Browser, full_shelf: Shelf) -> None:
    # 200% zoom of a window 1280 wide leaves 640 CSS pixels.
    half = {"width": 640, "height": 500}
    with opened(browser, viewport=half, device_scale_factor=2) as one:
        for shown in PAGES[:4] + PAGES[-3:]:
            one.goto(shown.address(full_shelf))
            one.assert_no_sideways_scroll()


def test_in_forced_colours_focus_and_place_are_seen(browser: Browser, full_shelf: Shelf) -> None:
    with opened(browser, forced_colors="active") as one:
        one.goto(full_shelf.base + "/methods")
        here = one.page.locator('nav[aria-label="Pages"] a[aria-current="page"]')
        assert here.evaluate("e => getComputedStyle(e).borderBottomStyle") == "solid"
        one.page.keyboard.press("Tab")
        assert one.page.evaluate(FOCUSED)["outline"] == "solid"


def test_printed_the_frame_is_gone(browser_page: BrowserPage, full_shelf: Shelf) -> None:
    page = browser_page.page
    browser_page.goto(full_shelf.base + "/")
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".lr-strip").is_visible()


def test_pages_of_the_navigation_are_there(browser_page: BrowserPage, full_shelf: Shelf) -> None:
    page = browser_page.page
    browser_page.goto(full_shelf.base + "/")
    paths = page.eval_on_selector_all(
        'nav[aria-label="Pages"] a', "all => all.map(e => e.getAttribute('href'))"
    )
    assert len(paths) == len(set(paths)) == len(NAVIGATION)
    for path in paths:
        assert re.fullmatch(r"/[a-z]+(-[a-z]+)?", path)
        assert page.request.get(full_shelf.base + path).status == 200, path
