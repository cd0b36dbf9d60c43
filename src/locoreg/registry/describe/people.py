"""One row per patient at time zero: what Table 1 and follow-up are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.classify import SubtypeOptions, receptor_subtype
from locoreg.registry.definitions import BREAST, DISTANT_LESION
from locoreg.registry.describe.tableone import Variable
from locoreg.registry.store import Registry

if TYPE_CHECKING:
    import duckdb

TimeZero = Literal["first_metastasis", "primary_diagnosis", "entry"]
TIME_ZERO_WORDS: dict[str, str] = {
    "first_metastasis": "first distant metastasis",
    "primary_diagnosis": "diagnosis of the primary",
    "entry": "entry into the registry",
}
_ZERO = {
    "first_metastasis": "SELECT patient_id, date, date_precision FROM first_metastasis",
    "primary_diagnosis": f"""SELECT patient_id, min(dx_date) AS date,
        arg_min(dx_date_precision, dx_date) AS date_precision
        FROM primary_tumour WHERE dx_date IS NOT NULL AND {BREAST} GROUP BY patient_id""",
    "entry": """SELECT patient_id, entry_date AS date, entry_date_precision AS date_precision
        FROM patient WHERE entry_date IS NOT NULL""",
}
ORGANS = ("bone", "liver", "lung", "brain", "distant_ln")
SUBTYPES = ("subtype_primary", "subtype_metastasis")
# What calendars are not: dates of these tell no year.
MOVED = ("shifted", "relative")
# A rating this many days before or after time zero still describes it.
ECOG_BEFORE, ECOG_AFTER = 90, 30

_PEOPLE = """
WITH zero AS ({zero}),
tumour AS (
    SELECT patient_id, min(dx_date) AS dx_date, arg_min(laterality, dx_date) AS laterality,
        arg_min(grade, dx_date) AS grade, arg_min(stage_group, dx_date) AS stage_group
    FROM primary_tumour WHERE {breast} GROUP BY patient_id),
organs AS (
    SELECT l.patient_id, count(DISTINCT organ) AS n_organs, count(*) AS n_lesions,
        {organ_flags}
    FROM lesion l JOIN zero z ON l.patient_id = z.patient_id
    WHERE {distant} AND l.first_seen_date <= z.date + {staging_days}
    GROUP BY l.patient_id),
ecog AS (
    SELECT f.patient_id, arg_min(f.ecog, abs(f.date - z.date)) AS ecog
    FROM performance f JOIN zero z ON f.patient_id = z.patient_id
    WHERE f.ecog IS NOT NULL AND f.date BETWEEN z.date - {before} AND z.date + {after}
    GROUP BY f.patient_id),
comorbid AS (
    SELECT c.patient_id, count(DISTINCT code) FILTER (present) AS comorbidities
    FROM comorbidity c JOIN zero z ON c.patient_id = z.patient_id
    WHERE c.date IS NULL OR c.date <= z.date GROUP BY c.patient_id)
SELECT p.patient_id, p.site_id, p.sex, p.menopausal_status_dx, p.calendar,
    z.date AS zero, z.date_precision AS zero_precision, p.entry_date,
    coalesce(p.death_date, p.last_contact_date) AS end_date,
    coalesce(date_latest(p.death_date, p.death_date_precision),
        date_latest(p.last_contact_date, p.last_contact_date_precision)) AS end_latest,
    coalesce(p.vital_status = 'dead', false) OR p.death_date IS NOT NULL AS died,
    p.vital_status IS NULL AND p.death_date IS NULL AS status_unknown,
    p.vital_status = 'dead' AND p.death_date IS NULL AS death_undated,
    year(z.date) - p.birth_year AS age, year(z.date) AS zero_year,
    months_between(t.dx_date, z.date) AS interval_months, t.laterality, t.grade, t.stage_group,
    o.n_organs, o.n_lesions, {organ_names}, e.ecog, c.comorbidities
