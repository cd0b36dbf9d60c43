"""From an emulation to what its page shows."""

from __future__ import annotations

import json
from dataclasses import replace

from locoreg.core.numbertext import decimal_text, p_text
from locoreg.core.version import __version__
from locoreg.emulation.benchmark import Agreement, Benchmark
from locoreg.emulation.cohort import Attrition
from locoreg.emulation.sensitivity import SpecificationRow
from locoreg.registry.describe.counts import Count
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.extras import Extras
from locoreg.workflows.emulation.hiding import shown_checklist, shown_subgroups
from locoreg.workflows.emulation.ladder import Ladder
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.smallcells import shown_attrition
from locoreg.workflows.emulation.smalleffects import hide_finding
from locoreg.workflows.emulation.smalltexts import redacted
from locoreg.workflows.emulation.trials import TrialComparison
from locoreg.workflows.emulation.view import (
    POOLED,
    BenchmarkView,
    EmulationView,
    EstimateRow,
    TargetRow,
)
from locoreg.workflows.emulation.viewtables import (
    bias_tables,
    cohort_tables,
    control_tables,
    sentence,
)

GROUP_WORDS = {
    "primary": "Primary analysis",
    "grace": "Grace period",
    "truncation": "Truncation of weights",
    "initiation": "Meaning of the treated strategy",
    "comparator": "Meaning of the comparator",
    "model": "Model",
    "method": "Method",
    "missing": "Missing values",
    "population": "Population",
}
NONE = "–"
_SIGNIFICANCE = {"full": "agrees", "partial": "agrees in part", "none": "does not agree"}


def view_of(
    result: EmulationResult,
    *,
    command: str = "",
    python: str = "",
    small_cells: int | None = None,
) -> EmulationView:
    """Return what the page of an emulation shows.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    command, python : str
        How to run it again; empty where it is not known.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    EmulationView
        Results and texts.
    """
    check_small_cells(small_cells)
    extras, n = result.extras, result.cohort.n
    measure, at = "survival_difference", result.primary.question.horizon_months
    if extras.specifications is not None:
        measure, at = extras.specifications.measure, extras.specifications.at_months
    elif any(c.measure == "incidence_difference" for c in result.primary.contrasts):
        measure = "incidence_difference"
    specifications = extras.specifications.rows if extras.specifications else ()
    return EmulationView(
        title=result.protocol.title,
        causal_question=result.protocol.causal_question,
        protocol_sha256=result.protocol_sha256,
        version=__version__,
        compared=_compared(result, small_cells),
        checklist=_checklist(result, small_cells),
        attrition=result.attrition,
        audit=tuple(hide_finding(finding, small_cells, n) for finding in result.audit),
        cohort=cohort_tables(result.cohort, small_cells),
        primary=result.marked,
        alternatives=tuple(
            run.effect
            for run in extras.alternatives
            if run.effect is not None and run.effect.method != result.primary.method
        ),
        specifications=tuple(
            _without(_specification(row, _controls(result)), small_cells, n)
            for row in specifications
        ),
        measure=measure,
        at_months=at,
        ladder=_ladder(extras.ladder, small_cells, n),
        bias=bias_tables(extras),
        subgroups=tuple(_without(row, small_cells, n) for row in _subgroups(extras, small_cells)),
        controls=control_tables(extras, small_cells, n),
        benchmark=benchmark_view(extras.trials, small_cells, n),
        notes=tuple(redacted(t, small_cells, n) for t in (*extras.notes, *_interactions(extras))),
        provenance=_provenance(result),
        command=command,
        python=python,
        small_cells=small_cells,
    )


def _compared(result: EmulationResult, small_cells: int | None) -> tuple[TargetRow, ...]:
    return tuple(
        TargetRow(
            number=f"6{part.letter}, 7{part.letter}",
            topic=sentence(part.topic),
            target_trial=part.target_trial,
            emulation=redacted(part.emulation, small_cells, result.cohort.n),
            status=_status(result, part.letter),
        )
        for part in result.target.side_by_side()
    )


def _status(result: EmulationResult, letter: str) -> str:
    """Return whether any item of a part of the trial or its emulation is still to be written."""
    wanted = (f"6{letter}", f"7{letter}")
    found = [r.status for r in result.target.rows if r.number.partition(".")[0] in wanted]
    return "to_write" if "to_write" in found else "filled"


def _checklist(result: EmulationResult, small_cells: int | None) -> tuple[TargetRow, ...]:
    texts = shown_checklist(result, small_cells)
    return tuple(
        TargetRow(
            number=row.number,
            topic=sentence(row.topic),
            target_trial=row.target_trial,
            emulation=texts[row.number],
            status=row.status,
        )
        for row in result.target.rows
    )


def _controls(result: EmulationResult) -> tuple[str, ...]:
    """Return the negative controls that failed, by name; they are of the primary analysis."""
    return tuple(d.name for d in result.extras.control_verdicts if d.verdict == "fail")


