"""Read a CDM 5.4 into a registry."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import duckdb

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.sink import Problem, Sink
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop import (
    bysource,
    episodes,
    leftovers,
    lesions,
    links,
    localtherapy,
    metastases,
    others,
    patients,
    people,
    receptors,
    tnm,
    tumours,
)
from locoreg.registry.omop.database import SUFFIXES, attach
from locoreg.registry.omop.files import find_files, other_files, relation_of
from locoreg.registry.omop.job import Job
from locoreg.registry.omop.local import LocalCdm
from locoreg.registry.omop.model import NEEDED
from locoreg.registry.omop.postgres import SCHEMES, PostgresCdm, parse_address
from locoreg.registry.omop.reading import Cdm
from locoreg.registry.omop.rules import load_rules, reads_source_codes
from locoreg.registry.omop.vocabulary import resolve, vocabulary_versions

MEMORY_LIMIT = "700MB"
THREADS = 2
# Files whose contents decide what an import gives.
RULE_FILES = ("concepts.csv", "codes.csv", "organs.csv", "drugs.csv")
RULES_VERSION = "omop-1"


def read_cdm(locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
    """Read a CDM and deliver what belongs in a registry.

    Parameters
    ----------
    locations : sequence of str
        Folders and files of one CDM, or one DuckDB file, or one PostgreSQL address.
    sink : Sink
        Where rows, problems and codes go.
    options : SourceOptions
        ``map`` is the site's concept file; ``site`` the site of all patients.

    Raises
    ------
    DataError
        If the CDM or its vocabulary can't be used.
    DesignError
        If the locations don't fit together.
    """
    _refuse(options)
    rules = load_rules(options.map)
    with _workplace() as con, _opened(con, locations) as cdm:
        missing = [name for name in NEEDED if name not in cdm.tables]
        if missing:
            raise DataError(
                f"the CDM lacks the table{'s' if len(missing) > 1 else ''} "
                f"{', '.join(name.upper() for name in missing)}.",
                hint="the vocabulary tables may stand in another folder: name both.",
            )
        job = Job(
            con=con,
            sink=sink,
            site=options.site,
            source_icd10=reads_source_codes(options.map),
        )
        job.run("CREATE TABLE used (cdm_table VARCHAR, row_id BIGINT)")
        job.run(
            "CREATE TABLE code_use (table_name VARCHAR, column_name VARCHAR, concept_id BIGINT, "
            "canonical VARCHAR, n BIGINT)"
        )
        sink.problem(resolve(con, cdm, rules))
        sink.problem(_not_read(locations))
        vocabulary_versions(con, cdm)
        _enrol(job, cdm)
        _map(job)
        for lines in cdm.unreadable_lines():
            sink.set_aside(lines)


def _refuse(options: SourceOptions) -> None:
    if options.dictionary is not None:
        raise DesignError("the source omop takes no dictionary.", hint="leave it out.")


def _enrol(job: Job, cdm: Cdm) -> None:
    people.find_candidates(job, cdm)
    people.fetch_rows(job, cdm)
    links.make_links(job)
    metastases.find_metastases(job)
    metastases.find_primaries(job)
    metastases.enrol(job)
    people.settle_people(job, cdm, metastases.REASONS)
    people.set_aside_keyless(job)
    # Again, for what is left: the rows of enrolled persons that have an id of their own.
    links.make_links(job)
    links.note_links(job)
    metastases.find_metastases(job)
    metastases.find_primaries(job)
    metastases.enrol(job)
    metastases.note_doubt(job)
    if job.source_icd10:
        bysource.note_sources(job, bysource.READ, "person_id IN (SELECT person_id FROM enrolled)")


def _map(job: Job) -> None:
    patients.map_patients(job)
    tumours.find_tumours(job)
    tnm.find_stages(job)
    tumours.map_tumours(job)
    tnm.map_stages(job)
    lesions.find_lesions(job)
    lesions.map_lesions(job)
    receptors.map_assays(job)
    episodes.map_events(job)
    episodes.map_lines(job)
    episodes.map_drugs(job)
    localtherapy.map_local_therapy(job)
    others.map_performance(job)
    others.map_biomarkers(job)
    others.map_comorbidities(job)
    leftovers.account_for_rest(job)
    job.deliver_codes()


@contextmanager
def _workplace() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a working database with bounded memory; what does not fit goes to a folder."""
    folder = Path(tempfile.mkdtemp(prefix="locoreg-omop-"))
    try:
        with duckdb.connect(":memory:") as con:
            con.execute("SET autoinstall_known_extensions = false")
            con.execute("SET autoload_known_extensions = false")
            con.execute("SET threads = ?", [THREADS])
            con.execute("SET memory_limit = ?", [MEMORY_LIMIT])
            con.execute("SET preserve_insertion_order = false")
            con.execute("SET temp_directory = ?", [str(folder / "spill")])
            yield con
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(con: duckdb.DuckDBPyConnection, locations: Sequence[str]) -> Iterator[Cdm]:
    kind = _kind(locations)
    cdm: Cdm
    if kind == "postgres":
        cdm = PostgresCdm(parse_address(locations[0]))
    elif kind == "duckdb":
        path, schema = _database(locations[0])
        cdm = LocalCdm(con, attach(con, path, schema))
    else:
        found = find_files(locations)
        cdm = LocalCdm(con, {name: relation_of(con, file) for name, file in found.items()})
    try:
        yield cdm
    finally:
        cdm.close()


