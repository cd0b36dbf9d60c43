"""The command line: results on stdout, errors in one line, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locoreg.cli.main import main
from tests.conftest import WriteTables, effect, study


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_pool_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys,
        *("evidence", "pool", "primary-surgery", "--design", "rct", "--method", "DL", "--json"),
        *("--studies", "badwe2015,soran2018,fitzal2019,khan2022,jcog1017"),
    )
    pool = json.loads(out)
    assert code == 0
    assert pool["method"] == "DL"
    assert pool["interval"] == "normal"
    natural = pool["mu"]["natural"]
    assert (natural["estimate"], natural["ci_low"], natural["ci_high"]) == pytest.approx(
        (0.931, 0.747, 1.161), abs=0.00051
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--as-printed", "--studies", "badwe2015,soran2018,fitzal2019"], (0.807, 0.570, 1.143)),
        (["--studies", "badwe2015,soran2018,fitzal2019"], (0.936, 0.626, 1.400)),
        (["--studies", "badwe2015,soran2018,fitzal2019,khan2022"], (0.969, 0.717, 1.310)),
        (
            ["--studies", "badwe2015,soran2018,fitzal2019,khan2022", "--report", "khan2022"],
            (0.969, 0.717, 1.310),
        ),
    ],
)
def test_pools_of_the_issue(
    capsys: pytest.CaptureFixture[str], more: list[str], expected: tuple[float, ...]
) -> None:
    command = ["evidence", "pool", "primary-surgery", "--design", "rct", "--method", "DL"]
    code, out, _ = run(capsys, *command, *more, "--json")
    natural = json.loads(out)["mu"]["natural"]
    assert code == 0
    assert tuple(natural[k] for k in ("estimate", "ci_low", "ci_high")) == pytest.approx(
        expected, abs=0.00051
    )


def test_default_is_reml_with_hartung_knapp(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "evidence", "pool", "primary-surgery", "--design", "rct", "--json")
    pool = json.loads(out)
    assert (pool["method"], pool["interval"], pool["mu"]["level"]) == ("REML", "hartung-knapp", 95)
    assert pool["readings"] == "supported"
    assert pool["as_printed"] is not None


def test_designs_stay_apart_without_design(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "evidence", "pool", "primary-surgery", "--json")
    groups = json.loads(out)["groups"]
    assert [g["design"] for g in groups] == ["rct", "observational"]


def test_text_names_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "evidence", "pool", "primary-surgery", "--design", "rct")
    assert code == 0
    assert "Read as printed" in out


def test_audit_finds_and_strict_exits_3(
    capsys: pytest.CaptureFixture[str], write_tables: WriteTables
) -> None:
    rows = [
        effect("a1", "a", "0.691 0.358 1.333", n_intervention=45, n_control=45),
        {
            "claim_id": "a2",
            "study_id": "a",
            "kind": "arms",
            "outcome": "OS",
            "statistic": "median_time",
            "value_intervention": 34.6,
            "value_control": 54.8,
            "unit": "months",
        },
    ]
    folder = str(write_tables(studies=[study("a")], claims=rows))
    code, out, _ = run(capsys, "evidence", "audit", folder, "--json")
    found = json.loads(out)["findings"]
    assert code == 0
    assert any(f["severity"] == "blocking" and f["location"]["row"] == 2 for f in found)
    code, out, _ = run(capsys, "evidence", "audit", folder, "--strict")
    assert code == 3
    assert "BLOCKING" in out
    assert "claims.csv, row 2" in out


def test_clean_table_is_quiet(
    capsys: pytest.CaptureFixture[str], write_tables: WriteTables
) -> None:
    rows = [effect("a1", "a", "0.66 0.49 0.88", p_op="=", p_value=0.005)]
    folder = str(write_tables(studies=[study("a")], claims=rows))
    code, out, _ = run(capsys, "evidence", "audit", folder, "--strict", "--json")
    assert code == 0
    assert [f for f in json.loads(out)["findings"] if f["severity"] != "note"] == []


BAD = {
    "empty table": ({"claims": []}, "no rows"),
    "zero standard error": ({"se": "0"}, "row 2, column se"),
    "reversed limits": ({"ci_low": "0.9", "ci_high": "0.5"}, "row 2, column ci_low"),
    "fraction for percent": ({"ci_level": "0.95"}, "give percent, 95"),
    "non-numeric": ({"estimate": "o.66"}, "row 2, column estimate"),
    "unknown column": ({"hazard": "1"}, "unknown column 'hazard'"),
    "huge cell": ({"note": "x" * 10_000_000}, "row 2, column note"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["audit", "pool"])
def test_bad_tables_give_one_error(
    capsys: pytest.CaptureFixture[str], write_tables: WriteTables, case: str, command: str
) -> None:
    change, words = BAD[case]
    row = {**effect("a1", "a", "0.66 0.49 0.88"), **change}
    folder = str(write_tables(studies=[study("a")], claims=[row]))
    if case == "empty table":
        (Path(folder) / "claims.csv").write_text("claim_id,study_id,kind\n")
    arguments = {
        "audit": ["evidence", "audit", folder],
        "pool": ["evidence", "pool", "primary-surgery", "--tables", folder],
    }[command]
    code, _, err = run(capsys, *arguments)
    assert code == 1
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert len(err) < 600
    assert words in err


def test_faulty_cells_are_findings_in_one_document(
    capsys: pytest.CaptureFixture[str], write_tables: WriteTables
) -> None:
    rows = [
        effect("a1", "a", "0.66 0.49 0.88", ci_low="0.9", ci_high="0.5"),
        effect("a2", "a", "0.70 0.50 0.98"),
    ]
    folder = str(write_tables(studies=[study("a")], claims=rows))
    code, out, err = run(capsys, "evidence", "audit", folder, "--json")
    found = json.loads(out)["findings"]
    assert code == 1
    assert err.startswith("error: 1 cell")
    assert [f["location"]["row"] for f in found if f["rule"] == "invalid-cell"] == [2]


def test_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "evidence", "pool", "primary", "--json")
    assert code == 1
    assert json.loads(out)["error"]["hint"] == "did you mean primary-surgery?"
    assert "primary-surgery" in err


@pytest.mark.parametrize(
    "arguments",
    [("evidence", "pool"), ("evidence", "pol"), ("evidence", "pool", "x", "--desing", "rct")],
)
def test_wrong_usage_exits_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err


def test_export_and_audit_round_trip(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run(capsys, "evidence", "export", str(folder))[0] == 0
    _, first, _ = run(capsys, "evidence", "pool", "primary-surgery", "--design", "rct", "--json")
    arguments = ("evidence", "pool", "primary-surgery", "--design", "rct", "--json")
    _, second, _ = run(capsys, *arguments, "--tables", str(folder))
    assert json.loads(first)["mu"] == json.loads(second)["mu"]
    code, _, err = run(capsys, "evidence", "export", str(folder))
    assert code == 1
    assert "not an empty folder" in err


def test_template_can_be_filled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run(capsys, "evidence", "export", str(folder), "--template")[0] == 0
    code, _, err = run(capsys, "evidence", "audit", str(folder))
    assert code == 1
    assert "no rows" in err


@pytest.mark.parametrize("target", ["badwe2015", "khan2020abs"])
def test_show(capsys: pytest.CaptureFixture[str], target: str) -> None:
    code, out, _ = run(capsys, "evidence", "show", target, "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["study"]["study_id"] == {"khan2020abs": "khan2022"}.get(target, target)
    assert shown["claims"]
    assert run(capsys, "evidence", "show", target)[0] == 0


def test_list_and_info(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "evidence", "list", "--question", "liver-resection", "--json")
    assert code == 0
    assert {s["question"] for s in json.loads(out)["studies"]} == {"liver-resection"}
    assert run(capsys, "evidence", "list")[0] == 0
    code, out, _ = run(capsys, "info", "--json")
    assert code == 0
    assert json.loads(out)["tables"]["claims"] > 190
    assert run(capsys, "info")[0] == 0


@pytest.mark.parametrize("pool", ["gera2020-rct", "reinhorn2021-itt"])
def test_reproduce(capsys: pytest.CaptureFixture[str], pool: str) -> None:
    code, out, _ = run(capsys, "evidence", "reproduce", pool, "--json")
    result = json.loads(out)
    assert code == 0
    assert result["verdict"] in ("proven", "consistent")
    assert result["matches"]
    assert result["explanation"]
