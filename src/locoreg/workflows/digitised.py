"""Digitised curves from a folder to results: reconstruct, pool, write, and an empty template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.core.numbertext import plural
from locoreg.core.provenance import Provenance, sha256_of_files
from locoreg.evidence.digitised import (
    AccuracyLimits,
    DigitisedStudy,
    PooledCurves,
    make_studies,
    pool_curves,
    read_folder,
)
from locoreg.evidence.digitised.tables import TABLES

if TYPE_CHECKING:
    from locoreg.evidence.digitised import PoolVariance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReconstructedCurves:
    """Reconstructed studies of a folder.

    Attributes
    ----------
    studies : tuple of DigitisedStudy
        Studies, each with both arms and their checks.
    level : float
        Level in percent.
    limits : AccuracyLimits
        Limits of the checks.
    provenance : Provenance
        Hash of the files, and options.
    """

    studies: tuple[DigitisedStudy, ...]
    level: float
    limits: AccuracyLimits
    provenance: Provenance

    @property
    def failed(self) -> tuple[str, ...]:
        """Studies that fail a check."""
        return tuple(study.study_id for study in self.studies if not study.passed)

    def to_dict(self) -> dict[str, Any]:
        """Return the studies as JSON-ready values."""
        return {
            "studies": [study.to_dict() for study in self.studies],
            "failed_checks": list(self.failed),
            "level": self.level,
            "limits": self.limits.to_dict(),
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the studies in lines."""
        verdict = "all within the limits of accuracy"
        if self.failed:
            verdict = f"outside the limits of accuracy: {', '.join(self.failed)}"
        head = f"{plural(len(self.studies), 'study', 'studies')}, {verdict}."
        return "\n".join([head, *(study.summary() for study in self.studies)])

    def persons_csv(self) -> str:
        """Return one row per reconstructed person: study, arm, role, time in months, event."""
        columns = ["study_id", "arm", "role", "time", "event"]
        rows: list[Sequence[Any]] = [columns]
        for study in self.studies:
            rows.extend(study.to_frame()[columns].to_numpy().tolist())
        return to_csv(rows)


def reconstruct_folder(
    folder: Path, *, level: float, limits: AccuracyLimits, outcome: str | None = None
) -> ReconstructedCurves:
    """Read a folder of digitised curves and reconstruct each study of one outcome.

    Parameters
    ----------
    folder : Path
        With curves.csv, points.csv or webplotdigitizer.csv, and at_risk.csv if there is one.
    level : float
        Level of the intervals in percent.
    limits : AccuracyLimits
        Limits of the checks of accuracy.
    outcome : str, optional
        Outcome, where the folder has several.

    Returns
    -------
    ReconstructedCurves
        Studies and checks.
    """
    studies = make_studies(read_folder(folder), outcome=outcome, level=level, limits=limits)
    files = sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    return ReconstructedCurves(
        studies=studies,
        level=level,
        limits=limits,
        provenance=Provenance(
            input_sha256=sha256_of_files(files),
            options={"level": level, "limits": limits.to_dict(), "outcome": outcome},
        ),
    )


def pool_folder(
    folder: Path,
    *,
    level: float,
    limits: AccuracyLimits,
    horizons: Sequence[float],
    at: Sequence[float],
    cuts: Sequence[float],
    method: str,
    interval: str,
    variance: PoolVariance,
    outcome: str | None = None,
) -> PooledCurves:
    """Reconstruct the studies of a folder and analyse them together.

    Parameters
    ----------
    folder, level, limits, outcome
        As in :func:`reconstruct_folder`.
    horizons, at, cuts, method, interval, variance
        As in :func:`locoreg.evidence.digitised.pool_curves`.

    Returns
    -------
    PooledCurves
        One-stage and two-stage pools, averaged curves, contrasts over time.
    """
    made = reconstruct_folder(folder, level=level, limits=limits, outcome=outcome)
    return pool_curves(
        made.studies,
        level=level,
        horizons=horizons,
        at=at,
        cuts=cuts,
        method=method,
        interval=interval,
        variance=variance,
    )


def write_reconstruction(made: ReconstructedCurves, out: Path) -> tuple[Path, ...]:
    """Write persons.csv and results.json into a folder.

    Parameters
    ----------
    made : ReconstructedCurves
        What to write.
    out : Path
        Folder; made if it is not there.

    Returns
    -------
    tuple of Path
        Files written.
    """
    _make(out)
    persons, results = out / "persons.csv", out / "results.json"
    persons.write_text(made.persons_csv(), encoding="utf-8")
    results.write_text(dumps(made.to_dict()) + "\n", encoding="utf-8")
    return persons, results


def write_pool(pooled: PooledCurves, out: Path) -> tuple[Path, ...]:
    """Write results.json and curves_averaged.csv into a folder.

    Parameters
    ----------
    pooled : PooledCurves
        What to write.
    out : Path
        Folder; made if it is not there.

    Returns
    -------
    tuple of Path
        Files written.
    """
    _make(out)
    results, curves = out / "results.json", out / "curves_averaged.csv"
    results.write_text(dumps(pooled.to_dict()) + "\n", encoding="utf-8")
    table = pooled.curves.to_frame()
    rows: list[Sequence[Any]] = [list(table.columns), *table.to_numpy().tolist()]
    curves.write_text(to_csv(rows), encoding="utf-8")
    return results, curves


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write empty tables and their dictionary.

    Parameters
    ----------
    folder : Path
        Folder; made if it is not there. No file in it is overwritten.

    Returns
    -------
    tuple of Path
        Files written.
    """
    names = [*(f"{name}.csv" for name in TABLES), "dictionary.txt"]
    for name in names:
        if (folder / name).exists():
            raise DataError(f"{folder / name} is there already.", hint="choose another folder.")
    _make(folder)
    lines = []
    for table, columns in TABLES.items():
        header = to_csv([[column.name for column in columns]])
        (folder / f"{table}.csv").write_text(header, encoding="utf-8")
        lines.append(f"{table}.csv")
        for column in columns:
            kind = " | ".join(column.allowed) or column.type
            need = "required" if column.required else "may be empty"
            lines.append(f"  {column.name} ({kind}; {need}): {column.description}")
    (folder / "dictionary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tuple(folder / name for name in names)


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file.", hint="name a folder.")
    folder.mkdir(parents=True, exist_ok=True)


def accuracy_limits(
    *, rmse: float, mean_error: float, max_error: float, at_risk: float
) -> AccuracyLimits:
    """Return limits of accuracy, for callers above the evidence layer.

    Parameters
    ----------
    rmse, mean_error, max_error, at_risk : float
        As in :class:`locoreg.evidence.digitised.AccuracyLimits`.

    Returns
    -------
    AccuracyLimits
        The limits.
    """
    return AccuracyLimits(rmse=rmse, mean_error=mean_error, max_error=max_error, at_risk=at_risk)
