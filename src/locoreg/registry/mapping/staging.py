"""T, N and M categories and stage groups, however they are spelled."""

from __future__ import annotations

import re

from locoreg.registry.mapping.codes import read_plain_code
from locoreg.registry.mapping.readings import Reading

CATEGORIES = ("ct", "cn", "cm", "pt", "pn", "pm")
STAGE_GROUP = "stage_group"
_PARTS = {
    "t": re.compile(
        r"(?P<n>x|is|[0-4])(?P<sub>mic?|[a-d])?(?P<more>\((?:dcis|lcis|paget|m|s|\d)\))?"
    ),
    "n": re.compile(r"(?P<n>x|[0-3])(?P<sub>mi|[a-c])?(?P<more>\((?:(?:i|mol)[+-]|f|sn)\))?"),
    "m": re.compile(r"(?P<n>x|[01])(?P<sub>[a-d])?(?P<more>\(i\+\))?"),
}
_STAGE = re.compile(
    r"(?:(?:ajcc|uicc|figo)? ?(?:stage|stadium|stade) ?)?(?P<n>0|i{1,3}|iv|[1-4]) ?(?P<sub>[a-c])?",
    re.IGNORECASE,
)
_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_CARCINOMA_IN_SITU = {"(dcis)": "(DCIS)", "(lcis)": "(LCIS)", "(paget)": "(Paget)"}


def is_category(column: str) -> bool:
    """Return whether a column of the registry holds T, N, M or a stage group."""
    return column in CATEGORIES or column == STAGE_GROUP


def read_category(column: str, text: str) -> Reading:
    """Read a category in the spelling of the manual: ``T1C`` is T1c, ``Stage 2a`` is IIA.

    Parameters
    ----------
    column : str
        ``ct`` to ``pm``, or ``stage_group``.
    text : str
        Without spaces around it.

    Returns
    -------
    Reading
        The column's own prefix (``pT2`` in ``pt``) is left out; any other text stays as it is.
    """
    plain = read_plain_code(text, snomed=False)
    if plain.value is None:
        return plain
    found = _stage(str(plain.value)) if column == STAGE_GROUP else _tnm(column, str(plain.value))
    return Reading(found or str(plain.value), code=True)


def _tnm(column: str, text: str) -> str | None:
    basis, axis = column[0], column[1]
    folded = "".join(text.split()).casefold()
    folded = folded.removeprefix(basis).removeprefix(axis)
    found = _PARTS[axis].fullmatch(folded)
    if found is None:
        return None
    more = found["more"] or ""
    number = "X" if found["n"] == "x" else found["n"]
    return f"{axis.upper()}{number}{found['sub'] or ''}{_CARCINOMA_IN_SITU.get(more, more)}"


def _stage(text: str) -> str | None:
    found = _STAGE.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    number = _ROMAN.get(found["n"], found["n"].upper())
    return f"{number}{(found['sub'] or '').upper()}"
