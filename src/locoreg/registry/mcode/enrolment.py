"""Who belongs into a registry of metastatic breast cancer: the rule, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.registry.mcode.codes import label_of
from locoreg.registry.mcode.conditions import Cancers, origin_of
from locoreg.registry.mcode.diseasewords import states_breast_cancer
from locoreg.registry.mcode.record import Item, Record, verification
from locoreg.registry.mcode.resources import Condition, Observation
from locoreg.registry.mcode.sites import Place, metastasis_place, site_place
from locoreg.registry.mcode.staging import Stages

RULE = "mcode-enrolment-1"
NO_PRIMARY = "patient not enrolled: no confirmed breast primary"
NO_METASTASIS = "patient not enrolled: no sign of distant metastasis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a patient is enrolled.

    Attributes
    ----------
    enrolled : bool
        The answer.
    reason : str
        Why not, in words that are the same for all patients; empty if enrolled.
    evidence : tuple of str
        What shows metastasis.
    seen : tuple of str
        What was found and shows none.
    """

    enrolled: bool
    reason: str
    evidence: tuple[str, ...]
    seen: tuple[str, ...]


def judge(record: Record, cancers: Cancers, stages: Stages) -> Verdict:
    """Apply the rule: a confirmed breast primary and a sign of distant metastasis.

    A metastasis that is said to be of a breast cancer ("metastatic breast cancer") states the
    primary, too: where no condition is the primary itself, the patient enters with a problem.
    A sign is a metastasis outside the regional nodes and the breast (C77.3 and C79.81 don't count
    alone), M1, stage IV, or a history of metastatic cancer that isn't denied; not one that is
    stated to be of another primary. Where the origin or the region can't be told, the sign counts
    and a problem is raised.

    Parameters
    ----------
    record : Record
        The patient.
    cancers : Cancers
        The conditions.
    stages : Stages
        The stages.

    Returns
    -------
    Verdict
        The answer with what it rests on.
    """
    evidence: list[str] = []
    seen: list[str] = []
    has_breast = bool(cancers.breast) or _states_primary(cancers)
    _by_metastases(record, cancers, has_breast, evidence, seen)
    _by_stages(record, stages, has_breast, evidence, seen)
    _by_history(record, cancers, has_breast, evidence, seen)
    if not has_breast:
        seen += [f"breast primary {verification(i.resource)}" for i in cancers.unsure]
        seen += [f"primary: {label_of(i.resource.code)}" for i in cancers.others]
        return Verdict(enrolled=False, reason=NO_PRIMARY, evidence=(), seen=tuple(seen))
    if evidence and not cancers.breast:
        record.problem(
            "primary-missing",
            "serious",
            "A metastasis is said to be of a breast cancer, and no condition is the breast cancer "
            "itself: there is no row of the primary.",
            record.patient,
            table="primary_tumour",
        )
    if not evidence:
        return Verdict(enrolled=False, reason=NO_METASTASIS, evidence=(), seen=tuple(seen))
    return Verdict(enrolled=True, reason="", evidence=tuple(evidence), seen=tuple(seen))


def _states_primary(cancers: Cancers) -> bool:
    """Whether a confirmed metastasis is said to be of a breast cancer, and none is unsure."""
    stated = any(states_breast_cancer(item.resource.code) for item in cancers.secondaries)
    return stated and not cancers.unsure


def _by_metastases(
    record: Record, cancers: Cancers, has_breast: bool, evidence: list[str], seen: list[str]
) -> None:
    for item in cancers.secondaries:
        place = place_of(item.resource)
        label = label_of(item.resource.code)
        origin = origin_of(record, cancers, item)
        if origin == "other":
            seen.append(f"metastasis of another primary: {label}")
        elif place.region == "regional":
            seen.append(f"regional: {label}")
        else:
            evidence.append(label)
            if has_breast:
                _doubts(record, item, place, origin, label)
    for item in cancers.unsure_secondaries:
        label = label_of(item.resource.code)
        seen.append(f"{verification(item.resource)}: {label}")
        item.why = "a metastasis that isn't confirmed"
        record.problem(
            "metastasis-not-confirmed",
            "minor",
            "A metastasis that isn't confirmed was not used.",
            item,
            column="verificationStatus",
            value=label,
        )


