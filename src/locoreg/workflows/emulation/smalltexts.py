"""Texts without counts of few persons."""

from __future__ import annotations

import re

# What follows a number that counts persons, values or events of theirs.
_NOUNS = (
    "persons?|patients?|people|women|men|clones?|events?|deaths?|outcomes?|values?|rows|treated|"
    "not treated|untreated|excluded|unknown|not known|missing|lost|out\\b|left\\b|are|were|began|"
    "had|have|of them|of those"
)
# Numbers before these words are thresholds of a rule, not counts.
_LIMITS = ("fewer than ", "less than ", "at least ", "more than ", "under ", "over ")
_COUNT = re.compile(
    rf"(?<![\d.,:≤≥−-])(?P<n>\d[\d,]*)(?P<of> of (?P<whole>\d[\d,]*))?"
    rf"(?= (?:{_NOUNS})\b|(?(of)[,;. )]|(?!)))(?P<rest> (?:{_NOUNS})?(?: \(\d+\.\d+%\))?)?"
)
_SHARE = re.compile(r"(?<![\d.])(?P<p>\d+(?:\.\d+)?)%(?= of (?:the )?(?:persons|patients|those))")
_PLACES = re.compile(r" \(rows? \d[^)]*\)")


def hidden_text(limit: int) -> str:
    """Return how a small count is shown."""
    return f"≤{limit}"


def rule_words(limit: int) -> str:
    """Return the rule in words, for notes."""
    return (
        f"Counts of 1 to {limit} persons are hidden, and those that would give them away. No step "
        "of a curve stands for so few."
    )


def redacted(text: str, limit: int | None, n: int) -> str:
    """Return a text without counts of few persons, nor shares that stand for them.

    Parameters
    ----------
    text : str
        A sentence.
    limit : int or None
        Counts from 1 to this many are hidden; None changes nothing.
    n : int
        Persons whom shares are of.

    Returns
    -------
    str
        Such counts as ``<=10`` with the sign of print. Thresholds stay.
    """
    if limit is None:
        return text

    others: set[int] = set()

    def count(found: re.Match[str]) -> str:
        if text[: found.start()].endswith(_LIMITS):
            return found.group(0)
        shown = _shown_match(found, limit)
        if shown is None:
            return found.group(0)
        if found["whole"]:
            others.add(_int(found["whole"]) - _int(found["n"]))
        return shown

    def share(found: re.Match[str]) -> str:
        value = float(found["p"])
        least = 100.0 * limit / max(n, 1)
        if 0 < value <= least + 0.05:
            return f"at most {least:.1f}%"
        return found.group(0)

    out = _COUNT.sub(count, _PLACES.sub("", text))
    for other in others:
        # "for 1,070 of 1,073, and later for 3": the rest of a whole.
        if 1 <= other <= limit:
            out = re.sub(rf"\bfor {other}(?![\d.,%]|\s*months)", f"for {hidden_text(limit)}", out)
    return _SHARE.sub(share, out)


def _shown_match(found: re.Match[str], limit: int) -> str | None:
    """Return a count in a text as shown; None where it stays."""
    value, rest = _int(found["n"]), found["rest"] or ""
    whole = _int(found["whole"]) if found["whole"] else None
    if whole is not None and whole <= limit and not rest.strip():
        # "2 of 3", without a word for persons.
        return None
    plain = re.sub(r" \(\d+\.\d+%\)", "", rest)
    tail = found["of"] or ""
    if whole is not None and 1 <= whole <= limit:
        tail = f" of {hidden_text(limit)}"
    if 1 <= value <= limit:
        return f"{hidden_text(limit)}{tail}{plain}"
    if whole is not None and 1 <= whole - value <= limit:
        return f"≥{max(whole - limit, 0):,}{tail}{plain}"
    return None


def _int(text: str) -> int:
    return int(text.replace(",", ""))
