"""What the evidence pages compute, kept by the hash of the tables and the question asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from locoreg.core.errors import LocoregError
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.state import State
from locoreg.workflows.certainty import read_assessments
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
from locoreg.workflows.explore.suretabs import (
    TabPosterior,
    boundaries_of,
    posterior_of,
    tests_of,
)
from locoreg.workflows.sequential import SequentialView
from locoreg.workflows.smallstudy import PoolSmallStudy

if TYPE_CHECKING:
    from locoreg.evidence.riskofbias import Assessment
    from locoreg.workflows.run import Multiverse

T = TypeVar("T")


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


def small_tests(state: State, asked: Asked, item: ExploredPool) -> PoolSmallStudy:
    """Return the tests for small-study effects of a pool."""
    return state.kept.get(
        ("tests", state.catalog.sha256, repr(asked), item.key), lambda: tests_of(item.pool)
    )


def posterior(state: State, asked: Asked, item: ExploredPool) -> TabPosterior | LocoregError:
    """Return a pool under a few priors, or why not."""
    return state.kept.get(
        ("posterior", state.catalog.sha256, repr(asked), item.key),
        lambda: _or_why(lambda: posterior_of(item.pool)),
    )


def boundaries(
    state: State, view: EvidenceView, item: ExploredPool
) -> SequentialView | LocoregError:
    """Return where a pool's trials stand against the boundaries, or why not."""
    return state.kept.get(
        ("boundaries", state.catalog.sha256, repr(view.asked()), item.key, view.effect),
        lambda: _or_why(lambda: boundaries_of(item.pool, float(view.effect))),
    )


def bias(state: State) -> tuple[Assessment, ...]:
    """Return the assessments of risk of bias in the tables."""
    return state.kept.get(
        ("risk of bias", state.catalog.sha256),
        lambda: read_assessments(state.settings.tables)[0],
    )


def _or_why(make: Callable[[], T]) -> T | LocoregError:
    try:
        return make()
    except LocoregError as error:
        return error


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
