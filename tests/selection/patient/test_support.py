from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.emulation.cohort import Column
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.support import (
    SupportVerdict,
    clean_patient,
    local_reasons,
    value_reasons,
)
from locoreg.selection.patient.values import Bins, ValueSupport
from tests.selection.patient.world import QUESTION

N = 400


def columns() -> tuple[Column, ...]:
    """Ages 20 to 69, each 8 times; 4 levels; a size that is unknown for 40."""
    age = np.repeat(np.arange(20.0, 70.0), 8)
    subtype = np.tile([0.0, 1.0], N // 2)
    subtype[:9] = 2.0
    subtype[100:112] = 3.0
    size = np.tile([1.0, 2.0, 3.0, 4.0], N // 4)
    size[::10] = np.nan
    return (
        Column(name="age", kind="number", values=age),
        Column(name="subtype", kind="category", values=subtype, levels=("A", "B", "C", "D", "E")),
        Column(name="size", kind="number", values=size),
        Column(name="sex", kind="category", values=np.zeros(N), levels=("female",)),
    )


def treated() -> np.ndarray:
    some = np.arange(N) % 3 == 0
    some[100:112] = False
    return some


CODING = FeatureCoding.of(columns())
VALUES = ValueSupport.of(columns(), treated())
USUAL = {"age": 45, "subtype": "A", "size": 2, "sex": "female"}


def reasons(**changed: Any) -> list[str]:
    patient = clean_patient({**USUAL, **changed}, CODING, VALUES)
    return value_reasons(patient, CODING, VALUES, QUESTION)


def test_a_usual_patient_has_no_reason_to_be_outside() -> None:
    assert reasons() == []
    assert reasons(size=None) == []


def test_ranges_end_where_the_last_ten_do() -> None:
    # Eight are 20 years old, then two of 21: their mean is 20.2, at which 21 is mirrored.
    assert VALUES.ranges["age"] == pytest.approx((19.4, 69.6))
    assert reasons(age=20) == reasons(age=69) == []
    assert reasons(age=97) == [
        "age is 97; fewer than 10 of 400 patients of the data have it above 69.6."
    ]
    assert reasons(age=19) == [
        "age is 19; fewer than 10 of 400 patients of the data have it below 19.4."
    ]


def test_ranges_of_even_values_are_the_ranges() -> None:
    even = np.random.default_rng(3).permutation(np.arange(500.0))
    column = Column(name="even", kind="number", values=even)
    ranges = ValueSupport.of((column,), np.tile([True, False], 250)).ranges
    assert ranges["even"] == pytest.approx((0.0, 499.0))


def test_levels_of_nobody_and_of_few() -> None:
    assert reasons(subtype="X") == [
        "subtype is 'X', which no patient of the data has; its levels are A, B, C, D, E."
    ]
    both = "had surgery, and fewer than 10 had no surgery."
    assert reasons(subtype="C") == [f"Fewer than 10 patients of the data with subtype C {both}"]
    # A level that the coding knows, and nobody has.
    assert reasons(subtype="E") == [f"Fewer than 10 patients of the data with subtype E {both}"]
    # Twelve have it, none of them with surgery.
    assert reasons(subtype="D") == [
        "Fewer than 10 patients of the data with subtype D had surgery."
    ]


def test_unknown_where_it_never_was() -> None:
    assert reasons(age=None) == ["age is unknown, but it was known for every patient of the data."]


def test_a_covariate_of_one_value_may_be_left_out_but_not_differ() -> None:
    patient = {name: value for name, value in USUAL.items() if name != "sex"}
    cleaned = clean_patient(patient, CODING, VALUES)
    assert value_reasons(cleaned, CODING, VALUES, QUESTION) == []
    assert reasons(sex="male") == [
        "sex is 'male', which no patient of the data has; its levels are female."
    ]


def test_every_reason_is_told() -> None:
    assert len(reasons(age=97, subtype="C")) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"agee": 3}, "the model has no covariate 'agee'. Hint: did you mean age"),
        ({"age": "old"}, "age is 'old', not a number"),
        ({"age": True}, "age is True, not a number"),
        ({"age": float("nan")}, "age is nan"),
        ({"age": float("inf")}, "age is inf"),
    ],
)
def test_values_that_cannot_be_used(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message.replace("(", r"\(")):
        clean_patient({**USUAL, **changed}, CODING, VALUES)


