"""Changes of scores over time."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from locoreg.core.errors import DesignError
from locoreg.registry.quality_of_life.responses import QolScores


def score_changes(scores: QolScores, *, threshold_points: float) -> pa.Table:
    """Return the change of every score against the patient's first one.

    Parameters
    ----------
    scores : QolScores
        From ``score_responses``.
    threshold_points : float
        Change that counts, in points of the scale: 10 is often used for the 0 to 100 scales of
        the EORTC (Osoba 1998, J Clin Oncol 16:139). There is no default: it defines the outcome,
        and FACIT scales have other ranges.

    Returns
    -------
    pyarrow.Table
        One row per score after the first: patient_id, instrument, version, scale, baseline_date,
        baseline, date, days (between the dates; null unless both are exact to the day), change
        (score minus baseline), worsened and improved (by the threshold or more, in the direction
        of the scale). Questionnaires without a date are left out.

    Raises
    ------
    DesignError
        If the threshold is not positive.
    """
    if not (threshold_points > 0 and math.isfinite(threshold_points)):
        raise DesignError("threshold_points must be above 0.", hint="give points of the scale.")
    import duckdb

    directions: list[dict[str, Any]] = [
        {"instrument": i.instrument, "version": i.version, "scale": name, "sign": sign}
        for i in scores.instruments
        for name, sign in i.directions().items()
    ]
    with duckdb.connect(":memory:") as con:
        con.register("scored", scores.scores)
        con.register("direction", pa.Table.from_pylist(directions))
        return con.execute(
            """
            WITH dated AS (
                SELECT *, row_number() OVER one AS place, first_value(score) OVER one AS baseline,
                    first_value(date) OVER one AS baseline_date,
                    first_value(date_precision) OVER one AS baseline_precision
                FROM scored WHERE score IS NOT NULL AND date IS NOT NULL
                WINDOW one AS (PARTITION BY patient_id, instrument, version, scale
                               ORDER BY date, date_precision))
            SELECT patient_id, instrument, version, scale, baseline_date, baseline, date,
                CASE WHEN date_precision = 'day' AND baseline_precision = 'day'
                    THEN date - baseline_date END AS days,
                score - baseline AS change,
                sign * (score - baseline) <= -CAST(? AS DOUBLE) AS worsened,
                sign * (score - baseline) >= CAST(? AS DOUBLE) AS improved
            FROM dated JOIN direction USING (instrument, version, scale)
            WHERE place > 1
            ORDER BY patient_id, instrument, version, scale, date""",
            [threshold_points, threshold_points],
        ).to_arrow_table()
