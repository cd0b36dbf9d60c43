"""Differential follow-up: found where it is there, and not where deaths differ only."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from locoreg.registry.validate import QualityReport
from tests.registry.validate.cohort import Tables, checked

RULES = ["follow-up-differs-by-arm", "follow-up-differs-by-site"]
START = date(2012, 1, 1)


def cohort(
    *, n: int = 800, lost_untreated: float = 0.0, lost_site: float = 0.0, benefit: float = 1.0,
    late: bool = False,
) -> Tables:  # fmt: skip
    """Return metastatic patients of two sites, half of them treated within two months.

    Everybody is followed until the end of 2019, but for those who are lost: a share per month.
    """
    rng = np.random.default_rng(20260302)
    tables: Tables = {"patient": [], "lesion": [], "local_therapy": []}
    for i in range(n):
        met = START + timedelta(days=int(rng.integers(0, 1000)))
        treated = i % 2 == 0
        site = "AB"[(i // 2) % 2]
        death = rng.exponential(900 * (benefit if treated else 1.0)) + 1
        rate = (0.0 if treated else lost_untreated) + (lost_site if site == "B" else 0.0)
        lost = rng.exponential(30.4 / rate) if rate else np.inf
        end = min(death, lost, (date(2019, 12, 31) - met).days)
        last = (met + timedelta(days=int(end))).isoformat()
        row = {
            "patient_id": f"P{i}",
            "site_id": site,
            "entry_date": met.isoformat(),
            "last_contact_date": last,
        }
        tables["patient"].append(row | ({"death_date": last} if death <= end else {}))
        tables["lesion"].append(
            {"patient_id": f"P{i}", "organ": "liver", "first_seen_date": met.isoformat()}
        )
        delay = int(rng.integers(1, 60)) if not late else int(rng.integers(1, 1500))
        if treated and delay < end:
            start = (met + timedelta(days=delay)).isoformat()
            tables["local_therapy"].append(
                {"patient_id": f"P{i}", "target": "lesion", "start_date": start}
            )
    return tables


def found(folder: Path, tables: Tables) -> QualityReport:
    return checked(folder / "r", tables, RULES)


def test_equal_follow_up_is_quiet(tmp_path: Path) -> None:
    assert found(tmp_path, cohort()).by_rule == {}


def test_fewer_deaths_are_no_difference_in_follow_up(tmp_path: Path) -> None:
    assert found(tmp_path, cohort(benefit=4.0)).by_rule == {}


def test_late_treatment_is_no_difference_in_follow_up(tmp_path: Path) -> None:
    """Who is treated late had to be followed until then; the landmark takes that away."""
    assert found(tmp_path, cohort(late=True, lost_untreated=0.0)).by_rule == {}


def test_loss_in_one_arm_is_found(tmp_path: Path) -> None:
    report = found(tmp_path, cohort(lost_untreated=0.02))
    assert report.by_rule == {"follow-up-differs-by-arm": 1}
    message = report.issues["message"][0].as_py()
    assert "treated locally until then are still followed (deaths set aside)" in message
    assert "reverse Kaplan-Meier" in message
    value = report.issues["value"][0].as_py()
    # At 60 months 1 - exp(-0.02 * 60) = 70 % of the untreated are lost.
    assert 55 <= int(value.split()[0]) <= 80


def test_loss_at_one_site_is_found(tmp_path: Path) -> None:
    report = found(tmp_path, cohort(lost_site=0.02))
    assert report.by_rule == {"follow-up-differs-by-site": 2}
    subjects = {one.subject: one.value for _, one in report.found}
    assert subjects["A"].startswith("+")
    assert subjects["B"].startswith("-")


def test_few_patients_are_quiet(tmp_path: Path) -> None:
    assert found(tmp_path, cohort(n=36, lost_untreated=0.05)).by_rule == {}
