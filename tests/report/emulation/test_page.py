"""The page of an emulation: structure, what failed comes first, numbers, nothing from outside."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from locoreg.emulation.effect import Diagnostic
from locoreg.report.emulation.drawings import draw
from locoreg.report.emulation.page import emulation_page
from locoreg.workflows.emulation.view import EmulationView
from tests.figures.emulation import effects
from tests.report.conftest import Page
from tests.report.emulation import views

FAILING = (effects.FAILED, effects.WARNED, effects.PASSED, effects.NOTED)


@cache
def whole() -> EmulationView:
    return views.view()


@cache
def broken() -> EmulationView:
    return replace(
        whole(),
        primary=replace(whole().primary, diagnostics=FAILING),
        audit=(views.BLOCKING, views.FINDING),
    )


@cache
def bare() -> EmulationView:
    """Return an emulation with as little as there may be."""
    effect = effects.weighted_effect(200, intervals=False, diagnostics=())
    return views.view(
        primary=replace(effect, balance=(), weights=(), flow=(), notes=(), synthetic=False),
        title="Bare", compared=(), checklist=(), audit=(), cohort=(), alternatives=(),
        specifications=(), ladder=None, bias=(), subgroups=(), controls=(), benchmark=None,
        notes=(), provenance=(), command="", python="",
    )  # fmt: skip


VIEWS = {"whole": whole, "broken": broken, "bare": bare}


@cache
def page(name: str) -> Page:
    return Page(emulation_page(VIEWS[name]()))


states = pytest.mark.parametrize("name", VIEWS)


@states
def test_landmarks_language_and_one_heading_of_level_1(name: str) -> None:
    found = page(name)
    assert found.named("html") == [{"lang": "en"}]
    assert len(found.named("main")) == len(found.named("header")) == len(found.named("footer")) == 1
    assert found.headings.count(1) == 1
    assert found.headings[0] == 1
    for before, after in itertools.pairwise(found.headings):
        assert after <= before + 1
    assert not found.unclosed


@states
def test_ids_are_unique_and_links_lead_somewhere(name: str) -> None:
    found = page(name)
    assert [one for one, count in Counter(found.ids).items() if count > 1] == []
    inner = {a["href"][1:] for a in found.named("a") if a["href"].startswith("#")}
    assert inner <= set(found.ids)


@states
def test_tables_have_captions_and_scopes(name: str) -> None:
    found = page(name)
    assert len(found.named("table")) == len(found.named("caption"))
    assert all(th.get("scope") in ("col", "row") for th in found.named("th"))


@states
def test_nothing_from_outside_and_no_script(name: str) -> None:
    found = page(name)
    assert not found.named("script")
    assert not found.named("link")
    assert not found.named("img")
    assert not re.search(r"url\((?!#)", found.source)
    for _, attributes in found.tags:
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
        assert not any(one.startswith("on") for one in attributes)


@states
def test_every_figure_has_a_table_of_its_numbers(name: str) -> None:
    found = page(name)
    figures = [a for a in found.named("figure") if a.get("class") == "lr-plate"]
    assert figures
    assert found.words.count("Numbers of the figure:") == len(figures)
    assert len(found.named("svg")) == len(figures)
    assert all(a["role"] == "figure" and a["aria-labelledby"] for a in found.named("svg"))


@states
def test_research_line_and_hash(name: str) -> None:
    words = page(name).words
    assert words.count("For research. Not a medical device.") == 2
    assert "ab" * 32 in words


def test_synthetic_stands_in_title_strip_and_banner() -> None:
    words = page("whole").words
    assert words.count("SYNTHETIC PATIENTS") > 3
    assert "These patients are made up." in words
    assert "SYNTHETIC" not in page("bare").words


def test_failures_stand_before_everything_else() -> None:
    found = page("broken")
    words = found.words
    alarm = words.index("What failed")
    assert alarm < words.index("Synthetic patients") < words.index("Contents")
    head = words[alarm : words.index("Contents")]
    assert "Conservation of weights (treated within 6 months)" in head
    assert "41 persons were treated before time zero." in head
    assert "What failed" not in page("whole").words


def test_estimates_lie_behind_a_closed_line_where_something_failed() -> None:
    source = page("broken").source
    start = source.index('id="estimates"')
    part = source[start : source.index('id="notes"')]
    assert part.count("<details") > 0
    first = part.index("<details")
    for section, what in (("estimates", "the estimates"), ("sensitivity", "the sensitivity")):
        own = source[source.index(f'id="{section}"') :]
        opened = own[: own.index("</summary>")]
        assert f"Show {what}" in opened
        assert "Conservation of weights" in opened
        assert " open" not in opened[opened.index("<details") :].partition(">")[0]
    assert "Hazard ratio" not in part[:first]
    # No number of the answer stands in the head.
    assert "95% CI" not in source[: source.index('class="lr-toc"')].partition("</style>")[2]


def test_estimates_are_in_the_open_where_nothing_failed() -> None:
    source = page("whole").source
    assert "anyway" not in page("whole").words
    head = source[: source.index('class="lr-toc"')].partition("</style>")[2]
    assert "95% CI" in head


def test_closed_parts_are_printed() -> None:
    style = page("broken").source.partition("</style>")[0]
    printed = style[style.index("@media print") :]
    assert "details::details-content { content-visibility: visible" in printed


def test_a_method_biased_by_design_is_blocked_too() -> None:
    view = replace(whole(), primary=replace(whole().primary, biased=views.IMMORTAL))
    words = Page(emulation_page(view)).words
    assert "biased by design : groups are formed" in words.replace("design:", "design :")
    assert "Show the estimates anyway" in words


def test_a_failed_negative_control_blocks_as_a_failed_diagnostic_does() -> None:
    control = Diagnostic(
        name="negative_control", title="Negative control", verdict="fail", value=0.001,
        threshold=0.05, message="Fractures: +9.0 points, where no effect is known.",
        advice="Look for the confounder.",
    )  # fmt: skip
    fine = (effects.PASSED, control)
    view = replace(whole(), primary=replace(whole().primary, diagnostics=fine))
    source = emulation_page(view)
    words = Page(source).words
    head = source[: source.index('class="lr-toc"')].partition("</style>")[2]
    assert "Fractures: +9.0 points" in head
    assert "95% CI" not in head
    assert "Show the estimates anyway. Failed: Negative control" in words
    figures = [drawing.svg for name, drawing in draw(view).items() if name != "overlap"]
    assert len(figures) > 8
    assert all("Negative control" in figure for figure in figures)


def test_every_figure_names_a_blocking_finding() -> None:
    view = replace(whole(), audit=(views.BLOCKING,))
    assert view.failures.names == (views.BLOCKING.rule,)
    assert all(views.BLOCKING.rule in drawing.svg for drawing in draw(view).values())


def test_every_contrast_stands_on_the_page_hazard_ratio_last() -> None:
    words = page("whole").words
    table = words[words.index("Contrasts: treated within 6 months against never treated") :]
    table = table[: table.index("Methods, at 36 months")]
    for contrast in whole().primary.contrasts:
        mid = contrast.estimate.natural[0]
        text = f"{100 * mid:+.1f}" if contrast.measure == "survival_difference" else f"{mid:.2f}"
        assert text in table
    assert table.index("Hazard ratio") > table.index("Difference of restricted mean")


def test_failed_diagnostics_stand_under_every_table_of_numbers() -> None:
    words = page("broken").words
    assert words.count(f"Failed: {effects.FAILED.heading}; {views.BLOCKING.rule}.") >= 2


def test_verdicts_are_sign_and_word() -> None:
    source = page("broken").source
    for sign, word in (("✖", "fail"), ("▲", "warn"), ("✔", "pass"), ("○", "note")):
        assert f'<span aria-hidden="true">{sign}</span> {word}</span>' in source


def test_what_is_not_estimable_keeps_its_row_and_reason() -> None:
    words = page("whole").words
    assert "not estimable" in words
    assert "hospital 4 has nobody who was treated in month 3" in words
    assert "nobody was treated in month 2." in words


def test_labels_are_escaped() -> None:
    source = page("whole").source
    assert "<script" not in source
    assert "<b>bold" not in source
    assert "&lt;script&gt;" in source


def test_protocol_is_the_first_part_and_items_are_by_number() -> None:
    found = page("whole")
    sections = [a["id"] for a in found.named("section") if "lr-depth-2" in a.get("class", "")]
    assert sections == [
        "protocol", "cohort", "diagnostics", "estimates", "sensitivity", "benchmark", "notes",
        "checklist", "reproduce",
    ]  # fmt: skip
    assert "6a, 7a" in found.words
    assert "doi:10.1001/jama.2025.13350" in found.words
    assert "add to, items 17." in found.words


def test_bare_emulation_says_what_is_missing() -> None:
    words = page("bare").words
    assert "The analysis tells no diagnostics." in words
    assert "The audit found nothing." in words
    assert "No intervals were asked for." in words
    assert "nan" not in words.casefold().split()


def test_same_view_gives_the_same_page() -> None:
    assert emulation_page(bare()) == page("bare").source
