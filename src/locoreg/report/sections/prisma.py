"""Items of PRISMA 2020 in our own short words, and where a report of ours has them.

Page et al. 2021, BMJ 372:n71, doi:10.1136/bmj.n71.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrismaItem:
    """One item.

    Attributes
    ----------
    number, section, topic : str
        As numbered in the statement; the topic in our own words.
    places : tuple of str
        Anchors of the report that have it, the best first; none where only authors can write it.
    left : str
        What of it authors have to write all the same.
    needs, unless : str
        What the results need to have for it to apply, and what is said if they have not.
    """

    number: str
    section: str
    topic: str
    places: tuple[str, ...] = ()
    left: str = ""
    needs: str = ""
    unless: str = ""


_NO_POOL = "nothing is pooled"
_ONE = "no pool has more than one study"

ITEMS: tuple[PrismaItem, ...] = (
    PrismaItem("1", "Title", "that this is a systematic review", (), "only if it is one"),
    PrismaItem("2", "Abstract", "the items of the checklist for abstracts", (), "an abstract"),
    PrismaItem("3", "Introduction", "why the review, given what is known", ()),
    PrismaItem("4", "Introduction", "the questions", ("question",)),
    PrismaItem(
        "5", "Methods", "which studies are taken, and how they are grouped",
        ("question", "methods"), "criteria of the search",
    ),
    PrismaItem(
        "6", "Methods", "databases, registers and other sources, with dates", (),
        "the date of the last search stands in the title block; the sources do not",
    ),
    PrismaItem("7", "Methods", "full search strategies", ()),
    PrismaItem("8", "Methods", "how studies were chosen, by how many people", ()),
    PrismaItem(
        "9", "Methods", "how data were taken from reports", ("provenance",),
        "by how many people, and contact with authors",
    ),
    PrismaItem("10a", "Methods", "outcomes that were sought", ("question",)),
    PrismaItem(
        "10b", "Methods", "other variables that were sought, and assumptions", ("provenance",),
        "funding sources of the studies",
    ),
    PrismaItem(
        "11", "Methods", "how risk of bias was assessed", (),
        "the audit checks numbers, and is no tool for risk of bias",
    ),
    PrismaItem("12", "Methods", "measures of effect", ("question",)),
    PrismaItem("13a", "Methods", "which studies go into which synthesis", ("question",)),
    PrismaItem(
        "13b", "Methods", "how data were made ready: conversions, missing statistics",
        ("methods",),
    ),
    PrismaItem("13c", "Methods", "how results are shown", ("question",)),
    PrismaItem(
        "13d", "Methods", "how results are pooled, with heterogeneity and software",
        ("methods",), needs="pools", unless=_NO_POOL,
    ),
    PrismaItem(
        "13e", "Methods", "how causes of heterogeneity are looked for", ("question",),
        needs="subgroups", unless="the study asks for no subgroups",
    ),
    PrismaItem(
        "13f", "Methods", "sensitivity analyses", ("multiverse", "question"),
        needs="pools", unless=_NO_POOL,
    ),
    PrismaItem(
        "14", "Methods", "how bias by missing results was assessed", (),
        "this report has no funnel plot and no test of it",
    ),
    PrismaItem(
        "15", "Methods", "how certainty was assessed", ("summary-of-findings",),
        needs="judged", unless="nobody has judged it in this study",
    ),
    PrismaItem("16a", "Results", "from records to studies, best as a flow diagram", ()),
    PrismaItem(
        "16b", "Results", "studies that look eligible and were left out, with reasons",
        ("question",), "those that the search found and the tables do not hold",
    ),
    PrismaItem("17", "Results", "each study with its characteristics", ("question", "references")),
    PrismaItem("18", "Results", "risk of bias of each study", (), "the audit is no such tool"),
    PrismaItem("19", "Results", "each study's result, per outcome", ("pool", "question")),
    PrismaItem(
        "20a", "Results", "per synthesis its studies and their risk of bias", ("pool", "question"),
        "risk of bias",
    ),
    PrismaItem(
        "20b", "Results", "pooled estimates with precision and heterogeneity", ("answers", "pool"),
        needs="pools", unless=_NO_POOL,
    ),
    PrismaItem(
        "20c", "Results", "causes of heterogeneity", ("question",), needs="subgroups",
        unless="the study asks for no subgroups",
    ),
    PrismaItem(
        "20d", "Results", "results of sensitivity analyses", ("multiverse", "question"),
        needs="several studies", unless=_ONE,
    ),
    PrismaItem("21", "Results", "bias by missing results, per synthesis", ()),
    PrismaItem(
        "22", "Results", "certainty of each body of evidence", ("summary-of-findings",),
        needs="judged", unless="nobody has judged it in this study",
    ),
    PrismaItem("23a", "Discussion", "results in the light of other evidence", ()),
    PrismaItem("23b", "Discussion", "limits of the evidence", ("limits",), "beyond the general"),
    PrismaItem("23c", "Discussion", "limits of the review process", (), "of search and selection"),
    PrismaItem("23d", "Discussion", "what it means for practice, policy and research", ()),
    PrismaItem("24a", "Other", "registration", ()),
    PrismaItem("24b", "Other", "where the protocol is", ()),
    PrismaItem("24c", "Other", "amendments of registration or protocol", ()),
    PrismaItem("25", "Other", "support, and the role of funders", ()),
    PrismaItem("26", "Other", "competing interests", ()),
    PrismaItem(
        "27", "Other", "where data, code and other materials are", ("reproduce", "provenance")
    ),
)  # fmt: skip
