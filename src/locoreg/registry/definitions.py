"""What several parts mean by the same words, as SQL over the canonical tables."""

from __future__ import annotations

# The Gregorian year has 365.2425 days; everywhere in a registry a month has 30.4375.
DAYS_PER_MONTH = 30.4375

# Lesions here are no proof of metastatic disease on their own: regional, or a second primary
# as well (ICD-10-CM C77.3 and C79.81 in the enrolment rule).
NOT_DISTANT = ("regional_ln", "breast", "contralateral_breast")

# A lesion of unknown organ is distant if it is said not to be regional.
DISTANT_LESION = (
    "(coalesce(organ NOT IN ("
    + ", ".join(f"'{organ}'" for organ in NOT_DISTANT)
    + "), NOT is_regional, false) AND NOT coalesce(is_regional, false))"
)
# M0(i+) is M0.
M1 = (
    "(coalesce(starts_with(cm, 'M1'), false) OR coalesce(starts_with(pm, 'M1'), false) "
    "OR coalesce(starts_with(stage_group, 'IV'), false))"
)

BREAST = "(topography IS NULL OR starts_with(topography, 'C50'))"

# One row per patient with distant metastases: the earliest day that any table gives, the finest
# precision first. The latest day that it can mean is date_latest(date, date_precision).
FIRST_METASTASIS = f"""
SELECT patient_id, min(date) AS date,
    arg_min(precision, (date, fine, rank)) AS date_precision,
    arg_min(basis, (date, fine, rank)) AS basis
FROM (
    SELECT *, CASE precision WHEN 'day' THEN 0 WHEN 'month' THEN 1 ELSE 2 END AS fine FROM (
    SELECT patient_id, first_seen_date AS date, first_seen_date_precision AS precision,
        'lesion' AS basis, 1 AS rank
    FROM lesion WHERE first_seen_date IS NOT NULL AND {DISTANT_LESION}
    UNION ALL
    SELECT patient_id, date, date_precision, 'distant_recurrence', 2
    FROM disease_event WHERE type = 'distant_recurrence' AND date IS NOT NULL
    UNION ALL
    SELECT patient_id, dx_date, dx_date_precision, 'm1_at_diagnosis', 3
    FROM primary_tumour WHERE dx_date IS NOT NULL AND {BREAST} AND {M1}
    UNION ALL
    SELECT patient_id, date, date_precision, 'imaging', 4
    FROM imaging_assessment WHERE date IS NOT NULL AND n_lesions > 0)
)
GROUP BY patient_id
"""

VIEWS = {"first_metastasis": FIRST_METASTASIS}
