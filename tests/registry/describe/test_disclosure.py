"""No small count follows by subtraction from any descriptions of the same patients."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.registry.describe import Description, describe_registry
from locoreg.registry.describe.crossed import hide_crossed, pooled_levels
from locoreg.registry.describe.suppression import SHOWN
from locoreg.registry.describe.tableone import OVERALL, TOGETHER, UNKNOWN, Variable, table_one
from tests.registry.build import registry_of

LIMIT = 10
Values = dict[str, np.ndarray]
Row = Mapping[str, float]


def variables(names: Sequence[str]) -> list[Variable]:
    return [Variable(key=name, label=name, kind="categorical") for name in names]


def drawn(seed: int) -> Values:
    """Values of three variables, some levels rare, some unknown; two of them go together."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(25, 160))
    out: Values = {}
    for name in "vwz":
        k = int(rng.integers(2, 5))
        share = rng.dirichlet(np.full(k + 1, 0.8))
        levels = [*(f"{name}{i}" for i in range(k)), None]
        out[name] = np.array(levels, dtype=object)[rng.choice(k + 1, size=n, p=share)]
    same = rng.random(n) < 0.6
    codes = {value: f"w{i % 2}" for i, value in enumerate(sorted({*out["v"]} - {None}))}
    out["w"] = np.where(same, [codes.get(v) for v in out["v"]], out["w"])
    return out


def in_words(value: Any) -> str:
    return UNKNOWN if value is None else str(value)


def members(column: str, words: set[str]) -> set[str]:
    """Return the levels of a column of a table."""
    if column == OVERALL:
        return words
    name, colon, rest = column.partition(": ")
    return set(rest.split(", ")) if name == TOGETHER and colon else {column}


def facts(values: Values, small_cells: int | None) -> list[tuple[str, str, set[Any], int]]:
    """Return every count shown in descriptions without groups and by each variable.

    Each is of two variables (of one where they are the same) and the cells that it adds up.
    """
    out = []
    for by in (None, *values):
        rows = [name for name in values if name != by]
        table = table_one(
            {name: values[name] for name in rows},
            variables(rows),
            group=None if by is None else values[by],
            small_cells=small_cells,
        )
        words = {in_words(one) for one in (values[by] if by else ())}
        for line in table.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                if cell.n is not None:
                    across = members(column, words)
                    cells = {(line.level, other) for other in across} if by else {line.level}
                    out.append((line.variable, by or "", cells, cell.n))
        if by:
            for column, size in zip(table.columns, table.sizes, strict=True):
                out.append((by, "", members(column, words), size))
    return out


def determined(rows: Sequence[Row], wanted: Sequence[str]) -> set[str]:
    """Return the unknowns that the equations leave one value of."""
    names = sorted({name for row in rows for name in row} | set(wanted))
    place = {name: i for i, name in enumerate(names)}
    A = np.zeros((len(rows) + 1, len(names)))
    for i, row in enumerate(rows):
        for name, factor in row.items():
            A[i, place[name]] = factor
    _, s, vt = np.linalg.svd(A)
    rank = int((s > 1e-9).sum())
    free = np.abs(vt[rank:]).max(axis=0) if rank < len(names) else np.zeros(len(names))
    return {name for name in wanted if free[place[name]] < 1e-7}


def equations(values: Values, found: Sequence[tuple[str, str, set[Any], int]], a: str, b: str):
    """Return what is told of the cells of two variables; the number of patients is known."""
    pairs = list(
        itertools.product(*(sorted({in_words(one) for one in values[name]}) for name in (a, b)))
    )
    rows: list[Row] = [{f"{x}|{y}": 1.0 for x, y in pairs}]
    zero = {one for one in pairs if not count(values, a, b, one)}
    for variable, by, cells, _ in found:
        if (variable, by) == (a, b):
            rows.append({f"{x}|{y}": 1.0 for x, y in cells})
        elif (variable, by) == (b, a):
            rows.append({f"{x}|{y}": 1.0 for y, x in cells})
        elif by == "" and variable in (a, b):
            side = 0 if variable == a else 1
            rows.append({f"{x}|{y}": 1.0 for x, y in pairs if (x, y)[side] in cells})
    told = [row for row in rows if row]
    # A sum of nothing tells that each of its parts is nothing.
    for row in list(told):
        if all(tuple(name.split("|")) in zero for name in row):
            told += [{name: 1.0} for name in row]
    return pairs, told


def count(values: Values, a: str, b: str, cell: tuple[str, str]) -> int:
    found = zip(values[a], values[b], strict=True)
    return sum((in_words(x), in_words(y)) == cell for x, y in found)


def given_away(values: Values, small_cells: int | None) -> set[tuple[str, str]]:
    """Return the small cells of two variables that all descriptions together tell."""
    found = facts(values, small_cells)
    out = set()
    for a, b in itertools.combinations(values, 2):
        pairs, rows = equations(values, found, a, b)
        small = [f"{x}|{y}" for x, y in pairs if 1 <= count(values, a, b, (x, y)) <= LIMIT]
        for side, name in enumerate((a, b)):
            for level in sorted({pair[side] for pair in pairs}):
                mine = [pair for pair in pairs if pair[side] == level]
                rows.append({f"{name}={level}": -1.0, **{f"{x}|{y}": 1.0 for x, y in mine}})
                if 1 <= sum(in_words(one) == level for one in values[name]) <= LIMIT:
                    small.append(f"{name}={level}")
        out |= {(f"{a}{b}", name) for name in determined(rows, small)}
    return out


