"""Plausibility of dates: what can't have come before what, whatever day a vague date means."""

from __future__ import annotations

from locoreg.registry.tables import CLINICAL, TABLES
from locoreg.registry.validate.rule import Part, Rule

# Dates of rows that stand for something done to, or seen in, a living patient.
TREATMENTS = (
    ("local_therapy", "start_date"),
    ("systemic_line", "start_date"),
    ("systemic_drug", "start_date"),
)
RECORDS = (
    ("lesion", "first_seen_date"),
    ("performance", "date"),
    ("biomarker", "date"),
    ("adverse_event", "start_date"),
    ("qol_response", "date"),
    ("qol_score", "date"),
)
SPANS = tuple(table for table in CLINICAL if {"start_date", "end_date"} <= set(TABLES[table].names))
IMPORTED = "(SELECT max(CAST(left(created, 10) AS DATE)) FROM import_log)"


def latest(column: str) -> str:
    """Return the SQL of the last day that a date can mean."""
    return f"date_latest(t.{column}, t.{column}_precision)"


def shown(column: str) -> str:
    """Return the SQL of a date as text, as precisely as it is known."""
    return f"date_text(t.{column}, t.{column}_precision)"


def before_diagnosis(table: str, column: str, what: str, when: str = "true") -> Part:
    """Return the part: earlier than the diagnosis, by more than ``$days``."""
    return Part(
        table=table,
        where=f"({when} AND p.dx_lo - {latest(column)} > $days)",
        column=column,
        message=f"{what} ({{{shown(column)}}}) before the first diagnosis of a primary "
        "({span_text(p.dx_lo, p.dx_hi)}).",
        value=shown(column),
    )


def after_death(table: str, column: str, what: str, when: str = "true") -> Part:
    """Return the part: later than the death."""
    return Part(
        table=table,
        where=f"({when} AND t.{column} > p.death_hi)",
        column=column,
        message=f"{what} ({{{shown(column)}}}) after death "
        "({span_text(p.death_lo, p.death_hi)}).",
        value=shown(column),
    )


def after_contact(table: str, column: str, what: str) -> Part:
    """Return the part: later than the last contact."""
    return Part(
        table=table,
        where=f"(t.{column} > p.contact_hi)",
        column=column,
        message=f"{what} ({{{shown(column)}}}) after last contact "
        "({span_text(p.contact_lo, p.contact_hi)}).",
        value=shown(column),
    )


def patient_order(first: str, second: str, column: str, words: str) -> Part:
    """Return the part: a date of the patient is before one that it can't precede."""
    earlier, later = (f"span_text(p.{name}_lo, p.{name}_hi)" for name in (first, second))
    return Part(
        table="patient",
        where=f"p.{first}_hi < p.{second}_lo",
        column=column,
        message=words.format(f"{{{earlier}}}", f"{{{later}}}"),
        value=earlier,
    )


def _words(table: str) -> str:
    return table.replace("_", " ").capitalize()


def _calendar_parts(where: str, message: str) -> tuple[Part, ...]:
    return tuple(
        Part(
            table=table,
            where=f"(p.calendar = 'real' AND {where.format(d=f't.{column.name}')})",
            column=column.name,
            message=message,
            value=shown(column.name),
        )
        for table in CLINICAL
        for column in TABLES[table].columns
        if column.type == "date"
    )


