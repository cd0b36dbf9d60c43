"""Variables of the primary and of the interval to the metastasis, as of time zero."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import Span, in_months, spans
from locoreg.emulation.cohort.registry.study import Rows, Study, any_of, places
from locoreg.emulation.cohort.registry.timezero import is_breast, metastasis_of
from locoreg.emulation.cohort.registry.variables.columns import number, yes_no
from locoreg.registry.cohort.expression import metastatic_at_diagnosis
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

# A metastasis found so many days after the primary is de novo: sources use 0, 90 or 180.
DE_NOVO_DAYS = 90
T_LEVELS = ("T0", "Tis", "T1", "T2", "T3", "T4")
N_LEVELS = ("N0", "N1", "N2", "N3")
INTERVALS = ("de novo", "<6", "6-24", ">=24")
# Prefixes: clinical, pathological, after therapy, of several tumours, at recurrence, at autopsy.
_PREFIX = r"\s*[cpyrma()]*"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Primaries:
    """The primary that counts: the first of the breast that was known at time zero.

    Attributes
    ----------
    rows : Rows
        One row per person who has one.
    when : Span
        Date of its diagnosis by person.
    m1, m0 : ndarray of bool, shape (n,)
        Whether any known primary was metastatic when it was found, or the first is M0.
    """

    rows: Rows
    when: Span
    m1: BoolArray
    m0: BoolArray


def primaries(study: Study) -> Primaries:
    """Return the primary of each person."""
    return study.once("primary", _primaries)


def _primaries(study: Study) -> Primaries:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = _read(study)
    known = study.known(rows)
    order = pc.sort_indices(
        pa.table(
            {
                "person": known.person,
                "first": known.when.first,
                "last": known.when.last,
                "id": known.word("tumour_id"),
            }
        ),
        sort_keys=[(name, "ascending") for name in ("person", "first", "last", "id")],
    ).to_numpy()
    person = known.person[order]
    chosen = order[np.r_[True, person[1:] != person[:-1]]] if order.size else order
    one = known.take(np.asarray(chosen, dtype=np.int64))
    when = Span(first=np.full(study.n, np.nan), last=np.full(study.n, np.nan))
    when.first[one.person], when.last[one.person] = one.when.first, one.when.last
    m0 = pc.match_substring_regex(one.word("cm"), r"(?i)^\s*[cp]?M?\s*0").fill_null(False)
    return Primaries(
        rows=one,
        when=when,
        m1=any_of(known.person, study.n, known.number("m1") == 1.0),
        m0=any_of(one.person, study.n, np.asarray(m0.to_numpy(zero_copy_only=False))),
    )


def _read(study: Study) -> Rows:
    """Return primaries of the breast with whether they were metastatic when found."""
    tumour = study.engine.table("primary_tumour")
    names = ("patient_id", "tumour_id", "dx_date", "dx_date_precision", "grade")
    stages = ("ct", "cn", "cm", "pt", "pn", "pm", "stage_group", "topography")
    wanted = tumour.filter(is_breast(tumour)).select(
        *names, *stages, m1=metastatic_at_diagnosis(tumour)
    )
    found = study.engine.execute(wanted)
    rows = Rows(
        person=places(found.column("patient_id"), study.person_id),
        when=spans(found.column("dx_date"), found.column("dx_date_precision")),
        table=found,
    )
    return rows.take(rows.person >= 0)


def _intervals(study: Study) -> FloatArray:
    """Return days from the primary to the first metastasis; NaN if it is not known by then."""
    met = metastases(study)
    known = met.possibly_by(study.zero)
    days = met.day - primaries(study).when.day
    return np.asarray(np.where(known, days, np.nan))


def metastases(study: Study) -> Span:
    """Return the first distant metastasis of each person."""
    return study.once("metastasis", metastasis_of)


def _de_novo(study: Study) -> FloatArray:
    """Return 1 for de novo, 0 for recurrent disease, NaN where it can't be told."""
    primary = primaries(study)
    days = _intervals(study)
    later = metastases(study).first > study.zero.last
    yes = primary.m1 | (np.abs(days) <= DE_NOVO_DAYS)
    no = (days > DE_NOVO_DAYS) | primary.m0 | later
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))


def de_novo(study: Study) -> Column:
    """Return whether the disease was metastatic from the beginning."""
    value = _de_novo(study)
    return yes_no("de_novo", value == 1.0, unknown=np.isnan(value))


def metastasis_free_interval(study: Study) -> Column:
    """Return months from the primary to the first metastasis; 0 in de novo disease."""
    months = np.fmax(in_months(_intervals(study)), 0.0)
    state = _de_novo(study)
    values = np.where(state == 1.0, 0.0, np.where(np.isnan(_intervals(study)), np.nan, months))
    return number("metastasis_free_interval", values)


def interval_class(study: Study) -> Column:
    """Return de novo, or the class of the interval in months."""
    months = metastasis_free_interval(study).values
    codes = np.digitize(months, (6.0, 24.0)).astype(np.float64) + 1.0
    codes = np.where(np.isnan(months), np.nan, codes)
    codes = np.where(_de_novo(study) == 1.0, 0.0, codes)
    values = np.asarray(codes, dtype=np.float64)
    return Column(name="interval_class", kind="category", values=values, levels=INTERVALS)


def grade(study: Study) -> Column:
    """Return the grade of the primary."""
    rows = primaries(study).rows
    values = np.full(study.n, np.nan)
    values[rows.person] = rows.number("grade") - 1.0
    return Column(name="grade", kind="category", values=values, levels=("1", "2", "3"))


def t_category(study: Study) -> Column:
    """Return the clinical T category, in recurrent disease else the pathological one."""
    return _category(study, "t_category", T_LEVELS, "ct", "pt")


def n_category(study: Study) -> Column:
    """Return the clinical N category, in recurrent disease else the pathological one."""
    return _category(study, "n_category", N_LEVELS, "cn", "pn")


def _category(
    study: Study, name: str, levels: tuple[str, ...], clinical: str, pathological: str
) -> Column:
    rows = primaries(study).rows
    values = _coded(rows.word(clinical), levels)
    # In de novo disease the pathological category is known only after the operation that may be
    # the treatment.
    recurrent = (_de_novo(study) == 0.0)[rows.person]
    other = _coded(rows.word(pathological), levels)
    out = np.full(study.n, np.nan)
    out[rows.person] = np.where(np.isnan(values) & recurrent, other, values)
    return Column(name=name, kind="category", values=out, levels=levels)


def _coded(words: pa.ChunkedArray, levels: tuple[str, ...]) -> FloatArray:
    """Return the places of categories such as cT2a or T1mi among T0, Tis, T1 and so on."""
    import pyarrow.compute as pc

    letter = levels[0][0]
    coded = pc.dictionary_encode(words).combine_chunks()
    pattern = re.compile(rf"{_PREFIX}{letter}?(is|[0-4])", re.IGNORECASE)
    places = []
    for word in coded.dictionary.to_pylist():
        found = pattern.match(word)
        name = f"{letter}{found[1].lower()}" if found else ""
        places.append(float(levels.index(name)) if name in levels else np.nan)
    codes = coded.indices.fill_null(len(places)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*places, np.nan])[codes])
