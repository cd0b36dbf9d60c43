"""The page of a run: its parts in their order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from locoreg.core.version import __version__
from locoreg.report.blockjson import from_json, prefixed_page
from locoreg.report.blocks import (
    Badge,
    Block,
    Break,
    Callout,
    Code,
    Facts,
    Items,
    Link,
    Listing,
    Page,
    Paragraph,
    Section,
    Text,
    joined,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.checklists import checklists
from locoreg.report.sections.conclusion import conclusion
from locoreg.report.sections.findings import findings
from locoreg.report.sections.howsure import how_sure
from locoreg.report.sections.nextstep import next_step
from locoreg.report.study.results import Stored
from locoreg.report.words import DISCLAIMER, plural
from locoreg.workflows.stored import read_json
from locoreg.workflows.study import StudyPlan
from locoreg.workflows.study.alarms import alarms

SYNTHETIC = "SYNTHETIC PATIENTS"
# Sections of the evidence page by where they stand in the whole.
AUDIT = ("audit",)
LAST = ("provenance", "limits", "methods", "reproduce", "references")


def build(
    plan: StudyPlan,
    study_file: str,
    results: dict[str, Any],
    stored: Sequence[Stored],
    results_sha256: str,
    drawn: Mapping[str, Drawing],
) -> Page:
    """Return the page of a run.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    study_file : str
        Its name.
    results : dict
        ``results.json``.
    stored : sequence of Stored
        The steps.
    results_sha256 : str
        Hash of ``results.json`` as it is written.
    drawn : mapping
        Figures of what is concluded from several steps, by key.

    Returns
    -------
    Page
        Conclusion first; what failed stands above it.
    """
    pages = {one.step.name: from_json(read_json(one.folder / "page.json")) for one in stored}
    evidence = {s.anchor: s for s in pages["evidence"].sections} if "evidence" in pages else {}
    parts = {
        one.step.name: _part(one, pages[one.step.name])
        for one in stored
        if one.step.kind != "evidence"
    }
    body: list[Section] = [
        conclusion(results),
        *_given(findings(results)),
        *_given(how_sure(results, drawn)),
        *_changes(results),
        *(evidence[name] for name in AUDIT if name in evidence),
        *(s for name, s in evidence.items() if name not in (*AUDIT, *LAST)),
        *parts.values(),
        *_given(next_step(results, drawn)),
        _limits(evidence.get("limits"), stored),
        *(evidence[name] for name in ("methods",) if name in evidence),
        *(evidence[name] for name in ("provenance",) if name in evidence),
        _reproduce(study_file, results, results_sha256, evidence.get("reproduce")),
        *(evidence[name] for name in ("references",) if name in evidence),
    ]
    body.append(checklists(results, tuple(body)))
    mark = f"{SYNTHETIC} IN PARTS. " if results["synthetic"] else ""
    return Page(
        title=plan.title,
        strip=f"{mark}{DISCLAIMER}",
        head=tuple(_head(plan, study_file, results, stored, results_sha256)),
        sections=tuple(body),
        foot=text(f"{mark}{DISCLAIMER} Made with locoreg {__version__}."),
    )


def _given(section: Section | None) -> tuple[Section, ...]:
    return () if section is None else (section,)


def _changes(results: dict[str, Any]) -> tuple[Section, ...]:
    moved = results["changes"]
    if moved is None:
        return ()
    items = Items(tuple(text(str(line).strip()) for line in moved))
    return (Section("changes", "What changed since the last run", (items,)),)


def _part(one: Stored, page: Page) -> Section:
    """Return the page of a step as a section, what failed in front."""
    inner = prefixed_page(page, one.step.name)
    kind = {"emulation": "Trial emulated", "selection": "Who gains"}.get(one.step.kind)
    says_so = kind is None or one.step.title.lower().startswith(kind.lower())
    title = one.step.title if says_so else f"{kind}: {one.step.title}"
    return Section(one.step.name, title, (*inner.head, *inner.sections))


def _head(
    plan: StudyPlan,
    study_file: str,
    results: dict[str, Any],
    stored: Sequence[Stored],
    results_sha256: str,
) -> Iterator[Block]:
    failed = tuple(
        text(Badge(one.sign, "✖", "blocking"), " ", Link(f"#{one.step}", one.part), f": {one.text}")
        for one in alarms(results)
    )
    if failed:
        yield Callout("What failed", (Items(failed),), "blocking")
    if results["synthetic"]:
        names = ", ".join(one.step.name for one in stored if one.record["synthetic"])
        told = (
            "The patients of these parts are made up, and nothing in them is about anybody: "
            f"{names}."
        )
        yield Callout("Synthetic patients", (Paragraph(text(told)),), "serious")
    pairs: list[tuple[str, Text]] = list(_pico(plan))
    if "questions" in results:
        links = tuple(
            (Link(f"#question-{q['question']}", str(q["title"])),) for q in results["questions"]
        )
        pairs.append(("Questions", joined(links, Break())))
    if plan.search_date is not None:
        pairs.append(("Date of search, as stated in the study file", text(plan.search_date)))
    if "tables" in results:
        held = results["tables"]
        counts = (
            plural(len(held["studies"]), "study", "studies"),
            f"{plural(held['claims'], 'row')} of printed numbers",
            plural(held["references"], "publication"),
        )
        pairs.append(("Evidence tables", text(", ".join(counts))))
    pairs += [
        ("Data: registry", text(one.step.title)) for one in stored if one.step.kind == "registry"
    ]
    pairs += [(f"Data: {one['name']}, SHA-256", _input(one)) for one in results["inputs"]]
    pairs += [
        ("Run", text("SHA-256 of results.json ", Code(results_sha256))),
        ("Software", text(f"locoreg {__version__}")),
        ("Small cells", text(_small_cells(plan, stored))),
    ]
    yield Facts(tuple(pairs))


def _input(one: dict[str, str]) -> Text:
    return text(f"{one['path']} ", Code(one["sha256"]))


def _pico(plan: StudyPlan) -> Iterator[tuple[str, Text]]:
    asked = plan.question
    if asked is None:
        return
    yield "Population", text(asked.population)
    yield "Intervention", text(asked.intervention)
    yield "Comparator", text(asked.comparator)
    yield "Outcomes", joined(tuple((one,) for one in asked.outcomes), Break())
    if asked.setting:
        yield "Setting", text(asked.setting)


def _small_cells(plan: StudyPlan, stored: Sequence[Stored]) -> str:
    hidden = {
        limit
        for one in stored
        if one.step.kind != "evidence"
        for limit in [plan.hidden(synthetic=one.record["synthetic"])]
        if limit is not None
    }
    if not hidden:
        return "All counts of patients are shown."
    return f"Counts of 1 to {max(hidden)} patients are hidden, and what would give them away."


def _limits(evidence: Section | None, stored: Sequence[Stored]) -> Section:
    blocks: list[Block] = [] if evidence is None else list(evidence.blocks)
    links = tuple(
        text(
            f"What limits the part {one.step.name} stands in ",
            Link(f"#{one.step.name}", one.step.title),
            ".",
        )
        for one in stored
        if one.step.kind in ("emulation", "selection")
    )
    if links:
        blocks.append(Items(links))
    if not blocks:
        blocks.append(Paragraph(text("Nothing was pooled and no trial was emulated.")))
    return Section("limits", "Limits", tuple(blocks))


def _reproduce(
    study_file: str, results: dict[str, Any], results_sha256: str, evidence: Section | None
) -> Section:
    facts: list[tuple[str, Text]] = [
        ("locoreg", text(__version__)),
        ("results.json, SHA-256", text(Code(results_sha256))),
        *(
            (f"{one['name']}: {one['path']}", text(Code(one["sha256"])))
            for one in results["inputs"]
        ),
        *((f"Step {one['name']}, key", text(Code(one["key"]))) for one in results["steps"]),
    ]
    blocks: list[Block] = [
        Paragraph(
            text(
                "The same study file, data and version give this page and every file beside it "
                "again, byte for byte. Seeds stand in the study file and in the protocols."
            )
        ),
        Listing("Command", f"locoreg run {study_file} --out report"),
        Listing("Python", f'import locoreg as lr\n\nrun = lr.run("{study_file}", "report")'),
        Facts(tuple(facts)),
    ]
    if evidence is not None:
        blocks += [
            dataclasses.replace(block, label="Commands for each pool")
            for block in evidence.blocks
            if isinstance(block, Listing) and block.label == "Commands"
        ]
    return Section("reproduce", "How to reproduce", tuple(blocks))
