"""How far the answer depends on choices, what else could explain it, and what trials found."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.figures.emulation.forests import axis_words
from locoreg.report.blocks import Block, Items, Paragraph, Section, text
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.emulation.tables import (
    behind,
    estimate_cards,
    estimates_table,
    plain,
    with_figure,
)
from locoreg.workflows.emulation.view import EmulationView, EstimateRow


def sensitivity(view: EmulationView, drawings: Mapping[str, Drawing]) -> tuple[Section, ...]:
    """Return specifications, the ladder, unmeasured confounding, subgroups, negative controls."""
    parts: list[Section] = []
    if "specifications" in drawings:
        parts.append(
            _part(view, drawings, "specifications", "Specifications", view.specifications,
                  "One choice changed at a time. What to look for: how far the estimate moves.")
        )  # fmt: skip
    if view.ladder is not None:
        parts.append(_ladder(view, drawings))
    if view.bias:
        blocks = [block for table in view.bias for block in plain(table)]
        parts.append(Section("unmeasured", "Unmeasured confounding", tuple(blocks)))
    if view.controls:
        blocks = [block for table in view.controls for block in plain(table)]
        parts.append(Section("controls", "Negative controls", tuple(blocks)))
    if "subgroups" in drawings:
        parts.append(
            _part(view, drawings, "subgroups", "Subgroups", view.subgroups,
                  "The primary analysis in each subgroup.")
        )  # fmt: skip
    if not parts:
        return ()
    blocks_of = behind(view, parts, "the sensitivity analyses")
    return (Section("sensitivity", "Sensitivity", blocks_of),)


def _part(
    view: EmulationView,
    drawings: Mapping[str, Drawing],
    name: str,
    title: str,
    rows: tuple[EstimateRow, ...],
    caption: str,
) -> Section:
    table = estimates_table(
        rows, measure=view.measure, at_months=view.at_months, caption=title, group="Group"
    )
    cards = estimate_cards(rows, view.measure)
    return Section(name, title, with_figure(drawings[name], caption, table, cards))


def _ladder(view: EmulationView, drawings: Mapping[str, Drawing]) -> Section:
    ladder = view.ladder
    assert ladder is not None
    blocks: list[Block] = [
        Paragraph(
            text(
                "The same patients under one method after the other, from the comparison that "
                "makes every mistake to the ones that make the fewest."
            )
        )
    ]
    for name, measure in (("ladder", ladder.measure), ("ladder_hazard_ratio", "hazard_ratio")):
        if name not in drawings:
            continue
        rows = [
            EstimateRow(
                label=row.label,
                estimate=row.difference if name == "ladder" else row.hazard_ratio,
                verdict=row.verdict,
                note=row.note,
            )
            for row in ladder.rows
        ]
        caption = f"{axis_words(measure, ladder.at_months)}, by method"
        table = estimates_table(
            rows, measure=measure, at_months=ladder.at_months, caption=caption, group="Group"
        )
        blocks += with_figure(
            drawings[name], f"{caption}. {ladder.truth_note}".strip(), table,
            estimate_cards(rows, measure),
        )  # fmt: skip
    return Section("ladder", "Bias ladder", tuple(blocks))


def benchmark(view: EmulationView, drawings: Mapping[str, Drawing]) -> tuple[Section, ...]:
    """Return the emulation beside randomised trials; nothing where none was asked for."""
    found = view.benchmark
    if found is None:
        return ()
    blocks: list[Block] = []
    if found.note:
        blocks.append(Paragraph(text(found.note)))
    if "benchmark" in drawings:
        rows = (
            *(_grouped(row, row.group or "Randomised trials") for row in found.trials),
            *(_grouped(row, "Emulation") for row in found.emulations),
        )
        table = estimates_table(
            rows, measure=found.measure, at_months=None, caption="Trials and emulation",
            group="Group",
        )  # fmt: skip
        caption = "Trials and the emulation, kept apart; nothing pools them."
        cards = estimate_cards(rows, found.measure)
        blocks += with_figure(drawings["benchmark"], caption, table, cards)
    if found.agreements:
        lead = (
            "The three agreements of RCT-DUPLICATE (doi:10.1001/jama.2023.4221), all of them for "
            "each trial:"
        )
        blocks += [Paragraph(text(lead)), Items(tuple(text(one) for one in found.agreements))]
    shown = behind(view, blocks, "the comparison with trials")
    return (Section("benchmark", "Beside randomised trials", shown),)


def _grouped(row: EstimateRow, group: str) -> EstimateRow:
    return EstimateRow(
        label=row.label,
        estimate=row.estimate,
        verdict=row.verdict,
        note=row.note,
        group=group,
        main=row.main,
    )
