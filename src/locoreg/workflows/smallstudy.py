"""Small-study effects in a pool of the evidence, or in a pool written as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.estimate import Scale
from locoreg.core.numbertext import plural
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.smallstudy import FEWEST, SmallStudyEffects, small_study_effects
from locoreg.stats.smallstudy.steplikelihood import Sides


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSmallStudy:
    """What a pool says of small-study effects.

    Attributes
    ----------
    title : str
        The pool in words.
    k : int
        Studies.
    effects : SmallStudyEffects or None
        All methods; None under three studies.
    too_few : str
        A sentence under ten studies, else empty.
    conclusion : str
        Plain words. They never say that nothing is missing.
    """

    title: str
    k: int
    effects: SmallStudyEffects | None
    too_few: str
    conclusion: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "title": self.title,
            "k": self.k,
            "effects": None if self.effects is None else self.effects.to_dict(),
            "too_few": self.too_few or None,
            "conclusion": self.conclusion,
        }

    def summary(self) -> str:
        """Return conclusion and methods, a line each."""
        return self.conclusion if self.effects is None else self.effects.summary()


def small_study_of_pool(
    pool: EvidencePool, *, alpha: float, steps: Sequence[float], alternative: Sides
) -> PoolSmallStudy:
    """Apply every method to a pool of the evidence, with the pool's own model.

    Parameters
    ----------
    pool : EvidencePool
        A pool.
    alpha : float
        Level at which tests are said to find something.
    steps, alternative
        Of the selection model; see `locoreg.stats.smallstudy.step_selection`. For hazard ratios
        with the control arm as reference, results in favour of the treatment are ``less``.

    Returns
    -------
    PoolSmallStudy
        With Debray's test where the events of all studies are known.
    """
    meta = pool.meta
    events = [study.counts.events for study in pool.studies]
    return _answer(
        f"{pool.outcome.label}, {pool.design_label.lower()}",
        yi=meta.yi,
        se=meta.se,
        labels=meta.labels,
        scale=meta.mu.scale,
        model=(meta.method, meta.interval, meta.mu.level),
        events=None if any(not count for count in events) else [float(e or 0) for e in events],
        selection=(alpha, steps, alternative),
    )


def small_study_of_json(
    pool: Mapping[str, Any], *, alpha: float, steps: Sequence[float], alternative: Sides
) -> PoolSmallStudy:
    """Apply every method to a pool as results.json has it.

    Parameters
    ----------
    pool : mapping
        With ``studies`` (``label``, ``yi``, ``se``), ``mu`` (``scale``, ``level``), ``method`` and
        ``interval``.
    alpha, steps, alternative
        As for `small_study_of_pool`.

    Returns
    -------
    PoolSmallStudy
        The same as from the pool itself, without Debray's test: the file has no events.

    Raises
    ------
    DataError
        If the mapping is no pool.
    """
    try:
        studies = pool["studies"]
        yi = [float(study["yi"]) for study in studies]
        se = [float(study["se"]) for study in studies]
        labels = [str(study["label"]) for study in studies]
        scale: Scale = "log" if pool["mu"]["scale"] == "log" else "identity"
        model = (str(pool["method"]), str(pool["interval"]), float(pool["mu"]["level"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"this is no pool of a results file: {type(error).__name__} at {error}.",
            hint="give one that has studies, mu, method and interval.",
        ) from None
    return _answer(
        str(pool.get("title", "pool")), yi=yi, se=se, labels=labels, scale=scale, model=model,
        events=None, selection=(alpha, steps, alternative),
    )  # fmt: skip


def _answer(
    title: str,
    *,
    yi: Sequence[float],
    se: Sequence[float],
    labels: Sequence[str],
    scale: Scale,
    model: tuple[str, str, float],
    events: Sequence[float] | None,
    selection: tuple[float, Sequence[float], Sides],
) -> PoolSmallStudy:
    k = len(yi)
    if k < FEWEST:
        few = (
            f"With {plural(k, 'study', 'studies')} nothing can be said of small-study effects: "
            "whether studies are missing stays open."
        )
        return PoolSmallStudy(title=title, k=k, effects=None, too_few=few, conclusion=few)
    method, interval, level = model
    alpha, steps, alternative = selection
    effects = small_study_effects(
        yi, np.square(np.asarray(se, dtype=np.float64)), method=method, interval=interval,
        level=level, alpha=alpha, steps=steps, alternative=alternative, scale=scale,
        labels=labels, events=events,
    )  # fmt: skip
    return PoolSmallStudy(
        title=title, k=k, effects=effects, too_few=effects.too_few, conclusion=effects.conclusion
    )
