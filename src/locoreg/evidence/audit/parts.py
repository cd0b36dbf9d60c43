"""Parts and wholes among the rows of one report: subgroups, strata, flow of patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import N_STATISTICS, as_count
from locoreg.evidence.audit.counts import arms_add_up, counts_finding
from locoreg.evidence.audit.digits import is_swap, slip
from locoreg.evidence.audit.view import CatalogView, StudyView, dimension_of, found, label
from locoreg.evidence.records import Claim

# Levels that say "all the others": only with them do strata claim to partition.
_PARTITIONS = (
    {"single", "multiple"},
    {"solitary", "multiple"},
    {"yes", "no"},
    {"positive", "negative"},
    {"present", "absent"},
    {"male", "female"},
)


def arm_counts(view: CatalogView) -> list[tuple[StudyView, str]]:
    """Return the reports of each study."""
    return [
        (study, report)
        for study in view.studies
        for report in sorted({key[0] for key in study.contexts})
    ]


def across_rows(view: CatalogView, thing: tuple[StudyView, str]) -> Iterator[Finding]:
    """Find parts larger than the whole among the rows of one report."""
    study, report = thing
    groups: dict[tuple[str | None, str | None], list[Claim]] = defaultdict(list)
    for claim in study.claims:
        key = study.key_of[claim.claim_id]
        if key[0] == report:
            groups[(key[2], key[3])].append(claim)
    for (subgroup, matched), rows in groups.items():
        if subgroup is None:
            yield from _flow(view, rows)
            yield from _one_number(view, rows)
            yield from _arms_turned(view, rows)
            continue
        whole = groups.get((None, matched), [])
        yield from _subgroup_above(view, rows, whole)
    yield from _strata(view, groups)


def _statistic(rows: list[Claim], names: tuple[str, ...]) -> tuple[int, Claim, str] | None:
    for row in rows:
        if row.statistic not in names or row.unit == "percent":
            continue
        count = as_count(row.value)
        if count is not None:
            return count, row, "value"
        arms = [as_count(row.value_intervention), as_count(row.value_control)]
        if arms[0] is not None and arms[1] is not None:
            return arms[0] + arms[1], row, "value_intervention"
    return None


def _flow(view: CatalogView, rows: list[Claim]) -> Iterator[Finding]:
    """Check that registered >= randomised >= analysed."""
    chain = [
        (name, cell)
        for name in ("n_registered", "n_randomised", "n_analysed")
        if (cell := _statistic(rows, (name,))) is not None
    ]
    for (name, more), (later, fewer) in pairwise(chain):
        if fewer[0] > more[0]:
            yield counts_finding(
                view,
                fewer[1],
                fewer[2],
                f"{later} is {fewer[0]} and {name} is {more[0]}.",
                severity="serious",
                value=fewer[0],
                limit=more[0],
                also=((more[1], more[2]),),
            )


def _one_number(view: CatalogView, rows: list[Claim]) -> Iterator[Finding]:
    """Find arm sizes of one report that differ by a slip of digits between its rows."""
    for column in ("n_intervention", "n_control", "n"):
        values: dict[int, list[Claim]] = defaultdict(list)
        for row in rows:
            value = getattr(row, column)
            if value is not None and row.kind in ("effect", "arms") and arms_add_up(row):
                values[value].append(row)
        if len(values) != 2:
            continue
        (rare, few), (usual, many) = sorted(values.items(), key=lambda item: len(item[1]))
        how = slip(str(rare), str(usual))
        if how != "two adjacent digits are exchanged":
            continue
        yield counts_finding(
            view,
            few[0],
            column,
            f"{label(few[0])}: {column} is {rare}, and {usual} in {len(many)} other "
            f"row{'s' if len(many) > 1 else ''} on the same patients ({how}).",
            severity="minor",
            value=rare,
            limit=usual,
            also=tuple((row, column) for row in many[:3]),
        )


def _arms_turned(view: CatalogView, rows: list[Claim]) -> Iterator[Finding]:
    """Find rows whose arm sizes are those of other rows in the reverse order."""
    sizes: dict[tuple[int, int], list[Claim]] = defaultdict(list)
    for row in rows:
        # Baseline rows leave out missing values, so their sizes vary.
        if row.kind not in ("effect", "arms"):
            continue
        if row.n_intervention is not None and row.n_control is not None:
            sizes[(row.n_intervention, row.n_control)].append(row)
    for (first, second), few in sizes.items():
        many = sizes.get((second, first), [])
        if first == second or len(few) > len(many) or (len(few) == len(many) and first < second):
            continue
        for row in few:
            yield found(
                view,
                row,
                "n_intervention",
                rule="direction",
                severity="serious" if len(many) > len(few) else "minor",
                message=(
                    f"{label(row)}: {first} patients in the intervention arm and {second} in the "
                    f"control arm, the reverse of {len(many)} other "
                    f"row{'s' if len(many) > 1 else ''}: the arm columns of this row may be "
                    "exchanged."
                ),
                changes="An effect derived from this row would point the other way.",
                value=f"{first} and {second}",
                limit=f"{second} and {first}",
                also=tuple((other, "n_intervention") for other in many[:3]),
            )


def _largest(rows: list[Claim], column: str) -> tuple[int, Claim, str] | None:
    cells = [(value, row, column) for row in rows if (value := getattr(row, column)) is not None]
    if column == "n":
        cells += [
            (row.n_intervention + row.n_control, row, "n_intervention")
            for row in rows
            if row.n_intervention is not None and row.n_control is not None
        ]
        cell = _statistic(rows, N_STATISTICS)
        cells += [cell] if cell is not None else []
    return max(cells, key=lambda cell: cell[0]) if cells else None


def _subgroup_above(view: CatalogView, rows: list[Claim], whole: list[Claim]) -> Iterator[Finding]:
    """Patients of a subgroup above those of the whole; events of one outcome likewise."""
    for column in ("n", "n_intervention", "n_control"):
        part, total = _largest(rows, column), _largest(whole, column)
        if part is not None and total is not None and part[0] > total[0]:
            yield counts_finding(
                view,
                part[1],
                part[2],
                f"{label(part[1])}: {part[0]} patients in the subgroup and {total[0]} in the "
                "whole report. Subgroup and total may be exchanged.",
                severity="serious",
                value=part[0],
                limit=total[0],
                also=((total[1], total[2]),),
            )
            return
    for column in ("events", "events_intervention", "events_control"):
        for row in rows:
            same = [other for other in whole if other.outcome == row.outcome]
            total = _largest(same, column)
            events = getattr(row, column)
            if events is not None and total is not None and events > total[0]:
                yield counts_finding(
                    view,
                    row,
                    column,
                    f"{label(row)}: {events} events in the subgroup and {total[0]} in the whole.",
                    severity="serious",
                    value=events,
                    limit=total[0],
                    also=((total[1], total[2]),),
                )
                return


def _strata(
    view: CatalogView, groups: dict[tuple[str | None, str | None], list[Claim]]
) -> Iterator[Finding]:
    """Levels of one dimension that claim to partition the patients, or that exceed them."""
    dimensions: dict[tuple[str, str | None], dict[str, list[Claim]]] = defaultdict(dict)
    for (subgroup, matched), rows in groups.items():
        place = dimension_of(subgroup)
        if place is not None:
            dimensions[(place[0], matched)][place[1]] = rows
    for (dimension, matched), levels in dimensions.items():
        claimed = any(pair <= set(levels) for pair in _PARTITIONS)
        if len(levels) < 2 or (claimed and len(levels) > 3):
            continue
        for column in ("n", "n_intervention", "n_control"):
            total = _largest(groups.get((None, matched), []), column)
            cells = [_largest(rows, column) for rows in levels.values()]
            parts = [cell for cell in cells if cell is not None]
            if total is None or len(parts) < len(levels):
                continue
            if any(part[0] > total[0] for part in parts):
                continue
            added = sum(part[0] for part in parts)
            if added > total[0] or (claimed and added < total[0]):
                yield _strata_finding(view, dimension, column, parts, total, claimed)
                break


def _one_slip(parts: list[tuple[int, Claim, str]], total: int) -> bool:
    """Return whether exchanging two digits of one part makes the parts add to the total."""
    added = sum(part[0] for part in parts)
    return any(is_swap(str(n), str(total - added + n)) for n, _, _ in parts)


def _strata_finding(
    view: CatalogView,
    dimension: str,
    column: str,
    parts: list[tuple[int, Claim, str]],
    total: tuple[int, Claim, str],
    claimed: bool,
) -> Finding:
    added = sum(part[0] for part in parts)
    sum_text = " + ".join(str(part[0]) for part in parts)
    missing = "patients without a known level" if added < total[0] else "levels that overlap"
    severity: Severity = "minor" if added > total[0] or _one_slip(parts, total[0]) else "note"
    return counts_finding(
        view,
        parts[0][1],
        parts[0][2],
        f"The levels of {dimension} ({column}) add to {sum_text} = {added}, and there are "
        f"{total[0]} patients: a wrong number, or {missing}.",
        severity=severity,
        value=added,
        limit=total[0],
        also=(*((p[1], p[2]) for p in parts[1:]), (total[1], total[2])),
    )
