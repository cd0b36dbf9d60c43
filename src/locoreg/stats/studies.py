"""Effects and variances of one or many meta-analyses: checked, and laid out for the kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError, did_you_mean

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Cubes of inverse variances and products of four of them must stay finite in double precision.
LARGEST = 1e50
# Temporaries of this many numbers stay in the cache and below the size at which the allocator
# asks the system for fresh pages, which costs ten times the arithmetic.
CHUNK = 12_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """Checked effects and variances of ``n`` meta-analyses with at most ``k`` studies each.

    Attributes
    ----------
    yi, vi : ndarray of float, shape (n, k)
        Effects and sampling variances; where a study is absent, 0 and infinity.
    present : ndarray of bool, shape (n, k)
        Which studies a meta-analysis has.
    single : bool
        Whether the arrays came with one dimension, so that results should be without the first.
    weights : ndarray of float, shape (n, k), or None
        Given weights, 0 where a study is absent; None if none were given.
    """

    yi: FloatArray
    vi: FloatArray
    present: BoolArray
    single: bool
    weights: FloatArray | None = None

    def chunks(self) -> Iterator[Studies]:
        """Yield the meta-analyses in pieces that fit the processor's cache."""
        n, k = self.yi.shape
        rows = max(1, CHUNK // k)
        for start in range(0, n, rows):
            part = slice(start, start + rows)
            given = None if self.weights is None else self.weights[part].T[:, None].copy()
            yield lay_out(
                self.yi[part].T[:, None].copy(), self.vi[part].T[:, None].copy(), weights=given
            )


@dataclass(frozen=True, slots=True)
class Studies:
    """Effects laid out with the studies on the first axis and the meta-analyses on the last.

    The axis between holds blocks: groups of studies that share a mean. An ordinary meta-analysis
    has one. Within each block the most precise study comes first and its effect is the origin,
    which makes every later sum one of terms that don't cancel, however unequal the variances, and
    gives exact zeros for studies that agree exactly.

    Attributes
    ----------
    y : ndarray of float, shape (k, b, n)
        Effects less the block's origin; 0 where absent.
    v : ndarray of float, shape (k, b, n)
        Variances; infinite where absent, so that the weight is exactly 0.
    origin : ndarray of float, shape (b, n)
        Effect of the most precise study.
    size : ndarray of float, shape (b, n)
        Number of studies present in each block.
    weights : ndarray of float, shape (k, b, n), or None
        Given weights in the same order, 0 where absent; None if none were given.
    """

    y: FloatArray
    v: FloatArray
    origin: FloatArray
    size: FloatArray
    weights: FloatArray | None = None

    @property
    def k(self) -> FloatArray:
        """Number of studies of each meta-analysis, shape (n,)."""
        return np.asarray(self.size.sum(axis=0))

    @property
    def df(self) -> FloatArray:
        """Studies less means, shape (n,)."""
        return np.asarray((self.size - 1.0).sum(axis=0))


def lay_out(y: FloatArray, v: FloatArray, *, weights: FloatArray | None = None) -> Studies:
    """Put the most precise study of each block first and make its effect the origin.

    Parameters
    ----------
    y, v : ndarray of float, shape (k, b, n)
        Effects and variances, the latter infinite where a study is absent. Both are overwritten.
    weights : ndarray of float, shape (k, b, n), optional
        Given weights, 0 where a study is absent. Overwritten, too.

    Returns
    -------
    Studies
        The same studies, in the order and on the origin that the kernels expect.
    """
    heaviest = np.argmin(v, axis=0)[None]
    origin = np.take_along_axis(y, heaviest, axis=0)
    smallest = np.take_along_axis(v, heaviest, axis=0)
    pairs = [(y, origin), (v, smallest)]
    if weights is not None:
        pairs.append((weights, np.take_along_axis(weights, heaviest, axis=0)))
    for values, leading in pairs:
        np.put_along_axis(values, heaviest, values[:1].copy(), axis=0)
        values[:1] = leading
    y -= origin
    present = v < np.inf
    if not present.all():
        y[~present] = 0.0
    size = present.sum(axis=0).astype(np.float64)
    return Studies(y=y, v=v, origin=origin[0], size=size, weights=weights)


def with_weights(inputs: Inputs, weights: ArrayLike) -> Inputs:
    """Check given weights and put them beside the effects.

    Parameters
    ----------
    inputs : Inputs
        Effects and variances.
    weights : array_like, shape (k,) or (n, k)
        Weights of any scale: each positive, what stands at absent studies is not looked at.

    Returns
    -------
    Inputs
        The same with the weights.

    Raises
    ------
    DataError
        If the weights don't fit the effects or aren't positive.
    """
    given = _numbers("weights", weights)
    shape = inputs.yi.shape
    if (
        given.ndim not in (1, 2)
        or given.shape[-1] != shape[1]
        or given.shape[:-1]
        not in (
            (),
            (1,),
            shape[:1],
        )
    ):
        raise DataError(
            f"weights have shape {given.shape}, but there are {shape[1]} studies.",
            hint="give one weight for each study.",
        )
    spread = np.broadcast_to(given, shape)
    good = np.isfinite(spread) & (spread > 1.0 / LARGEST) & (spread < LARGEST)
    bad = inputs.present & ~good
    if bad.any():
        row, study = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"The weight of study {study + 1} is {spread[row, study]}, not a positive number.",
            hint="leave out a study that is to have no weight.",
        )
    return replace(inputs, weights=np.where(inputs.present, spread, 0.0))


