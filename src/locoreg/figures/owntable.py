"""From anyone's own meta-analysis to the rows of a forest plot."""

from __future__ import annotations

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.numbertext import interval_text, percent_texts, plural
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.meta import MetaAnalysis
from locoreg.figures.pooltable import pooled_sentence, prediction_rows
from locoreg.figures.table import Entry, ForestTable, Group, Heading, PooledRow, Remark, StudyRow
from locoreg.figures.textfit import one_line
from locoreg.figures.wording import (
    NARROW,
    heterogeneity_line,
    interval_words,
    model_name,
    narrow_notes,
    pool_sentence,
    prediction_limits,
    prediction_note,
    warnings_of,
)

SHORT_NAMES = {
    "hazard ratio": "HR",
    "odds ratio": "OR",
    "risk ratio": "RR",
    "relative risk": "RR",
    "risk difference": "RD",
    "mean difference": "MD",
    "standardised mean difference": "SMD",
    "standardized mean difference": "SMD",
}


def short_measure_of_scale(scale: Scale, measure: str | None) -> str:
    """Return the short name of a measure given in words; a general one if none was given."""
    if measure is None:
        return "Ratio" if scale == "log" else "Effect"
    name = measure.partition(" for ")[0]
    return SHORT_NAMES.get(name.casefold(), name)


def own_table(
    meta: MetaAnalysis, *, title: str | None, measure: str | None, favours: tuple[str, str]
) -> ForestTable:
    """Return the rows of a forest plot of a meta-analysis without a catalogue behind it.

    Parameters
    ----------
    meta : MetaAnalysis
        The pool.
    title, measure : str or None
        Title of the figure; name of the measure and event for the axis.
    favours : tuple of str
        Words for the left and the right side; empty for none.

    Returns
    -------
    ForestTable
        Everything that the figure prints.
    """
    if meta.k == 0:
        raise DesignError("there is no study to draw.", hint="pool at least one study first.")
    name = measure or ("Ratio of effects" if meta.mu.scale == "log" else "Effect")
    short = short_measure_of_scale(meta.mu.scale, measure)
    entries: list[Entry] = [
        Heading(key="g0-head", text=plural(meta.k, "study", "studies").capitalize(), level=1),
        *_studies(meta, short),
    ]
    if meta.k > 1:
        text = interval_text(*meta.mu.natural)
        label = model_name(meta)
        entries.append(
            PooledRow(
                key="g0-pooled",
                label=label if meta.floor is None else f"{label} {NARROW}",
                cells={"effect": text, "weight": "100.0"},
                interval=meta.mu.natural,
                kind="main",
                covers=meta.k,
                sentence=pooled_sentence(label, short, meta),
            )
        )
        entries += prediction_rows("g0", meta)
        entries.append(Remark(key="g0-het", text=heterogeneity_line(meta)))
    notes = ["Studies in the order given. Area of the markers: weight.", *warnings_of(meta)]
    notes += narrow_notes([("", meta.floor)])
    if prediction_limits(meta) is not None:
        notes.insert(1, prediction_note(meta))
    return ForestTable(
        title=one_line(title or f"Meta-analysis of {plural(meta.k, 'study', 'studies')}"),
        subtitle="",
        summary=own_summary(meta, measure),
        effect_header=f"{short} ({meta.mu.level:g}% CI)",
        axis_title=one_line(name[:1].upper() + name[1:]),
        scale=meta.mu.scale,
        favours=(one_line(favours[0]), one_line(favours[1])),
        arm_headers=("", ""),
        groups=(Group(key="g0", entries=tuple(entries)),),
        notes=tuple(one_line(note) for note in notes),
    )


def own_summary(meta: MetaAnalysis, measure: str | None) -> str:
    """Return the result in one sentence."""
    short = short_measure_of_scale(meta.mu.scale, measure)
    return f"Meta-analysis: {pool_sentence(short, meta, interval_text(*meta.mu.natural))}."


def _studies(meta: MetaAnalysis, short: str) -> list[StudyRow]:
    half = z_value(meta.mu.level)
    texts = percent_texts(meta.weights)
    rows = []
    for i, (label, yi, se) in enumerate(zip(meta.labels, meta.yi, meta.se, strict=True)):
        estimate = Estimate(
            estimate=yi,
            se=se,
            ci_low=yi - half * se,
            ci_high=yi + half * se,
            level=meta.mu.level,
            scale=meta.mu.scale,
        )
        text = interval_text(*estimate.natural)
        rows.append(
            StudyRow(
                key=f"g0-r{i}",
                label=one_line(label),
                marks="",
                cells={"effect": text, "weight": texts[i]},
                interval=estimate.natural,
                weight=meta.weights[i],
                audit=None,
                sentence=f"{one_line(label)}: {interval_words(short, meta, text)}; "
                f"weight {texts[i]}%",
            )
        )
    return rows
