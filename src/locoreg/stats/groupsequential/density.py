"""The density of the score among trials that go on, from look to look.

The score S_k = Z_k sqrt(I_k) has independent normal increments with mean theta (I_k - I_{k-1}) and
variance I_k - I_{k-1}. Its density among the trials that were not stopped follows from that of the
look before by one integral over the region of continuation (Armitage, McPherson and Rowe 1969,
doi:10.2307/2343787; Jennison and Turnbull 2000, Group Sequential Methods, chapter 19). Here the
integral is a composite Gauss-Legendre rule on panels that are not wider than the increments'
standard deviations before and after the look, so that every function integrated is smooth on each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from locoreg.core.errors import DesignError
from locoreg.stats.studies import FloatArray

# Beyond so many standard deviations of the score 1e-24 of the mass is left out.
REACH = 10.5
# Standard deviations of the increment that a panel spans, and its nodes: doubling the nodes
# changes boundaries by less than 1e-12.
PANEL, POINTS = 3.0, 16
# Increments of the information smaller than this share of it take more nodes than are of use.
SMALLEST_STEP = 1e-7
# Rows of the kernel matrix that are built at once.
BLOCK = 256

Pieces = Sequence[tuple[float, float]]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Mass of the score at quadrature nodes.

    Attributes
    ----------
    score : ndarray of float, shape (m,)
        Nodes, ascending.
    mass : ndarray of float, shape (m,)
        Density times quadrature weight.
    information : float
        Information so far.
    """

    score: FloatArray
    mass: FloatArray
    information: float

    def above(self, score: float, *, information: float, drift: float) -> float:
        """Return the chance to go on to the next look and find the score above a limit there."""
        return self._sum(score, information, drift, 1.0)

    def below(self, score: float, *, information: float, drift: float) -> float:
        """Return the same for the score below a limit."""
        return self._sum(score, information, drift, -1.0)

    def between(self, low: float, high: float, *, information: float, drift: float) -> float:
        """Return the same for the score between two limits."""
        step = information - self.information
        root = math.sqrt(step)
        centre = self.score + drift * step
        upper, lower = (high - centre) / root, (low - centre) / root
        # The smaller tails are subtracted, which keeps the digits.
        flip = lower > 0
        inside = np.where(flip, ndtr(-lower) - ndtr(-upper), ndtr(upper) - ndtr(lower))
        return float(self.mass @ inside)

    def _sum(self, score: float, information: float, drift: float, sign: float) -> float:
        if math.isinf(score):
            return 0.0 if sign * score > 0 else float(self.mass.sum())
        step = information - self.information
        return float(self.mass @ ndtr(sign * (self.score + drift * step - score) / math.sqrt(step)))

    def advance(
        self, pieces: Pieces, *, information: float, drift: float, following: float | None
    ) -> Density:
        """Return the density at the next look among the trials that go on there.

        Parameters
        ----------
        pieces : sequence of (low, high)
            Region of continuation in units of the score, ascending, not overlapping.
        information : float
            Information at the look.
        drift : float
            Mean of the score per unit of information.
        following : float or None
            Information at the look after it, if there is one.

        Returns
        -------
        Density
            At the look.
        """
        step = information - self.information
        scale = math.sqrt(step if following is None else min(step, following - information))
        mean, reach = drift * information, REACH * math.sqrt(information)
        score, weight = _rule(pieces, mean - reach, mean + reach, PANEL * scale)
        value = _convolve(self.score + drift * step, self.mass, score, math.sqrt(step))
        return Density(score=score, mass=weight * value, information=information)


START = Density(score=np.zeros(1), mass=np.ones(1), information=0.0)


def check_information(information: FloatArray) -> None:
    """Check the information at the looks.

    Parameters
    ----------
    information : ndarray of float, shape (k,)
        To be above 0 and ascending.

    Raises
    ------
    DesignError
        If it is not, or if two looks are too close to tell apart.
    """
    if information.ndim != 1 or information.size == 0:
        raise DesignError("a sequential design has one information per look, and one look or more.")
    if not np.all(np.isfinite(information)) or information[0] <= 0:
        raise DesignError("information is a number above 0 at each look.")
    steps = np.diff(information)
    if np.any(steps <= 0):
        raise DesignError("the information rises from look to look.", hint="join equal looks.")
    if np.any(steps < SMALLEST_STEP * information[1:]):
        raise DesignError(
            f"a look adds less than {SMALLEST_STEP:g} of the information there is.",
            hint="join it with the one before.",
        )


def _rule(pieces: Pieces, low: float, high: float, width: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of the composite rule over the pieces, cut at low and high."""
    nodes, weights = [], []
    for start, end in pieces:
        begin, stop = max(start, low), min(end, high)
        if stop <= begin:
            continue
        panels = max(1, math.ceil((stop - begin) / width))
        edges = np.linspace(begin, stop, panels + 1)
        half = np.diff(edges) / 2.0
        middle = (edges[1:] + edges[:-1]) / 2.0
        nodes.append((middle[:, None] + half[:, None] * _NODES).ravel())
        weights.append((half[:, None] * _WEIGHTS).ravel())
    if not nodes:
        return np.empty(0), np.empty(0)
    return np.concatenate(nodes), np.concatenate(weights)


def _convolve(centre: FloatArray, mass: FloatArray, score: FloatArray, root: float) -> FloatArray:
    """Return the density of the score: sums over the nodes within reach, block by block."""
    out = np.zeros_like(score)
    far = REACH * root
    for first in range(0, score.size, BLOCK):
        rows = score[first : first + BLOCK]
        low, high = np.searchsorted(centre, (rows[0] - far, rows[-1] + far))
        z = (rows[:, None] - centre[None, low:high]) / root
        out[first : first + BLOCK] = np.exp(-0.5 * z * z) @ mass[low:high]
    return out / (root * math.sqrt(2.0 * math.pi))
