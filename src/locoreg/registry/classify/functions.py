"""Each derivation as a function of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.registry.classify.options import (
    CtdnaOptions,
    DeNovoOptions,
    IntervalOptions,
    LesionOptions,
    OligometastaticOptions,
    PrimaryChoice,
    SabrOptions,
    SubtypeOptions,
    check_primary,
)
from locoreg.registry.classify.result import Derivation
from locoreg.registry.classify.run import run
from locoreg.registry.store import Registry


def receptor_subtype(
    registry: Registry, *, as_of: Any, primary: PrimaryChoice, options: SubtypeOptions
) -> Derivation:
    """Return receptors, subtype and conversion per patient.

    Parameters
    ----------
    registry : Registry
        The registry.
    as_of : date, str or table
        See ``classify_registry``.
    primary : {"first", "latest"}
        Which primary counts where a patient has several.
    options : SubtypeOptions
        Cut-offs and what to do with undated assays.

    Returns
    -------
    Derivation
        ``subtype`` is that of the metastasis if known, else of the locoregional recurrence, else
        of the primary; ``subtype_from`` says which.
    """
    return _one("subtype", registry, as_of, primary=check_primary(primary), subtype=options)


def disease_intervals(
    registry: Registry, *, as_of: Any, primary: PrimaryChoice, options: IntervalOptions
) -> Derivation:
    """Return disease-free and metastasis-free interval in days, as bounds.

    Parameters
    ----------
    registry, as_of, primary
        As in ``receptor_subtype``.
    options : IntervalOptions
        Origin and event.

    Returns
    -------
    Derivation
        ``mfi_days`` where the dates are exact; else ``mfi_days_min`` and ``mfi_days_max``.
    """
    return _one("intervals", registry, as_of, primary=check_primary(primary), intervals=options)


def de_novo(
    registry: Registry, *, as_of: Any, primary: PrimaryChoice, options: DeNovoOptions
) -> Derivation:
    """Return whether the metastatic disease was de novo, and the days in between.

    Parameters
    ----------
    registry, as_of, primary
        As in ``receptor_subtype``.
    options : DeNovoOptions
        Window.

    Returns
    -------
    Derivation
        ``de_novo``, what it rests on, and contradictions between M1 and what was seen.
    """
    return _one("de_novo", registry, as_of, primary=check_primary(primary), de_novo=options)


def lesion_burden(registry: Registry, *, as_of: Any, options: LesionOptions) -> Derivation:
    """Return number, sites and size of the distant lesions present.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.
    options : LesionOptions
        Which imaging counts.

    Returns
    -------
    Derivation
        ``n_lesions`` where it is known; else its bounds and why.
    """
    return _one("lesions", registry, as_of, primary="first", lesions=options)


def oligometastatic_state(
    registry: Registry,
    *,
    as_of: Any,
    primary: PrimaryChoice,
    lesions: LesionOptions,
    options: OligometastaticOptions,
    judgements: Any = None,
) -> Derivation:
    """Return the oligometastatic state by ABC5, ESTRO-ASTRO and EORTC/ESTRO.

    Parameters
    ----------
    registry, as_of, primary
        As in ``receptor_subtype``.
    lesions : LesionOptions
        Which imaging counts, and where the current diagnosis begins.
    options : OligometastaticOptions
        Limits and what counts as evidence.
    judgements : table, optional
        See ``classify_registry``.

    Returns
    -------
    Derivation
        A state per definition; ``undetermined`` with the question that could not be answered.
    """
    check_judgements(options, judgements)
    return _one(
        "oligometastatic",
        registry,
        as_of,
        judgements=judgements,
        primary=check_primary(primary),
        lesions=lesions,
        oligometastatic=options,
    )


def lines_of_therapy(registry: Registry, *, as_of: Any) -> Derivation:
    """Return every line of systemic therapy with its number, as stated and from its dates.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.

    Returns
    -------
    Derivation
        One row per line.
    """
    return _one("lines", registry, as_of)


def response(registry: Registry, *, as_of: Any) -> Derivation:
    """Return the latest response, and the best one since the current line began.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.

    Returns
    -------
    Derivation
        One row per patient.
    """
    return _one("response", registry, as_of, primary="first")


def infer_sabr(registry: Registry, *, as_of: Any, options: SabrOptions | None = None) -> Derivation:
    """Return every course of radiotherapy: SABR as coded, or inferred from dose and fractions.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.
    options : SabrOptions, optional
        Limits; those of the rule if not given.

    Returns
    -------
    Derivation
        One row per course.
    """
    return _one("sabr", registry, as_of, sabr=options or SabrOptions())


def local_therapy_times(
    registry: Registry, *, as_of: Any, primary: PrimaryChoice, sabr: SabrOptions | None = None
) -> Derivation:
    """Return the days of each local therapy since diagnosis and first metastasis.

    Patients are not grouped by them: such a group would have to survive until the therapy.

    Parameters
    ----------
    registry, as_of, primary
        As in ``receptor_subtype``.
    sabr : SabrOptions, optional
        Limits; those of the rule if not given.

    Returns
    -------
    Derivation
        One row per local therapy.
    """
    return _one(
        "local_therapy",
        registry,
        as_of,
        primary=check_primary(primary),
        sabr=sabr or SabrOptions(),
    )


def complete_resection(registry: Registry, *, as_of: Any, options: LesionOptions) -> Derivation:
    """Return whether all sites known at the last resection of a metastasis were removed R0.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.
    options : LesionOptions
        Which imaging counts.

    Returns
    -------
    Derivation
        One row per patient; unknown margins leave it unknown.
    """
    return _one("resection", registry, as_of, primary="first", lesions=options)


def ctdna_status(registry: Registry, *, as_of: Any, options: CtdnaOptions) -> Derivation:
    """Return the latest ctDNA status: positive, negative, cleared or rising.

    Parameters
    ----------
    registry, as_of
        As in ``receptor_subtype``.
    options : CtdnaOptions
        How much a rising value rises.

    Returns
    -------
    Derivation
        One row per patient.
    """
    return _one("ctdna_status", registry, as_of, ctdna=options)


def ctdna_series(registry: Registry, *, as_of: Any, options: CtdnaOptions) -> Derivation:
    """Return the ctDNA status of each day with a result.

    Parameters
    ----------
    registry, as_of, options
        As in ``ctdna_status``.

    Returns
    -------
    Derivation
        One row per patient and day.
    """
    return _one("ctdna", registry, as_of, ctdna=options)


def check_judgements(options: OligometastaticOptions, judgements: Any) -> None:
    """Raise DesignError unless a table of judgements is given exactly where it is used."""
    if (options.treatability == "judgements") is not (judgements is not None):
        raise DesignError(
            "judgements and treatability don't fit.",
            hint='a table of judgements goes with treatability="judgements", and only with it.',
        )


def _one(
    name: str, registry: Registry, as_of: Any, *, judgements: Any = None, **parts: Any
) -> Derivation:
    _, made, _ = run(
        registry,
        as_of=as_of,
        options=SimpleNamespace(**parts),
        names=(name,),
        judgements=judgements,
    )
    return made[0]