def check_inputs(yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None) -> Inputs:
    """Check effects and variances and give every meta-analysis a row.

    Parameters
    ----------
    yi, vi : array_like, shape (k,) or (n, k)
        Effects and sampling variances. They and the mask are broadcast against each other.
    mask : array_like of bool, shape (k,) or (n, k), or None
        True marks an absent study. Without a mask, and in two dimensions only, NaN in both the
        effect and the variance marks one.

    Returns
    -------
    Inputs
        Rows of equal length, with the absent studies marked.

    Raises
    ------
    DataError
        If the arrays don't fit together or hold numbers that no meta-analysis can use.
    """
    y, v = _numbers("yi", yi), _numbers("vi", vi)
    shapes = [y.shape, v.shape]
    if mask is not None:
        absent = np.asarray(mask)
        if absent.dtype != np.bool_:
            raise DataError("mask must be boolean.", hint="True marks an absent study.")
        shapes.append(absent.shape)
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        shape = (-1,)
    if any(len(s) not in (1, 2) or s[-1] != shape[-1] for s in shapes):
        raise DataError(
            f"yi, vi and mask have shapes {', '.join(map(str, shapes))}, which don't match.",
            hint="give (k,) for one meta-analysis or (n, k) for n of them, k being the same.",
        )
    if 0 in shape:
        raise DataError("There are no studies: yi is empty.", hint="give at least one study.")
    single = len(shape) == 1
    y, v = (np.broadcast_to(a, shape).reshape(-1, shape[-1]) for a in (y, v))
    if mask is not None:
        gone = np.broadcast_to(absent, shape).reshape(-1, shape[-1])
    elif single:
        gone = np.zeros(y.shape, dtype=np.bool_)
    else:
        gone = np.isnan(y) & np.isnan(v)
    present = ~gone
    _check_values(y, v, present)
    if gone.any():
        y, v = np.where(present, y, 0.0), np.where(present, v, np.inf)
    return Inputs(yi=y, vi=v, present=present, single=single)


def one_series(yi: ArrayLike, vi: ArrayLike) -> int:
    """Check effects and variances of a single meta-analysis.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.

    Returns
    -------
    int
        Number of studies.

    Raises
    ------
    DataError
        If they have another dimension or can't be used.
    """
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    return int(inputs.yi.shape[1])


def _numbers(name: str, values: ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} can't be read as numbers.", hint="give an array of floats."
        ) from None


def _check_values(y: FloatArray, v: FloatArray, present: BoolArray) -> None:
    """Raise at the first value that can't be used, naming its place."""
    empty = ~present.any(axis=1)
    if empty.any():
        raise DataError(
            f"Meta-analysis {int(np.argmax(empty)) + 1} has no study: all are marked absent.",
            hint="leave it out, or mark fewer studies.",
        )
    rules = (
        (np.isfinite(y), "yi", y, "is not a finite number", "leave the study out or mend it."),
        (np.isfinite(v), "vi", v, "is not a finite number", "leave the study out or mend it."),
        (v > 0, "vi", v, "is not a positive variance", "vi holds squared standard errors."),
        (np.abs(y) < LARGEST, "yi", y, "is too large", "give the effects in a larger unit."),
        (
            (v > 1.0 / LARGEST) & (v < LARGEST),
            "vi",
            v,
            "is too small or too large",
            "give the effects in another unit.",
        ),
    )
    for good, name, values, fault, hint in rules:
        bad = present & ~good
        if bad.any():
            row, study = (int(i) for i in np.argwhere(bad)[0])
            where = f"study {study + 1}"
            if y.shape[0] > 1:
                where += f" of meta-analysis {row + 1}"
            raise DataError(f"{name} of {where} {fault}: {values[row, study]}.", hint=hint)


def check_option(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise unless a named option has one of its allowed values.

    Parameters
    ----------
    name, value : str
        The option and what was given for it.
    allowed : tuple of str
        What may be given.

    Raises
    ------
    DataError
        If the value is none of them; the message lists them and the hint names the nearest.
    """
    if value not in allowed:
        raise DataError(
            f"{name} {value!r} is unknown; allowed are {', '.join(allowed)}.",
            hint=did_you_mean(str(value), allowed),
        )


def check_level(level: float) -> float:
    """Return the tail area on one side of an interval whose level is given in percent.

    Parameters
    ----------
    level : float
        Level of the interval in percent, above 1 and below 100.

    Returns
    -------
    float
        Probability beyond each limit, 0.025 for a level of 95.

    Raises
    ------
    DataError
        If the level can't be a percentage; a level of 1 or less is taken for a fraction.
    """
    if not 1.0 < level < 100.0:
        hint = f"write level={100.0 * level:g}." if 0.5 <= level < 1.0 else "95 is usual."
        raise DataError(
            f"level is {level}, but must be in percent, above 1 and below 100.", hint=hint
        )
    return float(50.0 - level / 2.0) / 100.0
