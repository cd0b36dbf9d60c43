"""Patients for the tests of survival figures, and what is read off a drawn figure."""

from __future__ import annotations

import re

import numpy as np

from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.survivalcurves import kaplan_meier
from tests.figures.conftest import SVG

LEVEL = 95


def patients(n, mean, seed, follow=(24.0, 90.0)):
    """Return times in months, to the day, and deaths."""
    draw = np.random.default_rng(seed)
    death, censored = draw.exponential(mean, n), draw.uniform(*follow, n)
    time = np.ceil(np.minimum(death, censored) * 30.4375) / 30.4375
    return time, (death <= censored).astype(int)


def grouped(**arms):
    """Return times, events and labels of arms; an underscore in a name is a space."""
    time, event = (np.concatenate([arm[i] for arm in arms.values()]) for i in (0, 1))
    names = [name.replace("_", " ") for name in arms]
    return time, event, np.repeat(names, [arm[0].size for arm in arms.values()])


def two_arms():
    return grouped(Surgery=patients(160, 60, 1), No_surgery=patients(180, 40, 2))


def two_curves(**options):
    time, event, arm = two_arms()
    return kaplan_meier(time, event, level=LEVEL, strata=arm, **options)


def causes(n=150, seed=4):
    draw = np.random.default_rng(seed)
    times = np.array([draw.exponential(60, n), draw.exponential(90, n), draw.uniform(20, 90, n)])
    return times.min(axis=0), (np.argmin(times, axis=0) + 1) % 3


def incidences(groups=True, **options):
    time, event = causes()
    arm = np.where(np.arange(time.size) % 2, "Surgery", "No surgery") if groups else None
    return aalen_johansen(
        time,
        event,
        level=LEVEL,
        strata=arm,
        causes=("Breast cancer", "Other"),
        interval="log-log",
        **options,
    )


def points(drawn, part):
    """Return the corners of the first path of a part, shape (p, 2)."""
    element = drawn.part(part)
    assert element is not None, part
    path = element.find(f".//{{{SVG}}}path")
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d", ""))]
    return np.array(numbers).reshape(-1, 2)


def places(drawn, part):
    """Return text, x and y of the texts of a part."""
    element = drawn.part(part)
    assert element is not None, part
    return [
        ("".join(t.itertext()), float(t.get("x")), float(t.get("y")))
        for t in element.iter(f"{{{SVG}}}text")
    ]


def frame_of(drawn, panel="curves"):
    """Return left, top, right and bottom of a plot, and the ticks' times and places."""
    left, top, _, bottom = drawn.box(f"{panel}-axes", "y-line")
    _, _, right, _ = drawn.box(f"{panel}-axes", "x-line")
    labels = [p for p in places(drawn, f"{panel}-axes") if "%" not in p[0] and p[1] > left - 1]
    return left, top, right, bottom, [(float(text), x) for text, x, _ in labels]
