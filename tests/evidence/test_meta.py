"""The result object around the kernel: guard, common effect, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.evidence.meta import meta_analysis

REFERENCE = Path(__file__).parents[1] / "reference" / "meta"
# Iterated estimators: what tight convergence of both programs supports.
ITERATED = 1e-8
INTERVALS = {"z": "normal", "knha": "hartung-knapp", "adhoc": "hartung-knapp-floor", "t": "t"}


@pytest.mark.parametrize("name", ["dat.bcg", "dat.hart1999", "dat.riley2003_OS"])
def test_numbers_of_r_end_to_end(name: str) -> None:
    primary = json.loads((REFERENCE / f"{name}.json").read_text())["results"]["primary"]
    compared = 0
    for model in primary["models"]:
        if model["method"] not in ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"):
            continue
        got = meta_analysis(
            primary["yi"],
            vi=primary["vi"],
            method=model["method"],
            interval=model["test"],
            level=95,
        )
        for value, expected in (
            (got.mu.estimate, model["b"]),
            (got.mu.ci_low, model["ci_lb"]),
            (got.mu.ci_high, model["ci_ub"]),
            (got.q, model["Q"]),
            (got.p_value, model["pval"]),
        ):
            assert value == pytest.approx(expected, rel=ITERATED, abs=1e-9)
        if model["method"] != "FE":
            assert got.tau2 == pytest.approx(model["tau2"], rel=ITERATED, abs=1e-9)
            profile = primary["tau2_ci"]["Q_profile"]
            assert got.tau2_ci == pytest.approx(
                (profile["tau2_lb"], profile["tau2_ub"]), rel=ITERATED, abs=1e-9
            )
        compared += 1
    assert compared >= 20


def test_common_effect_has_no_tau2_interval() -> None:
    got = meta_analysis([0.1, 0.3, 0.2], se=[0.1, 0.2, 0.1], method="CE", interval="z", level=95)
    assert all(map(math.isnan, got.tau2_ci))
    assert json.loads(dumps(got.to_dict()))["tau2_ci"] == [None, None]
    assert got.mu == got.common_effect


def test_few_studies_carry_a_posterior_and_many_do_not() -> None:
    yi, se = np.log([1.04, 0.66, 1.45, 1.11]), np.array([0.128, 0.149, 0.335, 0.19])
    options = {"method": "REML", "interval": "hartung-knapp", "level": 95, "scale": "log"}
    three = meta_analysis(yi[:3], se=se[:3], **options)
    assert three.bayes is not None
    assert three.bayes.mu_low < three.mu.estimate < three.bayes.mu_high
    assert "half-normal(0.5)" in three.summary()
    assert meta_analysis(yi, se=se, **options).bayes is None


def test_frame_ends_with_the_pool() -> None:
    got = meta_analysis(
        np.log([0.8, 0.9]), se=[0.1, 0.1], method="DL", interval="normal", level=95, scale="log"
    )
    frame = got.to_frame(exponentiate=True)
    assert list(frame["label"]) == ["1", "2", "pooled"]
    assert frame["estimate"].iloc[0] == pytest.approx(0.8)
    assert frame["weight"].iloc[:2].sum() == pytest.approx(100)


GOOD = {"yi": [0.1, 0.2], "se": [0.1, 0.1], "method": "REML", "interval": "normal", "level": 95}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"yi": ["a", "b"]}, "yi can't be read as numbers"),
        ({"se": [0.1, 0]}, "study 2 is 0, not above 0"),
        ({"se": [0.1, -0.1]}, "not above 0"),
        ({"vi": [0.1, 0.1]}, "either vi .* or se"),
        ({"se": None}, "either vi .* or se"),
        ({"yi": [], "se": []}, "no stud"),
        ({"yi": [0.1, math.nan]}, "yi of study 2 is not a finite number"),
        ({"method": "REMl2"}, "no method"),
        ({"interval": "wide"}, "no interval"),
        ({"level": 0.95}, "percent"),
        ({"labels": ["one"]}, "1 labels for 2 studies"),
    ],
)
def test_bad_input_is_one_error(change: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        meta_analysis(**{**GOOD, **change})  # type: ignore[arg-type]
