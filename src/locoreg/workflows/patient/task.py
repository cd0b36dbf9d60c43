"""The task: one patient beside trials, published evidence, a registry model, and harms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.findings import Finding
from locoreg.core.version import __version__
from locoreg.evidence.eligibility import Criterion, load_eligibility
from locoreg.evidence.harms import Harm, load_harms
from locoreg.evidence.records import Catalog
from locoreg.workflows.patient import sentences
from locoreg.workflows.patient.estimate import PatientEstimate, estimate_for, no_estimate
from locoreg.workflows.patient.harms import HarmView, QualityView, harm_views, quality_views
from locoreg.workflows.patient.models import OpenedModel
from locoreg.workflows.patient.profile import Faults, Profile
from locoreg.workflows.patient.published import PublishedView, published_for
from locoreg.workflows.patient.trials import TrialView, trials_for


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientTables:
    """Tables beside the catalogue.

    Attributes
    ----------
    criteria : tuple of Criterion
        Eligibility of trials.
    harms : tuple of Harm
        Harms of treatments.
    sha256 : tuple of (str, str)
        Hashes of both.
    """

    criteria: tuple[Criterion, ...]
    harms: tuple[Harm, ...]
    sha256: tuple[str, str]


def patient_tables(folders: Sequence[str | Path]) -> PatientTables:
    """Read eligibility and harms.

    Parameters
    ----------
    folders : sequence of str or Path
        Evidence tables: ``shipped`` and folders.

    Returns
    -------
    PatientTables
        Both.
    """
    criteria, first = load_eligibility(folders)
    harms, second = load_harms(folders)
    return PatientTables(criteria=criteria, harms=harms, sha256=(first, second))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """Everything about one patient, in the order in which it is read.

    Attributes
    ----------
    trials : tuple of TrialView
        Does any trial apply?
    published : PublishedView
        Which published evidence applies?
    estimate : PatientEstimate
        What the registry model tells.
    harms : tuple of HarmView
        Harms and burden.
    quality : tuple of QualityView
        Quality of life in the trials.
    conflict, conflict_detail : str
        Where trials and registry disagree, in one sentence; the numbers behind it.
    provenance : tuple of (str, str)
        Version, hashes, date of the data.
    """

    trials: tuple[TrialView, ...]
    published: PublishedView
    estimate: PatientEstimate
    harms: tuple[HarmView, ...]
    quality: tuple[QualityView, ...]
    conflict: str
    conflict_detail: str
    provenance: tuple[tuple[str, str], ...]

    @property
    def trials_answer(self) -> str:
        """Whether any trial applies, in a sentence."""
        count = Counter(one.verdict for one in self.trials)
        unsure = count["can't be told"]
        return (
            f"Of {len(self.trials)} randomised trials on record here, this patient fits what is "
            f"recorded of {count['fits']}, would not have been eligible for {count['no']}, and for "
            f"{unsure} it can't be told."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values. Nothing of what was entered is in it."""
        return {
            "trials": {
                "answer": self.trials_answer,
                "trials": [one.to_dict() for one in self.trials],
            },
            "published": self.published.to_dict(),
            "estimate": self.estimate.to_dict(),
            "harms": [one.to_dict() for one in self.harms],
            "quality_of_life": [one.to_dict() for one in self.quality],
            "conflict": self.conflict,
            "conflict_detail": self.conflict_detail,
            "provenance": dict(self.provenance),
        }


def patient_view(
    profile: Profile,
    extra: Mapping[str, Any],
    *,
    tables: PatientTables,
    catalog: Catalog,
    findings: Sequence[Finding],
    opened: OpenedModel | None,
    unreadable: str = "",
    months: float | None = None,
    small_cells: int = 10,
) -> tuple[PatientView, Faults]:
    """Lay out everything about one patient.

    Parameters
    ----------
    profile : Profile
        The answers.
    extra : mapping
        Answers to what the model asks in addition, by covariate.
    tables : PatientTables
        Eligibility and harms.
    catalog : Catalog
        Evidence tables.
    findings : sequence of Finding
        Of their audit.
    opened : OpenedModel or None
        A registry model.
    unreadable : str
        Why the model asked for can't be read; empty where it can.
    months : float, optional
        The time to show.
    small_cells : int
        Counts of patients from 1 to this many are hidden.

    Returns
    -------
    view : PatientView
        In the order in which it is read.
    faults : tuple of (str, str)
        Fields that can't be used for the model.
    """
    faults: Faults = ()
    if unreadable:
        estimate = no_estimate("refused", sentences.REFUSED, sentences.without_folders(unreadable))
    elif opened is None:
        estimate = no_estimate("no model", sentences.NO_MODEL, sentences.NO_MODEL_WHY)
    else:
        estimate, faults = estimate_for(
            opened, profile, extra, months=months, small_cells=small_cells
        )
    said, detail = sentences.conflict(opened, unreadable=bool(unreadable))
    view = PatientView(
        trials=trials_for(profile, tables.criteria, catalog, findings),
        published=published_for(profile, catalog, findings),
        estimate=estimate,
        harms=harm_views(tables.harms),
        quality=quality_views(catalog),
        conflict=said,
        conflict_detail=detail,
        provenance=_provenance(tables, catalog, opened),
    )
    return view, faults


def _provenance(
    tables: PatientTables, catalog: Catalog, opened: OpenedModel | None
) -> tuple[tuple[str, str], ...]:
    rows = [
        ("Version", f"locoreg {__version__}"),
        ("Evidence tables", catalog.sha256),
        ("Eligibility table", tables.sha256[0]),
        ("Harms table", tables.sha256[1]),
    ]
    if opened is not None:
        rows += [
            ("Registry model", f"{opened.name}, {opened.title}"),
            ("Model files", opened.sha256),
            ("Data of the model", sentences.source(opened)),
        ]
    return tuple(rows)
