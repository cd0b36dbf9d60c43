"""Sums over patients, from which the truth for the population is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.courses import Courses, Expected
from locoreg.registry.synthetic.parameters import KINDS, SUBTYPES, FloatArray
from locoreg.registry.synthetic.people import BoolArray, People
from locoreg.registry.synthetic.risks import Risks
from locoreg.registry.synthetic.strategies import CONTRASTS, HORIZONS, NAMES

MEASURES = ("survival", "rmst")
KINDS_OF_TRUTH = ("realised", "expected")


def subgroups(people: People) -> dict[str, BoolArray]:
    """Return the subgroups with a truth of their own, each a function of what is at time zero.

    Parameters
    ----------
    people : People
        Patients.

    Returns
    -------
    dict of str to ndarray of bool
        Members.
    """
    ecog = people.ecog <= 1
    few = people.n_lesions <= 5
    out = {"all": np.ones(people.n, dtype=bool)}
    for k, name in enumerate(SUBTYPES):
        out[name] = people.subtype == k
    out["HER2+"] = out["HR+/HER2+"] | out["HR-/HER2+"]
    out["de novo"] = people.de_novo
    out["recurrent"] = ~people.de_novo
    for k, name in enumerate(KINDS[1:], start=1):
        out[name] = people.kind == k
    out["lesions 1-3"] = people.n_lesions <= 3
    out["oligometastatic (1-5)"] = few
    out["more than 5 lesions"] = ~few
    out["interval 6-24 months"] = people.short_mfi
    out["ECOG 0-1"] = ecog
    out["ECOG 2-3"] = ~ecog
    out["ctDNA undetected"] = ~people.ctdna_detected
    out["ctDNA detected"] = people.ctdna_detected
    out["de novo, ECOG 0-1"] = people.de_novo & ecog
    for name in ("HR+/HER2-", "HER2+", "TNBC"):
        out[f"de novo, {name}"] = people.de_novo & out[name]
    out["de novo, oligometastatic (1-5)"] = people.de_novo & few
    out["recurrent, oligometastatic (1-5)"] = ~people.de_novo & few
    for name in ("lung_metastasectomy", "liver_resection", "sabr"):
        out[f"{name}, oligometastatic (1-5)"] = out[name] & few
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums and sums of squares by subgroup.

    Attributes
    ----------
    groups : tuple of str
        Subgroups.
    count : ndarray of float, shape (g,)
        Patients.
    effect : ndarray of float, shape (g,)
        Sum of log hazard ratios.
    total, squares : ndarray of float, shape (g, 10, 4, 2, 2)
        By strategy and contrast, horizon, measure, kind of truth.
    gaining, gain : ndarray of float, shape (g, 4, 4)
        Patients with a positive expected RMST difference, and the sum of these differences, by
        contrast and horizon.
    """

    groups: tuple[str, ...]
    count: FloatArray
    effect: FloatArray
    total: FloatArray
    squares: FloatArray
    gaining: FloatArray
    gain: FloatArray

    def __add__(self, other: Sums) -> Sums:
        """Return the sums of both."""
        return Sums(
            groups=self.groups,
            count=self.count + other.count,
            effect=self.effect + other.effect,
            total=self.total + other.total,
            squares=self.squares + other.squares,
            gaining=self.gaining + other.gaining,
            gain=self.gain + other.gain,
        )


def sums_of(people: People, courses: Courses, expected: Expected, drive: Risks) -> Sums:
    """Return the sums of some patients.

    Parameters
    ----------
    people, courses, expected, drive
        Patients, potential outcomes, expectations, intensities.

    Returns
    -------
    Sums
        Sums.
    """
    members = subgroups(people)
    member = np.stack(list(members.values())).astype(float)
    values = _values(courses, expected)
    shape = (len(members), *values.shape[1:])
    flat = values.reshape(people.n, -1)
    difference = values[:, len(NAMES) :, :, MEASURES.index("rmst"), 1]
    positive = np.maximum(difference, 0.0).reshape(people.n, -1)
    by_contrast = (len(members), len(CONTRASTS), len(HORIZONS))
    return Sums(
        groups=tuple(members),
        count=member.sum(axis=1),
        effect=member @ drive.effect,
        total=(member @ flat).reshape(shape),
        squares=(member @ flat**2).reshape(shape),
        gaining=(member @ (positive > 0)).reshape(by_contrast),
        gain=(member @ positive).reshape(by_contrast),
    )


def _values(courses: Courses, expected: Expected) -> FloatArray:
    """Return values of strategies, then contrasts, shape (n, 10, 4, 2, 2)."""
    death = np.where(courses.death < 0, np.inf, courses.death) / DAYS_PER_MONTH
    horizon = np.array(HORIZONS, dtype=float)
    arms = np.empty((*expected.survival.shape, len(MEASURES), len(KINDS_OF_TRUTH)))
    arms[..., 0, 0] = death[:, :, None] > horizon
    arms[..., 1, 0] = np.minimum(death[:, :, None], horizon)
    arms[..., 0, 1] = expected.survival
    arms[..., 1, 1] = expected.rmst
    pairs = [tuple(NAMES.index(name) for name in pair) for pair in CONTRASTS.values()]
    contrasts = [arms[:, a] - arms[:, b] for a, b in pairs]
    return np.concatenate([arms, np.stack(contrasts, axis=1)], axis=1)
