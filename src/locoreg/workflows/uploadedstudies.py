"""A user's table of studies: read, audited and pooled on the spot."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from locoreg.core.errors import DataError, DesignError, NothingToPoolError, did_you_mean
from locoreg.core.findings import Finding
from locoreg.core.tables import guard_cell
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import RECORDS, read_catalog
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog, Outcome, Question
from locoreg.workflows.answers import answer
from locoreg.workflows.archives import Archive
from locoreg.workflows.evidence import POOLED_DESIGNS, open_tables, pool_question

QUESTION = "uploaded"
NEEDED = (
    "label", "estimate", "ci_low", "ci_high", "ci_level", "measure", "reference_arm", "design",
)  # fmt: skip
OPTIONAL = (
    "year", "n_intervention", "n_control", "events_intervention", "events_control", "location",
)  # fmt: skip
# These words are compared without regard to case.
_SMALL, _LARGE = ("reference_arm", "design"), ("measure",)
_CLAIM = (
    "estimate", "ci_low", "ci_high", "ci_level", "measure", "reference_arm", "n_intervention",
    "n_control", "events_intervention", "events_control", "location",
)  # fmt: skip
MOST_ROWS = 2_000
MOST_COLUMNS = 100
TABLE_FILES = frozenset(f"{name}.csv" for name in (*RECORDS, "dictionary"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of an uploaded set of tables.

    Attributes
    ----------
    question, outcome : str
        Ids; empty for the first that has studies, and for its main outcome.
    method, interval : str
        As in ``locoreg evidence pool``.
    as_printed : bool
        Whether every row is read as the table states it.
    """

    question: str = ""
    outcome: str = ""
    method: str
    interval: str
    as_printed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedPool:
    """One pool with its sentence."""

    pool: EvidencePool
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedStudies:
    """Uploaded tables, audited and pooled.

    Attributes
    ----------
    sha256 : str
        Hash of the tables as the pools name it.
    studies, claims : int
        Usable rows.
    faults : tuple of Finding
        Cells that can't be used; their rows took no part in anything else.
    findings : tuple of Finding
        What the audit found in the others, worst first.
    questions : tuple of Question
        Those that have studies.
    question : Question
        The one that is shown.
    outcomes : tuple of Outcome
        Those of the question.
    outcome : Outcome
        The one that is shown.
    pools : tuple of UploadedPool
        One per group of designs.
    empty : tuple of (str, str)
        Groups of designs without a usable study, and why.
    """

    sha256: str
    studies: int
    claims: int
    faults: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    question: Question
    outcomes: tuple[Outcome, ...]
    outcome: Outcome
    pools: tuple[UploadedPool, ...]
    empty: tuple[tuple[str, str], ...]

    @property
    def is_list(self) -> bool:
        """Whether the tables were made of one list, row by row."""
        return self.question.question_id == QUESTION

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "tables_sha256": self.sha256,
            "studies": self.studies,
            "claims": self.claims,
            "faults": [one.to_dict() for one in self.faults],
            "findings": [one.to_dict() for one in self.findings],
            "question": self.question.question_id,
            "outcome": self.outcome.outcome_id,
            "pools": [{"answer": one.answer, "pool": one.pool.to_dict()} for one in self.pools],
            "empty": [{"design": design, "reason": reason} for design, reason in self.empty],
        }


def outcome_choices() -> tuple[Outcome, ...]:
    """Return the outcomes that a table of studies can be about."""
    return tuple(open_tables().outcomes.values())


def unpack_tables(stream: IO[bytes], folder: Path, *, most_bytes: int) -> None:
    """Unpack an archive of evidence tables.

    Parameters
    ----------
    stream : binary file
        ZIP archive with ``studies.csv``, ``claims.csv`` and, if wanted, the other tables.
    folder : Path
        New and empty.
    most_bytes : int
        Largest content.
    """
    Archive(stream, most_bytes).unpack(folder, TABLE_FILES.__contains__)


