"""``locoreg registry``: check, classify, describe, score, cohort, simulate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from locoreg.cli.output import print_text
from locoreg.cli.registry.printing import numbers, print_result, words, write_text
from locoreg.core.errors import DesignError
from locoreg.workflows.registry import deriving, describing

Flag = Parameter(negative=())
Out = Annotated[Path, Parameter(name=["--out", "-o"])]
Names = Annotated[tuple[str, ...], Parameter(negative=())]


def check(
    registry: Path,
    *,
    rule: Names = (),
    thresholds: Path | None = None,
    out: Out | None = None,
    small_cells: int = 10,
    strict: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Check the data: conformance, completeness, plausibility, doubles, traps of estimates.

    Parameters
    ----------
    registry
        Folder of the registry.
    rule
        Rule or family of rules; give it again for more. All if none is named.
    thresholds
        Thresholds of your own (YAML or CSV).
    out
        Folder for issues.csv, issues.parquet and quality.html.
    small_cells
        Hide counts of 1 to this many patients on the page; 0 shows all.
    strict
        Exit code 3 if an issue is blocking.
    json
        Print one JSON document.
    """
    report = deriving.check(registry, thresholds=thresholds, rules=rule)
    print_result(report, json=json)
    if out is not None:
        for path in report.write(out, small_cells=small_cells or None):
            _wrote(path, json=json)
    return 3 if strict and report.by_severity["blocking"] else 0


def classify(
    registry: Path,
    *,
    as_of: str,
    options: Path,
    plus_days: int | None = None,
    judgements: Path | None = None,
    out: Out | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Derive subtype, intervals, oligometastatic state and the rest as of a date.

    Parameters
    ----------
    registry
        Folder of the registry.
    as_of
        A date; first_metastasis; patient.COLUMN; or a file with patient_id and as_of.
    options
        Options (YAML): what defines the analysis has no default.
    plus_days
        With first_metastasis: so many days after it.
    judgements
        CSV with patient_id, date and treatable.
    out
        Folder for the derived tables (Parquet) and classification.json.
    json
        Print one JSON document.
    """
    found = deriving.classify(
        registry, as_of=as_of, options=options, plus_days=plus_days, judgements=judgements
    )
    print_result(found, json=json)
    if out is not None:
        for path in found.write(out):
            _wrote(path, json=json)
    return 0


def score(
    registry: Path,
    *,
    instrument: Names,
    assume_version: Names = (),
    out: Out | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Score quality-of-life questionnaires by their published rules.

    Parameters
    ----------
    registry
        Folder of the registry.
    instrument
        QLQ-C30, QLQ-BR23 or FACT-B; give it again for more.
    assume_version
        Version of answers that state none, as QLQ-C30=3.0.
    out
        File for the scores: .parquet or .csv.
    json
        Print one JSON document.
    """
    assumed = {}
    for text in assume_version:
        name, sign, version = text.partition("=")
        if not sign:
            raise DesignError(f"--assume-version {text!r} is none.", hint="write QLQ-C30=3.0.")
        assumed[name] = version
    found = deriving.score(registry, instruments=words(instrument), assume_versions=assumed)
    print_result(found, json=json)
    if out is not None:
        _wrote(found.write(out), json=json)
    return 0


def cohort(
    registry: str,
    *,
    therapy_within_days: int,
    sites_within_days: int,
    target: Names = (),
    modality: Names = (),
    out: Out | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """First metastasis, local therapy after it, sites and death: one row per patient.

    Parameters
    ----------
    registry
        Folder of the registry; postgresql://user@host/database?schema=NAME; or spark:FOLDER.
    therapy_within_days
        Days after the first metastasis within which local therapy is looked for.
    sites_within_days
        Days after the first metastasis within which lesions count as sites.
    target
        Targets of local therapy that count; all if none is named.
    modality
        Modalities that count; all if none is named.
    out
        File for the rows: .parquet or .csv.
    json
        Print one JSON document.
    """
    found = deriving.cohort(
        registry,
        therapy_within_days=therapy_within_days,
        sites_within_days=sites_within_days,
        targets=words(target),
        modalities=words(modality),
    )
    print_result(found, json=json)
    if out is not None:
        _wrote(found.write(out), json=json)
    return 0


def simulate(
    *,
    patients: int,
    seed: int,
    scenario: str,
    out: Out,
    dirty: Annotated[bool, Flag] = False,
    no_late_entry: Annotated[bool, Flag] = False,
    loss: Literal["covariates", "random", "arm", "none"] = "covariates",
    missing: Literal["random", "not-at-random", "none"] = "random",
    json: Annotated[bool, Flag] = False,
) -> int:
    """Make a synthetic registry: patients who don't exist, with the truth about them.

    Parameters
    ----------
    patients
        Patients.
    seed
        The same seed gives the same registry.
    scenario
        null, constant, heterogeneous, unmeasured-confounder or dirty.
    out
        A new or empty folder.
    dirty
        Put errors into the tables, each listed in the truth.
    no_late_entry
        Every patient is seen from the first metastasis on.
    loss
        Loss to follow-up.
    missing
        Missing values.
    json
        Print one JSON document.
    """
    found = deriving.simulate(
        out,
        patients=patients,
        seed=seed,
        scenario=scenario,
        dirty=dirty,
        late_entry=not no_late_entry,
        loss=loss,
        missing=missing,
    )
    print_result(found, json=json)
    return 0


def describe(
    registry: Path,
    *,
    time_zero: Literal["first_metastasis", "primary_diagnosis", "entry"],
    level: float,
    by: str | None = None,
    groups: Path | None = None,
    at: Names = (),
    staging_days: int = 0,
    small_cells: int = 10,
    groups_decided: Literal["at_time_zero", "later"] | None = None,
    out: Out | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Describe a registry: flow of patients, Table 1, follow-up and survival.

    Parameters
    ----------
    registry
        Folder of the registry.
    time_zero
        What time zero is.
    level
        Level of the intervals in percent, for example 95.
    by
        Variable that makes the groups, for example subtype_primary.
    groups
        CSV with the columns patient_id and group, for groups of your own.
    at
        Months at which survival is given, separated by commas.
    staging_days
        Lesions first seen up to this many days after time zero count as present at it.
    small_cells
        Hide counts of 1 to this many patients, and what would give them away; 0 shows all.
    groups_decided
        When it was decided to which group of the file a patient belongs; required with --groups.
        Groups by treatment were decided later: the result then carries the notice on immortal
        time.
    out
        Write Table 1 to this CSV file.
    json
        Print one JSON document.
    """
    found = describing.describe(
        registry,
        time_zero=time_zero,
        level=level,
        by=by,
        groups=groups,
        at=numbers("--at", at),
        staging_days=staging_days,
        small_cells=small_cells or None,
        groups_decided=groups_decided,
    )
    print_result(found, json=json)
    if out is not None:
        write_text(found.table.to_csv(), out)
        _wrote(out, json=json)
    return 0


def _wrote(path: Path, *, json: bool) -> None:
    if not json:
        print_text(f"Wrote {path}.")
