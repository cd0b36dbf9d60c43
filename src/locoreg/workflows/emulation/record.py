"""An emulation as rows of the evidence tables: a design of its own, audited and pooled apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DataError, DesignError
from locoreg.core.tables import read_dictionary
from locoreg.emulation.effect import ArmCurve, Contrast, Effect
from locoreg.emulation.protocol import TrialProtocol
from locoreg.evidence.catalog import shipped_folder

DESIGN = "emulation"
TABLES = ("references", "studies", "claims")
# Decimals of what is written: limits must give back the standard error.
DIGITS = 5
FAILED_MARK = "diagnostic failed"
SYNTHETIC_WORDS = "Made-up patients of a synthetic registry: not evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLabel:
    """What the numbers themselves don't tell of an emulation.

    Attributes
    ----------
    study_id, label : str
        Key, and the name shown in figures.
    question_id : str
        Question of the tables that it answers.
    outcome : str
        Outcome id of the tables.
    cohort : str
        Name of the patient source, so that studies which share patients are found.
    year : int
        Year of the analysis.
    population : str
        Whom it is of.
    setting, region, period : str, optional
        Target of the local therapy; country; first and last year.
    indirectness : str, optional
        How the patients differ from those of the question.
    """

    study_id: str
    label: str
    question_id: str
    outcome: str
    cohort: str
    year: int
    population: str
    setting: str = ""
    region: str = ""
    period: str = ""
    indirectness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """Rows of the evidence tables.

    Attributes
    ----------
    references, studies, claims : tuple of mapping of str to str
        Cells by column; columns that are not there are empty.
    """

    references: tuple[Mapping[str, str], ...]
    studies: tuple[Mapping[str, str], ...]
    claims: tuple[Mapping[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as JSON-ready values."""
        return {name: [dict(row) for row in getattr(self, name)] for name in TABLES}


def evidence_record(effect: Effect, protocol: TrialProtocol, label: RecordLabel) -> EvidenceRecord:
    """Return an emulation as rows of the evidence tables.

    Parameters
    ----------
    effect : Effect
        The effect.
    protocol : TrialProtocol
        Its protocol.
    label : RecordLabel
        What else a record needs.

    Returns
    -------
    EvidenceRecord
        A study of design ``emulation``, its report, a row with the hazard ratio, and per time the
        survival (or incidence) and the restricted mean of each strategy. A failed diagnostic is in
        the label, which every figure shows; that patients are made up is in ``indirectness``.

    Raises
    ------
    DesignError
        If the method is biased by design, or there is no hazard ratio with an interval.
    """
    if effect.biased is not None:
        raise DesignError(
            f"{effect.title} is no evidence: {effect.biased}",
            hint="record the primary analysis.",
        )
    return EvidenceRecord(
        references=(_reference(effect, protocol, label),),
        studies=(_study(effect, protocol, label),),
        claims=tuple(_claims(effect, protocol, label)),
    )


def _reference(effect: Effect, protocol: TrialProtocol, label: RecordLabel) -> dict[str, str]:
    return {
        "reference_id": label.study_id,
        "study_id": label.study_id,
        "version": "1",
        "title": protocol.title,
        "year": str(label.year),
        "verification": "seen",
        "note": _trail(effect),
    }


def _study(effect: Effect, protocol: TrialProtocol, label: RecordLabel) -> dict[str, str]:
    question = effect.question
    failed = "; ".join(f"{d.title}: {d.message}" for d in effect.failed)
    different = [SYNTHETIC_WORDS] if effect.synthetic else []
    different += [label.indirectness] if label.indirectness else []
    detail = (
        f"{effect.title}. {effect.estimand} Grace period {question.grace_months:g} months, "
        f"{question.initiation}, comparator {question.comparator}, {question.contrast}."
    )
    return {
        "study_id": label.study_id,
        "label": f"{label.label} ({FAILED_MARK})" if failed else label.label,
        "question_id": label.question_id,
        "design": DESIGN,
        "design_detail": detail + (f" Failed: {failed}" if failed else ""),
        "setting": label.setting,
        "population": label.population,
        "intervention": question.treated_label,
        "comparator": question.comparator_label,
        "randomisation_timing": "not randomised",
        "time_zero": "" if protocol.time_zero is None else protocol.time_zero.event,
        "indirectness": "; ".join(different),
        "region": label.region,
        "period": label.period,
        "cohort": label.cohort,
        "verification": "seen",
        "note": _trail(effect),
    }


def _trail(effect: Effect) -> str:
    found = effect.provenance
    sha = found.options.get("protocol_sha256") or "none"
    return f"locoreg {found.version}; cohort {found.input_sha256}; protocol {sha}"


