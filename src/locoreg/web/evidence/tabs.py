"""What stands below the forest plots: one tab at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.figures import Figure as Drawing
from locoreg.figures import describe, plot, specification_curve, to_svg
from locoreg.figures.curve import option_label
from locoreg.figures.wording import axis_title, favours_labels, narrow_notes
from locoreg.report.blocks import (
    Block,
    Column,
    Facts,
    Figure,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.words import (
    INTERVALS,
    METHODS,
    NONE,
    effect,
    marked,
    number,
    p_text,
    plural,
    share,
    span,
    studies,
    words,
)
from locoreg.web.evidence.rows import compact
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.figureroutes import downloads
from locoreg.workflows.explore.explorer import ExploredPool
from locoreg.workflows.explore.funnel import Funnel
from locoreg.workflows.explore.shift import BiasShift
from locoreg.workflows.explore.spread import Influence

if TYPE_CHECKING:
    from locoreg.evidence.pooling import EvidencePool
    from locoreg.workflows.run import Multiverse


def heterogeneity(
    item: ExploredPool, h2: tuple[float, float], found: Influence, view: EvidenceView, root: str
) -> Section:
    """Return heterogeneity, leave-one-out and influence of a pool.

    Parameters
    ----------
    item : ExploredPool
        The pool.
    h2 : tuple of float
        Interval of H2.
    found : Influence
        Its deletion diagnostics.
    view : EvidenceView
        What is shown.
    root : str
        What every path begins with.

    Returns
    -------
    Section
        One per design.
    """
    pool = item.pool
    blocks: list[Block] = [Facts(tuple(_spread_facts(pool, h2)))]
    if found.rows:
        blocks.append(_influence_figure(found, view, root))
    elif pool.meta.k == 2:
        blocks.append(_leave_one_out(pool))
        blocks.append(
            Paragraph(text("Influence is not measured with two studies: each leaves the other."))
        )
    if pool.subgroups:
        blocks += _subgroups(pool)
    title = f"Heterogeneity: {pool.design_label.lower()}"
    return Section(f"spread-{pool.selection.design}", title, tuple(blocks))


def _spread_facts(pool: EvidencePool, h2: tuple[float, float]) -> list[tuple[str, Text]]:
    meta = pool.meta
    level = f"{meta.mu.level:g}%"
    pairs: list[tuple[str, Text]] = [
        ("Method", text(f"{METHODS[meta.method]}; {INTERVALS[meta.interval]}"))
    ]
    if meta.k == 1:
        return [*pairs, ("Heterogeneity", text("not defined for one study"))]
    pairs += [
        ("τ²", text(f"{number(meta.tau2, 3)} ({level} interval {span(*meta.tau2_ci, digits=3)})")),
        ("I²", text(f"{number(meta.i2, 0)}% ({level} interval {span(*meta.i2_ci, digits=0)}%)")),
        ("H²", text(f"{number(meta.h2)} ({level} interval {span(*h2)})")),
        ("Q", text(f"{number(meta.q)} on {meta.q_df} df, p = {p_text(meta.q_p)}")),
        ("Test of no effect", text(f"p = {p_text(meta.p_value)}")),
        ("Normal interval", text(effect(meta.normal_interval))),
        ("Common effect", text(effect(meta.common_effect))),
    ]
    if meta.floor is not None:
        pairs.append(("With the floor", text(effect(meta.floor))))
    shown = meta.to_dict()["prediction"]
    if shown is None:
        pairs.append(("Prediction interval", text("not given under three studies")))
    else:
        limits = shown.get("natural", shown)
        pairs.append(
            ("Prediction interval", text(f"{span(limits['low'], limits['high'])} ({level})"))
        )
    return pairs


def _influence_figure(found: Influence, view: EvidenceView, root: str) -> Figure:
    pool = found.pool
    design = pool.selection.design
    return Figure(
        f"influence-{design}",
        f"The pool without each study: {pool.design_label.lower()}",
        to_svg(plot(found), prefix=f"influence-{design}"),
        text(describe(found)),
        downloads=downloads(root, "evidence-influence", view.figure(design)),
        table=influence_table(found),
    )


def influence_table(found: Influence) -> Table:
    """Return the numbers of the influence figure."""
    pool = found.pool
    return Table(
        f"The pool without each study: {pool.design_label.lower()}",
        (
            Column("Without"),
            Column(f"{pool.question.measure} ({pool.meta.mu.level:g}% interval)", numeric=True),
            Column("τ²", numeric=True),
            Column("I² %", numeric=True),
            Column("Residual", numeric=True),
            Column("DFBETAS", numeric=True),
            Column("Cook's distance", numeric=True),
            Column("Variance ratio", numeric=True),
            Column("Beyond a usual guide"),
        ),
        tuple(
            Row(
                (
                    text(row.label),
                    text(marked(row.without, row.floor)),
                    text(number(row.tau2, 3)),
                    text(number(row.i2, 0)),
                    text(number(row.residual)),
                    text(number(row.dfbetas)),
                    text(number(row.cook)),
                    text(number(row.cov_ratio)),
                    text(", ".join(row.far) or "no"),
                )
            )
            for row in found.rows
        ),
        text(*narrow_notes((f"without {row.label}", row.floor) for row in found.rows)),
        stacks=True,
    )


def _leave_one_out(pool: EvidencePool) -> Table:
    return Table(
        f"The pool without each study: {pool.design_label.lower()}",
        (Column("Without"), Column(pool.question.measure, numeric=True)),
        tuple(Row((text(r.label), text(marked(r.mu, r.floor)))) for r in pool.leave_one_out),
        stacks=True,
    )


def _subgroups(pool: EvidencePool) -> list[Block]:
    blocks: list[Block] = [
        Table(
            f"Subgroups of studies: {pool.design_label.lower()}",
            (
                Column("Subgroup"),
                Column("Studies", numeric=True),
                Column(pool.question.measure, numeric=True),
                Column("τ²", numeric=True),
                Column("I² %", numeric=True),
            ),
            tuple(
                Row(
                    (
                        text(words(g.name)),
                        text(studies(g.meta.k)),
                        text(marked(g.meta.mu, g.meta.floor)),
                        text(number(g.meta.tau2, 3)),
                        text(number(g.meta.i2, 0)),
                    )
                )
                for g in pool.subgroups
            ),
            text(*narrow_notes((words(g.name), g.meta.floor) for g in pool.subgroups)),
            stacks=True,
        )
    ]
    test = pool.subgroup_test
    if test is None:
        blocks.append(Paragraph(text("No test: all studies are of one subgroup.")))
    else:
        blocks.append(
            Paragraph(
                text(
                    f"Test that the subgroups by {words(test.by)} share one effect: "
                    f"Q {number(test.q)} on {test.df} df, p = {p_text(test.p_value)}."
                )
            )
        )
    return blocks


def small_study(found: Funnel, view: EvidenceView, root: str, beside: tuple[Block, ...]) -> Section:
    """Return a funnel plot with what stands beside it, or why there is none."""
    pool = found.pool
    design = pool.selection.design
    title = f"Small-study effects: {pool.design_label.lower()}"
    if found.too_few:
        why = (
            f"{found.too_few[:1].upper()}{found.too_few[1:]}. With fewer than ten studies a funnel "
            "plot can't tell selective publication from chance, and no test is shown "
            "(Sterne 2011, doi:10.1136/bmj.d4002)."
        )
        return Section(f"funnel-{design}", title, (Paragraph(text(why)), *beside))
    figure = Figure(
        f"funnel-figure-{design}",
        f"Funnel plot: {pool.design_label.lower()}",
        to_svg(plot(found), prefix=f"funnel-{design}"),
        text(describe(found)),
        downloads=downloads(root, "evidence-funnel", view.figure(design)),
        table=funnel_table(found),
    )
    return Section(f"funnel-{design}", title, (figure, *beside))


def funnel_table(found: Funnel) -> Table:
    """Return the numbers of the funnel plot."""
    return Table(
        f"Effects and standard errors: {found.pool.design_label.lower()}",
        (
            Column("Study"),
            Column(found.pool.question.measure, numeric=True),
            Column("Standard error, analysis scale", numeric=True),
        ),
        tuple(
            Row((text(p.label), text(number(p.effect)), text(number(p.se, 3))))
            for p in found.points
        ),
    )


def bias_shift(
    item: ExploredPool, found: BiasShift | None, view: EvidenceView, root: str
) -> Section:
    """Return each study as printed and as the audit supports it."""
    pool = item.pool
    design = pool.selection.design
    title = f"Bias shift: {pool.design_label.lower()}"
    if found is None:
        why = (
            "Every row is read as printed. Set the readings to what the audit supports to see "
            "both beside each other."
        )
        return Section(f"shift-{design}", title, (Paragraph(text(why)),))
    figure = Figure(
        f"shift-figure-{design}",
        f"As printed and as supported: {pool.design_label.lower()}",
        to_svg(plot(found), prefix=f"shift-{design}"),
        text(describe(found)),
        downloads=downloads(root, "evidence-bias-shift", view.figure(design)),
        table=shift_table(found),
    )
    return Section(f"shift-{design}", title, (figure,))


def shift_table(found: BiasShift) -> Table:
    """Return the numbers of the paired figure."""
    pool = found.pool
    naive = pool.as_printed
    return Table(
        f"As printed and as supported: {pool.design_label.lower()}",
        (
            Column("Study"),
            Column("As printed", numeric=True),
            Column("As supported", numeric=True),
            Column("Moves"),
            Column("Read differently", wide=True),
        ),
        tuple(
            Row(
                (
                    text(row.label),
                    text("no number" if row.printed is None else effect(row.printed)),
                    text(effect(row.supported)),
                    text("yes" if row.moves else "no"),
                    text("; ".join(row.reading) or NONE),
                ),
                emphasis=not row.study_id,
            )
            for row in (*found.rows, found.pooled)
        ),
        text(
            *narrow_notes(
                [("as supported", pool.meta.floor), ("as printed", naive.floor if naive else None)]
            )
        ),
        stacks=True,
    )


def multiverse(
    item: ExploredPool, worlds: Multiverse | None, view: EvidenceView, root: str
) -> Section:
    """Return the pool under each admissible reading of its doubtful inputs."""
    pool = item.pool
    design = pool.selection.design
    title = f"Doubtful readings: {pool.design_label.lower()}"
    if worlds is None:
        why = "No input of this pool has more than one admissible reading."
        return Section(f"worlds-{design}", title, (Paragraph(text(why)),))
    figure = Figure(
        f"worlds-figure-{design}",
        f"Each admissible reading: {pool.design_label.lower()}",
        compact(to_svg(worlds_figure(item, worlds, view), prefix=f"worlds-{design}")),
        text(describe(worlds)),
        downloads=downloads(root, "evidence-multiverse", view.figure(design)),
        table=worlds_table(worlds),
    )
    return Section(f"worlds-{design}", title, (figure,))


# A page has at most 250 kB; the figure says how many it shows of how many.
MOST_WORLDS = 24


def worlds_figure(item: ExploredPool, worlds: Multiverse, view: EvidenceView) -> Drawing:
    """Draw a pool under each admissible reading."""
    pool = item.pool
    return specification_curve(
        worlds,
        layout=view.layout,
        title=f"{pool.outcome.label}, {pool.design_label.lower()}: each reading",
        measure=axis_title(pool.question.measure, pool.outcome),
        favours=favours_labels(pool.question, pool.outcome),
        most=MOST_WORLDS,
    )


def worlds_table(worlds: Multiverse) -> Table:
    """Return what hangs on each doubtful reading."""
    rows = []
    for doubt in worlds.doubts:
        for one in doubt.options:
            option = text(option_label(one.option))
            if one.option.is_main:
                option = text(Strong(one.option.label), " (main)")
            found: list[Text] = []
            if one.changes_conclusion:
                found.append(text("whether the interval excludes no effect"))
            if one.changes_side:
                found.append(text("side of the estimate"))
            changes = joined(tuple(found), ", ") or text("nothing")
            rows.append(
                Row(
                    (
                        text(doubt.label),
                        option,
                        text(NONE if one.alone is None else effect(one.alone.counted)),
                        text("leaves no study") if one.alone is None else changes,
                        text(share(one.share_significant)),
                    )
                )
            )
    return Table(
        f"Each doubtful reading: {plural(len(worlds.universes), 'combination')}",
        (
            Column("Study"),
            Column("Reading", wide=True),
            Column("Pool if only this changes", numeric=True),
            Column("What changes", wide=True),
            Column("Interval excludes no effect, share of combinations", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )
