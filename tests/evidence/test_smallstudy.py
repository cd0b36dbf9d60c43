"""All that is said of small-study effects in one pool."""

from __future__ import annotations

import json

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.smallstudy import small_study_effects
from tests.stats.metafor_cases import load

OPTIONS = {
    "method": "REML", "interval": "hk", "level": 95, "alpha": 0.1, "steps": (0.025,),
    "alternative": "less",
}  # fmt: skip


def bcg():
    content = load("dat.bcg")
    rows = content["input"]["rows"]
    cells = tuple([row[name] for row in rows] for name in ("ai", "bi", "ci", "di"))
    primary = content["results"]["primary"]
    return primary["yi"], primary["vi"], cells


def test_every_method_with_its_sentence() -> None:
    y, v, cells = bcg()
    found = small_study_effects(
        y, v, **OPTIONS, scale="log", counts=cells, ni=np.sum(cells, axis=0),
        events=np.add(cells[0], cells[2]), target=0.1, labels=[f"T{i}" for i in range(13)],
    )  # fmt: skip
    assert [part.name for part in found.parts] == [
        "egger", "egger_meta", "rank", "macaskill_fiv", "harbord", "peters", "macaskill", "debray",
        "trim_and_fill_L0", "trim_and_fill_R0", "trim_and_fill_Q0", "pet_peese", "selection",
        "excess_significance", "rosenthal", "rosenberg", "orwin",
    ]  # fmt: skip
    assert not any(part.refused for part in found.parts)
    assert found.too_few == ""
    assert "Kendall's tau 0.03, p = 0.95 (exact)" in found.part("rank").sentence
    assert found.part("rosenthal").sentence.startswith("598 studies")
    # 6.13e-06 a patient: nobody reads so many zeros.
    told = found.part("macaskill").sentence
    assert told.startswith("slope per 100,000 patients 0.61 (0.33 to 0.90), t = 4.72 on 11 df")
    assert "e-0" not in found.summary()
    numbers = json.loads(json.dumps(found.to_dict()))
    assert numbers["parts"]["egger"]["result"]["df"] == 11
    assert numbers["provenance"]["options"]["steps"] == [0.025]
    assert found.summary().count("\n") == len(found.parts)
    assert "as pooled" in found.conclusion
    # Harbord's test leads with counts, whatever the others find.
    assert found.conclusion.startswith("It is not shown that effects change with the size")
    assert "(Harbord p = 0.23, level 0.1)" in found.conclusion
    assert "Macaskill p < 0.001" in found.conclusion
    assert "does not show that no study is missing" in found.conclusion


def test_asymmetry_is_said_with_its_causes() -> None:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 0.4, 30)
    y = rng.normal(2 * np.sqrt(v), np.sqrt(v))
    found = small_study_effects(y, v, **{**OPTIONS, "alternative": "greater"})
    assert found.conclusion.startswith("Effects change with the size of the studies")
    for cause in ("selective publication", "true differences", "chance"):
        assert cause in found.conclusion


@pytest.mark.parametrize("k", [3, 4, 9])
def test_under_ten_all_is_given_and_marked(k: int) -> None:
    y, v, _ = bcg()
    found = small_study_effects(y[:k], v[:k], **OPTIONS, scale="log")
    assert found.too_few == f"Fewer than ten studies ({k}): asymmetry can't be told from chance."
    assert found.conclusion.startswith(found.too_few)
    assert "not as findings" in found.conclusion
    assert found.part("egger").result is not None
    for words in ("no bias", "absent", "no publication bias"):
        assert words not in found.conclusion


def test_refusals_stand_beside_the_answers() -> None:
    y, _, _ = bcg()
    found = small_study_effects(y, [0.1] * 13, **OPTIONS)
    assert "different size" in found.part("egger").refused
    assert found.part("egger").to_dict()["result"] is None
    assert found.part("rosenthal").result is not None
    assert "not given" in found.summary()
    assert "No test of asymmetry could be made" in found.conclusion


def test_slips_are_errors() -> None:
    y, v, _ = bcg()
    with pytest.raises(DesignError, match="3 studies"):
        small_study_effects(y[:2], v[:2], **OPTIONS)
    with pytest.raises(DataError, match="steps"):
        small_study_effects(y, v, **{**OPTIONS, "steps": (0.5, 0.1)})
    with pytest.raises(DataError, match="labels"):
        small_study_effects(y, v, **OPTIONS, labels=["a"])
    with pytest.raises(DataError, match="side"):
        small_study_effects(y, v, **OPTIONS, side="up")
    found = small_study_effects(y, v, **OPTIONS)
    with pytest.raises(DataError, match="among the methods"):
        found.part("eggers")


def test_single_groups_have_no_value_that_means_no_effect() -> None:
    y, v, _ = bcg()
    found = small_study_effects(y, v, **OPTIONS, natural=lambda value: 100 + value, one_group=True)
    refused = {part.name for part in found.parts if part.refused}
    assert refused == {
        "pet_peese", "selection", "excess_significance", "rosenthal", "rosenberg", "orwin",
    }  # fmt: skip
    assert "means that" in found.part("pet_peese").refused
    pool = found.part("trim_and_fill_R0").result.observed
    assert f"pooled {100 + float(pool.mu):.2f} (" in found.part("trim_and_fill_R0").sentence
    assert f"{100 + float(pool.mu):.2f} (" in found.conclusion
    # The slope is a change on the scale of the pool.
    assert found.part("egger").sentence.startswith("slope \N{MINUS SIGN}2.11 (")
