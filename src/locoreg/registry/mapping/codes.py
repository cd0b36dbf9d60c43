"""Codes as they come out of spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from locoreg.core.findings import Severity
from locoreg.registry.mapping.readings import Fault, Reading, refused, shown

_FLOAT = re.compile(r"[+-]?\d+\.0*")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+")
_REMARK = re.compile(r"(?P<code>.*?\S)\s*[(\[](?P<remark>.*)[)\]]\s*", re.DOTALL)
_SNOMED = re.compile(r"\d{6,18}")
# Verhoeff's check: multiplication in the dihedral group of order 10, and the permutation.
_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901",
    "2793806415", "7046913258",
)  # fmt: skip

Canonical = str | int | float | bool | None


def verhoeff_holds(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others.

    Parameters
    ----------
    digits : str
        Decimal digits.

    Returns
    -------
    bool
        False also where there is anything but digits.

    References
    ----------
    J. Verhoeff, Error Detecting Decimal Codes, Mathematical Centre Tracts 29, Amsterdam 1969;
    used for SNOMED CT identifiers.
    """
    if not digits.isascii() or not digits.isdigit():
        return False
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_D[check][int(_P[place % 8][int(digit)])])
    return check == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBook:
    """Codes of a column and what they become.

    Attributes
    ----------
    exact, folded : dict
        Canonical values by code, as it stands and without regard to case and spaces.
    doubtful : dict
        Words of the issue that a code raises, by folded code.
    """

    exact: dict[str, Canonical]
    folded: dict[str, Canonical]
    doubtful: dict[str, str]

    def find(self, text: str) -> tuple[bool, Canonical]:
        """Return whether a code is known, and its canonical value."""
        for known, key in ((self.exact, text), (self.folded, _fold(text))):
            if key in known:
                return True, known[key]
        return False, None

    def read(self, text: str) -> Reading:
        """Read a code.

        Parameters
        ----------
        text : str
            Without spaces around it.

        Returns
        -------
        Reading
            Unknown codes are null with the rule ``unknown-code``.
        """
        known, value = self.find(text)
        if not known and _FLOAT.fullmatch(text):
            known, value = self.find(text.split(".")[0])
        if known:
            return self._known(value, self.doubtful.get(_fold(text)), text)
        if _SCIENTIFIC.fullmatch(text):
            return _damaged(text)
        return self._with_remark(text)

    def _known(self, value: Canonical, doubt: str | None, text: str) -> Reading:
        fault = (
            None if doubt is None else Fault("doubtful-code", "minor", f"{shown(text)}: {doubt}.")
        )
        return Reading(value, "not_recorded" if value is None else None, None, fault, code=True)

    def _with_remark(self, text: str) -> Reading:
        found = _REMARK.fullmatch(text)
        known, value = self.find(found["code"]) if found else (False, None)
        if found is None or not known:
            message = f"the map has no code {shown(text)}; the value was left out."
            return refused("unknown-code", message)._replace(code=True)
        others = {c for c in self.folded if c and c != _fold(found["code"])}
        against = any(_stands_in(other, _fold(found["remark"])) for other in others)
        message = f"{shown(text)} was read as {found['code']!r}; " + (
            "the remark in brackets says something else." if against else "the remark is left out."
        )
        rule = "code-contradicts-remark" if against else "remark-left-out"
        severity: Severity = "serious" if against else "minor"
        reading = self._known(value, None, text)
        return reading._replace(fault=Fault(rule, severity, message))


def _stands_in(code: str, text: str) -> bool:
    return re.search(rf"(?<![\w+-]){re.escape(code)}(?![\w+-])", text) is not None


def code_book(
    codes: Mapping[str, Canonical] | None, allowed: tuple[str, ...], doubtful: Mapping[str, str]
) -> CodeBook:
    """Return the codes of a column; without any, its canonical values stand for themselves."""
    exact = dict(codes) if codes is not None else {value: value for value in allowed}
    exact = {" ".join(code.split()): value for code, value in exact.items()}
    folded: dict[str, Canonical] = {}
    for code, value in exact.items():
        folded.setdefault(_fold(code), value)
    return CodeBook(
        exact=exact,
        folded=folded,
        doubtful={_fold(code): words for code, words in doubtful.items()},
    )


def read_plain_code(text: str, *, snomed: bool) -> Reading:
    """Read a code that stays as it is: ``12.0`` is 12, a code in scientific notation is lost.

    Parameters
    ----------
    text : str
        Without spaces around it.
    snomed : bool
        Whether it must be an identifier of SNOMED CT.
    """
    if _SCIENTIFIC.fullmatch(text):
        return _damaged(text)
    code = text.split(".")[0] if _FLOAT.fullmatch(text) else text
    if snomed and not (_SNOMED.fullmatch(code) and verhoeff_holds(code)):
        message = (
            f"{shown(text)} is no identifier of SNOMED CT: its check digit does not hold, as "
            "after a spreadsheet rounded it; it was left out."
        )
        return refused("damaged-code", message)._replace(code=True)
    return Reading(code, code=True)


def _damaged(text: str) -> Reading:
    message = (
        f"{shown(text)} is a code that a spreadsheet turned into a number: its digits are lost "
        "and it was left out; export the column as text."
    )
    return refused("damaged-code", message)._replace(code=True)


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
