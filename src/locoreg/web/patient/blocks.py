"""Tables of the patient view as blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.report.blocks import (
    Badge,
    Block,
    Column,
    Inline,
    Link,
    Quote,
    Row,
    Table,
    Text,
    Tone,
    Value,
)
from locoreg.workflows.patient.wording import months_text

if TYPE_CHECKING:
    from locoreg.workflows.patient.curve import AtMonth
    from locoreg.workflows.patient.estimate import PatientEstimate
    from locoreg.workflows.patient.harms import HarmView, QualityView
    from locoreg.workflows.patient.published import PublishedView
    from locoreg.workflows.patient.trials import AuditMark

STATUS: dict[str, tuple[str, str, Tone]] = {
    "met": ("✔", "met", "good"),
    "not met": ("✖", "not met", "blocking"),
    "unknown": ("?", "can't be told", "minor"),
}
TONES: dict[str | None, Tone] = {
    "blocking": "blocking", "serious": "serious", "minor": "minor", "note": "note", None: "good",
}  # fmt: skip
SIGNS = {"blocking": "✖", "serious": "▲", "minor": "●", "note": "○", None: "✔"}


def audit_badge(mark: AuditMark) -> Badge:
    """Return the audit's mark of a study."""
    return Badge(mark.text, SIGNS[mark.worst], TONES[mark.worst])


def status_badge(status: str) -> Badge:
    """Return whether a patient meets a criterion: sign, word and colour."""
    sign, word, tone = STATUS[status]
    return Badge(word, sign, tone)


def published_table(found: PublishedView) -> Table:
    """Return the published subgroup results that fit."""
    return Table(
        caption="Published results on survival in people like this",
        columns=(
            Column("Study"),
            Column("In whom"),
            Column("Kind"),
            Column("Subgroup planned"),
            Column("Audit"),
            Column("Relative effect"),
            Column("Source"),
        ),
        rows=tuple(
            Row(
                (
                    (one.label,),
                    (one.group,),
                    (one.design,),
                    (one.planned,),
                    (audit_badge(one.audit),),
                    (one.effect,),
                    (f"{one.source} ({one.verification}), row {one.claim_id}",),
                )
            )
            for one in found.rows
        ),
        note=("A ratio below 1 means fewer deaths with local therapy.",),
        stacks=True,
    )


def times_table(estimate: PatientEstimate) -> Table:
    """Return the numbers at each time."""
    assert estimate.course is not None
    assert estimate.shown is not None
    free, event = estimate.event
    without, with_ = estimate.labels
    rows = []
    for one in estimate.course.times:
        cells: list[Text] = [(months_text(one.months),)]
        for name, arm in (("without", one.without), ("with", one.with_)):
            key = f"estimate/times/{one.months:g}/{name}"
            low, high = arm.range
            text = f"{arm.people[0]} ({low} to {high})"
            cells.append((Value(text, arm.free, key),))
            low, high = arm.event_range
            cells.append((f"{arm.people[1]} ({low} to {high})",))
        key = f"estimate/times/{one.months:g}/difference"
        cells.append((Value(one.more_words, one.difference, key),))
        rows.append(Row(tuple(cells), emphasis=one.months == estimate.shown.months))
        rows += _wider_row(one)
    factor = estimate.course.factor
    return Table(
        caption=f"Of 100 people like this, at each time, with ranges ({estimate.course.level:g}% "
        "intervals)",
        columns=(
            Column("Time"),
            Column(f"{free}, without", numeric=True),
            Column(f"{event}, without", numeric=True),
            Column(f"{free}, with", numeric=True),
            Column(f"{event}, with", numeric=True),
            Column(f"difference: {free}, with against without", numeric=True),
        ),
        rows=tuple(rows),
        note=(
            f"Without: {without}. With: {with_}. Source: {estimate.source}."
            + ("" if factor is None else f" {_wider_note(with_, factor)}"),
        ),
        stacks=True,
    )


def _wider_row(one: AtMonth) -> list[Row]:
    """Return the range for hidden differences at one time, below its numbers."""
    cells: list[Text] = [(f"{months_text(one.months)}, second range",)]
    for arm in (one.without, one.with_):
        for ends in (arm.wider_range, arm.wider_event_range):
            if ends is None:
                return []
            cells.append((f"{ends[0]} to {ends[1]}",))
    return [Row((*cells, (one.wider_words,)))]


def _wider_note(with_: str, factor: float) -> str:
    return (
        "Second range: if people treated differed from the others in something not recorded that "
        f"changes the odds of {with_} by up to {factor:g} times."
    )


def harms_table(harms: tuple[HarmView, ...]) -> Table:
    """Return the sources of harms."""
    rows = []
    for one in harms:
        harm = one.harm
        if harm is None:
            continue
        source: list[Inline] = [Link(harm.address, harm.reference), f", {harm.location}"]
        if harm.verification != "seen":
            source.append(f" ({harm.verification})")
        rows.append(
            Row(
                (
                    (f"{one.treatment}: {harm.harm}",),
                    (one.printed,),
                    (harm.population, *((f", {harm.years}",) if harm.years else ())),
                    (Quote(harm.verbatim), *((f" {harm.note}",) if harm.note else ())),
                    tuple(source),
                )
            )
        )
    return Table(
        caption="Sources of the numbers on harms",
        columns=(
            Column("Harm"),
            Column("Printed"),
            Column("In whom", wide=True),
            Column("Words", wide=True),
            Column("Source", wide=True),
        ),
        rows=tuple(rows),
        stacks=True,
    )


def quality_table(found: tuple[QualityView, ...]) -> Table:
    """Return what trials say of quality of life."""
    return Table(
        caption="Quality of life in the trials",
        columns=(Column("Trial"), Column("Result", wide=True), Column("Source")),
        rows=tuple(Row(((one.label,), (one.words,), (one.source,))) for one in found),
        stacks=True,
    )


def blocks_of(*found: Block) -> tuple[Block, ...]:
    """Return blocks as the templates take them."""
    return found
