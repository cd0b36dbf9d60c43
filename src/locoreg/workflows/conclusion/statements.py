"""Plain statements by certainty and size of effect, after GRADE guidance 26.

Santesso et al. 2020, Journal of Clinical Epidemiology 119:126, doi:10.1016/j.jclinepi.2019.10.014.
"""

from __future__ import annotations

from typing import Literal

from locoreg.workflows.conclusion.plan import Important, Level

# "important" where only the threshold of a difference that matters is stated.
Size = Literal["large", "moderate", "small", "important", "trivial"]

SYMBOLS: dict[Level, str] = {
    "high": "⊕⊕⊕⊕",
    "moderate": "⊕⊕⊕⊝",
    "low": "⊕⊕⊝⊝",
    "very low": "⊕⊝⊝⊝",
}
_ADVERBS: dict[Level, str] = {"high": "", "moderate": "likely ", "low": "may ", "very low": ""}


def size_of(difference_per_1000: float, important: Important) -> Size:
    """Return how large a difference is, by the stated thresholds.

    Parameters
    ----------
    difference_per_1000 : float
        With less without, per 1,000.
    important : Important
        The thresholds.

    Returns
    -------
    {"large", "moderate", "small", "important", "trivial"}
        ``important`` where the plan tells only what matters, and not what is large.
    """
    size = abs(difference_per_1000)
    if size < important.per_1000:
        return "trivial"
    if important.moderate_per_1000 is None or important.large_per_1000 is None:
        return "important"
    if size >= important.large_per_1000:
        return "large"
    return "moderate" if size >= important.moderate_per_1000 else "small"


def statement(*, certainty: Level, size: Size, rises: bool, intervention: str, outcome: str) -> str:
    """Return the statement of one outcome.

    Parameters
    ----------
    certainty : str
        As judged.
    size : str
        From `size_of`.
    rises : bool
        Whether the outcome is more with the intervention.
    intervention : str
        Its name.
    outcome : str
        In the direction of the number: ``the number of people alive at 36 months``.

    Returns
    -------
    str
        One sentence.
    """
    who = intervention[:1].upper() + intervention[1:]
    if certainty == "very low":
        return f"The evidence is very uncertain about the effect of {intervention} on {outcome}."
    adverb = _ADVERBS[certainty]
    verb, noun = ("increase", "increase") if rises else ("reduce", "reduction")
    # "may" takes the plain verb, the others its third person.
    ending = "" if certainty == "low" else "s"
    if size == "trivial":
        return f"{who} {adverb}result{ending} in little to no difference in {outcome}."
    if size == "large":
        return f"{who} {adverb}result{ending} in a large {noun} in {outcome}."
    slightly = " slightly" if size == "small" else ""
    return f"{who} {adverb}{verb}{ending} {outcome}{slightly}."


def reach(low_per_1000: float, high_per_1000: float, important: Important) -> str:
    """Return which differences that matter the interval holds.

    Parameters
    ----------
    low_per_1000, high_per_1000 : float
        Limits of the difference per 1,000, of people in the good state.
    important : Important
        The threshold.

    Returns
    -------
    str
        One sentence.
    """
    at = f"{important.per_1000:g} per 1,000"
    fewer, more = low_per_1000 <= -important.per_1000, high_per_1000 >= important.per_1000
    if fewer and more:
        return f"The interval holds differences of {at} and more in both directions."
    if not fewer and not more:
        return f"The interval holds no difference of {at} or more."
    side, other = ("more", "fewer") if more else ("fewer", "more")
    beyond = low_per_1000 >= important.per_1000 or high_per_1000 <= -important.per_1000
    if beyond:
        return f"The whole interval lies at {at} {side} or beyond."
    return f"The interval holds {at} {side} and beyond, and not {at} {other}."