FROM patient p LEFT JOIN zero z ON p.patient_id = z.patient_id
LEFT JOIN tumour t ON p.patient_id = t.patient_id
LEFT JOIN organs o ON p.patient_id = o.patient_id
LEFT JOIN ecog e ON p.patient_id = e.patient_id
LEFT JOIN comorbid c ON p.patient_id = c.patient_id
ORDER BY p.patient_id
"""

_YES_NO = ("yes", "no")
VARIABLES: tuple[Variable, ...] = (
    Variable(key="age", label="Age at time zero", kind="continuous", unit="years"),
    Variable(key="sex", label="Sex", kind="categorical", levels=("female", "male", "other")),
    Variable(
        key="menopausal_status_dx",
        label="Menopausal status at diagnosis of the primary",
        kind="categorical",
        levels=("pre", "peri", "post"),
        labels=(("pre", "premenopausal"), ("peri", "perimenopausal"), ("post", "postmenopausal")),
    ),
    Variable(key="site_id", label="Site", kind="categorical"),
    Variable(key="zero_year", label="Year of time zero", kind="continuous", plain=True),
    Variable(
        key="interval_months",
        label="From diagnosis of the primary to time zero",
        kind="continuous",
        unit="months",
    ),
    Variable(
        key="laterality",
        label="Side of the primary",
        kind="categorical",
        levels=("left", "right", "bilateral"),
    ),
    Variable(key="grade", label="Grade of the primary", kind="categorical", levels=("1", "2", "3")),
    Variable(key="stage_group", label="Stage at diagnosis", kind="categorical"),
    Variable(
        key="subtype_primary",
        label="Subtype of the primary",
        kind="categorical",
        levels=("HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"),
        labels=(("triple_negative", "triple-negative"),),
    ),
    Variable(
        key="subtype_metastasis",
        label="Subtype of the metastasis",
        kind="categorical",
        levels=("HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"),
        labels=(("triple_negative", "triple-negative"),),
    ),
    Variable(key="n_organs", label="Organs with metastases", kind="continuous"),
    Variable(key="n_lesions", label="Distant lesions recorded", kind="continuous"),
    *(
        Variable(
            key=f"organ_{organ}",
            label=f"Metastases: {words}",
            kind="categorical",
            levels=_YES_NO,
        )
        for organ, words in zip(
            ORGANS, ("bone", "liver", "lung", "brain", "distant nodes"), strict=True
        )
    ),
    Variable(
        key="ecog",
        label=f"ECOG (−{ECOG_BEFORE} to +{ECOG_AFTER} days)",
        kind="categorical",
        levels=("0", "1", "2", "3", "4"),
    ),
    Variable(key="comorbidities", label="Comorbidities recorded as present", kind="continuous"),
)
GROUPINGS = tuple(v.key for v in VARIABLES if v.kind == "categorical")

People = dict[str, NDArray[Any]]


def people_at(con: duckdb.DuckDBPyConnection, *, time_zero: TimeZero, staging_days: int) -> People:
    """Return one row per patient of the registry.

    Parameters
    ----------
    con : DuckDBPyConnection
        From ``Registry.connect``.
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is.
    staging_days : int
        Lesions first seen up to this many days after time zero count as present at it.

    Returns
    -------
    dict of str to ndarray
        By name: float with NaN, or object with None for unknown. ``zero`` is null for patients
        without that event.

    Raises
    ------
    DesignError
        If the time zero is unknown or the days are negative.
    """
    if time_zero not in get_args(TimeZero):
        raise DesignError(
            f"there is no time zero {time_zero!r}.",
            hint=did_you_mean(time_zero, get_args(TimeZero)),
        )
    if staging_days < 0:
        raise DesignError("staging days must be 0 or more.")
    query = _PEOPLE.format(
        zero=_ZERO[time_zero],
        distant=DISTANT_LESION,
        breast=BREAST,
        staging_days=int(staging_days),
        before=ECOG_BEFORE,
        after=ECOG_AFTER,
        organ_flags=", ".join(f"bool_or(organ = '{o}') AS has_{o}" for o in ORGANS),
        organ_names=", ".join(
            f"CASE WHEN o.patient_id IS NOT NULL THEN CASE WHEN has_{o} THEN 'yes' ELSE 'no' END "
            f"END AS organ_{o}"
            for o in ORGANS
        ),
    )
    table = con.execute(query).to_arrow_table()
    people = {name: _column(table.column(name)) for name in table.column_names}
    # Shifted dates are in another year than the patient was, as emulations have it too.
    moved = np.isin(people["calendar"].astype(str), MOVED)
    for name in ("age", "zero_year"):
        people[name] = np.where(moved, np.nan, people[name])
    for name in ("grade", "ecog"):
        people[name] = _as_text(people[name])
    return people


def add_subtypes(registry: Registry, people: People) -> None:
    """Add the subtype of primary and metastasis as known at time zero, to ``people``.

    Parameters
    ----------
    registry : Registry
        The registry.
    people : dict
        From ``people_at``. Assays without a date count as known; of several primaries the first.
    """
    import pyarrow as pa

    known = ~np.isnat(people["zero"])
    if not known.any():
        for name in SUBTYPES:
            people[name] = np.full(known.size, None, dtype=object)
        return
    dates = pa.table(
        {"patient_id": people["patient_id"][known], "as_of": people["zero"][known]},
        schema=pa.schema([("patient_id", pa.string()), ("as_of", pa.date32())]),
    )
    found = receptor_subtype(
        registry,
        as_of=dates,
        primary="first",
        options=SubtypeOptions(undated_assays="use"),
    ).table
    place = {patient: i for i, patient in enumerate(found.column("patient_id").to_pylist())}
    for name in SUBTYPES:
        values = found.column(name).to_pylist()
        people[name] = np.array(
            [
                None if (i := place.get(patient)) is None or values[i] == "unknown" else values[i]
                for patient in people["patient_id"]
            ],
            dtype=object,
        )


def _column(values: Any) -> NDArray[Any]:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_boolean(kind):
        found: NDArray[Any] = values.fill_null(False).to_numpy()
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        found = values.cast(pa.float64()).to_numpy()
    elif pa.types.is_date(kind):
        found = values.to_numpy().astype("datetime64[D]")
    else:
        found = values.to_numpy()
    return found


def _as_text(values: NDArray[Any]) -> NDArray[Any]:
    return np.array([None if np.isnan(v) else str(int(v)) for v in values], dtype=object)
