"""Texts of REDCap: labels without markup, names as REDCap makes them."""

from __future__ import annotations

import html
import re

# A tag begins with a letter: "ER < 1 % or > 10 %" has none.
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_ARM = re.compile(r"^(?P<event>.*) \(Arm (?P<arm>\d+): .*\)$", re.DOTALL)
_UNIQUE_EVENT = re.compile(r"^[a-z0-9_]+_arm_\d+[a-z]?$")
# REDCap cuts event names to so many characters before it adds the arm.
_EVENT_CHARACTERS = 18


def plain_text(text: str) -> str:
    """Return a label without tags, entities and superfluous spaces."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.split())


def folded(text: str) -> str:
    """Return a label as it is compared with others: without markup, in one case."""
    return plain_text(text).casefold()


def slug(text: str) -> str:
    """Return a label as REDCap turns it into a name: lower case, digits, underscores."""
    words = re.sub(r"[^a-z0-9_]+", "_", plain_text(text).lower())
    return re.sub(r"__+", "_", words).strip("_")


def event_name(text: str) -> str:
    """Return the unique name of an event, from that name or from its label.

    A label export says ``Baseline`` or ``Baseline (Arm 1: Arm 1)`` where a raw export says
    ``baseline_arm_1``.
    """
    text = text.strip()
    if not text or _UNIQUE_EVENT.match(text):
        return text
    found = _ARM.match(text)
    event, arm = (found["event"], found["arm"]) if found else (text, "1")
    return f"{slug(event)[:_EVENT_CHARACTERS].rstrip('_')}_arm_{arm}"
