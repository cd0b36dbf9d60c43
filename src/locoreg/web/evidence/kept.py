"""What the evidence pages compute, kept by the hash of the tables and the question asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.web.errors import NotFoundError
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.state import State
from locoreg.workflows.explore.asked import Asked
from locoreg.workflows.explore.explorer import (
    Explored,
    ExploredPool,
    explore,
    pool_worlds,
)
from locoreg.workflows.explore.funnel import Funnel, funnel_of
from locoreg.workflows.explore.shift import BiasShift, shift_of
from locoreg.workflows.explore.spread import Influence, h2_interval, influence_of

if TYPE_CHECKING:
    from locoreg.workflows.run import Multiverse


def explored(state: State, view: EvidenceView) -> Explored:
    """Return what a view shows."""
    asked = view.asked()
    return state.kept.get(
        ("explored", state.catalog.sha256, repr(asked)),
        lambda: explore(state.catalog, state.findings, asked),
    )


def one_pool(state: State, view: EvidenceView) -> ExploredPool:
    """Return the first pool of a view; NotFoundError with the reason where there is none."""
    found = explored(state, view)
    if not found.pools:
        raise NotFoundError(" ".join(reason for _, reason in found.empty))
    return found.pools[0]


def influence(item: ExploredPool) -> tuple[tuple[float, float], Influence]:
    """Return the interval of H2 and the deletion diagnostics of a pool."""
    return h2_interval(item.pool), influence_of(item.pool)


def funnel(item: ExploredPool) -> Funnel:
    """Return the funnel of a pool."""
    return funnel_of(item.pool)


def shift(state: State, asked: Asked, item: ExploredPool) -> BiasShift | None:
    """Return the two readings of a pool."""
    return state.kept.get(
        ("shift", state.catalog.sha256, repr(asked), item.key),
        lambda: shift_of(state.catalog, state.findings, item.pool),
    )


def worlds(state: State, asked: Asked, item: ExploredPool) -> Multiverse | None:
    """Return a pool under each admissible reading."""
    return state.kept.get(
        ("worlds", state.catalog.sha256, repr(asked), item.key),
        lambda: pool_worlds(state.catalog, state.findings, item.pool),
    )
