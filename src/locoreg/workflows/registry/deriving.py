"""Check and classify a registry, score questionnaires, ask for patients' courses, simulate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.classify import (
    Classification,
    ClassifyOptions,
    classify_registry,
    first_metastasis_dates,
    read_dates,
)
from locoreg.registry.cohort import CohortResult, patient_course
from locoreg.registry.engines import connect_engine
from locoreg.registry.quality_of_life import QolScores, score_responses
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.synthetic import Simulation, SimulationOptions, simulate_registry
from locoreg.registry.validate import QualityReport, check_registry, read_thresholds

FIRST_METASTASIS = "first_metastasis"


def check(
    folder: Path, *, thresholds: Path | None = None, rules: Sequence[str] = ()
) -> QualityReport:
    """Check the data of a registry.

    Parameters
    ----------
    folder : Path
        The registry.
    thresholds : Path, optional
        Thresholds of your own (YAML or CSV).
    rules : sequence of str
        Rules or families of rules; all if none is named.

    Returns
    -------
    QualityReport
        Issues by rule, and completeness.
    """
    return check_registry(
        read_registry(folder),
        thresholds=None if thresholds is None else read_thresholds(thresholds),
        rules=tuple(rules) or None,
    )


def classify(
    folder: Path,
    *,
    as_of: str,
    options: Path,
    plus_days: int | None = None,
    judgements: Path | None = None,
) -> Classification:
    """Derive subtype, intervals, oligometastatic state and the rest as of a date.

    Parameters
    ----------
    folder : Path
        The registry.
    as_of : str
        A date such as ``2024-06-30``; ``first_metastasis``; ``patient.COLUMN``; or a CSV or
        Parquet file with the columns patient_id and as_of.
    options : Path
        Options (YAML).
    plus_days : int, optional
        Days after the first metastasis; with ``first_metastasis`` only, where it is required.
    judgements : Path, optional
        CSV with patient_id, date and treatable.

    Returns
    -------
    Classification
        The derived variables.
    """
    registry = read_registry(folder)
    return classify_registry(
        registry,
        as_of=_dates(registry, as_of, plus_days),
        options=read_options(options),
        judgements=None if judgements is None else _table(judgements),
    )


def read_options(path: Path) -> ClassifyOptions:
    """Read the options of a classification.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    ClassifyOptions
        The options, checked.

    Raises
    ------
    DataError
        If the file can't be read.
    DesignError
        If an option is missing, unknown or out of range.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path} can't be read: {str(error).splitlines()[0]}.") from error
    return ClassifyOptions.from_dict(values)


def _dates(registry: Registry, as_of: str, plus_days: int | None) -> Any:
    if as_of == FIRST_METASTASIS:
        if plus_days is None:
            raise DesignError(
                "as of the first metastasis needs the days after it.",
                hint="--plus-days 0, or as many days as staging takes.",
            )
        return first_metastasis_dates(registry, plus_days=plus_days)
    if plus_days is not None:
        raise DesignError(f"--plus-days goes with --as-of {FIRST_METASTASIS} only.")
    return read_dates(as_of) if as_of.endswith((".csv", ".parquet")) else as_of


def _table(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    text = csv.ConvertOptions(column_types={"patient_id": pa.string()})
    try:
        return csv.read_csv(path, convert_options=text)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} can't be read: {str(error).splitlines()[0]}.") from error


def score(
    folder: Path, *, instruments: Sequence[str], assume_versions: dict[str, str] | None = None
) -> QolScores:
    """Score the quality-of-life questionnaires of a registry.

    Parameters
    ----------
    folder : Path
        The registry.
    instruments : sequence of str
        ``QLQ-C30``, ``QLQ-BR23``, ``FACT-B``.
    assume_versions : dict of str to str, optional
        Version by instrument for answers without one.

    Returns
    -------
    QolScores
        Scores, and what was noticed.
    """
    return score_responses(
        read_registry(folder), instruments=instruments, assume_versions=assume_versions
    )


def cohort(
    target: str,
    *,
    therapy_within_days: int,
    sites_within_days: int,
    targets: Sequence[str] = (),
    modalities: Sequence[str] = (),
) -> CohortResult:
    """Return first metastasis, local therapy after it, sites and death of every patient.

    Parameters
    ----------
    target : str
        A registry's folder, ``postgresql://...?schema=NAME`` or ``spark:FOLDER``.
    therapy_within_days : int
        Days after the first metastasis within which local therapy is looked for.
    sites_within_days : int
        Days after the first metastasis within which lesions count as sites.
    targets, modalities : sequence of str
        Local therapies that count; all if none is named.

    Returns
    -------
    CohortResult
        One row per patient with metastases.
    """
    with connect_engine(target) as engine:
        return patient_course(
            engine,
            therapy_within_days=therapy_within_days,
            sites_within_days=sites_within_days,
            targets=tuple(targets) or None,
            modalities=tuple(modalities) or None,
        )


def simulate(
    out: Path,
    *,
    patients: int,
    seed: int,
    scenario: str,
    dirty: bool = False,
    late_entry: bool = True,
    loss: str = "covariates",
    missing: str = "random",
) -> Simulation:
    """Make a synthetic registry with known truth.

    Parameters
    ----------
    out : Path
        A new or empty folder.
    patients, seed : int
        Patients, and the seed that they come from.
    scenario : str
        What is true.
    dirty, late_entry, loss, missing
        What is seen: see ``SimulationOptions``.

    Returns
    -------
    Simulation
        What was made.
    """
    return simulate_registry(
        out,
        patients=patients,
        seed=seed,
        scenario=scenario,
        options=SimulationOptions(dirty=dirty, late_entry=late_entry, loss=loss, missing=missing),
    )
