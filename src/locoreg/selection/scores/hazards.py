"""Hazards of the event and of censoring given covariates, on a table of persons and bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from locoreg.selection.scores.followup import FollowUp
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LongTable:
    """One row per person and bin in which the person is at risk.

    Attributes
    ----------
    person, bin : ndarray of int, shape (r,)
        Which person, which bin.
    exposure : ndarray of float, shape (r,)
        Time at risk, or number of months.
    happened : ndarray of float, shape (r,)
        1 where it happened in the bin.
    """

    person: IntArray
    bin: IntArray
    exposure: FloatArray
    happened: FloatArray


def long_table(follow: FollowUp, what: BoolArray, *, after_events: bool) -> LongTable:
    """Return the rows at risk of something.

    Parameters
    ----------
    follow : FollowUp
        Follow-up of the persons.
    what : ndarray of bool, shape (n,)
        For whom follow-up ended with it.
    after_events : bool
        In whole months: whether persons with the event in a month are not at risk in it (as for
        censoring, which comes after events).

    Returns
    -------
    LongTable
        In the order of persons and bins.
    """
    edges = follow.edges
    low, high = edges[:-1], edges[1:]
    end = follow.time
    if follow.months:
        # At risk in months entry, ..., time; not in the month of the event where that is first,
        # and not in a month beyond the last.
        end = np.minimum(end + 1.0, edges[-1])
        if after_events:
            end = np.where(follow.event, follow.time, end)
    begin = follow.entry
    exposure = np.minimum(end[:, None], high) - np.maximum(begin[:, None], low)
    person, place = np.nonzero(exposure > 0.0)
    if follow.months:
        last = np.searchsorted(edges, follow.time, side="right") - 1
    else:
        last = np.maximum(np.searchsorted(edges, follow.time, side="left") - 1, 0)
    happened = (what[person] & (place == last[person])).astype(np.float64)
    return LongTable(person=person, bin=place, exposure=exposure[person, place], happened=happened)


class BoostedHazard:
    """A hazard by boosted trees: the exact likelihood of constant hazards within bins.

    Parameters
    ----------
    X : ndarray of float32, shape (n, q)
        Covariates and treatment of all persons.
    table : LongTable
        Rows at risk of all persons.
    follow : FollowUp
        The grid.
    weight : ndarray of float, shape (n,)
        Sampling weights.
    settings : dict
        Parameters of LightGBM.
    rounds : int
        Trees.
    """

    def __init__(
        self,
        X: Any,
        table: LongTable,
        follow: FollowUp,
        weight: FloatArray,
        settings: dict[str, Any],
        rounds: int,
    ) -> None:
        self.X, self.table, self.follow = X, table, follow
        self.weight, self.rounds = weight, rounds
        self.settings = {
            **settings,
            "objective": "cross_entropy" if follow.months else "poisson",
        }
        if not follow.months:
            self.settings["poisson_max_delta_step"] = 0.7
        self.middles = (follow.edges[:-1] + follow.edges[1:]) / 2.0

    def fit(self, rows: BoolArray) -> lgb.Booster:
        """Return the model fitted to some persons."""
        table = self.table
        take = rows[table.person]
        person, exposure = table.person[take], table.exposure[take]
        Z = np.column_stack([self.X[person], self.middles[table.bin[take]]]).astype(np.float32)
        made = lgb.Dataset(
            Z,
            label=table.happened[take] / exposure,
            weight=exposure * self.weight[person],
            params={**self.settings, "verbose": -1},
            free_raw_data=True,
        )
        return lgb.train(self.settings, made, num_boost_round=self.rounds)

    def predict(self, model: lgb.Booster, X: Any) -> FloatArray:
        """Return the hazard of persons in each bin, shape (m, b)."""
        m, bins = X.shape[0], self.middles.size
        out = np.empty((m, bins))
        for b, middle in enumerate(self.middles):
            Z = np.column_stack([X, np.full(m, middle)]).astype(np.float32)
            out[:, b] = model.predict(Z, num_threads=self.settings["num_threads"])
        most = 1.0 - 1e-6 if self.follow.months else np.inf
        return np.clip(out, TINY, most)
