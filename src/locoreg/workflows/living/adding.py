"""Check new rows against the tables they go to, say what they change, and write them."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, DesignError, LocoregError, did_you_mean
from locoreg.core.findings import Finding, by_severity
from locoreg.core.numbertext import plural
from locoreg.core.tables import Column
from locoreg.evidence.catalog import RECORDS, SHIPPED, dictionary, load_catalog, read_catalog
from locoreg.evidence.eligibility import load_eligibility
from locoreg.evidence.harms import load_harms
from locoreg.evidence.riskofbias import assessments, bias_findings, load_bias_records
from locoreg.workflows.living.acceptance import Acceptance, about
from locoreg.workflows.living.differences import EvidenceDiff, compare_sides
from locoreg.workflows.living.evidencesides import PoolSettings, Side, tables_side
from locoreg.workflows.living.newrows import (
    HISTORY,
    locked,
    merged,
    new_tables,
    write_whole,
)
from locoreg.workflows.living.poolconclusions import Standards

# More faults than this in one message help nobody.
MOST_FAULTS = 20
# Tables that are no part of the catalogue, with who reads them.
EXTRA: Mapping[str, Callable[[Sequence[str | Path]], Any]] = {
    "eligibility": load_eligibility,
    "harms": load_harms,
    "risk_of_bias": load_bias_records,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """New rows, checked.

    Attributes
    ----------
    source, target : str
        Folder of the new rows, and folder that they go to.
    tables : tuple of str
        The tables as they are to be named from then on.
    counts : mapping
        New rows by table.
    findings : tuple of Finding
        What the audit finds with the new rows and did not find before.
    accepted : tuple of Finding
        Blocking ones among them that were accepted.
    refused : tuple of Finding
        Blocking ones that were not.
    reason : str
        Why they were accepted.
    diff : EvidenceDiff
        What the rows change.
    written : bool
        Whether they are in.
    """

    source: str
    target: str
    tables: tuple[str, ...]
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    reason: str
    diff: EvidenceDiff
    written: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the addition as JSON-ready values."""
        return {
            "source": self.source,
            "target": self.target,
            "tables": list(self.tables),
            "rows": dict(self.counts),
            "findings": [one.to_dict() for one in self.findings],
            "accepted": [one.to_dict() for one in self.accepted],
            "refused": [one.to_dict() for one in self.refused],
            "reason": self.reason or None,
            "diff": self.diff.to_dict(),
            "written": self.written,
        }

    def summary(self) -> str:
        """Return the addition in plain lines."""
        rows = ", ".join(f"{plural(n, 'row')} of {t}" for t, n in self.counts.items())
        lines = [f"{self.source} → {self.target}: {rows}."]
        lines.append(f"Audit: {plural(len(self.findings), 'new finding')}. Published pools are "
                     "not rebuilt here.")  # fmt: skip
        for one in self.findings:
            lines.append(f"  {one.severity}: {one.subject}: {one.rule}: {one.message}")
            lines.append(f"    Would change: {one.changes}")
        if self.accepted:
            named = ", ".join(f"{one.rule}:{about(one)}" for one in self.accepted)
            lines.append(f"Accepted: {named}: {self.reason}")
        lines += ["", *self.diff.summary().splitlines()[1:], ""]
        if self.written:
            lines.append(f"Written. Use it as {' '.join(f'--tables {t}' for t in self.tables)}.")
        elif self.refused:
            named = " ".join(f"--accept {one.rule}:{about(one)}" for one in self.refused)
            lines.append(
                f"Not written: {plural(len(self.refused), 'blocking finding')}. Mend the rows, or "
                f"take them in with {named} --reason WHY."
            )
        else:
            lines.append("Nothing written: a dry run.")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions:
    """How rows are added.

    Attributes
    ----------
    tables : tuple of str
        ``shipped`` and folders; rows go to the last one.
    into : str or None
        New folder that takes the rows instead and builds on ``tables``. The shipped tables are
        never written to, so they need one.
    accept : tuple of str
        ``RULE:ID`` of blocking findings that are taken in.
    reason : str
        Why; needed with ``accept``.
    today : date
        For the history of the tables.
    dry_run : bool
        Check and say, write nothing.
    """

    tables: tuple[str, ...]
    into: str | None
    accept: tuple[str, ...]
    reason: str
    today: date
    dry_run: bool


