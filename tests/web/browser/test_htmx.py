"""A form whose results are fetched: URL, Back, errors, quick changes, a server that is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
import uvicorn
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, DictLoader

from locoreg.web.app import create_app
from locoreg.web.rendering import Reproduce, environment, page
from locoreg.web.settings import Settings
from locoreg.web.views import View
from tests.web.browsing import BrowserPage
from tests.web.serving import free_port

TEMPLATE = """{% extends frame %}
{% block layout %}lr-split{% endblock %}
{% block filters %}
<form class="lr-filters" method="get" action="{{ root }}/probe" hx-get="{{ root }}/probe"
 hx-target="#results" hx-push-url="true" hx-trigger="submit, change">
<p class="lr-field"><label for="field-number">Number</label>
<input id="field-number" name="number" type="text" value="{{ view.number }}"></p>
<p class="lr-field"><label for="field-wait">Wait</label>
<select id="field-wait" name="wait">
<option value="0">no</option><option value="1">long</option></select></p>
<button>Update</button>
</form>
{% endblock %}
{% block results %}<h2>Result</h2><p id="answer">The number is {{ view.number }}.</p>{% endblock %}
"""


class ProbeView(View):
    number: int = 1
    wait: int = 0


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("probe")
    port = free_port()
    app = create_app(Settings(workspace=folder, port=port))
    app.state.locoreg.__dict__["findings"] = ()
    router = APIRouter()

    @router.get("/probe", response_class=HTMLResponse)
    def shown(request: Request, view: Annotated[ProbeView, Query()]) -> HTMLResponse:
        if view.wait:
            time.sleep(1.5)
        made = Reproduce(command="c", python="p", data_sha256="a" * 64)
        return page(request, "probe.html", title=f"Number {view.number}", view=view, reproduce=made)

    app.include_router(router)
    templates = environment()
    before = templates.loader
    templates.loader = ChoiceLoader([DictLoader({"probe.html": TEMPLATE}), before])  # type: ignore[list-item]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)
    templates.loader = before


def answer(browser_page: BrowserPage, text: str) -> None:
    browser_page.page.locator("#answer", has_text=text).wait_for()


def test_new_results_new_address_new_title(browser_page: BrowserPage, probe: str) -> None:
    page = browser_page.page
    browser_page.goto(f"{probe}/probe?number=1")
    page.fill("#field-number", "2")
    page.press("#field-number", "Enter")
    answer(browser_page, "The number is 2.")
    page.wait_for_function("document.title.startsWith('Number 2')")
    assert "number=2" in page.url
    assert page.locator("h1").count() == 1
    assert page.locator("#lr-status").text_content() == "Results updated: Number 2 · locoreg"
    assert page.locator("#results").get_attribute("aria-busy") is None
    assert f"number=2&wait=0&data={'a' * 12}" in str(page.locator(".lr-reproduce a").text_content())


def test_back_shows_what_was_there(browser_page: BrowserPage, probe: str) -> None:
    page = browser_page.page
    browser_page.goto(f"{probe}/probe?number=1")
    for number in ("2", "3"):
        page.fill("#field-number", number)
        page.press("#field-number", "Enter")
        answer(browser_page, f"The number is {number}.")
    for number in ("2", "1"):
        page.go_back()
        answer(browser_page, f"The number is {number}.")
        page.wait_for_function(f"document.title.startsWith('Number {number}')")
        # The filters must say what the results are of.
        page.wait_for_function(f"document.getElementById('field-number').value === '{number}'")
        assert page.locator("nav[aria-label=Pages]").count() == 1
        assert page.locator("h1").count() == 1
    page.go_forward()
    answer(browser_page, "The number is 2.")
    assert page.input_value("#field-number") == "2"


def test_an_error_is_shown_told_and_focused(browser_page: BrowserPage, probe: str) -> None:
    page = browser_page.page
    browser_page.goto(f"{probe}/probe?number=1")
    page.fill("#field-number", "<b>many</b>")
    page.press("#field-number", "Enter")
    alert = page.locator("#results [role=alert]")
    alert.wait_for()
    page.wait_for_function("document.activeElement.getAttribute('role') === 'alert'")
    assert page.locator("#answer").count() == 0
    assert page.locator("b").count() == 0
    assert page.get_attribute("#field-number", "aria-invalid") == "true"
    alert.locator("a", has_text="number").click()
    assert page.evaluate("document.activeElement.id") == "field-number" or page.url.endswith(
        "#field-number"
    )
    # Mended, it is as before.
    page.fill("#field-number", "5")
    page.press("#field-number", "Enter")
    answer(browser_page, "The number is 5.")
    assert page.get_attribute("#field-number", "aria-invalid") is None


def test_the_last_of_quick_changes_is_shown(browser_page: BrowserPage, probe: str) -> None:
    page = browser_page.page
    browser_page.goto(f"{probe}/probe?number=1")
    page.select_option("#field-wait", "1")
    assert page.locator("#results").get_attribute("aria-busy") == "true"
    for number in ("6", "7"):
        page.fill("#field-number", number)
        page.select_option("#field-wait", "1" if number == "6" else "0")
        page.press("#field-number", "Enter")
    answer(browser_page, "The number is 7.")
    page.wait_for_timeout(2500)
    answer(browser_page, "The number is 7.")
    assert "number=7" in page.url
    assert page.locator("#results").get_attribute("aria-busy") is None


def test_a_server_that_is_gone_leaves_no_old_results(browser_page: BrowserPage, probe: str) -> None:
    page = browser_page.page
    browser_page.goto(f"{probe}/probe?number=1")
    browser_page.context.unroute("**/*")
    browser_page.context.route("**/*", lambda route: route.abort())
    page.fill("#field-number", "8")
    page.press("#field-number", "Enter")
    alert = page.locator("#results [role=alert]")
    alert.wait_for()
    assert "did not answer" in str(alert.text_content())
    assert page.locator("#answer").count() == 0
    # The browser says so too.
    browser_page.seen.clear()


def test_without_javascript_the_form_is_sent(browser_page: BrowserPage, probe: str) -> None:
    from tests.web.browsing import opened

    browser = browser_page.context.browser
    assert browser is not None
    with opened(browser, javascript=False) as one:
        one.goto(f"{probe}/probe?number=1")
        one.page.fill("#field-number", "4")
        one.page.click("button")
        answer(one, "The number is 4.")
        assert "number=4" in one.page.url
        one.assert_quiet()
