"""What each step of an emulation's page shows, taken from its stored page and results."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from locoreg.core.numbertext import p_text
from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Items,
    Paragraph,
    Section,
    Table,
    Text,
    text,
)
from locoreg.report.words import NONE, general
from locoreg.web.emulation.contrasts import contrasts_table
from locoreg.web.emulation.opened import Opened
from locoreg.web.emulation.parts import (
    RELY,
    closed_blocks,
    figures_in,
    file_name,
    head_of,
    is_behind,
    marked,
    opened_blocks,
    plain_table,
    section_of,
    with_files,
)
from locoreg.workflows.emulation.stepped import (
    Failures,
    Family,
    failures_of,
    families_of,
    interactions_of,
)

# Steps of the bar, in their order.
STEPS = (
    ("protocol", "Protocol"),
    ("diagnostics", "Diagnostics"),
    ("estimates", "Estimates"),
    ("sensitivity", "Sensitivity"),
    ("benchmark", "Beside trials"),
    ("report", "Report"),
)
# What these show is behind "show anyway" where anything failed.
GUARDED = ("estimates", "sensitivity", "benchmark")
PARTS = {
    "specifications": "Specifications",
    "ladder": "Bias ladder",
    "unmeasured": "Unmeasured confounding",
    "subgroups": "Subgroups",
    "controls": "Negative controls",
}
# A family that has no figure of its own opens the part of the page that tells more.
ELSEWHERE = {
    "controls": ("sensitivity", "controls", "See the negative controls"),
    "time-zero": ("diagnostics", "audit", "See the audit of time zero"),
    "hazards": ("estimates", "", "See the curves"),
    "positivity": ("diagnostics", "cohort", "See who was followed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One diagnostic as it is read."""

    title: str
    verdict: str
    value: str
    threshold: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTile:
    """A family of diagnostics as a tile.

    Attributes
    ----------
    key, title, verdict, look_for : str
        Name; words; worst verdict or ``not assessed``; what to look for.
    checks : tuple of Check
        With values and thresholds.
    link : tuple of (str, str, str)
        Step, what it opens, and words; empty words for none.
    is_open : bool
        Whether what it opens is shown now.
    """

    key: str
    title: str
    verdict: str
    look_for: str
    checks: tuple[Check, ...]
    link: tuple[str, str, str]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One step of the page.

    Attributes
    ----------
    blocks : tuple of Block
        What it shows.
    gated : bool
        Whether something is left out since a check failed.
    tiles : tuple of CheckTile
        Of the diagnostics.
    choices : tuple of (str, str)
        What ``open`` may be: name and words.
    chosen : str
        What is open.
    failures : Failures
        What failed.
    """

    blocks: tuple[Block, ...]
    gated: bool = False
    tiles: tuple[CheckTile, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    failures: Failures


def show(opened: Opened, step: str, wanted: str, root: str, *, anyway: bool) -> Shown:
    """Return one step of an emulation's page.

    Parameters
    ----------
    opened : Opened
        The emulation.
    step : str
        One of `STEPS`.
    wanted : str
        The figure or part that is to be open; empty for the usual one.
    root : str
        What every path begins with.
    anyway : bool
        Whether estimates are shown although a check failed.

    Returns
    -------
    Shown
        Its blocks and tiles.
    """
    failures = failures_of(opened.results)
    if step in GUARDED and failures and not anyway:
        return Shown(blocks=(), gated=True, failures=failures)
    makers: dict[str, Callable[[Opened, str, str, bool, Failures], Shown]] = {
        "protocol": _protocol,
        "diagnostics": _diagnostics,
        "estimates": _estimates,
        "sensitivity": _sensitivity,
        "benchmark": _benchmark,
        "report": _report,
    }
    shown = makers[step](opened, wanted, root, anyway, failures)
    if step in GUARDED and failures:
        return replace(shown, blocks=marked(shown.blocks, failures.names))
    return shown


def alarm(failures: Failures) -> tuple[Block, ...]:
    """Return what failed, to stand above every step; nothing where nothing did."""
    if not failures:
        return ()
    items: list[Text] = []
    if failures.biased:
        items.append(text(Badge("biased by design", "✖", "blocking"), f" {failures.biased}"))
    items += [
        text(Badge("fail", "✖", "blocking"), f" {one.heading}: {one.message} {one.advice}".rstrip())
        for one in failures.checks
    ]
    items += [
        text(Badge("blocking finding", "✖", "blocking"), f" {rule}: {message}")
        for rule, message in failures.blocking
    ]
    return (Callout("What failed", (Items(tuple(items)), Paragraph(text(RELY))), "blocking"),)


def _protocol(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    # What failed is said above every step.
    blocks: list[Block] = [
        one
        for one in head_of(opened.page)
        if not isinstance(one, Callout) or one.tone != "blocking"
    ]
    section = section_of(opened.page, "protocol")
    if section is not None:
        blocks.append(section)
    return Shown(blocks=tuple(blocks), failures=failures)


def _diagnostics(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    cohort, own = section_of(opened.page, "cohort"), section_of(opened.page, "diagnostics")
    sections = tuple(one for one in (cohort, own) if one is not None)
    names = {file_name(opened, one) for one in figures_in(sections)} - {""}
    blocks: tuple[Block, ...] = ()
    if wanted in names:
        drawn = with_files(opened, sections, root, wanted=lambda name: name == wanted)
        figures = figures_in(drawn)
        blocks = (Section("plot", figures[0].title, figures, lists_parts=False),)
    elif wanted == "audit":
        audit = section_of(opened.page, "audit")
        blocks = () if audit is None else (audit,)
    elif wanted == "cohort" and cohort is not None:
        kept = tuple(one for one in cohort.blocks if not isinstance(one, Section))
        blocks = with_files(opened, (Section("cohort", cohort.title, kept),), root)
    elif wanted == "table" and own is not None:
        tables = tuple(one for one in own.blocks if isinstance(one, Table))
        blocks = (Section("table", "Every diagnostic", tables),)
    choices = [("table", "Every diagnostic in one table"), ("cohort", "Who was followed")]
    tiles = tuple(_tile(one, names, wanted) for one in families_of(opened.results))
    return Shown(
        blocks=blocks, tiles=tiles, choices=tuple(choices), chosen=wanted, failures=failures
    )


def _tile(family: Family, names: set[str], wanted: str) -> CheckTile:
    step, opens, words = ELSEWHERE.get(family.key, ("", "", ""))
    if family.figure in names:
        step, opens, words = "diagnostics", family.figure, "Open the plot"
    return CheckTile(
        key=family.key,
        title=family.title,
        verdict=family.verdict or "not assessed",
        look_for=family.look_for,
        checks=tuple(
            Check(
                title=one.heading, verdict=one.verdict, value=general(one.value),
                threshold=general(one.threshold), message=one.message, advice=one.advice,
            )
            for one in family.checks
        ),
        link=(step, opens, words),
        is_open=step == "diagnostics" and bool(opens) and opens == wanted,
    )  # fmt: skip


def _estimates(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    section = section_of(opened.page, "estimates")
    if section is None:
        return Shown(blocks=(), failures=failures)
    inner = opened_blocks(section.blocks)
    names = [file_name(opened, one) for one in figures_in(inner)]
    others = [name for name in names if name.startswith("curves_")]
    chosen = wanted if wanted in others else "curves"
    drawn = with_files(opened, inner, root, wanted=lambda name: name == chosen)
    blocks = _main_estimates(opened, drawn) if chosen == "curves" else figures_in(drawn)
    titles = {file_name(opened, one): one.title for one in figures_in(inner)}
    choices = [("", "Primary analysis")] + [(name, titles[name]) for name in others]
    return Shown(
        blocks=blocks, choices=tuple(choices) if others else (), failures=failures,
        chosen="" if chosen == "curves" else chosen,
    )  # fmt: skip


def _main_estimates(opened: Opened, drawn: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return curves, then contrasts as they stand in the results, the hazard ratio last."""
    out: list[Block] = []
    for one in drawn:
        if isinstance(one, Table) and one.caption.startswith("Contrasts: "):
            out.append(contrasts_table(opened))
        else:
            out.append(one)
    return tuple(out)


