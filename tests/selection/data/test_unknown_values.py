"""Unknown values of a new patient, and the order of levels."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.selection.data import selection_data
from locoreg.selection.data.features import FeatureCoding


@pytest.mark.parametrize("ordered", [(), ("grade",)])
def test_a_category_that_was_always_known_must_be_known(ordered):
    """Coded as no level, or as the median one, an unknown grade would pass for a known one."""
    data = selection_data(
        time=np.arange(1.0, 7.0), event=[1, 0] * 3, treated=[0, 0, 1] * 2, ordered=ordered,
        covariates={"age": [50.0, 60.0, 70.0, 55.0, 65.0, 75.0], "grade": ["1", "2", "3"] * 2},
    )  # fmt: skip
    coding = FeatureCoding.of(data.covariates, data.ordered)
    with pytest.raises(DataError, match="grade is unknown, but it was known"):
        coding.encode_patient({"age": 60.0, "grade": None})


def test_the_order_of_texts_is_told():
    """Texts are in the order of the alphabet, which is seldom the one meant."""
    data = selection_data(
        time=[1.0, 2.0, 3.0], event=[1, 0, 1], treated=[0, 1, 0], ordered=("size",),
        covariates={"size": ["small", "large", "medium"], "age": [50.0, 60.0, 70.0]},
    )  # fmt: skip
    assert data.notes == ("size is ordered large < medium < small.",)
    assert FeatureCoding.of(data.covariates, data.ordered).encode(data.covariates)[
        :, 0
    ].tolist() == [
        2.0,
        0.0,
        1.0,
    ]
