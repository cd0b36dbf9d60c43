"""What must agree between the parts of a protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from locoreg.core.errors import did_you_mean
from locoreg.emulation.protocol.faults import Fault, Path
from locoreg.emulation.protocol.items import TARGET_NUMBERS

if TYPE_CHECKING:
    from locoreg.emulation.protocol.model import TrialProtocol

# Relative: whole numbers of intervals, written as decimals, need no more.
WHOLE = 1e-9
REGISTRY_KEYS = ("time_zero", "follow_up", "outcome")


def agreement_faults(protocol: TrialProtocol) -> Iterator[Fault]:
    """Yield what does not fit together across the parts of a protocol.

    Parameters
    ----------
    protocol : TrialProtocol
        A protocol whose parts are valid.

    Yields
    ------
    Fault
        With the path of the key to change.
    """
    yield from _time_faults(protocol)
    yield from _contrast_faults(protocol)
    yield from _source_faults(protocol)
    yield from _control_faults(protocol)
    yield from _window_faults(protocol)
    yield from _outcome_column_faults(protocol)
    yield from _selection_faults(protocol)
    yield from _answer_faults(protocol)


def _time_faults(p: TrialProtocol) -> Iterator[Fault]:
    if p.level < 50:
        meant = f"; write {100 * p.level:g}" if p.level < 1 else ""
        yield Fault(
            path=("level",), message=f"{p.level:g} is no level of 50 percent or more{meant}"
        )
    yield from _grace_faults(p, p.strategies.treated.grace_months, _GRACE)
    for position, grace in enumerate(p.sensitivity.grace_months):
        path = ("sensitivity", "grace_months", position)
        yield from _grace_faults(p, grace, path)
        if grace == p.strategies.treated.grace_months:
            yield Fault(path=path, message=f"{grace:g} is the grace period of the main analysis")
    seen: set[float] = set()
    for position, month in enumerate(p.at_months):
        if not 0 < month <= p.horizon_months:
            yield Fault(
                path=("at_months", position),
                message=f"{month:g} is not after 0 and up to the horizon, {p.horizon_months:g}",
                hint="leave it out or extend horizon_months.",
            )
        if month in seen:
            yield Fault(path=("at_months", position), message=f"{month:g} stands there twice")
        seen.add(month)


_GRACE: Path = ("strategies", "treated", "grace_months")


def _grace_faults(p: TrialProtocol, grace: float, path: Path) -> Iterator[Fault]:
    if grace < 0:
        yield Fault(path=path, message=f"{grace:g} is before time zero")
    elif grace >= p.horizon_months:
        yield Fault(
            path=path,
            message=f"a grace period of {grace:g} months does not end before the horizon of "
            f"{p.horizon_months:g} months",
            hint="shorten the grace period or extend horizon_months.",
        )
    steps = grace / p.interval_months
    if abs(steps - round(steps)) > WHOLE * max(1.0, steps):
        yield Fault(
            path=path,
            message=f"{grace:g} months are no whole number of intervals of "
            f"{p.interval_months:g} months",
            hint="choose interval_months so that it divides every grace period.",
        )


def _contrast_faults(p: TrialProtocol) -> Iterator[Fault]:
    if p.contrast == "itt_like" and p.strategies.comparator.rule == "never":
        yield Fault(
            path=("contrast",),
            message="itt_like keeps patients who are treated late in the comparator arm, but "
            "strategies.comparator.rule is never",
            hint="take the rule none_within_grace, or the contrast per_protocol.",
        )


def _source_faults(p: TrialProtocol) -> Iterator[Fault]:
    """Yield keys of a registry beside a table, and keys that a registry lacks."""
    treatment = p.strategies.treated.treatment is not None
    where: Path = ("strategies", "treated", "treatment")
    given = {key: getattr(p, key) is not None for key in REGISTRY_KEYS}
    if p.table is None:
        for key, there in given.items():
            if not there:
                yield Fault(
                    path=(key,),
                    message="is missing: a protocol for a registry needs it",
                    hint="or state table, if the persons are rows of a table of your own.",
                )
        if not treatment:
            yield Fault(
                path=where,
                message="is missing: a protocol for a registry says which local therapy counts",
                hint="for example treatment: {target: [primary], modality: [surgery]}.",
            )
        return
    given["variables"] = bool(p.variables)
    for path, there in [*(((key,), there) for key, there in given.items()), (where, treatment)]:
        if there:
            yield Fault(
                path=path,
                message="belongs to a registry, but the protocol has a table, whose columns say it",
                hint="take it out, or take table out.",
            )


def _control_faults(p: TrialProtocol) -> Iterator[Fault]:
    names: set[str] = set()
    for position, control in enumerate(p.negative_controls):
        path: Path = ("negative_controls", position)
        if control.name in names:
            yield Fault(path=(*path, "name"), message=f"{control.name} stands there twice")
        names.add(control.name)
        if p.table is None and control.event is None:
            yield Fault(path=path, message="names columns, but a registry has events")
        if p.table is not None and control.event is not None:
            yield Fault(
                path=(*path, "event"),
                message="belongs to a registry",
                hint="name the columns time and status of the table.",
            )


def baseline_names(p: TrialProtocol) -> Iterator[tuple[str, Path]]:
    """Yield the name of each variable that is used as of time zero, and where it stands.

    Parameters
    ----------
    p : TrialProtocol
        The protocol.

    Yields
    ------
    tuple of str and path
        Criteria, confounders, subgroups, criteria of the benchmark.
    """
    for position, criterion in enumerate(p.eligibility):
        yield criterion.variable, ("eligibility", position, "variable")
    for position, confounder in enumerate(p.confounders.baseline):
        yield confounder.variable, ("confounders", "baseline", position, "variable")
    for position, name in enumerate(p.subgroups):
        yield name, ("subgroups", position)
    if p.benchmark is not None:
        for position, criterion in enumerate(p.benchmark.eligibility):
            yield criterion.variable, ("benchmark", "eligibility", position, "variable")
    if p.selection is not None:
        for position, name in enumerate(p.selection.modifiers):
            if name not in p.confounders.time_varying:
                yield name, ("selection", "modifiers", position)
        if p.selection.site is not None:
            yield p.selection.site, ("selection", "site")


def _window_faults(p: TrialProtocol) -> Iterator[Fault]:
    """Yield variables that are measured after time zero, but used as of time zero."""
    for name, path in baseline_names(p):
        variable = p.variables.get(name)
        if variable is not None and variable.window_months[1] > 0:
            yield Fault(
                path=path,
                message=f"{name} is measured up to {variable.window_months[1]:g} months after time "
                "zero, so treatment may have changed it",
                hint=f"end variables.{name}.window_months at 0, or list it under "
                "confounders.time_varying only.",
            )


def _outcome_column_faults(p: TrialProtocol) -> Iterator[Fault]:
    """Yield columns of follow-up or treatment that are used as variables of time zero."""
    if p.table is None:
        return
    taken = p.table.times()
    for control in p.negative_controls:
        taken |= {name: control.name for name in (control.time, control.status) if name}
    varying = ((n, ("confounders", "time_varying", i)) for i, n in _varying(p))
    for name, path in (*baseline_names(p), *varying):
        if name in taken and taken[name] != "entry":
            yield Fault(
                path=path,
                message=f"the column {name!r} is the table's {taken[name]} and no variable of time "
                "zero",
                hint="adjust for and select by what was known before treatment.",
            )


def _varying(p: TrialProtocol) -> Iterator[tuple[int, str]]:
    yield from enumerate(p.confounders.time_varying)


def _answer_faults(p: TrialProtocol) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, criterion in enumerate(p.eligibility):
        if criterion.name in seen:
            yield Fault(
                path=("eligibility", position, "name"),
                message=f"{criterion.name!r} stands there twice",
                hint="the flow of patients needs a name for each criterion.",
            )
        seen.add(criterion.name)
    if p.sensitivity.missing_shift and p.confounders.missing.method != "multiple_imputation":
        yield Fault(
            path=("sensitivity", "missing_shift"),
            message="shifts imputed values, but confounders.missing.method is "
            f"{p.confounders.missing.method}",
            hint="take multiple_imputation, or leave the shifts out.",
        )
    if p.table is not None:
        yield from _table_answer_faults(p)
    for item in p.reporting:
        if item not in TARGET_NUMBERS:
            yield Fault(
                path=("reporting", item),
                message="is no item of the TARGET statement",
                hint=did_you_mean(item, TARGET_NUMBERS) or "items are 1a, 1b, ..., 7h.ii, ..., 21.",
            )


def _table_answer_faults(p: TrialProtocol) -> Iterator[Fault]:
    if p.table is None:
        return
    if p.analysis.intervals.cluster and p.table.cluster is None:
        yield Fault(
            path=("analysis", "intervals", "cluster"),
            message="is true, but the table has no column of hospitals",
            hint="name it under table.cluster.",
        )
    if p.confounders.time_varying and p.table.visit_time is None:
        yield Fault(
            path=("confounders", "time_varying"),
            message="needs a table of visits",
            hint="name its columns under table.visit_person and table.visit_time.",
        )


def _selection_faults(p: TrialProtocol) -> Iterator[Fault]:
    """Yield what of the selection does not fit the rest of the protocol."""
    if p.table is not None and p.table.treated is not None and p.strategies.treated.grace_months:
        yield Fault(
            path=_GRACE,
            message="is not 0, but table.treated marks persons treated at time zero",
            hint="write 0, or name a column with the time of treatment as treatment_time.",
        )
    chosen = p.selection
    if chosen is None:
        return
    if chosen.landmark_months >= p.horizon_months:
        yield Fault(
            path=("selection", "landmark_months"),
            message=f"{chosen.landmark_months:g} is not before the horizon, {p.horizon_months:g}",
            hint="choose an earlier landmark.",
        )
    if p.confounders.time_varying and chosen.histories_at is None:
        yield Fault(
            path=("selection", "histories_at"),
            message="is missing: confounders change over time",
            hint="time_zero, or landmark (values of the treated may then come from treatment).",
        )
    known = {*chosen.variables, *(c.variable for c in p.confounders.baseline)}
    known |= set(p.confounders.time_varying)
    modifiers = set(chosen.modifiers) or known
    for path, names, among in (
        (("ordered",), chosen.ordered, known),
        (("rule", "variables"), chosen.rule.variables, modifiers),
        (("rule", "cut_points"), tuple(chosen.rule.cut_points), modifiers),
        (("rule", "monotone"), tuple(chosen.rule.monotone), modifiers),
        (("like",), chosen.like, known),
    ):
        for name in names:
            if name not in among:
                yield Fault(
                    path=("selection", *path),
                    message=f"names {name!r}, which is none of {', '.join(sorted(among))}",
                    hint=did_you_mean(name, among),
                )
