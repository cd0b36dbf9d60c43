"""Facts of an emulation for the reporting checklist."""

from __future__ import annotations

from locoreg.core.version import __version__
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.cohort.registry import builtin_histories, builtin_variables
from locoreg.emulation.effect import BalanceRow, Contrast, Effect
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.target import StrategyFacts, TargetFacts, TargetTable, fill_target
from locoreg.workflows.emulation.extras import Extras
from locoreg.workflows.emulation.summaries import CohortSummary


def filled_checklist(
    protocol: TrialProtocol,
    cohort: Cohort,
    told: CohortSummary,
    primary: Effect,
    extras: Extras,
) -> TargetTable:
    """Fill the reporting checklist from a protocol and what was found.

    Parameters
    ----------
    protocol, cohort, told, primary, extras
        The parts of an emulation.

    Returns
    -------
    TargetTable
        One row per item.
    """
    return fill_target(protocol, _facts(protocol, cohort, told, primary, extras))


def _facts(
    protocol: TrialProtocol,
    cohort: Cohort,
    told: CohortSummary,
    primary: Effect,
    extras: Extras,
) -> TargetFacts:
    table = extras.specifications
    sensitivity = [] if table is None else table.summary().splitlines()[1:]
    sensitivity += [one.summary() for one in extras.e_values]
    sensitivity += [one.summary() for one in extras.bias]
    registry = protocol.table is None
    return TargetFacts(
        source=cohort.source,
        synthetic=cohort.synthetic,
        assessed=cohort.attrition.started,
        eligible=cohort.n,
        strategies=tuple(_strategy(told, place) for place in (1, 0)),
        exclusions=tuple(
            f"{s.name}: {s.excluded} excluded" + (f" ({s.unknown} unknown)" if s.unknown else "")
            for s in cohort.attrition.steps
        ),
        variables={**builtin_variables(), **builtin_histories()} if registry else {},
        method=primary.title,
        intervals=primary.interval,
        estimates=tuple(_text(contrast) for contrast in primary.contrasts),
        sensitivity=tuple(line.strip() for line in sensitivity),
        benchmark=() if extras.trials is None else tuple(extras.trials.summary().splitlines()),
        failed_diagnostics=tuple(
            f"{d.title}: {d.message}"
            for d in (*primary.diagnostics, *extras.control_verdicts)
            if d.verdict == "fail"
        ),
        audit=tuple(f"{f.rule}: {f.message}" for f in cohort.audit),
        software=f"locoreg {__version__}",
    )


def _strategy(told: CohortSummary, place: int) -> StrategyFacts:
    one = told.strategies[place]
    events = dict(one.events)
    outcomes = one.events[0][1]
    ended = {**events, "loss to follow-up": one.lost}
    ended["end of the study"] = one.n - sum(events.values()) - one.lost
    return StrategyFacts(
        label=one.label,
        assigned=one.n,
        outcomes=outcomes,
        follow_up_median_months=one.median_follow_up_months,
        ended=ended,
        missing={name: (untreated, treated)[place] for name, untreated, treated in told.missing},
        baseline={_name(row): _value(row, place) for row in told.baseline},
    )


def _name(row: BalanceRow) -> str:
    return f"{row.variable}: {row.level}" if row.level else row.variable


def _value(row: BalanceRow, place: int) -> str:
    value = row.raw_treated if place else row.raw_comparator
    return f"{100 * value:.1f}%" if row.level else f"mean {value:.2f}"


def _text(contrast: Contrast) -> str:
    one = contrast.estimate
    return f"{contrast.words} at {contrast.at_months:g} months: {one.text()}"
