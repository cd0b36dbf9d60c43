"""Risk-of-bias assessments as published or as a user made them, each judgement with its source.

The tools keep their own words: RoB 2 (Sterne 2019, doi:10.1136/bmj.l4898), ROBINS-I (Sterne 2016,
doi:10.1136/bmj.i4919) and the first Cochrane tool (Higgins 2011, doi:10.1136/bmj.d5928).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import Finding, Location, by_severity
from locoreg.core.tables import Row
from locoreg.evidence.biastools import ALGORITHMS, CONCERNS, OVERALL, TOOLS, Concern, Tool
from locoreg.evidence.catalog import SHIPPED
from locoreg.evidence.extratables import read_extra
from locoreg.evidence.records import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasRecord:
    """One judgement: a study, a domain, and why.

    Attributes
    ----------
    rob_id, study_id, tool, domain, judgement : str
        Key, study, instrument, one of its domains or ``overall``, and its word.
    outcome : str
        Outcome id; empty where the assessment is of all outcomes.
    verbatim, assessor, address, location, verification : str
        The support as printed, who judged, and where it was read.
    note : str
        Remark; empty if there is none.
    file : str
        Table in which the row stands.
    row : int
        Row in it as a spreadsheet counts it.
    """

    rob_id: str
    study_id: str
    tool: str
    outcome: str
    domain: str
    judgement: str
    verbatim: str
    assessor: str
    address: str
    location: str
    verification: str
    note: str
    file: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one assessor found in one study with one instrument.

    Attributes
    ----------
    study_id, outcome, assessor : str
        ``outcome`` is empty where it is of all outcomes.
    tool : Tool
        The instrument.
    domains : mapping
        Record of each domain that was judged.
    recorded : BiasRecord or None
        The overall judgement, where one is on record.
    """

    study_id: str
    outcome: str
    assessor: str
    tool: Tool
    domains: Mapping[str, BiasRecord]
    recorded: BiasRecord | None

    @property
    def complete(self) -> bool:
        """Whether every domain of the instrument was judged."""
        return all(domain in self.domains for domain in self.tool.domains)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Overall judgements that the instrument's algorithm allows, its own answer first."""
        return ALGORITHMS[self.tool.name]([one.judgement for one in self.domains.values()])

    @property
    def overall(self) -> str | None:
        """The overall judgement: as recorded, else by the algorithm if it has one answer."""
        if self.recorded is not None:
            return self.recorded.judgement
        return self.allowed[0] if self.complete and len(self.allowed) == 1 else None

    @property
    def concern(self) -> Concern:
        """What the overall judgement means for certainty."""
        return "unknown" if self.overall is None else self.tool.judgements[self.overall]

    @property
    def contradicts(self) -> str:
        """Why the recorded overall judgement does not follow from the domains; else empty."""
        if self.recorded is None or not self.complete or self.recorded.judgement in self.allowed:
            return ""
        return (
            f"{self.tool.label} gives {' or '.join(self.allowed)} overall from the judgements of "
            f"its domains, and {self.recorded.judgement} is recorded"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the assessment as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "tool": self.tool.name,
            "tool_label": self.tool.label,
            "reference": self.tool.reference,
            "outcome": self.outcome or None,
            "assessor": self.assessor,
            "overall": self.overall,
            "overall_recorded": self.recorded is not None,
            "concern": self.concern,
            "complete": self.complete,
            "contradicts": self.contradicts,
            "domains": [
                {
                    "domain": domain,
                    "judgement": None if one is None else one.judgement,
                    "support": None if one is None else one.verbatim,
                }
                for domain, one in ((d, self.domains.get(d)) for d in self.tool.domains)
            ],
            "sources": sorted(
                {one.address for one in (*self.domains.values(), *_some(self.recorded))}
            ),
        }


def _some(record: BiasRecord | None) -> tuple[BiasRecord, ...]:
    return () if record is None else (record,)