def _sensitivity(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    found = {name: section_of(opened.page, name) for name in PARTS}
    there = {name: one for name, one in found.items() if one is not None}
    if not there:
        return Shown(blocks=(), failures=failures)
    chosen = wanted if wanted in there else next(iter(there))
    section = there[chosen]
    inner = opened_blocks(section.blocks)
    blocks: list[Block] = list(with_files(opened, inner, root))
    if chosen == "subgroups":
        blocks += _interactions(opened)
    choices = tuple((name, PARTS[name]) for name in there)
    return Shown(
        blocks=(Section(section.anchor, section.title, tuple(blocks)),),
        choices=choices, chosen=chosen, failures=failures,
    )  # fmt: skip


def _interactions(opened: Opened) -> list[Block]:
    rows = [
        (
            one.variable,
            NONE if math.isnan(one.q) else f"{one.q:.2f}",
            NONE if math.isnan(one.df) else f"{one.df:g}",
            NONE if math.isnan(one.p) else p_text(one.p),
        )
        for one in interactions_of(opened.results)
    ]
    if not rows:
        return []
    return [
        plain_table(
            "Interaction: whether the effect differs between the levels of a variable",
            ("Variable", "Cochran's Q", "df", "p"), rows,
            "A p-value that is not small does not show that the effect is the same.",
        )
    ]  # fmt: skip


def _benchmark(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    section = section_of(opened.page, "benchmark")
    if section is None:
        return Shown(blocks=(), failures=failures)
    return Shown(blocks=with_files(opened, opened_blocks(section.blocks), root), failures=failures)


def _report(opened: Opened, wanted: str, root: str, anyway: bool, failures: Failures) -> Shown:
    sections = [section_of(opened.page, name) for name in ("notes", "checklist")]
    there = [one for one in sections if one is not None]
    shown = opened_blocks(there) if anyway else closed_blocks(there)
    gated = any(is_behind(block) for one in there for block in one.blocks) and not anyway
    return Shown(blocks=shown, gated=gated, failures=failures)
