"""One plain sentence per result, from its numbers."""

from __future__ import annotations

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.posterior import posterior_words

# A prediction interval whose limits are this many times apart predicts nothing.
_USELESS = 100.0
RANDOMISED = ("rct",)
# Beyond a doubling or a halving in both directions percentages stop telling anything.
_WIDE = (0.5, 2.0)


def answer(pool: EvidencePool) -> str:
    """Return what a pool says, in a few sentences without a recommendation.

    Parameters
    ----------
    pool : EvidencePool
        The pool.

    Returns
    -------
    str
        The estimate, what its interval contains, the prediction interval, and
        the naive result where it differs.
    """
    meta = pool.meta
    studies = "1 study" if meta.k == 1 else f"{meta.k} studies"
    parts = [
        f"{pool.design_label} ({studies}), {pool.outcome.label.lower()}: "
        f"{pool.question.measure} {meta.mu.text()}, {meta.mu.level:g}% interval.",
        *_floor(pool),
        _reading_of(pool),
        *(f"{sentence}." for sentence in pool.indirect),
    ]
    if meta.bayes is not None:
        parts.append(f"{posterior_words(meta.bayes)}.")
    if meta.prediction is not None and meta.mu.scale == "log" and meta.floor is None:
        low, high = meta.to_dict()["prediction"]["natural"].values()
        parts.append(
            f"The effect in a new study is expected in the range {range_text(low, high)}."
            if high / low < _USELESS
            else f"For a new study this predicts next to nothing ({range_text(low, high)})."
        )
    if pool.selection.design not in RANDOMISED:
        parts.append(
            "These comparisons are not randomised: fitter patients may have been chosen for local "
            "therapy, and had to live long enough to receive it."
        )
    if pool.as_printed is not None and pool.differs:
        parts.append(
            f"Read as printed, without the corrections: {pool.as_printed.mu.text()}"
            f"{_contrast(meta.mu, pool.as_printed.mu)}."
        )
    return " ".join(parts)


def _floor(pool: EvidencePool) -> tuple[str, ...]:
    if pool.meta.floor is None:
        return ()
    return (
        "This interval is narrower than the common-effect one, because the studies agree more "
        f"than chance would have them; with the floor it is {_limits(pool.meta.floor)}, and that "
        "is read here.",
    )


def _reading_of(pool: EvidencePool) -> str:
    if pool.meta.k == 2 and pool.meta.interval == "hartung-knapp":
        return (
            "With two studies this interval has one degree of freedom and can hardly exclude "
            f"anything; the normal interval is {_limits(pool.meta.normal_interval)}."
        )
    _, low, high = (pool.meta.floor or pool.meta.mu).natural
    null = _null(pool.meta.mu)
    below, above = _sides(pool)
    if high < null:
        return f"The whole interval lies on the side of {below}."
    if low > null:
        return f"The whole interval lies on the side of {above}."
    if pool.meta.mu.scale == "identity":
        return f"The interval reaches from the side of {below} to that of {above}."
    if low < _WIDE[0] and high > _WIDE[1]:
        return (
            f"The interval allows a large effect in favour of {below} as well as one in favour "
            f"of {above}: these studies do not answer the question."
        )
    less, more = 100 * (1 - low), 100 * (high - 1)
    if pool.question.measure == "HR" and pool.question.reference_arm == "control":
        return (
            f"Over the interval the hazard of {pool.outcome.event} with "
            f"{pool.question.favours_intervention} is from {less:.0f}% lower to {more:.0f}% "
            "higher: it shows neither a difference nor its absence."
        )
    return (
        f"The interval reaches from {decimal_text(low)}, in favour of {below}, to "
        f"{decimal_text(high)}, in favour of {above}: it shows neither a difference nor its "
        "absence."
    )


def _sides(pool: EvidencePool) -> tuple[str, str]:
    """Return what values below and above the null favour."""
    sides = (pool.question.favours_intervention, pool.question.favours_control)
    turned = (
        (pool.question.reference_arm == "intervention")
        ^ (pool.outcome.event_is == "favourable")
        ^ (pool.question.measure == "survival ratio")
    )
    return (sides[1], sides[0]) if turned else sides


def _null(estimate: Estimate) -> float:
    return 1.0 if estimate.scale == "log" else 0.0


def _limits(estimate: Estimate) -> str:
    _, low, high = estimate.natural
    return range_text(low, high)


def _contrast(main: Estimate, naive: Estimate) -> str:
    null = _null(main)
    excludes = [high < null or low > null for _, low, high in (main.natural, naive.natural)]
    if excludes[0] != excludes[1]:
        return "; the two differ on whether the interval excludes no effect"
    if (main.natural[0] < null) != (naive.natural[0] < null):
        return "; the two lie on opposite sides of no effect"
    return ""
