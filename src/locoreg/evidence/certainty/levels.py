"""Levels of certainty: where a body of evidence starts, and where the domains take it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Level = Literal["very low", "low", "moderate", "high"]
Domain = Literal[
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "publication bias",
    "large effect",
    "dose response",
    "plausible confounding",
]
LEVELS: tuple[Level, ...] = get_args(Level)
DOMAINS: tuple[Domain, ...] = get_args(Domain)
DOWN: tuple[Domain, ...] = DOMAINS[:5]
UP: tuple[Domain, ...] = DOMAINS[5:]
RANDOMISED = "rct"


def start_level(design: str, *, otherwise: Literal["low", "high"]) -> Level:
    """Return the level that certainty starts at.

    Parameters
    ----------
    design : str
        Design of the pool.
    otherwise : {"low", "high"}
        Where comparisons without randomisation start: low, or high where risk of bias was assessed
        with ROBINS-I, which has confounding rated down in its own domain.

    Returns
    -------
    str
        ``high`` for randomised trials.

    References
    ----------
    Schünemann et al. 2019 (GRADE guidelines 18), doi:10.1016/j.jclinepi.2018.01.012.
    """
    return "high" if design == RANDOMISED else otherwise


def level_after(start: Level, moves: Iterable[int]) -> Level:
    """Return the level after all moves, never below very low nor above high.

    Parameters
    ----------
    start : str
        From :func:`start_level`.
    moves : iterable of int
        Levels by which each domain moves it.

    Returns
    -------
    str
        The level. Moves add up before the floor and the ceiling are applied.
    """
    place = LEVELS.index(start) + sum(moves)
    return LEVELS[min(max(place, 0), len(LEVELS) - 1)]