@pytest.mark.parametrize("seed", range(60))
def test_no_small_cell_follows_from_tables_by_different_groups(seed: int) -> None:
    assert given_away(drawn(seed), LIMIT) == set()


def test_the_test_finds_small_cells_where_nothing_is_hidden() -> None:
    assert all(given_away(drawn(seed), None) for seed in range(5))


@pytest.mark.parametrize("seed", range(40))
def test_a_table_hides_what_its_transpose_hides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.poisson(rng.choice([4.0, 14.0, 40.0], size=(3, 4))) + 0
    table[:, table.sum(axis=0) <= LIMIT] += 11
    table[table.sum(axis=1) <= LIMIT] += 11
    across = hide_crossed(np.column_stack([table, table.sum(axis=1)]), LIMIT)[:, :-1]
    down = hide_crossed(np.column_stack([table.T, table.sum(axis=0)]), LIMIT)[:, :-1]
    assert (across == down.T).all()
    assert (across[(table >= 1) & (table <= LIMIT)] != SHOWN).all()


@pytest.mark.parametrize(
    ("counts", "unknown", "pooled"),
    [
        ([50, 7, 12], False, "12"),
        # The unknown protect another level only where nothing else can, with groups as without.
        ([50, 7, 12], True, "01"),
        ([50, 30, 20], False, ""),
        ([50, 30, 0], False, ""),
        # 10 and 10 add up to 20: nobody may learn that both are 10.
        ([50, 10, 10], False, "012"),
        ([50, 3, 4], False, "012"),
        ([3, 4], False, "01"),
    ],
)
def test_levels_that_are_told_together(counts: list[int], unknown: bool, pooled: str) -> None:
    found = pooled_levels(np.array(counts), LIMIT, unknown=unknown)
    assert "".join(str(i) for i, one in enumerate(found) if one) == pooled


def described(folder: Path, seed: int) -> tuple[list[dict[str, Any]], list[Description]]:
    """Return patients, and their descriptions without groups and by several variables."""
    rng = np.random.default_rng(seed)
    patients, lesions = [], []
    zero = date(2020, 1, 1)
    for i in range(150):
        died = bool(rng.random() < (0.08 if i < 60 else 0.5))
        end = zero + timedelta(days=int(rng.integers(30, 900)))
        site = str(rng.choice(["A", "B", "C", "D"], p=[0.5, 0.4, 0.06, 0.04]))
        patients.append(
            {
                "patient_id": f"p{i:03d}",
                "site_id": site,
                "sex": "male" if rng.random() < 0.15 else "female",
                "menopausal_status_dx": str(rng.choice(["pre", "peri", "post"], p=[0.4, 0.1, 0.5])),
                "entry_date": zero + timedelta(days=40 * int(rng.random() < 0.1)),
                "vital_status": "dead" if died else "alive",
                "death_date": end if died else None,
                "last_contact_date": None if rng.random() < 0.1 and not died else end,
            }
        )
        lesions.append({"patient_id": f"p{i:03d}", "organ": "liver", "first_seen_date": zero})
    registry = registry_of(folder, {"patient": patients, "lesion": lesions})
    found = [
        describe_registry(
            registry, time_zero="first_metastasis", level=95, by=by, at=(6, 12), small_cells=LIMIT
        )
        for by in (None, "site_id", "sex", "menopausal_status_dx")
    ]
    return patients, found


@pytest.mark.parametrize("seed", [1, 2])
def test_no_deaths_or_late_entries_follow_from_descriptions_by_groups(
    tmp_path: Path, seed: int
) -> None:
    patients, found = described(tmp_path / "r", seed)
    exact = describe_registry_exact(patients)
    whole = found[0].survival[-1]
    for one in found:
        assert [step.remaining for step in one.flow] == [s.remaining for s in found[0].flow]
        overall = one.survival[-1]
        for what in ("n", "deaths", "late_entries", "at"):
            assert getattr(overall, what) == getattr(whole, what)
        for what in ("n", "deaths", "late_entries"):
            rows = [{group.group: 1.0} for group in one.survival[:-1]
                    if getattr(group, what).n is not None]  # fmt: skip
            if getattr(overall, what).n is not None:
                rows.append({group.group: 1.0 for group in one.survival[:-1]})
            small = [
                group.group
                for group in one.survival[:-1]
                if 1 <= exact(one.by, members(group.group, set()), what) <= LIMIT
            ]
            assert determined(rows, small) == set()
        sites = {patient[one.by] for patient in patients} if one.by else set()
        together = [name for name in one.table.columns if name.startswith(TOGETHER)]
        if one.by == "site_id":
            assert sites == {"A", "B", "C", "D"}
            assert together
            assert all(size > LIMIT for size in one.table.sizes)


def describe_registry_exact(patients: Sequence[Mapping[str, Any]]) -> Any:
    """Return a function that counts who is followed, dies or comes late in a group."""

    def exact(by: str, words: set[str], what: str) -> int:
        said = {"pre": "premenopausal", "peri": "perimenopausal", "post": "postmenopausal"}
        mine = [
            one
            for one in patients
            if by and said.get(one[by], one[by]) in words
            and (one["death_date"] or one["last_contact_date"])
            and one["entry_date"] < (one["death_date"] or one["last_contact_date"])
        ]  # fmt: skip
        kinds = {
            "n": mine,
            "deaths": [one for one in mine if one["death_date"]],
            "late_entries": [one for one in mine if one["entry_date"] > date(2020, 1, 1)],
        }
        return len(kinds[what])

    return exact
