from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.quality_of_life import (
    QolScores,
    find_instrument,
    score,
    score_changes,
    score_responses,
)
from tests.registry.build import registry_of

Row = dict[str, Any]


def answer(item: str, value: int | None, **other: Any) -> Row:
    row = {
        "patient_id": "A",
        "instrument": "QLQ-C30",
        "version": "3.0",
        "date": dt.date(2020, 1, 1),
        "item": item,
        "value": value,
    }
    return {**row, **other}


def of(rows: list[Row], **options: Any) -> QolScores:
    options.setdefault("instruments", ["QLQ-C30"])
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    return score_responses(table, **options)


def value(scores: QolScores, scale: str, **key: Any) -> float | None:
    rows = [
        r
        for r in scores.scores.to_pylist()
        if r["scale"] == scale and all(r[k] == v for k, v in key.items())
    ]
    assert len(rows) == 1
    return rows[0]["score"]  # type: ignore[no-any-return]


def problems(scores: QolScores) -> list[tuple[str, str | None, str | None]]:
    return [(r["rule"], r["item"], r["value"]) for r in scores.problems.to_pylist()]


def test_a_registry_is_scored(tmp_path: Path) -> None:
    rows = [answer("6", 2, date="2020-01-01"), answer("7", 3, date="2020-01-01")]
    rows += [answer("6", 1, date="2020-03"), answer("43", 1, instrument="QLQ-BR23", version="1.0")]
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "A"}], "qol_response": rows})
    got = score_responses(registry, instruments=["QLQ-C30", "QLQ-BR23"])
    assert got.n_questionnaires == 3
    assert value(got, "RF", date=dt.date(2020, 1, 1)) == pytest.approx(50.0)
    month = [r for r in got.scores.to_pylist() if r["date_precision"] == "month"]
    assert {r["scale"]: r["score"] for r in month}["RF"] == pytest.approx(100.0)
    assert value(got, "BRFU") == pytest.approx(100.0)
    assert problems(got) == []
    row = next(r for r in got.scores.to_pylist() if r["scale"] == "PF")
    assert (row["score"], row["score_reason"]) == (None, "too_few_answers")
    assert (row["n_answered"], row["n_items"]) == (0, 5)
    assert row["scoring_version"] == "eortc-qlq-c30-3.0/1"