def add_rows(
    source: str | Path, options: AddOptions, *, settings: PoolSettings, standards: Standards
) -> Addition:
    """Check new rows, say what they change, and write them unless a finding blocks.

    Parameters
    ----------
    source : str or Path
        Folder with tables that hold new rows only.
    options : AddOptions
        Where they go, and what is accepted.
    settings : PoolSettings
        How pools are computed.
    standards : Standards
        What conclusions are read against.

    Returns
    -------
    Addition
        With what is new in the audit and what changes in each pool.

    Raises
    ------
    DataError
        If a cell has a fault, listing all; nothing is written then.
    DesignError
        If there is nowhere to write to, or an acceptance is of nothing.
    """
    base, target = _target(options)
    accept = [Acceptance.of(text) for text in options.accept]
    if accept and not options.reason.strip():
        raise DesignError("an accepted finding needs its reason.", hint="give --reason.")
    tables = new_tables(Path(source))
    if options.dry_run:
        return _checked(Path(source), tables, base, target, options, accept, settings, standards)[0]
    with locked(target):
        found, contents = _checked(
            Path(source), tables, base, target, options, accept, settings, standards
        )
        if found.refused:
            return found
        history = target / HISTORY
        contents[HISTORY] = _history(history, found, options.today)
        write_whole(target, contents)
    return replace(found, written=True)


def _target(options: AddOptions) -> tuple[tuple[str, ...], Path]:
    """Return the tables to build on, and the folder that the rows go to."""
    if options.into is not None:
        into = Path(options.into)
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise DataError(
                f"{into} exists and is not an empty folder.",
                hint="name a new folder, or give it as the last of --tables.",
            )
        return options.tables, into
    *base, last = options.tables
    if last == SHIPPED:
        raise DesignError(
            "the shipped tables are not written to.",
            hint="name a new folder with --into; it builds on them.",
        )
    if not Path(last).is_dir():
        raise DataError(f"{last} is not a folder.", hint="name it with --into to make it.")
    return tuple(base), Path(last)


def _checked(
    source: Path,
    tables: Mapping[str, Path],
    base: tuple[str, ...],
    target: Path,
    options: AddOptions,
    accept: Sequence[Acceptance],
    settings: PoolSettings,
    standards: Standards,
) -> tuple[Addition, dict[str, bytes]]:
    known = dictionary()
    contents: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    places: dict[str, tuple[Path, int]] = {}
    for name, path in tables.items():
        old = target / f"{name}.csv"
        places[path.name] = (path, len(old.read_bytes().splitlines()) if old.is_file() else 0)
        data, counts[name] = merged(path, target / f"{name}.csv", known[name])
        contents[f"{name}.csv"] = data
    if not _holds_records(target, contents):
        # A folder without any of the catalogue's tables can't be read as tables.
        contents["claims.csv"] = _header_only(known["claims"])
    with tempfile.TemporaryDirectory(prefix="locoreg-") as scratch:
        copy = Path(scratch) / "new"
        copy.mkdir()
        for path in target.glob("*.csv") if target.is_dir() else ():
            shutil.copyfile(path, copy / path.name)
        for name, data in contents.items():
            (copy / name).write_bytes(data)
        before = _opened(options.tables, options.tables, settings)
        after = _opened_copy((*base, str(copy)), (*base, str(target)), settings, places)
    findings = _new_findings(before, after)
    blocking = [one for one in findings if one.severity == "blocking"]
    for one in accept:
        if not any(one.meets(finding) for finding in blocking):
            options_ = {f"{f.rule}:{about(f)}" for f in blocking}
            raise DesignError(
                f"no new blocking finding is {one.rule}:{one.subject}.",
                hint=did_you_mean(f"{one.rule}:{one.subject}", options_),
            )
    taken = tuple(f for f in blocking if any(one.meets(f) for one in accept))
    return (
        Addition(
            source=str(source),
            target=str(target),
            tables=(*base, str(target)),
            counts=counts,
            findings=findings,
            accepted=taken,
            refused=tuple(f for f in blocking if f not in taken),
            reason=options.reason,
            diff=compare_sides(before, after, settings=settings, standards=standards),
            written=False,
        ),
        contents,
    )


