"""Stability of a rule: the same rule again, on halves of the persons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from locoreg.core.errors import ConvergenceError, DesignError, LocoregError
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.selection.assess.robustness.whom import amount
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

# Share of the halves that must decide a person the same way, to count as decided.
SAME_WAY = 0.9
LEAST_HALVES = 10


class Split(Protocol):
    """A question of a rule."""

    @property
    def variable(self) -> str:
        """The covariate that is asked for."""
        ...

    @property
    def cut(self) -> float:
        """Where its column is cut."""
        ...

    @property
    def text(self) -> str:
        """The question in words."""
        ...


@runtime_checkable
class TreatingRule(Protocol):
    """A rule that says whom to treat, and by which splits."""

    @property
    def splits(self) -> Sequence[Split]:
        """The questions."""
        ...

    def treats(self, X: FloatArray) -> BoolArray:
        """Return whom it treats, of rows with the columns of the scores' coding."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """How often something appears in the rules of the halves.

    Attributes
    ----------
    name : str
        A variable, or a variable with its cut.
    count : int
        Rules that use it, at least once.
    share : float
        Their share.
    """

    name: str
    count: int
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the frequency as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSpread:
    """Where a variable is cut, over the rules of the halves.

    Attributes
    ----------
    variable : str
        The variable.
    count : int
        Splits of it.
    median, low, high : float
        Median, and quantiles 0.05 and 0.95, of the cuts of its columns: ranks for ordered levels,
        0.5 for the others.
    """

    variable: str
    count: int
    median: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the spread as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How much a rule depends on who happened to be in the data.

    Attributes
    ----------
    halves : int
        Halves of the persons on which a rule was found.
    failed : tuple of str
        Why there was no rule on others.
    variables, cuts : tuple of Frequency
        Variables, and questions in words, by how often they appear.
    spread : tuple of CutSpread
        Where the variables are cut, in the same order as `variables`.
    agreement : float
        Share of persons, weighted, whom at least 90% of the rules decide the same way.
    always, never : float
        Share that at least 90% treat, and do not treat.
    treated : tuple of float
        Share that a rule treats: median, and quantiles 0.05 and 0.95 over halves.
    value : tuple of float
        Gain per person over treating nobody, on the other half: median, quantiles 0.05 and 0.95
        over halves. Halves overlap: it describes, and is no interval.
    value_over_all : tuple of float
        The same over treating everybody.
    worse : float
        Share of the halves whose rule does worse on the other half than the better of treating
        nobody and treating everybody there.
    unit : str
        Unit of the effect.
    seed : int
        Seed of the halves.
    reading : str
        A statement with its numbers.
    """

    halves: int
    failed: tuple[str, ...]
    variables: tuple[Frequency, ...]
    cuts: tuple[Frequency, ...]
    spread: tuple[CutSpread, ...]
    agreement: float
    always: float
    never: float
    treated: tuple[float, float, float]
    value: tuple[float, float, float]
    value_over_all: tuple[float, float, float]
    worse: float
    unit: str
    seed: int
    reading: str

    def to_dict(self) -> dict[str, Any]:
        """Return the stability as JSON-ready values."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        out["variables"] = [one.to_dict() for one in self.variables]
        out["cuts"] = [one.to_dict() for one in self.cuts]
        out["spread"] = [one.to_dict() for one in self.spread]
        for name in ("failed", "treated", "value", "value_over_all"):
            out[name] = list(out[name])
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per variable and per cut, with how often it appears."""
        rows = [("variable", one) for one in self.variables]
        rows += [("cut", one) for one in self.cuts]
        return frame(
            {
                "what": [what for what, _ in rows],
                "name": [one.name for _, one in rows],
                "count": [one.count for _, one in rows],
                "share": [one.share for _, one in rows],
            }
        )


