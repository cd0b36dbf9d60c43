"""The hospitals of a simulated registry and how they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.registry.synthetic.parameters import FloatArray, one

QLQ, FACT = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Practice of every site; all arrays have one value per site.

    Attributes
    ----------
    share : ndarray of float
        Share of the patients.
    therapy : ndarray of float
        Log odds added to local therapy.
    burden : ndarray of float
        Log odds added to extensive disease (case mix).
    missing : ndarray of float
        Log odds added to a value being missing.
    loss : ndarray of float
        Log odds added to loss to follow-up.
    late : ndarray of bool
        Whether some patients are seen only months after the first metastasis.
    pet : ndarray of float
        Share imaged by PET at baseline.
    months : ndarray of bool
        Whether the day of the primary's diagnosis is known to the month only.
    absent : ndarray of bool
        Whether comorbidity that was looked for and not found is recorded.
    linked : ndarray of bool
        Whether deaths come from linkage to a registry.
    instrument : ndarray of int
        Quality of life by QLQ-C30 and BR23 (0) or FACT-B (1).
    """

    share: FloatArray
    therapy: FloatArray
    burden: FloatArray
    missing: FloatArray
    loss: FloatArray
    late: np.ndarray
    pet: FloatArray
    months: np.ndarray
    absent: np.ndarray
    linked: np.ndarray
    instrument: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sites."""
        return tuple(f"SITE-{k:02d}" for k in range(1, self.share.size + 1))


def draw_sites(rng: np.random.Generator, *, late_entry: bool) -> Sites:
    """Draw the sites of one registry.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    late_entry : bool
        Whether there are sites with late entry.

    Returns
    -------
    Sites
        The sites.
    """
    n = int(one("n_sites"))
    share = rng.gamma(4.0, size=n)
    late = rng.permutation(n) < round(n * one("site_late"))
    return Sites(
        share=share / share.sum(),
        therapy=_spread(rng, n, one("logit_therapy_site_sd")),
        burden=_spread(rng, n, 0.25),
        missing=_spread(rng, n, 0.5),
        loss=_spread(rng, n, 0.3),
        late=late if late_entry else np.zeros(n, bool),
        pet=rng.uniform(0.1, 0.6, n),
        months=rng.permutation(n) < 2,
        absent=rng.permutation(n) < n // 3,
        linked=rng.permutation(n) < n // 2,
        instrument=np.where(rng.permutation(n) < n // 3, FACT, QLQ),
    )


def _spread(rng: np.random.Generator, n: int, sd: float) -> FloatArray:
    """Draw normal effects with exact mean 0 and spread, so that registries are alike."""
    values = rng.normal(size=n)
    values -= values.mean()
    return np.asarray(sd * values / values.std(), dtype=float)
