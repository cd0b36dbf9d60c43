"""Individual times of several studies, cut into rows, with the clusters of a robust variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.stats.cox.model import CoxVariance

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
StudyArray = NDArray[np.str_]
PoolVariance = Literal["model", "robust", "robust-by-study"]
POOL_VARIANCES: tuple[PoolVariance, ...] = ("model", "robust", "robust-by-study")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonTimes:
    """Persons of several studies.

    Attributes
    ----------
    time : ndarray of float, shape (n,)
        Months.
    event : ndarray of bool, shape (n,)
        Whether follow-up ended with the event.
    treated : ndarray of float, shape (n,)
        1 for intervention, 0 for control.
    study : ndarray of str, shape (n,)
        Study.
    """

    time: FloatArray
    event: BoolArray
    treated: FloatArray
    study: StudyArray

    @property
    def names(self) -> tuple[str, ...]:
        """Studies, sorted."""
        return tuple(sorted(set(self.study.tolist())))

    def of(self, rows: BoolArray) -> PersonTimes:
        """Return some of the persons."""
        return PersonTimes(
            time=self.time[rows],
            event=self.event[rows],
            treated=self.treated[rows],
            study=self.study[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Pieces of persons' follow-up, m of them.

    Attributes
    ----------
    entry, stop : ndarray of float, shape (m,)
        A row is at risk after ``entry``, up to ``stop``.
    event : ndarray of bool, shape (m,)
        Whether the row ends with the event.
    treated : ndarray of float, shape (m,)
        1 for intervention.
    study : ndarray of str, shape (m,)
        Study.
    piece, person : ndarray of int, shape (m,)
        Number of the piece of time, and of the person in ``PersonTimes``.
    """

    entry: FloatArray
    stop: FloatArray
    event: BoolArray
    treated: FloatArray
    study: StudyArray
    piece: IntArray
    person: IntArray

    def of(self, rows: BoolArray) -> Rows:
        """Return some of the rows."""
        return Rows(**{name: getattr(self, name)[rows] for name in self.__slots__})


def split_rows(persons: PersonTimes, cuts: dict[str, FloatArray]) -> Rows:
    """Cut the follow-up of each study's persons at the times of that study.

    Parameters
    ----------
    persons : PersonTimes
        All studies.
    cuts : dict
        Ascending times above 0, by study.

    Returns
    -------
    Rows
        A piece per person and interval that the person has entered.
    """
    parts: list[tuple[Any, ...]] = []
    number = np.arange(persons.time.size)
    for study, edges in cuts.items():
        mine = number[persons.study == study]
        bounds = np.r_[0.0, edges, np.inf]
        for piece in range(bounds.size - 1):
            low, high = bounds[piece], bounds[piece + 1]
            # Nobody who leaves at time 0 is at risk in a row that begins there.
            who = mine[persons.time[mine] > low]
            if not who.size:
                break
            time = persons.time[who]
            parts.append(
                (
                    np.full(who.size, low),
                    np.minimum(time, high),
                    persons.event[who] & (time <= high),
                    persons.treated[who],
                    persons.study[who],
                    np.full(who.size, piece),
                    who,
                )
            )
    if not parts:
        raise DesignError("no person has follow-up after time 0.")
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Rows(**dict(zip(Rows.__slots__, columns, strict=True)))


def whole_rows(persons: PersonTimes) -> Rows:
    """Return one row per person with follow-up after time 0."""
    return split_rows(persons, dict.fromkeys(persons.names, np.zeros(0)))


def without_information(rows: Rows) -> dict[str, str]:
    """Return studies that tell nothing about a hazard ratio, each with the reason.

    A stratum adds to the partial likelihood only at events while both arms are at risk. All rows
    must begin at one time.
    """
    found = {}
    for study in sorted(set(rows.study.tolist())):
        mine = rows.study == study
        treated, stop = rows.treated[mine] == 1, rows.stop[mine]
        if treated.all() or not treated.any():
            found[study] = f"only the {'intervention' if treated.all() else 'control'} is at risk"
            continue
        both = min(stop[treated].max(), stop[~treated].max())
        if not (rows.event[mine] & (stop <= both)).any():
            found[study] = "no event while both arms are at risk"
    return found


def cox_variance(variance: PoolVariance) -> CoxVariance:
    """Return what the Cox model calls it."""
    return "model" if variance == "model" else "robust"


def clusters(rows: Rows, variance: PoolVariance, covariates: int) -> NDArray[Any] | None:
    """Return the cluster of each row; None without a robust variance.

    Parameters
    ----------
    rows : Rows
        Rows of all studies in a model.
    variance : {"model", "robust", "robust-by-study"}
        Robust: the rows of a person, or all rows of a study, belong together.
    covariates : int
        Coefficients of the model. Scores of studies add up to 0, so that the variance of p of
        them needs p + 1 studies.
    """
    if variance == "model":
        return None
    if variance == "robust":
        return rows.person
    found = np.unique(rows.study).size
    if found <= covariates:
        raise DesignError(
            f"a variance robust by study of {plural(covariates, 'coefficient')} needs at least"
            f" {covariates + 1} studies with information, and there are {found}.",
            hint="choose robust, whose clusters are persons.",
        )
    return rows.study
