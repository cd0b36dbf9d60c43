"""``locoreg meta``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from locoreg.cli.meta import meta
from locoreg.core.errors import DesignError

TABLE = "study,year,tpos,ntreated,ci,n2i\nA,1990,4,10,5,12\nB,1980,3,20,7,22\nC,2000,2,30,4,31\n"
OPTIONS = ["--measure", "OR", "--method", "REML", "--interval", "normal", "--level", "95"]
COLUMNS = ["--columns", "ai=tpos,n1i=ntreated"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(*arguments: str) -> Any:
    app = App()
    app.default(meta)
    return app(list(arguments), exit_on_error=False, result_action="return_value")


def test_json_is_one_document(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(table), *OPTIONS, *COLUMNS, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pool"]["k"] == 3
    assert document["provenance"]["options"]["columns"]["ai"] == "tpos"


def test_a_folder_gets_numbers_and_figures(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    extra = ["--order", "year", "--leave-one-out", "--out", str(out), "--title", "Deaths"]
    assert run(str(table), *OPTIONS, *COLUMNS, *extra) == 0
    assert {path.name for path in out.iterdir()} >= {
        "results.json",
        "studies.csv",
        "forest.svg",
        "leave_one_out.svg",
        "cumulative.svg",
    }
    assert "Deaths" in (out / "forest.svg").read_text(encoding="utf-8")
    assert "Wrote results.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--title", "x"], "--title without --out"),
        (["--columns", "ai"], "'ai' is no pair"),
        (["--columns", "ai=a,ai=b"], "given twice"),
        (["--small-study", "--steps", "x"], "'x' is no number"),
    ],
)
def test_slips_are_named(table: Path, extra: list[str], message: str) -> None:
    columns = COLUMNS if "--columns" not in extra else []
    with pytest.raises(DesignError, match=message):
        run(str(table), *OPTIONS, *columns, *extra)
