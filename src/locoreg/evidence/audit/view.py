"""The catalogue grouped once, as the checks need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from locoreg.core.findings import Finding, Location, Severity
from locoreg.evidence.records import Catalog, Claim, Reference, Study

Key = tuple[str, str | None, str | None, str | None]
_WHOLE = frozenset({"", "all", "all patients", "overall", "total", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyView:
    """One study with all its rows.

    Attributes
    ----------
    study : Study
        The record; of several versions the first.
    claims : tuple of Claim
        Its rows and those of its versions, in the order of the table.
    contexts : mapping
        Rows by (report, outcome, subgroup, matched set).
    key_of : mapping
        That key of each row.
    references : tuple of Reference
        Its reports.
    """

    study: Study
    claims: tuple[Claim, ...]
    contexts: Mapping[Key, tuple[Claim, ...]]
    key_of: Mapping[str, Key]
    references: tuple[Reference, ...]

    @property
    def study_id(self) -> str:
        """Key of the study."""
        return self.study.study_id

    def report(self, claim: Claim) -> str:
        """Return the report that a row belongs to."""
        return self.key_of[claim.claim_id][0]

    def outcome(self, claim: Claim) -> str | None:
        """Return the outcome id of a row."""
        return self.key_of[claim.claim_id][1]

    def siblings(self, claim: Claim) -> tuple[Claim, ...]:
        """Return the rows with the same report, outcome, subgroup and matched set."""
        return self.contexts[self.key_of[claim.claim_id]]

    def alike(
        self, claim: Claim, *, report: bool = False, outcome: bool = False
    ) -> Iterator[Claim]:
        """Yield rows on the same patients (subgroup and matched set), the row itself first."""
        yield claim
        key = self.key_of[claim.claim_id]
        for other in self.claims:
            if other.claim_id == claim.claim_id:
                continue
            mine = self.key_of[other.claim_id]
            if mine[2:] != key[2:]:
                continue
            if (report and mine[0] != key[0]) or (outcome and mine[1] != key[1]):
                continue
            yield other


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogView:
    """The catalogue, prepared for the checks.

    Attributes
    ----------
    catalog : Catalog
        The tables.
    studies : tuple of StudyView
        One per study; versions of a study stand with it.
    corrected : mapping
        Id of the correcting row by the id of the row that it corrects.
    """

    catalog: Catalog
    studies: tuple[StudyView, ...]
    corrected: Mapping[str, str]

    def claims(self) -> Iterator[tuple[StudyView, Claim]]:
        """Yield every row with its study."""
        for study in self.studies:
            for claim in study.claims:
                yield study, claim


def subgroup_of(claim: Claim) -> str | None:
    """Return the subgroup in one spelling; None for all patients."""
    text = (claim.subgroup or "").strip().casefold()
    return None if text in _WHOLE else text


def dimension_of(subgroup: str | None) -> tuple[str, str] | None:
    """Return (dimension, level) of a subgroup written ``dimension=level``."""
    if subgroup is None or "=" not in subgroup:
        return None
    dimension, _, level = subgroup.partition("=")
    return dimension.strip(), level.strip()


def build(catalog: Catalog) -> CatalogView:
    """Group the tables.

    Parameters
    ----------
    catalog : Catalog
        The tables.

    Returns
    -------
    CatalogView
        Rows by study and context.
    """
    root = {s.study_id: _root(catalog, s) for s in catalog.studies.values()}
    rows: dict[str, list[Claim]] = defaultdict(list)
    for claim in catalog.claims.values():
        rows[root[claim.study_id]].append(claim)
    references: dict[str, list[Reference]] = defaultdict(list)
    for reference in catalog.references.values():
        if reference.study_id in root:
            references[root[reference.study_id]].append(reference)
    aliases = _aliases(catalog)
    return CatalogView(
        catalog=catalog,
        studies=tuple(
            _study_view(study, rows[study.study_id], references[study.study_id], aliases)
            for study in catalog.studies.values()
            if root[study.study_id] == study.study_id
        ),
        corrected={c.supersedes: c.claim_id for c in catalog.claims.values() if c.supersedes},
    )


def _root(catalog: Catalog, study: Study) -> str:
    seen = {study.study_id}
    while study.version_of is not None and study.version_of not in seen:
        parent = catalog.studies.get(study.version_of)
        if parent is None:
            break
        study = parent
        seen.add(study.study_id)
    return study.study_id


def _aliases(catalog: Catalog) -> dict[str, str]:
    names: dict[str, str] = {}
    for outcome in catalog.outcomes.values():
        for name in (outcome.outcome_id, outcome.label, *outcome.aliases):
            names.setdefault(name.casefold(), outcome.outcome_id)
    return names


def _study_view(
    study: Study, claims: list[Claim], references: list[Reference], aliases: Mapping[str, str]
) -> StudyView:
    only = references[0].reference_id if len(references) == 1 else None
    contexts: dict[Key, list[Claim]] = defaultdict(list)
    key_of: dict[str, Key] = {}
    for claim in claims:
        outcome = claim.outcome.strip() if claim.outcome else None
        key = (
            claim.report_id or only or claim.study_id,
            aliases.get(outcome.casefold(), outcome) if outcome else None,
            subgroup_of(claim),
            claim.matched_set,
        )
        contexts[key].append(claim)
        key_of[claim.claim_id] = key
    return StudyView(
        study=study,
        claims=tuple(claims),
        contexts={key: tuple(found) for key, found in contexts.items()},
        key_of=key_of,
        references=tuple(references),
    )


def found(
    view: CatalogView,
    claim: Claim,
    column: str | None,
    *,
    rule: str,
    severity: Severity,
    message: str,
    changes: str,
    value: float | str | None = None,
    limit: float | str | None = None,
    also: tuple[tuple[Claim, str | None], ...] = (),
    reading: str | None = None,
) -> Finding:
    """Return the finding about a row, with the rows it was compared with.

    Parameters
    ----------
    view : CatalogView
        Says whether another row corrects this one.
    claim, column : Claim, str or None
        The doubtful cell.
    rule, severity, message, changes, value, limit, reading
        As in :class:`locoreg.core.findings.Finding`.
    also : tuple of (Claim, str or None)
        Cells that it was compared with.
    """
    fixed = view.corrected.get(claim.claim_id)
    if fixed is not None:
        message += f" The row is corrected by {fixed}."
    others = tuple(dict.fromkeys(c.claim_id for c, _ in also if c.claim_id != claim.claim_id))
    places: tuple[Location, ...] = tuple(other.location(name) for other, name in also)
    return Finding(
        rule=rule,
        severity=severity,
        subject=claim.study_id,
        message=message,
        value=value,
        limit=limit,
        location=claim.location(column),
        changes=changes,
        claim_ids=(claim.claim_id, *others),
        also=tuple(dict.fromkeys(places)),
        reading=reading,
    )


def label(claim: Claim) -> str:
    """Return a short name of what a row is about: outcome, subgroup, measure."""
    parts = [claim.outcome, claim.subgroup, claim.matched_set]
    return ", ".join(part for part in parts if part) or claim.kind


def interval_text(claim: Claim) -> str:
    """Return an effect as printed: ``HR 0.66 (0.49 to 0.88)``."""
    printed = claim.row.printed
    cells = {k: printed.get(k) or "" for k in ("estimate", "ci_low", "ci_high")}
    text = f"{claim.resolved_measure} {cells['estimate']}"
    if claim.ci_low is not None and claim.ci_high is not None:
        text += f" ({cells['ci_low']} to {cells['ci_high']})"
    return text
