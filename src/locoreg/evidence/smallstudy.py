"""Everything that can be said of small-study effects in one pool, or why it can't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.core.estimate import Scale
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.evidence.smallstudyresult import SmallStudyEffects, SmallStudyPart
from locoreg.evidence.smallstudywords import FEWER, Reading, conclusion_of, read_as, sentence_of
from locoreg.stats.randomeffects import Interval
from locoreg.stats.smallstudy import (
    FailSafeN,
    PetPeese,
    RegressionTest,
    StepSelection,
    TrimAndFill,
    debray,
    excess_significance,
    harbord,
    macaskill,
    orwin,
    pet_peese,
    peters,
    rank_test,
    regression_test,
    rosenberg,
    rosenthal,
    step_selection,
    trim_and_fill,
)
from locoreg.stats.smallstudy.asymmetry import Predictor
from locoreg.stats.smallstudy.onepool import check_alpha, one_pool
from locoreg.stats.smallstudy.steplikelihood import Sides
from locoreg.stats.smallstudy.trimfill import Missing, SideRule
from locoreg.stats.studies import FloatArray, check_level
from locoreg.stats.tau2 import Method

# Sterne 2011, doi:10.1136/bmj.d4002: with fewer, asymmetry can't be told from chance.
ENOUGH = 10
FEWEST = 3

Counts = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]
Run = tuple[str, str, Callable[[], Any]]

# Methods that compare with no effect, which a single group's proportion, rate or mean has not.
AGAINST_NONE = (
    "pet_peese", "selection", "excess_significance", "rosenthal", "rosenberg", "orwin",
)  # fmt: skip

__all__ = ["FEWEST", "SmallStudyEffects", "SmallStudyPart", "small_study_effects"]


def small_study_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: str,
    interval: str,
    level: float,
    alpha: float,
    steps: Sequence[float],
    alternative: Sides,
    scale: Scale = "identity",
    labels: Sequence[str] | None = None,
    side: SideRule = "slope",
    target: float | None = None,
    ni: ArrayLike | None = None,
    counts: Counts | None = None,
    events: ArrayLike | None = None,
    natural: Reading | None = None,
    one_group: bool = False,
) -> SmallStudyEffects:
    """Apply every test and correction that fits the data.

    Under ten studies all numbers are given and marked: asymmetry can't be told from chance.
    A method that has no answer is listed with its reason.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances of three studies or more.
    method, interval : str
        Estimator of tau2 and interval for the tests by meta-regression and for trim and fill;
        other tools' spellings will do.
    level : float
        Level of all intervals in percent. A single study counts as significant at 100 less it.
    alpha : float
        Level at which tests are said to find something, and at which PET decides; 0.1 is usual.
    steps, alternative
        Of the selection model; see `step_selection`. `alternative` is also PET's.
    scale : {"identity", "log"}
        Scale of `yi`: with ``log`` sentences exponentiate.
    labels : sequence of str, optional
        Names of the studies; ``1`` to ``k`` if not given.
    side : {"slope", "left", "right"}
        Where trim and fill looks for missing studies.
    target : float, optional
        Smallest effect that matters, on the scale of `yi`, for Orwin's number.
    ni : array_like, shape (k,), optional
        Sample sizes, for the tests on sample size.
    counts : tuple of four array_like, optional
        ai, bi, ci, di of 2x2 tables, for the tests of Harbord, Peters and Macaskill.
    events : array_like, shape (k,), optional
        Events of both arms, for the test of Debray (hazard ratios).
    natural : callable, optional
        How a mean effect is read from the scale of `yi`, where that is neither as it is nor
        exponentiated: the inverse logit, say. Sentences use it; slopes stay as they are.
    one_group : bool
        Whether the effects describe single groups (proportions, rates, means). No value then means
        no effect, and methods that compare with none are refused.

    Returns
    -------
    SmallStudyEffects
        Parts, sentences, conclusion.

    Raises
    ------
    DataError
        If the numbers or options can't be used.
    DesignError
        If there are fewer than three studies.
    """
    y, v = one_pool(yi, vi, fewest=FEWEST, test="a look at small-study effects")
    check_level(level)
    check_alpha(alpha)
    names = tuple(labels) if labels is not None else tuple(str(i + 1) for i in range(y.size))
    if len(names) != y.size:
        raise DataError(f"there are {len(names)} labels for {y.size} studies.")
    asked = _Asked(
        y=y, v=v, method=method_name(method), interval=interval_name(interval),
        level=float(level), alpha=float(alpha), steps=tuple(float(step) for step in steps),
        alternative=alternative, side=side, target=target,
    )  # fmt: skip
    runs = [*asked.tests(), *asked.sized(ni, counts, events), *asked.corrections()]
    if one_group:
        runs = [run if run[0] not in AGAINST_NONE else (*run[:2], _no_null) for run in runs]
    reading = natural or read_as(scale)
    parts = tuple(_part(*run, reading, level) for run in runs)
    few = FEWER.format(k=y.size) if y.size < ENOUGH else ""
    return SmallStudyEffects(
        k=y.size, labels=names, yi=tuple(y.tolist()), se=tuple(np.sqrt(v).tolist()), scale=scale,
        level=float(level), alpha=float(alpha), too_few=few, parts=parts,
        conclusion=conclusion_of(
            {part.name: part.result for part in parts}, few=few, alpha=alpha, natural=reading
        ),
        provenance=Provenance(
            input_sha256=sha256_of_bytes(y.tobytes(), v.tobytes()), options=asked.options()
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Studies and options, and what they let be computed."""

    y: FloatArray
    v: FloatArray
    method: Method
    interval: Interval
    level: float
    alpha: float
    steps: tuple[float, ...]
    alternative: Sides
    side: SideRule
    target: float | None

    def options(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "interval": self.interval,
            "level": self.level,
            "alpha": self.alpha,
            "steps": list(self.steps),
            "alternative": self.alternative,
            "side": self.side,
            "target": self.target,
        }

    def _line(self, predictor: Predictor, ni: ArrayLike | None = None) -> RegressionTest:
        return regression_test(
            self.y, self.v, model="lm", predictor=predictor, ni=ni, level=self.level
        )

    def _additive(self) -> RegressionTest:
        return regression_test(
            self.y, self.v, model="meta", predictor="se", method=self.method,
            interval=self.interval, level=self.level,
        )  # fmt: skip

    def tests(self) -> list[Run]:
        """Return tests of asymmetry for any effects."""
        return [
            ("egger", "Egger's test", lambda: self._line("se")),
            ("egger_meta", f"Egger's test by meta-regression, {self.method}", self._additive),
            (
                "rank", "Rank correlation (Begg and Mazumdar)",
                lambda: rank_test(self.y, self.v),
            ),
        ]  # fmt: skip

    def sized(
        self, ni: ArrayLike | None, counts: Counts | None, events: ArrayLike | None
    ) -> list[Run]:
        """Return tests that need more than effects and variances."""
        level = self.level
        found: list[Run] = []
        if ni is not None:
            found.append(
                ("macaskill_fiv", "Macaskill's test, own variances", lambda: self._line("n", ni))
            )
        if counts is not None:
            found += [
                ("harbord", "Harbord's test", lambda: harbord(*counts, level=level)),
                ("peters", "Peters' test", lambda: peters(*counts, level=level)),
                ("macaskill", "Macaskill's test", lambda: macaskill(*counts, level=level)),
            ]
        if events is not None:
            found.append(
                ("debray", "Debray's test", lambda: debray(self.y, self.v, events, level=level))
            )
        return found

    def _filled(self, estimator: Missing) -> TrimAndFill:
        return trim_and_fill(
            self.y, self.v, estimator=estimator, side=self.side, method=self.method,
            interval=self.interval, level=self.level,
        )  # fmt: skip

    def _selected(self) -> StepSelection:
        return step_selection(
            self.y, self.v, steps=self.steps, alternative=self.alternative, level=self.level,
            effects="common" if self.method == "CE" else "random",
        )  # fmt: skip

    def _extrapolated(self) -> PetPeese:
        return pet_peese(
            self.y, self.v, alpha=self.alpha, alternative=self.alternative, level=self.level
        )

    def _orwin(self) -> FailSafeN:
        if self.target is None:
            raise DesignError("Orwin's number needs a target: the smallest effect that matters.")
        return orwin(self.y, target=self.target)

    def corrections(self) -> list[Run]:
        """Return pools that allow for missing studies, and counts of them."""
        y, v, lone = self.y, self.v, 1.0 - self.level / 100.0
        return [
            ("trim_and_fill_L0", "Trim and fill, L0", lambda: self._filled("L0")),
            ("trim_and_fill_R0", "Trim and fill, R0", lambda: self._filled("R0")),
            ("trim_and_fill_Q0", "Trim and fill, Q0", lambda: self._filled("Q0")),
            ("pet_peese", "PET-PEESE", self._extrapolated),
            ("selection", "Selection model", self._selected),
            (
                "excess_significance", "Excess of significant studies",
                lambda: excess_significance(y, v, alpha=lone),
            ),
            ("rosenthal", "Fail-safe N (Rosenthal)", lambda: rosenthal(y, v, alpha=lone)),
            ("rosenberg", "Fail-safe N (Rosenberg)", lambda: rosenberg(y, v, alpha=lone)),
            ("orwin", "Fail-safe N (Orwin)", self._orwin),
        ]  # fmt: skip


def _no_null() -> None:
    raise DesignError(
        "this compares with no effect, and no value of a single group's proportion, rate or mean "
        "means that."
    )


def _part(
    name: str, label: str, run: Callable[[], Any], natural: Reading, level: float
) -> SmallStudyPart:
    """Run one method; what it can't answer is its answer, slips of the caller are raised."""
    try:
        result = run()
    except (DesignError, ConvergenceError) as refusal:
        return SmallStudyPart(
            name=name, label=label, result=None, refused=str(refusal), sentence=""
        )
    return SmallStudyPart(
        name=name,
        label=label,
        result=result,
        refused="",
        sentence=sentence_of(result, natural, level),
    )
