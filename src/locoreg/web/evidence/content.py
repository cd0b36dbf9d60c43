"""The results of the explorer as blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Facts,
    Items,
    Link,
    Paragraph,
    Quote,
    Row,
    Section,
    Table,
    Text,
    text,
)
from locoreg.report.sections.findings import findings as summary_section
from locoreg.report.words import NONE, design_name, verification, whole, words
from locoreg.web.evidence import kept, suretabs
from locoreg.web.evidence.forest import audit_mark, study_link
from locoreg.web.evidence.judged import how_to, runs_with_findings
from locoreg.web.evidence.tabs import bias_shift, heterogeneity, multiverse, small_study
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.state import State
from locoreg.workflows.explore.asked import asked_words
from locoreg.workflows.explore.explorer import Explored
from locoreg.workflows.explore.studytable import StudyLine, study_lines

if TYPE_CHECKING:
    from locoreg.workflows.stored import StoredRun

MOST_ROWS = 60


def head(found: Explored, view: EvidenceView) -> tuple[Block, ...]:
    """Return what was asked: population, comparison, and the filters that are set."""
    asked = found.question
    pairs: list[tuple[str, Text]] = [
        ("Population", text(asked.population)),
        ("Intervention", text(asked.intervention)),
        ("Comparator", text(asked.comparator)),
        ("Outcome", text(found.outcome.label)),
    ]
    filters = asked_words(view.asked())
    if filters:
        pairs.append(("Only", text("; ".join(filters))))
    blocks: list[Block] = [Facts(tuple(pairs))]
    if asked.note:
        blocks.append(Paragraph(text(asked.note), "note"))
    return tuple(blocks)


def empty(
    found: Explored, view: EvidenceView, root: str, labels: dict[str, str]
) -> tuple[Block, ...]:
    """Return why designs have no pool, and, where none has, what the tables hold instead."""
    blocks: list[Block] = []
    if found.empty:
        title = "Nothing to pool" if not found.pools else "Designs without a usable number"
        why = Items(tuple(text(reason) for _, reason in found.empty))
        blocks.append(Callout(title, (why,)))
    if found.pools:
        return tuple(blocks)
    if found.recorded:
        blocks.append(_recorded(found, view, root, labels))
    offers = tuple(
        text(
            Link(
                f"{root}/evidence"
                + EvidenceView(
                    question=view.question,
                    outcome=one.outcome,
                    patients=one.subgroup,
                    design=one.design,  # type: ignore[arg-type]
                ).query(),
                one.label,
            )
        )
        for one in found.choices.available
    )
    if offers:
        section = Section("offers", "What the tables hold on this question", (Items(offers),))
        blocks.append(section)
    return tuple(blocks)


def _recorded(found: Explored, view: EvidenceView, root: str, labels: dict[str, str]) -> Table:
    rows = tuple(
        Row(
            (
                study_link(claim.study_id, labels.get(claim.study_id, claim.study_id), view, root),
                text(words(claim.statistic or claim.kind)),
                text(Quote(claim.verbatim)) if claim.verbatim else text(claim.value_text or NONE),
                text(claim.location().source or NONE),
                text(verification(claim.verification)),
            )
        )
        for claim in found.recorded[:MOST_ROWS]
    )
    return Table(
        f"Recorded on {found.outcome.label.lower()}, and not pooled",
        (
            Column("Study"),
            Column("What"),
            Column("Printed", wide=True),
            Column("Place"),
            Column("Verified"),
        ),
        rows,
        text(f"The first {MOST_ROWS} of {len(found.recorded)} rows.")
        if len(found.recorded) > MOST_ROWS
        else (),
        stacks=True,
    )


def tab_blocks(state: State, found: Explored, view: EvidenceView, root: str) -> tuple[Block, ...]:
    """Return the blocks of the chosen tab."""
    asked = view.asked()
    of_pool: dict[str, Callable[..., Section]] = {
        "heterogeneity": lambda item: heterogeneity(item, *kept.influence(item), view, root),
        "small-study": lambda item: small_study(
            kept.funnel(item),
            view,
            root,
            suretabs.tests(kept.small_tests(state, asked, item), item.pool.selection.design)
            + suretabs.own(item, "small-study", "State the options of the tests yourself", root),
        ),
        "bayes": lambda item: suretabs.bayes(item, kept.posterior(state, asked, item), root),
        "sequential": lambda item: suretabs.sequential(
            item, kept.boundaries(state, view, item), view, root
        ),
        "bias-shift": lambda item: bias_shift(item, kept.shift(state, asked, item), view, root),
        "multiverse": lambda item: multiverse(item, kept.worlds(state, asked, item), view, root),
    }
    if view.tab in of_pool:
        sections = tuple(of_pool[view.tab](item) for item in found.pools)
        return sections or (Paragraph(text("Nothing is pooled with these filters.")),)
    if view.tab == "summary":
        return summary(state.runs(), found, root)
    return ()


def summary(runs: tuple[StoredRun, ...], found: Explored, root: str) -> tuple[Block, ...]:
    """Return the summaries of findings of the runs, or how one is made."""
    blocks: list[Block] = []
    for run in runs_with_findings(runs, found.question.question_id):
        section = summary_section(run.results)
        if section is not None:
            shown = Section(
                f"summary-{len(blocks)}", f"Run {run.name}: {run.title}", section.blocks
            )
            blocks.append(shown)
    return tuple(blocks) or how_to(found, root)


def study_rows(state: State, found: Explored, view: EvidenceView) -> tuple[StudyLine, ...]:
    """Return the lines of the study table."""
    return study_lines(state.catalog, state.findings, found, by=view.sort, down=view.down)


def study_table(
    lines: tuple[StudyLine, ...], found: Explored, view: EvidenceView, root: str
) -> Table:
    """Return all studies of the question, pooled or not."""
    measure = found.question.measure
    rows = []
    for line in lines:
        shown = NONE if line.estimate is None else line.estimate.text()
        mark = audit_mark((line.worst, line.findings)) if line.worst else text("none")
        rows.append(
            Row(
                (
                    study_link(line.study_id, line.label, view, root),
                    text(design_name(line.design)),
                    text(str(line.year) if line.year else NONE),
                    text(line.timing or NONE),
                    text(whole(line.patients)),
                    text(shown),
                    text(NONE if line.weight is None else f"{line.weight:.1f}%"),
                    mark,
                    text(line.status),
                )
            )
        )
    return Table(
        f"Studies of the question ({len(lines)})",
        (
            Column("Study"),
            Column("Design"),
            Column("Year", numeric=True),
            Column("Randomisation"),
            Column("Patients", numeric=True),
            Column(f"{measure} (interval)", numeric=True),
            Column("Weight", numeric=True),
            Column("Findings on it"),
            Column("In the pool"),
        ),
        tuple(rows),
        stacks=True,
    )
