"""Derived variables as of a date, each by a named and versioned rule."""

from __future__ import annotations

from locoreg.registry.classify.api import classify_registry
from locoreg.registry.classify.asof import AsOf, first_metastasis_dates, read_dates
from locoreg.registry.classify.functions import (
    complete_resection,
    ctdna_series,
    ctdna_status,
    de_novo,
    disease_intervals,
    infer_sabr,
    lesion_burden,
    lines_of_therapy,
    local_therapy_times,
    oligometastatic_state,
    receptor_subtype,
    response,
)
from locoreg.registry.classify.options import (
    ClassifyOptions,
    CtdnaOptions,
    DeNovoOptions,
    IntervalOptions,
    LesionOptions,
    OligometastaticOptions,
    SabrOptions,
    SubtypeOptions,
)
from locoreg.registry.classify.result import Classification, Derivation
from locoreg.registry.classify.rules import RULES, Rule
from locoreg.registry.classify.therapy import bed

__all__ = [
    "RULES",
    "AsOf",
    "Classification",
    "ClassifyOptions",
    "CtdnaOptions",
    "DeNovoOptions",
    "Derivation",
    "IntervalOptions",
    "LesionOptions",
    "OligometastaticOptions",
    "Rule",
    "SabrOptions",
    "SubtypeOptions",
    "bed",
    "classify_registry",
    "complete_resection",
    "ctdna_series",
    "ctdna_status",
    "de_novo",
    "disease_intervals",
    "first_metastasis_dates",
    "infer_sabr",
    "lesion_burden",
    "lines_of_therapy",
    "local_therapy_times",
    "oligometastatic_state",
    "read_dates",
    "receptor_subtype",
    "response",
]
