"""Kaplan-Meier curves of R's survival data sets, read at 60 points as a person would read them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.reconstruct.result import kaplan_meier_at

DATA = Path(__file__).parents[2] / "reference" / "survival" / "data"
# Data set and the column of two arms, control first.
SETS = {"lung": ("sex", "1", "2"), "veteran": ("trt", "1", "2"), "gbsg": ("hormon", "0", "1")}
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealArm:
    """One arm: true times and events, and the points read off its curve."""

    time: FloatArray
    event: NDArray[np.bool_]
    points: FloatArray
    survival: FloatArray
    at_risk_times: FloatArray
    at_risk: FloatArray


def real_arms(name: str) -> tuple[RealArm, RealArm]:
    """Return both arms of a data set, control first."""
    column, *labels = SETS[name]
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    last = max(float(row["time"]) for row in rows)
    arms = []
    for label in labels:
        mine = [row for row in rows if row[column] == label]
        time = np.array([float(row["time"]) for row in mine])
        event = np.array([row["event"] == "1" for row in mine])
        order = np.lexsort((~event, time))
        time, event = time[order], event[order]
        points = np.linspace(0, time[-1], 61)[1:]
        taus = np.linspace(0, last, 8)[:-1]
        taus = taus[taus < time[-1]]
        arms.append(
            RealArm(
                time=time,
                event=event,
                points=points,
                survival=kaplan_meier_at(time, event, points),
                at_risk_times=taus,
                at_risk=np.array([float((time >= tau).sum()) for tau in taus]),
            )
        )
    return arms[0], arms[1]
