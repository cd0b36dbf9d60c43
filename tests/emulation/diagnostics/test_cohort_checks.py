"""Diagnostics that need no method."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.core.findings import Finding, Location
from locoreg.emulation import diagnostics
from locoreg.emulation.cohort import Column
from locoreg.emulation.diagnostics import thresholds
from locoreg.emulation.effect import VERDICTS
from tests.emulation import designs

INF = math.inf
ROOT = Path(__file__).parents[3]


def small(**more):
    """Six persons; grace 6 months.

    | person | treated | end | event |
    | 0 | 1 | 10 | 1 |  1 | 4 | 5 | 1 |  2 | 8 | 20 | 0 |  3 | - | 3 | 1 |  4 | - | 30 | 0 |
    | 5 | - | 6 | 1 |
    """
    values = {
        "time": [10, 5, 20, 3, 30, 6],
        "event": [1, 1, 0, 1, 0, 1],
        "treatment_time": [1, 4, 8, INF, INF, INF],
    }
    return designs.cohort(**{**values, **more})


def by_name(found):
    return {d.name: d for d in found}


def test_all_of_them_on_a_design():
    found = diagnostics.diagnose(designs.lt1(1500, 1), designs.question())
    names = [d.name for d in found]
    assert len(names) == len(set(names))
    assert {d.verdict for d in found} <= set(VERDICTS)
    # Nothing is wrong with the design's data: the bias is in methods.
    assert not [d.name for d in found if d.verdict == "fail"]
    for d in found:
        assert d.message.endswith(".")
        assert bool(d.advice) == (d.verdict in ("warn", "fail"))


def test_thresholds_are_ordered():
    for name in ("SMD", "SUPPORT", "AUC", "MISSING"):
        assert getattr(thresholds, f"{name}_WARN") < getattr(thresholds, f"{name}_FAIL")
    for name in ("STRATUM", "OVERLAP", "DEADLINE", "FOLLOWED"):
        assert getattr(thresholds, f"{name}_FAIL") < getattr(thresholds, f"{name}_WARN")


def test_immortal_time_by_hand():
    found = diagnostics.immortal_time(small(), designs.question(horizon_months=36.0))
    # Ever treated: 10 + 5 + 20 months, of which 1 + 4 + 8 before treatment; never: 3 + 30 + 6.
    assert (found.immortal, found.treated, found.untreated) == (13.0, 35.0, 39.0)
    assert (found.ever, found.never) == (3, 3)
    assert found.share == pytest.approx(13 / 35)
    assert found.share_of_all == pytest.approx(13 / 74)


def test_immortal_time_stops_at_the_horizon_and_starts_at_entry():
    q = designs.question(horizon_months=7.0, at_months=(7.0,))
    found = diagnostics.immortal_time(small(entry=[0.5, 0, 0, 0, 0, 0]), q)
    # Person 2 is treated at 8, after the horizon: never treated within it.
    assert (found.immortal, found.treated) == (0.5 + 4.0, 6.5 + 5.0)
    assert found.untreated == 7.0 + 3.0 + 7.0 + 6.0


def test_shared_deaths_by_hand():
    # Persons 3 and 5 die untreated up to 6 months, the last of them on the day of the deadline.
    found = diagnostics.shared_events(small(), designs.question())
    assert found.value == 2.0
    assert "2 of 4 outcomes" in found.message


def test_a_death_on_the_day_of_treatment_is_not_shared():
    cohort = small(treatment_time=[1, 5, 8, INF, INF, 6])
    assert diagnostics.shared_events(cohort, designs.question()).value == 1.0


def test_early_rates_by_hand():
    # Within 6 months: treated persons 0, 1 give 6 + 5 months and 1 death; the others 6+3+6+6, 1.
    found = diagnostics.early_rates(small(), designs.question())
    assert found.value == pytest.approx((1 / 11) / (1 / 21))


def test_naive_hazard_ratio_shows_the_bias_of_a_null_design():
    naive = diagnostics.naive_hazard_ratio(designs.lt1(4000, 2), designs.question())
    assert naive.natural[2] < 0.6


def test_last_interval_by_hand():
    q = designs.question(initiation="deadline")
    cohort = small(treatment_time=[5, 5.5, 6, 6.5, INF, 4.9], time=[9, 9, 9, 9, 9, 9])
    found = diagnostics.last_interval(cohort, q)
    # Treated at 5, 5.5 and 6; five are untreated at 5.
    assert (found.value, found.verdict) == (3.0, "warn")
    assert "of 5 untreated at 5 months" in found.message
    noted = diagnostics.last_interval(cohort, designs.question(initiation="all_initiators"))
    assert noted.verdict == "note"


def test_nobody_treated_in_the_last_interval_fails():
    found = diagnostics.last_interval(small(), designs.question(initiation="deadline"))
    assert found.verdict == "fail"
    assert "Widen the interval" in found.advice


def test_positivity_names_the_stratum():
    rng = np.random.default_rng(5)
    n = 400
    stage = rng.integers(0, 3, n).astype(float)
    treated = np.where(rng.random(n) < 0.4, 1.0, INF)
    treated[stage == 2] = INF
    column = Column(name="stage", kind="category", values=stage, levels=("I", "II", "III"))
    cohort = designs.cohort(
        time=np.full(n, 20.0), event=np.zeros(n), treatment_time=treated, baseline=(column,)
    )
    found = by_name(diagnostics.positivity(cohort, designs.question()))
    worst = found["positivity"]
    assert (worst.verdict, worst.value) == ("fail", 0.0)
    assert f"stage: III (0 treated, {int((stage == 2).sum())} not treated)" in worst.message
    assert found["positivity_share"].verdict == "warn"
    # The model of treatment can't be fitted then, and says so.
    (overlap,) = diagnostics.cohort_overlap(cohort, designs.question())
    assert overlap.verdict == "fail"
    assert "stage: III" in overlap.message


@pytest.mark.parametrize(("size", "verdict"), [(4, "warn"), (5, "fail")])
def test_a_small_stratum_without_treated_only_warns(size, verdict):
    n = 500
    rare = (np.arange(n) < size).astype(float)
    treated = np.where(np.arange(n) % 2, 1.0, INF)
    treated[:size] = INF
    values = rare.copy()
    values[-3:] = math.nan
    column = Column(name="rare", kind="category", values=values, levels=("no", "yes"))
    cohort = designs.cohort(
        time=np.full(n, 20.0), event=np.zeros(n), treatment_time=treated, baseline=(column,)
    )
    found = by_name(diagnostics.positivity(cohort, designs.question()))["positivity"]
    assert (found.verdict, found.value) == (verdict, 0.0)
    # Unknown values are no stratum that could fail.
    assert "unknown" not in found.message


def test_strata_count_who_is_known():
    column = Column(name="age", kind="number", values=np.array([50.0, 60, 70, 80, math.nan, 50]))
    rows = diagnostics.strata(small(baseline=(column,)), designs.question())
    assert [row.level for row in rows][-1] == "unknown"
    total = [sum(getattr(row, name) for row in rows) for name in ("treated", "untreated", "ended")]
    # Treated in time 0 and 1; followed past 6 months untreated 2 and 4; ended before 3 and 5.
    assert total == [2, 2, 2]


def test_quarters_of_a_number_with_ties_hold_everybody_once():
    values = np.array([0.0] * 50 + [1.0] * 30 + list(range(2, 22)))
    column = Column(name="nodes", kind="number", values=values)
    cohort = designs.cohort(
        time=np.full(100, 20.0),
        event=np.zeros(100),
        treatment_time=np.where(np.arange(100) % 2, 1.0, INF),
        baseline=(column,),
    )
    rows = diagnostics.strata(cohort, designs.question())
    assert sum(row.treated + row.untreated for row in rows) == 100
    assert len(rows) == 3


def test_no_treated_fails_positivity():
    column = Column(name="age", kind="number", values=np.arange(6.0))
    cohort = small(treatment_time=[INF] * 6, baseline=(column,))
    found = by_name(diagnostics.diagnose(cohort, designs.question()))
    assert found["positivity"].verdict == "fail"
    assert found["immortal_time"].value is None
    assert found["horizon_support"].verdict == "fail"


def test_overlap_equals_the_area_under_both_densities():
    # Beta densities whose ratio is e / (1 - e): they cross once, at 1/2.
    rng = np.random.default_rng(11)
    score = rng.beta(2, 2, 40_000)
    treated = rng.random(score.size) < score
    found = diagnostics.overlap(score, treated)
    grid = np.linspace(0, 1, 20_001)
    area = np.minimum(stats.beta.pdf(grid, 3, 2), stats.beta.pdf(grid, 2, 3)).sum() / 20_000
    # Monte Carlo error of a distribution function of 20,000.
    assert found.coefficient == pytest.approx(area, abs=0.01)
    u = stats.mannwhitneyu(score[treated], score[~treated]).statistic
    assert found.auc == pytest.approx(u / (treated.sum() * (~treated).sum()), abs=1e-12)


def test_overlap_by_hand():
    score = np.array([0.2, 0.4, 0.6, 0.97, 0.1, 0.2, 0.4, 0.5])
    treated = np.array([True] * 4 + [False] * 4)
    found = diagnostics.overlap(score, treated)
    # Outside [0.2, 0.5]: 0.6, 0.97 and 0.1.
    assert found.outside == 3 / 8
    assert found.extreme == 1 / 8
    # Distribution functions at 0.5: 1/2 against 1.
    assert found.coefficient == 0.5
    # 16 pairs: 0.2 beats 0.1 and ties 0.2; 0.4 beats two and ties one; the others beat all four.
    assert found.auc == (1.5 + 2.5 + 4 + 4) / 16


def test_unknown_confounders_do_not_fail_overlap():
    cohort = designs.lt1(1500, 1)
    x2 = cohort.column("x2").values.copy()
    x2[::5] = math.nan
    column = Column(name="x2", kind="number", values=x2)
    some = replace(cohort, baseline=(cohort.column("x1"), column))
    q = designs.question()
    whole, part = (diagnostics.cohort_overlap(one, q) for one in (cohort, some))
    assert [d.name for d in part] == [d.name for d in whole]
    # A fifth fewer persons.
    assert part[0].value == pytest.approx(whole[0].value, abs=0.06)
    assert "with an unknown confounder left out" in part[0].message
    none = replace(some, baseline=(column, Column(name="x1", kind="number", values=x2 * math.nan)))
    assert diagnostics.cohort_overlap(none, q)[0].verdict == "note"


def test_separated_groups_fail_overlap():
    score = np.concatenate([np.linspace(0.7, 0.9, 30), np.linspace(0.1, 0.3, 30)])
    found = diagnostics.overlap_diagnostics(
        diagnostics.overlap(score, np.repeat([True, False], 30))
    )
    assert [d.verdict for d in found] == ["fail", "pass", "fail", "fail"]


def test_overlap_needs_two_groups_and_probabilities():
    with pytest.raises(DataError, match="both groups"):
        diagnostics.overlap(np.array([0.5, 0.5]), np.array([True, True]))
    with pytest.raises(DataError, match="between 0 and 1"):
        diagnostics.overlap(np.array([0.5, math.nan]), np.array([True, False]))


def brute_support(stop, weight, start):
    best = 0.0
    for t in stop:
        w = weight[(start < t) & (t <= stop)]
        if w.sum() ** 2 / (w**2).sum() >= 30 - 1e-9:
            best = max(best, t)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_supported_until_against_counting(seed):
    rng = np.random.default_rng(seed)
    stop = np.ceil(rng.exponential(20, 200))
    start = np.minimum(np.floor(rng.exponential(4, 200)), stop - 1)
    weight = rng.exponential(1, 200)
    found = diagnostics.supported_until(stop, weight, start=start)
    assert found == brute_support(stop, weight, start)
    none = np.full(200, -1.0)
    assert diagnostics.supported_until(stop, weight) == brute_support(stop, weight, none)


def test_thirty_persons_are_enough_and_29_are_not():
    assert diagnostics.supported_until(np.full(30, 12.0), np.full(30, 0.1)) == 12.0
    assert diagnostics.supported_until(np.full(29, 12.0), np.ones(29)) == 0.0


def test_horizon_support_names_the_arm():
    q = designs.question()
    found = diagnostics.horizon_support(36.0, 20.5, q, whom="weighted")
    assert (found.verdict, found.arm) == ("fail", q.treated_label)
    assert "at most 20 months" in found.advice
    assert diagnostics.horizon_support(36.0, 40.0, q, whom="weighted").verdict == "pass"


def test_proportional_hazards_sees_crossing_and_not_constant():
    rng = np.random.default_rng(8)
    n = 600
    treated = rng.random(n) < 0.5
    same = rng.exponential(np.where(treated, 20.0, 10.0))
    crossing = np.where(treated, rng.weibull(0.5, n), rng.weibull(3.0, n)) * 10
    event = np.ones(n, dtype=bool)
    constant = diagnostics.proportional_hazards(same, event, treated, whom="all")
    changing = diagnostics.proportional_hazards(crossing, event, treated, whom="all")
    assert (constant.verdict, changing.verdict) == ("pass", "warn")


def test_proportional_hazards_without_events_is_told():
    found = diagnostics.proportional_hazards(
        np.arange(1.0, 9.0), np.zeros(8, dtype=bool), np.arange(8) > 3, whom="all"
    )
    assert found.verdict == "note"


def test_follow_up_by_hand():
    cohort = small(lost=[False, False, True, False, False, False])
    found = by_name(diagnostics.follow_up(cohort, designs.question()))
    assert found["followed"].value == pytest.approx(5 / 6)
    # Past 6 months: person 0 treated in time, not lost; 2 and 4 not, one of them lost.
    assert found["loss_difference"].value == 0.5
    assert found["loss_difference"].verdict == "warn"


def test_left_truncation():
    assert diagnostics.left_truncation(small()).value == 0.0
    late = diagnostics.left_truncation(small(entry=[0, 2, 4, 0, 0, 0]))
    assert (late.value, late.verdict) == (pytest.approx(1 / 3), "warn")
    assert "3.0 months" in late.message


def test_missing_confounders_by_hand():
    nan = math.nan
    columns = (
        Column(name="age", kind="number", values=np.array([1, nan, 3, 4, 5, 6.0])),
        Column(name="er", kind="category", values=np.array([0, nan, nan, 1, 1, 0]), levels="ab"),
    )
    found = diagnostics.missing_confounders(small(baseline=columns))
    assert found.value == pytest.approx(1 / 3)
    assert "er (2)" in found.message
    assert found.verdict == "warn"


def test_confounder_measured_after_treatment_fails():
    column = Column(name="response", kind="number", values=np.arange(6.0))
    cohort = small(baseline=(column,))
    q = designs.question()

    def verdict(times):
        (found,) = diagnostics.late_confounders(
            cohort, q, measured={"response": np.asarray(times, dtype=float)}
        )
        return found.verdict, found.value

    assert verdict([0, -1, 0, 0, 0, 0]) == ("pass", 0.0)
    assert verdict([0.5, 0, 0, 2, 0, math.nan]) == ("warn", 2.0)
    assert verdict([2, 0, 9, 5, 0, 0]) == ("fail", 2.0)
    with pytest.raises(DataError, match="shape"):
        verdict([1, 2])


def test_history_known_only_after_treatment():
    history = designs.history("response", [0, 1, 1, 4], [2.0, -1.0, 9.0, 1.0], [1, 2, 3, 1], n=6)
    (found,) = diagnostics.late_confounders(small(histories=(history,)), designs.question())
    # Of the two treated in time, person 0 has a first value after treatment.
    assert (found.value, found.verdict) == (0.5, "warn")
    assert "5 persons have none up to time zero" in found.message


@pytest.mark.parametrize(
    ("severity", "verdict"), [("blocking", "fail"), ("serious", "warn"), ("minor", "pass")]
)
def test_time_zero_follows_the_audit(severity, verdict):
    finding = Finding(
        rule="surgery-before-time-zero",
        severity=severity,
        subject="cohort",
        message="one person was operated before time zero.",
        value=1,
        limit=0,
        location=Location(file="local_therapy"),
        changes="the person's strategy",
    )
    found = diagnostics.time_zero(small(audit=(finding,)))
    assert found.verdict == verdict


def test_no_grace_period():
    q = designs.question(grace_months=0.0)
    cohort = small(treatment_time=[0, 0, INF, INF, INF, INF])
    found = by_name(diagnostics.diagnose(cohort, q))
    assert found["deadline_initiators"].value is None
    assert found["early_rates"].value is None


def test_every_diagnostic_is_on_the_page():
    page = (ROOT / "docs/explanation/emulation-diagnostics.md").read_text(encoding="utf-8")
    history = designs.history("response", [0], [0.0], [1], n=6)
    column = Column(name="age", kind="number", values=np.arange(6.0))
    cohort = small(histories=(history,), baseline=(column,))
    for c in (cohort, designs.lt1(600, 1)):
        times = {c.coding.names[0]: np.zeros(c.n)}
        for found in diagnostics.diagnose(c, designs.question(), measured=times):
            assert f"| `{found.name}` |" in page
