"""The task: emulate the trial of a protocol."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from locoreg.core.errors import DesignError, LocoregError, did_you_mean
from locoreg.core.findings import Finding, Location
from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.cohort.registry import (
    builtin_histories,
    builtin_variables,
    cohort_from_registry,
)
from locoreg.emulation.cohort.table import cohort_from_table
from locoreg.emulation.diagnostics import diagnose, missing_confounders
from locoreg.emulation.effect import Diagnostic, Effect
from locoreg.emulation.inference import Inference
from locoreg.emulation.inference.estimate import OnProgress
from locoreg.emulation.methods import Method, make_method
from locoreg.emulation.protocol import LoadedProtocol, TrialProtocol, read_protocol
from locoreg.workflows.emulation.extras import ANALYSES, Analysis, Extras, extra_analyses
from locoreg.workflows.emulation.result import EmulationResult, result_of
from locoreg.workflows.emulation.runs import Run, Setting, estimate, imputation_of, options_of
from locoreg.workflows.emulation.trials import check_trials

Say = Callable[[str], None]
# A step of the attrition of tables.
ENDED_BEFORE = "follow-up does not end before time zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the patients are.

    Attributes
    ----------
    registry : str or None
        A registry's folder, ``postgresql://...?schema=NAME`` or ``spark:FOLDER``.
    table, visits : object or None
        A table with one row per person, and one of repeated measurements: files or data frames.
    """

    registry: str | None = None
    table: Any = None
    visits: Any = None

    def __post_init__(self) -> None:
        if (self.registry is None) == (self.table is None):
            raise DesignError(
                "name one source of patients.",
                hint="give a registry, or a table with one row per person.",
            )
        if self.visits is not None and self.table is None:
            raise DesignError("visits belong to a table of persons.", hint="give the table too.")


def emulate(
    protocol: str | Path | Mapping[str, Any] | TrialProtocol,
    registry: str | Path | None = None,
    *,
    table: Any = None,
    visits: Any = None,
    method: str | None = None,
    sensitivity: bool = True,
    analyses: Collection[Analysis] | None = None,
    jobs: int | None = None,
    checkpoint: str | Path | None = None,
    source_name: str | None = None,
    progress: Say | None = None,
    on_progress: OnProgress | None = None,
) -> EmulationResult:
    """Emulate the trial of a protocol.

    Parameters
    ----------
    protocol : str, Path, mapping or TrialProtocol
        A file, the name of a shipped example, or its content.
    registry : str or Path, optional
        A registry's folder, ``postgresql://...?schema=NAME`` or ``spark:FOLDER``.
    table, visits : optional
        Instead of a registry: a table with one row per person, and one of repeated measurements;
        CSV or Parquet files, or data frames.
    method : str, optional
        Takes the place of the protocol's method; with its options as the protocol's sensitivity
        analyses state them, else with its own.
    sensitivity : bool
        Whether the analyses beside the primary one are run.
    analyses : collection of str, optional
        Which of them, if not all: ``specifications``, ``ladder``, ``bias``, ``subgroups``,
        ``controls``, ``benchmark``.
    jobs : int, optional
        Workers of the bootstrap, and of the analyses of imputed cohorts.
    checkpoint : str or Path, optional
        File that keeps bootstrap replicates, so that an interrupted run goes on.
    source_name : str, optional
        What the source of the patients is called, in place of its path.
    progress : callable, optional
        Called with the name of each stage.
    on_progress : callable, optional
        Called with the bootstrap replicates done and their total.

    Returns
    -------
    EmulationResult
        Effect, diagnostics, sensitivity analyses, trials beside, reporting table.

    Raises
    ------
    DataError, DesignError
        If the protocol, the data or the two together can't be used.
    """
    say = _silent if progress is None else progress
    loaded = read_protocol(protocol)
    plan = loaded.protocol
    source = Source(
        registry=None if registry is None else str(registry), table=table, visits=visits
    )
    say("building the cohort")
    cohort = build_cohort(loaded, source, name=source_name)
    return emulate_cohort(
        plan,
        cohort,
        source=source,
        method=method,
        analyses=_asked(sensitivity, analyses),
        inference=plan.inference(
            jobs=jobs, checkpoint=None if checkpoint is None else str(checkpoint)
        ),
        say=say,
        on_progress=on_progress,
    )


def _asked(sensitivity: bool, analyses: Collection[Analysis] | None) -> tuple[Analysis, ...]:
    """Return which analyses are run beside the primary one."""
    chosen = ANALYSES if analyses is None else tuple(analyses)
    for name in chosen:
        if name not in ANALYSES:
            raise DesignError(
                f"there is no analysis {name!r} beside the primary one.",
                hint=did_you_mean(name, ANALYSES),
            )
    return chosen if sensitivity else ()


def build_cohort(loaded: LoadedProtocol, source: Source, *, name: str | None = None) -> Cohort:
    """Return the persons whom a protocol is about.

    Parameters
    ----------
    loaded : LoadedProtocol
        The protocol.
    source : Source
        Where the patients are.
    name : str, optional
        What the source is called. Of a path only the last part is told, here as by default: where
        the patients lie on this machine is nobody's business who reads the results.

    Returns
    -------
    Cohort
        One row per person at time zero.
    """
    protocol = loaded.protocol
    if source.registry is not None:
        loaded.check_variables(builtin_variables(), builtin_histories())
        cohort = cohort_from_registry(source.registry, protocol)
    else:
        cohort = cohort_from_table(source.table, protocol, visits=source.visits)
    if cohort.n == 0:
        flow = "; ".join(f"{step.name}: {step.left} left" for step in cohort.attrition.steps)
        raise DesignError(
            f"nobody is left in the cohort. {flow}.",
            hint="see which criterion excludes everybody, and whether its variable is recorded.",
        )
    cohort = replace(cohort, audit=(*cohort.audit, *_ended_before(cohort)))
    return _called(cohort, without_folders(cohort.source, source) if name is None else _last(name))


