from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.selection.model import SelectionModel
from locoreg.selection.patient import predict_patient
from tests.selection.patient.world import SURVIVAL, modelled, scored

USUAL: dict[str, Any] = {"age": 58, "metastases": 3, "her2": "negative"}


@cache
def model() -> SelectionModel:
    return modelled()


def test_inside_there_is_everything() -> None:
    found = predict_patient(model(), USUAL)
    assert found.support.inside
    assert found.group is not None
    assert found.group.n == found.support.similar >= 100
    assert found.group.treated + found.group.comparator == found.group.n
    assert found.group.means.effect.ci_low < found.group.means.effect.ci_high
    assert found.group.survival is not None
    assert found.survival_months == SURVIVAL.horizon_months
    assert len(found.bounds) == 4
    assert found.rank is not None
    assert 0 <= found.rank <= 99
    shown = json.loads(dumps(found.to_dict()))
    assert shown["group"]["means"]["effect"]["estimate"] == found.group.means.effect.estimate
    assert shown["text"] == list(found.lines())
    assert found.text().endswith("Research use. Not a medical device.")


def test_the_group_is_that_of_its_persons() -> None:
    """Their mean scores, found without cells, are within a standard error of the group's."""
    scores = scored()
    found = predict_patient(model(), USUAL).group
    assert found is not None
    x = model().coding.encode_patient(USUAL)[0]
    distance = (((scores.X - x) / model().cells.spread) ** 2).sum(axis=1)
    nearest = np.argsort(distance)[: found.n]
    expected = scores.gamma0[nearest].mean()
    assert abs(found.means.comparator_mean.estimate - expected) < 2.0 * (
        found.means.comparator_mean.se
    )


def test_groups_differ_as_patients_do() -> None:
    young = predict_patient(model(), {**USUAL, "age": 45}).group
    old = predict_patient(model(), {**USUAL, "age": 74}).group
    assert young is not None
    assert old is not None
    assert young.means.comparator_mean.estimate > old.means.comparator_mean.estimate + 3.0


def test_the_rank_follows_the_effect() -> None:
    ranks = [predict_patient(model(), {**USUAL, "age": age}).rank for age in (45, 58, 72)]
    assert ranks == sorted(ranks, key=lambda r: -(r or 0))
    assert ranks[0] != ranks[2]


def test_a_constant_effect_ranks_nobody() -> None:
    flat = replace(model(), effect_quantiles=np.full(99, 1.5))
    assert predict_patient(flat, USUAL).rank is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"age": 99}, "age is 99"),
        ({"her2": "low"}, "her2 is 'low'"),
        ({"age": None}, "age is unknown"),
        ({"metastases": 40}, "metastases is 40"),
    ],
)
def test_outside_there_is_no_number(changed: dict[str, Any], reason: str) -> None:
    found = predict_patient(model(), {**USUAL, **changed})
    assert not found.support.inside
    assert found.support.reasons[0].startswith(reason)
    assert (found.group, found.rank, found.bounds, found.survival_months) == (None, None, (), None)
    shown = found.to_dict()
    for name in ("group", "rank", "survival_months", "sensitivity"):
        assert shown[name] is None
    assert shown["bounds"] == []
    assert "No estimate: outside the data." in found.text()
    assert "months" not in found.text().replace(reason, "")


def test_a_strange_combination_is_outside() -> None:
    found = predict_patient(model(), {"age": 32, "metastases": 7, "her2": "positive"})
    assert not found.support.inside
    assert found.group is None


def test_most_persons_of_the_same_kind_are_inside() -> None:
    new = scored(seed=7).data
    inside = 0
    for i in range(200):
        patient = {
            "age": float(new.column("age").values[i]),
            "metastases": float(new.column("metastases").values[i]),
            "her2": new.column("her2").levels[int(new.column("her2").values[i])],
        }
        inside += predict_patient(model(), patient).support.inside
    assert 170 <= inside < 200


def test_bounds_may_be_absent() -> None:
    found = predict_patient(replace(model(), bounds=None, event=None), USUAL)
    assert found.bounds == ()
    assert "at least 90 of 100" not in found.text()


def test_a_slip_is_an_error_and_no_verdict() -> None:
    with pytest.raises(DataError, match="the patient has no her2"):
        predict_patient(model(), {"age": 58, "metastases": 3})
    with pytest.raises(DataError, match="the model has no covariate 'stage'"):
        predict_patient(model(), {**USUAL, "stage": 4})


def test_synthetic_patients_are_named_first() -> None:
    made_up = replace(model(), training=replace(model().training, synthetic=True))
    for patient in (USUAL, {**USUAL, "age": 99}):
        assert predict_patient(made_up, patient).lines()[0].startswith("SYNTHETIC")
        assert predict_patient(made_up, patient).to_dict()["synthetic"] is True