def _specification(row: SpecificationRow, controls: tuple[str, ...]) -> EstimateRow:
    verdict: str = "not estimable" if row.verdict is None else row.verdict
    failed = row.failed_diagnostics
    if row.group == "primary" and controls:
        verdict, failed = "fail", (*failed, *dict.fromkeys(controls))
    note = row.failure or row.biased or "; ".join(failed)
    return EstimateRow(
        label=row.label,
        estimate=row.estimate,
        verdict="biased" if row.biased else verdict,
        note=note,
        group=GROUP_WORDS.get(row.group, row.group),
        main=row.group == "primary",
    )


def _without(row: EstimateRow, small_cells: int | None, n: int) -> EstimateRow:
    return replace(row, note=redacted(row.note, small_cells, n))


def _ladder(found: Ladder | None, small_cells: int | None, n: int) -> Ladder | None:
    if found is None or small_cells is None:
        return found
    rows = tuple(replace(row, note=redacted(row.note, small_cells, n)) for row in found.rows)
    return replace(found, rows=rows, truth_note=redacted(found.truth_note, small_cells, n))


def _subgroups(extras: Extras, small_cells: int | None) -> tuple[EstimateRow, ...]:
    counts = shown_subgroups(extras.subgroups, small_cells)
    return tuple(
        EstimateRow(
            label=_level(row.level, n, treated),
            estimate=row.estimate,
            verdict=row.verdict,
            note=row.note,
            group=row.variable,
        )
        for row, (n, treated) in zip(extras.subgroups, counts, strict=True)
    )


def _level(level: str, n: Count, treated: Count) -> str:
    """Return a subgroup with its counts, hidden ones left out."""
    if n.n is None and treated.n is None:
        return f"{level} (numbers hidden)"
    return f"{level} ({treated.text} of {n.text} treated)"


def _interactions(extras: Extras) -> tuple[str, ...]:
    return tuple(
        f"Interaction with {one.variable}: Q {one.q:.2f} on {one.df} df, {p_text(one.p)}."
        for one in extras.interactions
        if one.df
    )


def benchmark_view(
    trials: TrialComparison | None, small_cells: int | None = None, n: int = 0
) -> BenchmarkView | None:
    """Return the comparison with trials as rows and sentences; None where there is none."""
    if trials is None:
        return None
    _, steps = shown_attrition(Attrition(source="", started=n, steps=trials.steps), small_cells)
    told = [f"{s.excluded.text} persons left out: {s.name}; {s.left.text} left." for s in steps]
    note = " ".join((*told, redacted(trials.note, small_cells, n))).strip()
    found = trials.benchmark
    if found is None:
        return BenchmarkView(
            measure="hazard_ratio", trials=(), emulations=(), agreements=(), note=note
        )
    return BenchmarkView(
        measure="hazard_ratio",
        trials=tuple(_trial_row(found)),
        emulations=(
            EstimateRow(
                label=redacted(found.label, small_cells, n),
                estimate=found.emulated,
                verdict="fail" if found.failed_diagnostics else "",
                note="; ".join(found.failed_diagnostics),
                main=True,
            ),
        ),
        agreements=tuple(
            agreement_sentence(row.trial.label, row.agreement)
            for row in (*found.rows, *([found.pooled] if found.pooled else []))
        ),
        note=" ".join((note, *(f"Left out: {text}." for text in found.left_out))).strip(),
    )


def _trial_row(found: Benchmark) -> list[EstimateRow]:
    rows = []
    for row in (*found.rows, *([found.pooled] if found.pooled else [])):
        trial = row.trial
        group = POOLED if row is found.pooled else ""
        year = f" {trial.year}" if trial.year and str(trial.year) not in trial.label else ""
        rows.append(EstimateRow(label=f"{trial.label}{year}", estimate=trial.estimate, group=group))
    return rows


def agreement_sentence(trial: str, found: Agreement) -> str:
    """Return the three agreements with a trial in a sentence; never one alone."""
    agrees = {True: "agrees", False: "does not agree"}
    return (
        f"{trial}: significance {_SIGNIFICANCE[found.significance]}; estimate "
        f"{agrees[found.estimate]}; difference {agrees[found.difference]} (z "
        f"{decimal_text(found.z)}); {found.count} of 3."
    )


def _provenance(result: EmulationResult) -> tuple[tuple[str, str], ...]:
    made = result.primary.provenance
    pairs = [
        ("Software", f"locoreg {made.version}"),
        ("Protocol, SHA-256", result.protocol_sha256),
        ("Cohort, SHA-256", made.input_sha256),
        ("Source", result.attrition.source),
    ]
    for name, value in made.options.items():
        if name not in ("protocol_sha256", "source"):
            shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            pairs.append((name.replace("_", " ").capitalize(), shown))
    return tuple(pairs)
