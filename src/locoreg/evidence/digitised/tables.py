"""The tables of digitised curves: what each column holds."""

from __future__ import annotations

from locoreg.core.tables import Column

UNITS = ("days", "weeks", "months", "years")
# Months in one of each, with the mean month of the Gregorian calendar's four-year cycle.
MONTHS = {"days": 1 / 30.4375, "weeks": 7 / 30.4375, "months": 1.0, "years": 12.0}
ROLES = ("intervention", "control")
SCALES = ("proportion", "percent")
ENDS = ("follow-up", "cut")


def _column(
    table: str, name: str, kind: str, required: bool, text: str, allowed: tuple[str, ...] = ()
) -> Column:
    return Column(
        table=table,
        name=name,
        type=kind,
        required=required,
        allowed=allowed,
        unit="",
        description=text,
    )


CURVES = (
    _column("curves", "study_id", "id", True, "Study."),
    _column("curves", "arm", "id", True, "Arm, as in points.csv and at_risk.csv."),
    _column("curves", "role", "choice", True, "What the arm is in the comparison.", ROLES),
    _column(
        "curves", "outcome", "text", True, "Outcome of the curve, for example overall survival."
    ),
    _column("curves", "n", "integer", True, "Persons at time 0."),
    _column("curves", "events", "integer", False, "Events of the arm, if reported."),
    _column("curves", "time_unit", "choice", True, "Unit of time of points and at risk.", UNITS),
    _column("curves", "survival_scale", "choice", True, "Scale of the read points.", SCALES),
    _column(
        "curves",
        "curve_end",
        "choice",
        True,
        "Whether the curve ends with follow-up or is cut by the picture.",
        ENDS,
    ),
    _column("curves", "median", "number", False, "Median survival as reported, in the time unit."),
    _column("curves", "hr", "number", False, "Reported hazard ratio, intervention over control."),
    _column("curves", "hr_low", "number", False, "Its lower limit."),
    _column("curves", "hr_high", "number", False, "Its upper limit."),
    _column("curves", "hr_level", "number", False, "Level of its limits in percent."),
    _column("curves", "source_figure", "text", True, "Figure that was read, for example Fig 2A."),
    _column("curves", "location", "text", False, "Where it stands: page, doi."),
    _column("curves", "read_by", "text", True, "Who read the curve."),
    _column("curves", "read_on", "text", True, "When, as year-month-day."),
)
POINTS = (
    _column("points", "study_id", "id", True, "Study."),
    _column("points", "arm", "id", True, "Arm."),
    _column("points", "time", "number", True, "Time of the read point."),
    _column("points", "survival", "number", True, "Survival there, on the scale in curves.csv."),
)
AT_RISK = (
    _column("at_risk", "study_id", "id", True, "Study."),
    _column("at_risk", "arm", "id", True, "Arm."),
    _column("at_risk", "time", "number", True, "Time of the number at risk."),
    _column("at_risk", "n", "integer", True, "Persons at risk just before it."),
)
TABLES = {"curves": CURVES, "points": POINTS, "at_risk": AT_RISK}
