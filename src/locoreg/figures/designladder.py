"""Draw the ladder from trials alone to all designs, each with its stated bias."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.numbertext import decimal_text
from locoreg.evidence.designs import DesignLadder, LadderStep
from locoreg.evidence.posterior import probability_text
from locoreg.figures.axis import choose_axis, trimmed
from locoreg.figures.layouts import INK
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows

BLUE, GREY = "#0072B2", "#6B6B6B"


def design_ladder_figure(
    result: DesignLadder,
    *,
    title: str,
    favours: tuple[str, str],
    mixture: bool = True,
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the ladder as a forest.

    Parameters
    ----------
    result : DesignLadder
        Steps from trials alone to all designs.
    title : str
        Outcome, population and comparison.
    favours : tuple of str
        Words for the left and the right side.
    mixture : bool
        Whether the mixture of all designs stands below, marked as no answer.
    axis_limits : tuple of float, optional
        Ends of the axis on the natural scale.

    Returns
    -------
    matplotlib.figure.Figure
        One row per step, with the share of the information that comes from trials.
    """
    rows = [_row(result, i, step) for i, step in enumerate(result.steps)]
    if mixture:
        text = result.mixture.mu.text()
        rows.append(
            PlotRow(
                key="mixture",
                label="Not an answer: mixed as if randomised",
                marks=(
                    Mark(
                        role="mixture",
                        interval=result.mixture.mu.natural,
                        shape="ring",
                        colour=GREY,
                    ),
                ),
                cells=(text, "", "", ""),
                sentence=f"Not an answer: all designs mixed as if randomised, {text}",
            )
        )
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = choose_axis(ends, scale=result.scale, limits=axis_limits)
    axis = axis if axis_limits else trimmed(axis, ends)
    null = decimal_text(result.natural(result.null))
    return draw_rows(
        RowPlot(
            title=title,
            subtitle="From randomised trials alone to all designs, each with its stated bias",
            summary=design_ladder_summary(result),
            axis=axis,
            axis_title=result.measure,
            favours=favours,
            heads=(
                f"Posterior median ({result.level:g}% interval)",
                f"Probability below {null}",
                f"From {result.groups[0].name.lower()}",
                "Studies",
            ),
            rows=tuple(rows),
            reference=result.steps[0].mu.natural[0],
            height=20.0,
            notes=(*_notes(result), *_beyond(beyond(axis, rows))),
        )
    )


def _row(result: DesignLadder, i: int, step: LadderStep) -> PlotRow:
    text, chance = step.mu.text(), probability_text(step.below)
    trials = dict(step.shares)[result.groups[0].name]
    shares = ", ".join(f"{name} {share:.0f}%" for name, share in step.shares)
    return PlotRow(
        key=f"step{i}",
        label=step.label,
        marks=(
            Mark(
                role="step",
                interval=step.mu.natural,
                shape="diamond" if i == 0 else "square",
                colour=INK if i == 0 else BLUE,
            ),
        ),
        cells=(text, chance, f"{trials:.0f}%", str(step.k)),
        sentence=(
            f"{step.label}: {text}; probability below "
            f"{decimal_text(result.natural(result.null))} {chance}; information {shares}"
        ),
        bold=i == 0,
    )


def _notes(result: DesignLadder) -> list[str]:
    notes = [f"Prior on tau {result.tau_prior.words}; prior on the mean {result.mu_prior.name}."]
    notes += [f"{g.name}: {g.bias.words()}." for g in result.groups if g.bias is not None]
    last = result.steps[-1]
    if last.tipping is not None:
        notes.append(f"{last.label}. {result.tipping_words(last.tipping)}")
    return notes


def _beyond(is_cut: bool) -> list[str]:
    return ["Arrow head: the interval goes beyond the axis."] if is_cut else []


def design_ladder_summary(result: DesignLadder) -> str:
    """Return the finding in numbers.

    Parameters
    ----------
    result : DesignLadder
        The ladder.

    Returns
    -------
    str
        The first step, the last, and that the mixture is no answer.
    """
    first, last = result.steps[0], result.steps[-1]
    return (
        f"{first.label}: {first.mu.text()}. With all {len(result.groups)} designs, biases as "
        f"stated: {last.mu.text()}. Mixing them as if randomised would give "
        f"{result.mixture.mu.text()}, which is not an answer."
    )
