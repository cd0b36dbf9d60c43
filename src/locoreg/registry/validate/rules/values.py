"""Plausibility of values: sizes, doses, ratings, units, codes for unknown."""

from __future__ import annotations

from locoreg.registry.validate.rule import Part, Rule

RADIOTHERAPY = "('sabr', 'conventional_rt', 'rt_unspecified')"
# Analytes whose values are amounts; those of a miRNA may be relative, on a log scale.
AMOUNTS = "('ctDNA_fraction', 'VAF', 'CTC', 'CA15-3', 'CEA', 'TMB')"
# Numbers that forms use for unknown.
FILLERS = "(88, 99, 888, 999, 8888, 9999, 99999)"


def _outside(table: str, column: str, low: str, high: str, *, when: str = "true") -> Part:
    return Part(
        table=table,
        where=f"({when} AND ({low} OR t.{column} > {high}))",
        column=column,
        message="The value is outside what can be.",
    )


def _filler(table: str, column: str, codes: str = FILLERS) -> Part:
    return Part(
        table=table,
        where=f"t.{column} IN {codes}",
        column=column,
        message=f"{{t.{column}}} is a form's code for unknown.",
    )


RULES = (
    Rule(
        id="size-range",
        family="plausibility",
        severity="serious",
        title="A size is positive and that of something in a body.",
        action="Look at the unit: cm, mm and a code for unknown are mixed up most often. A lesion "
        "that is gone has state absent.",
        parts=(
            _outside("primary_tumour", "size_mm", "t.size_mm <= $min_mm", "$max_mm"),
            _outside(
                "lesion_measurement",
                "longest_mm",
                "t.longest_mm < 0 OR (t.longest_mm <= $min_mm AND t.state IS DISTINCT FROM "
                "'absent')",
                "$max_mm",
            ),
            _outside(
                "lesion_measurement",
                "short_axis_mm",
                "t.short_axis_mm < 0 OR (t.short_axis_mm <= $min_mm AND t.state IS DISTINCT FROM "
                "'absent')",
                "$max_mm",
            ),
            _outside(
                "local_therapy", "closest_margin_mm", "t.closest_margin_mm < 0", "$max_margin_mm"
            ),
        ),
    ),
    Rule(
        id="short-axis-longer",
        family="plausibility",
        severity="serious",
        title="The short axis is no longer than the longest diameter.",
        action="The two columns may be exchanged.",
        parts=(
            Part(
                table="lesion_measurement",
                where="t.short_axis_mm > t.longest_mm",
                column="short_axis_mm",
                message="Short axis {t.short_axis_mm} mm, longest diameter {t.longest_mm} mm.",
            ),
        ),
    ),
    Rule(
        id="number-for-unknown",
        family="plausibility",
        severity="serious",
        title="No number stands for unknown.",
        action="Map 88, 99, 999 to unknown with a reason; as numbers they move every mean.",
        parts=(
            _filler("primary_tumour", "size_mm", "(888, 999, 8888, 9999)"),
            _filler("lesion_measurement", "longest_mm", "(888, 999, 8888, 9999)"),
            _filler("imaging_assessment", "n_lesions"),
            _filler("systemic_line", "line_no"),
            _filler("local_therapy", "fractions"),
            _filler("local_therapy", "dose_gy", "(888, 999, 8888, 9999)"),
            _filler("receptor_assay", "value_num", "(888, 999, 8888, 9999)"),
            _filler("patient", "birth_year", "(0, 99, 999, 1111, 8888, 9999)"),
            _filler("performance", "karnofsky", "(99, 888, 999)"),
        ),
    ),
    Rule(
        id="percent-range",
        family="plausibility",
        severity="serious",
        title="A percentage of cells is between 0 and 100.",
        action="Correct the value, or its unit.",
        parts=(
            Part(
                table="receptor_assay",
                where="(t.marker IN ('ER', 'PR', 'KI67') AND (t.value_num < $min_percent "
                "OR t.value_num > $max_percent))",
                column="value_num",
                message="{t.marker} of {t.value_num} {coalesce(t.value_unit, '%')}.",
            ),
        ),
    ),
    Rule(
        id="ratio-range",
        family="plausibility",
        severity="serious",
        title="A ratio of HER2 to CEP17 signals is one.",
        action="Look whether the column holds the copy number.",
        parts=(
            Part(
                table="receptor_assay",
                where="(t.marker = 'HER2_ISH' AND coalesce(t.value_unit, 'ratio') = 'ratio' "
                "AND (t.value_num <= 0 OR t.value_num > $max_ratio))",
                column="value_num",
                message="HER2 ISH ratio of {t.value_num}.",
            ),
        ),
    ),
    Rule(
        id="value-unit",
        family="plausibility",
        severity="serious",
        title="A value has a unit, and one that its quantity can have.",
        action="State the unit in the map; a value without one is not used.",
        parts=(
            Part(
                table="receptor_assay",
                where="(t.value_num IS NOT NULL AND t.value_unit IS NULL)",
                column="value_unit",
                message="{t.marker} {t.value_num} without a unit.",
                value="t.value_num",
            ),
            Part(
                table="receptor_assay",
                where="((t.marker IN ('ER', 'PR', 'KI67') AND t.value_unit <> '%') "
                "OR (t.marker = 'HER2_ISH' AND t.value_unit = '%'))",
                column="value_unit",
                message="{t.marker} {t.value_num} in {t.value_unit}.",
            ),
            Part(
                table="biomarker",
                where="(t.value IS NOT NULL AND t.unit IS NULL)",
                column="unit",
                message="{t.analyte} {t.value} without a unit.",
                value="t.value",
            ),
            Part(
                table="systemic_drug",
                where="(t.dose IS NOT NULL AND t.dose_unit IS NULL)",
                column="dose_unit",
                message="A dose of {t.dose} without a unit.",
                value="t.dose",
            ),
        ),
    ),
    Rule(
        id="dose-in-cgy",
        family="plausibility",
        severity="serious",
        title="A dose is in Gy.",
        action="Divide by 100 in the map: mCODE and many treatment systems give cGy. Read as Gy, "
        "every course counts as ablative.",
        parts=(
            Part(
                table="local_therapy",
                where="(t.dose_gy > $max_gy)",
                column="dose_gy",
                message="{t.dose_gy} Gy; as cGy it would be {t.dose_gy / 100} Gy.",
            ),
        ),
    ),
    Rule(
        id="dose-range",
        family="plausibility",
        severity="serious",
        title="Dose, fractions and dose per fraction can be given.",
        action="Correct the dose or the number of fractions; SABR is inferred from the two.",
        parts=(
            Part(
                table="local_therapy",
                where="(t.dose_gy <= 0)",
                column="dose_gy",
                message="A dose of {t.dose_gy} Gy.",
            ),
            Part(
                table="local_therapy",
                where="(t.fractions < 1 OR t.fractions > $max_fractions)",
                column="fractions",
                message="{t.fractions} fractions.",
            ),
            Part(
                table="local_therapy",
                where="(t.fractions >= 1 AND t.dose_gy > 0 AND t.dose_gy <= $max_gy AND "
                "(t.dose_gy / t.fractions > $max_per_fraction "
                "OR t.dose_gy / t.fractions < $min_per_fraction))",
                column="dose_gy",
                message="{t.dose_gy} Gy in {t.fractions} fractions: "
                "{round(t.dose_gy / t.fractions, 2)} Gy each.",
            ),
        ),
    ),
    Rule(
        id="sabr-without-ablative-dose",
        family="plausibility",
        severity="minor",
        title="What is coded as SABR has its dose per fraction and number of fractions.",
        action="Look whether the course was conventional, or the dose is that of one fraction.",
        parts=(
            Part(
                table="local_therapy",
                where="(t.modality = 'sabr' AND (t.fractions > $max_fractions "
                "OR t.dose_gy / t.fractions < $min_per_fraction))",
                column="modality",
                message="SABR with {t.dose_gy} Gy in {t.fractions} fractions.",
            ),
        ),
    ),
    Rule(
        id="treatment-columns",
        family="plausibility",
        severity="minor",
        title="A dose belongs to radiotherapy, a margin to surgery.",
        action="Correct the modality, or leave the other column out.",
        parts=(
            Part(
                table="local_therapy",
                where=f"(t.dose_gy IS NOT NULL AND t.modality NOT IN {RADIOTHERAPY} "
                "AND t.modality <> 'other')",
                column="dose_gy",
                message="A dose of {t.dose_gy} Gy with {t.modality}.",
            ),
            Part(
                table="local_therapy",
                where=f"(t.margin IN ('R0', 'R1', 'R2') AND t.modality IN {RADIOTHERAPY})",
                column="margin",
                message="A margin of {t.margin} with {t.modality}.",
            ),
        ),
    ),
    Rule(
        id="karnofsky-range",
        family="plausibility",
        severity="minor",
        title="Karnofsky status is a multiple of 10 from 0 to 100.",
        action="Correct the rating; ECOG may stand in this column.",
        parts=(
            Part(
                table="performance",
                where="(t.karnofsky < 0 OR t.karnofsky > 100 OR t.karnofsky % 10 <> 0)",
                column="karnofsky",
                message="A Karnofsky status of {t.karnofsky}.",
            ),
        ),
    ),
    Rule(
        id="biomarker-detection",
        family="plausibility",
        severity="serious",
        title="Detected means a value of at least the limit of detection.",
        action="Correct the value, the limit or the statement; amounts are not negative.",
        parts=(
            Part(
                table="biomarker",
                where="((t.detected AND t.value < t.lod) OR (NOT t.detected AND t.value > t.lod) "
                f"OR (t.value < 0 AND t.analyte IN {AMOUNTS}))",
                column="detected",
                message="{t.analyte}: value {t.value}, limit of detection {t.lod}, "
                "{CASE WHEN t.detected THEN 'detected' ELSE 'not detected' END}.",
            ),
            Part(
                table="biomarker",
                where="((t.analyte IN ('VAF', 'ctDNA_fraction')) AND ((t.unit = '%' AND "
                "t.value > 100) OR (t.unit = '1' AND t.value > 1)))",
                column="value",
                message="{t.analyte} of {t.value} {t.unit}.",
            ),
        ),
    ),
    Rule(
        id="answer-range",
        family="plausibility",
        severity="minor",
        title="An answer is one that its item offers.",
        action="Correct the answer; scoring treats it as missing.",
        parts=(
            Part(
                table="qol_response",
                where="((t.instrument = 'QLQ-C30' AND (t.value < 1 OR t.value > CASE WHEN "
                "t.item IN ('29', '30') THEN 7 ELSE 4 END)) OR (t.instrument = 'QLQ-BR23' AND "
                "(t.value < 1 OR t.value > 4)) OR (t.instrument = 'FACT-B' AND (t.value < 0 OR "
                "t.value > 4) AND t.value NOT IN (8, 9)))",
                column="value",
                message="{t.instrument}, item {t.item}: {t.value}.",
            ),
        ),
    ),
)
