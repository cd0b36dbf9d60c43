"""Matching: one function for all methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.matching.balance import balance_table, count_arm
from locoreg.stats.matching.inputs import (
    Design,
    Discard,
    Estimand,
    Metric,
    Scale,
    Unit,
    check_design,
)
from locoreg.stats.matching.metric import coordinates
from locoreg.stats.matching.nearest import Order, Rule, default_order, nearest
from locoreg.stats.matching.optimal import full, optimal
from locoreg.stats.matching.result import Matching, Method
from locoreg.stats.matching.subclasses import subclassify
from locoreg.stats.matching.weights import pair_numbers, pair_weights, subclass_weights
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

METHODS: tuple[Method, ...] = ("nearest", "optimal", "full", "subclass")


def match(
    treated: ArrayLike,
    *,
    method: Method,
    estimand: Estimand,
    distance: ArrayLike | None = None,
    scale: Scale = "identity",
    covariates: ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    metric: Metric | None = None,
    exact: ArrayLike | Mapping[str, ArrayLike] | None = None,
    discard: Discard | None = None,
    caliper: float | None = None,
    caliper_unit: Unit | None = None,
    ratio: int | None = None,
    replace: bool = False,
    order: Order | None = None,
    seed: int | np.random.Generator | None = None,
    rule: Rule | None = None,
    subclasses: int | None = None,
    smallest: int | None = None,
    ids: ArrayLike | None = None,
) -> Matching:
    """Match persons of two arms.

    Parameters
    ----------
    treated : array_like, shape (n,)
        True or 1 for treated, False or 0 for control.
    method : {"nearest", "optimal", "full", "subclass"}
        Greedy nearest neighbours; the k to 1 matching, or the sets of one and several, with the
        least total distance; or subclasses cut at quantiles of the distance.
    estimand : {"att", "atc", "ate"}
        Whose effect is meant: of the treated, the controls, or all. Nearest and optimal matching
        can't give "ate".
    distance : array_like, shape (n,), optional
        Propensity score or any other scalar.
    scale : {"identity", "logit"}
        Scale on which the distance is compared and the caliper meant. With "logit" it must lie
        between 0 and 1. A linear predictor is its own logit: "identity".
    covariates : array_like, shape (n, p), optional
        For the Mahalanobis metric, and for the balance table.
    covariate_names : sequence of str, optional
        Names of the columns; ``x1``, ``x2``, ... if not given.
    metric : {"difference", "mahalanobis"}, optional
        Difference of the distance, or Mahalanobis distance of the covariates with the covariance
        matrix pooled within arms. If not given, the first where there is a distance. Mahalanobis
        with a distance uses that for caliper, order and discarding only.
    exact : array_like, shape (n,), or mapping of str to such, optional
        Labels that must agree within pairs and sets; of several columns all.
    discard : {"treated", "control", "both"}, optional
        Arm whose rows outside the range of the other arm's distances are left out.
    caliper : float, optional
        Largest difference of the distance within a pair; a pair at the caliper is allowed.
    caliper_unit : {"sd", "absolute"}, optional
        Required with a caliper: standard deviations of the distance over all rows that are not
        discarded, or units of the distance.
    ratio : int, optional
        How many to match to each, 1 if not given. They are chosen in rounds: everybody's first,
        then everybody's second.
    replace : bool
        Whether one person can be matched to several.
    order : {"largest", "smallest", "data", "random"}, optional
        Who chooses first in nearest-neighbour matching. If not given, the treated with the largest
        distance, for "atc" the controls with the smallest, and without a distance the first row.
        Equal distances choose in the order of the rows.
    seed : int or Generator, optional
        Required with order "random".
    rule : {"nearest", "matchit-4.5.1"}, optional
        How the nearest is found. The second repeats two faults of that release of MatchIt, which
        ignore calipers below 1, to reproduce its pairs; see Notes.
    subclasses : int, optional
        Required with method "subclass".
    smallest : int, optional
        Persons of each arm in each subclass at least, 1 if not given; with 0, subclasses that lack
        an arm are dropped.
    ids : array_like, shape (n,), optional
        Names of the rows; numbers from 0 if not given.

    Returns
    -------
    Matching
        Pairs, sets, weights, counts and balance.

    Raises
    ------
    DataError
        If values can't be used.
    DesignError
        If options are unknown, don't fit together or match nobody.

    Notes
    -----
    Of two candidates at the same distance (but for rounding) the one with the lower distance is
    taken, and of candidates with equal distances the one whose row is nearest before the person,
    else the first one after. With the Mahalanobis metric the first row is taken.

    MatchIt 4.5.1 to 4.5.3, as built on many systems (Debian 12 ships 4.5.1), cuts the decimals off
    differences of the distance before it compares them (its issue 163, corrected in 4.5.4). With
    propensity scores every difference then counts as 0: the nearest lower score is taken however
    near a higher one is, and a caliper does nothing. In 4.5.1 with ``ratio > 1``, moreover, not the
    row just matched is barred to the same person but the one after it in the data (issue 159,
    corrected in 4.5.3). ``rule="matchit-4.5.1"`` does the same, with the difference metric, and
    should serve for nothing but reproduction.

    References
    ----------
    .. [1] Rosenbaum PR, Rubin DB (1985). American Statistician 39:33-38.
       doi:10.1080/00031305.1985.10479383
    .. [2] Ho D, Imai K, King G, Stuart E (2011). Journal of Statistical Software 42(8).
       doi:10.18637/jss.v042.i08
    .. [3] Hansen BB, Klopfer SO (2006). J Computational and Graphical Statistics 15:609-627.
       doi:10.1198/106186006X137047
    .. [4] Stuart EA (2010). Statistical Science 25:1-21. doi:10.1214/09-STS313
    """
    check_option("method", method, METHODS)
    _check_options(
        method,
        estimand,
        exact=exact,
        caliper=caliper,
        metric=metric,
        ratio=ratio,
        replace=replace or None,
        order=order,
        seed=seed,
        rule=rule,
        subclasses=subclasses,
        smallest=smallest,
    )
    design = check_design(
        treated,
        estimand=estimand,
        distance=distance,
        scale=scale,
        covariates=covariates,
        covariate_names=covariate_names,
        metric="difference" if method == "subclass" else metric,
        exact=exact,
        discard=discard,
        caliper=caliper,
        caliper_unit=caliper_unit,
    )
    names = _ids(ids, design.n)
    points = coordinates(design)
    if method == "full":
        groups = _Groups(*full(design, points))
    elif method == "subclass":
        groups = _subclasses(design, subclasses, smallest)
    elif method == "optimal":
        groups = _Groups(optimal(design, points, ratio=_ratio(ratio, design)))
    else:
        order, rule = order or default_order(design), rule or "nearest"
        groups = _Groups(
            nearest(
                design,
                points,
                ratio=_ratio(ratio, design),
                replace=replace,
                order=order,
                seed=seed,
                rule=rule,
            )
        )
    weights = _weights(design, groups)
    return Matching(
        method=method,
        estimand=estimand,
        metric=design.metric,
        ratio=0 if method in ("full", "subclass") else groups.pairs.shape[1] - 1,
        replace=replace,
        order=order,
        rule=rule,
        treated=design.treated,
        pairs=groups.pairs,
        subclass=_numbers(design, groups, replace),
        weights=weights,
        discarded=design.discarded,
        ids=names,
        distance=design.distance,
        caliper=design.caliper,
        caliper_sd=design.caliper_sd,
        total_distance=float("nan")
        if method == "subclass"
        else _total_distance(points, groups.pairs),
        cuts=groups.cuts,
        counts={
            name: count_arm(arm, weights, design.discarded)
            for name, arm in (("treated", design.treated), ("control", ~design.treated))
        },
        balance=balance_table(
            _compared(design),
            design.treated,
            None if estimand == "ate" else design.focal,
            weights,
        ),
        strata_without_match=_lonely_strata(design),
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """Pairs, and the sets or subclasses of methods that make such."""

    pairs: IntArray
    subclass: IntArray | None = None
    cuts: FloatArray = field(default_factory=lambda: np.empty(0))


def _subclasses(design: Design, count: int | None, smallest: int | None) -> _Groups:
    subclass, cuts = subclassify(
        design,
        count=_whole("subclasses", count, least=1),
        smallest=_whole("smallest", 1 if smallest is None else smallest, least=0),
    )
    return _Groups(np.empty((0, 2), dtype=np.int64), subclass, cuts)


def _weights(design: Design, groups: _Groups) -> FloatArray:
    if groups.subclass is None:
        weights = pair_weights(groups.pairs, design.n, design.treated)
    else:
        weights = subclass_weights(groups.subclass, design.treated, design.estimand)
    if not weights.any():
        raise DesignError(
            "Nobody is matched: no two persons of different arms are in one stratum or subclass "
            "and within the caliper.",
            hint="widen the caliper or coarsen the strata.",
        )
    return weights


def _numbers(design: Design, groups: _Groups, replace: bool) -> IntArray:
    if groups.subclass is not None:
        return groups.subclass
    if replace:
        return np.full(design.n, -1, dtype=np.int64)
    return pair_numbers(groups.pairs, design.n)


# Options that only some methods have.
_APPLIES: dict[str, tuple[Method, ...]] = {
    "exact": ("nearest", "optimal", "full"),
    "caliper": ("nearest", "optimal", "full"),
    "metric": ("nearest", "optimal", "full"),
    "ratio": ("nearest", "optimal"),
    "replace": ("nearest",),
    "order": ("nearest",),
    "seed": ("nearest",),
    "rule": ("nearest",),
    "subclasses": ("subclass",),
    "smallest": ("subclass",),
}


def _check_options(method: Method, estimand: Estimand, **stated: Any) -> None:
    for name, value in stated.items():
        if value is not None and method not in _APPLIES[name]:
            raise DesignError(
                f"{name} does not apply to method {method!r}.",
                hint=f"it belongs to {' and '.join(_APPLIES[name])}; leave it out.",
            )
    if estimand == "ate" and method in ("nearest", "optimal"):
        raise DesignError(
            f"Method {method!r} matches one arm to the other, which can't give the ATE.",
            hint="use method='full' or 'subclass', or ask for 'att' or 'atc'.",
        )


def _whole(name: str, value: int | None, least: int) -> int:
    if value is None:
        raise DesignError(f"{name} is not given.", hint=f"say how many: {name}=5, for example.")
    if isinstance(value, bool) or not isinstance(value, Real) or not _is_whole(value, least):
        raise DesignError(
            f"{name} is {value}, but must be a whole number.", hint=f"at least {least}."
        )
    return int(value)


def _is_whole(value: float, least: int) -> bool:
    return bool(np.isfinite(value) and value == np.floor(value) and value >= least)


def _ratio(ratio: int | None, design: Design) -> int:
    wanted = _whole("ratio", 1 if ratio is None else ratio, least=1)
    available = int((~design.focal & ~design.discarded).sum())
    if wanted > available:
        other = "treated" if design.estimand == "atc" else "controls"
        raise DesignError(
            f"ratio is {wanted}, but there are only {available} {other}.", hint="ask for fewer."
        )
    return wanted


def _ids(ids: ArrayLike | None, n: int) -> NDArray[Any]:
    if ids is None:
        return np.arange(n)
    names = np.array(ids)
    if names.shape != (n,):
        raise DataError(
            f"ids has shape {names.shape}, but must have the {n} rows of treated.",
            hint="give one name per row.",
        )
    return names


def _total_distance(points: FloatArray, pairs: IntArray) -> float:
    made = pairs[:, 1:] >= 0
    first = np.broadcast_to(pairs[:, :1], made.shape)[made]
    gaps = points[first] - points[pairs[:, 1:][made]]
    return float(np.sqrt((gaps * gaps).sum(axis=1)).sum())


def _compared(design: Design) -> dict[str, FloatArray]:
    columns = {} if design.distance is None else {"distance": design.distance}
    if design.covariates is not None:
        columns.update(zip(design.names, design.covariates.T, strict=True))
    return columns


def _lonely_strata(design: Design) -> tuple[str, ...]:
    count = len(design.strata)
    if count == 0:
        return ()
    kept = ~design.discarded
    focal = np.bincount(design.stratum[kept & design.focal], minlength=count) > 0
    other = np.bincount(design.stratum[kept & ~design.focal], minlength=count) > 0
    return tuple(design.strata[code] for code in np.flatnonzero(focal & ~other))
