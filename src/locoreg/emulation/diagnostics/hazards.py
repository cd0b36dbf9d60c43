"""Whether one hazard ratio tells the whole comparison."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import LocoregError
from locoreg.core.numbertext import p_text
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.positivity import known_groups
from locoreg.emulation.diagnostics.thresholds import PROPORTIONAL_P_WARN
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.question import Question
from locoreg.stats.regression import proportional_hazards_test
from locoreg.stats.survivaldata import BoolArray, FloatArray

TITLE = "Proportional hazards"


def proportional_hazards(
    time: FloatArray,
    event: BoolArray,
    treated: BoolArray,
    *,
    entry: FloatArray | None = None,
    weight: FloatArray | None = None,
    whom: str,
) -> Diagnostic:
    """Test whether the hazard ratio of treatment changes with time.

    Parameters
    ----------
    time, event : ndarray, shape (r,)
        Ends of rows of follow-up, and whether the outcome ended them.
    treated : ndarray of bool, shape (r,)
        Arm of the row.
    entry : ndarray of float, shape (r,), optional
        Starts of the rows.
    weight : ndarray of float, shape (r,), optional
        Weights. The test takes them as counts, so that with clones or estimated weights its
        p-value is a guide only.
    whom : str
        Which rows these are, in words.

    Returns
    -------
    Diagnostic
        ``proportional_hazards``, by the score test against the Kaplan-Meier transform of time.
        Warn under 0.05; it never fails an analysis, since curves and restricted means need no
        proportional hazards.

    References
    ----------
    Grambsch & Therneau 1994, doi:10.1093/biomet/81.3.515.
    """
    try:
        test = proportional_hazards_test(
            time,
            event,
            treated[:, None].astype(np.float64),
            transform="km",
            entry=entry,
            weight=weight,
            names=["treated"],
        )
    except LocoregError as error:
        return noted("proportional_hazards", TITLE, None, f"no test could be made: {error.message}")
    p = float(test.p_value[0])
    return judged(
        "proportional_hazards",
        TITLE,
        p,
        warn=PROPORTIONAL_P_WARN,
        fail=None,
        high_is_bad=False,
        message=f"test that the hazard ratio is constant ({whom}): {p_text(p)}.",
        advice="Read the curves and restricted means; the hazard ratio is an average over time "
        "whose weights depend on follow-up.",
    )


def cohort_proportional_hazards(cohort: Cohort, question: Question) -> Diagnostic:
    """Test it between those treated within the grace period and those not, from its end on.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With grace period and horizon.

    Returns
    -------
    Diagnostic
        Of persons who are followed past the grace period, without adjustment: a look at the data
        before any method. Methods test their own rows.
    """
    treated, untreated = known_groups(cohort, question)
    grace, horizon = question.grace_months, question.horizon_months
    rows = np.flatnonzero((treated | untreated) & (cohort.time > grace))
    time = np.minimum(cohort.time[rows], horizon)
    event = (cohort.event[rows] == 1) & (cohort.time[rows] <= horizon)
    start = np.full(rows.size, grace)
    if cohort.entry is not None:
        start = np.maximum(start, cohort.entry[rows])
    late = start >= time
    return proportional_hazards(
        time[~late],
        event[~late],
        treated[rows][~late],
        entry=start[~late],
        whom=f"persons followed past {grace:g} months, unadjusted",
    )
