"""A statistician's own data, in conventions of their own, through the public interface alone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

import locoreg as lr
from locoreg.cli.main import main
from locoreg.emulation.clones import clone
from tests.emulation.acceptance.monthly import MONTHS, NONE, curves, draw, hazards

# The same sums in another order.
SAME = 1e-8
# The weights of the last interval are divided by their own sum there and by the persons alive
# here; with 3,000 persons the two differ by a few percent, of 12% who die of a treatment in it.
NEAR = 0.01
DAYS = 30.4375
FLAGS = ("--primary-only", "--json", "--progress", "none")
TIMES = (3.0, 6.0, 12.0, 24.0, 36.0)


def question(**changes):
    values = {
        "treated_label": "treated",
        "comparator_label": "not treated",
        "outcome": "death",
        "grace_months": 6.0,
        "interval_months": 1.0,
        "comparator": "never",
        "initiation": "deadline",
        "contrast": "per_protocol",
        "horizon_months": 36.0,
        "at_months": TIMES,
        "level": 95.0,
    }
    return lr.Question(**{**values, **changes})


def months(d, within):
    """Return times in months: deaths `within` their month, on the table at the treatment."""
    time = np.where(d["dead"], d["death"] + within, float(MONTHS))
    time = np.where(d["on_table"], d["death"], time)
    return time, np.where(d["treated"] < NONE, d["treated"], np.nan)


def cohort(d, within=0.5, **more):
    time, treated = months(d, within)
    histories = None
    if d["state"] is not None:
        person, month = np.nonzero(np.arange(7) <= time[:, None])
        words = np.where(d["state"][person, month] > 0, "progression", "stable")
        histories = {"state": (person + 1, month.astype(float), words)}
    return lr.cohort_from_arrays(
        time=time,
        event=d["dead"],
        treatment_time=treated,
        covariates={"x1": d["x"][:, 0], "x2": d["x"][:, 1]},
        event_labels=["death"],
        histories=histories,
        **more,
    )


def survival(effect):
    got = [effect.contrast("survival_difference", t) for t in TIMES]
    return np.array([[c.comparator for c in got], [c.treated for c in got]])


def run(data, asked, **options):
    method = lr.make_method("clone_censor_weight", options)
    return method.estimate(data, asked, lr.Inference(interval="none"))


@pytest.mark.parametrize("within", [0.5, 1.0, 0.99], ids=["middle", "end", "last-day"])
@pytest.mark.parametrize(
    ("design", "initiation", "comparator"),
    [
        ({}, "deadline", "never"),
        ({}, "all_initiators", "never"),
        ({"late": 0.3}, "deadline", "none_within_grace"),
        ({"late": 0.3}, "all_initiators", "none_within_grace"),
        ({"changing": True}, "deadline", "never"),
    ],
    ids=["deadline", "all", "deadline-late", "all-late", "changing"],
)
def test_curves_are_those_of_an_implementation_apart(design, initiation, comparator, within):
    d = draw(1500, 11, **design)
    asked = question(initiation=initiation, comparator=comparator)
    want = curves(d, initiation=initiation, comparator=comparator)
    got = survival(run(cohort(d, within), asked))
    assert np.abs(got - want[:, [int(t) for t in TIMES]]).max() < SAME


@pytest.mark.parametrize("within", [0.5, 1.0], ids=["middle", "end"])
def test_deaths_on_the_day_of_treatment_fail_no_audit(within):
    d = draw(3000, 5, operative=0.2)
    assert d["on_table"].sum() > 100
    effect = run(cohort(d, within), question())
    found = {(f.name, f.arm): f for f in effect.diagnostics}
    assert found["ones_before_deadline", "treated"].verdict == "pass"
    # Who would have been treated at the deadline dies of it at once: in month 5, not later.
    want = curves(d, initiation="deadline", comparator="never")
    got = survival(effect)
    # At month 3 itself the package has counted the deaths on that day, the other not yet.
    assert np.abs(got - want[:, [int(t) for t in TIMES]])[:, 1:].max() < NEAR


@pytest.mark.parametrize(
    ("within", "verdict"), [(0.5, "pass"), (1.0, "note"), (0.0, "fail")], ids=["mid", "end", "cut"]
)
def test_times_that_were_cut_to_whole_months_do_not_pass(within, verdict):
    d = draw(1500, 3)
    effect = run(cohort(d, within), question())
    told = next(f for f in effect.diagnostics if f.name == "whole_times")
    assert told.verdict == verdict
    assert ("half an interval" in told.advice) == (verdict == "fail")


def test_stabilised_weights_change_the_hazard_ratio_alone():
    d = draw(1500, 11)
    plain, other = (run(cohort(d), question(), stabilised=s) for s in (False, True))
    assert np.array_equal(survival(plain), survival(other))
    ratios = [e.contrast("hazard_ratio").estimate.estimate for e in (plain, other)]
    assert abs(ratios[0] - ratios[1]) > 1e-4


# Maringe 2020, figure 2: treatment, end, death, in days; 182.62 days of grace.
THIRTEEN = {
    "A": (61, 300, 1),
    "B": (150, 365, 0),
    "C": (20, 150, 1),
    "D": (140, 160, 0),
    "E": (10, 300, 0),
    "F": (220, 320, 1),
    "G": (340, 365, 0),
    "H": (200, 300, 0),
    "I": (np.nan, 365, 0),
    "J": (np.nan, 260, 1),
    "K": (np.nan, 40, 1),
    "L": (np.nan, 140, 0),
    "M": (np.nan, 320, 0),
}


def test_thirteen_patients_clone_by_clone():
    treated, end, dead = (np.array(c, dtype=float) for c in zip(*THIRTEEN.values(), strict=True))
    made = clone(end, dead.astype(int), treated, grace=182.62, comparator="none_within_grace")
    table = made.to_frame(list(THIRTEEN))
    rows = {
        arm: {r.person_id: (r.stop, int(r.event), bool(r.artificial)) for r in part.itertuples()}
        for arm, part in table.groupby("arm")
    }
    gone = {name: (182.62, 0, True) for name in "FGHIJM"}
    own = {name: (float(THIRTEEN[name][1]), THIRTEEN[name][2], False) for name in THIRTEEN}
    assert rows["treated"] == {**own, **gone}
    left = {name: (float(THIRTEEN[name][0]), 0, True) for name in "ABCDE"}
    assert rows["comparator"] == {**own, **left}
    assert table.groupby("arm").event.sum().tolist() == [3, 3]
    assert table.groupby("arm").artificial.sum().tolist() == [5, 6]
    with pytest.raises(lr.DataError, match="2 values for 13 persons"):
        made.to_frame(["A", "B"])


PROTOCOL = {
    "protocol": 1,
    "title": "Own table",
    "causal_question": "Do they live longer?",
    "table": {
        "person": "id",
        "time": "days",
        "event": "dead",
        "events": {1: "death"},
        "treatment_time": "day_treated",
        "unit": "days",
        "visit_person": "id",
        "visit_time": "day",
    },
    "eligibility": [],
    "strategies": {
        "treated": {"label": "treated", "grace_months": 6, "initiation": "deadline"},
        "comparator": {"label": "not treated", "rule": "never"},
    },
    "contrast": "per_protocol",
    "interval_months": 1,
    "horizon_months": 36,
    "at_months": list(TIMES),
    "level": 95,
    "confounders": {
        "baseline": [{"variable": "x1"}, {"variable": "x2"}],
        "time_varying": ["state"],
        "missing": {"method": "refuse"},
    },
    "analysis": {"method": "clone_censor_weight", "intervals": {"kind": "influence"}},
}


def files(tmp_path, d, **columns):
    """Write people, visits and protocol; visits begin before time zero."""
    time, treated = months(d, 0.5)
    person, month = np.nonzero(np.arange(7) <= time[:, None])
    people = {
        "id": [f"p{i:04d}" for i in range(time.size)],
        "days": time * DAYS,
        "dead": d["dead"].astype(int),
        "day_treated": treated * DAYS,
        "x1": d["x"][:, 0],
        "x2": d["x"][:, 1],
    }
    visits = {
        "id": np.array(people["id"])[person],
        "day": month * DAYS - (month == 0) * 10.0,
        "state": np.where(d["state"][person, month] > 0, "PD", "SD"),
    }
    pd.DataFrame({**people, **columns}).to_csv(tmp_path / "people.csv", index=False)
    pd.DataFrame(visits).to_csv(tmp_path / "visits.csv", index=False)
    (tmp_path / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL), encoding="utf-8")


def test_days_and_visits_from_files_give_the_same_by_command_and_python(tmp_path, capsys):
    d = draw(1200, 8, changing=True)
    files(tmp_path, d, dead=np.where(d["dead"], "True", "False"))
    made = lr.emulate(
        tmp_path / "protocol.yaml",
        table=tmp_path / "people.csv",
        visits=tmp_path / "visits.csv",
        sensitivity=False,
    )
    want = curves(d, initiation="deadline", comparator="never")[:, [int(t) for t in TIMES]]
    assert np.abs(survival(made.primary) - want).max() < SAME
    inputs = [str(tmp_path / name) for name in ("protocol.yaml", "people.csv", "visits.csv")]
    with pytest.raises(SystemExit) as left:
        main(["emulate", inputs[0], "--table", inputs[1], "--visits", inputs[2], *FLAGS])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    first = told["primary"]["contrasts"][0]
    assert {"estimate", "se", "ci_low", "ci_high", "level", "scale"} <= set(first)
    assert first["estimate"] == made.primary.contrasts[0].estimate.estimate
    ratio = told["primary"]["contrasts"][-1]
    assert ratio["scale"] == "log"
    assert ratio["natural"]["estimate"] == pytest.approx(np.exp(ratio["estimate"]))
    assert told["protocol_sha256"] == told["primary"]["provenance"]["options"]["protocol_sha256"]


def test_alive_coded_one_and_dead_two_is_refused_or_told(tmp_path):
    d = draw(300, 8, changing=True)
    files(tmp_path, d, dead=d["dead"] + 1)
    table, visits = tmp_path / "people.csv", tmp_path / "visits.csv"
    with pytest.raises(lr.DataError, match="1 is censored and 2 the event"):
        lr.emulate(PROTOCOL, table=table, visits=visits, sensitivity=False)
    words = {**PROTOCOL["table"], "events": {1: "alive", 2: "dead"}}
    told = lr.emulate({**PROTOCOL, "table": words}, table=table, visits=visits, sensitivity=False)
    assert "nobody-censored" in {f.rule for f in told.audit if f.severity == "serious"}


def test_a_subgroup_is_the_analysis_of_those_persons(tmp_path):
    d = draw(1200, 8, changing=True)
    files(tmp_path, d, x1=np.where(d["x"][:, 0] > 0, "b", "a"))
    table, visits = tmp_path / "people.csv", tmp_path / "visits.csv"
    whole = lr.emulate({**PROTOCOL, "subgroups": ["x1"]}, table=table, visits=visits)
    rule = {"name": "b", "variable": "x1", "equals": "b", "unknown": "exclude"}
    alone = lr.emulate(
        {**PROTOCOL, "eligibility": [rule]}, table=table, visits=visits, sensitivity=False
    )
    row = next(r for r in whole.extras.subgroups if r.level == "b")
    assert row.n == alone.primary.n == int(d["x"][:, 0].sum())
    want = alone.primary.contrast("survival_difference").estimate
    assert row.estimate.estimate == pytest.approx(want.estimate, abs=SAME)
    assert row.estimate.se == pytest.approx(want.se, abs=SAME)


def test_weights_are_cut_at_persons_largest_weights_within_an_arm():
    d = draw(1500, 11)
    p, A, K = hazards(d), d["treated"], d["death"]
    # The largest weight of a person in the treated arm: 1/p of month 5 for those treated in it.
    largest = np.where(A == 5, 1 / np.where(A == 5, p[:, 5], 1.0), 1.0)
    limit = np.percentile(largest, 95, method="inverted_cdf")
    last = np.where(A > 5, 0.0, np.minimum(largest, limit))
    want = 1.0
    for k in range(12):
        w = np.ones(A.size) if k < 5 else last
        want *= 1 - w[k == K].sum() / w[k <= K].sum()
    got = run(cohort(d), question(), truncate=95.0)
    assert got.contrast("survival_difference", 12.0).treated == pytest.approx(want, abs=SAME)
    plain = run(cohort(d), question())
    assert abs(plain.contrast("survival_difference", 12.0).treated - want) > 1e-3


def test_an_arm_that_runs_out_of_persons_fails():
    """Nearly everybody is treated in the end: never treated at 36 months are a handful."""
    rng = np.random.default_rng(1)
    age = rng.normal(60, 10, 2000)
    treated = rng.exponential(np.exp((age - 60) / 15) * 8)
    death = rng.exponential(np.exp((60 - age) / 20) * 24)
    end = np.minimum(death, 48)
    data = lr.cohort_from_arrays(
        time=end,
        event=death <= 48,
        treatment_time=np.where(treated <= end, treated, np.nan),
        covariates={"age": age},
        event_labels=["death"],
    )
    effect = run(data, question())
    # The estimate is far from the truth, no difference, and the effect says why not to use it.
    assert effect.contrast("survival_difference", 36.0).estimate.estimate > 0.1
    assert ("effective_size_horizon", "not treated") in {(f.name, f.arm) for f in effect.failed}
    assert (
        "Effective sample size at 36 months (not treated)" in effect.summary().split("persons,")[0]
    )
    late = run(data, question(comparator="none_within_grace"))
    assert abs(late.contrast("survival_difference", 36.0).estimate.estimate) < 0.1
    assert not late.failed
