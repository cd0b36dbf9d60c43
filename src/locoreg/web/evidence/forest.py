"""Answers and forest plots of the explorer, each design by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.core.findings import Severity
from locoreg.core.numbertext import interval_text, percent_texts
from locoreg.figures import to_svg
from locoreg.figures.forest import forest_of_pools
from locoreg.figures.layouts import AUDIT_SIGNS
from locoreg.figures.marks import label_with_year, worst
from locoreg.figures.pooltable import order_of
from locoreg.figures.wording import narrow_notes, prediction_limits
from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Column,
    Details,
    Figure,
    Items,
    Link,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.words import (
    INTERVALS,
    METHODS,
    NONE,
    effect,
    marked,
    plural,
    span,
    studies,
    verification,
    whole,
)
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.figureroutes import downloads

if TYPE_CHECKING:
    from locoreg.evidence.riskofbias import Assessment
    from locoreg.workflows.explore.explorer import ExploredPool
    from locoreg.workflows.run import MetaAnalysis


def answers(
    found: tuple[ExploredPool, ...], view: EvidenceView, certainty: dict[str, Text]
) -> Section:
    """Return the answer of each design in a few sentences.

    Parameters
    ----------
    found : tuple of ExploredPool
        The pools.
    view : EvidenceView
        What is shown.
    certainty : dict
        Certainty by the key of a pool, as a run states it.

    Returns
    -------
    Section
        Headline number, sentences and certainty.
    """
    blocks: list[Block] = []
    for item in found:
        stated = certainty.get(item.key, ("not judged.",))
        blocks.append(Paragraph(_answer(item, view), "lead"))
        blocks.append(Paragraph((Strong("Certainty: "), *stated), "note"))
    return Section("answer", "Answer", tuple(blocks))


def _answer(item: ExploredPool, view: EvidenceView) -> Text:
    """Return the answer with its first number marked: it stands in it once, at the start."""
    pool = item.pool
    number = f"{pool.question.measure} {pool.meta.mu.text()}"
    before, found, after = item.answer.partition(number)
    if not found:
        return text(item.answer)
    shown = Value(number, pool.meta.mu.natural[0], value_key(item, view))
    return text(Strong(before), shown, after)


def value_key(item: ExploredPool, view: EvidenceView) -> str:
    """Return the key of a headline number: that of ``results.json`` in the usual state only."""
    shown = view.figure("both", question="", outcome="", order="year", layout="revman", split="")
    return item.key + shown.query()


def forests(
    found: tuple[ExploredPool, ...],
    view: EvidenceView,
    root: str,
    bias: tuple[Assessment, ...],
) -> tuple[Section, ...]:
    """Return a section per design with its figure and the list of its studies."""
    return tuple(_forest(item, view, root, bias) for item in found)


def _forest(
    item: ExploredPool, view: EvidenceView, root: str, bias: tuple[Assessment, ...]
) -> Section:
    pool = item.pool
    design = pool.selection.design
    svg = to_svg(
        forest_of_pools([pool], layout=view.layout, order=view.order, risk_of_bias=bias),
        prefix=f"forest-{design}",
    )
    own = view.figure(design)
    meta = pool.meta
    caption = (
        f"{pool.outcome.label}: {pool.design_label.lower()}. {METHODS[meta.method].capitalize()}; "
        f"{INTERVALS[meta.interval]}."
    )
    blocks: list[Block] = [
        Figure(
            f"forest-{design}",
            f"{pool.outcome.label}: {pool.design_label.lower()}",
            svg,
            text(caption),
            downloads=downloads(root, "evidence-forest", own),
            table=numbers_table(item),
        ),
        study_links(item, view, root),
        *notes(item),
    ]
    return Section(f"design-{design}", pool.design_label, tuple(blocks))


def numbers_table(item: ExploredPool) -> Table:
    """Return the numbers of a forest plot, results included."""
    pool = item.pool
    level = pool.meta.mu.level
    weights = percent_texts(pool.meta.weights)
    rows = [
        Row(
            tuple(
                text(cell)
                for cell in (
                    label_with_year(s.label, s.year),
                    _arm(s.counts.events_intervention, s.counts.n_intervention),
                    _arm(s.counts.events_control, s.counts.n_control),
                    effect(s.effect.estimate(level)),
                    weight,
                )
            )
        )
        for s, weight in zip(pool.studies, weights, strict=True)
    ]
    rows += [
        Row((text(name), (), (), text(number), ()), emphasis=True)
        for name, number in _results(pool.meta)
    ]
    if pool.as_printed is not None and pool.differs:
        naive = marked(pool.as_printed.mu, pool.as_printed.floor)
        rows.append(Row((text("As printed (uncorrected)"), (), (), text(naive), ())))
    rows += [
        Row((text(f"{g.name} ({studies(g.meta.k)})"), (), (), text(effect(g.meta.mu)), ()))
        for g in pool.subgroups
    ]
    return Table(
        f"{pool.outcome.label}: {pool.design_label.lower()}",
        (
            Column("Study"),
            Column("Events/patients, intervention", numeric=True),
            Column("Events/patients, control", numeric=True),
            Column(f"{pool.question.measure} ({level:g}% interval)", numeric=True),
            Column("Weight %", numeric=True),
        ),
        tuple(rows),
        text(*narrow_notes([("", pool.meta.floor)])),
    )


def _results(meta: MetaAnalysis) -> list[tuple[str, str]]:
    name = "Pooled" if meta.k > 1 else "One study, nothing pooled"
    rows = [(name, marked(meta.mu, meta.floor))]
    limits = prediction_limits(meta)
    if limits is not None:
        rows.append((f"{meta.mu.level:g}% prediction interval", span(*limits)))
    return rows


def _arm(events: int | None, patients: int | None) -> str:
    if events is None:
        return f"{NONE}/{patients:,}" if patients is not None else NONE
    return f"{events:,}/{whole(patients)}"


def study_links(item: ExploredPool, view: EvidenceView, root: str) -> Table:
    """Return the studies of a figure, each with a link to its page and its audit mark."""
    pool = item.pool
    level = pool.meta.mu.level
    weights = percent_texts(pool.meta.weights)
    rows = []
    for i in order_of(pool, view.order):
        study = pool.studies[i]
        rows.append(
            Row(
                (
                    study_link(
                        study.study_id, label_with_year(study.label, study.year), view, root
                    ),
                    text(whole(study.counts.n)),
                    text(interval_text(*study.effect.estimate(level).natural)),
                    text(f"{weights[i]}%"),
                    audit_mark(worst(study)),
                    text(verification(study.verification)),
                )
            )
        )
    return Table(
        f"Studies of the figure: {pool.design_label.lower()}; audit of the rows used",
        (
            Column("Study"),
            Column("Patients", numeric=True),
            Column(f"{pool.question.measure} ({level:g}% interval)", numeric=True),
            Column("Weight", numeric=True),
            Column("Audit"),
            Column("Verified"),
        ),
        tuple(rows),
        stacks=True,
    )


def study_link(study_id: str, label: str, view: EvidenceView, root: str) -> Text:
    """Return a link to a study's page that remembers the filters."""
    return text(Link(f"{root}/evidence/studies/{study_id}{view.query()}", label))


