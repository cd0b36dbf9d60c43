"""Bootstrap replicates as weights: nothing is copied, and each replicate has a seed of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray, label_codes

Kind = Literal["multinomial", "bayesian"]
KINDS: tuple[Kind, ...] = ("multinomial", "bayesian")
Seed = int | np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How weights are drawn.

    Attributes
    ----------
    kind : {"multinomial", "bayesian"}
        Distribution of the weights.
    entropy : int
        What the seeds of all replicates derive from.
    n : int
        Rows.
    cluster : ndarray of int, shape (n,), or None
        Unit of each row, from 0. None: each row is a unit.
    strata : tuple of ndarray of int
        Units of each stratum; one stratum without strata.
    """

    kind: Kind
    entropy: int
    n: int
    cluster: IntArray | None
    strata: tuple[IntArray, ...]

    @property
    def units(self) -> int:
        """Number of units that are drawn."""
        return sum(stratum.size for stratum in self.strata)

    def weights(self, first: int, last: int) -> FloatArray:
        """Return the weights of replicates first to last - 1, shape (last - first, n)."""
        drawn = np.empty((last - first, self.units))
        for row, replicate in enumerate(range(first, last)):
            sequence = np.random.SeedSequence(self.entropy, spawn_key=(replicate,))
            rng = np.random.default_rng(sequence)
            for stratum in self.strata:
                drawn[row, stratum] = _draw(rng, self.kind, stratum.size)
        return drawn if self.cluster is None else drawn[:, self.cluster]

    def settings(self) -> dict[str, Any]:
        """Return what decides the weights, as JSON-ready values."""
        digest = hashlib.sha256()
        for codes in (self.cluster, *self.strata):
            digest.update(b"none" if codes is None else codes.tobytes())
        return {
            "kind": self.kind,
            "seed": str(self.entropy),
            "rows": self.n,
            "units": self.units,
            "strata": len(self.strata),
            "groups": digest.hexdigest(),
        }


def bootstrap_weights(
    n: int | None = None,
    *,
    kind: Kind,
    replicates: int,
    seed: Seed,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> FloatArray:
    """Return bootstrap replicates as weights of rows.

    Parameters
    ----------
    n : int, optional
        Rows; not needed with `cluster` or `strata`.
    kind : {"multinomial", "bayesian"}
        How often each unit is drawn with replacement [1]_; or exponential weights that sum to the
        number of units [2]_, under which no unit is ever left out.
    replicates : int
        How many.
    seed : int or numpy.random.Generator
        Replicate b is drawn with the b-th child of its seed sequence, so that more replicates
        begin with the same ones.
    cluster : array_like, shape (n,), optional
        Labels of rows that are drawn together, such as persons. The units are the clusters.
    strata : array_like, shape (n,), optional
        Labels within which units are drawn, so that each stratum keeps its size. Clusters lie
        within strata.

    Returns
    -------
    ndarray of float, shape (replicates, n)
        Weights with mean 1 over the units of each stratum.

    Raises
    ------
    DataError
        If the numbers don't fit, a cluster lies in two strata, or a stratum has one unit.

    References
    ----------
    .. [1] Efron B (1979). Annals of Statistics 7:1-26. doi:10.1214/aos/1176344552
    .. [2] Rubin DB (1981). Annals of Statistics 9:130-134. doi:10.1214/aos/1176345338
    """
    drawing = resampling(n, kind=kind, seed=seed, cluster=cluster, strata=strata)
    return drawing.weights(0, check_count("replicates", replicates))


def resampling(
    n: int | None,
    *,
    kind: Kind,
    seed: Seed,
    cluster: ArrayLike | None,
    strata: ArrayLike | None,
) -> Resampling:
    """Check how weights are drawn.

    Parameters
    ----------
    n, kind, seed, cluster, strata
        As for `bootstrap_weights`.

    Returns
    -------
    Resampling
        The checked settings.

    Raises
    ------
    DataError
        If they don't fit.
    """
    check_option("kind", kind, KINDS)
    rows = _rows(n, cluster, strata)
    codes = None if cluster is None else label_codes("cluster", np.asarray(cluster), rows)[0]
    units = rows if codes is None else int(codes.max()) + 1
    if units < 2:
        raise DataError("There is one unit only.", hint="a bootstrap needs two or more.")
    return Resampling(
        kind=kind,
        entropy=_entropy(seed),
        n=rows,
        cluster=codes,
        strata=_strata(strata, codes, rows, units),
    )


def check_count(name: str, value: int, least: int = 1) -> int:
    """Return a whole number that is large enough.

    Parameters
    ----------
    name : str
        What it is called.
    value : int
        The number.
    least : int
        Smallest allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    DataError
        If it is not whole or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise DataError(f"{name} is {value!r}.", hint=f"give a whole number, {least} or more.")
    return int(value)


def _draw(rng: np.random.Generator, kind: Kind, units: int) -> FloatArray:
    if kind == "multinomial":
        return np.bincount(rng.integers(units, size=units), minlength=units).astype(np.float64)
    weights = rng.standard_exponential(units)
    return np.asarray(weights * (units / weights.sum()))


def _rows(n: int | None, cluster: ArrayLike | None, strata: ArrayLike | None) -> int:
    """Return the number of rows that n, cluster and strata agree on."""
    sizes = {} if n is None else {"n": check_count("n", n)}
    for name, labels in (("cluster", cluster), ("strata", strata)):
        if labels is not None:
            shape = np.asarray(labels).shape
            if len(shape) != 1 or shape[0] == 0:
                raise DataError(
                    f"{name} has shape {shape}, but must have one dimension.",
                    hint="give one label per row.",
                )
            sizes[name] = shape[0]
    if not sizes:
        raise DataError("The number of rows is missing.", hint="give n or cluster.")
    if len(set(sizes.values())) > 1:
        told = " and ".join(f"{name} {size}" for name, size in sizes.items())
        raise DataError(f"The numbers of rows differ: {told}.", hint="give one label per row.")
    return next(iter(sizes.values()))


def _strata(
    strata: ArrayLike | None, cluster: IntArray | None, n: int, units: int
) -> tuple[IntArray, ...]:
    """Return the units of each stratum."""
    if strata is None:
        return (np.arange(units),)
    codes, labels = label_codes("strata", np.asarray(strata), n)
    if cluster is not None:
        of_unit = np.zeros(units, dtype=np.int64)
        of_unit[cluster] = codes
        astray = of_unit[cluster] != codes
        if astray.any():
            row = int(np.argmax(astray))
            raise DataError(
                f"The cluster of row {row + 1} lies in the strata {labels[codes[row]]!r} and "
                f"{labels[of_unit[cluster[row]]]!r}.",
                hint="clusters are drawn whole, within one stratum.",
            )
        codes = of_unit
    found = tuple(np.flatnonzero(codes == code) for code in range(len(labels)))
    for label, stratum in zip(labels, found, strict=True):
        if stratum.size == 1:
            raise DataError(
                f"Stratum {label!r} has one unit, whose weight would never vary.",
                hint="merge it with another stratum.",
            )
    return found


def _entropy(seed: Seed) -> int:
    if isinstance(seed, np.random.Generator):
        high, low = (int(word) for word in seed.integers(0, 2**63, size=2))
        return (high << 63) | low
    return check_count("seed", seed, least=0)
