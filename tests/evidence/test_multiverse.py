"""Pools under every admissible reading."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest

from locoreg.core.errors import DesignError
from locoreg.core.jsontext import dumps
from locoreg.evidence.effectsize import from_interval, reciprocal
from locoreg.evidence.multiverse import Alternatives, Option, multiverse
from locoreg.stats.randomeffects import random_effects

# DerSimonian-Laird pools of the three trials, known to three decimals.
AS_PRINTED = (0.807, 0.570, 1.143)
CORRECTED = (0.936, 0.626, 1.400)
ROUNDING = 5.0001e-4
OPTIONS = {"method": "DL", "interval": "normal", "level": 95}


def option(numbers: str, kind: str = "main", *, flip: bool = False, level: float = 95) -> Option:
    estimate, low, high = map(float, numbers.split())
    effect = from_interval(estimate, low, high, level=level, scale="log")
    effect = reciprocal(effect) if flip else effect
    return Option(label=kind, yi=effect.yi, se=effect.se, kind=kind, is_main=kind == "main")


def out() -> Option:
    return Option(label="left out", yi=math.nan, se=math.nan, kind="out", is_main=False)


FIRST = Alternatives(study_id="a", label="A", options=(option("1.04 0.81 1.34"),))
SECOND = Alternatives(study_id="b", label="B", options=(option("0.66 0.49 0.88"), out()))
THIRD = Alternatives(
    study_id="c",
    label="C",
    options=(
        option("0.691 0.358 1.333", flip=True),
        option("0.691 0.358 1.333", "as printed"),
    ),
)


def test_main_and_printed_universe() -> None:
    found = multiverse((FIRST, SECOND, THIRD), **OPTIONS)
    assert len(found.universes) == 4
    assert found.main.is_main
    assert found.main.departures == 0
    assert found.main.mu.natural == pytest.approx(CORRECTED, abs=ROUNDING)
    printed = next(u for u in found.universes if u.choices == ("main", "main", "as printed"))
    assert printed.mu.natural == pytest.approx(AS_PRINTED, abs=ROUNDING)


def test_left_out_study_is_absent() -> None:
    found = multiverse((FIRST, SECOND, THIRD), **OPTIONS)
    without = next(u for u in found.universes if u.choices == ("main", "left out", "main"))
    first, third = FIRST.options[0], THIRD.options[0]
    alone = random_effects(
        [first.yi, third.yi],
        [first.se**2, third.se**2],
        method="DL",
        interval="normal",
        level=95,
        prediction="riley",
    )
    assert without.k == 2
    assert without.mu.estimate == pytest.approx(float(alone.mu), abs=1e-12)


def test_what_hangs_on_each_doubt() -> None:
    found = multiverse((FIRST, SECOND, THIRD), **OPTIONS)
    by_study = {doubt.study_id: doubt for doubt in found.doubts}
    assert set(by_study) == {"b", "c"}
    # Without the trial that favours the intervention the estimate is above 1.
    assert by_study["b"].turns
    assert not by_study["c"].turns
    assert not by_study["b"].decides
    left_out = by_study["b"].options[1]
    assert left_out.universes == 2
    assert left_out.alone is not None
    assert left_out.alone.side == "above"
    assert found.share_significant == 0
    assert found.share_below == pytest.approx(
        sum(u.mu.estimate < 0 for u in found.universes) / 4, abs=0
    )


def test_conclusion_that_hangs_on_a_doubt() -> None:
    narrow = Alternatives(
        study_id="d",
        label="D",
        options=(option("0.70 0.55 0.89"), option("0.70 0.55 0.89", "reversed", flip=True)),
    )
    found = multiverse((narrow,), **OPTIONS)
    assert found.main.conclusion == "below"
    assert found.doubts[0].decides
    assert found.doubts[0].options[1].alone is found.universes[1]
    assert found.universes[1].conclusion == "above"
    assert found.share_significant == 1
    assert "lies above 1" in found.summary()


def test_order_range_and_frame() -> None:
    found = multiverse((FIRST, SECOND, THIRD), **OPTIONS)
    assert [u.departures for u in found.universes] == [0, 1, 1, 2]
    low, high = found.range
    assert low.mu.estimate <= found.main.mu.estimate <= high.mu.estimate
    frame = found.to_frame(exponentiate=True)
    assert frame.shape == (4, 12)
    assert frame.loc[0, "estimate"] == pytest.approx(CORRECTED[0], abs=ROUNDING)
    assert found.to_frame().loc[0, "estimate"] == pytest.approx(math.log(CORRECTED[0]), abs=6e-4)


def test_serialises_without_nan_and_is_frozen() -> None:
    found = multiverse((FIRST, SECOND, THIRD), **OPTIONS)
    assert "NaN" not in dumps(found.to_dict())
    assert found.to_dict()["n"] == 4
    with pytest.raises(FrozenInstanceError):
        found.level = 90.0  # type: ignore[misc]


def test_one_reading_of_each_is_one_universe() -> None:
    found = multiverse((FIRST,), **OPTIONS)
    assert len(found.universes) == 1
    assert not found.doubts
    assert found.summary().startswith("No input is doubtful")


def test_combination_without_a_study_has_no_universe() -> None:
    lone = Alternatives(study_id="b", label="B", options=(SECOND.options[0], out()))
    found = multiverse((lone,), **OPTIONS)
    assert found.no_universe == 1
    assert len(found.universes) == 1
    assert found.doubts[0].options[1].alone is None
    assert found.to_dict()["no_universe"] == 1


def test_too_many_combinations_are_refused_with_their_number() -> None:
    many = [
        Alternatives(
            study_id=f"s{i}",
            label=f"S{i}",
            options=(option("0.7 0.5 0.98"), option("0.7 0.5 0.98", "reversed", flip=True)),
        )
        for i in range(13)
    ]
    with pytest.raises(DesignError, match="8,192 combinations"):
        multiverse(many, **OPTIONS)
    assert len(multiverse(many[:12], **OPTIONS).universes) == 4096


@pytest.mark.parametrize(
    ("alternatives", "message"),
    [
        ((), "no study"),
        ((Alternatives(study_id="x", label="X", options=(out(),)),), "0 main readings"),
        ((FIRST, FIRST), "same label"),
    ],
)
def test_bad_input(alternatives: tuple[Alternatives, ...], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        multiverse(alternatives, **OPTIONS)


def test_collapsed_intervals_count_with_their_floor() -> None:
    studies = tuple(
        Alternatives(
            study_id=f"s{i}",
            label=f"S{i}",
            options=(Option(label="as used", yi=yi, se=se, kind="main", is_main=True),),
        )
        for i, (yi, se) in enumerate([(-0.223, 0.147), (-0.223, 0.172), (-0.211, 0.144)])
    )
    got = multiverse(studies, method="REML", interval="hartung-knapp", level=95)
    assert got.main.floor is not None
    assert got.main.mu.ci_high < 0 < got.main.floor.ci_high
    assert not got.main.significant
    assert got.share_significant == 0
    normal = multiverse(studies, method="REML", interval="normal", level=95)
    assert normal.main.floor is None
