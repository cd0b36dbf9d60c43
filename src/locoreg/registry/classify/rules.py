"""The rules of the derived variables: name, version, source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_ABC5 = "Cardoso F, et al. Ann Oncol 2020;31:1623-1649 (ABC5)"
_ESTRO_ASTRO = "Lievens Y, et al. Radiother Oncol 2020;148:157-166"
_EORTC_ESTRO = "Guckenberger M, et al. Lancet Oncol 2020;21:e18-e28"
_ER = "Allison KH, et al. J Clin Oncol 2020;38:1346-1366 (ASCO/CAP, ER and PR)"
_HER2 = (
    "Wolff AC, et al. J Clin Oncol 2018;36:2105-2122 and 2023;41:3867-3872 (ASCO/CAP, HER2); "
    "HER2-low: Tarantino P, et al. J Clin Oncol 2020;38:1951-1962"
)
_RECIST = "Eisenhauer EA, et al. Eur J Cancer 2009;45:228-247 (RECIST 1.1)"
_LQ = "Fowler JF. Br J Radiol 1989;62:679-694 (biologically effective dose)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that derives variables.

    Attributes
    ----------
    id, version : str
        Name, and version of what it does.
    title : str
        What it derives.
    citation : str
        Where it comes from.
    reviewed : bool
        Whether a clinician has checked it against the full text of its source.
    """

    id: str
    version: str
    title: str
    citation: str
    reviewed: bool = False

    @property
    def label(self) -> str:
        """Name and version as every row carries them."""
        return f"{self.id}/{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-ready values."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "citation": self.citation,
            "reviewed_by_a_clinician": self.reviewed,
        }


RULES = {
    rule.id: rule
    for rule in (
        Rule(
            id="subtype",
            version="1",
            title="Receptors and subtype at the primary and at metastasis, and their conversion",
            citation=f"{_ER}; {_HER2}",
        ),
        Rule(
            id="intervals",
            version="1",
            title="Disease-free and metastasis-free interval from a named origin",
            citation="Deluche E, et al. Eur J Cancer 2020;129:60-70 (metastasis-free interval)",
        ),
        Rule(
            id="de_novo",
            version="1",
            title="Metastasis at, or within a stated number of days of, the primary diagnosis",
            citation="AJCC Cancer Staging Manual, 8th edition, 2017 (M1 at diagnosis)",
        ),
        Rule(
            id="lesions",
            version="1",
            title="Number, sites and size of the distant lesions present",
            citation=f"{_RECIST} for sizes; counting as documented",
        ),
        Rule(
            id="oligometastatic",
            version="1",
            title="Oligometastatic state by ABC5, ESTRO-ASTRO and EORTC/ESTRO",
            citation=f"{_ABC5}; {_ESTRO_ASTRO}; {_EORTC_ESTRO}",
        ),
        Rule(
            id="lines",
            version="1",
            title="Number of each line of systemic therapy, as stated and from its dates",
            citation="Order of first days within the setting",
        ),
        Rule(
            id="response",
            version="1",
            title="Latest response, and best response since the current line began",
            citation=_RECIST,
        ),
        Rule(
            id="sabr",
            version="1",
            title="Stereotactic ablative radiotherapy, as coded or from dose and fractions",
            citation=f"Heuristic of this project on {_LQ}",
        ),
        Rule(
            id="resection",
            version="1",
            title="Complete resection: R0 over all sites known at the time",
            citation="Wittekind C, et al. Cancer 2002;94:2511-2516 (R classification)",
        ),
        Rule(
            id="local_therapy",
            version="1",
            title="Days of local therapy since diagnosis and first metastasis",
            citation="Dates as recorded; no grouping by time",
        ),
        Rule(
            id="ctdna",
            version="1",
            title="ctDNA over time: positive, negative, cleared, rising",
            citation="Detected flag of the assay, else value against its limit of detection",
        ),
    )
}
