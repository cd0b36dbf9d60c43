"""The partial likelihood with its derivatives, and the rows' scores, for given weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from locoreg.stats.cox.kernels import (
    HAZARD,
    WIDTH,
    accumulate,
    row_information,
    run_sums,
    slot_information,
    slot_terms,
)
from locoreg.stats.cox.layout import Layout
from locoreg.stats.cox.scorerows import accumulate_means, score_rows
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Point:
    """The partial likelihood at one coefficient vector.

    Attributes
    ----------
    loglik : float
        Log partial likelihood.
    score : ndarray of float, shape (p,)
        Its gradient.
    information : ndarray of float, shape (p, p)
        Less its matrix of second derivatives.
    """

    loglik: float
    score: FloatArray
    information: FloatArray


@dataclass(slots=True)
class Likelihood:
    """The partial likelihood of laid-out rows; coefficients are those of the packed covariates.

    Everything but the layout is overwritten by `weigh` and `evaluate`. Rows are in the order of
    ends of follow-up.

    Attributes
    ----------
    layout : Layout
        The rows.
    efron : bool
        Efron's treatment of ties; Breslow's otherwise.
    weight : ndarray of float, shape (n,)
        Weights.
    weighted_event : ndarray of float, shape (n,)
        Weight of rows with an event, 0 of others.
    risk : ndarray of float, shape (n,)
        Weight times exp(linear predictor) at the point evaluated last.
    sums : ndarray of float, shape (p + 1, m)
        Sum of ``risk``, and of ``risk`` times each covariate, over each slot's risk set.
    rest : ndarray of float, shape (p + 1, m)
        What rounding took from them, with delayed entry only (otherwise of size 0).
    tied : ndarray of float, shape (p, m)
        Sum of ``risk`` times each covariate over the rows with an event, where several are tied.
    terms : ndarray of float, shape (8, m)
        Hazard and coefficients of each slot.
    cumulative : ndarray of float, shape (m,)
        Hazard from the segment's start up to each slot.
    """

    layout: Layout
    efron: bool
    weight: FloatArray = field(init=False)
    weighted_event: FloatArray = field(init=False)
    risk: FloatArray = field(init=False)
    sums: FloatArray = field(init=False)
    rest: FloatArray = field(init=False)
    tied: FloatArray = field(init=False)
    terms: FloatArray = field(init=False)
    cumulative: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Reserve the arrays that evaluations write to."""
        m, p = self.layout.time.size, self.p
        ties = self.efron and bool((self.layout.events > 1).any())
        self.risk = np.empty(self.layout.event.size)
        self.sums = np.empty((p + 1, m))
        self.rest = np.empty((p + 1, 0 if self.layout.entries is None else m))
        self.tied = np.zeros((p, m if ties else 0))
        self.terms = np.empty((8, m))
        self.cumulative = np.empty(m)

    @property
    def p(self) -> int:
        """Number of covariates."""
        return self.layout.centre.size

    def weigh(self, weight: FloatArray | None) -> None:
        """Take weights, in the order of the data; None are all 1."""
        rows = self.layout.exits.rows
        self.weight = np.ones(rows.size) if weight is None else weight[rows]
        self.weighted_event = self.weight * self.layout.event

    def evaluate(self, beta: FloatArray) -> Point:
        """Return the log partial likelihood and its derivatives.

        Parameters
        ----------
        beta : ndarray of float, shape (p,)
            Coefficients of the packed covariates.

        Returns
        -------
        Point
            Not finite where exp(linear predictor) overflows.
        """
        rows = self.layout
        exits, slots = rows.exits, rows.closing
        run_sums(
            exits.blocks,
            self.risk,
            self.weight,
            rows.offset,
            beta,
            exits.stop,
            slots,
            False,
            self.sums,
            self.rest,
        )
        if rows.entries is not None:
            empty = np.empty(0)
            run_sums(
                rows.entries.blocks,
                self.risk[rows.entry_rows],
                empty,
                empty,
                beta,
                rows.entries.stop,
                slots,
                True,
                self.sums,
                self.rest,
            )
        denominators = slot_terms(
            exits.blocks,
            self.weight,
            self.risk,
            exits.stop,
            rows.events,
            self.efron,
            self.sums,
            self.tied,
            self.terms,
        )
        accumulate(self.terms[HAZARD], slots, self.cumulative)
        score, gram = np.zeros(self.p), np.zeros((self.p, self.p))
        slot_information(self.sums, self.tied, self.terms, gram)
        numerators = row_information(
            exits.blocks,
            rows.offset,
            self.weighted_event,
            self.risk,
            rows.slot,
            rows.entry_slot,
            self.terms,
            self.cumulative,
            beta,
            score,
            gram,
        )
        information = np.tril(gram) + np.tril(gram, -1).T
        return Point(numerators - denominators, score, information)

    def hazard_means(self, closing: IntArray, scale: FloatArray) -> FloatArray:
        """Return hazard times the risk set's mean covariates, summed up to each slot.

        Parameters
        ----------
        closing : ndarray of int, shape (m,)
            1 in slots where the sums begin anew.
        scale : ndarray of float, shape (p,)
            Unit in which the means are given.

        Returns
        -------
        ndarray of float, shape (p, m)
            At the point evaluated last.
        """
        means = np.empty((self.p, closing.size))
        accumulate_means(self.terms, self.sums, self.tied, closing, scale, means)
        return means

    def scores(self, group: IntArray | None, groups: int) -> FloatArray:
        """Return the rows' weighted scores at the point evaluated last.

        Parameters
        ----------
        group : ndarray of int, shape (n,), or None
            Group of each row, in the order of the data.
        groups : int
            Number of groups.

        Returns
        -------
        ndarray of float
            Sums over groups, shape (groups, p); without groups the sum of the outer products of
            the rows' scores, shape (p, p).
        """
        rows, p = self.layout, self.p
        gram, out = np.zeros((p, p)), np.zeros((groups, p))
        score_rows(
            rows.exits.blocks,
            self.weighted_event,
            self.risk,
            rows.slot,
            rows.entry_slot,
            self.terms,
            self.cumulative,
            self.hazard_means(rows.closing, np.ones(p)),
            self.sums,
            self.tied,
            np.empty(0, dtype=np.int64) if group is None else group[rows.exits.rows],
            np.ones((p + 2, WIDTH)),
            gram,
            out,
        )
        return out if group is not None else np.asarray(np.tril(gram) + np.tril(gram, -1).T)