def stability(
    scores: Scores,
    fit_rule: Callable[[Scores], TreatingRule],
    *,
    halves: int,
    seed: int,
    cost: float,
) -> Stability:
    """Find a rule again on halves of the persons.

    Parameters
    ----------
    scores : Scores
        The scores.
    fit_rule : callable
        From scores to a rule.
    halves : int
        Number of random halves, 10 or more; 200 are usual.
    seed : int
        Seed of the halves.
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.

    Returns
    -------
    Stability
        The same in whatever order the persons come. Clusters are kept whole.

    Raises
    ------
    DesignError
        If there are fewer than 10 halves, or fewer than 2 clusters.
    ConvergenceError
        If there is no rule on more than half of the halves.

    References
    ----------
    Meinshausen & Bühlmann 2010, doi:10.1111/j.1467-9868.2010.00740.x, for halves of the persons.
    """
    if halves < LEAST_HALVES:
        raise DesignError(
            f"halves is {halves}.", hint=f"give {LEAST_HALVES} or more; 200 are usual."
        )
    units, count = _units(scores)
    # By pseudonym, so that the rule does not depend on the order of the persons.
    order = np.argsort(np.asarray(scores.data.person_id), kind="stable")
    generator = np.random.default_rng(seed)
    net = scores.gamma - cost
    chosen: list[BoolArray] = []
    splits: list[Sequence[Split]] = []
    failed: list[str] = []
    values: list[tuple[float, float, float]] = []
    for number in range(halves):
        first = np.zeros(count, dtype=np.bool_)
        first[generator.permutation(count)[: count // 2]] = True
        inside = first[units]
        try:
            rule = fit_rule(scores.take(order[inside[order]]))
        except LocoregError as error:
            failed.append(f"half {number + 1}: {error}")
            continue
        treats = np.asarray(rule.treats(scores.X), dtype=np.bool_)
        chosen.append(treats)
        splits.append(rule.splits)
        values.append(_value(net, scores.weight, treats, ~inside))
    if len(chosen) < halves / 2:
        raise ConvergenceError(
            f"there is a rule on {len(chosen)} of {halves} halves only; {failed[0]}",
            hint="loosen the constraints of the rule: a half has half the persons.",
        )
    return _summary(scores, chosen, splits, failed, values, seed)


def _units(scores: Scores) -> tuple[IntArray, int]:
    """Return the unit of each person that is drawn, numbered in an order that rows don't change."""
    ids = np.asarray(scores.data.person_id)
    if scores.cluster is None:
        return np.argsort(np.argsort(ids, kind="stable"), kind="stable"), scores.n
    order = np.argsort(ids, kind="stable")
    _, first, code = np.unique(scores.cluster[order], return_index=True, return_inverse=True)
    if first.size < 2:
        raise DesignError("there is one cluster only: it has no halves.", hint="give no clusters.")
    # Clusters are numbered by their first person.
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    units = np.empty(scores.n, dtype=np.int64)
    units[order] = rank[code]
    return units, first.size


def _value(
    net: FloatArray, weight: FloatArray, treats: BoolArray, other: BoolArray
) -> tuple[float, float, float]:
    """Return the gain on the other half over nobody, over everybody, over the better of both."""
    w = weight[other] / float(weight[other].sum())
    gain, everybody = float(w @ (net[other] * treats[other])), float(w @ net[other])
    return gain, gain - everybody, gain - max(everybody, 0.0)


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    middle, low, high = np.quantile(values, [0.5, 0.05, 0.95]).tolist()
    return middle, low, high


def _frequencies(used: Sequence[set[str]]) -> tuple[Frequency, ...]:
    counts = Counter(name for one in used for name in one)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Frequency(name=n, count=c, share=c / len(used)) for n, c in ordered)


def _cut_spread(variable: str, splits: Sequence[Sequence[Split]]) -> CutSpread:
    cuts = [split.cut for one in splits for split in one if split.variable == variable]
    median, low, high = _spread(cuts)
    return CutSpread(variable=variable, count=len(cuts), median=median, low=low, high=high)


def _summary(
    scores: Scores,
    chosen: list[BoolArray],
    splits: list[Sequence[Split]],
    failed: list[str],
    values: list[tuple[float, float, float]],
    seed: int,
) -> Stability:
    rules = len(chosen)
    w = scores.weight / float(scores.weight.sum())
    often = np.mean(chosen, axis=0)
    # Counts, not shares, are compared, so that 90% is met exactly.
    least = math.ceil(SAME_WAY * rules - 1e-9)
    counts = np.rint(often * rules)
    always, never = float(w @ (counts >= least)), float(w @ (counts <= rules - least))
    variables = _frequencies([{split.variable for split in one} for one in splits])
    gain = _spread([one[0] for one in values])
    worse = float(np.mean([one[2] < 0.0 for one in values]))
    return Stability(
        halves=rules,
        failed=tuple(failed),
        variables=variables,
        cuts=_frequencies([{split.text for split in one} for one in splits]),
        spread=tuple(_cut_spread(one.name, splits) for one in variables),
        agreement=always + never,
        always=always,
        never=never,
        treated=_spread([float(w @ one) for one in chosen]),
        value=gain,
        value_over_all=_spread([one[1] for one in values]),
        worse=worse,
        unit=scores.question.unit,
        seed=seed,
        reading=_reading(scores, rules, always + never, variables, gain, worse),
    )


def _reading(
    scores: Scores,
    rules: int,
    agreement: float,
    variables: Sequence[Frequency],
    gain: tuple[float, float, float],
    worse: float,
) -> str:
    often = ", ".join(f"{one.name} {100.0 * one.share:.0f}%" for one in variables[:4])
    splits = f"variables of their splits: {often}" if often else "none has a split"
    low, high = (decimal_text(v * _factor(scores)) for v in gain[1:])
    return (
        f"Rules found on {rules} halves of the persons decide {100.0 * agreement:.0f}% of persons "
        f"the same way in at least {100.0 * SAME_WAY:.0f}% of the halves; {splits}. On the other "
        f"half they gain {amount(gain[0], scores.question)} per person over treating nobody "
        f"(median; {low} to {high} in 90% of the halves), and {100.0 * worse:.0f}% do worse there "
        "than the better of treating nobody and everybody."
    )


def _factor(scores: Scores) -> float:
    return 1.0 if scores.question.measure == "rmst_difference" else 100.0