def tables_of_list(raw: bytes, folder: Path, *, outcome: str, measure: str, level: float) -> None:
    """Write evidence tables from one list of studies.

    Parameters
    ----------
    raw : bytes
        CSV with the columns of `NEEDED` and, if wanted, of `OPTIONAL`; one row per study. Row
        numbers stay as they are, so that every remark names the row of the list.
    folder : Path
        New and empty.
    outcome : str
        Outcome id: what the estimates are about.
    measure : str
        What is pooled; rows with another measure are left out and named.
    level : float
        Level of the intervals to be shown, in percent.

    Raises
    ------
    DataError
        If the file can't be read as such a list.
    """
    known = {one.outcome_id: one for one in outcome_choices()}
    if outcome not in known:
        raise DesignError(f"there is no outcome {outcome!r}.", hint=did_you_mean(outcome, known))
    header, rows = _read_list(raw)
    studies: list[list[str]] = []
    claims: list[list[str]] = []
    references: list[list[str]] = []
    for number, cells in rows:
        if not any(cells):
            # A blank line keeps the numbers of those below it.
            for table in (studies, claims, references):
                table.append([])
            continue
        row = dict(zip(header, cells, strict=False))
        study = f"row-{number}"
        studies.append([study, row.get("label", ""), QUESTION, row.get("design", "")])
        claims.append([study, study, "effect", outcome, *(row.get(name, "") for name in _CLAIM)])
        references.append([study, study, row.get("label", "") or study, row.get("year", "")])
    question = {
        "question_id": QUESTION, "title": f"Uploaded studies: {known[outcome].label.lower()}",
        "population": "as in the uploaded table", "intervention": "intervention",
        "comparator": "control", "outcomes": outcome, "measure": measure,
        "reference_arm": "control", "level": f"{level:g}",
        "favours_intervention": "intervention", "favours_control": "control",
    }  # fmt: skip
    heads = {
        "questions": (tuple(question), [list(question.values())]),
        "studies": (("study_id", "label", "question_id", "design"), studies),
        "claims": (("claim_id", "study_id", "kind", "outcome", *_CLAIM), claims),
        "references": (("reference_id", "study_id", "title", "year"), references),
    }
    for name, (head, lines) in heads.items():
        (folder / f"{name}.csv").write_text(_csv([head, *lines]), encoding="utf-8")
        (folder / f"{name}.csv").chmod(0o600)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTables:
    """Uploaded tables, read and audited; what is asked of them changes nothing in it.

    Attributes
    ----------
    catalog : Catalog
        The rows that can be used.
    faults : tuple of Finding
        Cells that can't.
    findings : tuple of Finding
        What the audit found, worst first.
    """

    catalog: Catalog
    faults: tuple[Finding, ...]
    findings: tuple[Finding, ...]


def audit_uploaded(folder: Path) -> AuditedTables:
    """Read and audit uploaded tables.

    Parameters
    ----------
    folder : Path
        The tables.

    Returns
    -------
    AuditedTables
        Rows, faults and findings.

    Raises
    ------
    DataError
        If a table as a whole can't be read, or no row of it can be used.
    """
    catalog, faults = read_catalog(folder)
    if not catalog.studies or not catalog.claims:
        first = f" {faults[0].message}" if faults else ""
        raise DataError(f"no row of the tables can be used.{first}")
    return AuditedTables(catalog=catalog, faults=faults, findings=audit(catalog).findings)


