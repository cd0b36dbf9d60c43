"""``locoreg plan``: each command in words and as JSON."""

from __future__ import annotations

import json
import shlex

import pytest

from locoreg.cli.plan import app

TRIAL = (
    "--control 36=67.9 --accrual 84 --follow-up 36 --dropout 2 --alpha 5 --sides 2 "
    "--allocation 0.5 --test log-rank --margin 1"
)
PRIOR = "--rate 4 --rate-factor 5 --variation 0.5 --stops 0.5 --stop-months 200"
COMMANDS = {
    "size": f"size {TRIAL} --hazard-ratio 0.7 --power 90",
    "power": f"power {TRIAL} --hazard-ratio 0=1,6=0.7 --patients 400",
    "simulate": f"simulate {TRIAL} --hazard-ratio 0.7 --patients 100 --replications 20 --seed 1",
    "assurance": f"assurance primary-surgery {TRIAL} --patients 400 --tau-scale 0.5",
    "value": f"value primary-surgery {TRIAL} --patients 400 --tau-scale 0.5 --important 0.8",
    "looks": (
        f"looks {TRIAL} --hazard-ratio 0.7 --power 90 --looks 0.5,1 --boundary obrien-fleming "
        "--futility kim-demets --futility-parameter 2"
    ),
    "add": "add primary-surgery 0.7=331 --allocation 0.5",
    "accrual": f"accrual --patients 400 --months 84 {PRIOR}",
}


def run(command: str) -> int:
    return app(shlex.split(command), exit_on_error=False, result_action="return_value")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_in_words_and_as_json(name, capsys) -> None:
    assert run(COMMANDS[name]) == 0
    words = capsys.readouterr().out
    assert run(f"{COMMANDS[name]} --json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["provenance"]["software"] == "locoreg"
    assert words.strip()


@pytest.mark.parametrize("option", ["--alpha 5", "--margin 1", "--accrual 84", "--allocation 0.5"])
def test_nothing_that_defines_the_answer_has_a_default(option) -> None:
    from cyclopts import CycloptsError

    with pytest.raises(CycloptsError, match=option.split()[0]):
        app(
            shlex.split(COMMANDS["size"].replace(option, "")), exit_on_error=False,
            print_error=False, result_action="return_value",
        )  # fmt: skip


@pytest.mark.parametrize("name", ["size", "add", "accrual"])
def test_figures_are_drawn(name, tmp_path, capsys) -> None:
    path = tmp_path / f"{name}.svg"
    assert run(f"{COMMANDS[name]} --figure {path}") == 0
    assert "<title" in path.read_text(encoding="utf-8")
    capsys.readouterr()


def test_a_curve_of_one_point_is_refused(tmp_path) -> None:
    from locoreg.core.errors import DesignError

    with pytest.raises(DesignError, match="two numbers of patients"):
        run(f"{COMMANDS['assurance']} --figure {tmp_path / 'a.svg'}")
