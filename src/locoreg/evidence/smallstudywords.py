"""Sentences about small-study effects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

from locoreg.core.estimate import Scale
from locoreg.core.numbertext import decimal_text, interval_text, p_text, plural
from locoreg.stats.smallstudy import (
    ExcessSignificance,
    FailSafeN,
    PetPeese,
    RankTest,
    RegressionTest,
    StepSelection,
    TrimAndFill,
)
from locoreg.stats.smallstudy.stepselection import interval_names

Reading = Callable[[float], float]

FEWER = "Fewer than ten studies ({k}): asymmetry can't be told from chance."
# Tests of asymmetry: the first that could be made leads, whatever the others find, so that many
# tests don't make a finding likely. Those made for the data at hand come before Egger's.
TESTS = (
    "harbord",
    "debray",
    "egger",
    "egger_meta",
    "rank",
    "peters",
    "macaskill",
    "macaskill_fiv",
)
_TEST_NAMES = {
    "harbord": "Harbord",
    "peters": "Peters",
    "debray": "Debray",
    "egger": "Egger",
    "egger_meta": "Egger by meta-regression",
    "rank": "rank correlation",
    "macaskill": "Macaskill",
    "macaskill_fiv": "Macaskill, own variances",
}
POWER = "Such tests miss much: this does not show that no study is missing."
# A slope on sample size is told for the first of these at which its widest limit shows digits.
PATIENTS = (100, 1_000, 10_000, 100_000)
READABLE = 0.1
CAUSES = (
    "That can come from selective publication, from true differences between small and large "
    "studies, or from chance."
)


def conclusion_of(results: Mapping[str, Any], *, few: str, alpha: float, natural: Reading) -> str:
    """Return what all methods together come to.

    Parameters
    ----------
    results : mapping of str to object or None
        Results by the name of the method.
    few : str
        The sentence for too few studies, else empty.
    alpha : float
        Level of the tests.
    natural : callable
        How a mean effect is read from the scale of the pool.

    Returns
    -------
    str
        A few sentences, none of which says that nothing is missing. The test that leads is set
        beforehand: Harbord's with counts, Debray's with events, else Egger's.
    """
    corrected = _corrected(results, natural)
    if few:
        lead = f"{few} The tests and corrections are given as numbers, not as findings."
        return f"{lead} {corrected}".strip()
    made = [(name, results[name]) for name in TESTS if results.get(name) is not None]
    if not made:
        return f"No test of asymmetry could be made. {corrected}".strip()
    told = [f"{_TEST_NAMES[name]} {p_text(test.p_value)}" for name, test in made]
    others = f" Other tests: {', '.join(told[1:])}." if told[1:] else ""
    if made[0][1].p_value <= alpha:
        lead = f"Effects change with the size of the studies ({told[0]}, level {alpha:g}). {CAUSES}"
    else:
        lead = (
            f"It is not shown that effects change with the size of the studies ({told[0]}, level "
            f"{alpha:g}). {POWER}"
        )
    return f"{lead}{others} {corrected}".strip()


def _corrected(results: Mapping[str, Any], natural: Reading) -> str:
    parts = []
    for name, words in (
        ("trim_and_fill_L0", "trim and fill (L0)"),
        ("pet_peese", "PET-PEESE"),
        ("selection", "the selection model"),
    ):
        found = results.get(name)
        if found is None:
            continue
        triple = (
            (float(found.filled.mu), float(found.filled.ci_low), float(found.filled.ci_high))
            if isinstance(found, TrimAndFill)
            else _triple(found)
        )
        parts.append(f"{_text(triple, natural)} by {words}")
    fills = results.get("trim_and_fill_L0")
    if not parts:
        return ""
    whole = ""
    if fills is not None:
        pool = fills.observed
        triple = (float(pool.mu), float(pool.ci_low), float(pool.ci_high))
        whole = f"{_text(triple, natural)} as pooled, "
    return f"The mean effect is {whole}{', '.join(parts)}."


def _triple(found: PetPeese | StepSelection) -> tuple[float, float, float]:
    if isinstance(found, PetPeese):
        return found.estimate, found.ci_low, found.ci_high
    return found.mu, found.ci_low, found.ci_high


def _text(triple: tuple[float, float, float], natural: Reading) -> str:
    mid, low, high = (natural(value) for value in triple)
    if math.isnan(low):
        return f"{decimal_text(mid)} (no interval)"
    return interval_text(mid, low, high)


def read_as(scale: Scale) -> Reading:
    """Return how effects on a scale are read: exponentiated, or as they are."""
    return _exponential if scale == "log" else float


def _exponential(value: float) -> float:
    return math.exp(value) if not value > 700 else math.inf


@singledispatch
def sentence_of(result: object, natural: Reading, level: float) -> str:
    """Return one result in words.

    Parameters
    ----------
    result : object
        What a kernel of `locoreg.stats.smallstudy` returned.
    natural : callable
        How a mean effect is read from the scale of the pool.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    str
        A sentence, effects on the natural scale.
    """
    raise TypeError(f"no sentence for a {type(result).__name__}")


@sentence_of.register
def _(result: RegressionTest, natural: Reading, level: float) -> str:
    df = "" if math.isnan(result.df) else f" on {result.df:g} df"
    kind = "z" if math.isnan(result.df) else "t"
    text = (
        f"{_slope_text(result)}, {kind} = {decimal_text(result.statistic)}{df}, "
        f"{p_text(result.p_value)}"
    )
    if not math.isnan(result.limit_est) and result.test != "Harbord":
        triple = (result.limit_est, result.limit_low, result.limit_high)
        text += f"; effect in an infinitely large study {_text(triple, natural)}"
    if result.left_out:
        text += f"; {plural(len(result.left_out), 'study', 'studies')} without events left out"
    return f"{text}."


def _slope_text(result: RegressionTest) -> str:
    """Return the slope; on sample size it is so small that it is told for many patients."""
    triple = (result.slope, result.slope_low, result.slope_high)
    if result.predictor != "n":
        return f"slope {interval_text(*triple)}"
    widest = max(abs(value) for value in triple)
    patients = next((n for n in PATIENTS if widest * n >= READABLE), PATIENTS[-1])
    return f"slope per {patients:,} patients {interval_text(*(v * patients for v in triple))}"


@sentence_of.register
def _(result: RankTest, natural: Reading, level: float) -> str:
    how = "exact" if result.exact else "normal approximation"
    return f"Kendall's tau {decimal_text(result.tau)}, {p_text(result.p_value)} ({how})."


@sentence_of.register
def _(result: TrimAndFill, natural: Reading, level: float) -> str:
    pool = result.filled
    triple = (float(pool.mu), float(pool.ci_low), float(pool.ci_high))
    text = (
        f"{plural(result.k0, 'study', 'studies')} filled in on the {result.side}; pooled with "
        f"{'it' if result.k0 == 1 else 'them'} {_text(triple, natural)}"
        if result.k0
        else f"no study filled in on the {result.side}; pooled {_text(triple, natural)}"
    )
    if not math.isnan(result.p_k0):
        text += f"; chance of as many or more if none is missing {p_text(result.p_k0)}"
    return f"{text}."


@sentence_of.register
def _(result: PetPeese, natural: Reading, level: float) -> str:
    pet = (result.pet.limit_est, result.pet.limit_low, result.pet.limit_high)
    peese = (result.peese.limit_est, result.peese.limit_low, result.peese.limit_high)
    sided = "two-sided" if result.alternative == "two-sided" else "one-sided"
    return (
        f"PET {_text(pet, natural)}, PEESE {_text(peese, natural)}; the rule takes "
        f"{result.chosen.upper()} ({sided} {p_text(result.p_effect)} of an effect of 0 by PET, at "
        f"the level {result.alpha:g})."
    )


@sentence_of.register
def _(result: StepSelection, natural: Reading, level: float) -> str:
    names = interval_names(result.steps)
    weights = ", ".join(
        f"{decimal_text(weight)} for p {name}"
        for weight, name in zip(result.weights[1:], names[1:], strict=True)
    )
    text = (
        f"{_text((result.mu, result.ci_low, result.ci_high), natural)} before selection; chance of "
        f"publication relative to p {names[0]} ({result.alternative}): {weights}"
    )
    if not result.fixed:
        text += f"; against no selection {p_text(result.lrt_p)}"
    return " ".join([f"{text}.", *result.warnings])


@sentence_of.register
def _(result: ExcessSignificance, natural: Reading, level: float) -> str:
    return (
        f"{result.observed} of {result.k} significant, {decimal_text(result.expected)} expected; "
        f"as many or more by chance {p_text(result.p_value)}."
    )


@sentence_of.register
def _(result: FailSafeN, natural: Reading, level: float) -> str:
    null = plural(result.n, "study", "studies")
    if result.kind == "orwin":
        target = decimal_text(natural(result.target))
        return f"{null} without effect would bring the plain mean to {target}."
    if result.n == 0:
        return f"the result is not significant as it is ({p_text(result.p_value)})."
    return f"{null} without effect would make the result insignificant at {result.alpha:g}."
