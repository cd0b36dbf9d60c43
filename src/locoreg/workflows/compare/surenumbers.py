"""The numbers on how sure one can be, and on the next trial, by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from locoreg.workflows.compare.number import Number, estimate_words


def sure_numbers(entry: dict[str, Any]) -> Iterator[Number]:
    """Yield the numbers of an entry of ``how_sure``.

    Parameters
    ----------
    entry : dict
        JSON-ready.

    Yields
    ------
    Number
        Posterior under the main prior, last step of the ladder, certainty.
    """
    name = f"{entry['question']}/{entry['outcome']}/{entry['design']}".replace("_", " ")
    bayes, ladder, certainty = (_had(entry, part) for part in ("bayes", "designs", "certainty"))
    if bayes:
        row = bayes["rows"][0]
        words, exact = estimate_words(row["mu"])
        yield Number(f"{bayes['key']}/mu", f"{name}, {row['name']}", words, exact)
    if ladder:
        step = ladder["steps"][-1]
        words, exact = estimate_words(step["mu"])
        yield Number(f"{ladder['key']}/last", f"{name}, all designs", words, exact)
    if certainty and certainty["result"]:
        found = certainty["result"]
        judged = found["judged"] or "not judged"
        words = f"{judged}, proposed {found['proposed']}"
        yield Number(f"{certainty['key']}/level", f"{name}, certainty", words, (words,))


def planned_numbers(entry: dict[str, Any]) -> Iterator[Number]:
    """Yield the numbers of an entry of ``planning``.

    Parameters
    ----------
    entry : dict
        JSON-ready.

    Yields
    ------
    Number
        Sizes, where the trials stand, assurance and accrual.
    """
    key, name = entry.get("key", ""), f"Next trial, {entry.get('question', '')}"
    for trial in entry.get("trials") or ():
        if trial["size"]:
            events, patients = trial["size"]["events"], trial["size"]["patients"]
            yield Number(
                f"{trial['key']}/size", f"{name}, hazard ratio {trial['hazard_ratio']:g}",
                f"{events:,} events, {patients:,} patients", (events, patients),
            )  # fmt: skip
    sequential = _had(entry, "sequential")
    if sequential:
        share, kind = sequential["required"]["fraction"], sequential["verdict"]["kind"]
        yield Number(
            f"{key}/sequential/fraction", f"{name}, information so far",
            f"{share:.0%} of the required, {kind}", (share, kind),
        )  # fmt: skip
    for row in (_had(entry, "assurance") or {}).get("new_trial") or ():
        exact = (row["benefit"], row["harm"])
        yield Number(
            f"{key}/assurance/{row['patients']}", f"{name}, assurance of {row['patients']:,}",
            f"benefit {exact[0]:.1%}, harm {exact[1]:.1%}", exact,
        )  # fmt: skip
    for row in (_had(entry, "accrual") or {}).get("forecasts") or ():
        if not row["refused"]:
            yield Number(
                f"{row['key']}/fails", f"{name}, accrual of {row['patients']:,} fails",
                f"{row['fails']:.0%}", (row["fails"],),
            )  # fmt: skip


def _had(entry: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a part that was asked for and could be had."""
    part: dict[str, Any] | None = entry.get(name)
    return None if not part or part["refused"] else part