def _holds_records(target: Path, contents: Mapping[str, bytes]) -> bool:
    return any(f"{name}.csv" in contents or (target / f"{name}.csv").is_file() for name in RECORDS)


def _header_only(columns: Sequence[Column]) -> bytes:
    return (",".join(one.name for one in columns if one.required) + "\n").encode()


def _opened(folders: tuple[str, ...], names: tuple[str, ...], settings: PoolSettings) -> Side:
    for read in EXTRA.values():
        read(folders)
    bias, _ = load_bias_records(folders)
    return tables_side("+".join(names), load_catalog(folders), bias, settings)


def _opened_copy(
    folders: tuple[str, ...],
    names: tuple[str, ...],
    settings: PoolSettings,
    places: Mapping[str, tuple[Path, int]],
) -> Side:
    """Open tables with the new rows; a fault names the file and row in which it was written."""
    copy = folders[-1]
    try:
        _, faults = read_catalog(folders)
        messages = [_placed(fault, copy, places) for fault in faults]
        if messages:
            more = f" … and {len(messages) - MOST_FAULTS} more." * (len(messages) > MOST_FAULTS)
            raise DataError(
                f"{plural(len(messages), 'fault')}, nothing is written. "
                + " ".join(messages[:MOST_FAULTS]) + more
            )  # fmt: skip
        return _opened(folders, names, settings)
    except LocoregError as error:
        told = error.message.replace(copy, names[-1])
        raise type(error)(told, hint=error.hint) from error


def _placed(fault: Finding, copy: str, places: Mapping[str, tuple[Path, int]]) -> str:
    """Return the message of a fault; of a new row with its place in the folder of new rows."""
    name = Path(fault.location.file).name
    ours = fault.location.file in (name, f"{copy}/{name}")
    if not ours or name not in places or fault.location.row is None:
        return fault.message
    source, lines = places[name]
    if fault.location.row <= lines:
        return fault.message
    # The header is line 1 in both files.
    row = fault.location.row - max(lines - 1, 0)
    there = replace(fault.location, file=str(source), row=row)
    return fault.message.replace(str(fault.location), str(there))


def _new_findings(before: Side, after: Side) -> tuple[Finding, ...]:
    """Return what is found after and was not found before."""
    # Counted, so that a second finding of the kind of an old one is new.
    seen = Counter(_identity(one) for one in _all_findings(before))
    new = []
    for one in _all_findings(after):
        identity = _identity(one)
        if seen[identity]:
            seen[identity] -= 1
        else:
            new.append(one)
    return by_severity(new)


def _all_findings(side: Side) -> list[Finding]:
    if side.catalog is None:
        return []
    return [*side.findings, *bias_findings(assessments(side.bias), side.catalog)]


def _identity(finding: Finding) -> tuple[Any, ...]:
    return (finding.rule, finding.severity, finding.subject, finding.claim_ids, finding.reading,
            finding.location.column)  # fmt: skip


def _history(path: Path, found: Addition, today: date) -> bytes:
    """Return the history of the tables with this addition below the heading."""
    there = path.read_text(encoding="utf-8") if path.is_file() else "# Changes of the tables\n"
    rows = ", ".join(f"{plural(n, 'row')} of {t}" for t, n in found.counts.items())
    lines = [f"- Added {rows}."]
    lines += [
        f"- Corrected {one.supersedes} by {one.key}: {one.reason}"
        for one in found.diff.rows
        if one.kind == "corrected"
    ]
    lines += [
        f"- Accepted {one.rule}:{about(one)} ({one.message}): {found.reason}"
        for one in found.accepted
    ]
    heading = f"## {today.isoformat()}"
    entry = "\n".join(lines)
    if f"{heading}\n" in there:
        head, _, rest = there.partition(f"{heading}\n")
        return f"{head}{heading}\n\n{entry}\n{rest.lstrip(chr(10))}".encode()
    top, _, rest = there.partition("\n")
    return f"{top}\n\n{heading}\n\n{entry}\n{rest if rest.strip() else ''}".encode()
