"""Results of the derivations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.frames import frame
from locoreg.core.jsontext import dumps
from locoreg.core.numbertext import plural
from locoreg.core.version import __version__
from locoreg.registry.classify.asof import AsOf
from locoreg.registry.classify.rules import Rule

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """Variables that one rule derived.

    Attributes
    ----------
    name : str
        Name of the derivation.
    rule : Rule
        Rule and version.
    parameters : dict
        All parameters used.
    as_of : AsOf
        The dates, and the evidence that counts.
    table : pyarrow.Table
        One row per patient (or per line, course or day where the name says so), with ``as_of``
        and ``rule_version``.
    counts : dict
        By variable how often each value occurs; ``unknown`` where there is none.
    reasons : dict
        By variable why there is no value, with counts.
    issues : pyarrow.Table
        Patients with contradictions: rule, patient_id, message.
    flags : dict
        The issues counted, and the sensitivity to an option.
    synthetic : bool
        Whether the patients are made up.
    """

    name: str
    rule: Rule
    parameters: dict[str, Any]
    as_of: AsOf
    table: pa.Table
    counts: dict[str, dict[str, int]]
    reasons: dict[str, dict[str, int]]
    issues: pa.Table
    flags: dict[str, int] = field(default_factory=dict)
    synthetic: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a data frame."""
        return _frame(self.table)

    def summary(self) -> str:
        """Return rule, parameters and counts for the terminal."""
        head = [_synthetic()] if self.synthetic else []
        return "\n".join([*head, *_as_of_lines(self.as_of), "", *self.head(), *self.lines()])

    def head(self) -> list[str]:
        """Return rule and parameters, line by line."""
        shown = ", ".join(f"{key}={_shown(value)}" for key, value in self.parameters.items())
        return [
            f"{self.rule.title} ({self.rule.label})",
            f"    parameters: {shown or 'none'}",
        ]

    def lines(self) -> list[str]:
        """Return the counts, line by line."""
        out = [] if self.counts else [f"    {self.name}: {plural(self.table.num_rows, 'row')}"]
        for variable, values in self.counts.items():
            out.append(f"    {variable}")
            out += [f"        {n:10,}  {value}" for value, n in values.items()]
            out += [
                f"        {n:10,}      because {why}"
                for why, n in self.reasons.get(variable, {}).items()
            ]
        out += [f"    note: {words}: {n:,}" for words, n in self.flags.items()]
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return rule, parameters and counts as JSON-ready values; no patient's row."""
        return {
            "name": self.name,
            "rule": self.rule.to_dict(),
            "parameters": {k: _plain(v) for k, v in self.parameters.items()},
            "evidence": self.as_of.to_dict(),
            "rows": self.table.num_rows,
            "counts": self.counts,
            "reasons": self.reasons,
            "notes": self.flags,
            "synthetic": self.synthetic,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """All derived variables of a registry as of a date per patient.

    Attributes
    ----------
    as_of : AsOf
        The dates, and the evidence that counts.
    options : dict
        All options.
    derivations : tuple of Derivation
        One per rule and table.
    patients : pyarrow.Table
        One row per patient with the variables of all rules and their versions.
    synthetic : bool
        Whether the patients are made up.
    """

    as_of: AsOf
    options: dict[str, Any]
    derivations: tuple[Derivation, ...]
    patients: pa.Table
    synthetic: bool

    @property
    def issues(self) -> pa.Table:
        """Return the patients with contradictions: rule, patient_id, message."""
        import pyarrow as pa

        return pa.concat_tables([one.issues for one in self.derivations]).unify_dictionaries()

    def derivation(self, name: str) -> Derivation:
        """Return one derivation by name; DesignError if there is none."""
        for one in self.derivations:
            if one.name == name:
                return one
        names = [one.name for one in self.derivations]
        raise DesignError(f"there is no derivation {name!r}.", hint=did_you_mean(name, names))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per patient."""
        return _frame(self.patients)

    def summary(self) -> str:
        """Return the counts of all rules for the terminal."""
        parts = [_synthetic()] if self.synthetic else []
        parts += _as_of_lines(self.as_of)
        shown: set[str] = set()
        for one in self.derivations:
            head = [] if one.rule.id in shown else ["", *one.head()]
            parts += [*head, *one.lines()]
            shown.add(one.rule.id)
        waiting = [one.rule.id for one in self.derivations if not one.rule.reviewed]
        if waiting:
            parts += ["", f"Not checked by a clinician yet: {', '.join(dict.fromkeys(waiting))}."]
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return rules, options and counts as JSON-ready values; no patient's row."""
        return {
            "software": "locoreg",
            "version": __version__,
            "synthetic": self.synthetic,
            "evidence": self.as_of.to_dict(),
            "options": self.options,
            "derivations": [one.to_dict() for one in self.derivations],
        }

    def write(self, folder: Path | str) -> tuple[Path, ...]:
        """Write the tables as Parquet files, and rules and counts as ``classification.json``.

        Parameters
        ----------
        folder : Path or str
            Made if it is missing; files of the same names are replaced.

        Returns
        -------
        tuple of Path
            The files.

        Raises
        ------
        DataError
            If the folder can't be written.
        """
        from pyarrow import parquet

        target = Path(folder)
        tables = {"derived_patient": self.patients, "derived_issue": self.issues}
        tables |= {f"derived_{one.name}": one.table for one in self.derivations}
        note = {b"locoreg": json.dumps({"synthetic": self.synthetic}).encode()}
        written = []
        try:
            target.mkdir(parents=True, exist_ok=True)
            for name, table in tables.items():
                path = target / f"{name}.parquet"
                marked = table.replace_schema_metadata({**(table.schema.metadata or {}), **note})
                parquet.write_table(marked, path)
                written.append(path)
            path = target / "classification.json"
            path.write_text(dumps(self.to_dict()) + "\n", encoding="utf-8")
        except OSError as error:
            raise DataError(f"{target} can't be written: {error.strerror}.") from error
        return (*written, path)


def _frame(table: pa.Table) -> pd.DataFrame:
    return frame({name: table.column(name).to_pylist() for name in table.column_names})


def _synthetic() -> str:
    return "SYNTHETIC: these patients are made up."


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(str, value)) + ")"
    return str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _as_of_lines(as_of: AsOf) -> list[str]:
    out = [f"{plural(as_of.n_patients, 'patient')} as of {as_of.text}."]
    if as_of.n_without_date:
        out.append(f"{plural(as_of.n_without_date, 'patient')} without such a date left out.")
    if as_of.n_unknown:
        out.append(
            f"{plural(as_of.n_unknown, 'patient')} of the table of dates not in the registry."
        )
    out += ["", f"{'evidence':20} {'used':>11} {'later':>11} {'across':>11} {'no date':>11}"]
    for table, n in as_of.evidence.items():
        if any(n.values()):
            out.append(
                f"{table:20} {n['known']:11,} {n['later']:11,} {n['across']:11,} {n['undated']:11,}"
            )
    return out
