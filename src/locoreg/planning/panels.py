"""Integrals over time of functions that are smooth between stated months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

NODES = 12
PANELS = 48


@dataclass(frozen=True, slots=True)
class Panels:
    """Gauss-Legendre nodes in panels, with weights for whole and running integrals.

    Attributes
    ----------
    time : ndarray, shape (panels, nodes)
        Nodes in months.
    half : ndarray, shape (panels,)
        Half the width of each panel.
    """

    time: FloatArray
    half: FloatArray

    def total(self, values: FloatArray) -> float:
        """Return the integral of values at the nodes."""
        return float(self.half @ (values @ _WEIGHTS))

    def running(self, values: FloatArray) -> FloatArray:
        """Return the integral from the start to each node."""
        within = self.half[:, None] * (values @ _RUNNING.T)
        whole = self.half * (values @ _WEIGHTS)
        return np.asarray(np.concatenate([[0.0], np.cumsum(whole)[:-1]])[:, None] + within)


def panels(end: float, bends: Iterable[float]) -> Panels:
    """Return nodes from 0 to an end, with panels that break where a function bends.

    Parameters
    ----------
    end : float
        Last month.
    bends : iterable of float
        Months at which it is not smooth; those outside are passed over.

    Returns
    -------
    Panels
        About 48 panels of 12 nodes.
    """
    inner = sorted({b for b in bends if 0 < b < end})
    edges = [0.0]
    for stop in (*inner, end):
        count = max(2, round(PANELS * (stop - edges[-1]) / end))
        edges.extend(np.linspace(edges[-1], stop, count + 1)[1:].tolist())
    at = np.array(edges)
    half = np.diff(at) / 2
    middle = (at[1:] + at[:-1]) / 2
    return Panels(middle[:, None] + half[:, None] * _NODES, half)


def _rules() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return nodes, weights, and the matrix of integrals from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    basis = np.polynomial.legendre.legvander(nodes, NODES - 1)
    integrals = np.stack(
        [
            np.polynomial.legendre.legval(nodes, np.polynomial.legendre.legint(unit, lbnd=-1))
            for unit in np.eye(NODES)
        ],
        axis=1,
    )
    return nodes, weights, integrals @ np.linalg.inv(basis)


_NODES, _WEIGHTS, _RUNNING = _rules()
