"""Ranges of values that a printed number can stand for, and their arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from scipy.special import ndtri

from locoreg.evidence.effectsize import z_value
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Claim, half_unit

_NUMBER = re.compile(r"\d+\.?\d*")
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends.

    Attributes
    ----------
    lo, hi : float
        Ends, both included.
    """

    lo: float
    hi: float

    @property
    def mid(self) -> float:
        """The middle."""
        return (self.lo + self.hi) / 2

    def __add__(self, other: Range) -> Range:
        return Range(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Range) -> Range:
        return Range(self.lo - other.hi, self.hi - other.lo)

    def times(self, factor: float) -> Range:
        """Return the range multiplied by a number."""
        ends = sorted((self.lo * factor, self.hi * factor))
        return Range(*ends)

    def magnitude(self) -> Range:
        """Return the range of absolute values."""
        if self.lo <= 0 <= self.hi:
            return Range(0.0, max(-self.lo, self.hi))
        return Range(*sorted((abs(self.lo), abs(self.hi))))

    def over(self, divisor: Range) -> Range:
        """Return the range divided by a range of positive numbers."""
        low = max(divisor.lo, _TINY)
        high = max(divisor.hi, _TINY)
        ends = [self.lo / low, self.lo / high, self.hi / low, self.hi / high]
        return Range(min(ends), max(ends))

    def gap(self, other: Range) -> float:
        """Return the distance between two ranges, signed; 0 where they overlap."""
        if self.lo > other.hi:
            return self.lo - other.hi
        if self.hi < other.lo:
            return self.hi - other.lo
        return 0.0

    def log(self) -> Range:
        """Return the range of logarithms."""
        return Range(math.log(max(self.lo, _TINY)), math.log(max(self.hi, _TINY)))


# Cells of one row that a paper prints with the same number of decimals.
_TOGETHER = (
    ("estimate", "ci_low", "ci_high"),
    ("value_intervention", "value_control"),
    ("low_intervention", "high_intervention", "low_control", "high_control"),
)
_OF_COLUMN = {column: group for group in _TOGETHER for column in group}
# From here on many journals print fewer decimals: 1.61 (0.57 to 14.5).
LARGE = 10.0


def printed_half(claim: Claim, column: str) -> float:
    """Return half of the last printed digit of a cell.

    Spreadsheets lose trailing zeros: 0.6 where 0.60 was printed. The printed
    string decides where it holds the number. Without it, estimate and limits of
    one row, and likewise the numbers of its arms, are taken to have the decimals
    of the finest of them.

    Parameters
    ----------
    claim : Claim
        The row.
    column : str
        A numeric column.
    """
    half = claim.half_unit(column)
    value = getattr(claim, column)
    if isinstance(value, str) or value is None:
        return half
    tokens = _NUMBER.findall((claim.verbatim or "").replace("·", "."))
    halves = [half_unit(t) for t in tokens if float(t) == float(value)]
    return min([half, *(halves or _halves_beside(claim, column, float(value)))])


def _halves_beside(claim: Claim, column: str, value: float) -> list[float]:
    """Return half of the last digit of the numbers printed beside one."""
    halves = []
    for other in _OF_COLUMN.get(column, ()):
        beside = getattr(claim, other)
        if isinstance(beside, (int, float)) and not abs(value) >= LARGE > abs(beside):
            halves.append(claim.half_unit(other))
    return halves


def cell_range(claim: Claim, column: str) -> Range | None:
    """Return the values that a cell can stand for; None if it holds no number."""
    value = getattr(claim, column)
    if value is None or isinstance(value, str):
        return None
    half = 0.0 if isinstance(value, int) else printed_half(claim, column)
    return Range(float(value) - half, float(value) + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """An estimate with its limits on the analysis scale, over the rounding range.

    Attributes
    ----------
    is_log : bool
        Whether the scale is the logarithm.
    estimate, low, high : Range
        The three printed numbers.
    level : float
        Stated level in percent.
    """

    is_log: bool
    estimate: Range
    low: Range
    high: Range
    level: float

    @property
    def half_width(self) -> Range:
        """Half the width of the interval."""
        return (self.high - self.low).times(0.5)

    @property
    def offset(self) -> Range:
        """Middle of the interval minus the estimate."""
        return (self.high + self.low).times(0.5) - self.estimate

    def se(self, level: float | None = None) -> Range:
        """Return the standard error if the interval has the level given."""
        return self.half_width.times(1 / z_value(level or self.level))

    def z(self, level: float | None = None) -> Range:
        """Return the range of |estimate / SE|."""
        return self.estimate.magnitude().over(self.se(level))


def spread(claim: Claim) -> Spread | None:
    """Return the interval of an effect row on its analysis scale; None if it is incomplete."""
    cells = [cell_range(claim, column) for column in ("estimate", "ci_low", "ci_high")]
    if claim.ci_level is None or any(cell is None for cell in cells):
        return None
    estimate, low, high = (cell for cell in cells if cell is not None)
    is_log = claim.resolved_measure in RATIO_MEASURES
    if is_log:
        if low.hi <= 0:
            return None
        # A limit printed as 0.0 says nothing about its logarithm.
        if claim.ci_low is not None and claim.ci_low <= 0:
            return None
        estimate, low, high = estimate.log(), low.log(), high.log()
    return Spread(is_log=is_log, estimate=estimate, low=low, high=high, level=claim.ci_level)


def z_of_p(p: float, sides: int) -> float:
    """Return the normal deviate of a p-value; one-sided values above 0.5 give its magnitude."""
    if p <= 0:
        return math.inf
    p = min(max(p, 1e-300), 1.0)
    return abs(float(-ndtri(min(p / sides, 1 - 1e-16))))


def p_of_z(z: float, sides: int) -> float:
    """Return the p-value of a normal deviate."""
    return sides * 0.5 * math.erfc(z / math.sqrt(2))


def p_range(claim: Claim) -> Range | None:
    """Return the p-values that a cell stands for, operator and rounding included."""
    if claim.p_value is None:
        return None
    half = printed_half(claim, "p_value")
    value = claim.p_value
    if claim.p_op in ("<", "<="):
        return Range(0.0, value if value > 0 else half)
    if claim.p_op in (">", ">="):
        return Range(value, 1.0)
    return Range(max(value - half, 0.0), min(value + half, 1.0))


def z_range(p: Range, sides: int) -> Range:
    """Return the deviates that a range of p-values allows."""
    if sides == 1 and p.lo < 0.5 < p.hi:
        return Range(0.0, max(z_of_p(p.lo, 1), z_of_p(p.hi, 1)))
    return Range(*sorted((z_of_p(p.lo, sides), z_of_p(p.hi, sides))))
