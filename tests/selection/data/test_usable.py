"""Covariates that can't be used are refused by name; others pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.emulation.cohort import Column
from locoreg.selection.data import FeatureCoding, SelectionData, selection_data
from locoreg.selection.data.leaks import check_leaks

N = 120


def arrays(**changes: Any) -> dict[str, Any]:
    """Return arrays of persons with the covariates age and stage, and others on top."""
    rng = np.random.default_rng(1)
    given: dict[str, Any] = {
        "time": rng.exponential(20.0, N),
        "event": rng.integers(0, 2, N),
        "treated": rng.integers(0, 2, N),
        "covariates": {"age": rng.uniform(40, 80, N), "stage": rng.choice(["III", "IV"], N)},
    }
    covariates = {**given["covariates"], **changes.pop("covariates", {})}
    return {**given, **changes, "covariates": covariates}


def made(**changes: Any) -> SelectionData:
    return selection_data(**arrays(**changes))


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        pytest.param(
            lambda a: {"covariates": {"left": a["time"] * 30.0}},
            DesignError,
            "left has a rank correlation of 1.000 with the time of follow-up",
            id="time",
        ),
        pytest.param(
            lambda a: {"covariates": {"left": -a["time"]}},
            DesignError,
            "left has a rank correlation of 1.000",
            id="time-backwards",
        ),
        pytest.param(
            lambda a: {"covariates": {"left": np.where(np.arange(N) == 3, np.nan, a["time"])}},
            DesignError,
            "left has a rank correlation of 1.000",
            id="time-with-a-gap",
        ),
        pytest.param(
            lambda a: {"covariates": {"status": np.where(a["event"] == 1, "dead", "alive")}},
            DesignError,
            "status tells for 100.0% of the persons whether",
            id="event",
        ),
        pytest.param(
            lambda a: {"covariates": {"status": a["event"]}},
            DesignError,
            "status tells for 100.0% of the persons whether",
            id="event-as-number",
        ),
        pytest.param(
            lambda a: {"covariates": {"name": [f"person {i}" for i in range(N)]}},
            DesignError,
            "name has 120 levels for 120 persons",
            id="names",
        ),
        pytest.param(
            lambda a: {"covariates": {"ki67": [*map(str, range(N - 1)), "high"]}},
            DataError,
            "ki67 holds numbers, but 'high' for person 120",
            id="text-among-numbers",
        ),
        pytest.param(
            lambda a: {"covariates": {"age": np.where(np.arange(N) == 4, np.inf, 60.0)}},
            DataError,
            "age is infinite for person 5",
            id="infinite",
        ),
        pytest.param(
            lambda a: {"measured": {"age": np.where(np.arange(N) == 1, 0.1, -1.0)}},
            DesignError,
            "the covariate age was measured after time zero in row 2",
            id="measured-late",
        ),
        pytest.param(
            lambda a: {"measured": {"agee": np.zeros(N)}}, DesignError, "agee", id="measured-name"
        ),
        pytest.param(
            lambda a: {"treated": np.where(np.arange(N) == 1, 2, a["treated"])},
            DataError,
            "treated is 2 in row 2",
            id="treated-2",
        ),
        pytest.param(
            lambda a: {"time": np.where(np.arange(N) == 1, -1.0, a["time"])},
            DataError,
            "time is -1 in row 2",
            id="negative-time",
        ),
        pytest.param(
            lambda a: {"time": np.where(np.arange(N) == 1, np.nan, a["time"])},
            DataError,
            "time is nan in row 2",
            id="unknown-time",
        ),
        pytest.param(
            lambda a: {"person_id": ["a", "a", *range(N - 2)]}, DataError, "a", id="same-person"
        ),
        pytest.param(
            lambda a: {"covariates": {"when": np.datetime64("2020-01-01") + np.arange(N)}},
            DataError,
            "when",
            id="dates",
        ),
    ],
)
def test_refused_by_name_with_advice(change: Any, kind: type[LocoregError], said: str) -> None:
    with pytest.raises(kind) as raised:
        made(**change(arrays()))
    assert said in raised.value.message
    assert raised.value.hint


def test_many_levels_pass_where_each_has_persons_or_an_order() -> None:
    hospitals = [f"h{i % 30}" for i in range(N)]
    assert made(covariates={"hospital": hospitals}).column("hospital").levels[0] == "h0"
    grades = [f"g{i:03d}" for i in range(N)]
    assert made(covariates={"grade": grades}, ordered=["grade"]).ordered == ("grade",)


def test_a_few_texts_that_look_like_numbers_pass() -> None:
    size = np.random.default_rng(2).choice(["1", "2", "3 or more"], N)
    assert made(covariates={"lesions": size}).column("lesions").levels == ("1", "2", "3 or more")


def test_a_strong_predictor_is_no_leak() -> None:
    given = arrays()
    noisy = given["time"] + np.random.default_rng(3).normal(0.0, 8.0, N)
    found = float(np.corrcoef(noisy.argsort().argsort(), given["time"].argsort().argsort())[0, 1])
    assert 0.8 < found < 0.98
    assert "marker" in made(covariates={"marker": noisy}).modifiers


def test_with_under_30_known_values_nothing_is_called_a_leak() -> None:
    time = np.arange(100.0)
    few = np.where(np.arange(100) < 29, time, np.nan)
    check_leaks([Column(name="few", kind="number", values=few)], time, np.zeros(100, dtype=int))
    more = np.where(np.arange(100) < 30, time, np.nan)
    with pytest.raises(DesignError, match="more has a rank correlation"):
        check_leaks(
            [Column(name="more", kind="number", values=more)], time, np.zeros(100, dtype=int)
        )


def test_one_leak_is_found_among_many_columns() -> None:
    given = arrays()
    X = np.random.default_rng(4).normal(size=(N, 2000))
    assert selection_data(**{**given, "covariates": X}).modifiers[-1] == "x2000"
    X[:, 1234] = np.sqrt(given["time"])
    with pytest.raises(DesignError, match="x1235 has a rank correlation"):
        selection_data(**{**given, "covariates": X})


def test_unknown_and_constant_covariates() -> None:
    gaps = np.where(np.arange(N) % 3 == 0, np.nan, 1.0 * np.arange(N))
    data = made(covariates={"marker": gaps, "sex": ["f"] * N})
    coding = FeatureCoding.of(data.covariates)
    assert coding.constant == ("sex",)
    assert coding.names == ("age", "stage: IV", "marker", "marker: unknown")
    X = coding.encode(data.covariates)
    assert not np.isnan(X).any()
    assert X[0].tolist()[2:] == [float(np.nanmedian(gaps)), 1.0]
    lost = made(covariates={"marker": np.full(N, np.nan)})
    with pytest.raises(DataError, match="marker is unknown for everybody"):
        FeatureCoding.of(lost.covariates)
    alike = selection_data(**{**arrays(), "covariates": {"sex": ["f"] * N}})
    with pytest.raises(DataError, match="no covariate varies"):
        FeatureCoding.of(alike.covariates)


def test_coding_survives_json_and_meets_new_patients() -> None:
    import json

    data = made()
    coding = FeatureCoding.of(data.covariates)
    again = FeatureCoding.from_dict(json.loads(json.dumps(coding.to_dict())))
    assert again == coding
    assert again.encode_patient({"age": 61, "stage": "IV"}).tolist() == [[61.0, 1.0]]
    with pytest.raises(DataError, match="the patient has no stage"):
        again.encode_patient({"age": 61})
    with pytest.raises(DataError, match="no covariate 'stages'") as raised:
        again.encode_patient({"age": 61, "stages": "IV"})
    assert "did you mean stage" in (raised.value.hint or "")
    with pytest.raises(DataError, match="age is unknown, but it was known"):
        again.encode_patient({"age": None, "stage": "IV"})


def test_taking_rows_keeps_everything_and_changes_the_hash() -> None:
    data = made(weight=np.linspace(1.0, 2.0, N), site=[f"s{i % 3}" for i in range(N)])
    rows = np.array([5, 3])
    part = data.take(rows)
    assert part.person_id == ("6", "4")
    assert part.weight is not None
    assert data.weight is not None
    assert part.weight.tolist() == data.weight[rows].tolist()
    assert part.site is not None
    assert data.site is not None
    assert part.site.values.tolist() == data.site.values[rows].tolist()
    assert part.cluster is not None
    assert data.take(np.arange(N)).sha256() == data.sha256()
    assert part.sha256() != data.sha256()