def audit_mark(found: tuple[Severity, int] | None) -> Text:
    """Return sign, letter, word and count of a study's findings."""
    if found is None:
        return text("none")
    severity, count = found
    sign, letter, _ = AUDIT_SIGNS[severity]
    return text(Badge(f"{letter} {severity}", sign, severity), f", {plural(count, 'finding')}")


def notes(item: ExploredPool) -> list[Block]:
    """Return what a reader must know of a pool: warnings, readings, studies left out."""
    pool = item.pool
    blocks: list[Block] = []
    if pool.differs:
        blocks.append(
            Callout(
                "Read differently from the printed row",
                (Items(tuple(text(one) for one in pool.differs)),),
            )
        )
    if pool.barred:
        blocks.append(
            Callout(
                "Pooled in spite of a blocking finding",
                (Items(tuple(text(one) for one in pool.barred)),),
            )
        )
    out = [*item.left_out, *pool.excluded]
    if out:
        table = Table(
            f"Not in the pool of {pool.design_label.lower()}",
            (Column("Study"), Column("Reason", wide=True)),
            tuple(Row((text(e.label), text(e.reason))) for e in out),
            stacks=True,
        )
        summary = text(f"Studies of this design that are not in the pool ({len(out)})")
        blocks.append(Details(summary, (table,), bool(item.left_out)))
    return blocks
