"""Plausibility of receptors: results that exclude each other."""

from __future__ import annotations

from locoreg.registry.validate.rule import Part, Rule

# A value with < or <= in front is at most that; with none, = , > or >= at least.
AT_LEAST = "coalesce(t.operator, '=') IN ('=', '>', '>=')"
AT_MOST = "coalesce(t.operator, '=') IN ('=', '<', '<=')"
SHOWN = "{t.marker} {t.operator}{t.value_num} {t.value_unit} interpreted {t.interpretation}."


def _contradiction(where: str, message: str, column: str = "interpretation") -> Part:
    return Part(table="receptor_assay", where=f"({where})", column=column, message=message)


RULES = (
    Rule(
        id="hormone-receptor-contradiction",
        family="plausibility",
        severity="serious",
        title="The interpretation of ER and PR fits the share of positive cells.",
        action="Correct either one: positive is from 1 % on (ASCO/CAP 2020), 10 % in older "
        "reports. The subtype hangs on it.",
        parts=(
            _contradiction(
                "t.marker IN ('ER', 'PR') AND t.interpretation = 'negative' AND "
                f"coalesce(t.value_unit, '%') = '%' AND {AT_LEAST} AND "
                "t.value_num >= $negative_from",
                SHOWN,
            ),
            _contradiction(
                "t.marker IN ('ER', 'PR') AND t.interpretation = 'positive' AND "
                f"coalesce(t.value_unit, '%') = '%' AND {AT_MOST} AND "
                "(t.value_num < $positive_below OR (t.value_num = $positive_below "
                "AND t.operator = '<'))",
                SHOWN,
            ),
            _contradiction(
                "t.marker IN ('ER', 'PR', 'HER2', 'HER2_IHC', 'HER2_ISH') AND "
                "((t.value_code = 'pos' AND t.interpretation = 'negative') OR "
                "(t.value_code = 'neg' AND t.interpretation = 'positive'))",
                "{t.marker} {t.value_code} interpreted {t.interpretation}.",
            ),
        ),
    ),
    Rule(
        id="hormone-receptor-old-cut-off",
        family="plausibility",
        severity="note",
        title="ER and PR from 1 % on are interpreted as positive.",
        action="Decide on one cut-off for all patients: these were negative by an older one.",
        parts=(
            _contradiction(
                "t.marker IN ('ER', 'PR') AND t.interpretation = 'negative' AND "
                f"coalesce(t.value_unit, '%') = '%' AND {AT_LEAST} AND "
                "t.value_num >= $positive_from AND t.value_num < $negative_from",
                SHOWN,
            ),
        ),
    ),
    Rule(
        id="her2-contradiction",
        family="plausibility",
        severity="serious",
        title="The interpretation of HER2 fits the score and the ratio.",
        action="Correct either one: IHC 3+ is positive, 0 and 1+ are negative; a ratio of 2 or "
        "more is positive unless there are fewer than 4 copies (ASCO/CAP 2018).",
        parts=(
            _contradiction(
                "t.marker IN ('HER2', 'HER2_IHC') AND ((t.value_code = '3+' AND "
                "t.interpretation IN ('negative', 'equivocal')) OR "
                "(t.value_code IN ('0', '0-1+', '1+') "
                "AND t.interpretation IN ('positive', 'equivocal')))",
                "{t.marker} {t.value_code} interpreted {t.interpretation}.",
            ),
            _contradiction(
                "t.marker = 'HER2_ISH' AND coalesce(t.value_unit, 'ratio') = 'ratio' AND "
                f"t.interpretation = 'negative' AND {AT_LEAST} AND t.value_num >= $ratio",
                SHOWN,
            ),
        ),
    ),
    Rule(
        id="her2-ratio-below-cut-off",
        family="plausibility",
        severity="minor",
        title="A ratio below the cut-off is rarely interpreted as positive.",
        action="Look at the copy number: six or more signals per cell are positive at any ratio.",
        parts=(
            _contradiction(
                "t.marker = 'HER2_ISH' AND coalesce(t.value_unit, 'ratio') = 'ratio' AND "
                f"t.interpretation = 'positive' AND {AT_MOST} AND t.value_num < $ratio",
                SHOWN,
            ),
        ),
    ),
    Rule(
        id="her2-equivocal-decided",
        family="plausibility",
        severity="note",
        title="IHC 2+ is equivocal until an ISH decides.",
        action="Enter the ISH result; a status from 2+ alone counts as unknown.",
        parts=(
            _contradiction(
                "t.marker = 'HER2_IHC' AND t.value_code = '2+' "
                "AND t.interpretation IN ('positive', 'negative') AND t.patient_id NOT IN "
                "(SELECT patient_id FROM receptor_assay WHERE marker = 'HER2_ISH')",
                "HER2 IHC 2+ interpreted {t.interpretation}, and no ISH of the patient.",
            ),
        ),
    ),
    Rule(
        id="receptor-results-differ",
        family="plausibility",
        severity="minor",
        title="One sample has one result per marker.",
        action="Decide which result holds, or enter the samples apart. Between primary and "
        "metastasis a change is possible and no fault.",
        query="""SELECT 'receptor_assay' AS table_name, 'interpretation' AS column_name,
            t.assay_id AS row_key, t.patient_id, t.interpretation AS value,
            concat(t.marker, ' positive and negative in samples of ',
                date_text(t.sample_date, t.sample_date_precision), '.') AS message,
            t.source_file, t.source_row
        FROM receptor_assay t
        WHERE t.interpretation IN ('positive', 'negative') AND t.sample_date IS NOT NULL
            AND t.sample_date_precision = 'day'
        WINDOW w AS (PARTITION BY t.patient_id, t.marker, t.context, t.tumour_id, t.lesion_id,
            t.sample_date)
        QUALIFY min(t.interpretation) OVER w <> max(t.interpretation) OVER w
            AND row_number() OVER (PARTITION BY t.patient_id, t.marker, t.context, t.tumour_id,
                t.lesion_id, t.sample_date ORDER BY t.assay_id) = 1""",
    ),
    Rule(
        id="receptor-context",
        family="plausibility",
        severity="serious",
        title="The context of a test fits what was sampled.",
        action="Correct context, tumour_id or lesion_id: conversion between primary and "
        "metastasis is read from them.",
        parts=(
            _contradiction(
                "(t.context = 'metastasis' AND t.lesion_id IS NULL AND t.tumour_id IS NOT NULL) "
                "OR (t.context = 'primary' AND t.tumour_id IS NULL AND t.lesion_id IS NOT NULL)",
                "A test of the {t.context} that names {CASE WHEN t.lesion_id IS NULL THEN "
                "'a primary tumour' ELSE 'a lesion' END} as its sample.",
                "context",
            ),
        ),
    ),
)
