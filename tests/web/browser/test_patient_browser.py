"""The patient view in chromium, and what a running server keeps of a patient: nothing."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.web.browser.contrast import faint_texts
from tests.web.browsing import NARROW, WIDE, axe, opened
from tests.web.patientruns import FORM, credible, not_credible, write_run
from tests.web.serving import Server, serving

GOOD, BAD = "", "?model=bad/selection-bad"
STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "inside": (GOOD, FORM),
    "outside": (GOOD, {**FORM, "age": "110"}),
    "not credible": (BAD, FORM),
    "nothing known": (GOOD, {}),
    "shared": ("?audience=shared", FORM),
    "faults": (GOOD, {**FORM, "age": "17", "metastases": "0"}),
}
# Every answer is as long as it can be, so that the sheet is as full as it gets.
FULL = {
    **FORM, "sites": ["bone", "liver", "lung", "pleura", "distant_ln", "skin_soft_tissue", "other"],
    "metastases": "9", "menopausal": "post", "subtype": "triple_negative", "m_metastases": "3",
}  # fmt: skip
MARKER = "73.125"


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one model that is believed and one that is not, and a full access log."""
    folder = tmp_path_factory.mktemp("patients")
    runs = (
        write_run(folder / "good", credible()),
        write_run(folder / "bad", not_credible(), "bad"),
    )
    with serving(folder / "server", runs=runs, more=("--access-log",)) as running:
        yield running


def fill(page: Any, data: dict[str, Any]) -> None:
    """Answer the form as a user does, without the browser's own check of bounds."""
    page.evaluate("() => { document.getElementById('patient-form').noValidate = true; }")
    for name, value in data.items():
        if isinstance(value, list):
            for one in value:
                page.check(f'input[name="{name}"][value="{one}"]')
        elif page.locator(f"select#field-{name}").count():
            page.select_option(f"#field-{name}", value)
        else:
            page.fill(f"#field-{name}", value)


@pytest.mark.parametrize("state", STATES)
def test_states_are_accessible_at_both_widths(
    patients: Server, browser: Browser, state: str
) -> None:
    query, data = STATES[state]
    with opened(browser) as one:
        assert one.goto(f"{patients.base}/patient{query}") == 200
        fill(one.page, data)
        one.page.click("#patient-form button:text('Show what applies')")
        one.page.wait_for_selector('[role="alert"]' if state == "faults" else "#harms")
        one.page.wait_for_load_state("load")
        for size in (WIDE, NARROW):
            one.page.set_viewport_size(size)  # type: ignore[arg-type]
            one.assert_no_sideways_scroll()
            assert axe(one.page) == [], f"{size['width']} px"
            assert faint_texts(one.page) == []
        one.page.evaluate(
            "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
        )
        for size in (NARROW, WIDE):
            one.page.set_viewport_size(size)  # type: ignore[arg-type]
            one.assert_no_sideways_scroll()
            assert faint_texts(one.page) == []
        assert MARKER not in one.page.url
        one.assert_quiet()


def test_the_form_can_be_filled_and_sent_on_a_phone(patients: Server, browser: Browser) -> None:
    with opened(browser, viewport=NARROW) as one:
        assert one.goto(f"{patients.base}/patient") == 200
        one.assert_no_sideways_scroll()
        fill(one.page, FORM)
        one.page.click("#patient-form button:text('Show what applies')")
        one.page.wait_for_selector("#harms")
        one.assert_no_sideways_scroll()
        one.assert_quiet()


@pytest.mark.parametrize("state", ["inside", "outside", "not credible", "full", "shared"])
def test_the_sheet_is_one_page(patients: Server, browser: Browser, state: str) -> None:
    query, data = (GOOD, FULL) if state == "full" else STATES[state]
    with opened(browser) as one:
        one.goto(f"{patients.base}/patient{query}")
        fill(one.page, data)
        one.page.click("#patient-form button:text('Sheet for print')")
        one.page.wait_for_selector("body.lr-sheet footer")
        pdf = one.page.pdf(prefer_css_page_size=True)
        assert pages_of(pdf) == 1
        one.assert_quiet()