def without_folders(told: str, source: Source) -> str:
    """Return what a cohort says of its source with the name of a registry's folder alone.

    Parameters
    ----------
    told : str
        Engine, place and revision.
    source : Source
        Where the patients are.

    Returns
    -------
    str
        The same for a database, whose address is told without logins.
    """
    place = source.registry or ""
    if not place or "://" in place:
        return told
    folder = str(Path(place.removeprefix("spark:")))
    head, mark, tail = told.rpartition(" (revision ")
    if not head.endswith(folder):
        return told
    return f"{head.removesuffix(folder)}{Path(folder).resolve().name}{mark}{tail}"


def _last(name: str) -> str:
    return PurePath(name).name if PurePath(name).is_absolute() else name


def _called(cohort: Cohort, name: str) -> Cohort:
    """Return a cohort whose source has another name, in what is told of it too."""
    old = cohort.source
    if old == name:
        return cohort
    return replace(
        cohort,
        source=name,
        attrition=replace(cohort.attrition, source=name),
        audit=tuple(
            replace(
                one,
                subject=one.subject.replace(old, name),
                message=one.message.replace(old, name),
                changes=one.changes.replace(old, name),
                location=replace(one.location, file=one.location.file.replace(old, name)),
            )
            for one in cohort.audit
        ),
    )


def _ended_before(cohort: Cohort) -> Iterator[Finding]:
    """Yield a finding where persons are left out because their follow-up ends before time zero."""
    for step in cohort.attrition.steps:
        if step.name == ENDED_BEFORE and step.excluded:
            yield Finding(
                rule="outcome-before-time-zero",
                severity="serious",
                subject=cohort.source,
                message=f"follow-up of {plural(step.excluded, 'person')} ends before time zero: "
                "they are left out. Check the columns and the unit of time, or choose a time "
                "zero at which everybody is alive and followed.",
                value=float(step.excluded),
                limit=None,
                location=Location(file=cohort.source),
                changes="Who is in the cohort depends on what happened before time zero.",
            )


def emulate_cohort(
    protocol: TrialProtocol,
    cohort: Cohort,
    *,
    source: Source,
    method: str | None,
    analyses: Collection[Analysis],
    inference: Inference,
    say: Say,
    on_progress: OnProgress | None,
) -> EmulationResult:
    """Run every analysis of a protocol on its cohort.

    Parameters
    ----------
    protocol, cohort, source
        What is asked, of whom, from where.
    method, analyses
        As for `emulate`; no analysis is run beside the primary one where none is named.
    inference : Inference
        How intervals of the primary analysis are made.
    say, on_progress : callable
        Told about stages and replicates.

    Returns
    -------
    EmulationResult
        Everything that a report shows.
    """
    if "benchmark" in analyses:
        check_trials(protocol)
    question = protocol.question()
    say("diagnosing the cohort")
    setting = Setting(
        cohort=cohort,
        question=question,
        inference=inference,
        imputation=imputation_of(protocol),
        protocol_sha256=protocol.sha256,
    )
    setting = replace(setting, diagnostics=_diagnosed(setting))
    name, options = _choice(protocol, method)
    say(f"primary analysis: {name}")
    effect = _primary(setting, make_method(name, options), on_progress)
    primary = Run(label=effect.title, changed={}, effect=effect, failure=None)
    extras = Extras()
    if analyses:
        extras = extra_analyses(
            setting, protocol, primary, name, options, source.registry, say, analyses=analyses
        )
    return result_of(protocol, setting, effect, extras)


def _primary(setting: Setting, method: Method, on_progress: OnProgress | None) -> Effect:
    """Estimate; where that is not possible, say what the diagnostics of the cohort found too."""
    try:
        return estimate(setting, method, on_progress=on_progress)
    except LocoregError as error:
        failed = [d for d in setting.diagnostics if d.verdict == "fail"]
        if not failed:
            raise
        told = " ".join(f"{d.title}: {d.message} {d.advice}".strip() for d in failed)
        message = f"{error.message} Diagnostics of the cohort that failed: {told}"
        # A subclass may be made of something else than a message.
        plain = type(error).__init__ is LocoregError.__init__
        kind = type(error) if plain else DesignError
        raise kind(message, hint=error.hint) from error


def _diagnosed(setting: Setting) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a cohort; where confounders are imputed, of one completed cohort.

    How many values are unknown is told of the cohort as it is.
    """
    cohort, question = setting.cohort, setting.question
    done = setting.completed(question)
    if done is None or not done.filled:
        return diagnose(cohort, question)
    found = diagnose(done.chains.completed(cohort, done.filled[0]), question)
    unknown = missing_confounders(cohort)
    return tuple(unknown if d.name == unknown.name else d for d in found)


def _choice(protocol: TrialProtocol, method: str | None) -> tuple[str, dict[str, Any]]:
    """Return the primary method and its options."""
    chosen = protocol.analysis
    if method is None or method == chosen.method:
        return chosen.method, dict(chosen.options)
    return method, options_of(protocol, method)


def _silent(stage: str) -> None:
    """Say nothing."""