def load_bias_records(
    folders: Sequence[str | Path] = (SHIPPED,),
) -> tuple[tuple[BiasRecord, ...], str]:
    """Read judgements of risk of bias.

    Parameters
    ----------
    folders : sequence of str or Path
        ``shipped``, or folders that hold ``risk_of_bias.csv``; one without it is passed over.

    Returns
    -------
    records : tuple of BiasRecord
        In the order of the tables.
    sha256 : str
        Hash of the files.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    return read_extra("risk_of_bias", "rob_id", folders, _record, _check)


def assessments(records: Iterable[BiasRecord]) -> tuple[Assessment, ...]:
    """Gather judgements by study, instrument, outcome and assessor.

    Parameters
    ----------
    records : iterable of BiasRecord
        From :func:`load_bias_records`.

    Returns
    -------
    tuple of Assessment
        In the order of their first rows.

    Raises
    ------
    DataError
        If one assessor judged a domain twice.
    """
    groups: dict[tuple[str, str, str, str], dict[str, BiasRecord]] = {}
    for one in records:
        group = groups.setdefault((one.study_id, one.tool, one.outcome, one.assessor), {})
        if one.domain in group:
            raise DataError(
                f"{one.file}, row {one.row}: {one.assessor} judges {one.domain} of {one.study_id} "
                f"a second time (row {group[one.domain].row} does already).",
                hint="keep one row, or name the assessors apart.",
            )
        group[one.domain] = one
    return tuple(
        Assessment(
            study_id=study,
            outcome=outcome,
            assessor=assessor,
            tool=TOOLS[tool],
            domains={d: group[d] for d in TOOLS[tool].domains if d in group},
            recorded=group.get(OVERALL),
        )
        for (study, tool, outcome, assessor), group in groups.items()
    )


def assessment_of(
    found: Iterable[Assessment], study_id: str, outcome: str
) -> tuple[Assessment | None, tuple[Assessment, ...]]:
    """Return the assessment of a study that counts for an outcome, and the others.

    One of the outcome itself comes before one of all outcomes; of several the one with the
    greatest concern counts, and the others are returned beside it.

    Parameters
    ----------
    found : iterable of Assessment
        All that are on record.
    study_id, outcome : str
        Study, and outcome id.

    Returns
    -------
    chosen : Assessment or None
        None where no assessment is on record.
    others : tuple of Assessment
        Those of the same study and outcome that were not chosen.
    """
    mine = [one for one in found if one.study_id == study_id and one.outcome in ("", outcome)]
    if not mine:
        return None, ()
    chosen = max(mine, key=lambda one: (bool(one.outcome), _rank(one.concern)))
    return chosen, tuple(one for one in mine if one is not chosen)


def _rank(concern: Concern) -> int:
    # An assessment without an overall judgement gives way to one that has it.
    return -1 if concern == "unknown" else CONCERNS.index(concern)


def bias_findings(found: Iterable[Assessment], catalog: Catalog) -> tuple[Finding, ...]:
    """Return what is wrong with assessments: unknown ids, an overall that does not follow.

    Parameters
    ----------
    found : iterable of Assessment
        From :func:`assessments`.
    catalog : Catalog
        The tables that they are of.

    Returns
    -------
    tuple of Finding
        Worst first.
    """
    return by_severity(finding for one in found for finding in _findings(one, catalog))


def _findings(one: Assessment, catalog: Catalog) -> Iterator[Finding]:
    first = one.recorded or next(iter(one.domains.values()))
    if one.study_id not in catalog.studies:
        hint = did_you_mean(one.study_id, catalog.studies) or ""
        yield _finding(
            first, "blocking", f"there is no study {one.study_id!r} in the tables. {hint}".strip(),
            "study_id", "The assessment is shown nowhere.",
        )  # fmt: skip
    if one.outcome and one.outcome not in catalog.outcomes:
        hint = did_you_mean(one.outcome, catalog.outcomes) or ""
        yield _finding(
            first, "blocking", f"there is no outcome {one.outcome!r}. {hint}".strip(),
            "outcome", "The assessment is shown nowhere.",
        )  # fmt: skip
    if one.contradicts:
        yield _finding(
            first, "serious", f"{one.contradicts} ({one.assessor}).", "judgement",
            "The certainty that rests on the overall judgement.",
        )  # fmt: skip
    study = catalog.studies.get(one.study_id)
    if study is not None and (study.design == "rct") == (one.tool.name == "ROBINS-I"):
        yield _finding(
            first, "minor",
            f"{one.tool.label} is not made for the design {study.design}.", "tool",
            "What the judgement means for certainty.",
        )  # fmt: skip


def _finding(
    record: BiasRecord,
    severity: Literal["blocking", "serious", "minor"],
    message: str,
    column: str,
    changes: str,
) -> Finding:
    return Finding(
        rule="risk-of-bias",
        severity=severity,
        subject=record.study_id,
        message=message[:1].upper() + message[1:],
        value=getattr(record, column),
        limit=None,
        location=Location(
            file=record.file, row=record.row, column=column, printed=record.verbatim or None,
            source=f"{record.address}, {record.location}",
        ),
        changes=changes,
    )  # fmt: skip


def _record(row: Row) -> BiasRecord:
    cells = {name: "" if value is None else str(value) for name, value in row.values.items()}
    return BiasRecord(**cells, file=row.file, row=row.number)


def _check(row: Row) -> tuple[str, str] | None:
    tool = TOOLS[str(row.values["tool"])]
    domain, judgement = str(row.values["domain"]), str(row.values["judgement"])
    known = (*tool.domains, OVERALL)
    if domain not in known:
        return "domain", f"{domain!r} is not one of {', '.join(known)} ({tool.label})"
    if judgement not in tool.judgements:
        words = ", ".join(tool.judgements)
        return "judgement", f"{judgement!r} is not one of {words} ({tool.label})"
    return None
