"""The figures of a report, as markup for the page and as files."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from locoreg.figures import Figure, plot, save, specification_curve, to_svg
from locoreg.figures.wording import axis_title, favours_labels
from locoreg.workflows.run import PoolResult, StudyResult

LAYOUT = "revman"
FIGURE_KINDS = ("forest_", "multiverse_")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One figure.

    Attributes
    ----------
    name : str
        Name of its files, without the ending.
    title : str
        Question, population and outcome.
    svg : str
        Markup with title and description, its ids unique in the page.
    pdf : bytes
        The same for print.
    """

    name: str
    title: str
    svg: str
    pdf: bytes


def forest_name(question_id: str, outcome_id: str) -> str:
    """Return the name of the forest plot of a question and outcome."""
    return f"forest_{question_id}_{outcome_id}"


def multiverse_name(item: PoolResult) -> str:
    """Return the name of the plot of a pool under each reading of its doubtful inputs."""
    return "multiverse_" + item.key.replace("/", "_")


def draw(result: StudyResult) -> dict[str, Drawing]:
    """Draw every figure of a report.

    Parameters
    ----------
    result : StudyResult
        The result.

    Returns
    -------
    dict
        One forest plot per question and outcome with the designs as groups,
        and one plot per pool with doubtful inputs.
    """
    drawings: dict[str, Drawing] = {}
    for question in result.questions:
        outcomes: dict[str, list[PoolResult]] = {}
        for item in question.pools:
            outcomes.setdefault(item.pool.outcome.outcome_id, []).append(item)
        for outcome_id, items in outcomes.items():
            name = forest_name(question.question.question_id, outcome_id)
            title = f"{items[0].pool.outcome.label}: {question.question.title}"
            figure = plot([item.pool for item in items], layout=LAYOUT)
            drawings[name] = make_drawing(name, title, figure)
        for item in question.pools:
            if item.multiverse is not None:
                name = multiverse_name(item)
                pool = item.pool
                title = f"{pool.outcome.label}, {pool.design_label.lower()}: each reading"
                figure = specification_curve(
                    item.multiverse,
                    layout=LAYOUT,
                    title=title,
                    measure=axis_title(pool.question.measure, pool.outcome),
                    favours=favours_labels(pool.question, pool.outcome),
                )
                drawings[name] = make_drawing(name, title, figure)
    return drawings


def make_drawing(name: str, title: str, figure: Figure) -> Drawing:
    """Return a figure as markup and as a file.

    Parameters
    ----------
    name : str
        Of its files.
    title : str
        Question, population and outcome.
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    Drawing
        Its ids begin with the name.
    """
    with tempfile.TemporaryDirectory() as folder:
        pdf = save(figure, Path(folder) / f"{name}.pdf").read_bytes()
    svg = to_svg(figure, prefix=_UNSAFE.sub("-", name))
    return Drawing(name=name, title=title, svg=svg, pdf=pdf)
