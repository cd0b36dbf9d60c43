"""Studies that may hold the same patients: one registry number or cohort, and their years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.records import Catalog, Study

_YEARS = re.compile(r"\b((?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One study of a family.

    Attributes
    ----------
    study_id, label, design : str
        The study.
    shares : tuple of str
        What it has in common with the study asked for.
    first, last : int or None
        Years of recruitment or diagnosis; None where they are not recorded.
    printed : str
        The years as the table has them, and where they stand.
    overlaps : bool or None
        Whether its years meet those of the study asked for; None where either is not known.
    is_self : bool
        Whether it is the study asked for.
    """

    study_id: str
    label: str
    design: str
    shares: tuple[str, ...]
    first: int | None
    last: int | None
    printed: str
    overlaps: bool | None
    is_self: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A study with those that share its registry number or a cohort.

    Attributes
    ----------
    study_id, label : str
        The study asked for.
    members : tuple of Member
        It first, then the others by year; only itself where it shares nothing.
    """

    study_id: str
    label: str
    members: tuple[Member, ...]

    @property
    def has_others(self) -> bool:
        """Whether any other study shares something."""
        return len(self.members) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the family as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "members": [
                {
                    "study_id": m.study_id,
                    "label": m.label,
                    "design": m.design,
                    "shares": list(m.shares),
                    "first": m.first,
                    "last": m.last,
                    "printed": m.printed or None,
                    "overlaps": m.overlaps,
                }
                for m in self.members
            ],
        }


def family_of(catalog: Catalog, study: Study) -> Family:
    """Return the studies that share a registry number or a cohort with a study.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    study : Study
        One that is not a version of another.

    Returns
    -------
    Family
        What is shared is what the tables state; nothing is guessed from names.
    """
    own = years_of(catalog, study)
    members = [_member(catalog, study, (), own, is_self=True)]
    others = []
    for other in catalog.studies.values():
        if other.study_id == study.study_id or other.version_of:
            continue
        shares = _shares(study, other)
        if shares:
            others.append(_member(catalog, other, shares, own, is_self=False))
    others.sort(key=lambda m: (m.first is None, m.first or 0, m.study_id))
    return Family(study_id=study.study_id, label=study.label, members=tuple([*members, *others]))


def years_of(catalog: Catalog, study: Study) -> tuple[int | None, int | None, str]:
    """Return first and last year of recruitment, and what is printed of them.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    study : Study
        The study.

    Returns
    -------
    first, last : int or None
        None where not recorded.
    printed : str
        The text that they were read from.
    """
    if study.period:
        return (*_read(study.period), study.period)
    for claim in catalog.claims_of(study.study_id):
        if claim.statistic == "accrual_period":
            text = claim.verbatim or claim.value_text or str(claim.value or "")
            first, last = _read(text)
            if first is not None:
                return first, last, text
    return None, None, ""


def _read(text: str) -> tuple[int | None, int | None]:
    years = [int(year) for year in _YEARS.findall(text)]
    return (min(years), max(years)) if years else (None, None)


def _shares(study: Study, other: Study) -> tuple[str, ...]:
    found = []
    if study.registry_id and study.registry_id == other.registry_id:
        found.append(f"registry number {study.registry_id}")
    common = [c for c in cohorts_of(study) if c in cohorts_of(other)]
    found += [f"cohort {cohort}" for cohort in common]
    return tuple(found)


def cohorts_of(study: Study) -> tuple[str, ...]:
    """Return the cohorts that a study draws on."""
    return tuple(c.strip() for c in (study.cohort or "").split(";") if c.strip())


def _member(
    catalog: Catalog,
    study: Study,
    shares: tuple[str, ...],
    own: tuple[int | None, int | None, str],
    *,
    is_self: bool,
) -> Member:
    first, last, printed = years_of(catalog, study)
    overlaps = None
    if None not in (first, last, own[0], own[1]) and not is_self:
        overlaps = first <= own[1] and last >= own[0]  # type: ignore[operator]
    return Member(
        study_id=study.study_id,
        label=study.label,
        design=study.design,
        shares=shares,
        first=first,
        last=last,
        printed=printed,
        overlaps=overlaps,
        is_self=is_self,
    )