def test_long_table_equals_array(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    c30 = find_instrument("QLQ-C30", version="3.0")
    answers = rng.integers(1, 5, (40, 30)).astype(float)
    answers[rng.random(answers.shape) < 0.3] = np.nan
    rows = [
        answer(c30.item_names[k], int(answers[n, k]), patient_id=f"P{n:02}")
        for n in range(40)
        for k in rng.permutation(30)
        if not np.isnan(answers[n, k])
    ]
    got = of([rows[k] for k in rng.permutation(len(rows))])
    column = got.scores.column("score").to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(column.reshape(40, -1), score(c30, answers).scores)
    assert of(rows).scores.equals(got.scores)


def test_a_table_of_any_library_and_one_without_columns() -> None:
    rows = [answer("8", 4)]
    assert value(of(rows), "DY") == pytest.approx(100.0)
    frame = pd.DataFrame(rows)
    assert value(score_responses(frame, instruments=["QLQ-C30"]), "DY") == pytest.approx(100.0)
    columns = {name: [rows[0][name]] for name in rows[0]}
    assert value(score_responses(columns, instruments=["QLQ-C30"]), "DY") == pytest.approx(100.0)
    with pytest.raises(DataError, match="no column 'item'"):
        score_responses(frame.drop(columns="item"), instruments=["QLQ-C30"])
    with pytest.raises(DataError, match="can't be read from int"):
        score_responses(3, instruments=["QLQ-C30"])


def test_nothing_to_score() -> None:
    schema = pa.Table.from_pylist([answer("8", 4)]).schema
    got = score_responses(schema.empty_table(), instruments=["QLQ-C30"])
    assert (got.n_questionnaires, got.scores.num_rows, got.table()) == (0, 0, [])
    assert "0 questionnaires scored" in got.summary()


def test_versions_are_never_guessed() -> None:
    rows = [answer("8", 4, version=None), answer("8", 2, version="2.0", patient_id="B")]
    got = of(rows)
    assert (got.n_questionnaires, got.n_not_scored) == (0, 2)
    assert problems(got) == [
        ("version-not-recorded", None, None),
        ("version-not-scored", None, None),
    ]
    vouched = of(rows, assume_versions={"QLQ-C30": "3.0"})
    assert value(vouched, "DY") == pytest.approx(100.0)
    assert vouched.n_not_scored == 1
    assert "was taken as version 3.0" in vouched.summary()
    with pytest.raises(DesignError, match="which is not scored"):
        of(rows, assume_versions={"FACT-B": "4"})


def test_instruments_must_be_named() -> None:
    for nothing in ([], "QLQ-C30"):
        with pytest.raises(DesignError, match="as a list"):
            of([answer("8", 4)], instruments=nothing)
    with pytest.raises(DesignError, match="no instrument 'QLQ-C3'"):
        of([answer("8", 4)], instruments=["QLQ-C3"])
    with pytest.raises(DesignError, match="twice"):
        of([answer("8", 4)], instruments=["QLQ-C30", "QLQ-C30"])
    got = of([answer("8", 4), answer("GP1", 1, instrument="FACT-B", version="4")])
    assert problems(got) == [("instrument-not-asked-for", None, None)]


def test_repeated_and_contradictory_answers_are_named() -> None:
    rows = [answer("8", 4), answer("8", 4), answer("11", 1), answer("11", 2)]
    got = of(rows)
    assert value(got, "DY") == pytest.approx(100.0)
    assert value(got, "SL") is None
    assert problems(got) == [
        ("contradictory-answers", "11", "1;2"),
        ("repeated-answer", "8", "4"),
    ]
    # The same item on another day is another questionnaire.
    assert problems(of([answer("8", 4), answer("8", 1, date=dt.date(2020, 1, 2))])) == []


def test_values_and_items_that_can_not_be_are_set_aside_and_named() -> None:
    got = of([answer("8", 7), answer("11", 1), answer("77", 1)])
    assert value(got, "DY") is None
    assert problems(got) == [("unknown-item", "77", None), ("value-outside-range", "8", "7")]
    assert got.problem_counts() == {"value-outside-range": 1, "unknown-item": 1}
    fact = of(
        [answer("gp1", 9, instrument="FACT-B", version="4")],
        instruments=["FACT-B"],
    )
    assert problems(fact) == []


def test_a_questionnaire_without_a_date() -> None:
    got = of([answer("8", 4, date=None), answer("11", 1, date=None)])
    assert got.n_questionnaires == 1
    assert problems(got) == [("no-date", None, None)]


def test_not_applicable_answers_of_the_source() -> None:
    rows = [
        answer("46", None, instrument="QLQ-BR23", version="1", missing_reason="not_applicable"),
        answer("35", None, instrument="QLQ-BR23", version="1", missing_reason="declined"),
    ]
    got = of(rows, instruments=["QLQ-BR23"])
    reasons = {r["scale"]: r["score_reason"] for r in got.scores.to_pylist()}
    assert (reasons["BRSEE"], reasons["BRHL"]) == ("not_applicable", "too_few_answers")


def test_summary_and_json() -> None:
    rows = [answer("8", 4), answer("8", 1, patient_id="B"), answer("11", 9)]
    got = of(rows)
    text = got.summary()
    assert "2 questionnaires scored from 3 answers" in text
    assert "1 value-outside-range" in text
    document = json.loads(json.dumps(got.to_dict()))
    dyspnoea = next(row for row in document["scales"] if row["scale"] == "DY")
    assert (dyspnoea["scored"], dyspnoea["median"]) == (2, 50.0)
    assert document["scoring"][0]["citation"].startswith("Fayers")
    assert "patient_id" not in json.dumps(document)
    assert list(got.to_frame().columns) == got.scores.column_names


def test_changes_over_time() -> None:
    rows = [
        answer("8", 1),
        answer("8", 2, date=dt.date(2020, 2, 1)),
        answer("6", 4),
        answer("6", 4, date=dt.date(2020, 2, 1)),
        answer("6", 1, date=dt.date(2020, 3, 1), date_precision="month"),
        answer("8", 1, date=None),
    ]
    changes = score_changes(of(rows), threshold_points=10).to_pylist()
    found = {(r["scale"], r["date"]): r for r in changes}
    worse = found["DY", dt.date(2020, 2, 1)]
    assert (worse["days"], worse["worsened"], worse["improved"]) == (31, True, False)
    assert worse["change"] == pytest.approx(100 / 3)
    same = found["RF", dt.date(2020, 2, 1)]
    assert (same["change"], same["worsened"], same["improved"]) == (0.0, False, False)
    better = found["RF", dt.date(2020, 3, 1)]
    assert (better["days"], better["worsened"], better["improved"]) == (None, False, True)
    assert len(found) == 3
    with pytest.raises(DesignError, match="above 0"):
        score_changes(of(rows), threshold_points=0)
