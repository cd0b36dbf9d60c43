"""Pool under every admissible reading of the doubtful inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.evidence.guard import estimate_at, floored
from locoreg.evidence.multiverse.results import (
    Alternatives,
    Doubt,
    Multiverse,
    OptionEffect,
    Universe,
    share,
)
from locoreg.stats.randomeffects import Interval, RandomEffects, random_effects
from locoreg.stats.tau2 import Method

MOST_UNIVERSES = 4096
IntArray = NDArray[np.int64]


def multiverse(
    alternatives: Iterable[Alternatives],
    *,
    method: str,
    interval: str,
    level: float,
    scale: Scale = "log",
) -> Multiverse:
    """Pool under every combination of admissible readings.

    Parameters
    ----------
    alternatives : iterable of Alternatives, one per study
    method, interval : str
        As for :func:`locoreg.stats.randomeffects.random_effects`.
    level : float
        Level of the intervals in percent.
    scale : {"log", "identity"}
        Scale of the effects.

    Returns
    -------
    Multiverse
        One universe per combination.

    Raises
    ------
    DesignError
        Without a study or exactly one main reading of each; beyond 4096 combinations.
    """
    studies = tuple(alternatives)
    _check(studies)
    chosen, yi, se = _grid(studies)
    some = np.isfinite(se).any(axis=1)

    def run(of: Method, kind: Interval) -> RandomEffects:
        return random_effects(
            yi[some], se[some] ** 2, method=of, interval=kind, level=level, prediction="riley"
        )

    fit = run(method, interval)  # type: ignore[arg-type]
    floors = floored(run, fit, scale)
    mains = np.array([s.main for s in studies])
    rows = chosen[some]
    departures = (rows != mains).sum(axis=1)
    order = np.argsort(departures, kind="stable")
    if departures[order[0]] != 0:
        raise DesignError("the main readings leave no study.", hint="keep at least one study.")
    parts = [(rows[i], int(departures[i]), int(i)) for i in order]
    universes = tuple(_universe(studies, *part, fit, scale, floors[part[2]]) for part in parts)
    return Multiverse(
        method=method,
        interval=interval,
        level=float(level),
        scale=scale,
        studies=tuple(s.label for s in studies),
        universes=universes,
        doubts=_doubts(studies, rows[order], universes),
        no_universe=int((~some).sum()),
    )


def _check(studies: tuple[Alternatives, ...]) -> None:
    if not studies:
        raise DesignError("there is no study to pool.", hint="select at least one.")
    for study in studies:
        mains = sum(option.is_main for option in study.options)
        if mains != 1:
            raise DesignError(
                f"{study.study_id} has {mains} main readings.", hint="mark exactly one as main."
            )
    if len({s.label for s in studies}) < len(studies):
        raise DesignError("two studies have the same label.", hint="labels name the columns.")
    total = math.prod(len(study.options) for study in studies)
    if total > MOST_UNIVERSES:
        widest = sorted(studies, key=lambda s: -len(s.options))[:3]
        most = ", ".join(f"{s.study_id} {len(s.options)}" for s in widest)
        raise DesignError(
            f"the readings have {total:,} combinations; at most {MOST_UNIVERSES:,} are pooled.",
            hint=f"settle some doubts first; most readings: {most}.",
        )


def _grid(
    studies: tuple[Alternatives, ...],
) -> tuple[IntArray, NDArray[np.float64], NDArray[np.float64]]:
    """Return every combination, shape (universes, studies), with its effects and SEs."""
    chosen = np.indices([len(s.options) for s in studies]).reshape(len(studies), -1).T
    yi = np.column_stack([_of(s, "yi", chosen[:, i]) for i, s in enumerate(studies)])
    se = np.column_stack([_of(s, "se", chosen[:, i]) for i, s in enumerate(studies)])
    return np.asarray(chosen), yi, se


def _of(study: Alternatives, field: str, chosen: IntArray) -> NDArray[np.float64]:
    return np.array([getattr(option, field) for option in study.options], np.float64)[chosen]


def _universe(
    studies: tuple[Alternatives, ...],
    row: IntArray,
    departures: int,
    i: int,
    fit: RandomEffects,
    scale: Scale,
    floor: Estimate | None,
) -> Universe:
    return Universe(
        choices=tuple(s.options[c].label for s, c in zip(studies, row, strict=True)),
        departures=departures,
        mu=estimate_at(fit, scale, i),
        floor=floor,
        tau2=float(fit.tau2[i]),
        k=int(fit.k[i]),
        is_main=departures == 0,
    )


def _doubts(
    studies: tuple[Alternatives, ...], rows: IntArray, universes: tuple[Universe, ...]
) -> tuple[Doubt, ...]:
    main = universes[0]
    found = []
    for i, study in enumerate(studies):
        if len(study.options) == 1:
            continue
        effects = []
        for c, option in enumerate(study.options):
            mine = [u for u, row in zip(universes, rows, strict=True) if row[i] == c]
            least = 0 if option.is_main else 1
            alone = next((u for u in mine if u.departures == least), None)
            effects.append(
                OptionEffect(
                    option=option,
                    alone=alone,
                    changes_conclusion=alone is not None and alone.conclusion != main.conclusion,
                    changes_side=alone is not None and alone.side != main.side,
                    universes=len(mine),
                    share_significant=share([u.significant for u in mine]),
                    share_below=share([u.side == "below" for u in mine]),
                )
            )
        found.append(Doubt(study_id=study.study_id, label=study.label, options=tuple(effects)))
    return tuple(found)
