"""A whole number with a fraction is refused, and not rounded."""

from __future__ import annotations

import pytest

from locoreg.cli.main import main

SIZE = (
    "plan", "size", "--hazard-ratio", "0.7", "--power", "90", "--control", "36=67.9",
    "--accrual", "84", "--follow-up", "36", "--dropout", "2", "--alpha", "5", "--allocation",
    "0.5", "--test", "log-rank", "--margin", "1",
)  # fmt: skip


def leave(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


@pytest.mark.parametrize("sides", ["1.4", "2.0", "1e0", "two", ""])
def test_a_fraction_is_refused(sides: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave(*SIZE, f"--sides={sides}") == 2
    assert "no whole number" in "".join(capsys.readouterr())


def test_a_whole_number_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave(*SIZE, "--sides", "2") == 0
    assert "712 patients" in capsys.readouterr().out


def test_each_of_several_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("registry", "simulate", "--patients", "10.6", "--seed", "1", "--scenario", "constant",
             "--out", "x")  # fmt: skip
    assert leave(*asked) == 2
    assert "no whole number" in "".join(capsys.readouterr())
