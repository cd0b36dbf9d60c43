"""How sure one can be of a pool as blocks and figures: those of the report, one part at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from locoreg.figures import describe, plot, to_svg
from locoreg.figures.designladder import design_ladder_figure
from locoreg.figures.posterior import posterior_figure
from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Details,
    Facts,
    Figure,
    Link,
    Listing,
    Paragraph,
    Section,
    Text,
    Value,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.howsure import how_sure
from locoreg.report.words import effect, number, studies
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence.rows import compact, plain_rows
from locoreg.web.evidence.tabs import funnel_table
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.figureroutes import Drawn, downloads
from locoreg.web.state import State
from locoreg.web.sureness.drawn import first_table, with_downloads
from locoreg.web.sureness.surecontent import Assessed, SureFound, found_of
from locoreg.web.sureness.sureview import CertaintyView
from locoreg.workflows.conclusion.pools import estimate_of, read_interval
from locoreg.workflows.explore.funnel import funnel_of
from locoreg.workflows.explore.studylines import study_lines
from locoreg.workflows.sureness import DrawnLadder, DrawnPosterior

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

TITLES = {"bayes": "Posterior of the mean effect", "designs": "From trials alone to all designs"}


def pool_now(found: SureFound) -> tuple[Block, ...]:
    """Return the pool in a few facts, with who judged it."""
    pool = found.pooled
    if pool is None:
        return (Callout("No such pool", (Paragraph(text(found.reason)),)),)
    read = estimate_of(read_interval(pool))
    key = "evidence/" + "/".join((pool["question"], pool["outcome"], pool["design"]))
    pooled = Value(f"{pool['measure']} {effect(read)}", read.natural[0], f"{key}/mu")
    pairs: list[tuple[str, Text]] = [
        ("Pool", text(f"{studies(pool['k'])}, ", pooled)),
        ("Method", text(f"{pool['method']}, {pool['interval']} interval of "
                        f"{pool['mu']['level']:g}%")),
        ("Heterogeneity", text(f"τ² {number(pool['tau2'], 3)}, I² {number(pool['i2'], 0)}%")),
    ]  # fmt: skip
    if found.view.part == "grade":
        judged = found.judged
        who = (
            "nobody, in the runs here: the domains below are what the rules propose"
            if judged is None
            else f"{judged.certainty['author']} (run {judged.run})"
        )
        pairs.append(("Judged by", text(who)))
    return (Facts(tuple(pairs)),)


def shown(state: State, found: SureFound, root: str) -> tuple[Block, ...]:
    """Return the part that a view asks for.

    Parameters
    ----------
    state : State
        Of the application.
    found : SureFound
        What the view gives.
    root : str
        What every path begins with.

    Returns
    -------
    tuple of Block
        Nothing where something is wrong: the form says what.
    """
    if found.assessed is None:
        return ()
    drawn = _drawn(state, found.assessed)
    section = how_sure({"how_sure": [found.assessed.entry]}, drawn)
    assert section is not None
    (entry,) = section.blocks
    assert isinstance(entry, Section)
    blocks = _of_part(entry.blocks, found.view.part)
    linked = with_downloads(blocks, drawn, partial(_links, root, found.view))
    if found.view.part == "small-study":
        linked += _funnel(state, found, root)
    return linked + _study_file(state, found)


def _of_part(blocks: tuple[Block, ...], part: str) -> tuple[Block, ...]:
    """Return the blocks of a part: those of the tests are read by it, and shown in their own."""
    other = slug("small_study")
    return tuple(
        one
        for one in blocks
        if part != "grade" or not (isinstance(one, Section) and one.anchor.endswith(other))
    )


def _drawn(state: State, assessed: Assessed) -> dict[str, Drawing]:
    return {
        key: state.kept.get(("drawing", key, *assessed.asked), partial(_draw, state, key, result))
        for key, result in assessed.kept.items()
    }


def _draw(state: State, key: str, result: object) -> Drawing:
    name = slug(key)
    with state.drawing:
        svg = compact(to_svg(_figure(result), prefix=name))
    return Drawing(name=name, title=TITLES[key.rsplit("/", 1)[1]], svg=svg, pdf=b"")


def _figure(result: object) -> Sheet:
    if isinstance(result, DrawnPosterior):
        return posterior_figure(result.result, title=result.title, measure=result.measure)
    assert isinstance(result, DrawnLadder)
    return design_ladder_figure(result.result, title=result.title, favours=result.favours)


def _links(root: str, view: CertaintyView, key: str) -> tuple[Link, ...]:
    name = "posterior" if key.endswith("/bayes") else "ladder"
    return downloads(root, f"certainty-{name}", view)


def _funnel(state: State, found: SureFound, root: str) -> tuple[Block, ...]:
    """Return the funnel of ten studies or more; under ten the section says that there is none."""
    if found.item is None:
        return ()
    funnel = funnel_of(found.item.pool)
    if funnel.too_few:
        return ()
    with state.drawing:
        svg = compact(to_svg(plot(funnel), prefix="funnel"))
    view = EvidenceView(
        question=found.found.question.question_id, outcome=found.found.outcome.outcome_id,
        design=found.view.design, method=found.view.method,  # type: ignore[arg-type]
        interval=found.view.interval,  # type: ignore[arg-type]
    )  # fmt: skip
    return (
        Figure(
            "funnel", "Funnel plot", svg, text(describe(funnel)),
            downloads=downloads(root, "evidence-funnel", view), table=funnel_table(funnel),
        ),
    )  # fmt: skip


def _study_file(state: State, found: SureFound) -> tuple[Block, ...]:
    plan, finding = found.asked.plan, found.asked.finding
    if plan is None:
        return ()
    parts: dict[str, Any] = {"how_sure": plan}
    if finding is not None:
        parts["findings"] = finding
    view = found.view
    designs = tuple(item.pool.selection.design for item in found.found.pools)
    lines = study_lines(
        parts,
        tables=[str(one) for one in state.settings.tables],
        pools=(plan.question, plan.outcome, designs),
        method=view.method, interval=view.interval, level=float(view.level),
    )  # fmt: skip
    return (Details(text("Lines for a study file"), (Listing("Lines for a study file", lines),)),)


def draw_part(state: State, view: CertaintyView, part: str, name: str) -> Drawn:
    """Return the figure of a part with its numbers.

    Parameters
    ----------
    state : State
        Of the application.
    view : CertaintyView
        What is asked.
    part : str
        Of the page.
    name : str
        Of the part in the results.

    Returns
    -------
    Drawn
        The figure.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = found_of(state, view.model_copy(update={"part": part}), example=True)
    told = "; ".join(f"{one}: {fault}" for one, fault in found.asked.faults.items())
    if found.assessed is None:
        raise NotFoundError(told or found.reason)
    entry: Mapping[str, Any] = found.assessed.entry
    result = next((r for k, r in found.assessed.kept.items() if k.endswith(f"/{name}")), None)
    if result is None:
        raise NotFoundError(str((entry[name] or {}).get("refused") or entry["refused"]))
    section = how_sure({"how_sure": [entry]}, {})
    table = None if section is None else first_table(section.blocks)
    return Drawn(
        figure=lambda: _figure(result),
        rows=() if table is None else plain_rows(table),
        data=entry[name],
    )
