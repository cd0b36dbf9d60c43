"""Differential follow-up: how long patients are seen, by arm and by site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.validate.rule import Found
from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.survivalcurves import reverse_kaplan_meier

if TYPE_CHECKING:
    import duckdb

LEVEL = 95.0
TREATED, OTHERS = "treated locally", "not treated locally"

# From first metastasis to the end of follow-up, in months.
_FOLLOWED = f"""
SELECT coalesce(p.site_id, 'site not stated') AS site, p.death_lo IS NOT NULL AS died,
    (coalesce(p.death_lo, p.contact_lo) - p.met_lo) / {DAYS_PER_MONTH} AS months,
    coalesce((p.entry_lo - p.met_lo) / {DAYS_PER_MONTH}, 0) AS entry,
    coalesce((r.local_lo - p.met_lo) / {DAYS_PER_MONTH}, 1e9) AS treated
FROM person p LEFT JOIN treated r ON r.patient_id = p.patient_id
WHERE p.met_lo IS NOT NULL AND coalesce(p.death_lo, p.contact_lo) IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Shares still followed in two groups at one time."""

    months: float
    group: float
    others: float
    z: float

    @property
    def size(self) -> float:
        return self.group - self.others

    @property
    def words(self) -> str:
        """The difference in points with its 95 % interval."""
        size = 100 * self.size
        half = 1.96 * abs(size / self.z) if self.z else 0.0
        return f"{size:+.0f} points, 95 % interval {size - half:+.0f} to {size + half:+.0f}"


def follow_up_by_arm(
    con: duckdb.DuckDBPyConnection, thresholds: Mapping[str, float]
) -> list[Found]:
    """Compare follow-up of patients treated locally until the landmark with that of the others.

    Both groups are alive and followed at the landmark: those who are treated later had to be
    followed until then, and would look better followed from the start on.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Prepared connection.
    thresholds : mapping
        landmark_months, patients, difference, z.

    Returns
    -------
    list of Found
        One, or none.
    """
    rows = _rows(con, thresholds["landmark_months"])
    arm = np.where(rows["treated"] <= thresholds["landmark_months"], TREATED, OTHERS)
    sizes = {name: int((arm == name).sum()) for name in (TREATED, OTHERS)}
    if min(sizes.values()) < thresholds["patients"]:
        return []
    curves = _curves(rows, arm)
    gap = _largest_gap(curves[TREATED], curves[OTHERS], thresholds["patients"])
    if gap is None or not _passes(gap, thresholds):
        return []
    message = (
        f"{gap.months:g} months after a landmark at {thresholds['landmark_months']:g} months from "
        f"metastasis {100 * gap.group:.0f} % of the patients treated locally until then are still "
        f"followed (deaths set aside), of the others {100 * gap.others:.0f} % ({gap.words}; "
        f"reverse Kaplan-Meier, {{part}} treated of {{whole}} patients; median follow-up "
        f"{_median(curves[TREATED])} and {_median(curves[OTHERS])} months)."
    )
    return [_found("", sizes[TREATED], len(arm), gap, message)]


def follow_up_by_site(
    con: duckdb.DuckDBPyConnection, thresholds: Mapping[str, float]
) -> list[Found]:
    """Compare follow-up of each site's patients with that of all other sites.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Prepared connection.
    thresholds : mapping
        patients, difference, z.

    Returns
    -------
    list of Found
        One per site that differs.
    """
    rows = _rows(con, 0.0)
    found = []
    sites, codes = np.unique(rows["site"], return_inverse=True)
    counts = np.bincount(codes, minlength=len(sites))
    large = [k for k in range(len(sites)) if counts[k] >= thresholds["patients"]]
    if len(large) < 2:
        return []
    own = _curves(rows, rows["site"])
    every = _curves(rows, np.full(len(codes), "all"))["all"]
    for k in large:
        if len(codes) - counts[k] < thresholds["patients"]:
            continue
        site = str(sites[k])
        gap = _largest_gap(own[site], every, thresholds["patients"])
        if gap is None or not _passes(gap, thresholds):
            continue
        message = (
            f"{gap.months:g} months after metastasis {100 * gap.group:.0f} % of this site's "
            f"patients are still followed (deaths set aside), of all patients "
            f"{100 * gap.others:.0f} % ({gap.words}; reverse Kaplan-Meier, {{part}} of {{whole}} "
            "patients)."
        )
        found.append(_found(site, int(counts[k]), len(codes), gap, message))
    return found


def _rows(con: duckdb.DuckDBPyConnection, landmark: float) -> dict[str, NDArray[Any]]:
    table = con.execute(_FOLLOWED).to_arrow_table()
    rows = {
        name: table.column(name).to_numpy(zero_copy_only=False)
        for name in ("site", "died", "months", "entry", "treated")
    }
    time = rows["months"].astype(float) - landmark
    entry = np.maximum(rows["entry"].astype(float) - landmark, 0.0)
    kept = time > entry
    rows = {name: values[kept] for name, values in rows.items()}
    return {**rows, "time": time[kept], "start": entry[kept]}


def _curves(rows: Mapping[str, NDArray[Any]], strata: NDArray[Any]) -> dict[str, SurvivalCurve]:
    entry = rows["start"] if rows["start"].any() else None
    curves = reverse_kaplan_meier(
        rows["time"], rows["died"].astype(int), level=LEVEL, entry=entry, strata=strata
    )
    return {curve.stratum: curve for curve in curves}


def _largest_gap(one: SurvivalCurve, other: SurvivalCurve, least: float) -> _Gap | None:
    """Return the largest difference at 12, 24, ... 60 months with enough patients at risk."""
    times = np.arange(12.0, 61.0, 12.0)
    first, second = one.at(times), other.at(times)
    gaps = [
        _Gap(
            float(times[i]),
            float(first.estimate[i]),
            float(second.estimate[i]),
            float(
                (first.estimate[i] - second.estimate[i])
                / max(np.hypot(first.se[i], second.se[i]), 1e-9)
            ),
        )
        for i in range(times.size)
        if min(first.at_risk[i], second.at_risk[i]) >= least
    ]
    return max(gaps, key=lambda gap: abs(gap.size), default=None)


def _passes(gap: _Gap, thresholds: Mapping[str, float]) -> bool:
    return abs(gap.size) > thresholds["difference"] and abs(gap.z) > thresholds["z"]


def _median(curve: SurvivalCurve) -> str:
    value = curve.median.estimate
    return "more than can be read" if np.isnan(value) else f"{value:.1f}"


def _found(subject: str, part: int, whole: int, gap: _Gap, message: str) -> Found:
    return Found(
        subject=subject,
        table_name="patient",
        column_name="last_contact_date",
        part=part,
        whole=whole,
        value=f"{100 * gap.size:+.0f} points",
        message=message,
    )