def study_uploaded(tables: AuditedTables, asked: Asked) -> UploadedStudies:
    """Pool uploaded tables.

    Parameters
    ----------
    tables : AuditedTables
        From `audit_uploaded`.
    asked : Asked
        What is wanted of them.

    Returns
    -------
    UploadedStudies
        Faults, findings and pools, designs apart.

    Raises
    ------
    DataError
        If no study belongs to a question, or the outcome is not known.
    """
    catalog, faults, findings = tables.catalog, tables.faults, tables.findings
    questions = tuple(
        one
        for one in catalog.questions.values()
        if any(study.question_id == one.question_id for study in catalog.studies.values())
    )
    if not questions:
        raise DataError(
            "no study of the tables belongs to a question.", hint="fill the column question_id."
        )
    question = catalog.question(asked.question) if asked.question else questions[0]
    outcome = _outcome(catalog, question, asked.outcome)
    pools, empty = [], []
    for design in POOLED_DESIGNS:
        try:
            pool = pool_question(
                catalog, question.question_id, design=design, outcome=outcome.outcome_id,
                as_printed=asked.as_printed, method=asked.method, interval=asked.interval,
                findings=findings,
            )  # fmt: skip
        except NothingToPoolError as error:
            empty.append((design, error.message))
            continue
        assert isinstance(pool, EvidencePool)
        pools.append(UploadedPool(pool=pool, answer=answer(pool)))
    return UploadedStudies(
        sha256=catalog.sha256,
        studies=len(catalog.studies),
        claims=len(catalog.claims),
        faults=faults,
        findings=findings,
        questions=questions,
        question=question,
        outcomes=tuple(catalog.outcomes[o] for o in question.outcomes if o in catalog.outcomes),
        outcome=outcome,
        pools=tuple(pools),
        empty=tuple(empty),
    )


def _outcome(catalog: Catalog, question: Question, asked: str) -> Outcome:
    name = asked or question.outcomes[0]
    found = catalog.outcomes.get(name)
    if found is None:
        raise DataError(f"there is no outcome {name!r}.", hint=did_you_mean(name, catalog.outcomes))
    return found


def _read_list(raw: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"the list is not UTF-8 text (byte {error.start}).", hint="save it as CSV UTF-8."
        ) from error
    if "\0" in text:
        raise DataError("the list holds a NUL character.", hint="is it a spreadsheet file?")
    if not text.strip():
        raise DataError("the list is empty.", hint="the first row holds the column names.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"the list is not valid CSV: {error}.") from error
    header = [cell.strip().casefold() for cell in lines[0]]
    _check_header(header)
    if len(lines) > MOST_ROWS + 1:
        raise DataError(f"the list has more than {MOST_ROWS:,} rows.")
    rows = [(number, _cells(header, cells, number)) for number, cells in enumerate(lines[1:], 2)]
    if not any(any(cells) for _, cells in rows):
        raise DataError("the list has no rows.", hint="add at least one study.")
    return header, rows


def _check_header(header: list[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise DataError(
            f"the list has {len(header):,} columns.", hint=f"it needs {', '.join(NEEDED)}."
        )
    known = (*NEEDED, *OPTIONAL)
    for name in header:
        if name not in known:
            raise DataError(
                f"row 1: unknown column {name[:40]!r}.", hint=did_you_mean(name[:40], known)
            )
        if header.count(name) > 1:
            raise DataError(f"row 1: column {name!r} stands there twice.")
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise DataError(f"row 1: the columns {', '.join(missing)} are missing.")


def _cells(header: list[str], cells: list[str], number: int) -> list[str]:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise DataError(
            f"row {number} has {len(cells)} cells and the header has {len(header)}.",
            hint="quote a cell that holds a comma.",
        )
    # One line per row, so that row numbers stay; a NUL was refused above.
    out = [" ".join(cell.split()) for cell in cells[: len(header)]]
    return [_same_case(name, cell) for name, cell in zip(header, out, strict=False)]


def _same_case(name: str, cell: str) -> str:
    if name in _SMALL:
        return cell.lower()
    if name in _LARGE and cell.upper() in ("HR", "OR", "RR", "RD", "MD", "SMD", "IRR"):
        return cell.upper()
    return cell


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    write: Callable[[Sequence[str]], Any] = writer.writerow
    for row in rows:
        write([guard_cell(cell) for cell in row])
    return buffer.getvalue()
