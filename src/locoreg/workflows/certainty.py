"""Certainty of the pools of a run: rules propose, the study file holds what a person decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from locoreg.core.errors import LocoregError
from locoreg.evidence.absolute import EventIs
from locoreg.evidence.certainty import (
    AsymmetryTest,
    BaselineRisk,
    CertaintyResult,
    InformationRule,
    Judgement,
    PoolFacts,
    StudyFacts,
    Threshold,
    UnpublishedTrial,
    decide,
    propose,
    start_level,
)
from locoreg.evidence.certainty.levels import DOMAINS, Level
from locoreg.evidence.riskofbias import (
    Assessment,
    assessment_of,
    assessments,
    load_bias_records,
)
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.conclusion.pools import (
    Results,
    estimate_of,
    find_pool,
    outcome_words,
    pool_key,
    read_interval,
    why_no_pool,
)
from locoreg.workflows.conclusion.sentences import finite

NOT_NAMED = "The study file names no reason in this domain."
UNKNOWN_EVENT = "Neither the run nor the shipped tables say what the event of this outcome is."


def read_assessments(folders: Sequence[str | Path]) -> tuple[tuple[Assessment, ...], str]:
    """Read the assessments of risk of bias in sets of tables.

    Parameters
    ----------
    folders : sequence of str or Path
        ``shipped``, or folders; those without the table are passed over.

    Returns
    -------
    found : tuple of Assessment
        One per study, instrument, outcome and assessor.
    sha256 : str
        Hash of the files.
    """
    records, sha256 = load_bias_records(folders)
    return assessments(records), sha256


def certainty_of(
    results: Results,
    plan: FindingsPlan,
    *,
    bias: Iterable[Assessment],
    information: InformationRule | None,
    asymmetry: Sequence[AsymmetryTest],
    otherwise: Literal["low", "high"],
) -> dict[str, Any]:
    """Return what the rules propose for a pool beside what a person decided.

    Parameters
    ----------
    results : mapping
        Results of the run so far; ``questions`` and ``tables`` are read.
    plan : FindingsPlan
        Baselines, threshold, and the certainty as judged.
    bias : iterable of Assessment
        From :func:`read_assessments`.
    information : InformationRule or None
        The trial of the optimal information size; None where none is stated.
    asymmetry : sequence of AsymmetryTest
        Tests of small-study effects of this pool.
    otherwise : {"low", "high"}
        Where comparisons without randomisation start.

    Returns
    -------
    dict
        JSON-ready; ``refused`` says why nothing is proposed.
    """
    item = find_pool(results, plan.pool)
    head: dict[str, Any] = {
        "question": plan.question,
        "outcome": plan.outcome,
        "design": plan.design,
        "key": f"certainty/{'/'.join(plan.pool)}",
        "important_per_1000": plan.important.per_1000,
        "result": None,
        "risk_of_bias": [],
        "summary": "",
        "refused": "",
    }
    if item is None:
        return {**head, "refused": why_no_pool(results, plan.pool)}
    words = outcome_words(results, item)
    if words is None:
        return {**head, "refused": UNKNOWN_EVENT}
    known = tuple(bias)
    try:
        found = judge_pool(
            item["pool"],
            event_is="adverse" if words.event_is == "adverse" else "favourable",
            bias=known,
            unpublished=unpublished_of(results, plan.question),
            baselines=[
                BaselineRisk(
                    label=one.label,
                    survival=point.survival_percent / 100,
                    at_months=point.at_months,
                )
                for one in plan.baseline
                for point in one.stated
            ],
            important=Threshold(per_1000=plan.important.per_1000),
            information=information,
            asymmetry=asymmetry,
            start=start_level(plan.design, otherwise=otherwise),
            judgements=judgements_of(plan),
        )
    except LocoregError as error:
        return {**head, "refused": str(error)}
    return {
        **head,
        "evidence_key": pool_key(item),
        "result": found.to_dict(),
        "risk_of_bias": _shown(item["pool"], known),
        "summary": found.summary(),
    }


def judge_pool(
    pool: Mapping[str, Any],
    *,
    event_is: EventIs,
    bias: Iterable[Assessment],
    unpublished: Sequence[UnpublishedTrial],
    baselines: Sequence[BaselineRisk],
    important: Threshold,
    information: InformationRule | None,
    asymmetry: Sequence[AsymmetryTest],
    start: Level,
    judgements: Sequence[Judgement],
) -> CertaintyResult:
    """Return the certainty of one pool.

    Parameters
    ----------
    pool : mapping
        ``EvidencePool.to_dict()``, or the same read back from results.
    event_is : {"adverse", "favourable"}
        Kind of the event.
    bias : iterable of Assessment
        Assessments of risk of bias.
    unpublished : sequence of UnpublishedTrial
        Registered trials of the question without a result.
    baselines, important, information, asymmetry, start
        As for :func:`locoreg.evidence.certainty.propose`.
    judgements : sequence of Judgement
        Of a person; empty where nobody has judged.

    Returns
    -------
    CertaintyResult
        Proposal and judgement of each domain.
    """
    proposals = propose(
        facts_of(pool, event_is=event_is, bias=bias),
        baselines=baselines,
        important=important,
        information=information,
        asymmetry=asymmetry,
        unpublished=unpublished,
        start=start,
    )
    return decide(start, proposals, judgements)


def facts_of(
    pool: Mapping[str, Any], *, event_is: EventIs, bias: Iterable[Assessment]
) -> PoolFacts:
    """Return what the rules look at, from the result of a pool.

    Parameters
    ----------
    pool : mapping
        ``EvidencePool.to_dict()``.
    event_is : {"adverse", "favourable"}
        Kind of the event.
    bias : iterable of Assessment
        Assessments of risk of bias.

    Returns
    -------
    PoolFacts
        Numbers that are null are NaN.
    """
    known = tuple(bias)
    prediction = pool["prediction"]
    i2_low, i2_high = (finite(one) for one in (pool["i2_ci"] or (None, None)))
    words = _indirect(pool)
    return PoolFacts(
        outcome=pool["outcome"],
        design=pool["design"],
        measure=pool["measure"],
        reference_arm=pool["reference_arm"],
        event_is=event_is,
        method=pool["method"],
        interval=pool["interval"],
        read=estimate_of(read_interval(pool)),
        prediction=None
        if prediction is None
        else (finite(prediction["low"]), finite(prediction["high"])),
        i2=finite(pool["i2"]),
        i2_low=i2_low,
        i2_high=i2_high,
        q=finite(pool["q"]),
        q_df=int(pool["q_df"] or 0),
        q_p=finite(pool["q_p"]),
        common_se=finite(pool["common_effect"]["se"]),
        studies=tuple(_study(one, pool["outcome"], known, words) for one in pool["studies"]),
    )


def _study(
    one: Mapping[str, Any],
    outcome: str,
    bias: tuple[Assessment, ...],
    indirect: Mapping[str, str],
) -> StudyFacts:
    chosen, _ = assessment_of(bias, one["study_id"], outcome)
    return StudyFacts(
        study_id=one["study_id"],
        label=one["label"],
        yi=finite(one["yi"]),
        se=finite(one["se"]),
        weight=finite(one["weight"]),
        n=one["n"],
        events=one["events"],
        concern=None if chosen is None else chosen.concern,
        indirectness=indirect.get(one["study_id"], ""),
    )


def _indirect(pool: Mapping[str, Any]) -> dict[str, str]:
    """Return what the record says of the patients of each study of a pool."""
    studies = pool["studies"]
    found: dict[str, str] = {}
    for sentence in pool["indirect"]:
        everyone = f"All {len(studies)} studies: "
        if sentence.startswith(everyone):
            return {one["study_id"]: sentence.removeprefix(everyone) for one in studies}
        rest, mine = sentence, []
        for one in studies:
            ends = [end for end in (", ", ": ") if rest.startswith(one["label"] + end)]
            if not ends:
                continue
            mine.append(one["study_id"])
            rest = rest.removeprefix(one["label"] + ends[0])
            if ends[0] == ": ":
                break
        found |= dict.fromkeys(mine, rest)
    return found


def unpublished_of(results: Results, question: str) -> tuple[UnpublishedTrial, ...]:
    """Return the registered trials of a question that have no result on record.

    Parameters
    ----------
    results : mapping
        Results of a run.
    question : str
        Question id.

    Returns
    -------
    tuple of UnpublishedTrial
        In the order of the tables.
    """
    return tuple(
        UnpublishedTrial(study_id=one["study_id"], label=one["label"], registry_id="")
        for asked in results.get("questions") or ()
        if asked["question"] == question
        for one in asked.get("not_pooled") or ()
        if one["design"] == "protocol"
    )


def judgements_of(plan: FindingsPlan) -> tuple[Judgement, ...]:
    """Return what a person decided in a study file; domains without a reason do not move it.

    Parameters
    ----------
    plan : FindingsPlan
        The entry.

    Returns
    -------
    tuple of Judgement
        Empty where nobody has judged.
    """
    if plan.certainty is None:
        return ()
    given = {reason.domain: reason for reason in plan.certainty.reasons}
    out = []
    for domain in DOMAINS:
        reason = given.get(domain)
        out.append(
            Judgement(
                domain=domain,
                by=0 if reason is None else reason.by,
                reason=NOT_NAMED if reason is None else reason.reason,
                author=plan.certainty.author,
                date="",
                stated=reason is not None,
            )
        )
    return tuple(out)


def _shown(pool: Mapping[str, Any], bias: tuple[Assessment, ...]) -> list[dict[str, Any]]:
    rows = []
    for one in pool["studies"]:
        chosen, others = assessment_of(bias, one["study_id"], pool["outcome"])
        rows.append(
            {
                "study_id": one["study_id"],
                "label": one["label"],
                "assessment": None if chosen is None else chosen.to_dict(),
                "others": [other.to_dict() for other in others],
            }
        )
    return rows
