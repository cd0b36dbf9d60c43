"""An emulation beside the randomised trials of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from locoreg.core.errors import DesignError, LocoregError, NothingToPoolError
from locoreg.core.findings import Finding
from locoreg.core.numbertext import p_text, plural
from locoreg.emulation.benchmark import Benchmark, TrialEstimate, benchmark, restrict
from locoreg.emulation.cohort import AttritionStep
from locoreg.emulation.effect import Effect
from locoreg.emulation.methods import make_method
from locoreg.emulation.protocol import TrialProtocol
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.lines import PooledStudy
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog
from locoreg.workflows.emulation.runs import Setting, estimate_or_less
from locoreg.workflows.evidence import pool_question

# The catalogue's outcome that a protocol's event is.
OUTCOME_OF_EVENT = {
    "death": "overall_survival",
    "progression": "progression_free_survival",
    "locoregional_progression": "locoregional_progression",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTrials:
    """Trials of one question and outcome.

    Attributes
    ----------
    question, outcome : str
        Ids.
    trials : tuple of TrialEstimate
        Those with a usable number, in the order of publication.
    pooled : TrialEstimate or None
        Their pool, as ``evidence pool`` gives it; None for a single trial.
    left_out : tuple of str
        Trials without a usable number, with the reason.
    """

    question: str
    outcome: str
    trials: tuple[TrialEstimate, ...]
    pooled: TrialEstimate | None
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the trials as JSON-ready values."""
        return {
            "question": self.question,
            "outcome": self.outcome,
            "trials": [trial.to_dict() for trial in self.trials],
            "pooled": None if self.pooled is None else self.pooled.to_dict(),
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialComparison:
    """An emulation in trial-eligible patients beside the trials.

    Attributes
    ----------
    benchmark : Benchmark or None
        All agreements; None where there is no answer.
    effect : Effect or None
        The effect in the patients whom the trials would have taken.
    steps : tuple of AttritionStep
        The criteria that restrict the cohort, with their counts.
    note : str
        Why there is no answer, or whom it is of.
    """

    benchmark: Benchmark | None
    effect: Effect | None
    steps: tuple[AttritionStep, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return {
            "benchmark": None if self.benchmark is None else self.benchmark.to_dict(),
            "effect": None if self.effect is None else self.effect.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            "note": self.note,
        }

    def summary(self) -> str:
        """Return the comparison as text."""
        lines = ["Beside randomised trials:"]
        lines += [f"  {s.excluded} out: {s.name}; {s.left} left" for s in self.steps]
        if self.note:
            lines.append(f"  {self.note}")
        if self.benchmark is not None:
            lines.append(self.benchmark.summary())
        return "\n".join(lines)


def compare_with_trials(
    setting: Setting,
    protocol: TrialProtocol,
    effect: Effect,
    method: str,
    options: Mapping[str, Any],
    *,
    catalog: Catalog | None = None,
    findings: Iterable[Finding] | None = None,
    failed: Sequence[str] = (),
) -> TrialComparison | None:
    """Estimate the effect in trial-eligible patients and lay it beside the trials.

    Parameters
    ----------
    setting : Setting
        Cohort, question, intervals.
    protocol : TrialProtocol
        Its ``benchmark`` names trials, criteria and margin.
    effect : Effect
        The primary analysis, which stands where the criteria leave nobody out.
    method, options
        Its method.
    catalog : Catalog, optional
        The tables; the shipped ones by default.
    findings : iterable of Finding, optional
        Findings of an audit of the same tables, if at hand.
    failed : sequence of str
        What else failed, beside the diagnostics of the effect: negative controls.

    Returns
    -------
    TrialComparison or None
        None where the protocol names no trials. What can't be compared says why.

    Raises
    ------
    DataError
        If the tables are broken, or hold no such study: that is no reason of design.
    """
    asked = protocol.benchmark
    if asked is None:
        return None
    steps: tuple[AttritionStep, ...] = ()
    chosen: Effect | None = None
    level = setting.question.level
    tables = load_catalog() if catalog is None else catalog
    try:
        found = catalogue_trials(
            tables, asked.studies, outcome=event_outcome(protocol), level=level, findings=findings
        )
    except DesignError as error:
        return TrialComparison(benchmark=None, effect=None, steps=(), note=str(error))
    try:
        cohort = restrict(setting.cohort, asked.eligibility)
        steps = cohort.attrition.steps[len(setting.cohort.attrition.steps) :]
        chosen = effect
        if cohort.n < setting.cohort.n:
            chosen = estimate_or_less(setting, make_method(method, options), cohort=cohort)
        compared = benchmark(
            chosen.contrast("hazard_ratio").estimate,
            found.trials,
            label=f"Emulation ({chosen.n} patients, {chosen.n_treated} treated in time)",
            level=level,
            margin=_margin(asked.margin),
            pooled=found.pooled,
            failed_diagnostics=[*(d.name for d in chosen.failed), *dict.fromkeys(failed)],
            left_out=found.left_out,
        )
    except LocoregError as error:
        return TrialComparison(benchmark=None, effect=chosen, steps=steps, note=str(error))
    return TrialComparison(
        benchmark=compared, effect=chosen, steps=steps, note=_whom(protocol, len(steps))
    )


def _whom(protocol: TrialProtocol, criteria: int) -> str:
    words = "The protocol states no criteria of the trials: all patients of the cohort."
    if criteria:
        words = f"Restricted to patients who meet {plural(criteria, 'criterion', 'criteria')}."
    if protocol.outcome is None:
        words += " The event of the table is taken to be death."
    return words


def _margin(margin: float | None) -> float | None:
    """Return a margin as a ratio above 1, whichever side of 1 it was stated on."""
    return None if margin is None else max(margin, 1.0 / margin)


def check_trials(protocol: TrialProtocol) -> None:
    """Raise before anything is computed where trials of a protocol can't be looked up.

    Parameters
    ----------
    protocol : TrialProtocol
        Its ``benchmark`` names the trials.

    Raises
    ------
    DataError
        If the tables are broken, or hold no such study.
    """
    if protocol.benchmark is None:
        return
    catalog = load_catalog()
    try:
        question_of_studies(catalog, protocol.benchmark.studies)
    except DesignError:
        # Told beside the result: the rest of the analysis stands without the trials.
        return


def event_outcome(protocol: TrialProtocol) -> str:
    """Return the catalogue's outcome of a protocol; DesignError if trials report no such one."""
    return outcome_of_event("death" if protocol.outcome is None else protocol.outcome.event)


def outcome_of_event(event: str) -> str:
    """Return the catalogue's outcome that a protocol's event is.

    Parameters
    ----------
    event : str
        Event of the protocol.

    Returns
    -------
    str
        Outcome id.

    Raises
    ------
    DesignError
        If the trials report no such outcome.
    """
    if event not in OUTCOME_OF_EVENT:
        raise DesignError(
            f"the catalogue has no outcome for {event!r}.",
            hint="a benchmark needs one of " + ", ".join(OUTCOME_OF_EVENT) + ".",
        )
    return OUTCOME_OF_EVENT[event]


def catalogue_trials(
    catalog: Catalog,
    studies: Sequence[str],
    *,
    outcome: str,
    level: float,
    findings: Iterable[Finding] | None = None,
) -> CatalogueTrials:
    """Return randomised trials with their hazard ratios, read as the audit supports.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    studies : sequence of str
        Study or report ids of randomised trials on one question.
    outcome : str
        Outcome id or alias.
    level : float
        Level of the intervals in percent.
    findings : iterable of Finding, optional
        Findings of an audit of the same tables, if at hand; those about published pools play no
        part.

    Returns
    -------
    CatalogueTrials
        Local therapy over none; each number with what the audit says of it.

    Raises
    ------
    DesignError
        If no study is named, they are not randomised trials of one question, or none has a number.
    DataError
        If a study is unknown.
    """
    if not studies:
        raise DesignError("no trial is named.", hint="name studies of the catalogue.")
    question = question_of_studies(catalog, studies)
    if findings is None:
        # Rebuilding published pools takes most of an audit's time, and says nothing of trials.
        findings = audit(replace(catalog, pools={})).findings
    try:
        pool = pool_question(
            catalog,
            question,
            design="rct",
            outcome=outcome,
            studies=studies,
            level=level,
            findings=findings,
        )
    except NothingToPoolError as error:
        raise DesignError(
            f"no trial can be compared: {error.message}", hint="name others."
        ) from error
    # With a design there is one pool.
    assert isinstance(pool, EvidencePool)
    if pool.question.measure != "HR" or pool.question.reference_arm != "control":
        raise DesignError(f"{question} pools no hazard ratios of local therapy over none.")
    trials = tuple(_trial(study, level) for study in pool.studies)
    return CatalogueTrials(
        question=question,
        outcome=pool.outcome.outcome_id,
        trials=trials,
        pooled=_pooled(pool, trials) if len(trials) > 1 else None,
        left_out=tuple(f"{one.label}: {one.reason}" for one in pool.excluded),
    )


def question_of_studies(catalog: Catalog, studies: Sequence[str]) -> str:
    """Return the one question that studies answer.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    studies : sequence of str
        Study or report ids.

    Returns
    -------
    str
        Question id.

    Raises
    ------
    DesignError
        If they answer none, or different ones.
    """
    questions: dict[str, str] = {}
    for given in studies:
        reference = catalog.references.get(given)
        key = given if given in catalog.studies or reference is None else reference.study_id
        study = catalog.study(key or given)
        if study.question_id is None:
            raise DesignError(f"{study.study_id} answers no question of the catalogue.")
        questions[study.question_id] = study.study_id
    if len(questions) > 1:
        named = ", ".join(f"{study} ({question})" for question, study in questions.items())
        raise DesignError(
            f"the trials answer different questions: {named}.", hint="name trials of one question."
        )
    return next(iter(questions))


def _trial(study: PooledStudy, level: float) -> TrialEstimate:
    remarks = [*study.applied]
    if study.indirectness:
        remarks.append(study.indirectness)
    remarks += [
        f"audit, {finding.severity}: {finding.rule}"
        for finding in study.findings
        if finding.subject == study.study_id and finding.severity in ("blocking", "serious")
    ]
    return TrialEstimate(
        study_id=study.study_id,
        label=study.label,
        estimate=study.effect.estimate(level),
        year=study.year,
        n=study.counts.n,
        source=study.source,
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _pooled(pool: EvidencePool, trials: tuple[TrialEstimate, ...]) -> TrialEstimate:
    sizes = [trial.n for trial in trials if trial.n is not None]
    meta = pool.meta
    return TrialEstimate(
        study_id="pool",
        label=f"{len(trials)} trials pooled",
        estimate=meta.mu,
        n=sum(sizes) if len(sizes) == len(trials) else None,
        source=f"evidence pool, {meta.method}, {meta.interval}",
        remarks=(f"heterogeneity: I² {meta.i2:.0f}%, {p_text(meta.q_p)}",),
    )