def test_a_covariate_must_be_given() -> None:
    with pytest.raises(DataError, match="the patient has no subtype, size"):
        clean_patient({"age": 50}, CODING, VALUES)


def test_values_that_do_not_occur_together() -> None:
    rng = np.random.default_rng(1)
    mets = np.repeat([1.0, 4.0], 300)
    place = np.where(mets == 4.0, 1.0, (rng.random(600) < 0.5).astype(float))
    made = (
        Column(name="metastases", kind="number", values=mets),
        Column(name="places", kind="category", values=place, levels=("one", "several")),
    )
    values = ValueSupport.of(made, np.tile([True, False], 300))
    coding = FeatureCoding.of(made)
    patient = {"metastases": 4.0, "places": "one"}
    assert value_reasons(patient, coding, values, QUESTION) == [
        "Fewer than 10 patients of the data have metastases above 1 together with places one."
    ]
    assert value_reasons({**patient, "places": "several"}, coding, values, QUESTION) == []


def test_chance_makes_no_holes() -> None:
    rng = np.random.default_rng(2)
    made = tuple(Column(name=f"x{j}", kind="number", values=rng.random(300)) for j in range(12))
    assert ValueSupport.of(made, rng.random(300) < 0.5).holes == ()


def test_no_count_below_10_is_held() -> None:
    text = dumps(VALUES.to_dict())
    assert '"C": "both"' in text
    again = ValueSupport.from_dict(VALUES.to_dict())
    assert again == VALUES


def test_bins() -> None:
    bins = Bins.of(columns()[0])
    assert bins.labels == (
        "at most 32", "above 32 up to 44", "above 44 up to 57", "above 57", "not known",
    )  # fmt: skip
    codes = bins.codes(columns()[0])
    assert [bins.code(v) for v in (20.0, 32.0, 33.0, 69.0, None)] == [0, 0, 1, 3, 4]
    assert codes[0] == 0
    assert codes[-1] == 3
    one = Bins.of(Column(name="one", kind="number", values=np.ones(5)))
    assert one.labels == ("any value", "not known")
    assert one.code(1.0) == 0


def cells(count: list[list[int]], means: list[list[float]]) -> Cells:
    return Cells(
        spread=np.ones(1),
        importance=np.ones(1),
        count=np.array(count),
        mean=np.array(means)[:, :, None],
        variance=np.zeros((2, len(count[0]), 1)),
        farthest=np.array([2.0, 2.0]),
    )


def local(x: float, made: Cells, propensity: float = 0.5) -> list[str]:
    point = np.array([x])
    return local_reasons(point, made.like(point), made, propensity, QUESTION)


def test_persons_with_either_option_must_be_near() -> None:
    made = cells([[100, 100], [100, 100]], [[0.0, 5.0], [0.0, 9.0]])
    assert local(0.5, made) == []
    assert local(30.0, made) == [
        "Taken together, the patient's values are further from those of the patients of the data "
        "than 99 in 100 of these are from each other."
    ]
    assert local(5.0, made) == [
        "No patients like this one had surgery: the patient is further from those who had it than "
        "99 in 100 of them are from each other."
    ]
    assert local(9.0, made)[0].startswith("No patients like this one had no surgery")


def test_a_twentieth_must_have_had_either_option() -> None:
    made = cells([[900], [30]], [[0.0], [0.0]])
    assert local(0.0, made) == ["Only 30 of 930 similar patients had surgery."]
    assert local(0.0, cells([[50], [950]], [[0.0], [0.0]])) == []


def test_propensity_must_not_be_extreme() -> None:
    made = cells([[100], [100]], [[0.0], [0.0]])
    assert local(0.0, made, 0.05) == local(0.0, made, 0.95) == []
    assert local(0.0, made, 0.04) == [
        "Of 100 patients with these values fewer than 5 are expected to have surgery."
    ]
    assert local(0.0, made, 0.96) == [
        "Of 100 patients with these values fewer than 5 are expected to have no surgery."
    ]


def test_verdict_in_words() -> None:
    inside = SupportVerdict(inside=True, reasons=(), similar=412, treated=37, comparator=375)
    assert inside.text(QUESTION) == ("412 similar patients; 37 had surgery, 375 had no surgery.")
    outside = replace(inside, inside=False, reasons=("One.", "Two."))
    assert outside.text(QUESTION) == "No estimate: outside the data. One. Two."
    assert outside.to_dict()["reasons"] == ["One.", "Two."]
