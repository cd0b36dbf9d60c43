"""The truth per patient: potential outcomes, and what no table holds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.columns import coded, patient_ids
from locoreg.registry.synthetic.courses import NATURAL, Courses, Expected, Observed
from locoreg.registry.synthetic.kernels import DEATHS
from locoreg.registry.synthetic.parameters import KINDS, STATES, SUBTYPES, FloatArray
from locoreg.registry.synthetic.people import IntArray, People
from locoreg.registry.synthetic.risks import Risks
from locoreg.registry.synthetic.sites import Sites
from locoreg.registry.synthetic.strategies import (
    ASSESSMENTS,
    CONTRASTS,
    HORIZONS,
    NAMES,
)

# Horizons of the effects per patient.
PATIENT_HORIZONS = (36, 60)


def patient_truth(
    people: People,
    drive: Risks,
    courses: Courses,
    observed: Observed,
    expected: Expected,
    number: IntArray,
    sites: Sites,
) -> pa.Table:
    """Return the truth per patient.

    Parameters
    ----------
    people, drive, courses, observed, expected
        Patients, intensities, potential outcomes, what is seen, expectations.
    number : ndarray of int
        Number of the patient; 0: never seen.
    sites : Sites
        Sites.

    Returns
    -------
    pyarrow.Table
        One row per patient drawn; see ``docs/explanation/synthetic-registry.md``.
    """
    ids = patient_ids(number)
    columns: dict[str, pa.Array] = {
        "patient_id": pa.array(np.where(number > 0, np.arange(number.size), 0), mask=number == 0),
        "entered": pa.array(observed.entered),
        "site_id": coded(sites.names, people.site),
        "subtype": coded(SUBTYPES, people.subtype),
        "kind": coded(KINDS, people.kind),
        "de_novo": pa.array(people.de_novo),
        "age": _short(people.age),
        "ecog": pa.array(people.ecog.astype(np.int8)),
        "n_comorbidities": pa.array(people.comorbidity.sum(axis=1).astype(np.int8)),
        "n_organs": pa.array(people.n_organs.astype(np.int8)),
        "n_lesions": pa.array(people.n_lesions.astype(np.int16)),
        "visceral": pa.array(people.visceral),
        "brain": pa.array(people.has("brain")),
        "grade": pa.array(people.grade.astype(np.int8)),
        "hormone_receptor_lost": pa.array(people.er & ~people.er_met),
        "mfi_months": _short(people.mfi),
        "ctdna_level": _short(people.ctdna),
        "ctdna_detected": pa.array(people.ctdna_detected),
        "mirna_signature": _short(people.mirna),
        "unmeasured": _short(people.unmeasured),
        "log_hr": _short(drive.effect),
        "perioperative_risk": _short(drive.perioperative),
        "entry_day": _days(observed.entry),
        "end_day": _days(observed.end),
        "lost": pa.array(observed.lost),
        "death_cause_natural": coded(
            DEATHS, np.maximum(courses.cause[:, NATURAL], 0), courses.cause[:, NATURAL] >= 0
        ),
    }
    columns["patient_id"] = ids.take(columns["patient_id"])
    for visit, month in enumerate(ASSESSMENTS):
        state = courses.states[:, visit]
        columns[f"state_{month}"] = coded(STATES, np.maximum(state, 0), state >= 0)
    for s, name in enumerate(NAMES):
        columns[f"death_day_{name}"] = _days(courses.death[:, s])
        columns[f"therapy_day_{name}"] = _days(courses.operated[:, s])
    return pa.table({**columns, **_effects(courses, expected)})


def _effects(courses: Courses, expected: Expected) -> dict[str, pa.Array]:
    out = {}
    for grace in (6, 12):
        arms = [NAMES.index(name) for name in CONTRASTS[f"per-protocol, grace {grace}"]]
        for horizon in PATIENT_HORIZONS:
            h = HORIZONS.index(horizon)
            lived = [lived_months(courses.death[:, s], horizon) for s in arms]
            tail = f"{horizon}_grace_{grace}"
            out[f"rmst_effect_{tail}"] = _short(lived[0] - lived[1])
            for name, values in (("rmst", expected.rmst), ("survival", expected.survival)):
                out[f"expected_{name}_effect_{tail}"] = _short(
                    values[:, arms[0], h] - values[:, arms[1], h]
                )
    return out


def lived_months(death: IntArray, horizon: float) -> FloatArray:
    """Return the months lived up to a horizon from the day of death (-1: none)."""
    days = np.where(death < 0, np.inf, death)
    return np.asarray(np.minimum(days / DAYS_PER_MONTH, horizon), dtype=float)


def _days(values: IntArray) -> pa.Array:
    return pa.array(values.astype(np.int32), mask=values < 0)


def _short(values: FloatArray) -> pa.Array:
    return pa.array(values.astype(np.float32))