def _doubts(record: Record, item: Item[Condition], place: Place, origin: str, label: str) -> None:
    if origin == "unknown":
        _unknown_origin(record, item, label)
    if place.region != "unclear":
        return
    message = (
        "The code leaves open whether these lymph nodes are regional; they were counted as distant."
        if place.organ
        else "The site of the metastasis can't be told from its code; it was counted as distant."
    )
    record.problem(
        "metastasis-region-unclear", "serious", message, item, column="code", value=label
    )


def _unknown_origin(record: Record, item: Item[Any], label: str) -> None:
    record.problem(
        "metastasis-origin-unknown",
        "serious",
        "The patient has another primary too and nothing says which of them spread: it was counted "
        "as spread of the breast cancer.",
        item,
        value=label,
    )


def place_of(condition: Condition) -> Place:
    """Return where a metastasis is: by its code, else by its body site."""
    place = metastasis_place(condition.code)
    sites = [site_place(site) for site in condition.body_site]
    named = [site for site in sites if site.organ]
    if not named:
        return place
    first = named[0]
    if place.organ in ("", "node") or (place.organ == "other" and first.organ != "other"):
        return first
    # A site only makes a code of the same organ more exact.
    return place._replace(side=place.side or first.side) if first.organ == place.organ else place


def _by_stages(
    record: Record, stages: Stages, has_breast: bool, evidence: list[str], seen: list[str]
) -> None:
    for category in stages.categories:
        text = f"{category.basis}{category.value}"
        if category.letter != "M" or not category.value:
            continue
        _by_stage(record, category.item, text, category.origin, has_breast, evidence, seen)
    for group in stages.groups:
        if group.value:
            text = f"stage {group.value}"
            _by_stage(record, group.item, text, group.origin, has_breast, evidence, seen)
    for summary in stages.summaries:
        text = f"stage {summary.value}" if summary.value else summary.category
        if text:
            sign = summary.value.startswith("IV") or "M1" in summary.category
            (evidence if sign else seen).append(text)


def _by_stage(
    record: Record,
    item: Item[Observation],
    text: str,
    origin: str,
    has_breast: bool,
    evidence: list[str],
    seen: list[str],
) -> None:
    if not ("M1" in text or text.startswith("stage IV")) or origin == "other":
        seen.append(text if origin != "other" else f"of another primary: {text}")
        return
    evidence.append(text)
    if origin == "unknown" and has_breast:
        _unknown_origin(record, item, text)


def _by_history(
    record: Record, cancers: Cancers, has_breast: bool, evidence: list[str], seen: list[str]
) -> None:
    for item, _ in record.having("history"):
        observation = item.resource
        label = label_of(observation.code)
        origin = origin_of(record, cancers, item)
        if observation.value_boolean is False:
            seen.append(f"denied: {label}")
            item.why = "a history of metastatic cancer that is denied"
        elif _says_nothing(observation):
            seen.append(f"unknown: {label}")
            item.why = "a history of metastatic cancer that is not known"
        elif origin == "other":
            seen.append(f"of another primary: {label}")
            item.why = "a history of metastases of another primary"
        else:
            evidence.append(label)
            if origin == "unknown" and has_breast:
                _unknown_origin(record, item, label)


def _says_nothing(observation: Observation) -> bool:
    """Whether the value is absent for a reason, or something else than true."""
    if observation.data_absent_reason is not None:
        return True
    return observation.value_boolean is None and any(
        value is not None
        for value in (
            observation.value_codeable_concept,
            observation.value_string,
            observation.value_integer,
            observation.value_quantity,
        )
    )
