"""``locoreg select`` and ``select predict``: numbers, exit codes, errors in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.cli.main import main
from locoreg.selection.model import save_model
from locoreg.workflows.selection.hiding import has_small
from locoreg.workflows.selection.result import SelectionResult
from locoreg.workflows.selection.task import select
from tests.workflows.selection import persons

PATIENT = {"age": 50, "ecog": 1, "bone": "yes"}
Columns = dict[str, np.ndarray]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def written(folder: Path, content: dict[str, Any]) -> str:
    # JSON is YAML.
    path = folder / "protocol.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def columns() -> Columns:
    return persons.rows(300, 1, young=0.2, old=2.5)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return persons.write_table(tmp_path_factory.mktemp("persons") / "persons.csv", columns())


@pytest.fixture(scope="module")
def expected(table: str) -> SelectionResult:
    return select(persons.protocol(), table=table, sensitivity=False, jobs=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, expected: SelectionResult) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    save_model(expected.model, folder)
    return folder


def start(protocol: str, table: str) -> tuple[str, ...]:
    quick = ("--primary-only", "--progress", "none", "--jobs", "1")
    return ("select", protocol, "--table", table, *quick)


def test_json_is_one_document_with_the_numbers_of_the_workflow(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str, expected: SelectionResult
) -> None:
    protocol = written(tmp_path, persons.protocol())
    code, out, err = run(capsys, *start(protocol, table), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert "NaN" not in out
    assert found["average"]["estimate"] == expected.average.estimate
    assert found["rule"]["reading"] == expected.rule_reading
    assert found["plan"]["seed"] == 1


def test_out_holds_report_numbers_and_a_model_that_predicts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str, expected: SelectionResult
) -> None:
    protocol = written(tmp_path, persons.protocol())
    folder = tmp_path / "out"
    code, out, _ = run(capsys, *start(protocol, table), "--out", str(folder))
    assert code == 0
    assert expected.average.text() in out
    assert out.rstrip().endswith("For research. Not a medical device.")
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert told["average"]["estimate"] == expected.average.estimate
    assert expected.protocol is not None
    assert expected.protocol.sha256 in page
    patient = tmp_path / "patient.json"
    patient.write_text(json.dumps(PATIENT), encoding="utf-8")
    code, out, err = run(capsys, "select", "predict", str(folder / "model"), str(patient))
    assert (code, err) == (0, "")
    assert "similar patients" in out
    code, out, _ = run(capsys, "select", "predict", str(folder / "model"), str(patient), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["support"]["inside"] is True
    assert found["group"]["treated"] >= 20


def test_small_cells_are_hidden_in_all_that_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str, expected: SelectionResult
) -> None:
    protocol = written(tmp_path, persons.protocol())
    limit, folder = 60, tmp_path / "out"
    assert has_small(expected.to_dict(), limit)
    arguments = (*start(protocol, table), "--small-cells", str(limit))
    code, out, _ = run(capsys, *arguments, "--json", "--out", str(folder))
    assert code == 0
    told = json.loads(out)
    assert told["small_cells"] == limit
    assert not has_small(told, limit)
    assert told == json.loads((folder / "results.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"--small-cells {limit}" in page
    assert str(tmp_path) not in page.replace(str(folder), "").replace(table, "").replace(
        protocol, ""
    )
    assert told["data"]["source"] == "persons.csv"
    code, _, err = run(capsys, *start(protocol, table), "--small-cells", "1")
    assert code == 1
    assert "small" in err


def test_strict_ends_with_4_where_a_check_failed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    strong = persons.write_table(tmp_path / "strong.csv", persons.rows(500, 3, young=0.05, old=0.1))
    protocol = written(tmp_path, persons.protocol(benchmark=persons.BENCHMARK))
    code, out, _ = run(capsys, *start(protocol, strong), "--strict")
    assert code == 4
    assert "No rule is shown: not credible" in out
    assert "fail: Randomised trials" in out


def change(name: str, values: Callable[[Columns], Any]) -> Callable[[Columns], None]:
    def apply(given: Columns) -> None:
        given[name] = np.asarray(values(given))

    return apply


def first(name: str, value: Any) -> Callable[[Columns], None]:
    """Give the first person another value."""
    return change(name, lambda c: [value, *c[name].tolist()[1:]])


def one_event(given: Columns) -> None:
    given["event"] = (np.arange(300) == 3).astype(int)
    given["time"] = np.where(given["event"] == 1, 5.0, 40.0)


def nothing(given: Columns) -> None:
    """Change nothing."""


def late(given: Columns) -> None:
    given["when"] = np.where(np.arange(300) == 2, 1.5, -1.0)


def nobody(given: Columns) -> None:
    for name in given:
        given[name] = given[name][:0]


PROTOCOLS: list[Any] = [
    pytest.param({"selection": None}, "no part selection", "select-primary-surgery", id="no-part"),
    pytest.param({"selection__cost": None}, "selection.cost: is missing", "", id="no-cost"),
    pytest.param(
        {"selection__cohort": "clones"}, "each person is in both arms", "landmark", id="clones"
    ),
    pytest.param(
        {"selection__learner": {"name": "splin"}}, "no learner 'splin'", "spline", id="learner"
    ),
    pytest.param(
        {"selection__learner": {"name": "spline", "options": {"dff": 3}}},
        "has no option 'dff'",
        "df",
        id="learner-option",
    ),
    pytest.param({"selection__costs_": [1]}, "costs_", "did you mean costs", id="key"),
    pytest.param(
        {"selection__rule": {"depth": 1, "cut_points": {"bone": [1]}}},
        "bone, a category without order",
        "levels",
        id="cut-point-of-a-category",
    ),
    pytest.param(
        {"horizon_months": 120, "at_months": [120]},
        "at risk at the horizon of 120 months",
        "the longest horizon",
        id="horizon",
    ),
    pytest.param({"table__time": "tme"}, "no column 'tme'", "did you mean time", id="column"),
]
TABLES: list[Any] = [
    pytest.param(change("treated", lambda c: 0 * c["treated"]), "'surgery'", id="none-treated"),
    pytest.param(
        change("treated", lambda c: 0 * c["treated"] + 1), "'no surgery'", id="all-treated"
    ),
    pytest.param(first("treated", 2), "not 0 or 1 for person p0000", id="treated-2"),
    pytest.param(one_event, "1 of 300 persons had the event", id="one-event"),
    pytest.param(first("id", "p0007"), "several rows for person p0007", id="same-person"),
    pytest.param(nobody, "has no rows", id="empty"),
    pytest.param(change("time", lambda c: [f"t{t}" for t in c["time"]]), "holds text", id="text"),
    pytest.param(first("time", np.inf), "infinite for person p0000", id="endless"),
    pytest.param(first("age", np.inf), "age is infinite for person p0000", id="infinite"),
    pytest.param(first("age", "old"), "age holds numbers, but 'old' for person p0000", id="words"),
    pytest.param(
        change("ecog", lambda c: np.full(300, np.nan)), "ecog is unknown for everybody", id="gap"
    ),
    pytest.param(change("ecog", lambda c: c["time"]), "ecog has a rank correlation", id="time"),
    pytest.param(
        change("bone", lambda c: np.where(c["event"] == 1, "yes", "no")),
        "bone tells for 100.0%",
        id="event",
    ),
    pytest.param(change("bone", lambda c: c["id"]), "bone has 300 levels", id="names"),
    pytest.param(
        change("age", lambda c: (np.datetime64("1960-01-01") + c["age"].astype(int)).astype(str)),
        "holds dates",
        id="dates",
    ),
]  # fmt: skip


def refused(
    capsys: pytest.CaptureFixture[str], folder: Path, protocol: dict[str, Any], given: Columns
) -> str:
    """Return the one line of an error; nothing is printed or written."""
    table = persons.write_table(folder / "persons.csv", given)
    out = folder / "out"
    code, printed, err = run(capsys, *start(written(folder, protocol), table), "--out", str(out))
    assert (code, printed) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert not out.exists()
    return err


@pytest.mark.parametrize(("changes", "said", "advised"), PROTOCOLS)
def test_bad_protocols_say_in_one_line_what_to_do(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    changes: dict[str, Any],
    said: str,
    advised: str,
) -> None:
    err = refused(capsys, tmp_path, persons.protocol(**changes), columns())
    assert said in err
    assert advised in err


@pytest.mark.parametrize(("alter", "said"), TABLES)
def test_bad_tables_say_in_one_line_what_to_do(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    alter: Callable[[Columns], None],
    said: str,
) -> None:
    given = columns()
    alter(given)
    err = refused(capsys, tmp_path, persons.protocol(), given)
    assert said in err
    assert "Hint:" in err


def test_a_covariate_measured_after_time_zero_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = columns()
    late(given)
    err = refused(capsys, tmp_path, persons.protocol(table__measured={"ecog": "when"}), given)
    assert "ecog was measured after time zero for person p0002" in err


def test_a_file_in_the_place_of_the_folder_is_refused_before_the_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    protocol = written(tmp_path, persons.protocol())
    quiet = (*start(protocol, table)[:4], "--progress", "json")
    for place in (protocol, f"{protocol}/out"):
        code, out, err = run(capsys, *quiet, "--out", place)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert "is a file, no folder" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"age": 50, "ecog": 1}', "the patient has no bone", id="missing"),
        pytest.param(
            '{"age": 50, "ecog": 1, "bone": "yes", "agee": 1}', "did you mean age", id="unknown"
        ),
        pytest.param(
            '{"age": "fifty", "ecog": 1, "bone": "yes"}', "age is 'fifty', not a number", id="text"
        ),
        pytest.param('{"age": true, "ecog": 1, "bone": "yes"}', "not a number", id="true"),
        pytest.param('{"age": [50], "ecog": 1, "bone": "yes"}', "not a number", id="list"),
        pytest.param('{"age": 50, "ecog": 1, "bone": {"a": 1}}', "no level", id="object"),
        pytest.param('{"age": NaN, "ecog": 1, "bone": "yes"}', "age is nan", id="nan"),
        pytest.param(
            '{"age": 1' + 400 * "0" + ', "ecog": 1, "bone": "yes"}', "age is inf", id="long"
        ),
        pytest.param(
            '{"age": 1' + 5000 * "0" + ', "ecog": 1, "bone": "yes"}', "age is inf", id="longer"
        ),
        pytest.param('{"age": 50, "age": 60}', "has 'age' twice", id="twice"),
        pytest.param("age: 50", "is no JSON", id="yaml"),
        pytest.param("", "is no JSON", id="empty"),
        pytest.param("[50]", "holds no object", id="array"),
        pytest.param(100_000 * "[", "nested too deeply", id="deep"),
        pytest.param('"' + 1_000_001 * "a" + '"', "too large", id="large"),
    ],
)
def test_bad_patients_say_in_one_line_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Path, text: str, said: str
) -> None:
    patient = tmp_path / "patient.json"
    patient.write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "select", "predict", str(model), str(patient))
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err
    assert "Hint:" in err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"age": 150}, "age is 150"),
        ({"bone": "maybe"}, "bone is 'maybe', which no patient of the data has"),
        ({"ecog": None}, "ecog is unknown, but it was known for every patient"),
    ],
)
def test_patients_unlike_the_data_get_a_reason_and_no_number(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model: Path,
    changes: dict[str, Any],
    said: str,
) -> None:
    patient = tmp_path / "patient.json"
    # As some editors write it.
    patient.write_text(json.dumps({**PATIENT, **changes}), encoding="utf-8-sig")
    code, out, _ = run(capsys, "select", "predict", str(model), str(patient))
    assert code == 0
    assert out.startswith("No estimate: outside the data.")
    assert said in out
    assert "months more" not in out


def cut(folder: Path) -> None:
    (folder / "arrays.npz").write_bytes((folder / "arrays.npz").read_bytes()[:-50])


def lose(folder: Path) -> None:
    (folder / "arrays.npz").unlink()


def rewrite(folder: Path) -> None:
    path = folder / "model.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"horizon_months": 24', '"horizon_months": 60'), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, "arrays.npz is not the file that belongs to model.json"),
        (lose, "arrays.npz is missing"),
        (rewrite, "model.json was changed after it was written"),
        (remove, "model.json is missing"),
    ],
)
def test_spoilt_models_are_refused(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model: Path,
    spoil: Callable[[Path], None],
    said: str,
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    spoil(folder)
    patient = tmp_path / "patient.json"
    patient.write_text(json.dumps(PATIENT), encoding="utf-8")
    code, out, err = run(capsys, "select", "predict", str(folder), str(patient))
    assert (code, out) == (1, "")
    assert said in err
    assert "Hint:" in err
