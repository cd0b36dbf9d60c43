"""Small readings of a cohort that several methods share."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.stats.survivaldata import FloatArray

# Months within which two times are one: months come from days, and rounding of such quotients must
# cut no row of no length off a follow-up.
NEAR = 1e-5


def shortest(cohort: Cohort) -> float:
    """Return half of the shortest follow-up that has a length.

    It stands for a follow-up of no length, of persons who die on the day on which theirs starts:
    nobody dies between.
    """
    lengths = cohort.time[cohort.time > 0]
    return float(lengths.min()) / 2.0 if lengths.size else 0.5


def with_length(length: FloatArray, least: float) -> FloatArray:
    """Return lengths of follow-up, 0 replaced."""
    return np.where(length > 0, length, least)


def both(n: int, *designs: Design) -> Design:
    """Return designs of n rows side by side; a design without columns may have no rows."""
    columns = [d.X for d in designs if d.names]
    return Design(
        X=np.ascontiguousarray(np.column_stack([np.zeros((n, 0)), *columns])),
        names=tuple(name for d in designs for name in d.names),
        variables=tuple(name for d in designs for name in d.variables),
    )


def stacked(designs: list[Design]) -> Design:
    """Return designs with the same columns below one another."""
    first = designs[0]
    return Design(
        X=np.concatenate([d.X for d in designs]), names=first.names, variables=first.variables
    )


def need_both(treated: int, comparator: int, where: str) -> None:
    """Raise if an arm is empty.

    Parameters
    ----------
    treated, comparator : int
        Persons in the arms.
    where : str
        What they are counted in, for the message.

    Raises
    ------
    DesignError
        With the arm.
    """
    for name, count in (("treated", treated), ("untreated", comparator)):
        if not count:
            raise DesignError(
                f"no persons are {name} {where}.",
                hint="check the strategies, the grace period and the treatment times.",
            )
