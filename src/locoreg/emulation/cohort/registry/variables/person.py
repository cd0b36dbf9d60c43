"""Variables of the person, as of time zero."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import code_of
from locoreg.emulation.cohort.registry.followup import patients
from locoreg.emulation.cohort.registry.study import (
    LOOK_BACK_MONTHS,
    Study,
    any_of,
    last_of,
)
from locoreg.emulation.cohort.registry.timezero import is_metastatic
from locoreg.emulation.cohort.registry.variables.columns import (
    number,
    of_codes,
    of_words,
)
from locoreg.stats.survivaldata import FloatArray

ECOG = ("0", "1", "2", "3", "4")


def _zero_year(study: Study) -> FloatArray:
    days = study.zero.day.astype("datetime64[D]")
    return np.asarray(days.astype("datetime64[Y]").astype(np.int64) + 1970, dtype=np.float64)


def age(study: Study) -> Column:
    """Return the year of time zero less the year of birth."""
    rows = patients(study)
    years = _zero_year(study) - rows.number("birth_year")
    moved = code_of(rows.word("calendar"), ("shifted", "relative")) >= 0
    return number("age", np.where(moved, np.nan, years))


def year(study: Study) -> Column:
    """Return the calendar year of time zero; unknown where dates are shifted or relative."""
    moved = code_of(patients(study).word("calendar"), ("shifted", "relative")) >= 0
    return number("year", np.where(moved, np.nan, _zero_year(study)))


def sex(study: Study) -> Column:
    """Return the sex."""
    return of_codes("sex", patients(study).word("sex"), ("female", "male", "other"))


def menopausal_status(study: Study) -> Column:
    """Return the menopausal status at diagnosis of the primary."""
    words = patients(study).word("menopausal_status_dx")
    return of_codes("menopausal_status", words, ("pre", "peri", "post"))


def site(study: Study) -> Column:
    """Return the site that reported the patient."""
    return of_words("site", patients(study).word("site_id"))


def ecog(study: Study) -> Column:
    """Return the last ECOG status of the 3 months up to time zero; the worse of one day."""
    rows = study.rows("performance", ("ecog",), date="date", where=lambda p: p.ecog <= 4)
    known = study.known(rows, months=LOOK_BACK_MONTHS)
    values = last_of(known.person, study.n, known.number("ecog"), known.when.day, known.when.first)
    return Column(name="ecog", kind="category", values=values, levels=ECOG)


def n_comorbidities(study: Study) -> Column:
    """Return the number of different conditions recorded as present by time zero.

    No row means none, except at sites that also record what was found absent: there it means
    that nobody asked.
    """
    import pyarrow.compute as pc

    rows = study.rows("comorbidity", ("code", "display", "present"), date="date")
    known = study.known(rows)
    present = known.take(known.number("present") == 1.0)
    words = pc.coalesce(present.word("code"), present.word("display"), "?")
    code = pc.dictionary_encode(words).combine_chunks().indices.to_numpy(zero_copy_only=False)
    kinds = int(code.max(initial=0)) + 1
    pairs = np.unique(present.person * kinds + code)
    counts = np.bincount(pairs // kinds, minlength=study.n).astype(np.float64)
    sites = site(study).values
    asks = np.unique(sites[rows.person[rows.number("present") == 0.0]])
    silent = ~any_of(known.person, study.n) & np.isin(sites, asks[~np.isnan(asks)])
    return number("n_comorbidities", np.where(silent, np.nan, counts))


def on_line(study: Study) -> Column:
    """Return how many lines of systemic therapy for metastatic disease began by time zero."""
    rows = study.rows("systemic_line", date="start_date", where=is_metastatic)
    known = study.known(rows)
    counts = np.bincount(known.person, minlength=study.n)
    return number("on_line", counts.astype(np.float64))
