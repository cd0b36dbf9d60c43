"""Chromium for tests: no request leaves this machine, and what a page reports is kept."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response, Route

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = ("127.0.0.1", "localhost", "::1")
# Other processes of a test run take the cores for seconds at a time.
PATIENCE_MS = 60_000
WIDE = {"width": 1280, "height": 1000}
NARROW = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 700}


def need_chromium() -> None:
    """Skip where chromium is missing; fail under CI, where it must be there."""
    if Path(CHROMIUM).exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{CHROMIUM} is missing, and CI must run the browser tests.")
    pytest.skip(f"{CHROMIUM} is not installed")


class Seen:
    """What one browser page asked for and reported."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.refused: list[str] = []
        self.messages: list[str] = []
        self.failures: list[str] = []

    def clear(self) -> None:
        for kept in (self.requests, self.refused, self.messages, self.failures):
            kept.clear()


class BrowserPage:
    """A page with what was seen on it.

    ``page`` is Playwright's own object; ``seen`` has the requests and the console's messages.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.seen = Seen()
        self.context = context
        context.set_default_timeout(PATIENCE_MS)
        context.route("**/*", self._route)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.seen.failures.append(str(error)))

    def _route(self, route: Route) -> None:
        address = route.request.url
        self.seen.requests.append(address)
        parts = urlsplit(address)
        if parts.scheme in ("data", "blob", "file") or parts.hostname in LOCAL:
            route.continue_()
            return
        self.seen.refused.append(address)
        route.abort()

    def _console(self, message: Any) -> None:
        # A page with an error status is asked for on purpose; Chromium reports it by itself.
        if message.type in ("error", "warning") and "the server responded with a status of" not in (
            message.text
        ):
            self.seen.messages.append(f"{message.type}: {message.text}")

    def goto(self, address: str) -> int:
        """Open an address and return the status."""
        return self.open(address).status

    def open(self, address: str) -> Response:
        """Open an address and return the answer."""
        answer = self.page.goto(address, wait_until="load")
        assert answer is not None
        return answer

    def assert_quiet(self) -> None:
        """No outside request, no error, no message of the browser such as a CSP violation."""
        assert self.seen.refused == [], "outside requests"
        assert self.seen.failures == [], "errors in scripts"
        assert self.seen.messages == [], "messages in the console"

    def assert_no_sideways_scroll(self) -> None:
        wide = self.page.evaluate(
            "() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"
        )
        assert wide[0] <= wide[1], self.page.evaluate(_WIDEST)


_WIDEST = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.lr-scroll, .lr-listing, .lr-skip')
    && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .slice(0, 5)
  .map(e => e.tagName + '.' + e.getAttribute('class') + ' '
    + e.getBoundingClientRect().right + ' ' + e.textContent.slice(0, 60))"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser; Playwright gives each start a new profile folder."""
    need_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), timeout=PATIENCE_MS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    browser: Browser,
    *,
    viewport: dict[str, int] | None = None,
    javascript: bool = True,
    bypass_csp: bool = False,
    **more: Any,
) -> Iterator[BrowserPage]:
    """Yield a page in a context of its own: no cookie, cache or storage of another."""
    context = browser.new_context(
        viewport=viewport or WIDE,  # type: ignore[arg-type]
        java_script_enabled=javascript,
        bypass_csp=bypass_csp,
        service_workers="block",
        **more,
    )
    try:
        yield BrowserPage(context)
    finally:
        context.close()


@lru_cache(maxsize=1)
def axe_source() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


# Texts whose contrast is measured: of those that are drawn alike (colours and sizes of the element
# and of all around it), the first few. To measure the thousands of cells of a table takes seconds.
_CONTRASTS = """() => {
  const known = new Map(), painted = new Map(), taken = new Map();
  const styled = e => {
    if (e === null) return 0;
    if (painted.has(e)) return painted.get(e);
    const s = getComputedStyle(e);
    const words = [styled(e.parentElement), s.color, s.backgroundColor, s.backgroundImage,
      s.opacity, s.filter, s.mixBlendMode, s.textShadow, s.fontSize, s.fontWeight, s.position,
      s.zIndex, e.matches(':disabled, [aria-disabled="true"], label')].join('|');
    if (!known.has(words)) known.set(words, known.size + 1);
    painted.set(e, known.get(words));
    return painted.get(e);
  };
  return [...document.querySelectorAll('body *')].filter(e => {
    const texts = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if (!texts && !e.matches('input, select, textarea')) return false;
    const box = e.getBoundingClientRect();
    if (!e.checkVisibility({visibilityProperty: true}) || box.width <= 1 || box.height <= 1)
      return false;
    const middle = box.left + box.width / 2;
    const alike = `${styled(e)} ${e.tagName} ${middle > 0 && middle < innerWidth}`;
    taken.set(alike, (taken.get(alike) ?? 0) + 1);
    return taken.get(alike) <= 3;
  });
}"""
_AXE = f"""async () => {{
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const shown = {{resultTypes: ['violations'], preload: false}};
  const all = await axe.run(document, {{...shown, runOnly: {{type: 'tag', values: tags}},
    rules: {{'color-contrast': {{enabled: false}}}}}});
  const texts = ({_CONTRASTS})();
  if (!texts.length) return all.violations;
  const faint = await axe.run({{include: texts}}, {{...shown,
    runOnly: {{type: 'rule', values: ['color-contrast']}}}});
  return [...all.violations, ...faint.violations];
}}"""


def axe(page: Page) -> list[str]:
    """Return what axe-core finds on a page, one line each; empty where all is well.

    Its script is evaluated by the debugger, which the page's policy does not govern.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe_source())
    return [
        f"{one['id']} ({one['impact']}): {json.dumps([n['html'][:160] for n in one['nodes'][:3]])}"
        for one in page.evaluate(_AXE)
    ]
