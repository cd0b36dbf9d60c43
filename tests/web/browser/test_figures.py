"""Geometry of figures as a browser lays them out: what the numbers say is what is drawn."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.browsing import NARROW, BrowserPage
from tests.web.shelf import Shelf

# Squares by the sentence of their row, which names the weight; areas in units of the drawing.
SQUARES = """() => [...document.querySelectorAll('.lr-drawing svg')].flatMap(svg => {
  const groups = [...svg.querySelectorAll('g[role="img"]')];
  return groups.flatMap(g => [...g.querySelectorAll('[id*="--marker"]')].map(e => {
    const box = e.getBBox();
    const said = g.getAttribute('aria-label') || g.querySelector('title')?.textContent || '';
    return {said, width: box.width, height: box.height, id: e.id};
  }));
})"""
COLUMNS = """() => {
  const middle = e => { const b = e.getBBox(); return b.x + b.width / 2; };
  const svg = document.querySelector('#cohort-survival svg');
  const all = part => [...svg.querySelectorAll(`[id*="${part}"]`)];
  const texts = found => found.flatMap(e => e.tagName === 'text' ? [e]
    : [...e.querySelectorAll('text')]);
  return {
    ticks: all('curves-axes--x-tick').map(middle),
    counts: texts(all('--count')).map(e => [e.textContent, middle(e)]),
  };
}"""


def test_squares_of_a_forest_plot_have_areas_in_proportion_to_their_weights(
    browser_page: BrowserPage, full_shelf: Shelf
) -> None:
    browser_page.goto(f"{full_shelf.base}/uploads/studies?upload={full_shelf.upload}")
    found = browser_page.page.evaluate(SQUARES)
    query = f"/api/v1/uploads/studies?upload={full_shelf.upload}"
    pools = browser_page.page.request.get(full_shelf.base + query).json()["pools"]
    weights = {study["label"]: study["weight"] for one in pools for study in weighted(one["pool"])}
    per_weight = [
        square["width"] * square["height"] / weights[name]
        for square in found
        for name in ("Alpha", "Beta")
        if square["said"].startswith(name)
    ]
    assert len(per_weight) == 2
    assert max(per_weight) <= 1.02 * min(per_weight)
    for square in found:
        assert square["width"] == pytest.approx(square["height"], rel=0.02)


def weighted(pool: dict[str, Any]) -> list[dict[str, Any]]:
    """Return studies with a weight; their names of fields are those of the API."""
    studies = [one for one in pool["studies"] if one.get("weight") is not None]
    assert studies, json.dumps(pool)[:400]
    return studies


def test_numbers_at_risk_stand_under_their_ticks(
    browser_page: BrowserPage, full_shelf: Shelf
) -> None:
    browser_page.goto(f"{full_shelf.base}/cohort")
    found = browser_page.page.evaluate(COLUMNS)
    ticks = found["ticks"]
    assert len(ticks) >= 3
    assert len(found["counts"]) >= 3 * len(ticks)
    for text, middle in found["counts"]:
        assert min(abs(middle - tick) for tick in ticks) <= 0.5, text


def test_on_a_phone_a_figure_keeps_its_width_and_scrolls(
    browser_page: BrowserPage, full_shelf: Shelf
) -> None:
    page = browser_page.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    browser_page.goto(f"{full_shelf.base}/cohort")
    for region in page.locator(".lr-drawing").all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")
        box = region.locator("svg").bounding_box()
        assert box is not None
        assert box["width"] >= 760
