"""Digitised studies whose persons are known, without a reconstruction between."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from locoreg.evidence.digitised import AccuracyLimits, DigitisedStudy, ReadCurve, make_studies
from locoreg.evidence.digitised.persontimes import PersonTimes
from locoreg.evidence.digitised.studies import _hazard_ratio
from locoreg.stats.reconstruct import Reconstruction, reconstruct
from locoreg.stats.reconstruct.readpoints import clean_points
from locoreg.stats.reconstruct.result import kaplan_meier_at

DATA = Path(__file__).parents[2] / "reference" / "survival" / "data"
# Column whose value 2 is the intervention, as in tests/reference/curves/generate.R.
COLUMNS = {"lung": "sex", "ovarian": "rx", "veteran": "trt"}
LIMITS = AccuracyLimits(rmse=0.05, mean_error=0.02, max_error=0.05, at_risk=0.01)
Arm = tuple[Sequence[float], Sequence[int]]


@cache
def _pattern() -> DigitisedStudy:
    made = make_studies(
        [read_curve("s", role, time=(1.0, 2.0), survival=(0.75, 0.5), n=4) for role in
         ("control", "intervention")],
        outcome=None, level=95, limits=LIMITS,
    )  # fmt: skip
    return made[0]


def read_curve(study: str, role: str, **fields: object) -> ReadCurve:
    """Return an arm as read, named after its role."""
    values: dict[str, object] = {
        "study_id": study, "arm": role, "role": role, "outcome": "death", "n": 4, "events": None,
        "time_unit": "months", "curve_end": "follow-up", "time": (1.0,), "survival": (0.5,),
        "at_risk_times": (), "at_risk": (), "median": None, "hr": None, "hr_low": None,
        "hr_high": None, "hr_level": None, "source_figure": "Fig 1", "location": "",
        "read_by": "AB", "read_on": "2026-05-31", "notes": (),
    }  # fmt: skip
    return ReadCurve(**(values | fields))  # type: ignore[arg-type]


def exact(time: Sequence[float], event: Sequence[int]) -> Reconstruction:
    """Return persons as if reconstructed without error, read at every distinct time."""
    t, e = np.asarray(time, dtype=float), np.asarray(event) == 1
    order = np.lexsort((~e, t))
    t, e = t[order], e[order]
    points = clean_points(np.unique(t), kaplan_meier_at(t, e, np.unique(t)))
    pattern = reconstruct([1], [0.5], n=2)
    return replace(pattern, time=t, event=e, points=points, n=t.size)


def known_study(
    study: str, intervention: Arm, control: Arm, *, level: float = 95
) -> DigitisedStudy:
    """Return a study with these persons."""
    pattern = _pattern()
    made = {"intervention": exact(*intervention), "control": exact(*control)}
    arms = {
        role: replace(getattr(pattern, role), read=read_curve(study, role), made=one)
        for role, one in made.items()
    }
    hr, reason = _hazard_ratio(study, (made["control"], made["intervention"]), level)
    return replace(pattern, study_id=study, hr=hr, hr_reason=reason, **arms)


def real_study(name: str) -> DigitisedStudy:
    """Return the persons of one of R's data sets, in days."""
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    arms = []
    for label in ("2", "1"):
        mine = [row for row in rows if row[COLUMNS[name]] == label]
        arms.append(([float(r["time"]) for r in mine], [int(r["event"]) for r in mine]))
    return known_study(name, arms[0], arms[1])


def persons_of(studies: Sequence[DigitisedStudy]) -> PersonTimes:
    """Return all persons of studies."""
    rows = [study.rows() for study in studies]
    return PersonTimes(
        time=np.concatenate([row[0] for row in rows]),
        event=np.concatenate([row[1] for row in rows]),
        treated=np.concatenate([row[2] for row in rows]),
        study=np.concatenate(
            [np.full(row[0].size, s.study_id) for row, s in zip(rows, studies, strict=True)]
        ),
    )
