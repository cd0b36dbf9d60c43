"""One plain sentence per result, from its numbers."""

from __future__ import annotations

from locoreg.evidence.pooling import EvidencePool


def answer(pool: EvidencePool) -> str:
    """Return what a pool says, in one or two sentences without a recommendation.

    Parameters
    ----------
    pool : EvidencePool
        The pool.

    Returns
    -------
    str
        The estimate, what its interval contains, and the naive result where
        it differs.
    """
    meta = pool.meta
    k = meta.k
    studies = "1 study" if k == 1 else f"{k} studies"
    head = (
        f"{pool.design_label} ({studies}), {pool.outcome.label.lower()}: "
        f"{pool.question.measure} {meta.mu.text()}, {meta.mu.level:g}% interval. "
    )
    parts = [head + _reading_of(pool)]
    if meta.prediction is not None and meta.mu.scale == "log":
        parts.append(_prediction(pool))
    if pool.as_printed is not None and pool.differs:
        parts.append(
            f"Read as printed, without the corrections: {pool.as_printed.mu.text()}"
            f"{_crossing(pool)}."
        )
    return " ".join(parts)


def _sides(pool: EvidencePool) -> tuple[str, str]:
    """Return what values below and above the null favour."""
    below, above = pool.question.favours_intervention, pool.question.favours_control
    flips = (pool.question.reference_arm == "intervention") != (
        pool.outcome.event_is == "favourable"
    )
    return (above, below) if flips else (below, above)


def _reading_of(pool: EvidencePool) -> str:
    _, low, high = pool.meta.mu.natural
    null = 1.0 if pool.meta.mu.scale == "log" else 0.0
    below, above = _sides(pool)
    if high < null:
        return f"The whole interval favours {below}."
    if low > null:
        return f"The whole interval favours {above}."
    if pool.meta.mu.scale == "identity":
        return f"The interval reaches from favouring {below} to favouring {above}."
    return (
        f"The interval reaches from {100 * (1 - low):.0f}% lower to {100 * (high - 1):.0f}% higher "
        f"hazard of {pool.outcome.event} with {pool.question.intervention.lower()}: "
        "it shows neither benefit nor its absence."
        if pool.question.reference_arm == "control"
        else f"The interval reaches from favouring {below} to favouring {above}."
    )


def _prediction(pool: EvidencePool) -> str:
    low, high = pool.meta.to_dict()["prediction"]["natural"].values()
    return f"A new study's effect is expected between {low:.2f} and {high:.2f}."


def _crossing(pool: EvidencePool) -> str:
    if pool.as_printed is None:
        return ""
    null = 1.0 if pool.meta.mu.scale == "log" else 0.0
    main = pool.meta.mu.natural
    naive = pool.as_printed.mu.natural

    def excludes(interval: tuple[float, float, float]) -> bool:
        return interval[2] < null or interval[1] > null

    if excludes(main) != excludes(naive):
        return "; the two differ on whether the interval excludes no effect"
    if (main[0] < null) != (naive[0] < null):
        return "; the two lie on opposite sides of no effect"
    return ""
