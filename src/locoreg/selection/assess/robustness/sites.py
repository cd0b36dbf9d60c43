"""Leave one site out: whether effects learnt elsewhere hold at each hospital or registry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, plural
from locoreg.selection.assess.policy import policy_value
from locoreg.selection.assess.results import PolicyValue
from locoreg.selection.assess.robustness.between import BetweenSites, between_sites
from locoreg.selection.assess.robustness.whom import amount, found
from locoreg.selection.learners.base import Learner
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import estimate_of, rank_weighted, weighted_mean
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

# With fewer clusters within a site their spread says nothing of the error.
LEAST_CLUSTERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions:
    """Options of leaving one site out.

    Attributes
    ----------
    cost : float
        What treatment must gain to be worth it, in the unit of the effect: treated are those whose
        predicted effect exceeds it.
    seed : int
        Seed of the learner.
    least_persons, least_per_option : int
        Sites with fewer persons, or fewer of either option, are not assessed; their persons are
        learnt from all the same.
    """

    cost: float
    seed: int
    least_persons: int = 100
    least_per_option: int = 20

    def __post_init__(self) -> None:
        if not math.isfinite(self.cost):
            raise DesignError(f"cost is {self.cost}.", hint="give a number.")
        for name in ("least_persons", "least_per_option"):
            if getattr(self, name) < 2:
                raise DesignError(f"{name} is {getattr(self, name)}.", hint="give 2 or more.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """What was learnt elsewhere, at one site.

    Attributes
    ----------
    site : str
        The site.
    n, treated, comparator : int
        Its persons, by option.
    average : Estimate
        Average effect at the site.
    autoc : Estimate or None
        Rank-weighted average effect; None where the prediction is the same for everybody.
    intercept, slope : Estimate or None
        Regression of scores on the predicted effect, centred at its mean at the site: the average
        effect less the mean prediction, and the slope; None where there is one prediction.
    value : PolicyValue
        Of treating those whose predicted effect exceeds the cost.
    """

    site: str
    n: int
    treated: int
    comparator: int
    average: Estimate
    autoc: Estimate | None
    intercept: Estimate
    slope: Estimate | None
    value: PolicyValue

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        for name in ("average", "autoc", "intercept", "slope", "value"):
            out[name] = None if out[name] is None else out[name].to_dict()
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How effects learnt elsewhere hold at each site.

    Attributes
    ----------
    learner : str
        Name of the learner.
    options : SiteOptions
        How.
    sites : tuple of SiteResult
        The sites that were assessed, by name.
    too_small : tuple of (str, int)
        Sites that were not, with their persons.
    between : tuple of BetweenSites
        Average effect, AUTOC, calibration intercept and slope, gain over treating nobody: those
        that at least two sites have.
    reading : str
        A statement with its numbers.
    notes : tuple of str
        What a reader must know.
    """

    learner: str
    options: SiteOptions
    sites: tuple[SiteResult, ...]
    too_small: tuple[tuple[str, int], ...]
    between: tuple[BetweenSites, ...]
    reading: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "learner": self.learner,
            "options": self.options.to_dict(),
            "sites": [one.to_dict() for one in self.sites],
            "too_small": [{"site": site, "n": n} for site, n in self.too_small],
            "between": [one.to_dict() for one in self.between],
            "reading": self.reading,
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per site; NaN where there is no number."""
        columns: dict[str, list[Any]] = {
            "site": [one.site for one in self.sites],
            "n": [one.n for one in self.sites],
            "treated": [one.treated for one in self.sites],
        }
        for what, read in _READ:
            values = [read(one) for one in self.sites]
            columns[what] = [math.nan if v is None else v.estimate for v in values]
            columns[f"{what}_low"] = [math.nan if v is None else v.ci_low for v in values]
            columns[f"{what}_high"] = [math.nan if v is None else v.ci_high for v in values]
        return frame(columns)


_READ: tuple[tuple[str, Any], ...] = (
    ("average", lambda one: one.average),
    ("autoc", lambda one: one.autoc),
    ("intercept", lambda one: one.intercept),
    ("slope", lambda one: one.slope),
    ("value", lambda one: one.value.against_none),
)


def leave_one_site_out(scores: Scores, learner: Learner, options: SiteOptions) -> Transport:
    """Fit a learner without each site and assess it there.

    Parameters
    ----------
    scores : Scores
        Scores of persons with their site.
    learner : Learner
        Fitted once per site, to the persons of all others.
    options : SiteOptions
        Cost, seed, least sizes.

    Returns
    -------
    Transport
        Per site and between sites.

    Raises
    ------
    DesignError
        If the data have no site, or fewer than two sites are large enough.

    References
    ----------
    Steyerberg & Harrell 2016, doi:10.1016/j.jclinepi.2015.04.005, for leaving one site out.
    Riley et al. 2016, doi:10.1136/bmj.i3140, for heterogeneity between sites.
    """
    site = scores.data.site
    if site is None:
        raise DesignError(
            "the data have no site.", hint="give the hospital or registry of each person."
        )
    # An unknown site is one of its own: these persons can't be left out with the right ones.
    codes = np.where(site.missing, -1, site.values).astype(np.int64)
    large, small = _sizes(scores, codes, site.levels, options)
    if len(large) < 2:
        raise DesignError(
            f"{plural(len(large), 'site')} with at least {options.least_persons} persons and "
            f"{options.least_per_option} of each option.",
            hint="leaving one site out needs two or more; lower the least sizes or merge sites.",
        )
    results = tuple(_at_site(scores, learner, options, codes, code, label) for code, label in large)
    between = tuple(
        one
        for what, read in _READ
        if (one := between_sites(what, [read(r) for r in results], level=scores.question.level))
    )
    return Transport(
        learner=learner.name,
        options=options,
        sites=results,
        too_small=small,
        between=between,
        reading=_reading(results, small, between, scores.question),
        notes=(
            "The learner did not see the site's persons; the models behind the scores of the other "
            "sites may have, through cross-fitting.",
        ),
    )


def _sizes(
    scores: Scores, codes: IntArray, levels: Sequence[str], options: SiteOptions
) -> tuple[list[tuple[int, str]], tuple[tuple[str, int], ...]]:
    large, small = [], []
    labels = [(code, level) for code, level in enumerate(levels) if (codes == code).any()]
    for code, label in sorted(labels, key=lambda one: one[1]):
        here = codes == code
        n, treated = int(here.sum()), int(scores.data.treated[here].sum())
        if n >= options.least_persons and min(treated, n - treated) >= options.least_per_option:
            large.append((code, label))
        else:
            small.append((label, n))
    unknown = int((codes < 0).sum())
    if unknown:
        small.append(("unknown site", unknown))
    return large, tuple(small)


def _at_site(
    scores: Scores,
    learner: Learner,
    options: SiteOptions,
    codes: IntArray,
    code: int,
    label: str,
) -> SiteResult:
    here = codes == code
    train = scores.take(np.flatnonzero(~here))
    held = _independent(scores.take(np.flatnonzero(here)))
    predicted = learner.fit(train, seed=options.seed).model.predict(held.X)
    level, w, cluster = scores.question.level, held.weight, held.cluster
    average = weighted_mean(held.gamma, level=level, weight=w, cluster=cluster)
    gap = weighted_mean(held.gamma - predicted, level=level, weight=w, cluster=cluster)
    varies = bool(np.ptp(predicted) > 1e-12 * max(float(np.abs(predicted).max()), 1e-300))
    treated = int(held.data.treated.sum())
    return SiteResult(
        site=label,
        n=held.n,
        treated=treated,
        comparator=held.n - treated,
        average=average,
        autoc=rank_weighted(held.gamma, predicted, level=level, weight=w, cluster=cluster)
        if varies
        else None,
        intercept=gap,
        slope=_slope(held, predicted) if varies else None,
        value=policy_value(
            held,
            predicted > options.cost,
            cost=options.cost,
            label=f"{learner.name}, learnt at the other sites",
            level=level,
        ),
    )


def _independent(held: Scores) -> Scores:
    """Return the scores of a site without clusters where these are too few within it."""
    cluster = held.cluster
    if cluster is None or np.unique(cluster).size >= LEAST_CLUSTERS:
        return held
    return replace(held, data=replace(held.data, cluster=None))


def _slope(held: Scores, predicted: FloatArray) -> Estimate:
    w = held.weight / float(held.weight.sum())
    x = predicted - float(w @ predicted)
    square = float(w @ x**2)
    mean = float(w @ held.gamma)
    slope = float(w @ (x * held.gamma)) / square
    influence = w * x * (held.gamma - mean - slope * x) / square
    return estimate_of(slope, influence, level=held.question.level, cluster=held.cluster)


def _reading(
    results: Sequence[SiteResult],
    small: Sequence[tuple[str, int]],
    between: Sequence[BetweenSites],
    question: SelectionQuestion,
) -> str:
    by_name = {one.what: one for one in between}
    parts = [f"Learnt without each of {plural(len(results), 'site')} and assessed there:"]
    value, slope, autoc = (by_name.get(name) for name in ("value", "slope", "autoc"))
    if value is not None:
        parts.append(
            f"gain per person over treating nobody {found(value.mean, question)} on average, "
            f"standard deviation between sites {amount(value.tau, question)};"
        )
    if autoc is not None:
        parts.append(f"AUTOC {found(autoc.mean, question)};")
    if slope is not None:
        parts.append(
            f"calibration slope {slope.mean.text()}, standard deviation between sites "
            f"{decimal_text(slope.tau)};"
        )
    text = " ".join(parts).rstrip(";:") + "."
    if small:
        names = ", ".join(f"{site} ({n})" for site, n in small)
        text += f" Too small to be assessed: {names}."
    return text
