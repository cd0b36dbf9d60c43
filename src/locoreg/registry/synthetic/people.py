"""Patients at the diagnosis of metastasis: what they have before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from locoreg.registry.synthetic.parameters import (
    COMORBIDITIES,
    GROUPS,
    ORGANS,
    SUBTYPES,
    VISCERAL,
    FloatArray,
    one,
    several,
)
from locoreg.registry.synthetic.sites import Sites

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TNBC = SUBTYPES.index("TNBC")
SHORT_MFI = (6.0, 24.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Patients at time zero; arrays have one row per patient.

    Attributes
    ----------
    site, subtype, ecog, grade, n_lesions, kind : ndarray of int
        Site; index into ``SUBTYPES`` (receptors of the primary); performance status; grade; number
        of distant lesions; index into ``KINDS``, the local therapy that the patient may have.
    age : ndarray of float
        Age in years.
    male, de_novo : ndarray of bool
        Sex; metastatic at the diagnosis of the primary.
    mfi : ndarray of float
        Months from the primary to the first metastasis; 0 in de novo disease.
    organs : ndarray of bool, shape (n, 10)
        Organs with metastases, in the order of ``ORGANS``.
    comorbidity : ndarray of bool, shape (n, 4)
        In the order of ``COMORBIDITIES``.
    er, pr, her2, er_met, pr_met, her2_met : ndarray of bool
        Receptors of the primary and of the metastasis.
    ctdna, mirna, unmeasured : ndarray of float
        Standardised log level of ctDNA; miRNA signature (high: oligometastatic biology); the
        confounder that no table holds.
    ctdna_detected : ndarray of bool
        Whether ctDNA is above the limit of detection.
    time_zero : ndarray of int
        Day of the first distant metastasis, in days since 1970-01-01.
    seed : ndarray of uint64
        Seed of the patient's own course.
    """

    site: IntArray
    subtype: IntArray
    ecog: IntArray
    grade: IntArray
    n_lesions: IntArray
    kind: IntArray
    age: FloatArray
    male: BoolArray
    de_novo: BoolArray
    mfi: FloatArray
    organs: BoolArray
    comorbidity: BoolArray
    er: BoolArray
    pr: BoolArray
    her2: BoolArray
    er_met: BoolArray
    pr_met: BoolArray
    her2_met: BoolArray
    ctdna: FloatArray
    mirna: FloatArray
    unmeasured: FloatArray
    ctdna_detected: BoolArray
    time_zero: IntArray
    seed: NDArray[np.uint64]

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.age.size

    @property
    def decades(self) -> FloatArray:
        """Age in tens of years over 60."""
        return (self.age - 60.0) / 10.0

    @property
    def n_organs(self) -> IntArray:
        """Organs with metastases."""
        return np.asarray(self.organs.sum(axis=1), dtype=np.int64)

    @property
    def lesion_class(self) -> IntArray:
        """Index into ``LESION_CLASSES``."""
        return np.digitize(self.n_lesions, (2, 4, 6)).astype(np.int64)

    @property
    def visceral(self) -> BoolArray:
        """Whether an organ of ``VISCERAL`` is involved."""
        return np.asarray(self.organs[:, [ORGANS.index(o) for o in VISCERAL]].any(axis=1))

    @property
    def short_mfi(self) -> BoolArray:
        """Whether the first metastasis came 6 to 24 months after the primary."""
        return ~self.de_novo & (self.mfi >= SHORT_MFI[0]) & (self.mfi < SHORT_MFI[1])

    def has(self, organ: str) -> BoolArray:
        """Return whether an organ is involved."""
        return np.asarray(self.organs[:, ORGANS.index(organ)])

    def take(self, rows: IntArray | BoolArray) -> People:
        """Return some of the patients."""
        return People(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def draw_people(rng: np.random.Generator, n: int, sites: Sites) -> People:
    """Draw patients.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    n : int
        How many.
    sites : Sites
        The sites.

    Returns
    -------
    People
        Patients at time zero.
    """
    site = rng.choice(sites.share.size, n, p=sites.share)
    subtype = _subtypes(rng, n)
    age = _ages(rng, subtype)
    decades = (age - 60.0) / 10.0
    de_novo = rng.random(n) < one("share_de_novo")
    mfi = _intervals(rng, subtype, de_novo, age)
    organs = _organs(rng, subtype, sites.burden[site])
    n_lesions = _lesions(rng, organs, sites.burden[site])
    receptors = _receptors(rng, subtype, de_novo)
    few = n_lesions <= 5
    ctdna = rng.normal(size=n) * 0.95 + 0.25 * (np.log(n_lesions) - 1.6)
    low, high = (_days(one(name)) for name in ("first_day", "last_day"))
    return People(
        site=site.astype(np.int64),
        subtype=subtype,
        ecog=_ecog(rng, decades),
        grade=_grades(rng, subtype),
        n_lesions=n_lesions,
        kind=_kinds(de_novo, organs),
        age=age,
        # Metastases of the ovary are women's.
        male=(rng.random(n) < one("share_male")) & ~organs[:, ORGANS.index("ovary")],
        de_novo=de_novo,
        mfi=mfi,
        organs=organs,
        comorbidity=_comorbidity(rng, decades),
        **receptors,
        ctdna=ctdna,
        mirna=0.8 * rng.normal(size=n) + np.where(few, 0.8, -0.25),
        unmeasured=rng.normal(size=n),
        ctdna_detected=ctdna > CTDNA_LIMIT,
        time_zero=rng.integers(low, high, n, endpoint=True),
        seed=rng.integers(0, 2**64, n, dtype=np.uint64),
    )


# Standardised level below which ctDNA is not detected: about the share of ctdna_undetected.
CTDNA_LIMIT = -0.45


def _days(yyyymmdd: float) -> int:
    text = f"{int(yyyymmdd)}"
    day = np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "D")
    return int(day.astype(np.int64))


