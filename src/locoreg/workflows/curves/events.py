"""Codes of the event column: which one is the event, which are causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.tables import shorten
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.workflows.curves.textcells import Labels, named_lines

_TRUTH = {"true": "1", "false": "0"}
MOST_CAUSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCodes:
    """How the event column is to be read.

    Attributes
    ----------
    event, censored : tuple of str
        Codes of the event and of censoring; both empty for 1 and 0.
    causes : bool
        Whether codes 1, 2, ... are competing causes.
    """

    event: tuple[str, ...] = ()
    censored: tuple[str, ...] = ()
    causes: bool = False

    def __post_init__(self) -> None:
        """Check that the options fit each other."""
        if self.causes and (self.event or self.censored):
            raise DesignError(
                "causes and event_code exclude each other: causes have the codes 0, 1, 2, ...",
                hint="leave one of them out.",
            )
        if self.censored and not self.event:
            raise DesignError(
                "censor_code is given without event_code.", hint="say which code is the event."
            )
        both = {plain(c) for c in self.event} & {plain(c) for c in self.censored}
        if both:
            raise DesignError(
                f"{', '.join(sorted(both))} can't mean both event and censored.",
                hint="give each code once.",
            )


def plain(code: str) -> str:
    """Return a code without needless differences: ``2`` for ``2.0``, ``1`` for ``TRUE``."""
    text = code.strip()
    try:
        number = float(text)
    except ValueError:
        return _TRUTH.get(text.casefold(), text)
    return str(int(number)) if number.is_integer() else text


def read_events(
    labels: Labels, codes: EventCodes, lines: IntArray, *, file: str, column: str
) -> FloatArray:
    """Return 0 for censored, 1 for the event or 1, 2, ... for causes, NaN where missing.

    Parameters
    ----------
    labels : Labels
        The column.
    codes : EventCodes
        How to read it.
    lines : ndarray of int, shape (n,)
        Line of each row.
    file, column : str
        File and column, for messages.

    Returns
    -------
    ndarray of float, shape (n,)
        Events.

    Raises
    ------
    DataError
        If a code is none of those that are allowed; the message names the rows.
    DesignError
        If the event's code does not occur, or it is not clear what other codes mean.
    """
    texts = [plain(text) for text in labels.texts]
    if codes.causes:
        meaning, hint = _causes(texts), "0 for censored, 1, 2, ... for the causes."
    elif codes.event:
        meaning = _chosen(texts, codes)
        hint = "name every code, with event_code or censor_code."
    else:
        meaning = {text: float(text) for text in texts if text in ("0", "1")}
        hint = "0 is censored, 1 the event; for other codes give --event-code, or --causes."
    values = np.array([meaning.get(text, np.nan) for text in texts] + [np.nan])
    out = values[labels.codes]
    unknown = np.isnan(out) & ~labels.missing
    if unknown.any():
        first = labels.texts[int(labels.codes[int(np.argmax(unknown))])]
        raise DataError(
            f"{file}, {named_lines(lines[unknown])}, column {column}: {shorten(first)!r} is "
            "no code of an event.",
            hint=hint,
        )
    return out


def _causes(texts: Sequence[str]) -> dict[str, float]:
    return {t: float(t) for t in texts if t.isdecimal() and int(t) <= MOST_CAUSES}


def _chosen(texts: Sequence[str], codes: EventCodes) -> dict[str, float]:
    events, censored = ([plain(code) for code in group] for group in (codes.event, codes.censored))
    for code in events:
        if code not in texts:
            raise DesignError(
                f"no row has the event code {shorten(code)!r}.", hint=did_you_mean(code, texts)
            )
    if not censored:
        censored = [text for text in dict.fromkeys(texts) if text not in events]
        if len(censored) > 1:
            raise DesignError(
                f"besides the event there are the codes {', '.join(map(shorten, censored))}.",
                hint="say which of them mean censored with censor_code; competing events need "
                "causes.",
            )
    return {**dict.fromkeys(censored, 0.0), **dict.fromkeys(events, 1.0)}
