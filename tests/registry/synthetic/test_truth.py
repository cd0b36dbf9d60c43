"""The truth is exact: it agrees with what was observed, and expectations with outcomes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from locoreg.core.errors import DesignError
from locoreg.registry.store import read_registry
from locoreg.registry.synthetic import SCENARIOS, SimulationOptions, read_truth
from locoreg.registry.synthetic.chunk import make_chunk, plan
from locoreg.registry.synthetic.courses import expect_into
from locoreg.registry.synthetic.kernels.steps import uniform
from locoreg.registry.synthetic.risks import Risks
from locoreg.registry.synthetic.strategies import (
    ASSESSMENTS,
    CONTRASTS,
    DAYS_PER_MONTH,
    HORIZONS,
    NAMES,
    STRATEGIES,
    month_starts,
    policies,
)
from locoreg.registry.synthetic.truth.population import true_values
from tests.registry.synthetic.sizes import PATIENTS

NEVER = 10**6


def days(table: pa.Table, name: str) -> np.ndarray:
    return table[name].cast(pa.int64()).fill_null(NEVER).to_numpy()


@pytest.fixture(scope="module", params=list(SCENARIOS))
def chunk(request):
    options = SimulationOptions()
    return make_chunk(plan(SCENARIOS[request.param], options, patients=6000, seed=21), 0)


def test_splitmix_gives_the_published_numbers():
    # First outputs of the generator for seed 1234567.
    published = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    for purpose, output in enumerate(published):
        assert uniform(np.uint64(1234567), purpose) == (output >> 11) * 2.0**-53


def test_outcomes_agree_where_the_patient_followed_the_strategy(chunk):
    truth = chunk.truth
    death = {name: days(truth, f"death_day_{name}") for name in NAMES}
    therapy = {name: days(truth, f"therapy_day_{name}") for name in NAMES}
    starts = month_starts()
    operated = therapy["natural"]
    followed = {"never": operated == NEVER}
    for grace in (6, 12):
        # Natural timing up to the last month of the grace period, or death before it was over.
        in_time = operated < starts[grace]
        early = (operated == NEVER) & (death["natural"] < starts[grace - 1])
        followed[f"within_{grace}"] = in_time | early
        followed[f"none_within_{grace}"] = ~in_time
    for name, rows in followed.items():
        assert 20 < rows.sum() < truth.num_rows
        assert (death[name][rows] == death["natural"][rows]).all(), name
        assert (therapy[name][rows] == operated[rows]).all(), name


def test_strategies_are_what_they_say(chunk):
    truth = chunk.truth
    starts = month_starts()
    assert (days(truth, "therapy_day_never") == NEVER).all()
    for grace in (6, 12):
        death = days(truth, f"death_day_within_{grace}")
        therapy = days(truth, f"therapy_day_within_{grace}")
        alive = death >= starts[grace]
        assert (therapy[alive] < starts[grace]).all()
        assert ((therapy == NEVER) | (therapy <= death)).all()
        late = days(truth, f"therapy_day_none_within_{grace}")
        assert (late >= starts[grace]).all()
        assert ((late == NEVER) | (late <= days(truth, f"death_day_none_within_{grace}"))).all()
    # Therapy on days 1 to 7 of a month, death after it or on its day.
    therapy = days(truth, "therapy_day_natural")
    done = therapy[therapy < NEVER]
    within = done - starts[np.searchsorted(starts, done, side="right") - 1]
    assert set(within) == set(range(1, 8))


def test_null_scenarios_have_no_effect_in_anybody(chunk, request):
    name = request.node.callspec.params["chunk"]
    truth = chunk.truth
    same = [(days(truth, f"death_day_{n}") == days(truth, "death_day_never")).all() for n in NAMES]
    assert all(same) == (name in ("null", "unmeasured-confounder"))
    if all(same):
        contrasts = [v for v in true_values(chunk.sums) if v.subject in CONTRASTS]
        assert max(abs(v.realised) for v in contrasts) == 0
        assert max(abs(v.expected) for v in contrasts) < 1e-9
    else:
        # Some gain and some lose, if only by the operation.
        effect = truth["rmst_effect_60_grace_6"].to_numpy()
        assert (effect > 0.5).any()
        assert (effect < -0.5).any()


def test_constant_effect_never_shortens_life_but_by_the_operation():
    layout = plan(SCENARIOS["constant"], SimulationOptions(), patients=6000, seed=22)
    truth = make_chunk(layout, 0).truth
    treated = days(truth, "death_day_within_6")
    shorter = treated < days(truth, "death_day_never")
    therapy = days(truth, "therapy_day_within_6")
    start = month_starts()[np.searchsorted(month_starts(), therapy, side="right") - 1]
    assert shorter.any()
    assert ((treated - start)[shorter] < 31).all()


def test_expectations_agree_with_outcomes(chunk):
    """Within Monte Carlo error: four standard errors of the difference, for all numbers."""
    worst = 0.0
    for v in true_values(chunk.sums):
        if v.n < 300 or not v.realised_se:
            continue
        worst = max(worst, abs(v.realised - v.expected) / v.realised_se)
    # The largest of about 2,000 correlated standardised differences.
    assert 1.5 < worst < 4.8


def test_effects_of_patients_add_up_to_those_of_the_population(chunk):
    truth = chunk.truth
    values = {
        (v.subject, v.horizon_months, v.measure): v
        for v in true_values(chunk.sums)
        if v.subgroup == "all"
    }
    for grace in (6, 12):
        for horizon in (36, 60):
            tail = f"{horizon}_grace_{grace}"
            v = values[f"per-protocol, grace {grace}", horizon, "rmst"]
            assert truth[f"rmst_effect_{tail}"].to_numpy().mean() == pytest.approx(
                v.realised, abs=1e-5
            )
            assert truth[f"expected_rmst_effect_{tail}"].to_numpy().mean() == pytest.approx(
                v.expected, abs=1e-5
            )
    assert values["never", 36, "survival"].n == truth.num_rows


def test_contrasts_are_differences_of_strategies(chunk):
    values = {
        (v.subgroup, v.subject, v.horizon_months, v.measure): v for v in true_values(chunk.sums)
    }
    for (group, subject, horizon, measure), v in values.items():
        if subject not in CONTRASTS or not v.n:
            continue
        a, b = (values[group, name, horizon, measure] for name in CONTRASTS[subject])
        assert v.expected == pytest.approx(a.expected - b.expected, abs=1e-9)
        assert v.realised == pytest.approx(a.realised - b.realised, abs=1e-9)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_tables_show_the_natural_course(registries, name):
    folder, simulation = registries[name]
    truth = read_truth(folder)
    rows = truth.patients()
    seen = rows.filter(rows["entered"])
    assert seen.num_rows == PATIENTS
    assert rows.num_rows - seen.num_rows == simulation.never_seen
    broken = set(truth.errors()["patient_id"].to_pylist())
    with read_registry(folder).connect() as con:
        con.register("truth", seen)
        found = con.execute(
            """SELECT patient_id, t.end_day, t.death_day_natural, t.therapy_day_natural,
                p.death_date - z.date AS died, p.last_contact_date - z.date AS ended,
                p.entry_date - z.date AS entry, t.entry_day, l.start_date - z.date AS operated
            FROM truth t JOIN patient p USING (patient_id)
            JOIN imaging_assessment z ON z.assess_id = p.patient_id || '-I000'
            LEFT JOIN local_therapy l ON l.lt_id = p.patient_id || '-P001'"""
        ).fetchall()
    assert len(found) == PATIENTS
    dead = lost = operated = 0
    for person, end, death, therapy, died, ended, entry, entered, done in found:
        if person in broken:
            continue
        assert (ended, entry) == (end, entered)
        assert died == (death if death == end else None)
        assert done == (therapy if therapy is not None and therapy <= end else None)
        dead += died is not None
        lost += died is None
        operated += done is not None
    assert min(dead, lost, operated) > 20


def test_late_patients_who_died_early_are_in_the_truth_only(registries):
    folder, simulation = registries["null"]
    rows = read_truth(folder).patients()
    unseen = rows.filter(pa.compute.invert(rows["entered"]))
    assert unseen.num_rows == simulation.never_seen > 0
    assert (days(unseen, "death_day_natural") <= days(unseen, "entry_day")).all()
    assert unseen["patient_id"].null_count == unseen.num_rows


def test_looking_up_a_value(registries):
    truth = read_truth(registries["constant"][0])
    v = truth.value(subject="per-protocol, grace 6", horizon_months=36, measure="rmst")
    assert v.subgroup == "all"
    assert v.expected > 0
    with pytest.raises(DesignError, match=r"no subject 'per-protocol'.*did you mean"):
        truth.value(subject="per-protocol", horizon_months=36, measure="rmst")
    with pytest.raises(DesignError, match=r"no horizon_months 48.*allowed are 12"):
        truth.value(subject="never", horizon_months=48, measure="rmst")
    best = {(c.subgroup, c.contrast, c.horizon_months): c for c in truth.choices}
    gain = best["all", "per-protocol, grace 6", 36]
    assert gain.gain_of_best_choice >= v.expected
    assert 0 <= gain.share_gaining <= 1


def drive_of(n: int, **change: float) -> Risks:
    numbers = {
        "log_hazard": -3.2,
        "other": 0.001,
        "effect": np.log(0.6),
        "perioperative": 0.0,
        "therapy": -2.0,
        "response": -40.0,
        "progression": -40.0,
        **change,
    }
    return Risks(
        **{name: np.full(n, float(value)) for name, value in numbers.items()},
        state_hazard=np.zeros(3),
        state_therapy=np.zeros(3),
        month_therapy=np.zeros(24),
        after_response=np.zeros(3),
        after_progression=np.zeros(3),
        feedback=0.0,
        trend=np.zeros(10),
    )


def recursion(drive: Risks, grace: int, months: int, *, forced: bool) -> list[float]:
    """Survival with two conditions only: the design LT-1 of the emulation literature."""
    hazards = [
        np.exp(drive.log_hazard[0] + drive.effect[0] * done) + drive.other[0] for done in (0, 1)
    ]
    share = 1 / (1 + np.exp(-drive.therapy[0]))
    p, out = [1.0, 0.0], []
    for k in range(months):
        if k < grace:
            moved = p[0] * (1.0 if forced and k == grace - 1 else share)
            p = [p[0] - moved, p[1] + moved * (1 - drive.perioperative[0])]
        p = [p[d] * np.exp(-hazards[d]) for d in (0, 1)]
        out.append(sum(p))
    return out


@pytest.mark.parametrize("risk", [0.0, 0.05])
def test_expectations_against_a_hand_written_recursion(risk):
    drive = drive_of(1, perioperative=risk)
    survival, mean = np.empty((1, 6, 4)), np.empty((1, 6, 4))
    expect_into(drive, policies(), HORIZONS, survival, mean)
    for grace in (6, 12):
        wanted = recursion(drive, grace, 60, forced=True)
        assert survival[0, NAMES.index(f"within_{grace}")] == pytest.approx(
            [wanted[h - 1] for h in HORIZONS], abs=1e-12
        )
    natural = recursion(drive, 24, 60, forced=False)
    assert survival[0, 0] == pytest.approx([natural[h - 1] for h in HORIZONS], abs=1e-12)
    hazard = np.exp(drive.log_hazard[0]) + drive.other[0]
    months = np.arange(1, 61)
    assert survival[0, NAMES.index("never")] == pytest.approx(
        np.exp(-hazard * np.array(HORIZONS)), abs=1e-12
    )
    # The mean lies between the sums of survival at the ends and at the beginnings of months.
    after = np.exp(-hazard * months)
    for h, horizon in enumerate(HORIZONS):
        low, high = after[:horizon].sum(), 1 + after[: horizon - 1].sum()
        assert low < mean[0, NAMES.index("never"), h] < high


def test_strategies_have_names_and_words():
    assert len({s.name for s in STRATEGIES}) == len(STRATEGIES) == 6
    assert all(s.words for s in STRATEGIES)
    assert list(ASSESSMENTS) == sorted(ASSESSMENTS)
    gaps = np.diff(month_starts())
    assert set(gaps) == {30, 31}
    assert month_starts()[12] == int(12 * DAYS_PER_MONTH)
