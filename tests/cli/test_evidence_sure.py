"""``locoreg evidence`` sequential, bayes and small-study."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from locoreg.cli.main import main
from locoreg.evidence.pooling import EvidencePool
from locoreg.stats.bayes import bayes_random_effects, parse_mu_prior, parse_tau_prior
from locoreg.workflows.evidence import open_tables, pool_question

SEQUENTIAL = (
    "evidence", "sequential", "primary-surgery", "--effect", "0.8", "--alpha", "5", "--power",
    "90", "--sides", "2", "--spending", "obrien-fleming", "--futility", "none",
    "--heterogeneity", "diversity", "--smallest-step", "0",
)  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def shipped_pool() -> EvidencePool:
    found = pool_question(open_tables(), "primary-surgery", design="rct")
    assert isinstance(found, EvidencePool)
    return found


def test_sequential_ends_with_the_pool(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    drawn = tmp_path / "tsa.svg"
    found = told(capsys, *SEQUENTIAL, "--figure", str(drawn))
    last, meta = found["rows"][-1], shipped_pool().meta
    assert last["mu"]["estimate"] == pytest.approx(meta.mu.estimate, abs=1e-9)
    assert last["mu"]["ci_high"] == pytest.approx(meta.mu.ci_high, abs=1e-9)
    z = 1.959963984540054 + 1.2815515655446004
    single = (z / math.log(0.8)) ** 2
    assert found["required"]["single"] == pytest.approx(single, rel=1e-9)
    d2 = 1 - (meta.common_effect.se / meta.normal_interval.se) ** 2
    assert found["required"]["required"] == pytest.approx(single / (1 - d2), rel=1e-8)
    assert "<svg" in drawn.read_text(encoding="utf-8")


def test_sequential_says_so_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *SEQUENTIAL)
    assert code == 0
    assert "has crossed no boundary" in out


def test_bayes_is_that_of_the_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(
        capsys, "evidence", "bayes", "primary-surgery", "--tau-prior", "half-normal(0.5)",
        "--mu-prior", "flat", "--below", "1,0.9",
    )  # fmt: skip
    meta = shipped_pool().meta
    same = bayes_random_effects(
        meta.yi, [se**2 for se in meta.se], tau_prior=parse_tau_prior("half-normal(0.5)"),
        mu_prior=parse_mu_prior("flat"), level=95, null=0,
    )  # fmt: skip
    assert json.dumps(found).count("half-normal(0.5)") >= 1
    first = found["rows"][0]
    assert first["mu"]["estimate"] == pytest.approx(same.mu.median, abs=1e-9)
    below = [one if isinstance(one, float) else one["probability"] for one in first["below"]]
    assert below[0] == pytest.approx(same.below(0.0), abs=1e-9)
    assert below[1] == pytest.approx(same.below(math.log(0.9)), abs=1e-9)


def test_small_study_effects_of_few_are_flagged(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(
        capsys, "evidence", "small-study", "primary-surgery", "--design", "rct", "--alpha", "10",
        "--steps", "0.025", "--alternative", "less",
    )  # fmt: skip
    assert found["k"] == 5
    assert "Fewer than ten" in found["too_few"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*SEQUENTIAL[:4], "1", *SEQUENTIAL[5:]), "no effect"),
        ((*SEQUENTIAL[:6], "0.05", *SEQUENTIAL[7:]), "write 5"),
        ((*SEQUENTIAL, "--design", "observation"), "observation"),
        (
            ("evidence", "bayes", "primary-surgery", "--tau-prior", "half-normal(-1)",
             "--mu-prior", "flat", "--below", "1"),
            "half-normal",
        ),
        (
            ("evidence", "bayes", "primary-surgery", "--tau-prior", "half-normal(1)",
             "--mu-prior", "flat", "--below", "0"),
            "above 0",
        ),
        (
            ("evidence", "small-study", "primary-surgery", "--design", "rct", "--alpha", "10",
             "--steps", "x", "--alternative", "less"),
            "no number",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 1
    assert words in err
    assert len(err.strip().splitlines()) == 1
