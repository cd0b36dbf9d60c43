"""How many persons a biomarker screen needs: printed before any screen."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text
from locoreg.stats.studies import check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPower:
    """Power of a screen for a marker that splits the persons in halves.

    Attributes
    ----------
    n : int
        Measured persons.
    n_effective : float
        Persons of weight 1 that would tell as much.
    tests : int
        Markers tested; the level of each test is that of the family divided by it.
    sd : float
        Standard deviation of the scores.
    difference : float
        Difference of the effect between halves that would matter.
    needed : int
        Persons needed to find it.
    needed_one_test : int
        Persons needed if it were the only marker tested.
    detectable : float
        Difference that these persons can find.
    power : float
        Power in percent.
    level : float
        Level of intervals in percent; tests are at its complement, two-sided.
    unit : str
        Unit of the effect.
    """

    n: int
    n_effective: float
    tests: int
    sd: float
    difference: float
    needed: int
    needed_one_test: int
    detectable: float
    power: float
    level: float
    unit: str

    @property
    def enough(self) -> bool:
        """Whether there are as many persons as are needed."""
        return self.n_effective >= self.needed

    def summary(self) -> str:
        """Return the statement of power in a few lines."""
        held = "enough" if self.enough else "NOT enough"
        return "\n".join(
            [
                f"Power: {self.n:,} persons measured (worth {self.n_effective:,.0f} of equal "
                f"weight), {self.tests:,} markers tested.",
                f"    To find a difference of {self.difference:g} {self.unit} between halves with "
                f"power {self.power:g}%: {self.needed:,} persons ({self.needed_one_test:,} for a "
                f"single marker): {held}.",
                f"    These persons can find a difference of {decimal_text(self.detectable)} "
                f"{self.unit}.",
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the power as JSON-ready values."""
        return {**asdict(self), "enough": self.enough}


def screen_power(
    *,
    n: float,
    sd: float,
    difference: float,
    tests: int,
    level: float,
    power: float = 80.0,
    unit: str = "months",
    persons: int | None = None,
) -> ScreenPower:
    """Return how many persons a screen needs.

    A marker that is high in half of the persons, and between whose halves the effect differs by
    ``difference``, is found with n = (2 sd / difference)^2 (z + z')^2 persons: the difference of
    two means of scores has the standard error 2 sd / sqrt(n). z is the normal quantile of the
    two-sided level divided by the number of tests (Bonferroni), z' that of the power.

    Parameters
    ----------
    n : float
        Measured persons, or the number of equal weight that tell as much.
    sd : float
        Standard deviation of the scores of the effect.
    difference : float
        Difference of the effect that would matter.
    tests : int
        Number of markers tested.
    level : float
        Level in percent, such as 95.
    power : float
        Power in percent.
    unit : str
        Unit of the effect.
    persons : int, optional
        Measured persons, where n is the effective number.

    Returns
    -------
    ScreenPower
        Persons needed, and what these can find.

    Raises
    ------
    DesignError
        If a number is out of range.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import screen_power
    >>> screen_power(n=800, sd=1.5, difference=0.25, tests=1, level=95.0, unit="years").needed
    1131
    """
    tail = check_level(level)
    for name, value in (("sd", sd), ("difference", difference), ("n", n)):
        if not 0.0 < value < math.inf:
            raise DesignError(f"{name} is {value}.", hint="give a positive number.")
    if tests < 1:
        raise DesignError(f"tests is {tests}.", hint="give 1 or more.")
    if not 50.0 <= power < 100.0:
        raise DesignError(f"power is {power}.", hint="give percent, such as 80.")
    both = -float(special.ndtri(tail / tests)) + float(special.ndtri(power / 100.0))
    alone = -float(special.ndtri(tail)) + float(special.ndtri(power / 100.0))
    return ScreenPower(
        n=round(n) if persons is None else persons,
        n_effective=float(n),
        tests=tests,
        sd=sd,
        difference=difference,
        needed=math.ceil((2.0 * sd / difference * both) ** 2),
        needed_one_test=math.ceil((2.0 * sd / difference * alone) ** 2),
        detectable=2.0 * sd * both / math.sqrt(n),
        power=power,
        level=level,
        unit=unit,
    )
