"""Ids of the page: where each finding, row and publication stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from locoreg.core.findings import Finding
from locoreg.report.blocks import Link, Quote, Text
from locoreg.report.words import NONE

if TYPE_CHECKING:
    from locoreg.workflows.run import StudyResult

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def slug(*parts: str) -> str:
    """Return an id made of letters, digits, dots, dashes and underscores."""
    return "-".join(_UNSAFE.sub("-", part).strip("-") for part in parts if part)


class Anchors:
    """Knows which rows, publications and findings the page shows, and links to them.

    Parameters
    ----------
    result : StudyResult
        The result that the page shows.

    Attributes
    ----------
    claims : tuple of str
        Rows that a pool or a published pool rests on, with the rows that they
        correct, in the order of the table.
    """

    def __init__(self, result: StudyResult) -> None:
        self._catalog = result.catalog
        self._findings = {f: i for i, f in enumerate(result.audit.findings, start=1)}
        wanted: set[str] = set()
        for question in result.questions:
            for item in question.pools:
                wanted.update(c for study in item.pool.studies for c in study.claim_ids)
            wanted.update(pool.claim_id for pool in question.published)
        wanted.update(r.claim_id for r in result.reproductions)
        for claim_id in tuple(wanted):
            row = result.catalog.claims.get(claim_id)
            if row is not None and row.supersedes:
                wanted.add(row.supersedes)
        self.claims = tuple(c for c in result.catalog.claims if c in wanted)

    def claim(self, claim_id: str, words: str | None = None) -> Text:
        """Return a link to a row's provenance; plain text if the page does not show it."""
        shown = words or claim_id
        if claim_id not in self.claims:
            return (shown,)
        return (Link("#" + self.claim_anchor(claim_id), shown),)

    def study(self, label: str, claim_ids: tuple[str, ...]) -> Text:
        """Return a study's name as a link to the provenance of its first row."""
        return self.claim(claim_ids[0], label) if claim_ids else (label,)

    def reference(self, reference_id: str, words: str | None = None) -> Text:
        """Return a link to a publication; plain text if the tables have none of that id."""
        shown = words or reference_id
        if reference_id not in self._catalog.references:
            return (shown,)
        return (Link("#" + self.reference_anchor(reference_id), shown),)

    def finding(self, finding: Finding) -> Text:
        """Return a link to a finding, by its number."""
        if finding not in self._findings:
            return (finding.rule,)
        number = self._findings[finding]
        return (Link(f"#finding-{number}", f"F{number}"),)

    def printed(self, claim_id: str) -> Text:
        """Return a row's printed string, or its cells where the table quotes none."""
        claim = self._catalog.claims.get(claim_id)
        if claim is None:
            return (NONE,)
        if claim.verbatim:
            return (Quote(claim.verbatim),)
        shown = self.cells(claim_id)
        return (f"entered as {shown}",) if shown else (NONE,)

    def cells(self, claim_id: str) -> str:
        """Return a row's effect and limits as its cells print them; empty if it has none."""
        claim = self._catalog.claims.get(claim_id)
        cells = claim.row.printed if claim else {}
        shown = " ".join(cells[c] for c in ("measure", "estimate") if cells.get(c))
        if cells.get("ci_low") and cells.get("ci_high"):
            shown += f" ({cells['ci_low']} to {cells['ci_high']})"
        return shown

    @staticmethod
    def claim_anchor(claim_id: str) -> str:
        """Return the id of a row."""
        return slug("claim", claim_id)

    @staticmethod
    def reference_anchor(reference_id: str) -> str:
        """Return the id of a publication."""
        return slug("ref", reference_id)
