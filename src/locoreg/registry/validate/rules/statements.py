"""Plausibility of statements that exclude each other: alive and dead, M0 and metastatic."""

from __future__ import annotations

from locoreg.registry.definitions import DISTANT_LESION
from locoreg.registry.validate.rule import Part, Rule


def _fits(size: str) -> str:
    """Return the SQL: a size fits a known T category; T4, Tis and yp say nothing of it."""
    ranges = (("1", "0", "$t1_mm"), ("2", "$t1_mm", "$t2_mm"), ("3", "$t2_mm", "$t3_mm"))
    return (
        "coalesce("
        + " OR ".join(
            f"(({t} LIKE 'T{n}%') AND {size} > {low} AND {size} <= {high})"
            for t in ("t.ct", "CASE WHEN t.pathologic_prefix IS DISTINCT FROM 'yp' THEN t.pt END")
            for n, low, high in ranges
        )
        + ", false)"
    )


RULES = (
    Rule(
        id="vital-status",
        family="plausibility",
        severity="serious",
        title="Vital status, date of death and cause of death agree.",
        action="Correct the patient's row. A death without a date can't be counted at any time; "
        "leaving such patients out makes survival too long.",
        parts=(
            Part(
                table="patient",
                where="(t.vital_status = 'dead' AND t.death_date IS NULL)",
                column="death_date",
                message="Dead without a date of death.",
            ),
            Part(
                table="patient",
                where="(t.vital_status = 'alive' AND t.death_date IS NOT NULL)",
                column="vital_status",
                message="Alive with a date of death "
                "({date_text(t.death_date, t.death_date_precision)}).",
            ),
            Part(
                table="patient",
                where="(t.death_cause IS NOT NULL AND t.death_date IS NULL "
                "AND t.vital_status IS DISTINCT FROM 'dead')",
                column="death_cause",
                message="A cause of death without a death.",
            ),
            Part(
                table="disease_event",
                where="(t.type = 'death' AND p.patient_id IS NOT NULL AND p.death_lo IS NULL "
                "AND p.vital_status IS DISTINCT FROM 'dead')",
                column="type",
                message="An event says that the patient died, the patient's row does not.",
            ),
        ),
    ),
    Rule(
        id="ecog-5-alive",
        family="plausibility",
        severity="serious",
        title="ECOG 5 means dead.",
        action="Correct the rating or the vital status; 5 is also used for unknown.",
        parts=(
            Part(
                table="performance",
                where="(t.ecog = 5 AND p.patient_id IS NOT NULL AND ((p.death_lo IS NULL AND "
                "p.vital_status IS DISTINCT FROM 'dead') OR "
                "date_latest(t.date, t.date_precision) < p.death_lo))",
                column="ecog",
                message="ECOG 5 on {date_text(t.date, t.date_precision)}, while alive.",
            ),
        ),
    ),
    Rule(
        id="fatal-event-alive",
        family="plausibility",
        severity="serious",
        title="A fatal complication or adverse event, or a line that ended by death, means dead.",
        action="Correct the row or the vital status. A missed death makes survival too long; after "
        "surgery it makes surgery look safer.",
        parts=(
            Part(
                table="adverse_event",
                where="(t.grade = 5 AND p.patient_id IS NOT NULL AND p.death_lo IS NULL "
                "AND p.vital_status IS DISTINCT FROM 'dead')",
                column="grade",
                message="{t.term} of grade 5 in a patient who is not known to be dead.",
            ),
            Part(
                table="local_therapy",
                where="(t.clavien_dindo = 'V' AND p.patient_id IS NOT NULL AND p.death_lo IS NULL "
                "AND p.vital_status IS DISTINCT FROM 'dead')",
                column="clavien_dindo",
                message="Clavien-Dindo V in a patient who is not known to be dead.",
            ),
            Part(
                table="systemic_line",
                where="(t.end_reason = 'death' AND p.patient_id IS NOT NULL AND p.death_lo IS NULL "
                "AND p.vital_status IS DISTINCT FROM 'dead')",
                column="end_reason",
                message="A line ended by death in a patient who is not known to be dead.",
            ),
        ),
    ),
    Rule(
        id="m0-with-distant-lesion",
        family="plausibility",
        severity="serious",
        title="With M0 there is no distant lesion at diagnosis.",
        action="Decide from the report which is right, keep both in the source: de novo and "
        "recurrent disease differ in outlook and in time zero.",
        parts=(
            Part(
                table="primary_tumour",
                where="(t.cm LIKE 'M0%' AND t.pm IS DISTINCT FROM 'M1' AND "
                "coalesce(t.stage_group, '') NOT LIKE 'IV%' AND p.n_tumours = 1 "
                "AND p.met_hi - t.dx_date <= $days)",
                column="cm",
                message="M0, diagnosed {date_text(t.dx_date, t.dx_date_precision)}, and a distant "
                "metastasis of {span_text(p.met_lo, p.met_hi)}.",
            ),
        ),
    ),
    Rule(
        id="m1-without-metastasis",
        family="plausibility",
        severity="minor",
        title="With M1 there is a distant lesion or event.",
        action="Enter the lesions that M1 rests on; number and sites of metastases are unknown "
        "without them.",
        parts=(
            Part(
                table="primary_tumour",
                where="((t.cm LIKE 'M1%' OR t.pm LIKE 'M1%') AND t.patient_id NOT IN "
                f"(SELECT patient_id FROM lesion WHERE {DISTANT_LESION}) AND t.patient_id NOT IN "
                "(SELECT patient_id FROM disease_event WHERE type = 'distant_recurrence'))",
                column="cm",
                message="M1 without a lesion.",
                value="coalesce(t.cm, t.pm)",
            ),
        ),
    ),
    Rule(
        id="stage-against-m",
        family="plausibility",
        severity="serious",
        title="Stage IV and M1 go together.",
        action="Decide from the report which is right; keep both in the source.",
        parts=(
            Part(
                table="primary_tumour",
                where="((t.stage_group LIKE 'IV%' AND t.cm LIKE 'M0%' AND t.pm IS DISTINCT FROM "
                "'M1') OR (t.stage_group NOT LIKE 'IV%' AND (t.cm LIKE 'M1%' OR t.pm LIKE 'M1%')))",
                column="stage_group",
                message="Stage {t.stage_group} with {coalesce(t.cm, t.pm)}.",
            ),
        ),
    ),
    Rule(
        id="size-against-t",
        family="plausibility",
        severity="serious",
        title="The size of a primary is not a tenth, or ten times, of what its T category says.",
        action="Look at the unit: read in cm as mm, a size is a tenth of what it was.",
        parts=(
            Part(
                table="primary_tumour",
                where=f"(NOT {_fits('t.size_mm')} AND ({_fits('10 * t.size_mm')} OR "
                f"{_fits('t.size_mm / 10')}))",
                column="size_mm",
                message="{t.size_mm} mm with {concat_ws(' and ', t.ct, 'p' || t.pt)}: ten times "
                "as much, or a tenth of it, would fit.",
            ),
        ),
    ),
    Rule(
        id="not-a-breast-primary",
        family="plausibility",
        severity="serious",
        title="The primary is an invasive carcinoma of the breast.",
        action="Leave out patients with another primary; a metastasis entered as a primary (/6) "
        "belongs into the table of lesions.",
        parts=(
            Part(
                table="primary_tumour",
                where=r"(t.topography NOT LIKE 'C50%' AND "
                r"regexp_full_match(t.topography, 'C[0-9]{2}(\.[0-9])?'))",
                column="topography",
                message="Topography {t.topography} is not the breast.",
            ),
            Part(
                table="primary_tumour",
                where="(t.morphology LIKE '%/6' OR t.morphology LIKE '%/0')",
                column="morphology",
                message="Morphology {t.morphology} is no malignant primary.",
            ),
        ),
    ),
    Rule(
        id="sex-against-findings",
        family="plausibility",
        severity="serious",
        title="Menopause and ovaries belong to women.",
        action="Correct the sex or the finding.",
        parts=(
            Part(
                table="patient",
                where="(t.sex = 'male' AND t.menopausal_status_dx IS NOT NULL)",
                column="menopausal_status_dx",
                message="Menopausal status {t.menopausal_status_dx} in a man.",
            ),
            Part(
                table="lesion",
                where="(p.sex = 'male' AND t.organ = 'ovary')",
                column="organ",
                message="A lesion of the ovary in a man.",
            ),
        ),
    ),
    Rule(
        id="menopause-against-age",
        family="plausibility",
        severity="minor",
        title="Menopausal status fits the age.",
        action="Correct the year of birth or the status.",
        parts=(
            Part(
                table="patient",
                where="(p.calendar = 'real' AND ((t.menopausal_status_dx = 'pre' AND "
                "year(p.dx_lo) - t.birth_year > $max_pre) OR (t.menopausal_status_dx = 'post' "
                "AND year(p.dx_lo) - t.birth_year < $min_post)))",
                column="menopausal_status_dx",
                message="{t.menopausal_status_dx}menopausal at "
                "{year(p.dx_lo) - t.birth_year} years.",
            ),
        ),
    ),
    Rule(
        id="side-of-treatment",
        family="plausibility",
        severity="serious",
        title="The primary is treated on its own side.",
        action="Correct the side or the tumour that the treatment refers to.",
        parts=(
            Part(
                table="local_therapy",
                where="(t.target = 'primary' AND t.laterality IN ('left', 'right') "
                "AND u.laterality IN ('left', 'right') AND t.laterality <> u.laterality)",
                column="laterality",
                message="Treated on the {t.laterality} side, the tumour is on the {u.laterality}.",
            ),
        ),
    ),
    Rule(
        id="lesion-count",
        family="plausibility",
        severity="serious",
        title="The number of lesions fits the assessment's response.",
        action="Correct the number or the response.",
        parts=(
            Part(
                table="imaging_assessment",
                where="(t.n_lesions < 0)",
                column="n_lesions",
                message="{t.n_lesions} lesions.",
            ),
            Part(
                table="imaging_assessment",
                where="(t.n_lesions = 0 AND t.response IN ('PR', 'PD'))",
                column="n_lesions",
                message="{t.response} without a lesion.",
            ),
        ),
    ),
)