def _not_read(locations: Sequence[str]) -> list[Problem]:
    """Return a note of each file beside the tables that is none of them."""
    if _kind(locations) != "files":
        return []
    return [
        Problem(
            rule="table-not-read",
            severity="note",
            message=f"{name} is no table that is read: its rows are not counted.",
            source_file=name,
        )
        for name in other_files(locations)
    ]


def _kind(locations: Sequence[str]) -> str:
    kinds = {_kind_of(location) for location in locations}
    if kinds == {"files"} or len(locations) == 1:
        return kinds.pop()
    raise DesignError(
        "a CDM is one database, or folders and files.", hint="import one database at a time."
    )


def _kind_of(location: str) -> str:
    if location.partition("://")[0] in SCHEMES and "://" in location:
        return "postgres"
    path, _ = _database(location)
    return "duckdb" if path.suffix.lower() in SUFFIXES and path.is_file() else "files"


def _database(location: str) -> tuple[Path, str | None]:
    path, _, schema = location.partition("?schema=")
    return Path(path), schema or None


def fingerprint_cdm(locations: Sequence[str], options: SourceOptions) -> str:
    """Return a hash of a CDM's contents, of the concepts used and of the options.

    Of a database on a server it is computed there, from every row of the tables that are read.
    """
    _refuse(options)
    digest = hashlib.sha256()
    digest.update(json.dumps([RULES_VERSION, options.site, options.system]).encode())
    for name in RULE_FILES:
        digest.update(files("locoreg.registry.omop").joinpath(name).read_bytes())
    if options.map is not None:
        digest.update(_contents(options.map))
    if _kind(locations) == "postgres":
        cdm = PostgresCdm(parse_address(locations[0]))
        try:
            ids = sorted({rule.concept_id for rule in load_rules(options.map)})
            digest.update(json.dumps(cdm.checksums(ids)).encode())
        finally:
            cdm.close()
    elif _kind(locations) == "duckdb":
        path = _database(locations[0])[0]
        digest.update(_contents(path))
        # Changes that DuckDB has not yet written into the file itself.
        log = path.with_name(path.name + ".wal")
        digest.update(_contents(log) if log.exists() else b"")
        digest.update((_database(locations[0])[1] or "").encode())
    else:
        found = find_files(locations)
        for table in sorted(found):
            for path in found[table].paths:
                digest.update(f"{table} {path.suffix.lower()} ".encode())
                digest.update(_contents(path))
    return digest.hexdigest()


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as exc:
        raise DataError(f"{path} can't be read: {exc.strerror}.") from exc
