"""Solves the intercepts of the simulated registries, for ``parameters.csv``.

Usage: python tests/validation/calibrate_registry.py [--write]
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from locoreg.registry.synthetic import parameters
from locoreg.registry.synthetic.courses import expect_into, potential_outcomes
from locoreg.registry.synthetic.people import People, draw_people
from locoreg.registry.synthetic.risks import Risks, risks
from locoreg.registry.synthetic.scenario import SCENARIOS
from locoreg.registry.synthetic.sites import draw_sites
from locoreg.registry.synthetic.strategies import policies

SEED = 20260101
PATIENTS = 30_000
FILE = Path(parameters.__file__).with_name("parameters.csv")
GROUP = np.array([parameters.GROUPS.index(g) for g in parameters.GROUPS])


def survival_at(drive: Risks, months: float) -> np.ndarray:
    """Expected survival in the natural course at a time between two months."""
    low = int(np.floor(months))
    out = np.empty((drive.other.size, 1, 2))
    expect_into(drive, policies()[:1], (low, low + 1), out, np.empty_like(out))
    part = months - low
    return (1 - part) * out[:, 0, 0] + part * out[:, 0, 1]


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a decreasing function."""
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2


def shifted(drive: Risks, rows: np.ndarray, hazard: float, therapy: float) -> Risks:
    change = {
        name: getattr(drive, name)[rows]
        for name in ("other", "effect", "perioperative", "response", "progression")
    }
    return replace(
        drive,
        log_hazard=drive.log_hazard[rows] + hazard,
        therapy=drive.therapy[rows] + therapy,
        **change,
    )


def solve_hazard(people: People, drive: Risks, group: str) -> float:
    rows = np.flatnonzero(GROUP[people.subtype] == parameters.GROUPS.index(group))
    target = parameters.one("target_median_os", group)

    def excess(x: float) -> float:
        return float(survival_at(shifted(drive, rows, x, 0.0), target).mean() - 0.5)

    return root(excess, -3.0, 3.0)


def solve_therapy(people: People, drive: Risks, de_novo: bool) -> float:
    rows = np.flatnonzero(people.de_novo == de_novo)
    target = parameters.one("target_share_operated", "de novo" if de_novo else "recurrent")
    chosen = people.take(rows)

    def lack(x: float) -> float:
        courses = potential_outcomes(chosen, shifted(drive, rows, 0.0, x))
        return float(target - (courses.operated[:, 0] >= 0).mean())

    return root(lack, -4.0, 4.0)


def solve(name: str) -> dict[tuple[str, str], float]:
    """The solved numbers of one set."""
    scenario = next(s for s in SCENARIOS.values() if s.solution == name)
    rng = np.random.default_rng(SEED)
    sites = draw_sites(rng, late_entry=False)
    people = draw_people(rng, PATIENTS, sites)
    drive = risks(people, sites, scenario)
    hazard, therapy = np.zeros(4), np.zeros(2)
    # Share operated and survival depend on each other, but little.
    for _ in range(2):
        drive = replace(
            drive,
            log_hazard=drive.log_hazard
            + np.array([solve_hazard(people, drive, g) for g in parameters.GROUPS])[people.subtype],
        )
        drive = replace(
            drive,
            therapy=drive.therapy
            + np.array([solve_therapy(people, drive, d) for d in (False, True)])[
                people.de_novo.astype(int)
            ],
        )
    start = risks(people, sites, scenario)
    for k in range(4):
        hazard[k] = (drive.log_hazard - start.log_hazard)[people.subtype == k][0]
    for k, flag in enumerate((True, False)):
        therapy[k] = (drive.therapy - start.therapy)[people.de_novo == flag][0]
    for g in ("all", *dict.fromkeys(parameters.GROUPS)):
        rows = (
            np.arange(people.n)
            if g == "all"
            else np.flatnonzero(GROUP[people.subtype] == parameters.GROUPS.index(g))
        )
        target = parameters.one("target_median_os", g)
        at = survival_at(shifted(drive, rows, 0.0, 0.0), target).mean()
        print(f"{name} {g}: survival {at:.4f} at the published median {target}")
    at = survival_at(drive, 60.0).mean()
    print(f"{name}: survival {at:.4f} at 60 months")
    out = {
        ("log_hazard", f"{name}|{s}"): parameters.one("log_hazard", f"{name}|{s}") + hazard[k]
        for k, s in enumerate(parameters.SUBTYPES)
    }
    for k, word in enumerate(("de novo", "recurrent")):
        key = ("logit_therapy", f"{name}|{word}")
        out[key] = parameters.one(*key) + therapy[k]
    return out


def main() -> None:
    solved: dict[tuple[str, str], float] = {}
    for name in dict.fromkeys(s.solution for s in SCENARIOS.values()):
        solved |= solve(name)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("name", "key", "value", "source"))
    for key, row in parameters.PARAMETERS.items():
        value = round(solved[key], 4) if key in solved else row.value
        writer.writerow((*key, f"{value:.10g}", row.source))
    if "--write" in sys.argv:
        FILE.write_text(buffer.getvalue(), encoding="utf-8")
    for key, value in solved.items():
        print(*key, round(value, 4))


if __name__ == "__main__":
    main()