def _claims(effect: Effect, protocol: TrialProtocol, label: RecordLabel) -> list[dict[str, str]]:
    shared = {
        "study_id": label.study_id,
        "report_id": label.study_id,
        "outcome": label.outcome,
        "outcome_printed": effect.question.outcome,
        "population": label.population,
        "n": str(effect.n),
        "n_intervention": str(effect.n_treated),
        "n_control": str(effect.n - effect.n_treated),
        "verification": "seen",
    }
    rows = [_hazard_ratio(effect, protocol) | shared]
    for t in effect.question.at_months:
        rows.append(_curve_values(effect, t) | shared)
    rows += [
        _restricted_means(contrast) | shared
        for contrast in effect.contrasts
        if contrast.measure in ("rmst_difference", "time_lost_difference")
    ]
    return [
        {"claim_id": f"{label.study_id}-{number}", **row}
        for number, row in enumerate(rows, start=1)
    ]


def _hazard_ratio(effect: Effect, protocol: TrialProtocol) -> dict[str, str]:
    one = effect.contrast("hazard_ratio").estimate
    if not (math.isfinite(one.estimate) and math.isfinite(one.se)):
        raise DesignError(
            "the effect has no hazard ratio with an interval.",
            hint="choose a method that gives one, and ask for intervals.",
        )
    mid, low, high = one.natural
    names = [c.variable for c in protocol.confounders.baseline]
    names += list(protocol.confounders.time_varying)
    adjusted = f"{effect.title}: {', '.join(names)}" if names else effect.title
    return {
        "kind": "effect",
        "measure": "HR",
        "estimate": _number(mid),
        "ci_low": _number(low),
        "ci_high": _number(high),
        "ci_level": f"{one.level:g}",
        "ci_level_source": "computed",
        "se": _number(one.se),
        "reference_arm": "control",
        "adjusted": adjusted,
        "verbatim": f"HR {one.text()}",
        "note": "; ".join(effect.notes),
    }


def _curve_values(effect: Effect, t: float) -> dict[str, str]:
    survival = effect.contrasts[0].measure.startswith("survival")
    row = {
        "kind": "arms",
        "statistic": "survival_proportion" if survival else "cumulative_incidence",
        "unit": "percent",
        "landmark_months": f"{t:g}",
    }
    for arm, name in zip(effect.arms, ("control", "intervention"), strict=True):
        row |= _limits(arm, t, name)
    if "low_control" in row:
        row["value_level"] = f"{effect.question.level:g}"
    return row


def _limits(arm: ArmCurve, t: float, name: str) -> dict[str, str]:
    place = arm.time.tolist().index(t)
    out = {f"value_{name}": _number(100.0 * float(arm.estimate[place]))}
    low, high = (100.0 * float(v[place]) for v in (arm.ci_low, arm.ci_high))
    if math.isfinite(low) and math.isfinite(high):
        out |= {f"low_{name}": _number(max(0.0, low)), f"high_{name}": _number(min(100.0, high))}
    return out


def _restricted_means(contrast: Contrast) -> dict[str, str]:
    return {
        "kind": "arms",
        "statistic": "rmst" if contrast.measure == "rmst_difference" else "time_lost",
        "unit": "months",
        "landmark_months": f"{contrast.at_months:g}",
        "value_intervention": _number(contrast.treated),
        "value_control": _number(contrast.comparator),
    }


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def write_record(record: EvidenceRecord, folder: str | Path) -> tuple[Path, ...]:
    """Write a record as tables that are read beside the shipped ones.

    Parameters
    ----------
    record : EvidenceRecord
        The rows.
    folder : str or Path
        A folder that is made; ``references.csv``, ``studies.csv`` and ``claims.csv`` in it are
        not overwritten.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    DataError
        If one of the files is there.
    """
    target = Path(folder)
    paths = tuple(target / f"{name}.csv" for name in TABLES)
    there = [path.name for path in paths if path.exists()]
    if there:
        raise DataError(f"{target} holds {', '.join(there)} already.", hint="give another folder.")
    target.mkdir(parents=True, exist_ok=True)
    columns = read_dictionary(shipped_folder() / "dictionary.csv")
    for name, path in zip(TABLES, paths, strict=True):
        text = _table([c.name for c in columns[name]], getattr(record, name))
        path.write_text(text, encoding="utf-8", newline="")
    return paths


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    used = [name for name in columns if any(row.get(name) for row in rows)]
    return to_csv([used, *([row.get(name, "") for name in used] for row in rows)])
