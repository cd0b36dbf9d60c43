"""The items of the TARGET statement by number, in our own words.

The checklist itself may not be changed (its licence is CC BY-ND 4.0); it is referred to by number.

References
----------
Cashin AG, et al. Transparent reporting of observational studies emulating a target trial: the
TARGET statement. JAMA 2025. doi:10.1001/jama.2025.13350; BMJ 2025. doi:10.1136/bmj-2025-087179
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Section = Literal[
    "abstract", "introduction", "specification", "emulation", "results", "discussion", "other"
]
DOI = "10.1001/jama.2025.13350"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item, or part of one.

    Attributes
    ----------
    number : str
        Its number in the statement.
    section : str
        Where in a report it belongs; the methods are split into specification and emulation.
    topic : str
        What it is about, in our own words.
    """

    number: str
    section: Section
    topic: str


def _items(section: Section, **topics: str) -> tuple[Item, ...]:
    return tuple(
        Item(number=name.removeprefix("n").replace("_", "."), section=section, topic=topic)
        for name, topic in topics.items()
    )


# The parts that a trial's specification (item 6) and its emulation (item 7) share.
PARTS = {
    "a": "who is eligible",
    "b": "strategies that are compared",
    "c": "how persons are assigned",
    "d": "start and end of follow-up",
    "e": "outcomes",
    "f": "contrasts and measures of effect",
    "g": "assumptions and the variables that they need",
    "h": "plan of analysis",
}

ITEMS: tuple[Item, ...] = (
    *_items(
        "abstract",
        n1a="that a target trial is emulated, with what aim, and the trial in short",
        n1b="data",
        n1c="assumptions, methods, findings",
    ),
    *_items(
        "introduction",
        n2="what is known and what is not",
        n3="the causal question",
        n4="why an emulation, and which trials informed it",
    ),
    *_items("emulation", n5="data: what for, kind, place, setting, period, linkage"),
    *(
        Item(number=f"6{letter}", section="specification", topic=f"target trial: {topic}")
        for letter, topic in PARTS.items()
    ),
    *(
        Item(number=f"7{letter}", section="emulation", topic=f"emulation: {topic}")
        for letter, topic in PARTS.items()
        if letter < "g"
    ),
    *_items(
        "emulation",
        n7g_i="emulation: assumptions, those on confounding at baseline among them",
        n7g_ii="emulation: how the variables of the assumptions were measured",
        n7h_i="emulation: analysis of each estimand, with missing values",
        n7h_ii="emulation: analyses that vary definitions, assumptions and models",
    ),
    *_items(
        "results",
        n8="persons assessed, eligible, and in each strategy",
        n9="persons at baseline, by strategy",
        n10="length of follow-up and why it ended, by strategy and contrast",
        n11="missing values, by strategy",
        n12="outcomes, by strategy",
        n13="effects with their precision, absolute and relative",
        n14="results of the sensitivity analyses",
    ),
    *_items(
        "discussion",
        n15="what the results mean",
        n16="limits: where trial and emulation differ, and what the assumptions risk",
    ),
    *_items(
        "other",
        n17="ethics",
        n18="registration",
        n19="sharing of data and code",
        n20="funding",
        n21="conflicts of interest",
    ),
)
