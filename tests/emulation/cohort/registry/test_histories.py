from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Cohort
from tests.emulation.cohort.registry.asking import MONTH, asked, rows_of


def told(cohort: Cohort, name: str = "a") -> list[tuple[float, Any]]:
    (history,) = cohort.histories
    mine = history.person == cohort.person_id.index(name)
    values = history.values[mine].tolist()
    words = [history.levels[int(v)] for v in values] if history.levels else values
    return list(zip(np.round(history.time[mine] * MONTH, 6).tolist(), words, strict=True))


def seen(day: str, response: str | None) -> dict[str, Any]:
    return {"date": day, "response": response}


def test_responses_from_before_time_zero_on(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            a={
                "imaging_assessment": [
                    seen("2018-06-30", "PR"),
                    seen("2018-03-31", "SD"),
                    seen("2018-03-31", "NE"),
                    seen("2018-03-31", "PD"),
                    seen("2018-04-30", None),
                    seen("2017-12-01", "SD"),
                    seen("2017-01-01", "CR"),
                    seen("2018-01", "CR"),
                    # After the horizon.
                    seen("2021-06-30", "PD"),
                ]
            },
            b={},
        ),
        varying=["response"],
    )
    assert told(cohort) == [(-31, "SD"), (0, "CR"), (89, "PD"), (180, "PR")]
    (history,) = cohort.histories
    assert history.levels == ("CR", "PR", "SD", "PD", "NE")
    assert np.isnan(history.at(6.0)[1])
    assert history.at(89 / MONTH)[0] == 3
    assert cohort.coding.history_names == ("response",)


def test_ratings_and_lines(tmp_path: Path) -> None:
    tables = rows_of(
        a={
            "performance": [
                {"date": "2018-01-01", "ecog": 1},
                {"date": "2018-01-01", "ecog": 2},
                {"date": "2018-02-01", "ecog": 0},
            ],
            "systemic_line": [
                {"setting": "metastatic", "start_date": "2017-06-01"},
                {"setting": "metastatic", "start_date": "2018-02-01"},
                {"setting": "metastatic", "start_date": "2018-04-01"},
                {"setting": "adjuvant", "start_date": "2018-03-01"},
            ],
        },
        b={},
    )
    assert told(asked(tmp_path / "r", tables, varying=["ecog"])) == [(0, "2"), (31, "0")]
    lines = asked(tmp_path / "s", tables, varying=["line"])
    begin = -3 * MONTH
    assert told(lines) == [(begin, 1), (31, 2), (90, 3)]
    assert told(lines, "b") == [(begin, 0)]
    # As of time zero it is the baseline variable.
    assert lines.histories[0].at(0.0).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("last", [(-31, 5), (31, 9), (59, 7)]),
        ("max", [(-31, 5), (31, 9), (59, 9)]),
        ("min", [(-31, 5), (31, 5), (59, 5)]),
        ("first", [(-31, 5), (31, 5), (59, 5)]),
        ("count", [(-6 * MONTH, 0), (-31, 1), (31, 2), (59, 3)]),
        ("any", [(-6 * MONTH, "no"), (-31, "yes"), (31, "yes"), (59, "yes")]),
    ],
)
def test_a_variable_of_ones_own_over_time(
    tmp_path: Path, take: str, expected: list[tuple[float, Any]]
) -> None:
    def marker(day: str, value: float) -> dict[str, Any]:
        return {"analyte": "CEA", "date": day, "value": value}

    rows = [marker("2018-03-01", 7), marker("2017-12-01", 5), marker("2018-02-01", 9)]
    rows.append(marker("2017-01-01", 99))
    variables = {
        "cea": {"table": "biomarker", "column": "value", "window_months": [-6, 0], "take": take}
    }
    tables = rows_of(a={"biomarker": rows}, b={})
    cohort = asked(tmp_path / "r", tables, variables=variables, varying=["cea"])
    assert told(cohort) == expected


def test_histories_that_can_not_be(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"no variable over time 'respons'.*response"):
        asked(tmp_path / "r", rows_of(a={}), varying=["respons"])
    variables = {
        "germline": {
            "table": "patient",
            "column": "brca1_germline",
            "window_months": [0, 0],
            "take": "last",
        }
    }
    with pytest.raises(DesignError, match="its rows have no date"):
        asked(tmp_path / "s", rows_of(a={}), variables=variables, varying=["germline"])