def lock_day() -> int:
    """Return the day on which the data end, in days since 1970-01-01."""
    return _days(one("lock_day"))


def _subtypes(rng: np.random.Generator, n: int) -> IntArray:
    counts = several("subtype_count", ("HR+/HER2-", "HER2+", "TNBC"))
    positive = one("share_hr_positive_of_her2_positive")
    p = np.array([counts[0], counts[1] * positive, counts[1] * (1 - positive), counts[2]])
    return np.asarray(_choose(rng, np.broadcast_to(p / p.sum(), (n, 4))), dtype=np.int64)


def _choose(rng: np.random.Generator, p: FloatArray) -> IntArray:
    """Draw one category per row of probabilities."""
    cumulated: FloatArray = np.cumsum(p, axis=1)
    u = rng.random((p.shape[0], 1)) * cumulated[:, -1:]
    above = u > cumulated[:, :-1]
    return np.asarray(above.sum(axis=1), dtype=np.int64)


def _ages(rng: np.random.Generator, subtype: IntArray) -> FloatArray:
    shift = np.array([0.0, *(one("age_shift", g) for g in GROUPS[1:])])[subtype]
    mean, sd = one("age_mean"), one("age_sd")
    age = rng.normal(mean + shift, sd)
    low, high = one("age_low"), one("age_high")
    outside = (age < low) | (age > high)
    age[outside] = rng.uniform(low + 8, high - 8, int(outside.sum()))
    return np.asarray(age, dtype=float)


def _intervals(
    rng: np.random.Generator, subtype: IntArray, de_novo: BoolArray, age: FloatArray
) -> FloatArray:
    median = one("mfi_median") * several("mfi_factor", GROUPS)[subtype]
    months = median * np.exp(one("mfi_log_sd") * rng.normal(size=subtype.size))
    # Nobody had the primary as a child.
    longest = np.minimum(one("mfi_high"), 12 * (age - one("age_low") + 2))
    months = np.clip(months, one("mfi_low"), longest)
    return np.where(de_novo, 0.0, months)


def _organs(rng: np.random.Generator, subtype: IntArray, burden: FloatArray) -> BoolArray:
    """Draw the number of organs, then that many of them by weight, without replacement."""
    n = subtype.size
    p = several("n_organs", ("1", "2", "3", "4")) * np.exp(burden[:, None] * np.arange(4))
    count = 1 + _choose(rng, p)
    weights = np.stack([several("organ_weight", ORGANS, f"{s}|") for s in SUBTYPES])
    # Exponential races: the first to finish are a weighted sample.
    finish = rng.exponential(size=(n, len(ORGANS))) / weights[subtype]
    place = np.argsort(np.argsort(finish, axis=1), axis=1)
    return np.asarray(place < count[:, None])


def _lesions(rng: np.random.Generator, organs: BoolArray, burden: FloatArray) -> IntArray:
    n_organs = organs.sum(axis=1)
    share = one("share_few_lesions")
    few = (rng.random(n_organs.size) < share * np.exp(-burden)) & (n_organs <= 2)
    extra_few = np.minimum(rng.geometric(0.55, n_organs.size) - 1, 5 - n_organs)
    extra_many = 5 + rng.geometric(0.10, n_organs.size)
    return np.asarray(n_organs + np.where(few, extra_few, extra_many), dtype=np.int64)


def _ecog(rng: np.random.Generator, decades: FloatArray) -> IntArray:
    base = several("ecog", ("0", "1", "2", "3"))
    tilt = np.exp(one("ecog_age", "per10") * decades[:, None] * np.arange(4))
    return _choose(rng, base * tilt)


def _grades(rng: np.random.Generator, subtype: IntArray) -> IntArray:
    tilt = np.exp(one("grade3_log_odds_tnbc") * (subtype == TNBC))
    base = several("grade", ("1", "2", "3"))
    p = np.stack([np.full(subtype.size, base[0]), np.full(subtype.size, base[1]), base[2] * tilt])
    return 1 + _choose(rng, p.T)


def _comorbidity(rng: np.random.Generator, decades: FloatArray) -> BoolArray:
    share = several("comorbidity", COMORBIDITIES)
    logit = np.log(share / (1 - share)) + one("comorbidity_age") * decades[:, None]
    return rng.random((decades.size, share.size)) < 1 / (1 + np.exp(-logit))


def _receptors(
    rng: np.random.Generator, subtype: IntArray, de_novo: BoolArray
) -> dict[str, BoolArray]:
    n = subtype.size
    er = np.isin(subtype, (0, 1))
    her2 = np.isin(subtype, (1, 2))
    pr = rng.random(n) < np.where(er, one("pr_of_er"), one("pr_of_er_negative"))
    pr &= subtype != TNBC
    out = {"er": er, "pr": pr, "her2": her2}
    for name in ("er", "pr", "her2"):
        status = out[name]
        changed = rng.random(n) < np.where(status, one(f"{name}_lost"), one(f"{name}_gained"))
        # In de novo disease primary and metastasis are of one time: no conversion.
        out[f"{name}_met"] = status ^ (changed & ~de_novo)
    return out


def _kinds(de_novo: BoolArray, organs: BoolArray) -> IntArray:
    """Which local therapy a patient may have is a function of what the tables show."""
    lung, liver = organs[:, ORGANS.index("lung")], organs[:, ORGANS.index("liver")]
    kind = np.where(liver, 2, np.where(lung, 1, 3))
    return np.where(de_novo, 0, kind).astype(np.int64)