RULES = (
    Rule(
        id="death-before-diagnosis",
        family="plausibility",
        severity="blocking",
        title="Nobody dies before the diagnosis.",
        action="Correct either date in the source; the patient can't enter a survival analysis.",
        parts=(patient_order("death", "dx", "death_date", "Death ({}) before diagnosis ({})."),),
    ),
    Rule(
        id="death-before-entry",
        family="plausibility",
        severity="blocking",
        title="Nobody dies before coming under observation.",
        action="Correct entry_date or death_date; with delayed entry the patient is never at risk.",
        parts=(patient_order("death", "entry", "death_date", "Death ({}) before entry ({})."),),
    ),
    Rule(
        id="surgery-before-diagnosis",
        family="plausibility",
        severity="serious",
        title="No surgery before the diagnosis.",
        action="Correct either date. If diagnoses are dated by the report on the excision, allow "
        "the days between the two in the threshold.",
        parts=(
            before_diagnosis("local_therapy", "start_date", "Surgery", "t.modality = 'surgery'"),
        ),
    ),
    Rule(
        id="treatment-before-diagnosis",
        family="plausibility",
        severity="serious",
        title="No radiotherapy, ablation or systemic therapy before the diagnosis.",
        action="Correct either date, or drop treatments of an earlier, other disease.",
        parts=(
            before_diagnosis(
                "local_therapy",
                "start_date",
                "Local therapy",
                "t.modality IS DISTINCT FROM 'surgery'",
            ),
            before_diagnosis("systemic_line", "start_date", "Systemic line"),
            before_diagnosis("systemic_drug", "start_date", "Drug"),
        ),
    ),
    Rule(
        id="disease-before-diagnosis",
        family="plausibility",
        severity="serious",
        title="No recurrence, progression or metastasis long before the primary.",
        action="Correct either date. A metastasis found first is possible within the threshold; "
        "beyond it intervals from the diagnosis are negative.",
        parts=(
            before_diagnosis("lesion", "first_seen_date", "Lesion"),
            before_diagnosis("disease_event", "date", "Event"),
        ),
    ),
    Rule(
        id="treatment-after-death",
        family="plausibility",
        severity="blocking",
        title="No treatment begins after death.",
        action="Correct either date: a death dated too early makes the treatment look harmful.",
        parts=tuple(after_death(t, c, _words(t)) for t, c in TREATMENTS),
    ),
    Rule(
        id="event-after-death",
        family="plausibility",
        severity="blocking",
        title="No recurrence or progression after death.",
        action="Correct either date.",
        parts=(after_death("disease_event", "date", "Event", "t.type <> 'death'"),),
    ),
    Rule(
        id="imaging-after-death",
        family="plausibility",
        severity="serious",
        title="No imaging after death.",
        action="Correct either date.",
        parts=(after_death("imaging_assessment", "date", "Imaging"),),
    ),
    Rule(
        id="record-after-death",
        family="plausibility",
        severity="serious",
        title="No lesion, rating, sample or answer after death.",
        action="Correct either date. Tissue taken at autopsy is no such row.",
        parts=tuple(after_death(t, c, _words(t)) for t, c in RECORDS),
    ),
    Rule(
        id="follow-up-after-death",
        family="plausibility",
        severity="serious",
        title="Last contact is no later than death.",
        action="Correct either date. If the death belongs to another patient (wrong linkage), "
        "survival is too short.",
        parts=(
            Part(
                table="patient",
                where="p.contact_lo > p.death_hi",
                column="last_contact_date",
                message="Last contact ({span_text(p.contact_lo, p.contact_hi)}) after death "
                "({span_text(p.death_lo, p.death_hi)}).",
                value="span_text(p.contact_lo, p.contact_hi)",
            ),
        ),
    ),
    Rule(
        id="end-after-death",
        family="plausibility",
        severity="minor",
        title="Nothing ends after death.",
        action="End it on the day of death.",
        parts=tuple(
            after_death(t, "end_date", _words(t), "t.start_date <= p.death_hi")
            for t in SPANS
            if t != "observation_window"
        ),
    ),
    Rule(
        id="treatment-after-last-contact",
        family="plausibility",
        severity="serious",
        title="No treatment begins after the last contact.",
        action="Move last_contact_date to the last day on which the patient was seen; censored too "
        "early, treated patients lose time at risk.",
        parts=tuple(after_contact(t, c, _words(t)) for t, c in TREATMENTS),
    ),
    Rule(
        id="record-after-last-contact",
        family="plausibility",
        severity="minor",
        title="Nothing is seen after the last contact.",
        action="Move last_contact_date to the last day on which the patient was seen.",
        parts=(
            *(after_contact(t, c, _words(t)) for t, c in RECORDS),
            after_contact("imaging_assessment", "date", "Imaging"),
            after_contact("disease_event", "date", "Event"),
        ),
    ),
    Rule(
        id="last-contact-before-entry",
        family="plausibility",
        severity="serious",
        title="Last contact is no earlier than entry.",
        action="Correct either date; the patient has no time at risk.",
        parts=(
            patient_order(
                "contact", "entry", "last_contact_date", "Last contact ({}) before entry ({})."
            ),
        ),
    ),
    Rule(
        id="last-contact-before-diagnosis",
        family="plausibility",
        severity="serious",
        title="Last contact is no earlier than the diagnosis.",
        action="Correct either date; the patient has no follow-up.",
        parts=(
            patient_order(
                "contact", "dx", "last_contact_date", "Last contact ({}) before diagnosis ({})."
            ),
        ),
    ),
    Rule(
        id="end-before-start",
        family="plausibility",
        severity="serious",
        title="Nothing ends before it starts.",
        action="Correct either date.",
        parts=tuple(
            Part(
                table=table,
                where=f"({latest('end_date')} < t.start_date)",
                column="end_date",
                message=f"End ({{{shown('end_date')}}}) before start ({{{shown('start_date')}}}).",
                value=shown("end_date"),
            )
            for table in SPANS
        ),
    ),
    Rule(
        id="death-dates-differ",
        family="plausibility",
        severity="serious",
        title="All dates of death of a patient agree.",
        action="Correct the wrong one.",
        parts=(
            Part(
                table="disease_event",
                where="(t.type = 'death' AND (t.date > p.death_hi OR "
                f"{latest('date')} < p.death_lo))",
                column="date",
                message=f"Death on {{{shown('date')}}} here, on "
                "{span_text(p.death_lo, p.death_hi)} in the patient's row.",
                value=shown("date"),
            ),
        ),
    ),
    Rule(
        id="age-at-diagnosis",
        family="plausibility",
        severity="serious",
        title="Age at diagnosis is that of an adult with breast cancer.",
        action="Correct the year of birth or the date of diagnosis; a wrong century is common.",
        parts=(
            Part(
                table="primary_tumour",
                where="(p.calendar = 'real' AND (year(t.dx_date) - p.birth_year < $min_years "
                "OR year(t.dx_date) - p.birth_year > $max_years))",
                column="dx_date",
                message="Born {p.birth_year}, diagnosed {year(t.dx_date)}: "
                "{year(t.dx_date) - p.birth_year} years.",
                value="year(t.dx_date) - p.birth_year",
            ),
        ),
    ),
    Rule(
        id="interval-too-long",
        family="plausibility",
        severity="serious",
        title="Intervals between events are within a lifetime.",
        action="Look whether an interval was read from a column that holds an age, or days as "
        "months.",
        parts=(
            Part(
                table="patient",
                where="(p.met_lo - p.dx_hi) / 365.25 > $years",
                column="patient_id",
                message="First metastasis {span_text(p.met_lo, p.met_hi)}, diagnosis "
                "{span_text(p.dx_lo, p.dx_hi)}.",
                value="round((p.met_lo - p.dx_hi) / 365.25, 1)",
            ),
            Part(
                table="patient",
                where="(p.death_lo - p.dx_hi) / 365.25 > $death_years",
                column="death_date",
                message="Death {span_text(p.death_lo, p.death_hi)}, diagnosis "
                "{span_text(p.dx_lo, p.dx_hi)}.",
                value="round((p.death_lo - p.dx_hi) / 365.25, 1)",
            ),
            # Where the age at diagnosis is too high, age-at-diagnosis says it.
            Part(
                table="patient",
                where="(p.calendar = 'real' AND "
                "year(coalesce(p.death_lo, p.contact_lo)) - t.birth_year > $age_years AND "
                "coalesce(year(p.dx_lo) - t.birth_year <= $age_years, true))",
                column="birth_year",
                message="Born {t.birth_year}, last seen in "
                "{year(coalesce(p.death_lo, p.contact_lo))}.",
            ),
        ),
    ),
    Rule(
        id="date-in-future",
        family="plausibility",
        severity="serious",
        title="No date is later than the last import.",
        action="Correct the date, or say in the patient's calendar that the days are shifted or "
        "relative.",
        parts=_calendar_parts(f"{{d}} > {IMPORTED}", "The date is later than the last import."),
    ),
    Rule(
        id="date-placeholder",
        family="plausibility",
        severity="serious",
        title="No date stands for unknown.",
        action="Map these dates to unknown with a reason.",
        parts=_calendar_parts(
            "({d} < DATE '1910-01-01' OR {d} > DATE '2100-01-01' OR {d} = DATE '1970-01-01')",
            "The date is one that systems write for unknown (1900, 1970, 9999).",
        ),
    ),
)