def pages_of(pdf: bytes) -> int:
    """Return how many pages a PDF of chromium has: its page objects are not compressed."""
    return len(re.findall(rb"/Type\s*/Page(?![A-Za-z])", pdf))


def test_pages_are_counted(browser: Browser) -> None:
    with opened(browser) as one:
        one.page.set_content('<p>a</p><p style="break-before: page">b</p>')
        assert pages_of(one.page.pdf()) == 2


def test_the_tabs_show_one_form_at_a_time_and_all_without_scripts(
    patients: Server, browser: Browser
) -> None:
    forms = ("form-text", "form-table", "form-curves", "form-dots")
    for javascript in (True, False):
        with opened(browser, javascript=javascript) as one:
            one.goto(f"{patients.base}/patient")
            for name in ("m_metastases", "age", "systemic_months"):
                one.page.fill(f"#field-{name}", str(FORM[name]))
            one.page.select_option("#field-m_her2", "negative")
            one.page.click("#patient-form button:text('Show what applies')")
            one.page.wait_for_selector("#form-text")
            visible = [name for name in forms if one.page.is_visible(f"#{name}")]
            assert visible == (["form-text"] if javascript else list(forms))
            if javascript:
                one.page.click("#form-dots-tab")
                assert one.page.is_visible("#form-dots circle")
                assert one.page.is_hidden("#form-text")
                one.page.press("#form-dots-tab", "ArrowLeft")
                assert one.page.is_visible("#form-curves")
            one.page.click("button[name=months]:text-is('1 year')")
            one.page.wait_for_selector('button[aria-pressed="true"]:text-is("1 year")')
            one.assert_quiet()


def post(base: str, path: str, body: bytes, kind: str) -> int:
    request = urllib.request.Request(
        f"{base}{path}", data=body, headers={"Content-Type": kind}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_a_running_server_writes_nothing_of_a_patient(patients: Server) -> None:
    form, data = "application/x-www-form-urlencoded", {**FORM, "systemic_months": MARKER}
    body = urlencode(data, doseq=True).encode()
    wrong = urlencode({**data, "age": f"x{MARKER}"}, doseq=True).encode()
    for path in ("/patient", "/patient/sheet", "/patient?audience=shared", f"/patient{BAD}"):
        assert post(patients.base, path, body, form) == 200
        assert post(patients.base, path, wrong, form) == 422
    asked = {"profile": {"systemic_months": float(MARKER)}, "answers": {"her2": "negative"}}
    api = "/api/v1/patient"
    assert post(patients.base, api, json.dumps(asked).encode(), "application/json") == 200
    for bad in ({"profile": {"age": MARKER}}, {"answers": {"her2": MARKER}}, {MARKER: 1}):
        assert post(patients.base, api, json.dumps(bad).encode(), "application/json") == 422
    assert post(patients.base, api, f"{{{MARKER}".encode(), "application/json") == 422
    assert post(patients.base, f"/patient?age={MARKER}", b"", form) == 422
    end = time.monotonic() + 20
    while patients.log.count("POST /api/v1/patient") < 5 and time.monotonic() < end:
        time.sleep(0.1)
    assert patients.log.count("POST /patient") >= 9
    assert MARKER not in patients.log
    seen = [path for path in patients.folder.rglob("*") if path.is_file()]
    assert patients.folder / "server.log" in seen
    for path in seen:
        assert holds_marker(path) == [], path


def holds_marker(path: Path) -> list[str]:
    """Return in which writing a file holds the marker: as text, or as a number of 4 or 8 bytes."""
    import struct

    content = path.read_bytes()
    value = float(MARKER)
    forms = {
        "text": MARKER.encode(), "utf-16": MARKER.encode("utf-16-le"),
        **{f"number {kind}": struct.pack(kind, value) for kind in ("<d", ">d", "<f", ">f")},
    }  # fmt: skip
    return [name for name, one in forms.items() if one in content]


def test_the_marker_would_be_found(tmp_path: Path) -> None:
    import struct

    for one in (b"a73.125b", struct.pack(">d", 73.125)):
        (tmp_path / "x").write_bytes(b"\x00\x01" + one)
        assert holds_marker(tmp_path / "x")
