"""What the text of a cell is read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from locoreg.core.findings import Severity


class Fault(NamedTuple):
    """What is wrong with a text; ``message`` says what was done."""

    rule: str
    severity: Severity
    message: str


class Reading(NamedTuple):
    """A value, or why there is none.

    Attributes
    ----------
    value : str, float, int, bool, date or None
        The value.
    reason : str or None
        Why it is null.
    more : str or None
        Precision of a date, operator of a number.
    fault : Fault or None
        What is wrong.
    code : bool
        Whether the text was read as a code.
    """

    value: str | float | int | bool | date | None = None
    reason: str | None = None
    more: str | None = None
    fault: Fault | None = None
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknowns:
    """Texts that mean unknown.

    Attributes
    ----------
    exact, folded : dict of str to str
        Reason by text, as it stands and without regard to case.
    """

    exact: dict[str, str]
    folded: dict[str, str]

    def reason(self, text: str) -> str | None:
        """Return why there is no value; None if there is one."""
        found = self.exact.get(text)
        return found if found is not None else self.folded.get(text.casefold())


def unknowns(*layers: Mapping[Any, list[str]] | None) -> Unknowns:
    """Return the texts that mean unknown; later layers override earlier ones.

    An empty cell is not recorded, where no layer says otherwise.
    """
    exact: dict[str, str] = {"": "not_recorded"}
    for layer in layers:
        for reason, texts in (layer or {}).items():
            for text in texts:
                exact[" ".join((text or "").split())] = reason
    return Unknowns(exact=exact, folded={text.casefold(): why for text, why in exact.items()})


def refused(rule: str, message: str, *, severity: Severity = "serious") -> Reading:
    """Return an unknown value with its fault."""
    return Reading(None, "not_recorded", None, Fault(rule, severity, message))


def shown(text: str) -> str:
    """Return a text in quotes for a message, its middle cut out if it is long."""
    return repr(text if len(text) <= 80 else f"{text[:60]} … {text[-15:]}")
