import math

import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.biomarkers import screen_power


def test_worked_case():
    # (2 * 1.5 / 0.25)^2 (1.96 + 0.84)^2 = 144 * 7.849.
    made = screen_power(n=1131, sd=1.5, difference=0.25, tests=1, level=95.0)
    assert made.needed == made.needed_one_test == 1131
    assert made.enough
    assert made.detectable == pytest.approx(0.25, rel=1e-3)


def test_many_markers_need_more():
    made = screen_power(n=400, sd=1.5, difference=0.25, tests=100, level=95.0, power=90.0)
    # Quantiles of 0.9998 -- 0.05 / 200 -- and 0.9.
    assert made.needed == math.ceil(144.0 * (3.4808 + 1.2816) ** 2) == pytest.approx(3266, abs=1)
    assert not made.enough
    assert "NOT enough" in made.summary()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sd": 0.0}, "sd is 0"),
        ({"difference": -1.0}, "difference is -1"),
        ({"tests": 0}, "tests is 0"),
        ({"power": 0.8}, "power is 0.8"),
    ],
    ids=["sd", "difference", "tests", "power"],
)
def test_refuses(changed, said):
    given = {"n": 500, "sd": 1.0, "difference": 1.0, "tests": 1, "level": 95.0, **changed}
    with pytest.raises(DesignError, match=said):
        screen_power(**given)
