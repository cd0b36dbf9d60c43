"""Tabs of the explorer on how sure a pool is: tests beside the funnel, priors, boundaries."""

from __future__ import annotations

from urllib.parse import urlencode

from locoreg.core.errors import LocoregError
from locoreg.figures import plot, to_svg
from locoreg.report.blocks import (
    Block,
    Column,
    Details,
    Figure,
    Link,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Value,
    text,
)
from locoreg.report.sections.boundaries import sequential_blocks
from locoreg.report.words import number, span
from locoreg.web.evidence.rows import compact
from locoreg.web.evidence.view import EFFECTS, EvidenceView
from locoreg.web.figureroutes import downloads
from locoreg.workflows.conclusion.sentences import percent_number
from locoreg.workflows.explore.explorer import ExploredPool
from locoreg.workflows.explore.suretabs import (
    ALPHA_PERCENT,
    MU_PRIOR,
    POWER_PERCENT,
    SMALLEST_STEP,
    STEPS,
    TESTS_PERCENT,
    TabPosterior,
    part_of,
)
from locoreg.workflows.sequential import SequentialView
from locoreg.workflows.smallstudy import PoolSmallStudy

# Where certainty is stated for groups of designs.
_ASKED = ("rct", "observational")


def tests(found: PoolSmallStudy, design: str) -> tuple[Block, ...]:
    """Return tests and corrections for small-study effects, for ten studies or more."""
    if found.effects is None or found.too_few:
        return ()
    rows = tuple(
        Row((text(one.label), text(one.sentence or f"Not given: {one.refused}")))
        for one in found.effects.parts
    )
    return (
        Paragraph(text(found.conclusion)),
        Details(
            text("Each test and correction"),
            (
                Table(
                    f"Tests and corrections for small-study effects: {found.title}",
                    (Column("Method"), Column("Result", wide=True)),
                    rows,
                    text(
                        f"Tests are read at {TESTS_PERCENT:g}%. The selection model has a step at "
                        f"one-sided p {STEPS[0]:g} and takes results in favour of the "
                        "intervention as those published more easily."
                    ),
                    stacks=True,
                ),
            ),
            True,
        ),
    )


def own(item: ExploredPool, part: str, words: str, root: str) -> tuple[Block, ...]:
    """Return the link to where the same is asked with values of one's own."""
    pool = item.pool
    if pool.selection.design not in _ASKED:
        return ()
    asked = {
        "question": pool.question.question_id, "outcome": pool.outcome.outcome_id,
        "design": pool.selection.design, "part": part,
    }  # fmt: skip
    return (Paragraph(text(Link(f"{root}/certainty?{urlencode(asked)}", words))),)


def bayes(item: ExploredPool, found: TabPosterior | LocoregError, root: str) -> Section:
    """Return a pool under a few priors on tau."""
    pool, design = item.pool, item.pool.selection.design
    title = f"Under several priors: {pool.design_label.lower()}"
    link = own(item, "bayes", "State priors and thresholds of your own", root)
    if isinstance(found, LocoregError):
        return Section(f"bayes-{design}", title, (Paragraph(text(str(found))), *link))
    result = found.result
    rows = []
    for i, row in enumerate(result.rows):
        key = f"{item.key}/bayes/{i}"
        chance = percent_number(row.below[0], f"{key}/below/0")
        new = (result.natural(row.new_low), result.natural(row.new_high))
        rows.append(
            Row(
                (
                    text(row.name),
                    text(Value(row.mu.text(), row.mu.natural[0], f"{key}/mu")),
                    text(Value(chance.text, chance.value, chance.key)),
                    text(f"{number(row.tau)} ({span(row.tau_low, row.tau_high)})"),
                    text(span(*new)),
                )
            )
        )
    table = Table(
        f"Posterior under each prior: {pool.outcome.label}, {pool.design_label.lower()}",
        (
            Column("Prior on τ"),
            Column(f"{pool.question.measure}, median ({result.level:g}% interval)", numeric=True),
            Column(f"Below 1, favours {found.favours_low}", numeric=True),
            Column("τ, median (interval)", numeric=True),
            Column("Effect in a new study", numeric=True),
        ),
        tuple(rows),
        text(f"Prior on the mean: {MU_PRIOR}. By quadrature: nothing is sampled."),
        stacks=True,
    )
    return Section(f"bayes-{design}", title, (table, *link))


def sequential(
    item: ExploredPool, found: SequentialView | LocoregError, view: EvidenceView, root: str
) -> Section:
    """Return where a pool's trials stand against sequential boundaries."""
    pool, design = item.pool, item.pool.selection.design
    title = f"Sequential boundaries: {pool.design_label.lower()}"
    if design != "rct":
        why = "Boundaries are those of randomised trials: other comparisons are not held to them."
        return Section(f"sequential-{design}", title, (Paragraph(text(why)),))
    if isinstance(found, LocoregError):
        return Section(f"sequential-{design}", title, (Paragraph(text(str(found))),))
    choices: list[Link | Strong | str] = ["Hazard ratio to be found: "]
    for one in EFFECTS:
        href = f"{root}/evidence{view.query(effect=one)}#more"
        choices += [Strong(one) if one == view.effect else Link(href, one), " "]
    svg = compact(to_svg(plot(found), prefix="sequential"))
    asked = {
        "question": pool.question.question_id, "outcome": pool.outcome.outcome_id,
        "part": "boundaries",
    }  # fmt: skip
    blocks = (
        Paragraph(text(*choices)),
        *sequential_blocks(part_of(f"{item.key}/sequential", found)),
        Figure(
            f"sequential-figure-{design}",
            "The trials so far against sequential boundaries",
            svg,
            text(
                f"Two-sided {ALPHA_PERCENT:g}%, power {POWER_PERCENT:g}%, spending of the "
                "O'Brien-Fleming type, futility not binding, information multiplied for the "
                f"diversity of the trials; a look adds at least {SMALLEST_STEP:g}% of it."
            ),
            downloads=downloads(
                root, "evidence-sequential", view.figure(design, effect=view.effect)
            ),
        ),
        Paragraph(text(Link(f"{root}/next-trial?{urlencode(asked)}", "State all of it yourself"))),
    )
    return Section(f"sequential-{design}", title, blocks)


__all__ = ["bayes", "own", "sequential", "tests"]
