"""The choices of a field, and the columns that exports make of checkboxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from locoreg.registry.redcap.texts import plain_text

_BETWEEN = re.compile(r"\||\r?\n|\\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One choice: what a raw export holds and what a label export holds."""

    code: str
    label: str


def parse_choices(text: str) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    """Return the choices in a cell of the dictionary such as ``1, Female | 2, Male``.

    Parameters
    ----------
    text : str
        Choices separated by ``|`` (or line breaks); the first comma of each parts code and label,
        and labels may hold more of them, and markup.

    Returns
    -------
    choices : tuple of Choice
        In order; each code once.
    odd : tuple of str
        What was odd, in words.
    """
    found: dict[str, Choice] = {}
    odd = []
    for part in _BETWEEN.split(text):
        if not part.strip():
            continue
        code, comma, label = part.partition(",")
        code = code.strip()
        label = plain_text(label) if comma else code
        if not comma:
            odd.append(f"the choice {code!r} has no label.")
        if not code:
            odd.append(f"the choice {label!r} has no code and is left out.")
            continue
        if code in found:
            odd.append(f"the code {code!r} is given twice; the first counts.")
            continue
        found[code] = Choice(code=code, label=label)
    return tuple(found.values()), tuple(odd)


def checkbox_suffixes(code: str) -> tuple[str, ...]:
    """Return how a column name may end that stands for a code of a checkbox.

    Column names hold lower-case letters, digits and underscores only: the sign of ``-9`` becomes
    an underscore (``field____9``); other characters become one or are left out.
    """
    lower = code.lower()
    spellings = (
        re.sub(r"[^a-z0-9_]", "_", lower),
        re.sub(r"[^a-z0-9_]", "", lower.replace("-", "_")),
        re.sub(r"[^a-z0-9]", "", lower),
    )
    return tuple(dict.fromkeys(s for s in spellings if s))
