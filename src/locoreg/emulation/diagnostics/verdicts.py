"""From a value and its thresholds to a diagnostic."""

from __future__ import annotations

from locoreg.emulation.effect import Diagnostic, Verdict


def judged(
    name: str,
    title: str,
    value: float,
    *,
    warn: float,
    fail: float | None,
    high_is_bad: bool,
    message: str,
    advice: str,
    arm: str | None = None,
) -> Diagnostic:
    """Return a diagnostic whose verdict follows from two thresholds.

    Parameters
    ----------
    name, title, message, advice, arm
        As in `Diagnostic`; the advice is left out where the verdict is pass.
    value : float
        What was found. NaN fails: a number that can't be computed is no pass.
    warn, fail : float
        Thresholds; without `fail` the worst verdict is warn. A value on a threshold passes it.
    high_is_bad : bool
        Whether values above the thresholds are bad, or those below.

    Returns
    -------
    Diagnostic
        With the threshold that the verdict was made with.
    """
    sign = 1.0 if high_is_bad else -1.0
    verdict: Verdict = "pass"
    if not sign * value <= sign * warn:
        verdict = "warn"
    if fail is not None and not sign * value <= sign * fail:
        verdict = "fail"
    return Diagnostic(
        name=name,
        title=title,
        verdict=verdict,
        value=None if value != value else value,
        threshold=fail if verdict == "fail" else warn,
        message=message,
        advice="" if verdict == "pass" else advice,
        arm=arm,
    )


def noted(
    name: str, title: str, value: float | None, message: str, *, threshold: float | None = None
) -> Diagnostic:
    """Return a number to know, without a verdict.

    Parameters
    ----------
    name, title, value, message, threshold
        As in `Diagnostic`.

    Returns
    -------
    Diagnostic
        With the verdict ``note``.
    """
    return Diagnostic(
        name=name, title=title, verdict="note", value=value, threshold=threshold, message=message
    )
